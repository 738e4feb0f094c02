"""Laws of time, curves, averages and mids: additive, continuous, inside what they are made of."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing import curves
from pricing.market import (
    HOURS_A_WEEK,
    Curve,
    Discount,
    MarketSnapshot,
    Pillar,
    UnderlyingMarket,
    VarianceClock,
    one_level,
)
from pricing.mid import FairMid, fair_mid, micro_price, walk
from pricing.settlement import WINDOW_NS, averaged, averaged_years
from pricing.units import DAY_NS, NS_PER_MS, NS_PER_S, YEAR_NS
from pricing.variance_clock import dial, variance_years

NOW = 1_730_000_000 * NS_PER_S
instants = st.integers(NOW - 400 * DAY_NS, NOW + 400 * DAY_NS)
prices = st.floats(1e-2, 1e6)


@st.composite
def clocks(draw: st.DrawFn) -> VarianceClock:
    """Weights of few values, some of them zero, and jumps."""
    values = draw(st.lists(st.floats(0.0, 50.0), min_size=2, max_size=5))
    weights = tuple(values[hour % len(values)] for hour in range(HOURS_A_WEEK))
    at = sorted(draw(st.lists(instants, max_size=4, unique=True)))
    jumps = tuple((one, draw(st.floats(0.0, 48.0))) for one in at)
    return VarianceClock(weights=weights if sum(weights) > 0.0 else (), jumps=jumps)


@given(clocks(), instants, instants, instants)
def test_variance_time_adds_up_exactly_and_never_runs_back(
    clock: VarianceClock, a: int, b: int, c: int
) -> None:
    watch = dial(clock)
    assert (watch.reading(b) - watch.reading(a)) + (watch.reading(c) - watch.reading(b)) == (
        watch.reading(c) - watch.reading(a)
    )
    low, high = min(a, b), max(a, b)
    assert variance_years(clock, low, high) >= 0.0
    assert variance_years(clock, a, b) == -variance_years(clock, b, a)
    parts = variance_years(clock, a, b) + variance_years(clock, b, c)
    assert parts == pytest.approx(variance_years(clock, a, c), abs=1e-14)


@given(instants, instants)
def test_flat_clocks_are_the_calendar(a: int, b: int) -> None:
    assert variance_years(None, a, b) == variance_years(VarianceClock(), a, b) == (b - a) / YEAR_NS


@given(clocks(), instants, st.integers(0, 3 * WINDOW_NS), st.integers(0, 3 * WINDOW_NS))
def test_an_average_has_less_variance_than_its_end_and_less_the_later_it_is(
    clock: VarianceClock, expiry_at: int, before: int, later: int
) -> None:
    early, late = max(before, later), min(before, later)
    left = averaged_years(clock, expiry_at - early, expiry_at)
    assert left >= averaged_years(clock, expiry_at - late, expiry_at) - 1e-15
    assert 0.0 <= left <= variance_years(clock, expiry_at - early, expiry_at) + 1e-15


@given(prices, st.floats(0.5, 2.0), st.floats(0.9, 1.1), st.floats(1e-9, 1e-6))
def test_an_average_is_continuous_where_its_window_begins_and_ends(
    forward: float, ratio: float, drift: float, little: float
) -> None:
    window = WINDOW_NS / YEAR_NS
    strike, average = forward * ratio, forward * drift
    before = averaged(forward, strike, window, window)
    just_in = averaged(forward, strike, window * (1 - little), window, average, window * little)
    assert just_in.variance_years == pytest.approx(before.variance_years, rel=2 * little + 1e-12)
    assert just_in.strike == pytest.approx(before.strike, rel=10 * little)
    assert just_in.settles_at == pytest.approx(before.settles_at, rel=10 * little)
    # Near the end the call is worth what the average says, whatever the forward still does.
    at_end = averaged(forward, strike, 0.0, window, average, window)
    near_end = averaged(forward, strike, window * little, window, average, window * (1 - little))
    intrinsic = max(at_end.forward - at_end.strike, 0.0)
    assert near_end.scale * max(near_end.forward - near_end.strike, 0.0) == pytest.approx(
        intrinsic, abs=10 * little * forward
    )


@given(prices, st.floats(0.2, 5.0), st.floats(0.5, 2.0), st.floats(0.01, 0.99))
def test_the_equivalent_keeps_parity_with_the_expected_average(
    forward: float, ratio: float, drift: float, known: float
) -> None:
    window = WINDOW_NS / YEAR_NS
    strike = forward * ratio
    found = averaged(forward, strike, window * (1 - known), window, forward * drift, window * known)
    assert found.forward > 0.0 < found.strike
    assert found.scale * (found.forward - found.strike) == pytest.approx(
        found.settles_at - strike, abs=1e-9 * (forward + strike)
    )


@st.composite
def markets(draw: st.DrawFn) -> UnderlyingMarket:
    """An index and a curve of a few pillars."""
    ahead = sorted(draw(st.lists(st.integers(1, 700 * DAY_NS), min_size=1, max_size=5, unique=True)))
    pillars = tuple(
        Pillar(expiry_at=NOW + one, forward=draw(st.floats(1e4, 1e5)), doubt_bps=draw(st.floats(0.0, 50.0)))
        for one in ahead
    )
    index = draw(st.floats(1e4, 1e5))
    return UnderlyingMarket(
        name="BTC",
        index=index,
        index_at=NOW,
        sigma=0.5,
        adv_usd=1.0,
        depth_usd_10bps=1.0,
        curve=Curve(at=NOW, pillars=pillars),
    )


@given(markets(), st.floats(0.0, 1.0))
def test_forwards_lie_between_those_beside_them(under: UnderlyingMarket, share: float) -> None:
    assert under.curve is not None
    at = NOW + int(share * (under.curve.pillars[-1].expiry_at - NOW))
    point = curves.forward_point(under, at)
    assert point is not None
    assert curves.forward_at(under, at) == point[0]
    before = [one for one in under.curve.pillars if one.expiry_at <= at]
    after = [one for one in under.curve.pillars if one.expiry_at >= at]
    left = (before[-1].forward, before[-1].doubt_bps) if before else (under.index, 0.0)
    right = (after[0].forward, after[0].doubt_bps)
    for value, one, other in zip(point[:2], left, right, strict=True):
        assert min(one, other) * (1 - 1e-12) <= value <= max(one, other) * (1 + 1e-12)
    for pillar in under.curve.pillars:
        assert curves.forward_at(under, pillar.expiry_at) == pillar.forward


@given(st.floats(-0.01, 0.01), st.floats(-0.001, 0.001), st.floats(0.0, 0.001))
def test_funding_stays_by_the_premium_and_is_the_interest_near_it(
    premium: float, interest: float, clamp: float
) -> None:
    rate = curves.funding_8h(premium, interest, clamp)
    assert abs(rate - premium) <= clamp + 1e-17
    assert min(premium, interest) - 1e-17 <= rate <= max(premium, interest) + 1e-17


@given(st.floats(0.5, 2.0), st.floats(0.0, 0.001), st.floats(0.001, 0.1))
def test_continuous_funding_is_odd_in_the_premium_and_damped(ratio: float, band: float, cap: float) -> None:
    rate = curves.funding_continuous(ratio, 1.0, band, cap)
    premium = ratio - 1.0
    assert abs(rate) <= max(min(abs(premium), cap) - band, 0.0) + 1e-15
    assert rate * premium >= 0.0
    assert curves.funding_continuous(1.0 - premium, 1.0, band, cap) == pytest.approx(-rate, abs=1e-12)


@given(
    st.lists(st.tuples(st.integers(1, 700), st.floats(-0.1, 0.3)), max_size=4, unique_by=lambda one: one[0]),
    st.lists(st.integers(0, 900), min_size=3, max_size=3),
)
def test_discounting_over_two_stretches_is_discounting_over_both(
    points: list[tuple[int, float]], days: list[int]
) -> None:
    pillars = tuple((NOW + day * DAY_NS, rate) for day, rate in sorted(points))
    rates = Discount(currency="USD", at=NOW, pillars=pillars)
    snapshot = MarketSnapshot(at=NOW, discounts=(rates,))
    a, b, c = (NOW + day * DAY_NS for day in sorted(days))
    twice = curves.discount(snapshot, "USD", b, a) * curves.discount(snapshot, "USD", c, b)
    assert twice == pytest.approx(curves.discount(snapshot, "USD", c, a), rel=1e-12)
    for at, rate in pillars:
        expected = math.exp(-rate * (at - NOW) / YEAR_NS)
        assert curves.discount(snapshot, "USD", at, NOW) == pytest.approx(expected, rel=1e-12)


touches = st.tuples(
    st.floats(99.0, 101.0),
    st.floats(0.0, 0.5),
    st.floats(0.0, 100.0),
    st.floats(0.0, 100.0),
    st.integers(0, 6000),
)


@given(st.lists(touches, min_size=1, max_size=5))
def test_a_composite_lies_among_its_venues(rows: list[tuple[float, float, float, float, int]]) -> None:
    books = tuple(
        one_level("X", NOW - age * NS_PER_MS, bid, bid + spread, bought, sold, f"v{number}")
        for number, (bid, spread, bought, sold, age) in enumerate(rows)
    )
    found = fair_mid(books, NOW, 0.6)
    if not isinstance(found, FairMid):
        assert all(age > 5000 for *_, age in rows)
        return
    micros = [micro_price(one) for one in books if one.venue in found.venues]
    known = [one for one in micros if one is not None]
    assert min(known) - 1e-9 <= found.mid <= max(known) + 1e-9
    assert found.doubt > 0.0
    assert sorted([*found.venues, *(venue for venue, _ in found.left_out)]) == [one.venue for one in books]
    again = fair_mid(tuple(reversed(books)), NOW, 0.6)
    assert isinstance(again, FairMid)
    assert again.mid == pytest.approx(found.mid, rel=1e-9) or again.venues[::-1] != found.venues


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=6), st.floats(0.05, 80.0), st.booleans())
def test_more_size_never_pays_a_better_average(sizes: list[float], amount: float, inverse: bool) -> None:
    side = tuple((100.0 + number, size) for number, size in enumerate(sizes))
    first, more = walk(side, amount, inverse), walk(side, 2.0 * amount, inverse)
    assert first is not None
    assert more is not None
    assert first.average <= more.average * (1 + 1e-12)
    assert 100.0 - 1e-9 <= first.average <= first.worst + 1e-9
    assert first.filled == pytest.approx(min(amount, sum(sizes)))
