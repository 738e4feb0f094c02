"""Binance's words in ours: each message of its streams and each answer of its REST, read into what was said or a Fault.

Field names are Binance's own letters (Developer Center, USDS-M Futures and Spot, web socket streams and market data, as
of 2026). Unknown fields are passed over, since Binance adds some now and then (`st` and `ps` in 2026).
"""

from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from pricing.units import NS_PER_MS
from rfq.feeds.levels import PAIRS
from rfq.feeds.said import BookSaid, ClockSaid, TickerSaid, TouchSaid, TradeSaid
from rfq.feeds.venues.reading import (
    Fault,
    Millis,
    Whole,
    clock_said,
    decoded,
    number,
    wholes,
)
from rfq.feeds.venues.rows import both

if TYPE_CHECKING:
    from rfq.feeds.levels import Scale

T = TypeVar("T")
FUNDING_HOURS: Final = 8.0
"""What Binance settles funding at where it does not say otherwise."""
_FORCED: Final = frozenset({"INSURANCE_FUND", "ADL"})


class Told(msgspec.Struct, Generic[T]):
    """A message of a combined stream."""

    stream: str
    data: T


class Refusal(msgspec.Struct):
    """Why a request was refused."""

    code: int = 0
    msg: str = ""


class Envelope(msgspec.Struct):
    """Whatever is not plainly a message of one of our streams."""

    stream: str = ""
    e: str = ""
    id: int | str | None = None
    error: Refusal | None = None
    code: int | None = None
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw()


class Depth(msgspec.Struct):
    """`depthUpdate`; spot has neither T nor pu."""

    E: Millis
    s: str
    U: Whole
    u: Whole
    b: msgspec.Raw
    a: msgspec.Raw
    T: Millis = 0
    pu: Whole | None = None


class AggTrade(msgspec.Struct):
    """`aggTrade`."""

    E: Millis
    T: Millis
    s: str
    a: Whole
    p: str
    q: str
    m: bool


class Trade(msgspec.Struct):
    """`trade`; the futures' has X, the kind, which their documentation does not mention."""

    E: Millis
    T: Millis
    s: str
    t: Whole
    p: str
    q: str
    m: bool
    X: str = "MARKET"


class BookTicker(msgspec.Struct):
    """`bookTicker`; spot has no instants."""

    s: str
    u: Whole
    b: str
    B: str
    a: str
    A: str
    T: Millis = 0
    E: Millis = 0


class MarkPrice(msgspec.Struct):
    """`markPriceUpdate`."""

    E: Millis
    s: str
    p: str
    i: str = ""
    r: str = ""
    T: Millis = 0


class Snapshot(msgspec.Struct, rename={"last": "lastUpdateId"}):
    """The answer of `depth`; spot has no instants."""

    last: Whole
    bids: msgspec.Raw
    asks: msgspec.Raw
    T: Millis = 0
    E: Millis = 0


class Time(msgspec.Struct, rename="camel"):
    """The answer of `time`."""

    server_time: Millis


class Funding(msgspec.Struct, rename="camel"):
    """One row of `fundingInfo`, which names only symbols whose interval or cap was adjusted."""

    symbol: str
    funding_interval_hours: float = FUNDING_HOURS


ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_DEPTH: Final = msgspec.json.Decoder(Told[Depth])
_AGG_TRADE: Final = msgspec.json.Decoder(Told[AggTrade])
_TRADE: Final = msgspec.json.Decoder(Told[Trade])
_BOOK_TICKER: Final = msgspec.json.Decoder(Told[BookTicker])
_MARK_PRICE: Final = msgspec.json.Decoder(Told[MarkPrice])
_SNAPSHOT: Final = msgspec.json.Decoder(Snapshot)
_TIME: Final = msgspec.json.Decoder(Time)
_FUNDING: Final = msgspec.json.Decoder(list[Funding])


