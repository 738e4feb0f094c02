"""Laws of optimal quoting, for any parameters."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.control import execution, glft, heston, last_look, panel, riccati, transient
from pricing.control.demand import Demand, Exponential, Logistic
from pricing.control.ladder import Ladder, evaluate, inventories, ladder, solve
from pricing.control.ladder_quotes import linear_quotes, mapped_quotes, myopic_quotes
from pricing.control.tabulated import Tabulated

GRID = np.linspace(-4.0, 12.0, 33)


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


logistic = st.builds(Logistic, between(-3.0, 3.0), between(0.2, 8.0))
exponential = st.builds(Exponential, between(0.2, 4.0), between(-1.0, 1.0))
demands = st.one_of(logistic, exponential)
tables = st.lists(between(0.0, 1.0), min_size=33, max_size=33).map(lambda fills: sorted(fills, reverse=True))
seeds = st.integers(0, 2**32 - 1)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True))
    rates = [draw(between(1.0, 50.0)) for _ in sizes]
    return ladder(
        sizes, rates, draw(demands), sigma=draw(between(0.1, 2.0)), gamma=draw(between(0.01, 1.0)), limit=15
    )


@given(demand=demands, cost=between(-2.0, 5.0), rest=between(-5.0, 5.0))
def test_no_distance_beats_the_best(demand: Demand, cost: float, rest: float) -> None:
    best = demand.best(cost)
    assert float(best.fill) * (float(best.distance) - cost) == math.inf or math.isclose(
        float(best.fill) * (float(best.distance) - cost), float(best.value), rel_tol=1e-9
    )
    other = float(best.distance) + rest
    assert float(demand.fill(other)) * (other - cost) <= float(best.value) * (1.0 + 1e-12)


@given(demand=demands, cost=between(-2.0, 5.0))
def test_the_values_derivatives_are_the_fill_and_the_curvature(demand: Demand, cost: float) -> None:
    step = 1e-5
    here, up, down = (demand.best(cost + shift) for shift in (0.0, step, -step))
    scale = float(down.fill)
    assert abs((float(up.value) - float(down.value)) / (2 * step) + float(here.fill)) <= 1e-6 * scale * 100
    bend = (float(down.fill) - float(up.fill)) / (2 * step)
    assert math.isclose(bend, float(here.curvature), rel_tol=1e-5)


@given(demand=demands, cost=between(-2.0, 5.0))
def test_a_table_of_33_points_is_as_good_as_the_curve(demand: Demand, cost: float) -> None:
    table = Tabulated(GRID.tolist(), demand.fill(GRID).tolist())
    for known, found in zip(demand.best(cost), table.best(np.array(cost)), strict=True):
        assert abs(float(found) - float(known)) <= 1e-6 * max(1.0, abs(float(known)))


@given(fills=tables.filter(lambda fills: fills[0] > 1e-6), cost=between(-2.0, 13.0))
def test_nothing_on_a_table_beats_its_best(fills: list[float], cost: float) -> None:
    table = Tabulated(GRID.tolist(), fills)
    best = table.best(np.array([cost, cost + 0.1]))
    distances = np.concatenate([np.linspace(-8.0, 12.0, 2001), GRID])
    assert float((table.fill(distances) * (distances - cost)).max()) <= float(best.value[0]) + 1e-7
    assert (best.value >= 0.0).all() and best.value[1] <= best.value[0] + 1e-12
    assert (np.diff(table.fill(np.sort(distances))) <= 1e-12).all()


@settings(max_examples=12)
@given(one=ladders(), seed=seeds)
def test_no_quotes_beat_the_solution_and_it_is_symmetric(one: Ladder, seed: int) -> None:
    found = solve(one)
    best = evaluate(one, found.quotes)
    assert math.isclose(best.objective, found.objective, rel_tol=1e-7, abs_tol=1e-7)
    assert np.allclose(found.value, found.value[::-1], rtol=1e-7, atol=1e-7)
    noise = np.random.default_rng(seed)
    moved = [side + 0.1 * noise.standard_normal(side.shape) for side in found.quotes]
    for other in (type(found.quotes)(*moved), linear_quotes(one), mapped_quotes(one), myopic_quotes(one)):
        assert evaluate(one, other).objective <= found.objective + 1e-7 * (1.0 + abs(found.objective))
    long = int(np.abs(inventories(one) - one.limit / 2).argmin())
    assert found.quotes.bid[long, 0] >= found.quotes.offer[long, 0] - 1e-7


@settings(max_examples=12)
@given(one=ladders())
def test_more_risk_aversion_never_earns_more(one: Ladder) -> None:
    assert solve(one._replace(gamma=2.0 * one.gamma)).objective <= solve(one).objective + 1e-9


@settings(max_examples=40)
@given(
    sigma=between(0.05, 1.0),
    rate=between(0.2, 5.0),
    decay=between(0.1, 2.0),
    gamma=between(0.0, 0.2),
    time=between(0.0, 500.0),
)
def test_unit_quotes_lean_against_inventory_alike_on_both_sides(
    sigma: float, rate: float, decay: float, gamma: float, time: float
) -> None:
    found = glft.exact(glft.UnitMarket(sigma, rate, decay, gamma, 12), time)
    assert np.allclose(found.bid[:-1], found.offer[1:][::-1], rtol=1e-9, atol=1e-9)
    assert (np.diff(found.bid[:-1]) >= -1e-9).all()


@settings(max_examples=50)
@given(seed=seeds, count=st.integers(1, 5), gamma=between(0.001, 10.0))
def test_the_riccati_closed_form_solves_its_equation(seed: int, count: int, gamma: float) -> None:
    rng = np.random.default_rng(seed)
    square = rng.standard_normal((count, count))
    covariance, turn = square @ square.T, rng.uniform(0.5, 50.0, count)
    risk = riccati.stationary(covariance, gamma, turn)
    assert np.allclose(2.0 * risk @ np.diag(turn) @ risk, 0.5 * gamma * covariance, rtol=1e-7, atol=1e-9)
    early = riccati.before_end(covariance, gamma, turn, 0.1)
    assert np.linalg.eigvalsh(risk - early).min() >= -1e-9


@given(decay=between(0.2, 5.0), noise=between(1e-3, 3.0), rest=between(-2.0, 2.0))
def test_no_margin_under_last_look_is_better(decay: float, noise: float, rest: float) -> None:
    best = noise * last_look.best_margin(noise, decay)
    earned = last_look.worth(best, noise)
    other = last_look.worth(best + rest, noise) * math.exp(-decay * rest)
    assert other <= earned * (1.0 + 1e-9)


@given(count=st.integers(2, 12), error=between(0.1, 5.0))
def test_another_dealer_makes_the_winner_earn_less(count: int, error: float) -> None:
    assert panel.client_cost(count + 1, error, 0.0) < panel.client_cost(count, error, 0.0)
    assert panel.expected_best(count + 1) > panel.expected_best(count)


@given(seed=seeds, aversion=between(1e-8, 1e-5))
def test_no_schedule_beats_almgren_and_chriss(seed: int, aversion: float) -> None:
    order = execution.Order(1e6, 5.0, 10, 0.95, 0.0625, 2.5e-7, 2.5e-6)
    best = execution.almgren_chriss(order, aversion)
    moved = best.holdings.copy()
    moved[1:-1] += 1e4 * np.random.default_rng(seed).standard_normal(9)
    mean, sd = execution.cost_of(order, moved)
    assert mean + aversion * sd**2 >= (best.mean + aversion * best.sd**2) * (1.0 - 1e-12)
    assert (np.diff(best.holdings) < 0.0).all()


@given(exponent=between(0.05, 0.95), seed=seeds)
def test_no_trades_beat_the_best_against_a_decaying_kernel(exponent: float, seed: int) -> None:
    times, kernel = np.linspace(0.0, 1.0, 9), transient.power(exponent)
    found = transient.best_trades(kernel, times)
    moved = found.amounts + np.diff(np.random.default_rng(seed).standard_normal(10)) * 0.05
    moved += (1.0 - moved.sum()) / 9.0
    assert transient.cost(kernel, times, moved) >= found.cost * (1.0 - 1e-12)
    assert np.allclose(found.amounts, found.amounts[::-1])


@settings(max_examples=50)
@given(strike=between(7.0, 14.0), years=between(0.2, 3.0), correlation=between(-0.9, 0.9))
def test_calls_are_within_their_bounds_and_fall_with_the_strike(
    strike: float, years: float, correlation: float
) -> None:
    model = heston.Heston(10.0, 0.04, 2.0, 0.04, 0.3, correlation)
    low, high = heston.call(model, strike, years), heston.call(model, strike + 0.1, years)
    assert max(10.0 - strike, 0.0) - 1e-7 <= high.price + 0.1 and low.price <= 10.0
    assert -1e-7 <= low.price - high.price <= 0.1 + 1e-7
    assert low.vega >= -1e-6
