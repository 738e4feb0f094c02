"""Figures and their intervals: what resampling promises, medians, laws of size, how sizes are read."""

import numpy as np
import pytest

from rfq.feeds.sizing import sizing_of
from rfq.markets import powers
from rfq.markets.figures import BLOCKS_MIN, DRAWS, draws, figure, group, median, ratio
from rfq.markets.market import Holes

S = 1_000_000_000


def seconds(count: int, every: float = 1.0) -> np.ndarray:
    return (np.arange(count) * every * S).astype(np.int64)


@pytest.mark.parametrize("count", [1, 8, 37, 250])
def test_draws_are_fair_and_always_the_same(count: int) -> None:
    weights = draws(count)
    assert weights.shape == (DRAWS, count)
    assert (weights.sum(axis=1) == count).all()
    assert abs(weights.mean(axis=0) - 1.0).max() < 5.0 / np.sqrt(DRAWS)
    assert (draws.__wrapped__(count) == weights).all()
    if count > 8:
        assert weights.var() == pytest.approx(1.0 - 1.0 / count, abs=0.1)


def test_an_interval_of_a_mean_covers_it_as_often_as_it_says() -> None:
    dice = np.random.default_rng(7)
    at, covered, tries = seconds(1_000), 0, 200
    groups = group(at)
    for _ in range(tries):
        found = ratio(groups, dice.normal(3.0, 1.0, 1_000), 1.0)
        assert found.low is not None and found.high is not None
        covered += found.low <= 3.0 <= found.high
    assert 0.90 <= covered / tries <= 0.99


def test_values_that_hang_together_have_wider_intervals() -> None:
    dice = np.random.default_rng(8)
    alone = dice.normal(0.0, 1.0, 2_000)
    together = np.repeat(dice.normal(0.0, 1.0, 200), 10)
    wide, narrow = (ratio(group(seconds(2_000)), one, 1.0) for one in (together, alone))
    assert (wide.high - wide.low) > 2.0 * (narrow.high - narrow.low)  # type: ignore[operator]


def test_few_blocks_have_a_value_and_no_interval() -> None:
    found = ratio(group(seconds(30)), np.ones(30), 1.0)
    assert found.value == 1.0 and found.low is None
    assert found.why == f"no interval: 3 blocks of 10 s, {BLOCKS_MIN} are needed"


def test_a_figure_of_nothing_says_so() -> None:
    found = figure(
        lambda sums: sums[..., 0] / sums[..., 1], group(seconds(100)), (np.zeros(100), np.zeros(100))
    )
    assert found.value is None and "not defined" in found.why


def test_medians_are_weighted() -> None:
    groups = group(seconds(4, 100.0))
    assert median(groups, np.array([1.0, 2.0, 3.0, 4.0])).value == 2.5
    assert median(groups, np.array([4.0, 1.0, 3.0, 2.0]), np.array([5.0, 1.0, 1.0, 1.0])).value == 4.0
    assert median(groups, np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 0.0])).value is None
    dice = np.random.default_rng(9)
    found = median(group(seconds(5_000)), dice.exponential(1.0, 5_000))
    assert found.low is not None and found.high is not None
    assert found.low < np.log(2.0) < found.high and found.high - found.low < 0.15


@pytest.mark.parametrize("exponent", [0.2, 0.489, 0.73, 1.3])
def test_a_law_without_noise_is_found(exponent: float) -> None:
    dice = np.random.default_rng(10)
    size = np.exp(dice.normal(11.0, 2.0, 3_000))
    found = powers.fit(size, 2.0 * (size / 1e6) ** exponent, group(seconds(3_000)))
    assert found.exponent.value == pytest.approx(exponent, abs=0.005)
    assert found.bps_at_1m_usd.value == pytest.approx(2.0, rel=0.01)
    assert found.exponent.high - found.exponent.low < 0.02  # type: ignore[operator]


def test_noise_alone_has_no_law_or_a_very_wide_one() -> None:
    dice = np.random.default_rng(11)
    size = np.exp(dice.normal(11.0, 2.0, 2_000))
    found = powers.fit(size, dice.normal(0.0, 1.0, 2_000), group(seconds(2_000))).exponent
    assert found.value is None or found.high - found.low > 0.5  # type: ignore[operator]
    against = powers.fit(size, -(size**0.5), group(seconds(2_000)))
    assert against.exponent.why == "prices did not move with it"
    assert "do not vary" in powers.fit(np.ones(100), np.ones(100), group(seconds(100))).exponent.why


def test_spans_over_holes_are_spoilt() -> None:
    holes = Holes(np.array([10 * S, 100 * S]), np.array([20 * S, 200 * S]))
    start = np.array([0, 5, 20, 50, 150, 200]) * S
    end = np.array([10, 15, 30, 101, 160, 300]) * S
    assert holes.spoil(start, end).tolist() == [False, True, False, True, True, False]


@pytest.mark.parametrize(
    ("venue", "symbol", "size", "usd"),
    [
        ("binance_usdm", "BTCUSDT", 2.0, 100_000.0),
        ("binance_spot", "BTCUSDC", 2.0, 100_000.0),
        ("binance_coinm", "BTCUSD_PERP", 2.0, 200.0),
        ("binance_coinm", "ETHUSD_240927", 2.0, 20.0),
        ("okx", "BTC-USD-SWAP", 2.0, 200.0),
        ("okx", "ETH-USD-SWAP", 2.0, 20.0),
        ("okx", "BTC-USDT-SWAP", 2.0, 1_000.0),
        ("okx", "BTC-USDT", 2.0, 100_000.0),
        ("deribit", "BTC-PERPETUAL", 50.0, 50.0),
        ("deribit", "BTC-27SEP24", 50.0, 50.0),
        ("bybit", "BTCUSD", 50.0, 50.0),
        ("bybit", "BTCUSDT", 2.0, 100_000.0),
        ("bitmex", "XBTUSD", 50.0, 50.0),
        ("hyperliquid", "BTC", 2.0, 100_000.0),
    ],
)
def test_sizes_are_read_as_the_venue_counts_them(venue: str, symbol: str, size: float, usd: float) -> None:
    assert sizing_of(venue, symbol).sizing.worth(size, 50_000.0) == pytest.approx(usd)


def test_other_quote_currencies_are_told() -> None:
    assert "not to be in USD" in sizing_of("binance_spot", "ETHBTC").words
    assert sizing_of("binance_spot", "ETHUSDT").words == "coins"
