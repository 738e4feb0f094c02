"""Rows on a grid and at instants: what they hold, when they are due, and the store beside live feeds."""

import math
from pathlib import Path

import pytest

from rfq.desk.features.look import Look, Print, Sizing, touch_look
from rfq.desk.features.outside import SENTIMENT, Observed
from rfq.feeds.said import Listed, ListingSaid, Market, TouchSaid, TradeSaid
from rfq.store.definitions import FLOW_NAMES, FLOW_SCHEMA
from rfq.store.gathering import QUIET_NS, Gatherer, Reading, Source
from rfq.store.inputs import underlying_of
from rfq.store.live import LiveRows
from rfq.store.online import Absent, Latest, OnlineTable, read_online

BTC, ETH = Market("v", "BTC-PERP"), Market("v", "ETH-PERP")
S = 1_000_000_000
SOURCES = (Source(BTC, "BTC", Sizing(inverse=True)), Source(ETH, "ETH"))


def look(at: int, bid: float = 100.0) -> Look:
    """A book."""
    return touch_look(at, bid, 5.0, bid + 1.0, 5.0)


def told(market: Market, at: int) -> TradeSaid:
    """A trade was said."""
    return TradeSaid(
        venue=market.venue,
        symbol=market.symbol,
        received_at=at,
        exchange_at=at - 7,
        trade="1",
        price=1,
        size=1,
        side=1,
    )


