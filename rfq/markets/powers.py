"""Power laws y = c·x^δ by least squares, without bins and without logarithms of what may be negative.

For each exponent the best c is a ratio of sums, and what is left over is another; the exponent with least left over is
sought on a grid and then between its points. Sizes are rounded to half a per cent, so that a million orders are some
thousand sizes, and their sums by block of time serve the resampling too.
"""

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from rfq.markets.figures import BLOCKS_MIN, COVERED, Figure, Grouped, draws, missing, too_few

if TYPE_CHECKING:
    from rfq.markets.figures import Floats

_GRID: Final = np.arange(0.0, 2.0 + 1e-9, 0.02)
_STEP: Final = 0.005
"""Sizes within this ratio of each other are one."""
OBSERVATIONS_MIN: Final = 20
POINTS: Final = 12


class Power(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted law: its exponent, its response in bps at a million USD, and means by size for the eye."""

    exponent: Figure
    bps_at_1m_usd: Figure
    curve: tuple[tuple[float, float, float], ...] = ()
    """(mean size in USD, mean response in bps, its standard error) of some twelve bins, equally wide in log size."""


def fit(size: "Floats", response: "Floats", groups: Grouped) -> Power:
    """The law of `response` (bps, signed so that with the flow is +) by `size` (USD, above zero)."""
    count = len(size)
    if count < OBSERVATIONS_MIN:
        return nothing(f"{count} observations, {OBSERVATIONS_MIN} are needed", count)
    unit = float(np.median(size))
    steps = np.round(np.log(size / unit) / _STEP).astype(np.int64)
    levels, place = np.unique(steps, return_inverse=True)
    if len(levels) < 3:
        return nothing("the sizes do not vary", count)
    cells = groups.block * len(levels) + place
    shape = (groups.blocks, len(levels))
    powers = np.exp(levels * _STEP)[:, None] ** _GRID
    moved = np.bincount(cells, response, shape[0] * shape[1]).reshape(shape) @ powers
    squares = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape) @ powers**2
    curve = _curve(size, response)
    exponent, at_1m = _best(moved.sum(0)[None], squares.sum(0)[None], 1e6 / unit)
    value = float(exponent[0])
    if not np.isfinite(value):
        return nothing("prices did not move with it", count, curve)
    if not _GRID[0] < value < _GRID[-1]:
        return nothing(f"no exponent between {_GRID[0]:g} and {_GRID[-1]:g} fits best", count, curve)
    if groups.blocks < BLOCKS_MIN:
        why = too_few(groups.blocks, groups.length_s)
        return Power(
            exponent=Figure(value=value, n=count, why=why),
            bps_at_1m_usd=Figure(value=float(at_1m[0]), n=count, why=why),
            curve=curve,
        )
    weights = draws(groups.blocks)
    exponents, at_1ms = _best(weights @ moved, weights @ squares, 1e6 / unit)
    return Power(
        exponent=_interval(value, exponents, count),
        bps_at_1m_usd=_interval(float(at_1m[0]), at_1ms, count),
        curve=curve,
    )


def nothing(why: str, n: int = 0, curve: tuple[tuple[float, float, float], ...] = ()) -> Power:
    """No law, and why."""
    return Power(exponent=missing(why, n), bps_at_1m_usd=missing(why, n), curve=curve)


def _interval(value: float, drawn: "Floats", n: int) -> Figure:
    """Between quantiles of the resampled; those in which prices did not follow count as the least."""
    low, high = np.quantile(np.where(np.isfinite(drawn), drawn, 0.0), COVERED)
    return Figure(value=value, low=float(low), high=float(high), n=n)


def _best(moved: "Floats", squares: "Floats", million: float) -> "tuple[Floats, Floats]":
    """For each row of sums by exponent of the grid: the best exponent, and the response at a million; NaN where none
    has a response with the flow."""
    with np.errstate(all="ignore"):
        gain = np.where(moved > 0.0, moved**2 / squares, -np.inf)
        rows = np.arange(len(gain))
        top = np.argmax(gain, axis=1)
        inner = np.clip(top, 1, len(_GRID) - 2)
        below, here, above = (gain[rows, inner + one] for one in (-1, 0, 1))
        bend = below - 2.0 * here + above
        shift = np.where((top == inner) & (bend < 0.0), 0.5 * (below - above) / bend, 0.0)
        place = top + np.where(np.isfinite(shift), np.clip(shift, -1.0, 1.0), 0.0)
        left = np.clip(np.floor(place).astype(np.int64), 0, len(_GRID) - 2)
        at_1m = moved / squares * million**_GRID
        told = at_1m[rows, left] + (place - left) * (at_1m[rows, left + 1] - at_1m[rows, left])
        exponent = _GRID[0] + place * (_GRID[1] - _GRID[0])
    found = np.isfinite(gain[rows, top])
    return np.where(found, exponent, np.nan), np.where(found, told, np.nan)


def _curve(size: "Floats", response: "Floats") -> tuple[tuple[float, float, float], ...]:
    """Means by size, for drawing: bins of equal width in log size, those with fewer than five joined to the next."""
    edges = np.geomspace(np.quantile(size, 0.02), size.max() * (1 + 1e-12), POINTS + 1)
    place = np.clip(np.searchsorted(edges, size, side="right") - 1, 0, POINTS - 1)
    points, pending = [], np.zeros(len(size), bool)
    for one in range(POINTS):
        pending |= place == one
        count = int(pending.sum())
        if count >= 5:
            told = response[pending]
            points.append(
                (
                    float(size[pending].mean()),
                    float(told.mean()),
                    float(told.std(ddof=1) / np.sqrt(count)),
                )
            )
            pending = np.zeros(len(size), bool)
    return tuple(points)
