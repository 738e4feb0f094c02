"""The desk as a whole: bad input, the kill switch, faults put aside, coming up again, segments."""

from decimal import Decimal
from typing import Any

import pytest
from driver import (
    C60,
    CHAIN,
    CLIENT,
    DEALERS,
    LOYAL,
    MS,
    ONE,
    OPERATOR,
    PERP,
    SECOND,
    SPREAD,
    Driver,
    ask,
    market,
    option,
    picked,
    policy,
    the,
)
from msgspec.structs import replace

from pricing.structures import Hedge, Leg, Structure
from rfq.desk.engine import Desk, pending_of
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId, RfqId
from rfq.domain.lifecycle import QuoteState, RfqState
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Side

D = Decimal
LINEAR = replace(PERP, name="BTC_USDC-PERPETUAL", quote_currency="USDC", inverse=False)
MANY = tuple(option(50_000 + 100 * index) for index in range(21))


def legs(*parts: tuple[str, Any]) -> Structure:
    """A structure of legs."""
    return Structure(legs=tuple(Leg(instrument=name, ratio=D(ratio)) for name, ratio in parts))


HEDGE = Hedge(instrument=PERP.name, ratio=D(-1000), price=D(60_000))
BAD: dict[str, tuple[dict[str, Any], Code, str]] = {
    "zero size": ({"amount": D(0)}, Code.AMOUNT, "amount"),
    "negative size": ({"amount": D(-10)}, Code.AMOUNT, "amount"),
    "enormous size": ({"amount": D("1E+17")}, Code.AMOUNT, "amount"),
    "tiny size": ({"amount": D("1E-17")}, Code.AMOUNT_STEP, "amount"),
    "off the step": ({"amount": D(15)}, Code.AMOUNT_STEP, "amount"),
    "crossed two-way": ({"bid_limit": D(11), "offer_limit": D(10)}, Code.CROSSED, "bid_limit"),
    "unknown instrument": (
        {"structure": legs(("DOGE", 1))},
        Code.UNKNOWN_INSTRUMENT,
        "legs[0].instrument",
    ),
    "no legs": ({"structure": Structure(legs=())}, Code.STRUCTURE, "legs"),
    "21 legs": ({"structure": legs(*((one.name, 1) for one in MANY))}, Code.STRUCTURE, "legs"),
    "mixed quote currencies": (
        {"structure": legs((PERP.name, 1), (C60.name, 1))},
        Code.STRUCTURE,
        "legs[1].instrument",
    ),
    "same leg twice": (
        {"structure": legs((C60.name, 1), (C60.name, 1))},
        Code.STRUCTURE,
        "legs[1].instrument",
    ),
    "zero ratio": ({"structure": legs((C60.name, 0))}, Code.STRUCTURE, "legs[0].ratio"),
    "enormous ratio": ({"structure": legs((C60.name, "1E+17"))}, Code.STRUCTURE, "legs[0].ratio"),
    "two hedges": (
        {"structure": Structure(legs=SPREAD.legs, hedges=(HEDGE, HEDGE))},
        Code.STRUCTURE,
        "hedges",
    ),
    "a hedge off its step": (
        {
            "structure": Structure(legs=SPREAD.legs, hedges=(replace(HEDGE, ratio=D("0.5")),)),
            "amount": D(25),
        },
        Code.AMOUNT_STEP,
        "amount",
    ),
    "expiry in the past": ({"expires_at": 1}, Code.EXPIRY_PAST, "expires_at"),
    "expiry too far": ({"expires_at": 2**62}, Code.EXPIRY_TOO_FAR, "expires_at"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_request_is_refused_by_field_and_disturbs_nothing(name: str) -> None:
    changed, code, field = BAD[name]
    world = Driver()
    world(ev.InstrumentsListed(instruments=(LINEAR, *MANY)))
    estimate = world.ask_us()
    before = world.desk.state.image()
    bad = ev.RfqReceived(party=CLIENT, reference="bad", ask=replace(ask(), **changed))
    refused = the(world(bad), fx.RefuseRfq)
    assert (refused.to, refused.reference, refused.rfq) == (CLIENT, "bad", "")
    assert (refused.reason.code, refused.reason.field) == (code, field)
    after = world.desk.state.image()
    assert replace(after, number=before.number, at=before.at, pending=before.pending) == before
    the(world.answer(estimate), fx.SendQuote)
    world.check_replay()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN", "1E+999999999", "1E-999999"])
@pytest.mark.parametrize("field", ["amount", "bid_limit", "offer_limit"])
def test_what_is_no_sane_number_cannot_even_be_said(number: str, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        replace(ask(), **{field: D(number)})


@pytest.mark.parametrize("number", ["NaN", "1E+999999999"])
def test_no_event_of_the_wire_holds_an_insane_number(number: str) -> None:
    odd = D(number)
    say: dict[type, dict[str, Any]] = {
        ev.AcceptReceived: {
            "party": CLIENT,
            "quote": "q",
            "reference": "a",
            "side": Side.BUY,
            "amount": odd,
        },
        ev.OutcomeHeard: {"party": CLIENT, "quote": "q", "outcome": Outcome.COVER, "cover": odd},
        ev.NeedPosted: {"party": OPERATOR, "reference": "n", "ask": ask(Side.BUY), "limit": odd},
        ev.QuoteReceived: {
            "dealer": DEALERS[0],
            "rfq": "r",
            "reference": "q",
            "expires_at": 1,
            "bid": odd,
            "bid_amount": D(1),
        },
        ev.FillReported: {
            "dealer": DEALERS[0],
            "accept": "a",
            "reference": "x",
            "amount": D(1),
            "price": odd,
        },
    }
    for kind, fields in say.items():
        with pytest.raises(ValueError, match=r"amount|cover|limit|bid|price"):
            kind(**fields)
    with pytest.raises(ValueError, match="ratio"):
        Ask(structure=legs((PERP.name, number)), amount=D(1), side=Side.BUY)


def test_strangers_and_people_without_the_right_are_refused() -> None:
    world = Driver()
    for party, code in (("nobody", Code.UNKNOWN_PARTY), (DEALERS[0], Code.NOT_AUTHORISED)):
        effects = world(ev.RfqReceived(party=PartyId(party), reference="r", ask=ask()))
        reason = the(effects, fx.RefuseRfq).reason
        assert (reason.code, reason.field) == (code, "party")
    for event in (ev.SessionUp(party=PartyId("nobody")), ev.SessionDown(party=PartyId("nobody"))):
        assert the(world(event), fx.Ignored).reason.code is Code.UNKNOWN_PARTY


def test_what_could_not_be_read_is_answered_in_its_own_kind() -> None:
    world = Driver()
    reason = Reason(code=Code.NOT_A_NUMBER, field="amount")
    unreadable = ev.MessageUnreadable(party=CLIENT, kind="rfq", reference="r", reason=reason)
    assert the(world(unreadable), fx.RefuseRfq).reason == reason
    assert the(world(replace(unreadable, kind="quote")), fx.RefuseQuote).reason == reason


def test_an_overflow_declines_each_request_once() -> None:
    world = Driver()
    effects = world(ev.InboxOverflowed(requests=((CLIENT, "one"), (LOYAL, "two"))))
    told = [(one.to, one.reference, one.reason.code) for one in picked(effects, fx.RefuseRfq)]
    assert told == [(CLIENT, "one", Code.BUSY), (LOYAL, "two", Code.BUSY)]


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


def test_a_fault_after_the_end_gives_the_markouts_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Driver()
    made = world.quoted()
    world.accept(made)

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("rfq.desk.turn.value", broken)
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


# --- coming up again -----------------------------------------------------------------------------------------------


def restart(world: Driver) -> Any:
    """The process dies and comes up again from the newest state."""
    image = world.desk.image()
    world.desk = Desk.restore(image, "test")
    assert world.desk.image() == image
    world.timers.clear()
    return world(ev.Started(build="test", unclean=True, unsent=pending_of(world.desk)))


def test_after_a_restart_nothing_of_unknown_fate_stands() -> None:
    world = Driver()
    known, unknown = world.quoted(party=LOYAL), world.answer(world.ask_us(party=LOYAL))
    quote = the(unknown, fx.SendQuote).quote
    gone = world.quoted(party=CLIENT)
    effects = restart(world)
    assert the(effects, fx.WithdrawQuote).quote == quote.id
    assert the(effects, fx.Closed).rfq == gone.quote.rfq
    assert the(effects, fx.Watch).underlying == "BTC"
    assert world.desk.state.cards[quote.rfq].quotes[0].state is QuoteState.CANCELLED
    assert not world.desk.state.sessions
    world(ev.SessionUp(party=LOYAL))
    the(world.accept(known), fx.ConfirmFill)
    world.check_replay()


def test_after_a_restart_a_replacement_of_unknown_fate_takes_both_prices_back() -> None:
    world = Driver()
    first = world.quoted(party=LOYAL)
    world.index = 60_100.0
    second = the(world(ev.MarketMoved(underlying="BTC")), fx.SendQuote)
    withdrawn = [one.quote for one in picked(restart(world), fx.WithdrawQuote)]
    assert withdrawn == [second.quote.id, first.quote.id]
    assert world.desk.state.watches == {"BTC": 0}


def test_after_a_restart_facts_are_said_again_and_acceptances_too() -> None:
    world = Driver(policy(panel_size=1))
    rfq = world.need()
    accepted = the(world.offer(world.desk.state.cards[rfq].panel[0], rfq, "60001"), fx.AcceptQuote)
    world.accept(world.quoted())
    restart(world)
    again = the(world.last, fx.AcceptQuote)
    assert again == replace(accepted, again=True)
    assert the(world.last, fx.ConfirmFill).again
    assert not world.not_sent(fx.AcceptQuote, Reason(code=Code.SESSION_DOWN))
    assert the(world(ev.SessionUp(party=accepted.to)), fx.AcceptQuote) == again
    world.sent()
    assert the(world.fill(accepted), fx.Closed).outcome is Outcome.DONE
    world.wait(60_000)
    assert not world.desk.state.cards
    world.check_replay()


def test_after_a_restart_an_acceptance_too_late_to_say_again_is_left_to_time_out() -> None:
    world = Driver(policy(panel_size=1))
    rfq = world.need()
    accepted = the(world.offer(world.desk.state.cards[rfq].panel[0], rfq, "60001"), fx.AcceptQuote)
    restart(world)
    world.not_sent(fx.AcceptQuote, Reason(code=Code.TOO_LATE))
    assert not world(ev.SessionUp(party=accepted.to)), "it is not said for ever"
    assert the(world.wait(2_000), fx.Closed).outcome is Outcome.TIMED_OUT
    assert the(world.fill(accepted), fx.Closed).outcome is Outcome.DONE


def test_after_a_restart_requests_that_may_not_have_left_are_taken_back() -> None:
    world = Driver(policy(panel_size=2))
    rfq = the(world(ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.BUY))), fx.Estimate).rfq
    quoted = world.need()
    dealer = world.desk.state.cards[quoted].panel[0]
    world.offer(dealer, quoted, "60001")
    effects = restart(world)
    assert {one.rfq for one in picked(effects, fx.WithdrawRfq)} == {rfq}
    assert world.desk.state.cards[rfq].passed == world.desk.state.cards[rfq].panel
    assert world.desk.state.cards[quoted].quotes[0].state is QuoteState.CANCELLED
    wakes = [one.at for one in picked(effects, fx.SetTimer)]
    assert wakes[-2:] == sorted(wakes[-2:])
    assert len(picked(world.wait(40_000), fx.Closed)) == 2
    world.check_replay()


def test_a_log_that_disagrees_about_what_was_sent_is_noted_and_dealt_with() -> None:
    world = Driver()
    world.answer(world.ask_us(party=LOYAL))
    world.desk = Desk.restore(world.desk.image(), "test")
    effects = world(ev.Started(build="test", unclean=True, unsent=()))
    assert the(effects, fx.Quarantined).rfq == ""
    assert the(effects, fx.WithdrawQuote)
    assert not world.desk.state.sessions


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
