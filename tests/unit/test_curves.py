"""Forwards, basis, funding, discounting and exchange: what is known, and what is refused."""

import math

import msgspec
import pytest
import structure_cases as cases
from structure_cases import EXPIRIES, NOW, PERP, future

from pricing import curves
from pricing.fact import Fault
from pricing.market import (
    Book,
    Curve,
    Discount,
    Funding,
    MarketSnapshot,
    Pillar,
    Rate,
    UnderlyingMarket,
    one_level,
)
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS

NEAR, FAR = EXPIRIES[1], EXPIRIES[2]
SEEN_AT = NOW - NS_PER_S
PILLARS = (
    Pillar(expiry_at=NEAR, forward=60_300.0, doubt_bps=1.0),
    Pillar(expiry_at=FAR, forward=61_200.0, doubt_bps=2.0),
)


def market(
    curve: Curve | None = None,
    books: tuple[Book, ...] = (),
    funding: tuple[Funding, ...] = (),
    index: float = 60_000.0,
) -> UnderlyingMarket:
    return UnderlyingMarket(
        name="BTC",
        index=index,
        index_at=SEEN_AT,
        sigma=0.6,
        adv_usd=1e10,
        depth_usd_10bps=1e7,
        books=books,
        curve=curve,
        funding=funding,
    )


def two_sided(name: str, bid: float, offer: float, at: int = NOW) -> Book:
    return one_level(name, at, bid, offer, 1.0, 1.0)


def test_a_forward_is_its_pillar_else_straight_in_its_logarithm() -> None:
    under = market(Curve(at=NOW, pillars=PILLARS))
    assert curves.forward_point(under, NEAR) == (60_300.0, 1.0, NOW)
    middle = (NEAR + FAR) // 2
    point = curves.forward_point(under, middle)
    assert point is not None
    assert point[0] == pytest.approx(math.sqrt(60_300.0 * 61_200.0), rel=1e-12)
    assert point[1:] == (pytest.approx(1.5), NOW)
    early = (SEEN_AT + NEAR) // 2
    point = curves.forward_point(under, early)
    assert point == (pytest.approx(math.sqrt(60_000.0 * 60_300.0)), pytest.approx(0.5), SEEN_AT)
    assert curves.forward_at(under, SEEN_AT) == 60_000.0


def test_beyond_the_last_pillar_its_carry_goes_on() -> None:
    under = market(Curve(at=NOW, pillars=PILLARS))
    late = SEEN_AT + 2 * (FAR - SEEN_AT)
    assert curves.forward_at(under, late) == pytest.approx(61_200.0**2 / 60_000.0, rel=1e-12)
    assert curves.forward_point(under, late) == (pytest.approx(62_424.0), pytest.approx(4.0), SEEN_AT)


def test_where_curve_and_index_do_not_reach_there_is_no_forward() -> None:
    assert curves.forward_at(market(), NEAR) is None
    assert curves.forward_at(market(Curve(at=NOW, pillars=())), NEAR) is None
    without = market(Curve(at=NOW, pillars=PILLARS), index=0.0)
    assert curves.forward_at(without, NEAR - 1) is None
    assert curves.forward_at(without, FAR + 1) is None
    assert curves.forward_at(without, (NEAR + FAR) // 2) is not None
    assert curves.forward_at(without, FAR) == 61_200.0


def test_a_pillar_that_has_passed_leads_nowhere() -> None:
    passed = Pillar(expiry_at=SEEN_AT - DAY_NS, forward=50_000.0)
    with_it = market(Curve(at=NOW, pillars=(passed, *PILLARS)))
    without = market(Curve(at=NOW, pillars=PILLARS))
    for at in (SEEN_AT + DAY_NS, NEAR, FAR + DAY_NS):
        assert curves.forward_point(with_it, at) == curves.forward_point(without, at)
    assert curves.forward_at(market(Curve(at=NOW, pillars=(passed,))), NEAR) is None


def test_basis_both_ways() -> None:
    assert curves.basis_simple(61_500.0, 60_000.0, 0.25) == pytest.approx(0.1)
    assert curves.basis_log(61_500.0, 60_000.0, 0.25) == pytest.approx(4 * math.log(1.025), rel=1e-14)


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        (0.0, 0.0001),
        (0.0001, 0.0001),
        (0.0006, 0.0001),
        (0.001, 0.0005),
        (-0.001, -0.0005),
        (-0.0004, 0.0001),
    ],
)
def test_eight_hour_funding(premium: float, rate: float) -> None:
    assert curves.funding_8h(premium) == pytest.approx(rate, abs=1e-18)


