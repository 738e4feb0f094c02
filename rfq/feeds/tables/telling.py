"""Cleaned rows of tables as what was said, one message at a time."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from pricing.units import NS_PER_MS
from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid, Market, TouchSaid, TradeSaid, Trouble
from rfq.feeds.tables import exact
from rfq.feeds.tables.cleaning import Cleaned

if TYPE_CHECKING:
    from rfq.feeds.levels import Levels

SaidOfTables = BookSaid | TouchSaid | TradeSaid | Trouble
_FORCED: Final = ("LIQUID", "INSURANCE", "ADL")


def stamps(cleaned: Cleaned | None) -> NDArray[np.int64]:
    """When each message was received."""
    if cleaned is None:
        return np.zeros(0, np.int64)
    return (cleaned.messages or cleaned.columns)["ts_recv_ns"]


def trades(market: Market, cleaned: Cleaned | None, scale: Scale) -> Iterator[TradeSaid | Trouble]:
    """Each trade."""
    if cleaned is None:
        return
    columns = cleaned.columns
    odd = _odd(columns, ("price",), ("qty",), scale)
    kinds = set(columns["kind"].tolist())
    forced = {kind for kind in kinds if any(word in kind.upper() for word in _FORCED)}
    for received, exchange, name, price, size, side, kind, block, is_odd in zip(
        columns["ts_recv_ns"].tolist(),
        columns["ts_exch_ms"].tolist(),
        columns["trade_id"].tolist(),
        exact.whole(columns["price"], scale.price_digits).tolist(),
        exact.whole(columns["qty"], scale.size_digits).tolist(),
        columns["side"].tolist(),
        columns["kind"].tolist(),
        columns["block"].tolist(),
        odd.tolist(),
        strict=True,
    ):
        if is_odd:
            yield _trouble(market, received, "trade", scale, breaks_book=False)
            continue
        yield TradeSaid(
            venue=market.venue,
            symbol=market.symbol,
            received_at=received,
            exchange_at=exchange * NS_PER_MS,
            trade=str(name),
            price=price,
            size=size,
            side=side,
            block=block,
            liquidation=kind in forced,
        )


def touches(market: Market, cleaned: Cleaned | None, scale: Scale) -> Iterator[TouchSaid | Trouble]:
    """Each best quote; a side that is not there is 0."""
    if cleaned is None:
        return
    columns = cleaned.columns
    odd = _odd(columns, ("bid_px", "ask_px"), ("bid_qty", "ask_qty"), scale)
    for received, exchange, bid, bid_size, ask, ask_size, last, is_odd in zip(
        columns["ts_recv_ns"].tolist(),
        columns["ts_exch_ms"].tolist(),
        exact.whole(columns["bid_px"], scale.price_digits).tolist(),
        exact.whole(columns["bid_qty"], scale.size_digits).tolist(),
        exact.whole(columns["ask_px"], scale.price_digits).tolist(),
        exact.whole(columns["ask_qty"], scale.size_digits).tolist(),
        columns["u"].tolist(),
        odd.tolist(),
        strict=True,
    ):
        if is_odd:
            yield _trouble(market, received, "best quote", scale, breaks_book=False)
            continue
        yield TouchSaid(
            venue=market.venue,
            symbol=market.symbol,
            received_at=received,
            exchange_at=exchange * NS_PER_MS,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            last=last,
        )


def books(
    market: Market, cleaned: Cleaned | None, scale: Scale, *, as_arrays: bool = False
) -> Iterator[BookSaid | Trouble]:
    """Each message of a book, bids and offers in the order of the file."""
    if cleaned is None:
        return
    columns, messages = cleaned.columns, cleaned.messages
    odd = _odd(columns, ("price",), ("qty",), scale)
    broken = cleaned.broken | frozenset(columns["message"][odd].tolist())
    pairs = np.stack(
        (exact.whole(columns["price"], scale.price_digits), exact.whole(columns["qty"], scale.size_digits)),
        axis=1,
    )
    starts = np.searchsorted(columns["message"], np.arange(len(messages["ts_recv_ns"]) + 1)).tolist()
    is_bid = columns["side"] > 0
    shared = [column.tolist() for column in messages.values()]
    for number, ((start, end), one) in enumerate(
        zip(pairwise(starts), zip(*shared, strict=True), strict=True)
    ):
        received, exchange, first, last, prior, is_snapshot = one
        if number in broken:
            yield _trouble(market, received, "book message", scale, breaks_book=True)
            continue
        bid = is_bid[start:end]
        yield BookSaid(
            venue=market.venue,
            symbol=market.symbol,
            received_at=received,
            exchange_at=exchange * NS_PER_MS,
            is_snapshot=is_snapshot,
            bids=_levels(pairs[start:end][bid], as_arrays=as_arrays),
            asks=_levels(pairs[start:end][~bid], as_arrays=as_arrays),
            last=last,
            first=-1 if is_snapshot else first,
            prior=-1 if is_snapshot else prior,
        )


def _levels(pairs: NDArray[np.int64], *, as_arrays: bool) -> "Levels":
    """Pairs of price and size."""
    return pairs if as_arrays else [(price, size) for price, size in pairs.tolist()]


def _odd(
    columns: dict[str, NDArray[np.generic]], prices: tuple[str, ...], sizes: tuple[str, ...], scale: Scale
) -> NDArray[np.bool_]:
    """Rows with numbers that a given scale cannot hold."""
    sound = np.ones(len(columns["ts_recv_ns"]), np.bool_)
    for names, digits in ((prices, scale.price_digits), (sizes, scale.size_digits)):
        for name in names:
            sound &= exact.fits(columns[name].astype(np.float64), digits)
    return ~sound


def _trouble(market: Market, received: int, what: str, scale: Scale, *, breaks_book: bool) -> Trouble:
    return Trouble(
        venue=market.venue,
        symbol=market.symbol,
        received_at=received,
        what=f"{what} with numbers that cannot be right, or do not fit {scale}",
        where="tables",
        excerpt="",
        breaks_book=breaks_book,
    )
