"""The desk as a whole: the kill switch, faults put aside, the record, new numbers, bounded memory."""

from decimal import Decimal
from typing import Any

import pytest
from driver import (
    CHAIN,
    CLIENT,
    DEALERS,
    MS,
    ONE,
    OPERATOR,
    SECOND,
    Driver,
    ask,
    market,
    picked,
    policy,
    the,
)
from msgspec.structs import replace

from pricing.structures import Structure
from rfq.desk.engine import Desk, underlying_of
from rfq.desk.features import builder
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId, RfqId
from rfq.domain.lifecycle import RfqState
from rfq.domain.outcome import Outcome
from rfq.domain.parties import Party
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Rfq, Side

D = Decimal


# --- kill and arm --------------------------------------------------------------------------------------------------


def test_the_kill_switch_stops_everything_and_two_people_arm_it_again() -> None:
    world = Driver(policy(auto_accept=False))
    made, estimate = world.quoted(), world.ask_us()
    idle, out = world.need(), world.need()
    world.offer(DEALERS[0], out, "60001")
    accepted = the(world(ev.AcceptCommanded(party=OPERATOR, rfq=out)), fx.AcceptQuote)
    effects = world(ev.KillPressed(by=OPERATOR))
    assert the(effects, fx.KillSet).on
    assert the(effects, fx.WithdrawQuote).quote == made.quote.id
    assert the(effects, fx.RefuseRfq).rfq == estimate.rfq
    assert {one.rfq for one in picked(effects, fx.Closed)} == {estimate.rfq, idle}
    assert the(world.accept(made), fx.RefuseAccept).reason.code is Code.QUOTE_GONE
    refused = world(ev.RfqReceived(party=CLIENT, reference="later", ask=ask()))
    assert the(refused, fx.RefuseRfq).reason.code is Code.KILLED
    assert the(world.fill(accepted), fx.Closed).outcome is Outcome.DONE, "what is out is still booked"
    assert not picked(world(ev.KillPressed(by=SECOND)), fx.WithdrawQuote)
    for by in (CLIENT, PartyId("nobody")):
        assert the(world(ev.ArmAsked(by=by)), fx.Ignored).reason.code is Code.NOT_AUTHORISED
    for _ in range(2):
        assert not picked(world(ev.ArmAsked(by=OPERATOR)), fx.KillSet), "one person cannot"
    assert not the(world(ev.ArmAsked(by=SECOND)), fx.KillSet).on
    assert the(world(ev.ArmAsked(by=SECOND)), fx.Ignored).reason.code is Code.NOT_AUTHORISED
    world.quoted()
    world.check_replay()


def test_a_kill_between_two_askings_starts_them_anew() -> None:
    world = Driver()
    world(ev.KillPressed(by=OPERATOR))
    world(ev.ArmAsked(by=OPERATOR))
    world(ev.KillPressed(by=OPERATOR))
    assert not picked(world(ev.ArmAsked(by=SECOND)), fx.KillSet)
    assert the(world(ev.ArmAsked(by=OPERATOR)), fx.KillSet)


def test_killed_while_an_acceptance_is_out_nothing_new_is_accepted() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need()
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001")
    accepted = the(world.offer(two, rfq, "60002"), fx.AcceptQuote)
    world(ev.KillPressed(by=OPERATOR))
    effects = world(ev.AcceptRefused(dealer=one, accept=accepted.accept, reason=Reason(code=Code.USER)))
    assert not picked(effects, fx.AcceptQuote)
    assert the(effects, fx.Closed).reason.code is Code.KILLED


# --- faults --------------------------------------------------------------------------------------------------------


def poison(world: Driver, rfq: RfqId) -> None:
    """Break the desk's own memory of one Rfq, so that whatever next prices it fails."""
    card = world.desk.state.cards[rfq]
    world.desk.state.cards[rfq] = replace(card, fair=None)  # type: ignore[arg-type]


def test_a_fault_puts_one_request_aside_and_the_others_go_on() -> None:
    world = Driver()
    sick, well = world.quoted(), world.quoted()
    poison(world, sick.quote.rfq)
    world.index = 60_200.0
    effects = world(ev.MarketMoved(underlying="BTC"))
    aside = the(effects, fx.Quarantined)
    assert aside.rfq == sick.quote.rfq and aside.where == "MarketMoved: TypeError in requote"
    assert the(effects, fx.WithdrawQuote).quote == sick.quote.id
    assert the(effects, fx.Closed).reason.code is Code.FAULT
    assert the(effects, fx.SendQuote).quote.rfq == well.quote.rfq
    assert world.desk.state.cards[sick.quote.rfq].rfq.state is RfqState.QUARANTINED
    assert world.desk.state.watches["BTC"] == 1
    assert the(world.accept(sick), fx.RefuseAccept)


