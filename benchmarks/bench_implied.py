"""Implied volatility at full precision, beside QuantLib (its iteration to 1e-12, called from Python) and vollib, on the
same options in the same run: a chain of calls and puts, out of and in the money, days to years."""

import gc
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import Row
from pricing.implied import implied_many, implied_vol
from pricing.numeric import engine
from pricing.numeric.elementary import log1p
from pricing.numeric.normalised import share

OPTIONS = 10_000
ACCURACY = 1e-12
PEER_TIMES = 20.0
SEED = 20_261_120

Option = tuple[float, float, float, float, bool, float]


def chain(count: int) -> tuple[list[Option], list[float]]:
    """Prices with their terms (price, forward, strike, term, call, discount), and the volatilities behind them."""
    dice = np.random.default_rng(SEED)
    options, vols = [], []
    for _ in range(count):
        forward, term = float(dice.uniform(3e4, 9e4)), float(dice.uniform(2.0, 400.0)) / 365.0
        vol, distance = float(dice.uniform(0.3, 1.2)), float(dice.uniform(-1.5, 2.5))
        above = dice.random() < 0.5
        strike = forward * math.exp((distance if above else -distance) * vol * math.sqrt(term))
        least, most = min(forward, strike), max(forward, strike)
        price = least * share(-log1p((most - least) / least), vol * math.sqrt(term))
        call = bool(above)
        price += max(forward - strike if call else strike - forward, 0.0)
        options.append((price, forward, strike, term, call, 1.0))
        vols.append(vol)
    return options, vols


def best_us(once: Callable[[], object], count: int, rounds: int) -> float:
    """Microseconds of processor time an option, in the best round."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(rounds):
            begun = time.process_time()
            once()
            best = min(best, time.process_time() - begun)
    finally:
        gc.enable()
    return best / count * 1e6


def main(quick: bool = False) -> list[Row]:
    """Ours in bulk and one by one, the peers one by one, and how far each is from the volatility that went in."""
    rounds = 3 if quick else 12
    how = engine.warm()
    options, vols = chain(OPTIONS)
    columns = [np.array(column) for column in zip(*options, strict=True)]
    many = implied_many(*columns)
    wrong = float(np.max(np.abs(many.vols / np.array(vols) - 1.0)))
    bulk = best_us(lambda: implied_many(*columns), OPTIONS, rounds)
    one = best_us(lambda: [implied_vol(*option) for option in options], OPTIONS, rounds)
    plain: list[float] = [float(number) for option in options[:500] for number in (*option, 0.0)]
    slow = best_us(lambda: engine.IMPLIED.plain(plain, [0.0] * 1000), 500, rounds)
    told = f"largest relative error {wrong:.1e}"
    return [
        Row(f"implied volatility, {OPTIONS} at once", f"{bulk:.3f} µs each", note=told),
        Row("implied volatility, one by one", f"{one:.2f} µs", note=how),
        Row("implied volatility, not compiled", f"{slow:.1f} µs", note="the kernel as plain Python"),
        *_beside_quantlib(options, vols, bulk, one, rounds),
        *_beside_vollib(options[: 200 if quick else 2000], vols, many.vols, bulk, one),
    ]


def _beside_quantlib(
    options: list[Option], vols: list[float], bulk: float, one: float, rounds: int
) -> list[Row]:
    name = f"QuantLib blackFormulaImpliedStdDev, accuracy {ACCURACY:g}"
    try:
        import QuantLib
    except ImportError:
        return [Row(name, "skipped", note="QuantLib is not installed (extra `dev`)")]
    solve: Any = QuantLib.blackFormulaImpliedStdDev
    nothing: float = QuantLib.nullDouble()
    kinds = (QuantLib.Option.Put, QuantLib.Option.Call)
    asked = [(kinds[call], strike, forward, price) for price, forward, strike, _, call, _ in options]

    def all_of_them() -> list[float]:
        return [
            solve(kind, strike, forward, price, 1.0, 0.0, nothing, ACCURACY)
            for kind, strike, forward, price in asked
        ]

    found = all_of_them()
    wrong = max(
        abs(deviation / (vol * math.sqrt(option[3])) - 1.0)
        for deviation, vol, option in zip(found, vols, options, strict=True)
    )
    theirs = best_us(all_of_them, len(options), rounds)
    return [
        Row(name, f"{theirs:.2f} µs", note=f"largest relative error {wrong:.1e}"),
        Row("QuantLib's time over ours, at once", f"{theirs / bulk:.1f} ×", "≥ 1 ×", theirs >= bulk),
        Row("QuantLib's time over ours, one by one", f"{theirs / one:.2f} ×", "≥ 1 ×", theirs >= one),
    ]


def _beside_vollib(
    options: list[Option], vols: list[float], ours: np.ndarray, bulk: float, one: float
) -> list[Row]:
    try:
        from vollib.black.implied_volatility import implied_volatility
    except ImportError:
        return [Row("vollib implied_volatility", "skipped", note="vollib is not installed (extra `bench`)")]
    asked = [
        (price, forward, strike, 0.0, term, "c" if call else "p")
        for price, forward, strike, term, call, _ in options
    ]
    found = [implied_volatility(*option) for option in asked]
    wrong = max(abs(vol / true - 1.0) for vol, true in zip(found, vols, strict=False))
    our_wrong = max(abs(float(vol) / true - 1.0) for vol, true in zip(ours[: len(found)], vols, strict=False))
    told = f"largest relative error {wrong:.1e}, ours on these {our_wrong:.1e}"
    theirs = best_us(lambda: [implied_volatility(*option) for option in asked], len(asked), 3)
    return [
        Row("vollib implied_volatility", f"{theirs:.1f} µs", note=told),
        Row(
            "vollib's time over ours, at once",
            f"{theirs / bulk:.0f} ×",
            f"≥ {PEER_TIMES:g} ×",
            theirs >= PEER_TIMES * bulk,
        ),
        Row("vollib's time over ours, one by one", f"{theirs / one:.1f} ×"),
    ]
