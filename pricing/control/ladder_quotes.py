"""Quotes that need no grid solution: linear in inventory, the exact map of a quadratic value, and myopic ones."""

import math
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array
from pricing.control.ladder import Ladder, Quadratic, Quotes, clipped, inventories, mapped, quadratic


def linear_costs(one: Ladder, q: Array, risk: float) -> Quotes:
    """What deals cost under θ = −A q²: A (z + 2q) for a bid, A (z − 2q) for an offer."""
    sizes = np.array([rung.size for rung in one.rungs])
    return Quotes(risk * (sizes + 2.0 * q[:, None]), risk * (sizes - 2.0 * q[:, None]))


def linear_quotes(one: Ladder, *, impact: float = 0.0, impact_decay: float = math.inf) -> Quotes:
    """d = d₀ + (A/c)(z ± 2q) ± (B/c) x on the grid, x the transient impact of our own hedging on the price.

    B = β/(β + ω): how much of an impact that decays at the rate β is still worth waiting for.
    """
    known = quadratic(one)
    waited = 1.0 if math.isinf(impact_decay) else impact_share(known, impact_decay)
    bid, offer = linear_costs(one, inventories(one), known.risk)
    base, passed = np.array(known.distances), np.array(known.passed)
    skew = waited * impact
    return clipped(one, Quotes(base + passed * (bid + skew), base + passed * (offer - skew)))


def impact_share(known: Quadratic, decay: float) -> float:
    """B₀ = β/(β + ω)."""
    return decay / (decay + known.omega)


def mapped_quotes(one: Ladder) -> Quotes:
    """The quadratic value with the exact map from cost to distance."""
    return clipped(one, mapped(one, linear_costs(one, inventories(one), quadratic(one).risk)))


def myopic_quotes(one: Ladder) -> Quotes:
    """The distance that earns most on each deal, whatever the inventory."""
    same = np.zeros((len(inventories(one)), len(one.rungs)))
    return clipped(one, mapped(one, Quotes(same, same)))


class Shape(NamedTuple):
    """The linear quotes at no inventory: half-spread by size, and the spread at the smallest size."""

    half_spreads: tuple[float, ...]
    top_of_book: float


def shape(one: Ladder) -> Shape:
    """Half-spreads of the linear quotes by size, and the tightest two-way spread."""
    known = quadratic(one)
    halves = tuple(
        d + part * known.risk * rung.size
        for d, part, rung in zip(known.distances, known.passed, one.rungs, strict=True)
    )
    return Shape(halves, 2.0 * min(halves))
