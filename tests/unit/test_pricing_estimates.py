"""Estimates are valid by construction; their curves say what they should."""

import math
from typing import Any

import pytest
from pricing_cases import ESTIMATES, estimates

from pricing.estimates import cost_at, markout, median_cost, percentile, win_probability

NAN = float("nan")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"levels": ()}, "levels"),
        ({"levels": (0.5,), "cost_bps": (1.0,)}, "levels"),
        ({"levels": (0.0, 0.25, 0.5, 0.75, 0.95)}, "levels"),
        ({"levels": (0.05, 0.25, 0.5, 0.75, 1.0)}, "levels"),
        ({"levels": (0.05, 0.5, 0.25, 0.75, 0.95)}, "levels"),
        ({"levels": (0.05, 0.25, 0.25, 0.75, 0.95)}, "levels"),
        ({"levels": (NAN, 0.25, 0.5, 0.75, 0.95)}, "levels"),
        ({"cost_bps": (1.0, 2.0, 3.0, 4.0)}, "cost_bps"),
        ({"cost_bps": (1.0, 0.0, 3.0, 4.0, 5.0)}, "cost_bps"),
        ({"cost_bps": (1.0, 2.0, 3.0, 4.0, math.inf)}, "cost_bps"),
        ({"cost_bps": (1.0, 2.0, NAN, 4.0, 5.0)}, "cost_bps"),
        ({"permanent_share": 1.01}, "permanent_share"),
        ({"permanent_share": -0.01}, "permanent_share"),
        ({"permanent_share": NAN}, "permanent_share"),
        ({"win_intercept": NAN}, "win_intercept"),
        ({"win_slope": 0.0}, "win_slope"),
        ({"win_slope": math.inf}, "win_slope"),
        ({"markout_theta_bps": -0.1}, "markout_theta_bps"),
        ({"markout_theta_bps": NAN}, "markout_theta_bps"),
        ({"markout_beta": 0.0}, "markout_beta"),
        ({"markout_beta": NAN}, "markout_beta"),
    ],
)
def test_no_estimates_without_sense(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        estimates(**changed)


def test_percentiles_at_and_between_the_quantiles() -> None:
    assert [percentile(ESTIMATES, cost) for cost in ESTIMATES.cost_bps] == pytest.approx(ESTIMATES.levels)
    assert percentile(ESTIMATES, 1.25) == pytest.approx(0.375)


def test_the_tails_start_with_the_density_of_their_neighbours() -> None:
    step = 1e-6
    for edge, inside in ((-4.0, 0.2 / 4.5), (9.0, 0.2 / 5.5)):
        for sign in (-1, 1):
            slope = (percentile(ESTIMATES, edge + sign * step) - percentile(ESTIMATES, edge)) / (sign * step)
            assert slope == pytest.approx(inside, rel=1e-3)


def test_the_tails_stay_inside() -> None:
    assert 0.0 < percentile(ESTIMATES, -1e9) < 1e-6
    assert 1.0 - 1e-6 < percentile(ESTIMATES, 1e9) < 1.0


def test_a_cost_without_doubt_is_a_step() -> None:
    sure = estimates(cost_bps=(2.0,) * 5)
    assert percentile(sure, 1.999) < 1e-6
    assert percentile(sure, 2.0) == pytest.approx(0.95)
    assert percentile(sure, 2.001) > 1 - 1e-6
    partly = estimates(cost_bps=(-1.0, 2.0, 2.0, 2.0, 3.0))
    assert percentile(partly, 2.0) == pytest.approx(0.75)
    assert percentile(partly, math.nextafter(2.0, 0.0)) == pytest.approx(0.25)


def test_cost_at_a_level() -> None:
    assert median_cost(ESTIMATES) == 2.0
    assert cost_at(ESTIMATES, 0.625) == pytest.approx(2.75)
    assert cost_at(ESTIMATES, 0.001) == -4.0
    assert cost_at(ESTIMATES, 0.999) == 9.0
    assert cost_at(ESTIMATES, 0.95) == 9.0
    assert median_cost(estimates(levels=(0.2, 0.4), cost_bps=(0.0, 1.0))) == 1.0


def test_win_probability_and_markout() -> None:
    assert win_probability(ESTIMATES, 0.875) == pytest.approx(0.5)
    assert win_probability(ESTIMATES, 1e6) == 0.0
    assert win_probability(ESTIMATES, -1e6) == 1.0
    assert markout(ESTIMATES, 0.0) == -0.4
    assert markout(ESTIMATES, 4.0) == pytest.approx(-0.4 / math.e)
    assert math.isfinite(markout(ESTIMATES, -1e9))
