"""The snapshot: what may be in it, how old it is, and how things are found."""

from typing import Any

import msgspec
import pytest
from pricing_cases import FUTURE, MARKET_BTC, NEAR_AT, NOW, PERP, SNAPSHOT

from pricing.market import Flow, MarketSnapshot, Slice, Top, UnderlyingMarket

TOP = Top(instrument="x", bid=1.0, offer=1.0, bid_size=0.0, offer_size=5.0)
SLICE = MARKET_BTC.slices[0]
NAN = float("nan")
INF = float("inf")


@pytest.mark.parametrize(
    ("thing", "changed"),
    [
        (TOP, {"bid": 1.1}),
        (TOP, {"bid": 0.0}),
        (TOP, {"bid": NAN}),
        (TOP, {"offer": INF}),
        (TOP, {"bid_size": -1.0}),
        (TOP, {"offer_size": NAN}),
        (TOP, {"offer_size": INF}),
        (SLICE, {"forward": 0.0}),
        (SLICE, {"forward": INF}),
        (SLICE, {"vol_atm": -0.1}),
        (SLICE, {"vol_atm": NAN}),
        (SLICE, {"skew": INF}),
        (SLICE, {"convexity": NAN}),
        (SLICE, {"vol_half_spread": -0.01}),
        (MARKET_BTC, {"index": -1.0}),
        (MARKET_BTC, {"index": NAN}),
        (MARKET_BTC, {"sigma": INF}),
        (MARKET_BTC, {"adv_usd": -1.0}),
        (MARKET_BTC, {"depth_usd_10bps": NAN}),
    ],
)
def test_no_market_without_sense(thing: msgspec.Struct, changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changed)).split("_")[0]):
        msgspec.structs.replace(thing, **changed)


def test_age_is_in_milliseconds_and_never_negative() -> None:
    assert SNAPSHOT.age_ms(NOW) == 5.0
    assert SNAPSHOT.age_ms(SNAPSHOT.at + 1) == 1e-6
    assert SNAPSHOT.age_ms(SNAPSHOT.at - 10**9) == 0.0


def test_things_are_found_or_absent() -> None:
    found = SNAPSHOT.underlying("BTC")
    assert found is MARKET_BTC
    assert SNAPSHOT.underlying("ETH") is None
    assert MARKET_BTC.top(FUTURE.name) is MARKET_BTC.tops[2]
    assert MARKET_BTC.top("nothing") is None
    assert MARKET_BTC.slice(NEAR_AT) is SLICE
    assert MARKET_BTC.slice(1) is None


def test_a_snapshot_survives_the_wire() -> None:
    raw = msgspec.json.encode(SNAPSHOT)
    assert msgspec.json.decode(raw, type=MarketSnapshot) == SNAPSHOT
    busy = Flow(ofi_1s=0.5, signed_flow_60s=-1e6)
    bare = UnderlyingMarket(name="ETH", index=1.0, sigma=0.0, adv_usd=0.0, depth_usd_10bps=0.0, flow=busy)
    assert msgspec.json.decode(msgspec.json.encode(bare), type=UnderlyingMarket) == bare
    assert Flow() == UnderlyingMarket(name="ETH", index=1.0, sigma=0.0, adv_usd=0.0, depth_usd_10bps=0.0).flow


def test_an_expiry_is_a_slice_with_a_forward() -> None:
    assert Slice(expiry_at=1, forward=1.0, vol_atm=0.5) == Slice(
        expiry_at=1, forward=1.0, vol_atm=0.5, skew=0.0, convexity=0.0, vol_half_spread=0.0
    )
    assert PERP.name in msgspec.json.encode(MARKET_BTC).decode()
