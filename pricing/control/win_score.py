"""An aggregator that scores its dealers: winning in tier B opens the gate to tier A.

Tier B asks for all sizes and deals with probability p(d) = 1/(1 + e^κ(d − d̄)); an exponential average R of the
outcomes opens the gate G(R) on tier A's better flow. Adverse selection θ is paid on every deal. The score has a memory,
so that two ways of quoting may both be best near themselves: keep the score up (campaign), or live off it (harvest).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pricing.control.demand import Best, Logistic, sigmoid
from pricing.control.gaussian import Array
from pricing.control.ranges import finite, not_negative, positive


class Tier(NamedTuple):
    """One size: requests of tiers A and B per unit of time, κ and d̄ of the demand."""

    size: float
    rate_a: float
    rate_b: float
    decay: float
    middle: float


class Gate(NamedTuple):
    """G(R) = low + rise / (1 + e^−steepness(R − middle)), and how fast R follows the outcomes."""

    low: float
    rise: float
    middle: float
    steepness: float
    memory: float


class Myopic(NamedTuple):
    """By size: the distance that earns most on one deal, how often it wins, and −dp/dx where x is the cost of the
    whole deal. `turn` is Σ Λ_B z² H''_x on one side.
    """

    distances: tuple[float, ...]
    won: tuple[float, ...]
    response: tuple[float, ...]
    turn: float


def _best(tier: Tier, cost: float | Array) -> Best:
    return Logistic(-tier.decay * tier.middle, tier.decay).best(cost)


def myopic(tiers: Sequence[Tier], toxicity: float) -> Myopic:
    """The best for each deal by itself."""
    finite(toxicity=toxicity)
    for tier in tiers:
        positive(size=tier.size)
        not_negative(rate_a=tier.rate_a, rate_b=tier.rate_b)
    found = [_best(tier, toxicity) for tier in tiers]
    response = [float(best.curvature) / tier.size for best, tier in zip(found, tiers, strict=True)]
    turn = sum(tier.rate_b * tier.size**2 * bend for tier, bend in zip(tiers, response, strict=True))
    return Myopic(
        tuple(float(best.distance) for best in found),
        tuple(float(best.fill) for best in found),
        tuple(response),
        turn,
    )


def inventory_risk(sigma: float, gamma: float, turn: float) -> float:
    """A∞ = √(γσ²/(2ξ)), with θ ≈ −A q²/2."""
    not_negative(sigma=sigma, gamma=gamma)
    positive(turn=turn)
    return sigma * math.sqrt(gamma / (2.0 * turn))


def distances(tier: Tier, toxicity: float, risk: float, inventory: float) -> tuple[float, float]:
    """Bid and offer distance with θ ≈ −A q²/2, A being `risk`: a deal costs A(z/2 ± q) a unit beside its toxicity."""
    finite(inventory=inventory)
    not_negative(risk=risk)
    half = 0.5 * tier.size
    cost = np.array([toxicity + risk * (half + inventory), toxicity + risk * (half - inventory)])
    bid, offer = _best(tier, cost).distance
    return float(bid), float(offer)


def opened(gate: Gate, score: float) -> float:
    """G(R)."""
    return gate.low + gate.rise * float(sigmoid(gate.steepness * (score - gate.middle)))


def scored(gate: Gate, score: float, won: bool) -> float:
    """R after one more outcome."""
    return score + gate.memory * ((1.0 if won else 0.0) - score)


class Steady(NamedTuple):
    """Quotes held for ever: how much nearer than the myopic ones, the score they keep, and what they earn."""

    nearer: float
    score: float
    earned: float


def steady(tiers: Sequence[Tier], gate: Gate, toxicity: float, nearer: float) -> Steady:
    """What quotes earn per unit of time, on both sides, when all are `nearer` than the myopic ones and R has settled
    at the share of tier B's requests that they win. Tier A's deals are made at the best distance.
    """
    asked = sum(tier.rate_b for tier in tiers)
    positive(rate_b=asked)
    score, earned, beyond = 0.0, 0.0, 0.0
    for tier, distance in zip(tiers, myopic(tiers, toxicity).distances, strict=True):
        d = distance - nearer
        won = float(Logistic(-tier.decay * tier.middle, tier.decay).fill(d))
        score += won * tier.rate_b / asked
        earned += 2.0 * tier.size * tier.rate_b * won * (d - toxicity)
        beyond += 2.0 * tier.size * tier.rate_a * float(_best(tier, toxicity).value)
    return Steady(nearer, score, earned + opened(gate, score) * beyond)


def ways(
    tiers: Sequence[Tier], gate: Gate, toxicity: float, reach: float = 1.0, count: int = 401
) -> tuple[Steady, ...]:
    """The ways of quoting that no small change improves, best first."""
    found = [steady(tiers, gate, toxicity, float(near)) for near in np.linspace(-0.1 * reach, reach, count)]
    earned = [one.earned for one in found]
    tops = [
        one
        for place, one in enumerate(found[1:-1], start=1)
        if earned[place] > earned[place - 1] and earned[place] >= earned[place + 1]
    ]
    return tuple(sorted(tops, key=lambda one: -one.earned))
