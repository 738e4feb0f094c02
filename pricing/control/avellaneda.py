"""Avellaneda and Stoikov's quotes, in closed form, and a simulation of what they earn."""

import math
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array
from pricing.control.ranges import not_negative, positive, whole

_MOST = 1_000_000_000


class Market(NamedTuple):
    """Fair moves with σ per √time; clients deal at the rate A e^−kd on each side; the dealer's risk aversion γ."""

    sigma: float
    base_rate: float
    decay: float
    gamma: float
    horizon: float


def reservation(fair: float, inventory: float, gamma: float, sigma: float, time_left: float) -> float:
    """The price at which the dealer does not mind its inventory: s − q γ σ² (T − t)."""
    not_negative(gamma=gamma, sigma=sigma, time_left=time_left)
    return fair - inventory * gamma * sigma**2 * time_left


def spread(gamma: float, sigma: float, decay: float, time_left: float) -> float:
    """From bid to offer: γ σ² (T − t) + (2/γ) ln(1 + γ/k); 2/k without risk aversion."""
    positive(decay=decay)
    not_negative(gamma=gamma, sigma=sigma, time_left=time_left)
    charge = 2.0 / decay if gamma == 0.0 else 2.0 / gamma * math.log1p(gamma / decay)
    return gamma * sigma**2 * time_left + charge


def quotes(market: Market, fair: float, inventory: float, time_left: float) -> tuple[float, float]:
    """Bid and offer."""
    middle = reservation(fair, inventory, market.gamma, market.sigma, time_left)
    half = 0.5 * spread(market.gamma, market.sigma, market.decay, time_left)
    return middle - half, middle + half


def mean_spread(market: Market) -> float:
    """The spread averaged over the horizon."""
    return spread(market.gamma, market.sigma, market.decay, 0.5 * market.horizon)


def symmetric_pnl(market: Market, steps: int) -> float:
    """The expected P&L of quoting the same spread around fair, exactly, for so many time steps."""
    _check(market, steps)
    dt = market.horizon / steps
    total = 0.0
    for step in range(steps):
        half = 0.5 * spread(market.gamma, market.sigma, market.decay, market.horizon - step * dt)
        total += 2.0 * half * min(market.base_rate * math.exp(-market.decay * half) * dt, 1.0)
    return total


def _check(market: Market, steps: int) -> None:
    not_negative(base_rate=market.base_rate, horizon=market.horizon)
    whole(1, _MOST, steps=steps)


class Run(NamedTuple):
    """What simulated dealers ended with, one entry a path."""

    pnl: Array
    inventory: Array


def simulate(market: Market, rng: np.random.Generator, paths: int, steps: int, *, skewed: bool = True) -> Run:
    """Dealers that quote Avellaneda and Stoikov's spread, around the reservation price or (not skewed) around fair.

    In each step a side deals once with probability A e^−kd dt; fair moves by ±σ√dt; the rest is marked at fair.
    """
    _check(market, steps)
    whole(1, _MOST, paths=paths)
    dt = market.horizon / steps
    move = market.sigma * math.sqrt(dt)
    cash, inventory, fair = np.zeros(paths), np.zeros(paths), np.zeros(paths)
    for step in range(steps):
        left = market.horizon - step * dt
        half = 0.5 * spread(market.gamma, market.sigma, market.decay, left)
        skew = -inventory * market.gamma * market.sigma**2 * left if skewed else np.zeros(paths)
        chance = market.base_rate * dt
        sold = rng.random(paths) < chance * np.exp(-market.decay * (half + skew))
        bought = rng.random(paths) < chance * np.exp(-market.decay * (half - skew))
        cash += np.where(sold, fair + skew + half, 0.0) - np.where(bought, fair + skew - half, 0.0)
        inventory += bought.astype(float) - sold.astype(float)
        fair += np.where(rng.random(paths) < 0.5, move, -move)
    return Run(cash + inventory * fair, inventory)
