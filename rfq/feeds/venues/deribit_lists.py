"""Deribit's lists of instruments: which to ask for, and what they say in our words; no state.

As documented on docs.deribit.com, "public/get_instruments", read in November 2026 (its `state` came in January 2026).
"""

from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

import msgspec

from pricing.units import NS_PER_MS
from rfq.feeds.said import Listed
from rfq.feeds.venues.deribit_words import VENUE
from rfq.feeds.venues.reading import DIGITS_MAX, MOST, Fault
from rfq.feeds.venues.rows import rows

_ALIVE: Final = frozenset({"open", "settlement", "locked", "halted"})


class Chain(NamedTuple):
    """All the options on an index such as btc_usd or btc_usdc."""

    on: str
    currency: str
    """The currency that they are listed, and settled, in."""
    prefix: str
    """How their names begin."""


class InstrumentRow(msgspec.Struct):
    """One instrument."""

    instrument_name: str
    kind: str
    base_currency: str = ""
    quote_currency: str = ""
    instrument_type: str = ""
    settlement_period: str = ""
    option_type: str = ""
    state: str = ""
    is_active: bool = True
    tick_size: msgspec.Raw = msgspec.Raw(b"0")
    min_trade_amount: msgspec.Raw = msgspec.Raw(b"0")
    expiration_timestamp: int | None = (
        None  # what never expires does so in the year 3000, beyond our instants
    )
    strike: float | None = None


_INSTRUMENT: Final = msgspec.json.Decoder(InstrumentRow)


def chain_of(index: str) -> Chain:
    """Options on btc_usd are BTC-...; those on btc_usdc, settled in USDC, are BTC_USDC-..."""
    base, _, quote = index.upper().partition("_")
    if quote == "USD":
        return Chain(index, base, f"{base}-")
    return Chain(index, quote, f"{base}_{quote}-")


class Options:
    """The options of some chains, as they were last listed."""

    def __init__(self, chains: list[Chain]) -> None:
        self.chains = tuple(chains)
        self.listed: dict[str, None] = {}

    def note(self, tag: str, symbols: list[str]) -> tuple[list[str], list[str]]:
        """Those of our chains that are new in the list of this tag, and those that are gone: they have expired."""
        _, currency, kind = tag.split(":")
        prefixes = tuple([chain.prefix for chain in self.chains if chain.currency == currency])
        if kind != "option" or not prefixes:
            return [], []
        now = dict.fromkeys([symbol for symbol in symbols if symbol.startswith(prefixes)])
        before = [symbol for symbol in self.listed if symbol.startswith(prefixes)]
        new = [symbol for symbol in now if symbol not in self.listed]
        others = [symbol for symbol in self.listed if not symbol.startswith(prefixes)]
        self.listed = {**dict.fromkeys(others), **now}
        return new, [symbol for symbol in before if symbol not in now]


def list_of(symbol: str) -> tuple[str, str]:
    """Currency and kind of the list that a symbol is in, by its spelling."""
    family, dash, rest = symbol.partition("-")
    if not dash:
        return "any", "spot"
    currency = family.partition("_")[2] or family
    return currency, "option" if rest.endswith(("-C", "-P")) else "future"


def listing(raw: msgspec.Raw, where: str) -> tuple[list[Listed], list[Fault]]:
    """The instruments that live; combinations are left out, since they have no price of their own."""
    found, faults = rows(_INSTRUMENT, raw, where)
    listed = []
    for row in found:
        kind = "perpetual" if row.settlement_period == "perpetual" else row.kind
        alive = row.state in _ALIVE if row.state else row.is_active
        if alive and kind in ("spot", "perpetual", "future", "option"):
            listed.append(_listed(row, kind))
    return listed, faults


def _listed(row: InstrumentRow, kind: str) -> Listed:
    expires_ms = row.expiration_timestamp if kind in ("future", "option") else None
    return Listed(
        venue=VENUE,
        symbol=row.instrument_name,
        kind=kind,
        underlying=row.base_currency,
        quote=row.quote_currency,
        price_tick=_plain(row.tick_size),
        size_step=_plain(row.min_trade_amount),
        inverse=row.instrument_type == "reversed" and kind != "option",
        expiry_at=expires_ms * NS_PER_MS if expires_ms and 0 < expires_ms <= MOST // NS_PER_MS else 0,
        strike=row.strike or 0.0,
        is_call=row.option_type == "call",
    )


def _plain(raw: msgspec.Raw) -> str:
    """A number without exponent and idle zeros; as it is if it is none."""
    text = bytes(raw)[:DIGITS_MAX].decode("utf-8", "replace")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or not -DIGITS_MAX <= number.adjusted() <= DIGITS_MAX:
        return text
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
