"""The kernel of quoting: the distance beyond fair that earns most, on tabulated curves of winning and of markout.

`source` holds the half-spread (bps), POINTS chances of winning and as many markouts (bps), then a reserve (bps) for
each question; `target` gets the best distance (bps) for each. What is maximised is win(d) * (d + markout(d) - reserve),
with the curves read as `pricing.estimates` says.

In a cell between two points the log-odds fall and the gain rises linearly, which has a closed form; the maximum is the
best of the points, of the cells that can hold something better, and of the tail. Later points are not looked at once
their chance, with the gain of the last, cannot earn more. Bounds without logarithms spare most cells their closed form.
"""

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

from pricing.numeric.elementary import INF, exp, log

_sqrt = math.sqrt

POINTS: Final = 33
FIRST: Final = -4.0
STEP: Final = 0.5
"""Point i stands FIRST + STEP * i half-spreads beyond fair."""
WIN_SMALL: Final = 1e-9
"""Below this a tabulated win counts as none: the curve's tail begins at the first such point."""
LEAST: Final = 1e-290
MOST: Final = 1.0 - 1e-12
TAIL_SLOPE: Final = 0.25
"""The least fall of the log-odds per half-spread beyond the grid: nobody pays anything."""
_RESERVES: Final = 1 + 2 * POINTS


def fits(size: int, size_out: int) -> bool:
    """Whether so many numbers ask and answer the same questions."""
    return size == _RESERVES + size_out


def wright_omega(y: float) -> float:
    """The root w > 0 of w + ln w = y: W0(e^y) without the overflow, by quartic steps from a guess."""
    if -3.0 < y < 5.0:  # a guess within 1.2e-4, so one step is enough
        above = (
            ((0.0017427674445552 * y + 0.02493563143499742) * y + 0.1479784390742497) * y + 0.4408963345924686
        ) * y
        below = ((0.0011215567023556 * y + 0.04210061286263311) * y + 0.1395679338638659) * y + 1.0
        return _nearer((above + 0.567137034882957) / below, y)
    if y < -30.0:
        return exp(y if y > -745.0 else -745.0)
    if y < 1.0:
        w = exp(y)
        w = w / (1.0 + w) * (1.0 + 0.36 * w * w / (1.0 + w))
    else:
        w = y - log(y)
    return _nearer(_nearer(w, y), y)


def _nearer(w: float, y: float) -> float:
    """One step towards the root of w + ln w = y: the error goes with its fourth power."""
    rest = y - w - log(w)
    one = 1.0 + w
    curve = 2.0 * one * (one + rest / 1.5)
    return w * (1.0 + rest / one * (curve - rest) / (curve - 2.0 * rest))


def kept(win: float) -> float:
    """A probability kept off 0 and 1, so that it has odds."""
    return LEAST if win < LEAST else MOST if win > MOST else win


def log_odds(win: float) -> float:
    """ln(p / (1 - p)) of a probability that is kept off 0 and 1."""
    chance = kept(win)
    return log(chance / (1.0 - chance))


def tail_slope(before: float, last: float) -> float:
    """How fast the log-odds fall per half-spread behind two points of the curve, at least TAIL_SLOPE."""
    slope = (log_odds(before) - log_odds(last)) / STEP
    return slope if slope > TAIL_SLOPE else TAIL_SLOPE


def _cell(here: float, there: float, left: float, right: float, step: float) -> tuple[float, float]:
    """How far behind its left end a cell earns most, if that is inside, and what it earns there; (0, -1) else.

    `here` and `there` are the chances of its ends and `left` and `right` what they earn when won, `right` above zero.
    With x how far the left end lies beyond the break-even, in a cell where the gain rises s per bps and the log-odds
    fall b per bps from L, the best is at x* = (1 + w) / b, w + ln w = L + b x - 1, and earns s w / b. Where it still
    rises at its right end is told by a bound on b from the odds, without logarithms.
    """
    if here <= there:
        return 0.0, -1.0
    if here > MOST or there < LEAST:
        here, there = kept(here), kept(there)
        if there >= here:
            return 0.0, -1.0
    odds = here / (1.0 - here)
    ratio = odds * (1.0 - there) / there
    rise = (right - left) / step
    start = left / rise
    if (ratio - 1.0) * (1.0 - there) * right <= step * rise * _sqrt(ratio):
        return 0.0, -1.0
    slope = log(ratio) / step
    if slope <= 0.0:
        return 0.0, -1.0
    w = wright_omega(log(odds) + slope * start - 1.0)
    ahead = (1.0 + w) / slope - start
    if not 0.0 < ahead < step:
        return 0.0, -1.0
    return ahead, rise * w / slope


