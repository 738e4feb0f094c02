"""One switchboard, and the limits of a wire and of questions by HTTP."""

import asyncio
import gc
import tracemalloc
from typing import Any

import pytest
from fake_exchange import FakeExchange
from fake_venues import Deribit
from feed_stage import Stage, play
from feed_straight import Straight
from msgspec.structs import replace

from rfq.desk.features.look import Look, Print
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.book.rules import BINANCE_USDM, DERIBIT
from rfq.feeds.levels import Scale
from rfq.feeds.link import rest, wire
from rfq.feeds.link.feed import Rim
from rfq.feeds.link.rest import Rest
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.link.told import Kind, Told
from rfq.feeds.recorder.boards import Mute
from rfq.feeds.said import BookSaid, Fetch, OrderSaid, Send, TradeSaid, Trouble
from rfq.feeds.venues.adapter import Heard, Limits

S = 10**9


class Scripted(Mute):
    """An adapter that says what a test puts into it."""

    def __init__(self) -> None:
        super().__init__("deribit")
        self.next = Heard()
        self.resynced: list[tuple[str, int]] = []

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        return self.next

    def resync(self, symbol: str, now: int) -> Heard:
        self.resynced.append((symbol, now))
        return Heard((), (Send(link="l", text=symbol),))


def book(last: int, prior: int, *, snapshot: bool = False, symbol: str = "A") -> BookSaid:
    return BookSaid(
        venue="deribit", symbol=symbol, received_at=last, exchange_at=0, is_snapshot=snapshot,
        bids=[(100 + last % 3, 5)], asks=[(200, 5)], last=last, prior=prior,
    )  # fmt: skip


class Told_:
    """A switchboard with two books, and what it told."""

    def __init__(self) -> None:
        self.adapter = Scripted()
        self.events: list[tuple[Any, ...]] = []
        self.told: list[Told] = []
        keepers = [BookKeeper(DERIBIT, symbol, Scale(2, 1)) for symbol in ("A", "B")]
        hooks = Hooks(
            on_look=lambda symbol, look: self.events.append((symbol, look)),
            on_print=lambda symbol, one: self.events.append((symbol, one)),
            on_broke=lambda symbol, at, why: self.events.append((symbol, at, why)),
            on_told=self.told.append,
        )
        self.board = Switchboard(self.adapter, keepers, hooks)

    def hear(self, *said: Any, now: int) -> Any:
        self.adapter.next = Heard(said)
        return self.board.hear("l", b"x", now)


def test_a_switchboard_tells_looks_prints_and_breaks_and_asks_again_with_patience() -> None:
    one = Told_()
    one.board.opened("l", S)
    one.hear(book(1, -1, snapshot=True), now=S)
    (symbol, look) = one.events.pop()
    assert symbol == "A" and isinstance(look, Look) and (look.bid.price, look.offer.size) == (1.01, 0.5)
    one.hear(
        TradeSaid(
            venue="deribit", symbol="A", received_at=7, exchange_at=0, trade="t", price=150, size=3, side=-1
        ),
        now=S,
    )
    assert one.events.pop() == ("A", Print(7, 1.5, 0.3, -1))
    block = {"exchange_at": 0, "trade": "u", "price": 250, "size": 9, "side": 1, "block": "RFQ-7"}
    one.hear(TradeSaid(venue="deribit", symbol="A", received_at=8, **block), now=S)  # type: ignore[arg-type]
    assert one.events == [], "what was agreed off the book is no print"
    trouble = Trouble(
        venue="deribit", received_at=8, symbol="A", what="bad", where="", excerpt="", breaks_book=True
    )
    asks = one.hear(trouble, now=2 * S)
    assert one.events.pop() == ("A", 2 * S, "bad")
    assert asks == [] and one.adapter.resynced == [], (
        "a new connection has five seconds to bring a book by itself"
    )
    asks = one.board.tick(7 * S)
    assert asks == [Send(link="l", text="A")]
    assert [one.board.watched[name].resyncs for name in ("A", "B")] == [1, 0]
    assert one.board.tick(8 * S) == [], "an answer takes its time"
    assert {symbol for symbol, _ in (one.board.tick(60 * S), one.adapter.resynced)[1]} == {"A", "B"}
    assert [told.kind for told in one.told[:3]] == [Kind.OPENED, Kind.HEARD, Kind.HEARD]
    assert sum(told.kind is Kind.RESYNCED for told in one.told) == len(one.adapter.resynced)


def test_without_a_connection_nothing_is_asked() -> None:
    one = Told_()
    for at in range(1, 100, 10):
        assert one.board.tick(at * S) == []


def test_a_trouble_of_no_symbol_breaks_every_book() -> None:
    one = Told_()
    one.board.opened("l", S)
    one.hear(book(1, -1, snapshot=True), book(1, -1, snapshot=True, symbol="B"), now=S)
    one.events.clear()
    one.hear(
        Trouble(venue="v", received_at=2, symbol="", what="lost", where="", excerpt="", breaks_book=True),
        now=S,
    )
    assert one.events == [("A", S, "lost"), ("B", S, "lost")]
    one.hear(book(9, 8, symbol="C"), now=S)
    assert one.board.unwatched == 1 and one.board.troubles == 1
    assert all(one.board.watched[name].keeper.state(S) is not State.LIVE for name in ("A", "B"))


