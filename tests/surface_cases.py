"""Chains for the tests of surfaces: made from a known surface in the ticks of an exchange, and the shared capture."""

import csv
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pricing.surface.quotes import OptionQuote, clean
from pricing.surface.ssvi import Ssvi
from pricing.surface.svi import Raw
from pricing.units import DAY_NS, NS_PER_S

AT = 1_725_286_850 * NS_PER_S
CAPTURE = (
    Path(__file__).resolve().parents[1].parent / "shared/data/deribit_btc_option_quotes_20240902.parquet"
)
TRUTH = Ssvi(rho=0.05, eta=0.9)
DAYS = (2.0, 9.0, 30.0, 120.0)
FORWARD = 60_000.0


def tick(price: float) -> float:
    """Deribit's for BTC options."""
    return 1e-4 if price < 0.005 else 5e-4


def smile_of(days: float, vol: float = 0.55) -> Raw:
    """The true smile of an expiry."""
    return TRUTH.raw(vol * vol * days / 365.0)


def price_of(k: float, w: float, *, is_call: bool = True) -> float:
    """Black's value over the forward, by the textbook."""
    s = math.sqrt(w)
    d1 = -k / s + s / 2.0
    sign = 1.0 if is_call else -1.0

    def cdf(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2.0))

    return sign * (cdf(sign * d1) - math.exp(k) * cdf(sign * (d1 - s)))


def quote_of(
    days: float, k: float, *, is_call: bool = True, at: int = AT, half_ticks: int = 1
) -> OptionQuote:
    """The true price, rounded out to ticks and widened."""
    strike = FORWARD * math.exp(k)
    fair = price_of(k, smile_of(days).variance(k), is_call=is_call)
    step = tick(fair)
    bid = (math.floor(fair / step) - half_ticks + 1) * step
    ask = (math.ceil(fair / step) + half_ticks - 1) * step
    if ask <= bid:
        ask = bid + step
    return OptionQuote(
        expiry_at=AT + round(days * DAY_NS),
        strike=strike,
        is_call=is_call,
        bid=max(0.0, round(bid, 6)),
        ask=round(ask, 6),
        forward=FORWARD,
        at=at,
    )


def chain(days: tuple[float, ...] = DAYS, strikes: int = 21, half_ticks: int = 1) -> list[OptionQuote]:
    """A chain of calls above and puts below the money, out to 2.5 standard deviations."""
    found = []
    for term in days:
        deviation = math.sqrt(smile_of(term).variance(0.0))
        for place in range(strikes):
            k = deviation * (-2.5 + 5.0 * place / (strikes - 1))
            found.append(quote_of(term, k, is_call=k >= 0.0, half_ticks=half_ticks))
    return found


needs_capture = pytest.mark.skipif(
    not CAPTURE.exists(), reason=f"the shared capture {CAPTURE.name} is not here"
)


PLAIN = ("expiry", "strike", "type", "bid", "ask", "forward", "at")


def stamp(at: int) -> str:
    """As a collector writes it."""
    return datetime.fromtimestamp(at / NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")


def write(path: Path, quotes: list[OptionQuote], *, ahead_s: int = 0, vols: bool = False) -> Path:
    """A chain as a CSV file; its clock may be ahead, its vols known."""
    known = {(one.expiry_at, one.strike): one for one in clean(quotes).quotes}
    with path.open("w", newline="", encoding="utf-8") as lines:
        out = csv.writer(lines)
        out.writerow((*PLAIN, "bid_vol", "ask_vol") if vols else PLAIN)
        for one in quotes:
            row: list[Any] = [
                one.expiry_at,
                one.strike,
                "call" if one.is_call else "put",
                one.bid,
                one.ask,
                one.forward,
                stamp(one.at + ahead_s * NS_PER_S),
            ]
            if vols:
                found = known[one.expiry_at, one.strike]
                row += [round(100.0 * found.bid_vol, 2), round(100.0 * found.ask_vol, 2)]
            out.writerow(row)
    return path
