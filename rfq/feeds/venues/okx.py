"""OKX (API v5): books, touches, trades, tickers, marks, funding, index, options' volatilities, lists.

The public WebSocket needs no login for any of them. Each link carries at most 25 books, as the venue advises (fewer
than 30). A link must hear something every 30 s, hence a "ping" after 20 s of silence. Subscriptions are limited to 480
an hour a link, and a book that must come again costs two: leave the channel, and enter it anew. Where that was done too
often (books in which nothing happens for seconds are asked for again and again), the snapshot is fetched by HTTP.

A book begins with a snapshot on the WebSocket. The venue announced in February 2026 that it will stop sending that, and
in August 2026 still sent it; where changes come without one, or nothing comes, the snapshot is fetched by HTTP. Changes
then chain by `prevSeqId`; the first that fits a fetched snapshot has `prevSeqId` <= its `seqId` < the change's own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from pricing.units import NS_PER_MS, NS_PER_S
from rfq.feeds.levels import USUAL, Scale
from rfq.feeds.said import Alive, Ask, BookSaid, Confirmed, Fetch, ListingSaid, Reconnect, Said, Send
from rfq.feeds.venues import okx_markets as markets
from rfq.feeds.venues import okx_words as words
from rfq.feeds.venues.adapter import Heard, Limits
from rfq.feeds.venues.channels import Allowance, Channels, enumerated
from rfq.feeds.venues.reading import (
    Errands,
    Fault,
    Pulse,
    Voice,
    clock_said,
    decoded,
    named,
)

WEBSOCKET: Final = "wss://ws.okx.com:8443/ws/v5/public"
REST: Final = "https://www.okx.com"
BOOKS_PER_LINK: Final = 25
SNAPSHOT_WITHIN_NS: Final = 5 * NS_PER_S
CLOCK_EVERY_NS: Final = 60 * NS_PER_S
LISTING_EVERY_NS: Final = 3_600 * NS_PER_S
BUSY_NS: Final = 10 * NS_PER_S
ENTERED_AGAIN_MAX: Final = 150
_PING_NS, _DEAD_NS = 20 * NS_PER_S, 45 * NS_PER_S
_NAME: Final = re.compile(r"[A-Z0-9]+(-[A-Z0-9_.]+){1,4}")
_OPENING: Final = b'{"arg":{"channel":"'
_BOOK_OPENING: Final = b'{"arg":{"channel":"books","instId":"'
_CLOSING: Final = "64008"
"""The venue's notice that it will close the link soon, to be opened again at once."""
_TICKERS: Final = frozenset(
    {"tickers", "mark-price", "funding-rate", "open-interest", "opt-summary", "index-tickers"}
)
_TRADES: Final = frozenset({"trades", "option-trades"})
_INSTRUMENT_TYPES: Final = {of: name for name, of in words.KINDS.items()}


