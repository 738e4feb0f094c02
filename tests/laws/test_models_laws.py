"""Laws of the baselines: any row gives a usable prediction, monotone where it must be, calibrated under its own law."""

import dataclasses
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from models_cases import row

from models.baselines import LEVELS, predict, residual_bps, residual_cdf, residual_quantile
from models.features import SCHEMA, SCHEMA_HASH, WIDTH, FeatureRow
from models.testing import assert_calibrated, assert_monotone
from pricing.estimates import Estimates, costs_bps, median_cost, percentile
from pricing.spread import best_on

WILD = st.lists(st.floats(-1e12, 1e12), min_size=WIDTH, max_size=WIDTH)
SIZES = [0.0] + [10.0 ** (p / 4) for p in range(-28, 4)]


def _estimates(found: FeatureRow) -> Estimates:
    """The same numbers in pricing's words; a Prediction that pricing would refuse fails here."""
    made = predict(found)
    return Estimates(**dataclasses.asdict(made))


@given(WILD, st.floats(-5.0, 1e6))
def test_any_finite_row_gives_numbers_that_a_price_can_use(values: list[float], reserve: float) -> None:
    made = _estimates(FeatureRow(schema=SCHEMA_HASH, values=tuple(values)))
    found = best_on(made, reserve)[0]
    assert math.isfinite(found) and found > reserve


@given(st.sampled_from([column.name for column in SCHEMA]), st.floats(-1e300, 1e300))
def test_one_absurd_column_breaks_nothing(name: str, number: float) -> None:
    _estimates(row(**{name: number}))


@given(st.floats(1e-4, 0.3), st.floats(0.0, 20.0), st.floats(-1.0, 1.0))
def test_cost_rises_with_size_volatility_and_spread(sigma: float, half: float, delta: float) -> None:
    def median(**known: float) -> float:
        told = {"sigma_daily_ratio": sigma, "half_spread_bps": half, "delta_ratio": delta}
        return median_cost(_estimates(row(**{**told, **known})))

    assert_monotone(lambda size: median(size_vs_adv_ratio=size), SIZES, rising=True)
    assert_monotone(
        lambda vol: median(sigma_daily_ratio=vol, size_vs_adv_ratio=0.01),
        [p / 50 for p in range(30)],
        rising=True,
    )
    assert_monotone(lambda spread: median(half_spread_bps=spread), [p / 2 for p in range(40)], rising=True)


@given(st.floats(0.1, 50.0), st.floats(0.0, 0.1))
def test_more_rivals_win_less(half: float, size: float) -> None:
    def won(dealers: float) -> float:
        return predict(row(dealers_asked_count=dealers, half_spread_bps=half, size_vs_adv_ratio=size)).win[10]

    assert_monotone(won, [float(n) for n in range(1, 30)], rising=False)


@given(st.floats(1e-6, 1.0 - 1e-6))
def test_the_residual_quantile_inverts_its_distribution(level: float) -> None:
    assert math.isclose(residual_cdf(residual_quantile(level)), level, rel_tol=1e-6, abs_tol=1e-9)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_the_residual_distribution_rises(one: float, other: float) -> None:
    assert 0.0 <= residual_cdf(min(one, other)) <= residual_cdf(max(one, other)) + 1e-15 <= 1.0 + 1e-15


def test_the_baseline_is_calibrated_under_its_own_residual_law() -> None:
    """20,000 costs drawn from the stated law by numpy's own Student t, over unlike rows: 0.5 pp is 1.4 standard
    errors beyond what interpolating nine quantiles leaves.
    """
    rng = np.random.default_rng(20_241)
    noise = rng.standard_t(4, 20_000) / math.sqrt(2.0)
    rows = [
        row(size_vs_adv_ratio=size, sigma_daily_ratio=sigma, half_spread_bps=half)
        for size in (1e-6, 1e-3, 0.1)
        for sigma in (0.01, 0.05)
        for half in (0.1, 5.0)
    ]
    percentiles = []
    levels = dict.fromkeys(LEVELS, 0)
    for place, z in enumerate(noise):
        asked = rows[place % len(rows)]
        made = _estimates(asked)
        costs = costs_bps(made)
        cost = costs[4] + residual_bps(asked) * float(z)
        percentiles.append(percentile(made, cost))
        for level, quantile in zip(LEVELS, costs, strict=True):
            levels[level] += cost <= quantile
    for level, count in levels.items():
        assert abs(count / len(noise) - level) < 4.0 * math.sqrt(level * (1 - level) / len(noise)), level
    assert_calibrated(percentiles, tolerance=0.025)
    # A Gaussian in place of the stated law is caught: nine levels see its tails.
    light = rng.standard_normal(20_000)
    beyond = sum(abs(float(z)) > residual_quantile(0.99) for z in light) / 20_000
    assert beyond < 0.75 * 0.02
