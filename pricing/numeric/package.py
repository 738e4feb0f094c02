"""The structure kernel: value and greeks of every option of a package, how far its vols may be wrong, and its width.

`source` holds a row for each expiry, then a row for each option; their counts come as integers. The greeks that come
back are times the leg's ratio. Errors of vols are correlated: with z a strike's distance from the forward in standard
deviations (clipped), the vols of two strikes share

    R (level level' + slope slope' z z' + wing wing' z^2 z'^2 + local local' exp(-((z - z') / 0.5)^2 / 2)),

R = 1 for one expiry, else exp(-|ln(tau / tau')| / 1.5). Vegas are netted for each strike and expiry before anything is
squared, so what a package does not carry leaves not even a rounding behind.
"""

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

from pricing.numeric.elementary import exp, log
from pricing.numeric.normal import cdf, pdf
from pricing.numeric.normalised import share
from pricing.numeric.smile import clipped_z, total_variance

_sqrt = math.sqrt

EXPIRY_WIDTH: Final = 22
"""A row for an expiry: term and variance time left in years; weight and a, b, rho, m, s of the smile before it and of
the one after it (weight 0: none); the doubts of its vols (level, slope, wing, local); half the screen's spread in
vol; the forward's doubt as a ratio; the first row with the same expiry; what ratio of the variance passes a year.
"""
OPTION_WIDTH: Final = 14
"""A row for an option: its expiry's row; strike over forward; the forward; the forward and strike for Black, and 1 if
its variance counts; 1 for a call; ratio; fair, USD of worth and USD of underlying for one of Black's value; how much
of the premium comes off delta, for the greeks and for the standard error; the interest rate a year.
"""
LEG_WIDTH: Final = 11
"""Of each option: fair, net delta (USD), gamma (USD of delta per 1 %), vega (USD per 1.00 of vol), theta (USD a year),
vanna (USD of delta per 1.00), volga (USD per 1.00 twice), forward delta (coin), vol, N(d1), and the delta that the
standard error needs (USD).
"""
TOTALS: Final = 4
"""After the legs: variance (USD^2) from the surface's errors and from the forwards' doubts; vega times vol, and the
options' width (USD). Then, of each row of expiries, the net delta that the standard error needs (USD), under the first
row of the same expiry.
"""
_TERM, _TAU, _NEAR, _FAR, _DOUBTS, _HALF, _FORWARD, _FIRST, _DECAY = 0, 1, 2, 8, 14, 18, 19, 20, 21
_STDEV_MIN: Final = 1e-12
_LOCAL: Final = 2.0
_APART: Final = 1.5


def option_variance(source: Sequence[float], row: int, moneyness: float) -> float:
    """Total variance until expiry at ln(strike / forward), from one smile or between two."""
    at = row + _NEAR
    found = source[at] * total_variance(
        moneyness, source[at + 1], source[at + 2], source[at + 3], source[at + 4], source[at + 5]
    )
    at = row + _FAR
    if source[at] != 0.0:
        found += source[at] * total_variance(
            moneyness, source[at + 1], source[at + 2], source[at + 3], source[at + 4], source[at + 5]
        )
    return found


def black_value(forward: float, strike: float, distance: float, stdev: float, call: float) -> float:
    """Black's undiscounted value; `distance` is ln(strike / forward)."""
    gain = forward - strike if call != 0.0 else strike - forward
    found = gain if gain > 0.0 else 0.0
    if stdev >= _STDEV_MIN:
        smaller = strike if strike < forward else forward
        found += smaller * share(-distance if distance > 0.0 else distance, stdev)
    return found


def option_stdev(source: Sequence[float], at: int, moneyness: float) -> float:
    """The standard deviation until expiry of the option whose row stands at `at`; zero when it does not count."""
    if source[at + 5] == 0.0:
        return 0.0
    variance = option_variance(source, int(source[at]) * EXPIRY_WIDTH, moneyness)
    return _sqrt(variance) if variance > 0.0 else 0.0


def option_distance(source: Sequence[float], at: int, moneyness: float) -> float:
    """Black's ln(strike / forward): the smile's own unless a settlement average has moved the strike."""
    ratio = source[at + 4] / source[at + 3]
    return moneyness if ratio == source[at + 1] else log(ratio)


def fairs(source: Sequence[float], target: MutableSequence[float], expiries: int, options: int) -> None:
    """The fair of each option alone, to the bit that of `worths`."""
    at = expiries * EXPIRY_WIDTH
    for leg in range(options):
        moneyness = log(source[at + 1])
        stdev = option_stdev(source, at, moneyness)
        distance = option_distance(source, at, moneyness)
        target[leg] = source[at + 8] * black_value(
            source[at + 3], source[at + 4], distance, stdev, source[at + 6]
        )
        at += OPTION_WIDTH


