"""Deribit's messages (JSON-RPC 2.0 over WebSocket, API v2), and what they say in our words; no state.

As documented on docs.deribit.com ("Subscription channels", "Market data", "Session management"), read in November 2026.
Numbers are JSON numbers, instants ms. Amounts are USD for perpetuals and inverse futures, coins for options, linear
futures and spot. Options on BTC and ETH are priced in the coin, those settled in USDC in USDC. Volatilities are percent
a year in tickers, and plain ratios in `markprice.options`; one of 0 is nothing, and so is a best price of 0.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from pricing.units import NS_PER_MS
from rfq.feeds import levels
from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid, Said, TickerSaid, TouchSaid, TradeSaid
from rfq.feeds.venues.reading import MOST, Fault, Millis, Whole, decoded, whole
from rfq.feeds.venues.rows import both, few, rows

VENUE: Final = "deribit"
Micros: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST // 1_000)]
_SIDES: Final = {"buy": 1, "sell": -1}
_NOBODY: Final = frozenset({b"", b"null"})


class Params(msgspec.Struct):
    """Of a notification: its channel and content; of a heartbeat: its type."""

    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


class Refusal(msgspec.Struct):
    """Why a request was refused."""

    code: int = 0
    message: str = ""
    data: Any = None


class Envelope(msgspec.Struct, rename={"us_in": "usIn", "us_out": "usOut"}):
    """Any message: a notification has a method, an answer the id of what was asked."""

    id: int | str | None = None
    method: str = ""
    params: Params = msgspec.field(default_factory=Params)
    result: msgspec.Raw = msgspec.Raw(b"")
    error: Refusal | None = None
    us_in: Micros = 0
    us_out: Micros = 0


class Loose(msgspec.Struct):
    """What a message that is JSON, but not as we know it, is about."""

    params: Any = None

    @property
    def channel(self) -> str:
        """Its channel, if it says one."""
        channel = self.params.get("channel") if isinstance(self.params, dict) else ""
        return channel if isinstance(channel, str) else ""


class BookRow(msgspec.Struct):
    """A snapshot or a change of a book; a change says the number of the message before it."""

    instrument_name: str
    timestamp: Millis
    change_id: Whole
    type: str = "snapshot"
    prev_change_id: Whole | None = None
    bids: msgspec.Raw = msgspec.Raw(b"[]")
    asks: msgspec.Raw = msgspec.Raw(b"[]")


class QuoteRow(msgspec.Struct):
    """Best bid and offer."""

    instrument_name: str
    timestamp: Millis
    best_bid_price: msgspec.Raw = msgspec.Raw(b"")
    best_bid_amount: msgspec.Raw = msgspec.Raw(b"")
    best_ask_price: msgspec.Raw = msgspec.Raw(b"")
    best_ask_amount: msgspec.Raw = msgspec.Raw(b"")


class TradeRow(msgspec.Struct):
    """One trade; `direction` is the taker's."""

    instrument_name: str
    timestamp: Millis
    trade_id: str
    price: msgspec.Raw
    amount: msgspec.Raw
    direction: str
    liquidation: str | None = None
    block_trade_id: str | None = None
    block_rfq_id: int | str | None = None


class Stats(msgspec.Struct):
    """Of the last 24 hours."""

    volume_usd: float | None = None


class TickerRow(msgspec.Struct):
    """What else there is of an instrument."""

    instrument_name: str
    timestamp: Millis
    mark_price: float | None = None
    index_price: float | None = None
    underlying_price: float | None = None
    funding_8h: float | None = None
    best_bid_price: float | None = None
    best_ask_price: float | None = None
    bid_iv: float | None = None
    ask_iv: float | None = None
    mark_iv: float | None = None
    open_interest: float | None = None
    stats: Stats | None = None


class IndexRow(msgspec.Struct):
    """The level of an index."""

    index_name: str
    timestamp: Millis
    price: float


class MarkRow(msgspec.Struct):
    """An option's mark and the volatility of it, as a ratio."""

    instrument_name: str
    timestamp: Millis
    mark_price: float | None = None
    iv: float | None = None


ENVELOPE: Final = msgspec.json.Decoder(Envelope)
LOOSE: Final = msgspec.json.Decoder(Loose)
NAMES: Final = msgspec.json.Decoder(list[str])
MILLIS: Final = msgspec.json.Decoder(Millis)
_BOOK: Final = msgspec.json.Decoder(BookRow)
_QUOTE: Final = msgspec.json.Decoder(QuoteRow)
_TRADE: Final = msgspec.json.Decoder(TradeRow)
_TICKER: Final = msgspec.json.Decoder(TickerRow)
_INDEX: Final = msgspec.json.Decoder(IndexRow)
_MARK: Final = msgspec.json.Decoder(MarkRow)

ScaleOf = Callable[[str], Scale]


