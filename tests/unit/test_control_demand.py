"""Demand curves: the closed forms' published figures, and tables of them that give them back."""

import math

import numpy as np
import pytest

from pricing.control.demand import Demand, Exponential, Logistic, sigmoid, wright_omega
from pricing.control.tabulated import Tabulated

HALF_SPREADS = np.linspace(-4.0, 12.0, 33)
TABLE = [  # a, b, d*(0), fill, H(0), H''(0)
    (0.7, 30, 0.0385419, 0.135140, 0.00520855, 3.032472),
    (0.7, 150, 0.00770838, 0.135140, 0.00104171, 15.16236),
    (-0.7, 3.1, 0.4726542, 0.317512, 0.1500735, 0.458471),
    (-1, 7, 0.2238776, 0.361896, 0.0810205, 1.031489),
]


@pytest.mark.parametrize(("a", "b", "distance", "fill", "value", "curvature"), TABLE)
def test_the_logistic_optimum_at_no_cost(
    a: float, b: float, distance: float, fill: float, value: float, curvature: float
) -> None:
    best = Logistic(a, b).best(0.0)
    assert float(best.distance) == pytest.approx(distance, abs=5e-8)
    assert float(best.value) == pytest.approx(value, rel=1e-6)
    assert round(float(best.fill), 6) == fill
    assert float(best.curvature) == pytest.approx(curvature, rel=5e-7)


def test_wright_omega_solves_its_equation_everywhere() -> None:
    z = np.concatenate([np.linspace(-700.0, 700.0, 5001), np.linspace(-3.0, 3.0, 5001)])
    w = wright_omega(z)
    assert (w > 0.0).all()
    assert np.abs(w + np.log(w) - z).max() < 1e-12
    assert float(wright_omega(1.0)) == 1.0
    assert float(wright_omega(-5000.0)) == 0.0


def test_the_exponential_optimum() -> None:
    best = Exponential(2.0, 0.3).best(np.array([0.0, 1.0]))
    assert best.distance.tolist() == [0.5, 1.5]
    assert best.fill == pytest.approx(np.exp([-1.3, -3.3]))
    assert best.value == pytest.approx(best.fill / 2.0)
    assert best.curvature == pytest.approx(best.fill * 2.0)


def test_a_sigmoid_keeps_its_digits_in_the_tail() -> None:
    assert float(sigmoid(-50.0)) == pytest.approx(math.exp(-50.0), rel=1e-14)
    assert float(Logistic(-1, 7).fill(12.0)) == pytest.approx(math.exp(-83.0), rel=1e-14)


CLOSED: list[tuple[Demand, np.ndarray]] = [
    (Logistic(-1, 7), HALF_SPREADS),
    (Logistic(-0.7, 3.1), HALF_SPREADS),
    (Logistic(0.7, 30), HALF_SPREADS),
    (Logistic(-0.3, 0.3), HALF_SPREADS),
    (Logistic(0.7, 150), np.linspace(-0.1, 0.2, 33)),
    (Logistic(-1, 7), np.linspace(-1.0, 3.0, 33)),
    (Exponential(1.5), HALF_SPREADS),
    (Exponential(0.3), HALF_SPREADS),
    (Exponential(3.0, 0.5), np.linspace(0.0, 5.0, 20)),
]


@pytest.mark.parametrize(("demand", "distances"), CLOSED, ids=lambda one: str(one)[:40])
def test_a_table_of_a_closed_form_gives_it_back(demand: Demand, distances: np.ndarray) -> None:
    table = Tabulated(distances.tolist(), demand.fill(distances).tolist())
    costs = np.linspace(-2.0, 3.0, 501)
    for known, found in zip(demand.best(costs), table.best(costs), strict=True):
        assert np.abs(found - known).max() < 1e-6 * max(1.0, float(np.abs(known).max()))
    assert np.abs(table.fill(costs) - demand.fill(costs)).max() < 1e-6


def brute(table: Tabulated, costs: np.ndarray, low: float, high: float) -> np.ndarray:
    """H by looking at very many distances."""
    distances = np.linspace(low, high, 176_001)
    earned = table.fill(distances) * (distances - costs[:, None])
    return np.asarray(earned.max(axis=1))


ODD = {
    "saturated, then straight": [1.0] * 9 + np.linspace(0.9, 0.05, 24).tolist(),
    "rounded": np.round(Logistic(-1, 2).fill(HALF_SPREADS), 3).tolist(),
    "two humps": [0.9] * 12 + [0.3] * 10 + [0.2] * 10 + [0.0],
    "steps": sorted(
        [*np.repeat([0.95, 0.9, 0.6, 0.55, 0.2, 0.1, 0.05, 0.04], 4).tolist(), 0.01], reverse=True
    ),
}


@pytest.mark.parametrize("fills", ODD.values(), ids=ODD.keys())
def test_the_best_of_any_table_is_the_best_there_is(fills: list[float]) -> None:
    table = Tabulated(HALF_SPREADS.tolist(), fills)
    costs = np.linspace(-2.0, 8.0, 21)
    best = table.best(costs)
    assert np.abs(table.fill(HALF_SPREADS) - fills).max() < 1e-7
    assert best.value == pytest.approx(brute(table, costs, -10.0, 12.0), abs=1e-6)
    assert best.fill * (best.distance - costs) == pytest.approx(best.value, abs=1e-12)
    assert (np.diff(best.distance) >= -1e-9).all()


def test_a_table_that_ends_flat_is_not_trusted_beyond_its_end() -> None:
    table = Tabulated([0, 1, 2, 3], [0.5, 0.4, 0.4, 0.4])
    best = table.best(np.array([0.0, 5.0]))
    assert best.distance.tolist() == [3.0, 5.0]
    assert best.value.tolist() == [pytest.approx(1.2), 0.0]


@pytest.mark.parametrize(
    ("distances", "fills", "word"),
    [
        ([0, 1], [0.2, 0.3], "rising"),
        ([0, 0], [0.3, 0.2], "increasing"),
        ([0, 1], [0.3, -0.2], "below zero"),
        ([0, 1], [0.0, 0.0], "nothing"),
        ([0], [0.5], "two or more"),
        ([0, math.nan], [0.5, 0.4], "finite"),
    ],
)
def test_a_table_that_is_no_demand_is_refused(distances: list[float], fills: list[float], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Tabulated(distances, fills)


@pytest.mark.parametrize("make", [lambda: Logistic(0.0, 0.0), lambda: Exponential(-1.0)])
def test_demand_must_decrease(make: object) -> None:
    with pytest.raises(ValueError, match="decrease"):
        make()  # type: ignore[operator]
