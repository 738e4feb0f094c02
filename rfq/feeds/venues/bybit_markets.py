"""Where Bybit's categories are, what each offers and allows, and how its lists of instruments are read (v5, 2026).

Sources: Bybit API documentation v5, "Connect" (addresses; args of one connection at most 21,000 characters, ten in one
request of spot), "Orderbook" (depths), "Rate Limit Rules" (600 HTTP requests in 5 s), "Get Instruments Info", "Get
Bybit Server Time".
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from pricing.units import NS_PER_MS, NS_PER_S
from rfq.feeds.levels import USUAL, Scale
from rfq.feeds.said import ClockSaid, Fetch, Listed
from rfq.feeds.venues.adapter import Limits
from rfq.feeds.venues.reading import MOST, Fault, clock_said, decoded, number, whole
from rfq.feeds.venues.rows import rows

_TOPICS_A_LINK: Final = 500
_MINUTE_NS: Final = 60 * NS_PER_S
_LATEST_MS: Final = MOST // NS_PER_MS
_KINDS: Final = {
    "LinearPerpetual": "perpetual",
    "InversePerpetual": "perpetual",
    "LinearFutures": "future",
    "InverseFutures": "future",
}


class Category(NamedTuple):
    """One of Bybit's categories. Depths are what `orderbook.N` offers; the usual one is first."""

    name: str
    depths: Sequence[int]
    touches: bool
    inverse: bool = False
    options: bool = False

    @property
    def venue(self) -> str:
        """Its name as a venue of ours."""
        return f"bybit_{self.name}"


LINEAR: Final = Category(name="linear", depths=(200, 50, 1000), touches=True)
INVERSE: Final = Category(name="inverse", depths=(200, 50, 1000), touches=True, inverse=True)
SPOT: Final = Category(name="spot", depths=(200, 50, 1000), touches=True)
OPTION: Final = Category(name="option", depths=(100, 25), touches=False, options=True)
REST: Final = "https://api.bybit.com"
SOCKET: Final = "wss://stream.bybit.com/v5/public/"
LIMITS: Final = Limits(messages_per_s=5.0, weight_per_minute=3000, channels_per_message=10)


class Topic(NamedTuple):
    """One topic: what it says, of which symbol (of trades of options: base coin), on which link."""

    name: str
    kind: str
    symbol: str
    link: str
    scale: Scale


def plan(
    category: Category,
    symbols: Sequence[str],
    depth: int,
    touch: bool,
    scales: Mapping[str, Scale],
) -> tuple[dict[bytes, Topic], dict[str, str]]:
    """Every topic by its name, and the links that carry them."""
    wanted: dict[str, tuple[str, str]] = {}
    for symbol in symbols:
        wanted[f"orderbook.{depth}.{symbol}"] = ("book", symbol)
        if touch and category.touches:
            wanted[f"orderbook.1.{symbol}"] = ("touch", symbol)
        coin = symbol.partition("-")[0] if category.options else symbol
        wanted[f"publicTrade.{coin}"] = ("trades", coin)
        wanted[f"tickers.{symbol}"] = ("ticker", symbol)
    topics: dict[bytes, Topic] = {}
    links: dict[str, str] = {}
    for place, (name, (kind, symbol)) in enumerate(wanted.items()):
        count = place // _TOPICS_A_LINK
        link = f"{category.name}-{count + 1}" if count else category.name
        links[link] = f"{SOCKET}{category.name}"
        topics[name.encode()] = Topic(name, kind, symbol, link, scales.get(symbol, USUAL))
    return topics, links


def listing_fetch(category: Category, coin: str, cursor: str = "") -> Fetch:
    """What to ask for one page of the list of instruments (of options: of one coin's chain)."""
    path = f"/v5/market/instruments-info?category={category.name}"
    if category.name != "spot":
        path += "&limit=1000"
    path += f"&baseCoin={coin}" if coin else ""
    path += f"&cursor={quote(cursor, safe='%')}" if cursor else ""
    return Fetch(tag=f"listing:{coin}", path=path)


def coins(category: Category, symbols: Sequence[str]) -> list[str]:
    """The coins that lists are asked for: none but for options."""
    return sorted({symbol.partition("-")[0] for symbol in symbols}) if category.options else [""]


