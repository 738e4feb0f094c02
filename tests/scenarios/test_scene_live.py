"""The market on real venues' feeds: what a fake Deribit says becomes the snapshot that the desk sees, and only that."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from fake_exchange import FakeExchange
from fake_venues import Deribit

from fix_gateway.shell.ports import Silent
from pricing.market import MarketSnapshot, UnderlyingMarket
from rfq.domain import canon
from rfq.domain.events import Event, InstrumentsListed, MarketMoved
from rfq.feeds.said import Market
from rfq.feeds.scene.opening import Beside, OpenMarket
from rfq.ops.clock import SystemClock
from rfq.ops.feed_sections import Feeds
from rfq.ops.problems import ConfigInvalid
from rfq.ops.schedule import RealSchedule
from rfq.store.definitions import FLOW_NAMES
from rfq.store.folders import online_of
from rfq.store.gathering import Source
from rfq.store.live import LiveRows
from rfq.store.online import OnlineTable, read_online

PERPETUAL = "BTC-PERPETUAL"
FUTURE = "BTC-25DEC26"
BTC = {"lead": f"deribit:{PERPETUAL}"}
Play = Callable[[FakeExchange, OpenMarket, list[Event]], Awaitable[None]]


def _play(
    play: Play,
    speaks: Deribit | None = None,
    beside: Callable[[OpenMarket], Beside] | None = None,
    **feeds: object,
) -> list[Event]:
    """A market on a fake Deribit while `play` runs; what the desk was offered."""
    events: list[Event] = []

    async def run() -> None:
        async with FakeExchange(speaks or Deribit(), (PERPETUAL, FUTURE)).listening() as exchange:
            settings = Feeds.model_validate(
                {
                    "market": "venues",
                    "underlyings": {"BTC": BTC},
                    "instead": {
                        "wss://www.deribit.com": exchange.address("wss://x/").rstrip("/"),
                        "https://www.deribit.com": exchange.address("https://x/").rstrip("/"),
                    },
                    **feeds,
                }
            )
            schedule = RealSchedule(asyncio.get_running_loop(), SystemClock())
            seen = OpenMarket(settings, schedule, events.append, Silent(), {})
            if beside is not None:
                seen.listen(beside(seen))
            await seen.open()
            try:
                await play(exchange, seen, events)
            finally:
                await seen.close()

    asyncio.run(asyncio.wait_for(run(), 60))
    return events


async def _until(wanted: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if wanted():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


def _under(seen: OpenMarket) -> UnderlyingMarket | None:
    found = seen.market.snapshot("BTC")
    return None if found is None else found[0].underlyings[0]


async def _moved(exchange: FakeExchange, seen: OpenMarket) -> UnderlyingMarket:
    """The snapshot after one more change of the book."""
    before = seen.market.scenes["BTC"].changes
    await exchange.move()
    await _until(lambda: seen.market.scenes["BTC"].changes > before)
    under = _under(seen)
    assert under is not None
    return under


def test_a_snapshot_says_what_the_venue_says() -> None:
    async def play(exchange: FakeExchange, seen: OpenMarket, events: list[Event]) -> None:
        assert seen.market.snapshot("DOGE") is None
        await _until(
            lambda: bool(exchange.callers and exchange.callers[0].channels) and _under(seen) is not None
        )
        for _ in range(20):
            under = await _moved(exchange, seen)
            truth = exchange.markets[PERPETUAL]
            book = under.book(PERPETUAL)
            assert book is not None
            assert book.bids == ((max(truth.bids) / 10, truth.bids[max(truth.bids)] / 1000),)
            assert book.offers == ((min(truth.asks) / 10, truth.asks[min(truth.asks)] / 1000),)
        found = seen.market.snapshot("BTC")
        assert found is not None
        assert found is seen.market.snapshot("BTC")  # the same until something is told
        shown, hashed, raw = found
        assert canon.decode(raw, MarketSnapshot) == shown
        assert canon.digest(raw) == hashed
        assert under.flow.book_known_flag == 1.0
        assert under.depth_usd_10bps > 0.0
        assert under.curve is not None
        assert shown.calendar is not None  # the next funding and the next expiry
        assert len(shown.calendar.events) == 2

    _play(play)


def test_the_index_and_funding_are_the_venue_s_own() -> None:
    ticker = {
        "instrument_name": PERPETUAL,
        "timestamp": 1_790_000_000_000,
        "index_price": 61_790.5,
        "mark_price": 61_800.0,
        "funding_8h": 0.0003,
        "current_funding": 0.0001,
        "stats": {"volume_usd": 5e8},
    }
    text = {
        "jsonrpc": "2.0",
        "method": "subscription",
        "params": {"channel": f"ticker.{PERPETUAL}.100ms", "data": ticker},
    }

    async def play(exchange: FakeExchange, seen: OpenMarket, events: list[Event]) -> None:
        await _until(lambda: _under(seen) is not None)
        await exchange.play([json.dumps(text)])
        await _until(lambda: (under := _under(seen)) is not None and under.index == 61_790.5)
        under = _under(seen)
        assert under is not None
        assert under.funding[0].rate_8h == 0.0003
        assert under.adv_usd == 5e8

    _play(play)


def test_moves_are_told_when_they_are_far_enough() -> None:
    async def play(exchange: FakeExchange, seen: OpenMarket, events: list[Event]) -> None:
        await _until(lambda: _under(seen) is not None)
        seen.market.watch("BTC", 0.01)
        for _ in range(100):
            await _moved(exchange, seen)
            if events:
                break
        assert events[0] == MarketMoved(underlying="BTC")
        seen.market.unwatch("BTC")
        events.clear()
        for _ in range(20):
            await _moved(exchange, seen)
        assert not [one for one in events if isinstance(one, MarketMoved)]

    _play(play)


def test_a_book_that_broke_is_not_there_until_it_is_right_again() -> None:
    async def play(exchange: FakeExchange, seen: OpenMarket, events: list[Event]) -> None:
        await _until(lambda: _under(seen) is not None)
        await exchange.hang_up()
        await _until(lambda: seen.market.scenes["BTC"].mid == 0.0)
        under = _under(seen)
        assert under is None or not under.books
        await _until(
            lambda: seen.market.scenes["BTC"].mid > 0.0
        )  # it called again, and began from a snapshot
        under = await _moved(exchange, seen)
        assert under.books

    _play(play)


def test_the_chain_s_options_become_instruments() -> None:
    row = {
        "instrument_name": "BTC-26DEC26-60000-C",
        "kind": "option",
        "base_currency": "BTC",
        "quote_currency": "BTC",
        "option_type": "call",
        "strike": 60_000.0,
        "expiration_timestamp": 1_798_272_000_000,
        "tick_size": 0.0001,
        "min_trade_amount": 0.1,
        "is_active": True,
        "state": "open",
    }

    class Listing(Deribit):
        def rest(self, path: str, markets: dict[str, object]) -> object:  # type: ignore[override]
            answer = super().rest(path, {})
            if "get_instruments" in path and "option" in path:
                answer["result"] = [row]
            return answer

    async def play(exchange: FakeExchange, seen: OpenMarket, events: list[Event]) -> None:
        await _until(lambda: any(isinstance(one, InstrumentsListed) for one in events))

    events = _play(play, Listing(), underlyings={"BTC": {**BTC, "chain": True}})
    listed = next(one for one in events if isinstance(one, InstrumentsListed))
    assert [one.name for one in listed.instruments] == ["BTC-26DEC26-60000-C"]


def test_what_is_heard_is_recorded_and_what_is_pushed_is_known(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")

    async def play(exchange: FakeExchange, seen: OpenMarket, events: list[Event]) -> None:
        await _until(lambda: _under(seen) is not None)
        for _ in range(5):
            await _moved(exchange, seen)
        push = f"http://127.0.0.1:{seen.push_port}/observations"
        row = {"kind": "news", "source": "wire", "text": "Bitcoin rallies"}
        async with ClientSession() as session, session.post(push, json=row) as answer:
            assert answer.status == 200
        await _until(
            lambda: (under := _under(seen)) is not None and (under.flow.sentiment_score_1h or 0.0) > 0.0
        )

    _play(play, record=tmp_path / "raw", push={"port": 0})
    assert len(list((tmp_path / "raw").glob("raw-*.parquet"))) == 1


def test_the_store_s_online_table_has_the_newest_row_of_the_leading_book(tmp_path: Path) -> None:
    async def play(exchange: FakeExchange, seen: OpenMarket, events: list[Event]) -> None:
        await _until(lambda: _under(seen) is not None)
        for _ in range(15):
            await _moved(exchange, seen)
            await exchange.deal(FUTURE)
            await asyncio.sleep(0.1)
        await exchange.hang_up()
        await _until(lambda: seen.market.scenes["BTC"].mid == 0.0)
        assert [feed.faults for feed in seen.feeds] == [0]

    def rows(seen: OpenMarket) -> LiveRows:
        scene = seen.market.scenes["BTC"]
        source = Source(Market(*scene.lead), "BTC", scene.sizing)
        return LiveRows([source], OnlineTable(online_of(tmp_path)), 10**9)

    _play(play, beside=rows, underlyings={"BTC": {**BTC, "books": [f"deribit:{FUTURE}"]}})
    (row,) = read_online(online_of(tmp_path))
    assert row.market == ("deribit", PERPETUAL)
    assert row.known_at % 10**9 == 0
    assert row.values[2 + FLOW_NAMES.index("book_known_flag")] == 1.0


@pytest.mark.parametrize(
    ("feeds", "word"),
    [
        ({"underlyings": {"BTC": {"lead": "mtgox:BTC"}}}, "mtgox"),
        ({"underlyings": {"BTC": {"lead": "deribit:BTC-FS-27DEC24_PERP"}}}, "combination"),
        ({"underlyings": {"ETH": BTC}}, "is on BTC"),
        ({"rates": {"USDC": "okx:USDC-USDT"}}, "deribit does"),
        ({"calendar": "absent.csv"}, "absent.csv"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_connects(feeds: dict[str, object], word: str) -> None:
    settings = Feeds.model_validate({"market": "venues", "underlyings": {"BTC": BTC}, **feeds})
    with pytest.raises(ConfigInvalid) as told:
        OpenMarket(settings, None, print, Silent(), {})  # type: ignore[arg-type]
    assert any(word in problem.message for problem in told.value.problems)
