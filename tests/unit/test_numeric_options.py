"""The option kernel against 50 digits, against QuantLib, against published numbers; one option and many."""

import math
import random
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
import QuantLib as ql
from mpmath import mpf

from pricing import black
from pricing.numeric import engine
from pricing.numeric.options import CORE, FIELDS, INPUTS

DAY = 1.0 / 365.0


class Case(NamedTuple):
    """One option."""

    forward: float
    strike: float
    term: float
    sigma: float
    call: bool


def cases(count: int, seed: int = 20261126) -> list[Case]:
    """Options of very wide parameters."""
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        forward = 10.0 ** dice.uniform(-6.0, 8.0)
        strike = forward * math.exp(dice.gauss(0.0, 1.0) * dice.choice((0.0, 1e-6, 1e-3, 0.1, 1.0, 3.0)))
        term, sigma = 10.0 ** dice.uniform(-9.0, 2.0), 10.0 ** dice.uniform(-3.0, 1.0)
        found.append(Case(forward, strike, term, sigma, dice.random() < 0.5))
    return found


class Truth(NamedTuple):
    """One option to 50 digits, undiscounted: `CORE` without theta, and d1 and d2."""

    value: Any
    delta: Any
    gamma: Any
    vega: Any
    vanna: Any
    volga: Any
    charm: Any
    speed: Any
    d1: Any
    d2: Any


def truth(case: Case) -> Truth:
    """Textbook formulas in mpmath."""
    f, k, t, v = map(mpf, case[:4])
    root = mpmath.sqrt(t)
    s = v * root
    half = mpmath.sqrt(mpf(1) / 2)
    sign = 1 if case.call else -1
    d1 = mpmath.log(f / k) / s + s / 2
    d2 = d1 - s
    n1, n2 = (mpmath.erfc(-sign * d * half) / 2 for d in (d1, d2))
    density = mpmath.exp(-d1 * d1 / 2) / mpmath.sqrt(2 * mpmath.pi)
    gamma, vega = density / (f * s), f * density * root
    return Truth(
        value=sign * (f * n1 - k * n2),
        delta=sign * n1,
        gamma=gamma,
        vega=vega,
        vanna=-density * d2 / v,
        volga=vega * d1 * d2 / v,
        charm=density * d2 / (2 * t),
        speed=-gamma / f * (1 + d1 / s),
        d1=d1,
        d2=d2,
    )


def off(found: float, expected: Any) -> float:
    """Relative error."""
    return float(abs(mpf(found) / expected - 1))


@pytest.mark.slow
def test_ten_thousand_options_to_fifty_digits() -> None:
    counted = 0
    for case in cases(10_000):
        with mpmath.workdps(70):  # 50 after the cancellation of the out-of-the-money side
            true = truth(case)
            found = black.full(*case)
            if abs(true.d1) > 35 or abs(true.d2) > 35:
                assert math.isclose(found.value_usd, float(true.value), rel_tol=1e-11, abs_tol=1e-280), case
                continue
            otm = case.call == (case.forward <= case.strike)
            if not otm or true.value >= mpf("1e-12") * mpf(case.forward):
                counted += 1
            # Far below the 1e-12 of the forward that are promised.
            assert off(found.value_usd, true.value) <= 1e-13 * max(1.0, float(true.d1**2) / 100), case
            # A relative error of 2^-53 in d1 is one of d1^2 2^-53 in the density.
            room = 2e-15 * max(1.0, float(true.d1**2), float(true.d2**2))
            assert off(found.delta_forward_coin, true.delta) <= room, case
            assert off(found.gamma_forward_coin_per_usd, true.gamma) <= room, case
            assert off(found.vega_usd_per_vol_point, true.vega / 100) <= room, case
            d1, d2 = abs(true.d1), abs(true.d2)
            speed = true.gamma / case.forward * (1 + d1 / (mpf(case.sigma) * mpmath.sqrt(case.term)))
            for number, expected, size in (
                (found.vanna_forward_coin_per_vol_point * 100, true.vanna, true.vanna * (1 + 1 / d2)),
                (
                    found.volga_usd_per_vol_point_squared * 10_000,
                    true.volga,
                    true.vega / case.sigma * (1 + d1) * (1 + d2),
                ),
                (found.charm_forward_coin_per_calendar_day * 365, true.charm, true.charm * (1 + 1 / d2)),
                (found.speed_forward_coin_per_usd_squared, true.speed, speed),
            ):
                assert abs(mpf(number) - expected) <= room * abs(size) + mpf("1e-300"), case
    assert counted > 4_000


