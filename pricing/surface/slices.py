"""Many SVI smiles at once: variance, butterfly density and their derivatives, in numpy.

A row is (a, c, p, m, s): c = b (1 + rho) and p = b (1 - rho) are the slopes of the right and the left wing, so that
the three numbers in which variance is linear come first and wings cannot turn over while c and p are positive. Not on
the desk's path: numpy's own last bits may differ between processors.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pricing.market import Smile

Array: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]


def rows_of(raw: Array) -> Array:
    """Rows (a, b, rho, m, s) as (a, c, p, m, s)."""
    a, b, rho, m, s = raw.T
    return np.stack([a, b * (1.0 + rho), b * (1.0 - rho), m, s], 1)


def raw_of(rows: Array) -> Array:
    """Rows (a, c, p, m, s) as (a, b, rho, m, s)."""
    a, c, p, m, s = rows.T
    return np.stack([a, 0.5 * (c + p), (c - p) / (c + p), m, s], 1)


def raw_of_smiles(smiles: tuple[Smile, ...]) -> Array:
    """The raw parameters of smiles, one row each."""
    return np.array([[one.a, one.b, one.rho, one.m, one.s] for one in smiles]).reshape(len(smiles), 5)


class Shape:
    """The smiles of `rows` at the points `k`, one line of points for each: value and slopes of w."""

    __slots__ = ("_b", "_root", "_s", "_u", "_x", "k", "w", "w1", "w2")

    def __init__(self, rows: Array, k: Array) -> None:
        """Points (smiles, n) or (n,), the same for all."""
        a, c, p, m, s = (rows[:, at : at + 1] for at in range(5))
        x = k - m
        root = np.sqrt(x * x + s * s)
        b, tilt, u = 0.5 * (c + p), 0.5 * (c - p), x / root
        self.k = k
        self.w = a + tilt * x + b * root
        self.w1 = tilt + b * u
        self.w2 = b * s * s / (root * root * root)
        self._x, self._u, self._root, self._s, self._b = x, u, root, s, b

    def gradient(self) -> Array:
        """dw by each parameter: (smiles, n, 5)."""
        x, root = self._x, self._root
        found: Array = np.empty((*x.shape, 5))
        found[..., 0] = 1.0
        found[..., 1] = 0.5 * (root + x)
        found[..., 2] = 0.5 * (root - x)
        found[..., 3] = -self.w1
        found[..., 4] = self._b * self._s / root
        return found

    def butterfly(self) -> Array:
        """g(k): negative is butterfly arbitrage."""
        first = 1.0 - self.k * self.w1 / (2.0 * self.w)
        found: Array = first * first - self.w1 * self.w1 / 4.0 * (1.0 / self.w + 0.25) + self.w2 / 2.0
        return found

    def butterfly_gradient(self) -> Array:
        """dg by each parameter: (smiles, n, 5)."""
        k, w, w1, s, b, u = self.k, self.w, self.w1, self._s, self._b, self._u
        cube = self._root * self._root * self._root
        first = 1.0 - k * w1 / (2.0 * w)
        by_w = first * k * w1 / (w * w) + w1 * w1 / (4.0 * w * w)
        by_w1 = -first * k / w - w1 / 2.0 * (1.0 / w + 0.25)
        found = by_w[..., None] * self.gradient()
        found[..., 1] += by_w1 * 0.5 * (1.0 + u) + s * s / (4.0 * cube)
        found[..., 2] += by_w1 * 0.5 * (u - 1.0) + s * s / (4.0 * cube)
        found[..., 3] += -by_w1 * self.w2 + 1.5 * self.w2 * u / self._root
        found[..., 4] += (
            -by_w1 * b * self._x * s / cube + self.w2 / s - 1.5 * self.w2 * s / (self._root * self._root)
        )
        return found