def option_greeks(
    source: Sequence[float], target: MutableSequence[float], at: int, out: int, stdev: float, distance: float
) -> None:
    """Fill one leg's part of the answer from its row at `at`."""
    spot, forward, strike, call, ratio = (
        source[at + 2],
        source[at + 3],
        source[at + 4],
        source[at + 6],
        source[at + 7],
    )
    money, dollars, premium = source[at + 9], source[at + 10], source[at + 11]
    row = int(source[at]) * EXPIRY_WIDTH
    term = source[row + _TERM]
    worth = black_value(forward, strike, distance, stdev, call)
    upper = 1.0 if distance < 0.0 else 0.5 if distance == 0.0 else 0.0
    lower = 1.0 - upper
    gamma = vega = theta = vanna = volga = 0.0
    if stdev >= _STDEV_MIN:
        d1 = 0.5 * stdev - distance / stdev
        d2 = d1 - stdev
        upper, lower = cdf(d1), cdf(-d1)
        density = pdf(d1)
        root = _sqrt(term)
        slope = forward * density * root
        gamma = density / (forward * stdev)
        vega = slope
        theta = -0.5 * forward * density * stdev * source[row + _DECAY]
        vanna = -density * d2 / stdev * root
        volga = slope * d1 * d2 / stdev * root
        target[out + 8] = stdev / root
    delta = upper if call != 0.0 else -lower
    target[out] = source[at + 8] * worth
    target[out + 1] = ratio * dollars * (delta * spot - premium * worth)
    target[out + 2] = 0.01 * ratio * dollars * gamma * spot * spot
    target[out + 3] = ratio * money * vega
    target[out + 4] = ratio * money * (theta + source[at + 13] * worth)
    target[out + 5] = ratio * dollars * (vanna * spot - premium * vega)
    target[out + 6] = ratio * money * volga
    target[out + 7] = ratio * dollars * delta
    target[out + 9] = upper
    target[out + 10] = ratio * dollars * (delta * spot - source[at + 12] * worth)


def worths(source: Sequence[float], target: MutableSequence[float], expiries: int, options: int) -> None:
    """Everything about the options of a package; `target` has `answer_size` zeros."""
    totals = options * LEG_WIDTH
    deltas = totals + TOTALS
    nets = deltas + expiries
    zs = nets + options
    widths = zs + options
    first = expiries * EXPIRY_WIDTH
    at = first
    for leg in range(options):
        out = leg * LEG_WIDTH
        row = int(source[at]) * EXPIRY_WIDTH
        moneyness = log(source[at + 1])
        stdev = option_stdev(source, at, moneyness)
        distance = option_distance(source, at, moneyness)
        option_greeks(source, target, at, out, stdev, distance)
        vega = target[out + 3]
        target[totals + 2] += vega * target[out + 8]
        pillar = int(source[row + _FIRST])
        target[deltas + pillar] += target[out + 10]
        target[widths + pillar] += vega * source[row + _HALF]
        target[zs + leg] = clipped_z(moneyness, option_variance(source, row, 0.0))
        node = leg
        for other in range(leg):
            there = first + other * OPTION_WIDTH
            if source[there] == source[at] and source[there + 1] == source[at + 1]:
                node = other
                break
        target[nets + node] += vega
        at += OPTION_WIDTH
    for row in range(expiries):
        doubtful = target[deltas + row] * source[row * EXPIRY_WIDTH + _FORWARD]
        target[totals + 1] += doubtful * doubtful
        target[totals + 3] += abs(target[widths + row])
    target[totals] = surface_variance(source, target, expiries, options)


def surface_variance(
    source: Sequence[float], target: MutableSequence[float], expiries: int, options: int
) -> float:
    """The variance (USD^2) of a package's value from the surface's errors, from the vegas and z that `worths` left."""
    nets = options * LEG_WIDTH + TOTALS + expiries
    zs = nets + options
    shared = zs + options + expiries
    for one in range(expiries):
        for two in range(one):
            near, far = source[one * EXPIRY_WIDTH + _TAU], source[two * EXPIRY_WIDTH + _TAU]
            if source[one * EXPIRY_WIDTH + _FIRST] == source[two * EXPIRY_WIDTH + _FIRST]:
                found = 1.0
            elif near > 0.0 and far > 0.0:
                found = exp(-abs(log(near / far)) / _APART)
            else:
                found = 0.0
            target[shared + one * expiries + two] = found
            target[shared + two * expiries + one] = found
        target[shared + one * expiries + one] = 1.0
    found = 0.0
    first = expiries * EXPIRY_WIDTH
    for leg in range(options):
        vega = target[nets + leg]
        if vega == 0.0:
            continue
        row = int(source[first + leg * OPTION_WIDTH])
        doubts = row * EXPIRY_WIDTH + _DOUBTS
        z = target[zs + leg]
        for other in range(leg + 1):
            if target[nets + other] == 0.0:
                continue
            row_other = int(source[first + other * OPTION_WIDTH])
            doubts_other = row_other * EXPIRY_WIDTH + _DOUBTS
            z_other = target[zs + other]
            across = z * z_other
            apart = z - z_other
            error = source[doubts] * source[doubts_other]
            error += source[doubts + 1] * source[doubts_other + 1] * across
            error += source[doubts + 2] * source[doubts_other + 2] * across * across
            error += source[doubts + 3] * source[doubts_other + 3] * exp(-_LOCAL * apart * apart)
            error *= target[shared + row * expiries + row_other] * vega * target[nets + other]
            found += error if other == leg else 2.0 * error
    return found if found > 0.0 else 0.0


def answer_size(expiries: int, options: int) -> int:
    """How many numbers `worths` needs to write."""
    return options * (LEG_WIDTH + 2) + TOTALS + 2 * expiries + expiries * expiries


JITTED: Final = (
    *(option_variance, black_value, option_stdev, option_distance, option_greeks, surface_variance),
)
