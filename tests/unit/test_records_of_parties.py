"""What is known of parties and what is made of it: panel, scorecards, ranking, outcomes told, markouts booked."""

from decimal import Decimal
from typing import Any

import pytest
from driver import CLIENT, DEALERS, OPERATOR, PERP, Driver, ask, picked, policy, the
from msgspec.structs import replace

from pricing.structures import Leg, Structure
from rfq.desk import panel, scorecards
from rfq.desk.scorecards import Scorecard
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId
from rfq.domain.outcome import Outcome
from rfq.domain.parties import Party
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal
MANUAL = policy(auto_accept=False)


# --- panel ---------------------------------------------------------------------------------------------------------


def crowd(count: int, **numbers: Any) -> Driver:
    """A desk that knows `count` dealers more."""
    world = Driver(policy(**numbers))
    for index in range(count):
        world(ev.PartyAdmitted(party=Party(id=PartyId(f"e{index}"), may_quote=True)))
        world(ev.SessionUp(party=PartyId(f"e{index}")))
    return world


def test_all_are_asked_while_there_is_room() -> None:
    state = Driver().desk.state
    assert panel.choose(state, 4) == DEALERS
    assert panel.choose(state, 9, (DEALERS[2], CLIENT)) == (DEALERS[2],)


def test_who_cannot_be_reached_or_may_not_quote_is_not_asked() -> None:
    world = Driver()
    world(ev.SessionDown(party=DEALERS[0]))
    world(ev.PartyAdmitted(party=Party(id=DEALERS[1])))
    assert panel.choose(world.desk.state, 9) == DEALERS[2:]


@pytest.mark.parametrize(("size", "guests"), [(2, 0), (3, 1), (5, 1), (10, 2)])
def test_the_best_records_come_first_and_some_places_rotate(size: int, guests: int) -> None:
    world = crowd(12)
    state = world.desk.state
    for index in range(12):
        party = PartyId(f"e{index}")
        state.scorecards[party] = replace(
            Scorecard.empty(party), asked_it=100 + index, answered=100 - index, chosen=10
        )
    chosen = panel.choose(state, size)
    assert len(set(chosen)) == size
    best = tuple(PartyId(f"e{index}") for index in range(size - guests))
    assert chosen[: size - guests] == best
    assert set(chosen[size - guests :]) <= set(DEALERS), "those never asked so far"


def test_a_dealer_that_moves_the_market_against_us_loses_its_place() -> None:
    world = crowd(1)
    state = world.desk.state
    state.scorecards[DEALERS[0]] = replace(Scorecard.empty(DEALERS[0]), marked=90, markout_bps_sum=-900.0)
    assert DEALERS[0] not in panel.choose(state, 2)


# --- scorecards ----------------------------------------------------------------------------------------------------


def test_ratios_are_shrunk_towards_their_prior() -> None:
    nobody = Scorecard.empty(CLIENT)
    found = (nobody.hit_ratio, nobody.honour_ratio, nobody.answer_ratio, nobody.markout_bps)
    assert found == pytest.approx((0.25, 0.98, 0.5, 0.0))
    once = scorecards.count(scorecards.count(nobody, "quoted"), "done")
    assert once.hit_ratio == pytest.approx(3.5 / 11)
    known = replace(nobody, chosen=1_000, refused=500, asked_it=1_000, answered=1_000)
    assert known.honour_ratio == pytest.approx(0.505, abs=0.01)
    assert known.answer_ratio == pytest.approx(1.0, abs=0.01)
    assert scorecards.add_markout(nobody, -11.0).markout_bps == pytest.approx(-1.0)


def test_a_life_is_counted_once_on_each_side() -> None:
    world = Driver(policy(panel_size=2))
    world.accept(world.quoted())
    client = world.desk.state.scorecards[CLIENT]
    assert (client.asked, client.quoted, client.done) == (1, 1, 1)
    rfq = world.need()
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001")
    world.offer(one, rfq, "60001.5")
    world.fill(the(world.offer(two, rfq, "60001"), fx.AcceptQuote))
    first, second = world.desk.state.scorecards[one], world.desk.state.scorecards[two]
    assert (first.asked_it, first.answered, first.chosen, first.done) == (1, 1, 0, 0)
    assert (second.asked_it, second.answered, second.chosen, second.done) == (1, 1, 1, 1)


def test_a_fill_is_marked_at_each_horizon() -> None:
    world = Driver(policy(markout_horizons_s=(1, 10)))
    world.accept(world.quoted())
    world.sent()
    world.index = 60_060.0
    world.wait(2_000)
    world.index = 59_940.0
    world.wait(10_000)
    client = world.desk.state.scorecards[CLIENT]
    assert [(horizon, count) for horizon, count, _ in client.marks] == [(1, 1), (10, 1)]
    assert client.markout_bps_at(1) == pytest.approx(-10.0 / 11.0, rel=0.01)
    assert client.markout_bps_at(10) == client.markout_bps == pytest.approx(10.0 / 11.0, rel=0.01)
    assert client.markout_bps_at(60) == 0.0
    twice = scorecards.add_mark(scorecards.add_mark(client, 60, 5.5), 1, -2.0)
    assert [(horizon, count) for horizon, count, _ in twice.marks] == [(1, 2), (10, 1), (60, 1)]
    assert twice.markout_bps_at(60) == 0.5


