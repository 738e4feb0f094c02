"""Whether a surface can be traded against itself: butterflies and calendars, on a dense grid of ln(K / F).

A wing beyond Lee's bound is no `Smile` to begin with.
"""

import functools
from itertools import pairwise
from typing import Final

import numpy as np

from pricing.fact import Fact
from pricing.market import Smile, Surface
from pricing.surface.slices import Array, Shape, raw_of_smiles, rows_of

REACH: Final = 2.0
"""Checked for |ln(K / F)| up to this."""
LEE: Final = 2.0
"""No wing of total variance is steeper (Lee 2004)."""
_POINTS: Final = 1201
_CENTRE: Final = 0.01
"""Points lie this close at the money of short expiries, and spread out like a sinh."""
_BETWEEN: Final = (0.25, 0.5, 0.75)


class Violation(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Violation.1"):
    """One arbitrage: of which kind, at which expiry, where it is worst and by how much (negative)."""

    kind: str
    expiry_at: int
    k: float
    amount: float

    def __str__(self) -> str:
        return f"{self.kind} at {self.expiry_at}: {self.amount:.3g} at ln(K/F) = {self.k:.4f}"


@functools.cache
def grid(points: int = _POINTS) -> Array:
    """The dense grid: |k| <= 2, densest at the money."""
    line = np.linspace(-1.0, 1.0, points) * float(np.arcsinh(REACH / _CENTRE))
    found = np.sinh(line) * _CENTRE
    found[0], found[-1] = -REACH, REACH
    found.flags.writeable = False
    return found


def violations(surface: Surface, k: Array | None = None) -> tuple[Violation, ...]:
    """Every arbitrage of the surface: of each smile, between neighbours, and of smiles interpolated between them."""
    return violations_of(surface.smiles, grid() if k is None else k)


def usable(surface: Surface) -> Surface | tuple[Violation, ...]:
    """The surface itself, or why nobody may price from it; for what was moved after its fit was checked."""
    return violations(surface) or surface


def violations_of(smiles: tuple[Smile, ...], k: Array) -> tuple[Violation, ...]:
    """The same for smiles in the order of their expiries."""
    if not smiles:
        return ()
    rows = rows_of(raw_of_smiles(smiles))
    shape = Shape(rows, k)
    expiries = tuple([one.expiry_at for one in smiles])
    found = _worst("variance", expiries, k, shape.w)
    if found:
        return tuple(found)
    found += _worst("butterfly", expiries, k, shape.butterfly())
    found += _worst("calendar", expiries[1:], k, shape.w[1:] - shape.w[:-1])
    found += _worst("butterfly between", expiries[1:], k, _between(shape, k))
    return tuple(found)


def margins(smiles: tuple[Smile, ...]) -> tuple[float, float]:
    """The smallest butterfly g and the smallest relative step of total variance between neighbours."""
    shape = Shape(rows_of(raw_of_smiles(smiles)), grid())
    steps = [float((late / early).min()) - 1.0 for early, late in pairwise(shape.w)]
    return float(shape.butterfly().min()), min(steps, default=np.inf)


def _between(shape: Shape, k: Array) -> Array:
    """The worst butterfly g of smiles mixed, linearly in total variance, from each pair of neighbours."""
    worst = np.full((max(0, len(shape.w) - 1), k.size), np.inf)
    for part in _BETWEEN:
        w, w1, w2 = (late[1:] * part + late[:-1] * (1.0 - part) for late in (shape.w, shape.w1, shape.w2))
        first = 1.0 - k * w1 / (2.0 * w)
        np.minimum(worst, first * first - w1 * w1 / 4.0 * (1.0 / w + 0.25) + w2 / 2.0, out=worst)
    return worst


def _worst(kind: str, expiries: tuple[int, ...], k: Array, values: Array) -> list[Violation]:
    """The worst point of each line that is negative somewhere."""
    found = []
    for expiry_at, line in zip(expiries, values, strict=True):
        place = int(line.argmin())
        if not line[place] >= 0.0:
            found.append(_violation(kind, expiry_at, float(k[place]), float(line[place])))
    return found


def _violation(kind: str, expiry_at: int, k: float, amount: float) -> Violation:
    return Violation(kind=kind, expiry_at=expiry_at, k=k, amount=amount)
