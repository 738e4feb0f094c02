"""The structure kernel: value and greeks of every option of a package, how far its vols may be wrong, and its width.

`source` holds a row for each expiry, then a row for each option; their counts come as integers. The greeks that come
back are times the leg's ratio. Errors of vols are correlated: with z a strike's distance from the forward in standard
deviations (clipped), the vols of two strikes share

    R (level level' + slope slope' z z' + wing wing' z^2 z'^2 + local local' exp(-((z - z') / 0.5)^2 / 2)),

R = 1 for one expiry, else exp(-|ln(tau / tau')| / 1.5). Vegas are netted for each strike and expiry before anything is
squared, so what a package does not carry leaves not even a rounding behind.

While a settlement average is under way, a part `known` of it is there and a share `left` is to come: the option is that
share of one on what is to come, with its strike moved to (strike - known) / left.
"""

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

from pricing.numeric.elementary import exp, log
from pricing.numeric.normal import cdf, pdf
from pricing.numeric.normalised import share
from pricing.numeric.smile import clipped_z, total_variance

_sqrt = math.sqrt

EXPIRY_WIDTH: Final = 30
"""A row for an expiry: term and variance time left in years; weight and a, b, rho, m, s of the smile before it and of
the one after it (weight 0: none); the doubts of its vols (level, slope, wing, local); half the screen's spread in
vol; the forward's doubt as a ratio; the first row with the same expiry; what ratio of the variance passes a year; the
forward; the share left and the known part of a settlement average (1 and 0 before it); discount factor and interest a
year; USD for a unit of price; 1 if settled in coin; 1 if valued in coin.
"""
OPTION_WIDTH: Final = 4
"""A row for an option: its expiry's row, strike, 1 for a call, ratio."""
LEG_WIDTH: Final = 9
"""Of each option: fair, then times its ratio net delta (USD), gamma (USD of delta per 1 %), vega (USD per vol point),
theta (USD a day), vanna (USD of net delta per point), volga (USD of vega per point), forward delta (coin); and vol.
"""
TOTALS: Final = 4
"""After the legs: variance (USD^2) from the surface's errors and from the forwards' doubts; vega times vol, and the
options' width (USD). Then, of each row of expiries, the net delta that the standard error needs (USD), and its buckets,
both under the first row of the same expiry.
"""
WINGS: Final = 5
BUCKET_WIDTH: Final = 7
"""Of each wing of an expiry: how many legs, and the sums of the six greeks. Wings go from puts far out to calls."""

_TERM, _TAU, _NEAR, _FAR, _DOUBTS, _HALF, _FORWARD_DOUBT, _FIRST, _DECAY = 0, 1, 2, 8, 14, 18, 19, 20, 21
_FORWARD, _LEFT, _KNOWN, _FACTOR, _INTEREST, _USD, _COIN, _COIN_VALUED = 22, 23, 24, 25, 26, 27, 28, 29
_STDEV_MIN: Final = 1e-12
_LOCAL: Final = 2.0
_APART: Final = 1.5
_POINT: Final = 0.01
_DAYS: Final = 365.0


def sizes(expiries: int, options: int) -> tuple[int, int]:
    """How many numbers `worths` reads, and how many it writes."""
    written = options * (LEG_WIDTH + 2) + TOTALS
    written += expiries * (2 + WINGS * BUCKET_WIDTH + expiries)
    return expiries * EXPIRY_WIDTH + options * OPTION_WIDTH, written


def expiry_row(source: Sequence[float], at: int, expiries: int) -> int:
    """Where the row stands that the number at `at` names; the first one for a number that names none."""
    place = int(source[at])
    return place * EXPIRY_WIDTH if 0 <= place < expiries else 0


def option_variance(source: Sequence[float], row: int, moneyness: float) -> float:
    """Total variance until expiry at ln(strike / forward), from one smile or between two; never negative."""
    at = row + _NEAR
    found = source[at] * total_variance(
        moneyness, source[at + 1], source[at + 2], source[at + 3], source[at + 4], source[at + 5]
    )
    at = row + _FAR
    if source[at] != 0.0:
        found += source[at] * total_variance(
            moneyness, source[at + 1], source[at + 2], source[at + 3], source[at + 4], source[at + 5]
        )
    return found if found > 0.0 else 0.0


