"""Laws of the waterfall and of the curves it is made from."""

import itertools
import math
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pricing_cases import (
    CALL_60,
    CALL_60_FAR,
    CALL_65,
    PERP,
    PERP_LINEAR,
    PUT_60,
    TERMS,
    logistic,
    quoted,
    worth,
)

from models.testing import assert_monotone
from pricing.costs import margin_bps
from pricing.estimates import DISTANCES, LEVELS, Estimates, cost_at, markout, percentile, win_probability
from pricing.quoting import LINES, QuotePrice
from pricing.spread import best_distance, best_on
from pricing.terms import QuoteTerms, SkewTable
from pricing.units import Bands, round_bid, round_near, round_offer
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


@st.composite
def all_estimates(draw: st.DrawFn) -> Estimates:
    """Any estimates that a sane model could send: any curves, cliffs and plateaus included."""
    places = st.lists(st.floats(0.0, 1.0), min_size=len(DISTANCES), max_size=len(DISTANCES))
    risen = st.lists(st.floats(0.0, 20.0), min_size=len(LEVELS), max_size=len(LEVELS))
    if draw(st.booleans()):
        intercept, slope = draw(st.floats(-5.0, 5.0)), draw(st.floats(0.1, 5.0))
        win = [1.0 / (1.0 + math.exp(intercept + slope * d)) for d in DISTANCES]
    else:
        win = sorted((one**3 for one in draw(places)), reverse=True)
    theta, beta = draw(st.floats(0.0, 20.0)), draw(st.floats(0.01, 2.0))
    half = draw(st.floats(0.1, 10.0))
    costs = list(itertools.accumulate(draw(risen), initial=draw(st.floats(-20.0, 20.0))))[1:]
    share = draw(st.floats(0.0, 1.0))
    return Estimates(
        half_spread_bps=half,
        win=tuple(win),
        markout_bps=tuple(-theta * math.exp(-beta * d) for d in DISTANCES),
        temporary_bps=tuple(cost * share for cost in costs),
        permanent_bps=tuple(cost * (1.0 - share) for cost in costs),
        source="law",
    )


@st.composite
def all_terms(draw: st.DrawFn) -> QuoteTerms:
    """Any terms that a person could set."""
    small = st.floats(0.0, 5.0)
    table = SkewTable(held_usd=(-1e7, 0.0, 3e6), skew_bps=(8.0, 0.5, -3.0), source="law")
    return QuoteTerms(
        fee_bps=draw(small),
        hedge_fee_bps=draw(small),
        fee_venue="",
        fee_tier="",
        hold_hours=draw(st.floats(0.0, 48.0)),
        margin_ratio=draw(st.floats(0.0, 1.0)),
        margin_rate_yearly=draw(st.floats(0.0, 0.3)),
        cost_quantile=draw(st.floats(0.05, 0.95)),
        cost_weight=draw(st.floats(0.0, 2.0)),
        vega_vol_points=draw(small),
        vega_power=draw(st.floats(1.0, 2.0)),
        vega_scale_usd=draw(st.floats(1e2, 1e6)),
        vega_wing_weight=draw(st.floats(0.0, 3.0)),
        uncertainty_weight=draw(st.floats(0.0, 1.0)),
        stale_bps_per_s=draw(small),
        fallback_bps=draw(small),
        risk_aversion_bps_per_usd=draw(st.floats(0.0, 1e-5)),
        skew_table=draw(st.sampled_from([SkewTable(), table])),
        skew_bps_max=draw(st.floats(0.0, 30.0)),
        edge_bps_min=draw(small),
        vol_weight=draw(st.floats(0.0, 1.0)),
        half_spread_bps_min=draw(small),
    )


ESTIMATES = all_estimates()
ALL_TERMS = all_terms()
AMOUNTS = st.floats(0.0, 1e4)
HELD = st.floats(-1e8, 1e8)
AGES = st.floats(0.0, 5_000.0)
CARRIES = st.floats(-1e-3, 1e-3)


def _price(priced: tuple[Valuation, D], numbers: Estimates, terms: QuoteTerms, **asked: Any) -> QuotePrice:
    valuation, tick = priced
    signed = msgspec.structs.replace(valuation, signed=True)  # so that both sides are there to compare
    return quoted(signed, estimates=numbers, terms=terms, tick=tick, **asked)


def _sides(found: QuotePrice) -> tuple[D, D]:
    assert found.bid is not None and found.offer is not None
    return found.bid, found.offer


@given(VALUATIONS, ESTIMATES, ALL_TERMS, AMOUNTS, HELD, AGES, st.booleans(), CARRIES, st.floats(-1e-3, 1e-3))
def test_the_waterfall_adds_up_and_never_crosses(
    priced: tuple[Valuation, D],
    numbers: Estimates,
    terms: QuoteTerms,
    amount: float,
    held: float,
    age: float,
    fallback: bool,
    carry: float,
    fees: float,
) -> None:
    valuation, tick = priced
    unit = valuation.notional_usd
    asked = {"amount": amount, "inventory_usd": held, "age_ms": age, "fallback": fallback}
    found = _price(priced, numbers, terms, **asked, carry_usd=carry * unit, fees_usd=fees * unit)
    bid, offer = _sides(found)
    assert bid < offer
    names = LINES if margin_bps(terms) else tuple(name for name in LINES if name != "margin")
    steps = []
    for side, lines in ((bid, found.bid_lines), (offer, found.offer_lines)):
        assert tuple(line.name for line in lines) == names
        assert {line.unit for line in lines} == {valuation.currency} != {""}
        assert sum((line.amount for line in lines), D(0)) == side
        assert lines[0].amount == found.fair
        assert side % tick == 0
        steps.append({line.name: line.amount for line in lines})
    low, high = steps
    for name in ("hedge", "doubt", "edge"):
        assert low[name] <= 0 <= high[name]
    quantum = tick / 10  # lines are differences of rounded sums
    assert abs(low["funding"] - high["funding"]) <= quantum
    assert -tick < low["tick"] <= 0
    assert 0 <= high["tick"] <= tick


