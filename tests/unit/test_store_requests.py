"""Lists of requests: instants in any usual spelling, markets by symbol or underlying, no line lost."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from rfq.feeds.said import Market
from rfq.store import parts
from rfq.store.gathering import Source
from rfq.store.parts import StoreError
from rfq.store.requests import read_requests

AT = 1_723_161_255_030_000_000
SOURCES = (
    Source(Market("binance_usdm", "BTCUSDT"), "BTC"),
    Source(Market("okx", "BTC-USDT-SWAP"), "BTC"),
    Source(Market("okx", "ETH-USDT-SWAP"), "ETH"),
)


@pytest.mark.parametrize(
    "spelled",
    [
        "1723161255.03",
        "1723161255030",
        "1723161255030.0",
        "1723161255030000",
        "1723161255030000000",
        "2024-08-08T23:54:15.030",
        "2024-08-08 23:54:15.03+00:00",
        "2024-08-09T01:54:15.030+02:00",
        "1.72316125503e9",
    ],
)
def test_an_instant_in_any_usual_spelling(tmp_path: Path, spelled: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"at,symbol\n{spelled},BTCUSDT\n")
    assert read_requests(path).at.tolist() == [AT]


@pytest.mark.parametrize(
    "spelled", ["", "soon", "-5", "0", "1e40", "99999999999999999999", "2024-13-01", "nan"]
)
def test_what_is_no_instant_keeps_its_line(tmp_path: Path, spelled: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"at,symbol\n{spelled},BTCUSDT\n{AT},BTCUSDT\n")
    assert read_requests(path).at.tolist() == [0, AT]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    with parts.connect() as tables:
        tables.execute(
            "copy (select make_timestamp(1723161255030000) as at, 'BTCUSDT' as symbol, 1.5 as \"Size (coins)\","
            f" 2 as SIZE__COINS_) to {parts.quoted(path)} (format parquet)"
        )
    found = read_requests(path)
    assert found.at.tolist() == [AT]
    assert list(found.columns) == ["at", "symbol", "size__coins_", "size__coins__"]
    assert datetime.fromtimestamp(AT / 1e9, UTC).year == 2024


def test_markets_by_symbol_venue_or_underlying(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "at,venue,symbol,underlying\n"
        f"{AT},,BTCUSDT,\n{AT},okx,BTC-USDT-SWAP,\n{AT},okx,BTCUSDT,\n{AT},,,btc\n{AT},,,ETH\n{AT},,,DOGE\n"
    )
    requests = read_requests(path)
    first, swap, ether = (source.market for source in SOURCES)
    assert requests.markets(SOURCES) == [first, swap, None, first, ether, None]
    asked = requests.asked(SOURCES)
    assert asked.symbols.tolist() == ["BTCUSDT", "BTC-USDT-SWAP", "", "BTCUSDT", "ETH-USDT-SWAP", ""]
    assert requests.instants(SOURCES) == {first: [AT, AT], swap: [AT], ether: [AT]}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("r.csv", "when,symbol\n1,a\n", "no column at"),
        ("r.csv", "at,size\n1,2\n", "no column symbol"),
        ("r.txt", "at,symbol\n", "neither"),
        ("r.parquet", "no parquet at all", "r.parquet"),
    ],
)
def test_a_file_that_holds_no_list_is_refused_with_words(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(StoreError, match=words):
        read_requests(path)
    with pytest.raises(StoreError, match="not there"):
        read_requests(tmp_path / "none.csv")


def test_an_empty_list_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("at,symbol\n")
    found = read_requests(path)
    assert len(found.at) == 0
    assert np.array_equal(found.asked(SOURCES).at, found.at)
