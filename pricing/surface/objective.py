"""What a fit makes small: distances from the quotes, and how far smiles are from being free of arbitrage.

All smiles at once, because calendars tie neighbours. A two-sided quote pulls towards its mid with the square of the
distance in half-spreads, harder near and beyond its sides, but far away no harder (a stale quote must not bend a
smile). A one-sided quote pushes only when its side is passed. Arbitrage counts as the square of what is missing to a
margin, so that the margin, not the bound, gives way. A weak pull on where a smile's bottom is and how wide, in
standard deviations at the money, keeps apart what the quotes alone would not tell apart.
"""

from typing import Final, NamedTuple

import numpy as np

from pricing.fact import Fact
from pricing.surface.slices import Array, Mask, Shape

_REACH: Final = 2.1
_POINTS: Final = 41
_CENTRE: Final = 0.5
"""Grid points are dense within half a standard deviation, and spread like a sinh."""
_FAR_STDEV: Final = 0.2
_SHAPES: Final = (1, 2, 3, 4)
_LEAST: Final = 1e-2
"""Of a standard deviation: no wing is flatter, no bottom narrower."""
_STEEPEST: Final = 1.99
"""No wing is steeper; Lee's bound is 2."""
_LOW: Final = 1e-3
"""No minimum below this share of the variance at the money."""


class FitTerms(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="FitTerms.1"):
    """The weights of a fit.

    half_vol_min: a half-spread counts at least this (volatility). soft: what softens how far a narrow quote outweighs
    others, in their usual half-spread. vega_share: how much a weight follows vega. outside: extra weight of the part
    of a distance beyond `inside` half-spreads. far: from there a pull grows no more. one_sided: weight of a
    one-sided quote. shape: pull of m to 0 and s to `width` standard deviations. wings: pull of the wings' slopes, in
    standard deviations d, to `wing` / (1 + fade d), what coins usually show; it counts more the further |k| = 2 is
    away. Margins and weights of the two arbitrages: g, and the relative step of total variance between neighbours.
    """

    half_vol_min: float = 0.001
    soft: float = 0.65
    vega_share: float = 0.3
    outside: float = 2.0
    inside: float = 0.7
    far: float = 4.0
    one_sided: float = 0.1
    shape: float = 0.3
    width: float = 2.1
    wings: float = 50.0
    wing: float = 0.68
    right_fade: float = 0.6
    left_fade: float = 2.0
    butterfly_margin: float = 0.002
    butterfly_weight: float = 30.0
    calendar_margin: float = 0.01
    calendar_weight: float = 30.0


class Quoted(NamedTuple):
    """Quotes as arrays (smiles, n), padded; `years` of each smile; `stdev` at the money, roughly; bounds on one side.

    `pull` is the weight of a two-sided quote, `push` of a one-sided one with an ask (side 1) or a bid (-1) as `bound`.
    """

    years: Array
    stdev: Array
    k: Array
    mid: Array
    half: Array
    pull: Array
    bound: Array
    side: Array
    push: Array


class Worth(NamedTuple):
    """The objective at one point: its value, half its gradient and the Gauss-Newton half of its second derivatives."""

    value: float
    gradient: Array
    matrix: Array


