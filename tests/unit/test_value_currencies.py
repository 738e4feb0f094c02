"""Values across currencies and kinds of contract: coin, USD, USDC, quanto, spot, several venues."""

import math
from typing import Any

import msgspec
import pytest
from pricing_cases import (
    CALL_60,
    CALL_60_LINEAR,
    CALL_65,
    FUTURE,
    INDEX,
    INSTRUMENTS,
    MARKET_BTC,
    NEAR_AT,
    NOW,
    PERP,
    PERP_LINEAR,
    PUT_60,
    SEEN_AT,
    SNAPSHOT,
    D,
    market,
    structure,
)

from pricing import black
from pricing.instruments import Instrument, Spot
from pricing.market import Discount, MarketSnapshot, Rate, UnderlyingMarket, one_level
from pricing.structures import Hedge
from pricing.units import NS_PER_MS, NS_PER_S, YEAR_NS
from pricing.valuation import Unpriceable, Valuation, leg_fair, mark, value

SPOT = Spot(name="BTC_USDC", underlying="BTC", quote_currency="USDC", tick=D(1), lot=D("0.0001"))
QUANTO = msgspec.structs.replace(
    PERP_LINEAR, name="BTC-QUANTO", quote_currency="USD", settle_currency="ETH", quanto=D("0.000001")
)
ETH = UnderlyingMarket(
    name="ETH", index=2_500.0, index_at=SEEN_AT, sigma=0.7, adv_usd=1e9, depth_usd_10bps=1e6
)
ALL = {**INSTRUMENTS, SPOT.name: SPOT, QUANTO.name: QUANTO}


def seen(usdc: float | None = 0.99, **changed: Any) -> MarketSnapshot:
    """The market with USDC off par, an ETH index and books of spot and of the quanto perpetual."""
    books = (
        *MARKET_BTC.books,
        one_level(SPOT.name, SEEN_AT, 60_590.0, 60_610.0, 1.0, 1.0),
        one_level(QUANTO.name, SEEN_AT, 59_990.0, 60_010.0, 1.0, 1.0),
    )
    under = msgspec.structs.replace(MARKET_BTC, **{"books": books, "index": 60_100.0, **changed})
    rates = () if usdc is None else (Rate(currency="USDC", usd=usdc, at=SEEN_AT),)
    return MarketSnapshot(at=SEEN_AT, underlyings=(under, ETH), rates=rates)


def found(
    *legs: tuple[Instrument, str],
    currency: str = "",
    at: int = NOW,
    hedge: Hedge | None = None,
    market: MarketSnapshot | None = None,
) -> Valuation:
    """The value; the mark says the same, and the legs' worths add up to it."""
    asked, snapshot = structure(*legs, hedge=hedge), market or seen()
    worth = value(asked, ALL, snapshot, at, currency)
    assert isinstance(worth, Valuation), worth
    assert mark(asked, ALL, snapshot, at, currency) == (worth.fair, worth.bp)
    total = 0.0
    for leg in worth.legs:
        total += leg.worth
    assert total == worth.fair
    return worth


def refused(*legs: tuple[Instrument, str], market: MarketSnapshot, currency: str = "") -> Unpriceable:
    """Why there is no value; the mark says the same."""
    asked = structure(*legs)
    worth = value(asked, ALL, market, NOW, currency)
    assert isinstance(worth, Unpriceable), worth
    assert mark(asked, ALL, market, NOW, currency) == worth
    return worth


def test_a_coin_option_in_dollars_is_converted_at_the_index() -> None:
    coin, usd, usdc = (found((CALL_60, "1"), currency=one) for one in ("BTC", "USD", "USDC"))
    assert coin == found((CALL_60, "1"))
    assert usd.fair == pytest.approx(coin.fair * 60_100.0, rel=1e-15)
    assert usdc.fair == pytest.approx(usd.fair / 0.99, rel=1e-15)
    assert (coin.bp, usd.bp) == (1e-4, pytest.approx(6.01))
    for other in (usd, usdc):  # what it holds is the same, and so are its bps
        assert other.notional_usd == coin.notional_usd
        assert other.delta_net_usd == coin.delta_net_usd
        assert other.vega_usd_per_vol_point == coin.vega_usd_per_vol_point
        assert other.width_bps == coin.width_bps
        assert other.currency != coin.currency
    # In dollars, the premium's own move is part of the error.
    assert usd.uncertainty_bps > coin.uncertainty_bps


def test_a_linear_option_in_coin() -> None:
    usdc, coin = found((CALL_60_LINEAR, "1")), found((CALL_60_LINEAR, "1"), currency="BTC")
    assert coin.fair == pytest.approx(usdc.fair * 0.99 / 60_100.0, rel=1e-15)
    assert coin.delta_net_usd == usdc.delta_net_usd


def test_a_dollar_coin_off_par_moves_its_forward() -> None:
    """In USDC at .99 the forward is F / .99; a strike of 60,000 USDC is one of 59,400 USD."""
    worth = found((CALL_60_LINEAR, "1"))
    assert worth.legs[0].forward == pytest.approx(60_200.0 / 0.99)
    lower = msgspec.structs.replace(CALL_60, name="x", strike=D(59_400))
    coin = leg_fair(lower, seen(), NOW)
    assert isinstance(coin, float)
    assert worth.fair * 0.99 == pytest.approx(coin * 60_200.0, rel=1e-12)


