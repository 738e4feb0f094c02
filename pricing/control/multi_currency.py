"""A dealer in several currencies and all their crosses, who can hedge: Barzykin, Bergault and Guéant's approximation.

Inventories Y are in units of the reference currency, markups and volatilities are plain ratios. For a deal of size z
in which the dealer receives currency i and pays j, d = eᵢ − eⱼ and the deal's cost is ((2Y + z d)'A + B')d.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pricing.control.demand import Demand
from pricing.control.gaussian import Array
from pricing.control.ranges import finite, not_negative, positive
from pricing.control.riccati import Value, backwards, root


class Pair(NamedTuple):
    """Clients' flow in one pair of currencies (by index), and what hedging in it costs: ψ|ξ| + ηξ².

    `rates` are those of deals in which the dealer receives `first`, `rates_back` of the others (none: the same). Each
    tier of clients has this flow and its own demand.
    """

    first: int
    second: int
    sizes: tuple[float, ...]
    rates: tuple[float, ...]
    tiers: tuple[Demand, ...]
    psi: float
    eta: float
    rates_back: tuple[float, ...] = ()


class Currencies(NamedTuple):
    """The dealer: covariance of the currencies against the reference (its own row is zero), risk aversion, pairs,
    the permanent impact of hedging by currency, and drifts.
    """

    covariance: Array
    gamma: float
    pairs: tuple[Pair, ...]
    impact: tuple[float, ...]
    drift: tuple[float, ...] = ()


class Sums(NamedTuple):
    """By (received, paid): Σ z λ H'', Σ z λ H' and Σ z² λ H'' over sizes and tiers."""

    bend: Array
    slope: Array
    bend_size: Array


def covariance(volatilities: Sequence[float], correlations: Sequence[Sequence[float]]) -> Array:
    """The covariance of currencies with these volatilities; zero for the reference currency."""
    sd = np.asarray(volatilities, np.float64)
    if np.shape(correlations) != (len(sd), len(sd)) or not (np.isfinite(sd) & (sd >= 0.0)).all():
        raise ValueError("volatilities: one is below zero, or the correlations are not for as many")
    return np.asarray(sd[:, None] * np.asarray(correlations, np.float64) * sd, np.float64)


def _check(desk: Currencies) -> None:
    count = len(desk.covariance)
    root(desk.covariance)
    not_negative(gamma=desk.gamma)
    if len(desk.impact) != count or len(desk.drift or desk.impact) != count:
        raise ValueError(f"impact: not one, or not one drift, for each of {count} currencies")
    for one in desk.drift:
        finite(drift=one)
    for pair in desk.pairs:
        if pair.first == pair.second or not (0 <= pair.first < count and 0 <= pair.second < count):
            raise ValueError(f"first: {pair.first} and {pair.second} are not two of {count} currencies")
        if not len(pair.sizes) == len(pair.rates) == len(pair.rates_back or pair.rates):
            raise ValueError("rates: not one for each size")
        for size, rate, back in zip(pair.sizes, pair.rates, pair.rates_back or pair.rates, strict=True):
            positive(size=size)
            not_negative(rate=rate, rate_back=back)


def sums(desk: Currencies) -> Sums:
    """The sums over all pairs."""
    count = len(desk.covariance)
    found = Sums(*(np.zeros((count, count)) for _ in range(3)))
    for pair in desk.pairs:
        sizes = np.array(pair.sizes)
        for i, j, rates in (
            (pair.first, pair.second, np.array(pair.rates)),
            (pair.second, pair.first, np.array(pair.rates_back or pair.rates)),
        ):
            for demand in pair.tiers:
                best = demand.best(np.zeros(1))
                found.bend[i, j] += float(best.curvature[0]) * float(sizes @ rates)
                found.slope[i, j] -= float(best.fill[0]) * float(sizes @ rates)
                found.bend_size[i, j] += float(best.curvature[0]) * float(sizes**2 @ rates)
    return found


def solve(desk: Currencies, time_left: float) -> Value:
    """A' = 2AMA − Σ∘A − 2 D(μ)A − γΣ/2, and B's equation, backwards from zero."""
    _check(desk)
    known = sums(desk)
    both = known.bend + known.bend.T
    spread = np.diag(both.sum(axis=1)) - both
    lean = (known.slope - known.slope.T).sum(axis=1)
    sigma = np.asarray(desk.covariance, np.float64)
    count = len(sigma)
    mu = np.asarray(desk.drift or (0.0,) * count, np.float64)

    def speed(state: Array) -> Array:
        risk, tilt = state[:, :-1], state[:, -1]
        own = np.diag(risk)
        uneven = (own[:, None] + own - 2.0 * risk) * known.bend_size
        tilted = (uneven - uneven.T).sum(axis=1)
        carried = sigma * risk + mu[:, None] * risk + risk * mu
        change = 2.0 * risk @ spread @ risk - carried - 0.5 * desk.gamma * sigma
        return np.column_stack([change, mu - mu * tilt + 2.0 * risk @ (lean + tilted + spread @ tilt)])

    found = backwards(speed, np.zeros((count, count + 1)), time_left)
    return Value(found[:, :-1], found[:, -1])


def markup(
    value: Value, pair: Pair, tier: int, size: float, inventory: Sequence[float], *, receive_first: bool
) -> float:
    """The best markup for a client of the tier, the dealer receiving `first` (its bid) or paying it (its offer)."""
    i, j = (pair.first, pair.second) if receive_first else (pair.second, pair.first)
    y = np.asarray(inventory, np.float64)
    d = np.zeros(len(y))
    d[i], d[j] = 1.0, -1.0
    cost = float(((2.0 * y + size * d) @ value.risk + value.tilt) @ d)
    return float(pair.tiers[tier].best(np.array([cost])).distance[0])


def hedge_rate(desk: Currencies, value: Value, pair: Pair, inventory: Sequence[float]) -> float:
    """How fast to buy `first` against `second` from other dealers; zero where it costs more than it saves.

    The marginal value is that of 2AY + B, as the equation has it.
    """
    positive(eta=pair.eta)
    not_negative(psi=pair.psi)
    y = np.asarray(inventory, np.float64)
    marginal = 2.0 * value.risk @ y + value.tilt
    i, j = pair.first, pair.second
    pull = float(marginal[j] - marginal[i])
    pull += desk.impact[i] * float(y[i] * (1.0 - marginal[i])) - desk.impact[j] * float(
        y[j] * (1.0 - marginal[j])
    )
    if abs(pull) <= pair.psi:
        return 0.0
    return (pull - pair.psi if pull > 0.0 else pull + pair.psi) / (2.0 * pair.eta)
