"""What the adapter of OKX asks, and when."""

import json
from pathlib import Path

import pytest
from venue_talk import given_up, sent, tags, troubles

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.levels import Scale
from rfq.feeds.said import (
    Alive,
    BookSaid,
    ClockSaid,
    Confirmed,
    Fetch,
    Send,
    Trouble,
)
from rfq.feeds.venues.adapter import Heard
from rfq.feeds.venues.okx import Okx

SWAP = "BTC-USDT-SWAP"
LINK = "okx-0"
S = 10**9
NOW = 1_795_600_000 * S
MS = 10**6


@pytest.fixture
def texts(root: Path) -> list[bytes]:
    return (root / "tests/fixtures/venues/okx_v5.jsonl").read_bytes().splitlines()


@pytest.fixture
def rest(root: Path) -> dict[str, object]:
    return json.loads((root / "tests/fixtures/venues/okx_rest.json").read_bytes())  # type: ignore[no-any-return]


def okx() -> Okx:
    return Okx([SWAP], {SWAP: Scale(1, 2)}, families=["BTC-USD"])


def about(texts: list[bytes], channel: str) -> list[bytes]:
    return [text for text in texts if f'"channel":"{channel}"'.encode() in text and b'"data"' in text]


def subscriptions(heard: Heard) -> list[tuple[str, dict[str, str]]]:
    return [(message["op"], arg) for message in sent(heard) for arg in message["args"]]


def entered(adapter: Okx) -> None:
    adapter.opened(LINK, NOW)
    adapter.hear(
        LINK, b'{"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"connId":"1"}', NOW
    )


def test_events(texts: list[bytes]) -> None:
    adapter = okx()
    adapter.opened(LINK, NOW)
    confirmed = adapter.hear(LINK, texts[0], NOW).said
    assert confirmed == (Confirmed(venue="okx", received_at=NOW, channels=(f"books:{SWAP}",)),)
    assert adapter.hear(LINK, b"pong", NOW).said == (Alive(venue="okx", received_at=NOW),)
    refused = next(text for text in texts if b"60018" in text)
    (trouble,) = troubles(adapter.hear(LINK, refused, NOW))
    assert "60018" in trouble.what and "doesn't exist" in trouble.what and not trouble.breaks_book
    closing = adapter.hear(LINK, next(text for text in texts if b"64008" in text), NOW)
    assert given_up(closing) == [LINK]
    unknown = next(text for text in texts if b"channel-conn-count" in text)
    assert not adapter.hear(LINK, unknown, NOW).asks


def test_what_is_asked_at_the_opening() -> None:
    adapter = okx()
    assert dict(adapter.links) == {LINK: "wss://ws.okx.com:8443/ws/v5/public"}
    asks = adapter.opened(LINK, NOW)
    asked = [arg for op, arg in subscriptions(asks) if op == "subscribe"]
    for channel in (
        "books",
        "bbo-tbt",
        "trades",
        "tickers",
        "mark-price",
        "open-interest",
        "funding-rate",
    ):
        assert {"channel": channel, "instId": SWAP} in asked
    assert {"channel": "index-tickers", "instId": "BTC-USDT"} in asked
    assert {"channel": "opt-summary", "instFamily": "BTC-USD"} in asked
    assert tags(asks) == ["time", "list:SWAP", "list:OPTION:BTC-USD"]
    again = adapter.opened(LINK, NOW + S)
    assert subscriptions(again) == subscriptions(asks) and not tags(again)


def test_spot_and_futures_are_asked_for_what_they_have() -> None:
    asked = [arg for _, arg in subscriptions(Okx(["BTC-USDT", "BTC-USD-261225"]).opened(LINK, NOW))]
    assert {"channel": "mark-price", "instId": "BTC-USD-261225"} in asked
    assert {"channel": "mark-price", "instId": "BTC-USDT"} not in asked
    assert not [arg for arg in asked if arg["channel"] == "funding-rate"]


def test_many_symbols_are_spread_over_links_and_messages() -> None:
    symbols = [f"COIN{n}-USDT-SWAP" for n in range(60)]
    adapter = Okx(symbols)
    assert list(adapter.links) == ["okx-0", "okx-1", "okx-2"]
    heard = adapter.opened("okx-1", NOW)
    assert all(len(message["args"]) <= adapter.limits.channels_per_message for message in sent(heard))
    books = [arg["instId"] for _, arg in subscriptions(heard) if arg["channel"] == "books"]
    assert books == symbols[25:50]
    broken = adapter.closed("okx-1", NOW).said
    assert [one.symbol for one in broken if isinstance(one, Trouble) and one.breaks_book] == symbols[25:50]


@pytest.mark.parametrize("names", [[], ["BTC-USDT", "BTC-USDT"], ["BTC-USDT&sz=1"], ["btc"]])
def test_names_that_cannot_be_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="none, bad or twice"):
        Okx(names)


def test_changes_without_a_snapshot_make_it_be_fetched(texts: list[bytes], rest: dict[str, object]) -> None:
    adapter, keeper = okx(), BookKeeper(rules.OKX, SWAP, Scale(1, 2))
    entered(adapter)
    change = about(texts, "books")[1]
    heard = adapter.hear(LINK, change, NOW)
    (fetch,) = heard.asks
    assert isinstance(fetch, Fetch) and fetch.path == f"/api/v5/market/books?instId={SWAP}&sz=400&source=0"
    assert not adapter.hear(LINK, change, NOW).asks  # it is asked already
    for one in heard.said:
        assert isinstance(one, BookSaid)
        keeper.take(one)
    assert keeper.state(NOW) is not State.LIVE
    (snapshot,) = adapter.fetched(fetch.tag, 200, json.dumps(rest[fetch.tag]).encode(), NOW, NOW + 1).said
    assert isinstance(snapshot, BookSaid) and snapshot.is_snapshot and snapshot.last == 1002
    keeper.take(snapshot)
    assert keeper.is_live and keeper.last == 1004
    assert keeper.levels(1) == [(950100, 3000), (950097, 400)]
    later = tags(adapter.tick(NOW + 20 * S))
    assert fetch.tag not in later