def test_forward_deltas_count_coins_whatever_a_dollar_coin_is_worth_and_rates_are() -> None:
    """A leg's forward delta is the very number that `black.full` names so."""
    rates = tuple(Discount(currency=one, at=NOW, pillars=((NEAR_AT, 0.3),)) for one in ("BTC", "USDC"))
    snapshot = msgspec.structs.replace(seen(), discounts=rates)
    for leg in (CALL_60, CALL_60_LINEAR, PUT_60):
        (told,) = found((leg, "2"), market=snapshot).legs
        term = (NEAR_AT - NOW) / YEAR_NS
        alone = black.full(told.forward, 60_000.0, term, told.vol, leg.call, math.exp(-0.3 * term))
        assert told.delta_forward_coin == pytest.approx(2.0 * alone.delta_forward_coin, rel=1e-9)


def test_options_of_two_settlements_add_in_one_currency() -> None:
    worth = found((CALL_60, "1"), (CALL_60_LINEAR, "-1"))
    assert worth.currency == "BTC"
    coin, linear = worth.legs
    assert coin.worth == coin.fair
    assert linear.worth == pytest.approx(-linear.fair * 0.99 / 60_100.0, rel=1e-15)
    assert found((CALL_60, "1"), (CALL_60_LINEAR, "-1"), currency="USD").fair == pytest.approx(
        worth.fair * 60_100.0, rel=1e-12
    )


def test_an_inverse_contract_among_coin_options_is_worth_what_it_gains() -> None:
    """C - P - K USD of the future: (1 - K / F) + K / F is one coin whatever F is."""
    worth = found((CALL_60, "1"), (PUT_60, "-1"), (FUTURE, "-60000"), currency="BTC")
    assert worth.fair == pytest.approx(1.0, rel=1e-14)
    assert worth.delta_net_usd == pytest.approx(0.0, abs=1e-9)
    assert worth.vega_usd_per_vol_point == 0.0
    gains = []
    for price in (59_000.0, 61_000.0):
        books = (one_level(PERP.name, SEEN_AT, price, price, 1.0, 1.0),)
        gains.append(found((CALL_60, "1"), (PERP, "30000"), market=seen(books=books)).fair)
    assert gains[1] - gains[0] == pytest.approx(30_000 * (1 / 59_000 - 1 / 61_000), rel=1e-9)


def test_a_quanto_pays_its_multiplier() -> None:
    worth = found((QUANTO, "1"))
    assert (worth.fair, worth.currency) == (60_000.0, "USD")
    assert worth.notional_usd == pytest.approx(60_000.0 * 1e-6 * 2_500.0)
    assert worth.delta_net_usd == pytest.approx(150.0)
    assert worth.bp == pytest.approx(6.0)
    assert worth.legs[0].delta_forward_coin == pytest.approx(150.0 / 60_000.0)
    eth = found((QUANTO, "1"), (PERP_LINEAR, "-0.0025"), currency="ETH")  # of two kinds: worths add
    assert eth.legs[0].worth == pytest.approx(60_000.0 * 1e-6)
    assert eth.delta_net_usd == pytest.approx(150.0 - 0.0025 * 60_000.0 * 0.99)


def test_spot_is_its_book_or_else_the_index() -> None:
    worth = found((SPOT, "1"))
    assert (worth.fair, worth.notional_usd) == (60_600.0, pytest.approx(60_600.0 * 0.99))
    bare = found((SPOT, "1"), market=seen(books=()))
    assert bare.fair == pytest.approx(60_100.0 / 0.99)
    assert bare.width_bps == 0.0
    hedged = found((CALL_60_LINEAR, "1"), hedge=Hedge(instrument=SPOT.name, ratio=D("-0.5"), price=D(60_700)))
    assert hedged.fair - found((CALL_60_LINEAR, "1")).fair == pytest.approx(50.0)


def test_an_inverse_hedge_gains_coin() -> None:
    hedge = Hedge(instrument=PERP.name, ratio=D(-30_000), price=D(60_600))
    gained = found((CALL_60, "1"), hedge=hedge).fair - found((CALL_60, "1")).fair
    assert gained == pytest.approx(30_000 * (1 / 60_000 - 1 / 60_600), rel=1e-9)
    assert found((CALL_60, "1"), hedge=hedge).legs[-1].hedge


@pytest.mark.parametrize(
    ("legs", "currency", "missing"),
    [
        (((PERP_LINEAR, "1"),), "", "USDC"),
        (((CALL_60_LINEAR, "1"),), "", "USDC"),
        (((CALL_60, "1"), (CALL_60_LINEAR, "-1")), "", "USDC"),
        (((CALL_60, "1"),), "USDC", "USDC"),
        (((CALL_60, "1"),), "EUR", "EUR"),
        (((SPOT, "1"),), "", "USDC"),
        (((CALL_60, "1"), (PERP, "1")), "EUR", "EUR"),
    ],
)
def test_a_missing_rate_is_never_one(
    legs: tuple[tuple[Instrument, str], ...], currency: str, missing: str
) -> None:
    why = refused(*legs, market=seen(usdc=None), currency=currency)
    assert why == Unpriceable(reason="no_rate", field=missing)


