"""Implied volatility: the standard deviation at which an option is worth its price, to the last bits.

The unknown is ln s, the objective the log-odds of the share (see `normalised`): ln(share / rest). Far out of the money
its logarithm counts, near the upper bound that of what is missing, near the money it is almost straight, and it rises
everywhere; one iteration serves all. Each step is Householder's of third order, so errors are taken to about their
fourth power. The first guess inverts the value of an option under normally distributed prices, which is a function of
one ratio, and corrects it for s**2; where s is large it inverts the normal distribution instead. Mostly one or two
steps are enough; a bracket makes sure of the rest.

From a price, the value of the out-of-the-money option of the same strike is taken with the rounding errors of all
products and differences, so that what an in-the-money price has lost is all that is lost.
"""

from math import sqrt
from typing import Final

from pricing.numeric.elementary import INF, NAN, exp, log, log1p, product_error
from pricing.numeric.normal import quantile
from pricing.numeric.normalised import POLE, mills, weigh

ROW: Final = 7
"""Numbers of one row: price, forward, strike, term, 1.0 for a call, discount, 1.0 for a price in coin."""
RESULT: Final = 2
"""Numbers of one result: volatility and code."""
FOUND: Final = 0.0
BAD_PRICE: Final = 1.0
BAD_FORWARD: Final = 2.0
BAD_STRIKE: Final = 3.0
BAD_TERM: Final = 4.0
BAD_DISCOUNT: Final = 5.0
AT_INTRINSIC: Final = 6.0
AT_BOUND: Final = 7.0

_ROUNDING: Final = 2.220446049250313e-16
"""A price this close to a bound, as a ratio of the price, may lie on it."""
_SMALLEST: Final = 1e-300
"""A smaller share of the bound has no digits to spare."""
_SMALL_STEP: Final = 1e-04
"""The step after one this small, in units of 1 + s/2, would be below a tenth of its fourth power."""
_STEPS_MAX: Final = 60
_ETA_NEAR: Final = 21.389
_NORMAL_T2_MAX: Final = 0.36


def _first_far(x: float, share: float, rest: float) -> float:
    """A first guess for large s: from the probability that the option ends in the money, nearly its share."""
    if share > 0.5:
        z = -quantile(0.75 * rest)
        s = z + sqrt(z * z - 2.0 * x)
        above = mills(POLE + z, 0.0)
        z = -quantile(rest * (above / (above + mills(POLE + (s - z), 0.0))))
        return z + sqrt(z * z - 2.0 * x)
    z = quantile(share / 0.6)
    for _ in range(2):
        z = z if z < 0.7 else 0.7
        root = sqrt(z * z - 2.0 * x)
        s = z + root if z > 0.0 else -2.0 * x / (root - z)
        likely = share / (1.0 - mills(POLE + (s - z), 0.0) / mills(POLE - z, 0.0))
        z = quantile(likely if likely < 0.75 else 0.75)
    root = sqrt(z * z - 2.0 * x)
    return z + root if z > 0.0 else -2.0 * x / (root - z)


def _first(x: float, share: float, rest: float) -> float:
    """A first guess, to some millionths when s is small and to some hundredths when it is not."""
    value = share * exp(0.5 * x)
    if value > _SMALLEST:
        eta = -x / value
        if eta < _ETA_NEAR:
            top = ((0.0012052981153975325 * eta + 0.09467167736667412) * eta + 1.1061336893495046) * eta
            below = ((0.0025612616403641692 * eta + 0.12116539399638282) * eta + 0.7979000850173164) * eta
            s = value * ((top + 3.2530178867849013) * eta + 2.5066373447688077) / (below + 1.0)
            a = -x / s
        else:
            root = sqrt(log(eta))
            top = ((0.13771228415356201 * root + 0.41371257045520293) * root - 1.408936168189153) * root
            below = ((0.09732634743488915 * root + 0.2984916961802882) * root - 0.4677675452956793) * root
            a = ((top + 1.9056816990551022) * root - 0.5885521770707418) / (below + 1.0)
            s = -x / a
        t2 = 0.25 * s * s
        if t2 < _NORMAL_T2_MAX:
            top = ((0.5750695941076002 * a + 1.3331250975097946) * a + 1.0) * t2
            below = ((1.151889337407491 * a + 2.5853204011752595) * a + 8.804267295134792) * a
            y = top / ((below + 8.078951671950888) * a + 5.998502414816448)
            bend = 2.1 + 1.4 * a * a / ((a + 0.95) * a + 2.15)
            return s * (1.0 + y * (1.0 + y * (bend + 5.5 * y)))
    s = _first_far(x, share, rest)
    return s if s > 2.5 * value else 2.5 * value


