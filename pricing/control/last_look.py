"""Last look with slippage control: how far to quote, and below what to reject, when a deal can be looked at late.

Between the client's click and the dealer's answer the price moves by N(0, σ²·latency) against a deal's margin; the
dealer takes the deal if what is left of the margin is above zero. Demand at size z is Λ e^−κd. With margin
μ = d − θ − J (toxicity θ, inventory's cost J) a deal is worth Ψ(μ) = E(μ + νZ)⁺, and the best margin m = μ/ν solves
Φ(m) = κν (φ(m) + m Φ(m)), whatever J: quotes move one for one with J and the reject probability is the same.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import cdf, gain, gain_share
from pricing.control.ranges import finite, not_negative, positive


class Step(NamedTuple):
    """One size: requests per unit of time at distance zero, and κ."""

    size: float
    rate: float
    decay: float


class Look(NamedTuple):
    """The best distance for each size at no inventory, the probability that a deal is rejected, the value of
    inventory θ ≈ −A q², and the two-way spread at the smallest distance.
    """

    distances: tuple[float, ...]
    rejected: tuple[float, ...]
    risk: float
    top_of_book: float


def worth(margin: float, noise: float) -> float:
    """Ψ(μ) = ν φ(μ/ν) + μ Φ(μ/ν), what the right to reject late makes of a margin; μ⁺ without latency."""
    return max(margin, 0.0) if noise == 0.0 else noise * float(gain(margin / noise))


def best_margin(noise: float, decay: float) -> float:
    """The m that solves Φ(m) = κν (φ(m) + m Φ(m)), for noise above zero."""
    scale = noise * decay
    if not scale > 0.0:
        raise ValueError(f"noise: {noise} times {decay} is not above zero")
    low, high = -1.0, 1.0
    while _short(low, scale):
        low *= 2.0
    while not _short(high, scale):
        high *= 2.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if _short(middle, scale):
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


def _short(m: float, scale: float) -> bool:
    """Is m above the root?"""
    return scale * gain_share(m) > 1.0


def look(
    steps: Sequence[Step],
    *,
    sigma: float,
    gamma: float,
    toxicity: float,
    latency: float,
    day: float = 86_400.0,
) -> Look:
    """The quotes with last look after `latency` (in seconds, if σ is per √day).

    A = √(γσ²/(8Σ)), Σ = Σ z Λ κ e^−κd̄ Φ(m).
    """
    not_negative(sigma=sigma, gamma=gamma, latency=latency)
    positive(day=day)
    finite(toxicity=toxicity)
    noise = sigma * math.sqrt(latency / day)
    distances, rejected, turn = [], [], 0.0
    for step in steps:
        positive(size=step.size, decay=step.decay)
        not_negative(rate=step.rate)
        if noise * step.decay > 1e-9:
            m = best_margin(noise, step.decay)
            distance, accepted, missed = toxicity + noise * m, float(cdf(m)), float(cdf(-m))
        else:
            distance, accepted, missed = toxicity + 1.0 / step.decay, 1.0, 0.0
        distances.append(distance)
        rejected.append(missed)
        asked = math.exp(min(-step.decay * distance, 709.0))
        turn += step.size * step.rate * step.decay * asked * accepted
    if not turn > 0.0:
        raise ValueError("rate: at the best distances nothing is dealt, so that inventory has no value")
    risk = sigma * math.sqrt(gamma / (8.0 * turn))
    tops = [distance + risk * step.size for distance, step in zip(distances, steps, strict=True)]
    return Look(tuple(distances), tuple(rejected), risk, 2.0 * min(tops))


def quotes(
    found: Look, steps: Sequence[Step], inventory: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Bid and offer distance by size at an inventory: d̄ + A (z ± 2q)."""
    sizes = np.array([step.size for step in steps])
    base = np.array(found.distances) + found.risk * sizes
    lean = 2.0 * found.risk * inventory
    return tuple((base + lean).tolist()), tuple((base - lean).tolist())


def threshold(distance: float, toxicity: float, cost: float) -> float:
    """Reject if the price has moved against the dealer by more than this: what is left of the margin is d − θ − J."""
    return distance - toxicity - cost
