"""Coming up again: nothing of unknown fate stands, facts are said again."""

from typing import Any

from driver import (
    CLIENT,
    LOYAL,
    OPERATOR,
    SECOND,
    Driver,
    ask,
    picked,
    policy,
    the,
)
from msgspec.structs import replace

from rfq.desk.engine import Desk, pending_of
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.lifecycle import QuoteState
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side


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
    late = world.fill(accepted)
    assert the(late, fx.Booked).fill.amount == accepted.amount
    assert not any(isinstance(one, fx.Closed) for one in late), "it has had its outcome"


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


def test_a_restart_keeps_the_kill_and_who_asked_to_arm() -> None:
    world = Driver()
    world(ev.KillPressed(by=OPERATOR))
    world(ev.ArmAsked(by=OPERATOR))
    restart(world)
    assert world.desk.state.killed
    assert not picked(world(ev.ArmAsked(by=OPERATOR)), fx.KillSet)
    assert not the(world(ev.ArmAsked(by=SECOND)), fx.KillSet).on
    assert not world.desk.state.killed
    world.check_replay()
