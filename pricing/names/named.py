"""What a name alone says about an instrument, and the small words that names are made of.

A `Reading` is what a name has been read to, or the `Fault` that says which part of it is wrong and why. Names are
exact: one instrument has one spelling at a venue, so lower case, leading zeros and dates that are none are refused.
"""

import re
from decimal import Decimal
from typing import Final, TypeAlias

from pricing.days import MONTHS, civil, midnight
from pricing.fact import Fact, Fault
from pricing.units import NS_PER_S

KINDS: Final = ("spot", "perpetual", "future", "option")
_SHOWN: Final = 40
_CURRENCY: Final = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)
_NUMBER: Final = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{0,11}[1-9]))?", re.ASCII)
_DAY_WORD: Final = re.compile(r"([1-9][0-9]?)([A-Z]{3})([0-9]{2})", re.ASCII)
_DAY_DIGITS: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII)
_DAY_LONG: Final = re.compile(r"20[0-9]{6}", re.ASCII)
_CENTURY: Final = 2000


class Named(Fact, frozen=True, kw_only=True, tag="Named.1"):
    """An instrument as far as its name tells. Options settled in coin are quoted in coin; `contract_size` from FIX."""

    venue: str
    kind: str
    underlying: str
    quote_currency: str
    settle_currency: str
    inverse: bool
    expiry_at: int = 0
    strike: Decimal | None = None
    call: bool = False
    contract_size: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a kind that is none, and a dated contract without a date."""
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind} is none of {', '.join(KINDS)}")
        if (self.expiry_at > 0) != (self.kind in ("future", "option")):
            raise ValueError(f"expiry_at: {self.expiry_at} on a {self.kind}")
        if (self.strike is not None) != (self.kind == "option"):
            raise ValueError(f"strike: {self.strike} on a {self.kind}")
        if self.strike is not None and not (self.strike.is_finite() and self.strike > 0):
            raise ValueError(f"strike: {self.strike} is not above zero")


Reading: TypeAlias = Named | Fault


def shown(text: str) -> str:
    """Somebody's text in a message: quoted, without control characters, and short."""
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def wrong(part: str, text: str, problem: str) -> Fault:
    """The Fault of one part of a name: `part` is its field, `text` what stands there."""
    return Fault(field=part, problem=f"{shown(text)} {problem}")


def currency_fault(part: str, text: str) -> Fault | None:
    """None for what can be a coin or a currency: capitals and digits, with a letter among them."""
    if _CURRENCY.fullmatch(text) and not text.isdigit():
        return None
    return wrong(part, text, "is no currency: capitals and digits")


def pair_fault(underlying: str, quote: str) -> Fault | None:
    """None for two different currencies."""
    fault = currency_fault("underlying", underlying) or currency_fault("quote_currency", quote)
    if fault is None and underlying == quote:
        return wrong("quote_currency", quote, "is the underlying itself")
    return fault


def read_strike(text: str, point: str = ".") -> Decimal | Fault:
    """A strike above zero with this decimal point, in its one spelling."""
    plain = text if point == "." else ("" if "." in text else text.replace(point, "."))
    if not _NUMBER.fullmatch(plain) or plain == "0":
        example = f"65000 or 0{point}625"
        return wrong("strike", text, f"is no strike above zero, spelled like {example}")
    return Decimal(plain)


def spell_strike(strike: Decimal, point: str = ".") -> str:
    """A strike in its one spelling."""
    text = f"{strike:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", point)


def read_day_word(text: str, expiry_s: int) -> int | Fault:
    """27DEC24 at `expiry_s` seconds after midnight UTC, as an instant."""
    found = _DAY_WORD.fullmatch(text)
    if found is None or found[2] not in MONTHS:
        return wrong("expiry", text, "is no date, spelled like 7MAR25 or 27DEC24")
    day, month, year = int(found[1]), MONTHS.index(found[2]) + 1, int(found[3])
    return _instant(text, year, month, day, expiry_s)


def read_day_digits(text: str, expiry_s: int) -> int | Fault:
    """241227 (year, month, day) at `expiry_s` seconds after midnight UTC, as an instant."""
    found = _DAY_DIGITS.fullmatch(text)
    if found is None:
        return wrong("expiry", text, "is no date, spelled like 241227 (year, month, day)")
    return _instant(text, int(found[1]), int(found[2]), int(found[3]), expiry_s)


def read_day_long(text: str, expiry_s: int) -> int | Fault:
    """20241227 at `expiry_s` seconds after midnight UTC, as an instant; this century's."""
    if not _DAY_LONG.fullmatch(text):
        return wrong("expiry", text, "is no date, spelled like 20241227")
    return _instant(text, int(text[2:4]), int(text[4:6]), int(text[6:]), expiry_s)


def _instant(text: str, year: int, month: int, day: int, expiry_s: int) -> int | Fault:
    at = midnight(_CENTURY + year, month, day)
    if at is None:
        return wrong("expiry", text, "is no day of the calendar")
    return at + expiry_s * NS_PER_S


def spell_day_digits(at: int) -> str:
    """An instant's day as 241227."""
    year, month, day = civil(at)
    return f"{year % 100:02d}{month:02d}{day:02d}"


def read_right(text: str) -> bool | Fault:
    """True for C, False for P."""
    if text in ("C", "P"):
        return text == "C"
    return wrong("right", text, "is neither C (call) nor P (put)")


def steady(
    venue: str, underlying: str, quote: str, settle: str, expiry_at: int = 0, inverse: bool = False
) -> Named:
    """A perpetual, or with an expiry a future."""
    return Named(
        venue=venue,
        kind="future" if expiry_at else "perpetual",
        underlying=underlying,
        quote_currency=quote,
        settle_currency=settle,
        inverse=inverse,
        expiry_at=expiry_at,
    )


def spot(venue: str, underlying: str, quote: str) -> Named:
    """A coin against a currency."""
    return Named(
        venue=venue,
        kind="spot",
        underlying=underlying,
        quote_currency=quote,
        settle_currency=quote,
        inverse=False,
    )


def option(
    venue: str, underlying: str, currency: str, parts: tuple[int | Fault, Decimal | Fault, bool | Fault]
) -> Reading:
    """An option quoted and settled in a currency, inverse when that is the coin; the first of its faults."""
    expiry_at, strike, call = parts
    if isinstance(expiry_at, Fault):
        return expiry_at
    if isinstance(strike, Fault):
        return strike
    if isinstance(call, Fault):
        return call
    return Named(
        venue=venue,
        kind="option",
        underlying=underlying,
        quote_currency=currency,
        settle_currency=currency,
        inverse=currency == underlying,
        expiry_at=expiry_at,
        strike=strike,
        call=call,
    )
