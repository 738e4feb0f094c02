"""What Binance's adapter asks and when: subscriptions, snapshots, pings, what it does with refusals and silence."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from venue_cases import NOW, S, answers, fetches, messages, opened

from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid, Confirmed, Fetch, Reconnect, Send, Trouble
from rfq.feeds.venues.binance import BinanceAdapter
from rfq.feeds.venues.binance_markets import SPOT, USDM

USDM_ANSWERS = answers("binance_rest", "binance_usdm")
SPOT_SAID = messages("binance_spot")
CHANGES = messages("binance_usdm")[1:4]


def usdm(**words: Any) -> BinanceAdapter:
    return BinanceAdapter(
        USDM, ["BTCUSDT"], scales={"BTCUSDT": Scale(price_digits=2, size_digits=3)}, **words
    )


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


def test_a_confirmed_subscription_asks_for_the_snapshot_of_a_quiet_book() -> None:
    adapter = usdm()
    opened(adapter)
    (confirmed,), asks = adapter.hear("public", b'{"result":null,"id":1}', NOW)
    assert isinstance(confirmed, Confirmed)
    assert confirmed.channels == ("btcusdt@depth@100ms", "btcusdt@bookTicker")
    assert [ask.tag for ask in asks if isinstance(ask, Fetch)] == ["depth:BTCUSDT"]
    assert adapter.hear("public", CHANGES[0], NOW).asks == []


def test_what_is_refused_is_asked_for_one_by_one_and_then_later_and_gets_no_snapshot_before() -> None:
    adapter = usdm()
    opened(adapter)
    refusal = b'{"error":{"code":2,"msg":"Invalid request"},"id":%d}'
    heard = adapter.hear("public", refusal % 1, NOW)
    assert [json.loads(ask.text)["params"] for ask in heard.asks if isinstance(ask, Send)] == [
        ["btcusdt@depth@100ms"],
        ["btcusdt@bookTicker"],
    ]
    (trouble,), asks = adapter.hear("public", refusal % 3, NOW)
    assert isinstance(trouble, Trouble)
    assert (trouble.symbol, list(asks)) == ("BTCUSDT", [])
    adapter.hear("public", b'{"result":null,"id":4}', NOW)
    assert not [ask for ask in adapter.tick(NOW + 4 * S).asks if isinstance(ask, Send)]
    asked = adapter.tick(NOW + 5 * S)
    assert [json.loads(ask.text)["params"] for ask in asked.asks if isinstance(ask, Send)] == [
        ["btcusdt@depth@100ms"]
    ]
    assert "depth:BTCUSDT" not in fetches(asked)
    adapter.hear("public", refusal % 5, NOW + 6 * S)
    (again,) = adapter.resync("BTCUSDT", NOW + 7 * S).asks
    assert isinstance(again, Send)
    assert adapter.resync("BTCUSDT", NOW + 7 * S).asks == []
    assert "depth:BTCUSDT" in fetches(adapter.hear("public", b'{"result":null,"id":6}', NOW + 8 * S))


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
