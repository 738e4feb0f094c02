"""A wire of our own: captures as bytes, and the adapter that hears them, for venues whose words we cannot spell.

One JSON object a message. It has the parts that every venue's messages have (numbers, instants, levels as texts), so
that the whole way from bytes to rows can be checked on any capture, even of a venue that has no adapter.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from rfq.feeds.levels import PAIRS, USUAL, Scale
from rfq.feeds.levels import pairs as pairs_of
from rfq.feeds.said import BookSaid, TouchSaid, TradeSaid, Trouble
from rfq.feeds.venues.adapter import Heard, Limits
from rfq.feeds.venues.reading import Fault, Voice, decoded, excerpt, whole
from rfq.feeds.venues.rows import both

if TYPE_CHECKING:
    from rfq.feeds.levels import Levels
    from rfq.feeds.tables.telling import SaidOfTables

LINK: Final = "plain"
_NONE: Final = msgspec.Raw(b"[]")
_TABLES: Final = msgspec.json.Encoder()


class Words(msgspec.Struct, omit_defaults=True):
    """A message. `kind` says what: a book's snapshot or change, a trade (`b` price and size), a touch (`b` and `a`)."""

    kind: Literal["snapshot", "change", "trade", "touch"]
    symbol: str
    at: int = 0
    first: int = -1
    last: int = -1
    prior: int = -1
    b: msgspec.Raw = _NONE
    a: msgspec.Raw = _NONE
    price: str = ""
    size: str = ""
    side: int = 0
    name: str = ""
    block: str = ""
    forced: bool = False


_WORDS: Final = msgspec.json.Decoder(Words)


@lru_cache(maxsize=1 << 16)
def number_text(number: int, digits: int) -> str:
    """A whole number of 10**-digits as a decimal text."""
    if not digits:
        return str(number)
    head, rest = divmod(abs(number), 10**digits)
    text = f"{head}.{rest:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if number < 0 else text


def levels_text(levels: "Levels", scale: Scale) -> bytes:
    """Levels as venues spell them: a JSON array of pairs of texts."""
    spelled = [
        [number_text(price, scale.price_digits), number_text(size, scale.size_digits)]
        for price, size in pairs_of(levels)
    ]
    return _TABLES.encode(spelled)


def spell(said: "SaidOfTables", scale: Scale) -> bytes:
    """What was said, as a message of this wire; what could not be read cannot be read here either."""
    if isinstance(said, Trouble):
        words = Words(kind="change" if said.breaks_book else "trade", symbol=said.symbol, b=msgspec.Raw(b"0"))
    elif isinstance(said, BookSaid):
        words = Words(
            kind="snapshot" if said.is_snapshot else "change",
            symbol=said.symbol,
            at=said.exchange_at,
            first=said.first,
            last=said.last,
            prior=said.prior,
            b=msgspec.Raw(levels_text(said.bids, scale)),
            a=msgspec.Raw(levels_text(said.asks, scale)),
        )
    elif isinstance(said, TradeSaid):
        words = Words(
            kind="trade",
            symbol=said.symbol,
            at=said.exchange_at,
            price=number_text(said.price, scale.price_digits),
            size=number_text(said.size, scale.size_digits),
            side=said.side,
            name=str(said.trade),
            block=said.block,
            forced=said.liquidation,
        )
    else:
        words = Words(
            kind="touch",
            symbol=said.symbol,
            at=said.exchange_at,
            last=said.last,
            b=msgspec.Raw(levels_text([(said.bid, said.bid_size)], scale)),
            a=msgspec.Raw(levels_text([(said.ask, said.ask_size)], scale)),
        )
    return msgspec.json.encode(words)


class PlainAdapter:
    """Hears this wire for one venue."""

    rest: Final = ""
    links: Final[Mapping[str, str]] = {LINK: ""}

    def __init__(self, venue: str, symbols: Sequence[str], scales: Mapping[str, Scale]) -> None:
        """`scales` where they are not the usual."""
        self.venue = venue
        self.limits = Limits(1.0, 1, 1)
        self._voice = Voice(venue)
        self._scales = {symbol: scales.get(symbol, USUAL) for symbol in symbols}

    def opened(self, link: str, now: int) -> Heard:
        """Nothing has to be asked."""
        return Heard()

    def closed(self, link: str, now: int) -> Heard:
        """No book is known any more."""
        return Heard(self._voice.lost(now, "the link is closed", link, self._scales))

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        """A message."""
        words = decoded(_WORDS, raw)
        if isinstance(words, Fault):
            return Heard(self._voice.lost(now, f"{words.what}: {excerpt(raw)}", link, self._scales))
        scale = self._scales.get(words.symbol)
        if scale is None:
            return Heard(
                (self._voice.trouble(now, Fault("nothing that we listen to", words.symbol[:40]), raw),)
            )
        said = self._trade(words, scale, now) if words.kind == "trade" else self._levels(words, scale, now)
        if isinstance(said, Fault):
            breaks = words.kind in ("snapshot", "change")
            return Heard((self._voice.trouble(now, said, raw, words.symbol, breaks_book=breaks),))
        return Heard((said,))

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Heard:
        """Nothing is ever asked."""
        return Heard()

    def tick(self, now: int) -> Heard:
        """Nothing is waited for."""
        return Heard()

    def resync(self, symbol: str, now: int) -> Heard:
        """There is nobody to ask."""
        return Heard()

    def _trade(self, words: Words, scale: Scale, now: int) -> TradeSaid | Fault:
        price = whole(words.price, scale.price_digits, "price")
        size = whole(words.size, scale.size_digits, "size")
        if isinstance(price, Fault):
            return price
        if isinstance(size, Fault):
            return size
        return TradeSaid(
            venue=self.venue,
            symbol=words.symbol,
            received_at=now,
            exchange_at=words.at,
            trade=words.name,
            price=price,
            size=size,
            side=words.side,
            block=words.block,
            liquidation=words.forced,
        )

    def _levels(self, words: Words, scale: Scale, now: int) -> BookSaid | TouchSaid | Fault:
        pair = both(words.b, words.a, scale, PAIRS, "")
        if isinstance(pair, Fault):
            return pair
        if words.kind != "touch":
            return BookSaid(
                venue=self.venue,
                symbol=words.symbol,
                received_at=now,
                exchange_at=words.at,
                is_snapshot=words.kind == "snapshot",
                bids=pair[0],
                asks=pair[1],
                first=words.first,
                last=words.last,
                prior=words.prior,
            )
        bids, asks = pairs_of(pair[0]), pairs_of(pair[1])
        if len(bids) != 1 or len(asks) != 1:
            return Fault("a touch is one level a side")
        return TouchSaid(
            venue=self.venue,
            symbol=words.symbol,
            received_at=now,
            exchange_at=words.at,
            bid=bids[0][0],
            bid_size=bids[0][1],
            ask=asks[0][0],
            ask_size=asks[0][1],
            last=words.last,
        )
