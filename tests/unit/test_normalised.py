"""The normalised value beside 50 digits: everywhere within five units of 2**-53."""

import math
import random

import mpmath
import pytest

from pricing.numeric import normalised
from pricing.numeric.normalised import DENSITY, otm, share, weigh

UNIT = 2.0**-53
ALLOWED = 6.0
"""Worst seen in 70,000 points: 4.6."""
SMALLEST = 2.0**-1020


def _cdf(z: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(-z / mpmath.sqrt(2)) / 2


def oracle(x: float, s: float) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    """Share, rest and slope to 50 digits, whatever cancels."""
    with mpmath.workdps(120):
        x, s = mpmath.mpf(x), mpmath.mpf(s)
        z, q = x / s + s / 2, x / s - s / 2
        behind = mpmath.exp(-x) * _cdf(q)
        return _cdf(z) - behind, _cdf(-z) + behind, mpmath.npdf(z)


def off(found: float, true: mpmath.mpf) -> float:
    """How many units of 2**-53 the ratio of the two is from 1; 0 where the truth is no normal number."""
    if true < SMALLEST:
        return 0.0
    with mpmath.workdps(50):
        return float(abs(mpmath.mpf(found) / true - 1)) / UNIT


def points(count: int, seed: int) -> list[tuple[float, float]]:
    """From x = 0 to -700 and s from 1e-9 to 50, with much near the money, far out, and where z is about 0."""
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        s = 10.0 ** dice.uniform(-9.0, 1.7)
        kind = dice.random()
        if kind < 0.1:
            x = 0.0
        elif kind < 0.4:
            x = -(10.0 ** dice.uniform(-12.0, 2.845))
        elif kind < 0.6:
            x = -s * dice.uniform(0.0, 3.0)
        elif kind < 0.75:
            x = -s * dice.uniform(0.0, 38.0)
        elif kind < 0.9:
            x = -s * 10.0 ** dice.uniform(-6.0, 1.5)
        else:
            x = -s * abs(0.5 * s + dice.uniform(-2.0, 2.0))
        found.append((x, s))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_against_fifty_digits(seed: int) -> None:
    for x, s in points(1500, seed):
        true, lacking, slope = oracle(x, s)
        found, rest, rise = weigh(x, s)
        z = x / s + 0.5 * s
        assert off(found, true) <= ALLOWED, (x, s)
        assert off(rise, slope) <= ALLOWED, (x, s)
        if z > 0.75 and x > -100.0:
            assert off(rest, lacking) <= ALLOWED, (x, s)
        assert share(x, s) == found
        if x > -1.0:
            with mpmath.workdps(50):
                assert off(otm(x, s), true * mpmath.exp(mpmath.mpf(x) / 2)) <= ALLOWED + 2.0, (x, s)


@pytest.mark.parametrize("z", [0.75, -0.5, -1.5, -4.0])
def test_pieces_meet(z: float) -> None:
    """On both sides of a seam, the last bits are right."""
    for s in (1e-6, 1e-3, 0.1, 0.9):
        x = s * (z - 0.5 * s)
        for k in range(-4, 5):
            near = min(x * (1.0 + k * 2.0**-50), 0.0)
            assert off(share(near, s), oracle(near, s)[0]) <= ALLOWED


def test_where_two_pieces_are_too_far_apart_for_one_polynomial() -> None:
    seen = 0
    for x, s in ((-1.5, 2.0), (-4.3, 2.3), (-46.0, 4.9), (-190.6, 18.0), (-26.0, 3.2), (-9.7, 4.42)):
        up = 3.75 - (x / s + 0.5 * s)
        last = (
            normalised._NEAREST_LAST
            if up < 4.25
            else normalised._NEAR_LAST
            if up < 5.25
            else normalised._MID_LAST
        )
        seen += up + s > last
        assert off(share(x, s), oracle(x, s)[0]) <= ALLOWED
    assert seen >= 3


def test_ends() -> None:
    assert weigh(0.0, 0.0) == (0.0, 1.0, DENSITY)
    assert weigh(-1.0, 0.0) == (0.0, 1.0, 0.0)
    assert weigh(-1.0, 1e-300) == (0.0, 1.0, 0.0)
    assert weigh(-1.0, 200.0) == weigh(0.0, math.inf) == (1.0, 0.0, 0.0)
    assert weigh(-1.0, math.inf) == (1.0, 0.0, 0.0)
    assert otm(-2.0, 500.0) == pytest.approx(math.exp(-1.0), rel=1e-15)
    assert share(0.0, 1e-9) == pytest.approx(1e-9 * DENSITY, rel=1e-15)
