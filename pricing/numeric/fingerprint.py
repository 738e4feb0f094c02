"""The fingerprint of this machine's numbers: a hash of what a fixed battery of calculations gives, to the last bit.

Logs carry it. Where it is another than here, what was computed there may differ from here in last bits, and is to be
compared as such. All machines are meant to have the same one.
"""

import hashlib
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pricing.numeric import distance, elementary, engine, normal, package
from pricing.numeric.options import CORE, FIELDS, INPUTS

_POINTS: Final = 48
_ROWS: Final = 40
_LEGS: Final = 6
_SEED: Final = 0x9E3779B97F4A7C15
_MULTIPLIER: Final = 6364136223846793005
_INCREMENT: Final = 1442695040888963407


def fingerprint() -> str:
    """Sixteen hex digits."""
    return _of(engine.is_compiled())


@lru_cache(maxsize=2)
def _of(_compiled: bool) -> str:
    results = [*_functions(), *_kernels()]
    return hashlib.sha256(struct.pack(f"<{len(results)}d", *results)).hexdigest()[:16]


def shares(seed: int = _SEED) -> Iterator[float]:
    """Numbers between 0 and 1, neither included, by integer arithmetic alone: the same everywhere, for ever."""
    state = seed
    while True:
        state = (state * _MULTIPLIER + _INCREMENT) % 2**64
        yield ((state >> 12) + 0.5) / 2**52


def _functions() -> Iterator[float]:
    """The functions that Python code calls one at a time."""
    share = shares()
    for _ in range(_POINTS):
        wide, small = 80.0 * next(share) - 40.0, 2.0 * next(share) - 1.0
        positive = next(share) / next(share)
        for function in (elementary.exp, elementary.expm1, elementary.sin, elementary.cos, normal.cdf):
            yield function(wide)
            yield function(small)
        for function in (elementary.log, elementary.log1p, elementary.tanh, normal.erfcx, normal.pdf):
            yield function(positive)
        yield elementary.power(positive, wide)
        yield elementary.log1p(small)
        yield elementary.hypot(wide, positive)
        yield normal.quantile(next(share))


def _kernels() -> Iterator[float]:
    """The kernels, as this process runs them."""
    share = shares(_SEED + 1)
    rows: list[float] = []
    for place in range(_ROWS):
        forward = 100.0 + 100_000.0 * next(share)
        rows += [
            forward,
            forward * (0.3 + 1.6 * next(share)),
            next(share) * next(share),
            0.05 + 1.5 * next(share),
        ]
        rows += [float(place % 2), 0.8 + 0.2 * next(share), forward * (0.9 + 0.2 * next(share))]
    yield from engine.OPTIONS.run(rows, _ROWS * len(FIELDS))
    values = engine.BLACK.run(rows, _ROWS * len(CORE))
    yield from values
    asked: list[float] = []
    for place in range(_ROWS):
        row = rows[place * len(INPUTS) : (place + 1) * len(INPUTS)]
        asked += [values[place * len(CORE)], *row[:3], row[4], row[5], 0.0]
    for found in engine.IMPLIED.run(asked, 2 * _ROWS):
        yield found if found == found else -1.0
    yield from _package(share)
    yield from _distances(share)


def _package(share: Iterator[float]) -> Iterator[float]:
    """A package of six options in two expiries: one between two smiles and settled in coin, one in its window."""
    source: list[float] = []
    for place, term in enumerate((0.08, 0.25)):
        source += [term, term * (0.9 + 0.1 * next(share))]
        for weight in (0.6, 0.4 - 0.4 * place):
            source += [weight, 0.01 + 0.02 * next(share), 0.05 + 0.1 * next(share)]
            source += [next(share) - 0.7, 0.1 * next(share), 0.1 + 0.2 * next(share)]
        source += [0.01, 0.005, 0.002, 0.004, 0.004, 0.0002, float(place), 1.0 / term]
        source += [60_000.0 * (0.95 + 0.1 * next(share)), 1.0 - 0.4 * place, 24_000.0 * place]
        source += [0.98, 0.02, 59_000.0, 1.0 - place, float(place)]
    for place in range(_LEGS):
        source += [float(place % 2), 60_000.0 * (0.7 + 0.7 * next(share)), float(place // 2 % 2), 3.5 - place]
    yield from engine.WORTHS.run(source, package.sizes(2, _LEGS)[1], 2, _LEGS)
    yield from engine.FAIRS.run(source, _LEGS, 2, _LEGS)


def _distances(share: Iterator[float]) -> Iterator[float]:
    """The best distances on two sets of curves: a steady one, and one with cliffs."""
    reserves = [12.0 * next(share) - 2.0 for _ in range(_LEGS)]
    steady, odds = [], 5.0
    for _ in range(distance.POINTS):
        steady.append(odds / (1.0 + odds))
        odds *= 0.55
    ragged = sorted([next(share) * next(share) for _ in range(distance.POINTS)], reverse=True)
    for win in (steady, ragged):
        markouts = sorted([-next(share) for _ in range(distance.POINTS)])
        yield from engine.DISTANCES.run([1.5, *win, *markouts, *reserves], _LEGS)
