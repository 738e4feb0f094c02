"""Quoting a book of options by its vega (Baldacci, Bergault and Guéant): value on a grid of variance and net vega.

Vegas are taken as constant over the short horizon. A deal of z contracts moves the book's vega V by z·vega; the book
is delta-hedged, and variance risk costs γξ²V²/8 per unit of time (times 1 − ρ² if the hedge also covers the part of
variance that moves with the spot). Where the dealer believes in another drift of variance than the prices do, vega
also earns V(a_P − a_Q)/(2√ν).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.control.demand import Demand
from pricing.control.gaussian import Array
from pricing.control.ranges import not_negative, positive, whole


class Contract(NamedTuple):
    """One option: its vega (per unit of √ν), the size of a deal in contracts, requests per year and side, and demand
    in price units.
    """

    vega: float
    size: float
    rate: float
    demand: Demand


class Drift(NamedTuple):
    """κ(θ − ν)."""

    pull: float
    level: float

    def at(self, variance: Array) -> Array:
        """The drift at each variance."""
        return self.pull * (self.level - variance)


class Book(NamedTuple):
    """The problem: contracts, variance's drift as the dealer sees it and as prices have it, ξ, γ, the largest net
    vega, the horizon in years, and the share of variance risk that the delta hedge leaves.
    """

    contracts: tuple[Contract, ...]
    believed: Drift
    priced: Drift
    vol_of_vol: float
    gamma: float
    largest_vega: float
    horizon: float
    unhedged: float = 1.0


class Grid(NamedTuple):
    """Steps in time, and the points of variance and of net vega."""

    steps: int
    variances: Array
    vegas: Array


class BookValue(NamedTuple):
    """The value by variance (rows) and net vega (columns), at the start of the horizon."""

    grid: Grid
    value: Array

    def at(self, variance: float, vega: float) -> float:
        """Linear between the points."""
        along = [float(np.interp(vega, self.grid.vegas, row)) for row in self.value]
        return float(np.interp(variance, self.grid.variances, along))


def grid(steps: int, low: float, high: float, variances: int, largest_vega: float, vegas: int) -> Grid:
    """An even grid."""
    whole(1, 10_000_000, steps=steps)
    whole(2, 100_000, variances=variances, vegas=vegas)
    positive(low=low, largest_vega=largest_vega)
    if not low < high < math.inf:
        raise ValueError(f"high: {high} is not above {low}")
    return Grid(steps, np.linspace(low, high, variances), np.linspace(-largest_vega, largest_vega, vegas))


class _Move(NamedTuple):
    """Where a deal leads on the vega grid: the point below, the weight of the one above, and where it is allowed."""

    below: NDArray[np.int64]
    above_weight: Array
    allowed: NDArray[np.bool_]


def _move(vegas: Array, change: float) -> _Move:
    largest = float(vegas[-1])
    to = vegas + change
    place = (np.clip(to, -largest, largest) - vegas[0]) / (vegas[1] - vegas[0])
    below = np.minimum(place.astype(np.int64), len(vegas) - 2)
    return _Move(below, place - below, np.abs(to) <= largest)


def solve(book: Book, on: Grid, tell: Callable[[int], None] = lambda _done: None) -> BookValue:
    """Explicit Euler from zero at the end, upwind in the drift of variance, linear between points of vega.

    At the edges of variance the drift that leads outwards and the second derivative are left out. `tell` hears how
    many steps are done.
    """
    _check(book, on)
    nu, vegas = on.variances, on.vegas
    gap, dt = float(nu[1] - nu[0]), book.horizon / on.steps
    drift, spread = book.believed.at(nu)[:, None], 0.5 * book.vol_of_vol**2 * nu[:, None]
    if dt * float((np.abs(drift) / gap + 2.0 * spread / gap**2).max()) > 1.0:
        raise ValueError(f"steps: {on.steps} are too few for this grid of variance")
    tilt = (book.believed.at(nu) - book.priced.at(nu)) / (2.0 * np.sqrt(nu))
    running = tilt[:, None] * vegas - _penalty(book) * vegas**2
    moves = [[_move(vegas, way * one.size * one.vega) for way in (1.0, -1.0)] for one in book.contracts]
    value = np.zeros((len(nu), len(vegas)))
    for step in range(on.steps):
        change, left = running.copy(), np.zeros_like(value)
        slope = np.diff(value, axis=0) / gap
        change[:-1] += np.maximum(drift[:-1], 0.0) * slope
        change[1:] += np.minimum(drift[1:], 0.0) * slope
        change[1:-1] += spread[1:-1] * (value[2:] - 2.0 * value[1:-1] + value[:-2]) / gap**2
        for one, both in zip(book.contracts, moves, strict=True):
            for move in both:
                weight = move.above_weight
                after = value[:, move.below] * (1.0 - weight) + value[:, move.below + 1] * weight
                best = one.demand.best((value - after) / one.size)
                change += np.where(move.allowed, one.size * one.rate * best.value, 0.0)
                left += np.where(move.allowed, one.rate * best.fill, 0.0)
        if not dt * float(left.max()) <= 1.0:
            raise ValueError(f"steps: {on.steps} are too few for this many deals")
        value = value + dt * change
        tell(step + 1)
    return BookValue(on, np.asarray(value, np.float64))


def _check(book: Book, on: Grid) -> None:
    positive(horizon=book.horizon, largest_vega=book.largest_vega)
    not_negative(vol_of_vol=book.vol_of_vol, gamma=book.gamma, unhedged=book.unhedged)
    if not math.isclose(float(on.vegas[-1]), book.largest_vega, rel_tol=1e-9):
        raise ValueError(f"largest_vega: the book's is {book.largest_vega}, the grid's {on.vegas[-1]}")
    for one in book.contracts:
        positive(vega=one.vega, size=one.size)
        not_negative(rate=one.rate)


def _penalty(book: Book) -> float:
    return book.gamma * book.vol_of_vol**2 * book.unhedged / 8.0


def distances(
    found: BookValue, book: Book, contract: Contract, variance: float, vega: float
) -> tuple[float, float]:
    """Bid and offer distance from the option's price, in price units; inf where the deal would exceed the limit."""
    low, high = float(found.grid.variances[0]), float(found.grid.variances[-1])
    if not low <= variance <= high:
        raise ValueError(f"variance: {variance} is not on the grid from {low} to {high}")
    here = found.at(variance, vega)
    both = []
    for way in (1.0, -1.0):
        to = vega + way * contract.size * contract.vega
        if abs(to) > book.largest_vega:
            both.append(math.inf)
            continue
        cost = (here - found.at(variance, to)) / contract.size
        both.append(float(contract.demand.best(np.array([cost])).distance[0]))
    return both[0], both[1]


def extra_hedge(vega: float, spot: float, variance: float, vol_of_vol: float, correlation: float) -> float:
    """h* = −ρξV/(2√ν S): spot held beside the delta hedge, against the part of variance that moves with the spot."""
    positive(spot=spot, variance=variance)
    _correlation(correlation)
    return -correlation * vol_of_vol * vega / (2.0 * math.sqrt(variance) * spot)


def hedged(book: Book, correlation: float) -> Book:
    """The same book with that hedge: 1 − ρ² of its variance risk is left."""
    _correlation(correlation)
    return book._replace(unhedged=1.0 - correlation**2)


def _correlation(correlation: float) -> None:
    if not -1.0 <= correlation <= 1.0:
        raise ValueError(f"correlation: {correlation} is not between -1 and 1")