def _step(x: float, s: float, lift: float, share: float, rest: float, slope: float) -> float:
    """Householder's step in ln s, third order, when the log-odds are too high by `lift`."""
    a = -x / s
    t = 0.5 * s
    a2 = a * a
    t2 = t * t
    rise = s * slope
    up = rise / share
    down = rise / rest
    newton = lift * share * rest / rise
    bend = (1.0 + a2) - t2
    second = bend - up + down
    third = second * second - 2.0 * (a2 + t2) - bend * (up - down) + up * up + down * down
    below = 1.0 - newton * (second - newton * third * 0.16666666666666666)
    step = newton * (1.0 - 0.5 * newton * second)
    if below > 0.1 and -below < step < below:
        return -step / below
    return -1.0 if newton > 1.0 else 1.0 if newton < -1.0 else -newton


def implied(x: float, share: float, rest: float) -> float:
    """The s at which an option with x = -|ln(F / K)| is worth `share` of its bound; `rest` is 1 - share.

    The smaller of the two should have its full accuracy. NaN unless both lie between 0 and 1.
    """
    if not (_SMALLEST < share <= 1.0 and 0.0 < rest <= 1.0 and x <= 0.0):
        return NAN
    s = _first(x, share, rest)
    low = 0.0
    high = INF
    for _ in range(_STEPS_MAX):
        found, lacking, slope = weigh(x, s)
        if not (found > 0.0 and lacking > 0.0 and slope > 0.0):
            step = -0.5 if found > 0.5 else 0.5
        else:
            excess = rest - lacking if share > 0.5 else found - share
            step = _step(x, s, log1p(excess / (share * lacking)), found, lacking, slope)
        if -_SMALL_STEP < step * (1.0 + 0.5 * s) < _SMALL_STEP:
            return s + s * (step * (1.0 + step * (0.5 + step * 0.16666666666666666)))
        if step < 0.0:
            high = s
        else:
            low = s
        s *= exp(step)
        if not low < s < high:
            s = sqrt(low * high)
    return s


def _normalised(price: float, unit: float, gain: float, lost: float, discount: float, least: float) -> float:
    """(price * unit - discount * (gain + lost)) / (discount * least), without its rounding errors."""
    paid = price * unit
    payoff = discount * gain
    rounding = (product_error(price, unit, paid) if unit != 1.0 else 0.0) - discount * lost
    if discount != 1.0:
        rounding -= product_error(discount, gain, payoff)
    return ((paid - payoff) + rounding) / (discount * least)


def _solve(
    price: float, forward: float, strike: float, term: float, call: bool, discount: float, unit: float
) -> tuple[float, float]:
    """Volatility and code of one option whose terms are in order."""
    least = forward if forward < strike else strike
    most = strike if forward < strike else forward
    ratio = most / least
    if ratio == INF:
        return (NAN, BAD_STRIKE)
    x = -(log1p((most - least) / least) if most < 2.0 * least else log(ratio))
    gain = forward - strike if call else strike - forward
    begin = forward if call else strike
    ended = strike if call else forward
    back = begin - gain
    lost = (begin - (gain + back)) - (ended - back)
    tiny = _ROUNDING * (price * unit) / (discount * least)
    if not gain > 0.0:
        gain, lost = 0.0, 0.0
    share = _normalised(price, unit, gain, lost, discount, least)
    rest = -_normalised(price, unit, begin, 0.0, discount, least)
    if not rest > tiny:
        return (NAN, AT_BOUND)
    if not (share > _SMALLEST and (gain <= 0.0 or share > tiny)):
        return (NAN, AT_INTRINSIC)
    vol = implied(x, share, rest) / sqrt(term)
    return (vol, FOUND) if vol < INF else (NAN, AT_INTRINSIC)


def solve(
    price: float, forward: float, strike: float, term: float, call: float, discount: float, coin: float
) -> tuple[float, float]:
    """Volatility (NaN if there is none) and why not, as a code, of one row."""
    if not 0.0 <= price < INF:
        return (NAN, BAD_PRICE)
    if not 0.0 < forward < INF:
        return (NAN, BAD_FORWARD)
    if not 0.0 < strike < INF:
        return (NAN, BAD_STRIKE)
    if not 0.0 < term < INF:
        return (NAN, BAD_TERM)
    if not 0.0 < discount < INF:
        return (NAN, BAD_DISCOUNT)
    return _solve(price, forward, strike, term, call != 0.0, discount, forward if coin != 0.0 else 1.0)


def rows(source: list[float], target: list[float]) -> None:
    """Rows of `ROW` numbers to `RESULT` numbers each."""
    for i in range(len(target) // 2):
        k = 7 * i
        target[2 * i], target[2 * i + 1] = solve(
            source[k],
            source[k + 1],
            source[k + 2],
            source[k + 3],
            source[k + 4],
            source[k + 5],
            source[k + 6],
        )


JITTED: Final = (_first_far, _first, _step, implied, _normalised, _solve, solve)
"""For the compiler, callees first."""