def _tail(source: Sequence[float], last: int, net: float) -> tuple[float, float]:
    """How far beyond the place `last`, which earns `net` when won, the best distance of the tail is, and what it earns
    there; (0, -1) where the point itself is better.
    """
    win = source[last]
    slope = TAIL_SLOPE / source[0]
    if last > 1:
        slope = tail_slope(source[last - 1], win) / source[0]
    w = wright_omega(log_odds(win) + slope * net - 1.0)
    ahead = (1.0 + w) / slope - net
    if ahead <= 0.0:
        return 0.0, -1.0
    return ahead, w / slope


def _first(source: Sequence[float], last: int, low: float, wide: float) -> int:
    """The last place before `last` that earns nothing when won, 1 where there is none: all before it lose more. The
    last place earns something, and is not 1.
    """
    place = 1
    guess = -low / wide
    if guess > 1.0:
        place = last - 1
        if guess < place:
            place = int(guess)
    while place > 1 and low + wide * place + source[POINTS + place] > 0.0:
        place -= 1
    while low + wide * (place + 1) + source[POINTS + 1 + place] <= 0.0:
        place += 1
    return place


def _best(source: Sequence[float], last: int, reserve: float) -> float:
    """The best distance for one reserve, with the tail beginning at the place `last`. Places count from 1, so that
    source[place] is a point's chance and source[POINTS + place] its markout."""
    half = source[0]
    wide = STEP * half
    zero = (FIRST - STEP) * half
    low = zero - reserve
    most = low + wide * last + source[POINTS + last]
    if most <= 0.0 or last == 1:
        return zero + wide * last + _tail(source, last, most)[0]
    first = _first(source, last, low, wide)
    peak, top, stop = -INF, first, first
    while stop <= last:
        chance = source[stop]
        if chance * most <= peak:
            break
        value = chance * (low + wide * stop + source[POINTS + stop])
        if value > peak:
            peak, top = value, stop
        stop += 1
    found = zero + wide * top
    right = low + wide * first + source[POINTS + first]
    for place in range(first, stop if stop < last else last):
        left = right
        right = low + wide * (place + 1) + source[POINTS + 1 + place]
        here = source[place]
        if (
            here * right > peak
        ):  # a cell earns at most the chance of its left end times the gain of its right end
            there = source[1 + place]
            # Does it rise at its left end? By a bound on the slope of the log-odds that needs no logarithm.
            if 2.0 * (1.0 - here) * (here - there) * left < (right - left) * (
                here + there - 2.0 * here * there
            ):
                ahead, value = _cell(here, there, left, right, wide)
                if value > peak:
                    peak, found = value, zero + wide * place + ahead
    # Beyond the grid the gain can only rise while it does so at the tail's least slope.
    if TAIL_SLOPE * (1.0 - source[last]) * most < half:
        ahead, value = _tail(source, last, most)
        if value > peak:
            found = zero + wide * last + ahead
    return found


def best(source: Sequence[float], target: MutableSequence[float]) -> None:
    """The best distance for each reserve; the nearest one where several are as good."""
    last = POINTS
    while last > 1 and source[last - 1] < WIN_SMALL:
        last -= 1
    for question in range(len(target)):
        target[question] = _best(source, last, source[_RESERVES + question])


JITTED: Final = (_nearer, wright_omega, kept, log_odds, tail_slope, _cell, _tail, _first, _best)
