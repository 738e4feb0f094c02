"""Where an option's variance and forward come from: its own smile, two smiles, a clock, a settlement average."""

import math
from typing import Any

import msgspec
import pytest
from pricing_cases import (
    CALL_60,
    CALL_60_FAR,
    CALL_65,
    FAR_AT,
    FUTURE,
    INDEX,
    INSTRUMENTS,
    NEAR_AT,
    NOW,
    PERP,
    PUT_65,
    SEEN_AT,
    SMILES,
    D,
    market,
    option,
    structure,
)

from pricing import black
from pricing.instruments import Instrument, Option
from pricing.market import Curve, Discount, Fixing, MarketSnapshot, Pillar, Surface, VarianceClock
from pricing.numeric.smile import total_variance
from pricing.option_rows import screen_vol_half_spread, smiles_at
from pricing.surface.lookup import variance_at
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS
from pricing.valuation import Unpriceable, Valuation, leg_fair, mark, value
from pricing.variance_clock import variance_years, weekend_weights

SURFACE = Surface(at=SEEN_AT, smiles=SMILES)
MIDDLE_AT = NOW + 50 * DAY_NS
AVERAGED = msgspec.structs.replace(CALL_60, name="averaged", averaging_s=1800)
AVERAGED_PUT = msgspec.structs.replace(AVERAGED, name="averaged put", call=False)
AVERAGED_LINEAR = msgspec.structs.replace(
    AVERAGED, name="averaged linear", inverse=False, quote_currency="USDC", settle_currency="USDC"
)
ALL = {**INSTRUMENTS, **{one.name: one for one in (AVERAGED, AVERAGED_PUT, AVERAGED_LINEAR)}}
MINUTE = 60 * NS_PER_S


def found(*legs: tuple[Instrument, str], at: int = NOW, seen: MarketSnapshot | None = None) -> Valuation:
    """The value; the mark says the same."""
    known = {**ALL, **{instrument.name: instrument for instrument, _ in legs}}
    asked, snapshot = structure(*legs), seen or market(surface=SURFACE)
    worth = value(asked, known, snapshot, at)
    assert isinstance(worth, Valuation), worth
    assert mark(asked, known, snapshot, at) == (worth.fair, worth.bp)
    return worth


def variance(place: int, k: float) -> float:
    """Total variance of a smile as of when it was seen."""
    smile = SMILES[place]
    return total_variance(k, smile.a, smile.b, smile.rho, smile.m, smile.s)


def test_a_smiles_variance_shrinks_with_the_time_that_is_left() -> None:
    for days in (0, 10, 29):
        at = NOW + days * DAY_NS
        worth = found((CALL_65, "1"), at=at)
        vol = math.sqrt(variance(0, math.log(65_000 / 60_200)) / ((NEAR_AT - SEEN_AT) / YEAR_NS))
        assert worth.legs[0].vol == pytest.approx(vol, rel=1e-12)
        expected = black.price_inverse(60_200.0, 65_000.0, (NEAR_AT - at) / YEAR_NS, vol, True).value
        assert worth.fair == pytest.approx(expected, rel=1e-10)


def test_between_two_smiles_variance_is_straight_in_time() -> None:
    middle = option(65_000, expiry_at=MIDDLE_AT)
    worth = found((middle, "1"))
    near, far = NEAR_AT - NOW, FAR_AT - NOW
    shares = (MIDDLE_AT - NOW - near) / (far - near)
    forward = worth.legs[0].forward
    assert forward == pytest.approx(60_200 * (60_600 / 60_200) ** (1 / 3), rel=1e-9)
    k = math.log(65_000 / forward)
    w = (1 - shares) * variance(0, k) * near / (NEAR_AT - SEEN_AT)
    w += shares * variance(1, k) * far / (FAR_AT - SEEN_AT)
    assert worth.legs[0].vol == pytest.approx(math.sqrt(w / (50 / 365)), rel=1e-12)
    assert worth.width_bps > 0.0


