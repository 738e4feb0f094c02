"""Binance's adapter: what its messages and answers say, and that books begin right."""

import json
import lzma
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from venue_cases import NOW, S, answers, fetches, messages, opened, played

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.levels import Scale, pairs
from rfq.feeds.said import (
    Alive,
    BookSaid,
    ClockSaid,
    Confirmed,
    Fetch,
    ListingSaid,
    TickerSaid,
    TouchSaid,
    TradeSaid,
    Trouble,
)
from rfq.feeds.venues.binance import BinanceAdapter
from rfq.feeds.venues.binance_markets import SPOT, USDM

CAPTURE = (
    Path(__file__).resolve().parents[2].parent / "shared" / "data" / "captures" / "BINANCE_FUTURES.ws.1.0.xz"
)
SCALE = Scale(price_digits=2, size_digits=3)
USDM_SAID = messages("binance_usdm")
USDM_ANSWERS = answers("binance_rest", "binance_usdm")
SPOT_SAID = messages("binance_spot")
SPOT_ANSWERS = answers("binance_rest", "binance_spot")
CHANGES = USDM_SAID[1:4]


def usdm(**words: Any) -> BinanceAdapter:
    return BinanceAdapter(USDM, ["BTCUSDT"], scales={"BTCUSDT": SCALE}, **words)


def test_messages_of_futures_are_read() -> None:
    adapter = usdm(trades="trade")
    opened(adapter)
    adapter.fetched("funding", 200, USDM_ANSWERS["funding"], NOW, NOW)
    said = played(adapter, USDM_SAID, "public")
    books = [one for one in said if isinstance(one, BookSaid)]
    assert [(book.first, book.last, book.prior) for book in books] == [
        (9000000000100, 9000000000150, 9000000000040),
        (9000000000155, 9000000000260, 9000000000150),
        (9000000000300, 9000000000333, 9000000000260),
    ]
    assert pairs(books[1].asks) == [(9500010, 0), (9500020, 3300)]
    assert books[0].exchange_at == 1795600000101_000_000
    assert books[0].received_at == NOW + 1_000_000
    touch = next(one for one in said if isinstance(one, TouchSaid))
    assert (touch.bid, touch.bid_size, touch.ask, touch.ask_size) == (9500010, 750, 9500020, 3300)
    fills = [one for one in said if isinstance(one, TradeSaid)]
    assert [(fill.trade, fill.price, fill.size, fill.side, fill.liquidation) for fill in fills] == [
        ("7000000004", 9500010, 250, -1, False),
        ("7000000006", 9499000, 1000, -1, True),
    ]
    mark = next(one for one in said if isinstance(one, TickerSaid))
    assert (mark.mark, mark.index, mark.funding_at) == (95001.23, 95002.5, 1795622400_000_000_000)
    assert mark.funding_8h == pytest.approx(0.00008)
    assert [one.channels[0] for one in said if isinstance(one, Confirmed)] == [
        "btcusdt@depth@100ms",
        "btcusdt@markPrice@1s",
    ]
    assert sum(isinstance(one, Alive) for one in said) == 1
    wrong = [one.what for one in said if isinstance(one, Trouble)]
    assert wrong[:2] == ["nothing that we asked for", "nothing that we asked for"]
    assert [one.partition(":")[0] for one in wrong[2:]] == ["refused", "refused"]


def test_trades_put_together_by_price() -> None:
    adapter = usdm()
    opened(adapter)
    (trade,) = adapter.hear("market", USDM_SAID[5], NOW).said
    assert isinstance(trade, TradeSaid)
    assert (trade.trade, trade.price, trade.size, trade.side) == ("3100000001", 9500020, 105, 1)
    assert trade.exchange_at == 1795600000250_000_000


