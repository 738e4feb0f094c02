"""Binance's adapter: what its messages say, how books get their snapshots, what it asks and when."""

import json
import lzma
from collections import Counter
from collections.abc import Iterable
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
    Reconnect,
    Send,
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


def kinds(said: Iterable[object]) -> list[str]:
    return [type(one).__name__ for one in said]


def test_streams_of_futures_go_to_the_address_that_carries_them() -> None:
    adapter = usdm(trades="trade")
    asked = {
        ask.link: json.loads(ask.text)["params"] for ask in opened(adapter).asks if isinstance(ask, Send)
    }
    assert asked == {
        "public": ["btcusdt@depth@100ms", "btcusdt@trade", "btcusdt@bookTicker"],
        "market": ["btcusdt@markPrice@1s"],
    }
    assert adapter.links["public"].endswith("/public/stream")
    assert adapter.links["market"].endswith("/market/stream")
    many = BinanceAdapter(USDM, [f"C{number}USDT" for number in range(150)])
    assert set(many.links) == {"public", "public-2", "market", "market-2"}
    sends = [ask for ask in many.opened("public", NOW).asks if isinstance(ask, Send)]
    assert [len(json.loads(send.text)["params"]) for send in sends] == [50, 50, 50, 50]


def test_what_cannot_be_asked_for_is_refused_when_it_is_made() -> None:
    for symbols in ([], ["btcusdt"], ["BTC/USDT"], ["BTCUSDT", "BTCUSDT"], ["BTC USDT"]):
        with pytest.raises(ValueError, match="binance_usdm"):
            BinanceAdapter(USDM, symbols)
    with pytest.raises(ValueError, match="250ms"):
        BinanceAdapter(SPOT, ["BTCUSDT"], speed="250ms")


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


def test_a_confirmed_subscription_asks_for_the_snapshot_of_a_quiet_book() -> None:
    adapter = usdm()
    opened(adapter)
    (confirmed,), asks = adapter.hear("public", b'{"result":null,"id":1}', NOW)
    assert isinstance(confirmed, Confirmed)
    assert confirmed.channels == ("btcusdt@depth@100ms", "btcusdt@bookTicker")
    assert [ask.tag for ask in asks if isinstance(ask, Fetch)] == ["depth:BTCUSDT"]
    assert adapter.hear("public", CHANGES[0], NOW).asks == []


def test_without_confirmation_the_snapshot_is_asked_for_after_five_seconds() -> None:
    adapter = usdm()
    opened(adapter)
    assert "depth:BTCUSDT" not in fetches(adapter.tick(NOW + 4 * S))
    assert "depth:BTCUSDT" in fetches(adapter.tick(NOW + 5 * S))


