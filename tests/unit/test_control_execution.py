"""Execution: Almgren and Chriss, feedback, decaying impact, perpetuals; published figures and optimality."""

import numpy as np
import pytest

from pricing.control import execution, perpetual, transient

ORDER = execution.Order(1e6, 5.0, 5, 0.95, 0.0625, 2.5e-7, 2.5e-6)


def test_almgren_chriss() -> None:
    found = execution.almgren_chriss(ORDER, 1e-6)
    assert [round(float(x)) for x in found.holdings] == [1_000_000, 541_956, 289_854, 147_897, 62_142, 0]
    assert round(found.kappa, 5) == 0.60708
    assert round(1.0 / found.kappa, 3) == 1.647
    assert round(found.mean, 1) == 911_227.0
    assert round(found.sd, 1) == 603_430.7


def test_almgren_chriss_without_risk_aversion_is_even() -> None:
    found = execution.almgren_chriss(ORDER, 0.0)
    assert found.holdings.tolist() == pytest.approx([1e6, 8e5, 6e5, 4e5, 2e5, 0.0])
    assert found.mean == pytest.approx(662_500.0)
    assert round(found.sd, 1) == 1_040_672.9
    assert execution.almgren_chriss(ORDER, 1e-16).holdings == pytest.approx(found.holdings, abs=1.0)


def test_the_drift_shift_and_the_tail() -> None:
    assert round(execution.drift_shift(0.02, 1e-6, 0.95)) == 11_080
    found = execution.almgren_chriss(ORDER, 1e-6)
    mean, sd = found.mean / 5e7 * 1e4, found.sd / 5e7 * 1e4
    assert (round(mean, 1), round(sd, 1)) == (182.2, 120.7)
    tail = execution.tail(mean, sd, 10.0)
    assert (round(tail.beyond, 4), round(tail.value_at_risk, 1), round(tail.shortfall, 1)) == (
        0.9232,
        380.8,
        431.2,
    )


@pytest.mark.parametrize("drift", [0.0, 0.02])
def test_no_schedule_is_better(drift: float) -> None:
    best = execution.almgren_chriss(ORDER, 1e-6, drift)
    rng = np.random.default_rng(5)
    for _ in range(20):
        moved = best.holdings.copy()
        moved[1:-1] += 2e4 * rng.standard_normal(4)
        mean, sd = execution.cost_of(ORDER, moved, drift)
        assert mean + 1e-6 * sd**2 > best.mean + 1e-6 * best.sd**2


def test_a_rising_price_is_waited_for() -> None:
    plain, rising = (execution.almgren_chriss(ORDER, 1e-6, drift) for drift in (0.0, 0.02))
    assert (rising.holdings[1:-1] > plain.holdings[1:-1]).all()
    assert rising.holdings[[0, -1]] == pytest.approx(plain.holdings[[0, -1]])
    none, little = (execution.almgren_chriss(ORDER, aversion, 0.02).holdings for aversion in (0.0, 1e-14))
    assert none == pytest.approx(little, rel=1e-6)


def test_an_order_whose_impact_is_all_permanent_is_refused() -> None:
    with pytest.raises(ValueError, match="temporary"):
        execution.almgren_chriss(ORDER._replace(permanent=1e-5), 1e-6)


def test_feedback_is_the_slope_of_what_is_left() -> None:
    for urgency in (execution.Urgency(0.1, 0.1, 0.5, 100.0), execution.Urgency(0.1, 0.1, 0.0, 2.0)):
        assert execution.feedback_holding(urgency, 3.0, 1.0, 0.0) == pytest.approx(3.0)
        for time in (0.1, 0.5, 0.9):
            ahead, behind = (
                execution.feedback_holding(urgency, 3.0, 1.0, time + step) for step in (1e-6, -1e-6)
            )
            assert (behind - ahead) / 2e-6 == pytest.approx(
                execution.feedback_rate(urgency, 3.0, 1.0, time), rel=1e-6
            )


def test_feedback_ends_as_the_penalty_asks() -> None:
    """At the end 2kν = (2α − b) q; a small running penalty is close to none."""
    urgency = execution.Urgency(0.2, 0.1, 0.5, 3.0)
    rate, left = (f(urgency, 1.0, 1.0, 1.0) for f in (execution.feedback_rate, execution.feedback_holding))
    assert 2.0 * 0.2 * rate == pytest.approx((6.0 - 0.1) * left)
    near, none = (
        execution.feedback_rate(urgency._replace(running=phi), 1.0, 1.0, 0.3) for phi in (1e-9, 0.0)
    )
    assert near == pytest.approx(none, rel=1e-6)


