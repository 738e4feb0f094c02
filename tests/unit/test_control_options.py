"""A book of twenty calls under Heston's model: prices, the value of net vega, and quotes."""

import math
from functools import cache

import numpy as np
import pytest

from pricing.control import heston, options_book
from pricing.control.demand import Logistic

MODEL = heston.Heston(spot=10.0, variance=0.0225, pull=3.0, level=0.0225, vol_of_vol=0.2, correlation=-0.5)
LISTED = tuple((float(strike), years) for strike in range(8, 13) for years in (1.0, 1.5, 2.0, 3.0))


def contract(strike: float, years: float) -> options_book.Contract:
    price, vega = heston.call(MODEL, strike, years)
    rate = 252.0 * 30.0 / (1.0 + 0.7 * abs(10.0 - strike))
    return options_book.Contract(vega, 5e5 / price, rate, Logistic(0.7, 150.0 / vega))


def book(count: int = 20) -> options_book.Book:
    return options_book.Book(
        contracts=tuple(contract(*option) for option in LISTED[:count]),
        believed=options_book.Drift(2.0, 0.04),
        priced=options_book.Drift(3.0, 0.0225),
        vol_of_vol=0.2,
        gamma=1e-3,
        largest_vega=1e7,
        horizon=0.0012,
    )


@cache
def solved() -> options_book.BookValue:
    return options_book.solve(book(), options_book.grid(180, 0.0144, 0.0324, 30, 1e7, 40))


@pytest.mark.parametrize(
    ("strike", "years", "price", "vega"),
    [(10.0, 1.0, 0.586022, 1.252364), (8.0, 1.0, 2.059718, 0.416720), (12.0, 3.0, 0.357998, 0.645648)],
)
def test_calls(strike: float, years: float, price: float, vega: float) -> None:
    found = heston.call(MODEL, strike, years)
    assert (round(found.price, 6), round(found.vega, 6)) == (price, vega)
    up, down = (
        heston.call(MODEL._replace(variance=(0.15 + step) ** 2), strike, years).price
        for step in (1e-4, -1e-4)
    )
    assert (up - down) / 2e-4 == pytest.approx(found.vega, rel=1e-5)


def test_little_vol_of_vol_is_black() -> None:
    quiet = MODEL._replace(vol_of_vol=1e-3, correlation=0.0)
    sd = 0.15 * math.sqrt(2.0)
    d1 = math.log(10.0 / 11.0) / sd + 0.5 * sd
    black = 10.0 * 0.5 * math.erfc(-d1 / math.sqrt(2)) - 11.0 * 0.5 * math.erfc((sd - d1) / math.sqrt(2))
    assert heston.call(quiet, 11.0, 2.0).price == pytest.approx(black, abs=1e-6)


@pytest.mark.slow
def test_the_value_of_net_vega() -> None:
    found = solved()
    assert round(found.at(0.0225, 0.0), 1) == 162_903.5
    assert round(found.at(0.0225, 5e6), 1) == 135_750.8
    assert round(found.at(0.0225, -5e6), 1) == 135_496.6


@pytest.mark.slow
def test_quotes_of_the_one_year_call_at_the_money() -> None:
    at_money = contract(10.0, 1.0)
    bid, offer = options_book.distances(solved(), book(), at_money, 0.0225, 0.0)
    assert (round(offer, 6), round(bid, 6)) == (0.010959, 0.010903)
    assert (round(100 * offer / at_money.vega, 3), round(100 * bid / at_money.vega, 3)) == (0.875, 0.871)
    bid, offer = options_book.distances(solved(), book(), at_money, 0.0225, 5e6)
    assert (round(offer, 6), round(bid, 6)) == (0.000207, 0.023747)


def test_a_full_book_buys_no_more_and_a_hedged_one_is_worth_more() -> None:
    small, points = book(4), options_book.grid(60, 0.0144, 0.0324, 10, 1e7, 40)
    plain = options_book.solve(small, points)
    bid, offer = options_book.distances(plain, small, small.contracts[0], 0.0225, 1e7)
    assert math.isinf(bid) and math.isfinite(offer)
    covered = options_book.solve(options_book.hedged(small, -0.5), points)
    assert covered.at(0.0225, 5e6) > plain.at(0.0225, 5e6)
    assert options_book.extra_hedge(5e6, 10.0, 0.0225, 0.2, -0.5) == pytest.approx(
        0.5 * 0.2 * 5e6 / (0.3 * 10.0)
    )


def test_a_grid_too_fine_for_its_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        options_book.solve(book(1), options_book.grid(1, 0.0144, 0.0324, 300, 1e7, 10))
    assert np.isfinite(options_book.grid(1, 0.01, 0.02, 3, 1.0, 3).vegas).all()
