"""Instruments in FIX tags: 55, 167, 200, 541, 201, 202, 231, 15.

Symbol (55) is either a name as a venue spells it, which says everything, or a pair (BTC/USD) that the other tags
complete: SecurityType (167) FXSPOT, PERP, FUT or OPT, MaturityDate (541) or a MaturityMonthYear (200) with its day,
PutOrCall (201, 0 put, 1 call), StrikePrice (202), ContractMultiplier (231), and Currency (15) in which it settles: the
coin itself makes it inverse. Tags that say what the name has said already must agree with it.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from pricing.days import civil
from pricing.fact import Fault
from pricing.names.deribit import VENUE as OURS
from pricing.names.named import (
    Named,
    Reading,
    currency_fault,
    pair_fault,
    read_day_long,
    read_strike,
    shown,
    spell_strike,
    wrong,
)
from pricing.names.spelling import VENUES, parse
from pricing.names.spelling import spell as spell_name
from pricing.venues.rows import VenueTable
from pricing.venues.tables import TABLES

SYMBOL, SECURITY_TYPE, MONTH, DATE, RIGHT, STRIKE, MULTIPLIER, CURRENCY = 55, 167, 200, 541, 201, 202, 231, 15
TAGS: Final = (SYMBOL, SECURITY_TYPE, MONTH, DATE, RIGHT, STRIKE, MULTIPLIER, CURRENCY)
_WORDS: Final = {
    SYMBOL: "Symbol (55)",
    SECURITY_TYPE: "SecurityType (167)",
    MONTH: "MaturityMonthYear (200)",
    DATE: "MaturityDate (541)",
    RIGHT: "PutOrCall (201)",
    STRIKE: "StrikePrice (202)",
    MULTIPLIER: "ContractMultiplier (231)",
    CURRENCY: "Currency (15)",
}
_KINDS: Final = {"FXSPOT": "spot", "SPOT": "spot", "PERP": "perpetual", "FUT": "future", "OPT": "option"}
_TYPES: Final = {"spot": "FXSPOT", "perpetual": "PERP", "future": "FUT", "option": "OPT"}
"""What FIX has no word for is called PERP; FUT on a name that is a perpetual's is let through."""


def parse_fix(
    fields: Mapping[int, str],
    venue: str = OURS,
    *,
    spot: bool = False,
    tables: Mapping[str, VenueTable] = TABLES,
) -> Reading:
    """What these tags say; the Fault names the tag that is missing or wrong. Other tags are not looked at."""
    if venue not in VENUES:
        return Fault(field="venue", problem=f"{shown(venue)} is none of {', '.join(VENUES)}")
    told = {tag: fields[tag] for tag in TAGS if fields.get(tag)}
    symbol = told.get(SYMBOL, "")
    if not symbol:
        return Fault(field=_WORDS[SYMBOL], problem="missing")
    multiplier = _number(told, MULTIPLIER)
    if isinstance(multiplier, Fault):
        return multiplier
    if "/" in symbol:
        named = _from_pair(told, venue, tables[venue].expiry_s_of_day)
    else:
        named = parse(
            symbol, venue, spot=spot or told.get(SECURITY_TYPE) in ("SPOT", "FXSPOT"), tables=tables
        )
        if isinstance(named, Fault):
            return Fault(field=_WORDS[SYMBOL], problem=f"{named.field}: {named.problem}")
        fault = _disagreement(told, named)
        if fault is not None:
            return fault
    if isinstance(named, Fault):
        return named
    return msgspec.structs.replace(named, contract_size=multiplier)


def spell_fix(named: Named, *, as_name: bool = False) -> dict[int, str] | Fault:
    """The tags of an instrument, complete in themselves; `as_name` puts the venue's name into 55 beside them."""
    symbol: str | Fault
    dollar = "USD" if named.inverse else named.quote_currency
    symbol = spell_name(named) if as_name else f"{named.underlying}/{dollar}"
    if isinstance(symbol, Fault):
        return symbol
    tags = {SYMBOL: symbol, SECURITY_TYPE: _TYPES[named.kind]}
    if named.expiry_at:
        year, month, day = civil(named.expiry_at)
        tags[MONTH] = f"{year:04d}{month:02d}"
        tags[DATE] = f"{year:04d}{month:02d}{day:02d}"
    if named.strike is not None:
        tags[RIGHT] = "1" if named.call else "0"
        tags[STRIKE] = spell_strike(named.strike)
    if named.contract_size is not None:
        tags[MULTIPLIER] = spell_strike(named.contract_size)
    tags[CURRENCY] = named.settle_currency
    again = parse_fix(tags, named.venue, spot=named.kind == "spot")
    if again != named:
        problem = f"these tags would mean something else than this {named.kind}"
        return again if isinstance(again, Fault) else Fault(field=_WORDS[SYMBOL], problem=problem)
    return tags


def _number(told: Mapping[int, str], tag: int) -> Decimal | Fault | None:
    """A number above zero, None when it is not told; a FIX number may end in zeros."""
    if tag not in told:
        return None
    text = told[tag]
    plain = text.rstrip("0").rstrip(".") if re.fullmatch(r"[0-9]+\.[0-9]+", text, re.ASCII) else text
    found = read_strike(plain)
    if isinstance(found, Fault):
        return wrong(_WORDS[tag], text, "is no number above zero")
    return found


