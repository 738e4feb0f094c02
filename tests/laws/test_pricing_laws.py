"""Laws of value: parity, bounds, greeks against finite differences, expiry, structures that add."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pricing_cases import (
    CALL_60,
    CALL_60_FAR,
    CALL_65,
    FUTURE,
    FUTURE_FAR,
    INSTRUMENTS,
    NOW,
    PERP,
    PUT_60,
    SNAPSHOT,
    D,
    structure,
    worth,
)

from pricing import black
from pricing.structures import Leg, Structure
from pricing.units import DAY_NS, plain, round_bid, round_near, round_offer
from pricing.valuation import Valuation, mark, value

FORWARDS = st.floats(1e-3, 1e6)
RATIOS = st.floats(0.2, 5.0)  # strike over forward
TERMS = st.floats(1e-5, 5.0)
VOLS = st.floats(0.02, 3.0)
DISCOUNTS = st.floats(0.5, 1.0)
CALLS = st.booleans()


@given(FORWARDS, RATIOS, TERMS, VOLS, DISCOUNTS)
def test_parity_of_linear_options(
    forward: float, ratio: float, term: float, vol: float, discount: float
) -> None:
    strike = forward * ratio
    call = black.price(forward, strike, term, vol, True, discount)
    put = black.price(forward, strike, term, vol, False, discount)
    assert call.value - put.value == pytest.approx(
        discount * (forward - strike), abs=1e-12 * (forward + strike)
    )
    assert call.delta - put.delta == pytest.approx(discount, abs=1e-12)
    assert call.gamma == put.gamma
    assert call.vega == put.vega


@given(FORWARDS, RATIOS, TERMS, VOLS)
def test_parity_of_inverse_options(forward: float, ratio: float, term: float, vol: float) -> None:
    strike = forward * ratio
    call = black.price_inverse(forward, strike, term, vol, True)
    put = black.price_inverse(forward, strike, term, vol, False)
    assert call.value - put.value == pytest.approx(1.0 - strike / forward, abs=1e-11)
    assert call.delta_net - put.delta_net == pytest.approx(strike / forward, abs=1e-11)


@given(FORWARDS, RATIOS, st.floats(-1.0, 5.0), st.floats(0.0, 3.0), DISCOUNTS, CALLS)
def test_bounds(forward: float, ratio: float, term: float, vol: float, discount: float, call: bool) -> None:
    strike = forward * ratio
    found = black.price(forward, strike, term, vol, call, discount)
    room = 1e-12 * (forward + strike)
    payoff = max(forward - strike if call else strike - forward, 0.0)
    assert discount * payoff - room <= found.value <= discount * (forward if call else strike) + room
    low, high = (0.0, discount) if call else (-discount, 0.0)
    assert low <= found.delta <= high
    assert found.gamma >= 0.0
    assert found.vega >= 0.0
    coin = black.price_inverse(forward, strike, term, vol, call)
    assert 0.0 <= coin.value <= (1.0 if call else strike / forward) + 1e-12


@given(FORWARDS, RATIOS, st.floats(0.01, 3.0), st.floats(0.1, 2.0), DISCOUNTS, CALLS)
def test_greeks_are_the_slopes_of_value(
    forward: float, ratio: float, term: float, vol: float, discount: float, call: bool
) -> None:
    strike = forward * ratio
    rate = -math.log(discount) / term

    def at(f: float = forward, t: float = term, v: float = vol) -> float:
        return black.price(f, strike, t, v, call, math.exp(-rate * t)).value

    found = black.price(forward, strike, term, vol, call, discount)
    step = 1e-3 * vol * math.sqrt(term) * forward
    up, here, down = at(f=forward + step), at(), at(f=forward - step)
    assert (up - down) / (2 * step) == pytest.approx(found.delta, abs=2e-6)
    peak = 0.4 * discount / (forward * vol * math.sqrt(term))  # gamma's own size at the money
    assert (up - 2 * here + down) / step**2 == pytest.approx(found.gamma, abs=1e-4 * peak)
    size = forward * math.sqrt(term)
    slope = (at(v=vol + 1e-4) - at(v=vol - 1e-4)) / 2e-4
    assert slope == pytest.approx(found.vega, abs=1e-4 * size)
    h = 1e-4 * term
    decay = -(at(t=term + h) - at(t=term - h)) / (2 * h)
    assert decay == pytest.approx(found.theta, abs=1e-4 * (size * vol / term + rate * (forward + strike)))


@given(FORWARDS, RATIOS, TERMS, VOLS, CALLS, st.floats(1.01, 2.0))
def test_more_volatility_or_time_is_worth_more(
    forward: float, ratio: float, term: float, vol: float, call: bool, more: float
) -> None:
    strike = forward * ratio
    here = black.price(forward, strike, term, vol, call).value
    room = 1e-12 * (forward + strike)
    assert black.price(forward, strike, term, vol * more, call).value >= here - room
    assert black.price(forward, strike, term * more, vol, call).value >= here - room


@given(FORWARDS, RATIOS, VOLS, CALLS, st.floats(-1.0, 0.0))
def test_expiry_is_the_payoff_and_is_approached(
    forward: float, ratio: float, vol: float, call: bool, late: float
) -> None:
    strike = forward * ratio
    payoff = max(forward - strike if call else strike - forward, 0.0)
    assert black.price(forward, strike, late, vol, call).value == payoff
    soon = black.price(forward, strike, 1e-12, vol, call).value
    assert soon == pytest.approx(payoff, abs=2e-6 * vol * forward + 1e-12 * (forward + strike))


LEGS = st.lists(
    st.tuples(
        st.sampled_from((CALL_60, CALL_65, PUT_60, CALL_60_FAR)),
        st.integers(-5, 5).filter(bool),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda leg: leg[0].name,
)


@given(LEGS)
def test_a_structure_is_the_sum_of_its_legs(legs: list[tuple[object, int]]) -> None:
    asked = Structure(legs=tuple(Leg(instrument=i.name, ratio=D(r)) for i, r in legs))  # type: ignore[attr-defined]
    whole = value(asked, INSTRUMENTS, SNAPSHOT, NOW)
    assert isinstance(whole, Valuation)
    for name in (
        "fair",
        "delta_net_usd",
        "gamma_usd_per_pct",
        "vega_usd_per_vol_point",
        "theta_usd_per_calendar_day",
    ):
        parts = [r * getattr(worth((i, "1")), name) for i, r in legs]  # type: ignore[arg-type]
        assert getattr(whole, name) == pytest.approx(math.fsum(parts), abs=1e-9 * math.fsum(map(abs, parts)))
    widths = [abs(r) * worth((i, "1")).width_bps for i, r in legs]  # type: ignore[arg-type]
    biggest = max(abs(r) for _, r in legs)
    assert 0.0 <= whole.width_bps <= math.fsum(widths) / biggest * (1 + 1e-9)
    assert whole.notional_usd == pytest.approx(biggest * 60_000.0)


@given(
    st.lists(
        st.tuples(st.sampled_from((*INSTRUMENTS, "NOBODY")), st.integers(-5, 5).filter(bool)),
        max_size=4,
    ),
    st.integers(0, 400),
)
def test_a_mark_is_the_fair_and_the_bp_of_the_value(legs: list[tuple[str, int]], days: int) -> None:
    asked = Structure(legs=tuple(Leg(instrument=name, ratio=D(ratio) / 3) for name, ratio in legs))
    whole = value(asked, INSTRUMENTS, SNAPSHOT, NOW + days * DAY_NS)
    fast = mark(asked, INSTRUMENTS, SNAPSHOT, NOW + days * DAY_NS)
    assert fast == ((whole.fair, whole.bp) if isinstance(whole, Valuation) else whole)


@given(FORWARDS, RATIOS, st.floats(-1.0, 5.0), st.floats(0.0, 3.0), CALLS)
def test_the_value_alone_is_that_of_the_greeks(
    forward: float, ratio: float, term: float, vol: float, call: bool
) -> None:
    strike = forward * ratio
    assert (
        black.value(forward, strike, term, vol, call) == black.price(forward, strike, term, vol, call).value
    )


@given(st.integers(1, 1000), st.sampled_from((PERP, FUTURE, CALL_60)))
def test_amounts_scale(ratio: int, instrument: object) -> None:
    one = worth((instrument, "1"))  # type: ignore[arg-type]
    many = worth((instrument, str(ratio)))  # type: ignore[arg-type]
    assert many.fair / many.bp == pytest.approx(one.fair / one.bp)
    assert many.delta_net_usd / many.notional_usd == pytest.approx(one.delta_net_usd / one.notional_usd)
    assert many.width_bps == pytest.approx(one.width_bps)


def test_a_reversed_structure_is_worth_the_opposite() -> None:
    there, back = worth((FUTURE_FAR, "1"), (FUTURE, "-1")), worth((FUTURE_FAR, "-1"), (FUTURE, "1"))
    assert there.fair == -back.fair
    assert there.width_bps == back.width_bps
    assert value(structure((PERP, "1")), INSTRUMENTS, SNAPSHOT, NOW) == worth((PERP, "1"))


TICKS = st.sampled_from([D(t) for t in ("0.0001", "0.0005", "0.01", "0.5", "2.5", "1", "5", "10", "0.00001")])


@given(st.floats(-1e7, 1e7), TICKS)
def test_rounding_brackets_the_price(price: float, tick: D) -> None:
    down, near, up = round_bid(price, tick), round_near(price, tick), round_offer(price, tick)
    hair = float(tick) * 1e-6 + abs(price) * 1e-14
    assert float(down) <= price + hair
    assert float(up) >= price - hair
    assert up - down in (D(0), tick)
    assert down <= near <= up
    for rounded in (down, near, up):
        assert rounded % tick == 0
        assert plain(rounded).as_tuple() == rounded.as_tuple()


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=9))
def test_plain_changes_the_spelling_only(number: D) -> None:
    spelled = plain(number)
    assert spelled == number
    assert plain(spelled).as_tuple() == spelled.as_tuple()
    assume(number != 0)
    digits = spelled.as_tuple()
    assert isinstance(digits.exponent, int) and digits.exponent <= 0
    assert digits.exponent == 0 or digits.digits[-1] != 0
