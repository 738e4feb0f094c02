"""What structures are worth, in which units, and what happens when something is missing."""

import math

import msgspec
import pytest
from pricing_cases import (
    CALL_60,
    CALL_60_FAR,
    CALL_60_LINEAR,
    CALL_65,
    CALL_65_LINEAR,
    FAR_AT,
    FUTURE,
    FUTURE_FAR,
    INDEX,
    INSTRUMENTS,
    MARKET_BTC,
    NEAR_AT,
    NOW,
    PERP,
    PERP_LINEAR,
    PUT_60,
    PUT_60_LINEAR,
    SEEN_AT,
    SMILES,
    SNAPSHOT,
    D,
    market,
    refused,
    structure,
    worth,
)

from pricing import black
from pricing.market import MarketSnapshot, Smile, Surface
from pricing.numeric.smile import total_variance
from pricing.structures import Hedge
from pricing.units import YEAR_NS, years
from pricing.valuation import Unpriceable, leg_fair, screen_vol_half_spread, value

NEAR = SMILES[0]
TERM = years(NOW, NEAR_AT)
AGE_YEARS = 5_000_000 / YEAR_NS


def smile_vol(smile: Smile, forward: float, strike: float, term: float) -> float:
    """The smile's volatility as of when the surface was seen."""
    w = total_variance(math.log(strike / forward), smile.a, smile.b, smile.rho, smile.m, smile.s)
    return math.sqrt(w / ((smile.expiry_at - SEEN_AT) / YEAR_NS))


def only(*smiles: Smile) -> Surface:
    """A surface of these."""
    return Surface(at=SEEN_AT, smiles=smiles, vol_of_vol=0.8)


def test_an_inverse_perpetual() -> None:
    found = worth((PERP, "1"))
    assert (found.fair, found.notional_usd, found.delta_net_usd) == (60_000.0, 1.0, 1.0)
    assert found.bp == pytest.approx(6.0)  # one bp of a USD of notional is one bp of the price
    assert found.width_bps == pytest.approx(1.0 / 6.0)
    moved = 0.6 * math.sqrt(AGE_YEARS)
    assert found.uncertainty_bps == pytest.approx(1e4 * math.hypot(1 / math.sqrt(3) / 60_000, moved))
    assert (found.age_ms, found.currency) == (5.0, "USD")
    assert (found.gamma_usd_per_pct, found.vega_usd_per_vol_point, found.theta_usd_per_calendar_day) == (
        0.0,
        0.0,
        0.0,
    )
    assert (found.underlying, found.horizon_years, found.signed) == ("BTC", 0.0, False)


def test_a_linear_perpetual() -> None:
    found = worth((PERP_LINEAR, "1"))
    assert (found.fair, found.notional_usd, found.delta_net_usd) == (60_000.0, 60_000.0, 60_000.0)
    assert found.bp == pytest.approx(6.0)
    assert found.width_bps == pytest.approx(2.0 / 6.0)


def test_a_ratio_scales_and_its_sign_turns() -> None:
    one, two = worth((PERP_LINEAR, "1")), worth((PERP_LINEAR, "-2"))
    assert two.fair == -2 * one.fair
    assert two.delta_net_usd == -2 * one.delta_net_usd
    assert (two.notional_usd, two.bp) == (2 * one.notional_usd, 2 * one.bp)
    assert (two.width_bps, two.signed) == (one.width_bps, True)


def test_a_future_has_a_horizon() -> None:
    found = worth((FUTURE, "1"))
    assert found.fair == 60_200.0
    assert found.horizon_years == pytest.approx(30 / 365)


def test_a_calendar_of_inverse_futures() -> None:
    found = worth((FUTURE_FAR, "1"), (FUTURE, "-1"))
    assert found.fair == pytest.approx(400.0)
    assert (found.delta_net_usd, found.notional_usd, found.signed) == (0.0, 1.0, True)
    assert found.horizon_years == pytest.approx(30 / 365)
    # Each book's own half spread, in bps of a dollar.
    assert found.width_bps == pytest.approx(1e4 * (10 / 60_600 + 5 / 60_200))
    assert found.bp == pytest.approx(6.06)


def test_a_perpetual_against_a_future_has_the_futures_horizon() -> None:
    assert worth((PERP, "1"), (FUTURE, "-1")).horizon_years == pytest.approx(30 / 365)
    assert worth((CALL_60_FAR, "1"), (CALL_60, "-1")).horizon_years == pytest.approx(30 / 365)
    assert worth((CALL_60, "1"), (CALL_60_FAR, "-1")).horizon_years == pytest.approx(30 / 365)