class Reader:
    """Reads what one market of Binance says. `chained`: each change of a book names the last number before it."""

    def __init__(self, venue: str, chained: bool) -> None:
        """For one venue's name."""
        self.venue = venue
        self.chained = chained
        self.hours: dict[str, float] | None = None
        """Funding intervals that differ from the usual; None until the venue has told them."""

    def depth(self, raw: bytes, symbol: str, scale: "Scale", now: int) -> BookSaid | Fault:
        """A change of a book."""
        told = decoded(_DEPTH, raw)
        if isinstance(told, Fault):
            return told
        data = told.data
        if data.s != symbol:
            return Fault(f"a change of {data.s[:40]!r} in the stream of {symbol}")
        if data.u < data.U:
            return Fault(f"first number {data.U} is behind the last, {data.u}")
        if self.chained and data.pu is None:
            return Fault("does not say what it follows (pu)")
        pair = both(data.b, data.a, scale, PAIRS, "")
        if isinstance(pair, Fault):
            return pair
        return BookSaid(
            venue=self.venue,
            symbol=symbol,
            received_at=now,
            exchange_at=(data.T or data.E) * NS_PER_MS,
            is_snapshot=False,
            bids=pair[0],
            asks=pair[1],
            first=data.U,
            last=data.u,
            prior=-1 if data.pu is None else data.pu,
        )

    def snapshot(self, raw: bytes, symbol: str, scale: "Scale", now: int) -> BookSaid | Fault:
        """A whole book, as REST gives it."""
        data = decoded(_SNAPSHOT, raw)
        if isinstance(data, Fault):
            return data
        pair = both(data.bids, data.asks, scale, PAIRS, "")
        if isinstance(pair, Fault):
            return pair
        return BookSaid(
            venue=self.venue,
            symbol=symbol,
            received_at=now,
            exchange_at=(data.T or data.E) * NS_PER_MS,
            is_snapshot=True,
            bids=pair[0],
            asks=pair[1],
            last=data.last,
        )

    def agg_trade(self, raw: bytes, symbol: str, scale: "Scale", now: int) -> TradeSaid | Fault:
        """Fills of one taker at one price, together."""
        told = decoded(_AGG_TRADE, raw)
        if isinstance(told, Fault):
            return told
        data = told.data
        return self._trade(symbol, scale, now, data, str(data.a))

    def trade(self, raw: bytes, symbol: str, scale: "Scale", now: int) -> TradeSaid | Fault | None:
        """One fill; None for a number that the futures used up without a fill (kind NA, price and size 0)."""
        told = decoded(_TRADE, raw)
        if isinstance(told, Fault):
            return told
        data = told.data
        if data.X == "NA":
            return None
        return self._trade(symbol, scale, now, data, str(data.t), data.X in _FORCED)

    def _trade(
        self, symbol: str, scale: "Scale", now: int, data: AggTrade | Trade, name: str, forced: bool = False
    ) -> TradeSaid | Fault:
        if data.s != symbol:
            return Fault(f"a trade of {data.s[:40]!r} in the stream of {symbol}")
        found = wholes((data.p, scale.price_digits, "p"), (data.q, scale.size_digits, "q"))
        if isinstance(found, Fault):
            return found
        price, size = found
        if not price or not size:
            return Fault(f"a trade of {data.q} at {data.p}")
        return TradeSaid(
            venue=self.venue,
            symbol=symbol,
            received_at=now,
            exchange_at=data.T * NS_PER_MS,
            trade=name,
            price=price,
            size=size,
            side=-1 if data.m else 1,
            liquidation=forced,
        )

    def touch(self, raw: bytes, symbol: str, scale: "Scale", now: int) -> TouchSaid | Fault:
        """The best bid and offer; a side that is empty is 0 at 0."""
        told = decoded(_BOOK_TICKER, raw)
        if isinstance(told, Fault):
            return told
        data = told.data
        if data.s != symbol:
            return Fault(f"a touch of {data.s[:40]!r} in the stream of {symbol}")
        found = wholes(
            (data.b, scale.price_digits, "b"),
            (data.B, scale.size_digits, "B"),
            (data.a, scale.price_digits, "a"),
            (data.A, scale.size_digits, "A"),
        )
        if isinstance(found, Fault):
            return found
        bid, bid_size, ask, ask_size = found
        return TouchSaid(
            venue=self.venue,
            symbol=symbol,
            received_at=now,
            exchange_at=(data.T or data.E) * NS_PER_MS,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            last=data.u,
        )

    def mark(self, raw: bytes, symbol: str, now: int) -> TickerSaid | Fault:
        """Mark, index and funding; the rate is for the symbol's own interval, and is not told before that is known."""
        told = decoded(_MARK_PRICE, raw)
        if isinstance(told, Fault):
            return told
        data = told.data
        if data.s != symbol:
            return Fault(f"a mark of {data.s[:40]!r} in the stream of {symbol}")
        rate = number(data.r)
        hours = None if self.hours is None else self.hours.get(symbol, FUNDING_HOURS)
        return TickerSaid(
            venue=self.venue,
            symbol=symbol,
            received_at=now,
            exchange_at=data.E * NS_PER_MS,
            mark=number(data.p),
            index=number(data.i),
            funding_8h=None if rate is None or hours is None else number(rate * FUNDING_HOURS / hours),
            funding_at=data.T * NS_PER_MS or None,
        )

    def time(self, raw: bytes, sent_at: int, now: int) -> ClockSaid | Fault:
        """The venue's clock."""
        data = decoded(_TIME, raw)
        if isinstance(data, Fault):
            return data
        return clock_said(self.venue, data.server_time * NS_PER_MS, sent_at, now, NS_PER_MS)

    def funding(self, raw: bytes) -> Fault | None:
        """The intervals of funding, kept for `mark`."""
        rows = decoded(_FUNDING, raw)
        if isinstance(rows, Fault):
            return rows
        self.hours = {
            row.symbol: row.funding_interval_hours for row in rows if row.funding_interval_hours > 0.0
        }
        return None