def test_whoever_waits_for_an_answer_gets_one_even_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Driver(policy(panel_size=1))
    made, rfq = world.quoted(), world.need()
    dealer = world.desk.state.cards[rfq].panel[0]

    def broken(*_: Any) -> Any:
        raise KeyError("a planted fault")

    with monkeypatch.context() as patch:
        patch.setattr("rfq.desk.turn.value", broken)
        effects = world(ev.RfqReceived(party=CLIENT, reference="r", ask=ask()))
        assert the(effects, fx.RefuseRfq).reason.code is Code.FAULT
        assert the(effects, fx.Quarantined) == fx.Quarantined(rfq="", where="RfqReceived: KeyError in broken")
        effects = world.accept(made)
        assert the(effects, fx.RefuseAccept).reason.code is Code.FAULT
        assert the(effects, fx.WithdrawQuote).quote == made.quote.id
        effects = world.offer(dealer, rfq, "60001")
        assert the(effects, fx.RefuseQuote).reason.code is Code.FAULT
        assert the(effects, fx.WithdrawRfq).to == dealer
    assert not world.desk.state.positions
    assert all(card.closed for card in world.desk.state.cards.values())
    world.wait(3_600_000)
    assert not world.desk.state.cards


def test_replay_puts_the_same_request_aside_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builder.build

    def broken(rfq: Rfq, *rest: Any) -> Any:
        if rfq.reference == "sick":
            raise KeyError("a bug that this build has")
        return real(rfq, *rest)

    monkeypatch.setattr(builder, "build", broken)
    world = Driver()
    effects = world(ev.RfqReceived(party=CLIENT, reference="sick", ask=ask()))
    assert the(effects, fx.Quarantined).where == "RfqReceived: KeyError in broken"
    world.accept(world.quoted())
    world.check_replay()
    monkeypatch.setattr(builder, "build", real)
    with pytest.raises(AssertionError, match="differs in replay"):
        world.check_replay()


def test_a_quote_that_is_taken_back_from_a_client_that_is_away_is_told_when_it_is_back() -> None:
    world = Driver()
    world(ev.PartyAdmitted(party=Party(id=CLIENT, may_ask=True, cancel_on_disconnect=False)))
    made = world.quoted()
    world(ev.SessionDown(party=CLIENT))
    assert not any(isinstance(one, fx.WithdrawQuote) for one in world(ev.KillPressed(by=OPERATOR)))
    back = world(ev.SessionUp(party=CLIENT))
    assert the(back, fx.WithdrawQuote).quote == made.quote.id


def test_a_fault_after_the_end_gives_the_markouts_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Driver()
    made = world.quoted()
    world.accept(made)

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("rfq.desk.turn.mark", broken)
        assert the(world.wait(1_000), fx.Quarantined).rfq == made.quote.rfq
    assert not world.desk.state.cards[made.quote.rfq].marks
    world.wait(3_600_000)
    assert not world.desk.state.cards


def test_a_late_fill_of_a_need_put_aside_is_booked_but_ends_it_only_once() -> None:
    world = Driver(policy(panel_size=1))
    rfq = world.need()
    accepted = the(world.offer(world.desk.state.cards[rfq].panel[0], rfq, "60001"), fx.AcceptQuote)
    card = world.desk.state.cards[rfq]
    world.desk.state.cards[rfq] = replace(card, estimate_due_at=1, row=None)  # type: ignore[arg-type]
    effects = world(ev.TimerFired(rfq=rfq))
    assert the(effects, fx.Quarantined) and not picked(effects, fx.WithdrawRfq)
    world.desk.state.cards[rfq] = replace(world.desk.state.cards[rfq], row=card.row)
    assert not picked(world.fill(accepted), fx.Closed)
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(100_000)


def test_a_fault_in_the_fate_of_an_effect_still_settles_it() -> None:
    world = Driver()
    world.answer(world.ask_us())
    rfq = the(world.last, fx.SendQuote).quote.rfq
    card = world.desk.state.cards[rfq]
    world.desk.state.cards[rfq] = replace(card, quotes=(None,))  # type: ignore[arg-type]
    assert the(world.sent(), fx.Quarantined).where == "Sent: AttributeError in quote"
    assert not world.desk.state.pending
    other = Driver()
    other.answer(other.ask_us())
    other.desk.state.cards[rfq] = replace(card, quotes=(None,))  # type: ignore[arg-type]
    assert the(other.not_sent(fx.SendQuote, Reason(code=Code.FAULT)), fx.Quarantined)
    assert not other.desk.state.pending


# --- the record ----------------------------------------------------------------------------------------------------


