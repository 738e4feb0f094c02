"""One unit a deal, exponential demand: exact quotes by a matrix exponential, and their limit for a long horizon.

Guéant, Lehalle and Fernandez-Tapia maximise expected exponential utility; Cartea, Jaimungal and Penalva maximise
P&L less φ∫q² and αq² at the end. Both become linear after one change of variable.
"""

import math
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array
from pricing.control.positive_flow import log_flow
from pricing.control.ranges import not_negative, positive, whole

_MOST = 1_000


class UnitMarket(NamedTuple):
    """σ per √time, the rate A e^−kd of clients on each side, risk aversion γ, and the largest inventory."""

    sigma: float
    base_rate: float
    decay: float
    gamma: float
    largest: int


class UnitQuotes(NamedTuple):
    """By inventory: the value (in money, up to a constant for GLFT) and the distances; inf where not quoted."""

    inventory: Array
    value: Array
    bid: Array
    offer: Array


def _distances(inventory: Array, value: Array, charge: float) -> UnitQuotes:
    gap = value[:-1] - value[1:]
    bid = np.append(gap + charge, math.inf)
    offer = np.append(math.inf, charge - gap)
    return UnitQuotes(inventory, value, bid, offer)


def _tridiagonal(diagonal: Array, beside: float) -> Array:
    ones = np.full(len(diagonal) - 1, beside)
    return np.asarray(np.diag(diagonal) + np.diag(ones, 1) + np.diag(ones, -1), np.float64)


def _risk_charge(gamma: float, decay: float) -> float:
    return 1.0 / decay if gamma == 0.0 else math.log1p(gamma / decay) / gamma


def _dampening(gamma: float, decay: float) -> float:
    """(1 + γ/k)^(1 + k/γ); e without risk aversion."""
    return math.e if gamma == 0.0 else math.exp((1.0 + decay / gamma) * math.log1p(gamma / decay))


def _check(market: UnitMarket) -> None:
    positive(base_rate=market.base_rate, decay=market.decay)
    not_negative(sigma=market.sigma, gamma=market.gamma)
    whole(1, _MOST, largest=market.largest)


def exact(market: UnitMarket, time_left: float) -> UnitQuotes:
    """v' = M v backwards from v = 1, δ_bid(q) = ln(v_q/v_{q+1})/k + ln(1 + γ/k)/γ."""
    _check(market)
    not_negative(time_left=time_left)
    q = np.arange(-market.largest, market.largest + 1, dtype=float)
    held = 0.5 * market.decay * market.gamma * market.sigma**2
    arriving = market.base_rate / _dampening(market.gamma, market.decay)
    logs = log_flow(_tridiagonal(-held * q**2, arriving), np.ones(len(q)), time_left)
    return _distances(q, logs / market.decay, _risk_charge(market.gamma, market.decay))


def asymptotic(market: UnitMarket, inventory: float) -> tuple[float, float]:
    """Bid and offer distance far from the end, without a largest inventory, to first order."""
    _check(market)
    lean = math.sqrt(
        market.sigma**2
        * market.gamma
        * _dampening(market.gamma, market.decay)
        / (2.0 * market.decay * market.base_rate)
    )
    charge = _risk_charge(market.gamma, market.decay)
    return charge + 0.5 * (2.0 * inventory + 1.0) * lean, charge - 0.5 * (2.0 * inventory - 1.0) * lean


class PenaltyMarket(NamedTuple):
    """Clients at the rate λ e^−κδ on each side, running penalty φ q², final penalty α q², the largest inventory."""

    base_rate: float
    decay: float
    running: float
    final: float
    largest: int


def penalised(market: PenaltyMarket, time_left: float) -> UnitQuotes:
    """h = ln(ω)/κ with ω' = −Aω, ω = e^−ακq² at the end; δ_bid(q) = 1/κ + h(q) − h(q + 1)."""
    positive(base_rate=market.base_rate, decay=market.decay)
    not_negative(running=market.running, final=market.final, time_left=time_left)
    whole(1, _MOST, largest=market.largest)
    q = np.arange(-market.largest, market.largest + 1, dtype=float)
    if time_left == 0.0:
        return _distances(q, -market.final * q**2, 1.0 / market.decay)
    matrix = _tridiagonal(-market.running * market.decay * q**2, market.base_rate / math.e)
    ends = np.exp(-market.final * market.decay * q**2)
    value = log_flow(matrix, ends, time_left) / market.decay
    if not np.isfinite(value).all():
        raise ValueError(f"time_left: {time_left} is too short to work off {market.largest} deals")
    return _distances(q, value, 1.0 / market.decay)
