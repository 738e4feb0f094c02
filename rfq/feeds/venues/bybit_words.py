"""Bybit's words in ours: each message of its public topics, read into what was said or a Fault (v5, 2026).

Sources: Bybit API documentation v5, "Orderbook", "Trade", "Ticker" of the public WebSocket. Books of one level come as
snapshots alone, again every three seconds, so they are told as touches. Tickers of futures and perpetuals come as
changes: what is not in a message has not changed.
"""

from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from pricing.units import NS_PER_MS
from rfq.feeds.levels import PAIRS
from rfq.feeds.said import BookSaid, TickerSaid, TouchSaid, TradeSaid
from rfq.feeds.venues.bybit_markets import Category
from rfq.feeds.venues.reading import Fault, Millis, Whole, decoded, number, wholes
from rfq.feeds.venues.rows import both, rows

if TYPE_CHECKING:
    from rfq.feeds.levels import Scale

T = TypeVar("T")
_SIDES: Final = {"Buy": 1, "Sell": -1}
_EIGHT_HOURS: Final = 8.0
_DOLLARS: Final = ("USDT", "USDC", "USD", "PERP")


class Told(msgspec.Struct, Generic[T]):
    """A message of a topic. `ts` is when it was made, `cts` when the matching engine had made what is in it."""

    topic: str
    ts: Millis
    data: T
    type: str = ""
    cts: Millis = 0


class Book(msgspec.Struct):
    """A book, or what changed in it."""

    s: str
    b: msgspec.Raw
    a: msgspec.Raw
    u: Whole


class Trade(msgspec.Struct):
    """One fill. BT: it was a block trade."""

    T: Millis
    s: str
    S: str
    v: str
    p: str
    i: str
    BT: bool = False


class Ticker(msgspec.Struct, rename="camel"):
    """What a ticker says of any category."""

    symbol: str
    mark_price: str | None = None
    index_price: str | None = None
    underlying_price: str | None = None
    funding_rate: str | None = None
    next_funding_time: str | None = None
    funding_interval_hour: str | None = None
    bid1_price: str | None = None
    ask1_price: str | None = None
    bid_price: str | None = None
    ask_price: str | None = None
    bid_iv: str | None = None
    ask_iv: str | None = None
    mark_price_iv: str | None = None
    open_interest: str | None = None
    turnover24h: str | None = None
    volume24h: str | None = None


_BOOK: Final = msgspec.json.Decoder(Told[Book])
_TRADES: Final = msgspec.json.Decoder(Told[msgspec.Raw])
_TRADE: Final = msgspec.json.Decoder(Trade)
_TICKER: Final = msgspec.json.Decoder(Told[Ticker])


