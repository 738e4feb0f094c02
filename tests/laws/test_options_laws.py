"""Laws of options: parity, bounds, homogeneity, symmetry; every greek is the derivative that its name says.

Derivatives are taken twice: exactly, by numbers that carry their derivatives (a little automatic differentiation in
mpmath), and by differences of our own values.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

from pricing.black import OptionGreeks, full

FORWARDS = st.floats(1e-2, 1e6)
RATIOS = st.floats(0.3, 3.0)  # strike over forward
TERMS = st.floats(1e-3, 5.0)
VOLS = st.floats(0.05, 2.0)
DISCOUNTS = st.floats(0.7, 1.0)
BASES = st.floats(0.9, 1.1)  # forward over spot
CALLS = st.booleans()


class Jet(NamedTuple):
    """A number and its first three derivatives along one direction."""

    a: Any
    b: Any
    c: Any
    d: Any

    def through(self, f: Any, g: Any, h: Any, k: Any) -> "Jet":
        """A function of it, from the function's value and derivatives here (Faa di Bruno)."""
        return Jet(
            f,
            g * self.b,
            h * self.b**2 + g * self.c,
            k * self.b**3 + 3 * h * self.b * self.c + g * self.d,
        )

    def __add__(self, other: "Jet") -> "Jet":
        return Jet(*(one + two for one, two in zip(self, other, strict=True)))

    def __mul__(self, other: "Jet") -> "Jet":  # type: ignore[override]
        return Jet(
            self.a * other.a,
            self.a * other.b + self.b * other.a,
            self.a * other.c + 2 * self.b * other.b + self.c * other.a,
            self.a * other.d + 3 * self.b * other.c + 3 * self.c * other.b + self.d * other.a,
        )


def still(x: Any) -> Jet:
    return Jet(mpf(x), mpf(0), mpf(0), mpf(0))


def moving(x: Any) -> Jet:
    return Jet(mpf(x), mpf(1), mpf(0), mpf(0))


def sqrt(x: Jet) -> Jet:
    root = mpmath.sqrt(x.a)
    return x.through(root, 1 / (2 * root), -1 / (4 * root**3), 3 / (8 * root**5))


def inverse(x: Jet) -> Jet:
    return x.through(1 / x.a, -1 / x.a**2, 2 / x.a**3, -6 / x.a**4)


def log(x: Jet) -> Jet:
    return x.through(mpmath.log(x.a), 1 / x.a, -1 / x.a**2, 2 / x.a**3)


def cdf(x: Jet) -> Jet:
    density = mpmath.npdf(x.a)
    return x.through(mpmath.erfc(-x.a / mpmath.sqrt(2)) / 2, density, -x.a * density, (x.a**2 - 1) * density)


def black(forward: Jet, strike: Jet, term: Jet, sigma: Jet, call: bool) -> tuple[Jet, Jet]:
    """Undiscounted value and forward delta."""
    stdev = sigma * sqrt(term)
    d1 = log(forward * inverse(strike)) * inverse(stdev) + stdev * still(0.5)
    d2 = d1 + stdev * still(-1)
    sign = still(1 if call else -1)
    n1, n2 = cdf(d1 * sign), cdf(d2 * sign)
    return sign * (forward * n1 + still(-1) * strike * n2), sign * n1


def near(found: float, expected: Any, size: Any) -> None:
    assert abs(mpf(found) - expected) <= 1e-11 * abs(size) + mpf("1e-290"), (found, expected)


