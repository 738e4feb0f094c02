"""All statistics of a capture, market by market. Whatever is missing in it is missing in them, with the reason."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from pricing.units import NS_PER_S
from rfq.feeds.sizing import Sized, sizing_of
from rfq.feeds.tables.captures import Capture, open_capture
from rfq.feeds.tables.layout import BOOK, TOUCH, TRADES, TablesError
from rfq.feeds.tables.reports import Report, Table
from rfq.markets import books, flow, market, moves, quoted
from rfq.markets.books import Followed, Sequence
from rfq.markets.figures import Figure, ratio
from rfq.markets.market import Clock, Orders, Touch

if TYPE_CHECKING:
    from rfq.feeds.said import Market
    from rfq.feeds.tables.cleaning import Array
    from rfq.markets.figures import Ints

CLOCKS: Final = ("auto", "exchange", "receive")
Tell = Callable[[str, int, int], None]
"""Hears what is counted, how many are done, and of how many (0: that is not known)."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is. Rows are those kept; `tables` tells of what was not, and of clocks."""

    book_rows: int = 0
    book_messages: int = 0
    quotes: int = 0
    trades: int = 0
    orders: int = 0
    traded_usd: float = 0.0
    traded_share_bought: float | None = None
    quotes_one_sided: int = 0
    quotes_crossed: int = 0
    quotes_locked: int = 0
    holes: int = 0
    holes_s: float = 0.0
    tables: tuple[Table, ...] = ()