def test_a_quanto_without_its_settle_currency() -> None:
    bare = msgspec.structs.replace(seen(), underlyings=seen().underlyings[:1])
    assert refused((QUANTO, "1"), market=bare) == Unpriceable(reason="no_rate", field="ETH")


def test_what_can_never_be_valued_says_so() -> None:
    for odd in (
        msgspec.structs.replace(CALL_60, name="A", style="american"),
        msgspec.structs.replace(CALL_60_LINEAR, name="B", quanto=D("0.01")),
        msgspec.structs.replace(CALL_60_LINEAR, name="C", settle_currency="ETH"),
    ):
        known = {**ALL, odd.name: odd}
        why = value(structure((odd, "1")), known, seen(), NOW)
        assert why == Unpriceable(reason="not_priced", field=odd.name)
        assert leg_fair(odd, seen(), NOW) == why


@pytest.mark.parametrize("ratio", ["0", "1e400"])
@pytest.mark.parametrize("leg", [CALL_60, PERP])
def test_legs_of_nothing_or_beyond_floats_are_none(leg: Instrument, ratio: str) -> None:
    assert refused((leg, ratio), market=seen()) == Unpriceable(reason="no_legs", field="ratio")


@pytest.mark.parametrize("price", ["0", "-1", "1e400"])
def test_a_hedge_at_no_price_is_not_priced(price: str) -> None:
    for hedged in (PERP, PERP_LINEAR):
        hedge = Hedge(instrument=hedged.name, ratio=D(1), price=D(price))
        why = Unpriceable(reason="not_priced", field=hedged.name)
        assert value(structure((CALL_65, "1"), hedge=hedge), ALL, seen(), NOW) == why


def test_two_underlyings_are_no_structure() -> None:
    other = msgspec.structs.replace(PERP, name="ETH-PERPETUAL", underlying="ETH", settle_currency="ETH")
    known = {**ALL, other.name: other}
    why = Unpriceable(reason="mixed_underlyings", field=other.name)
    assert value(structure((PERP, "1"), (other, "1")), known, seen(), NOW) == why
    hedge = Hedge(instrument=other.name, ratio=D(1), price=D(1))
    assert value(structure((CALL_65, "1"), hedge=hedge), known, seen(), NOW) == why


def test_several_venues_make_one_mid() -> None:
    books = (
        one_level(PERP.name, SEEN_AT, 59_999.0, 60_001.0, 1.0, 1.0, "a"),
        one_level(PERP.name, SEEN_AT, 60_003.0, 60_005.0, 1.0, 1.0, "b"),
    )
    both = found((PERP, "1"), market=seen(books=books))
    assert both.fair == pytest.approx(60_002.0)
    one = found((PERP, "1"), market=seen(books=books[:1]))
    assert both.uncertainty_bps > one.uncertainty_bps  # they disagree by more than their spreads
    aged = (msgspec.structs.replace(books[0], at=SEEN_AT - 4 * NS_PER_S), books[1])
    nearer = found((PERP, "1"), market=seen(books=aged))
    assert 60_002.0 < nearer.fair < 60_004.0
    assert nearer.age_ms == 5.0


def test_a_one_sided_book_is_no_price() -> None:
    half = msgspec.structs.replace(MARKET_BTC.books[0], offers=())
    assert refused((PERP, "1"), market=market(books=(half,))) == Unpriceable(
        reason="no_book", field=PERP.name
    )
    other = msgspec.structs.replace(MARKET_BTC.books[0], venue="b")
    both = found((PERP, "1"), market=market(books=(half, other)))
    assert both.fair == pytest.approx(60_000.0)
    ahead = (msgspec.structs.replace(other, at=NOW + 10 * NS_PER_S), half)
    assert refused((PERP, "1"), market=market(books=ahead)).reason == "no_book"


def test_a_clock_that_is_ahead_counts_for_nothing_beside_one_that_is_nearly() -> None:
    """What is too far ahead of now is too far ahead, however near the next venue's clock is to it."""
    books = tuple(
        one_level(PERP.name, NOW + ms * NS_PER_MS, mid - 1.0, mid + 1.0, 1.0, 1.0, venue)
        for ms, mid, venue in ((1_500, 61_000.0, "a"), (900, 60_000.0, "b"))
    )
    assert found((PERP, "1"), market=market(books=books)).fair == pytest.approx(60_000.0)


def test_the_index_counts_for_size_only_where_nothing_is_converted() -> None:
    here, there = found((CALL_60, "1"), market=SNAPSHOT), found((CALL_60, "1"), market=seen())
    assert here.fair == there.fair
    assert (here.notional_usd, there.notional_usd) == (INDEX, 60_100.0)
    assert math.isclose(here.delta_net_usd, there.delta_net_usd)
