"""Instruments from venues' own names, and what one unit of their size is worth."""

from pricing.fact import Fault
from pricing.instruments import Future, Instrument, Perpetual
from pricing.names.listing import instrument_of
from pricing.names.spelling import parse
from rfq.desk.features.look import Sizing


def instrument_named(venue: str, symbol: str) -> Instrument | Fault:
    """The instrument that a feed's venue (deribit, binance_usdm, bybit_spot, ...) calls so."""
    name, _, market = venue.partition("_")
    named = parse(symbol, name, spot=market == "spot")
    return named if isinstance(named, Fault) else instrument_of(named)


def instrument_sizing(instrument: Instrument) -> Sizing:
    """What a size is worth: OKX counts derivatives in contracts, the others in coins or, inverse, in USD."""
    counted = instrument.venue == "okx" and isinstance(instrument, Perpetual | Future)
    multiplier = float(instrument.contract_size) if counted else 1.0
    return Sizing(inverse=bool(instrument.inverse), multiplier=multiplier)
