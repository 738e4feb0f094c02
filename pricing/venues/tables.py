"""The known venues' tables, which row is an instrument's, and tables with some fields set otherwise."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from pricing.days import life_of
from pricing.fact import Fault
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.venues.binance import BINANCE
from pricing.venues.bybit import BYBIT
from pricing.venues.deribit import DERIBIT
from pricing.venues.okx import OKX
from pricing.venues.rows import Product, VenueTable

TABLES: Final[Mapping[str, VenueTable]] = MappingProxyType(
    {table.venue: table for table in (DERIBIT, OKX, BYBIT, BINANCE)}
)
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (Option, "option"),
    (Future, "future"),
    (Perpetual, "perpetual"),
    (Spot, "spot"),
)


def find_product(
    table: VenueTable, kind: str, underlying: str, quote_currency: str, inverse: bool, expiry_at: int = 0
) -> Product | None:
    """The first row that fits; inverse options fit whatever they are quoted in."""
    life = life_of(expiry_at) if expiry_at > 0 else ""
    for row in table.products:
        if (
            row.kind == kind
            and row.inverse == inverse
            and (not row.underlyings or underlying in row.underlyings)
            and (not row.quote_currencies or quote_currency in row.quote_currencies)
            and (not row.lives or life in row.lives)
        ):
            return row
    return None


def product_of(table: VenueTable, instrument: Instrument) -> Product | Fault:
    """The row of an instrument at a venue, or why there is none."""
    kind = next(name for cls, name in _KINDS if isinstance(instrument, cls))
    expiry_at = instrument.expiry_at if isinstance(instrument, Option | Future) else 0
    found = find_product(
        table, kind, instrument.underlying, instrument.quote_currency, instrument.inverse, expiry_at
    )
    if found is None:
        return Fault(field="instrument", problem=f"{table.venue} has no fees for {instrument.name}")
    return found


def override(table: VenueTable, changes: Mapping[str, Mapping[str, Any]]) -> VenueTable | Fault:
    """A table with some fields of some products set otherwise: {"option_btc": {"value_cap": 0.1}}.

    Values may be spelled as in a settings file: texts for Decimals, lists for tuples. What is changed has no source of
    its own any more, and says so.
    """
    known = {row.key: row for row in table.products}
    for key, fields in changes.items():
        where = f"{table.venue}.{key}"
        row = known.get(key)
        if row is None:
            return Fault(field=where, problem=f"no such product; there are {', '.join(known)}")
        for field in fields:
            if field not in row.__struct_fields__ or field in ("key", "sources"):
                return Fault(field=f"{where}.{field}", problem="no such field")
        changed = _changed(row, fields)
        if isinstance(changed, str):
            return Fault(field=where, problem=changed)
        known[key] = changed
    return msgspec.structs.replace(table, products=tuple(known.values()))


def _changed(row: Product, fields: Mapping[str, Any]) -> Product | str:
    """The row with those fields, or what is wrong with them."""
    tree = msgspec.to_builtins(row)
    for field, told in fields.items():
        tree[field] = told if not isinstance(told, list | tuple) else [_tagged(field, one) for one in told]
    tree["sources"] = [
        {**source, "fields": [name for name in source["fields"] if name not in fields]}
        for source in tree["sources"]
    ] + [{"_": "Source.1", "fields": list(fields), "where": "settings", "as_of": "", "verified": False}]
    try:
        return msgspec.convert(tree, type=Product, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        return str(error)


def _tagged(field: str, one: Any) -> Any:
    """A tick band or a tier as a settings file spells it: without its tag."""
    tag = {"ticks": "TickBand.1", "tiers": "FeeTier.1"}.get(field)
    return {"_": tag, **one} if tag and isinstance(one, dict) else one
