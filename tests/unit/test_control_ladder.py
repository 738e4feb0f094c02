"""The FX ladder of six sizes: exact solution, closed forms, and what each set of quotes is worth."""

import math
from typing import Any

import numpy as np
import pytest

from pricing.control.demand import Demand, Exponential, Logistic
from pricing.control.ladder import (
    Ladder,
    best_quotes,
    common_step,
    evaluate,
    inventories,
    ladder,
    quadratic,
    solve,
)
from pricing.control.ladder_horizon import solve_to
from pricing.control.ladder_quotes import impact_share, linear_quotes, mapped_quotes, myopic_quotes, shape
from pricing.control.skew import skew_table
from pricing.control.tabulated import Tabulated
from pricing.terms import SkewTable

SIZES, RATES = (1, 2, 5, 10, 20, 50), (2000, 800, 600, 400, 100, 50)
MIDDLE = 150


def fx(demand: Demand | None = None, gamma: float = 1e-3, limit: float = 150.0) -> Ladder:
    return ladder(SIZES, RATES, demand or Logistic(-1, 7), sigma=100.0, gamma=gamma, limit=limit)


EXACT = solve(fx())


def test_the_closed_form() -> None:
    known = quadratic(fx())
    assert round(known.distances[0], 6) == 0.223878
    assert round(1.0 / known.passed[0], 6) == 1.567143
    assert round(known.turn, 2) == 15575.49
    assert round(known.risk, 8) == 0.00895848
    assert round(known.omega, 2) == 558.13
    assert round(impact_share(known, 1000.0), 6) == 0.641795
    halves, top = shape(fx())
    assert [round(half, 5) for half in halves] == [0.22959, 0.23531, 0.25246, 0.28104, 0.33821, 0.50970]
    assert round(top, 3) == 0.459


def test_the_exact_value_and_quotes() -> None:
    assert round(-float(EXACT.value[MIDDLE + 1]), 7) == 0.0100031
    assert round(-float(EXACT.value[MIDDLE + 1]) / quadratic(fx()).risk - 1.0, 3) == 0.117
    at_none = EXACT.quotes.bid[MIDDLE]
    assert [round(float(d), 5) for d in at_none[[0, 2, 3, 4, 5]]] == [
        0.23031,
        0.25720,
        0.29383,
        0.38005,
        0.77083,
    ]
    assert EXACT.quotes.offer[MIDDLE] == pytest.approx(at_none, rel=1e-9)
    long = MIDDLE + 20
    assert round(float(EXACT.quotes.bid[long, 0]), 5) == 0.60056
    assert round(float(EXACT.quotes.offer[long, 0]), 5) == 0.03040
    linear = linear_quotes(fx())
    assert round(float(linear.bid[long, 0]), 5) == 0.45825
    assert round(float(linear.offer[long, 0]), 5) == 0.00094


WORTH = {  # objective, P&L a day, root mean square of inventory
    "exact": (1446.19, 1755.5, 7.87),
    "linear": (1371.38, 1869.4, 9.98),
    "mapped": (1424.91, 1852.5, 9.25),
    "myopic": (-35424.0, 2325.6, 86.9),
}


@pytest.mark.parametrize("name", WORTH)
def test_what_quotes_are_worth_for_ever(name: str) -> None:
    one = fx()
    quotes = {"linear": linear_quotes, "mapped": mapped_quotes, "myopic": myopic_quotes}
    score = evaluate(one, EXACT.quotes if name == "exact" else quotes[name](one))
    objective, pnl, rms = WORTH[name]
    assert score.objective == pytest.approx(objective, abs=0.5 if name == "myopic" else 0.005)
    assert round(score.pnl, 1) == pnl
    assert round(score.rms_inventory, 1 if name == "myopic" else 2) == rms
    assert score.share.sum() == pytest.approx(1.0, abs=1e-12)


def test_the_closed_forms_are_worth_their_published_shares() -> None:
    one = fx()
    assert round(evaluate(one, linear_quotes(one)).objective / EXACT.objective, 4) == 0.9483
    assert round(evaluate(one, mapped_quotes(one)).objective / EXACT.objective, 4) == 0.9853


def test_the_objective_of_the_solution_is_what_its_quotes_earn() -> None:
    assert evaluate(fx(), EXACT.quotes).objective == pytest.approx(EXACT.objective, rel=1e-10)


def test_a_short_horizon_comes_to_the_same() -> None:
    found = solve_to(fx(), 0.02)
    assert found.objective == pytest.approx(EXACT.objective, rel=1e-6)
    assert found.quotes.bid[MIDDLE] == pytest.approx(EXACT.quotes.bid[MIDDLE], abs=1e-6)


def test_nothing_beats_the_exact_quotes() -> None:
    one = fx()
    rng = np.random.default_rng(7)
    for scale in (0.003, 0.03):
        bid, offer = (side + scale * rng.standard_normal(side.shape) for side in EXACT.quotes)
        assert evaluate(one, EXACT.quotes._replace(bid=bid, offer=offer)).objective < EXACT.objective


def test_the_solution_solves_its_equation() -> None:
    one = fx(gamma=4e-3)
    found = solve(one)
    q = inventories(one)
    earned = -0.5 * one.gamma * one.sigma**2 * q**2
    for j, (size, rate) in enumerate(zip(SIZES, RATES, strict=True)):
        gap = (found.value[:-size] - found.value[size:]) / size
        earned[:-size] += size * rate * Logistic(-1, 7).best(gap).value
        earned[size:] += size * rate * Logistic(-1, 7).best(-gap).value
        assert best_quotes(one, found.value).bid[:-size, j] == pytest.approx(
            Logistic(-1, 7).best(gap).distance
        )
    assert earned == pytest.approx(np.full(len(q), found.objective), abs=1e-6)


