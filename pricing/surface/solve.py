"""Levenberg and Marquardt's method with Nielsen's damping, on the smiles of a surface; rounding as part of it.

A result is a fixed point: starting from it, the method finds nothing better, so it gives the same bits back. That is
what makes a refit of unchanged quotes an unchanged surface. Results are rounded to ten digits, which is all a surface
carries, and compared as rounded.
"""

from typing import Final

import numpy as np

from pricing.surface.objective import Objective, Worth
from pricing.surface.slices import Array, Mask, raw_of, rows_of

_STEPS: Final = 120
_ROUNDS: Final = 6
_BETTER: Final = 1e-6
"""A relative gain below this is none."""
_DAMPING_FIRST: Final = 1e-2
_DAMPING_AGAIN: Final = 1e-3
_DAMPING_LEAST: Final = 1e-7
_DAMPING_MOST: Final = 1e9
_DIGITS: Final = 10
_SHRINKING: Final = np.array([False, True, True, False, True])
_KEEP: Final = np.array([0.0, 0.2, 0.2, 0.0, 0.3])
"""In one step c, p and s fall to no less than these shares of what they were."""


def solve(objective: Objective, raw: Array | None) -> tuple[Array, float]:
    """The best raw parameters found from `raw` (None: from nothing), rounded, and the objective's value there."""
    damping = _DAMPING_AGAIN
    if raw is None:
        raw, damping = rounded(raw_of(objective.start())), _DAMPING_FIRST
    here = _value(objective, raw)
    for _ in range(_ROUNDS):
        found = rounded(raw_of(_descend(objective, rows_of(raw), damping)))
        there = _value(objective, found)
        if not there < here - _BETTER * max(1.0, here):
            break
        raw, here, damping = found, there, _DAMPING_AGAIN
    return raw, here


def rounded(raw: Array) -> Array:
    """Ten significant digits of each number."""
    return np.array([[float(f"{one:.{_DIGITS}g}") for one in row] for row in raw.tolist()])


def _value(objective: Objective, raw: Array) -> float:
    worth = objective.worth(rows_of(raw))
    return float("inf") if worth is None else worth.value


def _descend(objective: Objective, rows: Array, damping: float) -> Array:
    """Steps until none promises a gain."""
    here = objective.worth(rows)
    if here is None:
        return rows
    growth = 2.0
    least, most = objective.least, objective.most
    for _ in range(_STEPS):
        held = ((rows <= least) & (here.gradient.reshape(rows.shape) > 0.0)) | (
            (rows >= most) & (here.gradient.reshape(rows.shape) < 0.0)
        )
        step, promised = _step(here, damping, held.reshape(-1))
        if promised < _BETTER * max(1.0, here.value) or damping > _DAMPING_MOST:
            break
        after = np.maximum(rows + step.reshape(rows.shape), np.where(_SHRINKING, _KEEP * rows, -np.inf))
        np.clip(after, least, most, out=after)
        there = objective.worth(after)
        gain = -1.0 if there is None else (here.value - there.value) / promised
        if there is not None and gain > 0.0:
            rows, here = after, there
            damping = max(damping * max(0.1, 1.0 - (2.0 * gain - 1.0) ** 3), _DAMPING_LEAST)
            growth = 2.0
        else:
            damping *= growth
            growth *= 2.0
    return rows


def _step(here: Worth, damping: float, held: Mask) -> tuple[Array, float]:
    """The damped Gauss-Newton step and what it promises to gain; parameters held at their bounds stay."""
    gradient, matrix = np.where(held, 0.0, here.gradient), here.matrix
    if held.any():
        matrix = np.where(held[:, None] | held[None, :], np.diag(held), matrix)
    damped: Array = matrix + np.diag(damping * (np.diagonal(matrix) + 1e-9))
    step: Array = -np.asarray(np.linalg.solve(damped, gradient), np.float64)
    promised = -2.0 * float(gradient @ step) - float(step @ matrix @ step)
    return step, promised
