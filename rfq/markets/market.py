"""One market of a capture on one clock: its touch, trades and orders, and the holes in which nobody listened.

The exchange's clock is taken where every table has it and it is sound, since it tells what came before what on the
venue; else the receiver's, and the report says why. Within equal stamps the order of receipt stays.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from pricing.units import NS_PER_MS, NS_PER_S
from rfq.desk.features.look import Sizing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rfq.feeds.tables.cleaning import Array
    from rfq.markets.figures import Floats, Ints

HOLE_S: Final = 60.0
"""If no table has anything for so long, the recording is taken to have stopped."""
_STAMPED: Final = 0.999
_BACK: Final = 0.01
_COARSE_MS: Final = 100


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """Which clock the statistics are on, and why."""

    name: str
    why: str


class Touch(NamedTuple):
    """Best bids and offers as they changed, sound ones only, rising in time (UTC ns). Each stands `until` the next
    quote, be that sound or not."""

    at: "Ints"
    until: "Ints"
    bid: "Floats"
    bid_size: "Floats"
    ask: "Floats"
    ask_size: "Floats"

    @property
    def mid(self) -> "Floats":
        """Half way between."""
        return np.asarray(0.5 * (self.bid + self.ask))


class Trades(NamedTuple):
    """Trades, rising in time; `side` is the taker's, `stamp` what orders are told apart by."""

    at: "Ints"
    stamp: "Ints"
    price: "Floats"
    size: "Floats"
    side: "Floats"


class Orders(NamedTuple):
    """Trades that stand together with one millisecond and one side, taken for one order: its mean price and worth."""

    at: "Ints"
    side: "Floats"
    size: "Floats"
    price: "Floats"
    usd: "Floats"


class Holes(NamedTuple):
    """When nothing was recorded, from and to (UTC ns)."""

    start: "Ints"
    end: "Ints"

    def spoil(self, start: "Ints", end: "Ints") -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Which of the spans touch a hole."""
        begun = np.searchsorted(self.start, end, side="left")
        over = np.searchsorted(self.end, start, side="right")
        return np.asarray(begun > over)

    def windows(self, first: int, last: int, length: int, step: int) -> "Ints":
        """Where windows of this length begin: at `first` and every step from there, ending by `last`, over no hole."""
        begin, end = np.append(first, self.end), np.append(self.start, last)
        begin = first - (first - np.maximum(begin, first)) // step * step  # rounded up to a step
        kept = [np.arange(a, b - length + 1, step) for a, b in zip(begin.tolist(), end.tolist(), strict=True)]
        found = np.concatenate(kept).astype(np.int64)
        return found[found + length <= last]


def choose_clock(tables: "Mapping[str, Mapping[str, Array]]", wanted: str = "auto") -> Clock:
    """The exchange's clock if it is fit for it. `wanted` may insist on one: auto, exchange, receive."""
    if wanted != "auto":
        return Clock(name=wanted, why="as told")
    for table, columns in tables.items():
        stamps = columns["ts_exch_ms"]
        stamped = float((stamps > 0).mean())
        if stamped < _STAMPED:
            return Clock(name="receive", why=f"{table}: {1 - stamped:.1%} of rows have no exchange stamp")
        steps = np.diff(stamps)
        back = float((steps < 0).mean()) if len(steps) else 0.0
        if back > _BACK:
            return Clock(name="receive", why=f"{table}: {back:.1%} of exchange stamps go back")
        grain = int(np.gcd.reduce(steps)) if len(steps) else 0
        if len(np.unique(stamps[:10_000])) > 2 and grain >= _COARSE_MS:
            return Clock(
                name="receive", why=f"{table}: exchange stamps are whole multiples of {grain} ms apart"
            )
    return Clock(name="exchange", why="every table has it, and it does not go back")


def instants(columns: "Mapping[str, Array]", clock: Clock) -> "Ints":
    """When each row was, on this clock; never back, so that a late stamp counts when it was heard."""
    if clock.name == "exchange":
        told = columns["ts_exch_ms"].astype(np.int64) * NS_PER_MS
    else:
        told = columns["ts_recv_ns"].astype(np.int64)
    return np.maximum.accumulate(told) if len(told) else told