class Okx:
    """Some symbols of OKX, and whole families of options (such as BTC-USD) by their volatilities, trades and list."""

    def __init__(
        self,
        symbols: Sequence[str],
        scales: Mapping[str, Scale] | None = None,
        *,
        families: Sequence[str] = (),
    ) -> None:
        """What has no scale gets the usual one. ValueError for names that cannot be the venue's."""
        bad = [name for name in (*symbols, *families) if not _NAME.fullmatch(name)]
        if bad or not (symbols or families) or len(set(symbols)) < len(symbols):
            raise ValueError(f"okx: symbols {', '.join(map(repr, bad or symbols))}: none, bad or twice")
        self.venue = words.VENUE
        self.limits = Limits(messages_per_s=3.0, weight_per_minute=600, channels_per_message=100)
        self.rest = REST
        self._scales = dict(scales or {})
        self._families = tuple(families)
        self._symbols = {
            f"okx-{place // BOOKS_PER_LINK}": tuple(symbols[place : place + BOOKS_PER_LINK])
            for place in range(0, max(len(symbols), 1), BOOKS_PER_LINK)
        }
        self._links = dict.fromkeys(self._symbols, WEBSOCKET)
        self._link_of = {symbol: link for link, of in self._symbols.items() for symbol in of}
        self._voice = Voice(self.venue)
        self._pulse = Pulse(_PING_NS, _DEAD_NS)
        self._errands = Errands()
        self._entered = Channels()
        self._again_left = Allowance(ENTERED_AGAIN_MAX, LISTING_EVERY_NS)
        self._args: dict[str, dict[str, str]] = {}  # by the channel's name
        self._bare: dict[str, int] = {}  # symbol whose channel is there, but not its book -> when to fetch
        self._due: dict[str, int] = {}  # errand that comes again -> when
        self._number = 0

    @property
    def links(self) -> Mapping[str, str]:
        """Link -> its address."""
        return self._links

    # -- what the shell tells us --

    def opened(self, link: str, now: int) -> Heard:
        """Subscribe to everything on this link; with the first link, ask for the clock and the lists."""
        self._pulse.opened(link, now)
        asks = self._subscribe(link, self._channels(link), now)
        if link in self._symbols and not self._due:
            self._due = {"time": now, **dict.fromkeys(self._lists(), now)}
            asks += self._again(now)
        return Heard((), asks)

    def closed(self, link: str, now: int) -> Heard:
        """Nothing on this link is known any more."""
        self._pulse.closed(link)
        self._entered.closed(link)
        for symbol in self._symbols.get(link, ()):
            self._bare.pop(symbol, None)
            self._errands.drop(f"book:{symbol}")
        return Heard(self._voice.lost(now, "the link is down", link, self._symbols.get(link, ())))

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        """One message. What cannot be read at all might have been a change of any book on the link."""
        self._pulse.heard(link, now)
        if raw == b"pong":
            return Heard((Alive(venue=self.venue, received_at=now),))
        found = decoded(words.ENVELOPE, raw, link)
        if isinstance(found, Fault):
            return self._unreadable(link, found, raw, now)
        if found.event:
            return self._event(link, found, raw, now)
        channel = found.arg.channel
        if channel in words.BOOKS:
            return self._book(link, found, raw, now)
        if channel == "bbo-tbt":
            return self._told(
                words.touches(found.data, found.arg, self._scale(found.arg.inst_id), now), raw, now
            )
        where = found.arg.name
        if channel in _TRADES:
            return self._told(words.trades(found.data, where, self._scale, now), raw, now)
        if channel in _TICKERS:
            over_symbols = self._standing_on if channel == "index-tickers" else _itself
            return self._told(markets.tickers(found.data, where, over_symbols, now), raw, now)
        return Heard((self._voice.trouble(now, Fault("neither an event nor a channel of ours", where), raw),))

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Heard:
        """The answer to what we asked by HTTP."""
        if not self._errands.answered(tag):
            return Heard()
        answer = decoded(words.ANSWER, raw, tag)
        if isinstance(answer, Fault):
            fault = answer
        elif answer.code == "0" and status == 200:
            self._errands.done(tag)
            return self._answer(tag, answer.data, sent_at, now)
        else:
            fault = Fault(f"status {status}, code {answer.code[:20]}: {answer.msg[:100]}", tag)
        self._errands.failed(self._fetch(tag), now, BUSY_NS if status == 429 else 0)
        return Heard((self._voice.trouble(now, fault, raw),))

    def tick(self, now: int) -> Heard:
        """Pings, links without life, channels that were never confirmed, books that never began, errands."""
        pings, asks = self._pulse.tick(now)
        out: list[Ask] = [Send(link=link, text="ping") for link in pings]
        out += asks
        said: list[Said] = []
        for link, late in self._entered.late(now).items():
            said.append(self._voice.trouble(now, Fault(f"not confirmed: {enumerated(late)}", link)))
            out += self._batches(link, "subscribe", [self._args[name] for name in late])
        for symbol in [symbol for symbol, at in self._bare.items() if now >= at]:
            out += self._fetch_book(symbol, now)
        again, given_up = self._errands.tick(now)
        said += [self._voice.trouble(now, Fault("no answer", tag)) for tag in given_up]
        return Heard(said, [*out, *again, *self._again(now)])

    def resync(self, symbol: str, now: int) -> Heard:
        """Leave the symbol's book and enter it again, which brings a snapshot."""
        link = self._link_of.get(symbol)
        if link is None:
            return Heard()
        if not self._again_left.take(link, now):
            return Heard((), self._fetch_book(symbol, now))
        self._begun(symbol)
        arg = {"channel": "books", "instId": symbol}
        return Heard((), [self._send(link, "unsubscribe", [arg]), *self._subscribe(link, [arg], now)])

    # -- what the venue says --

    def _unreadable(self, link: str, fault: Fault, raw: bytes, now: int) -> Heard:
        """The channel may be known though the rest cannot be read; if not, all books of the link are in doubt."""
        channel = named(raw, _OPENING).decode("utf-8", "replace")
        if channel and channel not in words.BOOKS:
            return Heard((self._voice.trouble(now, fault, raw),))
        symbol = named(raw, _BOOK_OPENING).decode("utf-8", "replace")
        if not symbol:
            loose = decoded(words.LOOSE, raw)
            if isinstance(loose, Fault):
                over = self._symbols.get(link) or ("",)
                return Heard([self._voice.trouble(now, fault, raw, one, breaks_book=True) for one in over])
            symbol = loose.book
        return Heard((self._voice.trouble(now, fault, raw, symbol, breaks_book=bool(symbol)),))

    def _event(self, link: str, found: words.Envelope, raw: bytes, now: int) -> Heard:
        if found.event in ("subscribe", "unsubscribe"):
            subscribed = found.event == "subscribe"
            entered = subscribed and self._entered.confirmed(link, found.arg.name)
            if entered and found.arg.channel == "books":
                self._bare[found.arg.inst_id] = now + SNAPSHOT_WITHIN_NS
            return Heard(
                (
                    Confirmed(
                        venue=self.venue, received_at=now, channels=(found.arg.name,), subscribed=subscribed
                    ),
                )
            )
        fault = Fault(f"{found.event[:30]} {found.code[:20]}: {found.msg[:100]}", link)
        if found.event == "notice" and found.code == _CLOSING:
            return Heard((self._voice.trouble(now, fault, raw),), (Reconnect(link=link, why=fault.what),))
        return Heard((self._voice.trouble(now, fault, raw),))

    def _book(self, link: str, found: words.Envelope, raw: bytes, now: int) -> Heard:
        symbol = found.arg.inst_id
        said = words.books(found.data, found.arg, found.action, self._scale(symbol), now)
        if isinstance(said, Fault):
            return Heard((self._voice.trouble(now, said, raw, symbol, breaks_book=True),))
        if symbol not in self._bare:
            return Heard(said)
        if any(isinstance(one, BookSaid) and one.is_snapshot for one in said):
            self._begun(symbol)
            return Heard(said)
        return Heard(said, self._fetch_book(symbol, now))

    def _told(self, said: Iterable[Said | Fault] | Fault, raw: bytes, now: int) -> Heard:
        if isinstance(said, Fault):
            return Heard((self._voice.trouble(now, said, raw),))
        return Heard([self._voice.trouble(now, one, raw) if isinstance(one, Fault) else one for one in said])

    def _answer(self, tag: str, raw: msgspec.Raw, sent_at: int, now: int) -> Heard:
        what, _, of = tag.partition(":")
        if what == "time":
            at = markets.clock(raw, tag)
            if isinstance(at, Fault):
                return self._told(at, bytes(raw), now)
            return Heard((clock_said(self.venue, at, sent_at, now, NS_PER_MS),))
        if what == "book":
            return self._fetched_book(of, raw, now)
        listed, faults = markets.listing(raw, tag)
        list_said = ListingSaid(venue=self.venue, received_at=now, instruments=tuple(listed))
        return self._told([list_said, *faults], bytes(raw), now)

    def _fetched_book(self, symbol: str, raw: msgspec.Raw, now: int) -> Heard:
        said = words.books(raw, words.Arg(channel="books", inst_id=symbol), "", self._scale(symbol), now)
        if not isinstance(said, Fault) and not any(
            isinstance(one, BookSaid) and one.last >= 0 for one in said
        ):
            said = Fault("a snapshot without its number", f"book:{symbol}")
        if isinstance(said, Fault):
            return Heard((self._voice.trouble(now, said, raw, symbol, breaks_book=True),))
        self._begun(symbol)
        return Heard(said)

    # -- what we ask --

    def _scale(self, symbol: str) -> Scale:
        return self._scales.get(symbol, USUAL)

    def _standing_on(self, index: str) -> list[str]:
        return [symbol for symbol in self._link_of if words.index_of(symbol) == index] or [index]

    def _begun(self, symbol: str) -> None:
        self._bare.pop(symbol, None)
        self._errands.drop(f"book:{symbol}")

    def _channels(self, link: str) -> list[dict[str, str]]:
        symbols = self._symbols.get(link, ())
        args = [
            {"channel": channel, "instId": symbol}
            for channel in ("books", "bbo-tbt", "trades", "tickers")
            for symbol in symbols
        ]
        for symbol in symbols:
            of = words.kind(symbol)
            extra = () if of == "spot" else ("mark-price", "open-interest")
            args += [{"channel": channel, "instId": symbol} for channel in extra]
            if of == "perpetual":
                args.append({"channel": "funding-rate", "instId": symbol})
        indices = dict.fromkeys(
            [words.index_of(symbol) for symbol in symbols if words.kind(symbol) != "spot"]
        )
        args += [{"channel": "index-tickers", "instId": index} for index in indices]
        if link == next(iter(self._links)):
            for family in self._families:
                args.append({"channel": "opt-summary", "instFamily": family})
                args.append({"channel": "option-trades", "instType": "OPTION", "instFamily": family})
        return args

    def _subscribe(self, link: str, args: list[dict[str, str]], now: int) -> list[Ask]:
        for arg in args:
            about = arg.get("instId") or arg.get("instFamily", "")
            name = f"{arg['channel']}:{about}"
            self._args[name] = arg
            self._entered.ask(link, name, now)
        return self._batches(link, "subscribe", args)

    def _batches(self, link: str, op: str, args: list[dict[str, str]]) -> list[Ask]:
        size = self.limits.channels_per_message
        return [self._send(link, op, args[at : at + size]) for at in range(0, len(args), size)]

    def _send(self, link: str, op: str, args: list[dict[str, str]]) -> Send:
        self._number += 1
        message = {"id": str(self._number), "op": op, "args": args}
        return Send(link=link, text=msgspec.json.encode(message).decode())

    def _lists(self) -> list[str]:
        kinds = dict.fromkeys([words.kind(symbol) for symbol in self._link_of])
        families = [*self._families, *[words.index_of(s) for s in self._link_of if words.kind(s) == "option"]]
        return [
            *[f"list:{_INSTRUMENT_TYPES[of]}" for of in kinds if of != "option"],
            *[f"list:OPTION:{family}" for family in dict.fromkeys(families)],
        ]

    def _again(self, now: int) -> list[Ask]:
        asks: list[Ask] = []
        for tag in [tag for tag, at in self._due.items() if now >= at]:
            self._due[tag] = now + (CLOCK_EVERY_NS if tag == "time" else LISTING_EVERY_NS)
            asks += self._errands.ask(self._fetch(tag), now)
        return asks

    def _fetch_book(self, symbol: str, now: int) -> list[Ask]:
        self._bare[symbol] = now + LISTING_EVERY_NS  # the errand tries again by itself
        return [*self._errands.ask(self._fetch(f"book:{symbol}"), now)]

    def _fetch(self, tag: str) -> Fetch:
        what, _, of = tag.partition(":")
        if what == "time":
            return Fetch(tag=tag, path="/api/v5/public/time")
        if what == "book":
            return Fetch(tag=tag, path=f"/api/v5/market/books?instId={of}&sz=400&source=0")
        of, _, family = of.partition(":")
        return Fetch(
            tag=tag,
            path=f"/api/v5/public/instruments?instType={of}" + (f"&instFamily={family}" if family else ""),
        )


def _itself(symbol: str) -> list[str]:
    return [symbol]