def test_a_snapshot_from_before_the_first_change_is_not_told_but_asked_for_again() -> None:
    adapter = usdm()
    opened(adapter)
    adapter.hear("public", CHANGES[1], NOW)
    (trouble,) = adapter.fetched("depth:BTCUSDT", 200, USDM_ANSWERS["depth:BTCUSDT"], NOW, NOW).said
    assert isinstance(trouble, Trouble)
    assert "begins after 9000000000150" in trouble.what
    assert "depth:BTCUSDT" not in fetches(adapter.tick(NOW + S // 2))
    assert "depth:BTCUSDT" in fetches(adapter.tick(NOW + S))
    younger = USDM_ANSWERS["depth:BTCUSDT"].replace(b"9000000000140", b"9000000000150")
    (snapshot,) = adapter.fetched("depth:BTCUSDT", 200, younger, NOW, NOW + 2 * S).said
    assert isinstance(snapshot, BookSaid)


def test_errors_of_http_are_told_and_pauses_grow_and_bans_are_kept() -> None:
    adapter = usdm()
    opened(adapter)
    adapter.hear("public", CHANGES[0], NOW)
    at = NOW
    for status, pause in ((500, 1), (0, 2), (429, 60), (418, 120), (200, 16)):
        body = b"<html>" if status == 200 else b""
        (trouble,) = adapter.fetched("depth:BTCUSDT", status, body, at, at).said
        assert isinstance(trouble, Trouble)
        assert (trouble.symbol, trouble.breaks_book) == ("BTCUSDT", False)
        assert f"again in {pause} s" in trouble.what
        assert "depth:BTCUSDT" not in fetches(adapter.tick(at + pause * S - 1))
        at += pause * S
        assert "depth:BTCUSDT" in fetches(adapter.tick(at))
    assert adapter.fetched("depth:ETHUSDT", 200, b"{}", at, at).said == ()


def test_a_book_found_wrong_gets_a_new_snapshot_once() -> None:
    adapter = usdm()
    assert adapter.resync("BTCUSDT", NOW).asks == ()
    opened(adapter)
    adapter.hear("public", CHANGES[0], NOW)
    assert adapter.resync("BTCUSDT", NOW).asks == []
    adapter.fetched("depth:BTCUSDT", 200, USDM_ANSWERS["depth:BTCUSDT"], NOW, NOW)
    assert [ask.tag for ask in adapter.resync("BTCUSDT", NOW).asks if isinstance(ask, Fetch)] == [
        "depth:BTCUSDT"
    ]
    assert adapter.resync("ETHUSDT", NOW).asks == ()


def test_a_link_that_comes_again_begins_from_nothing() -> None:
    adapter = usdm()
    opened(adapter)
    adapter.hear("public", CHANGES[0], NOW)
    (lost,) = adapter.closed("public", NOW).said
    assert isinstance(lost, Trouble)
    assert (lost.symbol, lost.breaks_book) == ("BTCUSDT", True)
    assert adapter.fetched("depth:BTCUSDT", 200, USDM_ANSWERS["depth:BTCUSDT"], NOW, NOW).said == ()
    adapter.opened("public", NOW + S)
    assert "depth:BTCUSDT" in fetches(adapter.hear("public", CHANGES[2], NOW + S))


def test_a_quiet_link_is_asked_for_a_sign_and_a_silent_one_is_given_up() -> None:
    adapter = usdm()
    opened(adapter)
    for number in (1, 2):
        for link in adapter.links:
            adapter.hear(link, b'{"result":null,"id":%d}' % number, NOW)
    assert [ask for ask in adapter.tick(NOW + 9 * S).asks if isinstance(ask, Send)] == []
    pings = [ask for ask in adapter.tick(NOW + 10 * S).asks if isinstance(ask, Send)]
    assert [(ping.link, json.loads(ping.text)["method"]) for ping in pings] == [
        ("market", "LIST_SUBSCRIPTIONS"),
        ("public", "LIST_SUBSCRIPTIONS"),
    ]
    assert kinds(adapter.hear("public", b'{"result":["btcusdt@depth@100ms"],"id":3}', NOW + 11 * S).said) == [
        "Alive"
    ]
    gone = [ask for ask in adapter.tick(NOW + 25 * S).asks if isinstance(ask, Reconnect)]
    assert [ask.link for ask in gone] == ["market"]


def test_a_request_that_is_never_confirmed_gives_the_link_up() -> None:
    adapter = usdm()
    opened(adapter)
    adapter.hear("public", b'{"result":null,"id":1}', NOW)
    gone = [ask for ask in adapter.tick(NOW + 15 * S).asks if isinstance(ask, Reconnect)]
    assert [(ask.link, ask.why) for ask in gone] == [("market", "no answer to a request for 2 streams")]


def test_a_server_that_shuts_down_is_left() -> None:
    adapter = BinanceAdapter(SPOT, ["ETHUSDT"])
    opened(adapter)
    heard = adapter.hear("stream", SPOT_SAID[-1], NOW)
    assert kinds(heard.said) == ["Alive"]
    assert kinds(heard.asks) == ["Reconnect"]


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