def chores(category: Category, symbols: Sequence[str]) -> list[tuple[Fetch, int]]:
    """What is asked again and again: the clock, the list of instruments."""
    return [
        (Fetch(tag="time", path="/v5/market/time"), _MINUTE_NS),
        *((listing_fetch(category, coin), 360 * _MINUTE_NS) for coin in coins(category, symbols)),
    ]


class Filter(msgspec.Struct, frozen=True, rename="camel"):
    """The steps of prices or of sizes."""

    tick_size: str = ""
    qty_step: str = ""
    base_precision: str = ""


class Instrument(msgspec.Struct, rename="camel"):
    """One row of `instruments-info`."""

    symbol: str
    status: str
    base_coin: str
    quote_coin: str
    contract_type: str = ""
    options_type: str = ""
    delivery_time: str = "0"
    funding_interval: float = 0.0
    price_filter: Filter = Filter()
    lot_size_filter: Filter = Filter()


class Page(msgspec.Struct, rename="camel"):
    """One page of instruments."""

    list: msgspec.Raw
    next_page_cursor: str = ""


class Time(msgspec.Struct, rename="camel"):
    """The venue's clock."""

    time_nano: str


class Answer(msgspec.Struct, rename="camel"):
    """What every answer comes in."""

    ret_code: int
    ret_msg: str = ""
    result: msgspec.Raw = msgspec.Raw(b"{}")


class Listing(NamedTuple):
    """A page, read: instruments, their funding intervals in hours, what could not be read, where to go on."""

    instruments: list[Listed]
    hours: dict[str, float]
    faults: list[Fault]
    cursor: str


_ANSWER: Final = msgspec.json.Decoder(Answer)
_PAGE: Final = msgspec.json.Decoder(Page)
_INSTRUMENT: Final = msgspec.json.Decoder(Instrument)
_TIME: Final = msgspec.json.Decoder(Time)


def answer(status: int, raw: bytes) -> msgspec.Raw | Fault:
    """What was asked for, or why it did not come."""
    if status == 0:
        return Fault("no answer")
    if status != 200:
        return Fault(f"answered {status}")
    found = decoded(_ANSWER, raw)
    if isinstance(found, Fault):
        return found
    return found.result if found.ret_code == 0 else Fault(f"refused: {found.ret_code} {found.ret_msg[:200]}")


def pause(status: int) -> int:
    """How long to leave the venue alone after such an answer; 403 is a ban for ten minutes."""
    return 10 * _MINUTE_NS if status == 403 else _MINUTE_NS if status == 429 else 0


def clock(venue: str, result: msgspec.Raw, sent_at: int, now: int) -> ClockSaid | Fault:
    """The venue's clock."""
    found = decoded(_TIME, result)
    if isinstance(found, Fault):
        return found
    at = whole(found.time_nano, 0, "timeNano")
    return at if isinstance(at, Fault) else clock_said(venue, at, sent_at, now)


def listing(category: Category, result: msgspec.Raw) -> Listing | Fault:
    """One page of the instruments that trade."""
    page = decoded(_PAGE, result)
    if isinstance(page, Fault):
        return page
    found, faults = rows(_INSTRUMENT, page.list, "list")
    trading = [row for row in found if row.status == "Trading"]
    return Listing(
        instruments=[_listed(category, row) for row in trading],
        hours={row.symbol: row.funding_interval / 60.0 for row in trading if row.funding_interval > 0.0},
        faults=faults,
        cursor=page.next_page_cursor[:500],
    )


def _listed(category: Category, row: Instrument) -> Listed:
    """Sizes are coins; of inverse contracts, USD. An option's strike stands in its name."""
    kind = "option" if category.options else _KINDS.get(row.contract_type, "spot")
    parts = row.symbol.split("-")
    strike = number(parts[2]) if category.options and len(parts) > 3 else None
    expiry = whole(row.delivery_time, 0)
    if kind not in ("future", "option") or isinstance(expiry, Fault) or not 0 < expiry < _LATEST_MS:
        expiry = 0
    return Listed(
        venue=category.venue,
        symbol=row.symbol,
        kind=kind,
        underlying=row.base_coin,
        quote=row.quote_coin,
        price_tick=row.price_filter.tick_size,
        size_step=row.lot_size_filter.qty_step or row.lot_size_filter.base_precision,
        inverse=category.inverse,
        expiry_at=expiry * NS_PER_MS,
        strike=strike or 0.0,
        is_call=row.options_type == "Call",
    )
