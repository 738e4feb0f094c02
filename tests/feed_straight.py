"""A switchboard in front of the fake venues with no sockets and no real time: for laws, over any run of faults."""

import heapq
import json
from collections.abc import Callable, Sequence
from itertools import count

from fake_markets import Market
from fake_venues import Binance
from feed_stage import SPOKEN

from rfq.desk.features.look import Look
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.book.rules import Rule
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.said import Ask, Fetch, Reconnect, Send
from rfq.feeds.venues.catalogue import make_adapter, rule_of

MS = 10**6
START_AT = 1_790_000_000 * 10**9
FAULTS = (
    *(
        "gap",
        "twice",
        "swapped",
        "half",
        "junk",
        "deal",
        "late",
        "hang up",
        "http fails",
        "http slow",
        "pause",
    ),
    *("move", "move", "move", "second"),
)


class Straight:
    """One venue, told straight."""

    def __init__(
        self, venue: str, rule: Rule | None = None, levels_most: int = 0, stale_s: int = 3_600
    ) -> None:
        """`levels_most`: HTTP answers (of Binance) have so many levels a side, and only the best are held against the
        truth, not all."""
        make, symbols = SPOKEN[venue]
        self.speaks = make()
        self.most = 3 if levels_most else None
        if isinstance(self.speaks, Binance) and levels_most:
            self.speaks.levels_most = levels_most
        self.markets = {
            one: Market(one, contiguous=self.speaks.contiguous, step=self.speaks.step) for one in symbols
        }
        self.adapter = make_adapter(venue, symbols)
        self.keepers = {
            one: BookKeeper(rule or rule_of(venue), one, stale_after_ns=stale_s * 10**9) for one in symbols
        }
        self.board = Switchboard(self.adapter, self.keepers.values(), Hooks(on_look=self._on_look))
        self.now = START_AT
        self.channels: dict[str, dict[str, None]] = {link: {} for link in self.adapter.links}
        self.wrong: list[str] = []
        self.looks = 0
        self.http_fails = 0
        self.http_slow_ns = 0
        self._held: dict[tuple[str, str], str] = {}
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        for link in self.adapter.links:
            self._open(link)

    # -- what happens --

    def do(self, what: str) -> None:
        """One of FAULTS, to the first symbol and the first link; then 10 ms pass."""
        symbol, link = next(iter(self.markets)), next(iter(self.channels))
        match what:
            case "gap" | "twice" | "swapped" | "half" | "late":
                self._move(symbol, what)
            case "junk":
                self._later(0, lambda: self._hear(link, "\x00{]"))
            case "deal":
                deal = self.markets[symbol].deal()
                self._tell(
                    lambda channel: self.speaks.trades_of(channel) == symbol,
                    lambda c: self.speaks.trade(c, deal),
                )
            case "hang up":
                self._hang_up(link)
            case "http fails":
                self.http_fails = 2
            case "http slow":
                self.http_slow_ns = 700 * MS
            case "pause":
                self._pass(3_000 * MS)
            case "second":
                self._pass(1_000 * MS)
                self.after(self.board.tick(self.now))
            case _:
                for one in self.markets:
                    self._move(one, "")
        self._pass(10 * MS)

    def settle(self) -> None:
        """No more faults; a few minutes pass in which markets move."""
        self.http_fails = self.http_slow_ns = 0
        for _ in range(60):
            self.do("move")
            self._pass(2_000 * MS)
            self.do("second")
        self.do("move")
        self._pass(1_000 * MS)

    def is_right(self) -> bool:
        """Every book is live and as the market is."""
        return all(
            keeper.state(self.now) is State.LIVE
            and keeper.last == self.markets[symbol].number
            and self._seen(symbol) == self._true(symbol, keeper.last)
            for symbol, keeper in self.keepers.items()
        )

    # -- how --

    def after(self, asks: Sequence[Ask]) -> None:
        """Do what was asked."""
        for ask in asks:
            match ask:
                case Send():
                    link, text = ask.link, ask.text
                    self._later(5 * MS, lambda link=link, text=text: self._asked(link, text))
                case Fetch():
                    self._fetch(ask)
                case Reconnect():
                    self._hang_up(ask.link)

    def _on_look(self, symbol: str, look: Look) -> None:
        self.looks += 1
        if self._seen(symbol) != self._true(symbol, self.keepers[symbol].last):
            self.wrong.append(f"{symbol} at {self.keepers[symbol].last}")

    def _seen(self, symbol: str) -> object:
        keeper = self.keepers[symbol]
        return tuple(keeper.levels(1)[: self.most]), tuple(keeper.levels(-1)[: self.most])

    def _true(self, symbol: str, number: int) -> object:
        bids, asks = self.markets[symbol].past.get(number, ((), ()))
        return bids[: self.most], asks[: self.most]

    def _move(self, symbol: str, fault: str) -> None:
        market = self.markets[symbol]
        change = market.move()
        for link, channels in self.channels.items():
            for channel in [one for one in channels if self.speaks.book_of(one) == symbol]:
                text = self.speaks.change(channel, market, change)
                if fault == "swapped":
                    self._held[link, channel] = text
                    continue
                if fault == "half":
                    text = text[: len(text) // 2]
                for _ in range({"gap": 0, "twice": 2}.get(fault, 1)):
                    delay_ns = 300 * MS if fault == "late" else 0
                    self._later(delay_ns, lambda link=link, text=text: self._hear(link, text))
                if held := self._held.pop((link, channel), ""):
                    self._later(0, lambda link=link, held=held: self._hear(link, held))

    def _tell(self, is_of: Callable[[str], bool], text_of: Callable[[str], str]) -> None:
        for link, channels in self.channels.items():
            for channel in [one for one in channels if is_of(one)]:
                text = text_of(channel)
                self._later(0, lambda link=link, text=text: self._hear(link, text))

    def _asked(self, link: str, text: str) -> None:
        reply = self.speaks.asked(text, frozenset())
        for one in reply.texts:
            self._hear(link, one)
        for channel in reply.leave:
            self.channels[link].pop(channel, None)
        for channel in reply.enter:
            self.channels[link][channel] = None
            symbol = self.speaks.book_of(channel)
            if symbol in self.markets and (first := self.speaks.snapshot(channel, self.markets[symbol])):
                self._hear(link, first)

    def _fetch(self, ask: Fetch) -> None:
        sent_at = self.now
        if self.http_fails:
            self.http_fails -= 1
            status, raw = 500, b"no"
        else:
            status, raw = 200, json.dumps(self.speaks.rest(ask.path, self.markets)).encode()

        def answered() -> None:
            self.after(self.board.fetched(ask.tag, status, raw, sent_at, self.now))

        self._later(20 * MS + self.http_slow_ns, answered)

    def _hear(self, link: str, text: str) -> None:
        self.after(self.board.hear(link, text.encode(), self.now))

    def _open(self, link: str) -> None:
        self.after(self.board.opened(link, self.now))

    def _hang_up(self, link: str) -> None:
        self.channels[link].clear()
        self._due = [
            one for one in self._due if one[2].__defaults__ is None or one[2].__defaults__[0] != link
        ]
        heapq.heapify(self._due)
        self.after(self.board.closed(link, self.now, "hung up"))
        self._later(50 * MS, lambda: self._open(link))

    def _later(self, delay_ns: int, run: Callable[..., None]) -> None:
        heapq.heappush(self._due, (self.now + delay_ns, next(self._order), run))

    def _pass(self, ns: int) -> None:
        end = self.now + ns
        while self._due and self._due[0][0] <= end:
            at, _, run = heapq.heappop(self._due)
            self.now = max(self.now, at)
            run()
        self.now = end
