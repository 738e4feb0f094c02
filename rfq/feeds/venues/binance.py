"""Binance's public market data, USDS-M futures and spot, as it is spoken in 2026.

Sources: Binance Developer Center, "How to manage a local order book correctly", "Live Subscribing/Unsubscribing to
streams", and those of the modules beside this one. A request to subscribe is confirmed even where no such stream
exists, so what we ask for is held against the venue's list of symbols. The server pings by WebSocket frames; nothing in
a quiet stream tells a dead link from a calm market, so we ask for LIST_SUBSCRIPTIONS, which is always answered.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from pricing.units import NS_PER_S
from rfq.feeds.said import Alive, Ask, Confirmed, Fetch, ListingSaid, Reconnect, Said, Send, Trouble
from rfq.feeds.venues.adapter import Heard
from rfq.feeds.venues.binance_markets import Market, Stream, chores, listing, pause, plan
from rfq.feeds.venues.binance_words import ENVELOPE, Reader
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

_OPENING: Final = b'{"stream":"'
_SYMBOL: Final = re.compile(r"[^\s/@\"\\a-z]+")
_PATIENCE_NS: Final = 15 * NS_PER_S


class Wanted:
    """A book that waits for its snapshot: whether its changes flow, so that nothing is missed between, and the least
    number that the snapshot must have, which is known once the first change has come."""

    __slots__ = ("asked", "flows", "least")

    def __init__(self, flows: bool) -> None:
        """Wanted from now on."""
        self.flows = flows
        self.least: int | None = None
        self.asked = False


class BinanceAdapter:
    """Some symbols of one of Binance's markets: books by changes with a REST snapshot, trades, touches, marks."""

    def __init__(
        self,
        market: Market,
        symbols: Sequence[str],
        *,
        scales: "Mapping[str, Scale] | None" = None,
        speed: str = "100ms",
        trades: str = "aggTrade",
        touch: bool = True,
    ) -> None:
        """`speed` of the books. `trades`: aggTrade, or trade for single fills (futures send those too, without
        documenting it)."""
        if speed not in market.speeds or trades not in ("aggTrade", "trade"):
            raise ValueError(f"{market.venue}: no books at {speed!r} with {trades!r}")
        bad = [symbol for symbol in symbols if not _SYMBOL.fullmatch(symbol)]
        if bad or not symbols or len(set(symbols)) < len(symbols):
            raise ValueError(
                f"{market.venue}: symbols {', '.join(map(repr, bad or symbols))}: none, bad or twice"
            )
        self.venue = market.venue
        self.limits = market.limits
        self.rest = market.rest
        self._market = market
        self._voice = Voice(market.venue)
        self._reader = Reader(market.venue, market.chained)
        self._symbols = tuple(symbols)
        kinds = {"depth": market.speeds[speed], trades: ""}
        if touch:
            kinds["bookTicker"] = ""
        if "markPrice" in market.kinds:
            kinds["markPrice"] = "@1s"
        self._streams, self.links = plan(market, symbols, kinds, scales or {})
        self._pulse = Pulse(10 * NS_PER_S, 25 * NS_PER_S)
        self._errands = Errands(_PATIENCE_NS)
        self._rounds = Rounds(self._errands, chores(market, symbols))
        self._refused = Refused()
        self._up: set[str] = set()
        self._wanted: dict[str, Wanted] = {}
        self._asked: dict[int, tuple[str, tuple[str, ...], int]] = {}
        self._answered_at: dict[str, int] = {}
        self._last_id = 0

    def _on(self, link: str) -> list[Stream]:
        return [stream for stream in self._streams.values() if stream.link == link]

    def opened(self, link: str, now: int) -> Heard:
        """The link is up: subscribe; snapshots are asked for once the changes are known to flow."""
        self._pulse.opened(link, now)
        self._up.add(link)
        streams = self._on(link)
        for stream in streams:
            if stream.kind == "depth":
                self._errands.drop(f"depth:{stream.symbol}")
                self._wanted[stream.symbol] = Wanted(flows=False)
        names = [stream.name for stream in streams]
        asks: list[Ask] = [
            self._send(link, "SUBSCRIBE", tuple(batch), now)
            for batch in batches(names, self.limits.channels_per_message)
        ]
        return Heard((), [*asks, *self._rounds.tick(now)])

    def closed(self, link: str, now: int) -> Heard:
        """The link is down: the books on it are not known any more."""
        self._pulse.closed(link)
        self._up.discard(link)
        self._asked = {number: asked for number, asked in self._asked.items() if asked[0] != link}
        self._refused.forget(stream.name for stream in self._on(link))
        books = [stream.symbol for stream in self._on(link) if stream.kind == "depth"]
        for symbol in books:
            self._errands.drop(f"depth:{symbol}")
            self._wanted.pop(symbol, None)
        if books:
            return Heard(self._voice.lost(now, "the link is closed", link, books))
        return Heard((self._voice.trouble(now, Fault("the link is closed", link)),))

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        """A message of a stream, or an answer to one of our requests."""
        self._pulse.heard(link, now)
        stream = self._streams.get(named(raw, _OPENING))
        return self._other(link, raw, now) if stream is None else self._told(stream, raw, now)

    def _told(self, stream: Stream, raw: bytes, now: int) -> Heard:
        kind, symbol, scale = stream.kind, stream.symbol, stream.scale
        if kind == "depth":
            change = self._reader.depth(raw, symbol, scale, now)
            if isinstance(change, Fault):
                return self._unread(change, raw, now, stream)
            wanted = self._wanted.get(symbol)
            if wanted is None:
                return Heard((change,))
            if wanted.least is None:
                wanted.least = change.prior if self._market.chained else change.first - 1
            wanted.flows = True
            return Heard((change,), self._fetch_snapshot(symbol, wanted, now))
        said: Said | Fault | None
        if kind == "aggTrade":
            said = self._reader.agg_trade(raw, symbol, scale, now)
        elif kind == "trade":
            said = self._reader.trade(raw, symbol, scale, now)
        elif kind == "bookTicker":
            said = self._reader.touch(raw, symbol, scale, now)
        else:
            said = self._reader.mark(raw, symbol, now)
        if isinstance(said, Fault):
            return self._unread(said, raw, now, stream)
        return Heard() if said is None else Heard((said,))

    def _unread(self, fault: Fault, raw: bytes, now: int, stream: Stream) -> Heard:
        where = f"{stream.name} {fault.where}".strip()
        breaks = stream.kind == "depth"
        fault = Fault(fault.what, where)
        return Heard((self._voice.trouble(now, fault, raw, stream.symbol, breaks_book=breaks),))

    def _other(self, link: str, raw: bytes, now: int) -> Heard:
        """What is not plainly of a stream of ours. Text that cannot be read at all may have been of any book here."""
        found = decoded(ENVELOPE, raw, link)
        if isinstance(found, Fault):
            books = [stream.symbol for stream in self._on(link) if stream.kind == "depth"]
            return Heard(self._voice.unreadable(now, found, raw, books))
        stream = self._streams.get(found.stream.encode("utf-8", "replace"))
        if stream is not None:
            return self._told(stream, raw, now)
        if found.e == "serverShutdown" or b'"serverShutdown"' in bytes(found.data)[:100]:
            return Heard(
                (self._alive(now),), (Reconnect(link=link, why="the server says it will shut down"),)
            )
        if found.stream or found.e:
            fault = Fault("nothing that we asked for", f"{link} {found.stream or found.e}"[:100])
            return Heard((self._voice.trouble(now, fault, raw),))
        _, names, _ = self._asked.pop(found.id if isinstance(found.id, int) else -1, ("", (), 0))
        if names:
            self._answered_at[link] = now  # those behind it wait for the pace
        if found.error is not None or found.code is not None:
            words = found.error.msg if found.error else found.msg
            return self._refuse(link, names, Fault(f"refused: {words[:200]}", link), raw, now)
        if found.id is None:
            return Heard((self._voice.trouble(now, Fault("not understood", link), raw),))
        if not names:
            return Heard((self._alive(now),))
        return Heard(
            (Confirmed(venue=self.venue, received_at=now, channels=names),), self._confirmed(names, now)
        )

    def _refuse(self, link: str, names: tuple[str, ...], fault: Fault, raw: bytes, now: int) -> Heard:
        """What was refused together is asked for one by one; what was refused alone, later."""
        if len(names) == 1:
            self._refused.add(names[0], now)
        symbols = {self._streams[name.encode()].symbol for name in names}
        fault = Fault(fault.what, f"{fault.where} {' '.join(names)}"[:200].strip())
        trouble = self._voice.trouble(now, fault, raw, symbols.pop() if len(symbols) == 1 else "")
        again = names if len(names) > 1 else ()
        return Heard((trouble,), [self._send(link, "SUBSCRIBE", (name,), now) for name in again])

    def _alive(self, now: int) -> Alive:
        return Alive(venue=self.venue, received_at=now)

    def _confirmed(self, names: Sequence[str], now: int) -> list[Fetch]:
        """Changes flow from here on: whatever the snapshots lack will be in them."""
        self._refused.forget(names)
        asks: list[Fetch] = []
        for name in names:
            stream = self._streams[name.encode()]
            wanted = self._wanted.get(stream.symbol)
            if stream.kind == "depth" and wanted is not None:
                wanted.flows = True
                asks += self._fetch_snapshot(stream.symbol, wanted, now)
        return asks

    def _fetch_snapshot(self, symbol: str, wanted: Wanted, now: int) -> list[Fetch]:
        if wanted.asked or not wanted.flows:
            return []
        wanted.asked = True
        path = f"{self._market.paths}/depth?symbol={symbol}&limit={self._market.levels}"
        fetch = Fetch(tag=f"depth:{symbol}", path=path, weight=self._market.depth_weight)
        return self._errands.ask(fetch, now)

    def _send(self, link: str, method: str, names: tuple[str, ...], now: int) -> Send:
        self._last_id += 1
        request: dict[str, object] = {"method": method, "id": self._last_id}
        if names:
            request["params"] = names
            self._asked[self._last_id] = (link, names, now)
        return Send(link=link, text=msgspec.json.encode(request).decode())

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Heard:
        """A snapshot, the list of symbols, the venue's clock or its funding intervals."""
        fetch = self._errands.answered(tag)
        if fetch is None:
            return Heard()
        what, _, symbol = tag.partition(":")
        if status != 200:
            words = "no answer" if status == 0 else f"answered {status}"
            return self._failed(fetch, Fault(words, fetch.path), raw, now, symbol, pause(status))
        if what == "depth":
            return self._snapshot(fetch, symbol, raw, now)
        found: Said | Fault | None
        if what == "time":
            found = self._reader.time(raw, sent_at, now)
        elif what == "funding":
            found = self._reader.funding(raw)
        else:
            found = listing(self.venue, raw, now)
        if isinstance(found, Fault):
            return self._failed(fetch, Fault(found.what, fetch.path), raw, now)
        self._errands.done(tag)
        if isinstance(found, ListingSaid):
            return Heard((found, *self._unlisted(found, now)))
        return Heard() if found is None else Heard((found,))

    def _snapshot(self, fetch: Fetch, symbol: str, raw: bytes, now: int) -> Heard:
        wanted = self._wanted.get(symbol)
        if wanted is None:
            return Heard()
        scale = next(s.scale for s in self._streams.values() if s.symbol == symbol)
        found = self._reader.snapshot(raw, symbol, scale, now)
        if isinstance(found, Fault):
            return self._failed(
                fetch, Fault(found.what, f"{fetch.path} {found.where}".strip()), raw, now, symbol
            )
        if wanted.least is not None and found.last < wanted.least:
            words = f"a snapshot of {found.last}, but what we have begins after {wanted.least}"
            return self._failed(fetch, Fault(words, fetch.path), raw, now, symbol)
        self._errands.done(fetch.tag)
        del self._wanted[symbol]
        return Heard((found,))

    def _failed(
        self, fetch: Fetch, fault: Fault, raw: bytes, now: int, symbol: str = "", at_least_ns: int = 0
    ) -> Heard:
        """Say so, and ask again later."""
        later = self._errands.failed(fetch, now, at_least_ns)
        fault = Fault(f"{fault.what}; again in {later / NS_PER_S:.0f} s", fault.where)
        return Heard((self._voice.trouble(now, fault, raw, symbol),))

    def _unlisted(self, told: ListingSaid, now: int) -> list[Trouble]:
        """Symbols of ours that do not trade, or whose prices and sizes are finer than we were told."""
        rows = {row.symbol: row for row in told.instruments}
        troubles: list[Trouble] = []
        for stream in self._streams.values():
            if stream.kind != "depth":
                continue
            row = rows.get(stream.symbol)
            if row is None:
                words = "not in the venue's list of what trades: its streams will say nothing"
                troubles.append(self._voice.trouble(now, Fault(words, "exchangeInfo"), b"", stream.symbol))
                continue
            for text, digits in (
                (row.price_tick, stream.scale.price_digits),
                (row.size_step, stream.scale.size_digits),
            ):
                found = whole(text, digits, "exchangeInfo")
                if isinstance(found, Fault):
                    troubles.append(self._voice.trouble(now, found, b"", stream.symbol))
        return troubles

    def tick(self, now: int) -> Heard:
        """Pings, silence, errands that are due or were never answered, requests that were not confirmed."""
        if not self._up:
            return Heard()
        pings, dead = self._pulse.tick(now)
        asks: list[Ask] = [*dead, *(self._send(link, "LIST_SUBSCRIPTIONS", (), now) for link in pings)]
        for number, (link, names, at) in sorted(self._asked.items()):
            if now - max(at, self._answered_at.get(link, 0)) >= _PATIENCE_NS:
                del self._asked[number]
                asks.append(Reconnect(link=link, why=f"no answer to a request for {len(names)} streams"))
        asks += [self._subscribe(name, now) for name in self._refused.tick(now)]
        due, late = self._errands.tick(now)
        said = [
            self._voice.trouble(now, Fault("never answered", tag), b"", tag.partition(":")[2]) for tag in late
        ]
        return Heard(said, [*asks, *due, *self._rounds.tick(now)])

    def _subscribe(self, name: str, now: int) -> Send:
        return self._send(self._streams[name.encode()].link, "SUBSCRIBE", (name,), now)

    def resync(self, symbol: str, now: int) -> Heard:
        """A new snapshot, while changes go on flowing; where they were refused, ask for them first."""
        stream = next((s for s in self._streams.values() if s.symbol == symbol and s.kind == "depth"), None)
        if stream is None or stream.link not in self._up:
            return Heard()
        if self._refused.waits(stream.name):
            return Heard((), (self._subscribe(stream.name, now),))
        wanted = self._wanted.setdefault(symbol, Wanted(flows=True))
        return Heard((), self._fetch_snapshot(symbol, wanted, now))
