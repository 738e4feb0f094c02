"""The snapshot: what may be in it, how old it is, how things are found, and how small it is."""

from typing import Any

import msgspec
import pytest
from pricing_cases import FUTURE, MARKET_BTC, NEAR_AT, NOW, PERP, SMILES, SNAPSHOT

from pricing.flow import Flow
from pricing.market import (
    Book,
    Curve,
    Discount,
    Fixing,
    Funding,
    MarketSnapshot,
    Pillar,
    Rate,
    Surface,
    UnderlyingMarket,
    VarianceClock,
    one_level,
)
from rfq.domain import canon

NAN = float("nan")
INF = float("inf")
TOUCH = one_level("x", 1, 1.0, 1.0, 0.0, 5.0)
DEEP = Book(instrument="x", at=1, bids=((9.0, 1.0), (8.0, 2.0)), offers=((10.0, 1.0), (11.0, 0.0)))
SMILE = SMILES[0]
PILLAR = Pillar(expiry_at=1, forward=1.0)
CLOCK = VarianceClock(weights=(1.0,) * 168, jumps=((1, 2.0), (2, 0.0)))
BARE = UnderlyingMarket(name="ETH", index=1.0, index_at=1, sigma=0.0, adv_usd=0.0, depth_usd_10bps=0.0)


