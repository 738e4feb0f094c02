"""Solving the FX ladder of six sizes on 301 inventories: by policy iteration, by Runge-Kutta steps over arrays, and the
way one would first write it down, Euler steps in plain Python loops. All three are brought to the same objective."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import Row
from pricing.control import heston, options_book
from pricing.control.demand import Demand, Logistic
from pricing.control.ladder import Ladder, ladder, solve
from pricing.control.ladder_horizon import solve_to
from pricing.control.tabulated import Tabulated

SIZES, RATES = (1, 2, 5, 10, 20, 50), (2000, 800, 600, 400, 100, 50)
A, B = -1.0, 7.0
HORIZON_D = 0.02
FASTER = 5.0


def problem(demand: Demand) -> Ladder:
    """The published ladder."""
    return ladder(SIZES, RATES, demand, sigma=100.0, gamma=1e-3, limit=150.0)


def timed(call: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Seconds of the best round, and its answer."""
    best, answer = math.inf, None
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = call()
        best = min(best, time.perf_counter() - begun)
    return best, answer


def naive(horizon: float) -> float:
    """The same equation by loops over inventories, sizes and sides; returns the objective per day."""
    limit, steps = 150, math.ceil(horizon * 2 * sum(RATES))
    value = [0.0] * (2 * limit + 1)
    growth = 0.0
    for _ in range(steps):
        after = []
        for place, q in enumerate(range(-limit, limit + 1)):
            change = -0.5 * 1e-3 * 100.0**2 * q * q
            for size, rate in zip(SIZES, RATES, strict=True):
                for to in (place + size, place - size):
                    if 0 <= to <= 2 * limit:
                        change += (
                            size * rate * _lambert(-(1.0 + A + B * (value[place] - value[to]) / size)) / B
                        )
            if q == 0:
                growth = change
            after.append(value[place] + horizon / steps * change)
        value = after
    return growth


def _lambert(z: float) -> float:
    """w + ln w = z by Newton's method on whichever of w and ln w is well scaled."""
    if z < 0.0:
        w = math.exp(z) / (1.0 + math.exp(z))
        for _ in range(6):
            w = w * (1.0 + (z - w - math.log(w)) / (1.0 + w))
        return w
    w = 1.0 + z / 2.0
    for _ in range(8):
        w = max(w * (1.0 + (z - w - math.log(w)) / (1.0 + w)), 1e-3)
    return w


def main(quick: bool = False) -> list[Row]:
    """Seconds to the stationary solution, and ratios."""
    rounds = 2 if quick else 5
    logistic = Logistic(A, B)
    grid = np.linspace(-1.0, 3.0, 33)
    table = Tabulated(grid.tolist(), logistic.fill(grid).tolist())
    exact_s, exact = timed(lambda: solve(problem(logistic)), rounds)
    table_s, tabled = timed(lambda: solve(problem(table)), rounds)
    euler_s, stepped = timed(lambda: solve_to(problem(logistic), HORIZON_D), rounds)
    naive_s, looped = timed(lambda: naive(HORIZON_D), 1)
    for found in (tabled.objective, stepped.objective, looped):
        assert abs(found / exact.objective - 1.0) < 1e-6, (found, exact.objective)
    ratio = naive_s / exact_s
    return [
        Row(
            "FX ladder, policy iteration", f"{1e3 * exact_s:.0f} ms", note=f"objective {exact.objective:.2f}"
        ),
        Row("FX ladder, demand from a table of 33 points", f"{1e3 * table_s:.0f} ms"),
        Row("FX ladder, Runge-Kutta steps over arrays", f"{1e3 * euler_s:.0f} ms", note="accurate to 1e-7"),
        Row(
            "FX ladder, Euler steps in plain Python",
            f"{1e3 * naive_s:.0f} ms",
            note="the baseline, one round",
        ),
        Row("policy iteration beside plain Python", f"{ratio:.1f} ×", f"≥ {FASTER:.0f} ×", ratio >= FASTER),
        _options(quick),
    ]


def _options(quick: bool) -> Row:
    """The book of twenty calls on 180 × 30 × 40 points; a quarter of the steps when quick."""
    model = heston.Heston(10.0, 0.0225, 3.0, 0.0225, 0.2, -0.5)
    contracts = []
    for strike in range(8, 13):
        for years in (1.0, 1.5, 2.0, 3.0):
            price, vega = heston.call(model, float(strike), years)
            rate = 252.0 * 30.0 / (1.0 + 0.7 * abs(10.0 - strike))
            contracts.append(options_book.Contract(vega, 5e5 / price, rate, Logistic(0.7, 150.0 / vega)))
    share = 4 if quick else 1
    book = options_book.Book(
        tuple(contracts),
        options_book.Drift(2.0, 0.04),
        options_book.Drift(3.0, 0.0225),
        vol_of_vol=0.2,
        gamma=1e-3,
        largest_vega=1e7,
        horizon=0.0012 / share,
    )
    points = options_book.grid(180 // share, 0.0144, 0.0324, 30, 1e7, 40)
    spent, _ = timed(lambda: options_book.solve(book, points), 1)
    return Row(f"options book, {180 // share} steps of 20 calls × 30 variances × 40 vegas", f"{spent:.2f} s")
