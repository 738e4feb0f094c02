"""Markets and legs for the laws of value."""

import math
from typing import Any

import msgspec
from hypothesis import strategies as st
from pricing_cases import FAR_AT, MARKET_BTC, NEAR_AT, NOW, RATES, option, structure

from pricing.instruments import Instrument, Option
from pricing.market import Curve, Discount, MarketSnapshot, Pillar, Surface
from pricing.surface.at_money import smile_at_money
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS
from pricing.valuation import Valuation, value

STRIKES = st.integers(200, 3_000).map(lambda tens: tens * 100)
FORWARDS = st.floats(20_000.0, 200_000.0)
VOLS = st.floats(0.1, 2.0)
INVERSE = st.booleans()
EXPIRIES = st.sampled_from((NEAR_AT, FAR_AT, NOW + 50 * DAY_NS, NOW + DAY_NS))
PILLARS = st.sampled_from((NEAR_AT, FAR_AT, NOW + 50 * DAY_NS))
DOUBTS = st.tuples(*[st.floats(0.0, 0.05)] * 4)
GREEKS = (
    "delta_net_usd",
    "gamma_usd_per_pct",
    "vega_usd_per_vol_point",
    "theta_usd_per_calendar_day",
    "vanna_usd_per_vol_point",
    "volga_usd_per_vol_point_squared",
)


@st.composite
def markets(draw: st.DrawFn, lean: float = 9.0) -> MarketSnapshot:
    """Any index, forwards, smiles, doubts and rates, seen at any time before; the slope's doubt is at most `lean` times
    the level's.
    """
    index = draw(FORWARDS)
    shift = 0.01 * draw(st.floats(-3.0, 3.0))
    level, slope, wing, local = draw(DOUBTS)
    doubts = (level, min(slope, lean * level), wing, local)
    age = draw(st.integers(0, 60)) * NS_PER_S
    smiles = tuple(
        smile_at_money(
            at, (at - NOW) / YEAR_NS, draw(VOLS), draw(st.floats(-0.05, 0.05)), 0.05, doubts=doubts
        )
        for at in (NEAR_AT, FAR_AT)
    )
    under = msgspec.structs.replace(
        MARKET_BTC,
        index=index,
        curve=Curve(
            at=NOW - age,
            pillars=(
                Pillar(expiry_at=NEAR_AT, forward=index * (1 + shift), doubt_bps=draw(st.floats(0.0, 5.0))),
                Pillar(
                    expiry_at=FAR_AT, forward=index * (1 + 2 * shift), doubt_bps=draw(st.floats(0.0, 5.0))
                ),
            ),
        ),
        surface=Surface(at=NOW - age, smiles=smiles, vol_of_vol=draw(st.floats(0.0, 2.0))),
    )
    rate = draw(st.floats(0.0, 0.2))
    discounts = tuple(
        Discount(currency=currency, at=NOW, pillars=((FAR_AT, rate),)) for currency in ("BTC", "USDC")
    )
    return MarketSnapshot(at=NOW, underlyings=(under,), rates=RATES, discounts=discounts)


def valued(
    seen: MarketSnapshot, *legs: tuple[Instrument, str], at: int = NOW, currency: str = ""
) -> Valuation:
    """The value of legs that can be priced."""
    known = {instrument.name: instrument for instrument, _ in legs}
    found = value(structure(*legs), known, seen, at, currency)
    assert isinstance(found, Valuation), found
    return found


def pair(strike: int, expiry_at: int, inverse: bool) -> tuple[Option, Option]:
    """A call and a put."""
    call, put = (option(strike, one, expiry_at, inverse) for one in (True, False))
    return call, put


def discounted(seen: MarketSnapshot, expiry_at: int) -> float:
    """The discount factor of the case's markets."""
    return math.exp(-seen.discounts[0].pillars[0][1] * (expiry_at - NOW) / YEAR_NS)


def moved(seen: MarketSnapshot, ratio: float) -> MarketSnapshot:
    """All forwards times a ratio, the smile where it was in strikes: the forward alone has moved."""
    under = seen.underlyings[0]
    assert under.curve is not None and under.surface is not None
    pillars = tuple(msgspec.structs.replace(one, forward=one.forward * ratio) for one in under.curve.pillars)
    smiles = tuple(msgspec.structs.replace(one, m=one.m - math.log(ratio)) for one in under.surface.smiles)
    changed: dict[str, Any] = {
        "curve": msgspec.structs.replace(under.curve, pillars=pillars),
        "surface": msgspec.structs.replace(under.surface, smiles=smiles),
    }
    return msgspec.structs.replace(seen, underlyings=(msgspec.structs.replace(under, **changed),))
