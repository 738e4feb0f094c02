"""Deribit (JSON-RPC over WebSocket, API v2): books, touches, trades, tickers, indices, whole chains of options.

None of it needs a login, as long as channels are taken every 100 ms: those of each single change ("raw") are for
clients who have logged in, and are refused to others (error 13778). A chain comes on a link of its own: its list by
HTTP each hour, marks with their volatilities, trades (with the block RFQs they were part of), and each option's ticker
every two seconds. A link must say that it lives every 10 s; the venue asks the same of us by test requests.

A book begins with a snapshot, each change says the `change_id` of the message before it. A book that must come again is
left and entered anew. There is no checksum.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from pricing.units import NS_PER_MS, NS_PER_S
from rfq.feeds.levels import USUAL, Scale
from rfq.feeds.said import Alive, Ask, Confirmed, Fetch, ListingSaid, Said, Send
from rfq.feeds.venues import deribit_words as words
from rfq.feeds.venues.adapter import Heard, Limits
from rfq.feeds.venues.channels import Channels, enumerated
from rfq.feeds.venues.deribit_lists import Options, chain_of, list_of, listing
from rfq.feeds.venues.reading import (
    Errands,
    Fault,
    Pulse,
    Voice,
    clock_said,
    decoded,
    named,
)

WEBSOCKET: Final = "wss://www.deribit.com/ws/api/v2"
REST: Final = "https://www.deribit.com/api/v2"
MARKETS: Final = "deribit"
CHAINS: Final = "deribit-chains"
HEARTBEAT_S: Final = 10
ANSWERED_WITHIN_NS: Final = 15 * NS_PER_S
CLOCK_EVERY_NS: Final = 60 * NS_PER_S
LISTING_EVERY_NS: Final = 3_600 * NS_PER_S
BUSY_NS: Final = 10 * NS_PER_S
LIST_WEIGHT: Final = 20
CHANNELS_AT_ONCE: Final = 200
"""500 are allowed in one request, but one that is too long is refused whole ("request entity too large")."""
_PING_NS, _DEAD_NS = 15 * NS_PER_S, 35 * NS_PER_S
_NAME: Final = re.compile(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)?(-[A-Za-z0-9_]+)*")
_OPENING: Final = b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":"'


class _Asked(NamedTuple):
    """A request that has no answer yet."""

    link: str
    method: str
    channels: tuple[str, ...]
    at: int


class Deribit:
    """Some instruments of Deribit, some indices (such as btc_usd), and the chains of options on some indices."""

    def __init__(
        self,
        symbols: Sequence[str],
        scales: Mapping[str, Scale] | None = None,
        *,
        indices: Sequence[str] = (),
        chains: Sequence[str] = (),
        interval: str = "100ms",
    ) -> None:
        """What has no scale gets the usual one. `interval` "raw" is refused by the venue without a login. ValueError
        for names that cannot be the venue's."""
        names = (*symbols, *indices, *chains)
        bad = [name for name in names if not _NAME.fullmatch(name)]
        bad += [name for name in (*indices, *chains) if name != name.lower() or "_" not in name]
        if bad or not names or len(set(symbols)) < len(symbols):
            raise ValueError(f"deribit: symbols {', '.join(map(repr, bad or symbols))}: none, bad or twice")
        if interval not in ("raw", "100ms", "agg2"):
            raise ValueError(f"deribit: no books every {interval!r}")
        self.venue = words.VENUE
        self.limits = Limits(messages_per_s=3.0, weight_per_minute=600, channels_per_message=CHANNELS_AT_ONCE)
        self.rest = REST
        self._scales = dict(scales or {})
        self._symbols = tuple(symbols)
        self._indices = tuple(indices)
        self._chains = Options([chain_of(index) for index in chains])
        self._interval = interval
        self._links = {MARKETS: WEBSOCKET, **({CHAINS: WEBSOCKET} if chains else {})}
        self._voice = Voice(self.venue)
        self._pulse = Pulse(_PING_NS, _DEAD_NS)
        self._errands = Errands()
        self._entered = Channels()
        self._asked: dict[int, _Asked] = {}
        self._due: dict[str, int] = {}  # errand that comes again -> when
        self._chains_open = False
        self._number = 0

    @property
    def links(self) -> Mapping[str, str]:
        """Link -> its address."""
        return self._links

    # -- what the shell tells us --

    def opened(self, link: str, now: int) -> Heard:
        """Set the heartbeat and subscribe; the first time, ask for the clock and the lists."""
        self._pulse.opened(link, now)
        asks: list[Ask] = [self._send(link, "public/set_heartbeat", {"interval": HEARTBEAT_S}, (), now)]
        if link == MARKETS:
            asks += self._subscribe(link, self._market_channels(), now)
        if link == CHAINS:
            self._chains_open = True
            asks += self._subscribe(link, [*self._chain_channels(), *_tickers(self._chains.listed)], now)
        if not self._due:
            self._due = {"time": now, **dict.fromkeys(self._lists(), now)}
            asks += self._again(now)
        return Heard((), asks)

    def closed(self, link: str, now: int) -> Heard:
        """Nothing on this link is known any more."""
        self._pulse.closed(link)
        self._entered.closed(link)
        self._asked = {key: asked for key, asked in self._asked.items() if asked.link != link}
        if link == CHAINS:
            self._chains_open = False
        return Heard(self._voice.lost(now, "the link is down", link, self._books_on(link)))

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        """One message. What cannot be read at all might have been a change of any book on the link."""
        self._pulse.heard(link, now)
        found = decoded(words.ENVELOPE, raw, link)
        if isinstance(found, Fault):
            return self._unreadable(link, found, raw, now)
        if found.method == "subscription":
            return self._notified(found.params, raw, now)
        alive = Alive(venue=self.venue, received_at=now)
        if found.method == "heartbeat":
            if found.params.type == "test_request":
                return Heard((alive,), (self._send(link, "public/test", {}, (), now),))
            return Heard((alive,))
        if found.id is None or found.method:
            return Heard((self._voice.trouble(now, Fault("neither notice nor answer", link), raw),))
        return self._answered(found, raw, now)

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Heard:
        """The answer to what we asked by HTTP."""
        if not self._errands.answered(tag):
            return Heard()
        answer = decoded(words.ENVELOPE, raw, tag)
        if isinstance(answer, Fault):
            fault = answer
        elif answer.error is not None:
            fault = Fault(f"status {status}, {_refused(answer.error)}", tag)
        elif status != 200:
            fault = Fault(f"status {status}", tag)
        else:
            self._errands.done(tag)
            return self._answer(tag, answer, sent_at, now)
        self._errands.failed(self._fetch(tag), now, BUSY_NS if status == 429 else 0)
        return Heard((self._voice.trouble(now, fault, raw),))

    def tick(self, now: int) -> Heard:
        """Pings, links without life, requests without answer, errands."""
        pings, dead = self._pulse.tick(now)
        asks: list[Ask] = [self._send(link, "public/test", {}, (), now) for link in pings]
        asks += dead
        said: list[Said] = []
        for key in [key for key, asked in self._asked.items() if now - asked.at >= ANSWERED_WITHIN_NS]:
            asked = self._asked.pop(key)
            if asked.method != "public/subscribe":  # its channels are told below
                said.append(self._voice.trouble(now, Fault("no answer", f"{asked.link} {asked.method}")))
        for link, late in self._entered.late(now).items():
            said.append(self._voice.trouble(now, Fault(f"not confirmed: {enumerated(late)}", link)))
            asks += self._batches(link, "public/subscribe", late, now)
        again, given_up = self._errands.tick(now)
        said += [self._voice.trouble(now, Fault("no answer", tag)) for tag in given_up]
        return Heard(said, [*asks, *again, *self._again(now)])

    def resync(self, symbol: str, now: int) -> Heard:
        """Leave the symbol's book and enter it again, which brings a snapshot."""
        if symbol not in self._symbols:
            return Heard()
        channels = (f"book.{symbol}.{self._interval}",)
        leave = self._batches(MARKETS, "public/unsubscribe", channels, now)
        return Heard((), [*leave, *self._subscribe(MARKETS, channels, now)])

    # -- what the venue says --

    def _unreadable(self, link: str, fault: Fault, raw: bytes, now: int) -> Heard:
        """The channel may be known though the rest cannot be read; if not, all books of the link are in doubt."""
        channel = named(raw, _OPENING).decode("utf-8", "replace")
        if not channel:
            loose = decoded(words.LOOSE, raw)
            if isinstance(loose, Fault):
                over = self._books_on(link) or ("",)
                return Heard([self._voice.trouble(now, fault, raw, one, breaks_book=True) for one in over])
            channel = loose.channel
        symbol = _book_in(channel)
        return Heard((self._voice.trouble(now, fault, raw, symbol, breaks_book=bool(symbol)),))

    def _notified(self, params: words.Params, raw: bytes, now: int) -> Heard:
        where, data = params.channel, params.data
        kind = where.partition(".")[0]
        if kind == "book":
            book = words.book(data, where, self._scale, now)
            if isinstance(book, Fault):
                return Heard((self._voice.trouble(now, book, raw, _book_in(where), breaks_book=True),))
            return Heard(book)
        if kind == "quote":
            return self._told(words.quote(data, where, self._scale, now), raw, now)
        if kind == "trades":
            return self._told(words.trades(data, where, self._scale, now), raw, now)
        if kind == "ticker":
            return self._told(words.ticker(data, where, now), raw, now)
        if kind == "deribit_price_index":
            return self._told(words.index(data, where, now), raw, now)
        if kind == "markprice":
            return self._told(words.marks(data, where, now), raw, now)
        return Heard((self._voice.trouble(now, Fault("not a channel of ours", where), raw),))

    def _told(self, said: Iterable[Said | Fault] | Fault, raw: bytes, now: int) -> Heard:
        if isinstance(said, Fault):
            return Heard((self._voice.trouble(now, said, raw),))
        return Heard([self._voice.trouble(now, one, raw) if isinstance(one, Fault) else one for one in said])

    def _answered(self, found: words.Envelope, raw: bytes, now: int) -> Heard:
        """Channels that the venue does not confirm are told, and asked for again by and by."""
        key = found.id if isinstance(found.id, int) else -1
        asked = self._asked.pop(key, None)
        method = asked.method if asked is not None else f"answer {key}"
        if found.error is not None:
            return Heard((self._voice.trouble(now, Fault(_refused(found.error), method), raw),))
        names = decoded(words.NAMES, found.result)
        if isinstance(names, Fault):
            return Heard((Alive(venue=self.venue, received_at=now),))
        confirmed = Confirmed(
            venue=self.venue,
            received_at=now,
            channels=tuple(names),
            subscribed=method != "public/unsubscribe",
        )
        if asked is None or method != "public/subscribe":
            return Heard((confirmed,))
        for name in names:
            self._entered.confirmed(asked.link, name)
        missing = [name for name in asked.channels if not self._entered.is_there(asked.link, name)]
        if not missing:
            return Heard((confirmed,))
        fault = Fault(f"not confirmed: {enumerated(missing)}", method)
        return Heard((confirmed, self._voice.trouble(now, fault, raw)))

    def _answer(self, tag: str, answer: words.Envelope, sent_at: int, now: int) -> Heard:
        if tag == "time":
            at = (answer.us_in + answer.us_out) * 500 if answer.us_in and answer.us_out else 0
            if at:
                return Heard((clock_said(self.venue, at, sent_at, now, 1_000),))
            ms = decoded(words.MILLIS, answer.result, tag)
            if isinstance(ms, Fault):
                return self._told(ms, bytes(answer.result), now)
            return Heard((clock_said(self.venue, ms * NS_PER_MS, sent_at, now, NS_PER_MS),))
        listed, faults = listing(answer.result, tag)
        said = ListingSaid(venue=self.venue, received_at=now, instruments=tuple(listed))
        new, gone = self._chains.note(tag, [one.symbol for one in listed])
        for channel in _tickers(gone):
            self._entered.drop(CHAINS, channel)
        told = self._told([said, *faults], bytes(answer.result), now)
        asks = self._subscribe(CHAINS, _tickers(new), now) if self._chains_open else []
        return Heard(told.said, asks)

    # -- what we ask --

    def _scale(self, symbol: str) -> Scale:
        return self._scales.get(symbol, USUAL)

    def _books_on(self, link: str) -> tuple[str, ...]:
        return self._symbols if link == MARKETS else ()

    def _market_channels(self) -> list[str]:
        each = [
            f"{kind}.{symbol}.{self._interval}"
            for kind in ("book", "trades", "ticker")
            for symbol in self._symbols
        ]
        touches = [f"quote.{symbol}" for symbol in self._symbols]
        return [*each, *touches, *[f"deribit_price_index.{index}" for index in self._indices]]

    def _chain_channels(self) -> list[str]:
        trades = dict.fromkeys([f"trades.option.{chain.currency}.100ms" for chain in self._chains.chains])
        return [*[f"markprice.options.{chain.on}" for chain in self._chains.chains], *trades]

    def _subscribe(self, link: str, channels: Sequence[str], now: int) -> list[Ask]:
        for channel in channels:
            self._entered.ask(link, channel, now)
        return self._batches(link, "public/subscribe", channels, now)

    def _batches(self, link: str, method: str, channels: Sequence[str], now: int) -> list[Ask]:
        size = self.limits.channels_per_message
        parts = [tuple(channels[at : at + size]) for at in range(0, len(channels), size)]
        return [self._send(link, method, {"channels": part}, part, now) for part in parts]

    def _send(
        self, link: str, method: str, params: Mapping[str, object], channels: tuple[str, ...], now: int
    ) -> Send:
        self._number += 1
        self._asked[self._number] = _Asked(link, method, channels, now)
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        return Send(link=link, text=msgspec.json.encode(message).decode())

    def _lists(self) -> list[str]:
        lists = [list_of(symbol) for symbol in self._symbols]
        lists += [(chain.currency, "option") for chain in self._chains.chains]
        return [f"list:{currency}:{kind}" for currency, kind in dict.fromkeys(lists)]

    def _again(self, now: int) -> list[Ask]:
        asks: list[Ask] = []
        for tag in [tag for tag, at in self._due.items() if now >= at]:
            self._due[tag] = now + (CLOCK_EVERY_NS if tag == "time" else LISTING_EVERY_NS)
            asks += self._errands.ask(self._fetch(tag), now)
        return asks

    def _fetch(self, tag: str) -> Fetch:
        if tag == "time":
            return Fetch(tag=tag, path="/public/get_time")
        _, currency, kind = tag.split(":")
        path = f"/public/get_instruments?currency={currency}&kind={kind}"
        return Fetch(tag=tag, path=path, weight=LIST_WEIGHT)


def _refused(error: words.Refusal) -> str:
    return f"refused, {error.code}: {error.message[:100]}"


def _book_in(channel: str) -> str:
    """The symbol of a book's channel, "" for other channels."""
    kind, _, rest = channel.partition(".")
    return rest.partition(".")[0] if kind == "book" else ""


def _tickers(options: Iterable[str]) -> list[str]:
    return [f"ticker.{option}.agg2" for option in options]
