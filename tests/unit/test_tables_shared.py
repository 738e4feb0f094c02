"""The shared capture of Binance's futures, read through our tables: every row, and what its clocks say."""

from itertools import pairwise
from pathlib import Path

import pytest

from rfq.feeds.said import BookSaid, TouchSaid, TradeSaid
from rfq.feeds.tables import captures

COUNTS = {
    "BTCUSDT": (445_521, 6_552, 66_089, 21_313),
    "ETHUSDT": (430_662, 6_587, 53_992, 14_076),
}


@pytest.fixture(scope="module")
def capture(shared: Path) -> captures.Capture:
    pytest.importorskip("duckdb", reason="Parquet needs duckdb")
    return captures.open_capture(shared / "data" / "binance_usdm_20240808")


@pytest.mark.parametrize("symbol", list(COUNTS))
def test_every_row_is_said(capture: captures.Capture, symbol: str) -> None:
    rows, messages, touches, trades = COUNTS[symbol]
    said = list(capture.said(symbol))
    books = [one for one in said if isinstance(one, BookSaid)]
    assert len(books) == messages and sum(len(one.bids) + len(one.asks) for one in books) == rows
    assert sum(isinstance(one, TouchSaid) for one in said) == touches
    assert sum(isinstance(one, TradeSaid) for one in said) == trades
    assert len(said) == messages + touches + trades
    assert all(one.received_at <= after.received_at for one, after in pairwise(said))
    snapshots = [one for one in books if one.is_snapshot]
    assert [(len(one.bids), len(one.asks)) for one in snapshots] == [(1_000, 1_000)]


def test_nothing_is_dropped_and_the_receivers_clock_is_found_behind(capture: captures.Capture) -> None:
    report = capture.report()
    assert report.dropped == 0 and len(report.tables) == 6
    assert all(one.noticed == () and one.read == one.kept for one in report.tables)
    for one in report.tables:
        assert one.clocks is not None and one.clocks.receiver_behind_ms is not None
        assert 1_270 < one.clocks.receiver_behind_ms < 1_272
        assert one.clocks.drift_ppm is not None and -7 < one.clocks.drift_ppm < -3
        assert "behind the exchange" in one.clocks.words
