"""What the market at hand makes a trade cost: venue fees, carry of the hedge, risk over the life of a quote."""

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from pricing_cases import (
    CALL_60,
    FUTURE,
    INDEX,
    INSTRUMENTS,
    MARKET_BTC,
    NOW,
    PERP,
    SNAPSHOT,
    market,
    worth,
)

from pricing.fact import Fault
from pricing.market import Funding, MarketSnapshot
from pricing.structures import Hedge
from pricing.venues.rows import VenueTable
from pricing.venues.tables import TABLES, override
from rfq.desk import outlays
from rfq.desk.state import DeskState
from rfq.ops.standard import STANDARD_POLICY

RATE = 2e-4
FUNDED = market(funding=(Funding(instrument=PERP.name, at=NOW, rate_8h=RATE),))


class Desk:
    """The two things that are read of a desk's state."""

    def __init__(self, venues: tuple[VenueTable, ...] = (), **changed: Any) -> None:
        terms = msgspec.structs.replace(STANDARD_POLICY.terms, **changed)
        self.policy = msgspec.structs.replace(STANDARD_POLICY, terms=terms, venues=venues)
        self.instruments = INSTRUMENTS


def found(valuation: Any, seen: MarketSnapshot = FUNDED, **changed: Any) -> outlays.Outlays:
    desk: Any = Desk(**changed)
    said = outlays.of(valuation, seen, desk)
    assert isinstance(said, outlays.Outlays), said
    return said


def test_the_carry_is_that_of_what_a_perpetual_hedges() -> None:
    call = worth((CALL_60, "1"))
    assert found(call, hold_hours=16.0).carry_usd == pytest.approx(2.0 * RATE * call.delta_net_usd)
    assert found(call, hold_hours=0.0).carry_usd == 0.0
    assert found(call, SNAPSHOT, hold_hours=16.0).carry_usd == 0.0  # no rate, no carry
    future = worth((FUTURE, "1"))
    assert found(future, hold_hours=8.0).carry_usd == pytest.approx(RATE * future.delta_net_usd)


def test_a_perpetual_hedged_by_itself_carries_nothing() -> None:
    assert found(worth((PERP, "1")), hold_hours=8.0).carry_usd == pytest.approx(0.0, abs=1e-12)
    hedged = worth(
        (CALL_60, "1"), hedge=Hedge(instrument=PERP.name, ratio=Decimal(-30_000), price=Decimal(60_000))
    )
    bare = worth((CALL_60, "1"))
    assert found(hedged, hold_hours=8.0).carry_usd == pytest.approx(found(bare, hold_hours=8.0).carry_usd)


def test_risk_over_the_life_of_a_quote() -> None:
    perpetual = worth((PERP, "1"))
    years = STANDARD_POLICY.quote_ttl_ms / (365 * 86_400_000)
    expected = 1e4 * MARKET_BTC.sigma * math.sqrt(years)
    assert found(perpetual, vol_weight=0.5).risk_bps == pytest.approx(expected, rel=1e-6)
    half = worth((CALL_60, "1"))
    assert found(half, vol_weight=0.5).risk_bps == pytest.approx(
        expected * abs(half.delta_net_usd) / half.notional_usd
    )
    assert found(perpetual, vol_weight=0.0).risk_bps == 0.0


def test_fees_are_those_of_the_venue_that_the_policy_names() -> None:
    call = worth((CALL_60, "1"))
    assert found(call).fees_usd == 0.0
    assert found(call, fee_venue="deribit").fees_usd == pytest.approx(0.0003 * INDEX)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"fee_venue": "nowhere"}, "fee_venue"),
        ({"fee_venue": "deribit", "fee_tier": "gold"}, "trades[0].tier"),
    ],
)
def test_fees_that_cannot_be_said_say_why(changed: dict[str, Any], field: str) -> None:
    desk: Any = Desk(**changed)
    said = outlays.of(worth((CALL_60, "1")), SNAPSHOT, desk)
    assert isinstance(said, Fault)
    assert said.field == field
    assert said.problem


def test_no_market_is_a_fault() -> None:
    state: DeskState | Any = Desk()
    said = outlays.of(worth((PERP, "1")), MarketSnapshot(at=NOW), state)
    assert said == Fault(field="BTC", problem="no market")


def test_the_policys_own_table_is_charged_with_its_tiers() -> None:
    call = worth((CALL_60, "1"))
    tiers = [
        {"tier": "", "maker": 0.0003, "taker": 0.0003},
        {"tier": "vip", "maker": 0.0001, "taker": 0.0002},
    ]
    own = override(TABLES["deribit"], {"option_btc": {"tiers": tiers, "block_rate": None}})
    assert isinstance(own, VenueTable)
    usual = found(call, fee_venue="deribit").fees_usd
    assert found(call, venues=(own,), fee_venue="deribit").fees_usd == pytest.approx(usual)
    assert found(call, venues=(own,), fee_venue="deribit", fee_tier="vip").fees_usd == pytest.approx(
        usual / 3
    )
    desk: Any = Desk(fee_venue="deribit", fee_tier="vip")
    assert outlays.of(call, FUNDED, desk) == Fault(
        field="trades[0].tier", problem="option_btc has no tier vip"
    )