def test_orders_make_levels_as_levels_do() -> None:
    one = Told_()
    one.board.opened("l", S)
    one.hear(book(1, -1, snapshot=True), now=S)
    one.events.clear()
    order = OrderSaid(
        venue="deribit",
        symbol="A",
        received_at=2,
        exchange_at=0,
        order="o",
        side=1,
        price=150,
        size=7,
        last=2,
    )
    one.hear(order, now=S)
    (symbol, look) = one.events.pop()
    assert symbol == "A" and (look.bid.price, look.bid.size) == (1.5, 0.7)
    one.hear(replace(order, order="p", last=9), now=S)
    assert [event[0] for event in one.events] == ["A"], "an order after a gap breaks the book"
    assert one.board.watched["A"].keeper.state(S) is State.GAP


def test_what_waits_to_be_sent_is_bounded() -> None:
    class Nobody:
        def on_opened(self, one: wire.Wire) -> None: ...
        def on_closed(self, one: wire.Wire, why: str) -> None: ...
        def on_failed(self, one: wire.Wire, why: str) -> None: ...
        def on_heard(self, one: wire.Wire, raw: bytes, at: int) -> None: ...
        def on_sent(self, one: wire.Wire, text: str) -> None: ...

    async def story() -> None:
        one = wire.Wire("l", "ws://x", Limits(1.0, 60, 1), Rim(), Nobody(), lambda: S)
        one.send("while it is down", 1)
        assert len(one._out) == 0
        one._is_up = True
        for number in range(1_000):
            one.send(str(number), 1)
        assert len(one._out) == wire._QUEUE_MAX
        assert one._ending.is_set()
        assert "wait to be sent" in one.standing().last_down

    asyncio.run(story())


def test_questions_that_pile_up_are_answered_with_nothing() -> None:
    answers: list[tuple[str, int]] = []

    async def story() -> None:
        asker = Rest(
            "http://x", 60, lambda fetch, status, *_: answers.append((fetch.tag, status)), lambda: S, 1.0
        )
        for number in range(rest._QUEUE_MAX + 3):
            asker.ask(Fetch(tag=str(number), path="/"))
        await asyncio.sleep(0)
        assert answers == [(str(rest._QUEUE_MAX + extra), 0) for extra in range(3)]
        assert asker.failed == 3

    asyncio.run(story())


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "ANSWER_BYTES_MAX", 1_000)

    async def story() -> None:
        stage = Stage("binance_spot", hurry=100)
        stage.exchange.answers.extend([(200, b"x" * 100_000)] * 2)
        async with stage.on():
            await stage.until(lambda: "more than 1000 bytes" in stage.feed.standing().last_failure, "cut off")
            monkeypatch.setattr(rest, "ANSWER_BYTES_MAX", 10**6)
            await stage.until_right()

    play(story())


def test_a_message_without_end_ends_the_connection_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MESSAGE_BYTES_MAX", 20_000)

    async def story() -> None:
        async with Stage("deribit").on() as stage:
            await stage.until_right()
            await stage.exchange.play(["x" * 30_000])
            await stage.until(lambda: stage.exchange.connections == 2, "called again")
            await stage.until_right()
            assert "1009" in stage.feed.standing().links[0].last_down

    play(story())


def test_addresses_may_be_others() -> None:
    rim = Rim(instead={"wss://a.com": "ws://b"})
    assert rim.address("wss://a.com/x?y") == "ws://b/x?y"
    assert rim.address("wss://c.com") == "wss://c.com"


def test_the_fake_exchange_lies_about_nothing_by_itself() -> None:
    """A market's changes, applied one by one, are its book."""
    market = FakeExchange(Deribit(), ("X",)).markets["X"]
    bids, asks = dict(market.bids), dict(market.asks)
    for _ in range(2_000):
        change = market.move()
        assert change.first > change.prior and change.last >= change.first
        for levels, told in ((bids, change.bids), (asks, change.asks)):
            for price, size in told:
                levels[price] = size
                if not size:
                    del levels[price]
        assert (bids, asks) == (market.bids, market.asks)
        assert max(bids) < min(asks)


def test_a_book_whose_price_leaves_its_snapshot_is_asked_for_in_time() -> None:
    """Only 25 levels a side are told at once: as the price walks, new snapshots come before the old one ends."""
    rule = replace(BINANCE_USDM, snapshot_levels=25)
    stage = Straight("binance_usdm", rule, levels_most=25)
    for _ in range(1_500):
        stage.do("move")
        stage.do("second")
    watched = stage.board.watched["BTCUSDT"]
    assert watched.resyncs > 3
    assert watched.keeper.counts.snapshots > 3
    assert watched.breaks == 0, watched.last_break
    assert stage.wrong == []
    assert stage.is_right()


def test_memory_does_not_grow_with_what_is_heard() -> None:
    stage = Straight("binance_usdm")

    def live() -> int:
        for _ in range(3):
            for what in (
                *["move"] * 20,
                "gap",
                "half",
                "twice",
                "swapped",
                "hang up",
                "http fails",
                "junk",
                "pause",
            ):
                stage.do(what)
            stage.do("second")
        for market in stage.markets.values():
            for number in sorted(market.past)[:-50]:
                del market.past[number]
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        for _ in range(3):
            live()
        first = live()
        live()
        second = live()
    finally:
        tracemalloc.stop()
    assert second - first < 40_000
    assert stage.wrong == []
