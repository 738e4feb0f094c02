"""What a trade costs: each line on its own, netting, and what trading legs together saves."""

import math
from typing import Any

import msgspec
import pytest
from pricing_cases import (
    CALL_60,
    CALL_65,
    ESTIMATES,
    INDEX,
    PUT_60,
    PUT_65,
    TERMS,
    D,
    estimates,
    terms,
    worth,
)

from pricing.costs import (
    Charges,
    carry_usd,
    charges,
    doubt_bps,
    hedge_bps,
    margin_bps,
    net_cost_usd,
    package_discount,
    venue_fees_usd,
)
from pricing.fact import Fault
from pricing.valuation import Bucket, Valuation
from pricing.venues.fees import LegTrade
from pricing.venues.tables import TABLES, product_of

FLAT = Valuation(
    fair=60_000.0,
    currency="USD",
    bp=6.0,
    notional_usd=1.0,
    delta_net_usd=1.0,
    underlying="BTC",
    width_bps=0.0,
    uncertainty_bps=0.0,
)


def vegas(*found: tuple[str, float]) -> Valuation:
    buckets = tuple(
        Bucket(expiry_at=1, wing=wing, delta_net_usd=0.0, vega_usd_per_vol_point=vega) for wing, vega in found
    )
    return msgspec.structs.replace(FLAT, buckets=buckets)


def charged(valuation: Valuation = FLAT, **changed: Any) -> Charges:
    asked: dict[str, Any] = {
        "amount": 100.0,
        "fees_usd": 0.0,
        "age_ms": 0.0,
        "fallback": False,
        "terms": TERMS,
    }
    return charges(valuation, changed.pop("estimates", ESTIMATES), **{**asked, **changed})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, (0.3, 0.0, 2.0, 0.0)),
        ({"terms": terms(cost_quantile=0.95)}, (0.3, 0.0, 9.0, 0.0)),
        ({"terms": terms(cost_weight=0.5)}, (0.3, 0.0, 1.0, 0.0)),
        ({"terms": terms(cost_quantile=0.05)}, (0.3, 0.0, 0.0, 0.0)),
        ({"terms": terms(hedge_fee_bps=0.5)}, (0.8, 0.0, 2.0, 0.0)),
        ({"fees_usd": 2e-4}, (2.3, 0.0, 2.0, 0.0)),
        ({"fees_usd": -1e-4}, (-0.7, 0.0, 2.0, 0.0)),
        ({"fees_usd": -9e-4}, (-2.0, 0.0, 2.0, 0.0)),  # a rebate pays for no more than the other costs
        (
            {"terms": terms(margin_ratio=0.2, margin_rate_yearly=0.05, hold_hours=87.6)},
            (0.3, 1.0, 2.0, 0.0),
        ),
        ({"age_ms": 400.0}, (0.3, 0.0, 2.0, 0.2)),
        ({"age_ms": -400.0}, (0.3, 0.0, 2.0, 0.0)),
        ({"fallback": True}, (0.3, 0.0, 2.0, 2.0)),
        ({"valuation": msgspec.structs.replace(FLAT, uncertainty_bps=3.0)}, (0.3, 0.0, 2.0, 1.5)),
        ({"valuation": vegas(("atm", -0.002))}, (0.3, 0.0, 4.0, 0.0)),
        ({"valuation": vegas(("atm", -0.002)), "terms": terms(vega_vol_points=0.0)}, (0.3, 0.0, 2.0, 0.0)),
    ],
)
def test_each_cost_stands_in_its_own_line(changed: dict[str, Any], expected: tuple[float, ...]) -> None:
    found = charged(**changed)
    assert tuple(found) == pytest.approx(expected)
    assert found.total == pytest.approx(sum(expected))


def test_vega_is_charged_by_bucket_not_netted_across_them() -> None:
    one = hedge_bps(vegas(("atm", 0.002)), ESTIMATES, 1.0, TERMS)
    apart = hedge_bps(vegas(("atm", 0.002), ("put_25", -0.002)), ESTIMATES, 1.0, TERMS)
    assert (one, apart) == pytest.approx((4.0, 6.0))
    winged = hedge_bps(vegas(("atm", 0.002), ("put_25", -0.002)), ESTIMATES, 1.0, terms(vega_wing_weight=1.5))
    assert winged == pytest.approx(7.0)


def test_vega_costs_more_a_unit_as_it_grows() -> None:
    steep = terms(vega_power=1.5, vega_scale_usd=8.0)
    seen = vegas(("atm", 0.002))
    costs = [hedge_bps(seen, ESTIMATES, amount, steep) - 2.0 for amount in (0.0, 1_000.0, 4_000.0, 16_000.0)]
    assert costs == pytest.approx([0.0, 1.0, 2.0, 4.0])  # at 4,000 units the vega is the scale
    whole = net_cost_usd(0.0, [32.0], delta_bps=0.0, kappas=[0.1 * 8.0**-0.5], exponent=1.5)
    assert whole == pytest.approx(1e-4 * costs[3] * 16_000.0)


