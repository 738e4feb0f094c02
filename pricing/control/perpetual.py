"""Unwinding a perpetual whose price is pulled to its index by funding.

dQ = ν dt, dP = bν dt + η dW, fills at P + kν, funding β(P − S) per unit held, penalties αQ² at the end and φ∫Q². The
value is quadratic in the inventory q and the gap z = P − S, and the best rate is linear in them.
"""

import math
from typing import NamedTuple

from pricing.control.ranges import finite, not_negative, positive


class Perpetual(NamedTuple):
    """k, b, α, φ, β and the horizon T."""

    temporary: float
    permanent: float
    final: float
    running: float
    funding: float
    horizon: float


def speed(one: Perpetual) -> float:
    """ω = a/2k with a = 2√(k(bβ + φ)), how fast the inventory is worked."""
    positive(temporary=one.temporary)
    not_negative(permanent=one.permanent, running=one.running, funding=one.funding)
    return math.sqrt((one.permanent * one.funding + one.running) / one.temporary)


def _answers(one: Perpetual, time: float) -> tuple[float, float]:
    """ξ and (ξ − π)/b, in forms that hold for a = 0 and for b = 0 too.

    With f = e^−ωs, e = b − 2α, g₁ = (1 − f)/a, g₂ = (1 − f²)/a: ξ = (e(1 + f²) − a²g₂)/(1 + f² − e g₂) and
    (ξ − π)/b = −4kβ g₁ (1 + f − e g₁)/(1 + f² − e g₂).
    """
    omega = speed(one)
    finite(final=one.final, horizon=one.horizon)
    left = one.horizon - time
    if not 0.0 <= left < math.inf:
        raise ValueError(f"time: {time} is not within the horizon of {one.horizon}")
    a, edge = 2.0 * one.temporary * omega, one.permanent - 2.0 * one.final
    fade, twice = math.exp(-omega * left), math.exp(-2.0 * omega * left)
    once = -math.expm1(-omega * left) / a if a > 0.0 else 0.5 * left / one.temporary
    both = -math.expm1(-2.0 * omega * left) / a if a > 0.0 else left / one.temporary
    whole = 1.0 + twice - edge * both
    if not whole > 0.0:
        raise ValueError("final: so far below half the permanent impact, the best rate has no bound")
    xi = (edge * (1.0 + twice) - a * a * both) / whole
    return xi, -4.0 * one.temporary * one.funding * once * (1.0 + fade - edge * once) / whole


def coefficients(one: Perpetual, time: float) -> tuple[float, float]:
    """ξ and π at a time."""
    xi, apart = _answers(one, time)
    return xi, xi - one.permanent * apart


def rate(one: Perpetual, time: float, inventory: float, gap: float) -> float:
    """ν* = ((ξ + π) q + (ξ − π)(P − S)/b) / 4k, how fast to buy (below zero: to sell)."""
    finite(inventory=inventory, gap=gap)
    xi, apart = _answers(one, time)
    return ((2.0 * xi - one.permanent * apart) * inventory + apart * gap) / (4.0 * one.temporary)
