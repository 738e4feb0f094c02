"""Laws of the standard error, and of the snapshot that it is read from."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pricing_cases import (
    FUTURE,
    FUTURE_FAR,
    NOW,
    PERP,
    PERP_LINEAR,
    RATES,
    SEEN_AT,
    option,
)
from value_cases import (
    DOUBTS,
    EXPIRIES,
    INVERSE,
    PILLARS,
    STRIKES,
    markets,
    pair,
    valued,
)

from pricing.instruments import Instrument
from pricing.market import (
    Book,
    Curve,
    Funding,
    MarketSnapshot,
    Pillar,
    Surface,
    UnderlyingMarket,
)
from pricing.surface.at_money import smile_at_money
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS
from pricing.valuation import LegWorth
from rfq.domain import canon


@given(markets(), STRIKES, STRIKES, EXPIRIES, INVERSE, DOUBTS, st.floats(0.0, 5.0))
def test_a_boxs_doubt_has_nothing_of_the_surface(
    seen: MarketSnapshot,
    low: int,
    high: int,
    expiry_at: int,
    inverse: bool,
    doubts: tuple[float, ...],
    vol_of_vol: float,
) -> None:
    under = seen.underlyings[0]
    assert under.surface is not None
    smiles = tuple(
        msgspec.structs.replace(
            one, doubt_level=doubts[0], doubt_slope=doubts[1], doubt_wing=doubts[2], doubt_local=doubts[3]
        )
        for one in under.surface.smiles
    )
    wild = Surface(at=under.surface.at, smiles=smiles, vol_of_vol=vol_of_vol)
    other = msgspec.structs.replace(seen, underlyings=(msgspec.structs.replace(under, surface=wild),))
    (call, put), (call_high, put_high) = pair(low, expiry_at, inverse), pair(high + 50, expiry_at, inverse)
    box = ((call, "1"), (put, "-1"), (call_high, "-1"), (put_high, "1"))
    assert valued(seen, *box).uncertainty_bps == valued(other, *box).uncertainty_bps


@given(markets(lean=1 / 3), STRIKES, STRIKES, EXPIRIES, INVERSE, st.booleans())
def test_a_spread_is_no_less_sure_than_its_legs_apart(
    seen: MarketSnapshot, low: int, high: int, expiry_at: int, inverse: bool, call: bool
) -> None:
    """Where the level's doubt is at least three times the slope's: otherwise strikes on either side may lean apart."""
    legs = (option(low, call, expiry_at, inverse), option(high + 50, call, expiry_at, inverse))
    whole = valued(seen, (legs[0], "1"), (legs[1], "-1"))
    apart = math.hypot(*[valued(seen, (leg, "1")).uncertainty_bps for leg in legs])
    assert whole.uncertainty_bps <= apart * (1 + 1e-9)


@given(
    markets(),
    st.lists(
        st.tuples(STRIKES, PILLARS, st.booleans(), st.integers(-4, 4).filter(bool)), min_size=1, max_size=4
    ),
    st.sampled_from((None, PERP, PERP_LINEAR, FUTURE, FUTURE_FAR)),
    st.integers(0, 3600),
)
def test_more_age_never_makes_surer(
    seen: MarketSnapshot, drawn: list[tuple[int, int, bool, int]], outright: Instrument | None, later_s: int
) -> None:
    """Everything seen earlier by the same: the doubt can only grow."""
    options = {option(k, call, at): ratio for k, at, call, ratio in drawn}
    legs: list[tuple[Instrument, str]] = [(one, str(ratio)) for one, ratio in options.items()]
    if outright is not None:
        legs.append((outright, "-3"))
    under, back = seen.underlyings[0], later_s * NS_PER_S
    assert under.curve is not None and under.surface is not None

    def older(thing: Any) -> Any:
        return msgspec.structs.replace(thing, at=thing.at - back)

    # A surface that is older has more variance to its expiries: only what was told of doubt may change here.
    smiles = tuple(
        msgspec.structs.replace(
            one,
            a=one.a * (one.expiry_at - under.surface.at + back) / (one.expiry_at - under.surface.at),
            b=one.b * (one.expiry_at - under.surface.at + back) / (one.expiry_at - under.surface.at),
        )
        for one in under.surface.smiles
        if under.surface is not None
    )
    old = msgspec.structs.replace(
        under,
        index_at=under.index_at - back,
        books=tuple(older(book) for book in under.books),
        curve=older(under.curve),
        surface=msgspec.structs.replace(older(under.surface), smiles=smiles),
    )
    now, then = (
        valued(msgspec.structs.replace(seen, underlyings=(one,)), *legs, currency="BTC")
        for one in (under, old)
    )
    assert then.fair == pytest.approx(now.fair, rel=1e-6, abs=1e-6)
    assert then.uncertainty_bps >= now.uncertainty_bps * (1 - 1e-6)
    assert then.age_ms >= now.age_ms


def full_market() -> MarketSnapshot:
    """What a four-leg request needs: four expiries, and books of five levels of what can hedge it."""
    expiries = tuple(NOW + days * DAY_NS for days in (7, 30, 60, 90))

    def book(name: str, mid: float) -> Book:
        steps = range(1, 6)
        return Book(
            instrument=name,
            at=SEEN_AT,
            bids=tuple((mid - 2.5 * step, 12_340.5 * step) for step in steps),
            offers=tuple((mid + 2.5 * step, 12_340.5 * step) for step in steps),
        )

    names = (PERP.name, PERP_LINEAR.name, *(f"BTC-{days}JAN25" for days in (7, 30, 60, 90)))
    under = UnderlyingMarket(
        name="BTC",
        index=60_123.4567,
        index_at=SEEN_AT,
        sigma=0.6123,
        adv_usd=2.345e10,
        depth_usd_10bps=2.345e7,
        books=tuple(book(name, 60_123.5) for name in names),
        curve=Curve(
            at=SEEN_AT,
            pillars=tuple(
                Pillar(expiry_at=at, forward=60_200.1234 + place, doubt_bps=0.2345)
                for place, at in enumerate(expiries)
            ),
        ),
        funding=(Funding(instrument=PERP.name, at=SEEN_AT, rate_8h=0.000123),),
        surface=Surface(
            at=SEEN_AT,
            smiles=tuple(
                smile_at_money(
                    at,
                    (at - SEEN_AT) / YEAR_NS,
                    0.5512,
                    -0.0312,
                    0.0512,
                    doubts=(0.00123, 0.00045, 0.00034, 0.00078),
                )
                for at in expiries
            ),
            vol_of_vol=0.8123,
            source="svi 5f3c",
        ),
    )
    return MarketSnapshot(at=NOW, underlyings=(under,), rates=RATES)


def test_a_snapshot_is_small_and_comes_back() -> None:
    snapshot = full_market()
    raw = canon.encode(snapshot)
    assert len(raw) <= 8_000
    again = canon.decode(raw, MarketSnapshot)
    assert again == snapshot
    legs = [(option(60_000, call, NOW + days * DAY_NS), "1") for call in (True, False) for days in (7, 90)]
    assert valued(again, *legs) == valued(snapshot, *legs)
    assert all(isinstance(leg, LegWorth) for leg in valued(snapshot, *legs).legs)
