"""The closed forms, the residual law they state, and the door they stand behind."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
from models_cases import row

from models import baselines
from models.baselines import (
    BASELINE_HASH,
    IMPACT_EXPONENT,
    IMPACT_Y,
    LEVELS,
    QUANTILES,
    SOURCE,
    Arithmetic,
    horizon_days,
    impact_bps,
    predict,
    residual_bps,
    residual_cdf,
    residual_quantile,
)
from models.features import MISSING, FeatureRow
from models.infer import ModelUnavailable, SchemaMismatch, open_model
from models.prediction import DISTANCES, Prediction
from models.testing import assert_calibrated, assert_monotone, calibration_error
from pricing import estimates
from pricing.numeric import elementary


def _won(prediction: Prediction, distance_bps: float) -> float:
    """Read between the points of the table as pricing reads it, where the log-odds are linear."""
    place = (distance_bps / prediction.half_spread_bps + 4.0) / 0.5
    low = min(int(place), 31)
    here, there = (math.log(p / (1.0 - p)) for p in prediction.win[low : low + 2])
    return 1.0 / (1.0 + math.exp(-(here + (place - low) * (there - here))))


def _costs(prediction: Prediction) -> list[float]:
    pairs = zip(prediction.temporary_bps, prediction.permanent_bps, strict=True)
    return [temporary + permanent for temporary, permanent in pairs]


@pytest.mark.parametrize(
    ("level", "t4"),
    [(0.75, 0.7407), (0.9, 1.5332), (0.95, 2.1318), (0.975, 2.7764), (0.99, 3.7469), (0.999, 7.1732)],
)
def test_residuals_are_student_with_four_degrees(level: float, t4: float) -> None:
    # The printed table of Student's t, scaled to variance one.
    assert residual_quantile(level) * math.sqrt(2.0) == pytest.approx(t4, abs=6e-5)
    assert residual_quantile(1.0 - level) == pytest.approx(-residual_quantile(level))


def test_the_residual_law_has_variance_one_and_heavier_tails_than_a_gaussian() -> None:
    n = 200_000
    draws = [residual_quantile((i + 0.5) / n) for i in range(n)]
    assert math.fsum(draws) / n == pytest.approx(0.0, abs=1e-9)
    assert math.fsum(z * z for z in draws) / n == pytest.approx(1.0, abs=0.01)
    for size, beyond in ((2.0, 0.0474), (4.0, 0.0048)):
        gaussian = math.erfc(size / math.sqrt(2.0))
        tail = 2.0 * residual_cdf(-size)
        assert tail == pytest.approx(beyond, abs=1e-4)
        assert tail > gaussian


def test_impact_is_the_measured_law() -> None:
    whole = row(size_vs_adv_ratio=0.01, sigma_daily_ratio=0.04)
    peak = IMPACT_Y * 400.0 * 0.01**IMPACT_EXPONENT
    assert peak == pytest.approx(33.7, rel=0.06)  # the square root itself gives 33.7 bps
    assert impact_bps(whole) == pytest.approx(peak / (1.0 + IMPACT_EXPONENT))
    assert impact_bps(row(size_vs_adv_ratio=0.0)) == 0.0
    assert impact_bps(row(size_vs_adv_ratio=-1.0)) == 0.0


def test_cost_is_half_spread_plus_impact_plus_risk() -> None:
    asked = row(size_vs_adv_ratio=0.01, sigma_daily_ratio=0.04, half_spread_bps=1.5)
    found = predict(asked)
    median = 1.5 + impact_bps(asked)
    assert _costs(found)[LEVELS.index(0.5)] == pytest.approx(median)
    assert horizon_days(asked) == pytest.approx(0.1)
    assert residual_bps(asked) == pytest.approx(400.0 * math.sqrt(0.1 / 3.0))
    assert _costs(found) == pytest.approx([median + residual_bps(asked) * z for z in QUANTILES])
    assert found.permanent_bps[LEVELS.index(0.5)] == pytest.approx(0.5 * impact_bps(asked))
    assert found.temporary_bps == pytest.approx([1.5 + 0.5 * impact_bps(asked)] * len(LEVELS))


def test_in_units_of_risk_over_the_horizon_cost_is_one_number() -> None:
    # (cost - half spread) / (sigma sqrt T) at a given participation does not know sigma.
    scaled = []
    for sigma in (0.01, 0.03, 0.09):
        asked = row(size_vs_adv_ratio=0.01, sigma_daily_ratio=sigma, half_spread_bps=2.0)
        cost = _costs(predict(asked))
        scaled.append([(c - 2.0) / (sigma * 1e4 * math.sqrt(horizon_days(asked))) for c in cost])
    assert scaled[0] == pytest.approx(scaled[1])
    assert scaled[0] == pytest.approx(scaled[2])


def test_the_horizon_has_bounds() -> None:
    assert horizon_days(row(size_vs_adv_ratio=0.0)) == 30 / 86_400
    assert horizon_days(row(size_vs_adv_ratio=5.0)) == 1.0


def test_an_option_risks_its_delta_and_its_vega() -> None:
    bare = row(size_vs_adv_ratio=1e-3, delta_ratio=0.0, vega_bps_per_vol_point=0.0)
    assert _costs(predict(bare)) == [1.0] * len(LEVELS)  # a box: the screen's half spread only
    delta = row(size_vs_adv_ratio=1e-3, delta_ratio=-0.3, sigma_daily_ratio=0.03)
    assert baselines.daily_risk_bps(delta) == pytest.approx(90.0)
    both = row(size_vs_adv_ratio=1e-3, delta_ratio=0.3, sigma_daily_ratio=0.03, vega_bps_per_vol_point=-50.0)
    assert baselines.daily_risk_bps(both) == pytest.approx(150.0)


def test_rivals_at_the_usual_distance_share_the_trade() -> None:
    for dealers in (2, 3, 5, 10):
        found = predict(row(dealers_asked_count=float(dealers), half_spread_bps=2.0, uncertainty_bps=0.5))
        assert _won(found, 2.5) == pytest.approx(1.0 / dealers)
    assert _won(predict(row(dealers_asked_count=1.0)), 2.0) > 0.5


def test_a_client_who_trades_with_us_is_won_more_often() -> None:
    assert _won(predict(row(hit_ratio=0.6)), 3.0) > _won(predict(row(hit_ratio=0.1)), 3.0)


def test_a_bad_record_costs_and_a_good_one_forgives() -> None:
    def theta(markout: float) -> float:
        return -predict(row(markout_bps_10s=markout, size_vs_adv_ratio=1e-3)).markout_bps[8]

    assert theta(-5.0) > theta(-1.0) > theta(0.0) > theta(0.5)
    assert theta(1e6) == 0.0
    assert theta(-1e6) == 200.0


def test_predictions_are_named() -> None:
    assert predict(row()).source == SOURCE == f"baseline.2:{BASELINE_HASH[:12]}"
    assert len(BASELINE_HASH) == 64


def test_no_size_and_no_screen_is_still_a_prediction() -> None:
    found = predict(
        row(size_vs_adv_ratio=0.0, half_spread_bps=0.0, uncertainty_bps=0.0, sigma_daily_ratio=0.0)
    )
    assert (_costs(found), found.half_spread_bps) == ([0.0] * len(LEVELS), baselines.DISTANCE_MIN_BPS)


def test_what_is_written_out_is_what_the_formulas_give() -> None:
    assert pytest.approx([residual_quantile(level) for level in LEVELS], rel=1e-14, abs=0.0) == QUANTILES
    asked = row(dealers_asked_count=4.0, hit_ratio=0.25, markout_bps_10s=-3.0, size_vs_adv_ratio=0.0)
    found = predict(asked)
    odds = [3.0 * math.exp(baselines.WIN_SLOPE_PER_DISTANCE * (d - 1.0)) for d in DISTANCES]
    assert found.win == pytest.approx([1.0 / (1.0 + one) for one in odds], rel=1e-13)
    known = [-2.1 * math.exp(-baselines.MARKOUT_DECAY_PER_DISTANCE * d) for d in DISTANCES]
    assert found.markout_bps == pytest.approx(known, rel=1e-13)


def test_the_tables_are_those_of_pricing() -> None:
    assert (DISTANCES, LEVELS) == (estimates.DISTANCES, estimates.LEVELS)


def test_whoever_needs_the_same_bits_everywhere_hands_in_exp_and_log() -> None:
    asked: list[str] = []

    def counted(name: str, function: Callable[[float], float]) -> Callable[[float], float]:
        def call(x: float) -> float:
            asked.append(name)
            return function(x)

        return call

    ours = Arithmetic(counted("exp", elementary.exp), counted("log", elementary.log))
    asked_row = row(size_vs_adv_ratio=0.003)
    found, platform = predict(asked_row, ours), predict(asked_row)
    assert sorted(asked) == ["exp", "exp", "log"]
    for field in ("win", "markout_bps", "temporary_bps", "permanent_bps"):
        assert getattr(found, field) == pytest.approx(getattr(platform, field), rel=1e-13)


GOOD = predict(row(size_vs_adv_ratio=1e-3))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"half_spread_bps": 0.0}, "half_spread_bps"),
        ({"half_spread_bps": math.nan}, "half_spread_bps"),
        ({"win": GOOD.win[:-1]}, "win"),
        ({"win": GOOD.win[::-1]}, "win"),
        ({"win": (1.5, *GOOD.win[1:])}, "win"),
        ({"win": (*GOOD.win[:-1], math.nan)}, "win"),
        ({"markout_bps": GOOD.markout_bps[:-1]}, "markout_bps"),
        ({"markout_bps": (1.0, *GOOD.markout_bps[1:])}, "markout_bps"),
        ({"markout_bps": (*GOOD.markout_bps[:-1], math.inf)}, "markout_bps"),
        ({"markout_bps": (math.nan, *GOOD.markout_bps[1:])}, "markout_bps"),
        ({"temporary_bps": GOOD.temporary_bps[:-1]}, "temporary_bps"),
        ({"temporary_bps": (*GOOD.temporary_bps[:-1], math.inf)}, "temporary_bps"),
        ({"permanent_bps": GOOD.permanent_bps[:-1]}, "permanent_bps"),
        ({"permanent_bps": (-math.inf, *GOOD.permanent_bps[1:])}, "permanent_bps"),
        ({"permanent_bps": GOOD.permanent_bps[::-1]}, "permanent_bps"),
    ],
)
def test_no_prediction_without_sense(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        dataclasses.replace(GOOD, **changed)


def test_the_baseline_stands_behind_the_door() -> None:
    scorer = open_model()
    rows = (row(), row(size_vs_adv_ratio=0.1))
    assert scorer.hash == BASELINE_HASH
    assert scorer.predict(rows) == tuple(predict(each) for each in rows)
    assert scorer.predict(()) == ()


def test_the_door_refuses_other_rows_and_models_it_has_not() -> None:
    with pytest.raises(SchemaMismatch, match="0123456789ab"):
        open_model().predict((FeatureRow(schema="0123456789ab", values=MISSING),))
    with pytest.raises(ModelUnavailable, match=r"impact\.pt"):
        open_model("impact.pt")


def test_the_shipped_checks_can_fail() -> None:
    assert_monotone(lambda x: x, [3.0, 1.0, 2.0], rising=True)
    assert_monotone(lambda x: 1.0, [3.0, 1.0, 2.0], rising=False)
    with pytest.raises(AssertionError, match="falling"):
        assert_monotone(lambda x: x, [1.0, 2.0], rising=False)
    with pytest.raises(AssertionError, match="rising"):
        assert_monotone(lambda x: -x, [1.0, 2.0], rising=True, tolerance=0.5)
    even = [(i + 0.5) / 1000 for i in range(1000)]
    assert calibration_error(even) < 0.002
    assert_calibrated(even, tolerance=0.01)
    for skewed in ([p * p for p in even], [0.5] * 10, [math.nan] * 10):
        with pytest.raises(AssertionError, match="calibration error"):
            assert_calibrated(skewed, tolerance=0.1)
