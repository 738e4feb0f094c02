"""Implied volatility of a whole chain at once, for fitting: Newton's method on the logarithm of a price, in numpy.

Good to about 1e-10, a millionth of what a tick can say. Full precision, one option at a time, is `pricing.implied`.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from pricing.surface.slices import Array

_ITERATIONS: Final = 60
_CLOSE: Final = 1e-11
_STDEV_MAX: Final = 40.0
_ROOT_HALF: Final = math.sqrt(0.5)
_DENSITY: Final = 1.0 / math.sqrt(2.0 * math.pi)


def out_of_the_money(price: float, k: float, is_call: bool) -> float:
    """The out-of-the-money option of a strike as a share of its bound min(F, K), from the price of either.

    Prices are shares of the forward, k = ln(strike / forward).
    """
    ratio = math.exp(k)
    if k >= 0.0:
        return price if is_call else price + 1.0 - ratio
    return (price - 1.0 + ratio if is_call else price) / ratio


def implied_stdevs(shares: Sequence[float], k: Sequence[float]) -> Array:
    """Standard deviations until expiry; 0 where there is no time value, inf where a share is at its bound."""
    goal, x = np.array(shares, np.float64), -np.abs(np.array(k, np.float64))
    found = np.where(goal > 0.0, np.inf, 0.0)
    left = np.flatnonzero((goal > 0.0) & (goal < 1.0))
    goal, x = goal[left], x[left]
    s = np.sqrt(np.maximum(2.0 * np.abs(x), 0.01))
    low, high = np.zeros_like(s), np.full_like(s, _STDEV_MAX)
    for _ in range(_ITERATIONS):
        if not left.size:
            break
        z = x / s + 0.5 * s
        value = _cdf(z) - np.exp(-x) * _cdf(z - s)
        slope = np.exp(-0.5 * z * z) * _DENSITY
        above = value > goal
        high, low = np.where(above, s, high), np.where(above, low, s)
        sound = (value > 0.0) & (slope > 1e-300)
        step = np.log(goal / np.where(sound, value, 1.0)) * value / np.where(sound, slope, 1.0)
        after = np.where(sound & (low < s + step) & (s + step < high), s + step, 0.5 * (low + high))
        done = np.abs(after - s) <= _CLOSE * s
        found[left] = after
        keep = ~done
        left, goal, x, s, low, high = (part[keep] for part in (left, goal, x, after, low, high))
    return found


def _cdf(z: Array) -> Array:
    erfc = math.erfc
    return np.array([0.5 * erfc(-_ROOT_HALF * one) for one in z.tolist()])