def test_a_snapshot_that_does_not_come_is_fetched_after_five_seconds() -> None:
    adapter = okx()
    entered(adapter)

    def fetched(at: int) -> list[str]:
        return tags(adapter.tick(at))

    assert f"book:{SWAP}" not in fetched(NOW + 4 * S)
    assert f"book:{SWAP}" in fetched(NOW + 5 * S)


def test_leftovers_of_the_old_channel_do_not_fetch_before_the_new_is_confirmed(texts: list[bytes]) -> None:
    adapter = okx()
    entered(adapter)
    adapter.hear(LINK, about(texts, "books")[0], NOW)
    asks = adapter.resync(SWAP, NOW)
    arg = {"channel": "books", "instId": SWAP}
    assert subscriptions(asks) == [("unsubscribe", arg), ("subscribe", arg)]
    assert not adapter.hear(LINK, about(texts, "books")[1], NOW).asks
    assert adapter.resync("NOT-OURS", NOW) == Heard()


def test_answers_that_are_no_use_are_told_and_asked_again(rest: dict[str, object]) -> None:
    adapter = okx()
    adapter.opened(LINK, NOW)
    for status, raw in (
        (503, b"<html>"),
        (0, b""),
        (200, b'{"code":"50011","msg":"Too Many Requests","data":[]}'),
    ):
        fresh = okx()
        fresh.opened(LINK, NOW)
        (trouble,) = troubles(fresh.fetched("time", status, raw, NOW, NOW + S))
        assert trouble.where == "time"
        later = tags(fresh.tick(NOW + 30 * S))
        assert "time" in later
    assert adapter.fetched("nobody:asked", 200, b"{}", NOW, NOW) == Heard()
    (clock,) = adapter.fetched("time", 200, json.dumps(rest["time"]).encode(), NOW, NOW + 40 * MS).said
    assert isinstance(clock, ClockSaid)
    assert clock.offset_ns == 123 * MS + MS // 2 - 20 * MS and clock.error_ns >= 20 * MS


def test_a_fetched_book_without_its_number_is_not_believed() -> None:
    adapter = okx()
    entered(adapter)
    adapter.tick(NOW + 5 * S)
    raw = b'{"code":"0","msg":"","data":[{"asks":[["2","1","0","1"]],"bids":[["1","1","0","1"]],"ts":"5"}]}'
    (trouble,) = troubles(adapter.fetched(f"book:{SWAP}", 200, raw, NOW, NOW + 6 * S))
    assert trouble.breaks_book and trouble.symbol == SWAP and "without its number" in trouble.what


def test_silence_is_pinged_and_then_given_up() -> None:
    adapter = okx()
    adapter.opened(LINK, NOW)

    def links(at: int) -> tuple[list[str], list[str]]:
        heard = adapter.tick(at)
        pings = [ask.link for ask in heard.asks if isinstance(ask, Send) and ask.text == "ping"]
        return pings, given_up(heard)

    assert links(NOW + 19 * S) == ([], [])
    assert links(NOW + 20 * S) == ([LINK], [])
    assert links(NOW + 45 * S) == ([], [LINK])
    assert links(NOW + 90 * S) == ([], [])


def test_what_is_not_confirmed_is_told_and_asked_for_again_after_pauses_that_double() -> None:
    adapter = okx()
    entered(adapter)

    def asked(seconds: int) -> list[str]:
        heard = adapter.tick(NOW + seconds * S)
        told = [one for one in troubles(heard) if one.what.startswith("not confirmed")]
        names = [
            f"{arg['channel']}:{arg.get('instId') or arg['instFamily']}" for _, arg in subscriptions(heard)
        ]
        assert bool(told) == bool(names)
        return names

    first = asked(15)
    assert f"bbo-tbt:{SWAP}" in first and f"books:{SWAP}" not in first
    assert asked(16) == [] and asked(44) == []
    assert asked(45) == first
    adapter.closed(LINK, NOW + 46 * S)
    assert asked(4_000) == []


def test_a_book_whose_channel_is_refused_is_not_fetched(texts: list[bytes]) -> None:
    adapter = okx()
    adapter.opened(LINK, NOW)
    adapter.hear(LINK, next(text for text in texts if b"60018" in text), NOW)
    assert [
        tag for after in range(1, 300) for tag in tags(adapter.tick(NOW + after * S)) if "book" in tag
    ] == []


def test_the_clock_is_asked_each_minute_and_lists_each_hour() -> None:
    adapter = okx()
    adapter.opened(LINK, NOW)
    for tag in ("time", "list:SWAP"):
        adapter.fetched(tag, 200, b'{"code":"0","data":[{"ts":"5"}]}', NOW, NOW)
    asked = tags(adapter.tick(NOW + 60 * S))
    assert "time" in asked and "list:SWAP" not in asked
    adapter.fetched("time", 200, b'{"code":"0","data":[{"ts":"5"}]}', NOW, NOW)
    asked = tags(adapter.tick(NOW + 3_600 * S))
    assert {"time", "list:SWAP"} <= set(asked)
