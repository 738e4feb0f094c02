"""What old logs hold is read as the next version, with the meaning that it had."""

import math
from decimal import Decimal
from typing import Any

import pytest

from pricing.estimates import (
    DISTANCES,
    LEVELS,
    Estimates,
    cost_at,
    costs_bps,
    markout,
    median_cost,
    win_probability,
)
from pricing.flow import Flow
from pricing.market import MarketSnapshot
from pricing.quoting import Line, QuotePrice
from pricing.spread import best_distance, best_on
from pricing.terms import QuoteTerms, SkewTable
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.domain.upcasts import UPCASTS

OLD_ESTIMATES = (
    b'{"_":"Estimates.1","levels":[0.05,0.25,0.5,0.75,0.95],"cost_bps":[-4.0,0.5,2.0,3.5,9.0],'
    b'"permanent_share":0.3,"win_intercept":-0.7,"win_slope":0.8,"markout_theta_bps":0.4,'
    b'"markout_beta":0.25,"source":"test"}'
)
OLD_TERMS = (
    b'{"_":"QuoteTerms.1","cost_quantile":0.6,"cost_weight":0.5,"risk_aversion_bps_per_usd":2e-6,'
    b'"skew_bps_max":10.0,"edge_bps_min":1.0,"half_spread_bps_min":2.0,"fee_bps":0.5,"vega_vol_points":0.2,'
    b'"uncertainty_weight":0.5,"stale_bps_per_s":0.5,"fallback_bps":3.0}'
)
OLD_PRICE = (
    b'{"_":"QuotePrice.1","bid":"99","bid_lines":[{"_":"Line.1","name":"fair","amount":"100"},'
    b'{"_":"Line.1","name":"cost","amount":"-1"}],"fair":"100"}'
)


def test_old_estimates_become_curves_with_the_same_meaning() -> None:
    found = canon.decode(OLD_ESTIMATES, Estimates)
    assert found.source == "test"
    assert median_cost(found) == pytest.approx(2.0)
    assert cost_at(found, 0.75) == pytest.approx(3.5)
    assert costs_bps(found)[0] == pytest.approx(-4.0)  # flat beyond what was known
    assert costs_bps(found)[LEVELS.index(0.10)] == pytest.approx(-4.0 + 0.25 * 4.5)
    assert found.permanent_bps == pytest.approx([0.3 * cost for cost in costs_bps(found)])
    for d in (-3.0, 0.0, 0.875, 5.0, 30.0):
        assert win_probability(found, d) == pytest.approx(1.0 / (1.0 + math.exp(-0.7 + 0.8 * d)), rel=1e-9)
    for distance, known in zip(DISTANCES, found.markout_bps, strict=True):
        d = distance * found.half_spread_bps
        assert known == markout(found, d) == pytest.approx(-0.4 * math.exp(-0.25 * d))
    naive = Estimates(
        **{**{name: getattr(found, name) for name in found.__struct_fields__}, "markout_bps": (0.0,) * 33}
    )
    assert best_on(naive, 2.3)[0] == pytest.approx(best_distance(-0.7, 0.8, 2.3), rel=1e-9)


@pytest.mark.parametrize("slope", [1e-12, 1e-3, 1e3, 1e12])
def test_any_old_win_curve_can_be_read(slope: float) -> None:
    raw = OLD_ESTIMATES.replace(b'"win_slope":0.8', b'"win_slope":' + repr(slope).encode())
    assert canon.decode(raw, Estimates).half_spread_bps > 0.0


def test_old_terms_charge_what_they_charged_and_nothing_else() -> None:
    found = canon.decode(OLD_TERMS, QuoteTerms)
    assert (found.cost_quantile, found.fee_bps, found.vega_vol_points, found.fallback_bps) == (
        0.6,
        0.5,
        0.2,
        3.0,
    )
    assert (found.hedge_fee_bps, found.hold_hours, found.margin_ratio, found.vol_weight) == (
        0.0,
        0.0,
        0.0,
        0.0,
    )
    assert (found.vega_power, found.vega_wing_weight, found.fee_venue) == (1.0, 1.0, "")
    assert found.skew_table == SkewTable()


def test_old_lines_say_that_they_did_not_say_their_unit() -> None:
    found = canon.decode(OLD_PRICE, QuotePrice)
    assert found.bid_lines == (
        Line(name="fair", amount=Decimal(100), unit="price"),
        Line(name="cost", amount=Decimal(-1), unit="price"),
    )


@pytest.mark.parametrize(
    ("raw", "kind"), [(OLD_ESTIMATES, Estimates), (OLD_TERMS, QuoteTerms), (OLD_PRICE, QuotePrice)]
)
def test_old_bytes_stay_canonical_and_new_ones_come_back(raw: bytes, kind: type[Any]) -> None:
    assert canon.is_canonical(raw, kind)
    found = canon.decode(raw, kind)
    assert canon.decode(canon.encode(found), kind) == found


@pytest.mark.parametrize("tag", sorted(UPCASTS))
@pytest.mark.parametrize("body", ["", ',"win_slope":0', ',"levels":"x","cost_bps":[]', ',"underlyings":[1]'])
def test_what_only_has_an_old_name_is_refused_like_anything_unreadable(tag: str, body: str) -> None:
    raw = f'{{"_":"{tag}"{body}}}'.encode()
    for kind in (Estimates, QuoteTerms, Line):
        with pytest.raises(CanonError):
            canon.decode(raw, kind)


OLD_SNAPSHOT = (
    b'{"_":"MarketSnapshot.2","at":1000,"underlyings":[{"_":"UnderlyingMarket.2","name":"BTC","index":60000.0,'
    b'"index_at":1000,"sigma":0.5,"adv_usd":1e10,"depth_usd_10bps":5e6,"regime":1,"books":[],"curve":null,'
    b'"funding":[],"surface":null,"fixings":[],"flow":{"_":"Flow.1","book_imbalance":0.1,"ofi_1s":0.2,'
    b'"ofi_10s":-0.3,"signed_flow_10s":-4e5,"signed_flow_60s":5e5,"trades_10s":6.0,"realised_vol_1m":0.7,'
    b'"realised_vol_10m":0.8,"return_bps_10s":-9.0,"return_bps_60s":10.0,"last_large_trade_age_s":11.0}}],'
    b'"rates":[{"_":"Rate.1","currency":"USDC","usd":1.0,"at":1000}]}'
)


def test_old_flows_have_their_numbers_under_new_names_and_know_no_others() -> None:
    found = canon.decode(OLD_SNAPSHOT, MarketSnapshot)
    assert found.calendar is None and found.usd("USDC") == 1.0
    assert found.underlyings[0].flow == Flow(
        book_imbalance_ratio=0.1,
        ofi_ratio_1s=0.2,
        ofi_ratio_10s=-0.3,
        signed_flow_usd_10s=-4e5,
        signed_flow_usd_60s=5e5,
        trades_count_10s=6.0,
        realised_vol_1m=0.7,
        realised_vol_10m=0.8,
        return_bps_10s=-9.0,
        return_bps_60s=10.0,
        large_trade_age_s=11.0,
    )
    assert canon.decode(canon.encode(found), MarketSnapshot) == found


def test_an_old_flow_with_a_number_that_never_was_is_refused() -> None:
    with pytest.raises(CanonError):
        canon.decode(OLD_SNAPSHOT.replace(b'"ofi_1s"', b'"ofi_9s"'), MarketSnapshot)
