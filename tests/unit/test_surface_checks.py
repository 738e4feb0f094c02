"""Arbitrage that is there is found, at its place; a surface without any passes; reading and moving a surface."""

import math

import pytest
from msgspec.structs import replace
from surface_cases import AT, DAYS, FORWARD, smile_of

from pricing.market import Curve, Pillar, Smile, Surface, UnderlyingMarket, VarianceClock
from pricing.surface.checks import grid, margins, usable, violations
from pricing.surface.lookup import variance_at, vol_at, vol_of
from pricing.surface.moves import moved, scaled, sticky_delta, sticky_strike
from pricing.surface.svi import raw_of
from pricing.units import DAY_NS

VOGT = Smile(expiry_at=AT + 365 * DAY_NS, a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, s=0.4153)


def true_surface(days: tuple[float, ...] = DAYS) -> Surface:
    smiles = tuple([Smile(expiry_at=AT + round(term * DAY_NS), **smile_of(term)._asdict()) for term in days])
    return Surface(at=AT, smiles=smiles)


def test_a_free_surface_passes() -> None:
    assert violations(true_surface()) == ()
    g, step = margins(true_surface().smiles)
    assert g > 0.0 and step > 0.0
    assert violations(Surface(at=AT, smiles=())) == ()
    assert abs(grid()).max() == 2.0 and len(grid()) > 1_000 and float(abs(grid()).min()) < 1e-12


def test_vogts_butterfly_is_found_at_its_place() -> None:
    (found,) = violations(Surface(at=AT, smiles=(VOGT,)))
    assert found.kind == "butterfly" and found.expiry_at == VOGT.expiry_at
    assert found.amount == pytest.approx(-0.0328636, abs=1e-5) and found.k == pytest.approx(0.8793, abs=0.01)
    assert "butterfly at" in str(found) and "0.88" in str(found)


def test_a_calendar_is_found_at_the_later_expiry() -> None:
    surface = true_surface()
    late = surface.smiles[2]
    crossed = replace(surface, smiles=(*surface.smiles[:2], replace(late, b=late.b * 0.4), surface.smiles[3]))
    found = violations(crossed)
    assert [one.kind for one in found] == ["calendar"] and found[0].expiry_at == late.expiry_at
    assert found[0].amount < 0.0


def test_no_variance_is_found_and_a_wing_beyond_lees_bound_is_no_smile() -> None:
    with pytest.raises(ValueError, match="wings steeper than 2"):
        Smile(expiry_at=AT + DAY_NS, a=3.0, b=1.1, rho=0.9, m=0.0, s=0.5)
    steep = Smile(expiry_at=AT + DAY_NS, a=0.001, b=1.05, rho=0.9, m=0.0, s=0.01)
    assert {one.kind for one in violations(Surface(at=AT, smiles=(steep,)))} == {"butterfly"}


def test_smiles_mixed_between_expiries_are_looked_at_too() -> None:
    """Each alone has no butterfly and the later one more variance everywhere; halfway between them there is one."""
    near = Smile(expiry_at=AT + DAY_NS, a=0.01424, b=0.0959, rho=0.053, m=0.0556, s=0.0229)
    far = Smile(expiry_at=AT + 9 * DAY_NS, a=0.0213, b=0.3239, rho=-0.3653, m=-1.465, s=0.4746)
    assert violations(Surface(at=AT, smiles=(near,))) == violations(Surface(at=AT, smiles=(far,))) == ()
    (found,) = violations(Surface(at=AT, smiles=(near, far)))
    assert found.kind == "butterfly between" and found.expiry_at == far.expiry_at and found.amount < -0.001


def test_between_smiles_total_variance_runs_straight_in_time() -> None:
    surface = true_surface()
    near, far = surface.smiles[1], surface.smiles[2]
    for k in (-0.5, 0.0, 0.3):
        first, last = raw_of(near).variance(k), raw_of(far).variance(k)
        for share in (0.0, 0.25, 1.0):
            at = near.expiry_at + round(share * (far.expiry_at - near.expiry_at))
            assert variance_at(surface, at, k, AT) == pytest.approx(first + share * (last - first), rel=1e-9)


def test_before_the_first_and_beyond_the_last_vols_stay() -> None:
    surface = true_surface()
    first, last = surface.smiles[0], surface.smiles[-1]
    for k in (-0.2, 0.0, 0.4):
        vols = [
            vol_of(surface, AT + round(share * (first.expiry_at - AT)), k, AT) for share in (1e-6, 0.5, 1.0)
        ]
        assert vols == pytest.approx([vols[-1]] * 3, rel=1e-9)
        beyond = vol_of(surface, last.expiry_at + 400 * DAY_NS, k, AT)
        assert beyond == pytest.approx(vol_of(surface, last.expiry_at, k, AT), rel=1e-9)


