"""Options priced: value and all greeks of many at once, beside QuantLib's BlackCalculator in the same run.

QuantLib is used as its Python users use it: a payoff and a calculator are built for each option and asked for its value
and every greek it has. Ours gives those and more (speed, charm, the coin-settled set) in one call over arrays.
"""

import gc
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory

import numpy as np
import QuantLib as ql

from benchmarks.rows import Row
from pricing import black
from pricing.numeric import engine
from pricing.numeric.options import FIELDS, INPUTS, rows

SEED = 20261124
TIMES = 50.0
Options = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def options(size: int) -> Options:
    """Forward, strike, years, volatility and 1 for a call, as a desk meets them."""
    rng = np.random.default_rng(SEED)
    forward = 60_000.0 * np.exp(rng.normal(0.0, 0.05, size))
    years = rng.uniform(0.01, 1.0, size)
    sigma = rng.uniform(0.3, 1.2, size)
    strike = forward * np.exp(rng.normal(0.0, 1.0, size) * sigma * np.sqrt(years))
    return forward, strike, years, sigma, (rng.random(size) < 0.5).astype(float)


def best_s(call: Callable[[], object], rounds: int) -> float:
    """Seconds of processor time of the best of so many calls."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(rounds):
            begun = time.process_time()
            call()
            best = min(best, time.process_time() - begun)
    finally:
        gc.enable()
    return best


def quantlib(asked: Options) -> float:
    """The sum of all that QuantLib says, one option after the other."""
    total = 0.0
    put, call = ql.Option.Put, ql.Option.Call
    forward, strike, years, _, calls = (column.tolist() for column in asked)
    stdev = (asked[3] * np.sqrt(asked[2])).tolist()
    for place, f in enumerate(forward):
        t = years[place]
        payoff = ql.PlainVanillaPayoff(call if calls[place] else put, strike[place])
        one = ql.BlackCalculator(payoff, f, stdev[place], 1.0)
        total += one.value() + one.deltaForward() + one.gammaForward() + one.vega(t) + one.theta(f, t)
        total += (
            one.delta(f) + one.gamma(f) + one.rho(t) + one.thetaPerDay(f, t) + one.vanna(f, t) + one.volga(t)
        )
    return total


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` takes fewer rounds."""
    rounds = 5 if quick else 25
    asked = options(10_000)
    few: Options = tuple(column[:1_000] for column in asked)  # type: ignore[assignment]
    source = _rows_of(few).tolist()
    plain = engine.Kernel(rows, engine.OPTIONS.fits)  # never compiled, whatever ran before
    one, size = source[: len(INPUTS)], len(FIELDS)
    told = [
        Row("plain Python, one option (value and all greeks)", _each_us(lambda: plain.run(one, size), 200))
    ]
    told.append(
        Row(
            "plain Python, 1,000 options",
            _each_us(lambda: plain.run(source, 1_000 * size), 1, 1_000, rounds=2),
        )
    )
    with TemporaryDirectory(prefix="rfq-kernels-") as cache:
        begun = time.perf_counter()
        said = engine.warm(cache)
        told.append(
            Row("compile all kernels, nothing cached", f"{time.perf_counter() - begun:.1f} s", note=said)
        )
    if not engine.is_compiled():
        return told
    same = plain.run(source, 1_000 * size) == engine.OPTIONS.run(source, 1_000 * size)
    told.append(Row("plain and compiled give the same bits", "yes" if same else "no", "yes", same))
    told.append(Row("compiled, one option", _each_us(lambda: engine.OPTIONS.run(one, size), 2_000)))
    for count, part in ((1_000, few), (10_000, asked)):
        told += _beside(count, part, rounds)
    return told


def _rows_of(asked: Options) -> np.ndarray:
    """The kernel's source: no rates, the spot at the forward."""
    return np.ascontiguousarray(np.stack([*asked, np.ones(len(asked[0])), asked[0]], 1)).reshape(-1)


def _each_us(call: Callable[[], object], times: int, share: int = 1, rounds: int = 5) -> str:
    def often() -> None:
        for _ in range(times):
            call()

    return f"{best_s(often, rounds) / times / share * 1e6:.2f} µs each"


def _beside(size: int, asked: Options, rounds: int) -> list[Row]:
    theirs = best_s(lambda: quantlib(asked), max(3, rounds // 5))
    columns = best_s(lambda: black.full_many(*asked), rounds)
    source = _rows_of(asked)
    target = np.zeros(size * len(FIELDS))
    kernel = best_s(lambda: engine.OPTIONS.bulk(source, target), rounds)
    times = theirs / columns
    return [
        Row(f"QuantLib, {size:,} options, 11 figures each", f"{theirs / size * 1e6:.2f} µs each"),
        Row(
            f"ours, {size:,} options, {len(FIELDS)} figures each",
            f"{columns / size * 1e9:.0f} ns each, {times:.0f} x",
            f"≥ {TIMES:.0f} x",
            times >= TIMES,
            f"the kernel alone {kernel / size * 1e9:.0f} ns",
        ),
    ]
