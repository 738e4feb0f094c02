"""Unwinding a perpetual whose price is pulled to its index by funding.

dQ = ν dt, dP = bν dt + η dW, fills at P + kν, funding β(P − S) per unit held, penalties αQ² at the end and φ∫Q². The
value is quadratic in the inventory q and the gap z = P − S, and the best rate is linear in them.
"""

import math
from typing import NamedTuple


class Perpetual(NamedTuple):
    """k, b, α, φ, β and the horizon T."""

    temporary: float
    permanent: float
    final: float
    running: float
    funding: float
    horizon: float


def _parts(one: Perpetual) -> tuple[float, float, float]:
    """a, ω and C."""
    a = 2.0 * math.sqrt(one.temporary * (one.permanent * one.funding + one.running))
    if not (one.temporary > 0.0 and a > 0.0):
        raise ValueError("temporary: it, or b β + φ, is not above zero")
    edge = one.permanent - 2.0 * one.final
    return a, 0.5 * a / one.temporary, (a + edge) / (a - edge)


def speed(one: Perpetual) -> float:
    """ω, how fast the inventory is worked."""
    return _parts(one)[1]


def coefficients(one: Perpetual, time: float) -> tuple[float, float]:
    """ξ and π at a time."""
    a, omega, c = _parts(one)
    left = one.horizon - time
    fade, twice = math.exp(-omega * left), math.exp(-2.0 * omega * left)
    xi = a * (c * twice - 1.0) / (c * twice + 1.0)
    pi = -4.0 * one.temporary * one.running * (c * fade + 1.0) * (1.0 - fade) / (a * (c * twice + 1.0))
    pi += fade * (c + 1.0) * (one.permanent - 2.0 * one.final) / (c * twice + 1.0)
    return xi, pi


def rate(one: Perpetual, time: float, inventory: float, gap: float) -> float:
    """ν* = ((ξ + π) q + (ξ − π)(P − S)/b) / 4k."""
    xi, pi = coefficients(one, time)
    if gap and not one.permanent > 0.0:
        raise ValueError("permanent: the answer to a gap is given for permanent impact above zero")
    pulled = (xi - pi) * gap / one.permanent if gap else 0.0
    return ((xi + pi) * inventory + pulled) / (4.0 * one.temporary)
