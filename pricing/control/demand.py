"""How likely a quote at a distance from fair is dealt on, and which distance is best.

Every demand curve f answers one question, for arrays of p (what the deal costs us in value, per unit):
H(p) = sup over d of f(d)(d − p), where it is attained, and H's derivatives: H' = −f(d*), and H''.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from pricing.control.gaussian import Array

_LARGEST: Final = 700.0


def _check(a: float, b: float) -> None:
    if not math.isfinite(a):
        raise ValueError(f"a: {a} is not a finite number")
    if not 0.0 < b < math.inf:
        raise ValueError(f"b: with {b} the curve does not decrease")


class Best(NamedTuple):
    """The best distance at each p, the fill probability there, the value H(p), and H''(p)."""

    distance: Array
    fill: Array
    value: Array
    curvature: Array


class Demand(Protocol):
    """A decreasing demand curve."""

    def fill(self, distance: Any) -> Array:
        """f(d)."""

    def best(self, cost: Any) -> Best:
        """Where f(d)(d − p) is largest, for each p."""


def wright_omega(z: Any) -> Array:
    """The w > 0 with w + ln w = z, that is W₀(eᶻ) without the overflow."""
    at = np.asarray(z, float)
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        small = np.exp(np.minimum(at, 0.0))
        start = np.where(at > 1.0, at - np.log(np.maximum(at, 1.0)), np.exp((at - 1.0) * 0.5))
        w = np.where(at < -1.0, small / (1.0 + small), start)
        w = np.maximum(w, 5e-324)
        for _ in range(4):
            rest = at - w - np.log(w)
            ahead = 1.0 + w
            turn = 2.0 * ahead * (ahead + rest * (2.0 / 3.0))
            w = w * (1.0 + rest / ahead * (turn - rest) / (turn - 2.0 * rest))
        return np.asarray(np.where(at < -40.0, np.exp(at), w))


def sigmoid(y: Any) -> Array:
    """1 / (1 + e^−y), with every digit in both tails."""
    at = np.asarray(y, float)
    shrunk = np.exp(-np.minimum(np.abs(at), _LARGEST))
    return np.asarray(np.where(at < 0.0, shrunk, 1.0) / (1.0 + shrunk))


@dataclass(frozen=True, slots=True)
class Logistic:
    """f(d) = 1 / (1 + exp(a + b d)), b above zero."""

    a: float
    b: float

    def __post_init__(self) -> None:
        _check(self.a, self.b)

    def fill(self, distance: Any) -> Array:
        """f(d)."""
        return sigmoid(-(self.a + self.b * np.asarray(distance, float)))

    def best(self, cost: Any) -> Best:
        """With w = W₀(e^−(1+a+bp)): d* = p + (1+w)/b, f = w/(1+w), H = w/b, H'' = b w/(1+w)³."""
        p = np.asarray(cost, float)
        w = wright_omega(-(1.0 + self.a + self.b * p))
        ahead = 1.0 + w
        return Best(p + ahead / self.b, w / ahead, w / self.b, self.b * w / ahead**3)


@dataclass(frozen=True, slots=True)
class Exponential:
    """f(d) = exp(−(a + b d)), b above zero; above one where a + b d is negative (f then is an intensity)."""

    b: float
    a: float = 0.0

    def __post_init__(self) -> None:
        _check(self.a, self.b)

    def fill(self, distance: Any) -> Array:
        """f(d)."""
        return np.exp(np.minimum(-(self.a + self.b * np.asarray(distance, float)), _LARGEST))

    def best(self, cost: Any) -> Best:
        """d* = p + 1/b, f = e^−(1+a+bp), H = f/b, H'' = b f."""
        p = np.asarray(cost, float)
        fill = np.exp(np.minimum(-(1.0 + self.a + self.b * p), _LARGEST))
        return Best(p + 1.0 / self.b, fill, fill / self.b, self.b * fill)


def check_table(distances: Sequence[float], fills: Sequence[float]) -> tuple[Array, Array]:
    """The table as arrays; ValueError names what is wrong with it."""
    x, f = np.array(distances, float), np.array(fills, float)
    if x.ndim != 1 or x.shape != f.shape or len(x) < 2:
        raise ValueError(f"fills: {f.shape} values for {x.shape} distances; two or more of each are needed")
    if not (np.isfinite(x).all() and np.isfinite(f).all()):
        raise ValueError("fills: a distance or a fill is not finite")
    if (np.diff(x) <= 0.0).any():
        raise ValueError("distances: not increasing")
    if (f < 0.0).any() or (np.diff(f) > 0.0).any():
        raise ValueError("fills: below zero, or rising with distance")
    if f[0] <= 0.0:
        raise ValueError("fills: nothing is ever dealt")
    return x, f