def _expiry(told: Mapping[int, str], expiry_s: int) -> int | Fault:
    """The expiry instant that 541, or 200 with a day in it, tell; both must agree. 0 when neither is told."""
    date, month = told.get(DATE, ""), told.get(MONTH, "")
    if month and not re.fullmatch(r"[0-9]{6}([0-9]{2})?", month, re.ASCII):
        return wrong(_WORDS[MONTH], month, "is no month, spelled like 202412 or 20241227")
    if date and month and not date.startswith(month):
        return wrong(_WORDS[MONTH], month, f"does not agree with {_WORDS[DATE]} {shown(date)}")
    tag, text = (DATE, date) if date else (MONTH, month)
    if not text:
        return 0
    if len(text) == 6:
        return wrong(_WORDS[MONTH], text, f"is a month, not a day: send {_WORDS[DATE]}")
    at = read_day_long(text, expiry_s)
    return Fault(field=_WORDS[tag], problem=at.problem) if isinstance(at, Fault) else at


def _from_pair(told: Mapping[int, str], venue: str, expiry_s: int) -> Reading:
    """55 is a pair: what it leaves open the other tags must say."""
    underlying, _, quote = told[SYMBOL].partition("/")
    fault = pair_fault(underlying, quote)
    if fault is not None:
        return Fault(field=_WORDS[SYMBOL], problem=fault.problem)
    kind = _KINDS.get(told.get(SECURITY_TYPE, ""))
    if kind is None:
        missing = SECURITY_TYPE not in told
        problem = "missing" if missing else f"{shown(told[SECURITY_TYPE])} is none of {', '.join(_KINDS)}"
        return Fault(field=_WORDS[SECURITY_TYPE], problem=problem)
    expiry_at, strike = _expiry(told, expiry_s), _number(told, STRIKE)
    for one in (expiry_at, strike):
        if isinstance(one, Fault):
            return one
    dated = kind in ("future", "option")
    if dated != bool(expiry_at):
        problem = (
            "missing: a perpetual is PERP" if kind == "future" else "missing" if dated else f"on a {kind}"
        )
        return Fault(field=_WORDS[DATE], problem=problem)
    for tag in (STRIKE, RIGHT):
        if (tag in told) != (kind == "option"):
            return Fault(field=_WORDS[tag], problem="missing" if kind == "option" else f"on a {kind}")
    if kind == "option" and told[RIGHT] not in ("0", "1"):
        return wrong(_WORDS[RIGHT], told[RIGHT], "is neither 0 (put) nor 1 (call)")
    if CURRENCY not in told and quote == "USD" and kind != "spot":
        problem = f"missing: against USD it may settle in {underlying} (inverse) or in a dollar"
        return Fault(field=_WORDS[CURRENCY], problem=problem)
    settle = told.get(CURRENCY, quote)
    fault = currency_fault(_WORDS[CURRENCY], settle)
    if fault is not None:
        return fault
    inverse = settle == underlying
    if inverse and (quote != "USD" or kind == "spot"):
        return wrong(_WORDS[CURRENCY], settle, "is the coin, in which only contracts against USD settle")
    return Named(
        venue=venue,
        kind=kind,
        underlying=underlying,
        quote_currency=settle if inverse and kind == "option" else quote,
        settle_currency=settle,
        inverse=inverse,
        expiry_at=expiry_at if isinstance(expiry_at, int) else 0,
        strike=strike if isinstance(strike, Decimal) else None,
        call=told.get(RIGHT) == "1",
    )


def _disagreement(told: Mapping[int, str], named: Named) -> Fault | None:
    """The first tag that says something else than the name in 55 does."""
    kind = _KINDS.get(told.get(SECURITY_TYPE, ""), "")
    futures = {"future", "perpetual"}
    if SECURITY_TYPE in told and kind != named.kind and not (kind == "future" and named.kind in futures):
        return wrong(
            _WORDS[SECURITY_TYPE], told[SECURITY_TYPE], f"does not fit {_symbol(told)} ({named.kind})"
        )
    day = "".join([f"{part:02d}" for part in civil(named.expiry_at)]) if named.expiry_at else ""
    for tag in (DATE, MONTH):
        if tag in told and not (day and (told[tag] == day or (tag == MONTH and told[tag] == day[:6]))):
            return wrong(_WORDS[tag], told[tag], f"does not fit {_symbol(told)}")
    strike = _number(told, STRIKE)
    if isinstance(strike, Fault):
        return strike
    if strike is not None and strike != named.strike:
        return wrong(_WORDS[STRIKE], told[STRIKE], f"does not fit {_symbol(told)}")
    right = ("1" if named.call else "0") if named.kind == "option" else ""
    if RIGHT in told and told[RIGHT] != right:
        return wrong(_WORDS[RIGHT], told[RIGHT], f"does not fit {_symbol(told)} (0 put, 1 call)")
    if CURRENCY in told and told[CURRENCY] not in (named.settle_currency, named.quote_currency):
        return wrong(_WORDS[CURRENCY], told[CURRENCY], f"does not fit {_symbol(told)}")
    return None


def _symbol(told: Mapping[int, str]) -> str:
    return f"{_WORDS[SYMBOL]} {shown(told[SYMBOL])}"
