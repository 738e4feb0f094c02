"""Chance, drawn in blocks: one Dice per part of a world, each on its own child of the world's one Generator.

Only uniforms and normals are taken from numpy (in C loops without vector tricks, so the same on every machine);
everything else is made of them with `math`.
"""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 512


class Dice:
    """Numbers from one Generator; two Dice on equal Generators give equal numbers in an equal order of questions."""

    __slots__ = ("_normals", "_rng", "_uniforms")

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._uniforms: list[float] = []
        self._normals: list[float] = []

    def uniform(self) -> float:
        """Evenly in [0, 1)."""
        if not self._uniforms:
            self._uniforms = self._rng.random(_BLOCK).tolist()
        return self._uniforms.pop()

    def normal(self) -> float:
        """Standard normal."""
        if not self._normals:
            self._normals = self._rng.standard_normal(_BLOCK).tolist()
        return self._normals.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def between(self, low: float, high: float) -> float:
        """Evenly in [low, high)."""
        return low + (high - low) * self.uniform()

    def below(self, count: int) -> int:
        """A whole number in [0, count)."""
        return int(self.uniform() * count)

    def pick(self, options: Sequence[T]) -> T:
        """One of them, evenly."""
        return options[int(self.uniform() * len(options))]

    def exponential(self, mean: float) -> float:
        """Waiting time of a Poisson stream with this mean."""
        return -mean * math.log(1.0 - self.uniform())

    def lognormal(self, median: float, sigma: float) -> float:
        """Median times exp(sigma * normal)."""
        return median * math.exp(sigma * self.normal())
