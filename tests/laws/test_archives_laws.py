"""A law of archives: whatever a file holds, every line is kept or told of, and nothing but a refusal is raised."""

import random
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from rfq.feeds.archives.convert import convert
from rfq.feeds.tables import captures
from rfq.feeds.tables.layout import TablesError

FILES = (
    "binance/BTCUSDT-aggTrades-2024-08-08.csv",
    "binance/BTCUSDT-bookTicker-2024-03-01.csv",
    "binance/BTCUSDT-bookDepth-2024-08-08.csv",
    "binance/BTCUSDT_T_DEPTH_2024-08-08_depth_update.csv",
    "deribit/page.json",
    "deribit/trades.csv",
    "tardis/binance-futures_incremental_book_L2_2024-08-08_BTCUSDT.csv",
    "tardis/bitmex_book_snapshot_5_2024-08-08_XBTUSD.csv",
    "tardis/deribit_derivative_ticker_2024-08-08_BTC-PERPETUAL.csv",
    "tardis/deribit_options_chain_2024-08-08_OPTIONS.csv",
)
JUNK = (
    b",",
    b"\n",
    b'"',
    b"\x00",
    b"\xff",
    b"-",
    b"9" * 30,
    b"nan",
    b"1e999",
    b"'",
    b"{",
    b"\r\n",
    b"\xe2\x82\xac",
)


@settings(max_examples=12)
@given(st.sampled_from(FILES), st.integers(0, 2**32), st.integers(1, 12))
def test_no_bytes_raise_anything_but_a_refusal(
    root: Path, tmp_path_factory: pytest.TempPathFactory, name: str, seed: int, wounds: int
) -> None:
    pytest.importorskip("duckdb", reason="archives need duckdb")
    source = root / "tests" / "fixtures" / "archives" / name
    raw = bytearray(source.read_bytes())
    dice = random.Random(seed)
    for _ in range(wounds):
        at = dice.randrange(len(raw))
        junk = dice.choice(JUNK)
        raw[at : at + dice.choice((0, 1, len(junk), 40))] = junk
    folder = tmp_path_factory.mktemp("law")
    wounded = folder / source.name
    wounded.write_bytes(raw)
    try:
        found = convert(wounded, folder / "out")
    except TablesError as refusal:
        assert source.name.split(".")[0] in str(refusal)
        return
    for table in found.report.tables:
        assert table.read == table.kept + sum(cause.rows for cause in table.dropped)
    if any(table.kind in ("l2_events", "bbo", "trades") and table.kept for table in found.report.tables):
        capture = captures.open_capture(folder / "out")
        for market in capture.markets:
            assert list(capture.said(market.symbol, market.venue))
