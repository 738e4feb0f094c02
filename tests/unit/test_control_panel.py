"""Panels of dealers: order statistics, the winner's curse, private quotes, leakage."""

import math

import numpy as np
import pytest

from pricing.control import panel


def test_expected_best_of_normal_draws() -> None:
    known = {2: 0.56419, 3: 0.84628, 4: 1.02938, 5: 1.16296, 6: 1.26721, 8: 1.42360, 10: 1.53875}
    assert {count: round(panel.expected_best(count), 5) for count in known} == known
    assert panel.expected_best(1) == pytest.approx(0.0, abs=1e-15)
    assert panel.expected_best(2) == pytest.approx(1.0 / math.sqrt(math.pi), rel=1e-13)


def test_shading_for_a_common_value() -> None:
    assert panel.shading(2) == pytest.approx(math.sqrt(math.pi), rel=1e-13)
    assert [round(panel.shading(n), 4) for n in (2, 3, 4)] == [1.7725, 1.5074, 1.5071]
    assert [round(panel.winner_profit(n), 4) for n in (2, 3, 4)] == [1.2083, 0.6611, 0.4777]


def test_nobody_gains_by_shading_otherwise() -> None:
    """Against three who bid x − a, our profit as a function of our own shading is largest at a."""
    a = panel.shading(4)
    x = np.linspace(-8.0, 8.0, 4001)
    weight = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi) * (x[1] - x[0])

    def profit(own: float) -> float:
        return float(np.sum(weight * (own - x) * panel.cdf(x - own + a) ** 3))

    assert profit(a) > max(profit(a - 0.02), profit(a + 0.02))


@pytest.mark.parametrize(
    ("leakage", "count", "cost"), [(0.02, 9, 0.4006), (0.05, 6, 0.5782), (0.20, 3, 1.0611)]
)
def test_the_best_panel(leakage: float, count: int, cost: float) -> None:
    found = panel.best_panel(1.0, leakage)
    assert found.dealers == count
    assert round(found.cost, 4) == cost
    scaled = panel.best_panel(3.0, 3.0 * leakage)
    assert scaled.dealers == count and scaled.cost == pytest.approx(3.0 * found.cost)


PRIVATE = [
    (2, 1.66831, 0.62994, 1.05093),
    (3, 1.26393, 0.59160, 0.74774),
    (4, 1.06602, 0.56120, 0.59824),
    (6, 0.84987, 0.51278, 0.43579),
]


@pytest.mark.parametrize(("count", "quote", "win", "profit"), PRIVATE)
def test_private_quotes(count: int, quote: float, win: float, profit: float) -> None:
    found = panel.private_quote(count, 2.0, 1.0)
    assert tuple(round(number, 5) for number in found) == (quote, win, profit)
    moved = panel.private_quote(count, 5.0, 1.0, cost=3.0)
    assert moved.quote == pytest.approx(found.quote + 3.0) and moved.profit == pytest.approx(found.profit)


def test_dealing_against_competitors_that_may_not_answer() -> None:
    each = [math.comb(4, m) * 0.7**m * 0.3 ** (4 - m) * 0.6**m for m in range(5)]
    assert float(panel.trade_probability(0.9, 0.6, 4, 0.7)) == pytest.approx(0.9 * sum(each), rel=1e-14)
    assert float(panel.trade_probability(0.9, 0.6, 0, 0.7)) == 0.9
    with pytest.raises(ValueError, match="share"):
        panel.trade_probability(0.9, 0.6, 4, 1.2)


def test_the_winners_curse_grows_with_the_panel() -> None:
    left = [panel.dealt_loss(n, 1.0, 0.8) for n in (1, 2, 5)]
    assert left[0] == pytest.approx(1.0) and left == sorted(left, reverse=True)


def test_one_dealer_is_no_auction() -> None:
    with pytest.raises(ValueError, match="2 or more"):
        panel.shading(1)
