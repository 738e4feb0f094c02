"""A smile from the few numbers that people say: volatility at the money, skew and convexity."""

import math
from typing import Final

from pricing.market import Smile

_REACH: Final = 2.0
"""How far the smile stays close to its parabola, in standard deviations."""
_TILT_MAX: Final = 0.7
_HALVINGS: Final = 12
_DIGITS: Final = 10


def smile_at_money(
    expiry_at: int,
    term: float,
    vol: float,
    skew: float = 0.0,
    convexity: float = 0.0,
    *,
    half_spread: float = 0.0,
    doubts: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
) -> Smile:
    """The SVI slice with vol(x) = vol + skew x + convexity x^2 near the money, x = ln(K / F) / sqrt(term).

    `term` in years, above zero. Value, slope and curvature at the money are met where SVI can: a smile with more skew
    than its convexity carries gets the convexity it needs. Doubts: level, slope, wing, local.
    """
    if not (term > 0.0 and vol > 0.0):
        raise ValueError(f"vol: term {term} and vol {vol} must be above zero")
    deviation = vol * math.sqrt(term)
    variance = deviation * deviation
    slope = 2.0 * deviation * skew
    curvature = 2.0 * (skew * skew + 2.0 * vol * convexity)
    s = _REACH * deviation
    for _ in range(_HALVINGS):
        b = max(curvature * s, abs(slope) / _TILT_MAX)
        rho = slope / b if b > 0.0 else 0.0
        low = variance - b * s * (1.0 - math.sqrt(1.0 - rho * rho))
        if low > 0.05 * variance and b * (1.0 + abs(rho)) <= 2.0:
            break
        s *= 0.5
    level, tilt, wing, local = doubts
    return Smile(
        expiry_at=expiry_at,
        a=_short(variance - b * s),
        b=_short(b),
        rho=_short(rho),
        m=0.0,
        s=_short(s),
        doubt_level=level,
        doubt_slope=tilt,
        doubt_wing=wing,
        doubt_local=local,
        half_spread=half_spread,
    )


def _short(number: float) -> float:
    """The number with ten significant digits: snapshots are stored."""
    return float(f"{number:.{_DIGITS}g}")