def test_next_to_a_smile_the_value_is_the_smiles() -> None:
    beside = option(65_000, expiry_at=NEAR_AT + 1)
    assert found((beside, "1")).fair == pytest.approx(found((CALL_65, "1")).fair, rel=1e-9)
    edge = msgspec.structs.replace(CALL_60_FAR, expiry_at=FAR_AT - 1)
    assert found((edge, "1")).fair == pytest.approx(found((CALL_60_FAR, "1")).fair, rel=1e-9)


@pytest.mark.parametrize(("days", "place"), [(10, 0), (200, 1)])
def test_before_the_first_and_beyond_the_last_vols_are_those_of_the_edge(days: int, place: int) -> None:
    outside = option(60_000, expiry_at=NOW + days * DAY_NS)
    worth = found((outside, "1"))
    k = math.log(60_000 / worth.legs[0].forward)
    edge_at = (NEAR_AT, FAR_AT)[place]
    vol = math.sqrt(variance(place, k) / ((edge_at - SEEN_AT) / YEAR_NS))
    assert worth.legs[0].vol == pytest.approx(vol, rel=1e-12)


@pytest.mark.parametrize("days", [31, 50, 89])
def test_theta_between_two_smiles_is_what_the_value_loses(days: int) -> None:
    middle = option(60_300, expiry_at=NOW + days * DAY_NS)
    curve = Curve(at=SEEN_AT, pillars=(Pillar(expiry_at=middle.expiry_at, forward=60_300.0),))
    seen, step = market(surface=SURFACE, curve=curve), 60 * MINUTE
    sooner, here, later = (found((middle, "1"), at=NOW + place * step, seen=seen) for place in (1, 2, 3))
    lost = (later.fair - sooner.fair) / (2 * step) * DAY_NS * INDEX
    assert here.theta_usd_per_calendar_day == pytest.approx(lost, rel=1e-5)


def test_wings_at_their_bound_lose_nothing() -> None:
    steep = msgspec.structs.replace(SMILES[0], b=1.2, rho=0.0)
    at_bound = option(60_000, expiry_at=NEAR_AT + 300 * DAY_NS)
    worth = found((at_bound, "1"), seen=market(surface=Surface(at=SEEN_AT, smiles=(steep,))))
    assert worth.theta_usd_per_calendar_day == 0.0 and worth.legs[0].vol > 0.0


@pytest.mark.parametrize("minutes", [30 * 24 * 60, 60, 1])
def test_what_lies_beyond_the_last_smile_does_not_shrink_with_it(minutes: int) -> None:
    """A last smile that is nearly over still says how much variance passes in time after it."""
    alone = Surface(at=SEEN_AT, smiles=SMILES[:1])
    beyond = option(60_000, expiry_at=NEAR_AT + 5 * DAY_NS)
    at = NEAR_AT - minutes * MINUTE
    curve = Curve(at=SEEN_AT, pillars=(Pillar(expiry_at=beyond.expiry_at, forward=60_000.0),))
    worth = found((beyond, "1"), at=at, seen=market(surface=alone, curve=curve))
    vol = math.sqrt(variance(0, 0.0) / ((NEAR_AT - SEEN_AT) / YEAR_NS))
    assert worth.legs[0].vol == pytest.approx(vol, rel=1e-12)


def test_smiles_that_have_expired_are_past() -> None:
    at = NEAR_AT + DAY_NS
    chosen = smiles_at(SURFACE, NOW + 50 * DAY_NS, at)
    assert chosen is not None and (chosen.near, chosen.far) == (SMILES[1], None)
    assert smiles_at(SURFACE, FAR_AT + DAY_NS, FAR_AT) is None
    late = found((CALL_60_FAR, "1"), at=at)
    assert late.horizon_years == pytest.approx(59 / 365)


def test_a_smile_that_had_expired_when_it_was_seen_is_none() -> None:
    odd = Surface(at=FAR_AT, smiles=SMILES)
    why = value(structure((CALL_60, "1")), ALL, market(surface=odd), NOW)
    assert why == Unpriceable(reason="no_slice", field=CALL_60.name)


