"""Black-76 against published and recomputed numbers, and at the edges of its domain."""

import math

import pytest

from pricing import black

TERM = 30 / 365
INVERSE = black.price_inverse(60_000, 65_000, TERM, 0.6, True)
USD = black.price(60_000, 65_000, TERM, 0.6, True)


def test_the_reference_option() -> None:
    assert USD.value == pytest.approx(2237.86816, abs=5e-6)
    assert USD.delta == pytest.approx(0.3522260, abs=5e-8)
    assert USD.gamma == pytest.approx(3.597078e-5, abs=5e-12)
    assert USD.vega / 100 == pytest.approx(63.860449, abs=5e-7)
    # A day's decay equals a vol point's vega here, by coincidence of term and volatility.
    assert USD.theta / 365 == pytest.approx(-USD.vega / 100, rel=1e-9)


def test_the_reference_option_settled_in_coin() -> None:
    assert INVERSE.value == pytest.approx(0.0372978026, abs=5e-11)
    assert INVERSE.delta == pytest.approx(0.3522260, abs=5e-8)
    assert INVERSE.delta_net == pytest.approx(0.3149282, abs=5e-8)
    assert INVERSE.vega / 100 == pytest.approx(0.00106434, abs=5e-9)
    assert INVERSE.theta == pytest.approx(USD.theta / 60_000)
    assert INVERSE.gamma == USD.gamma
    put = black.price_inverse(60_000, 65_000, TERM, 0.6, False)
    assert INVERSE.value - put.value == pytest.approx(-0.0833333, abs=5e-8)


def test_the_premium_adjusted_delta_is_the_strike_part() -> None:
    stdev = 0.6 * math.sqrt(TERM)
    d2 = math.log(60 / 65) / stdev - stdev / 2
    assert INVERSE.delta_net == pytest.approx(65 / 60 * 0.5 * math.erfc(-d2 / math.sqrt(2)), rel=1e-12)


@pytest.mark.parametrize(
    ("spot", "strike", "rate", "sigma", "term", "expected"),
    [(100, 90, 0.01, 0.2, 0.5, 12.111581435), (60, 65, 0.08, 0.3, 0.25, 2.1334)],
)
def test_black_scholes_through_the_forward(
    spot: float, strike: float, rate: float, sigma: float, term: float, expected: float
) -> None:
    forward = spot * math.exp(rate * term)
    found = black.price(forward, strike, term, sigma, True, math.exp(-rate * term))
    places = len(str(expected).split(".")[1])
    assert round(found.value, places) == expected


@pytest.mark.parametrize(
    ("forward", "strike", "rate", "sigma", "term", "expected"),
    [(100, 100, 0.02, 0.2, 0.5, 5.5811067246), (19, 19, 0.10, 0.28, 0.75, 1.7011)],
)
def test_black_with_a_discount(
    forward: float, strike: float, rate: float, sigma: float, term: float, expected: float
) -> None:
    found = black.price(forward, strike, term, sigma, True, math.exp(-rate * term))
    places = len(str(expected).split(".")[1])
    assert round(found.value, places) == expected


@pytest.mark.parametrize("term", [0.0, -1e-9, -1.0])
@pytest.mark.parametrize(
    ("forward", "call", "value", "delta"),
    [
        (110.0, True, 10.0, 1.0),
        (90.0, True, 0.0, 0.0),
        (100.0, True, 0.0, 0.5),
        (110.0, False, 0.0, 0.0),
        (90.0, False, 10.0, -1.0),
        (100.0, False, 0.0, -0.5),
    ],
)
def test_at_and_after_expiry_it_is_the_payoff(
    term: float, forward: float, call: bool, value: float, delta: float
) -> None:
    assert black.price(forward, 100.0, term, 0.6, call) == (value, delta, 0.0, 0.0, 0.0)
    coin = black.price_inverse(forward, 100.0, term, 0.6, call)
    assert coin == (value / forward, delta, delta - value / forward, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("sigma", [0.0, 1e-14])
def test_without_volatility_it_is_the_discounted_payoff_and_earns_its_interest(sigma: float) -> None:
    found = black.price(110.0, 100.0, 0.5, sigma, True, 0.9)
    assert found[:4] == (9.0, 0.9, 0.0, 0.0)
    assert found.theta == pytest.approx(9.0 * -math.log(0.9) / 0.5)
    assert black.price(110.0, 100.0, 0.5, sigma, True) == (10.0, 1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("call", [True, False])
def test_far_from_the_money_nothing_breaks(call: bool) -> None:
    for strike in (1e-6, 1e12):
        found = black.price(60_000.0, strike, 1e-6, 0.01, call)
        assert all(math.isfinite(number) for number in found)
        assert found.value == pytest.approx(max((60_000.0 - strike) * (1 if call else -1), 0.0))