class Objective:
    """Everything about one chain that does not change while a fit looks for its parameters."""

    def __init__(self, quoted: Quoted, terms: FitTerms) -> None:
        """Grids reach beyond |k| = 2 and are as fine as each smile's standard deviation asks for; `least` and `most`
        bound the parameters.
        """
        self.quoted: Final = quoted
        self.terms: Final = terms
        stdev = quoted.stdev
        right, left = (terms.wing / (1.0 + fade * stdev) for fade in (terms.right_fade, terms.left_fade))
        flat = np.zeros_like(stdev)
        self._usual: Final = np.stack([right, left, flat, flat + terms.width], 1)
        endless = flat + np.inf
        self.least: Final = np.stack([-endless, *[_LEAST * stdev] * 2, -endless, _LEAST * stdev], 1)
        self.most: Final = np.stack([endless, *[flat + _STEEPEST] * 2, endless, endless], 1)
        wings, shape = terms.wings * (1.0 + _FAR_STDEV / stdev), flat + terms.shape
        self._strength: Final = np.stack([wings, wings, shape, shape], 1)
        scale = _CENTRE * stdev[:, None]
        self._grid: Final = np.sinh(np.linspace(-1.0, 1.0, _POINTS) * np.arcsinh(_REACH / scale)) * scale

    def start(self) -> Array:
        """The usual smile of every expiry."""
        rows = np.empty((len(self._usual), 5))
        rows[:, 1:] = self._usual * self.quoted.stdev[:, None]
        rows[:, 0] = self.quoted.stdev**2 - rows[:, 1] * rows[:, 4]
        return rows

    def worth(self, rows: Array) -> Worth | None:
        """Value and derivatives at `rows` (a, c, p, m, s); None where a smile has no variance left."""
        a, c, p, _, s = rows.T
        quoted, terms = self.quoted, self.terms
        if not np.all(a + s * np.sqrt(c * p) > _LOW * quoted.stdev * quoted.stdev):
            return None
        count = len(rows)
        gradient, matrix = np.zeros((count, 5)), np.zeros((count, 5, count, 5))
        diagonal = np.arange(count)
        value, own_gradient, own_matrix = self._misfit(rows)
        gradient += own_gradient
        strength = self._strength
        pulls = rows[:, 1:] / quoted.stdev[:, None] - self._usual
        value += float((strength * pulls * pulls).sum())
        gradient[:, 1:] += strength * pulls / quoted.stdev[:, None]
        own_matrix[:, _SHAPES, _SHAPES] += strength / np.square(quoted.stdev)[:, None]
        shape = Shape(rows, self._grid)
        missing = np.maximum(terms.butterfly_margin - shape.butterfly(), 0.0)
        if missing.any():
            weight = terms.butterfly_weight**2
            value += weight * float((missing * missing).sum())
            by = shape.butterfly_gradient()
            gradient -= weight * np.einsum("sn,sni->si", missing, by)
            own_matrix += weight * _square(by, by, missing > 0.0)
        matrix[diagonal, :, diagonal, :] = own_matrix
        if count > 1:
            value += self._calendars(rows, shape, gradient, matrix)
        return Worth(value, gradient.reshape(-1), matrix.reshape(count * 5, count * 5))

    def _misfit(self, rows: Array) -> tuple[float, Array, Array]:
        """Distances from the quotes."""
        quoted, terms = self.quoted, self.terms
        shape = Shape(rows, quoted.k)
        variance = np.maximum(shape.w, 1e-12)
        vol = np.sqrt(variance / quoted.years[:, None])
        away = vol - quoted.mid
        size, sign = np.abs(away), np.sign(away)
        near = np.minimum(size, terms.far * quoted.half)
        over = np.maximum(near - terms.inside * quoted.half, 0.0)
        steep = near + terms.outside * over
        values = near * near + terms.outside * over * over + 2.0 * steep * (size - near)
        past = np.maximum(quoted.side * (vol - quoted.bound), 0.0)
        value = float((quoted.pull * values).sum() + (quoted.push * past * past).sum())
        force = quoted.pull * sign * steep + quoted.push * quoted.side * past
        bend = quoted.pull * np.where(
            size > near, steep / np.maximum(size, 1e-300), 1.0 + terms.outside * (over > 0.0)
        )
        bend = bend + quoted.push * (past > 0.0)
        by = shape.gradient() * (0.5 / (vol * quoted.years[:, None]))[..., None]
        return value, np.einsum("sn,sni->si", force, by), _square(by, by, bend)

    def _calendars(self, rows: Array, early: Shape, gradient: Array, matrix: Array) -> float:
        """Where a later smile has too little more variance than the one before; adds to the derivatives."""
        terms = self.terms
        w = early.w[:-1]
        late = Shape(rows[1:], self._grid[:-1])
        ratio = late.w / w
        missing = np.maximum(1.0 + terms.calendar_margin - ratio, 0.0)
        if not missing.any():
            return 0.0
        weight, active = terms.calendar_weight**2, missing > 0.0
        by_late = -late.gradient() / w[..., None]
        by_early = (ratio / w)[..., None] * early.gradient()[:-1]
        gradient[1:] += weight * np.einsum("sn,sni->si", missing, by_late)
        gradient[:-1] += weight * np.einsum("sn,sni->si", missing, by_early)
        one, two = np.arange(len(rows) - 1), np.arange(1, len(rows))
        cross = weight * _square(by_late, by_early, active)
        matrix[two, :, two, :] += weight * _square(by_late, by_late, active)
        matrix[one, :, one, :] += weight * _square(by_early, by_early, active)
        matrix[two, :, one, :] += cross
        matrix[one, :, two, :] += cross.transpose(0, 2, 1)
        return weight * float((missing * missing).sum())


def _square(left: Array, right: Array, weights: Array | Mask) -> Array:
    """Sum over points of left' weight right, for each smile."""
    found: Array = np.matmul(left.transpose(0, 2, 1), weights[..., None] * right)
    return found