@pytest.mark.parametrize(
    ("thing", "changed"),
    [
        (TOUCH, {"bids": ((1.1, 1.0),)}),
        (TOUCH, {"bids": ((0.0, 1.0),)}),
        (TOUCH, {"bids": ((NAN, 1.0),)}),
        (TOUCH, {"offers": ((INF, 1.0),)}),
        (TOUCH, {"bids": ((1.0, -1.0),)}),
        (TOUCH, {"offers": ((1.0, NAN),)}),
        (DEEP, {"bids": ((8.0, 1.0), (9.0, 1.0))}),
        (DEEP, {"offers": ((10.0, 1.0), (10.0, 1.0))}),
        (PILLAR, {"forward": 0.0}),
        (PILLAR, {"forward": INF}),
        (PILLAR, {"doubt_bps": -1.0}),
        (Curve(at=1, pillars=()), {"pillars": (PILLAR, PILLAR)}),
        (Funding(instrument="x", at=1, rate_8h=0.0), {"rate_8h": NAN}),
        (Rate(currency="USDC", usd=1.0, at=1), {"usd": 0.0}),
        (Discount(currency="USD", at=1, pillars=()), {"pillars": ((2, 0.1), (1, 0.1))}),
        (Discount(currency="USD", at=1, pillars=()), {"pillars": ((1, NAN),)}),
        (CLOCK, {"weights": (1.0,) * 24}),
        (CLOCK, {"weights": (0.0,) * 168}),
        (CLOCK, {"weights": (-1.0,) + (1.0,) * 167}),
        (CLOCK, {"jumps": ((2, 1.0), (1, 1.0))}),
        (CLOCK, {"jumps": ((1, -1.0),)}),
        (SMILE, {"a": -1.0}),
        (SMILE, {"a": NAN}),
        (SMILE, {"b": -0.1}),
        (SMILE, {"b": 1.9}),
        (SMILE, {"rho": 1.0}),
        (SMILE, {"s": 0.0}),
        (SMILE, {"doubt_level": -0.01}),
        (SMILE, {"half_spread": NAN}),
        (Surface(at=1, smiles=()), {"smiles": (SMILES[1], SMILES[0])}),
        (Surface(at=1, smiles=()), {"vol_of_vol": -1.0}),
        (Fixing(expiry_at=3, from_at=1, at=2, average=1.0), {"from_at": 4}),
        (Fixing(expiry_at=3, from_at=1, at=2, average=1.0), {"average": 0.0}),
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


def test_a_side_may_be_empty() -> None:
    assert not msgspec.structs.replace(DEEP, bids=()).bids


def test_age_is_in_milliseconds_and_never_negative() -> None:
    assert SNAPSHOT.age_ms(NOW) == 5.0
    assert SNAPSHOT.age_ms(SNAPSHOT.at + 1) == 1e-6
    assert SNAPSHOT.age_ms(SNAPSHOT.at - 10**9) == 0.0


def test_things_are_found_or_absent() -> None:
    found = SNAPSHOT.underlying("BTC")
    assert found is MARKET_BTC
    assert SNAPSHOT.underlying("ETH") is None
    assert MARKET_BTC.book(FUTURE.name) is MARKET_BTC.books[2]
    assert MARKET_BTC.book("nothing") is None
    assert MARKET_BTC.smile(NEAR_AT) is SMILE
    assert MARKET_BTC.smile(1) is None
    assert BARE.smile(NEAR_AT) is None
    assert BARE.funding_rate_8h == 0.0
    paid = msgspec.structs.replace(BARE, funding=(Funding(instrument="x", at=1, rate_8h=2e-4),))
    assert paid.funding_rate_8h == 2e-4


def test_a_currency_has_a_rate_or_none_never_one() -> None:
    assert SNAPSHOT.usd("USD") == 1.0
    assert SNAPSHOT.usd("BTC") == MARKET_BTC.index
    assert SNAPSHOT.usd("USDC") == 1.0
    assert SNAPSHOT.usd("ETH") is None
    assert MarketSnapshot(at=1).usd("USDC") is None
    blind = msgspec.structs.replace(MARKET_BTC, index=0.0)
    assert MarketSnapshot(at=1, underlyings=(blind,)).usd("BTC") is None


def test_a_snapshot_survives_the_wire() -> None:
    raw = canon.encode(SNAPSHOT)
    assert canon.decode(raw, MarketSnapshot) == SNAPSHOT
    assert canon.encode(canon.decode(raw, MarketSnapshot)) == raw
    busy = msgspec.structs.replace(BARE, flow=Flow(ofi_ratio_1s=0.5, signed_flow_usd_60s=-1e6))
    assert msgspec.json.decode(msgspec.json.encode(busy), type=UnderlyingMarket) == busy
    assert Flow() == BARE.flow
    assert PERP.name in raw.decode()


def test_a_snapshot_for_four_legs_is_small() -> None:
    """Four expiries with full numbers, their futures and the perpetual with five levels a side, clock and fixings."""
    levels = tuple((60_000.5 + step / 3.0, 1e5 / (step + 3.0)) for step in range(5))
    bids = tuple((60_000.0 - step / 3.0, 1e5 / (step + 7.0)) for step in range(5))
    books = tuple(
        Book(instrument=f"BTC-{day}DEC24", at=NOW + day, bids=bids, offers=levels) for day in range(10, 15)
    )
    numbers = {
        name: getattr(SMILE, name) * 0.987654321
        for name in ("a", "b", "rho", "s", "doubt_level", "doubt_slope", "doubt_wing", "doubt_local")
    }
    smiles = tuple(msgspec.structs.replace(SMILE, expiry_at=NOW + day, **numbers) for day in range(4))
    pillars = tuple(Pillar(expiry_at=NOW + day, forward=60_000.0 / 0.987 + day) for day in range(4))
    clock = VarianceClock(weights=(1.1,) * 120 + (0.75,) * 48)
    under = msgspec.structs.replace(
        MARKET_BTC,
        books=books,
        curve=Curve(at=NOW, pillars=pillars),
        surface=Surface(at=NOW, smiles=smiles, vol_of_vol=0.8, source="0123456789abcdef", clock=clock),
        funding=(Funding(instrument=PERP.name, at=NOW, rate_8h=1e-4),),
        fixings=(Fixing(expiry_at=NOW + 3, from_at=NOW, at=NOW + 1, average=60_001.123),),
    )
    raw = canon.encode(msgspec.structs.replace(SNAPSHOT, underlyings=(under,)))
    assert len(raw) <= 8_000
    assert canon.encode(canon.decode(raw, MarketSnapshot)) == raw
