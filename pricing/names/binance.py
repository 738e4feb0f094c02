"""Binance's names. BTCUSD_PERP, BTCUSD_241227 (COIN-M): inverse. BTCUSDT, BTCUSDC, BTCUSDT_241227 (USD-M): linear.
BTC-241227-65000-C: options in USDT. BTCUSDT is spot where spot is meant: the name is the same.
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
    steady,
    wrong,
)
from pricing.names.named import spot as spot_of
from pricing.names.pairs import split_pair

VENUE: Final = "binance"
_FORMS: Final = "is none of BTCUSDT, BTCUSD_PERP, BTCUSD_241227, BTCUSDT_241227, BTC-241227-65000-C"


def parse(text: str, expiry_s: int, spot: bool) -> Reading:
    """What a Binance name says; `spot`: among pairs of the spot market."""
    if "-" in text and not spot:
        return _option(text, expiry_s)
    whole, line, ending = text.partition("_")
    pair = split_pair(whole)
    if pair is None or (spot and line):
        return wrong("name", text, "is no pair like BTCUSDT" if spot else _FORMS)
    coin, quote = pair
    fault = pair_fault(coin, quote)
    if fault is not None:
        return fault
    if spot:
        return spot_of(VENUE, coin, quote)
    inverse = quote == "USD"
    if (ending == "PERP") if inverse else not line:
        return steady(VENUE, coin, quote, coin if inverse else quote, inverse=inverse)
    if inverse and not line:
        return wrong("name", text, f"is no contract: the perpetual is {text}_PERP")
    if ending == "PERP":
        return wrong("name", text, f"is no contract: the perpetual is {whole}")
    expiry_at = read_day_digits(ending, expiry_s)
    if isinstance(expiry_at, Fault):
        return expiry_at
    return steady(VENUE, coin, quote, coin if inverse else quote, expiry_at, inverse)


def _option(text: str, expiry_s: int) -> Reading:
    coin, *rest = text.split("-")
    if len(rest) != 3:
        return wrong("name", text, _FORMS)
    fault = pair_fault(coin, "USDT")
    if fault is not None:
        return fault
    parts = (read_day_digits(rest[0], expiry_s), read_strike(rest[1]), read_right(rest[2]))
    return option(VENUE, coin, "USDT", parts)


def spell(named: Named) -> str:
    """The name of what has one; for what has none, a name that means something else."""
    pair = f"{named.underlying}{named.quote_currency}"
    if named.kind == "spot":
        return pair
    if named.kind == "perpetual":
        return f"{pair}_PERP" if named.inverse else pair
    day = spell_day_digits(named.expiry_at)
    if named.strike is None:
        return f"{pair}_{day}"
    return f"{named.underlying}-{day}-{spell_strike(named.strike)}-{'C' if named.call else 'P'}"