def test_an_inverse_option() -> None:
    found = worth((CALL_60, "1"))
    vol = smile_vol(NEAR, 60_200.0, 60_000.0, TERM)
    expected = black.price_inverse(60_200.0, 60_000.0, TERM, vol, True)
    assert found.fair == pytest.approx(expected.value)
    assert found.bp == pytest.approx(1e-4)
    assert found.notional_usd == INDEX
    assert found.delta_net_usd == pytest.approx(expected.delta_net * 60_200.0)
    assert found.gamma_usd_per_pct == pytest.approx(expected.gamma * 60_200.0**2 / 100)
    assert found.vega_usd_per_vol_point == pytest.approx(expected.vega * INDEX / 100)
    assert found.theta_usd_per_calendar_day == pytest.approx(expected.theta * INDEX / 365)
    assert found.horizon_years == TERM
    assert not found.signed
    half_vol_points = 100 * screen_vol_half_spread(TERM)
    assert found.width_bps == pytest.approx(found.vega_usd_per_vol_point * half_vol_points / INDEX * 1e4)


def test_a_linear_option() -> None:
    coin, usd = worth((CALL_60, "1")), worth((CALL_60_LINEAR, "1"))
    assert usd.fair == pytest.approx(coin.fair * 60_200.0)
    assert usd.bp == pytest.approx(6.0)
    assert usd.notional_usd == INDEX
    assert usd.delta_net_usd == pytest.approx(coin.delta_net_usd + usd.fair)  # no premium in coin to take off
    # A coin premium is money at the index, a linear one at the forward.
    assert usd.vega_usd_per_vol_point == pytest.approx(coin.vega_usd_per_vol_point * 60_200 / INDEX)
    assert usd.width_bps == pytest.approx(coin.width_bps * 60_200 / INDEX)


def test_a_smiles_own_half_spread_is_used() -> None:
    tight = msgspec.structs.replace(NEAR, half_spread=screen_vol_half_spread(TERM) / 2)
    found = value(structure((CALL_60, "1")), INSTRUMENTS, market(surface=only(tight)), NOW)
    assert not isinstance(found, Unpriceable)
    assert found.width_bps == pytest.approx(worth((CALL_60, "1")).width_bps / 2)


def test_greeks_and_prices_add_with_their_signs() -> None:
    spread, long, short = worth((CALL_60, "1"), (CALL_65, "-2")), worth((CALL_60, "1")), worth((CALL_65, "1"))
    for name in (
        "fair",
        "delta_net_usd",
        "gamma_usd_per_pct",
        "vega_usd_per_vol_point",
        "theta_usd_per_calendar_day",
    ):
        assert getattr(spread, name) == pytest.approx(getattr(long, name) - 2 * getattr(short, name)), name
    assert spread.notional_usd == 2 * INDEX
    assert spread.bp == pytest.approx(2e-4)
    assert spread.signed


def test_a_conversion_costs_no_volatility() -> None:
    found = worth((CALL_60_LINEAR, "1"), (PUT_60_LINEAR, "-1"))
    assert found.fair == pytest.approx(60_200.0 - 60_000.0)
    assert found.delta_net_usd == pytest.approx(60_200.0)
    assert found.vega_usd_per_vol_point == pytest.approx(0.0, abs=1e-9)
    assert found.width_bps == pytest.approx(0.0, abs=1e-9)
    assert found.uncertainty_bps > 0.0
    covered = worth((CALL_60_LINEAR, "1"), (PUT_60_LINEAR, "-1"), (PERP_LINEAR, "-1"))
    assert covered.delta_net_usd == pytest.approx(200.0)
    assert covered.width_bps == pytest.approx(worth((PERP_LINEAR, "1")).width_bps)


def test_vegas_of_different_expiries_do_not_cancel() -> None:
    calendar = worth((CALL_60_FAR, "1"), (CALL_60, "-1"))
    assert calendar.width_bps == pytest.approx(
        worth((CALL_60_FAR, "1")).width_bps + worth((CALL_60, "1")).width_bps
    )
    vertical = worth((CALL_60, "1"), (CALL_65, "-1"))
    assert vertical.width_bps < worth((CALL_60, "1")).width_bps


def test_the_order_of_legs_is_no_matter() -> None:
    ahead = worth((CALL_60, "1"), (CALL_60_FAR, "-1"), (CALL_65, "-1"))
    other = worth((CALL_60, "1"), (CALL_65, "-1"), (CALL_60_FAR, "-1"))
    assert ahead.width_bps == pytest.approx(other.width_bps)
    assert ahead.fair == pytest.approx(other.fair)


def test_a_hedge_is_worth_what_it_is_beside_its_price() -> None:
    naked = worth((CALL_60, "1"))
    at_fair = Hedge(instrument=PERP.name, ratio=D(-30_000), price=D(60_000))
    hedged = worth((CALL_60, "1"), hedge=at_fair)
    assert hedged.fair == pytest.approx(naked.fair)
    assert hedged.delta_net_usd == pytest.approx(naked.delta_net_usd - 30_000.0)
    assert hedged.signed
    # Selling 30,000 USD at 60,600 when fair is 60,000 gains 1 % of the coin sold, in USD at fair.
    rich = worth((CALL_60, "1"), hedge=Hedge(instrument=PERP.name, ratio=D(-30_000), price=D(60_600)))
    assert rich.fair - naked.fair == pytest.approx(30_000 * (1 / 60_000 - 1 / 60_600), rel=1e-6)


