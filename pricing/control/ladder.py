"""One inventory, a ladder of sizes, any demand: the exact solution on a grid, and what any quotes are worth there.

The dealer earns z d on a deal of size z at distance d from fair, its inventory q costs γσ²q²/2 per unit of time, and
the value θ(q) solves 0 = drift·q − γσ²q²/2 + Σ z λ H((θ(q) − θ(q ± z))/z) − (the objective per unit of time).
Bids raise inventory, offers lower it. A deal that would leave the grid is not quoted: its distance is inf.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from pricing.control.demand import Demand
from pricing.control.gaussian import Array
from pricing.control.ranges import finite, not_negative

_ROUNDS = 60
_MOST = 5_001
"""Inventories: each round solves a dense linear system of that many."""


class Rung(NamedTuple):
    """One size: how often clients ask for it on each side (per unit of time), and their demand."""

    size: float
    bid_rate: float
    offer_rate: float
    demand: Demand


class Ladder(NamedTuple):
    """The problem: rungs, volatility σ per √time, risk aversion γ, the grid from −limit to +limit, drift of fair."""

    rungs: tuple[Rung, ...]
    sigma: float
    gamma: float
    limit: float
    step: float = 1.0
    drift: float = 0.0


class Quotes(NamedTuple):
    """Distances from fair by inventory (rows) and rung (columns); inf where nothing is quoted."""

    bid: Array
    offer: Array


class Score(NamedTuple):
    """What quotes are worth for ever: objective and P&L per unit of time, the root mean square of inventory, the
    turnover, and how often each inventory is held.
    """

    objective: float
    pnl: float
    rms_inventory: float
    turnover: float
    share: Array


class Solution(NamedTuple):
    """The optimum: θ(q) − θ(0) on the inventories, the quotes, and the objective per unit of time."""

    inventory: Array
    value: Array
    quotes: Quotes
    objective: float


def ladder(
    sizes: Sequence[float],
    rates: Sequence[float],
    demand: Demand | Sequence[Demand],
    *,
    sigma: float,
    gamma: float,
    limit: float,
    step: float = 0.0,
) -> Ladder:
    """A ladder with the same flow on both sides; one demand for all sizes, or one for each.

    The step is the largest that all sizes are multiples of, unless it is given.
    """
    each = tuple(demand) if isinstance(demand, Sequence) else (demand,) * len(sizes)
    rungs = tuple(
        Rung(float(z), float(rate), float(rate), f) for z, rate, f in zip(sizes, rates, each, strict=True)
    )
    made = Ladder(rungs, sigma, gamma, limit, step or common_step(sizes))
    check(made)
    return made


def common_step(sizes: Sequence[float]) -> float:
    """The largest number that all sizes are whole multiples of, to a millionth."""
    parts = [Fraction(float(size)).limit_denominator(10**6) for size in sizes]
    if not parts or min(parts) <= 0:
        raise ValueError(f"sizes: {list(sizes)} are not all above zero")
    below = math.lcm(*(part.denominator for part in parts))
    return math.gcd(*(int(part * below) for part in parts)) / below


def check(one: Ladder) -> None:
    """ValueError names what is wrong with a ladder."""
    if not one.rungs:
        raise ValueError("rungs: none")
    if not (one.step > 0.0 and one.limit >= one.step and math.isfinite(one.limit)):
        raise ValueError(f"limit: {one.limit} is not a grid of step {one.step}")
    if one.limit / one.step > 0.5 * _MOST:
        raise ValueError(f"limit: {one.limit} is more than {_MOST} inventories {one.step} apart")
    not_negative(sigma=one.sigma, gamma=one.gamma)
    finite(drift=one.drift)
    for rung in one.rungs:
        steps = rung.size / one.step
        if not (steps >= 0.5 and abs(steps - round(steps)) < 1e-9 * steps):
            raise ValueError(f"size: {rung.size} is not a multiple of the step {one.step}")
        if rung.size > 2 * one.limit:
            raise ValueError(f"size: {rung.size} does not fit on a grid of ±{one.limit}")
        not_negative(bid_rate=rung.bid_rate, offer_rate=rung.offer_rate)
    if (skipped := math.gcd(*_shifts(one))) > 1:
        raise ValueError(
            f"step: deals reach only every {skipped}th inventory; a step of {skipped * one.step:g} fits"
        )


def inventories(one: Ladder) -> Array:
    """The grid, with zero in its middle."""
    count = math.floor(one.limit / one.step + 1e-9)
    return np.asarray(np.arange(-count, count + 1) * one.step, np.float64)


def _shifts(one: Ladder) -> list[int]:
    return [round(rung.size / one.step) for rung in one.rungs]


def running(one: Ladder, q: Array) -> Array:
    """What inventory earns per unit of time: drift·q − γσ²q²/2."""
    return one.drift * q - 0.5 * one.gamma * one.sigma**2 * q**2


def costs(one: Ladder, value: Array) -> Quotes:
    """What a deal costs in value per unit, (θ(q) − θ(q ± z))/z; inf where the deal leaves the grid."""
    count = len(value)
    bid = np.full((count, len(one.rungs)), math.inf)
    offer = bid.copy()
    for j, shift in enumerate(_shifts(one)):
        if shift < count:
            gap = (value[:-shift] - value[shift:]) / one.rungs[j].size
            bid[:-shift, j], offer[shift:, j] = gap, -gap
    return Quotes(bid, offer)


def best_quotes(one: Ladder, value: Array) -> Quotes:
    """The quotes that are best if θ is the value of inventory."""
    return mapped(one, costs(one, value))


def mapped(one: Ladder, cost: Quotes) -> Quotes:
    """Each cost mapped to the best distance of its rung's demand."""
    found = []
    for side in cost:
        distances = np.full(side.shape, math.inf)
        for j, rung in enumerate(one.rungs):
            allowed = np.isfinite(side[:, j])
            distances[allowed, j] = rung.demand.best(side[allowed, j]).distance
        found.append(distances)
    return Quotes(*found)


