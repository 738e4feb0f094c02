"""Bybit's adapter: what its messages say, how a book is asked for anew, what it does with refusals."""

import json
import lzma
from collections.abc import Iterable
from pathlib import Path

import pytest
from venue_cases import CALL, NOW, PUT, S, answers, fetches, messages, opened, played

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
from rfq.feeds.venues.bybit import BybitAdapter
from rfq.feeds.venues.bybit_markets import INVERSE, LINEAR, OPTION, SPOT

CAPTURE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "captures" / "BYBIT.ws.26.0.xz"
SCALE = Scale(price_digits=2, size_digits=3)
SAID = messages("bybit_linear")
ANSWERS = answers("bybit_rest", "bybit_linear")
OPTION_SAID = messages("bybit_option")
OPTION_ANSWERS = answers("bybit_rest", "bybit_option")


def linear(*more: str) -> BybitAdapter:
    return BybitAdapter(LINEAR, ["BTCUSDT", *more], scales={"BTCUSDT": SCALE})


def sent(asks: Iterable[object]) -> list[tuple[str, list[str]]]:
    found = [json.loads(ask.text) for ask in asks if isinstance(ask, Send)]
    return [(one["op"], one.get("args", [])) for one in found]


def test_ten_topics_a_request_and_one_address_a_category() -> None:
    adapter = linear("ETHUSDT", "SOLUSDT")
    assert dict(adapter.links) == {"linear": "wss://stream.bybit.com/v5/public/linear"}
    requests = sent(opened(adapter).asks)
    assert [len(args) for _, args in requests] == [10, 2]
    assert requests[0][1][:4] == [
        "orderbook.200.BTCUSDT",
        "orderbook.1.BTCUSDT",
        "publicTrade.BTCUSDT",
        "tickers.BTCUSDT",
    ]
    options = BybitAdapter(OPTION, [CALL, PUT])
    topics = [topic for _, args in sent(opened(options).asks) for topic in args]
    assert topics.count("publicTrade.BTC") == 1
    assert f"orderbook.100.{PUT}" in topics
    assert not any(topic.startswith("orderbook.1.") for topic in topics)
    many = BybitAdapter(SPOT, [f"C{number}USDT" for number in range(200)])
    assert list(many.links) == ["spot", "spot-2"]


def test_what_cannot_be_asked_for_is_refused_when_it_is_made() -> None:
    for symbols in ([], ["btcusdt"], ["BTC/USDT"], ["BTCUSDT", "BTCUSDT"]):
        with pytest.raises(ValueError, match="bybit_linear"):
            BybitAdapter(LINEAR, symbols)
    with pytest.raises(ValueError, match="500"):
        BybitAdapter(LINEAR, ["BTCUSDT"], depth=500)


def test_messages_of_perpetuals_are_read() -> None:
    adapter = linear()
    opened(adapter)
    said = played(adapter, SAID, "linear")
    assert isinstance(said[0], Confirmed)
    assert said[0].channels[0] == "orderbook.200.BTCUSDT"
    books = [one for one in said if isinstance(one, BookSaid)]
    assert [(book.is_snapshot, book.last) for book in books] == [
        (True, 18521288),
        (False, 18521289),
        (True, 1),
    ]
    assert pairs(books[1].bids) == [(9499950, 0), (9499990, 2500)]
    assert books[0].exchange_at == 1795600000097_000_000
    touch = next(one for one in said if isinstance(one, TouchSaid))
    assert (touch.bid, touch.bid_size, touch.ask, touch.ask_size, touch.last) == (
        9500000,
        3200,
        9500010,
        650,
        30001,
    )
    fills = [one for one in said if isinstance(one, TradeSaid)]
    assert [(fill.price, fill.size, fill.side, fill.block) for fill in fills] == [
        (9500010, 50, 1, ""),
        (9499800, 10000, -1, "b1"),
    ]
    first, second = (one for one in said if isinstance(one, TickerSaid))
    assert (first.mark, first.index, first.bid, first.ask) == (95001.2, 95002.3, 95000.0, 95000.1)
    assert first.funding_8h == pytest.approx(-0.000424)
    assert first.funding_at == 1795622400_000_000_000
    assert first.volume_usd_24h == 9570383121.943499
    assert (second.mark, second.index, second.bid, second.ask) == (95003.4, 95002.3, 94999.9, 95000.1)
    assert isinstance(said[-2], Alive)
    assert isinstance(said[-1], Trouble)
    assert "handler not found" in said[-1].what