def book(raw: msgspec.Raw, where: str, scale_of: ScaleOf, now: int) -> list[Said] | Fault:
    """A snapshot or a change of a book."""
    row = decoded(_BOOK, raw, where)
    if isinstance(row, Fault):
        return row
    is_snapshot = row.type == "snapshot"
    prior = -1 if is_snapshot else row.prev_change_id
    if not is_snapshot and row.type != "change":
        return Fault(f"unknown type {row.type[:20]!r}", where)
    if prior is None:
        return Fault("a change that does not say what it follows", where)
    sides = both(row.bids, row.asks, scale_of(row.instrument_name), levels.DERIBIT, where)
    if isinstance(sides, Fault):
        return sides
    return [
        BookSaid(
            venue=VENUE,
            symbol=row.instrument_name,
            received_at=now,
            exchange_at=row.timestamp * NS_PER_MS,
            is_snapshot=is_snapshot,
            bids=sides[0],
            asks=sides[1],
            last=row.change_id,
            first=prior + 1 if prior >= 0 else -1,
            prior=prior,
        )
    ]


def quote(raw: msgspec.Raw, where: str, scale_of: ScaleOf, now: int) -> list[Said] | Fault:
    """Best bid and offer; a side where nobody stands has size 0."""
    row = decoded(_QUOTE, raw, where)
    if isinstance(row, Fault):
        return row
    scale = scale_of(row.instrument_name)
    found = []
    for price_raw, size_raw in (
        (row.best_bid_price, row.best_bid_amount),
        (row.best_ask_price, row.best_ask_amount),
    ):
        price, size = _exact(price_raw, scale.price_digits, where), _exact(size_raw, scale.size_digits, where)
        if isinstance(price, Fault):
            return price
        if isinstance(size, Fault):
            return size
        if size < 0:
            return Fault(f"an amount below zero: {size}", where)
        found.append((price, size))
    return [
        TouchSaid(
            venue=VENUE,
            symbol=row.instrument_name,
            received_at=now,
            exchange_at=row.timestamp * NS_PER_MS,
            bid=found[0][0],
            bid_size=found[0][1],
            ask=found[1][0],
            ask_size=found[1][1],
            last=-1,
        )
    ]


def trades(raw: msgspec.Raw, where: str, scale_of: ScaleOf, now: int) -> list[Said | Fault]:
    """Trades, of any instruments; `block` names the block RFQ ("RFQ-...") or the block trade."""
    found, faults = rows(_TRADE, raw, where)
    said: list[Said] = []
    for row in found:
        scale = scale_of(row.instrument_name)
        price, size = (
            _exact(row.price, scale.price_digits, where),
            _exact(row.amount, scale.size_digits, where),
        )
        side = _SIDES.get(row.direction)
        if isinstance(price, Fault):
            faults.append(price)
        elif isinstance(size, Fault):
            faults.append(size)
        elif side is None or size <= 0:
            faults.append(
                Fault(f"trade {row.trade_id[:30]}: direction {row.direction[:10]!r}, amount {size}", where)
            )
        else:
            said.append(
                TradeSaid(
                    venue=VENUE,
                    symbol=row.instrument_name,
                    received_at=now,
                    exchange_at=row.timestamp * NS_PER_MS,
                    trade=row.trade_id,
                    price=price,
                    size=size,
                    side=side,
                    block=block_of(row.block_rfq_id, row.block_trade_id),
                    liquidation=row.liquidation not in (None, "", "none"),
                )
            )
    return [*few(faults, where), *said]


def block_of(rfq: int | str | None, block: str | None) -> str:
    """The one name of what a trade was part of."""
    return f"RFQ-{rfq}" if rfq not in (None, "") else block or ""


def _exact(raw: msgspec.Raw, digits: int, where: str) -> int | Fault:
    text = bytes(raw)
    if text in _NOBODY:
        return 0
    return whole(text.decode("ascii", "replace"), digits, where)


def ticker(raw: msgspec.Raw, where: str, now: int) -> list[Said] | Fault:
    """Mark, index, funding, best prices, volatilities, open interest. The funding is that of the last eight hours."""
    row = decoded(_TICKER, raw, where)
    if isinstance(row, Fault):
        return row
    return [
        TickerSaid(
            venue=VENUE,
            symbol=row.instrument_name,
            received_at=now,
            exchange_at=row.timestamp * NS_PER_MS,
            mark=row.mark_price,
            index=row.index_price,
            underlying=row.underlying_price,
            funding_8h=row.funding_8h,
            bid=row.best_bid_price or None,
            ask=row.best_ask_price or None,
            bid_iv=_ratio(row.bid_iv),
            ask_iv=_ratio(row.ask_iv),
            mark_iv=_ratio(row.mark_iv),
            open_interest=row.open_interest,
            volume_usd_24h=row.stats.volume_usd if row.stats is not None else None,
        )
    ]


def _ratio(percent: float | None) -> float | None:
    return percent / 100 if percent else None


def index(raw: msgspec.Raw, where: str, now: int) -> list[Said] | Fault:
    """The level of an index, under the index's own name."""
    row = decoded(_INDEX, raw, where)
    if isinstance(row, Fault):
        return row
    at = row.timestamp * NS_PER_MS
    return [TickerSaid(venue=VENUE, symbol=row.index_name, received_at=now, exchange_at=at, index=row.price)]


def marks(raw: msgspec.Raw, where: str, now: int) -> list[Said | Fault]:
    """Marks and their volatilities of all the options on an index."""
    found, faults = rows(_MARK, raw, where)
    said = [
        TickerSaid(
            venue=VENUE,
            symbol=row.instrument_name,
            received_at=now,
            exchange_at=row.timestamp * NS_PER_MS,
            mark=row.mark_price,
            mark_iv=row.iv or None,
        )
        for row in found
    ]
    return [*faults, *said]
