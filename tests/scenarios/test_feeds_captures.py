"""Real captures, played by the fake exchange over real sockets: every book right by its own venue's numbers.

They are of 2021 and 2022: OKX's books had no numbers then but checksums; Binance's came without the snapshot, so the
exchange answers with an empty one of the number before (hand-made) and the books hold what was told since; Bybit's are
of an API that is gone, and must not be taken for a book of today's.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
from captured import OKX_UNNUMBERED, heard
from feed_stage import Stage, play

from rfq.desk.features.look import Look
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.book.rules import Rule
from rfq.feeds.said import Trouble
from rfq.feeds.venues.adapter import Adapter
from rfq.feeds.venues.catalogue import make_adapter, rule_of
from rfq.feeds.venues.deribit import Deribit as DeribitAdapter


class Old(Stage):
    """A stage for symbols of a capture; there is no truth to hold looks against."""

    def __init__(self, venue: str, symbols: tuple[str, ...], rule: Rule | None = None) -> None:
        super().__init__(venue, hurry=1)
        self.exchange.markets.clear()
        self.symbols = symbols
        self.keepers = {
            one: BookKeeper(rule or rule_of(venue), one, stale_after_ns=3_600 * 10**9) for one in symbols
        }
        self.adapter: Adapter = make_adapter(venue, symbols)

    def on_look(self, symbol: str, look: Look) -> None:
        self.looks += 1
        assert look.bid.price < look.offer.price


def texts_of(shared: Path, name: str) -> list[str]:
    return [text.decode() for _, text in heard(shared, name)]


async def played(stage: Old, texts: list[str]) -> None:
    """Everything said and heard."""
    before = Counter(told.kind.name for told in stage.told)["HEARD"]
    await stage.exchange.play(texts)
    await stage.until(
        lambda: Counter(told.kind.name for told in stage.told)["HEARD"] >= before + len(texts),
        "heard",
        moving=False,
    )
    assert stage.feed.faults == 0


def test_okx_of_2022_by_its_checksums(shared: Path) -> None:
    texts = texts_of(shared, "OKX.ws.1.0")
    books = Counter(json.loads(one)["arg"]["instId"] for one in texts if '"action"' in one)

    async def story() -> None:
        async with Old("okx", tuple(books), OKX_UNNUMBERED).on() as stage:
            await stage.until(
                lambda: stage.exchange.callers and stage.exchange.callers[0].channels, moving=False
            )
            await played(stage, texts)
            for symbol, keeper in stage.keepers.items():
                assert keeper.state(stage.clock.now()) is State.LIVE
                assert (keeper.counts.taken, keeper.counts.checksums) == (books[symbol], 0)
            trades = sum(
                len(json.loads(one)["data"])
                for one in texts
                if '"channel":"trades"' in one and '"data"' in one
            )
            assert len(stage.prints) == trades > 50

    play(story())


def test_deribit_of_2021_by_its_chain(shared: Path) -> None:
    texts = texts_of(shared, "DERIBIT.ws.1.0")
    books = Counter(
        json.loads(one)["params"]["channel"].split(".")[1] for one in texts if '"channel":"book.' in one
    )
    symbols = tuple(books)

    async def story() -> None:
        stage = Old("deribit", symbols)
        stage.adapter = DeribitAdapter(symbols, interval="raw")
        async with stage.on():
            await stage.until(
                lambda: stage.exchange.callers and stage.exchange.callers[0].channels, moving=False
            )
            await played(stage, texts)
            for symbol, keeper in stage.keepers.items():
                assert keeper.state(stage.clock.now()) is State.LIVE, symbol
                assert (keeper.counts.taken, keeper.counts.gaps) == (books[symbol], 0)

    play(story())


def test_binance_of_2021_by_its_chain(shared: Path) -> None:
    messages = [json.loads(text) for text in texts_of(shared, "BINANCE_FUTURES.ws.1.0")]
    # kinds of today's two addresses: candles were not asked for
    messages = [one for one in messages if "@kline" not in one["stream"]]
    depth = [one["data"] for one in messages if "@depth" in one["stream"]]
    first = {one["s"]: one for one in reversed(depth)}
    last = {one["s"]: one["u"] for one in depth}
    symbols = tuple(first)

    async def story() -> None:
        stage = Old("binance_usdm", symbols)
        stage.exchange.snapshots = {
            symbol: json.dumps({"lastUpdateId": one["pu"], "bids": [], "asks": []}).encode()
            for symbol, one in first.items()
        }
        async with stage.on():
            await stage.until(
                lambda: all(one.state(stage.clock.now()) is State.LIVE for one in stage.keepers.values()),
                "begun",
            )
            texts = [json.dumps(one, separators=(",", ":")) for one in messages]
            await stage.exchange.play(texts, lambda text: text[11 : text.index('"', 11)])
            await stage.until(
                lambda: {s: k.last for s, k in stage.keepers.items()} == last, "the end", moving=False
            )
            counts = Counter(one["s"] for one in depth)
            for symbol, keeper in stage.keepers.items():
                assert keeper.state(stage.clock.now()) is State.LIVE
                assert keeper.counts.taken == counts[symbol] + 1
                assert keeper.counts.gaps == 0
            deals = sum("@aggTrade" in one["stream"] for one in messages)
            await stage.until(lambda: len(stage.prints) == deals, "prints", moving=False)
            assert stage.feed.faults == 0 and stage.broke == []

    play(story())


@pytest.mark.parametrize(
    "name",
    [
        "BYBIT.ws.26.0",
        "BITMEX.ws.1.0",
        "COINBASE.ws.28.0",
        "KRAKEN_FUTURES.ws.1.0",
        "OKX.ws.1.0",
        "DERIBIT.ws.1.0",
    ],
)
def test_what_another_venue_says_is_never_taken_for_a_book(shared: Path, name: str) -> None:
    """Bybit's own capture too: its API of 2021 is gone."""
    texts = texts_of(shared, name)[:300]

    async def story() -> None:
        stage = Old("bybit_linear", ("BTCUSD", "EOSUSD"))
        async with stage.on():
            await stage.until(
                lambda: stage.exchange.callers and stage.exchange.callers[0].channels, moving=False
            )
            await played(stage, texts)
            assert stage.looks == 0 and stage.prints == []
            assert all(one.state(stage.clock.now()) is not State.LIVE for one in stage.keepers.values())
            assert sum(isinstance(one, Trouble) for one in stage.said) > 0

    play(story())
