"""Where Binance's markets are, what they carry on which address, and what they allow (Developer Center, 2026).

Sources: "Important WebSocket Change Notice" (2026-03-06: streams of futures are split over `/public` and `/market`;
since 2026-04-23 the old paths are silent on what belongs to `/market`), "Connect", "Order Book" (weights), "Exchange
Information", "Get Funding Rate Info"; "WebSocket Streams for Binance" (spot: 5 messages a second, pings and pongs among
them, 1,024 streams a connection; futures: 10 a second).
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from pricing.units import NS_PER_MS, NS_PER_S
from rfq.feeds.levels import USUAL, Scale
from rfq.feeds.said import Fetch, Listed, ListingSaid
from rfq.feeds.venues.adapter import Limits
from rfq.feeds.venues.reading import Fault, Millis, decoded

_STREAMS_A_LINK: Final = 200
_BANNED_NS: Final = 120 * NS_PER_S
_MINUTE_NS: Final = 60 * NS_PER_S


class Market(NamedTuple):
    """One of Binance's markets: where it is, which route carries which kind of stream, and what it allows."""

    venue: str
    rest: str
    paths: str
    routes: Mapping[str, str]
    kinds: Mapping[str, str]
    speeds: Mapping[str, str]
    limits: Limits
    levels: int
    """Of a side of a snapshot: the most that can be asked for, since beyond it a book is not known."""
    depth_weight: int
    listing_weight: int
    chained: bool


USDM: Final = Market(
    venue="binance_usdm",
    rest="https://fapi.binance.com",
    paths="/fapi/v1",
    routes={
        "public": "wss://fstream.binance.com/public/stream",
        "market": "wss://fstream.binance.com/market/stream",
    },
    kinds={
        "depth": "public",
        "bookTicker": "public",
        "trade": "public",
        "aggTrade": "market",
        "markPrice": "market",
    },
    speeds={"0ms": "@0ms", "100ms": "@100ms", "250ms": "", "500ms": "@500ms"},
    limits=Limits(messages_per_s=5.0, weight_per_minute=2400, channels_per_message=50),
    levels=1000,
    depth_weight=20,
    listing_weight=1,
    chained=True,
)
SPOT: Final = Market(
    venue="binance_spot",
    rest="https://api.binance.com",
    paths="/api/v3",
    routes={"stream": "wss://stream.binance.com:9443/stream"},
    kinds={"depth": "stream", "bookTicker": "stream", "trade": "stream", "aggTrade": "stream"},
    speeds={"100ms": "@100ms", "1000ms": ""},
    limits=Limits(messages_per_s=3.0, weight_per_minute=6000, channels_per_message=50),
    levels=5000,
    depth_weight=250,
    listing_weight=20,
    chained=False,
)


class Stream(NamedTuple):
    """One stream: what it says, of which symbol, on which link."""

    name: str
    kind: str
    symbol: str
    link: str
    scale: Scale


def pause(status: int) -> int:
    """How long to leave the venue alone after such an answer: too many requests (429), a ban for them (418)."""
    return _BANNED_NS if status == 418 else _MINUTE_NS if status in (403, 429) else 0


def plan(
    market: Market, symbols: Sequence[str], kinds: Mapping[str, str], scales: Mapping[str, Scale]
) -> tuple[dict[bytes, Stream], dict[str, str]]:
    """Every stream by its name, and the links that carry them."""
    streams: dict[bytes, Stream] = {}
    links: dict[str, str] = {}
    counts: dict[str, int] = {}
    for symbol in symbols:
        for kind, suffix in kinds.items():
            route = market.kinds[kind]
            number = counts.get(route, 0)
            counts[route] = number + 1
            link = route if number < _STREAMS_A_LINK else f"{route}-{number // _STREAMS_A_LINK + 1}"
            links[link] = market.routes[route]
            name = f"{symbol.lower()}@{kind}{suffix}"
            streams[name.encode()] = Stream(name, kind, symbol, link, scales.get(symbol, USUAL))
    return streams, links


def chores(market: Market, symbols: Sequence[str]) -> list[tuple[Fetch, int]]:
    """What is asked again and again: the clock, the list of symbols, the futures' funding intervals."""
    listing = f"{market.paths}/exchangeInfo"
    if not market.chained:
        names = ",".join(f"%22{symbol}%22" for symbol in symbols)
        listing = f"{listing}?symbols=%5B{names}%5D"
    asked = [
        (Fetch(tag="time", path=f"{market.paths}/time"), _MINUTE_NS),
        (Fetch(tag="listing", path=listing, weight=market.listing_weight), 360 * _MINUTE_NS),
    ]
    if market.chained:
        asked.append((Fetch(tag="funding", path=f"{market.paths}/fundingInfo"), 60 * _MINUTE_NS))
    return asked


class Filter(msgspec.Struct, rename="camel"):
    """One rule of a symbol; which one is in `filter_type`."""

    filter_type: str
    tick_size: str = ""
    step_size: str = ""


class Symbol(msgspec.Struct, rename="camel"):
    """One symbol of `exchangeInfo`."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    filters: list[Filter] = msgspec.field(default_factory=list)
    contract_type: str = ""
    delivery_date: Millis = 0


class Listing(msgspec.Struct):
    """The answer of `exchangeInfo`."""

    symbols: list[Symbol]


_LISTING: Final = msgspec.json.Decoder(Listing)


def listing(venue: str, raw: bytes, now: int) -> ListingSaid | Fault:
    """What trades now."""
    found = decoded(_LISTING, raw)
    if isinstance(found, Fault):
        return found
    rows = [_listed(venue, row) for row in found.symbols if row.status == "TRADING"]
    return ListingSaid(venue=venue, received_at=now, instruments=tuple(rows))


def _listed(venue: str, row: Symbol) -> Listed:
    """One instrument: sizes are coins here, so worth is size times price."""
    perpetual = "PERPETUAL" in row.contract_type
    future = bool(row.contract_type) and not perpetual
    return Listed(
        venue=venue,
        symbol=row.symbol,
        kind="perpetual" if perpetual else "future" if future else "spot",
        underlying=row.base_asset,
        quote=row.quote_asset,
        price_tick=next((rule.tick_size for rule in row.filters if rule.filter_type == "PRICE_FILTER"), ""),
        size_step=next((rule.step_size for rule in row.filters if rule.filter_type == "LOT_SIZE"), ""),
        expiry_at=row.delivery_date * NS_PER_MS if future else 0,
    )
