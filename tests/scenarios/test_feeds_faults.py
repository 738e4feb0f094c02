"""What goes wrong with a venue, one by one, over real sockets: each ends in the right book, and none is hidden.

`Stage` holds every look that the feed gives against the exchange's own book at that number, so a wrong book that says
it is right fails any of these.
"""

import asyncio

import msgspec
import pytest
from fake_venues import Okx
from feed_stage import RIM, SPOKEN, Stage, play

from rfq.feeds.book.keeper import State
from rfq.feeds.said import Trouble

VENUES = list(SPOKEN)
BY_HTTP = ["binance_usdm", "binance_spot"]
JUNK = [
    *("", "{", "null", "[]", "7", '"x"', "{}", "\x00", "[" * 100_000, '{"stream":7}', "pong pong"),
    '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":7}}',
    '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[["x","1"]],"a":[]}}',
    '{"topic":"orderbook.200.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[["1e999","1"]],"a":[],"u":-3}}',
    '{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"action":"update","data":[{"asks":[["1"]],"bids":{}}]}',
]


async def right_after(stage: Stage, fault: str) -> None:
    """Right, then a fault, then right again."""
    await stage.until_right()
    stage.exchange.faults.append(fault)  # type: ignore[arg-type]
    await stage.until(lambda: not stage.exchange.faults, "told")
    await stage.until_right()
    assert stage.feed.faults == 0


def total(stage: Stage, count: str) -> int:
    return sum(getattr(keeper.counts, count) for keeper in stage.keepers.values())


@pytest.mark.parametrize("venue", VENUES)
def test_books_and_trades_arrive(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue, hurry=2).on() as stage:
            await stage.until_right()
            for _ in range(50):
                await stage.exchange.move()
            await stage.exchange.deal(stage.symbol)
            await stage.until(lambda: stage.prints and stage.is_right(), "a print", moving=False)
            deals = stage.exchange.markets[stage.symbol].deals
            assert [symbol for symbol, _ in stage.prints] == [stage.symbol] * deals
            assert stage.feed.standing().is_right
            assert stage.looks > 50 and stage.broke == []

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_a_missing_change_is_found_and_the_book_is_asked_for_again(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue).on() as stage:
            await right_after(stage, "gap")
            assert total(stage, "missing") >= 1
            assert stage.broke and "missing" in stage.broke[0][1]
            assert sum(book.resyncs for book in stage.feed.standing().books) >= 1

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_a_change_said_twice_counts_once(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue, hurry=2).on() as stage:
            await right_after(stage, "duplicate")
            assert total(stage, "duplicates") >= 1
            assert stage.broke == []

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_changes_in_the_wrong_order_are_put_right(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue).on() as stage:
            await right_after(stage, "reorder")
            assert total(stage, "reordered") + total(stage, "missing") >= 1
            assert len(stage.broke) == 1, "the book is not right while something is missing"

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_half_a_message_is_not_passed_over(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue).on() as stage:
            await right_after(stage, "malformed")
            assert any(isinstance(one, Trouble) and one.breaks_book for one in stage.said)
            assert stage.broke

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_junk_of_any_kind_ends_no_feed(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue).on() as stage:
            await stage.until_right()
            await stage.exchange.play(JUNK)
            for caller in list(stage.exchange.callers):
                await caller.socket.send_bytes(b"\xff\xfe{")
            await stage.exchange.move()
            await stage.until_right()
            assert stage.feed.faults == 0
            assert sum(isinstance(one, Trouble) for one in stage.said) >= len(JUNK) // 2

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_a_connection_that_ends_within_a_message(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue).on() as stage:
            before = stage.exchange.connections
            await right_after(stage, "break")
            assert stage.exchange.connections > before
            assert stage.broke
            assert any(
                "closed" in link.last_down or "broken" in link.last_down
                for link in stage.feed.standing().links
            )

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_a_venue_that_hangs_up_is_called_again(venue: str) -> None:
    async def story() -> None:
        async with Stage(venue).on() as stage:
            await stage.until_right()
            links = len(stage.feed.wires)
            await stage.exchange.hang_up()
            await stage.until(lambda: stage.exchange.connections >= 2 * links, "called again")
            await stage.until_right()
            assert {symbol for symbol, _ in stage.broke} == set(stage.symbols)

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_a_half_open_connection_is_found(venue: str) -> None:
    """Nothing comes and nothing ends: pings without pongs give it away."""

    async def story() -> None:
        async with Stage(venue, rim=msgspec.structs.replace(RIM, heartbeat_s=0.1)).on() as stage:
            await stage.until_right()
            links = len(stage.feed.wires)
            stage.exchange.go_mute(dead=True)
            await stage.until(lambda: stage.exchange.connections >= 2 * links, "called again")
            await stage.until_right()
            assert {symbol for symbol, _ in stage.broke} == set(stage.symbols)
            assert stage.feed.faults == 0

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_a_silent_connection_is_found_and_its_books_are_stale(venue: str) -> None:
    """Pings are answered, but nothing is said."""

    async def story() -> None:
        async with Stage(venue, stale_s=15).on() as stage:
            await stage.until_right()
            links = len(stage.feed.wires)
            stage.exchange.go_mute()
            stage.clock.moved += 16 * 10**9
            await stage.until(lambda: len(stage.broke) >= len(stage.symbols), "stale")
            assert {why for _, why in stage.broke[: len(stage.symbols)]} == {"stale"}
            stage.clock.moved += 60 * 10**9
            await stage.until(lambda: stage.exchange.connections >= 2 * links, "called again")
            await stage.until_right()

    play(story())