class MarketStats(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture says of one market; docs/MARKET_STATS.md has the definitions."""

    venue: str
    symbol: str
    from_at: int
    to_at: int
    span_s: float
    clock: Clock
    sizes: str
    touch_from: str
    counts: Counts
    sequence: Sequence | None
    book_agrees: Figure
    """Share of the book's messages after which its touch is the one the best quotes tell."""
    spread: quoted.Spread
    depth: tuple[quoted.Depth, ...]
    walk: tuple[quoted.Walk, ...]
    sigma: tuple[quoted.Sigma, ...]
    signs: tuple[flow.Sign, ...]
    signs_decay: Figure
    ofi: tuple[flow.Ofi, ...]
    paid: moves.Paid
    markouts: tuple[moves.Markout, ...]
    impact_orders: tuple[moves.Impact, ...]
    impact_flow: tuple[moves.Impact, ...]
    words: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever asks for statistics may say: which symbols and venue, which clock, how sizes are read."""

    symbols: tuple[str, ...] = ()
    venue: str = ""
    clock: str = "auto"
    contract_usd: float | None = None
    multiplier: float | None = None


def _silent(_what: str, _done: int, _total: int) -> None:
    """Whom nobody asked tells nobody."""


def stats_of(path: Path, asked: Asked | None = None, tell: Tell = _silent) -> tuple[MarketStats, ...]:
    """The statistics of every market of a capture, or of those asked for; `tell` hears how far it is.

    A path that holds no tables of our layout may be an archive; it is made into tables for as long as this takes.
    Raises TablesError where it is neither, or does not hold what was asked for.
    """
    with tempfile.TemporaryDirectory(prefix="rfq-stats-") as folder:
        capture, imported = _opened(path, Path(folder), tell)
        return _stats(capture, asked or Asked(), tell, imported)


def _opened(path: Path, folder: Path, tell: Tell) -> tuple[Capture, Report | None]:
    """The capture, and what was done to an archive to make it one."""
    try:
        return open_capture(path), None
    except TablesError as error:
        if error.is_lacking or not path.exists() or (path.is_file() and path.suffix == ".parquet"):
            raise
        from rfq.feeds.archives.convert import convert

        try:
            found = convert(path, folder / "archive", tell=lambda name: tell(f"{name}: reading", 0, 0))
            return open_capture(folder / "archive"), found.report
        except TablesError as other:
            raise TablesError(f"{error}; and no archive: {other}") from None


def _stats(capture: Capture, asked: Asked, tell: Tell, imported: Report | None) -> tuple[MarketStats, ...]:
    chosen = [
        one
        for one in capture.markets
        if (not asked.symbols or one.symbol in asked.symbols) and asked.venue in ("", one.venue)
    ]
    for symbol in asked.symbols:
        if all(one.symbol != symbol for one in chosen):
            capture.market(symbol, asked.venue)  # says what there is instead
    told = []
    for done, one in enumerate(chosen, 1):
        told.append(_market(capture, one, asked, tell, imported))
        tell("markets", done, len(chosen))
    return tuple(told)


class _Seen(NamedTuple):
    """One market's tables on its clock."""

    tables: "dict[str, dict[str, Array]]"
    at: "dict[str, Ints]"
    clock: Clock
    sized: Sized
    holes: market.Holes


def _market(
    capture: Capture, one: "Market", asked: Asked, tell: Tell, imported: Report | None
) -> MarketStats:
    there: dict[str, dict[str, Array]] = {}
    for kind in capture.kinds:
        columns = capture.arrays(kind, one.symbol, one.venue, rough=True)
        if len(columns.get("ts_recv_ns", ())):
            there[kind] = columns
    clock = market.choose_clock(there, asked.clock)
    at: dict[str, Ints] = {kind: market.instants(columns, clock) for kind, columns in there.items()}
    sized = sizing_of(one.venue, one.symbol, asked.contract_usd, asked.multiplier)
    seen = _Seen(tables=there, at=at, clock=clock, sized=sized, holes=market.holes_of(at.values()))
    book = None
    if BOOK in there:
        said = partial(tell, f"book messages of {one.symbol}")
        book = books.follow(there[BOOK], at[BOOK], sized.sizing, seen.holes, said)
    touch, touch_from, left_out = _touch(seen, book)
    trades = market.trades_of(there[TRADES], clock) if TRADES in there else None
    orders = market.orders_of(trades or market.NO_TRADES, sized.sizing)
    reports = tuple(
        report
        for report in (imported or capture.report(one.symbol, one.venue)).tables
        if (report.venue, report.symbol) == (one.venue, one.symbol)
    )
    words = [] if book is None else [*book.words]
    words += [
        f"not read: {cause.rows} times {cause.what} ({cause.example})"
        for cause in (() if imported is None else imported.unread)
    ]
    counts = _counts(seen, orders, left_out, reports)
    if trades is not None and (off_book := counts.trades - len(trades.at)):
        words.append(
            f"{off_book} trades were blocks, agreed off the book: they are counted, and are no orders"
        )
    told = _told(one, seen, book, touch, touch_from, orders, counts)
    return msgspec.structs.replace(told, words=tuple(words))


def _touch(seen: _Seen, book: Followed | None) -> tuple[Touch, str, dict[str, int]]:
    """The touch from the best quotes where there are any, else from the book."""
    if TOUCH in seen.tables:
        touch, left_out = market.touch_of(seen.tables[TOUCH], seen.clock)
        if len(touch.at) >= 2 or book is None:
            return touch, "best quotes", left_out
    if book is None:
        return market.NO_TOUCH, "nothing", {}
    columns = (book.touch[name] for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"))
    touch, left_out = market.sound_touch(book.touch["at"], *columns)
    return touch, "the book, after each of its messages", left_out


def _counts(
    seen: _Seen,
    orders: Orders,
    left_out: dict[str, int],
    reports: tuple[Table, ...],
) -> Counts:
    usd = float(orders.usd.sum())
    rows = {kind: len(columns["ts_recv_ns"]) for kind, columns in seen.tables.items()}
    return Counts(
        book_rows=rows.get(BOOK, 0),
        book_messages=sum(one.messages for one in reports if one.kind == BOOK),
        quotes=rows.get(TOUCH, 0),
        trades=rows.get(TRADES, 0),
        orders=len(orders.at),
        traded_usd=usd,
        traded_share_bought=float(orders.usd[orders.side > 0].sum()) / usd if usd else None,
        quotes_one_sided=left_out.get("one-sided", 0),
        quotes_crossed=left_out.get("crossed", 0),
        quotes_locked=left_out.get("locked", 0),
        holes=len(seen.holes.start),
        holes_s=float((seen.holes.end - seen.holes.start).sum()) / NS_PER_S,
        tables=reports,
    )


def _told(
    one: "Market",
    seen: _Seen,
    book: Followed | None,
    touch: Touch,
    touch_from: str,
    orders: Orders,
    counts: Counts,
) -> MarketStats:
    sizing, holes = seen.sized.sizing, seen.holes
    no_touch = ""
    if not len(touch.at):
        any_quotes = book is not None or TOUCH in seen.tables
        no_touch = (
            "no quote is sound"
            if any_quotes
            else "the capture has neither best quotes nor a book of this market"
        )
    no_trades = "" if TRADES in seen.tables else "the capture has no trades of this market"
    no_book = "" if book is not None else "the capture has no book of this market"
    no_moves = no_trades or no_touch
    every = [one for at in seen.at.values() for one in (int(at[0]), int(at[-1]))]
    first, last = (min(every), max(every)) if every else (0, 0)
    return MarketStats(
        venue=one.venue,
        symbol=one.symbol,
        from_at=first,
        to_at=last,
        span_s=(last - first) / NS_PER_S,
        clock=seen.clock,
        sizes=seen.sized.words,
        touch_from=touch_from,
        counts=counts,
        sequence=None if book is None else book.sequence,
        book_agrees=_agreement(seen, book),
        spread=quoted.spread_of(touch, sizing, holes, no_touch),
        depth=quoted.depths_of(book, no_book),
        walk=quoted.walks_of(book, no_book),
        sigma=quoted.sigmas_of(touch, holes, no_touch),
        signs=flow.signs_of(orders, no_trades),
        signs_decay=flow.decay_of(orders, no_trades),
        ofi=flow.ofi_of(touch, sizing, holes, no_touch),
        paid=moves.paid_of(orders, touch, no_moves),
        markouts=moves.markouts_of(orders, touch, holes, no_moves),
        impact_orders=moves.orders_impact(orders, touch, holes, no_moves),
        impact_flow=moves.flows_impact(orders, touch, holes, no_moves),
    )


def _agreement(seen: _Seen, book: Followed | None) -> Figure:
    """Where both tables count with the same numbers, compare the touch after each message of the book."""
    from rfq.markets.figures import group, missing

    quotes = seen.tables.get(TOUCH)
    if book is None or quotes is None or not len(book.touch["at"]):
        return missing("it needs a book and best quotes")
    number, numbers = book.touch["u"], quotes["u"]
    told = book.touch["bid_qty"] > 0.0
    if not ((number[told] > 0).all() and (numbers > 0).all() and (np.diff(numbers) >= 0).all()):
        return missing("the tables have no update numbers that could be compared")
    inside = np.flatnonzero(told & (number >= numbers[0]) & (number <= numbers[-1]))
    if len(inside) < 2:
        return missing("the update numbers of book and best quotes have nothing to do with each other")
    place = np.searchsorted(numbers, number[inside], side="right") - 1
    same = np.ones(len(inside), bool)
    for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        same &= book.touch[name][inside] == quotes[name][place]
    return ratio(group(book.touch["at"][inside]), same, 1.0)
