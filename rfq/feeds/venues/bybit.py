"""Bybit's public market data, API v5, as it is spoken in 2026: linear, inverse, spot, options.

Sources: Bybit API documentation v5, "Connect", and those of the modules beside this one. A book begins with a snapshot
as soon as its topic is subscribed, so a book that is found wrong is subscribed anew. One topic that does not exist
makes the venue refuse the whole request, so what was refused together is asked for again one by one. A ping is due
every 20 s.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from pricing.units import NS_PER_S
from rfq.feeds.levels import USUAL
from rfq.feeds.said import Alive, Ask, Confirmed, Fetch, ListingSaid, Reconnect, Said, Send, Trouble
from rfq.feeds.venues import bybit_markets as markets
from rfq.feeds.venues.adapter import Heard
from rfq.feeds.venues.bybit_markets import Category, Topic
from rfq.feeds.venues.bybit_words import Reader
from rfq.feeds.venues.reading import (
    Errands,
    Fault,
    Pulse,
    Refused,
    Rounds,
    Voice,
    batches,
    decoded,
    named,
    whole,
)

if TYPE_CHECKING:
    from rfq.feeds.levels import Scale

_OPENING: Final = b'{"topic":"'
_SYMBOL: Final = re.compile(r"[A-Z0-9-]+")
_PATIENCE_NS: Final = 15 * NS_PER_S
_PAGES_MAX: Final = 50


class _Topics(msgspec.Struct, rename="camel"):
    fail_topics: list[str] = msgspec.field(default_factory=list)
    success_topics: list[str] = msgspec.field(default_factory=list)


class _Envelope(msgspec.Struct):
    """Whatever is not plainly a message of one of our topics."""

    topic: str = ""
    type: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    req_id: str = ""
    data: msgspec.Raw = msgspec.Raw()


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_TOPICS: Final = msgspec.json.Decoder(_Topics)


class BybitAdapter:
    """Some symbols of one of Bybit's categories: books, touches, trades, tickers, the list of instruments."""

    def __init__(
        self,
        category: Category,
        symbols: Sequence[str],
        *,
        scales: "Mapping[str, Scale] | None" = None,
        depth: int = 0,
        touch: bool = True,
    ) -> None:
        """`depth` of the books, one that the category offers (0: the usual one)."""
        depth = depth or category.depths[0]
        bad = [symbol for symbol in symbols if not _SYMBOL.fullmatch(symbol)]
        if bad or not symbols or len(set(symbols)) < len(symbols):
            raise ValueError(
                f"{category.venue}: symbols {', '.join(map(repr, bad or symbols))}: none, bad or twice"
            )
        if depth not in category.depths:
            raise ValueError(f"{category.venue}: no books of {depth} levels, but of {category.depths}")
        self.venue = category.venue
        self.limits = markets.LIMITS
        self.rest = markets.REST
        self._category = category
        self._symbols = tuple(symbols)
        self._scales = dict(scales or {})
        self._voice = Voice(category.venue)
        self._reader = Reader(category)
        self._topics, self.links = markets.plan(category, symbols, depth, touch, self._scales)
        self._books = {topic.symbol: topic for topic in self._topics.values() if topic.kind == "book"}
        self._pulse = Pulse(20 * NS_PER_S, 45 * NS_PER_S, always=True)
        self._errands = Errands(_PATIENCE_NS)
        self._rounds = Rounds(self._errands, markets.chores(category, symbols))
        self._refused = Refused()
        self._up: set[str] = set()
        self._asked: dict[str, tuple[str, tuple[str, ...], int, bool]] = {}
        self._answered_at: dict[str, int] = {}
        self._pages: dict[str, tuple[int, frozenset[str]]] = {}
        self._last_id = 0

    def opened(self, link: str, now: int) -> Heard:
        """The link is up: subscribe; every book begins with a snapshot."""
        self._pulse.opened(link, now)
        self._up.add(link)
        names = [topic.name for topic in self._topics.values() if topic.link == link]
        asks: list[Ask] = [
            self._send(link, "subscribe", tuple(batch), now)
            for batch in batches(names, self.limits.channels_per_message)
        ]
        return Heard((), [*asks, *self._rounds.tick(now)])

    def closed(self, link: str, now: int) -> Heard:
        """The link is down: the books on it are not known any more."""
        self._pulse.closed(link)
        self._up.discard(link)
        self._asked = {name: asked for name, asked in self._asked.items() if asked[0] != link}
        for topic in self._topics.values():
            if topic.link == link:
                self._refused.forget((topic.name,))
                self._reader.forget(topic.symbol)
        books = self._books_on(link)
        if books:
            return Heard(self._voice.lost(now, "the link is closed", link, books))
        return Heard((self._voice.trouble(now, Fault("the link is closed", link)),))

    def _books_on(self, link: str) -> list[str]:
        return [symbol for symbol, topic in self._books.items() if topic.link == link]

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        """A message of a topic, or an answer to one of our requests."""
        self._pulse.heard(link, now)
        topic = self._topics.get(named(raw, _OPENING))
        return self._other(link, raw, now) if topic is None else self._told(topic, raw, now)

    def _told(self, topic: Topic, raw: bytes, now: int) -> Heard:
        said: Sequence[Said | Fault]
        if topic.kind == "book":
            said = (self._reader.book(raw, topic.symbol, topic.scale, now),)
        elif topic.kind == "touch":
            said = (self._reader.touch(raw, topic.symbol, topic.scale, now),)
        elif topic.kind == "trades":
            said = self._reader.trades(raw, topic.symbol, self._scales, USUAL, now)
        else:
            said = (self._reader.ticker(raw, topic.symbol, now),)
        return Heard([self._unread(one, topic, raw, now) if isinstance(one, Fault) else one for one in said])

    def _unread(self, fault: Fault, topic: Topic, raw: bytes, now: int) -> Trouble:
        fault = Fault(fault.what, f"{topic.name} {fault.where}".strip())
        if topic.kind == "ticker":
            self._reader.forget(topic.symbol)
        symbol = "" if self._category.options and topic.kind == "trades" else topic.symbol
        return self._voice.trouble(now, fault, raw, symbol, breaks_book=topic.kind == "book")

    def _other(self, link: str, raw: bytes, now: int) -> Heard:
        """What is not plainly of a topic of ours. Text that cannot be read at all may have been of any book here."""
        found = decoded(_ENVELOPE, raw, link)
        if isinstance(found, Fault):
            return Heard(self._voice.unreadable(now, found, raw, self._books_on(link)))
        topic = self._topics.get(found.topic.encode("utf-8", "replace"))
        if topic is not None:
            return self._told(topic, raw, now)
        if found.topic:
            fault = Fault("nothing that we asked for", f"{link} {found.topic}"[:100])
            return Heard((self._voice.trouble(now, fault, raw),))
        if found.op == "pong" or (found.op == "ping" and found.success is not False):
            return Heard((Alive(venue=self.venue, received_at=now),))
        if found.type == "COMMAND_RESP":
            return self._topics_answered(link, found, raw, now)
        if found.success is None:
            return Heard((self._voice.trouble(now, Fault("not understood", link), raw),))
        return self._answered(link, found, raw, now)

    def _answered(self, link: str, found: _Envelope, raw: bytes, now: int) -> Heard:
        """One answer to a whole request."""
        _, names, _, subscribed = self._asked.pop(found.req_id, ("", (), 0, True))
        if names:
            self._answered_at[link] = now  # those behind it wait for the pace
        if found.success and names:
            return Heard((self._confirmed(names, now, subscribed),))
        if found.success:
            return Heard((Alive(venue=self.venue, received_at=now),))
        symbols = {self._topics[name.encode()].symbol for name in names}
        fault = Fault(f"refused: {found.ret_msg[:200]}", f"{link} {' '.join(names)}"[:300].strip())
        trouble = self._voice.trouble(now, fault, raw, symbols.pop() if len(symbols) == 1 else "")
        if len(names) == 1 and subscribed:
            self._refused.add(names[0], now)
        again = names if len(names) > 1 and subscribed else ()
        return Heard((trouble,), [self._send(link, "subscribe", (name,), now) for name in again])

    def _confirmed(self, names: Sequence[str], now: int, subscribed: bool = True) -> Confirmed:
        self._refused.forget(names)
        return Confirmed(venue=self.venue, received_at=now, channels=tuple(names), subscribed=subscribed)

    def _topics_answered(self, link: str, found: _Envelope, raw: bytes, now: int) -> Heard:
        """Of options: which topics were taken and which were not."""
        told = decoded(_TOPICS, found.data, link)
        if isinstance(told, Fault):
            return Heard((self._voice.trouble(now, told, raw),))
        answered = {*told.success_topics, *told.fail_topics}
        subscribed = True
        for name, (of, names, _, was) in list(self._asked.items()):
            if of == link and answered.issuperset(names):
                del self._asked[name]
                subscribed = was
                self._answered_at[link] = now
        said: list[Said] = []
        if told.success_topics:
            said.append(self._confirmed(told.success_topics, now, subscribed))
        for name in told.fail_topics:
            topic = self._topics.get(name.encode("utf-8", "replace"))
            if topic:
                self._refused.add(name, now)
            fault = Fault("refused", f"{link} {name[:100]}")
            said.append(self._voice.trouble(now, fault, raw, topic.symbol if topic else ""))
        return Heard(said or (Alive(venue=self.venue, received_at=now),))

    def _send(self, link: str, op: str, names: tuple[str, ...], now: int) -> Send:
        self._last_id += 1
        name = str(self._last_id)
        request: dict[str, object] = {"req_id": name, "op": op}
        if names:
            request["args"] = names
            self._asked[name] = (link, names, now, op == "subscribe")
        return Send(link=link, text=msgspec.json.encode(request).decode())

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Heard:
        """The venue's clock, or a page of its list of instruments."""
        fetch = self._errands.answered(tag)
        if fetch is None:
            return Heard()
        result = markets.answer(status, raw)
        if isinstance(result, Fault):
            return self._failed(fetch, result, raw, now, markets.pause(status))
        if tag != "time":
            return self._page(fetch, result, raw, now)
        clock = markets.clock(self.venue, result, sent_at, now)
        if isinstance(clock, Fault):
            return self._failed(fetch, clock, raw, now)
        self._errands.done(tag)
        return Heard((clock,))

    def _failed(self, fetch: Fetch, fault: Fault, raw: bytes, now: int, at_least_ns: int = 0) -> Heard:
        """Say so, and ask again later."""
        later = self._errands.failed(fetch, now, at_least_ns)
        fault = Fault(
            f"{fault.what}; again in {later / NS_PER_S:.0f} s", f"{fetch.path} {fault.where}".strip()
        )
        return Heard((self._voice.trouble(now, fault, raw),))

    def _page(self, fetch: Fetch, result: msgspec.Raw, raw: bytes, now: int) -> Heard:
        """One page; the next one is asked for, or, after the last, our symbols are looked for in all of them."""
        found = markets.listing(self._category, result)
        if isinstance(found, Fault):
            return self._failed(fetch, found, raw, now)
        self._errands.done(fetch.tag)
        self._reader.hours.update(found.hours)
        said: list[Said] = [self._voice.trouble(now, fault, raw) for fault in found.faults]
        said += self._too_fine(found, now)
        said.append(ListingSaid(venue=self.venue, received_at=now, instruments=tuple(found.instruments)))
        pages, seen = self._pages.pop(fetch.tag, (0, frozenset()))
        seen |= frozenset(row.symbol for row in found.instruments) & frozenset(self._symbols)
        coin = fetch.tag.partition(":")[2]
        if found.cursor and pages + 1 < _PAGES_MAX:
            self._pages[fetch.tag] = (pages + 1, seen)
            return Heard(
                said, self._errands.ask(markets.listing_fetch(self._category, coin, found.cursor), now)
            )
        for symbol in self._symbols:
            if symbol not in seen and (not coin or symbol.startswith(f"{coin}-")):
                fault = Fault("not in the venue's list of what trades", "instruments-info")
                said.append(self._voice.trouble(now, fault, b"", symbol))
        return Heard(said)

    def _too_fine(self, found: markets.Listing, now: int) -> list[Trouble]:
        """Symbols of ours whose prices or sizes are finer than we were told."""
        troubles: list[Trouble] = []
        for row in found.instruments:
            topic = self._books.get(row.symbol)
            if topic is None:
                continue
            cells = ((row.price_tick, topic.scale.price_digits), (row.size_step, topic.scale.size_digits))
            for text, digits in cells:
                number = whole(text, digits, "instruments-info")
                if isinstance(number, Fault):
                    troubles.append(self._voice.trouble(now, number, b"", row.symbol))
        return troubles

    def tick(self, now: int) -> Heard:
        """Pings, silence, errands that are due or were never answered, requests that were not confirmed."""
        if not self._up:
            return Heard()
        pings, dead = self._pulse.tick(now)
        asks: list[Ask] = [*dead, *(self._send(link, "ping", (), now) for link in pings)]
        for name, (link, names, at, _) in list(self._asked.items()):
            if now - max(at, self._answered_at.get(link, 0)) >= _PATIENCE_NS:
                del self._asked[name]
                asks.append(Reconnect(link=link, why=f"no answer to a request for {len(names)} topics"))
        for name in self._refused.tick(now):
            asks.append(self._send(self._topics[name.encode()].link, "subscribe", (name,), now))
        due, late = self._errands.tick(now)
        said = [self._voice.trouble(now, Fault("never answered", tag)) for tag in late]
        return Heard(said, [*asks, *due, *self._rounds.tick(now)])

    def resync(self, symbol: str, now: int) -> Heard:
        """Leave the book's topic and subscribe it anew, unless that is under way."""
        topic = self._books.get(symbol)
        if topic is None or topic.link not in self._up:
            return Heard()
        if any(topic.name in names for _, names, _, _ in self._asked.values()):
            return Heard()
        return Heard(
            (), [self._send(topic.link, op, (topic.name,), now) for op in ("unsubscribe", "subscribe")]
        )
