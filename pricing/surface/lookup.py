"""A surface read at any expiry and strike: the plain form of what the structure kernel does for whole packages.

Total variance runs straight in variance time at equal k = ln(strike / forward) between smiles; before the first and
beyond the last it is in proportion to it, so a smile shrinks to nothing at its expiry while its vols stay where they
were. Beyond the last smile its wings grow steeper with time, and it grows no more where one meets Lee's bound. A smile
until which no variance time passes has none.
"""

import math
from typing import Final

from pricing.curves import forward_at
from pricing.market import Smile, Surface, UnderlyingMarket
from pricing.numeric.elementary import log
from pricing.numeric.smile import total_variance
from pricing.settlement import averaged_years
from pricing.surface.checks import LEE
from pricing.units import years

_NO_WINDOW: Final = 0


def variance_at(
    surface: Surface, expiry_at: int, k: float, now: int, window_ns: int = _NO_WINDOW
) -> float | None:
    """Total variance left at `now` until an expiry; zero from the expiry on, None without a smile still alive.

    `window_ns` is the length of the settlement average, whose variance the smiles are of.
    """
    if expiry_at <= now:
        return 0.0
    alive = [one for one in surface.smiles if one.expiry_at > max(now, surface.at)]
    if not alive:
        return None
    clock = surface.clock

    def left(at: int) -> float:
        return averaged_years(clock, now, at, window_ns)

    def ratio_of(smile: Smile, at: int) -> float:
        """Variance time left until an instant beside all that the smile had."""
        had = averaged_years(clock, surface.at, smile.expiry_at, window_ns)
        return left(at) / had if had > 0.0 else 0.0

    def own(smile: Smile) -> float:
        return total_variance(k, smile.a, smile.b, smile.rho, smile.m, smile.s)

    first, last = alive[0], alive[-1]
    if expiry_at <= first.expiry_at:
        return ratio_of(first, expiry_at) * own(first)
    if expiry_at >= last.expiry_at:
        return min(ratio_of(last, expiry_at), _growth_max(last)) * own(last)
    near = max((one for one in alive if one.expiry_at <= expiry_at), key=lambda one: one.expiry_at)
    far = min((one for one in alive if one.expiry_at > expiry_at), key=lambda one: one.expiry_at)
    apart = left(far.expiry_at) - left(near.expiry_at)
    share = (left(expiry_at) - left(near.expiry_at)) / apart if apart > 0.0 else 0.0
    low, high = (ratio_of(one, one.expiry_at) * own(one) for one in (near, far))
    return (1.0 - share) * low + share * high


def vol_of(surface: Surface, expiry_at: int, k: float, now: int, window_ns: int = _NO_WINDOW) -> float | None:
    """Volatility (ACT/365 to the expiry) at k; None at and after expiry, and without a smile."""
    variance = variance_at(surface, expiry_at, k, now, window_ns)
    if variance is None or expiry_at <= now:
        return None
    return math.sqrt(variance / years(now, expiry_at))


def vol_at(
    under: UnderlyingMarket, expiry_at: int, strike: float, now: int, window_ns: int = _NO_WINDOW
) -> float | None:
    """Volatility of a strike in a market: None without a surface, a forward or time left."""
    forward = forward_at(under, expiry_at)
    if under.surface is None or forward is None or not strike > 0.0:
        return None
    return vol_of(under.surface, expiry_at, log(strike / forward), now, window_ns)


def _growth_max(smile: Smile) -> float:
    """How far a smile can grow in time until its steeper wing meets Lee's bound."""
    steepest = smile.b * (1.0 + abs(smile.rho))
    return LEE / steepest if steepest > 0.0 else math.inf