def test_beside_quantlib() -> None:
    for case in cases(2_000, seed=3):
        stdev = case.sigma * math.sqrt(case.term)
        if not 1e-6 < stdev < 20.0:
            continue
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if case.call else ql.Option.Put, case.strike)
        other = ql.BlackCalculator(payoff, case.forward, stdev, 0.97)
        found = black.price(*case, 0.97)
        room = 1e-12 * max(case.forward, case.strike)
        assert found.value == pytest.approx(
            other.value(), abs=1e-12 * case.forward + 1e-15 * case.strike, rel=0
        )
        assert found.delta == pytest.approx(other.deltaForward(), abs=1e-12 + 1e-15 / stdev)
        assert found.vega == pytest.approx(other.vega(case.term), abs=room * math.sqrt(case.term), rel=1e-9)
        assert found.gamma * case.forward == pytest.approx(
            other.gammaForward() * case.forward, abs=1e-12 / stdev, rel=1e-9
        )


def test_the_reference_option_in_full() -> None:
    found = black.full(60_000.0, 65_000.0, 30 * DAY, 0.6, True)
    put = black.full(60_000.0, 65_000.0, 30 * DAY, 0.6, False)
    assert round(found.value_usd, 5) == 2237.86816
    assert round(found.value_coin, 10) == 0.0372978026
    assert round(found.value_coin - put.value_coin, 7) == -0.0833333
    assert round(found.delta_forward_coin, 7) == round(found.delta_spot_coin, 7) == 0.3522260
    assert round(found.delta_premium_adjusted_coin, 7) == round(found.delta_net_coin, 7) == 0.3149282
    assert round(found.gamma_forward_coin_per_usd * 1e5, 6) == 3.597078
    assert round(found.vega_usd_per_vol_point, 6) == 63.860449
    assert round(found.vega_coin_per_vol_point, 8) == 0.00106434
    assert found.theta_usd_per_calendar_day == pytest.approx(-found.vega_usd_per_vol_point, rel=1e-12)


def test_deltas_with_rates_and_a_basis() -> None:
    forward, spot, discount = 61_000.0, 60_000.0, 0.98
    found = black.full(forward, 65_000.0, 0.25, 0.6, True, discount, spot)
    undiscounted = black.full(forward, 65_000.0, 0.25, 0.6, True)
    assert found.value_usd == pytest.approx(discount * undiscounted.value_usd)
    assert found.value_coin == pytest.approx(found.value_usd / spot)
    assert found.delta_forward_coin == undiscounted.delta_forward_coin
    assert found.delta_spot_coin == pytest.approx(discount * forward / spot * found.delta_forward_coin)
    assert found.delta_premium_adjusted_coin == pytest.approx(found.delta_spot_coin - found.value_coin)
    assert found.delta_net_coin == pytest.approx(found.delta_forward_coin - found.value_coin)
    rate = -math.log(discount) / 0.25
    expected = discount * undiscounted.theta_usd_per_calendar_day + rate / 365 * found.value_usd
    assert found.theta_usd_per_calendar_day == pytest.approx(expected)


@pytest.mark.parametrize("term", [0.0, -1.0])
@pytest.mark.parametrize("sigma", [0.0, 0.6])
@pytest.mark.parametrize(("forward", "step"), [(110.0, 1.0), (100.0, 0.5), (90.0, 0.0)])
def test_what_is_over_is_a_step(term: float, sigma: float, forward: float, step: float) -> None:
    call, put = (black.full(forward, 100.0, term, sigma, side, 0.9) for side in (True, False))
    assert call.value_usd == pytest.approx(0.9 * max(forward - 100.0, 0.0))
    assert put.value_usd == pytest.approx(0.9 * max(100.0 - forward, 0.0))
    assert (call.delta_forward_coin, put.delta_forward_coin) == (step, step - 1.0)
    for found in (call, put):
        assert found.delta_net_coin == found.delta_forward_coin - found.value_coin
        assert (
            found.gamma_forward_coin_per_usd
            == found.vega_usd_per_vol_point
            == found.volga_usd_per_vol_point_squared
            == 0
        )
        assert found.theta_usd_per_calendar_day == found.charm_net_coin_per_calendar_day == 0


