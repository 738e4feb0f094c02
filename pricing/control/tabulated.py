"""Demand given by a table: a curve through it, and the best distance on that curve.

The curve is a cubic in the coordinate in which the table is straighter, log f or log f/(1 − f), so that a table
of an exponential or of a logistic curve gives that curve back. Beyond its ends the curve goes on straight.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from pricing.control.demand import Best, Exponential, Logistic, check_table, sigmoid
from pricing.control.gaussian import Array

_SATURATED: Final = 1.0 - 1e-9
"""Above this, 1 − f has too few digits left for a logit."""
_DENSE: Final = 16
"""Points per interval among which the best is sought before it is refined."""
_FLAT: Final = 1e-12
_EXACT: Final = 1e-7
"""How close a curve must come to the points it leaves out, those too near one."""


def spline_slopes(x: Array, y: Array) -> Array:
    """Slopes at the knots of the cubic with two continuous derivatives (not-a-knot from four points on)."""
    h, secant = np.diff(x), np.diff(y) / np.diff(x)
    n = len(x)
    if n == 2:
        return np.full(2, secant[0])
    if n == 3:
        bend = (secant[1] - secant[0]) / (x[2] - x[0])
        return np.array([secant[0] - bend * h[0], secant[0] + bend * h[0], secant[1] + bend * h[1]])
    rows, right = np.zeros((n, n)), np.zeros(n)
    for i in range(1, n - 1):
        rows[i, i - 1 : i + 2] = h[i], 2.0 * (h[i - 1] + h[i]), h[i - 1]
        right[i] = 3.0 * (h[i] * secant[i - 1] + h[i - 1] * secant[i])
    for row, near, far, first, second in ((0, 0, 1, 0, 1), (n - 1, n - 2, n - 3, n - 1, n - 2)):
        wide = h[near] + h[far]
        rows[row, first], rows[row, second] = h[far], wide
        right[row] = ((h[near] + 2.0 * wide) * h[far] * secant[near] + h[near] ** 2 * secant[far]) / wide
    return np.asarray(np.linalg.solve(rows, right))


def monotone_slopes(x: Array, y: Array) -> Array:
    """Slopes at the knots of a cubic that never rises where the table does not (Fritsch and Butland)."""
    h, secant = np.diff(x), np.diff(y) / np.diff(x)
    slopes = np.zeros(len(x))
    slopes[0], slopes[-1] = secant[0], secant[-1]
    for i in range(1, len(x) - 1):
        if secant[i - 1] < 0.0 and secant[i] < 0.0:
            left, right = 2.0 * h[i] + h[i - 1], h[i] + 2.0 * h[i - 1]
            slopes[i] = (left + right) / (left / secant[i - 1] + right / secant[i])
    return slopes


class Cubic:
    """A piecewise cubic by values and slopes at its knots, straight beyond them."""

    def __init__(self, x: Array, y: Array, slopes: Array) -> None:
        h = np.diff(x)
        secant = np.diff(y) / h
        self.x, self.y, self.slopes = x, y, slopes
        self._two = (3.0 * secant - 2.0 * slopes[:-1] - slopes[1:]) / h
        self._three = (slopes[:-1] + slopes[1:] - 2.0 * secant) / h**2

    def at(self, distance: Array) -> tuple[Array, Array, Array]:
        """The value and the first two derivatives."""
        place = np.clip(np.searchsorted(self.x, distance, side="right") - 1, 0, len(self.x) - 2)
        inside = np.clip(distance, self.x[0], self.x[-1])
        t = inside - self.x[place]
        one, two, three = self.slopes[place], self._two[place], self._three[place]
        value = self.y[place] + t * (one + t * (two + t * three))
        slope = one + t * (2.0 * two + 3.0 * t * three)
        bend = np.where(inside == distance, 2.0 * two + 6.0 * t * three, 0.0)
        return value + slope * (distance - inside), slope, bend

    def rises(self) -> bool:
        """Does it rise anywhere?"""
        points = np.linspace(self.x[:-1], self.x[1:], 33).ravel()
        return bool((self.at(points)[1] > 1e-12 * np.abs(self.slopes).max()).any())


def _roughness(x: Array, y: Array) -> float:
    """How far from straight the points are, as a share of their range."""
    if len(x) < 3:
        return 0.0
    bends = np.diff(np.diff(y) / np.diff(x)) * np.minimum(np.diff(x)[1:], np.diff(x)[:-1])
    return float(np.abs(bends).max() / max(np.ptp(y), 1e-300))


class Tabulated:
    """A demand curve through the points of a table of fills that never rise.

    A zero in the table means that nothing is dealt from that distance on. If the table ends flat, nothing is known
    beyond its end, and no quote lies there.
    """

    def __init__(self, distances: Sequence[float], fills: Sequence[float]) -> None:
        x, f = check_table(distances, fills)
        count = int((f > 0.0).sum())
        self._last, self._dealt = float(x[count - 1]), float(f[count - 1])
        self._end = float(x[count]) if count < len(x) else math.inf
        self._curve, self._logit = _curve(x[:count], f[:count])
        self._left = self._tail(0)
        self._right = self._tail(-1) if math.isinf(self._end) else None
        pieces = [np.linspace(low, high, _DENSE, endpoint=False) for low, high in pairwise(self._curve.x)]
        self._dense = np.append(np.concatenate(pieces) if pieces else x[:0], self._last)
        self._lines, self._breaks = self._envelope()

    def _tail(self, place: int) -> Logistic | Exponential | None:
        """The closed form that goes on from an end of the table; none if it is flat there."""
        x, y, slope = (float(part[place]) for part in (self._curve.x, self._curve.y, self._curve.slopes))
        if -slope < _FLAT:
            return None
        return Logistic(slope * x - y, -slope) if self._logit else Exponential(-slope, slope * x - y)

    def _envelope(self) -> tuple[Array, Array]:
        """Which dense points are best for some p, and the p at which each hands over to the next.

        f(d)(d − p) is a line in p for each d; the best ones are the upper envelope of those lines.
        """
        fills = self._inner(self._dense)[0]
        levels = fills * self._dense
        kept: list[int] = []
        breaks: list[float] = []
        for j in range(len(self._dense)):
            while kept:
                i = kept[-1]
                if fills[i] - fills[j] <= 0.0:
                    kept.pop()
                    if breaks:
                        breaks.pop()
                    continue
                meet = float((levels[i] - levels[j]) / (fills[i] - fills[j]))
                if breaks and meet <= breaks[-1]:
                    kept.pop()
                    breaks.pop()
                    continue
                breaks.append(meet)
                break
            kept.append(j)
        return np.array(kept), np.array(breaks)

    def _inner(self, distance: Array) -> tuple[Array, Array, Array]:
        """f, its hazard −f'/f and the hazard's derivative, without regard to where the table ends."""
        y, slope, bend = self._curve.at(distance)
        if not self._logit:
            return np.exp(np.minimum(y, 700.0)), -slope, -bend
        fill, miss = sigmoid(y), sigmoid(-y)
        return fill, -slope * miss, -bend * miss + slope**2 * fill * miss

    def fill(self, distance: Any) -> Array:
        """f(d)."""
        at = np.asarray(distance, float)
        if math.isinf(self._end):
            return self._inner(at)[0]
        straight = self._dealt * np.clip((self._end - at) / (self._end - self._last), 0.0, 1.0)
        return np.asarray(np.where(at > self._last, straight, self._inner(at)[0]))

    def best(self, cost: Any) -> Best:
        """The largest f(d)(d − p): among points between the knots, refined by Newton, and beyond the knots."""
        p = np.asarray(cost, float)
        place = np.searchsorted(self._breaks, p.ravel()).reshape(p.shape)
        middle = self._lines[place]
        low = self._dense[np.maximum(middle - 1, 0)]
        high = self._dense[np.minimum(middle + 1, len(self._dense) - 1)]
        distance = self._refined(p, self._dense[middle], low, high)
        fill, hazard, bend = self._inner(distance)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            curvature = np.where(hazard > 0.0, fill * hazard**3 / (hazard**2 + bend), 0.0)
        edge = (distance >= self._last) | (distance <= self._dense[0])
        found = Best(distance, fill, fill * (distance - p), np.where(edge, 0.0, curvature))
        if self._left is not None:
            found = _better(found, self._left.best(p), -math.inf, float(self._dense[0]))
        if self._right is not None:
            found = _better(found, self._right.best(p), self._last, math.inf)
        if math.isfinite(self._end):
            found = _better(found, self._falling(p), self._last, self._end)
        idle = (found.value <= 0.0) & (self._right is None)
        beyond = Best(np.maximum(p, self._last), *(np.zeros(p.shape) for _ in range(3)))
        return Best(*(np.where(idle, theirs, ours) for ours, theirs in zip(found, beyond, strict=True)))

    def _falling(self, p: Array) -> Best:
        """The best on the straight line from the last fill above zero to the first zero."""
        slope = self._dealt / (self._end - self._last)
        half = 0.5 * (self._end - p)
        return Best(self._end - half, slope * half, slope * half**2, np.full(p.shape, 0.5 * slope))

    def _refined(self, p: Array, start: Array, low: Array, high: Array) -> Array:
        """The root of hazard(d)(d − p) = 1 in the bracket; an end of it if there is none."""
        distance, low, high = start.astype(float), low.astype(float), high.astype(float)
        for _ in range(60):
            _, hazard, bend = self._inner(distance)
            over = hazard * (distance - p) - 1.0
            high = np.where(over > 0.0, distance, high)
            low = np.where(over > 0.0, low, distance)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = distance - over / (hazard + bend * (distance - p))
            inside = (step >= low) & (step <= high)
            onward = np.where(inside, step, 0.5 * (low + high))
            moved = np.abs(onward - distance).max(initial=0.0)
            distance = onward
            if moved < 1e-14 * (1.0 + np.abs(distance).max(initial=0.0)):
                break
        return distance


def _better(one: Best, other: Best, low: float, high: float) -> Best:
    """The better of two, where the other one lies between low and high, its own part of the curve."""
    taken = (other.distance >= low) & (other.distance <= high) & (other.value >= one.value)
    return Best(*(np.where(taken, theirs, ours) for ours, theirs in zip(one, other, strict=True)))


def _curve(x: Array, f: Array) -> tuple[Cubic, bool]:
    """The cubic through fills above zero, and whether it is one of the logit (else of the logarithm)."""
    log, kept = np.log(f), f < _SATURATED
    if f[0] <= 1.0 and kept.sum() >= 2 and (len(x) == 2 or kept.sum() > 2):
        logit = np.log(f[kept] / (1.0 - f[kept]))
        if len(x) == 2 or _roughness(x[kept], logit) < _roughness(x, log):
            curve = _cubic(x[kept], logit)
            if np.abs(sigmoid(curve.at(x)[0]) - f).max() < _EXACT:
                return curve, True
    if len(x) == 1:
        return Cubic(np.array([x[0], x[0] + 1.0]), np.full(2, log[0]), np.zeros(2)), False
    return _cubic(x, log), False


def _cubic(x: Array, y: Array) -> Cubic:
    """The smooth cubic if it never rises, else the monotone one."""
    curve = Cubic(x, y, spline_slopes(x, y))
    return Cubic(x, y, monotone_slopes(x, y)) if curve.rises() else curve
