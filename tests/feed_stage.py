"""A feed in front of the fake exchange, and a witness who holds every look against the exchange's own books."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fake_exchange import FakeExchange
from fake_venues import Binance, Bybit, Deribit, Okx, Venue
from fix_links import Lines

from rfq.desk.features.look import Look, Print
from rfq.feeds.book.keeper import State
from rfq.feeds.link.feed import Feed, Rim
from rfq.feeds.link.pace import Backoff
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.link.told import Told
from rfq.feeds.said import Said
from rfq.feeds.venues.catalogue import make_adapter, make_keepers

PATIENCE_S = 20.0
HURRY = 20
"""The feed's clock runs so many times as fast, so that nobody waits for seconds."""
SPOKEN: dict[str, tuple[Callable[[], Venue], tuple[str, ...]]] = {
    "binance_usdm": (lambda: Binance(spot=False), ("BTCUSDT", "ETHUSDT")),
    "binance_spot": (lambda: Binance(spot=True), ("BTCUSDT", "ETHUSDT")),
    "bybit_linear": (Bybit, ("BTCUSDT", "ETHUSDT")),
    "okx": (Okx, ("BTC-USDT-SWAP", "ETH-USDT")),
    "deribit": (Deribit, ("BTC-PERPETUAL", "ETH-PERPETUAL")),
}
RIM = Rim(
    connect_s=5.0,
    heartbeat_s=5.0,
    silent_s=3_600.0,
    steady_s=3_600.0,
    tick_s=0.02,
    backoff=Backoff(10**7, 10**8),
)


def play(story: Coroutine[Any, Any, None]) -> None:
    """Run a story with a deadline."""

    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await story

    asyncio.run(bounded())


class Hurried:
    """A clock that is in a hurry, and can be moved."""

    def __init__(self, factor: int) -> None:
        self.start = time.time_ns()
        self.begun = time.monotonic_ns()
        self.factor = factor
        self.moved = 0

    def now(self) -> int:
        return self.start + (time.monotonic_ns() - self.begun) * self.factor + self.moved


class Stage:
    """One venue, its exchange, the feed, and what the feed told."""

    def __init__(
        self, venue: str, speaks: Venue | None = None, rim: Rim = RIM, stale_s: int = 120, hurry: int = HURRY
    ) -> None:
        make, self.symbols = SPOKEN[venue]
        self.venue = venue
        self.exchange = FakeExchange(speaks or make(), self.symbols)
        self.clock = Hurried(hurry)
        self.lines = Lines()
        self.keepers = {
            one.symbol: one for one in make_keepers(venue, self.symbols, stale_after_ns=stale_s * 10**9)
        }
        self.adapter = make_adapter(venue, self.symbols)
        self.rim = rim
        self.wrong: list[str] = []
        self.broke: list[tuple[str, str]] = []
        self.said: list[Said] = []
        self.told: list[Told] = []
        self.prints: list[tuple[str, Print]] = []
        self.looks = 0

    @property
    def symbol(self) -> str:
        """The one that befalls what befalls one."""
        return self.symbols[0]

    def on_look(self, symbol: str, look: Look) -> None:
        """A book that says it is right has to be."""
        self.looks += 1
        self._witness(symbol)
        bids, asks = self.exchange.markets[symbol].past.get(self.keepers[symbol].last, ((), ()))
        if bids and (look.bid.price, look.offer.price) != (bids[0][0] / 10**8, asks[0][0] / 10**8):
            self.wrong.append(f"{symbol}: the look's touch is not the book's")

    def on_print(self, symbol: str, one: Print) -> None:
        """A trade."""
        self.prints.append((symbol, one))

    def _witness(self, symbol: str) -> None:
        keeper = self.keepers[symbol]
        seen = (tuple(keeper.levels(1)), tuple(keeper.levels(-1)))
        if seen != self.exchange.markets[symbol].past.get(keeper.last):
            self.wrong.append(f"{symbol}: wrong at {keeper.last}")

    @asynccontextmanager
    async def on(self) -> AsyncIterator["Stage"]:
        """The exchange listens, the feed runs."""
        async with self.exchange.listening():
            urls = {*self.adapter.links.values(), self.adapter.rest}
            rim = Rim(
                **{name: getattr(self.rim, name) for name in self.rim.__struct_fields__ if name != "instead"},
                instead={url: self.exchange.address(url) for url in urls},
            )
            hooks = Hooks(
                on_look=self.on_look,
                on_print=self.on_print,
                on_said=self.said.append,
                on_broke=lambda symbol, at, why: self.broke.append((symbol, why)),
                on_told=self.told.append,
            )
            board = Switchboard(self.adapter, self.keepers.values(), hooks)
            self.feed = Feed(board, self.clock.now, self.lines, rim)
            running = asyncio.ensure_future(self.feed.run())
            try:
                yield self
            finally:
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
        assert self.wrong == []

    def is_right(self) -> bool:
        """Every book is live, and as the exchange's."""
        for symbol, keeper in self.keepers.items():
            market = self.exchange.markets[symbol]
            if keeper.state(self.clock.now()) is not State.LIVE or keeper.last != market.number:
                return False
            self._witness(symbol)
        return True

    async def until(self, true: Callable[[], object], what: str = "", *, moving: bool = True) -> None:
        """Let the markets move until something is true."""
        for _ in range(4_000):
            if true():
                return
            if moving:
                await self.exchange.move()
            await asyncio.sleep(0.002)
        states = [one.state(self.clock.now()) for one in self.keepers.values()]
        raise AssertionError(f"never {what}: {states} {self.feed.standing()}")

    async def until_right(self) -> None:
        """All books right with markets that move; then with markets that stand still."""
        await self.until(
            lambda: all(one.state(self.clock.now()) is State.LIVE for one in self.keepers.values()), "live"
        )
        await self.exchange.move()
        await self.until(self.is_right, "right", moving=False)
