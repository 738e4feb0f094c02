"""The standard error of a value: what it is made of, what cancels in a package, and how it ages."""

import math

import msgspec
import pytest
from pricing_cases import (
    CALL_60,
    CALL_60_FAR,
    CALL_65,
    DOUBTS,
    FAR_AT,
    FUTURE,
    FUTURE_FAR,
    INSTRUMENTS,
    MARKET_BTC,
    NEAR_AT,
    NOW,
    PERP,
    PERP_LINEAR,
    PUT_60,
    PUT_65,
    SEEN_AT,
    SMILES,
    D,
    market,
    structure,
)

from pricing.doubt import moved_variance
from pricing.instruments import Instrument
from pricing.market import Curve, Pillar, Smile, Surface
from pricing.structures import Hedge
from pricing.units import NS_PER_S, YEAR_NS
from pricing.valuation import Valuation, value

SURE = Curve(
    at=SEEN_AT,
    pillars=(Pillar(expiry_at=NEAR_AT, forward=60_200.0), Pillar(expiry_at=FAR_AT, forward=60_600.0)),
)


def doubtful(smile: Smile, level: float, slope: float, wing: float, local: float) -> Smile:
    """The smile with these doubts."""
    return msgspec.structs.replace(
        smile, doubt_level=level, doubt_slope=slope, doubt_wing=wing, doubt_local=local
    )


def found(
    *legs: tuple[Instrument, str], at: int = NOW, hedge: Hedge | None = None, **changed: object
) -> Valuation:
    """The value in a market without other doubts than those that are asked for: no move, sure forwards."""
    seen = market(**{"sigma": 0.0, "curve": SURE, **changed})
    worth = value(structure(*legs, hedge=hedge), INSTRUMENTS, seen, at)
    assert isinstance(worth, Valuation), worth
    return worth


def error_usd(worth: Valuation) -> float:
    """The standard error in USD for a unit of amount."""
    return worth.uncertainty_bps * 1e-4 * worth.notional_usd


def surface(*smiles: Smile, vol_of_vol: float = 0.0, at: int = SEEN_AT) -> Surface:
    """A surface of these."""
    return Surface(at=at, smiles=smiles, vol_of_vol=vol_of_vol)


ALL = surface(*(doubtful(smile, *DOUBTS) for smile in SMILES))
BOX = ((CALL_60, "1"), (PUT_60, "-1"), (CALL_65, "-1"), (PUT_65, "1"))
CONVERSION = ((CALL_60, "1"), (PUT_60, "-1"), (FUTURE, "-60000"))


def z_of(worth: Valuation, strike: float, smile: Smile) -> float:
    """A strike's distance from the forward in the smile's own standard deviations, clipped."""
    forward = 60_200.0 if smile is SMILES[0] else 60_600.0
    shrunk = (smile.expiry_at - NOW) / (smile.expiry_at - SEEN_AT)
    w = smile.a + smile.b * (-smile.rho * smile.m + math.sqrt(smile.m**2 + smile.s**2))
    return max(-3.0, min(3.0, math.log(strike / forward) / math.sqrt(w * shrunk)))


def test_one_options_doubt_is_its_vegas_times_its_vols() -> None:
    worth = found((CALL_65, "1"), surface=ALL)
    level, slope, wing, local = DOUBTS
    z = z_of(worth, 65_000.0, SMILES[0])
    vol_error = math.sqrt(level**2 + (slope * z) ** 2 + (wing * z * z) ** 2 + local**2)
    assert error_usd(worth) == pytest.approx(100 * worth.vega_usd_per_vol_point * vol_error, rel=1e-9)


