"""What a surface does when something else moves: forwards (strikes keep their vols, or distances do), or its level.

    sticky delta (moneyness)   w(k) stays: the smile travels with the forward
    sticky strike              the vol of each strike stays: w'(k) = w(k + ln(F'/F)), a shift of m

A shifted smile carries its old bottom to another distance, so it is checked again before it is used (`checks.usable`).
"""

import math
from collections.abc import Callable

from msgspec.structs import replace

from pricing.market import Smile, Surface


def moved(surface: Surface, log_move: float, stickiness: float) -> Surface:
    """After all forwards moved by `log_move` = ln(F'/F).

    `stickiness` 1 keeps the vol of each strike, 0 that of each ln(strike / forward); others are in proportion.
    """
    if not math.isfinite(log_move * stickiness):
        raise ValueError(f"log_move: {log_move} and stickiness {stickiness} must be finite")
    shift = log_move * stickiness
    return _each(surface, lambda smile: replace(smile, m=smile.m - shift))


def sticky_strike(surface: Surface, log_move: float) -> Surface:
    """Every strike keeps its vol."""
    return moved(surface, log_move, 1.0)


def sticky_delta(surface: Surface, log_move: float) -> Surface:
    """Every ln(strike / forward) keeps its vol, and with it every delta: the surface itself stays."""
    return moved(surface, log_move, 0.0)


def scaled(surface: Surface, ratio: float) -> Surface:
    """Every vol times `ratio`; smiles stay SVI, which an equal step for all strikes would not."""
    if not 0.0 < ratio < math.inf:
        raise ValueError(f"ratio: {ratio} is not above zero")
    square = ratio * ratio
    return _each(surface, lambda smile: replace(smile, a=smile.a * square, b=smile.b * square))


def _each(surface: Surface, change: Callable[[Smile], Smile]) -> Surface:
    return replace(surface, smiles=tuple([change(one) for one in surface.smiles]))
