"""Deribit's names, which are also the desk's own.

BTC-PERPETUAL, BTC-27DEC24 and BTC-27DEC24-65000-C are inverse; BTC_USDC-PERPETUAL, BTC_USDC-27DEC24 and
XRP_USDC-30JUN23-0d625-C are linear (d is the decimal point); BTC_USDC is spot. Combinations (BTC-FS-27DEC24_PERP,
BTC-CS-27DEC24-65000_70000) are several instruments, and refused as one.
"""

from typing import Final

from pricing.fact import Fault
from pricing.instruments import future_name, option_name, perpetual_name
from pricing.names.named import (
    Named,
    Reading,
    currency_fault,
    option,
    pair_fault,
    read_day_word,
    read_right,
    read_strike,
    spot,
    steady,
    wrong,
)

VENUE: Final = "deribit"
_PERPETUAL: Final = "PERPETUAL"
_FORMS: Final = "is none of BTC-PERPETUAL, BTC-27DEC24, BTC-27DEC24-65000-C, BTC_USDC-..., BTC_USDC"


def parse(text: str, expiry_s: int) -> Reading:
    """What a Deribit name says."""
    family, *rest = text.split("-")
    underlying, line, quote = family.partition("_")
    fault = pair_fault(underlying, quote) if line else currency_fault("underlying", underlying)
    if fault is not None:
        return fault
    if len(rest) > 1 and rest[0].isalpha() and rest[0] != _PERPETUAL:
        return wrong("name", text, f"is a combination ({rest[0]}), not one instrument: name its legs")
    if rest and quote == "USD":
        return wrong("quote_currency", quote, f"is said by none: inverse contracts are {underlying}-...")
    if not rest:
        return spot(VENUE, underlying, quote) if line else wrong("name", text, _FORMS)
    if len(rest) == 3:
        parts = (read_day_word(rest[0], expiry_s), read_strike(rest[1], "d"), read_right(rest[2]))
        return option(VENUE, underlying, quote or underlying, parts)
    if len(rest) != 1:
        return wrong("name", text, _FORMS)
    expiry_at = 0 if rest[0] == _PERPETUAL else read_day_word(rest[0], expiry_s)
    if isinstance(expiry_at, Fault):
        return expiry_at
    return steady(VENUE, underlying, quote or "USD", quote or underlying, expiry_at, inverse=not quote)


def spell(named: Named) -> str:
    """The name of what has one; for what has none, a name that means something else."""
    quote = "" if named.inverse else named.quote_currency
    if named.kind == "spot":
        return f"{named.underlying}_{named.quote_currency}"
    if named.kind == "perpetual":
        return perpetual_name(named.underlying, quote)
    if named.strike is None:
        return future_name(named.underlying, named.expiry_at, quote)
    return option_name(named.underlying, named.expiry_at, named.strike, named.call, quote)
