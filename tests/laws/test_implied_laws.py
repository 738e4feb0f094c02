"""Laws of implied volatility: there and back, parity, scale, order, coin and money alike."""

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from pricing.fact import Fault
from pricing.implied import implied_vol, implied_vol_inverse
from pricing.numeric.normalised import weigh

UNIT = 2.0**-53
FORWARDS = st.floats(1e-3, 1e6)
DISTANCES = st.floats(-6.0, 6.0)
"""ln(strike / forward) in standard deviations."""
TERMS = st.floats(1e-5, 5.0)
VOLS = st.floats(0.01, 4.0)


def _value(forward: float, strike: float, term: float, vol: float, call: bool) -> float:
    """Black's value by the share of the out-of-the-money side."""
    least, most = min(forward, strike), max(forward, strike)
    share = weigh(-math.log1p((most - least) / least), vol * math.sqrt(term))[0]
    gain = forward - strike if call else strike - forward
    return least * share + max(gain, 0.0)


def _strike(forward: float, distance: float, term: float, vol: float) -> float:
    return forward * math.exp(distance * vol * math.sqrt(term))


@given(FORWARDS, DISTANCES, TERMS, VOLS, st.booleans())
def test_there_and_back(forward: float, distance: float, term: float, vol: float, call: bool) -> None:
    strike = _strike(forward, distance, term, vol)
    price = _value(forward, strike, term, vol, call)
    found = implied_vol(price, forward, strike, term, call)
    least, most = min(forward, strike), max(forward, strike)
    stdev = vol * math.sqrt(term)
    slope = weigh(-math.log1p((most - least) / least), stdev)[2]
    assume(slope > 1e-12)
    blur = 24.0 * UNIT * max(1.0, price / (least * slope * stdev))
    assume(blur < 1e-3)
    assert isinstance(found, float)
    assert abs(found / vol - 1.0) <= blur


@given(FORWARDS, DISTANCES, TERMS, VOLS, st.booleans(), st.integers(-200, 200))
def test_money_has_no_unit(
    forward: float, distance: float, term: float, vol: float, call: bool, power: int
) -> None:
    """Price, forward and strike in another unit, a power of two: the same bits."""
    strike = _strike(forward, distance, term, vol)
    price = _value(forward, strike, term, vol, call)
    assume(price > 1e-200)
    unit = math.ldexp(1.0, power)
    assert implied_vol(price, forward, strike, term, call) == implied_vol(
        price * unit, forward * unit, strike * unit, term, call
    )


@given(FORWARDS, DISTANCES, TERMS, VOLS)
def test_call_and_put_of_one_strike_agree(forward: float, distance: float, term: float, vol: float) -> None:
    strike = _strike(forward, distance, term, vol)
    call, put = (_value(forward, strike, term, vol, side) for side in (True, False))
    one, other = (
        implied_vol(call, forward, strike, term, True),
        implied_vol(put, forward, strike, term, False),
    )
    assume(isinstance(one, float) and isinstance(other, float))
    least, most = min(forward, strike), max(forward, strike)
    slope = weigh(-math.log1p((most - least) / least), vol * math.sqrt(term))[2]
    blur = 24.0 * UNIT * max(1.0, max(call, put) / (least * slope * vol * math.sqrt(term)))
    assume(blur < 1e-3)
    assert isinstance(one, float) and isinstance(other, float)
    assert abs(one / other - 1.0) <= 2.0 * blur


@given(FORWARDS, st.floats(0.2, 5.0), TERMS, st.floats(1e-6, 1.0 - 1e-6), st.booleans())
def test_the_forward_and_strike_may_change_places(
    forward: float, ratio: float, term: float, share: float, call: bool
) -> None:
    """A call on F struck at K is a put on K struck at F."""
    strike = forward * ratio
    price = share * min(forward, strike)
    price += max(forward - strike if call else strike - forward, 0.0)
    assert implied_vol(price, forward, strike, term, call) == implied_vol(
        price, strike, forward, term, not call
    )


@given(FORWARDS, st.floats(0.2, 5.0), TERMS, st.floats(0.001, 0.999), st.floats(0.001, 0.999), st.booleans())
def test_dearer_means_more_volatile(
    forward: float, ratio: float, term: float, one: float, other: float, call: bool
) -> None:
    assume(abs(one - other) > 1e-9)
    strike = forward * ratio
    least = min(forward, strike)
    paid = max(forward - strike if call else strike - forward, 0.0)
    low = implied_vol(paid + least * min(one, other), forward, strike, term, call)
    high = implied_vol(paid + least * max(one, other), forward, strike, term, call)
    assert isinstance(low, float) and isinstance(high, float)
    assert low < high


@given(FORWARDS, st.floats(0.2, 5.0), TERMS, st.floats(0.001, 0.99), st.booleans(), st.floats(0.5, 1.0))
def test_coin_and_money_agree(
    forward: float, ratio: float, term: float, share: float, call: bool, discount: float
) -> None:
    strike = forward * ratio
    price = share * min(forward, strike)
    price = discount * (price + max(forward - strike if call else strike - forward, 0.0))
    money = implied_vol(price, forward, strike, term, call, discount)
    coin = implied_vol_inverse(price / forward, forward, strike, term, call, discount)
    assert isinstance(money, float) and isinstance(coin, float)
    assert abs(money / coin - 1.0) < 1e-10


@given(
    *[st.floats(allow_nan=True, allow_infinity=True)] * 4,
    st.booleans(),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_anything_at_all_gets_a_volatility_or_a_reason(
    price: float, forward: float, strike: float, term: float, call: bool, discount: float
) -> None:
    for solve in (implied_vol, implied_vol_inverse):
        found = solve(price, forward, strike, term, call, discount)
        assert isinstance(found, Fault) or 0.0 < found < math.inf
