"""Every function and kernel of the numeric floor on many inputs, plain and compiled; run as a script it prints whether
the bits are the same, and their hash. `python numeric_bits.py CACHE`.
"""

import hashlib
import json
import math
import random
import struct
import sys
from collections.abc import MutableSequence, Sequence

from pricing.numeric import engine
from pricing.numeric.elementary import cos, exp, expm1, hypot, log, log1p, power, sin, tanh
from pricing.numeric.fingerprint import fingerprint
from pricing.numeric.normal import cdf, erfcx, pdf, quantile
from pricing.numeric.options import CORE, FIELDS

FUNCTIONS = 15
EXTREMES = (
    *(
        0.0,
        -0.0,
        math.inf,
        -math.inf,
        math.nan,
        5e-324,
        -5e-324,
        2.2250738585072014e-308,
        1.7976931348623157e308,
    ),
    *(
        -1.7976931348623157e308,
        1.0,
        -1.0,
        1.0 - 2.0**-53,
        1.0 + 2.0**-52,
        0.5,
        -0.5,
        8.0,
        -8.0,
        26.7,
        -26.7,
        27.0,
    ),
    *(
        709.78,
        709.79,
        -708.4,
        -745.13,
        -745.14,
        38.5,
        -38.5,
        38.6,
        -38.6,
        1048576.0,
        1048577.0,
        0.425,
        0.075,
        0.925,
    ),
)


def probe(source: Sequence[float], target: MutableSequence[float]) -> None:
    """All functions of one number, and of it and the next."""
    for i in range(len(source)):
        x = source[i]
        y = source[i - 1] if i > 0 else 0.489
        at = i * 15
        target[at] = exp(x)
        target[at + 1] = expm1(x)
        target[at + 2] = log(x)
        target[at + 3] = log1p(x)
        target[at + 4] = sin(x)
        target[at + 5] = cos(x)
        target[at + 6] = tanh(x)
        target[at + 7] = erfcx(x)
        target[at + 8] = pdf(x)
        target[at + 9] = cdf(x)
        target[at + 10] = quantile(x)
        target[at + 11] = power(abs(x), 0.489)
        target[at + 12] = power(abs(x), y)
        target[at + 13] = hypot(x, y)
        target[at + 14] = power(x, -y)


def numbers() -> list[float]:
    """Small and large, near the seams of every function, any pattern of bits at all, and the ends."""
    dice = random.Random(20261124)
    found = [dice.uniform(-1.0, 1.0) * 10.0 ** dice.uniform(-12.0, 3.0) for _ in range(8_000)]
    found += [dice.uniform(-45.0, 45.0) for _ in range(8_000)]
    found += [dice.random() for _ in range(4_000)]
    found += [struct.unpack("<d", dice.randbytes(8))[0] for _ in range(8_000)]
    return [*found, *EXTREMES]


def option_rows() -> list[float]:
    """Options of every kind, some of them broken."""
    dice = random.Random(20261125)
    rows: list[float] = []
    for _ in range(6_000):
        forward = 10.0 ** dice.uniform(-6.0, 8.0)
        strike = forward * math.exp(dice.gauss(0.0, 1.0) * dice.choice((0.0, 1e-9, 0.01, 0.3, 2.0)))
        rows += [forward, strike, 10.0 ** dice.uniform(-9.0, 2.0), 10.0 ** dice.uniform(-4.0, 1.0)]
        rows += [float(dice.random() < 0.5), dice.uniform(0.5, 1.0), forward * dice.uniform(0.9, 1.1)]
    for _ in range(2_000):
        rows += [dice.choice((*EXTREMES, 100.0, 101.0)) for _ in range(7)]
    return rows


def curves() -> list[list[float]]:
    """What `distance.best` reads: logistic curves and others, with four reserves each."""
    dice = random.Random(20261126)
    found = []
    for turn in range(1_500):
        half, steep, shift = 10.0 ** dice.uniform(-3.0, 3.0), dice.uniform(0.02, 5.0), dice.uniform(-9.0, 9.0)
        win = [1.0 / (1.0 + math.exp(shift + steep * (0.5 * place - 4.0))) for place in range(33)]
        if turn % 2:
            win = sorted(
                (dice.choice((0.0, 1.0, dice.random(), dice.random() ** 9)) for _ in win), reverse=True
            )
        markouts = sorted(half * dice.gauss(0.0, dice.choice((0.0, 1.0, 30.0))) for _ in win)
        found.append([half, *win, *markouts, *(half * dice.uniform(-20.0, 40.0) for _ in range(4))])
    return found


def same_bits(one: list[float], other: list[float]) -> bool:
    """Whether all are the same to the bit; any NaN is as good as another."""
    return len(one) == len(other) and all(
        struct.pack("<d", x) == struct.pack("<d", y) or (x != x and y != y)
        for x, y in zip(one, other, strict=True)
    )


def main(cache: str) -> None:
    """Run everything plain, then compiled."""
    kernel = engine.KERNELS["probe"] = engine.Kernel(probe, engine.by_rows(1, FUNCTIONS))
    given, options, tables = numbers(), option_rows(), curves()
    calls = [
        lambda: kernel.run(given, FUNCTIONS * len(given)),
        lambda: engine.OPTIONS.run(options, len(options) // 7 * len(FIELDS)),
        lambda: engine.BLACK.run(options, len(options) // 7 * len(CORE)),
        lambda: [one for asked in tables for one in engine.DISTANCES.run(asked, 4)],
    ]
    plain, mark = [call() for call in calls], fingerprint()
    said = engine.warm(cache)
    compiled = [call() for call in calls]
    digest = hashlib.sha256()
    for results in compiled:
        digest.update(struct.pack(f"<{len(results)}d", *(0.5 if x != x else x for x in results)))
    same = [same_bits(one, other) for one, other in zip(plain, compiled, strict=True)]
    told = {"said": said, "same": same, "hash": digest.hexdigest(), "marks": [mark, fingerprint()]}
    print(json.dumps({**told, "count": sum(map(len, plain)), "kernels": len(engine.KERNELS)}))


if __name__ == "__main__":
    main(sys.argv[1])
