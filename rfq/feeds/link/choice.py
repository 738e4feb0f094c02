"""Which venues there are, by name: their adapters and the rules of their books. Nothing else knows all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import STALE_NS, BookKeeper
from rfq.feeds.book.plain import LEVELS_MAX
from rfq.feeds.book.rules import Rule
from rfq.feeds.levels import USUAL, Scale
from rfq.feeds.venues.adapter import Adapter

Scales = Mapping[str, Scale]
Make = Callable[[Sequence[str], Scales], Adapter]


def _binance_usdm(symbols: Sequence[str], scales: Scales) -> Adapter:
    from rfq.feeds.venues.binance import BinanceAdapter
    from rfq.feeds.venues.binance_markets import USDM

    return BinanceAdapter(USDM, symbols, scales=scales)


def _binance_spot(symbols: Sequence[str], scales: Scales) -> Adapter:
    from rfq.feeds.venues.binance import BinanceAdapter
    from rfq.feeds.venues.binance_markets import SPOT

    return BinanceAdapter(SPOT, symbols, scales=scales)


def _bybit(category: str) -> Make:
    def make(symbols: Sequence[str], scales: Scales) -> Adapter:
        from rfq.feeds.venues import bybit_markets as markets
        from rfq.feeds.venues.bybit import BybitAdapter

        of = {one.name: one for one in (markets.LINEAR, markets.INVERSE, markets.SPOT, markets.OPTION)}
        return BybitAdapter(of[category], symbols, scales=scales)

    return make


def _okx(symbols: Sequence[str], scales: Scales) -> Adapter:
    from rfq.feeds.venues.okx import Okx

    return Okx(symbols, scales)


def _deribit(symbols: Sequence[str], scales: Scales) -> Adapter:
    from rfq.feeds.venues.deribit import Deribit

    return Deribit(symbols, scales)


VENUES: Final[Mapping[str, tuple[Make, Rule]]] = {
    "binance_usdm": (_binance_usdm, rules.BINANCE_USDM),
    "binance_spot": (_binance_spot, rules.BINANCE_SPOT),
    "bybit_linear": (_bybit("linear"), rules.BYBIT),
    "bybit_inverse": (_bybit("inverse"), rules.BYBIT),
    "bybit_spot": (_bybit("spot"), rules.BYBIT),
    "bybit_option": (_bybit("option"), rules.BYBIT),
    "okx": (_okx, rules.OKX),
    "deribit": (_deribit, rules.DERIBIT),
}


def adapter_of(venue: str, symbols: Sequence[str], scales: Scales | None = None) -> Adapter:
    """The adapter of a venue for these symbols; ValueError says what is wrong with the names."""
    if venue not in VENUES:
        raise ValueError(f"{venue!r} is no venue; there are {', '.join(VENUES)}")
    if not symbols or len(set(symbols)) < len(symbols):
        raise ValueError(f"{venue}: symbols {', '.join(symbols) or 'are missing'}: each once, at least one")
    return VENUES[venue][0](symbols, scales or {})


def keepers_of(
    venue: str,
    symbols: Sequence[str],
    scales: Scales | None = None,
    *,
    stale_after_ns: int = STALE_NS,
    levels_max: int = LEVELS_MAX,
) -> list[BookKeeper]:
    """A book for each symbol, by the venue's rule."""
    rule = VENUES[venue][1]
    return [
        BookKeeper(rule, symbol, (scales or {}).get(symbol, USUAL), stale_after_ns, levels_max)
        for symbol in symbols
    ]