@pytest.mark.parametrize("venue", VENUES)
def test_a_refused_subscription_is_told_and_tried_again(venue: str) -> None:
    async def story() -> None:
        stage = Stage(venue)
        stage.exchange.refused = frozenset({"BTC", "btc"})
        async with stage.on():
            await stage.until(lambda: any(isinstance(one, Trouble) for one in stage.said), "told")
            for _ in range(150):
                await stage.exchange.move()
                await asyncio.sleep(0.002)
            state = stage.keepers[stage.symbol].state(stage.clock.now())
            assert state is not State.LIVE
            assert not stage.feed.standing().is_right
            stage.exchange.refused = frozenset()
            await stage.until_right()

    play(story())


@pytest.mark.parametrize("venue", BY_HTTP)
def test_http_that_fails_in_every_way_delays_the_book_and_no_more(venue: str) -> None:
    async def story() -> None:
        stage = Stage(venue, rim=msgspec.structs.replace(RIM, answer_s=0.2), hurry=100)
        old = b'{"lastUpdateId":1,"bids":[["1.0","1.0"]],"asks":[["2.0","1.0"]]}'
        stage.exchange.answers.extend([(500, b"oops"), (429, b"{}"), (200, b"<html>"), (200, old), "never"])
        async with stage.on():
            await stage.until_right()
            assert not stage.exchange.answers
            assert stage.feed.standing().fetches_failed >= 3
            assert stage.feed.faults == 0

    play(story())


@pytest.mark.parametrize("venue", BY_HTTP)
def test_with_no_http_at_all_the_book_says_that_it_is_not_right(venue: str) -> None:
    async def story() -> None:
        stage = Stage(venue)
        stage.exchange.answers.extend([(503, b"")] * 1_000)
        async with stage.on():
            for _ in range(100):
                await stage.exchange.move()
                await asyncio.sleep(0.002)
            assert stage.looks == 0
            now = stage.clock.now()
            assert all(one.state(now) is not State.LIVE for one in stage.keepers.values())
            assert stage.feed.standing().troubles

    play(story())


def test_a_checksum_that_does_not_match_breaks_the_book() -> None:
    async def story() -> None:
        async with Stage("okx", Okx(checksums=True)).on() as stage:
            await right_after(stage, "checksum")
            assert total(stage, "checksums") == 1
            assert stage.broke and "checksum" in stage.broke[0][1]

    play(story())


def test_okx_without_its_first_message_is_fetched_by_http() -> None:
    async def story() -> None:
        async with Stage("okx", Okx(snapshots=False)).on() as stage:
            await right_after(stage, "gap")
            assert any("/market/books" in path for path in stage.exchange.asked_paths)

    play(story())


def test_an_error_of_ours_costs_trust_and_a_connection_but_not_the_feed() -> None:
    async def story() -> None:
        stage = Stage("deribit")

        def on_print(symbol: str, one: object) -> None:
            raise ZeroDivisionError("a hook with an error in it")

        stage.on_print = on_print  # type: ignore[method-assign]
        async with stage.on():
            await stage.until_right()
            await stage.exchange.deal(stage.symbol)
            await stage.until(lambda: stage.feed.faults == 1 and stage.exchange.connections == 2, "found")
            assert {symbol for symbol, _ in stage.broke} == set(stage.symbols)
            await stage.until_right()
            assert stage.lines.of("feed_fault")[0]["fault"] == "ZeroDivisionError: a hook with an error in it"

    play(story())
