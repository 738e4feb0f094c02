"""Which venues there are, by name: their adapters and the rules of their books. Nothing else knows all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import STALE_NS, BookKeeper
from rfq.feeds.book.plain import LEVELS_MAX
from rfq.feeds.book.rules import Rule
from rfq.feeds.levels import USUAL, Scale
from rfq.feeds.venues.adapter import Adapter

Scales = Mapping[str, Scale]


class Wanted(NamedTuple):
    """What is wanted of a venue: symbols in its own spelling, each with its scale (the usual one where none is said),
    and, where the venue has them, indices and chains of options (OKX: families such as BTC-USD; Deribit: by index)."""

    symbols: tuple[str, ...]
    scales: Scales
    indices: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()


Make = Callable[[Wanted], Adapter]


class Venue(NamedTuple):
    """One entry of the catalogue."""

    make: Make
    rule: Rule
    extras: tuple[str, ...] = ()
    """Which of indices and chains it has."""


def _binance(market: str) -> Make:
    def make(wanted: Wanted) -> Adapter:
        from rfq.feeds.venues import binance_markets as markets
        from rfq.feeds.venues.binance import BinanceAdapter

        of = {one.venue: one for one in (markets.USDM, markets.SPOT)}
        return BinanceAdapter(of[market], wanted.symbols, scales=wanted.scales)

    return make


def _bybit(category: str) -> Make:
    def make(wanted: Wanted) -> Adapter:
        from rfq.feeds.venues import bybit_markets as markets
        from rfq.feeds.venues.bybit import BybitAdapter

        of = {one.name: one for one in (markets.LINEAR, markets.INVERSE, markets.SPOT, markets.OPTION)}
        return BybitAdapter(of[category], wanted.symbols, scales=wanted.scales)

    return make


def _okx(wanted: Wanted) -> Adapter:
    from rfq.feeds.venues.okx import Okx

    return Okx(wanted.symbols, wanted.scales, families=wanted.chains)


def _deribit(wanted: Wanted) -> Adapter:
    from rfq.feeds.venues.deribit import Deribit

    return Deribit(wanted.symbols, wanted.scales, indices=wanted.indices, chains=wanted.chains)


VENUES: Final[Mapping[str, Venue]] = {
    "binance_usdm": Venue(_binance("binance_usdm"), rules.BINANCE_USDM),
    "binance_spot": Venue(_binance("binance_spot"), rules.BINANCE_SPOT),
    "bybit_linear": Venue(_bybit("linear"), rules.BYBIT),
    "bybit_inverse": Venue(_bybit("inverse"), rules.BYBIT),
    "bybit_spot": Venue(_bybit("spot"), rules.BYBIT),
    "bybit_option": Venue(_bybit("option"), rules.BYBIT),
    "okx": Venue(_okx, rules.OKX, ("chains",)),
    "deribit": Venue(_deribit, rules.DERIBIT, ("indices", "chains")),
}


def make_adapter(
    venue: str,
    symbols: Sequence[str],
    scales: Scales | None = None,
    *,
    indices: Sequence[str] = (),
    chains: Sequence[str] = (),
) -> Adapter:
    """The adapter of a venue; ValueError says what is wrong with the names."""
    entry = _entry(venue)
    for name, asked in (("indices", indices), ("chains", chains)):
        if asked and name not in entry.extras:
            raise ValueError(f"{venue}: has no {name} here")
    if not (symbols or indices or chains) or len(set(symbols)) < len(symbols):
        raise ValueError(f"{venue}: symbols {', '.join(symbols) or 'are missing'}: each once, at least one")
    return entry.make(Wanted(tuple(symbols), scales or {}, tuple(indices), tuple(chains)))


def rule_of(venue: str) -> Rule:
    """How the messages of a venue's books follow each other."""
    return _entry(venue).rule


QUIET_NS: Final = 60_000_000_000
"""After so much silence a book is stale that may well be quiet: one that does not lead its underlying."""


def make_keepers(
    venue: str,
    symbols: Sequence[str],
    scales: Scales | None = None,
    *,
    stale_after_ns: int = STALE_NS,
    levels_max: int = LEVELS_MAX,
) -> list[BookKeeper]:
    """A book for each symbol, by the venue's rule."""
    rule = rule_of(venue)
    return [
        BookKeeper(rule, symbol, (scales or {}).get(symbol, USUAL), stale_after_ns, levels_max)
        for symbol in symbols
    ]


def _entry(venue: str) -> Venue:
    if venue not in VENUES:
        raise ValueError(f"{venue!r} is no venue; there are {', '.join(VENUES)}")
    return VENUES[venue]
