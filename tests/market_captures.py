"""Captures in our layout, made up for tests. Numbers are rounded: tables hold no more decimals than venues do."""

from pathlib import Path
from typing import Any

import numpy as np

from rfq.feeds.tables.layout import BOOK, TOUCH, TRADES, write

START_MS = 1_700_000_000_000
LAG_NS = 3_000_000


def _stamps(at_s: Any, *, exchange: bool = True) -> dict[str, Any]:
    ms = START_MS + np.round(np.asarray(at_s, float) * 1e3).astype(np.int64)
    return {"ts_recv_ns": ms * 1_000_000 + LAG_NS, "ts_exch_ms": ms if exchange else np.zeros_like(ms)}


def _named(count: int, venue: str, symbol: str) -> dict[str, Any]:
    return {"venue": np.array([venue] * count, object), "symbol": np.array([symbol] * count, object)}


def write_touch(
    prefix: Path,
    at_s: Any,
    bid: Any,
    ask: Any,
    bid_size: Any = 1.0,
    ask_size: Any = 1.0,
    *,
    venue: str = "made_up",
    symbol: str = "BTCUSDT",
    exchange: bool = True,
) -> None:
    """Best quotes at these seconds."""
    count = len(at_s)
    write(
        prefix,
        TOUCH,
        {
            **_stamps(at_s, exchange=exchange),
            **_named(count, venue, symbol),
            **{
                name: np.broadcast_to(np.round(np.asarray(one, float), 6), count).copy()
                for name, one in (
                    ("bid_px", bid),
                    ("bid_qty", bid_size),
                    ("ask_px", ask),
                    ("ask_qty", ask_size),
                )
            },
            "u": np.arange(1, count + 1),
        },
    )


def write_trades(
    prefix: Path,
    at_s: Any,
    price: Any,
    size: Any,
    side: Any,
    *,
    venue: str = "made_up",
    symbol: str = "BTCUSDT",
    exchange: bool = True,
    block: list[str] | None = None,
) -> None:
    """Trades at these seconds; `block` names what was agreed off the book."""
    count = len(at_s)
    write(
        prefix,
        TRADES,
        {
            **_stamps(at_s, exchange=exchange),
            **_named(count, venue, symbol),
            "trade_id": np.array([str(one) for one in range(count)], object),
            "price": np.broadcast_to(np.round(np.asarray(price, float), 6), count).copy(),
            "qty": np.broadcast_to(np.round(np.asarray(size, float), 9), count).copy(),
            "side": np.asarray(side, np.int8),
            "kind": np.array([""] * count, object),
            **({} if block is None else {"block": np.array(block, object)}),
        },
    )


Message = tuple[float, list[tuple[float, float]], list[tuple[float, float]], bool, int, int]
"""Seconds, bids, offers, whether it is a snapshot, its first and its last number."""


def write_book(
    prefix: Path,
    messages: list[Message],
    *,
    venue: str = "made_up",
    symbol: str = "BTCUSDT",
    exchange: bool = True,
) -> None:
    """Messages of a book."""
    rows = [
        (at_s, side, price, size, first, last, snapshot)
        for at_s, bids, asks, snapshot, first, last in messages
        for side, levels in ((1, bids), (-1, asks))
        for price, size in levels
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    write(
        prefix,
        BOOK,
        {
            **_stamps(columns[0], exchange=exchange),
            **_named(len(rows), venue, symbol),
            "side": np.array(columns[1], np.int8),
            "price": np.array(columns[2], float),
            "qty": np.array(columns[3], float),
            "u_first": np.array(columns[4], np.int64),
            "u_last": np.array(columns[5], np.int64),
            "is_snapshot": np.array(columns[6], bool),
        },
    )


def deep_levels(mid: float, tick: float, count: int, size: float) -> tuple[list[Any], list[Any]]:
    """So many levels of one size on either side of the mid, half a tick away at first."""
    bids = [(round(mid - (k + 0.5) * tick, 8), size) for k in range(count)]
    asks = [(round(mid + (k + 0.5) * tick, 8), size) for k in range(count)]
    return bids, asks
