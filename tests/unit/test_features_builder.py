"""Rows: each column is where the schema says, and is its `when_missing` when it cannot be computed."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from driver import CLIENT, ONE, SPREAD, START_AT, Driver, S, ask
from msgspec.structs import replace

from models.features import CALENDAR, DESK, FLOW, GROUPS, INDEX, MISSING, SCHEMA
from pricing.calendar import Calendar, EventKind, Scheduled
from pricing.flow import UNKNOWN, Flow
from pricing.market import MarketSnapshot, Surface, UnderlyingMarket
from pricing.surface.at_money import smile_at_money
from pricing.units import YEAR_NS
from rfq.desk.features.builder import calendar_values, flow_values
from rfq.desk.scorecards import Scorecard, add_mark
from rfq.domain import events as ev
from rfq.domain.ids import RfqId
from rfq.domain.request import Side

Change = Callable[[UnderlyingMarket], UnderlyingMarket]


class World(Driver):
    """A market that is changed before the desk sees it."""

    def __init__(self, change: Change) -> None:
        self.change = change
        super().__init__()

    def _stamp(self, event: ev.Event, received_at: int) -> ev.Stamped:
        stamped = super()._stamp(event, received_at)
        if stamped.market is None:
            return stamped
        (under,) = stamped.market.underlyings
        return replace(stamped, market=replace(stamped.market, underlyings=(self.change(under),)))


def row_of(change: Change = lambda under: under, **terms: Any) -> dict[str, float]:
    """The row of a request in this market, by column."""
    effect = World(change).ask_us(ask(**terms))
    return dict(zip([column.name for column in SCHEMA], effect.row.values, strict=True))


def with_flow(**numbers: float) -> Change:
    """A market in which this flows."""
    return lambda under: replace(under, flow=Flow(**numbers))


def test_groups_are_the_schema_in_order() -> None:
    assert tuple([column for group in GROUPS.values() for column in group]) == SCHEMA
    assert len({column.name for column in SCHEMA}) == len(SCHEMA) >= 40


def test_every_flow_column_is_taken_from_its_field_and_from_no_other() -> None:
    assert flow_values(UNKNOWN) == [column.when_missing for column in FLOW]
    for place, column in enumerate(FLOW):
        values = flow_values(Flow(**{column.name: 7.5}))
        assert values[place] == 7.5
        del values[place]
        assert values == [one.when_missing for one in FLOW if one is not column]
        assert row_of(with_flow(**{column.name: 7.5}))[column.name] == 7.5


def test_a_number_that_is_zero_is_not_missing() -> None:
    place = [column.name for column in FLOW].index("refill_ratio_10s")
    assert (flow_values(Flow(refill_ratio_10s=0.0))[place], flow_values(UNKNOWN)[place]) == (0.0, 1.0)


def test_what_the_market_is_compared_to() -> None:
    plain = row_of()
    busy = row_of(
        with_flow(
            realised_vol_1m=1.0,
            realised_vol_10m=0.25,
            signed_flow_usd_1s=1e5,
            signed_flow_usd_10s=-5e5,
            signed_flow_usd_60s=5e6,
            volume_usd_60s=2e6,
        )
    )
    expected = {
        "vol_vs_sigma_ratio_1m": (1.0, 2.0),
        "vol_vs_sigma_ratio_10m": (1.0, 0.5),
        "vol_term_ratio_10m": (1.0, 4.0),
        "flow_vs_depth_ratio_1s": (0.0, 0.02),
        "flow_vs_depth_ratio_10s": (0.0, -0.1),
        "flow_vs_depth_ratio_60s": (0.0, 1.0),
        "size_vs_volume_ratio_60s": (0.0, 0.05),
    }
    for name, (missing, value) in expected.items():
        assert plain[name] == missing == MISSING[INDEX[name]], name
        assert busy[name] == pytest.approx(value), name
    assert plain["impact_bps"] == pytest.approx(1e4 * 0.5 / math.sqrt(365.0) * math.sqrt(1e5 / 1e10))
    nothing = row_of(lambda under: replace(under, adv_usd=0.0, depth_usd_10bps=0.0, sigma=0.0))
    assert nothing["size_vs_adv_ratio"] == nothing["impact_bps"] == nothing["size_vs_depth_ratio"] == 0.0
    assert nothing["vol_vs_sigma_ratio_1m"] == 1.0


def test_the_term_of_implied_volatility() -> None:
    at = START_AT

    def surface(*vols: tuple[float, float]) -> Change:
        smiles = [
            smile_at_money(at + int(years * YEAR_NS), years, vol, half_spread=0.006) for years, vol in vols
        ]
        return lambda under: replace(under, surface=Surface(at=at, smiles=tuple(smiles), vol_of_vol=1.5))

    found = row_of(surface((0.02, 0.8), (0.1, 0.6), (0.5, 0.4)))
    assert found["implied_term_ratio"] == pytest.approx(2.0, rel=1e-6)
    assert found["vol_of_vol_ratio"] == 1.5
    assert row_of(surface((0.1, 0.6)))["implied_term_ratio"] == 1.0
    soon = row_of(surface((0.00005, 3.0), (0.1, 0.6), (0.5, 0.6)))
    assert soon["implied_term_ratio"] == pytest.approx(1.0), "what expires within the hour says nothing"
    assert row_of(lambda under: replace(under, surface=None))["implied_term_ratio"] == 1.0


def test_what_is_due() -> None:
    names = [column.name for column in CALENDAR[4:]]
    assert names == ["release_due_s", "funding_due_s", "expiry_due_s"]
    unknown = calendar_values(MarketSnapshot(at=START_AT), "BTC", START_AT)
    assert list(unknown[4:]) == [column.when_missing for column in CALENDAR[4:]]
    events = (
        Scheduled(kind=EventKind.FUNDING, at=START_AT + 60 * S),
        Scheduled(kind=EventKind.RELEASE, at=START_AT + 90 * S, underlyings=("ETH",)),
        Scheduled(kind=EventKind.RELEASE, at=START_AT + 95 * S, underlyings=("BTC",)),
    )
    shown = MarketSnapshot(at=START_AT, calendar=Calendar(events=events))
    assert list(calendar_values(shown, "BTC", START_AT)[4:]) == [95.0, 60.0, 604_800.0]
    assert list(calendar_values(shown, "ETH", START_AT + S)[4:]) == [89.0, 59.0, 604_800.0]


def test_inventory_before_and_after_and_the_record() -> None:
    limit = float(Driver().desk.state.policy.position_usd_max)
    for side, sign in ((Side.BUY, -1.0), (Side.SELL, 1.0), (Side.TWO_WAY, 0.0)):
        found = row_of(side=side)
        assert found["inventory_vs_limit_ratio"] == 0.0
        assert found["inventory_after_ratio"] == pytest.approx(sign * 1e5 / limit, rel=1e-3)
        assert (found["hit_ratio"], found["record_ratio"], found["markout_bps_10s"]) == (0.25, 0.0, 0.0)
    assert found["side_sign"] == 0.0 and found["leg_count"] == 1.0
    world = Driver()
    for horizon, moved in ((1, -11.0), (10, -22.0), (10, -26.0), (60, 5.5)):
        world.desk.state.scorecards[CLIENT] = add_mark(
            world.desk.state.scorecards.get(CLIENT, Scorecard.empty(CLIENT)), horizon, moved
        )
    row = world.ask_us().row
    assert [row.get(f"markout_bps_{one}s") for one in (1, 10, 60)] == [-1.0, -4.0, 0.5]
    options = row_of(amount=25, structure=SPREAD)
    assert options["option_flag"] == 1.0 and options["leg_count"] == 2.0
    assert [column.name for column in DESK][:2] == ["inventory_vs_limit_ratio", "inventory_after_ratio"]


def test_our_own_need_adds_what_the_request_would() -> None:
    world = Driver()
    rfq: RfqId = world.need(terms=ask(Side.BUY, 100_000, ONE))
    row = world.desk.state.cards[rfq].row
    assert row.get("inventory_after_ratio") > 0.0 and row.get("side_sign") == 1.0
    assert row.get("hit_ratio") == MISSING[INDEX["hit_ratio"]]