def test_two_expiries_share_their_errors_as_their_times_are_near() -> None:
    worth = found((CALL_60, "1"), (CALL_60_FAR, "-2"), surface=ALL)
    level, slope, wing, local = DOUBTS
    zs = [z_of(worth, 60_000.0, smile) for smile in SMILES]
    vegas = [100 * leg.vega_usd_per_vol_point for leg in worth.legs]
    near, far = (NEAR_AT - NOW), (FAR_AT - NOW)

    def shared(i: int, j: int) -> float:
        z, y = zs[i], zs[j]
        kept = level**2 + slope**2 * z * y + wing**2 * (z * y) ** 2 + local**2 * math.exp(-2.0 * (z - y) ** 2)
        return kept * (1.0 if i == j else (near / far) ** (1 / 1.5))

    variance = sum(vegas[i] * vegas[j] * shared(i, j) for i in (0, 1) for j in (0, 1))
    assert error_usd(worth) == pytest.approx(math.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize("package", [BOX, CONVERSION])
def test_what_has_no_vega_has_no_error_of_the_surface_at_all(
    package: tuple[tuple[Instrument, str], ...],
) -> None:
    wild = surface(*(doubtful(smile, 0.5, 0.5, 0.5, 0.5) for smile in SMILES), vol_of_vol=3.0)
    calm = surface(*(doubtful(smile, 0.0, 0.0, 0.0, 0.0) for smile in SMILES))
    later = NOW + 3600 * NS_PER_S
    assert found(*package, surface=wild, at=later) == found(*package, surface=calm, at=later)
    alone = found(package[0], surface=wild).uncertainty_bps
    assert alone > 10 * found(package[0], surface=calm).uncertainty_bps


def test_a_box_of_coins_still_has_the_forwards_doubt_about_its_dollars() -> None:
    doubtful_forward = market().underlyings[0].curve
    sure, doubted = found(*BOX), found(*BOX, curve=doubtful_forward)
    assert sure.uncertainty_bps == 0.0
    assert error_usd(doubted) == pytest.approx(5_000.0 * 0.2e-4, rel=1e-6)  # 0.2 bps of 5,000 USD


@pytest.mark.parametrize(
    "legs",
    [
        ((CALL_60, "1"), (CALL_65, "-1")),
        ((CALL_60, "1"), (CALL_60_FAR, "-1")),
        ((PUT_65, "1"), (PUT_60, "-2")),
        ((CALL_60, "1"), (CALL_65, "-2"), (PUT_60, "-1")),
    ],
)
def test_a_spread_is_surer_than_its_legs(legs: tuple[tuple[Instrument, str], ...]) -> None:
    seen = {"surface": ALL, "curve": MARKET_BTC.curve, "sigma": 0.6}
    apart = math.sqrt(sum(error_usd(found(leg, **seen)) ** 2 for leg in legs))
    assert error_usd(found(*legs, **seen)) < 0.95 * apart


def test_an_old_surface_moves_as_one() -> None:
    old = surface(*SMILES, vol_of_vol=0.8, at=SEEN_AT)
    fresh, later = found((CALL_60, "1"), (CALL_65, "-1"), surface=surface(*SMILES)), NOW + 600 * NS_PER_S
    aged = found((CALL_60, "1"), (CALL_65, "-1"), surface=old, at=later)
    moved = sum(100 * leg.vega_usd_per_vol_point * leg.vol for leg in aged.legs)
    years = (later - SEEN_AT) / YEAR_NS
    base = found((CALL_60, "1"), (CALL_65, "-1"), surface=surface(*SMILES), at=later)
    expected = math.hypot(error_usd(base), moved * 0.8 * math.sqrt(years))
    assert error_usd(aged) == pytest.approx(expected, rel=1e-9)
    assert aged.uncertainty_bps > fresh.uncertainty_bps


def test_a_perpetuals_doubt_grows_as_the_root_of_its_age() -> None:
    tight = (
        msgspec.structs.replace(MARKET_BTC.books[0], bids=((60_000.0, 1.0),), offers=((60_000.0, 1.0),)),
    )
    for seconds in (0, 1, 60, 3600):
        now = SEEN_AT + seconds * NS_PER_S
        worth = found((PERP, "1"), sigma=0.6, books=tight, at=now)
        assert worth.uncertainty_bps == pytest.approx(1e4 * 0.6 * math.sqrt(seconds * NS_PER_S / YEAR_NS))
        assert worth.age_ms == 1000.0 * seconds


def test_what_was_seen_later_shares_only_its_own_age() -> None:
    """A calendar of futures does not move; once one book is older, it has moved by the difference."""
    books = list(MARKET_BTC.books)
    books[2] = msgspec.structs.replace(books[2], at=SEEN_AT - 100 * NS_PER_S)
    calm = found((FUTURE_FAR, "1"), (FUTURE, "-1"))
    assert found((FUTURE_FAR, "1"), (FUTURE, "-1"), sigma=0.6) == calm
    old = found((FUTURE_FAR, "1"), (FUTURE, "-1"), sigma=0.6, books=tuple(books))
    moved = 0.6 * math.sqrt(100 * NS_PER_S / YEAR_NS)
    assert error_usd(old) == pytest.approx(math.hypot(error_usd(calm), moved))
    assert old.age_ms == 100_005.0


def test_moves_since_several_instants() -> None:
    assert moved_variance({}, NOW, 0.5) == 0.0
    assert moved_variance({NOW + 5: 3.0}, NOW, 0.5) == 0.0  # seen after now: it has not moved
    year = {NOW - YEAR_NS: 2.0, NOW - YEAR_NS // 4: -2.0}
    assert moved_variance(year, NOW, 0.5) == pytest.approx(0.75 * 4.0 * 0.25)
    assert moved_variance({NOW - YEAR_NS: 2.0, NOW + 9: 7.0}, NOW, 0.5) == pytest.approx(4.0 * 0.25)


def test_a_price_from_before_a_release_has_all_of_its_jump_to_be_wrong_by() -> None:
    jumps = ((NOW - 50, 8_760.0), (NOW + 1, 8_760.0))
    assert moved_variance({NOW - 60: 2.0}, NOW, 0.5, jumps) == pytest.approx(4.0 * 0.25)
    assert moved_variance({NOW - 50: 2.0}, NOW, 0.5, jumps) == pytest.approx(0.0, abs=1e-9)
    both = {NOW - 60: 2.0, NOW - 40: 1.0}  # only the older price was there when it came
    assert moved_variance(both, NOW, 0.5, jumps) == pytest.approx(4.0 * 0.25)


def test_books_are_doubted_net() -> None:
    hedge = Hedge(instrument=PERP.name, ratio=D(-1), price=D(60_000))
    same = found((PERP, "1"), hedge=hedge)
    assert same.uncertainty_bps == 0.0
    other = found((PERP, "1"), hedge=Hedge(instrument=FUTURE.name, ratio=D(-1), price=D(60_000)))
    halves = (1.0 / 60_000, 5.0 / 60_200)
    assert error_usd(other) == pytest.approx(math.hypot(*halves) / math.sqrt(3))


def test_the_oldest_input_is_told() -> None:
    hour = 3600 * NS_PER_S
    old = surface(*SMILES, at=SEEN_AT - hour)
    assert found((CALL_60, "1"), surface=old).age_ms == 3_600_005.0
    assert found((CALL_60, "1"), index_at=SEEN_AT - 2 * hour).age_ms == 7_200_005.0
    assert found((CALL_60, "1"), curve=msgspec.structs.replace(SURE, at=SEEN_AT - hour)).age_ms == 3_600_005.0
    assert found((PERP_LINEAR, "1"), surface=old).age_ms == 5.0  # it needs no surface
    mixed = found((CALL_60, "1"), (CALL_65, "-1"), hedge=Hedge(instrument=PERP.name, ratio=D(-1), price=D(9)))
    assert {leg.age_ms for leg in mixed.legs} == {5.0}


def test_net_delta_is_what_a_stale_forward_costs() -> None:
    worth = found((CALL_60, "1"), sigma=0.6, surface=surface(*SMILES), at=SEEN_AT + NS_PER_S)
    calm = found(
        (CALL_60, "1"), surface=surface(*(doubtful(one, *DOUBTS) for one in SMILES)), at=SEEN_AT + NS_PER_S
    )
    moved = abs(worth.delta_net_usd) * 0.6 * math.sqrt(NS_PER_S / YEAR_NS)
    assert error_usd(worth) == pytest.approx(math.hypot(error_usd(calm), moved), rel=1e-9)
