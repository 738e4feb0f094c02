"""Working an order with linear impact: Almgren and Chriss's schedule, and Cartea and Jaimungal's feedback."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array, cdf, pdf, quantile


class Order(NamedTuple):
    """Sell `amount` in `steps` equal times up to `horizon`.

    σ is in money per unit per √time; ε is half the spread, γ permanent impact (money per unit, per unit traded), η
    temporary impact (money per unit, per unit traded per time).
    """

    amount: float
    horizon: float
    steps: int
    sigma: float
    half_spread: float
    permanent: float
    temporary: float


class Schedule(NamedTuple):
    """Holdings from the whole to nothing, κ, and the mean and standard deviation of the cost in money."""

    holdings: Array
    kappa: float
    mean: float
    sd: float


def _temporary(order: Order) -> float:
    """η̃ = η − γτ/2."""
    left = order.temporary - 0.5 * order.permanent * order.horizon / order.steps
    if not left > 0.0:
        raise ValueError("temporary: impact per step is not above half the permanent one")
    return left


def kappa(order: Order, risk_aversion: float) -> float:
    """κ with (2/τ²)(cosh κτ − 1) = λσ²/η̃; 1/κ is the order's half-life."""
    tau = order.horizon / order.steps
    speed = risk_aversion * order.sigma**2 / _temporary(order)
    return 2.0 * math.asinh(0.5 * tau * math.sqrt(speed)) / tau


def almgren_chriss(order: Order, risk_aversion: float, drift: float = 0.0) -> Schedule:
    """The schedule with the least E + λV: x_j = X sinh κ(T − t_j) / sinh κT; in equal parts without risk aversion.

    A price that is expected to rise by `drift` per time adds x̄ (1 − (sinh κ(T − t_j) + sinh κt_j) / sinh κT), which
    needs risk aversion.
    """
    rate = kappa(order, risk_aversion)
    left = order.horizon * (1.0 - np.arange(order.steps + 1) / order.steps)
    small = rate * order.horizon < 1e-8
    if small and drift:
        raise ValueError("risk_aversion: without any, the answer to a drift has no limit")
    fallen = left / order.horizon if small else _sinh_ratio(rate, left, order.horizon)
    holdings = order.amount * fallen
    if drift:
        held = 1.0 - fallen - _sinh_ratio(rate, order.horizon - left, order.horizon)
        holdings = holdings + drift_shift(drift, risk_aversion, order.sigma) * held
    mean, sd = cost_of(order, holdings, drift)
    return Schedule(np.asarray(holdings, np.float64), rate, mean, sd)


def _sinh_ratio(rate: float, part: Array, whole: float) -> Array:
    """sinh(rate·part) / sinh(rate·whole), without overflow."""
    grown = np.exp(rate * (part - whole)) * np.expm1(-2.0 * rate * part) / math.expm1(-2.0 * rate * whole)
    return np.asarray(grown, np.float64)


def cost_of(order: Order, holdings: Sequence[float] | Array, drift: float = 0.0) -> tuple[float, float]:
    """Mean and standard deviation of any schedule's cost: γX²/2 + ε Σ|n| + (η̃/τ) Σ n² − ατ Σ x, and σ √(τ Σ x²)."""
    x = np.asarray(holdings, np.float64)
    tau = order.horizon / order.steps
    sold = -np.diff(x)
    mean = 0.5 * order.permanent * order.amount**2 + order.half_spread * float(np.abs(sold).sum())
    mean += _temporary(order) / tau * float(sold @ sold) - drift * tau * float(x[1:].sum())
    return mean, order.sigma * math.sqrt(tau * float(x[1:] @ x[1:]))


def drift_shift(drift: float, risk_aversion: float, sigma: float) -> float:
    """x̄ = α/(2λσ²): the holding towards which a drift of the price moves the schedule."""
    return drift / (2.0 * risk_aversion * sigma**2)


class Tail(NamedTuple):
    """A normal cost's tail: the probability of more than a limit, and value at risk and expected shortfall."""

    beyond: float
    value_at_risk: float
    shortfall: float


def tail(mean: float, sd: float, limit: float, level: float = 0.95) -> Tail:
    """P(cost > limit), the level's quantile, and the mean beyond that; L-VaR_p = E + z_p √V."""
    z = quantile(level)
    shortfall = mean + sd * float(pdf(z)) / (1.0 - level)
    return Tail(float(cdf((mean - limit) / sd)), mean + z * sd, shortfall)


class Urgency(NamedTuple):
    """Temporary impact k, permanent impact b, running penalty φ q² and final penalty α q²."""

    temporary: float
    permanent: float
    running: float
    final: float


def feedback_rate(urgency: Urgency, amount: float, horizon: float, time: float) -> float:
    """How fast to sell at `time`: γQ₀ [ζe^γ(T−t) + e^−γ(T−t)] / [ζe^γT − e^−γT], γ = √(φ/k)."""
    rate, root = _rates(urgency)
    left = horizon - time
    if rate == 0.0:
        return amount / (horizon + root)
    up, down = _ends(urgency)
    fast = math.exp(-2.0 * rate * left)
    whole = math.exp(-2.0 * rate * horizon)
    return rate * amount * math.exp(-rate * time) * (up + down * fast) / (up - down * whole)


def feedback_holding(urgency: Urgency, amount: float, horizon: float, time: float) -> float:
    """What is left at `time` under the feedback."""
    rate, root = _rates(urgency)
    left = horizon - time
    if rate == 0.0:
        return amount * (left + root) / (horizon + root)
    up, down = _ends(urgency)
    fast = math.exp(-2.0 * rate * left)
    whole = math.exp(-2.0 * rate * horizon)
    return amount * math.exp(-rate * time) * (up - down * fast) / (up - down * whole)


def _rates(urgency: Urgency) -> tuple[float, float]:
    """γ, and for γ = 0 the time k/(α − b/2) that the final penalty is worth."""
    final = urgency.final - 0.5 * urgency.permanent
    if not (urgency.temporary > 0.0 and urgency.running >= 0.0 and final > 0.0):
        raise ValueError(
            "final: the penalty is not above half the permanent impact, or another number is below zero"
        )
    return math.sqrt(urgency.running / urgency.temporary), urgency.temporary / final


def _ends(urgency: Urgency) -> tuple[float, float]:
    """ζ = up/down."""
    final, both = urgency.final - 0.5 * urgency.permanent, math.sqrt(urgency.temporary * urgency.running)
    return final + both, final - both