class Reader:
    """Reads what one category of Bybit says; keeps each ticker as far as it is known, since changes alone are told."""

    def __init__(self, category: Category) -> None:
        """For one category."""
        self._category = category
        self._tickers: dict[str, Ticker] = {}
        self.hours: dict[str, float] = {}
        """Funding intervals, as far as the venue has told them."""

    def forget(self, symbol: str) -> None:
        """Changes of this ticker may have been missed."""
        self._tickers.pop(symbol, None)

    def book(self, raw: bytes, symbol: str, scale: "Scale", now: int) -> BookSaid | Fault:
        """A book or a change; number 1 is a new book after the venue's restart, whatever it calls itself."""
        told = decoded(_BOOK, raw)
        if isinstance(told, Fault):
            return told
        data = told.data
        if data.s != symbol:
            return Fault(f"a book of {data.s[:40]!r} in the topic of {symbol}")
        if told.type not in ("snapshot", "delta"):
            return Fault(f"neither snapshot nor delta: {told.type[:40]!r}")
        pair = both(data.b, data.a, scale, PAIRS, "")
        if isinstance(pair, Fault):
            return pair
        return BookSaid(
            venue=self._category.venue,
            symbol=symbol,
            received_at=now,
            exchange_at=(told.cts or told.ts) * NS_PER_MS,
            is_snapshot=told.type == "snapshot" or data.u == 1,
            bids=pair[0],
            asks=pair[1],
            first=data.u,
            last=data.u,
        )

    def touch(self, raw: bytes, symbol: str, scale: "Scale", now: int) -> TouchSaid | Fault:
        """A book of one level; a side that is empty is 0 at 0."""
        found = self.book(raw, symbol, scale, now)
        if isinstance(found, Fault):
            return found
        if not found.is_snapshot or len(found.bids) > 1 or len(found.asks) > 1:
            return Fault("a change, or more than one level, where books of one level were asked for")
        bid, bid_size = map(int, found.bids[0]) if len(found.bids) else (0, 0)
        ask, ask_size = map(int, found.asks[0]) if len(found.asks) else (0, 0)
        return TouchSaid(
            venue=found.venue,
            symbol=symbol,
            received_at=now,
            exchange_at=found.exchange_at,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            last=found.last,
        )

    def trades(
        self, raw: bytes, symbol: str, scales: "dict[str, Scale]", usual: "Scale", now: int
    ) -> list[TradeSaid | Fault]:
        """Fills, oldest first. Of options, those of every option of the coin."""
        told = decoded(_TRADES, raw)
        if isinstance(told, Fault):
            return [told]
        good, faults = rows(_TRADE, told.data, "data")
        said: list[TradeSaid | Fault] = [*faults]
        for row in good:
            of = row.s.partition("-")[0] if self._category.options else row.s
            if of != symbol:
                said.append(Fault(f"a trade of {row.s[:40]!r} in the topic of {symbol}"))
            else:
                said.append(self._trade(row, scales.get(row.s, usual), now))
        return said

    def _trade(self, row: Trade, scale: "Scale", now: int) -> TradeSaid | Fault:
        found = wholes((row.p, scale.price_digits, "p"), (row.v, scale.size_digits, "v"))
        if isinstance(found, Fault):
            return found
        price, size = found
        side = _SIDES.get(row.S)
        if side is None or not price or not size:
            return Fault(f"a trade of {row.v[:40]} at {row.p[:40]}, side {row.S[:40]!r}")
        return TradeSaid(
            venue=self._category.venue,
            symbol=row.s,
            received_at=now,
            exchange_at=row.T * NS_PER_MS,
            trade=row.i,
            price=price,
            size=size,
            side=side,
            block=row.i if row.BT else "",
        )

    def ticker(self, raw: bytes, symbol: str, now: int) -> TickerSaid | Fault:
        """Everything known of a ticker after this message."""
        told = decoded(_TICKER, raw)
        if isinstance(told, Fault):
            return told
        data = told.data
        if data.symbol != symbol:
            return Fault(f"a ticker of {data.symbol[:40]!r} in the topic of {symbol}")
        known = self._tickers.get(symbol)
        if told.type == "delta" and known is not None:
            for field in _FIELDS:
                if getattr(data, field) is None:
                    setattr(data, field, getattr(known, field))
        self._tickers[symbol] = data
        return self._ticker(data, told.ts * NS_PER_MS, now)

    def _ticker(self, data: Ticker, exchange_at: int, now: int) -> TickerSaid:
        """Prices and volatilities of 0 mean that there is none."""
        rate = number(data.funding_rate)
        hours = number(data.funding_interval_hour) or self.hours.get(data.symbol)
        funding_at = number(data.next_funding_time)
        inverse = self._category.inverse
        dollars = data.symbol.endswith(_DOLLARS) or self._category.name != "spot"
        return TickerSaid(
            venue=self._category.venue,
            symbol=data.symbol,
            received_at=now,
            exchange_at=exchange_at,
            mark=number(data.mark_price) or None,
            index=number(data.index_price) or None,
            underlying=number(data.underlying_price) or None,
            funding_8h=None if rate is None or not hours else number(rate * _EIGHT_HOURS / hours),
            funding_at=int(funding_at) * NS_PER_MS if funding_at and 1 <= funding_at < _LATEST_MS else None,
            bid=number(data.bid1_price or data.bid_price) or None,
            ask=number(data.ask1_price or data.ask_price) or None,
            bid_iv=number(data.bid_iv) or None,
            ask_iv=number(data.ask_iv) or None,
            mark_iv=number(data.mark_price_iv) or None,
            open_interest=number(data.open_interest),
            volume_usd_24h=number(data.volume24h if inverse else data.turnover24h) if dollars else None,
        )


_FIELDS: Final = tuple(Ticker.__struct_fields__[1:])
_LATEST_MS: Final = 9e12