def test_the_screens_spread_is_known_only_where_both_smiles_know_it() -> None:
    wide = tuple(msgspec.structs.replace(one, half_spread=0.02) for one in SMILES)
    middle = option(65_000, expiry_at=MIDDLE_AT)
    known = found((middle, "1"), seen=market(surface=Surface(at=SEEN_AT, smiles=wide)))
    guessed = found((middle, "1"), seen=market(surface=Surface(at=SEEN_AT, smiles=(wide[0], SMILES[1]))))
    ratio = 0.02 / screen_vol_half_spread(50 / 365)
    assert known.width_bps == pytest.approx(guessed.width_bps * ratio)


def test_quiet_hours_take_less_variance() -> None:
    clock = VarianceClock(weights=weekend_weights(0.5))
    slow = Surface(at=SEEN_AT, smiles=SMILES, clock=clock)
    for hours in (0, 30, 60, 100):
        at = NOW + hours * 3600 * NS_PER_S
        worth = found((CALL_65, "1"), at=at, seen=market(surface=slow))
        left = variance_years(clock, at, NEAR_AT) / variance_years(clock, SEEN_AT, NEAR_AT)
        w = variance(0, math.log(65_000 / 60_200)) * left
        assert worth.legs[0].vol == pytest.approx(math.sqrt(w / ((NEAR_AT - at) / YEAR_NS)), rel=1e-12)


def test_a_clock_that_stands_still_leaves_the_payoff() -> None:
    hour = 3600 * NS_PER_S
    late_at = SEEN_AT // (168 * hour) * 168 * hour + 300 * hour
    weights = tuple(1.0 if place == 0 else 0.0 for place in range(168))
    start = next(at for at in range(late_at - late_at % hour, late_at + 200 * hour, hour) if _hour(at) == 2)
    soon = option(55_000, expiry_at=start + 5 * hour)
    smile = msgspec.structs.replace(SMILES[0], expiry_at=soon.expiry_at)
    later = msgspec.structs.replace(SMILES[1], expiry_at=soon.expiry_at + hour)
    still = Surface(at=start, smiles=(smile, later), clock=VarianceClock(weights=weights))
    seen = market(surface=still)
    between = option(55_000, expiry_at=start + 5 * hour + 60 * NS_PER_S)
    worth = found((soon, "1"), (between, "1"), at=start, seen=seen)
    for leg in worth.legs:
        assert leg.fair == pytest.approx(1 - 55_000 / leg.forward, rel=1e-12)
        assert (leg.vol, leg.theta_usd_per_calendar_day) == (0.0, 0.0)


def test_variance_after_a_clock_that_stood_still() -> None:
    """A smile until which nothing passes has no variance; half way to the next one half of that one's is left."""
    hour = 3600 * NS_PER_S
    start = next(at for at in range(SEEN_AT - SEEN_AT % hour, NOW + 400 * hour, hour) if _hour(at) == 2)
    weights = tuple(0.0 if 2 <= place < 10 else 1.0 for place in range(168))
    near = msgspec.structs.replace(SMILES[0], expiry_at=start + 8 * hour)
    far = msgspec.structs.replace(SMILES[1], expiry_at=start + 18 * hour)
    surface = Surface(at=start, smiles=(near, far), clock=VarianceClock(weights=weights))
    between = smiles_at(surface, start + 13 * hour, start)
    assert between is not None
    assert (between.near_weight, between.share) == (0.0, pytest.approx(0.5))
    assert between.far_weight == pytest.approx(0.5)
    last = Surface(at=start, smiles=(near,), clock=VarianceClock(weights=weights))
    for expiry_at in (start + hour, near.expiry_at, start + 13 * hour):
        for one in (surface, last):
            told = smiles_at(one, expiry_at, start)
            assert told is not None
            w = told.near_weight * total_variance(0.1, near.a, near.b, near.rho, near.m, near.s)
            if told.far is not None:
                w += told.far_weight * total_variance(0.1, far.a, far.b, far.rho, far.m, far.s)
            assert variance_at(one, expiry_at, 0.1, start) == pytest.approx(w, rel=1e-12)