def test_a_linear_hedge() -> None:
    naked = worth((CALL_60_LINEAR, "1"))
    hedge = Hedge(instrument=PERP_LINEAR.name, ratio=D("-0.5"), price=D(60_100))
    hedged = worth((CALL_60_LINEAR, "1"), hedge=hedge)
    assert hedged.fair - naked.fair == pytest.approx(50.0)
    assert hedged.delta_net_usd - naked.delta_net_usd == pytest.approx(-30_000.0)


def test_a_single_hedged_book_takes_the_long_way() -> None:
    hedge = Hedge(instrument=FUTURE.name, ratio=D(-1), price=D(60_200))
    found = worth((PERP, "1"), hedge=hedge)
    assert found.fair == pytest.approx(60_000.0)
    assert found.delta_net_usd == 0.0


def test_leg_fair_is_the_price_of_one() -> None:
    for instrument in (PERP, PERP_LINEAR, FUTURE, CALL_60, PUT_60, CALL_60_LINEAR):
        assert leg_fair(instrument, SNAPSHOT, NOW) == worth((instrument, "1")).fair


@pytest.mark.parametrize("instrument", [CALL_60, CALL_60_LINEAR, PUT_60, FUTURE])
@pytest.mark.parametrize("late", [0, 1, 10**18])
def test_what_has_expired_is_settled_not_priced(instrument: object, late: int) -> None:
    assert isinstance(instrument, type(CALL_60) | type(FUTURE))
    gone = Unpriceable(reason="expired", field=instrument.name)
    assert refused((instrument, "1"), at=NEAR_AT + late) == gone
    assert leg_fair(instrument, SNAPSHOT, NEAR_AT + late) == gone


def test_an_option_a_nanosecond_before_expiry_is_its_payoff() -> None:
    found = worth((CALL_60_LINEAR, "1"), at=NEAR_AT - 1)
    assert found.fair == pytest.approx(200.0)
    assert found.delta_net_usd == pytest.approx(60_200.0)


@pytest.mark.parametrize(
    ("instrument", "changed", "reason", "field"),
    [
        (PERP, {"index": 0.0}, "no_index", "BTC"),
        (CALL_60, {"index": 0.0}, "no_index", "BTC"),
        (PERP, {"books": ()}, "no_book", PERP.name),
        (FUTURE, {"books": MARKET_BTC.books[:2]}, "no_book", FUTURE.name),
        (CALL_60, {"surface": None}, "no_slice", CALL_60.name),
        (CALL_60, {"surface": only()}, "no_slice", CALL_60.name),
        (CALL_60, {"curve": None}, "no_forward", CALL_60.name),
    ],
)
def test_what_is_missing_is_never_made_up(
    instrument: object, changed: dict[str, object], reason: str, field: str
) -> None:
    assert isinstance(instrument, type(PERP) | type(FUTURE) | type(CALL_60))
    seen = market(**changed)
    missing = Unpriceable(reason=reason, field=field)
    assert refused((instrument, "1"), seen=seen) == missing
    assert leg_fair(instrument, seen, NOW) == missing


def test_a_market_that_is_not_there() -> None:
    nothing = MarketSnapshot(at=NOW)
    assert refused((PERP, "1"), seen=nothing) == Unpriceable(reason="no_market", field="BTC")
    assert leg_fair(PERP, nothing, NOW) == Unpriceable(reason="no_market", field="BTC")


def test_one_bad_leg_is_enough() -> None:
    assert refused() == Unpriceable(reason="no_legs", field="legs")
    bad = refused((CALL_65_LINEAR, "1"), (CALL_60_LINEAR, "-1"), seen=market(surface=None))
    assert bad == Unpriceable(reason="no_slice", field=CALL_65_LINEAR.name)
    bad = refused((FUTURE, "1"), (FUTURE_FAR, "-1"), seen=market(books=MARKET_BTC.books[:3]))
    assert bad == Unpriceable(reason="no_book", field=FUTURE_FAR.name)
    stranger = msgspec.structs.replace(PERP, name="XYZ")
    assert refused((stranger, "1")) == Unpriceable(reason="unknown_instrument", field="XYZ")
    assert refused((PERP, "1"), (stranger, "1")) == Unpriceable(reason="unknown_instrument", field="XYZ")


@pytest.mark.parametrize(
    ("name", "at", "reason"),
    [
        ("XYZ", NOW, "unknown_instrument"),
        (CALL_65.name, NOW, "not_priced"),
        (FUTURE.name, NEAR_AT, "expired"),
    ],
)
def test_a_hedge_that_has_no_price(name: str, at: int, reason: str) -> None:
    hedge = Hedge(instrument=name, ratio=D(-1), price=D(60_000))
    assert refused((CALL_60_FAR, "1"), hedge=hedge, at=at) == Unpriceable(reason=reason, field=name)


def test_the_screens_usual_spread_falls_with_the_term() -> None:
    points = [100 * screen_vol_half_spread(days / 365) for days in (5, 20, 65, 250)]
    assert points == sorted(points, reverse=True)
    assert points == pytest.approx([1.35, 0.62, 0.40, 0.38], rel=0.15)
    assert FAR_AT > NEAR_AT