@given(VALUATIONS, ESTIMATES, ALL_TERMS, HELD, HELD)
def test_the_longer_we_are_the_lower_we_quote(
    priced: tuple[Valuation, D], numbers: Estimates, terms: QuoteTerms, one: float, other: float
) -> None:
    lean = 1.0 if priced[0].delta_net_usd >= 0.0 else -1.0
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


@st.composite
def all_bands(draw: st.DrawFn) -> Bands:
    """Up to three above a tick of 0.0001, on borders of any kind."""
    bands, start, tick = [], D(0), D("0.0001")
    for _ in range(draw(st.integers(0, 3))):
        start += D(draw(st.integers(1, 30_000))) / 100_000
        tick += D(draw(st.integers(1, 300))) / 100_000
        bands.append((start, tick))
    return tuple(bands)


def _stands(price: D, bands: Bands) -> bool:
    tick = D("0.0001")
    for start, coarser in bands:
        tick = coarser if abs(price) >= start else tick
    return price % tick == 0


@given(all_bands(), st.floats(-1.0, 1.0))
def test_a_price_is_rounded_to_the_next_that_stands_in_its_own_band(bands: Bands, number: float) -> None:
    tick = D("0.0001")
    low, high = round_bid(number, tick, bands), round_offer(number, tick, bands)
    assert _stands(low, bands) and _stands(high, bands)
    slack = 1e-12
    assert float(low) <= number + slack and float(high) >= number - slack
    between = itertools.takewhile(
        lambda one: one < high, (low + n * D("0.00001") for n in itertools.count(1))
    )
    assert low == high or not any(_stands(one, bands) for one in between)
    assert round_near(number, tick, bands) in (low, high)
    mirrored = round_bid(-number, tick, bands), round_offer(-number, tick, bands)
    assert mirrored == (-high, -low)


@given(ESTIMATES, ALL_TERMS, HELD, all_bands(), st.floats(0.00005, 0.9))
def test_a_wire_price_stands_in_its_own_band_away_from_the_taker(
    numbers: Estimates, terms: QuoteTerms, held: float, bands: Bands, fair: float
) -> None:
    tick = D("0.0001")
    option = msgspec.structs.replace(worth((CALL_60, "1")), fair=fair)
    asked: dict[str, Any] = {"estimates": numbers, "terms": terms, "tick": tick, "inventory_usd": held}
    found = quoted(option, bands=bands, **asked)
    for price, lines in ((found.bid, found.bid_lines), (found.offer, found.offer_lines)):
        if price is not None:
            assert _stands(price, bands)
            assert sum((line.amount for line in lines), D(0)) == price
    if found.bid is not None:
        assert found.bid == round_bid(float(found.bid - found.bid_lines[-1].amount), tick, bands)
    if found.offer is not None:
        least = round_offer(float(found.offer - found.offer_lines[-1].amount), tick, bands)
        if found.bid is not None and found.bid >= least:
            least = round_offer(float(found.bid) + 1e-6, tick, bands)
        assert found.offer == least
    assert found.bid is None or found.offer is None or found.bid < found.offer


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
    points = [numbers.half_spread_bps * d / 4 for d in range(-40, 120)]
    assert_monotone(lambda d: win_probability(numbers, d), points, rising=False, tolerance=1e-15)
    assert_monotone(lambda d: markout(numbers, d), points, rising=True)
    assert_monotone(lambda c: cost_at(numbers, c), [p / 100 for p in range(1, 100)], rising=True)
    assert all(0.0 <= win_probability(numbers, d) <= 1.0 for d in points)


@given(ESTIMATES, st.floats(-30.0, 50.0), st.floats(0.0, 20.0))
def test_the_best_distance_rises_with_cost_and_leaves_an_edge(
    numbers: Estimates, cost: float, more: float
) -> None:
    here, there = best_on(numbers, cost)[0], best_on(numbers, cost + more)[0]
    assert here <= there + 1e-9 * (1.0 + abs(there))
    if (
        cost >= DISTANCES[0] * numbers.half_spread_bps + numbers.markout_bps[0]
    ):  # before the grid win is flat, so the grid's first point is the least distance
        assert here > cost


@given(ESTIMATES, st.floats(-30.0, 50.0))
def test_no_distance_earns_more_than_the_best(numbers: Estimates, cost: float) -> None:
    def gain(d: float) -> float:
        return win_probability(numbers, d) * (d + markout(numbers, d) - cost)

    here = gain(best_on(numbers, cost)[0])
    for place in range(-40, 300):
        d = numbers.half_spread_bps * place / 8
        assert gain(d) <= here + 1e-9 * (1.0 + abs(here))


@given(st.floats(-4.0, 4.0), st.floats(0.2, 4.0), st.floats(0.1, 10.0), st.floats(-2.0, 20.0))
def test_on_a_tabulated_logistic_the_best_distance_is_the_closed_form(
    intercept: float, slope: float, half: float, cost: float
) -> None:
    numbers = logistic(intercept, slope / half, theta=0.0, half=half)
    closed = best_distance(intercept, slope / half, cost * half)
    assume(slope >= 0.25 and closed > -4.0 * half)  # the least slope of a tail; the grid's first point
    assert best_on(numbers, cost * half)[0] == pytest.approx(closed, rel=1e-8, abs=1e-8 * half)


def test_terms_of_the_cases_are_terms() -> None:
    assert msgspec.json.decode(msgspec.json.encode(TERMS), type=QuoteTerms) == TERMS
