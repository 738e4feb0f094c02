"""The shared capture of Binance's futures as the messages that were on the wire, once and again with later clocks.

The capture has rows; the venue's JSON is put together from them, with `pu` from the message before. Each round is a new
connection that begins with the capture's own snapshot, its instants and numbers moved on by one span. Whoever asks for
a snapshot later (the touch of BTCUSDT leaves the 1,000 levels of the first one after 216 s) gets one of the same size,
from all that was told until then; there is one each ten seconds.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from rfq.feeds.tables import layout

PREFIX: Final = Path(__file__).resolve().parents[1].parent / "shared/data/binance_usdm_20240808"
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT")
_MS: Final = 1_000_000
_SNAPSHOT_EVERY_NS: Final = 10_000_000_000
_BEST: Final = 1_000
Side = dict[float, str]


class Wired(NamedTuple):
    """One message: when it was read, of which symbol and kind, how many levels it tells, its text with room for ms and
    numbers, and those."""

    at: int
    kind: str
    symbol: str
    levels: int
    text: bytes
    ms: int
    numbers: tuple[int, ...]

    def at_round(self, number: int, span_ns: int, span_number: int) -> bytes:
        """Its text in a later round."""
        ms = self.ms + number * span_ns // _MS
        moved = tuple(one + number * span_number for one in self.numbers)
        return self.text % (ms, ms, *moved) if self.kind != "snapshot" else self.text % (moved[0], ms, ms)


class Hour(NamedTuple):
    """All messages of the capture in order, the span of its instants, and a step beyond all of its numbers."""

    messages: list[Wired]
    span_ns: int
    span_number: int

    @property
    def minutes(self) -> float:
        """How long one round is."""
        return self.span_ns / 60e9


def load() -> Hour | str:
    """The messages, or why there are none."""
    if not layout.file_of(PREFIX, layout.BOOK).exists():
        return f"{PREFIX.name} is not beside the repository"
    try:
        with layout.connect() as tables:
            messages = [
                one
                for symbol in SYMBOLS
                for one in (*_books(tables, symbol), *_trades(tables, symbol), *_touches(tables, symbol))
            ]
    except layout.TablesError as error:
        return str(error)
    messages.sort(key=lambda one: one.at)
    first, last = messages[0].at, messages[-1].at
    span_ns = (last - first) // _MS * _MS + 100 * _MS
    span_number = 2 * max(max(one.numbers) - min(one.numbers) for one in messages) + 10**9
    return Hour(messages, span_ns, span_number)


def _rows(tables: Any, kind: layout.Kind, symbol: str, columns: str) -> dict[str, Any]:
    source = layout.file_of(PREFIX, kind)
    found = tables.execute(
        f"select {columns} from read_parquet('{source}', file_row_number = true)"
        " where symbol = ? order by file_row_number",
        [symbol],
    ).fetchnumpy()
    return {name: np.ma.getdata(column) for name, column in found.items()}


def _books(tables: Any, symbol: str) -> Iterator[Wired]:
    columns = "ts_recv_ns, ts_exch_ms, side, price, qty, u_first, u_last, is_snapshot"
    rows = _rows(tables, layout.BOOK, symbol, columns)
    keys = np.stack([rows["ts_recv_ns"], rows["u_last"], rows["is_snapshot"].astype(np.int64)])
    starts = np.flatnonzero(np.any(np.diff(keys, axis=1, prepend=-1), axis=0)).tolist()
    texts = [f'["{price:.2f}","{size:.3f}"]' for price, size in zip(rows["price"], rows["qty"], strict=True)]
    bids = rows["side"] > 0
    prior, due_at = -1, 0
    book: tuple[Side, Side] = ({}, {})
    for start, end in zip(starts, [*starts[1:], len(texts)], strict=True):
        places = [[place for place in range(start, end) if bids[place] == is_bid] for is_bid in (True, False)]
        first, last = int(rows["u_first"][start]), int(rows["u_last"][start])
        at, ms = int(rows["ts_recv_ns"][start]), int(rows["ts_exch_ms"][start])
        is_snapshot = bool(rows["is_snapshot"][start])
        for side, told in zip(book, places, strict=True):
            if is_snapshot:
                side.clear()
            for place in told:
                side[float(rows["price"][place])] = texts[place]
                if not rows["qty"][place]:
                    del side[float(rows["price"][place])]
        if is_snapshot or (due_at and at >= due_at):
            due_at = at + _SNAPSHOT_EVERY_NS
            yield _snapshot(at, symbol, book, ms, last)
        if is_snapshot:
            continue
        sides = [",".join(texts[place] for place in told) for told in places]
        text = (
            f'{{"stream":"{symbol.lower()}@depth@100ms","data":{{"e":"depthUpdate","E":%d,"T":%d,"s":"{symbol}",'
            f'"U":%d,"u":%d,"pu":%d,"b":[{sides[0]}],"a":[{sides[1]}]}}}}'
        )
        numbers = (first, last, prior if prior >= 0 else first - 1)
        yield Wired(at, "depth", symbol, end - start, text.encode(), ms, numbers)
        prior = last


def _snapshot(at: int, symbol: str, book: tuple[Side, Side], ms: int, last: int) -> Wired:
    best = (sorted(book[0].items(), reverse=True)[:_BEST], sorted(book[1].items())[:_BEST])
    bids, asks = (",".join(text for _, text in side) for side in best)
    text = f'{{"lastUpdateId":%d,"E":%d,"T":%d,"bids":[{bids}],"asks":[{asks}]}}'
    return Wired(at, "snapshot", symbol, len(best[0]) + len(best[1]), text.encode(), ms, (last,))


def _trades(tables: Any, symbol: str) -> Iterator[Wired]:
    rows = _rows(tables, layout.TRADES, symbol, "ts_recv_ns, ts_exch_ms, trade_id, price, qty, side")
    names = ("ts_recv_ns", "ts_exch_ms", "trade_id", "price", "qty", "side")
    for at, ms, number, price, size, side in zip(*(rows[name].tolist() for name in names), strict=True):
        maker = json.dumps(side < 0)
        text = (
            f'{{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":%d,"T":%d,"s":"{symbol}","t":%d,'
            f'"p":"{price:.2f}","q":"{size:.3f}","X":"MARKET","m":{maker}}}}}'
        )
        yield Wired(at, "trade", symbol, 0, text.encode(), ms, (number,))


def _touches(tables: Any, symbol: str) -> Iterator[Wired]:
    names = ("ts_recv_ns", "ts_exch_ms", "bid_px", "bid_qty", "ask_px", "ask_qty", "u")
    rows = _rows(tables, layout.TOUCH, symbol, ", ".join(names))
    for at, ms, bid, bids, ask, asks, number in zip(*(rows[name].tolist() for name in names), strict=True):
        text = (
            f'{{"stream":"{symbol.lower()}@bookTicker","data":{{"e":"bookTicker","E":%d,"T":%d,"u":%d,"s":"{symbol}",'
            f'"b":"{bid:.2f}","B":"{bids:.3f}","a":"{ask:.2f}","A":"{asks:.3f}"}}}}'
        )
        yield Wired(at, "touch", symbol, 0, text.encode(), ms, (number,))