# --- ranking -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_the_cheaper_the_better_and_why(side: Side) -> None:
    world = Driver(MANUAL)
    sign = 1 if side is Side.BUY else -1
    rfq = world.need(side, ask(side))
    for dealer, steps in zip(DEALERS, (-40, 200, 2_000, 2), strict=True):
        effects = world.offer(dealer, rfq, D(60_000) + sign * steps * D("0.5"), bid=sign < 0)
    rows = the(effects, fx.Ranked).rows
    assert [row.dealer for row in rows] == [DEALERS[0], DEALERS[3], DEALERS[1], DEALERS[2]]
    assert [row.percentile for row in rows] == sorted(row.percentile for row in rows)
    assert rows[0].why == "cheap" and rows[-1].why == "very dear"
    assert rows[0].cost_bps == pytest.approx(-20 / 6, rel=0.01)
    assert all(row.left_ms == 20_000 for row in rows)


def test_a_record_counts_and_so_does_an_end_that_is_near() -> None:
    world = Driver(MANUAL)
    rfq = world.need()
    state = world.desk.state
    state.scorecards[DEALERS[0]] = replace(Scorecard.empty(DEALERS[0]), chosen=10, refused=8)
    state.scorecards[DEALERS[1]] = replace(Scorecard.empty(DEALERS[1]), marked=90, markout_bps_sum=-500.0)
    world.offer(DEALERS[0], rfq, "60001")
    world.offer(DEALERS[1], rfq, "60001")
    world.offer(DEALERS[2], rfq, "60001", life_ms=1_000)
    rows = the(world.offer(DEALERS[3], rfq, "60001", all_or_none=True), fx.Ranked).rows
    assert [row.dealer for row in rows][:2] == [DEALERS[3], DEALERS[2]]
    why = {row.dealer: row.why for row in rows}
    assert why[DEALERS[0]].endswith("has refused")
    assert why[DEALERS[1]].endswith("moves after")
    assert why[DEALERS[3]].endswith("all or none")


# --- outcomes told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prices", "told", "cover"),
    [
        (("60001", "60002", "60003"), (Outcome.COVER, Outcome.DONE_AWAY), "60002"),
        (("60001", "60001", "60002"), (Outcome.TIED, Outcome.COVER), "60001"),
        (("60001", "60002", "60002"), (Outcome.TIED_COVER, Outcome.TIED_COVER), "60002"),
        (("60001", "60001", "60001"), (Outcome.TIED, Outcome.TIED), "60001"),
    ],
)
def test_who_lost_how(prices: tuple[str, ...], told: tuple[Outcome, ...], cover: str) -> None:
    world = Driver(policy(panel_size=3))
    rfq = world.need(panel=DEALERS[:3])
    for dealer, price in zip(DEALERS, prices, strict=False):
        effects = world.offer(dealer, rfq, price)
    effects = world.fill(the(effects, fx.AcceptQuote))
    outcomes = {one.to: (one.outcome, one.cover) for one in picked(effects, fx.TellOutcome)}
    assert outcomes == {
        DEALERS[0]: (Outcome.DONE, D(cover)),
        DEALERS[1]: (told[0], None),
        DEALERS[2]: (told[1], None),
    }
    assert the(effects, fx.Closed).cover == D(cover)


def test_alone_there_is_no_cover_and_a_silent_dealer_is_told_that_it_is_over() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need(panel=DEALERS[:2])
    world.offer(DEALERS[0], rfq, "60001")
    effects = world.fill(the(world.wait(3_000), fx.AcceptQuote))
    assert the(effects, fx.TellOutcome).cover is None
    assert the(effects, fx.WithdrawRfq).to == DEALERS[1]


# --- booking and markouts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1, -1])
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
@pytest.mark.parametrize("maker", [True, False])
@pytest.mark.parametrize("move", [60.0, -60.0])
def test_a_markout_is_positive_when_it_went_our_way(maker: bool, side: Side, move: float, ratio: int) -> None:
    world = Driver(policy(panel_size=1))
    one = Structure(legs=(Leg(instrument=PERP.name, ratio=D(ratio)),))
    if maker:
        world.accept(world.quoted(ask(side, structure=one)), side)
    else:
        rfq = world.need(side, ask(side, structure=one))
        price = ratio * (60_001 if (side is Side.BUY) == (ratio > 0) else 59_999)
        dealer = world.desk.state.cards[rfq].panel[0]
        world.fill(the(world.offer(dealer, rfq, price, bid=side is Side.SELL), fx.AcceptQuote))
    bought = world.desk.state.positions[PERP.name] > 0
    assert bought == (((side is Side.BUY) != maker) == (ratio > 0))
    assert world.index is not None
    world.index += move
    marks = picked(world.wait(11_000), fx.Marked)
    assert [round(mark.markout_bps) for mark in marks] == [10 if bought == (move > 0) else -10] * 2
    assert all((mark.edge_bps > 0) == maker for mark in marks), "a maker earns it, a taker pays it"


def test_positions_of_a_ratio_are_its_multiple() -> None:
    world = Driver()
    three = Structure(legs=(Leg(instrument=PERP.name, ratio=D(3)),))
    world.accept(world.quoted(ask(Side.BUY, 1_000, three)))
    assert world.desk.state.positions == {PERP.name: D(-3_000)}
    assert float(world.desk.state.exposures["BTC"]) == pytest.approx(-3_000)


def test_a_markout_waits_for_the_market_up_to_a_minute() -> None:
    world = Driver(policy(markout_horizons_s=(1,)))
    world.accept(world.quoted())
    world.index = None
    assert not picked(world.wait(5_000), fx.Marked)
    world.index = 60_000.0
    assert the(world.wait(1_000), fx.Marked).horizon_s == 1
    assert the(world(ev.KillPressed(by=OPERATOR)), fx.KillSet).on
    assert Reason(code=Code.KILLED).field == ""