@pytest.mark.parametrize(
    ("count", "first", "cost"),
    [(11, 0.263180, 0.236866), (101, 0.238992, 0.236356), (1001, 0.236614, 0.236351)],
)
def test_exponential_decay(count: int, first: float, cost: float) -> None:
    found = transient.best_trades(transient.exponential(2.231), np.linspace(0.0, 1.0, count))
    assert round(float(found.amounts[0]), 6) == first
    assert round(found.cost, 6) == cost
    assert found.amounts.sum() == pytest.approx(1.0)


def test_obizhaeva_wang() -> None:
    found = transient.obizhaeva_wang(2.231, 1.0)
    assert round(found.block, 6) == round(found.cost, 6) == 0.236351
    assert 2.0 * found.block + found.rate == pytest.approx(1.0)
    assert round(transient.even_cost(2.231, 1.0), 6) == 0.268902
    assert transient.even_cost(9.9e-5, 1.0) == pytest.approx(transient.even_cost(1.01e-4, 1.0), abs=1e-6)
    assert transient.obizhaeva_wang(2.0, 3.0, amount=2.0, depth=5.0).cost == pytest.approx(20.0 / 8.0)


POWERS = [
    (0.3, 0.3572, 0.450895, 0.458719),
    (0.4, 0.3496, 0.436295, 0.446039),
    (0.5, 0.3423, 0.422474, 0.433858),
    (0.6, 0.3353, 0.409377, 0.422154),
]


@pytest.mark.parametrize(("exponent", "first", "cost", "even"), POWERS)
def test_power_decay(exponent: float, first: float, cost: float, even: float) -> None:
    times, kernel = np.linspace(0.0, 1.0, 11), transient.power(exponent)
    found = transient.best_trades(kernel, times)
    assert round(float(found.amounts[0]), 4) == first
    assert round(found.cost, 6) == cost
    assert transient.cost(kernel, times, found.amounts) == pytest.approx(found.cost)
    assert round(transient.cost(kernel, times, np.full(11, 1 / 11)), 6) == even


def test_gatherals_conditions() -> None:
    assert round(transient.LEAST_POWER, 5) == 0.41504
    assert transient.free_of_arbitrage(1.0, decay_power=None) == ""
    assert "linear" in transient.free_of_arbitrage(0.5, decay_power=None)
    assert transient.free_of_arbitrage(0.55, decay_power=0.45) == ""
    assert "below 1" in transient.free_of_arbitrage(0.5, decay_power=0.45)
    assert "slower" in transient.free_of_arbitrage(0.7, decay_power=0.4)


PERPETUAL = perpetual.Perpetual(
    temporary=0.1, permanent=0.1, final=100.0, running=0.5, funding=5.0, horizon=1.0
)


def test_the_perpetual() -> None:
    assert round(perpetual.rate(PERPETUAL, 0.0, 1.0, 0.0), 6) == -2.447005
    assert round(perpetual.speed(PERPETUAL), 6) == 3.162278
    plain = perpetual.rate(PERPETUAL._replace(funding=0.0), 0.0, 1.0, 0.0)
    assert round(plain, 6) == -2.287510
    assert -plain == pytest.approx(
        execution.feedback_rate(execution.Urgency(0.1, 0.1, 0.5, 100.0), 1.0, 1.0, 0.0)
    )


def test_the_perpetuals_rate_is_optimal_along_its_path() -> None:
    """Without noise, the cost of following the rate is less than that of following it a little faster or slower."""

    def cost(scale: float) -> float:
        one, steps = PERPETUAL._replace(final=5.0), 4000
        q, gap, total, dt = 1.0, 0.3, 0.0, 1.0 / steps
        for step in range(steps):
            nu = scale * perpetual.rate(one, step * dt, q, gap)
            total += dt * (
                nu * one.temporary * nu - one.permanent * nu * q + one.funding * gap * q + one.running * q * q
            )
            q, gap = q + dt * nu, gap + dt * one.permanent * nu
        return total + one.final * q * q

    assert cost(1.0) < min(cost(0.97), cost(1.03))


def test_a_gap_is_answered_without_permanent_impact_too() -> None:
    none, little = (perpetual.rate(PERPETUAL._replace(permanent=b), 0.0, 1.0, 0.4) for b in (0.0, 1e-9))
    assert none == pytest.approx(little, rel=1e-7)