def test_messages_of_options_are_read() -> None:
    adapter = BybitAdapter(
        OPTION, [CALL, PUT], scales={CALL: Scale(0, 2), "BTC-4DEC26-120000-C-USDT": Scale(0, 0)}
    )
    opened(adapter)
    said = played(adapter, OPTION_SAID, "option")
    assert isinstance(said[0], Confirmed)
    assert said[0].channels == (f"orderbook.100.{CALL}",)
    assert isinstance(said[1], Trouble)
    assert said[1].symbol == PUT
    assert isinstance(said[2], BookSaid)
    assert pairs(said[2].asks) == [(5180, 205)]
    fills = [one for one in said if isinstance(one, TradeSaid)]
    assert [(fill.symbol, fill.price, fill.size, fill.side) for fill in fills] == [
        (CALL, 5180, 50, 1),
        ("BTC-4DEC26-120000-C-USDT", 35, 1, -1),
    ]
    ticker = next(one for one in said if isinstance(one, TickerSaid))
    assert (ticker.bid_iv, ticker.ask_iv, ticker.mark_iv) == (0.515, None, 0.5204)
    assert (ticker.bid, ticker.ask, ticker.mark, ticker.underlying) == (5120.0, None, 5150.44, 96110.2)
    assert isinstance(said[-1], Alive)


def test_a_book_is_right_after_its_snapshot_and_after_the_venue_begins_anew() -> None:
    adapter = linear()
    opened(adapter)
    keeper = BookKeeper(rules.BYBIT, "BTCUSDT", SCALE)
    looks = [keeper.take(one) for one in played(adapter, SAID, "linear") if isinstance(one, BookSaid)]
    assert keeper.state(NOW + 1) is State.LIVE
    assert all(look is not None for look in looks)
    assert keeper.levels(1, 9) == [(9500000, 1000)]
    assert keeper.levels(-1, 9) == [(9500020, 4000)]


def test_a_ticker_whose_beginning_was_missed_says_only_what_it_knows() -> None:
    adapter = linear()
    opened(adapter)
    (ticker,) = adapter.hear("linear", SAID[6], NOW).said
    assert isinstance(ticker, TickerSaid)
    assert (ticker.mark, ticker.index) == (95003.4, None)
    adapter.hear("linear", SAID[5], NOW)
    adapter.closed("linear", NOW)
    (ticker,) = adapter.hear("linear", SAID[6], NOW).said
    assert isinstance(ticker, TickerSaid)
    assert ticker.index is None


def test_of_inverse_contracts_volume_is_counted_in_dollars() -> None:
    adapter = BybitAdapter(INVERSE, ["BTCUSDT"])
    opened(adapter)
    (ticker,) = adapter.hear("inverse", SAID[5], NOW).said
    assert isinstance(ticker, TickerSaid)
    assert ticker.volume_usd_24h == 101705.276


def test_topics_refused_together_are_asked_for_one_by_one() -> None:
    adapter = linear("NOSUCH")
    opened(adapter)
    words = b'{"success":false,"ret_msg":"error:handler not found,topic:tickers.NOSUCH","req_id":"%d","op":"subscribe"}'
    (trouble,), asks = adapter.hear("linear", words % 1, NOW)
    assert isinstance(trouble, Trouble)
    assert trouble.symbol == ""
    assert [args for _, args in sent(asks)] == [
        [f"{kind}.{symbol}"]
        for symbol in ("BTCUSDT", "NOSUCH")
        for kind in ("orderbook.200", "orderbook.1", "publicTrade", "tickers")
    ]
    (trouble,), asks = adapter.hear("linear", words % 9, NOW)
    assert isinstance(trouble, Trouble)
    assert (trouble.symbol, list(asks)) == ("NOSUCH", [])
    for number in (2, 3, 4, 5, 6, 7, 8, 10):
        adapter.hear("linear", b'{"success":true,"op":"subscribe","req_id":"%d"}' % number, NOW)
    assert sent(adapter.tick(NOW + 4 * S).asks) == []
    assert [args for _, args in sent(adapter.tick(NOW + 5 * S).asks)] == [["tickers.NOSUCH"]]


def test_a_book_found_wrong_is_left_and_subscribed_anew() -> None:
    adapter = linear()
    assert adapter.resync("BTCUSDT", NOW).asks == ()
    opened(adapter)
    assert adapter.resync("BTCUSDT", NOW).asks == (), "the first subscription is still under way"
    adapter.hear("linear", SAID[0], NOW)
    asks = adapter.resync("BTCUSDT", NOW).asks
    assert sent(asks) == [
        ("unsubscribe", ["orderbook.200.BTCUSDT"]),
        ("subscribe", ["orderbook.200.BTCUSDT"]),
    ]
    assert adapter.resync("BTCUSDT", NOW).asks == ()
    for number in (2, 3):
        (confirmed,) = adapter.hear(
            "linear", SAID[0].replace(b'"req_id":"1"', b'"req_id":"%d"' % number), NOW
        ).said
        assert isinstance(confirmed, Confirmed)
        assert confirmed.subscribed is (number == 3)
    assert len(adapter.resync("BTCUSDT", NOW).asks) == 2
    assert adapter.resync("ETHUSDT", NOW).asks == ()


def test_pings_every_twenty_seconds_and_silence_ends_the_link() -> None:
    adapter = linear()
    opened(adapter)
    adapter.hear("linear", SAID[0], NOW)
    assert sent(adapter.tick(NOW + 19 * S).asks) == []
    assert sent(adapter.tick(NOW + 20 * S).asks) == [("ping", [])]
    adapter.hear("linear", SAID[8], NOW + 21 * S)
    assert sent(adapter.tick(NOW + 40 * S).asks) == [("ping", [])]
    gone = [ask for ask in adapter.tick(NOW + 66 * S).asks if isinstance(ask, Reconnect)]
    assert [ask.link for ask in gone] == ["linear"]


