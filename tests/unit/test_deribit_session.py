"""What the adapter of Deribit asks, and when."""

import json
from pathlib import Path

import pytest
from venue_talk import given_up, sent, tags, troubles

from rfq.feeds.levels import Scale
from rfq.feeds.said import (
    Alive,
    ClockSaid,
    Confirmed,
    ListingSaid,
    Send,
)
from rfq.feeds.venues.adapter import Heard
from rfq.feeds.venues.deribit import CHAINS, MARKETS, Deribit

PERP = "BTC-PERPETUAL"
CALL = "BTC-25DEC26-100000-C"
S = 10**9
MS = 10**6
NOW = 1_795_600_000 * S


@pytest.fixture
def texts(root: Path) -> list[bytes]:
    return (root / "tests/fixtures/venues/deribit_v2.jsonl").read_bytes().splitlines()


@pytest.fixture
def rest(root: Path) -> dict[str, object]:
    return json.loads((root / "tests/fixtures/venues/deribit_rest.json").read_bytes())  # type: ignore[no-any-return]


def deribit() -> Deribit:
    return Deribit([PERP], {PERP: Scale(1, 0)}, indices=["btc_usd"], chains=["btc_usd"])


def asked(heard: Heard, method: str) -> list[str]:
    return [
        channel for one in sent(heard) if one["method"] == method for channel in one["params"]["channels"]
    ]


def ids(heard: Heard, method: str) -> list[int]:
    return [one["id"] for one in sent(heard) if one["method"] == method]


def test_heartbeats_are_answered(texts: list[bytes]) -> None:
    adapter = deribit()
    alive = (Alive(venue="deribit", received_at=NOW),)
    plain, test = [adapter.hear(MARKETS, text, NOW) for text in texts if b'"heartbeat"' in text]
    assert plain == Heard(alive) and test.said == alive
    assert [one["method"] for one in sent(test)] == ["public/test"]


def test_what_is_asked_at_the_opening() -> None:
    adapter = deribit()
    assert dict(adapter.links) == dict.fromkeys((MARKETS, CHAINS), "wss://www.deribit.com/ws/api/v2")
    markets = adapter.opened(MARKETS, NOW)
    assert asked(markets, "public/subscribe") == [
        f"book.{PERP}.100ms",
        f"trades.{PERP}.100ms",
        f"ticker.{PERP}.100ms",
        f"quote.{PERP}",
        "deribit_price_index.btc_usd",
    ]
    assert tags(markets) == ["time", "list:BTC:future", "list:BTC:option"]
    first = markets.asks[0]
    assert isinstance(first, Send) and '"public/set_heartbeat","params":{"interval":10}' in first.text
    chains = adapter.opened(CHAINS, NOW)
    assert asked(chains, "public/subscribe") == ["markprice.options.btc_usd", "trades.option.BTC.100ms"]
    assert list(Deribit([PERP]).links) == [MARKETS]


def test_the_tickers_of_a_chain_follow_its_list(rest: dict[str, object]) -> None:
    adapter = deribit()
    adapter.opened(MARKETS, NOW)
    adapter.opened(CHAINS, NOW)
    tag = "list:BTC:option"
    heard = adapter.fetched(tag, 200, json.dumps(rest[tag]).encode(), NOW, NOW)
    tickers = [f"ticker.{CALL}.agg2", "ticker.BTC-25DEC26-80000-P.agg2"]
    assert asked(heard, "public/subscribe") == tickers
    (listing,) = heard.said
    assert isinstance(listing, ListingSaid)
    call, put = listing.instruments  # the delivered one is left out
    assert (call.kind, call.underlying, call.quote, call.strike, call.is_call, call.inverse) == (
        *("option", "BTC", "BTC"),
        *(100_000.0, True, False),
    )
    assert (call.price_tick, call.size_step, call.expiry_at) == ("0.0001", "0.1", 1_798_185_600 * S)
    assert not put.is_call
    adapter.closed(CHAINS, NOW)
    assert asked(adapter.opened(CHAINS, NOW), "public/subscribe")[2:] == tickers
    adapter.tick(NOW + 3_600 * S)
    shorter = (
        b'{"jsonrpc":"2.0","result":[{"instrument_name":"BTC-1JAN27-1-P","kind":"option","state":"open"}]}'
    )
    heard = adapter.fetched(tag, 200, shorter, NOW, NOW + 3_600 * S)
    assert asked(heard, "public/subscribe") == ["ticker.BTC-1JAN27-1-P.agg2"]
    adapter.closed(CHAINS, NOW)
    assert asked(adapter.opened(CHAINS, NOW), "public/subscribe")[2:] == ["ticker.BTC-1JAN27-1-P.agg2"]


@pytest.mark.parametrize(
    ("symbols", "extra"),
    [
        ([], {}),
        ([PERP, PERP], {}),
        (["BTC PERP"], {}),
        ([PERP], {"chains": ["BTC"]}),
        ([PERP], {"indices": ["btc.usd"]}),
        ([PERP], {"interval": "1s"}),
    ],
)
def test_names_that_cannot_be_are_refused(symbols: list[str], extra: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"none, bad or twice|no books every"):
        Deribit(symbols, **extra)  # type: ignore[arg-type]


