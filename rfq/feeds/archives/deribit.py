"""Deribit's trades, as its history says them (`public/get_last_trades_by_currency_and_time` and the like): pages or
lines of JSON, or CSV with the same names.

Source: Deribit API, "public/get_last_trades_by_currency", read 2026-11-26. A trade of a block RFQ has `block_rfq_id`,
of a block trade `block_trade_id`; our `block` is "RFQ-" with the first, else the second as spelled, as live. `amount`
is USD for inverse perpetuals and futures and coins for options. There is no receive stamp.
"""

from collections.abc import Mapping
from typing import Final

from rfq.feeds.archives.shapes import Shape

_NAMED: Final = "nullif(nullif(lower({}), 'none'), '')"


def _select(columns: frozenset[str]) -> Mapping[str, str]:
    rfq = _id("block_rfq_id") if "block_rfq_id" in columns else "null"
    block = _id("block_trade_id") if "block_trade_id" in columns else "null"
    forced = _NAMED.format("liquidation") if "liquidation" in columns else "null"
    return {
        "ts_recv_ns": "stamp_ns(timestamp)",
        "ts_exch_ms": "stamp_ns(timestamp) // 1000000",
        "symbol": "text_of(instrument_name)",
        "trade_id": "text_of(trade_id)",
        "price": "number_of(price)",
        "qty": "number_of(amount)",
        "side": "side_of(direction)",
        "kind": f"case when {forced} is not null then 'LIQUIDATION' when {rfq} is not null then 'RFQ'"
        f" when {block} is not null then 'BLOCK' else 'MARKET' end",
        "block": f"coalesce('RFQ-' || {rfq}, {block}, '')",
    }


def _id(column: str) -> str:
    """An id, null where there is none; on its way through a table it may have become a float."""
    return f"nullif(nullif(regexp_replace(trim({column}), '\\.0$', ''), ''), 'nan')"


SHAPES: Final = (
    Shape(
        archive="deribit",
        name="trades",
        kind="trades",
        columns=("trade_id", "timestamp", "instrument_name", "price", "amount", "direction"),
        select=_select,
        venue_of=lambda _path, _columns: "deribit",
    ),
)