def black_value(forward: float, strike: float, distance: float, stdev: float, call: float) -> float:
    """Black's undiscounted value; `distance` is ln(strike / forward)."""
    gain = forward - strike if call != 0.0 else strike - forward
    found = gain if gain > 0.0 else 0.0
    if stdev >= _STDEV_MIN:
        smaller = strike if strike < forward else forward
        found += smaller * share(-distance if distance > 0.0 else distance, stdev)
    return found


def option_terms(
    source: Sequence[float], row: int, strike: float, moneyness: float
) -> tuple[float, float, float, float, float]:
    """Forward, strike, ln(strike / forward) and standard deviation for Black, and the fair for one of its value."""
    forward, left = source[row + _FORWARD], source[row + _LEFT]
    unit = left * source[row + _FACTOR]
    if source[row + _COIN] != 0.0:
        unit = unit / (source[row + _KNOWN] + left * forward)
    stdev = _sqrt(option_variance(source, row, moneyness))
    if left == 1.0:
        return (forward, strike, moneyness, stdev, unit)
    moved = (strike - source[row + _KNOWN]) / left
    if moved <= 0.0:
        forward = forward - moved + strike
        return (forward, strike, log(strike / forward), 0.0, unit)
    return (forward, moved, log(moved / forward), stdev, unit)


def fairs(source: Sequence[float], target: MutableSequence[float], expiries: int, options: int) -> None:
    """The fair of each option alone, to the bit that of `worths`."""
    at = expiries * EXPIRY_WIDTH
    for leg in range(options):
        row = expiry_row(source, at, expiries)
        strike = source[at + 1]
        moneyness = log(strike / source[row + _FORWARD])
        forward, strike, distance, stdev, unit = option_terms(source, row, strike, moneyness)
        target[leg] = unit * black_value(forward, strike, distance, stdev, source[at + 2])
        at += OPTION_WIDTH


def option_greeks(
    source: Sequence[float], target: MutableSequence[float], row: int, at: int, out: int, moneyness: float
) -> tuple[float, float, float]:
    """Fill one leg's part of the answer; its vega (USD per 1.00), the delta of its value in the currency that it is
    valued in (USD), and N(d1).
    """
    call, ratio, spot, term = source[at + 2], source[at + 3], source[row + _FORWARD], source[row + _TERM]
    forward, strike, distance, stdev, unit = option_terms(source, row, source[at + 1], moneyness)
    worth = black_value(forward, strike, distance, stdev, call)
    money = ratio * unit * source[row + _USD]
    dollars, premium, coins = money, 0.0, source[row + _LEFT]
    if source[row + _COIN] != 0.0:
        dollars = ratio * unit * spot
        premium = coins = coins * spot / (source[row + _KNOWN] + coins * spot)
    upper = 1.0 if distance < 0.0 else 0.5 if distance == 0.0 else 0.0
    lower = 1.0 - upper
    vega = 0.0
    if stdev >= _STDEV_MIN:
        d1 = 0.5 * stdev - distance / stdev
        d2 = d1 - stdev
        upper, lower = cdf(d1), cdf(-d1)
        density = pdf(d1)
        root = _sqrt(term)
        vega = forward * density * root
        vanna = -density * d2 / stdev * root
        theta = -0.5 * forward * density * stdev * source[row + _DECAY]
        if source[row + _LEFT] != 1.0:  # the share to come passes too, into a known part at the forward
            theta -= forward * (upper - cdf(d2)) / term
        target[out + 2] = _POINT * dollars * density / (forward * stdev) * spot * spot
        target[out + 3] = _POINT * money * vega
        target[out + 4] = money * theta / _DAYS
        target[out + 5] = _POINT * dollars * (vanna * spot - premium * vega)
        target[out + 6] = _POINT * _POINT * money * vega * d1 * d2 / stdev * root
        target[out + 8] = stdev / root
    delta = upper if call != 0.0 else -lower
    target[out] = unit * worth
    target[out + 1] = dollars * (delta * spot - premium * worth)
    target[out + 4] += money * source[row + _INTEREST] * worth / _DAYS
    target[out + 7] = ratio * coins * delta
    if source[row + _COIN_VALUED] == 0.0:
        premium = 0.0
    elif source[row + _COIN] == 0.0:
        premium = 1.0
    return (money * vega, dollars * (delta * spot - premium * worth), upper)