@pytest.mark.parametrize(
    "row",
    [
        (0.0, 100.0, 1.0, 0.5, True), (-1.0, 100.0, 1.0, 0.5, True), (100.0, 0.0, 1.0, 0.5, False),
        (math.nan, 100.0, 1.0, 0.5, True), (100.0, math.inf, 1.0, 0.5, True), (100.0, 100.0, math.nan, 0.5, True),
        (100.0, 100.0, 1.0, -0.5, True), (100.0, 100.0, 1.0, math.nan, True), (100.0, 100.0, 1.0, math.inf, True),
        (100.0, 100.0, 1.0, 0.5, True, 0.0), (100.0, 100.0, 1.0, 0.5, True, 1.0, 0.0),
    ],
)  # fmt: skip
def test_what_is_no_option_is_no_number(row: tuple[Any, ...]) -> None:
    assert all(map(math.isnan, black.full(*row)))


def test_extremes_break_nothing() -> None:
    for forward, strike in ((1e-300, 1e300), (1e300, 1e-300), (1e300, 1e300), (5e-324, 5e-324), (1.0, 1.0)):
        for term, sigma in ((1e-300, 1e-10), (5e-324, 1e300), (1e10, 1e200), (1.0, 5e-324), (1e300, 1e-300)):
            for call in (True, False):
                found = black.full(forward, strike, term, sigma, call)
                assert not math.isnan(found.value_usd)
                assert -1.0 <= found.delta_forward_coin <= 1.0


def test_one_and_ten_thousand_give_the_same_bits() -> None:
    asked = cases(10_000, seed=5)
    columns = [np.array(column, dtype=float) for column in zip(*asked, strict=True)]
    many = black.full_many(*columns, 0.97, columns[0] * 0.99)
    assert tuple(many) == black.OptionGreeks._fields == FIELDS
    for place in range(0, 10_000, 37):
        case = asked[place]
        one = black.full(*case, 0.97, case.forward * 0.99)
        for name in FIELDS:
            assert many[name][place].tobytes() == np.float64(getattr(one, name)).tobytes(), (case, name)


def test_single_numbers_are_spread_over_many() -> None:
    strikes = np.array([90.0, 100.0, 110.0])
    many = black.full_many(100.0, strikes, 0.5, 0.6, True)
    assert [black.full(100.0, k, 0.5, 0.6, True).value_usd for k in strikes] == many["value_usd"].tolist()
    assert all(column.size == 0 for column in black.full_many(100.0, strikes[:0], 0.5, 0.6, True).values())
    with pytest.raises(ValueError, match="broadcast"):
        black.full_many(strikes, strikes[:2], 0.5, 0.6, True)


def test_raw_and_named_greeks_are_the_same_numbers() -> None:
    rows: list[float] = []
    for case in cases(500, seed=6):
        rows += [*map(float, case), 0.95, case.forward]
    count = len(rows) // len(INPUTS)
    raw = engine.BLACK.run(rows, count * len(CORE))
    named = engine.OPTIONS.run(rows, count * len(FIELDS))
    for place in range(count):
        value, delta, gamma, vega, theta, vanna, volga, charm, speed = raw[place * len(CORE) :][: len(CORE)]
        full = black.OptionGreeks(*named[place * len(FIELDS) :][: len(FIELDS)])
        discounted = [
            0.95 * one for one in (full.gamma_forward_coin_per_usd, full.speed_forward_coin_per_usd_squared)
        ]
        assert value == full.value_usd
        assert delta == 0.95 * full.delta_forward_coin
        assert [gamma, speed] == discounted
        for one, other in (
            (vega, 100 * full.vega_usd_per_vol_point),
            (theta, 365 * full.theta_usd_per_calendar_day),
            (vanna, 95 * full.vanna_forward_coin_per_vol_point),
            (volga, 1e4 * full.volga_usd_per_vol_point_squared),
            (charm, 365 * 0.95 * full.charm_forward_coin_per_calendar_day),
        ):
            assert one == pytest.approx(other, rel=1e-13)
