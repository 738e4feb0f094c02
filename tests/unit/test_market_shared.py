"""Statistics of the shared capture (Binance USDM, BTC and ETH, 5.7 minutes) against the figures known of it."""

from pathlib import Path
from typing import Any

import pytest

from rfq.markets.figures import Figure
from rfq.markets.statistics import MarketStats, stats_of

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "binance_usdm_20240808"
pytest.importorskip("duckdb", reason="captures are Parquet: extra `tables`")
pytestmark = pytest.mark.skipif(
    not SHARED.with_name(f"{SHARED.name}_bbo.parquet").exists(), reason="the shared market data are not here"
)
COINS = ("BTCUSDT", "ETHUSDT")


@pytest.fixture(scope="module")
def found() -> dict[str, MarketStats]:
    return {one.symbol: one for one in stats_of(SHARED)}


def row(rows: Any, **wanted: float) -> Any:
    ((name, value),) = wanted.items()
    return next(one for one in rows if getattr(one, name) == value)


def inside(figure: Figure, value: float) -> bool:
    assert figure.low is not None and figure.high is not None
    return figure.low <= value <= figure.high


def both(btc: Any, eth: Any) -> Any:
    return pytest.mark.parametrize(("symbol", "wanted"), list(zip(COINS, (btc, eth), strict=True)), ids=COINS)


@both((445_521, 6_552, 66_089, 21_313, 5_436), (430_662, 6_587, 53_992, 14_076, 3_512))
def test_counts(found: dict[str, MarketStats], symbol: str, wanted: tuple[int, ...]) -> None:
    counts = found[symbol].counts
    assert (counts.book_rows, counts.book_messages, counts.quotes, counts.trades, counts.orders) == wanted
    assert counts.quotes_crossed == counts.quotes_locked == counts.quotes_one_sided == counts.holes == 0
    sequence = found[symbol].sequence
    assert sequence is not None
    assert (sequence.snapshots, sequence.crossed, sequence.one_sided, sequence.back) == (1, 0, 0, 0)
    assert found[symbol].clock.name == "exchange"


@both(0.0185, 0.0389)
def test_time_weighted_spread(found: dict[str, MarketStats], symbol: str, wanted: float) -> None:
    assert found[symbol].spread.time_weighted_bps.value == pytest.approx(wanted, abs=5e-5)


@both(192_396, 44_203)
def test_worth_at_the_touch(found: dict[str, MarketStats], symbol: str, wanted: float) -> None:
    assert found[symbol].spread.touch_usd.value == pytest.approx(wanted, abs=1.0)


@both({1: 0.199, 10: 0.118, 50: 0.033}, {1: 0.318, 10: 0.094, 50: 0.011})
def test_signs(found: dict[str, MarketStats], symbol: str, wanted: dict[int, float]) -> None:
    for lag, value in wanted.items():
        assert row(found[symbol].signs, lag=lag).autocorrelation.value == pytest.approx(value, abs=1e-3)


@both(1.216, 1.210)
def test_sigma(found: dict[str, MarketStats], symbol: str, wanted: float) -> None:
    figure = row(found[symbol].sigma, every_s=1.0).sigma_bps
    assert figure.value == pytest.approx(wanted, abs=0.005)
    assert inside(figure, 1.2)


@both((0.427, 0.521), (0.543, 0.497))
def test_imbalance(found: dict[str, MarketStats], symbol: str, wanted: tuple[float, float]) -> None:
    for window_s, value in zip((1.0, 10.0), wanted, strict=True):
        told = row(found[symbol].ofi, window_s=window_s)
        assert told.r2.value == pytest.approx(value, abs=1e-3)
        assert inside(told.r2_all_starts, value)
    assert row(found[symbol].ofi, window_s=1.0).r2_next.value < 0.07


@both((2.6, 1.9, 1.7, 2.2, 1.7), (1.3, 1.3, 1.3, 1.3, 0.0))
def test_markouts(found: dict[str, MarketStats], symbol: str, wanted: tuple[float, ...]) -> None:
    for after_s, value in zip((0.1, 1.0, 5.0, 10.0, 30.0), wanted, strict=True):
        told = row(found[symbol].markouts, after_s=after_s)
        assert told.volume_bps.value == pytest.approx(value, abs=0.05)
        if after_s < 30.0:
            assert 4.0 < told.volume_bps.value / told.equal_bps.value < 14.0


@both(((5.0, 0.49), (10.0, 0.43)), ((1.0, 0.34), (5.0, 0.49), (10.0, 0.43)))
def test_exponents(found: dict[str, MarketStats], symbol: str, wanted: Any) -> None:
    for over_s, value in wanted:
        assert inside(row(found[symbol].impact_orders, over_s=over_s).law.exponent, value)
    assert inside(row(found[symbol].impact_flow, over_s=10.0).law.exponent, 0.5)


@pytest.mark.parametrize("symbol", COINS)
def test_the_book_is_the_market_that_the_best_quotes_tell(found: dict[str, MarketStats], symbol: str) -> None:
    assert found[symbol].book_agrees.value == pytest.approx(1.0, abs=2e-4)
    walks = [one.cost_bps.value for one in found[symbol].walk]
    assert all(one is not None for one in walks) and walks == sorted(walks)
