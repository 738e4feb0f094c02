"""The ladder with a time to go: from no value at the end back to now, step by step."""

import math
from typing import Final, NamedTuple

import numpy as np

from pricing.control.gaussian import Array
from pricing.control.ladder import Ladder, Solution, best_quotes, chain, check, costs, inventories, running
from pricing.control.ranges import not_negative

_MOST_STEPS: Final = 1_000_000
_STABLE: Final = 1.25
"""Runge-Kutta is stable for steps up to this over the rate at which the busiest inventory is left."""


_PARTS: Final = 4


class _Growth(NamedTuple):
    """By how much value grows per unit of time, and how fast the busiest inventory is left."""

    value: Array
    busiest: float


def solve_to(one: Ladder, horizon: float, steps: int = 0) -> Solution:
    """The optimum with the time `horizon` to go, from θ = 0 at the end.

    Runge-Kutta of fourth order. Where exponential demand makes inventories leave faster than that can follow, the step
    is taken implicitly instead, in four parts of first order. `steps` is raised to what stability needs; more are more
    accurate. `objective` is what θ(0) grows by in the end, per unit of time.
    """
    check(one)
    not_negative(horizon=horizon)
    needed = horizon * sum(rung.bid_rate + rung.offer_rate for rung in one.rungs) / _STABLE
    if not max(needed, steps) <= _MOST_STEPS:
        raise ValueError(f"horizon: {horizon} takes more than {_MOST_STEPS} steps; `solve` is for ever")
    steps = max(steps, math.ceil(needed), 1)
    dt = horizon / steps
    q = inventories(one)
    value = np.zeros(len(q))
    for _ in range(steps):
        value = _stepped(one, value, dt)
    if not np.isfinite(value).all():
        raise ValueError(f"horizon: {horizon} has no finite answer in {steps} steps")
    middle = len(q) // 2
    growth = float(_growth(one, value).value[middle])
    return Solution(q, value - value[middle], best_quotes(one, value), growth)


def _stepped(one: Ladder, value: Array, dt: float) -> Array:
    first = _growth(one, value)
    total, ahead, busiest = first.value, first, first.busiest
    for share, weight in ((0.5, 2.0), (0.5, 2.0), (1.0, 1.0)):
        if not dt * busiest <= _STABLE:
            break
        ahead = _growth(one, value + share * dt * ahead.value)
        total, busiest = total + weight * ahead.value, ahead.busiest
    if dt * busiest <= _STABLE:
        return np.asarray(value + dt / 6.0 * total, np.float64)
    for _ in range(_PARTS):
        value = _implicit(one, value, dt / _PARTS)
    return value


def _growth(one: Ladder, value: Array) -> _Growth:
    growth, left = running(one, inventories(one)), np.zeros(len(value))
    bid, offer = costs(one, value)
    for j, rung in enumerate(one.rungs):
        for rate, side in ((rung.bid_rate, bid), (rung.offer_rate, offer)):
            allowed = np.isfinite(side[:, j])
            best = rung.demand.best(side[allowed, j])
            growth[allowed] += rung.size * rate * best.value
            left[allowed] += rate * best.fill
    return _Growth(growth, float(left.max()))


def _implicit(one: Ladder, value: Array, dt: float) -> Array:
    """One step whose quotes are the best for the value at its far end, by policy iteration."""
    now, carried = value, running(one, inventories(one))
    for _ in range(60):
        flow = chain(one, best_quotes(one, now))
        rows = np.eye(len(value)) / dt - flow.generator
        found = np.linalg.solve(rows, value / dt + flow.earned + carried)
        moved = float(np.abs(found - now).max())
        now = np.asarray(found, np.float64)
        if moved <= 1e-11 * (1.0 + float(np.abs(now).max())):
            break
    return now