def wing(upper: float) -> int:
    """The wing of a strike by its call's forward delta N(d1): above .85, .65, .35, .15, and the rest."""
    if upper >= 0.65:
        return 0 if upper >= 0.85 else 1
    if upper >= 0.35:
        return 2
    return 3 if upper >= 0.15 else 4


def worths(source: Sequence[float], target: MutableSequence[float], expiries: int, options: int) -> None:
    """Everything about the options of a package; `sizes` says how many zeros `target` has."""
    totals = options * LEG_WIDTH
    deltas = totals + TOTALS
    buckets = deltas + expiries
    nets = buckets + expiries * WINGS * BUCKET_WIDTH
    zs = nets + options
    widths = zs + options
    first = expiries * EXPIRY_WIDTH
    at = first
    for leg in range(options):
        out = leg * LEG_WIDTH
        row = expiry_row(source, at, expiries)
        moneyness = log(source[at + 1] / source[row + _FORWARD])
        vega, moving, upper = option_greeks(source, target, row, at, out, moneyness)
        pillar = expiry_row(source, row + _FIRST, expiries) // EXPIRY_WIDTH
        target[deltas + pillar] += moving
        bucket = buckets + (pillar * WINGS + wing(upper)) * BUCKET_WIDTH
        target[bucket] += 1.0
        for greek in range(1, BUCKET_WIDTH):
            target[bucket + greek] += target[out + greek]
        target[zs + leg] = clipped_z(moneyness, option_variance(source, row, 0.0))
        node = leg
        for other in range(leg):
            there = first + other * OPTION_WIDTH
            if source[there] == source[at] and source[there + 1] == source[at + 1]:
                node = other
                break
        target[nets + node] += vega
        at += OPTION_WIDTH
    for leg in range(options):
        row = expiry_row(source, first + leg * OPTION_WIDTH, expiries)
        pillar = expiry_row(source, row + _FIRST, expiries) // EXPIRY_WIDTH
        target[totals + 2] += target[nets + leg] * target[leg * LEG_WIDTH + 8]
        target[widths + pillar] += target[nets + leg] * source[row + _HALF]
    for place in range(expiries):
        doubtful = target[deltas + place] * source[place * EXPIRY_WIDTH + _FORWARD_DOUBT]
        target[totals + 1] += doubtful * doubtful
        target[totals + 3] += abs(target[widths + place])
    target[totals] = surface_variance(source, target, expiries, options)


def shared_times(source: Sequence[float], target: MutableSequence[float], expiries: int, shared: int) -> None:
    """R of every two expiries."""
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


def surface_variance(
    source: Sequence[float], target: MutableSequence[float], expiries: int, options: int
) -> float:
    """The variance (USD^2) of a package's value from the surface's errors, from the vegas and z that `worths` left."""
    nets = options * LEG_WIDTH + TOTALS + expiries * (1 + WINGS * BUCKET_WIDTH)
    zs = nets + options
    shared = zs + options + expiries
    shared_times(source, target, expiries, shared)
    found = 0.0
    first = expiries * EXPIRY_WIDTH
    for leg in range(options):
        vega = target[nets + leg]
        if vega == 0.0:
            continue
        row = expiry_row(source, first + leg * OPTION_WIDTH, expiries)
        doubts = row + _DOUBTS
        z = target[zs + leg]
        for other in range(leg + 1):
            if target[nets + other] == 0.0:
                continue
            row_other = expiry_row(source, first + other * OPTION_WIDTH, expiries)
            doubts_other = row_other + _DOUBTS
            across = z * target[zs + other]
            apart = z - target[zs + other]
            error = source[doubts] * source[doubts_other]
            error += source[doubts + 1] * source[doubts_other + 1] * across
            error += source[doubts + 2] * source[doubts_other + 2] * across * across
            error += source[doubts + 3] * source[doubts_other + 3] * exp(-_LOCAL * apart * apart)
            both = target[shared + row // EXPIRY_WIDTH * expiries + row_other // EXPIRY_WIDTH]
            error *= both * vega * target[nets + other]
            found += error if other == leg else 2.0 * error
    return found if found > 0.0 else 0.0


JITTED: Final = (
    *(
        expiry_row,
        option_variance,
        black_value,
        option_terms,
        option_greeks,
        wing,
        shared_times,
        surface_variance,
    ),
)
