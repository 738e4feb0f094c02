"""How far from fair to quote: the distance that earns most, given how likely each is to win and what is known then.

We choose the distance d beyond fair that maximises win(d) * (d + markout(d) - reserve), where the reserve is what the
trade costs us, skew included. Volatility, size, competition and toxicity are in the curves: the first two in the
half-spread that is their unit, the number of rivals in the win curve, what the client knows in the markout. With a
logistic win curve and no markout the answer is the closed form p + (1 + W0(exp(-(1 + a + b p)))) / b.

On tabulated curves (`pricing.estimates` says how they are read) each cell between two distances has log-odds and a
markout that are linear, and therefore a closed form of its own; the best of the points of the grid, of the cells that
can hold something better, and of the tail is the exact maximum. It never falls when the reserve rises.
"""

from bisect import bisect_right
from math import sqrt
from operator import mul
from typing import Final, NamedTuple

from pricing.estimates import (
    DISTANCES,
    LEAST,
    MOST,
    TAIL_SLOPE,
    Estimates,
    kept,
    log_odds,
    tail_place,
    tail_slope,
)
from pricing.numeric.elementary import exp, log
from pricing.terms import QuoteTerms

_TWICE: Final = (0, 1)


def wright_omega(y: float) -> float:
    """The root w > 0 of w + ln w = y: W0(e^y) without the overflow, by two quartic steps from a guess."""
    if y < -30.0:
        return exp(y if y > -745.0 else -745.0)
    if y < 1.0:
        w = exp(y)
        w = w / (1.0 + w) * (1.0 + 0.36 * w * w / (1.0 + w))
    else:
        w = y - log(y) if y > 3.0 else 0.55 + 0.55 * (y - 0.2)
    for _ in _TWICE:
        rest = y - w - log(w)
        one = 1.0 + w
        curve = 2.0 * one * (one + rest / 1.5)
        w *= 1.0 + rest / one * (curve - rest) / (curve - 2.0 * rest)
    return w


def best_distance(intercept: float, slope: float, reserve_bps: float) -> float:
    """The closed form: the best distance (bps) when P(win at d) = 1 / (1 + exp(intercept + slope d)) and the markout is
    nothing."""
    return reserve_bps + (1.0 + wright_omega(-(1.0 + intercept + slope * reserve_bps))) / slope


class Curves(NamedTuple):
    """The tables of some estimates, as they are needed for both sides of a quote: distances and what a win earns at
    each (bps), the odds, and where the tail begins."""

    half: float
    distances: list[float]
    gains: list[float]
    win: tuple[float, ...]
    last: int


def curves_of(estimates: Estimates) -> Curves:
    """The curves of `estimates`, prepared for `best_on`."""
    half = estimates.half_spread_bps
    distances = [half * one for one in DISTANCES]
    gains = [one + other for one, other in zip(distances, estimates.markout_bps, strict=True)]
    return Curves(half, distances, gains, estimates.win, tail_place(estimates.win))


def best_on(curves: Curves, reserve_bps: float) -> float:
    """The best distance (bps) beyond fair on tabulated curves; the nearest one where several are as good."""
    half, distances, gains, win, last = curves
    if gains[last] <= reserve_bps:
        return _tail(curves, reserve_bps)[0]
    first = bisect_right(gains, reserve_bps, 0, last)
    first = first - 1 if first else 0  # before it every gain is a loss
    nets = [gain - reserve_bps for gain in gains[first : last + 1]]
    chances = win[first : last + 1]
    values = list(map(mul, chances, nets))
    best = max(values)
    top = values.index(best)
    found = distances[first + top]
    # A cell earns at most the chance of its left end times the gain of its right end. First the best point's two.
    bounds = list(map(mul, chances, nets[1:]))
    near = [place for place in (top - 1, top) if 0 <= place < len(bounds)]
    far = [place for place, bound in enumerate(bounds) if bound > best and place not in near]
    for place in near + far:
        here, there, net = chances[place], chances[place + 1], nets[place]
        if 2.0 * (1.0 - here) * (here - there) * net >= (nets[place + 1] - net) * (
            here + there - 2.0 * here * there
        ):
            continue  # already falls at its left end, by a bound on the slope that needs no logarithm
        inside, value = _cell(curves, first + place, reserve_bps)
        if value > best:
            found, best = inside, value
    # Beyond the grid the gain can only rise while it does so at the tail's least slope.
    if TAIL_SLOPE / half * (1.0 - win[last]) * (gains[last] - reserve_bps) < 1.0:
        beyond, value = _tail(curves, reserve_bps)
        if value > best:
            found = beyond
    return found


def _cell(curves: Curves, place: int, reserve_bps: float) -> tuple[float, float]:
    """The best distance strictly between two points of the grid and what it earns; (0, -1) when an end is better.

    With x how far the left end lies beyond the break-even, in a cell where the gain rises s per bps and the log-odds
    fall b per bps from L, the best is at x* = (1 + w) / b, w + ln w = L + b x - 1, and earns s w / b. A bound on
    b by the ratio of the odds spares cells that still rise at their right end the logarithms.
    """
    half, distances, gains, win, _ = curves
    step, here, there = 0.5 * half, win[place], win[place + 1]
    if there >= here:
        return 0.0, -1.0
    if here > MOST or there < LEAST:
        here, there = kept(here), kept(there)
        if there >= here:
            return 0.0, -1.0
    ratio = here * (1.0 - there) / ((1.0 - here) * there)
    left, right = gains[place] - reserve_bps, gains[place + 1] - reserve_bps
    rise = (right - left) / step
    left, right = left / rise, right / rise
    if (ratio - 1.0) / sqrt(ratio) * (1.0 - there) * right <= step:
        return 0.0, -1.0
    slope = log(ratio) / step
    if slope <= 0.0:
        return 0.0, -1.0
    w = wright_omega(log(here / (1.0 - here)) + slope * left - 1.0)
    ahead = (1.0 + w) / slope - left
    if not 0.0 < ahead < step:
        return 0.0, -1.0
    return distances[place] + ahead, rise * w / slope


def _tail(curves: Curves, reserve_bps: float) -> tuple[float, float]:
    """The best distance beyond the last point of the grid and what it earns; (0, -1) when that point is better."""
    slope = tail_slope(curves.win, curves.last) / curves.half
    gain = curves.gains[curves.last] - reserve_bps
    w = wright_omega(log_odds(curves.win[curves.last]) + slope * gain - 1.0)
    ahead = (1.0 + w) / slope - gain
    if ahead <= 0.0:
        return 0.0, -1.0
    return curves.distances[curves.last] + ahead, w / slope


def quoted_distance(
    curves: Curves, cost_bps: float, against_bps: float, risk_bps: float, terms: QuoteTerms
) -> float:
    """How far beyond fair to quote, bps: the best distance, or what the policy asks at least.

    `against_bps` is what skew and carry add on this side, `risk_bps` one standard deviation of fair over the quote's
    life. The smallest edge stands on top of both, the smallest half spread on top of `against_bps`.
    """
    reserve = cost_bps + against_bps
    least = reserve + terms.edge_bps_min + terms.vol_weight * risk_bps
    return max(best_on(curves, reserve), least, against_bps + terms.half_spread_bps_min)