@pytest.mark.parametrize(
    ("perpetual", "rate"),
    [
        (60_000.0, 0.0),
        (60_015.0, 0.0),
        (59_985.0, 0.0),
        (60_030.0, 0.00025),
        (59_940.0, -0.00075),
        (66_000.0, 0.00475),
    ],
)
def test_continuous_funding_with_its_damping_band(perpetual: float, rate: float) -> None:
    assert curves.funding_continuous(perpetual, 60_000.0) == pytest.approx(rate, abs=1e-15)


def test_a_fair_perpetual_is_the_integral_of_its_funding() -> None:
    beta, carry, index = 1095.0, 0.12, 60_000.0
    fair = curves.fair_perpetual(index, carry, beta)
    assert fair == pytest.approx(index * beta / (beta - carry), rel=1e-15)
    step, total = 1e-6, 0.0
    for n in range(40_000):
        u = (n + 0.5) * step
        total += beta * math.exp((carry - beta) * u) * index * step
    assert fair == pytest.approx(total, rel=1e-6)
    assert curves.perpetual_carry(fair, index, beta) == pytest.approx(carry, rel=1e-9)
    assert curves.fair_perpetual(index, 1095.0, 1095.0) is None
    assert curves.funding_carry(0.0001) == pytest.approx(0.1095)


def test_a_curve_from_futures_goes_through_their_mids() -> None:
    books = (
        two_sided(future(NEAR).name, 60_295.0, 60_305.0),
        two_sided(future(FAR).name, 61_190.0, 61_210.0),
        two_sided("UNKNOWN", 1.0, 2.0),
    )
    made = curves.build_curve(market(books=books), cases.ALL, NOW, expiries=(NEAR, NEAR + 30 * DAY_NS))
    assert isinstance(made, Curve)
    assert [one.expiry_at for one in made.pillars] == [NEAR, NEAR + 30 * DAY_NS, FAR]
    assert made.pillars[0].forward == pytest.approx(60_300.0)
    assert made.pillars[0].doubt_bps == pytest.approx(10.0 / math.sqrt(12.0) / 6.03, rel=1e-6)
    assert made.pillars[2].forward == pytest.approx(61_200.0)
    assert 60_300.0 < made.pillars[1].forward < 61_200.0


def test_two_futures_of_one_expiry_count_by_their_doubts() -> None:
    books = (
        two_sided(future(NEAR).name, 60_295.0, 60_305.0),
        two_sided(future(NEAR, inverse=False).name, 60_320.0, 60_340.0),
    )
    made = curves.build_curve(market(books=books), cases.ALL, NOW)
    assert isinstance(made, Curve)
    assert made.pillars[0].forward == pytest.approx((4 * 60_300.0 + 60_330.0) / 5, rel=1e-9)


def test_a_perpetual_gives_the_carry_where_no_future_does() -> None:
    funding = (Funding(instrument=PERP.name, at=NOW, rate_8h=0.0001),)
    made = curves.build_curve(market(funding=funding), cases.ALL, NOW, expiries=(FAR, NEAR))
    assert isinstance(made, Curve)
    assert [one.expiry_at for one in made.pillars] == [NOW + DAY_NS, NEAR, FAR]
    term = (FAR - SEEN_AT) / YEAR_NS
    assert made.pillars[2].forward == pytest.approx(60_000.0 * math.exp(0.1095 * term), rel=1e-12)
    assert made.pillars[2].doubt_bps == pytest.approx(0.05 * term * 1e4)
    premium = curves.build_curve(
        market(books=(two_sided(PERP.name, 60_020.0, 60_022.0),)), cases.ALL, NOW, expiries=(FAR,)
    )
    assert isinstance(premium, Curve)
    carry = (21.0 / 60_000.0 - 0.00025) * 1095.0
    assert premium.pillars[-1].forward == pytest.approx(60_000.0 * math.exp(carry * term), rel=1e-10)


