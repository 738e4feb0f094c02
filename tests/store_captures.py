"""Small captures in our layout for tests of the feature store: books by changes with a snapshot, trades, two coins.

A message takes 5 to 60 ms from the venue to us, so the venue's stamps order nothing.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rfq.feeds.tables import layout
from rfq.feeds.tables.layout import BOOK, TRADES
from rfq.store.definitions import EXCHANGE_AT
from rfq.store.parity import MarketRows
from rfq.store.parts import KNOWN_AT

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
COINS = (("BTCUSDT", 60_000.0, 0.1), ("ETHUSDT", 3_000.0, 0.01))


def joined_on_exchange_time(rows: MarketRows) -> MarketRows:
    """The mutant: a row counts from the venue's stamp on, which is before it was known here."""
    found = []
    for market, columns in rows:
        _, first = np.unique(columns[EXCHANGE_AT], return_index=True)
        kept = {name: column[first] for name, column in columns.items()}
        found.append((market, kept | {KNOWN_AT: kept[EXCHANGE_AT]}))
    return found


def write_capture(
    prefix: Path,
    *,
    seconds: int = 20,
    seed: int = 1,
    venue: str = "binance_usdm",
    quiet_s: tuple[int, int] = (0, 0),
    snapshots: bool = False,
    blocks: bool = False,
    start_ns: int = START_NS,
) -> Path:
    """Messages each 50 ms a coin, trades now and then; nothing is said between the seconds of `quiet_s`. With
    `snapshots` every message is a whole book; with `blocks` each fifth trade was agreed off it."""
    dice = np.random.default_rng(seed)
    books: dict[str, list[Any]] = {name: [] for name in layout.COLUMNS[BOOK] if name != "u_prev"}
    trades: dict[str, list[Any]] = {name: [] for name in layout.COLUMNS[TRADES] if name != "block"}
    for symbol, price, tick in COINS:
        middle = round(price / tick)
        sizes: dict[int, int] = {}
        number = 1_000
        for step in range(seconds * 20):
            at = start_ns + step * 50 * MS + int(dice.integers(0, 40 * MS))
            if quiet_s[0] * 20 <= step < quiet_s[1] * 20:
                continue
            exchange_ms = (at - int(dice.integers(5, 60)) * MS) // MS
            middle += int(dice.integers(-2, 3))
            is_snapshot = step == 0 or snapshots
            changed = {}
            for side in (1, -1):
                for away in range(1, 31) if is_snapshot else dice.integers(1, 31, 6).tolist():
                    changed[side * away] = int(dice.integers(0 if not is_snapshot else 1, 500))
            wanted = {middle - away: size for away, size in changed.items()}
            for level, size in sorted(sizes.items()):
                crosses = level >= middle if size > 0 else level <= middle
                if crosses and level not in wanted:
                    wanted[level] = 0
            for level, size in sorted(wanted.items()):
                side = 1 if level < middle or (level == middle and sizes.get(level, 0) > 0) else -1
                if level in sizes and size == 0 and not is_snapshot:
                    side = 1 if sizes.pop(level) > 0 else -1
                elif size:
                    if level in sizes and (sizes[level] > 0) != (side > 0):
                        _row(books, at, exchange_ms, venue, symbol, number, is_snapshot)
                        _level(books, -side, level * tick, 0.0)
                    sizes[level] = side * size
                else:
                    continue
                _row(books, at, exchange_ms, venue, symbol, number, is_snapshot)
                _level(books, side, level * tick, size / 1_000)
            number += 1 + int(dice.integers(0, 3))
            if dice.random() < 0.4:
                side = 1 if dice.random() < 0.5 else -1
                values = (at + 7 * MS, exchange_ms, venue, symbol, step, (middle + side) * tick)
                for name, value in zip(
                    trades, (*values, int(dice.integers(1, 90)) / 1_000, side, "MARKET"), strict=True
                ):
                    trades[name].append(value)
    layout.write(prefix, BOOK, _arrays(books))
    if blocks:
        trades["block"] = ["" if place % 5 else f"RFQ-{place}" for place in range(len(trades["price"]))]
    layout.write(prefix, TRADES, _arrays(trades))
    return prefix


def _row(
    books: dict[str, list[Any]], at: int, exchange_ms: int, venue: str, symbol: str, number: int, whole: bool
) -> None:
    shared = {"ts_recv_ns": at, "ts_exch_ms": exchange_ms, "venue": venue, "symbol": symbol}
    for name, value in (shared | {"u_first": number, "u_last": number, "is_snapshot": whole}).items():
        books[name].append(value)


def _level(books: dict[str, list[Any]], side: int, price: float, size: float) -> None:
    for name, value in (("side", side), ("price", round(price, 6)), ("qty", size)):
        books[name].append(value)


def _arrays(columns: dict[str, list[Any]]) -> dict[str, Any]:
    texts = {"venue", "symbol", "kind"}
    return {name: np.array(column, object if name in texts else None) for name, column in columns.items()}