def test_channels_that_are_not_confirmed_and_requests_that_are_refused_are_told(texts: list[bytes]) -> None:
    adapter = Deribit([PERP], interval="raw")
    (number,) = ids(adapter.opened(MARKETS, NOW), "public/subscribe")
    some = json.dumps({"jsonrpc": "2.0", "id": number, "result": [f"book.{PERP}.raw", f"quote.{PERP}"]})
    heard = adapter.hear(MARKETS, some.encode(), NOW)
    channels = (f"book.{PERP}.raw", f"quote.{PERP}")
    assert heard.said[0] == Confirmed(venue="deribit", received_at=NOW, channels=channels)
    (one,) = troubles(heard)
    assert one.what == f"not confirmed: trades.{PERP}.raw, ticker.{PERP}.raw"
    again = adapter.tick(NOW + 15 * S)
    assert asked(again, "public/subscribe") == [f"trades.{PERP}.raw", f"ticker.{PERP}.raw"]
    (number,) = ids(adapter.opened(MARKETS, NOW), "public/subscribe")
    refusal = next(text for text in texts if b"13778" in text).replace(b'"id":98', b'"id":%d' % number)
    (one,) = troubles(adapter.hear(MARKETS, refusal, NOW))
    assert "13778" in one.what and "raw_subscriptions" in one.what and one.where == "public/subscribe"


def test_a_request_without_answer_is_told_once() -> None:
    adapter = deribit()
    adapter.opened(MARKETS, NOW)
    late = adapter.tick(NOW + 15 * S)
    assert [(one.what.split(":")[0], one.where) for one in troubles(late) if "time" not in one.where][:2] == [
        ("no answer", f"{MARKETS} public/set_heartbeat"),
        ("not confirmed", MARKETS),
    ]
    assert len(asked(late, "public/subscribe")) == 5
    assert not [one for one in troubles(adapter.tick(NOW + 16 * S)) if "confirmed" in one.what]
    assert len(asked(adapter.tick(NOW + 45 * S), "public/subscribe")) == 5  # pauses double


def test_a_book_that_must_come_again_is_left_and_entered() -> None:
    adapter = deribit()
    adapter.opened(MARKETS, NOW)
    heard = adapter.resync(PERP, NOW)
    assert asked(heard, "public/unsubscribe") == asked(heard, "public/subscribe") == [f"book.{PERP}.100ms"]
    (number,) = ids(heard, "public/unsubscribe")
    left = json.dumps({"jsonrpc": "2.0", "id": number, "result": [f"book.{PERP}.100ms"]}).encode()
    (said,) = adapter.hear(MARKETS, left, NOW).said
    assert isinstance(said, Confirmed) and not said.subscribed
    assert adapter.resync("ETH-PERPETUAL", NOW) == Heard()


def test_a_link_that_goes_takes_its_books_with_it() -> None:
    adapter = deribit()
    adapter.opened(MARKETS, NOW)
    adapter.opened(CHAINS, NOW)
    assert [(one.symbol, one.breaks_book) for one in troubles(adapter.closed(MARKETS, NOW))] == [(PERP, True)]
    assert troubles(adapter.closed(CHAINS, NOW)) == []


def test_silence_is_pinged_and_then_given_up() -> None:
    adapter = Deribit([PERP])
    adapter.opened(MARKETS, NOW)

    def links(at: int) -> tuple[list[str], list[str]]:
        heard = adapter.tick(at)
        pings = [ask.link for ask in heard.asks if isinstance(ask, Send) and "public/test" in ask.text]
        return pings, given_up(heard)

    assert links(NOW + 14 * S) == ([], [])
    assert links(NOW + 15 * S) == ([MARKETS], [])
    assert links(NOW + 35 * S) == ([], [MARKETS])


def test_the_clock_is_read_to_the_microsecond(rest: dict[str, object]) -> None:
    adapter = deribit()
    adapter.opened(MARKETS, NOW)
    raw = json.dumps(rest["time"]).encode()
    (clock,) = adapter.fetched("time", 200, raw, NOW, NOW + 40 * MS).said
    assert isinstance(clock, ClockSaid)
    assert clock.offset_ns == pytest.approx(123_467_000 - 20 * MS, abs=1_000) and clock.error_ns < 21 * MS
    adapter.tick(NOW + 60 * S)
    (coarse,) = adapter.fetched("time", 200, b'{"result":1795600000123}', NOW, NOW + 40 * MS).said
    assert isinstance(coarse, ClockSaid) and abs(coarse.offset_ns - 103 * MS) <= MS


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (502, b"<html>"),
        (0, b""),
        (400, b'{"jsonrpc":"2.0","error":{"message":"bad_request","code":11050}}'),
        (200, b'{"jsonrpc":"2.0","error":{"message":"too_many_requests","code":10028}}'),
    ],
)
def test_answers_that_are_no_use_are_told_and_asked_again(status: int, raw: bytes) -> None:
    adapter = deribit()
    adapter.opened(MARKETS, NOW)
    (trouble,) = troubles(adapter.fetched("list:BTC:future", status, raw, NOW, NOW + S))
    assert trouble.where == "list:BTC:future" and not trouble.breaks_book
    assert "list:BTC:future" in tags(adapter.tick(NOW + 12 * S))
    assert adapter.fetched("nobody:asked", 200, b"{}", NOW, NOW) == Heard()