def test_a_perpetual_fills_the_time_before_the_first_future() -> None:
    books = (two_sided(future(NEAR).name, 60_295.0, 60_305.0),)
    funding = (Funding(instrument=PERP.name, at=NOW, rate_8h=-0.0003),)
    made = curves.build_curve(market(books=books, funding=funding), cases.ALL, NOW)
    assert isinstance(made, Curve)
    assert [one.expiry_at for one in made.pillars] == [NOW + DAY_NS, NEAR]
    assert made.pillars[0].forward < 60_000.0


def test_contracts_against_another_coin_say_nothing_of_the_forward_in_usd() -> None:
    cross = msgspec.structs.replace(PERP, name="BTC-ETH", quote_currency="ETH", inverse=False)
    dated = msgspec.structs.replace(future(NEAR), name="BTC-ETH-NEAR", quote_currency="ETH", inverse=False)
    chain = {**cases.ALL, cross.name: cross, dated.name: dated}
    books = (two_sided(cross.name, 20.0, 20.1), two_sided(dated.name, 20.2, 20.3))
    rates = (Funding(instrument=cross.name, at=NOW, rate_8h=0.01),)
    assert isinstance(curves.build_curve(market(books=books, funding=rates), chain, NOW), Fault)
    ours = (two_sided(future(NEAR).name, 60_299.0, 60_301.0),)
    alone = curves.build_curve(market(books=ours), chain, NOW)
    assert curves.build_curve(market(books=(*books, *ours), funding=rates), chain, NOW) == alone


def test_without_index_or_books_there_is_no_curve() -> None:
    refused = curves.build_curve(market(index=0.0), cases.ALL, NOW)
    assert refused == Fault(field="index", problem="BTC has no index")
    stale = market(books=(two_sided(future(NEAR).name, 1.0, 2.0, at=NOW - DAY_NS),))
    refused = curves.build_curve(stale, cases.ALL, NOW)
    assert isinstance(refused, Fault)
    assert refused.field == "books"


def test_discounting_by_currency() -> None:
    year = NOW + YEAR_NS
    rates = Discount(currency="USD", at=NOW, pillars=((NOW + YEAR_NS // 2, 0.04), (year, 0.05)))
    snapshot = MarketSnapshot(at=NOW, discounts=(rates,))
    assert curves.discount(snapshot, "USD", year, NOW) == pytest.approx(math.exp(-0.05))
    assert curves.discount(snapshot, "USD", NOW + YEAR_NS // 4, NOW) == pytest.approx(math.exp(-0.01))
    assert curves.discount(snapshot, "USD", NOW + YEAR_NS * 3 // 4, NOW) == pytest.approx(math.exp(-0.035))
    assert curves.discount(snapshot, "USD", NOW + 2 * YEAR_NS, NOW) == pytest.approx(math.exp(-0.10))
    assert curves.discount(snapshot, "USD", NOW, NOW) == 1.0
    assert curves.discount(snapshot, "BTC", year, NOW) == 1.0


def test_exchange_goes_through_usd_and_refuses_what_is_missing() -> None:
    rates = (Rate(currency="USDC", usd=0.999, at=NOW),)
    snapshot = MarketSnapshot(at=NOW, underlyings=(market(),), rates=rates)
    assert curves.exchange(snapshot, "BTC", "USD") == 60_000.0
    assert curves.exchange(snapshot, "USDC", "BTC") == pytest.approx(0.999 / 60_000.0)
    assert curves.exchange(snapshot, "XRP", "XRP") == 1.0
    for pair in (("USDT", "USD"), ("BTC", "USDT"), ("ETH", "BTC")):
        refused = curves.exchange(snapshot, *pair)
        assert isinstance(refused, Fault)
        assert "has no index and no rate" in refused.problem
    dark = MarketSnapshot(at=NOW, underlyings=(market(index=0.0),), rates=rates)
    assert isinstance(curves.exchange(dark, "BTC", "USDC"), Fault)
