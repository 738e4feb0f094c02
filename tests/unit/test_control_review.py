"""Control models away from the published examples: other limits, other methods, and what is refused."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from pricing.control import (
    avellaneda,
    execution,
    fair_transfer,
    glft,
    heston,
    last_look,
    multi_currency,
    options_book,
    panel,
    perpetual,
    riccati,
    transient,
    win_score,
)
from pricing.control.demand import Exponential, Logistic
from pricing.control.gaussian import cdf, gain, gain_share
from pricing.control.ladder import Ladder, Rung, inventories, ladder, solve
from pricing.control.ladder_horizon import solve_to


def two_rungs(sigma: float = 20.0, limit: float = 30.0) -> Ladder:
    rungs = (Rung(1.0, 50.0, 50.0, Exponential(2.0)), Rung(2.0, 20.0, 20.0, Exponential(1.0, 0.5)))
    return Ladder(rungs, sigma, 0.05, limit)


@pytest.mark.parametrize("aversion", [0.0, 1e-12, 1e-7, 1e-3])
@pytest.mark.parametrize("steps", [2, 7])
def test_a_schedule_under_drift_is_the_minimum_found_by_linear_algebra(aversion: float, steps: int) -> None:
    order = execution.Order(1e6, 5.0, steps, 0.95, 0.0625, 2.5e-8, 2.5e-6)
    tau, drift = 5.0 / steps, 0.02
    each = (2.5e-6 - 1.25e-8 * tau) / tau
    sold = np.eye(steps, steps - 1, -1) - np.eye(steps, steps - 1)
    first = np.zeros(steps)
    first[0] = 1e6
    rows = 2.0 * each * sold.T @ sold + 2.0 * aversion * 0.95**2 * tau * np.eye(steps - 1)
    known = np.linalg.solve(rows, drift * tau - 2.0 * each * sold.T @ first)
    found = execution.almgren_chriss(order, aversion, drift).holdings
    assert found[1:-1] == pytest.approx(known, rel=1e-9, abs=1e-3)
    assert found[[0, -1]].tolist() == pytest.approx([1e6, 0.0])


def test_a_cost_without_doubt_is_beyond_a_limit_or_is_not() -> None:
    assert execution.tail(5.0, 0.0, 4.0).beyond == 1.0
    assert execution.tail(5.0, 0.0, 6.0) == (0.0, 5.0, 5.0)


@pytest.mark.parametrize(
    "urgency",
    [
        execution.Urgency(0.1, 0.0, 0.5, 0.0),
        execution.Urgency(0.1, 0.2, 0.5, 0.1),
        execution.Urgency(0.1, 0.4, 0.5, 0.1),
    ],
)
def test_feedback_with_little_penalty_at_the_end(urgency: execution.Urgency) -> None:
    """ζ is minus one, less, or a fraction there: the formula with its own ζ."""
    g = math.sqrt(urgency.running / urgency.temporary)
    final, both = (
        urgency.final - 0.5 * urgency.permanent,
        math.sqrt(urgency.temporary * urgency.running),
    )
    zeta = (final + both) / (final - both)
    for time in (0.0, 1.3, 2.0):
        up, down = math.exp(g * (2.0 - time)), math.exp(-g * (2.0 - time))
        known = g * (zeta * up + down) / (zeta * math.exp(2.0 * g) - math.exp(-2.0 * g))
        assert execution.feedback_rate(urgency, 1.0, 2.0, time) == pytest.approx(known, rel=1e-12, abs=1e-15)


PERPETUALS = [
    perpetual.Perpetual(0.1, 0.0, 1.0, 0.5, 5.0, 1.0),
    perpetual.Perpetual(0.1, 1e-9, 1.0, 0.5, 5.0, 1.0),
    perpetual.Perpetual(0.1, 0.1, 1.0, 0.0, 0.0, 1.0),
    perpetual.Perpetual(2.0, 0.3, 0.0, 0.0, 1.0, 3.0),
]


@pytest.mark.parametrize("one", PERPETUALS)
def test_the_perpetual_against_its_riccati_equations(one: perpetual.Perpetual) -> None:
    """Cost A q² + B q z + C z² back from α q²: without permanent impact, without funding, without penalties."""
    k, b = one.temporary, one.permanent

    def speed(state: np.ndarray) -> np.ndarray:
        on_q, on_z = 2.0 * state[0] - b + b * state[1], state[1] + 2.0 * b * state[2]
        terms = one.running - on_q**2 / (4 * k), one.funding - on_q * on_z / (2 * k), -(on_z**2) / (4 * k)
        return -np.array(terms)

    a, both, gap = riccati.backwards(speed, np.array([one.final, 0.0, 0.0]), one.horizon)
    for q, z in ((1.0, 0.0), (0.0, 1.0), (1.0, 0.5)):
        known = -((2.0 * a - b + b * both) * q + (both + 2.0 * b * gap) * z) / (2.0 * k)
        assert perpetual.rate(one, 0.0, q, z) == pytest.approx(known, rel=1e-8, abs=1e-12)


def test_a_heavy_final_penalty_is_not_cut_off() -> None:
    found = glft.penalised(glft.PenaltyMarket(140.0, 1.5, 0.01, 2.0, 25), 0.0)
    assert found.value.tolist() == (-2.0 * np.arange(-25.0, 26.0) ** 2).tolist()


def test_a_ladder_with_exponential_demand_and_much_risk_is_stable_in_time() -> None:
    """Explicit steps once ended at 1e306 here."""
    one = two_rungs()
    forever, found = solve(one), solve_to(one, 1.0)
    assert found.objective == pytest.approx(forever.objective, rel=1e-9)
    assert found.value == pytest.approx(forever.value, rel=1e-9, abs=1e-9)


def test_a_short_horizon_is_that_of_very_many_small_steps() -> None:
    one = ladder((1, 3), (50, 20), Logistic(-1, 7), sigma=20.0, gamma=1e-3, limit=20.0)
    q, value, steps = inventories(one), np.zeros(41), 5000
    for _ in range(steps):
        growth = -0.5 * 1e-3 * 400.0 * q**2
        for size, rate in ((1, 50.0), (3, 20.0)):
            gap = (value[:-size] - value[size:]) / size
            growth[:-size] += size * rate * Logistic(-1, 7).best(gap).value
            growth[size:] += size * rate * Logistic(-1, 7).best(-gap).value
        value = value + 0.05 / steps * growth
    assert solve_to(one, 0.05).value == pytest.approx(value - value[20], rel=2e-4, abs=2e-4)


HESTON = [  # QuantLib's AnalyticHestonEngine
    (heston.Heston(10.0, 0.0225, 3.0, 0.04, 1.0, -0.9), 8.0, 1.0, 2.1716134231355158),
    (heston.Heston(100.0, 0.04, 0.5, 0.04, 1.5, -0.95), 150.0, 1.0, 2.0274541171261e-05),
    (heston.Heston(100.0, 0.04, 0.5, 0.04, 1.5, 0.95), 150.0, 10.0, 16.06073550321645),
    (heston.Heston(100.0, 0.04, 0.0, 0.04, 0.5, -0.3), 120.0, 900 / 365, 2.9956080767737774),
]


@pytest.mark.parametrize(("model", "strike", "years", "price"), HESTON)
def test_calls_far_from_blacks_world(model: heston.Heston, strike: float, years: float, price: float) -> None:
    assert heston.call(model, strike, years).price == pytest.approx(price, rel=1e-9)


def test_calls_without_vol_of_vol_are_blacks() -> None:
    sd = math.sqrt(0.04 * 0.5 + 0.05 * (1.0 - math.exp(-1.0)) / 2.0)
    black = 100.0 * float(cdf(0.5 * sd) - cdf(-0.5 * sd))
    for xi in (0.0, 1e-9):
        model = heston.Heston(100.0, 0.09, 2.0, 0.04, xi, -0.7)
        assert heston.call(model, 100.0, 0.5).price == pytest.approx(black, rel=1e-9)


def test_a_right_far_out_of_the_money_keeps_its_digits() -> None:
    for x in (-12.0, -12.0001, -20.0):
        known = 2.0**-400 + float(gain(x))
        step = 1e-5
        slope = (float(gain(x + step)) - float(gain(x - step))) / (2.0 * step)
        assert slope == pytest.approx(float(cdf(x)), rel=1e-7)
        assert gain_share(x) == pytest.approx(known / float(cdf(x)), rel=1e-12)
    assert float(gain(np.nextafter(-12.0, -13.0))) == pytest.approx(float(gain(-12.0)), rel=1e-12)
    assert gain_share(-1e4) == pytest.approx(1e-4 * (1.0 - 2e-8), rel=1e-12)


def test_riccati_goes_on_for_ever_without_more_work() -> None:
    demand = riccati.Flow(np.array([900.0, 30.0]), np.zeros(2), np.zeros(2))
    covariance = np.array([[4.0, -3.6], [-3.6, 9.0]])
    known = riccati.stationary(covariance, 0.02, demand.turn)
    assert riccati.solve(demand, covariance, 0.02, 1e6).risk == pytest.approx(known, rel=1e-9)


def eurusd(**changed: float) -> multi_currency.Pair:
    return multi_currency.Pair(1, 0, (1.0,), (9.0,), (Logistic(-1, 7),), 0.1, 0.1)._replace(**changed)  # type: ignore[arg-type]


DESK = multi_currency.Currencies(np.diag([0.0, 1.0]), 1.0, (eurusd(),), (0.0, 0.0))
UNIT = glft.UnitMarket(0.3, 0.9, 0.3, 0.01, 5)
ORDER = execution.Order(1e6, 5.0, 5, 0.95, 0.0625, 2.5e-7, 2.5e-6)
MODEL = heston.Heston(10.0, 0.04, 2.0, 0.04, 0.3, -0.5)
STEP = last_look.Step(1.0, 10.0, 2.0)
CHAIN = fair_transfer.four_states(10.0, 40.0, 2.0, 3.0)
REQUESTS = fair_transfer.Requests(CHAIN, (1.0,), (1.0,), Logistic(-1, 3), 1.0, 0.1, 0.0)
BOOK = options_book.Book(
    (options_book.Contract(1.0, 1.0, 1e9, Logistic(0, 1)),),
    options_book.Drift(1, 0.04),
    options_book.Drift(1, 0.04),
    0.0,
    1.0,
    10.0,
    1.0,
)
GRID = options_book.grid(10, 0.01, 0.09, 3, 10.0, 5)
NAN = math.nan

REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("decay", lambda: avellaneda.spread(0.1, 2.0, 0.0, 1.0)),
    ("gamma", lambda: avellaneda.spread(-0.1, 2.0, 1.5, 1.0)),
    ("time_left", lambda: avellaneda.reservation(0.0, 1.0, 0.1, 2.0, -1.0)),
    ("base_rate", lambda: glft.asymptotic(UNIT._replace(base_rate=0.0), 0.0)),
    ("gamma", lambda: glft.exact(UNIT._replace(gamma=NAN), 1.0)),
    ("largest", lambda: glft.exact(UNIT._replace(largest=10**6), 1.0)),
    ("final", lambda: glft.penalised(glft.PenaltyMarket(1.0, 1.0, 0.1, -1.0, 5), 1.0)),
    ("risk_aversion", lambda: execution.almgren_chriss(ORDER, -1e-6)),
    ("horizon", lambda: execution.almgren_chriss(ORDER._replace(horizon=0.0), 1e-6)),
    ("steps", lambda: execution.almgren_chriss(ORDER._replace(steps=0), 1e-6)),
    ("risk_aversion", lambda: execution.drift_shift(0.1, 0.0, 1.0)),
    ("final", lambda: execution.feedback_rate(execution.Urgency(0.1, 2.0, 0.0, 0.0), 1.0, 1.0, 0.0)),
    ("time", lambda: perpetual.rate(PERPETUALS[0], 2.0, 1.0, 0.0)),
    ("final", lambda: perpetual.rate(perpetual.Perpetual(0.1, 9.0, 0.0, 0.0, 0.0, 1.0), 0.0, 1.0, 0.0)),
    ("kernel", lambda: transient.best_trades(transient.exponential(1.0), [0.0, 0.0, 1.0])),
    ("kernel", lambda: transient.best_trades(lambda t: 1.0 + 0.3 * t, [0.0, 0.5, 1.0])),
    ("decay", lambda: transient.obizhaeva_wang(-1.0, 1.0)),
    ("latency", lambda: last_look.look([STEP], sigma=1.0, gamma=0.1, toxicity=0.0, latency=-1.0)),
    ("toxicity", lambda: last_look.look([STEP], sigma=1.0, gamma=0.1, toxicity=NAN, latency=0.0)),
    ("rate", lambda: last_look.look([STEP], sigma=1.0, gamma=0.1, toxicity=1e5, latency=0.0)),
    ("toxicity", lambda: win_score.myopic([win_score.Tier(1, 0, 1, 5, 0.3)], NAN)),
    ("turn", lambda: win_score.inventory_risk(1.0, 1.0, 0.0)),
    ("error", lambda: panel.client_cost(3, -1.0, 0.1)),
    ("strike", lambda: heston.call(MODEL, -1.0, 1.0)),
    ("correlation", lambda: heston.call(MODEL._replace(correlation=1.5), 10.0, 1.0)),
    ("covariance", lambda: riccati.solve(riccati.Flow(*[np.ones(1)] * 3), np.array([[NAN]]), 1.0, 1.0)),
    ("time_left", lambda: riccati.solve(riccati.Flow(*[np.ones(1)] * 3), np.eye(1), 1.0, -1.0)),
    ("turn", lambda: riccati.before_end(np.eye(1), 1.0, np.zeros(1), 1.0)),
    ("first", lambda: multi_currency.solve(DESK._replace(pairs=(eurusd(first=2),)), 1.0)),
    (
        "eta",
        lambda: multi_currency.hedge_rate(DESK, multi_currency.solve(DESK, 0.1), eurusd(eta=0.0), (0, 9)),
    ),
    ("weights", lambda: fair_transfer.solve(REQUESTS._replace(weights=(0.5,)), 1.0)),
    ("generator", lambda: fair_transfer.stationary(np.zeros((2, 2)))),
    ("generator", lambda: fair_transfer.half_life(np.zeros((1, 1)))),
    ("low", lambda: options_book.grid(10, 0.0, 0.09, 3, 10.0, 5)),
    ("largest_vega", lambda: options_book.solve(BOOK, options_book.grid(10, 0.01, 0.09, 3, 9.0, 5))),
    ("steps", lambda: options_book.solve(BOOK, GRID)),
    ("limit", lambda: ladder((1,), (1,), Logistic(0, 1), sigma=1.0, gamma=1.0, limit=1e7)),
    ("bid_rate", lambda: ladder((1,), (NAN,), Logistic(0, 1), sigma=1.0, gamma=1.0, limit=5.0)),
    ("a: nan", lambda: Logistic(NAN, 1.0)),
    ("horizon", lambda: solve_to(two_rungs(), 1e9)),
]


@pytest.mark.parametrize(("word", "call"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_a_number_that_makes_no_sense_is_named(word: str, call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=f"^{word}"):
        call()
