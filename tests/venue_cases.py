"""Every venue's adapter with messages written by hand, for tests that hold for all of them."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid, ClockSaid, Fetch, ListingSaid, Said, TickerSaid, TouchSaid, TradeSaid
from rfq.feeds.venues import bybit_markets
from rfq.feeds.venues.adapter import Adapter, Heard
from rfq.feeds.venues.binance import BinanceAdapter
from rfq.feeds.venues.binance_markets import SPOT, USDM
from rfq.feeds.venues.bybit import BybitAdapter
from rfq.feeds.venues.deribit import Deribit
from rfq.feeds.venues.okx import Okx

FOLDER = Path(__file__).parent / "fixtures" / "venues"
NOW = 1_795_600_000_500_000_000
S = 1_000_000_000
CALL = "BTC-26MAR27-100000-C-USDT"
PUT = "BTC-26MAR27-100000-P-USDT"
LISTED = "BTC-25DEC26-100000-C"


class Case(NamedTuple):
    """A venue: how to make its adapter, messages it may send on any link, answers by tag."""

    name: str
    make: Callable[[], Adapter]
    messages: tuple[bytes, ...]
    answers: dict[str, bytes]
    books: frozenset[str]


def messages(name: str) -> tuple[bytes, ...]:
    """The lines of a file of messages."""
    return tuple((FOLDER / f"{name}.jsonl").read_bytes().splitlines())


def answers(name: str, venue: str = "") -> dict[str, bytes]:
    """Answers by tag, of a file of one venue, or of one that names venues before its tags."""
    found = json.loads((FOLDER / f"{name}.json").read_text())
    prefix = f"{venue} " if venue else ""
    return {
        tag[len(prefix) :]: msgspec.json.encode(of) for tag, of in found.items() if tag.startswith(prefix)
    }


CASES = (
    Case(
        "binance_usdm",
        lambda: BinanceAdapter(USDM, ["BTCUSDT"]),
        messages("binance_usdm"),
        answers("binance_rest", "binance_usdm"),
        frozenset({"BTCUSDT"}),
    ),
    Case(
        "binance_usdm by fill",
        lambda: BinanceAdapter(USDM, ["BTCUSDT"], trades="trade", touch=False),
        messages("binance_usdm"),
        answers("binance_rest", "binance_usdm"),
        frozenset({"BTCUSDT"}),
    ),
    Case(
        "binance_spot",
        lambda: BinanceAdapter(SPOT, ["ETHUSDT"], trades="trade"),
        messages("binance_spot"),
        answers("binance_rest", "binance_spot"),
        frozenset({"ETHUSDT"}),
    ),
    Case(
        "bybit_linear",
        lambda: BybitAdapter(bybit_markets.LINEAR, ["BTCUSDT"]),
        messages("bybit_linear"),
        answers("bybit_rest", "bybit_linear"),
        frozenset({"BTCUSDT"}),
    ),
    Case(
        "bybit_inverse",
        lambda: BybitAdapter(bybit_markets.INVERSE, ["BTCUSDT"]),
        messages("bybit_linear"),
        answers("bybit_rest", "bybit_linear"),
        frozenset({"BTCUSDT"}),
    ),
    Case(
        "bybit_option",
        lambda: BybitAdapter(bybit_markets.OPTION, [CALL, PUT]),
        messages("bybit_option"),
        answers("bybit_rest", "bybit_option"),
        frozenset({CALL, PUT}),
    ),
    Case(
        "okx",
        lambda: Okx(["BTC-USDT-SWAP", "BTC-USDT"], {"BTC-USDT": Scale(1, 8)}, families=["BTC-USD"]),
        messages("okx_v5"),
        answers("okx_rest"),
        frozenset({"BTC-USDT-SWAP", "BTC-USDT"}),
    ),
    Case(
        "deribit",
        lambda: Deribit(["BTC-PERPETUAL", LISTED], indices=["btc_usd"], chains=["btc_usd"]),
        messages("deribit_v2"),
        answers("deribit_rest"),
        frozenset({"BTC-PERPETUAL", LISTED}),
    ),
)


def opened(adapter: Adapter, now: int = NOW) -> Heard:
    """Every link is up."""
    heard = [adapter.opened(link, now) for link in adapter.links]
    return Heard([one for of in heard for one in of.said], [one for of in heard for one in of.asks])


def played(adapter: Adapter, texts: tuple[bytes, ...], link: str, now: int = NOW) -> list[Said]:
    """What is said of these messages, heard in order, a millisecond apart."""
    return [
        said for at, raw in enumerate(texts) for said in adapter.hear(link, raw, now + at * 1_000_000).said
    ]


def fetches(heard: Heard) -> dict[str, Fetch]:
    """What is asked by HTTP, by tag."""
    return {ask.tag: ask for ask in heard.asks if isinstance(ask, Fetch)}


def is_sound(said: Said) -> bool:
    """Whether what was said is of its kind whatever the bytes were: whole numbers that fit, sides, sizes above zero."""
    top = 2**63
    if isinstance(said, BookSaid):
        levels = [(int(price), int(size)) for side in (said.bids, said.asks) for price, size in side]
        return all(-top <= price < top and 0 <= size < top for price, size in levels) and said.last < top
    if isinstance(said, TradeSaid):
        return (
            said.side in (1, -1)
            and said.size > 0
            and -top <= said.price < top
            and 0 <= said.exchange_at < top
        )
    if isinstance(said, TouchSaid):
        return min(said.bid_size, said.ask_size) >= 0 and max(said.bid, said.ask) < top
    if isinstance(said, TickerSaid):
        floats = [value for value in msgspec.structs.astuple(said) if isinstance(value, float)]
        return all(map(math.isfinite, floats)) and (said.funding_at is None or 0 < said.funding_at < top)
    if isinstance(said, ListingSaid):
        return all(0 <= row.expiry_at < top and math.isfinite(row.strike) for row in said.instruments)
    if isinstance(said, ClockSaid):
        return -top <= said.offset_ns < top and 0 <= said.error_ns < top
    return True
