"""What a reviewer found in links and venues' adapters: empty sides, patience, pace."""

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from test_feeds_link import Told_, book

from rfq.desk.features.look import Look
from rfq.feeds.compiled import scanner
from rfq.feeds.link.feed import Rim
from rfq.feeds.link.pace import Backoff
from rfq.feeds.link.rest import Rest
from rfq.feeds.link.told import Kind, Told
from rfq.feeds.link.wire import Wire
from rfq.feeds.recorder import writing
from rfq.feeds.recorder.rows import Note, RecordingError
from rfq.feeds.said import Fetch, Reconnect, Send
from rfq.feeds.venues import binance_markets, bybit_markets
from rfq.feeds.venues.adapter import Adapter, Limits
from rfq.feeds.venues.binance import BinanceAdapter
from rfq.feeds.venues.bybit import BybitAdapter
from rfq.feeds.venues.deribit import CHAINS, Deribit
from rfq.feeds.venues.okx import Okx
from rfq.feeds.venues.reading import Errands

S = 10**9


def test_a_book_that_loses_a_side_is_told_as_broken_and_comes_back_with_it() -> None:
    one = Told_()
    one.board.opened("l", S)
    one.hear(book(1, -1, snapshot=True), now=S)
    one.events.clear()
    one.hear(replace(book(2, 1), asks=[(200, 0)], bids=[]), now=2 * S)  # nobody offers any more
    assert one.events == [("A", 2 * S, "a side is empty")]
    assert not one.board.watched["A"].is_right
    one.hear(replace(book(3, 2), asks=[(201, 7)], bids=[]), now=3 * S)  # the numbers went on
    (symbol, look) = one.events[-1]
    assert symbol == "A" and isinstance(look, Look) and look.offer.price == 2.01


def test_attempts_that_take_long_and_come_to_nothing_are_failures() -> None:
    """A host that swallows packets: each attempt takes longer than a connection must hold to be no failure."""
    clock = [S]
    told: list[str] = []

    async def never(*_: object, **__: object) -> None:
        clock[0] += 15 * S
        raise TimeoutError

    async def run() -> int:
        rim = Rim(backoff=Backoff(1_000, 2_000))
        listener: Any = SimpleNamespace(on_failed=lambda _wire, why: told.append(why))
        wire = Wire("l", "wss://x", Limits(1.0, 60, 1), rim, listener, lambda: clock[0])
        task = asyncio.ensure_future(wire.run(SimpleNamespace(ws_connect=never)))  # type: ignore[arg-type]
        while wire.standing().connections < 5:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return wire.standing().failures

    assert asyncio.run(run()) >= 4
    assert told[0] == "not connected: TimeoutError"  # whoever reads the log knows why there is no market


def _requests(asks: Any) -> list[dict[str, Any]]:
    return [msgspec.json.decode(one.text) for one in asks if isinstance(one, Send)]


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_requests_that_wait_for_their_turn_are_not_lost_ones(venue: str) -> None:
    """Five messages a second: the last of many goes out long after it was asked for, and nobody must hang up then."""
    symbols = [f"A{number}USDT" for number in range(100)]
    adapter: Adapter = (
        BinanceAdapter(binance_markets.USDM, symbols)
        if venue == "binance"
        else BybitAdapter(bybit_markets.LINEAR, symbols)
    )
    link = next(iter(adapter.links))
    waiting = _requests(adapter.opened(link, S).asks)
    now, answered = S, 0
    for _ in range(200):
        now += 5 * S
        if answered < len(waiting):
            one = waiting[answered]
            answered += 1
            if venue == "binance":
                raw = msgspec.json.encode({"error": {"code": 2, "msg": "no"}, "id": one["id"]})
            else:
                raw = msgspec.json.encode(
                    {"success": False, "ret_msg": "no", "req_id": one["req_id"], "op": "subscribe"}
                )
            more = _requests(adapter.hear(link, raw, now).asks)
            waiting += [
                each for each in more if each.get("method", each.get("op")) in ("SUBSCRIBE", "subscribe")
            ]
        asks = adapter.tick(now).asks
        assert not [each for each in asks if isinstance(each, Reconnect)], (
            f"{answered} of {len(waiting)} answered"
        )
        adapter.hear(link, b'{"op":"pong"}' if venue == "bybit" else b'{"result":[],"id":-5}', now)
    assert answered > 20
    given_up = [
        one
        for step in range(1, 5)
        for one in adapter.tick(now + step * 10 * S).asks
        if isinstance(one, Reconnect)
    ]
    assert given_up  # but what is never answered is