def test_a_strike_beyond_floats_is_refused() -> None:
    for strike in ("1e400", "1e-400"):
        odd = msgspec.structs.replace(CALL_60, name="odd", strike=D(strike))
        known = {**ALL, odd.name: odd}
        why = Unpriceable(reason="not_priced", field="odd")
        assert value(structure((odd, "1")), known, market(), NOW) == why


def _hour(at: int) -> int:
    """The UTC hour of the week of an instant, from Monday on."""
    return (at // (3600 * NS_PER_S) + 72) % 168


def in_window(minutes: float, average: float | None, **changed: Any) -> tuple[MarketSnapshot, int]:
    """A market so many minutes before expiry, with what the average was up to now, and the instant."""
    at = NEAR_AT - round(minutes * MINUTE)
    fixing = Fixing(expiry_at=NEAR_AT, from_at=NEAR_AT - 30 * MINUTE, at=at, average=average or 1.0)
    return market(surface=SURFACE, fixings=(fixing,) if average else (), **changed), at


def test_a_settlement_average_has_less_variance() -> None:
    plain, averaged = found((CALL_60, "1")), found((AVERAGED, "1"))
    assert averaged.fair == pytest.approx(plain.fair, rel=1e-9)  # quoted vols are the average's own
    at = NEAR_AT - 60 * MINUTE
    soon, soon_averaged = found((CALL_60, "1"), at=at), found((AVERAGED, "1"), at=at)
    ratio = soon_averaged.legs[0].vol / soon.legs[0].vol
    whole = (NEAR_AT - SEEN_AT) / MINUTE
    assert ratio**2 == pytest.approx((60 - 20) / 60 / ((whole - 20) / whole), rel=1e-9)


def test_what_is_known_of_the_average_moves_the_strike() -> None:
    """A third of the window left, two thirds known at 59,900: R must beat 60,200 for the mean to beat 60,000."""
    seen, at = in_window(10, 59_900.0)
    worth = found((AVERAGED_LINEAR, "1"), at=at, seen=seen)
    years = (NEAR_AT - SEEN_AT - 20 * MINUTE) / YEAR_NS
    w = variance(0, math.log(60_000 / 60_200)) * (10 * MINUTE / 3 / YEAR_NS) / years
    expected = black.value(60_200.0, 60_200.0, 1.0, math.sqrt(w), True) / 3
    assert worth.fair == pytest.approx(expected, rel=1e-9)
    coin = found((AVERAGED, "1"), at=at, seen=seen)
    settles = (2 * 59_900 + 60_200) / 3
    assert coin.fair == pytest.approx(expected / settles, rel=1e-9)


def test_parity_holds_inside_the_window() -> None:
    seen, at = in_window(12, 60_500.0)
    both = found((AVERAGED, "1"), (AVERAGED_PUT, "-1"), at=at, seen=seen)
    settles = 0.6 * 60_500 + 0.4 * 60_200
    assert both.fair == pytest.approx(1 - 60_000 / settles, rel=1e-12)
    assert both.vega_usd_per_vol_point == 0.0


def test_an_average_that_cannot_lose_any_more() -> None:
    seen, at = in_window(1, 90_000.0)
    worth = found((AVERAGED_LINEAR, "1"), at=at, seen=seen)
    assert worth.fair == pytest.approx((29 * 90_000 + 60_200) / 30 - 60_000, rel=1e-12)
    assert worth.vega_usd_per_vol_point == 0.0
    assert worth.delta_net_usd == pytest.approx(60_200 / 30)
    assert found((AVERAGED_PUT, "1"), at=at, seen=seen).fair == 0.0


@pytest.mark.parametrize("minutes", [29.0, 15.0, 4.0])
@pytest.mark.parametrize("leg", [AVERAGED, AVERAGED_PUT, AVERAGED_LINEAR])
def test_theta_inside_the_window_is_that_of_the_average(minutes: float, leg: Option) -> None:
    """What is to come of the mean shrinks as well as its variance: three times what one of them alone loses."""
    seen, at = in_window(minutes, 60_000.0)
    here, step = found((leg, "1"), at=at, seen=seen), NS_PER_S // 2
    soon, later = (found((leg, "1"), at=at + steps * step, seen=seen).fair for steps in (1, 2))
    lost = (-3.0 * here.fair + 4.0 * soon - later) / (2 * step) * DAY_NS
    unit = INDEX if leg.inverse else 1.0
    assert here.theta_usd_per_calendar_day == pytest.approx(lost * unit, rel=2e-3)
    assert lost < 0.0


def test_an_average_nobody_has_told_of() -> None:
    seen, at = in_window(10, None)
    missing = Unpriceable(reason="no_fixing", field=AVERAGED.name)
    assert value(structure((AVERAGED, "1")), ALL, seen, at) == missing
    assert mark(structure((AVERAGED, "1")), ALL, seen, at) == missing
    assert leg_fair(AVERAGED, seen, at) == missing
    assert found((CALL_60, "1"), at=at, seen=seen).fair > 0.0


def test_a_payoff_later_is_discounted_in_the_currency_it_is_paid_in() -> None:
    rates = tuple(
        Discount(currency=one, at=NOW, pillars=((FAR_AT, rate),))
        for one, rate in (("BTC", 0.02), ("USD", 0.5))
    )
    seen = msgspec.structs.replace(market(surface=SURFACE), discounts=rates)
    for leg in (CALL_60, PUT_65):
        plain, later = found((leg, "1")), found((leg, "1"), seen=seen)
        factor = math.exp(-0.02 * 30 / 365)
        for name in ("fair", "delta_net_usd", "gamma_usd_per_pct", "vega_usd_per_vol_point"):
            assert getattr(later, name) == pytest.approx(getattr(plain, name) * factor, rel=1e-12), name


def test_a_forward_beyond_the_curve() -> None:
    lone = Curve(at=SEEN_AT, pillars=(Pillar(expiry_at=NEAR_AT, forward=60_200.0),))
    worth = found((CALL_60_FAR, "1"), seen=market(surface=SURFACE, curve=lone))
    assert worth.legs[0].forward == pytest.approx(60_000 * (60_200 / 60_000) ** 3, rel=1e-6)


def test_wings_and_expiries_make_the_buckets() -> None:
    strikes = (40_000, 55_000, 60_000, 66_000, 85_000)
    legs = [(option(strike), "1") for strike in strikes]
    worth = found(*legs, (CALL_60_FAR, "-2"), (FUTURE, "-100"), (PERP, "10"))
    wings = [(one.expiry_at, one.wing) for one in worth.buckets]
    near = [(NEAR_AT, wing) for wing in ("put_10", "put_25", "atm", "call_25", "call_10")]
    assert wings == [*near, (FAR_AT, "atm"), (NEAR_AT, "outright"), (0, "outright")]
    for name in (
        "delta_net_usd",
        "gamma_usd_per_pct",
        "vega_usd_per_vol_point",
        "volga_usd_per_vol_point_squared",
    ):
        parts = [getattr(one, name) for one in worth.buckets]
        assert getattr(worth, name) == pytest.approx(math.fsum(parts), rel=1e-12)
    assert found((CALL_60, "1"), (AVERAGED, "-1")).buckets[0].expiry_at == NEAR_AT


def test_a_lapsed_instant_has_neither_vol_nor_greeks() -> None:
    out = found((option(61_000), "1"), at=NEAR_AT - 1)
    assert (out.fair, out.delta_net_usd, out.gamma_usd_per_pct) == (0.0, 0.0, 0.0)
