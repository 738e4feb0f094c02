"""Rows of tables in our layout, cleaned: what cannot be right is dropped and told, what is odd is told."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.units import NS_PER_MS
from rfq.feeds.said import Market
from rfq.feeds.tables import exact
from rfq.feeds.tables.alignment import clock_put_back, measure
from rfq.feeds.tables.layout import BOOK, TOUCH, TRADES, Kind
from rfq.feeds.tables.reports import Ledger, Rows, Table

Array = NDArray[Any]
Columns = dict[str, Array]
_ABSENT: Final[dict[Kind, dict[str, tuple[Any, str]]]] = {
    BOOK: {
        "ts_exch_ms": (0, "i8"),
        "u_first": (-1, "i8"),
        "u_last": (-1, "i8"),
        "u_prev": (-1, "i8"),
        "is_snapshot": (False, "?"),
    },
    TOUCH: {"ts_exch_ms": (0, "i8"), "u": (-1, "i8")},
    TRADES: {"ts_exch_ms": (0, "i8"), "trade_id": ("", "O"), "kind": ("", "O"), "block": ("", "O")},
}
_OF_MESSAGE: Final = ("ts_recv_ns", "ts_exch_ms", "u_first", "u_last", "u_prev", "is_snapshot")
_PRICES: Final[dict[Kind, tuple[str, ...]]] = {
    BOOK: ("price",),
    TOUCH: ("bid_px", "ask_px"),
    TRADES: ("price",),
}
_SIZES: Final[dict[Kind, tuple[str, ...]]] = {
    BOOK: ("qty",),
    TOUCH: ("bid_qty", "ask_qty"),
    TRADES: ("qty",),
}


class Cleaned(NamedTuple):
    """One market's rows of one kind, in the order of receipt, and what its numbers need.

    Of a book also what its messages share (a column each, a row a message; `message` of a level's row points there)
    and which of them lost a level.
    """

    columns: Columns
    table: Table
    price_digits: int
    size_digits: int
    largest_price: float
    largest_size: float
    messages: Columns
    broken: frozenset[int] = frozenset()


def clean(
    kind: Kind, market: Market, columns: Columns, files: Sequence[str] = (), *, rough: bool = False
) -> Cleaned:
    """The rows as they stand in their files (with `file_row`), in our types: checked, put in order, told.

    `rough` keeps numbers of more decimals than can be counted exactly, for those who need them as floats only.
    """
    read = len(columns["file_row"])
    noticed, dropped = Ledger(), Ledger()
    columns = _completed(kind, columns, noticed, files)
    message, said_at = np.zeros(0, np.int64), np.arange(read)
    if kind == BOOK:
        message = _messages(columns)
        said_at = np.flatnonzero(np.diff(message, prepend=-1))
    clocks = measure(columns["ts_recv_ns"][said_at], columns["ts_exch_ms"][said_at])
    messages: Columns = {}
    if clocks.received_back or (columns["ts_recv_ns"] <= 0).any():
        columns = _in_order(columns, noticed, files)
        message = _messages(columns) if kind == BOOK else message  # whose rows may have stood apart
    if kind == BOOK:
        starts = np.diff(message, prepend=-1) != 0
        columns["message"] = np.cumsum(starts) - 1
        messages = {name: columns[name][starts] for name in _OF_MESSAGE}
    sieve = _Sieve(columns, dropped, noticed, files, rough=rough)
    if kind == BOOK:
        sieve.pad()
    price_digits = sieve.numbers(_PRICES[kind], "price", zero=kind == TOUCH)
    size_digits = sieve.numbers(_SIZES[kind], "size", zero=kind != TRADES)
    _CHECKS[kind](sieve)
    kept = sieve.kept
    broken = frozenset(np.unique(columns["message"][~kept]).tolist()) if kind == BOOK else frozenset[int]()
    if broken:
        noticed.note("book messages that lost a level", len(broken), f"message {min(broken)}")
    of_level = kept & (columns["side"] != 0) if kind == BOOK else kept
    rest = slice(None) if of_level.all() else of_level
    columns = {name: column[rest] for name, column in sieve.columns.items() if name != "file_row"}
    received = (messages if kind == BOOK else columns)["ts_recv_ns"]
    table = Table(
        kind=kind,
        venue=market.venue,
        symbol=market.symbol,
        read=read,
        kept=int(kept.sum()),
        messages=len(received),
        from_at=int(received[0]) if len(received) else 0,
        to_at=int(received[-1]) if len(received) else 0,
        dropped=dropped.causes,
        noticed=noticed.causes,
        clocks=clocks,
    )
    return Cleaned(
        columns,
        table,
        price_digits,
        size_digits,
        _largest(columns, _PRICES[kind]),
        _largest(columns, _SIZES[kind]),
        messages,
        broken,
    )


def _largest(columns: Columns, names: tuple[str, ...]) -> float:
    return max(float(columns[name].max(initial=0.0)) for name in names)


def writable(cleaned: Cleaned, market: Market) -> Columns:
    """The rows as they are written in our layout again. A message that told no level stands as a row of side 0; one
    that lost a level has a row of no side beside what is left of it, so that whoever reads it knows it for broken."""
    rows = len(cleaned.columns["ts_recv_ns"])
    columns = {name: column for name, column in cleaned.columns.items() if name != "message"}
    if cleaned.messages:
        count = len(cleaned.messages["ts_recv_ns"])
        told = np.zeros(count, np.bool_)
        told[cleaned.columns["message"]] = True
        broken = np.array(sorted(cleaned.broken), np.int64)
        told[broken] = True
        empty = np.flatnonzero(~told)
        of = np.concatenate((cleaned.columns["message"], empty, broken))
        order = np.argsort(of, kind="stable")
        columns = {name: cleaned.messages[name][of[order]] for name in _OF_MESSAGE}
        for name, nothing in (("side", _NO_SIDE), ("price", np.nan), ("qty", np.nan)):
            column = cleaned.columns[name]
            more = (np.zeros(len(empty), column.dtype), np.full(len(broken), nothing, column.dtype))
            columns[name] = np.concatenate((column, *more))[order]
        rows = len(of)
    columns["venue"] = np.full(rows, market.venue, object)
    columns["symbol"] = np.full(rows, market.symbol, object)
    return columns


def _completed(kind: Kind, columns: Columns, noticed: Ledger, files: Sequence[str]) -> Columns:
    """With the columns that a file may lack, and a receive stamp in every row that has a stamp at all."""
    read = len(columns["file_row"])
    columns = dict(columns)
    for name, (absent, dtype) in _ABSENT[kind].items():
        if name not in columns:
            columns[name] = np.broadcast_to(np.array(absent, dtype), (read,))
    no_instant = (columns["ts_exch_ms"] < 0) | (columns["ts_exch_ms"] > _MS_MAX)
    if no_instant.any():
        rows = Rows({"ts_exch_ms": columns["ts_exch_ms"]}, columns["file_row"], files)
        noticed.flagged("exchange stamp that is no instant in ms: taken for none", no_instant, rows)
        columns["ts_exch_ms"] = np.where(no_instant, 0, columns["ts_exch_ms"])
    exchange_ns = columns["ts_exch_ms"] * NS_PER_MS
    received = columns.get("ts_recv_ns", np.zeros(read, np.int64))
    stands_in = (received <= 0) & (exchange_ns > 0)
    if stands_in.any():
        received = np.where(stands_in, exchange_ns, received)
        rows = Rows({"ts_exch_ms": columns["ts_exch_ms"]}, columns["file_row"], files)
        noticed.flagged("no receive stamp: the exchange's stands in", stands_in, rows)
    columns["ts_recv_ns"] = received
    return columns


def _in_order(columns: Columns, noticed: Ledger, files: Sequence[str]) -> Columns:
    """Rows in the order of receipt. Where the receiver's clock was put back, what stands below in the file came later
    all the same, and the latest stamp before counts."""
    received, exchange = columns["ts_recv_ns"], columns["ts_exch_ms"]
    put_back = clock_put_back(received, exchange)
    order = np.lexsort((received, np.cumsum(put_back)))
    if put_back.any():
        rows = Rows({"ts_recv_ns": received, "ts_exch_ms": exchange}, columns["file_row"], files)
        words = "the receiver's clock was put back: below, the order of the file stands"
        noticed.flagged(words, put_back, rows)
    columns = {name: column[order] for name, column in columns.items()}
    if put_back.any():
        latest = np.maximum.accumulate(columns["ts_recv_ns"])
        columns["ts_recv_ns"] = np.where(columns["ts_recv_ns"] > 0, latest, columns["ts_recv_ns"])
    return columns


def lost(cleaned: Cleaned) -> NDArray[np.bool_]:
    """Of each row of a book, whether its message, or one since the row before, lost a level."""
    broken = np.zeros(len(cleaned.messages["ts_recv_ns"]) + 1, np.int64)
    broken[[one + 1 for one in cleaned.broken]] = 1
    so_far = np.cumsum(broken)
    message = cleaned.columns["message"]
    before = np.concatenate([[-1], message[:-1]])
    first = before != message
    return np.asarray(so_far[message + 1] > so_far[np.where(first, before + 1, message)])


def _messages(columns: Columns) -> NDArray[np.int64]:
    """Which message each row of a book's file belongs to: rows that stand together and share stamps and numbers."""
    new = np.zeros(len(columns["ts_recv_ns"]), np.bool_)
    new[:1] = True
    for name in _OF_MESSAGE:
        column = columns[name]
        new[1:] |= column[1:] != column[:-1]
    return np.cumsum(new) - 1


class _Sieve:
    """Rows in the order of receipt, and which of them are still kept. Columns may be replaced, never shortened."""

    def __init__(
        self, columns: Columns, dropped: Ledger, noticed: Ledger, files: Sequence[str], *, rough: bool
    ) -> None:
        self.columns = columns
        self.kept = np.ones(len(columns["ts_recv_ns"]), np.bool_)
        self._dropped = dropped
        self._noticed = noticed
        self._rough = rough
        shown = {name: column for name, column in columns.items() if name not in ("file_row", "message")}
        self._rows = Rows(shown, columns["file_row"], files)
        self.drop(columns["ts_recv_ns"] <= 0, "no stamp")

    def drop(self, flags: NDArray[np.bool_], what: str) -> None:
        """These rows go; each for its first cause."""
        flags = flags & self.kept
        self._dropped.flagged(what, flags, self._rows)
        self.kept &= ~flags

    def notice(self, flags: NDArray[np.bool_], what: str) -> None:
        """These rows, where they are kept, are odd."""
        self._noticed.flagged(what, flags & self.kept, self._rows)

    def pad(self) -> None:
        """Rows of a book without price and size fill a side that has no more levels: they tell none."""
        price, size = self.columns["price"], self.columns["qty"]
        nothing = ((price == 0.0) | np.isnan(price)) & ((size == 0.0) | np.isnan(size))
        nothing &= np.isin(self.columns["side"], (-1, 1))
        if nothing.any():
            self.notice(nothing, "no level: neither price nor size")
            self.columns["side"] = np.where(nothing, 0, self.columns["side"]).astype(np.int8)
        empty = self.columns["side"] == 0
        if empty.any():
            for name in ("price", "qty"):
                self.columns[name] = np.where(empty, 0.0, self.columns[name])

    def numbers(self, names: tuple[str, ...], what: str, *, zero: bool) -> int:
        """Check columns of numbers; the decimals that they need. Not a number is 0 where nothing may stand there."""
        most = 0
        for name in names:
            values = self.columns[name]
            if name in _MAY_LACK:
                values = np.where(np.isnan(values), 0.0, values)
            with np.errstate(invalid="ignore"):
                sound = np.isfinite(values) & ((values >= 0.0) if zero else (values > 0.0))
            if "message" in self.columns:
                sound |= self.columns["side"] == 0
            self.drop(~sound, f"{what}: not a number {'from zero on' if zero else 'above zero'}")
            self.drop(sound & (values > _BOUNDS[1]), f"{what}: beyond {_BOUNDS[1]:g}")
            values = np.where(sound & self.kept, values, 0.0)
            found = exact.decimals(values)
            self.notice(
                found.noisy, f"{what}: arithmetic's noise beyond {exact.USUAL_DIGITS} decimals taken off"
            )
            endless, words = found.digits < 0, f"{what}: more decimals than {exact.DIGITS_MAX}"
            if self._rough:
                rough = endless & (values > _BOUNDS[0])
                self.notice(rough, f"{words}, kept as it is")
                endless &= ~rough
            self.drop(endless, words)
            self.columns[name] = np.where(endless, 0.0, found.values)
            most = max(most, found.most)
        return most


def _check_book(sieve: _Sieve) -> None:
    """Sides; numbers that go back."""
    columns = sieve.columns
    sieve.drop(~np.isin(columns["side"], (-1, 0, 1)), "side: neither +1 nor -1")
    last, snapshot = columns["u_last"], columns["is_snapshot"]
    back = np.zeros(len(last), np.bool_)
    back[1:] = (last[1:] < last[:-1]) & (last[1:] >= 0) & ~snapshot[1:]
    sieve.notice(back, "numbers that go back")
    if (
        columns["ts_recv_ns"] == columns["ts_exch_ms"] * NS_PER_MS
    ).all():  # stamps that several messages may share
        of = [snapshot, *(columns[name] for name in ("message", "side", "price"))]
        order = np.lexsort(of[::-1])
        same = np.logical_and.reduce([one[order][1:] == one[order][:-1] for one in of])
        twice = np.zeros(len(last), np.bool_)
        twice[order[1:]] = same & snapshot[order[1:]]
        sieve.notice(twice, "levels told twice in one snapshot: it may be several with the same stamps")


def _check_touch(sieve: _Sieve) -> None:
    """Sides that are not there; crossed and locked quotes; numbers that go back."""
    columns = sieve.columns
    bid, ask = columns["bid_px"], columns["ask_px"]
    sieve.drop((bid == 0.0) & (ask == 0.0), "neither bid nor offer")
    one_sided = (bid == 0.0) | (ask == 0.0)
    sieve.notice(one_sided, "one-sided")
    sieve.notice(~one_sided & (bid > ask), "crossed")
    sieve.notice(~one_sided & (bid == ask), "locked")
    number = columns["u"]
    back = np.zeros(len(number), np.bool_)
    back[1:] = (number[1:] < number[:-1]) & (number[1:] >= 0)
    sieve.notice(back, "numbers that go back")


def _check_trades(sieve: _Sieve) -> None:
    """Sides; trades told twice."""
    columns = sieve.columns
    sieve.drop(~np.isin(columns["side"], (-1, 1)), "side: neither +1 nor -1")
    ids = columns["trade_id"]
    twice = np.zeros(len(ids), np.bool_)
    if len(np.unique(ids) if ids.dtype.kind == "i" else set(ids.tolist())) < len(ids):
        seen: set[tuple[Any, ...]] = set()
        of = [columns[name].tolist() for name in ("trade_id", "price", "qty", "side", "ts_exch_ms")]
        for place, one in enumerate(zip(*of, strict=True)):
            if one[0] not in _NO_NAMES:
                twice[place] = one in seen
                seen.add(one)
    sieve.drop(twice, "told before: same id, price, size, side and stamp")


_NO_SIDE: Final = 99
_BOUNDS: Final = (1e-15, 1e15)
"""What is beyond is no price and no size."""
_MS_MAX: Final = (2**63 - 1) // 1_000_000
_MAY_LACK: Final = frozenset({"bid_px", "bid_qty", "ask_px", "ask_qty"})
_NO_NAMES: Final = frozenset({"", "0", "-1", 0, -1})
_CHECKS: Final = {BOOK: _check_book, TOUCH: _check_touch, TRADES: _check_trades}
