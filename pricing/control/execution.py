"""Working an order with linear impact: Almgren and Chriss's schedule, and Cartea and Jaimungal's feedback."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array, cdf, pdf, quantile
from pricing.control.ranges import finite, not_negative, positive, whole


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
    finite(amount=order.amount)
    positive(horizon=order.horizon)
    not_negative(sigma=order.sigma, half_spread=order.half_spread, permanent=order.permanent)
    whole(1, 1_000_000, steps=order.steps)
    left = order.temporary - 0.5 * order.permanent * order.horizon / order.steps
    if not 0.0 < left < math.inf:
        raise ValueError("temporary: impact per step is not above half the permanent one")
    return left


def kappa(order: Order, risk_aversion: float) -> float:
    """κ with (2/τ²)(cosh κτ − 1) = λσ²/η̃; 1/κ is the order's half-life."""
    not_negative(risk_aversion=risk_aversion)
    impact = _temporary(order)
    tau = order.horizon / order.steps
    speed = risk_aversion * order.sigma**2 / impact
    return 2.0 * math.asinh(0.5 * tau * math.sqrt(speed)) / tau


def almgren_chriss(order: Order, risk_aversion: float, drift: float = 0.0) -> Schedule:
    """The schedule with the least E + λV: x_j = X sinh κ(T − t_j) / sinh κT; in equal parts without risk aversion.

    A price that is expected to rise by `drift` per time adds x̄ (1 − (sinh κ(T − t_j) + sinh κt_j) / sinh κT); without
    risk aversion that is α t(T − t)/4η̃.
    """
    rate = kappa(order, risk_aversion)
    finite(drift=drift)
    left = order.horizon * (1.0 - np.arange(order.steps + 1) / order.steps)
    fallen = left / order.horizon if rate * order.horizon < 1e-8 else _sinh_ratio(rate, left, order.horizon)
    holdings = order.amount * fallen
    if drift:
        holdings = holdings + drift * _waited(order, rate, left)
    mean, sd = cost_of(order, holdings, drift)
    return Schedule(np.asarray(holdings, np.float64), rate, mean, sd)


def _waited(order: Order, rate: float, left: Array) -> Array:
    """What a drift of one adds: τ²/4η̃ · sinh(κt/2) sinh(κ(T − t)/2) / (sinh²(κτ/2) cosh(κT/2))."""
    tau = order.horizon / order.steps
    scale = 0.25 * tau**2 / _temporary(order)
    gone = order.horizon - left
    if rate * order.horizon < 1e-8:
        return scale * (gone / tau) * (left / tau)
    fast = np.expm1(-rate * gone) * np.expm1(-rate * left) / (1.0 + math.exp(-rate * order.horizon))
    return np.asarray(scale * 2.0 * fast * _over_square(0.5 * rate * tau), np.float64)


def _over_square(x: float) -> float:
    """1 / (4 sinh² x), without overflow."""
    return math.exp(-2.0 * x) / math.expm1(-2.0 * x) ** 2


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
    positive(risk_aversion=risk_aversion, sigma=sigma)
    finite(drift=drift)
    return drift / (2.0 * risk_aversion * sigma**2)


class Tail(NamedTuple):
    """A normal cost's tail: the probability of more than a limit, and value at risk and expected shortfall."""

    beyond: float
    value_at_risk: float
    shortfall: float


def tail(mean: float, sd: float, limit: float, level: float = 0.95) -> Tail:
    """P(cost > limit), the level's quantile, and the mean beyond that; L-VaR_p = E + z_p √V."""
    finite(mean=mean, limit=limit)
    not_negative(sd=sd)
    z = quantile(level)
    shortfall = mean + sd * float(pdf(z)) / (1.0 - level)
    beyond = float(cdf((mean - limit) / sd)) if sd > 0.0 else float(mean > limit)
    return Tail(beyond, mean + z * sd, shortfall)


class Urgency(NamedTuple):
    """Temporary impact k, permanent impact b, running penalty φ q² and final penalty α q²."""

    temporary: float
    permanent: float
    running: float
    final: float


def feedback_rate(urgency: Urgency, amount: float, horizon: float, time: float) -> float:
    """How fast to sell at `time`: γQ₀ [ζe^γ(T−t) + e^−γ(T−t)] / [ζe^γT − e^−γT], γ = √(φ/k)."""
    rate, up = _rates(urgency, horizon, time)
    left, whole = horizon - time, _kept(rate, up, horizon)
    fast = math.exp(-2.0 * rate * left)
    pushed = 0.5 * (rate * -math.expm1(-2.0 * rate * left) + up * (1.0 + fast))
    return amount * math.exp(-rate * time) * pushed / whole


def feedback_holding(urgency: Urgency, amount: float, horizon: float, time: float) -> float:
    """What is left at `time` under the feedback."""
    rate, up = _rates(urgency, horizon, time)
    return amount * math.exp(-rate * time) * _kept(rate, up, horizon - time) / _kept(rate, up, horizon)


def _kept(rate: float, up: float, left: float) -> float:
    """e^−γs (cosh γs + (α − b/2)/k · sinh(γs)/γ), good for γ = 0 too."""
    grown = left if rate == 0.0 else -math.expm1(-2.0 * rate * left) / (2.0 * rate)
    return 0.5 * (1.0 + math.exp(-2.0 * rate * left)) + up * grown


def _rates(urgency: Urgency, horizon: float, time: float) -> tuple[float, float]:
    """γ and (α − b/2)/k."""
    positive(temporary=urgency.temporary)
    not_negative(permanent=urgency.permanent, running=urgency.running, horizon=horizon)
    finite(final=urgency.final)
    if not 0.0 <= time <= horizon:
        raise ValueError(f"time: {time} is not within the horizon of {horizon}")
    rate = math.sqrt(urgency.running / urgency.temporary)
    up = (urgency.final - 0.5 * urgency.permanent) / urgency.temporary
    if not _kept(rate, up, horizon) > 0.0:
        raise ValueError("final: so far below half the permanent impact, the best rate has no bound")
    return rate, up