def test_a_segment_holds_the_state_and_changes_nothing() -> None:
    world = Driver()
    made = world.quoted()
    image = world.desk.image()
    taken = the(world(ev.SegmentOpened(segment=1)), fx.StateTaken)
    assert (taken.state, taken.size) == (canon.digest(image), len(image))
    the(world.accept(made), fx.ConfirmFill)
    world.check_replay()


def test_the_chain_opens_once_and_counts() -> None:
    world = Driver()
    opening = ev.ChainOpened(chain=CHAIN, build="x", policy=policy(), instruments=(), parties=())
    assert the(world(opening), fx.Quarantined)
    stamped = ev.Stamped(number=99, at=world.at, received_at=world.at, event=ev.MarketMoved(underlying="X"))
    with pytest.raises(AssertionError, match="record 99"):
        world.desk.handle(stamped)
    with pytest.raises(AssertionError, match="back"):
        world.desk.handle(replace(stamped, number=world.number + 1, at=world.at - 1))
    with pytest.raises(AssertionError, match="ChainOpened"):
        Desk("test").handle(stamped)
    with pytest.raises(AssertionError, match="no ChainOpened"):
        Desk("test").image()


def test_new_numbers_instruments_and_parties_count_from_the_next_event() -> None:
    world = Driver()
    before = world.desk.state.policy_hash
    world(ev.PolicyChanged(policy=policy(notional_usd_max=D(50_000)), by=OPERATOR))
    assert world.desk.state.policy_hash != before
    assert the(world.answer(world.ask_us()), fx.RefuseRfq).reason.code is Code.LIMIT_NOTIONAL


def test_stray_fates_and_wakes_change_nothing() -> None:
    world = Driver()
    mark = ev.SentMark(number=1, index=0, at=world.at, raw="ab")
    assert the(world(ev.Sent(marks=(mark,))), fx.Ignored)
    assert not world(ev.TimerFired(rfq=world.ask_us().rfq))[1:]
    assert not world(ev.TimerFired(rfq="c1-r0-0"))  # type: ignore[arg-type]


def test_memory_of_references_is_bounded_but_never_forgets_what_lives() -> None:
    world = Driver(policy(closed_memory=2))
    alive = world.ask_us(reference="alive")
    for index in range(5):
        world.ask_us(reference=f"r{index}")
    assert (CLIENT, "alive") in world.desk.state.seen
    world.wait(40_000)
    for index in range(5):
        world.ask_us(reference=f"s{index}")
        world.wait(40_000)
    assert len(world.desk.state.seen) <= 3 and (CLIENT, "alive") not in world.desk.state.seen
    assert the(world.answer(alive), fx.Ignored).reason.code is Code.UNKNOWN_RFQ


def test_a_stale_market_is_no_market_for_a_need() -> None:
    world = Driver()
    world.market_age_ns = 2_001 * MS
    assert the(world(ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.BUY))), fx.Ignored)
    assert market(0).age_ms(2_000 * MS) == 2_000.0 and ONE.legs


def test_the_desk_says_whose_market_an_event_needs() -> None:
    world = Driver(policy(auto_accept=False))
    world.answer(world.ask_us())
    rfq = the(world.last, fx.SendQuote).quote.rfq
    reference = world.desk.state.cards[rfq].rfq.reference
    need = world.need()
    world.offer(DEALERS[0], need, "60001")
    accepted = the(world(ev.AcceptCommanded(party=OPERATOR, rfq=need)), fx.AcceptQuote)
    index = list(world.last).index(accepted)
    the_quote = world.desk.state.cards[rfq].quotes[0].id
    needed: dict[ev.Event, str] = {
        ev.MarketMoved(underlying="ETH"): "ETH",
        ev.RfqReceived(party=CLIENT, reference="x", ask=ask()): "BTC",
        ev.RfqReceived(party=CLIENT, reference="x", ask=ask(structure=Structure(legs=()))): "",
        ev.NeedPosted(party=OPERATOR, reference="x", ask=ask(Side.BUY)): "BTC",
        ev.RfqCancelled(party=CLIENT, reference=reference): "BTC",
        ev.RfqCancelled(party=CLIENT, reference="nothing"): "",
        ev.NotSent(number=world.number, index=index, reason=Reason(code=Code.FAULT)): "BTC",
        ev.NotSent(number=1, index=0, reason=Reason(code=Code.FAULT)): "",
        ev.TimerFired(rfq=need): "BTC",
        ev.OutcomeHeard(party=CLIENT, quote=the_quote, outcome=Outcome.COVER): "BTC",
        ev.AcceptRefused(dealer=DEALERS[0], accept=accepted.accept, reason=Reason(code=Code.USER)): "BTC",
    }
    assert {event: underlying_of(world.desk, event) for event in needed} == needed