@settings(max_examples=60, deadline=None)
@given(FORWARDS, RATIOS, TERMS, VOLS, CALLS)
def test_greeks_are_the_derivatives_exactly(
    forward: float, ratio: float, term: float, vol: float, call: bool
) -> None:
    strike = forward * ratio
    found = full(forward, strike, term, vol, call)
    with mpmath.workdps(50):
        f, k, t, v = (mpf(x) for x in (forward, strike, term, vol))
        by_f, delta_by_f = black(moving(f), still(k), still(t), still(v), call)
        by_v, delta_by_v = black(still(f), still(k), still(t), moving(v), call)
        by_t, delta_by_t = black(still(f), still(k), moving(t), still(v), call)
        coin = by_f * inverse(moving(f))
        net = Jet(*(one - two for one, two in zip(delta_by_f, coin, strict=True)))
        peak = 1 / (f * v * mpmath.sqrt(t))  # gamma's size
        d1 = 5 + abs(mpmath.log(f / k)) / (v * mpmath.sqrt(t))
        near(found.value_usd, by_f.a, f)
        near(found.value_coin, coin.a, 1)
        near(found.delta_forward_coin, by_f.b, 1)
        near(found.delta_net_coin, f * coin.b, 1)
        near(found.delta_premium_adjusted_coin, f * coin.b, 1)
        near(found.gamma_forward_coin_per_usd, by_f.c, peak)
        near(found.gamma_net_coin_per_usd, net.b, peak + 1 / f)
        near(found.gamma_usd_per_pct, by_f.c * f * f / 100, peak * f * f)
        near(found.speed_forward_coin_per_usd_squared, by_f.d, peak * peak * d1)
        near(found.speed_net_coin_per_usd_squared, net.c, peak * peak * d1 + 1 / f**2)
        near(found.vega_usd_per_vol_point, by_v.b / 100, f * mpmath.sqrt(t))
        near(found.vega_coin_per_vol_point, by_v.b / f / 100, mpmath.sqrt(t))
        near(found.volga_usd_per_vol_point_squared, by_v.c / 10**4, f * mpmath.sqrt(t) * d1**2 / v)
        near(found.volga_coin_per_vol_point_squared, by_v.c / f / 10**4, mpmath.sqrt(t) * d1**2 / v)
        near(found.vanna_forward_coin_per_vol_point, delta_by_v.b / 100, d1 / v)
        near(found.vanna_net_coin_per_vol_point, (delta_by_v.b - by_v.b / f) / 100, d1 / v + mpmath.sqrt(t))
        near(found.theta_usd_per_calendar_day, -by_t.b / 365, f * v / mpmath.sqrt(t))
        near(found.theta_coin_per_calendar_day, -by_t.b / f / 365, v / mpmath.sqrt(t))
        near(found.charm_forward_coin_per_calendar_day, -delta_by_t.b / 365, d1 / t)
        near(found.charm_net_coin_per_calendar_day, (by_t.b / f - delta_by_t.b) / 365, d1 / t + v)


@given(FORWARDS, RATIOS, st.floats(0.02, 3.0), st.floats(0.15, 1.5), DISCOUNTS, BASES, CALLS)
def test_greeks_are_the_slopes_of_our_own_numbers(
    forward: float, ratio: float, term: float, vol: float, discount: float, basis: float, call: bool
) -> None:
    strike, spot = forward * ratio, forward / basis
    rate = -math.log(discount) / term

    def at(f: float = 1.0, t: float = 0.0, v: float = 0.0) -> OptionGreeks:
        left = term + t
        return full(forward * f, strike, left, vol + v, call, math.exp(-rate * left), spot * f)

    def slope(name: str, step: float, moved: Callable[[float], OptionGreeks]) -> float:
        up, down = (getattr(moved(sign * step), name) for sign in (1.0, -1.0))
        return (up - down) / (2.0 * step)

    here = at()
    stdev = vol * math.sqrt(term)
    h = 1e-4 * min(stdev, 1.0)
    by_spot = lambda step: at(f=1.0 + step)  # noqa: E731
    by_vol = lambda step: at(v=step)  # noqa: E731
    by_day = lambda step: at(t=-step / 365.0)  # noqa: E731

    assert slope("value_usd", h, by_spot) / spot == pytest.approx(here.delta_spot_coin, abs=2e-6)
    assert slope("value_coin", h, by_spot) == pytest.approx(here.delta_premium_adjusted_coin, abs=2e-6)
    for name, greek, size in (
        ("delta_forward_coin", here.gamma_forward_coin_per_usd, 1 / stdev),
        ("delta_net_coin", here.gamma_net_coin_per_usd, 1 / stdev + 1),
        ("gamma_net_coin_per_usd", here.speed_net_coin_per_usd_squared, (1 / stdev**2 + 3) / forward),
    ):
        assert slope(name, h, by_spot) / forward == pytest.approx(greek, abs=3e-6 * size / forward)
    assert slope("delta_spot_coin", h, by_spot) * spot / 100 == pytest.approx(
        here.gamma_usd_per_pct, abs=3e-8 * forward / stdev
    )
    step = 1e-4 * vol
    for name, greek, size in (
        ("value_usd", here.vega_usd_per_vol_point, forward * math.sqrt(term)),
        ("value_coin", here.vega_coin_per_vol_point, math.sqrt(term) * 2),
        ("delta_forward_coin", here.vanna_forward_coin_per_vol_point, 1 / vol),
        ("delta_net_coin", here.vanna_net_coin_per_vol_point, 1 / vol + math.sqrt(term)),
        ("vega_usd_per_vol_point", here.volga_usd_per_vol_point_squared, forward * math.sqrt(term) / vol),
        ("vega_coin_per_vol_point", here.volga_coin_per_vol_point_squared, math.sqrt(term) / vol),
    ):
        assert slope(name, step, by_vol) / 100 == pytest.approx(greek, abs=1e-6 * size)
    day = 365e-4 * term
    for name, greek, size in (
        ("value_usd", here.theta_usd_per_calendar_day, forward * (vol / math.sqrt(term) + 4 * rate + stdev)),
        ("value_coin", here.theta_coin_per_calendar_day, vol / math.sqrt(term) + 4 * rate + stdev),
        ("delta_forward_coin", here.charm_forward_coin_per_calendar_day, 1 / term),
        (
            "delta_net_coin",
            here.charm_net_coin_per_calendar_day,
            1 / term + vol / math.sqrt(term) + 4 * rate + stdev,
        ),
    ):
        assert slope(name, day, by_day) == pytest.approx(greek, abs=1e-6 * size)


