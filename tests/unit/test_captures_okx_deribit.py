"""The shared captures of OKX (2022) and Deribit (2021), played through the adapters into books."""

from collections import Counter
from pathlib import Path

import pytest
from captured import OKX_UNNUMBERED, heard

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper
from rfq.feeds.said import BookSaid, Said, TickerSaid, Trouble
from rfq.feeds.venues.adapter import Adapter
from rfq.feeds.venues.deribit import MARKETS, Deribit
from rfq.feeds.venues.okx import Okx


def played(adapter: Adapter, link: str, story: list[tuple[int, bytes]]) -> list[Said]:
    adapter.opened(link, story[0][0])
    return [one for at, raw in story for one in adapter.hear(link, raw, at).said]


@pytest.fixture(scope="module")
def okx_said(shared: Path) -> list[Said]:
    symbols = ["BTC-USD-220527", "UNI-USD-SWAP", "BTC-USDT"]
    return played(Okx(symbols), "okx-0", heard(shared, "OKX.ws.1.0"))


def test_okx_of_2022_is_read_whole_and_every_checksum_is_right(okx_said: list[Said]) -> None:
    kinds = Counter(type(one).__name__ for one in okx_said)
    assert kinds == {"Confirmed": 18, "BookSaid": 290, "TradeSaid": 74, "TickerSaid": 28}
    keepers = {
        symbol: BookKeeper(OKX_UNNUMBERED, symbol)
        for symbol in ("BTC-USD-220527", "UNI-USD-SWAP", "BTC-USDT")
    }
    checked = 0
    for one in okx_said:
        if isinstance(one, BookSaid):
            keeper = keepers[one.symbol]
            keeper.take(one)
            assert one.checksum is not None and keeper.is_live, keeper.why
            checked += 1
    assert checked == 290


def test_a_spoilt_level_of_okx_fails_its_checksum(okx_said: list[Said]) -> None:
    books = [one for one in okx_said if isinstance(one, BookSaid) and one.symbol == "BTC-USDT"]
    keeper = BookKeeper(OKX_UNNUMBERED, "BTC-USDT")
    keeper.take(books[0])
    for one in books[2:4]:  # the second is lost
        keeper.take(one)
    assert keeper.wants_resync and "checksum" in keeper.why


def test_deribit_of_2021_is_read_whole_and_chains(shared: Path) -> None:
    story = heard(shared, "DERIBIT.ws.1.0")
    adapter = Deribit(["BTC-24SEP21-8000-P"], interval="raw")
    said = played(adapter, MARKETS, story)
    assert not [one for one in said if isinstance(one, Trouble)]
    kinds = Counter(type(one).__name__ for one in said)
    assert kinds == {"Confirmed": 1, "BookSaid": 46, "TickerSaid": 89}
    books = [one for one in said if isinstance(one, BookSaid)]
    keepers = {symbol: BookKeeper(rules.DERIBIT, symbol) for symbol in {one.symbol for one in books}}
    for one in books:
        keepers[one.symbol].take(one)
    assert len(keepers) == 10
    assert all(not keeper.wants_resync for keeper in keepers.values())
    vols = [one for one in said if isinstance(one, TickerSaid) and one.mark_iv is not None]
    assert len(vols) == 89 and all(0.3 < one.mark_iv < 3.0 for one in vols if one.mark_iv)