def test_far_beyond_the_last_the_wings_stop_at_lees_bound() -> None:
    surface = true_surface()
    ages = AT + 4_000_000 * DAY_NS
    slope = (variance_at(surface, ages, 50.0, AT) or 0.0) - (variance_at(surface, ages, 49.0, AT) or 0.0)
    assert 1.5 < slope <= 2.0 + 1e-9


def test_at_expiry_and_just_before_it() -> None:
    surface = true_surface()
    first = surface.smiles[0]
    early = vol_of(surface, first.expiry_at, 0.05, AT)
    for left_ns in (DAY_NS, 1_000_000_000, 1):
        now = first.expiry_at - left_ns
        assert vol_of(surface, first.expiry_at, 0.05, now) == pytest.approx(early, rel=1e-9)
    assert variance_at(surface, first.expiry_at, 0.05, first.expiry_at) == 0.0
    assert vol_of(surface, first.expiry_at, 0.05, first.expiry_at) is None
    second = surface.smiles[1]
    assert vol_of(surface, second.expiry_at, 0.0, first.expiry_at + DAY_NS) is not None
    assert variance_at(surface, AT + 999 * DAY_NS, 0.0, AT + 500 * DAY_NS) is None


def test_a_clock_that_stands_still_leaves_the_variance() -> None:
    weights = tuple([0.0 if hour < 24 else 1.0 for hour in range(168)])
    surface = replace(true_surface(), clock=VarianceClock(weights=weights))
    monday = AT - AT % DAY_NS  # 2024-09-02 is a Monday
    surface = replace(surface, at=monday)
    expiry_at = surface.smiles[1].expiry_at
    there = variance_at(surface, expiry_at, 0.0, monday + DAY_NS)
    assert there == pytest.approx(variance_at(surface, expiry_at, 0.0, monday), rel=1e-12)
    assert (variance_at(surface, expiry_at, 0.0, monday + 2 * DAY_NS) or 0.0) < 0.99 * (there or 0.0)


def test_the_vol_of_a_strike_in_a_market() -> None:
    surface = true_surface()
    expiry_at = surface.smiles[1].expiry_at
    curve = Curve(at=AT, pillars=(Pillar(expiry_at=expiry_at, forward=FORWARD),))
    under = UnderlyingMarket(
        name="BTC",
        index=FORWARD,
        index_at=AT,
        sigma=0.5,
        adv_usd=1e9,
        depth_usd_10bps=1e6,
        curve=curve,
        surface=surface,
    )
    k = math.log(66_000.0 / FORWARD)
    assert vol_at(under, expiry_at, 66_000.0, AT) == vol_of(surface, expiry_at, k, AT)
    assert vol_at(replace(under, surface=None), expiry_at, 66_000.0, AT) is None
    assert vol_at(replace(under, curve=None, index=0.0), expiry_at, 66_000.0, AT) is None
    assert vol_at(under, expiry_at, 0.0, AT) is None


def test_strikes_or_distances_keep_their_vols() -> None:
    surface, move = true_surface(), 0.03
    expiry_at = surface.smiles[2].expiry_at
    strikes = sticky_strike(surface, move)
    for strike in (50_000.0, 60_000.0, 75_000.0):
        before = vol_of(surface, expiry_at, math.log(strike / FORWARD), AT)
        after = vol_of(strikes, expiry_at, math.log(strike / FORWARD) - move, AT)
        assert after == pytest.approx(before, rel=1e-12)
    assert sticky_delta(surface, move) == surface
    half = moved(surface, move, 0.5)
    assert half.smiles[0].m == pytest.approx(surface.smiles[0].m - 0.015)
    with pytest.raises(ValueError, match="log_move"):
        moved(surface, math.nan, 1.0)


def test_every_vol_times_a_ratio() -> None:
    surface = true_surface()
    expiry_at = AT + 17 * DAY_NS
    for k in (-0.4, 0.0, 0.2):
        before = vol_of(surface, expiry_at, k, AT) or 0.0
        assert vol_of(scaled(surface, 1.1), expiry_at, k, AT) == pytest.approx(1.1 * before, rel=1e-12)
    with pytest.raises(ValueError, match="ratio"):
        scaled(surface, 0.0)


def test_what_was_moved_is_usable_or_says_why() -> None:
    surface = true_surface()
    assert usable(surface) is surface
    assert usable(sticky_delta(surface, 0.5)) == surface
    far = usable(sticky_strike(surface, 0.5))
    assert isinstance(far, tuple) and far
    assert all(one.amount < 0.0 and "butterfly" in one.kind for one in far)
