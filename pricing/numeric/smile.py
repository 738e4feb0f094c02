"""A smile in raw SVI: total variance at k = ln(strike / forward) and its derivatives, from + - * / and sqrt alone.

    w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2))

Kernel functions: plain Python that compiles unchanged, with equal bits. `s` is above zero, so the root never is zero.
"""

import math
from typing import Final

_sqrt = math.sqrt

Z_CLIP: Final = 3.0
"""Standard errors grow no further than at this many standard deviations of the forward's move."""


def total_variance(k: float, a: float, b: float, rho: float, m: float, s: float) -> float:
    """Total variance w(k) until expiry."""
    x = k - m
    return a + b * (rho * x + _sqrt(x * x + s * s))


def slope(k: float, b: float, rho: float, m: float, s: float) -> float:
    """dw/dk."""
    x = k - m
    return b * (rho + x / _sqrt(x * x + s * s))


def curvature(k: float, b: float, m: float, s: float) -> float:
    """d2w/dk2, never negative."""
    x = k - m
    square = x * x + s * s
    return b * s * s / (square * _sqrt(square))


def clipped_z(k: float, w_atm: float) -> float:
    """k in standard deviations of the forward's move, within +-3; zero when there is no variance."""
    if not w_atm > 0.0:
        return 0.0
    z = k / _sqrt(w_atm)
    if z > Z_CLIP:
        return Z_CLIP
    if z < -Z_CLIP:
        return -Z_CLIP
    return z


JITTED: Final = (total_variance, slope, curvature, clipped_z)