def touch_of(columns: "Mapping[str, Array]", clock: Clock) -> tuple[Touch, dict[str, int]]:
    """The touch a table of best quotes tells, and how many quotes were left out, by cause."""
    at = instants(columns, clock)
    return sound_touch(at, *(columns[name] for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")))


def sound_touch(
    at: "Ints", bid: "Array", bid_size: "Array", ask: "Array", ask_size: "Array"
) -> tuple[Touch, dict[str, int]]:
    """Quotes with both sides, neither crossed nor locked; the rest counted, but for NaN: nothing is known there."""
    there = (bid > 0.0) & (ask > 0.0) & (bid_size > 0.0) & (ask_size > 0.0)
    crossed, locked = there & (bid > ask), there & (bid == ask)
    one_sided = int((~there & ~np.isnan(bid)).sum())
    counts = {"one-sided": one_sided, "crossed": int(crossed.sum()), "locked": int(locked.sum())}
    kept = there & (bid < ask)
    until = np.append(at[1:], at[-1:])
    return Touch(at[kept], until[kept], bid[kept], bid_size[kept], ask[kept], ask_size[kept]), counts


def trades_of(columns: "Mapping[str, Array]", clock: Clock) -> Trades:
    """Trades of the book, without those agreed off it; their stamps are the exchange's milliseconds where it has
    them."""
    if "block" in columns:
        of_book = columns["block"] == ""
        columns = {name: column[of_book] for name, column in columns.items()}
    stamps = columns["ts_exch_ms"].astype(np.int64)
    received = columns["ts_recv_ns"].astype(np.int64) // NS_PER_MS
    return Trades(
        instants(columns, clock),
        np.where(stamps > 0, stamps, received),
        columns["price"],
        columns["qty"],
        columns["side"].astype(np.float64),
    )


def orders_of(trades: Trades, sizing: Sizing) -> Orders:
    """Merge trades that follow each other with one stamp and one side."""
    if not len(trades.at):
        empty = np.zeros(0)
        return Orders(np.zeros(0, np.int64), empty, empty, empty, empty)
    new = np.ones(len(trades.at), bool)
    new[1:] = (np.diff(trades.stamp) != 0) | (np.diff(trades.side) != 0)
    starts = np.flatnonzero(new)
    size = np.add.reduceat(trades.size, starts)
    price = np.add.reduceat(trades.size * trades.price, starts) / size
    return Orders(trades.at[starts], trades.side[starts], size, price, worth(sizing, size, price))


def worth(sizing: Sizing, size: "Floats", price: "Floats") -> "Floats":
    """USD of sizes at prices, as `Sizing.worth` has it."""
    return np.asarray(size * sizing.multiplier * (1.0 if sizing.inverse else price * sizing.usd))


def holes_of(tables: "Iterable[Ints]") -> Holes:
    """Where all tables are silent together for longer than `HOLE_S`."""
    at = np.unique(np.concatenate([*tables, np.zeros(0, np.int64)]))
    wide = np.flatnonzero(np.diff(at) > int(HOLE_S * NS_PER_S))
    return Holes(at[wide], at[wide + 1])


def last_before(at: "Ints", instant: "Ints") -> "Ints":
    """The place of the last event strictly before each instant; -1 where there is none."""
    return np.asarray(np.searchsorted(at, instant, side="left") - 1)


def last_by(at: "Ints", instant: "Ints") -> "Ints":
    """The place of the last event at or before each instant; -1 where there is none."""
    return np.asarray(np.searchsorted(at, instant, side="right") - 1)


_NOTHING: Final = np.zeros(0)
_NEVER: Final = np.zeros(0, np.int64)
NO_TOUCH: Final = Touch(_NEVER, _NEVER, _NOTHING, _NOTHING, _NOTHING, _NOTHING)
NO_TRADES: Final = Trades(_NEVER, _NEVER, _NOTHING, _NOTHING, _NOTHING)
