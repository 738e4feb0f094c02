"""As taker: refusals, late and odd fills, timeouts, and dealers that change their minds."""

from decimal import Decimal
from typing import Any

from driver import CLIENT, DEALERS, MS, OPERATOR, Driver, ask, picked, policy, the
from msgspec.structs import replace

from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import AcceptId
from rfq.domain.lifecycle import QuoteState, RfqState
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal
NO = Reason(code=Code.USER)
MANUAL = policy(auto_accept=False)


def outcomes(effects: Any) -> dict[str, Outcome]:
    """Who was told what."""
    return {one.to: one.outcome for one in picked(effects, fx.TellOutcome)}


def test_a_dealer_edits_and_withdraws() -> None:
    world = Driver(MANUAL)
    rfq = world.need()
    world.offer(DEALERS[0], rfq, "60001", reference="one")
    world.offer(DEALERS[1], rfq, "60001", reference="late")
    world.at += 5
    world.offer(DEALERS[0], rfq, "60001", 50_000, reference="two")
    world.offer(DEALERS[1], rfq, "60001", 110_000, reference="later")
    old, _, less, same = world.desk.state.cards[rfq].quotes
    assert (old.state, less.replaces) == (QuoteState.REPLACED, old.id)
    assert less.received_at == old.received_at < same.received_at, "less at the same price keeps its place"
    world.at += 5
    world.offer(DEALERS[0], rfq, "60001", 90_000, reference="three")
    world.offer(DEALERS[1], rfq, "60000.5", 10_000, reference="latest")
    world.offer(DEALERS[1], rfq, "60000.5", 10_000, reference="aon", firm=False)
    assert [one.received_at for one in world.desk.state.cards[rfq].quotes[4:]] == [world.at] * 3
    withdrawn = ev.QuoteWithdrawn(dealer=DEALERS[0], rfq=rfq, reference="three")
    the(world(withdrawn), fx.Ranked)
    assert the(world(withdrawn), fx.Ignored).reason.code is Code.QUOTE_GONE
    world(ev.QuoteWithdrawn(dealer=DEALERS[1], rfq=rfq, reference="aon"))
    assert world.desk.state.cards[rfq].rfq.state is RfqState.QUOTABLE


def test_a_dealer_refuses_and_the_next_one_is_taken() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need()
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001")
    accepted = the(world.offer(two, rfq, "60002"), fx.AcceptQuote)
    world.sent()
    effects = world(ev.AcceptRefused(dealer=one, accept=accepted.accept, reason=NO))
    second = the(effects, fx.AcceptQuote)
    assert second.to == two and second.accept != accepted.accept
    assert the(world.fill(accepted), fx.Ignored).reason.code is Code.QUOTE_GONE, "it had refused"
    effects = world.fill(second)
    assert outcomes(effects) == {two: Outcome.DONE}
    assert the(effects, fx.WithdrawRfq).to == one
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(100_000)
    assert world.desk.state.scorecards[one].refused == 1
    stray = ev.AcceptRefused(dealer=one, accept=AcceptId("c1-a0-0"), reason=NO)
    assert the(world(stray), fx.Ignored).reason.code is Code.UNKNOWN_QUOTE
    world.check_replay()


def test_an_acceptance_that_never_left_is_taken_back() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need()
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001")
    world.offer(two, rfq, "60002")
    effects = world.not_sent(fx.AcceptQuote, Reason(code=Code.TOO_LATE))
    assert the(effects, fx.AcceptQuote).to == two
    assert world.desk.state.scorecards[one].refused == 0


def test_all_refuse_and_the_need_expires() -> None:
    world = Driver(policy(panel_size=1))
    rfq = world.need()
    dealer = world.desk.state.cards[rfq].panel[0]
    accepted = the(world.offer(dealer, rfq, "60001"), fx.AcceptQuote)
    world(ev.AcceptRefused(dealer=dealer, accept=accepted.accept, reason=NO))
    assert world.desk.state.cards[rfq].rfq.state is RfqState.QUOTABLE
    closed = the(world.wait(30_000), fx.Closed)
    assert (closed.outcome, closed.reason.code) == (Outcome.EXPIRED, Code.EXPIRED)
    world.check_replay()


def test_nobody_quotes() -> None:
    world = Driver()
    world.need()
    effects = world.wait(30_000)
    assert the(effects, fx.Closed).reason.code is Code.NO_QUOTE
    assert len(picked(effects, fx.WithdrawRfq)) == 4


def test_an_answer_that_never_comes_and_a_fill_that_comes_late() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need()
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001")
    accepted = the(world.offer(two, rfq, "60002"), fx.AcceptQuote)
    world.sent()
    effects = world.wait(2_000)
    assert the(effects, fx.Closed).outcome is Outcome.TIMED_OUT
    assert the(effects, fx.WithdrawRfq).to == two
    effects = world.fill(accepted)
    assert not picked(effects, fx.Closed), "it has had its outcome"
    assert outcomes(effects) == {one: Outcome.DONE} and not picked(effects, fx.WithdrawRfq)
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(100_000)
    world.wait(11_000)
    assert not world.desk.state.cards
    world.check_replay()