def test_a_row_holds_what_was_received_before_it_and_nothing_else() -> None:
    rows: list[Reading] = []
    gatherer = Gatherer(SOURCES, rows.append, every_ns=S)
    gatherer.said(told(BTC, S // 2))
    gatherer.look(BTC, look(S // 2))
    gatherer.said(told(BTC, S))  # at the very instant of the row: too late for it
    gatherer.look(BTC, look(S, 200.0))
    gatherer.said(told(BTC, S + 1))
    assert [(one.market, one.known_at) for one in rows] == [(BTC, S), (ETH, S)]
    assert rows[0].mid == 100.5
    assert rows[0].exchange_at == S // 2 - 7
    assert math.isnan(rows[1].mid)
    gatherer.until(2 * S)
    assert [one.mid for one in rows if one.market == BTC] == [100.5, 200.5]


def test_a_closed_row_holds_its_own_instant_too() -> None:
    rows: list[Reading] = []
    gatherer = Gatherer(SOURCES, rows.append, every_ns=S, is_closed=True)
    gatherer.told(BTC, look(S))
    gatherer.told(BTC, look(2 * S, 200.0))
    assert [(one.known_at, one.mid) for one in rows if one.market == BTC] == [(S, 100.5)]
    gatherer.close()
    assert [(one.known_at, one.mid) for one in rows if one.market == BTC] == [(S, 100.5), (2 * S, 200.5)]


def test_each_market_has_instants_of_its_own() -> None:
    rows: list[Reading] = []
    gatherer = Gatherer(SOURCES, rows.append, instants={BTC: [3 * S, 2 * S, 2 * S], ETH: [5 * S // 2]})
    gatherer.said(told(BTC, S))
    gatherer.finish()
    assert [(one.market.symbol, one.known_at) for one in rows] == [
        ("BTC-PERP", 2 * S),
        ("ETH-PERP", 5 * S // 2),
        ("BTC-PERP", 3 * S),
    ]


def test_a_silence_makes_no_rows_and_bears_no_memory() -> None:
    rows: list[Reading] = []
    gatherer = Gatherer(SOURCES, rows.append, every_ns=S)
    gatherer.said(told(BTC, S // 2))
    gatherer.said(told(BTC, 10**7 * S + 1))
    assert len(rows) == 2 * QUIET_NS // S
    assert rows[-1].known_at <= S // 2 + QUIET_NS
    gatherer.until(10**7 * S + S)
    assert rows[-1].known_at == 10**7 * S + S


def test_asking_often_changes_nothing() -> None:
    once: list[Reading] = []
    often: list[Reading] = []
    for rows, asks in ((once, 0), (often, 5)):
        gatherer = Gatherer(SOURCES, rows.append, every_ns=S)
        for number in range(40):
            at = number * S // 3 + 1
            for ask in range(asks):
                gatherer.until(at - S // 3 + ask * S // 15)
            gatherer.said(told(BTC, at))
            gatherer.look(BTC, look(at, 100.0 + number % 5))
            gatherer.trade(BTC, Print(at, 100.0, 3.0, 1 if number % 2 else -1))
    assert [repr(one) for one in once] == [repr(one) for one in often]
    assert len(once) > 20


def test_what_is_known_outside_counts_since_its_receipt() -> None:
    rows: list[list[Reading]] = [[], []]
    news = [Observed(2 * S, "BTC", SENTIMENT, 0.5), Observed(5 * S // 2, "", SENTIMENT, 1.0)]
    beforehand = Gatherer(SOURCES, rows[0].append, every_ns=S, observations=news)
    meanwhile = Gatherer(SOURCES, rows[1].append, every_ns=S)
    for gatherer in (beforehand, meanwhile):
        gatherer.said(told(BTC, S // 2))
    beforehand.until(4 * S)
    for row in news:
        meanwhile.observed(row)
    meanwhile.until(4 * S)
    place = FLOW_NAMES.index("sentiment_score_1h")
    assert [repr(one) for one in rows[0]] == [repr(one) for one in rows[1]]
    found = [one.values[place] for one in rows[0] if one.market == BTC]
    assert math.isnan(found[0])
    assert math.isnan(found[1])  # received at the row's own instant: too late for it
    assert found[2] == pytest.approx(0.75, abs=1e-3)
    assert [one.values[place] for one in rows[0] if one.market == ETH][2] == 1.0


def test_touches_do_for_a_book_where_there_is_none() -> None:
    rows: list[Reading] = []
    gatherer = Gatherer([Source(BTC, "BTC", touch=True, units=(10, 10))], rows.append, every_ns=S)
    shared = {"venue": BTC.venue, "symbol": BTC.symbol, "exchange_at": 0, "last": 1}
    gatherer.said(
        TouchSaid(**shared, received_at=S // 2, bid=1_000, bid_size=1, ask=1_010, ask_size=1)  # type: ignore[arg-type]
    )
    gatherer.said(
        TouchSaid(**shared, received_at=3 * S // 2, bid=0, bid_size=0, ask=1_010, ask_size=1)  # type: ignore[arg-type]
    )
    gatherer.until(2 * S)
    assert rows[0].mid == 100.5
    assert math.isnan(rows[1].mid)


def test_the_store_beside_feeds_keeps_the_newest_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    live = LiveRows(SOURCES, OnlineTable(path), S)
    live.said(told(BTC, S // 2))
    live.look(BTC.venue, BTC.symbol, look(S // 2))
    live.tick(S)
    live.tick(3 * S)
    assert live.rows == 6
    assert [one.known_at for one in read_online(path)] == [3 * S, 3 * S]
    live.broke(BTC.venue, BTC.symbol, 3 * S + 1)
    live.tick(4 * S)
    again = LiveRows(SOURCES, OnlineTable(path), S)  # after a kill
    found = again.table.get(BTC, FLOW_SCHEMA, 5 * S)
    assert isinstance(found, Latest)
    assert found.known_at == 4 * S
    assert math.isnan(found.values[1])
    assert isinstance(again.table.get(BTC, FLOW_SCHEMA, 90 * S, S), Absent)


def test_the_store_beside_feeds_counts_as_the_venue_says_and_passes_over_what_it_was_not_given(
    tmp_path: Path,
) -> None:
    live = LiveRows(SOURCES, OnlineTable(tmp_path / "online.db"), S)
    other = ("v", "SOL-PERP")
    listed = Listed(
        venue=ETH.venue, symbol=ETH.symbol, kind="perpetual", underlying="ETH", quote="USDT", price_tick="0.1",
        size_step="1", multiplier=0.1,
    )  # fmt: skip
    live.said(ListingSaid(venue="v", received_at=1, instruments=(listed,)))
    for market in (ETH, other):
        live.said(told(ETH, S // 2))
        live.look(*market, look(S // 2))
        live.trade(*market, Print(S // 2, 100.0, 1.0, 1))
    live.broke(*other, S // 2)
    live.tick(S)
    (row,) = [one for one in live.table.all() if one.market == ETH]
    touch = row.values[2 + FLOW_NAMES.index("touch_usd")]
    assert touch == pytest.approx(0.1 * 5.0 * 100.5)  # not five coins: five contracts of a tenth
    assert [one.market for one in live.table.all()] == [BTC, ETH]


@pytest.mark.parametrize(
    ("symbol", "underlying"),
    [
        ("BTCUSDT", "BTC"),
        ("ETH-USDT-SWAP", "ETH"),
        ("BTC-PERPETUAL", "BTC"),
        ("BTCUSD_PERP", "BTC"),
        ("XBTUSD", "BTC"),
        ("SOLETH", "SOL"),
        ("HYPE", "HYPE"),
        ("1000PEPEUSDT", "1000PEPE"),
    ],
)
def test_what_a_symbol_tells_of(symbol: str, underlying: str) -> None:
    assert underlying_of(symbol) == underlying
