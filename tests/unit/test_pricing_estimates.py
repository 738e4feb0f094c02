"""Estimates are valid by construction; their curves say what they should, between the points and beyond them."""

import math
from typing import Any

import pytest
from pricing_cases import COSTS, ESTIMATES, estimates, logistic

from pricing.estimates import (
    DISTANCES,
    LEVELS,
    TAIL_SLOPE,
    WIN_SMALL,
    cost_at,
    costs_bps,
    markout,
    median_cost,
    percentile,
    win_probability,
)

NAN = float("nan")
WIN, MARKOUTS = ESTIMATES.win, ESTIMATES.markout_bps
TEMPORARY, PERMANENT = ESTIMATES.temporary_bps, ESTIMATES.permanent_bps


def test_the_grid_is_the_one_that_was_agreed() -> None:
    assert len(DISTANCES) == 33
    assert (DISTANCES[0], DISTANCES[1], DISTANCES[8], DISTANCES[-1]) == (-4.0, -3.5, 0.0, 12.0)
    assert LEVELS == (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"half_spread_bps": 0.0}, "half_spread_bps"),
        ({"half_spread_bps": NAN}, "half_spread_bps"),
        ({"half_spread_bps": math.inf}, "half_spread_bps"),
        ({"win": WIN[:-1]}, "win"),
        ({"win": (1.1, *WIN[1:])}, "win"),
        ({"win": (*WIN[:-1], -0.1)}, "win"),
        ({"win": WIN[::-1]}, "win"),
        ({"win": (*WIN[:4], NAN, *WIN[5:])}, "win"),
        ({"win": (NAN, *WIN[1:])}, "win"),
        ({"markout_bps": MARKOUTS[:-1]}, "markout_bps"),
        ({"markout_bps": MARKOUTS[::-1]}, "markout_bps"),
        ({"markout_bps": (*MARKOUTS[:-1], math.inf)}, "markout_bps"),
        ({"markout_bps": (-math.inf, *MARKOUTS[1:])}, "markout_bps"),
        ({"markout_bps": (*MARKOUTS[:4], NAN, *MARKOUTS[5:])}, "markout_bps"),
        ({"temporary_bps": TEMPORARY[:-1]}, "temporary_bps"),
        ({"temporary_bps": (*TEMPORARY[:-1], math.inf)}, "temporary_bps"),
        ({"permanent_bps": PERMANENT[:-1]}, "permanent_bps"),
        ({"permanent_bps": (NAN, *PERMANENT[1:])}, "permanent_bps"),
        ({"permanent_bps": PERMANENT[::-1]}, "permanent_bps: temporary and permanent cost together fall"),
        (
            {"temporary_bps": (9.0, *TEMPORARY[1:])},
            "permanent_bps: temporary and permanent cost together fall",
        ),
    ],
)
def test_no_estimates_without_sense(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        estimates(**changed)


def test_one_part_of_cost_may_fall_while_the_whole_rises() -> None:
    found = estimates(temporary_bps=tuple(-c / 2 for c in COSTS), permanent_bps=tuple(1.5 * c for c in COSTS))
    assert costs_bps(found) == pytest.approx(COSTS)


def test_win_is_read_exactly_from_a_logistic_between_its_points_and_beyond() -> None:
    for intercept, slope, half in ((-0.7, 0.8, 1.0), (0.7, 0.3, 4.0), (-2.0, 15.0, 0.2)):
        numbers = logistic(intercept, slope, half=half)
        for place in range(-40, 200):
            d = half * place / 10.0
            assert win_probability(numbers, d) == pytest.approx(
                1.0 / (1.0 + math.exp(intercept + slope * d)), rel=1e-9
            )


def test_win_at_its_points_before_the_first_and_far_beyond_the_last() -> None:
    for distance, won in zip(DISTANCES, WIN, strict=True):
        assert win_probability(ESTIMATES, distance) == pytest.approx(won, rel=1e-14)
    assert win_probability(ESTIMATES, -4.1) == win_probability(ESTIMATES, -1e9) == WIN[0]
    assert win_probability(ESTIMATES, 1e6) == 0.0


def test_a_curve_that_is_flat_or_empty_still_has_a_tail_that_falls() -> None:
    flat = estimates(win=(0.4,) * 33)
    assert win_probability(flat, 11.0) == pytest.approx(0.4)
    odds = math.exp(-TAIL_SLOPE * 4.0) * 0.4 / 0.6
    assert win_probability(flat, 16.0) == pytest.approx(odds / (1.0 + odds))
    never = estimates(win=(0.0,) * 33)
    assert 0.0 <= win_probability(never, 3.0) < WIN_SMALL
    cliff = estimates(win=(1.0,) * 20 + (0.0,) * 13)
    assert win_probability(cliff, DISTANCES[19]) == pytest.approx(1.0)
    assert win_probability(cliff, DISTANCES[20]) < WIN_SMALL


def test_markout_is_linear_between_its_points_and_flat_beyond_them() -> None:
    for distance, known in zip(DISTANCES, MARKOUTS, strict=True):
        assert markout(ESTIMATES, distance) == known
    assert markout(ESTIMATES, 0.25) == pytest.approx((MARKOUTS[8] + MARKOUTS[9]) / 2)
    assert markout(ESTIMATES, -1e9) == MARKOUTS[0]
    assert markout(ESTIMATES, 1e9) == MARKOUTS[-1]
    wide = logistic(half=3.0)
    assert markout(wide, 3.0) == pytest.approx(-0.4 * math.exp(-0.75))
    lost = estimates(win=(0.5,) * 9 + (0.0,) * 24)  # nothing is known of what is never won
    assert markout(lost, 12.0) == MARKOUTS[9]


def test_percentiles_at_and_between_the_quantiles() -> None:
    assert [percentile(ESTIMATES, cost) for cost in COSTS] == pytest.approx(LEVELS)
    assert percentile(ESTIMATES, 1.25) == pytest.approx(0.375)


def test_the_tails_start_with_the_density_of_their_neighbours() -> None:
    step = 1e-6
    for edge, inside in ((-8.0, 0.04 / 4.0), (14.0, 0.04 / 5.0)):
        for sign in (-1, 1):
            slope = (percentile(ESTIMATES, edge + sign * step) - percentile(ESTIMATES, edge)) / (sign * step)
            assert slope == pytest.approx(inside, rel=1e-3)


def test_the_tails_stay_inside() -> None:
    assert 0.0 < percentile(ESTIMATES, -1e9) < 1e-6
    assert 1.0 - 1e-6 < percentile(ESTIMATES, 1e9) < 1.0


def test_a_cost_without_doubt_is_a_step() -> None:
    sure = logistic(costs=(2.0,) * 9)
    assert percentile(sure, 1.999) < 1e-6
    assert percentile(sure, 2.0) == pytest.approx(0.99)
    assert percentile(sure, 2.001) > 1 - 1e-6
    partly = logistic(costs=(-1.0, *(2.0,) * 7, 3.0))
    assert percentile(partly, 2.0) == pytest.approx(0.95)
    assert percentile(partly, math.nextafter(2.0, 0.0)) == pytest.approx(0.05)


def test_cost_at_a_level() -> None:
    assert median_cost(ESTIMATES) == 2.0
    assert cost_at(ESTIMATES, 0.625) == pytest.approx(2.75)
    assert cost_at(ESTIMATES, 0.001) == -8.0
    assert cost_at(ESTIMATES, 0.999) == cost_at(ESTIMATES, 0.99) == 14.0
    assert [cost_at(ESTIMATES, level) for level in LEVELS] == list(COSTS)
