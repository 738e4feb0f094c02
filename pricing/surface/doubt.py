"""How far the fitted volatilities may be wrong, from how wide the quotes are and how well they were met.

A smile's variance of error at z (standard deviations of the forward's move, within 3) is level^2 + local^2 +
slope^2 z^2 + wing^2 z^4. Its form comes from the quotes' half-spreads and residuals in three zones of z; its size is
then set so that the smile's own residuals are covered as often as they should be, stretched because a strike that was
held out is met less well than one that was fitted. Few quotes say little about size and leave it where it was. The
constants were calibrated on real sweeps (docs/adr/0016); how the errors of two strikes go together, too.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
import numpy as np

from pricing.fact import Fact
from pricing.market import Smile, Surface
from pricing.numeric.smile import Z_CLIP, total_variance
from pricing.surface.objective import Quoted
from pricing.surface.slices import Array, Mask, Shape, rows_of
from pricing.units import years

_NEAR_Z: Final = 1.0
_FAR_Z: Final = 2.0
_SPREAD_Z: Final = 1.5
_NEAREST: Final = 4
"""So many quotes nearest the money stand for it where a zone has fewer."""
_COVERED: Final = 0.9
_DEVIATIONS: Final = 1.645
_VARIANCE_MIN: Final = 1e-10


class DoubtTerms(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="DoubtTerms.1"):
    """What was calibrated: how half-spreads and residuals count, which quantile of a zone stands for it, how much worse
    unseen strikes are met, how many quotes' worth the form has by itself, the share of the variance at the money that
    a whole smile has in common, and how fast volatility moves (per square root of a year).
    """

    spread_share: float = 0.4
    residual_share: float = 0.5
    quantile: float = 0.55
    stretch: float = 1.15
    quotes_own: float = 10.0
    level_share: float = 0.15
    vol_of_vol: float = 0.3


class Doubts(NamedTuple):
    """Standard errors of a smile in volatility (decimals), and half of its usual spread."""

    level: float
    slope: float
    wing: float
    local: float
    half_spread: float

    def on(self, smile: Smile) -> Smile:
        """The smile with these doubts."""
        return msgspec.structs.replace(
            smile,
            doubt_level=_short(self.level),
            doubt_slope=_short(self.slope),
            doubt_wing=_short(self.wing),
            doubt_local=_short(self.local),
            half_spread=_short(self.half_spread),
        )


def doubts_of(raw: Array, quoted: Quoted, terms: DoubtTerms) -> tuple[Doubts, ...]:
    """The doubts of each smile, from the quotes it was fitted to."""
    rows = rows_of(raw)
    vols = np.sqrt(Shape(rows, quoted.k).w / quoted.years[:, None])
    deviations = np.sqrt(Shape(rows, np.zeros(1)).w[:, 0])
    found = []
    for place, deviation in enumerate(deviations):
        two = quoted.pull[place] > 0.0
        z = np.clip(quoted.k[place][two] / deviation, -Z_CLIP, Z_CLIP)
        residuals = vols[place][two] - quoted.mid[place][two]
        found.append(_doubts(np.abs(z), residuals, quoted.half[place][two], terms))
    return tuple(found)


def _doubts(z: Array, residuals: Array, half: Array, terms: DoubtTerms) -> Doubts:
    """One smile's: its form, its size, and how it is shared out."""
    spreads = np.square(terms.spread_share * half) + np.square(terms.residual_share * residuals)
    near = spreads[z <= _NEAR_Z]
    if near.size < _NEAREST:
        near = spreads[np.argsort(z, kind="stable")[:_NEAREST]]
    money = max(float(np.quantile(near, terms.quantile)), _VARIANCE_MIN)
    slope = _beyond(spreads - money, z, (z > _NEAR_Z) & (z <= _FAR_Z), 2, terms.quantile)
    wing = _beyond(spreads - money - slope * z**2, z, z > _FAR_Z, 4, terms.quantile)
    ratios = np.abs(residuals) / np.sqrt(money + slope * z**2 + wing * z**4)
    seen = float(np.quantile(ratios, _COVERED)) / _DEVIATIONS * terms.stretch
    size = (z.size * seen * seen + terms.quotes_own) / (z.size + terms.quotes_own)
    usual = half[z <= _SPREAD_Z]
    return Doubts(
        level=math.sqrt(size * money * terms.level_share),
        slope=math.sqrt(size * slope),
        wing=math.sqrt(size * wing),
        local=math.sqrt(size * money * (1.0 - terms.level_share)),
        half_spread=float(np.median(usual if usual.size else half)),
    )


def _beyond(excess: Array, z: Array, zone: Mask, power: int, quantile: float) -> float:
    """The coefficient of z to a power that a zone asks for; none when hardly a quote is there."""
    if int(zone.sum()) < 2:
        return 0.0
    return max(0.0, float(np.quantile(excess[zone] / z[zone] ** power, quantile)))


def standard_error(smile: Smile, k: float) -> float:
    """One standard error of the smile's volatility at k = ln(strike / forward), the market's moves since left out."""
    variance = total_variance(0.0, smile.a, smile.b, smile.rho, smile.m, smile.s)
    z = max(-Z_CLIP, min(Z_CLIP, k / math.sqrt(variance)))
    return math.sqrt(
        smile.doubt_level**2
        + smile.doubt_local**2
        + (smile.doubt_slope * z) ** 2
        + (smile.doubt_wing * z * z) ** 2
    )


def measured_vol_of_vol(surfaces: Sequence[Surface], days_min: float = 8.0) -> float:
    """How fast the level of volatility moved between surfaces, per square root of a year; zero when unknown.

    Each step counts with the median move of the expiries at least `days_min` away: single ones move with their noise.
    """
    squares = []
    for before, after in pairwise(surfaces):
        had = {one.expiry_at: _vol(one, before.at) for one in before.smiles}
        moves = [
            math.log(_vol(one, after.at) / had[one.expiry_at])
            for one in after.smiles
            if one.expiry_at in had and years(after.at, one.expiry_at) * 365.0 >= days_min
        ]
        passed = years(before.at, after.at)
        if moves and passed > 0.0:
            squares.append(float(np.median(moves)) ** 2 / passed)
    return math.sqrt(sum(squares) / len(squares)) if squares else 0.0


def _vol(smile: Smile, at: int) -> float:
    """Volatility at the money."""
    w = total_variance(0.0, smile.a, smile.b, smile.rho, smile.m, smile.s)
    return math.sqrt(w / years(at, smile.expiry_at))


def _short(number: float) -> float:
    """Four significant digits: an error has no more."""
    return float(f"{number:.4g}")
