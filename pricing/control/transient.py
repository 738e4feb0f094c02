"""Impact that decays: the best trades for linear impact and any positive-definite kernel, and what kernels allow."""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from pricing.control.gaussian import Array
from pricing.control.ranges import finite, not_negative, positive

LEAST_POWER: Final = 2.0 - math.log(3.0) / math.log(2.0)
"""Gatheral: a power-law decay slower than this admits price manipulation whatever the impact function."""


class Trades(NamedTuple):
    """Amounts traded at each time, and what they cost."""

    amounts: Array
    cost: float


def exponential(rate: float) -> Callable[[Array], Array]:
    """G(t) = e^−ρt."""
    return lambda t: np.asarray(np.exp(-rate * t), np.float64)


def power(exponent: float) -> Callable[[Array], Array]:
    """G(t) = (1 + t)^−g."""
    return lambda t: np.asarray((1.0 + t) ** -exponent, np.float64)


def matrix(kernel: Callable[[Array], Array], times: Sequence[float] | Array) -> Array:
    """G(|tᵢ − tⱼ|)."""
    t = np.asarray(times, np.float64)
    if t.ndim != 1 or not len(t) or not np.isfinite(t).all():
        raise ValueError("times: not a list of finite numbers")
    return kernel(np.abs(t[:, None] - t))


def best_trades(
    kernel: Callable[[Array], Array], times: Sequence[float] | Array, amount: float = 1.0
) -> Trades:
    """x* = X G⁻¹1 / (1'G⁻¹1), which costs ½ X² / (1'G⁻¹1)."""
    finite(amount=amount)
    impact = matrix(kernel, times)
    spectrum = np.linalg.eigvalsh(impact) if np.isfinite(impact).all() else np.full(1, math.nan)
    if not spectrum[0] > len(impact) * np.finfo(float).eps * spectrum[-1]:
        raise ValueError("kernel: not positive definite at these times")
    solved = np.linalg.solve(impact, np.ones(len(impact)))
    whole = float(solved.sum())
    return Trades(np.asarray(amount * solved / whole, np.float64), 0.5 * amount**2 / whole)


def cost(
    kernel: Callable[[Array], Array], times: Sequence[float] | Array, amounts: Sequence[float] | Array
) -> float:
    """½ x'Gx: each trade pays what is left of the impact of those before it, and half its own."""
    x = np.asarray(amounts, np.float64)
    return 0.5 * float(x @ matrix(kernel, times) @ x)


class Blocks(NamedTuple):
    """Obizhaeva and Wang's optimum in continuous time: a block at each end, a rate between, and the cost."""

    block: float
    rate: float
    cost: float


def obizhaeva_wang(decay: float, horizon: float, amount: float = 1.0, depth: float = 1.0) -> Blocks:
    """Blocks X/(ρT + 2), rate ρX/(ρT + 2), cost κX²/(ρT + 2)."""
    not_negative(decay=decay, horizon=horizon, depth=depth)
    finite(amount=amount)
    block = amount / (decay * horizon + 2.0)
    return Blocks(block, decay * block, depth * amount * block)


def even_cost(decay: float, horizon: float, amount: float = 1.0, depth: float = 1.0) -> float:
    """What an even rate costs under e^−ρt: κX² (ρT − 1 + e^−ρT)/(ρT)²; half κX² without decay."""
    not_negative(decay=decay, horizon=horizon, depth=depth)
    finite(amount=amount)
    scaled = decay * horizon
    if scaled < 1e-4:
        return depth * amount**2 * (0.5 - scaled / 6.0 + scaled**2 / 24.0)
    return depth * amount**2 * (scaled + math.expm1(-scaled)) / scaled**2


def free_of_arbitrage(power_of_rate: float, *, decay_power: float | None) -> str:
    """Gatheral's conditions: "" if impact ~ rate^δ with this decay may be free of manipulation, else why it is not.

    `decay_power` is γ of a decay t^−γ; None stands for an exponential decay.
    """
    positive(power_of_rate=power_of_rate, decay_power=1.0 if decay_power is None else decay_power)
    if decay_power is None:
        return "" if power_of_rate == 1.0 else "exponential decay needs impact that is linear in the rate"
    if power_of_rate + decay_power < 1.0 - 1e-12:
        return f"{power_of_rate:g} + {decay_power:g} is below 1"
    if decay_power < LEAST_POWER:
        return f"a decay of {decay_power:g} is slower than {LEAST_POWER:.5f}"
    return ""
