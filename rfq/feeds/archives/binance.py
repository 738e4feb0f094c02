"""Binance's public archive (data.binance.vision) and its historical order books (T_DEPTH).

Sources: README of binance/binance-public-data, its Futures_Order_Book_Download/README, and the FAQ "Binance Futures
Order Book Historical Data", read 2026-11-26. Spot files have no header, futures' have one since 2022 or so; spot's
stamps are microseconds since 2025-01-01. None has a receive stamp. `bookTicker` also says when the event was sent
(`event_time`); everything here is dated by the transaction, so that tables of a market agree. `bookDepth` is no book
but the size within some percent of the mid. In T_DEPTH a row of type "delta" tells a change by an amount, from which
no level can be known: it is dropped, and its message is a broken one.
"""

import re
from collections.abc import Sequence
from typing import Final

from rfq.feeds.archives.shapes import Shape

_COIN: Final = re.compile(r"USD_(PERP|\d{6})")
_SYMBOL: Final = re.compile(r"(\w+?)(?:-[A-Za-z]|_[TS]_DEPTH)")
_STAMPS: Final = {"ts_recv_ns": "stamp_ns({})", "ts_exch_ms": "stamp_ns({}) // 1000000"}


def _stamps(column: str) -> dict[str, str]:
    return {name: text.format(column) for name, text in _STAMPS.items()}


def venue_of(path: str, columns: Sequence[str]) -> str:
    """By the archive's folders, else by the symbol of a coin-margined contract, else by the columns that only spot has,
    else USDS-M futures."""
    if "futures/cm/" in path or _COIN.search(path):
        return "binance_coinm"
    if "futures/um/" in path:
        return "binance_usdm"
    if re.search(r"(?<![A-Za-z])spot/", path) or "is_best_match" in columns:
        return "binance_spot"
    return "binance_usdm"


def symbol_of(path: str) -> str:
    """`BTCUSDT` of `.../BTCUSDT-aggTrades-2024-08-08.csv`, or of `BTCUSDT_T_DEPTH_...`; "" where a name has none."""
    found = _SYMBOL.match(path.rsplit("/", 1)[-1])
    return found[1] if found else ""


SHAPES: Final = (
    Shape(
        archive="binance",
        name="aggTrades",
        kind="trades",
        columns=(
            "agg_trade_id",
            "price",
            "quantity",
            "first_trade_id",
            "last_trade_id",
            "transact_time",
            "is_buyer_maker",
        ),
        more=("is_best_match",),
        word="aggTrades",
        select=lambda _: {
            **_stamps("transact_time"),
            "trade_id": "text_of(agg_trade_id)",
            "price": "number_of(price)",
            "qty": "number_of(quantity)",
            "side": "taker_of_maker(is_buyer_maker)",
            "kind": "'MARKET'",
        },
        venue_of=venue_of,
        numbered=True,
    ),
    Shape(
        archive="binance",
        name="trades",
        kind="trades",
        columns=("id", "price", "qty", "quote_qty", "time", "is_buyer_maker"),
        more=("is_best_match",),
        word="trades",
        select=lambda _: {
            **_stamps("time"),
            "trade_id": "text_of(id)",
            "price": "number_of(price)",
            "qty": "number_of(qty)",
            "side": "taker_of_maker(is_buyer_maker)",
            "kind": "'MARKET'",
        },
        venue_of=venue_of,
        numbered=True,
    ),
    Shape(
        archive="binance",
        name="trades, coin-margined",
        kind="trades",
        columns=("id", "price", "qty", "base_qty", "time", "is_buyer_maker"),
        select=lambda _: {
            **_stamps("time"),
            "trade_id": "text_of(id)",
            "price": "number_of(price)",
            "qty": "number_of(qty)",
            "side": "taker_of_maker(is_buyer_maker)",
            "kind": "'MARKET'",
        },
        venue_of=venue_of,
        numbered=True,
    ),
    Shape(
        archive="binance",
        name="bookTicker",
        kind="bbo",
        columns=(
            "update_id",
            "best_bid_price",
            "best_bid_qty",
            "best_ask_price",
            "best_ask_qty",
            "transaction_time",
        ),
        more=("event_time",),
        word="bookTicker",
        select=lambda _: {
            **_stamps("transaction_time"),
            "bid_px": "number_of(best_bid_price)",
            "bid_qty": "number_of(best_bid_qty)",
            "ask_px": "number_of(best_ask_price)",
            "ask_qty": "number_of(best_ask_qty)",
            "u": "whole_of(update_id)",
        },
        venue_of=venue_of,
    ),
    Shape(
        archive="binance",
        name="T_DEPTH",
        kind="l2_events",
        columns=(
            "symbol",
            "timestamp",
            "first_update_id",
            "last_update_id",
            "side",
            "update_type",
            "price",
            "qty",
        ),
        more=("pu",),
        word="T_DEPTH",
        select=lambda columns: {
            **_stamps("timestamp"),
            "symbol": "text_of(symbol)",
            "side": "side_of(side)",
            "price": "case lower(update_type) when 'delta' then 'nan'::double else number_of(price) end",
            "qty": "number_of(qty)",
            "u_first": "whole_of(first_update_id)",
            "u_last": "whole_of(last_update_id)",
            "is_snapshot": "lower(update_type) = 'snap'",
            "u_prev": "whole_of(pu)" if "pu" in columns else "-1",
        },
        venue_of=venue_of,
    ),
    Shape(
        archive="binance",
        name="bookDepth",
        kind="bands",
        columns=("timestamp", "percentage", "depth", "notional"),
        word="bookDepth",
        select=lambda _: {
            **_stamps("timestamp"),
            "percentage": "number_of(percentage)",
            "depth": "number_of(depth)",
            "notional": "number_of(notional)",
        },
        venue_of=venue_of,
    ),
)
