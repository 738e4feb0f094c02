"""From a venue's bytes to a finished row of features: how long one message takes, how much a second, how much memory.

The messages are those of the shared capture of Binance's futures (BTCUSDT and ETHUSDT, 2024-08-08), put together again
as they were on the wire; an hour is that capture round and round, each round a new connection with later clocks. Timed
is what a message of the book costs from its bytes to its row: adapter, keeper, accumulators, and the row read. Other
messages (trades, best quotes) are told in between, as they came.

Each message is timed once and all of them count: what is held against the targets is what passed on the clock, pauses
of the collector and of a machine with other work included. Memory is settled first, as the live desk does. Beside it
stands the time that the thread had the core, from another round: where the two differ much, others were at work.
"""

import gc
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from benchmarks.binance_hour import SYMBOLS, Hour, load
from benchmarks.rows import Row
from rfq.desk.features.builder import flow_values
from rfq.desk.features.look import Look, Print
from rfq.desk.features.stream import MarketFlow
from rfq.feeds import levels
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.said import Ask, Fetch
from rfq.feeds.venues.binance import BinanceAdapter
from rfq.feeds.venues.binance_markets import USDM
from rfq.feeds.venues.catalogue import make_keepers
from rfq.ops.clock import NS_PER_S
from rfq.sim.realtime import settle_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROW_US, FEATURES_US, CHANGES_PER_S, SLOPE_MB_H = 150.0, 50.0, 200_000, 5.0
VENUE: Final = "binance_usdm"
LINK: Final = "public"
_NOTHING: Final = {"time": b'{"serverTime":0}', "listing": b'{"symbols":[]}', "funding": b"[]"}
_THRESHOLD: Final = gc.get_threshold()
_ROUNDS_QUICK: Final = 2
"""Too few to tell a slope from noise."""
Clock = Callable[[], int]


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` replays two rounds (eleven minutes) instead of an hour."""
    hour = load()
    if isinstance(hour, str):
        return [Row("bytes to features", "not measured", note=hour)]
    engine = levels.warm() or "plain Python"
    return [
        *_latency(hour, engine),
        *_memory(hour, _ROUNDS_QUICK if quick else round(60.0 / hour.minutes + 0.5)),
    ]


class Desk:
    """One venue's board with accumulators behind it."""

    def __init__(self, clock: Clock = time.perf_counter_ns) -> None:
        self.clock = clock
        hooks = Hooks(on_look=self.on_look, on_print=self.on_print, on_broke=self.on_broke)
        self.adapter = BinanceAdapter(USDM, SYMBOLS, trades="trade")
        self.board = Switchboard(self.adapter, make_keepers(VENUE, SYMBOLS), hooks)
        self.flows = {symbol: MarketFlow() for symbol in SYMBOLS}
        self.features_ns = 0
        self.looks = 0
        self._asked: dict[str, None] = {}

    def on_look(self, symbol: str, look: Look) -> None:
        """A book after a message."""
        begun = self.clock()
        self.flows[symbol].look(look)
        self.features_ns += self.clock() - begun
        self.looks += 1

    def on_print(self, symbol: str, one: Print) -> None:
        """A trade."""
        self.flows[symbol].trade(one)

    def on_broke(self, symbol: str, at: int, why: str) -> None:
        """A book that is not right."""
        self.flows[symbol].broke(at)

    def row(self, symbol: str, at: int) -> list[float]:
        """The columns of the flow, as of now."""
        begun = self.clock()
        found = flow_values(self.flows[symbol].read(at))
        self.features_ns += self.clock() - begun
        return found

    def begin(self, at: int) -> None:
        """A new connection."""
        for link in self.adapter.links:
            self.board.closed(link, at, "another round")
        for link in self.adapter.links:
            self.after(self.board.opened(link, at), at)

    def after(self, asks: Sequence[Ask], at: int) -> None:
        """Answer what was asked: snapshots when the capture has them, the rest at once with nothing."""
        for ask in asks:
            if isinstance(ask, Fetch):
                if ask.tag.startswith("depth:"):
                    self._asked[ask.tag.partition(":")[2]] = None
                else:
                    self.board.fetched(ask.tag, 200, _NOTHING.get(ask.tag.partition(":")[0], b"{}"), at, at)

    def snapshot(self, symbol: str, raw: bytes, at: int) -> None:
        """The capture's snapshot comes, if it was asked for."""
        if symbol in self._asked:
            del self._asked[symbol]
            self.after(self.board.fetched(f"depth:{symbol}", 200, raw, at, at), at)


Timed = Callable[[str, int, int], None]
"""Told of each message of a book: symbol, levels, ns from its bytes to its row."""


def _round(desk: Desk, hour: Hour, number: int, timed: Timed | None) -> Iterator[int]:
    """One round of the capture; yields the instant at each second."""
    shift = number * hour.span_ns
    first = hour.messages[0].at + shift
    desk.begin(first)
    second = first // NS_PER_S
    board, clock = desk.board, desk.clock
    for message in hour.messages:
        at = message.at + shift
        raw = message.at_round(number, hour.span_ns, hour.span_number)
        if at // NS_PER_S > second:
            second = at // NS_PER_S
            desk.after(board.tick(at), at)
            yield at
        if message.kind == "snapshot":
            desk.snapshot(message.symbol, raw, at)
        elif message.kind == "depth" and timed is not None:
            begun = clock()
            asks = board.hear(LINK, raw, at)
            desk.row(message.symbol, at)
            timed(message.symbol, message.levels, clock() - begun)
            desk.after(asks, at)
        else:
            desk.after(board.hear(LINK, raw, at), at)


class Times(NamedTuple):
    """Of all messages of a round: us from bytes to row, us of them in features, and levels told."""

    whole: "NDArray[np.float64]"
    features: "NDArray[np.float64]"
    levels: list[int]


def _timed(desk: Desk, hour: Hour, number: int) -> Times:
    """One round, message by message."""
    whole: list[int] = []
    inside: list[int] = [desk.features_ns]
    told: list[int] = []

    def timed(symbol: str, levels_told: int, ns: int) -> None:
        whole.append(ns)
        inside.append(desk.features_ns)
        told.append(levels_told)

    for _ in _round(desk, hour, number, timed):
        pass
    return Times(np.array(whole) / 1e3, np.diff(np.array(inside)) / 1e3, told)


def _spread(clock: "NDArray[np.float64]", core: "NDArray[np.float64]") -> str:
    p50, p99 = np.percentile(clock, (50, 99))
    core_50, core_99 = np.percentile(core, (50, 99))
    return f"{p99:.0f} µs (p50 {p50:.0f}); on the core {core_99:.0f} (p50 {core_50:.0f})"


def _latency(hour: Hour, engine: str) -> Iterator[Row]:
    """Three rounds: one to be warm, one by the clock, which counts, and one by the time on the core."""
    desk = Desk()
    settle_memory()
    try:
        _timed(desk, hour, 0)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        clock = _timed(desk, hour, 1)
        lost = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw - before
        desk.clock = time.thread_time_ns
        core = _timed(desk, hour, 2)
    finally:
        gc.unfreeze()
        gc.set_threshold(*_THRESHOLD)
    mean, median = float(np.mean(clock.levels)), float(np.median(clock.levels))
    p99 = float(np.percentile(clock.whole, 99))
    yield Row(
        "message of a book in → row ready, p99",
        _spread(clock.whole, core.whole),
        f"≤ {ROW_US:.0f} µs",
        p99 <= ROW_US,
        f"{len(clock.whole)} messages of {median:.0f} levels in the median, {mean:.0f} on average; {engine};"
        f" the core was lost {lost} times in the round",
    )
    p99 = float(np.percentile(clock.features, 99))
    yield Row(
        "of which features, p99",
        _spread(clock.features, core.features),
        f"≤ {FEATURES_US:.0f} µs",
        p99 <= FEATURES_US,
    )
    rate = sum(clock.levels) / (clock.whole.sum() / 1e6)
    core_rate = sum(core.levels) / (core.whole.sum() / 1e6)
    yield Row(
        "level changes through parse, book and features",
        f"{rate:,.0f}/s; on the core {core_rate:,.0f}",
        f"≥ {CHANGES_PER_S:,}/s",
        bool(rate >= CHANGES_PER_S),
        "a row read after every message",
    )
    right = sum(watched.is_right for watched in desk.board.watched.values())
    counts = [watched.keeper.counts for watched in desk.board.watched.values()]
    missing = sum(one.missing + one.crossed for one in counts)
    yield Row(
        "books right at the end; numbers missing or sides crossed on the way",
        f"{right} of {len(counts)}; {missing}",
        f"{len(counts)}; 0",
        right == len(counts) and not missing,
        f"{desk.looks} looks; {sum(one.nonsense for one in counts)} times beyond the levels of a snapshot",
    )


def _memory(hour: Hour, rounds: int) -> Iterator[Row]:
    """Round and round at full speed; memory is looked at every simulated minute."""
    desk = Desk()
    minutes: list[float] = []
    sizes: list[float] = []
    begun, seconds = time.perf_counter(), count(1)
    for number in range(rounds):
        for at in _round(desk, hour, number, None):
            desk.row(SYMBOLS[0], at)
            if next(seconds) % 60 == 0 and (resident := _resident_mb()) > 0.0:
                minutes.append((at - hour.messages[0].at) / 60e9)
                sizes.append(resident)
    took = time.perf_counter() - begun
    if not sizes:
        yield Row("memory over an hour of replay", "not measured", note="this machine does not tell")
        return
    settled = [place for place, minute in enumerate(minutes) if minute >= hour.minutes]
    x, y = np.array(minutes)[settled] / 60.0, np.array(sizes)[settled]
    slope = float(np.polyfit(x, y, 1)[0])
    told = rounds * len(hour.messages)
    yield Row(
        f"memory: slope over {rounds * hour.minutes:.0f} minutes of replay, after the first round",
        f"{slope:+.2f} MB/h",
        f"≤ {SLOPE_MB_H:.0f} MB/h",
        slope <= SLOPE_MB_H if rounds > _ROUNDS_QUICK else None,
        f"{y[0]:.1f} MB to {y[-1]:.1f} MB, highest {y.max():.1f}; {told:,} messages in {took:.0f} s",
    )


def _resident_mb() -> float:
    try:
        with open("/proc/self/statm", encoding="ascii") as lines:
            return int(lines.read().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0
