"""From a venue's bytes to a look at its book: reading levels, keeping the book, and what a message costs in all.

The messages are those of the shared capture of Binance's futures (BTCUSDT and ETHUSDT, 2024-08-08), put together again
as they were on the wire. `bench_feeds` times the same with features behind it and the whole adapter before it.
"""

import time
from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.binance_hour import SYMBOLS, Hour, Wired, load
from benchmarks.rows import Row
from rfq.feeds import levels
from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper
from rfq.feeds.compiled import engine
from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid
from rfq.feeds.venues.binance_words import Reader

MESSAGE_US, CHANGES_PER_S = 100.0, 200_000
SCALE: Final = Scale(2, 3)
_now = time.perf_counter_ns


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` takes a fifth of the messages."""
    hour = load()
    if isinstance(hour, str):
        return [Row("books", "not measured", note=hour)]
    told = [one for one in hour.messages if one.kind in {"depth", "snapshot"}]
    told = told[: len(told) // 5] if quick else told
    levels_read = _reading(told, hour)
    plain = [*levels_read, *_messages(told, hour, rounds=1, target=False)] if not engine.is_compiled() else []
    how = levels.warm()
    if not engine.is_compiled():
        return [*plain, Row("books, compiled", "not measured", note=how)]
    return [*_reading(told, hour), *_messages(told, hour, rounds=2, target=True), *plain]


def _reading(told: list[Wired], hour: Hour) -> Iterator[Row]:
    """The levels of one side of the longest messages."""
    texts = sorted((_side(one, hour) for one in told if one.kind == "depth"), key=len)[-200:]
    count = sum(
        len(found) for text in texts if not isinstance(found := levels.read(text, SCALE), levels.Unread)
    )
    best = float("inf")
    for _ in range(3):
        begun = _now()
        for text in texts:
            levels.read(text, SCALE)
        best = min(best, _now() - begun)
    yield Row(f"reading levels, {_engine()}", f"{best / count:.0f} ns a level")


def _side(one: Wired, hour: Hour) -> bytes:
    text = one.at_round(0, hour.span_ns, hour.span_number)
    return text[text.index(b'"b":') + 4 : text.index(b',"a":')]


def _messages(told: list[Wired], hour: Hour, rounds: int, target: bool) -> Iterator[Row]:
    """Bytes to look, message by message; the last round counts. Snapshots are given when a keeper wants one."""
    texts = [one.at_round(0, hour.span_ns, hour.span_number) for one in told]
    for _ in range(rounds):
        took: dict[str, list[int]] = {symbol: [] for symbol in SYMBOLS}
        looks, changes = 0, 0
        reader = Reader("binance_usdm", True)
        keepers = {symbol: BookKeeper(rules.BINANCE_USDM, symbol, SCALE) for symbol in SYMBOLS}
        for one, text in zip(told, texts, strict=True):
            keeper = keepers[one.symbol]
            if one.kind == "snapshot":
                if not keeper.is_live or keeper.wants_resync:
                    said = reader.snapshot(text, one.symbol, SCALE, one.at)
                    assert isinstance(said, BookSaid)
                    keeper.take(said)
                continue
            begun = _now()
            said = reader.depth(text, one.symbol, SCALE, one.at)
            assert isinstance(said, BookSaid)
            look = keeper.take(said)
            took[one.symbol].append(_now() - begun)
            looks += look is not None
            changes += one.levels
    us = np.array([ns for times in took.values() for ns in times]) / 1e3
    p50, p99 = np.percentile(us, (50, 99))
    gaps = sum(keeper.counts.gaps for keeper in keepers.values())
    yield Row(
        f"message of a book in → look, {_engine()}, p99",
        f"{p99:.0f} µs (p50 {p50:.0f}, mean {us.mean():.0f})",
        f"≤ {MESSAGE_US:.0f} µs" if target else "",
        bool(p99 <= MESSAGE_US) if target else None,
        f"{len(us)} messages, {looks} looks, {gaps} gaps",
    )
    rate = changes / us.sum() * 1e6
    yield Row(
        f"level changes through parse and book, {_engine()}",
        f"{rate:,.0f}/s",
        f"≥ {CHANGES_PER_S:,}/s" if target else "",
        bool(rate >= CHANGES_PER_S) if target else None,
    )


def _engine() -> str:
    return "compiled" if engine.is_compiled() else "plain Python"
