"""Tables in our layout to test with: made row by row, written, opened."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rfq.feeds.tables import captures, layout
from rfq.feeds.tables.layout import Kind

AT = 1_723_161_600_000_000_000
MS = AT // 1_000_000
VENUE, SYMBOL = "here", "BTCUSDT"


def level(at: int, side: int, price: float, qty: float, number: int = -1, **more: Any) -> dict[str, Any]:
    """A row of a book, `at` ns after AT."""
    row = {"ts_recv_ns": AT + at, "ts_exch_ms": MS, "venue": VENUE, "symbol": SYMBOL}
    row |= {"side": side, "price": price, "qty": qty}
    row |= {"u_first": number, "u_last": number, "is_snapshot": False}
    return row | more


def touch(at: int, bid: float, ask: float, **more: Any) -> dict[str, Any]:
    """A best quote of size 1 on both sides."""
    row = {"ts_recv_ns": AT + at, "ts_exch_ms": MS, "venue": VENUE, "symbol": SYMBOL}
    return row | {"bid_px": bid, "bid_qty": 1.0, "ask_px": ask, "ask_qty": 1.0, "u": -1} | more


def trade(at: int, name: Any, price: float, qty: float = 1.0, side: int = 1, **more: Any) -> dict[str, Any]:
    """A trade."""
    row = {"ts_recv_ns": AT + at, "ts_exch_ms": MS, "venue": VENUE, "symbol": SYMBOL, "trade_id": name}
    return row | {"price": price, "qty": qty, "side": side, "kind": "MARKET"} | more


def write(prefix: Path, kind: Kind, rows: Iterable[dict[str, Any]]) -> Path:
    """Rows as a table of this prefix, in the order given."""
    pytest.importorskip("duckdb", reason="Parquet needs duckdb")
    rows = list(rows)
    columns = {}
    for name, sql_type in layout.COLUMNS[kind].items():
        if all(name not in row for row in rows):
            continue
        cells = [row[name] for row in rows]
        is_text = sql_type == "VARCHAR" and any(isinstance(cell, str) for cell in cells)
        columns[name] = np.array(cells, object if is_text else None)
    return layout.write(prefix, kind, columns)


def said(path: Path, symbol: str = SYMBOL) -> list[Any]:
    """Everything that a capture says of one market."""
    return list(captures.open_capture(path).said(symbol))


def causes(found: Iterable[Any]) -> dict[str, int]:
    """What was told, and of how many rows."""
    return {one.what: one.rows for one in found}