def test_a_request_that_is_never_confirmed_gives_the_link_up() -> None:
    adapter = linear()
    opened(adapter)
    gone = [ask for ask in adapter.tick(NOW + 15 * S).asks if isinstance(ask, Reconnect)]
    assert [ask.why for ask in gone] == ["no answer to a request for 4 topics"]


def test_the_list_of_instruments_comes_in_pages() -> None:
    adapter = linear("SOLUSDT", "NOSUCH")
    opened(adapter)
    heard = adapter.fetched("listing:", 200, ANSWERS["listing:"], NOW, NOW)
    (listing,) = heard.said
    assert isinstance(listing, ListingSaid)
    assert [(row.symbol, row.kind, row.expiry_at) for row in listing.instruments] == [
        ("BTCUSDT", "perpetual", 0),
        ("BTCUSDT-25DEC26", "future", 1798185600_000_000_000),
    ]
    (ask,) = heard.asks
    assert isinstance(ask, Fetch)
    assert ask.path.endswith("&limit=1000&cursor=first%3DBTCUSDT%26last%3DBTCUSDT-25DEC26")
    listing, trouble = adapter.fetched("listing:", 200, ANSWERS["listing: 2"], NOW, NOW).said
    assert isinstance(listing, ListingSaid)
    assert isinstance(trouble, Trouble)
    assert trouble.symbol == "NOSUCH"


def test_a_chain_of_options_is_listed_with_strikes_and_expiries() -> None:
    adapter = BybitAdapter(OPTION, [CALL])
    assert fetches(opened(adapter))["listing:BTC"].path.endswith("category=option&limit=1000&baseCoin=BTC")
    (listing,) = adapter.fetched("listing:BTC", 200, OPTION_ANSWERS["listing:BTC"], NOW, NOW).said
    assert isinstance(listing, ListingSaid)
    call, put = listing.instruments
    assert (call.strike, call.is_call, call.expiry_at) == (100000.0, True, 1806048000_000_000_000)
    assert (put.symbol, put.is_call, put.kind) == (PUT, False, "option")


def test_the_clock_and_refusals_by_http() -> None:
    adapter = linear()
    opened(adapter)
    sent_at = 1795600000_000_000_000
    (clock,) = adapter.fetched("time", 200, ANSWERS["time"], sent_at, sent_at + 40_000_000).said
    assert isinstance(clock, ClockSaid)
    assert clock.offset_ns == 103_456_789
    for status, body, words in (
        (403, b"access too frequent", "again in 600 s"),
        (200, b'{"retCode":10006,"retMsg":"Too many visits!"}', "10006 Too many visits!"),
        (200, b"<html>", "malformed"),
        (0, b"", "no answer"),
    ):
        adapter = linear()
        opened(adapter)
        (trouble,) = adapter.fetched("time", status, body, NOW, NOW).said
        assert isinstance(trouble, Trouble)
        assert words in trouble.what
        assert not trouble.breaks_book


@pytest.mark.parametrize(
    ("line", "old", "new", "breaks"),
    [
        (2, b'"s":"BTCUSDT"', b'"s":"ETHUSDT"', True),
        (2, b'"type":"delta"', b'"type":"change"', True),
        (2, b'"2.5"', b'"2.5001"', True),
        (2, b'"u":18521289', b'"u":-1', True),
        (3, b'"type":"snapshot"', b'"type":"delta"', False),
        (4, b'"S":"Buy"', b'"S":"None"', False),
        (4, b'"v":"0.050"', b'"v":"0"', False),
        (5, b'"symbol":"BTCUSDT"', b'"symbol":"ETHUSDT"', False),
    ],
)
def test_what_makes_no_sense_is_told(line: int, old: bytes, new: bytes, breaks: bool) -> None:
    adapter = linear()
    opened(adapter)
    assert old in SAID[line]
    said = adapter.hear("linear", SAID[line].replace(old, new, 1), NOW).said
    (trouble,) = (one for one in said if isinstance(one, Trouble))
    assert trouble.breaks_book is breaks
    assert trouble.symbol == "BTCUSDT"
    assert len(said) == (2 if line == 4 else 1), "the other trade is not lost"


@pytest.mark.skipif(not CAPTURE.exists(), reason="the shared captures are not here")
def test_the_retired_api_of_2021_is_not_taken_for_the_new_one() -> None:
    adapter = BybitAdapter(INVERSE, ["BTCUSD", "EOSUSD"])
    opened(adapter)
    texts = 0
    with lzma.open(CAPTURE, "rt") as lines:
        for line in lines:
            text = line.rstrip("\n").partition(": ")[2]
            if text.startswith("{"):
                texts += 1
                assert all(
                    isinstance(said, (Trouble, Alive))
                    for said in adapter.hear("inverse", text.encode(), NOW).said
                )
    assert texts > 100
