"""OKX's messages (API v5), and what they say in our words; no state.

As documented in "OKX API guide", "Order book trading > Market data" and "Public data", read in November 2026 together
with its changelog. Numbers are texts, instants are ms as texts, an empty text is nothing. Sizes are in coins for spot,
in contracts for all else. A level is price, size, something of no use to us, number of orders; orders that only retail
clients may take (ELP, RPI) are in books of their own and not in these. The checksum has been 0 since 23 June 2026,
which means that there is none; where one is not 0 (older captures), it is over the levels as they were spelled, hence
`BookSaid.texts`.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from pricing.units import NS_PER_MS
from rfq.feeds import levels
from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid, Said, TouchSaid, TradeSaid
from rfq.feeds.venues.reading import MOST, Fault, Millis, decoded, whole
from rfq.feeds.venues.rows import both, few, rows

VENUE: Final = "okx"
BOOKS: Final = ("books", "books5")
KINDS: Final = {"SPOT": "spot", "SWAP": "perpetual", "FUTURES": "future", "OPTION": "option"}
_SIDES: Final = {"buy": 1, "sell": -1}

Counted: TypeAlias = Annotated[int, msgspec.Meta(ge=-1, le=MOST)]


class Arg(msgspec.Struct, rename="camel"):
    """What a channel is about."""

    channel: str = ""
    inst_id: str = ""
    inst_family: str = ""
    inst_type: str = ""

    @property
    def name(self) -> str:
        """The channel and what it is about, as one text."""
        return f"{self.channel}:{self.inst_id or self.inst_family or self.inst_type}"


class Envelope(msgspec.Struct):
    """Any message: an event, or a channel's rows."""

    event: str = ""
    code: str = ""
    msg: str = ""
    action: str = ""
    arg: Arg = msgspec.field(default_factory=Arg)
    data: msgspec.Raw = msgspec.Raw(b"")


class Loose(msgspec.Struct):
    """What a message that is JSON, but not as we know it, is about."""

    arg: Any = None

    @property
    def book(self) -> str:
        """The symbol, if it is about a book."""
        arg = self.arg if isinstance(self.arg, dict) else {}
        symbol = arg.get("instId")
        return symbol if arg.get("channel") in BOOKS and isinstance(symbol, str) else ""


class Answer(msgspec.Struct):
    """What comes back by HTTP; `code` is "0" where all is well."""

    code: str = ""
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


class BookRow(msgspec.Struct, rename="camel"):
    """A snapshot or a change of a book. Where the venue numbers nothing (2022), the numbers are -1."""

    ts: Millis
    asks: msgspec.Raw = msgspec.Raw(b"[]")
    bids: msgspec.Raw = msgspec.Raw(b"[]")
    checksum: int = 0
    seq_id: Counted = -1
    prev_seq_id: Counted = -1


class TradeRow(msgspec.Struct, rename="camel"):
    """One trade, or several of one taker at one price."""

    inst_id: str
    trade_id: str
    px: str
    sz: str
    side: str
    ts: Millis


ENVELOPE: Final = msgspec.json.Decoder(Envelope)
LOOSE: Final = msgspec.json.Decoder(Loose)
ANSWER: Final = msgspec.json.Decoder(Answer)
_BOOKS: Final = msgspec.json.Decoder(list[BookRow], strict=False)
_TEXTS: Final = msgspec.json.Decoder(list[list[str]])
_TRADE: Final = msgspec.json.Decoder(TradeRow, strict=False)


def kind(symbol: str) -> str:
    """Spot, perpetual, future or option, by the spelling: BTC-USDT, ...-SWAP, ...-261225, ...-261225-60000-C."""
    parts = symbol.split("-")
    if len(parts) == 3:
        return "perpetual" if parts[2] == "SWAP" else "future"
    return "option" if len(parts) == 5 else "spot"


def index_of(symbol: str) -> str:
    """The index behind a symbol: BTC-USDT-SWAP stands on BTC-USDT."""
    return "-".join(symbol.split("-")[:2])


def books(raw: msgspec.Raw, arg: Arg, action: str, scale: Scale, now: int) -> list[Said] | Fault:
    """Snapshots and changes of one symbol's book. Without an action it is a snapshot (books5, HTTP)."""
    rows = decoded(_BOOKS, raw, arg.name)
    if isinstance(rows, Fault):
        return rows
    if action not in ("", "snapshot", "update"):
        return Fault(f"unknown action {action[:20]!r}", arg.name)
    said: list[Said] = []
    for row in rows:
        sides = both(row.bids, row.asks, scale, levels.OKX, arg.name)
        if isinstance(sides, Fault):
            return sides
        is_snapshot = action != "update"
        prior = -1 if is_snapshot else row.prev_seq_id
        said.append(
            BookSaid(
                venue=VENUE,
                symbol=arg.inst_id,
                received_at=now,
                exchange_at=row.ts * NS_PER_MS,
                is_snapshot=is_snapshot,
                bids=sides[0],
                asks=sides[1],
                last=row.seq_id,
                first=prior + 1 if prior >= 0 else -1,
                prior=prior,
                checksum=row.checksum or None,
                texts=_texts(row) if row.checksum else None,
            )
        )
    return said


def _texts(row: BookRow) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] | None:
    bids, asks = decoded(_TEXTS, row.bids), decoded(_TEXTS, row.asks)
    if isinstance(bids, Fault) or isinstance(asks, Fault):
        return None
    return tuple([(level[0], level[1]) for level in bids]), tuple([(level[0], level[1]) for level in asks])


def touches(raw: msgspec.Raw, arg: Arg, scale: Scale, now: int) -> list[Said] | Fault:
    """Best bid and offer; a side where nobody stands has size 0."""
    found = books(raw, arg, "", scale, now)
    if isinstance(found, Fault):
        return found
    said: list[Said] = []
    for book in found:
        assert isinstance(book, BookSaid)
        bid, ask = [
            (int(side[0][0]), int(side[0][1])) if len(side) else (0, 0) for side in (book.bids, book.asks)
        ]
        said.append(
            TouchSaid(
                venue=VENUE,
                symbol=arg.inst_id,
                received_at=now,
                exchange_at=book.exchange_at,
                bid=bid[0],
                bid_size=bid[1],
                ask=ask[0],
                ask_size=ask[1],
                last=book.last,
            )
        )
    return said


def trades(raw: msgspec.Raw, where: str, scale_of: Callable[[str], Scale], now: int) -> list[Said | Fault]:
    """Trades, of any instruments."""
    found, faults = rows(_TRADE, raw, where)
    said: list[Said] = []
    for row in found:
        scale = scale_of(row.inst_id)
        price, size = whole(row.px, scale.price_digits, where), whole(row.sz, scale.size_digits, where)
        side = _SIDES.get(row.side)
        if isinstance(price, Fault):
            faults.append(price)
        elif isinstance(size, Fault):
            faults.append(size)
        elif side is None or size <= 0:
            faults.append(
                Fault(f"trade {row.trade_id[:30]}: side {row.side[:10]!r}, size {row.sz[:30]!r}", where)
            )
        else:
            said.append(
                TradeSaid(
                    venue=VENUE,
                    symbol=row.inst_id,
                    received_at=now,
                    exchange_at=row.ts * NS_PER_MS,
                    trade=row.trade_id,
                    price=price,
                    size=size,
                    side=side,
                )
            )
    return [*few(faults, where), *said]
