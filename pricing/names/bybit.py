"""Bybit's names. BTCUSD, BTCUSDH24 (last Friday of March 2024): inverse. BTCUSDT, BTCPERP, BTC-27DEC24 (USDC),
BTCUSDT-27DEC24: linear. BTC-27DEC24-65000-C (USDC) and BTC-27DEC24-65000-C-USDT: options. BTCUSDT is spot where spot
is meant: the venue tells them apart by category, not by name.
"""

import re
from typing import Final

from pricing.days import civil, last_friday, midnight
from pricing.fact import Fault
from pricing.instruments import date_name
from pricing.names.named import (
    Named,
    Reading,
    option,
    pair_fault,
    read_day_word,
    read_right,
    read_strike,
    spell_strike,
    steady,
    wrong,
)
from pricing.names.named import spot as spot_of
from pricing.names.pairs import split_pair
from pricing.units import NS_PER_S

VENUE: Final = "bybit"
_CODES: Final = "FGHJKMNQUVXZ"
_INVERSE_DATED: Final = re.compile(rf"([A-Z0-9]+)USD([{_CODES}])([0-9]{{2}})", re.ASCII)
_FORMS: Final = (
    "is none of BTCUSD, BTCUSDT, BTCPERP, BTCUSDH24, BTC-27DEC24, BTC-27DEC24-65000-C, "
    "BTC-27DEC24-65000-C-USDT"
)


def parse(text: str, expiry_s: int, spot: bool) -> Reading:
    """What a Bybit name says; `spot`: among pairs of the spot market."""
    if spot:
        pair = split_pair(text)
        if pair is None:
            return wrong("name", text, "is no pair like BTCUSDT")
        return pair_fault(*pair) or spot_of(VENUE, *pair)
    if "-" in text:
        return _dashed(text, expiry_s)
    if text.endswith("PERP") and text != "PERP":
        coin = text.removesuffix("PERP")
        return pair_fault(coin, "USDC") or steady(VENUE, coin, "USDC", "USDC")
    dated = _INVERSE_DATED.fullmatch(text)
    if dated is not None:
        return _by_month(dated[1], _CODES.index(dated[2]) + 1, 2000 + int(dated[3]), expiry_s)
    pair = split_pair(text)
    if pair is None:
        return wrong("name", text, _FORMS)
    coin, quote = pair
    fault = pair_fault(coin, quote)
    if fault is not None:
        return fault
    if quote == "USD":
        return steady(VENUE, coin, "USD", coin, inverse=True)
    if quote == "USDT":
        return steady(VENUE, coin, quote, quote)
    return wrong(
        "name", text, f"is a pair of the spot market; perpetuals are {coin}USDT, {coin}PERP, {coin}USD"
    )


def _by_month(coin: str, month: int, year: int, expiry_s: int) -> Reading:
    """An inverse future expires on the last Friday of its month."""
    at = midnight(year, month, last_friday(year, month)) or 0  # there is such a day
    return pair_fault(coin, "USD") or steady(VENUE, coin, "USD", coin, at + expiry_s * NS_PER_S, inverse=True)


def _dashed(text: str, expiry_s: int) -> Reading:
    """Linear futures and options."""
    first, *rest = text.split("-")
    if len(rest) == 1:
        pair = split_pair(first)
        coin, quote = pair if pair is not None and pair[1] == "USDT" else (first, "USDC")
        fault = pair_fault(coin, quote)
        if fault is not None:
            return fault
        expiry_at = read_day_word(rest[0], expiry_s)
        if isinstance(expiry_at, Fault):
            return expiry_at
        return steady(VENUE, coin, quote, quote, expiry_at)
    if len(rest) not in (3, 4):
        return wrong("name", text, _FORMS)
    quote = rest[3] if len(rest) == 4 else "USDC"
    if len(rest) == 4 and quote != "USDT":
        return wrong("quote_currency", quote, "is not USDT; without it options are in USDC")
    fault = pair_fault(first, quote)
    if fault is not None:
        return fault
    parts = (read_day_word(rest[0], expiry_s), read_strike(rest[1]), read_right(rest[2]))
    return option(VENUE, first, quote, parts)


def spell(named: Named) -> str:
    """The name of what has one; for what has none, a name that means something else."""
    coin, quote = named.underlying, named.quote_currency
    if named.kind == "spot":
        return f"{coin}{quote}"
    if named.kind == "perpetual":
        return f"{coin}PERP" if quote == "USDC" else f"{coin}{quote}"
    if named.strike is not None:
        right = "C" if named.call else "P"
        text = f"{coin}-{date_name(named.expiry_at)}-{spell_strike(named.strike)}-{right}"
        return text if quote == "USDC" else f"{text}-{quote}"
    if named.inverse:
        year, month, _ = civil(named.expiry_at)
        return f"{coin}USD{_CODES[month - 1]}{year % 100:02d}"
    return f"{coin}{'' if quote == 'USDC' else quote}-{date_name(named.expiry_at)}"