def clipped(one: Ladder, quotes: Quotes) -> Quotes:
    """The quotes without those whose deals would leave the grid."""
    possible = costs(one, np.zeros(len(inventories(one))))
    bid, offer = (np.where(np.isfinite(can), d, math.inf) for can, d in zip(possible, quotes, strict=True))
    return Quotes(bid, offer)


class Chain(NamedTuple):
    """Inventory as a Markov chain under given quotes: its generator, and what each state earns per unit of time."""

    generator: Array
    earned: Array
    dealt: Array


def chain(one: Ladder, quotes: Quotes) -> Chain:
    """The chain that the quotes make of inventory."""
    count = len(quotes.bid)
    states = np.arange(count)
    generator, earned, dealt = np.zeros((count, count)), np.zeros(count), np.zeros(count)
    for j, (rung, shift) in enumerate(zip(one.rungs, _shifts(one), strict=True)):
        for side, rate, way in ((quotes.bid, rung.bid_rate, shift), (quotes.offer, rung.offer_rate, -shift)):
            quoted = np.isfinite(side[:, j])
            distance = side[quoted, j]
            speed = rate * rung.demand.fill(distance)
            generator[states[quoted], states[quoted] + way] += speed
            generator[states[quoted], states[quoted]] -= speed
            earned[quoted] += speed * rung.size * distance
            dealt[quoted] += speed * rung.size
    return Chain(generator, earned, dealt)


def _solved(rows: Array, right: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(rows, right), np.float64)
    except np.linalg.LinAlgError:
        raise ValueError("rungs: some inventories are never left or never reached") from None


def evaluate(one: Ladder, quotes: Quotes) -> Score:
    """What the quotes are worth, from the exact stationary law of inventory on the grid."""
    check(one)
    q = inventories(one)
    flow = chain(one, clipped(one, quotes))
    rows = flow.generator.T.copy()
    middle = len(q) // 2
    rows[middle] = 1.0
    right = np.zeros(len(q))
    right[middle] = 1.0
    share = _solved(rows, right)
    pnl = float(share @ flow.earned)
    objective = pnl + float(share @ running(one, q))
    return Score(objective, pnl, math.sqrt(max(float(share @ q**2), 0.0)), float(share @ flow.dealt), share)


def solve(one: Ladder) -> Solution:
    """The stationary optimum, exact on the grid, by policy iteration from the quadratic approximation."""
    check(one)
    with np.errstate(over="ignore", invalid="ignore"):
        return _iterated(one, inventories(one))


def _iterated(one: Ladder, q: Array) -> Solution:
    middle, count = len(q) // 2, len(q)
    value, objective = _start(one, q), -math.inf
    for _ in range(_ROUNDS):
        quotes = best_quotes(one, value)
        flow = chain(one, quotes)
        rows = flow.generator.copy()
        rows[:, middle] = -1.0  # θ(0) = 0; in its place the unknown objective
        found = _solved(rows, -(flow.earned + running(one, q)))
        before, objective = objective, float(found[middle])
        found[middle] = 0.0
        moved = float(np.abs(found - value).max())
        value = found
        if not math.isfinite(moved):
            raise ValueError("rungs: demand and risk are too far apart for numbers of this size")
        if moved <= 1e-10 * (1.0 + float(np.abs(value).max())) or objective == before:
            break
    else:
        raise ValueError(f"rungs: policy iteration over {count} inventories did not settle")
    return Solution(q, value, best_quotes(one, value), objective)


def _start(one: Ladder, q: Array) -> Array:
    """A value to begin with: the quadratic one, or nothing where demand does not respond to small costs."""
    try:
        return quadratic(one).value(q)
    except ValueError:
        return np.zeros(len(q))


class Quadratic(NamedTuple):
    """The linear-quadratic approximation: θ ≈ −A q², ξ on one side, the speed ω at which inventory returns, and for
    each rung the distance at no cost and how much of a cost is passed on, 1/c.
    """

    risk: float
    turn: float
    omega: float
    distances: tuple[float, ...]
    passed: tuple[float, ...]

    def value(self, q: Array) -> Array:
        """θ(q) ≈ −A q²."""
        return -self.risk * np.square(q)


def quadratic(one: Ladder) -> Quadratic:
    """A = σ √(γ/(8ξ)), ξ = Σ z λ H''(0), ω = σ √(2γξ), d ≈ d*(0) + p/c with 1/c = d*'(0).

    With unequal sides ξ is their mean. 1/c comes from the demand curve by a central difference.
    """
    turn, distances, passed = 0.0, [], []
    for rung in one.rungs:
        here = rung.demand.best(np.zeros(1))
        turn += rung.size * 0.5 * (rung.bid_rate + rung.offer_rate) * float(here.curvature[0])
        small = 1e-5 * max(abs(float(here.distance[0])), 1e-9)
        pair = rung.demand.best(np.array([-small, small])).distance
        distances.append(float(here.distance[0]))
        passed.append(float(pair[1] - pair[0]) / (2.0 * small))
    if not turn > 0.0:
        raise ValueError(
            "rungs: demand does not respond to the quote, so there is no quadratic approximation"
        )
    risk = one.sigma * math.sqrt(one.gamma / (8.0 * turn))
    return Quadratic(
        risk, turn, one.sigma * math.sqrt(2.0 * one.gamma * turn), tuple(distances), tuple(passed)
    )
