"""The best distance from fair: the published numbers, the closed form, and curves that nobody can write down."""

import math

import pytest
from pricing_cases import estimates, logistic, terms

from pricing.estimates import DISTANCES, Estimates, markout, win_probability
from pricing.numeric import engine
from pricing.spread import best_distance, best_on, quoted_distances, wright_omega

PUBLISHED = [
    (0.7, 30.0, 0.0385419, 0.135140, 0.00520855, 3.032472),
    (0.7, 150.0, 0.00770838, 0.135140, 0.00104171, 15.16236),
    (-0.7, 3.1, 0.4726542, 0.317512, 0.1500735, 0.458471),
    (-1.0, 7.0, 0.2238776, 0.361896, 0.0810205, 1.031489),
]


def best(numbers: Estimates, reserve: float) -> float:
    return best_on(numbers, reserve)[0]


def gain(numbers: Estimates, d: float, reserve: float) -> float:
    return win_probability(numbers, d) * (d + markout(numbers, d) - reserve)


@pytest.mark.parametrize(("a", "b", "distance", "fill", "gained", "curvature"), PUBLISHED)
def test_the_published_optimum(
    a: float, b: float, distance: float, fill: float, gained: float, curvature: float
) -> None:
    found = best_distance(a, b, 0.0)
    assert found == pytest.approx(distance, rel=2e-6)
    numbers = logistic(a, b, theta=0.0, half=1.5 / b)
    won = win_probability(numbers, found)
    assert won == pytest.approx(fill, rel=5e-6)
    assert won * found == pytest.approx(gained, rel=5e-6)

    def best_gain(cost: float) -> float:
        d = best_distance(a, b, cost)
        return win_probability(numbers, d) * (d - cost)

    h = 1e-3 / b
    assert (best_gain(h) - 2 * best_gain(0.0) + best_gain(-h)) / h**2 == pytest.approx(curvature, rel=1e-4)
    assert best(numbers, 0.0) == pytest.approx(found, rel=1e-11)


@pytest.mark.parametrize(
    "y", [-800.0, -40.0, -29.9, -5.0, -3.01, -2.99, -1.0, 0.0, 1.0, 3.0, 4.99, 5.01, 50.0, 1e4, 1e12]
)
def test_omega_solves_its_equation(y: float) -> None:
    w = wright_omega(y)
    assert w > 0.0
    if y > -700.0:
        assert w + math.log(w) == pytest.approx(y, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("reserve", [-3.0, -1.0, 0.0, 0.3, 2.0, 6.0, 11.9, 12.0, 40.0])
@pytest.mark.parametrize(("a", "b"), [(-0.7, 0.8), (0.7, 1.55), (-2.0, 3.0), (1.0, 0.4)])
def test_on_a_tabulated_logistic_it_is_the_closed_form(a: float, b: float, reserve: float) -> None:
    for half in (0.25, 1.0, 7.0):
        found = best(logistic(a, b / half, theta=0.0, half=half), reserve * half)
        assert found == pytest.approx(best_distance(a, b / half, reserve * half), rel=1e-9, abs=1e-9 * half)


def test_adverse_selection_widens() -> None:
    widths = [best(logistic(theta=theta), 1.0) for theta in (0.0, 0.1, 1.0, 10.0)]
    assert widths == sorted(widths)
    assert widths[0] < widths[1] < widths[3]


@pytest.mark.parametrize("reserve", [-5.0, 0.0, 2.0, 9.0, 40.0])
@pytest.mark.parametrize("theta", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("beta", [0.01, 0.3, 2.0])
def test_no_distance_gains_more(reserve: float, theta: float, beta: float) -> None:
    numbers = logistic(theta=theta, beta=beta)
    found = best(numbers, reserve)
    here = gain(numbers, found, reserve)
    for place in range(6_400):
        assert gain(numbers, -4.0 + place / 100.0, reserve) <= here + 1e-14 * abs(here)


def test_the_better_of_two_hills_is_found() -> None:
    # Half of them pay up to 2 half-spreads; a tenth pays up to 10.
    cliffs = tuple(0.6 if d <= 2.0 else 0.1 if d <= 10.0 else 0.001 for d in DISTANCES)
    numbers = estimates(win=cliffs, markout_bps=(0.0,) * 33)
    assert best(numbers, 0.0) == pytest.approx(2.0)
    assert best(numbers, 1.8) == pytest.approx(10.0)


def test_beyond_the_grid_and_with_nothing_to_win_there_is_still_a_price() -> None:
    never = estimates(win=(0.0,) * 33)
    always = estimates(win=(1.0,) * 33)
    flat = estimates(win=(0.4,) * 33)
    for numbers in (never, always, flat):
        for reserve in (-1e5, -3.0, 0.0, 5.0, 1e5):
            found = best(numbers, reserve)
            assert math.isfinite(found)
            assert found > reserve
    assert best(always, 0.0) > 12.0


def test_an_absurd_markout_still_gives_a_number() -> None:
    numbers = estimates(markout_bps=tuple(-1e6 * math.exp(-d) for d in DISTANCES))
    for reserve in (-1e5, -100.0, 0.0, 1e5):
        assert math.isfinite(best(numbers, reserve))


def test_the_policys_floors() -> None:
    numbers = logistic()
    free = best_on(numbers, 3.0)[0]
    assert quoted_distances(numbers, 2.0, [1.0], 0.0, terms()) == [free]
    assert quoted_distances(numbers, 2.0, [1.0], 0.0, terms(edge_bps_min=50.0)) == [53.0]
    assert quoted_distances(numbers, 2.0, [1.0], 4.0, terms(edge_bps_min=50.0, vol_weight=0.5)) == [55.0]
    assert quoted_distances(numbers, 2.0, [1.0], 0.0, terms(half_spread_bps_min=50.0)) == [51.0]


def test_both_sides_are_found_at_once() -> None:
    numbers = logistic()
    assert best_on(numbers, 3.0, -1.0) == [best(numbers, 3.0), best(numbers, -1.0)]
    assert best_on(numbers) == []
    assert quoted_distances(numbers, 2.0, [1.0, -1.0], 0.0, terms()) == best_on(numbers, 3.0, 1.0)


def test_a_question_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers"):
        engine.DISTANCES.run([1.0] * 68, 2)
    with pytest.raises(ValueError, match="numbers"):
        engine.DISTANCES.run([1.0] * 3, 0)


def test_gains_of_any_size_are_not_divided_by_nothing() -> None:
    """Where markouts are so large that distances vanish beside them, cells are flat."""
    for far in (-1e300, 1e300):
        numbers = estimates(win=tuple(0.9**n for n in range(33)), markout_bps=(far,) * 33)
        assert math.isfinite(best(numbers, 3.0))
    rising = tuple(1e290 * n for n in range(33))
    assert math.isfinite(best(estimates(win=tuple(0.9**n for n in range(33)), markout_bps=rising), 3.0))