def test_a_rate_is_not_told_before_its_interval_is_known() -> None:
    adapter = usdm()
    opened(adapter)
    (mark,) = adapter.hear("market", USDM_SAID[9], NOW).said
    assert isinstance(mark, TickerSaid)
    assert mark.mark == 95001.23
    assert mark.funding_8h is None
    adapter.fetched("funding", 200, b"[]", NOW, NOW)
    (mark,) = adapter.hear("market", USDM_SAID[9], NOW).said
    assert isinstance(mark, TickerSaid)
    assert mark.funding_8h == 0.00004


def test_a_book_of_futures_begins_with_a_snapshot_that_the_changes_overlap() -> None:
    adapter = usdm()
    asked = fetches(opened(adapter))
    assert not any(tag.startswith("depth") for tag in asked)
    keeper = BookKeeper(rules.BINANCE_USDM, "BTCUSDT", SCALE)
    (change,), asks = adapter.hear("public", CHANGES[0], NOW)
    assert asks == [Fetch(tag="depth:BTCUSDT", path="/fapi/v1/depth?symbol=BTCUSDT&limit=1000", weight=20)]
    assert isinstance(change, BookSaid)
    assert keeper.take(change) is None
    (snapshot,) = adapter.fetched("depth:BTCUSDT", 200, USDM_ANSWERS["depth:BTCUSDT"], NOW, NOW + 1).said
    assert isinstance(snapshot, BookSaid)
    assert snapshot.is_snapshot
    keeper.take(snapshot)
    for raw in CHANGES[1:]:
        (change,), asks = adapter.hear("public", raw, NOW + 2)
        assert not asks
        assert isinstance(change, BookSaid)
        look = keeper.take(change)
    assert keeper.state(NOW + 3) is State.LIVE
    assert look is not None
    assert (look.bid.price, look.bid.size, look.offer.price, look.offer.size) == (95000.1, 0.75, 95000.2, 3.3)
    assert keeper.levels(1, 5) == [(9500010, 750), (9500000, 4210), (9499990, 2000), (9498000, 20000)]


def test_a_book_of_spot_begins_with_a_snapshot_that_the_changes_overlap() -> None:
    adapter = BinanceAdapter(SPOT, ["ETHUSDT"], scales={"ETHUSDT": Scale(2, 4)})
    opened(adapter)
    keeper = BookKeeper(rules.BINANCE_SPOT, "ETHUSDT", Scale(2, 4))
    said = played(adapter, SPOT_SAID[1:2], "stream")
    said += adapter.fetched("depth:ETHUSDT", 200, SPOT_ANSWERS["depth:ETHUSDT"], NOW, NOW + 1).said
    said += played(adapter, SPOT_SAID[2:3], "stream", NOW + 2)
    looks = [keeper.take(one) for one in said if isinstance(one, BookSaid)]
    assert keeper.state(NOW + 3) is State.LIVE
    assert looks[-1] is not None
    assert (looks[-1].bid.price, looks[-1].offer.price) == (3000.1, 3000.3)


def test_the_clock_is_read_between_sending_and_receipt() -> None:
    adapter = usdm()
    opened(adapter)
    sent = 1795600000_000_000_000
    (clock,) = adapter.fetched("time", 200, USDM_ANSWERS["time"], sent, sent + 40_000_000).said
    assert isinstance(clock, ClockSaid)
    assert clock.offset_ns == 103_500_000
    assert clock.error_ns == 20_500_000
    assert "time" not in fetches(adapter.tick(NOW + 59 * S))
    assert "time" in fetches(adapter.tick(NOW + 60 * S))


