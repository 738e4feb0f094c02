"""Several assets with correlated prices: the value −q'Aq − B'q, by the Riccati equation that it solves.

H is replaced by its second-order expansion at no cost (Bergault, Evangelista, Guéant and Vieira); the quotes then use
the exact map from cost to distance.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array
from pricing.control.ladder import Rung
from pricing.control.ranges import not_negative

_MOST_STEPS = 100_000
_SLOW = 4
_LEAST = 1e-15


class Flow(NamedTuple):
    """What the demand for each asset amounts to, summed over sizes: Σ z λ H'' over both sides, and the differences
    between the sides, bids less offers: Σ z λ H' and Σ z² λ H''.
    """

    turn: Array
    lean: Array
    excess: Array


class Value(NamedTuple):
    """θ(q) ≈ −q'Aq − B'q."""

    risk: Array
    tilt: Array


def flow(assets: Sequence[Sequence[Rung]]) -> Flow:
    """Sums over each asset's rungs."""
    turn, lean, excess = (np.zeros(len(assets)) for _ in range(3))
    for i, rungs in enumerate(assets):
        for rung in rungs:
            best = rung.demand.best(np.zeros(1))
            slope, bend = -float(best.fill[0]), float(best.curvature[0])
            more = rung.bid_rate - rung.offer_rate
            turn[i] += rung.size * (rung.bid_rate + rung.offer_rate) * bend
            lean[i] += rung.size * more * slope
            excess[i] += rung.size**2 * more * bend
    return Flow(turn, lean, excess)


def root(matrix: Array) -> Array:
    """The positive semi-definite square root."""
    matrix = np.asarray(matrix, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise ValueError("covariance: not a square of finite numbers")
    if float(np.abs(matrix - matrix.T).max()) > 1e-9 * float(np.abs(matrix).max()):
        raise ValueError("covariance: not symmetric")
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    if float(values.min()) < -1e-9 * max(float(np.abs(values).max()), 1e-300):
        raise ValueError("covariance: not positive semi-definite")
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T, np.float64)


def stationary(covariance: Array, gamma: float, turn: Array) -> Array:
    """A = ½ √γ D^−½ (D^½ Σ D^½)^½ D^−½ with D = diag(turn), far from the end: it solves 2ADA = γΣ/2."""
    half = _half(gamma, turn)
    inner = root(half[:, None] * np.asarray(covariance, np.float64) * half)
    return np.asarray(0.5 * math.sqrt(gamma) * inner / (half[:, None] * half), np.float64)


def _half(gamma: float, turn: Array) -> Array:
    """D^½."""
    not_negative(gamma=gamma)
    if not ((np.asarray(turn) > 0.0) & np.isfinite(turn)).all():
        raise ValueError("turn: an asset's demand does not respond to its quote")
    return np.asarray(np.sqrt(np.asarray(turn, np.float64)), np.float64)


def before_end(covariance: Array, gamma: float, turn: Array, time_left: float) -> Array:
    """A with time to go and A = 0 at the end: the same with R tanh(√γ R τ) in place of R = (D^½ Σ D^½)^½."""
    half = _half(gamma, turn)
    not_negative(time_left=time_left)
    rooted = root(half[:, None] * np.asarray(covariance, np.float64) * half)
    values, vectors = np.linalg.eigh(rooted)
    inner = (vectors * (values * np.tanh(math.sqrt(gamma) * values * time_left))) @ vectors.T
    return np.asarray(0.5 * math.sqrt(gamma) * inner / (half[:, None] * half), np.float64)


def solve(
    demand: Flow,
    covariance: Array,
    gamma: float,
    time_left: float,
    *,
    drift: Array | None = None,
    final: Array | None = None,
) -> Value:
    """A' = 2ADA − γΣ/2 and B' = μ + 2A(V + E diag A + D B) backwards from A = final and B = 0."""
    count = len(demand.turn)
    sigma = np.asarray(covariance, np.float64)
    mu = np.zeros(count) if drift is None else np.asarray(drift, np.float64)
    not_negative(gamma=gamma)
    root(sigma)
    if sigma.shape != (count, count) or mu.shape != (count,):
        raise ValueError(f"covariance: {sigma.shape}, or drift {mu.shape}, does not fit {count} assets")

    def speed(state: Array) -> Array:
        risk, tilt = state[:, :-1], state[:, -1]
        twice = 2.0 * risk
        change = (twice * demand.turn) @ risk - 0.5 * gamma * sigma
        tilting = mu + twice @ (demand.lean + demand.excess * np.diag(risk) + demand.turn * tilt)
        return np.column_stack([change, tilting])

    start = np.zeros((count, count + 1))
    if final is not None:
        start[:, :-1] = final
    found = backwards(speed, start, time_left)
    return Value(found[:, :-1], found[:, -1])


def backwards(
    speed: Callable[[Array], Array], start: Array, time_left: float, accuracy: float = 1e-11
) -> Array:
    """Solve x' = speed(x) from x = start at the end back over `time_left`: Runge-Kutta, steps halved until the
    answer keeps still. It is done early where no step moves it any more, however long there is to go.
    """
    not_negative(time_left=time_left)
    step, before, slow = time_left / 64.0, None, 0
    while slow < _SLOW:
        with np.errstate(over="ignore", invalid="ignore"):
            now, done = _runge_kutta(speed, start, step, time_left)
        slow += not done
        if (
            now is not None
            and before is not None
            and float(np.abs(now - before).max()) <= accuracy * float(np.abs(now).max())
        ):
            return now
        step, before = 0.5 * step, now
    raise ValueError(f"time_left: no steady answer over {time_left} with {_MOST_STEPS} steps")


def _runge_kutta(
    speed: Callable[[Array], Array], start: Array, step: float, time_left: float
) -> tuple[Array | None, bool]:
    """The answer, none if it blows up or is not there within the most steps; and whether those were enough."""
    state, steps = start.copy(), round(time_left / step) if step > 0.0 else 0
    for _ in range(min(steps, _MOST_STEPS)):
        one = speed(state)
        if float(np.abs(one).max()) * step <= 1e-15 * float(np.abs(state).max()):
            return state, True
        two = speed(state - 0.5 * step * one)
        three = speed(state - 0.5 * step * two)
        state = state - step / 6.0 * (one + 2.0 * two + 2.0 * three + speed(state - step * three))
        if not np.isfinite(state).all():
            return None, step > time_left * _LEAST
    return (state, True) if steps <= _MOST_STEPS else (None, False)


def distances(value: Value, asset: int, rung: Rung, inventory: Sequence[float]) -> tuple[float, float]:
    """Bid and offer distance for one size of one asset, at an inventory in all of them."""
    q = np.asarray(inventory, np.float64)
    size_cost = rung.size * float(value.risk[asset, asset])
    lean = 2.0 * float(value.risk[asset] @ q) + float(value.tilt[asset])
    found = rung.demand.best(np.array([size_cost + lean, size_cost - lean])).distance
    return float(found[0]), float(found[1])