@given(FORWARDS, RATIOS, TERMS, VOLS, DISCOUNTS, BASES)
def test_parity_linear_and_inverse_and_of_every_greek(
    forward: float, ratio: float, term: float, vol: float, discount: float, basis: float
) -> None:
    strike, spot = forward * ratio, forward / basis
    call, put = (full(forward, strike, term, vol, side, discount, spot) for side in (True, False))
    room = 4e-16 * (forward + strike)
    assert abs(call.value_usd - put.value_usd - discount * (forward - strike)) <= room
    inverse_call, inverse_put = (full(forward, strike, term, vol, side) for side in (True, False))
    assert (
        abs(inverse_call.value_coin - inverse_put.value_coin - (1.0 - strike / forward)) <= 2 * room / forward
    )
    assert inverse_call.delta_net_coin - inverse_put.delta_net_coin == pytest.approx(
        strike / forward, abs=1e-15 * (1 + ratio)
    )
    assert call.delta_forward_coin - put.delta_forward_coin == pytest.approx(1.0, abs=3e-16)
    for name in (
        "gamma_forward_coin_per_usd",
        "vega_usd_per_vol_point",
        "speed_forward_coin_per_usd_squared",
    ):
        assert getattr(call, name) == getattr(put, name)
    for name in (
        "vanna_forward_coin_per_vol_point",
        "charm_forward_coin_per_calendar_day",
        "volga_coin_per_vol_point_squared",
    ):
        assert getattr(call, name) == getattr(put, name)


@given(FORWARDS, RATIOS, st.floats(-1.0, 5.0), st.floats(0.0, 5.0), CALLS)
def test_bounds_without_any_room(forward: float, ratio: float, term: float, vol: float, call: bool) -> None:
    strike = forward * ratio
    found = full(forward, strike, term, vol, call)
    payoff = max(forward - strike if call else strike - forward, 0.0)
    top = forward if call else strike
    assert payoff <= found.value_usd <= top * (1 + 5e-16)
    assert 0.0 <= (found.delta_forward_coin if call else -found.delta_forward_coin) <= 1.0
    assert found.gamma_forward_coin_per_usd >= 0.0 <= found.vega_usd_per_vol_point
    assert found.theta_usd_per_calendar_day <= 0.0


@given(FORWARDS, RATIOS, TERMS, VOLS, CALLS, st.floats(1.0, 3.0))
def test_more_volatility_or_time_is_never_worth_less(
    forward: float, ratio: float, term: float, vol: float, call: bool, more: float
) -> None:
    strike = forward * ratio
    here = full(forward, strike, term, vol, call).value_usd
    room = 1.0 - 1e-14
    assert full(forward, strike, term, vol * more, call).value_usd >= here * room
    assert full(forward, strike, term * more, vol, call).value_usd >= here * room


@given(FORWARDS, RATIOS, TERMS, VOLS, CALLS, st.integers(-20, 20))
def test_homogeneity_and_symmetry_to_the_bit(
    forward: float, ratio: float, term: float, vol: float, call: bool, power: int
) -> None:
    strike = forward * ratio
    found = full(forward, strike, term, vol, call)
    scale = 2.0**power
    other = full(forward * scale, strike * scale, term, vol, call)
    assert other.value_usd == found.value_usd * scale
    assert other.value_coin == found.value_coin
    assert other.delta_forward_coin == found.delta_forward_coin
    assert other.gamma_forward_coin_per_usd * scale == found.gamma_forward_coin_per_usd
    assert full(strike, forward, term, vol, not call).value_usd == found.value_usd
    # Variance is all that counts: four times the time is twice the volatility.
    assert full(forward, strike, 4.0 * term, 0.5 * vol, call).value_usd == found.value_usd


@given(FORWARDS, RATIOS, st.floats(0.0, 1e-18), VOLS, CALLS)
def test_expiry_is_approached_continuously(
    forward: float, ratio: float, term: float, vol: float, call: bool
) -> None:
    strike = forward * ratio
    soon, then = (full(forward, strike, left, vol, call) for left in (term, 0.0))
    assert abs(soon.value_usd - then.value_usd) <= vol * 1e-9 * forward
    if abs(ratio - 1.0) > 1e-6:
        assert soon == then or soon.theta_usd_per_calendar_day == then.theta_usd_per_calendar_day == 0.0