@pytest.mark.parametrize("demand", [Logistic(-1, 7), Exponential(7.0, -1.0)], ids=["logistic", "exponential"])
@pytest.mark.parametrize(
    "distances", [np.linspace(-4, 12, 33), np.linspace(-1, 3, 33)], ids=["wide", "narrow"]
)
def test_a_tabulated_demand_gives_the_same_solution(demand: Demand, distances: np.ndarray) -> None:
    table = Tabulated(distances.tolist(), demand.fill(distances).tolist())
    known, found = solve(fx(demand, limit=80.0)), solve(fx(table, limit=80.0))
    assert found.objective == pytest.approx(known.objective, rel=1e-9)
    assert found.value == pytest.approx(known.value, abs=1e-6)
    for ours, theirs in zip(found.quotes, known.quotes, strict=True):
        quoted = np.isfinite(theirs)
        assert np.abs(ours[quoted] - theirs[quoted]).max() < 1e-6


def test_impact_of_our_own_moves_both_quotes() -> None:
    one = fx()
    still, moved = linear_quotes(one), linear_quotes(one, impact=0.5, impact_decay=1000.0)
    lean = 0.641795 * 0.5 / 1.567143
    assert moved.bid[MIDDLE] - still.bid[MIDDLE] == pytest.approx(np.full(6, lean), rel=1e-5)
    assert moved.offer[MIDDLE] - still.offer[MIDDLE] == pytest.approx(np.full(6, -lean), rel=1e-5)


def test_no_quote_leads_off_the_grid() -> None:
    quotes = EXACT.quotes
    assert (
        math.isinf(quotes.bid[-1, 0]) and math.isinf(quotes.bid[-50, 5]) and math.isfinite(quotes.bid[-51, 5])
    )
    assert math.isinf(quotes.offer[0, 0]) and math.isfinite(quotes.offer[50, 5])


def test_unequal_flow_leans_against_it() -> None:
    one = fx(limit=60.0)
    heavy = one._replace(rungs=tuple(rung._replace(bid_rate=3 * rung.bid_rate) for rung in one.rungs))
    found = solve(heavy)
    assert found.quotes.bid[60, 0] > found.quotes.offer[60, 0]
    assert evaluate(heavy, found.quotes).objective == pytest.approx(found.objective, rel=1e-9)


def test_a_skew_table_is_plain_and_leans_against_inventory() -> None:
    table = skew_table(EXACT.inventory, EXACT.quotes.bid[:, 0], EXACT.quotes.offer[:, 0])
    assert all(type(number) is float for column in table for number in column)
    assert table.inventory == tuple(float(q) for q in range(-149, 150))
    at = table.inventory.index(20.0)
    assert table.half_spread[at] == pytest.approx((0.60056 + 0.03040) / 2, abs=1e-5)
    assert table.skew[at] == pytest.approx((0.03040 - 0.60056) / 2, abs=1e-5)
    assert list(table.skew) == sorted(table.skew, reverse=True)
    with pytest.raises(ValueError, match="both sides"):
        skew_table([0.0], [math.inf], [1.0])


def test_a_policy_can_carry_the_skew() -> None:
    """In the policy's own table it is read back: here in bp and millions, as the example has it."""
    found = skew_table(EXACT.inventory, EXACT.quotes.bid[:, 0], EXACT.quotes.offer[:, 0])
    held = tuple(1e6 * q for q in found.inventory)
    table = SkewTable(held_usd=held, skew_bps=found.skew, source="exact ladder")
    assert table.at(20e6) == pytest.approx((0.03040 - 0.60056) / 2, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"limit": 0.5}, "limit"),
        ({"sigma": -1.0}, "sigma"),
        ({"step": 0.3}, "multiple"),
        ({"limit": 20.0}, "does not fit"),
        ({"step": 0.5}, "a step of 1 fits"),
        ({"rungs": ()}, "none"),
    ],
)
def test_a_wrong_ladder_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        solve(fx()._replace(**change))


def test_the_step_is_the_largest_that_fits() -> None:
    assert common_step([1, 2, 50]) == 1.0
    assert common_step([0.25, 1.5]) == 0.25
    assert common_step([4, 6]) == 2.0
    with pytest.raises(ValueError, match="above zero"):
        common_step([1, 0])


def test_demand_that_ends_flat_is_solved_at_its_end() -> None:
    table = Tabulated([-4.0, -1.0, 0.0, 0.5], [0.9, 0.9, 0.2, 0.2])
    one = ladder(SIZES[:4], RATES[:4], table, sigma=100.0, gamma=1e-3, limit=30.0)
    found = solve(one)
    assert float(found.quotes.bid[30, 0]) == 0.5
    assert float(found.quotes.offer[59, 0]) < 0.0
    assert evaluate(one, found.quotes).objective == pytest.approx(found.objective, rel=1e-9)


def test_flow_that_never_comes_back_is_refused() -> None:
    one = fx(limit=60.0)
    with pytest.raises(ValueError, match="never reached"):
        solve(
            one._replace(rungs=tuple(rung._replace(bid_rate=0.0, offer_rate=0.0) for rung in one.rungs[:1]))
        )
