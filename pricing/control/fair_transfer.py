"""Fair prices where liquidity is uneven: requests on each side come and go with the state of a Markov chain.

The mid moves with σ dW + κ(λ_a − λ_b)dt. A dealer's value in state j is −A_j q² − B_j q − C_j to second order
(Bergault and Guéant); the fair transfer price is the middle of its two quotes without inventory.
"""

import math
from typing import NamedTuple

import numpy as np

from pricing.control.demand import Demand
from pricing.control.gaussian import Array
from pricing.control.ranges import finite, not_negative, positive
from pricing.control.riccati import backwards


class States(NamedTuple):
    """For each state: requests to sell to the dealer (its bid) and to buy (its offer) per unit of time; the
    generator of the chain, its rows summing to zero.
    """

    bid_rates: Array
    offer_rates: Array
    generator: Array


class Requests(NamedTuple):
    """The problem: states, the sizes of requests and how likely each is, demand, σ, γ, and κ, the drift of the mid
    per unit of imbalance.
    """

    states: States
    sizes: tuple[float, ...]
    weights: tuple[float, ...]
    demand: Demand
    sigma: float
    gamma: float
    drift: float


class Liquidity(NamedTuple):
    """A, B and C by state."""

    risk: Array
    tilt: Array
    level: Array


def _check(requests: Requests) -> None:
    states = requests.states
    _chain(states.generator)
    for rates in (states.bid_rates, states.offer_rates):
        if np.shape(rates) != (len(states.generator),) or not (np.isfinite(rates) & (rates >= 0.0)).all():
            raise ValueError("states: a rate is below zero, or there is not one for each state")
    if len(requests.sizes) != len(requests.weights) or not requests.sizes:
        raise ValueError("weights: not one for each size")
    for size, weight in zip(requests.sizes, requests.weights, strict=True):
        positive(size=size)
        not_negative(weight=weight)
    if not math.isclose(sum(requests.weights), 1.0, rel_tol=1e-9):
        raise ValueError(f"weights: they sum to {sum(requests.weights)}, not 1")
    not_negative(sigma=requests.sigma, gamma=requests.gamma)
    finite(drift=requests.drift)


def _chain(generator: Array) -> Array:
    """The generator, if it is one."""
    rows = np.asarray(generator, np.float64)
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or not np.isfinite(rows).all():
        raise ValueError("generator: not a square of finite numbers")
    off = rows - np.diag(np.diag(rows))
    if (off < 0.0).any() or (np.abs(rows.sum(axis=1)) > 1e-9 * (1.0 + np.abs(rows).max())).any():
        raise ValueError("generator: a rate is below zero, or a row does not sum to zero")
    return rows


def four_states(low: float, high: float, up: float, down: float) -> States:
    """Two sides that are each quiet or busy by themselves: LL, LH, HL, HH (bid first). `up` and `down` are how often
    a side becomes busy and quiet.
    """
    not_negative(low=low, high=high, up=up, down=down)
    one = np.array([[-up, up], [down, -down]])
    generator = np.kron(one, np.eye(2)) + np.kron(np.eye(2), one)
    rates = np.array([low, high])
    return States(np.repeat(rates, 2), np.tile(rates, 2), np.asarray(generator, np.float64))


def stationary(generator: Array) -> Array:
    """π with πQ = 0."""
    rows = _chain(generator).T.copy()
    rows[-1] = 1.0
    right = np.zeros(len(rows))
    right[-1] = 1.0
    try:
        return np.asarray(np.linalg.solve(rows, right), np.float64)
    except np.linalg.LinAlgError:
        raise ValueError(
            "generator: the chain falls apart, so that it has no one law in the long run"
        ) from None


def deviation(generator: Array) -> Array:
    """(1π − Q)⁻¹ − 1π: the integral over time of how far the chain's law still is from π."""
    limit = np.tile(stationary(generator), (len(generator), 1))
    return np.asarray(np.linalg.inv(limit - generator) - limit, np.float64)


def micro_price(requests: Requests) -> Array:
    """Where the mid is going, less the mid, by state: κ × deviation × (λ_a − λ_b).

    The drift that never ends, κ π·(λ_a − λ_b), is left out; it is zero where the sides are alike in the long run.
    """
    imbalance = requests.states.offer_rates - requests.states.bid_rates
    return np.asarray(requests.drift * deviation(requests.states.generator) @ imbalance, np.float64)


def solve(requests: Requests, time_left: float) -> Liquidity:
    """The coupled equations of A, B and C backwards from zero.

    With α the expansion of H at no cost, m₁ and m₂ the mean size and mean squared size, s = λ_b + λ_a and
    u = λ_b − λ_a: A' = 2α₂ m₁ s A² − QA − γσ²/2, B' = 2A(α₁ m₁ u + α₂ (m₂ u A + m₁ s B)) − QB − κu.
    """
    _check(requests)
    sizes, weights = np.array(requests.sizes), np.array(requests.weights)
    best = requests.demand.best(np.zeros(1))
    zero, one, two = float(best.value[0]), -float(best.fill[0]), float(best.curvature[0])
    first, second, third = (float(weights @ sizes**power) for power in (1, 2, 3))
    bid, offer, generator = requests.states
    both, more = bid + offer, bid - offer

    def speed(state: Array) -> Array:
        risk, tilt, _ = state.T
        change = 2.0 * two * first * both * risk**2 - 0.5 * requests.gamma * requests.sigma**2
        pull = one * first * more + two * (second * more * risk + first * both * tilt)
        tilting = 2.0 * risk * pull - requests.drift * more
        rising = both * (zero * first + one * second * risk + 0.5 * two * (third * risk**2 + first * tilt**2))
        rising = rising + more * (one * first * tilt + two * second * risk * tilt)
        return np.column_stack([change, tilting, rising]) - generator @ state

    found = backwards(speed, np.zeros((len(bid), 3)), time_left, accuracy=1e-10)
    return Liquidity(found[:, 0], found[:, 1], found[:, 2])


def distances(
    requests: Requests, found: Liquidity, state: int, size: float, inventory: float
) -> tuple[float, float]:
    """Bid and offer distance from the mid."""
    risk, tilt = float(found.risk[state]), float(found.tilt[state])
    lean = 2.0 * risk * inventory + tilt
    best = requests.demand.best(np.array([risk * size + lean, risk * size - lean])).distance
    return float(best[0]), float(best[1])


def fair_transfer(requests: Requests, found: Liquidity, state: int, size: float = 0.0) -> float:
    """The fair transfer price less the mid: half the offer's distance less the bid's, without inventory."""
    bid, offer = distances(
        requests, found, state, size or float(np.dot(requests.sizes, requests.weights)), 0.0
    )
    return 0.5 * (offer - bid)


def half_life(generator: Array) -> float:
    """How long the chain remembers: ln 2 over the slowest rate at which it forgets."""
    if len(_chain(generator)) < 2:
        raise ValueError("generator: one state has nothing to forget")
    rates = -np.linalg.eigvals(np.asarray(generator, np.float64)).real
    slowest = float(np.sort(rates)[1])
    if not slowest > 1e-12 * float(np.abs(rates).max()):
        raise ValueError("generator: the chain falls apart, so that it never forgets")
    return math.log(2.0) / slowest
