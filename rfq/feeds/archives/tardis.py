"""Tardis' downloadable CSV files (.csv.gz): books, quotes, trades, tickers, option chains.

Source: Tardis.dev documentation, "Downloadable CSV files: Data types" and "API reference", read 2026-11-26. Stamps are
microseconds; `local_timestamp` is when the message arrived. Where the venue says no time the two are equal: then we say
none. Rows of one message share both. A book's snapshot may come in several messages with one exchange stamp: they are
one snapshot, known when its last part arrived. Liquidations stand among the trades already and are left out.
"""

from collections.abc import Mapping
from typing import Final

from rfq.feeds.archives.shapes import Shape

_VENUES: Final = {
    "binance": "binance_spot",
    "binance-futures": "binance_usdm",
    "binance-delivery": "binance_coinm",
    "okex": "okx",
    "okex-swap": "okx",
    "okex-futures": "okx",
    "okex-options": "okx",
    "bybit-spot": "bybit_spot",
    "bybit-options": "bybit_option",
}
"""Their names of venues where ours differ by more than a hyphen."""

_BYBIT: Final = (
    "when exchange = 'bybit' and regexp_matches(symbol, 'USD([FGHJKMNQUVXZ]\\d\\d)?$') then 'bybit_inverse'"
    " when exchange = 'bybit' then 'bybit_linear'"
)
"""Theirs is both of ours."""
_KNOWN: Final = ("exchange", "symbol", "timestamp", "local_timestamp")


def _of_all(_columns: frozenset[str]) -> dict[str, str]:
    venues = " ".join(f"when exchange = '{theirs}' then '{ours}'" for theirs, ours in _VENUES.items())
    return {
        "ts_recv_ns": "stamp_ns(local_timestamp)",
        "ts_exch_ms": "case when timestamp = local_timestamp then 0 else stamp_ns(timestamp) // 1000000 end",
        "venue": f"case {_BYBIT} {venues} else replace(text_of(exchange), '-', '_') end",
        "symbol": "text_of(symbol)",
    }


def _levels(columns: frozenset[str]) -> Mapping[str, str]:
    """A row of best levels as the list of those that are there; whoever converts it takes them apart."""
    cells = []
    for side, name in ((1, "bids"), (-1, "asks")):
        places = sorted(
            int(one[len(name) + 1 : -len("].price")])
            for one in columns
            if one.startswith(f"{name}[") and one.endswith("].price") and f"{one[:-5]}amount" in columns
        )
        cells += [
            f"{{'side': {side}, 'price': \"{name}[{place}].price\", 'qty': \"{name}[{place}].amount\"}}"
            for place in places
        ]
    return {
        **_of_all(columns),
        "level": f"unnest([{', '.join(cells)}])",
        "is_snapshot": "true",
    }


SHAPES: Final = (
    Shape(
        archive="tardis",
        name="incremental_book_L2",
        kind="l2_events",
        columns=(*_KNOWN, "is_snapshot", "side", "price", "amount"),
        select=lambda columns: {
            **_of_all(columns),
            "side": "side_of(side)",
            "price": "number_of(price)",
            "qty": "number_of(amount)",
            "is_snapshot": "lower(is_snapshot) = 'true'",
        },
        has_parts=True,
    ),
    Shape(
        archive="tardis",
        name="book_snapshot",
        kind="l2_events",
        columns=(*_KNOWN, "asks[0].price", "asks[0].amount", "bids[0].price", "bids[0].amount"),
        select=_levels,
    ),
    Shape(
        archive="tardis",
        name="trades",
        kind="trades",
        columns=(*_KNOWN, "id", "side", "price", "amount"),
        select=lambda columns: {
            **_of_all(columns),
            "trade_id": "text_of(id)",
            "price": "number_of(price)",
            "qty": "number_of(amount)",
            "side": "side_of(side)",
            "kind": "'MARKET'",
        },
    ),
    Shape(
        archive="tardis",
        name="quotes",
        kind="bbo",
        columns=(*_KNOWN, "ask_amount", "ask_price", "bid_price", "bid_amount"),
        select=lambda columns: {
            **_of_all(columns),
            "bid_px": "number_of(bid_price)",
            "bid_qty": "number_of(bid_amount)",
            "ask_px": "number_of(ask_price)",
            "ask_qty": "number_of(ask_amount)",
        },
    ),
    Shape(
        archive="tardis",
        name="derivative_ticker",
        kind="ticker",
        columns=(*_KNOWN, "funding_rate", "open_interest", "last_price", "index_price", "mark_price"),
        select=lambda columns: {
            **_of_all(columns),
            "mark": "number_of(mark_price)",
            "index": "number_of(index_price)",
            "last": "number_of(last_price)",
            "funding_rate": "number_of(funding_rate)",
            "funding_ns": "stamp_ns(funding_timestamp)" if "funding_timestamp" in columns else "0",
            "open_interest": "number_of(open_interest)",
        },
    ),
    Shape(
        archive="tardis",
        name="options_chain",
        kind="chain",
        columns=(*_KNOWN, "type", "strike_price", "expiration", "bid_price", "ask_price", "underlying_price"),
        select=lambda columns: {
            **_of_all(columns),
            "at": "stamp_ns(local_timestamp)",
            "expiry": "stamp_ns(expiration)",
            "strike": "number_of(strike_price)",
            "type": "lower(type)",
            "bid": "coalesce(try_cast(bid_price as double), 0.0)",
            "ask": "coalesce(try_cast(ask_price as double), 0.0)",
            "forward": "number_of(underlying_price)",
            "bid_vol": "coalesce(try_cast(bid_iv as double), 0.0)" if "bid_iv" in columns else "0.0",
            "ask_vol": "coalesce(try_cast(ask_iv as double), 0.0)" if "ask_iv" in columns else "0.0",
            "mark": "number_of(mark_price)" if "mark_price" in columns else "'nan'::double",
            "open_interest": "number_of(open_interest)" if "open_interest" in columns else "'nan'::double",
        },
    ),
)