def test_the_list_of_symbols_is_read_and_ours_are_looked_for() -> None:
    adapter = BinanceAdapter(USDM, ["BTCUSDT", "OLDUSDT"], scales={"BTCUSDT": Scale(0, 3)})
    opened(adapter)
    listing, *troubles = adapter.fetched("listing", 200, USDM_ANSWERS["listing"], NOW, NOW).said
    assert isinstance(listing, ListingSaid)
    assert [(row.symbol, row.kind, row.price_tick, row.size_step) for row in listing.instruments] == [
        ("BTCUSDT", "perpetual", "0.10", "0.001"),
        ("BTCUSDT_261225", "future", "0.1", "0.001"),
    ]
    assert [row.expiry_at for row in listing.instruments] == [0, 1798185600_000_000_000]
    found = {one.symbol: one.what for one in troubles if isinstance(one, Trouble)}
    assert "at most 0 decimals" in found["BTCUSDT"]
    assert "not in the venue's list" in found["OLDUSDT"]
    spot = BinanceAdapter(SPOT, ["ETHUSDT", "BTCUSDT"])
    path = fetches(opened(spot))["listing"].path
    assert path == "/api/v3/exchangeInfo?symbols=%5B%22ETHUSDT%22,%22BTCUSDT%22%5D"
    (listing, trouble) = spot.fetched("listing", 200, SPOT_ANSWERS["listing"], NOW, NOW).said
    assert isinstance(listing, ListingSaid)
    assert listing.instruments[0].kind == "spot"
    assert isinstance(trouble, Trouble)
    assert trouble.symbol == "BTCUSDT"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'"s":"BTCUSDT"', b'"s":"ETHUSDT"', "in the stream of BTCUSDT"),
        (b'"U":9000000000100', b'"U":9000000000151', "behind the last"),
        (b'"pu":9000000000040,', b"", "does not say what it follows"),
        (b'"4.210"', b'"4.2101"', "more decimals"),
        (b'"4.210"', b'"-4.210"', ""),
        (b'"4.210"', b'"4,210"', ""),
        (b'"u":9000000000150', b'"u":"9000000000150"', "Expected"),
    ],
)
def test_a_change_that_makes_no_sense_breaks_its_book(old: bytes, new: bytes, what: str) -> None:
    adapter = usdm()
    opened(adapter)
    assert old in CHANGES[0]
    (trouble,) = adapter.hear("public", CHANGES[0].replace(old, new), NOW).said
    assert isinstance(trouble, Trouble)
    assert trouble.breaks_book
    assert trouble.symbol == "BTCUSDT"
    assert trouble.where.startswith("btcusdt@depth@100ms")
    assert what in trouble.what


def test_fields_may_come_in_any_order() -> None:
    adapter = usdm()
    opened(adapter)
    message = json.loads(CHANGES[0])
    turned = json.dumps({"data": message["data"], "stream": message["stream"]}).encode()
    assert adapter.hear("public", turned, NOW).said == adapter.hear("public", CHANGES[0], NOW).said


@pytest.mark.skipif(not CAPTURE.exists(), reason="the shared captures are not here")
def test_the_shared_capture_of_2021_is_read_whole() -> None:
    """Four contracts for 31 s. Candles were recorded too, which we do not ask for. Every change follows another."""
    adapter = BinanceAdapter(USDM, ["SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT"])
    opened(adapter)
    counts: Counter[str] = Counter()
    last: dict[str, int] = {}
    texts = 0
    with lzma.open(CAPTURE, "rt") as lines:
        for line in lines:
            at, _, text = line.rstrip("\n").partition(": ")
            if not text.startswith("{"):
                continue
            texts += 1
            for said in adapter.hear("public", text.encode(), int(float(at) * 1e6) * 1000).said:
                counts[type(said).__name__] += 1
                if isinstance(said, BookSaid):
                    assert last.get(said.symbol, said.prior) == said.prior
                    assert -S < said.received_at - said.exchange_at < 2 * S
                    last[said.symbol] = said.last
                if isinstance(said, Trouble):
                    assert said.what == "nothing that we asked for"
                    assert "@kline_1m" in said.where
    assert counts == {"BookSaid": 764, "TouchSaid": 613, "TradeSaid": 91, "Trouble": 67}
    assert texts == sum(counts.values())
    assert len(last) == 4