def test_a_box_and_a_conversion_have_nothing_to_hedge() -> None:
    dear = terms(vega_vol_points=1.0, vega_power=1.3, vega_wing_weight=3.0)
    box = worth((CALL_60, "1"), (PUT_60, "-1"), (CALL_65, "-1"), (PUT_65, "1"))
    spread = worth((CALL_60, "1"), (CALL_65, "-1"))
    assert hedge_bps(spread, ESTIMATES, 10.0, dear) > 2.0
    # Coin-settled it is paid in coins, and their delta is all that is left.
    naked = msgspec.structs.replace(box, delta_net_usd=0.0)
    assert hedge_bps(naked, ESTIMATES, 10.0, dear) == pytest.approx(0.0, abs=1e-9)
    assert sum(abs(bucket.vega_usd_per_vol_point) for bucket in box.buckets) < 1e-9 * box.notional_usd


def test_what_is_almost_nothing_is_charged_in_proportion() -> None:
    faint = [msgspec.structs.replace(FLAT, delta_net_usd=delta) for delta in (0.0, 2e-5, 1e-4, 1.0)]
    assert [hedge_bps(one, ESTIMATES, 1.0, TERMS) for one in faint] == pytest.approx([0.0, 0.4, 2.0, 2.0])


def test_margin_and_doubt() -> None:
    assert margin_bps(terms(margin_ratio=0.1, margin_rate_yearly=0.05, hold_hours=8_760.0)) == pytest.approx(
        50.0
    )
    assert margin_bps(TERMS) == 0.0
    assert doubt_bps(
        msgspec.structs.replace(FLAT, uncertainty_bps=2.0), 1_000.0, True, TERMS
    ) == pytest.approx(3.5)


def test_carry_is_paid_to_who_is_short_the_perpetual() -> None:
    assert carry_usd(1e-4, 24.0, 1_000.0) == pytest.approx(0.3)
    assert carry_usd(1e-4, 24.0, -1_000.0) == pytest.approx(-0.3)


def test_package_discount() -> None:
    asked: dict[str, Any] = {"delta_bps": 2.0, "kappas": [0.1, 0.3], "exponent": 1.5}
    leg = (100.0, [10.0, 0.0])
    other = (-100.0, [-10.0, 0.0])
    assert package_discount([leg], **asked) == pytest.approx(0.0)
    assert package_discount([leg, other], **asked) == 1.0
    cost = 1e-4 * 2.0 * 100.0 + 0.1 * 10.0**1.5
    assert net_cost_usd(*leg, **asked) == pytest.approx(cost)
    half = (-50.0, [-5.0, 0.0])
    expected = 1.0 - (1e-4 * 2.0 * 50.0 + 0.1 * 5.0**1.5) / (cost + 1e-4 * 2.0 * 50.0 + 0.1 * 5.0**1.5)
    assert package_discount([leg, half], **asked) == pytest.approx(expected)
    elsewhere = (0.0, [0.0, -10.0])  # another bucket saves nothing
    assert package_discount([(0.0, [10.0, 0.0]), elsewhere], **asked) == pytest.approx(0.0)
    # The same way twice is dearer than one by one when cost grows faster than size.
    assert package_discount([leg, leg], **asked) < 0.0
    assert package_discount([(0.0, [0.0, 0.0])], **asked) == 0.0


def trade(instrument: Any, price: float, amount: float) -> LegTrade:
    product = product_of(TABLES["deribit"], instrument)
    assert not isinstance(product, Fault)
    return LegTrade(instrument=instrument, product=product, price=price, index=INDEX, amount=amount)


def test_fees_of_a_venue_with_cap_and_combination() -> None:
    usd = {"BTC": INDEX, "USD": 1.0}
    rate = venue_fees_usd((trade(CALL_60, 0.06, 1.0),), usd, maker=True, tier="", block=False)
    twice = venue_fees_usd((trade(CALL_60, 0.06, -2.0),), usd, maker=True, tier="", block=False)
    assert isinstance(rate, float) and isinstance(twice, float)
    assert rate == pytest.approx(0.0003 * INDEX)
    assert twice == pytest.approx(2.0 * rate)
    capped = venue_fees_usd((trade(CALL_65, 0.0008, 1.0),), usd, maker=True, tier="", block=False)
    assert capped == pytest.approx(0.125 * 0.0008 * INDEX)
    legs = (trade(CALL_60, 0.06, 1.0), trade(CALL_65, 0.03, -1.0))
    both = venue_fees_usd(legs, usd, maker=True, tier="", block=False)
    assert isinstance(both, float)
    assert both < 2.0 * rate


def test_fees_that_cannot_be_said_say_why() -> None:
    found = venue_fees_usd((trade(CALL_60, 0.06, 1.0),), {"USD": 1.0}, maker=True, tier="", block=False)
    assert found == Fault(field="currency", problem="no rate of BTC in USD")
    unknown = venue_fees_usd((trade(CALL_60, 0.06, 1.0),), {"BTC": 1.0}, maker=True, tier="gold", block=False)
    assert isinstance(unknown, Fault)


def test_costs_are_finite_for_what_is_far_out() -> None:
    huge = vegas(("atm", 1e12))
    wild = charged(huge, amount=1e9, terms=terms(vega_power=3.0, vega_scale_usd=1e-3))
    assert math.isfinite(wild.total)
    assert D(0) == 0
    assert hedge_bps(huge, estimates(), 0.0, terms(vega_power=2.0)) == pytest.approx(2.0)