def test_a_timed_out_need_is_forgotten_after_an_hour() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need(terms=ask(Side.BUY, 100_000))
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001", 60_000)
    first, second = picked(world.offer(two, rfq, "60002", 60_000), fx.AcceptQuote)
    world.wait(2_000)
    world.fill(first)
    assert world.desk.state.cards[rfq].outcome is Outcome.TIMED_OUT
    the(world.fill(first, reference=world.desk.state.cards[rfq].fills[0].reference), fx.Ignored)
    assert not world(ev.AcceptRefused(dealer=two, accept=second.accept, reason=NO))
    world.wait(3_600_000)
    assert not world.desk.state.cards
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(60_000)
    world.check_replay()


def test_fills_that_do_not_fit_are_not_booked() -> None:
    world = Driver(policy(panel_size=1))
    rfq = world.need()
    dealer = world.desk.state.cards[rfq].panel[0]
    accepted = the(world.offer(dealer, rfq, "60001"), fx.AcceptQuote)
    assert the(world.fill(accepted, price="60002"), fx.Ignored).reason.code is Code.AMOUNT
    assert the(world.fill(accepted, amount="100010"), fx.Ignored).reason.code is Code.AMOUNT
    assert the(world.fill(accepted, amount="0"), fx.Ignored).reason.code is Code.AMOUNT
    stolen = replace(accepted, to=DEALERS[3])
    assert the(world.fill(stolen), fx.Ignored).reason.code is Code.UNKNOWN_QUOTE
    world.fill(accepted, amount="40000", reference="x1")
    assert the(world.fill(accepted, amount="40000", reference="x1"), fx.Ignored).reason.code is Code.DUPLICATE
    assert the(world.fill(accepted, amount="60010"), fx.Ignored).reason.code is Code.AMOUNT
    world(ev.AcceptRefused(dealer=dealer, accept=accepted.accept, reason=NO))
    card = world.desk.state.cards[rfq]
    assert card.quotes[0].state is QuoteState.PARTIALLY_FILLED and card.rfq.state is RfqState.QUOTABLE
    effects = world.wait(30_000)
    assert outcomes(effects) == {dealer: Outcome.DONE} and not picked(effects, fx.WithdrawRfq)
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(40_000)
    world.check_replay()


def test_cancelled_by_our_people_but_not_while_an_acceptance_is_out() -> None:
    world = Driver(MANUAL)
    rfq = world.need()
    wrong = ev.NeedCancelled(party=CLIENT, rfq=rfq)
    assert the(world(wrong), fx.Ignored).reason.code is Code.NOT_AUTHORISED
    world.offer(DEALERS[0], rfq, "60001")
    accepted = the(world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq)), fx.AcceptQuote)
    world.fill(accepted, amount="10000")
    cancel = ev.NeedCancelled(party=OPERATOR, rfq=rfq)
    assert the(world(cancel), fx.Ignored).reason.code is Code.QUOTE_LOCKED
    other = world.need()
    effects = world(ev.NeedCancelled(party=OPERATOR, rfq=other))
    assert the(effects, fx.Closed).outcome is Outcome.CANCELLED
    assert len(picked(effects, fx.WithdrawRfq)) == 4
    assert the(world(ev.NeedCancelled(party=OPERATOR, rfq=other)), fx.Ignored)


def test_a_fill_at_a_better_price_is_booked_at_it() -> None:
    world = Driver(policy(panel_size=1))
    rfq = world.need()
    accepted = the(world.offer(world.desk.state.cards[rfq].panel[0], rfq, "60001"), fx.AcceptQuote)
    assert the(world.fill(accepted, price="60000.5"), fx.Booked).fill.price == D("60000.5")
    world.check_replay()


def test_after_a_fault_of_the_wire_an_acceptance_stays_out() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need()
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001")
    accepted = the(world.offer(two, rfq, "60002"), fx.AcceptQuote)
    effects = world.not_sent(fx.AcceptQuote, Reason(code=Code.FAULT))
    assert not picked(effects, fx.AcceptQuote), "nobody else is accepted while it may have left"
    the(world.fill(accepted), fx.Booked)
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(100_000)


def test_nothing_is_accepted_at_or_after_the_end_of_the_request() -> None:
    world = Driver(policy(panel_size=1, auto_accept=False))
    rfq = world.need()
    card = world.desk.state.cards[rfq]
    world.offer(card.panel[0], rfq, "60001", life_ms=60_000)
    world.at = card.rfq.expires_at
    effects = world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq), 0)
    assert the(effects, fx.Ignored).reason.code is Code.EXPIRED
    assert not picked(effects, fx.AcceptQuote)


def test_a_pass_takes_the_dealers_quote_off_and_a_quote_takes_the_pass_back() -> None:
    world = Driver(policy(panel_size=2, auto_accept=False))
    rfq = world.need()
    one = world.desk.state.cards[rfq].panel[0]
    world.offer(one, rfq, "60001")
    world(ev.DealerPassed(dealer=one, rfq=rfq, reason=NO))
    assert not world.desk.state.cards[rfq].live_quotes()
    world.offer(one, rfq, "60003")
    assert world.desk.state.cards[rfq].passed == ()
    assert len(world.desk.state.cards[rfq].live_quotes()) == 1


def test_a_late_good_quote_is_taken_at_once() -> None:
    world = Driver(policy(panel_size=2))
    rfq = world.need()
    card = world.desk.state.cards[rfq]
    world.at = card.rfq.expires_at - 100 * MS
    effects = world.offer(card.panel[0], rfq, "60000.5", life_ms=90)
    assert the(effects, fx.AcceptQuote).to == card.panel[0]
