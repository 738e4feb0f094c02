"""Captures spelled as what a venue's adapter was told: the bytes that must have come before the tables did.

Binance's words are spelled as its documentation has them (Developer Center, USDS-M Futures, 2026), so that its own
adapter hears them: changes with the number of the one before (`pu`), trades, and snapshots as answers by HTTP. Any
other capture is spelled on the plain wire (`rfq.store.plain_wire`). Real recordings need none of this: they are bytes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from pricing.units import NS_PER_MS
from rfq.feeds.book.keeper import BookKeeper
from rfq.feeds.book.rules import BINANCE_USDM
from rfq.feeds.levels import Scale
from rfq.feeds.link.told import Kind, Told
from rfq.feeds.recorder.boards import bare
from rfq.feeds.said import BookSaid, Market, TradeSaid, Trouble
from rfq.feeds.tables.captures import Capture
from rfq.feeds.venues.adapter import Adapter
from rfq.store import plain_wire
from rfq.store.from_tables import Rules, seconds
from rfq.store.gathering import merged
from rfq.store.plain_wire import PlainAdapter, levels_text, number_text, spell

if TYPE_CHECKING:
    from rfq.feeds.recorder.reading import Row
    from rfq.feeds.tables.telling import SaidOfTables

BINANCE: Final = "binance_usdm"
_OK: Final = 200
_BATCH: Final = 50
"""So many streams are asked for at once; each such request is confirmed."""


class Spoken(NamedTuple):
    """One venue of a capture as bytes: its adapter, books for it, what the adapter is told, and in which words."""

    adapter: Adapter
    keepers: list[BookKeeper]
    told: "Iterator[Row]"
    words: str


def spoken(capture: Capture, rules: Rules, scales_of: Mapping[Market, Scale]) -> list[Spoken]:
    """Each venue of these markets, whose books are kept by `rules` where tables are read."""
    found = []
    for venue in sorted({market.venue for market in rules}):
        of = {market: rule for market, rule in rules.items() if market.venue == venue}
        scales = {market.symbol: scales_of[market] for market in of}
        symbols = [market.symbol for market in of]
        said = merged(capture.said(symbol, venue, scale=scales[symbol]) for symbol in symbols)
        if _is_binance(venue, symbols, of):
            found.append(_binance(said, venue, symbols, scales))
        else:
            keepers = [
                BookKeeper(rule, market.symbol, scales[market.symbol])
                for market, rule in of.items()
                if rule is not None
            ]
            adapter = PlainAdapter(venue, symbols, scales)
            found.append(Spoken(adapter, keepers, _plain(said, venue, scales), "our own words"))
    return found


def _is_binance(venue: str, symbols: Sequence[str], rules: Rules) -> bool:
    """Whether Binance's adapter would have heard it: a book with its snapshot, of numbered changes, each market."""
    return (
        venue == BINANCE
        and all(symbol == symbol.upper() for symbol in symbols)
        and all(rule is not None and rule.bracket and not rule.from_nothing for rule in rules.values())
    )


def _binance(
    said: "Iterable[SaidOfTables]", venue: str, symbols: Sequence[str], scales: dict[str, Scale]
) -> Spoken:
    from rfq.feeds.venues.binance import BinanceAdapter
    from rfq.feeds.venues.binance_markets import USDM

    adapter = BinanceAdapter(USDM, symbols, scales=scales, speed="0ms", trades="trade", touch=False)
    keepers = [BookKeeper(bare(BINANCE_USDM), symbol, scales[symbol]) for symbol in symbols]
    return Spoken(
        adapter, keepers, _binance_told(said, venue, tuple(adapter.links), scales), "Binance's words"
    )


def _binance_told(
    said: "Iterable[SaidOfTables]", venue: str, links: Sequence[str], scales: dict[str, Scale]
) -> "Iterator[Row]":
    prior: dict[str, int] = {}
    begun: set[str] = set()
    last_at = 0
    for one in said:
        if not isinstance(one, (BookSaid, TradeSaid, Trouble)):
            continue
        at = one.received_at
        if not last_at:
            for link in links:
                yield venue, Told(at, Kind.OPENED, link)
            for number in range(1, len(links) + 3 * len(scales) // _BATCH + 1):
                yield venue, Told(at, Kind.HEARD, links[0], b'{"result":null,"id":%d}' % number)
        else:
            for tick_at in seconds(last_at, at):
                yield venue, Told(tick_at, Kind.TICKED)
        last_at = max(last_at, at)
        scale = scales[one.symbol]
        if isinstance(one, Trouble):
            stream = f"{one.symbol.lower()}@{'depth@0ms' if one.breaks_book else 'trade'}"
            yield venue, Told(at, Kind.HEARD, links[0], _message(stream, {}))
        elif isinstance(one, TradeSaid):
            yield venue, Told(at, Kind.HEARD, links[0], _trade(one, scale))
        elif one.is_snapshot:
            if one.symbol in begun:
                yield venue, Told(at, Kind.RESYNCED, one.symbol)
            begun.add(one.symbol)
            prior.setdefault(one.symbol, one.last)
            yield venue, Told(at, Kind.FETCHED, f"depth:{one.symbol}", _snapshot(one, scale), _OK, at)
        else:
            before = one.prior if one.prior >= 0 else prior.get(one.symbol, max(one.first - 1, 0))
            yield venue, Told(at, Kind.HEARD, links[0], _change(one, before, scale))
            prior[one.symbol] = one.last


def _plain(said: "Iterable[SaidOfTables]", venue: str, scales: dict[str, Scale]) -> "Iterator[Row]":
    last_at = 0
    for one in said:
        at = one.received_at
        if not last_at:
            yield venue, Told(at, Kind.OPENED, plain_wire.LINK)
        else:
            for tick_at in seconds(last_at, at):
                yield venue, Told(tick_at, Kind.TICKED)
        last_at = max(last_at, at)
        yield venue, Told(at, Kind.HEARD, plain_wire.LINK, spell(one, scales[one.symbol]))


def _stamped(said: BookSaid | TradeSaid) -> dict[str, object]:
    milli = said.exchange_at // NS_PER_MS
    return {"E": milli, "T": milli, "s": said.symbol}


def _message(stream: str, event: dict[str, object]) -> bytes:
    return msgspec.json.encode({"stream": stream, "data": event})


def _change(said: BookSaid, prior: int, scale: Scale) -> bytes:
    event = {"e": "depthUpdate"} | _stamped(said) | {"U": max(said.first, 0), "u": said.last, "pu": prior}
    event |= {
        "b": msgspec.Raw(levels_text(said.bids, scale)),
        "a": msgspec.Raw(levels_text(said.asks, scale)),
    }
    return _message(f"{said.symbol.lower()}@depth@0ms", event)


def _snapshot(said: BookSaid, scale: Scale) -> bytes:
    milli = said.exchange_at // NS_PER_MS
    return msgspec.json.encode(
        {
            "lastUpdateId": said.last,
            "E": milli,
            "T": milli,
            "bids": msgspec.Raw(levels_text(said.bids, scale)),
            "asks": msgspec.Raw(levels_text(said.asks, scale)),
        }
    )


def _trade(said: TradeSaid, scale: Scale) -> bytes:
    event = {"e": "trade"} | _stamped(said)
    event |= {
        "t": int(said.trade) if str(said.trade).isdecimal() else 0,
        "p": number_text(said.price, scale.price_digits),
        "q": number_text(said.size, scale.size_digits),
        "X": "ADL" if said.liquidation else "MARKET",
        "m": said.side < 0,
    }
    return _message(f"{said.symbol.lower()}@trade", event)
