"""Laws of the waterfall and of the curves it is made from."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pricing_cases import CALL_60, CALL_60_FAR, CALL_65, PERP, PERP_LINEAR, PUT_60, TERMS, quoted, worth

from models.testing import assert_monotone
from pricing.estimates import Estimates, cost_at, markout, percentile, win_probability
from pricing.quoting import QuotePrice, QuoteTerms, best_distance, best_distance_adverse
from pricing.valuation import Valuation

VALUATIONS: st.SearchStrategy[tuple[Valuation, D]] = st.sampled_from(
    [
        (worth((PERP, "1")), D("0.5")),
        (worth((PERP_LINEAR, "1")), D("0.1")),
        (worth((CALL_60, "1")), D("0.0001")),
        (worth((PUT_60, "1")), D("0.0005")),
        (worth((CALL_60, "1"), (CALL_65, "-1")), D("0.0001")),
        (worth((CALL_60_FAR, "-1"), (CALL_60, "1")), D("0.0001")),
    ]
)
RISES = st.lists(st.floats(0.0, 20.0), min_size=5, max_size=5)


@st.composite
def all_estimates(draw: st.DrawFn) -> Estimates:
    """Any estimates that a sane model could send."""
    cost = draw(st.floats(-20.0, 20.0))
    costs = []
    for rise in draw(RISES):
        cost += rise
        costs.append(cost)
    return Estimates(
        levels=(0.05, 0.25, 0.5, 0.75, 0.95),
        cost_bps=tuple(costs),
        permanent_share=draw(st.floats(0.0, 1.0)),
        win_intercept=draw(st.floats(-5.0, 5.0)),
        win_slope=draw(st.floats(0.02, 20.0)),
        markout_theta_bps=draw(st.floats(0.0, 20.0)),
        markout_beta=draw(st.floats(0.01, 2.0)),
        source="law",
    )


@st.composite
def all_terms(draw: st.DrawFn) -> QuoteTerms:
    """Any terms that a person could set."""
    small = st.floats(0.0, 5.0)
    return QuoteTerms(
        cost_quantile=draw(st.floats(0.05, 0.95)),
        cost_weight=draw(st.floats(0.0, 2.0)),
        risk_aversion_bps_per_usd=draw(st.floats(0.0, 1e-5)),
        skew_bps_max=draw(st.floats(0.0, 30.0)),
        edge_bps_min=draw(small),
        half_spread_bps_min=draw(small),
        fee_bps=draw(small),
        vega_vol_points=draw(small),
        uncertainty_weight=draw(st.floats(0.0, 1.0)),
        stale_bps_per_s=draw(small),
        fallback_bps=draw(small),
    )


ESTIMATES = all_estimates()
ALL_TERMS = all_terms()
AMOUNTS = st.floats(0.0, 1e4)
HELD = st.floats(-1e8, 1e8)
AGES = st.floats(0.0, 5_000.0)


def _price(priced: tuple[Valuation, D], numbers: Estimates, terms: QuoteTerms, **asked: Any) -> QuotePrice:
    valuation, tick = priced
    signed = msgspec.structs.replace(valuation, signed=True)  # so that both sides are there to compare
    return quoted(signed, estimates=numbers, terms=terms, tick=tick, **asked)


def _sides(found: QuotePrice) -> tuple[D, D]:
    assert found.bid is not None and found.offer is not None
    return found.bid, found.offer


@given(VALUATIONS, ESTIMATES, ALL_TERMS, AMOUNTS, HELD, AGES, st.booleans())
def test_the_waterfall_adds_up_and_never_crosses(
    priced: tuple[Valuation, D],
    numbers: Estimates,
    terms: QuoteTerms,
    amount: float,
    held: float,
    age: float,
    fallback: bool,
) -> None:
    tick = priced[1]
    found = _price(priced, numbers, terms, amount=amount, inventory_usd=held, age_ms=age, fallback=fallback)
    bid, offer = _sides(found)
    assert bid < offer
    for side, lines in ((bid, found.bid_lines), (offer, found.offer_lines)):
        assert [line.name for line in lines] == ["fair", "cost", "skew", "edge", "tick"]
        assert sum((line.amount for line in lines), D(0)) == side
        assert lines[0].amount == found.fair
        assert side % tick == 0
    assert found.bid_lines[1].amount <= 0 <= found.offer_lines[1].amount
    assert found.bid_lines[3].amount <= 0 <= found.offer_lines[3].amount
    assert -tick < found.bid_lines[4].amount <= 0
    assert 0 <= found.offer_lines[4].amount <= tick


@given(VALUATIONS, ESTIMATES, ALL_TERMS, HELD, HELD)
def test_the_longer_we_are_the_lower_we_quote(
    priced: tuple[Valuation, D], numbers: Estimates, terms: QuoteTerms, one: float, other: float
) -> None:
    lean = 1.0 if priced[0].delta_usd >= 0.0 else -1.0
    less, more = sorted((one, other))
    few = _sides(_price(priced, numbers, terms, amount=1.0, inventory_usd=lean * less))
    many = _sides(_price(priced, numbers, terms, amount=1.0, inventory_usd=lean * more))
    assert many[0] <= few[0]
    assert many[1] <= few[1]


@given(VALUATIONS, ESTIMATES, ALL_TERMS, HELD, AMOUNTS, AMOUNTS)
def test_a_larger_amount_is_not_quoted_tighter(
    priced: tuple[Valuation, D], numbers: Estimates, terms: QuoteTerms, held: float, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    small = _sides(_price(priced, numbers, terms, amount=less, inventory_usd=held))
    large = _sides(_price(priced, numbers, terms, amount=more, inventory_usd=held))
    assert large[0] <= small[0]
    assert large[1] >= small[1]


@given(VALUATIONS, ESTIMATES, ALL_TERMS, AGES, AGES)
def test_an_older_market_is_not_quoted_tighter(
    priced: tuple[Valuation, D], numbers: Estimates, terms: QuoteTerms, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    young = _sides(_price(priced, numbers, terms, age_ms=less))
    old = _sides(_price(priced, numbers, terms, age_ms=more))
    worse = _sides(_price(priced, numbers, terms, age_ms=more, fallback=True))
    assert worse[0] <= old[0] <= young[0]
    assert worse[1] >= old[1] >= young[1]


@given(VALUATIONS, ESTIMATES, ALL_TERMS)
def test_only_structures_may_be_negative(
    priced: tuple[Valuation, D], numbers: Estimates, terms: QuoteTerms
) -> None:
    valuation, tick = priced
    tiny = msgspec.structs.replace(valuation, fair=float(tick), signed=False)
    found = quoted(tiny, estimates=numbers, terms=terms, tick=tick, inventory_usd=1e8)
    assert found.bid is None or found.bid > 0
    assert found.offer is None or found.offer > 0


@given(ESTIMATES, st.floats(-50.0, 150.0), st.floats(-50.0, 150.0))
def test_percentiles_rise_and_stay_inside(numbers: Estimates, one: float, other: float) -> None:
    low, high = percentile(numbers, min(one, other)), percentile(numbers, max(one, other))
    assert 0.0 < low <= high < 1.0


@given(ESTIMATES, st.floats(0.05, 0.95))
def test_a_cost_and_its_percentile_agree(numbers: Estimates, level: float) -> None:
    cost = cost_at(numbers, level)
    assert percentile(numbers, cost + 1e-6) >= level - 1e-9
    assert percentile(numbers, cost - 1e-6) <= level + 1e-9


@given(ESTIMATES)
def test_curves_over_distance(numbers: Estimates) -> None:
    points = [d / 4 for d in range(-40, 400)]
    assert_monotone(lambda d: win_probability(numbers, d), points, rising=False)
    assert_monotone(lambda d: markout(numbers, d), points, rising=True)
    assert_monotone(lambda c: cost_at(numbers, c), [p / 100 for p in range(1, 100)], rising=True)


@given(ESTIMATES, st.floats(-30.0, 50.0), st.floats(0.0, 20.0))
def test_the_best_distance_rises_with_cost_and_leaves_an_edge(
    numbers: Estimates, cost: float, more: float
) -> None:
    here, there = best_distance_adverse(numbers, cost), best_distance_adverse(numbers, cost + more)
    assert here <= there + 1e-7
    assert here > cost
    closed = best_distance(numbers.win_intercept, numbers.win_slope, cost)
    assert closed <= here + 1e-9


@given(ESTIMATES, st.floats(-20.0, 50.0))
def test_the_best_distance_is_where_the_gain_is_flat(numbers: Estimates, cost: float) -> None:
    d = best_distance_adverse(numbers, cost)
    lose = 1.0 - win_probability(numbers, d)
    taken = -markout(numbers, d)
    left = lose * numbers.win_slope * (d - cost - taken)
    right = 1.0 + numbers.markout_beta * taken
    assert left == pytest.approx(right, rel=1e-5)


def test_terms_of_the_cases_are_terms() -> None:
    assert msgspec.json.decode(msgspec.json.encode(TERMS), type=QuoteTerms) == TERMS