def test_a_chain_is_asked_for_in_requests_that_are_not_too_long() -> None:
    adapter = Deribit((), chains=("btc_usd",))
    names = [f"BTC-25DEC26-{strike}-{right}" for strike in range(10_000, 510_000, 1_000) for right in "CP"]
    rows = [
        {"instrument_name": name, "kind": "option", "base_currency": "BTC", "state": "open"} for name in names
    ]
    adapter.opened(CHAINS, S)
    raw = msgspec.json.encode({"jsonrpc": "2.0", "result": rows})
    asked = adapter.fetched("list:BTC:option", 200, raw, S, 2 * S)
    texts = [one.text for one in asked.asks if isinstance(one, Send)]
    assert sum(text.count("ticker.") for text in texts) == 1_000
    assert max(map(len, texts)) < 8_192


def test_a_question_that_waits_already_is_not_asked_twice() -> None:
    async def run() -> int:
        asked = Rest("http://x", 60, lambda *_: None, lambda: S, 1.0)
        for _ in range(10):
            asked.ask(Fetch(tag="depth:BTCUSDT", path="/d"))
        asked.ask(Fetch(tag="depth:ETHUSDT", path="/d"))
        return asked._queue.qsize()

    assert asyncio.run(run()) == 2


def test_an_answer_after_we_gave_it_up_is_taken_until_we_ask_again() -> None:
    errands = Errands(patience_ns=15 * S, pause_ns=10 * S)
    fetch = Fetch(tag="depth:BTCUSDT", path="/d")
    errands.ask(fetch, S)
    due, given_up = errands.tick(20 * S)
    assert (due, given_up) == ([], [fetch.tag])
    assert errands.answered(fetch.tag) == fetch
    assert errands.answered(fetch.tag) is None
    assert errands.tick(60 * S) == ([], [])


def test_okx_is_not_asked_more_often_than_it_allows_in_an_hour() -> None:
    """Books in which nothing happens are asked for again and again; 480 requests an hour a link are allowed."""
    symbols = [f"A{number}-USDT" for number in range(20)]
    adapter = Okx(symbols)
    (link,) = adapter.links
    sent: list[int] = []
    fetched = 0
    for one in adapter.opened(link, S).asks:
        sent += [S] if isinstance(one, Send) else []
    for second in range(0, 7_200, 60):
        for symbol in symbols:
            asks = adapter.resync(symbol, (second + 2) * S).asks
            sent += [second * S for one in asks if isinstance(one, Send)]
            books = [one for one in asks if isinstance(one, Fetch)]
            fetched += len(books)
            for one in books:
                adapter.fetched(one.tag, 0, b"", second * S, (second + 2) * S)
                adapter.tick((second + 50) * S)
    for at in sent:
        assert len([one for one in sent if at <= one < at + 3_600 * S]) <= 480
    assert fetched > 0


def test_a_disk_that_hangs_does_not_hang_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    begun, hangs = threading.Event(), threading.Event()

    def write(*_: object) -> int:
        begun.set()
        return int(hangs.wait())

    monkeypatch.setattr(writing, "_CLOSE_S", 0.05)
    monkeypatch.setattr(writing, "_write", write)
    recorder = writing.Recorder(tmp_path / "raw", Note(feeds=()), rows=1)
    recorder.put("deribit", Told(S, Kind.TICKED))
    assert begun.wait(5.0)
    for second in range(2, 8):  # two batches wait, the others are lost
        recorder.put("deribit", Told(second * S, Kind.TICKED))
    told: list[str] = []
    closing = threading.Thread(target=_closed, args=(recorder, told), daemon=True)
    closing.start()
    closing.join(5.0)
    ended = not closing.is_alive()
    hangs.set()
    closing.join(5.0)
    recorder._thread.join(5.0)
    assert ended and "too slow" in told[0]


def _closed(recorder: writing.Recorder, told: list[str]) -> None:
    try:
        recorder.close()
    except RecordingError as error:
        told.append(str(error))


@pytest.mark.parametrize("shape", [scanner.PAIRS, scanner.OKX, scanner.DERIBIT])
def test_no_byte_is_read_beyond_the_end_wherever_a_text_is_cut(shape: int) -> None:
    """Compiled there is nobody who would notice."""
    whole = b'[["61800.25","0.5"],[1.25,3],["7","8"],["1","2"]]'
    for end in range(len(whole)):
        count, wrong = scanner.scan(whole[:end], 8, 8, shape, np.empty((20, 2), np.int64))
        assert wrong < 0 and count <= 4
    assert scanner.scan(whole, 8, 8, shape, np.empty((20, 2), np.int64)) == (4, 0)
