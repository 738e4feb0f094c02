"""One standard error of a package's fair: the surface's errors, what prices may have done since they were seen, and
where in their touch books' fairs lie.

A price that was seen earlier has moved by a Brownian move since; two prices share the move since the later one was
seen, so only the net delta of what is older has an error of its own.
"""

from math import sqrt

from pricing.units import YEAR_NS

_HOUR = 1.0 / (365.0 * 24.0)


Jumps = tuple[tuple[int, float], ...]
"""Instants with the hours of ordinary variance that pass at once at them."""


def moved_variance(deltas: dict[int, float], now: int, sigma: float, jumps: Jumps = ()) -> float:
    """USD^2 by which a package may have moved: `deltas` maps the instant a price was seen to the net delta (USD). A
    price from before a scheduled jump that is over has all of the jump to be wrong by.
    """
    if len(deltas) == 1:
        for at, delta in deltas.items():
            return delta * delta * (sigma * sigma * _passed(at, now, jumps))
    found = 0.0
    moving = 0.0
    instants = sorted(deltas)
    for place, at in enumerate(instants):
        moving += deltas[at]
        until = instants[place + 1] if place + 1 < len(instants) else now
        until = until if until < now else now
        found += moving * moving * (sigma * sigma * _passed(at, until, jumps))
    return found


def vol_moved_variance(vega_vol: float, seen_at: int, now: int, vol_of_vol: float) -> float:
    """USD^2 by which vols may have moved together since the surface was seen: `vega_vol` is USD per relative move."""
    spread = vega_vol * vol_of_vol
    return spread * spread * _years(seen_at, now)


def book_variance(doubts: dict[str, float]) -> float:
    """USD^2 from books, each with the error of what is held of it net, apart from the others'."""
    found = 0.0
    for doubt in doubts.values():
        found += doubt * doubt
    return found


def standard_error(variance: float) -> float:
    """The root; never of a negative number."""
    return sqrt(variance) if variance > 0.0 else 0.0


def _passed(from_at: int, to_at: int, jumps: Jumps) -> float:
    """Years of variance: a jump counts when it is after `from_at` and not after `to_at`."""
    years = _years(from_at, to_at)
    for at, hours in jumps:
        if from_at < at <= to_at:
            years += hours * _HOUR
    return years


def _years(from_at: int, to_at: int) -> float:
    return (to_at - from_at) / YEAR_NS if to_at > from_at else 0.0
