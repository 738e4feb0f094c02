"""OKX's names: BTC-USDT (spot), BTC-USD-SWAP, BTC-USD-241227, BTC-USD-241227-65000-C.

Against USD they are inverse, against all else linear; options are in coin.
"""

from typing import Final

from pricing.fact import Fault
from pricing.names.named import (
    Named,
    Reading,
    option,
    pair_fault,
    read_day_digits,
    read_right,
    read_strike,
    spell_day_digits,
    spell_strike,
    spot,
    steady,
    wrong,
)

VENUE: Final = "okx"
_SWAP: Final = "SWAP"
_FORMS: Final = "is none of BTC-USDT, BTC-USD-SWAP, BTC-USD-241227, BTC-USD-241227-65000-C"


def parse(text: str, expiry_s: int) -> Reading:
    """What an OKX name says."""
    underlying, *rest = text.split("-")
    if len(rest) not in (1, 2, 4):
        return wrong("name", text, _FORMS)
    quote = rest[0]
    fault = pair_fault(underlying, quote)
    if fault is not None:
        return fault
    if len(rest) == 1:
        return spot(VENUE, underlying, quote)
    if len(rest) == 4:
        if quote != "USD":
            return wrong("quote_currency", quote, "is not USD, against which OKX's options are")
        parts = (read_day_digits(rest[1], expiry_s), read_strike(rest[2]), read_right(rest[3]))
        return option(VENUE, underlying, underlying, parts)
    expiry_at = 0 if rest[1] == _SWAP else read_day_digits(rest[1], expiry_s)
    if isinstance(expiry_at, Fault):
        return expiry_at
    inverse = quote == "USD"
    return steady(VENUE, underlying, quote, underlying if inverse else quote, expiry_at, inverse)


def spell(named: Named) -> str:
    """The name of what has one; for what has none, a name that means something else."""
    pair = f"{named.underlying}-{'USD' if named.inverse else named.quote_currency}"
    if named.kind == "spot":
        return pair
    if named.kind == "perpetual":
        return f"{pair}-{_SWAP}"
    dated = f"{pair}-{spell_day_digits(named.expiry_at)}"
    if named.strike is None:
        return dated
    return f"{dated}-{spell_strike(named.strike)}-{'C' if named.call else 'P'}"
