"""From a name to an instrument, with the sizes of its venue's table, and from an instrument to what its name says."""

from collections.abc import Mapping
from typing import Any

from pricing.fact import Fault
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.names.deribit import VENUE as OURS
from pricing.names.named import Named, shown
from pricing.names.spelling import spell
from pricing.venues.rows import Product, VenueTable
from pricing.venues.tables import TABLES, find_product


def named_of(instrument: Instrument, venue: str = "") -> Named:
    """What a name would have to say of an instrument, at its own venue (ours when it names none) or another."""
    kind = {Option: "option", Future: "future", Perpetual: "perpetual", Spot: "spot"}[type(instrument)]
    return Named(
        venue=venue or instrument.venue or OURS,
        kind=kind,
        underlying=instrument.underlying,
        quote_currency=instrument.quote_currency,
        settle_currency=instrument.settle_currency,
        inverse=instrument.inverse,
        expiry_at=instrument.expiry_at if isinstance(instrument, Option | Future) else 0,
        strike=instrument.strike if isinstance(instrument, Option) else None,
        call=isinstance(instrument, Option) and instrument.call,
    )


def instrument_of(named: Named, tables: Mapping[str, VenueTable] = TABLES) -> Instrument | Fault:
    """The instrument that a name means, with the sizes and the tick bands of the venue's table.

    Deribit's names are ours; other venues' instruments are called "okx:BTC-USD-SWAP". No name means a quanto.
    """
    table = tables.get(named.venue)
    if table is None:
        return Fault(field="venue", problem=f"no table for {shown(named.venue)}")
    quote = named.quote_currency
    if named.settle_currency not in (named.underlying, quote):
        problem = f"{named.underlying} in {quote} that settles in {named.settle_currency} is a quanto, without a name"
        return Fault(field="settle_currency", problem=problem)
    spelled = spell(named, tables=tables)
    if isinstance(spelled, Fault):
        return spelled
    row = find_product(table, named.kind, named.underlying, quote, named.inverse, named.expiry_at)
    if row is None:
        problem = f"no {named.kind} on {named.underlying} in {quote} is in the table of {named.venue}"
        return Fault(field="name", problem=problem)
    name = spelled if named.venue == OURS else f"{named.venue}:{spelled}"
    return _built(named, name, row)


def _built(named: Named, name: str, row: Product) -> Instrument:
    """The instrument of its kind."""
    venue = "" if named.venue == OURS else named.venue
    coin, quote, tick, lot = named.underlying, named.quote_currency, row.ticks[0].tick, row.lot
    bands = tuple([(band.from_price, band.tick) for band in row.ticks[1:]])
    if named.kind == "spot":
        return Spot(
            name=name, underlying=coin, quote_currency=quote, tick=tick, lot=lot, venue=venue, bands=bands
        )
    fields: dict[str, Any] = {
        "name": name,
        "underlying": coin,
        "quote_currency": quote,
        "settle_currency": named.settle_currency,
        "inverse": named.inverse,
        "contract_size": named.contract_size or row.contract_size,
        "tick": tick,
        "lot": lot,
        "venue": venue,
        "bands": bands,
    }
    if named.kind == "perpetual":
        return Perpetual(**fields)
    if named.strike is None:
        return Future(**fields, expiry_at=named.expiry_at)
    return Option(
        **fields,
        expiry_at=named.expiry_at,
        strike=named.strike,
        call=named.call,
        averaging_s=row.averaging_s,
    )
