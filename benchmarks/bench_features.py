"""The accumulators alone: what telling and reading them costs, what they hold, and what a simulated second costs.

The stream is a random walk of deep looks (about 40 a second) with trades; `bench_feeds` times the same on a venue's
messages.
"""

import gc
import time
import tracemalloc
from typing import Final

import numpy as np

from benchmarks.rows import Row
from rfq.desk.features.look import Half, Look, Print
from rfq.desk.features.stream import MarketFlow
from rfq.domain import canon
from rfq.sim.dice import Dice
from rfq.sim.prices import REGIMES, Path
from rfq.sim.tape import Tape

FEATURES_US: Final = 50.0
HELD_MIB: Final = 1.5
_START: Final = 1_700_000_000 * 1_000_000_000
_S: Final = 1_000_000_000
_now = time.perf_counter_ns


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` takes two minutes of stream instead of eleven."""
    told = stream(5_000 if quick else 30_000)
    gc.collect()
    gc.freeze()
    try:
        return [*_told(told), *_held(told), *_second(2_000 if quick else 10_000)]
    finally:
        gc.unfreeze()


def stream(count: int) -> list[Look | Print]:
    """Looks and trades, two to one."""
    dice = np.random.default_rng(1)
    gaps = (dice.exponential(_S / 60.0, count)).astype(np.int64).tolist()
    steps = dice.choice([0.0, 0.0, 0.1, -0.1], count).tolist()
    drawn = dice.random((count, 8)).tolist()
    at, mid = _START, 60_000.0
    told: list[Look | Print] = []
    for gap, step, random in zip(gaps, steps, drawn, strict=True):
        at += gap
        mid += step
        if random[0] < 1.0 / 3.0:
            told.append(Print(at, mid, random[1], 1 if random[2] < 0.5 else -1))
        else:
            told.append(Look(at, _half(mid - 0.05, -1, random), _half(mid + 0.05, 1, random[::-1]), 30))
    return told


def _half(price: float, sign: int, random: list[float]) -> Half:
    size, wall, added, removed = 4.0 * random[1], 20.0 * random[2], random[3], random[4]
    bands = (3.0 * size, 5.0 * size, 9.0 * size, 15.0 * size, 40.0 * size + wall)
    levels = (2.0 * size, 4.0 * size, 7.0 * size)
    away = price * (1.0 + sign * 8e-4)
    return Half(price, size, bands, levels, 12.0, wall, added, removed, 0.7 * removed, away)


def _told(told: list[Look | Print]) -> list[Row]:
    """Looks, trades and reads, timed one by one."""
    flow = MarketFlow()
    looks, trades, reads, both = [], [], [], []
    for one in told:
        begun = _now()
        if type(one) is Print:
            flow.trade(one)
            trades.append(_now() - begun)
            continue
        assert type(one) is Look
        flow.look(one)
        middle = _now()
        flow.read(one.at)
        ended = _now()
        looks.append(middle - begun)
        reads.append(ended - middle)
        both.append(ended - begun)
    p99 = float(np.percentile(both, 99)) / 1e3
    return [
        Row("accumulators: look", _spread(looks)),
        Row("accumulators: trade", _spread(trades)),
        Row("accumulators: read, all numbers", _spread(reads)),
        Row("accumulators: look and read", _spread(both), f"p99 <= {FEATURES_US:.0f} us", p99 <= FEATURES_US),
        Row("one flow in its canonical bytes", f"{len(canon.encode(flow.read(told[-1].at)))} bytes"),
    ]


def _spread(times: list[int]) -> str:
    p50, p99 = np.percentile(times, [50, 99]) / 1e3
    return f"p50 {p50:.1f} us, p99 {p99:.1f} us"


def _held(told: list[Look | Print]) -> list[Row]:
    """What one market's accumulators hold after eleven minutes, and after twice as long: it does not grow."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    flow = MarketFlow()
    span = told[-1].at - told[0].at + _S // 40
    rounds = max(1, 1 + 660 * _S // span)
    sizes = []
    for number in range(2 * rounds):
        for one in told[:: 1 if rounds < 3 else 5]:
            at = one.at + number * span
            if type(one) is Print:
                flow.trade(one._replace(at=at))
            elif type(one) is Look:
                flow.look(one._replace(at=at))
        if number in (rounds - 1, 2 * rounds - 1):
            sizes.append((tracemalloc.get_traced_memory()[0] - before) / 2**20)
    tracemalloc.stop()
    grown = sizes[1] - sizes[0]
    return [
        Row(
            "accumulators: held for one market",
            f"{sizes[1]:.2f} MiB, {grown:+.3f} in eleven minutes more",
            f"<= {HELD_MIB} MiB, flat",
            sizes[1] <= HELD_MIB and grown < 0.05,
        )
    ]


def _second(seconds: int) -> list[Row]:
    """A simulated second of one coin: its trades, its book, and both told."""
    tape, path = Tape("BTC", 0.5, 1.00008, None), Path("BTC", 60_000.0)
    dice = Dice(np.random.Generator(np.random.PCG64(1)))
    spent = []
    for number in range(seconds):
        path.step(REGIMES[0], dice.normal(), dice)
        begun = _now()
        tape.second(path, REGIMES[0], _START + number * _S)
        spent.append(_now() - begun)
    return [
        Row(
            "simulated second of one coin, told",
            _spread(spent),
            "p50 <= 30 us",
            bool(np.median(spent) <= 30e3),
        )
    ]
