"""As taker: readable lives of one need, from posted to marked out. Dealers are blind to each other."""

from decimal import Decimal
from typing import Any

import pytest
from driver import CLIENT, DEALERS, ONE, OPERATOR, SPREAD, Driver, ask, picked, policy, the
from msgspec.structs import replace

from pricing.structures import Hedge, Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import RfqId
from rfq.domain.lifecycle import QuoteState, RfqState
from rfq.domain.outcome import Outcome
from rfq.domain.parties import Party
from rfq.domain.policy import Allocation
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal
NO = Reason(code=Code.USER)
MANUAL = policy(auto_accept=False)


def outcomes(effects: Any) -> dict[str, Outcome]:
    """Who was told what."""
    return {one.to: one.outcome for one in picked(effects, fx.TellOutcome)}


def test_a_need_is_asked_ranked_accepted_filled_told_and_marked() -> None:
    world = Driver()
    rfq = world.need()
    assert world.desk.state.cards[rfq].panel == DEALERS
    for place, price in enumerate(("60002", "60001", "60001.5")):
        effects = world.offer(DEALERS[place], rfq, price)
        rows = the(effects, fx.Ranked).rows
        assert [row.price for row in rows] == sorted(row.price for row in rows)
        assert not picked(effects, fx.AcceptQuote)
    effects = world.offer(DEALERS[3], rfq, "60003")
    accepted = the(effects, fx.AcceptQuote)
    assert (accepted.to, accepted.price, accepted.amount) == (DEALERS[1], D(60_001), D(100_000))
    world.sent()
    effects = world.fill(accepted)
    assert outcomes(effects) == {
        DEALERS[1]: Outcome.DONE,
        DEALERS[2]: Outcome.COVER,
        DEALERS[0]: Outcome.DONE_AWAY,
        DEALERS[3]: Outcome.DONE_AWAY,
    }
    covers = {one.to: one.cover for one in picked(effects, fx.TellOutcome)}
    assert covers == {DEALERS[1]: D("60001.5"), DEALERS[0]: None, DEALERS[2]: None, DEALERS[3]: None}
    assert the(effects, fx.Closed).outcome is Outcome.DONE
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(100_000)
    world.sent()
    assert [one.horizon_s for one in picked(world.wait(11_000), fx.Marked)] == [1, 10]
    assert not world.desk.state.cards and not world.desk.state.pending
    world.check_replay()


def test_what_is_sent_to_a_dealer_holds_nothing_of_another() -> None:
    world = Driver()
    rfq = world.need()
    asks = picked(world.last, fx.AskDealer)
    said: list[Any] = list(asks)
    for place, price in enumerate(("60002", "60001.5", "60001", "60003")):
        said += world.offer(DEALERS[place], rfq, price)
    said += world.fill(the(said, fx.AcceptQuote))
    for effect in said:
        if type(effect) in fx.OUTWARD:
            others = {str(dealer) for dealer in DEALERS if dealer != effect.to}
            assert not others & set(str(effect).replace("'", " ").split())


def test_time_is_up_before_all_have_answered() -> None:
    world = Driver()
    rfq = world.need()
    world.offer(DEALERS[2], rfq, "60001")
    assert the(world.wait(3_000), fx.AcceptQuote).to == DEALERS[2]
    world.check_replay()


def test_the_last_one_to_pass_is_not_waited_for() -> None:
    world = Driver()
    rfq = world.need()
    for dealer in DEALERS[:2]:
        world.offer(dealer, rfq, "60001")
    world(ev.DealerPassed(dealer=DEALERS[2], rfq=rfq, reason=NO))
    assert the(world(ev.DealerPassed(dealer=DEALERS[2], rfq=rfq, reason=NO)), fx.Ignored)
    effects = world(ev.DealerPassed(dealer=DEALERS[3], rfq=rfq, reason=NO))
    assert the(effects, fx.AcceptQuote).to == DEALERS[0], "the first at this price"
    stranger = ev.DealerPassed(dealer=CLIENT, rfq=rfq, reason=NO)
    assert the(world(stranger), fx.Ignored).reason.code is Code.UNKNOWN_RFQ


def test_a_request_that_did_not_reach_a_dealer_counts_as_its_pass() -> None:
    world = Driver(policy(panel_size=2))
    rfq = the(world(ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.BUY))), fx.Estimate).rfq
    estimate = the(world.last, fx.Estimate)
    number = world.number
    first = next(index for index, effect in enumerate(world.last) if type(effect) is fx.AskDealer)
    world.answer(estimate)
    world.offer(world.desk.state.cards[rfq].panel[1], rfq, "60001")
    reason = Reason(code=Code.SESSION_DOWN)
    effects = world(ev.NotSent(number=number, index=first, reason=reason))
    assert the(effects, fx.AcceptQuote).to == world.desk.state.cards[rfq].panel[1]
    assert the(world(ev.NotSent(number=number, index=first, reason=reason)), fx.Ignored)


def test_the_oracle_is_late_and_the_need_is_judged_by_the_closed_form() -> None:
    world = Driver()
    rfq = the(world(ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.BUY))), fx.Estimate).rfq
    for dealer in DEALERS:
        assert not picked(world.offer(dealer, rfq, "60001"), fx.AcceptQuote)
    effects = world.wait(20)
    assert the(effects, fx.Ranked).model == "baseline"
    assert the(effects, fx.AcceptQuote)


def test_an_oracle_without_numbers_is_no_oracle() -> None:
    world = Driver()
    estimate = the(world(ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.SELL))), fx.Estimate)
    world(ev.Estimated(rfq=estimate.rfq, model="m", reason=NO))
    assert world.desk.state.cards[estimate.rfq].fallback
    assert the(world.answer(estimate), fx.Ignored).reason.code is Code.MODEL_LATE
    unknown = replace(estimate, rfq=RfqId("c1-r0-0"))
    assert the(world.answer(unknown), fx.Ignored).reason.code is Code.UNKNOWN_RFQ


@pytest.mark.parametrize(
    ("mode", "prices", "first"),
    [
        (Allocation.MULTI_UNIFORM_LAST, [D(11), D(11)], D(60)),
        (Allocation.MULTI_PAY_AS_QUOTED, [D(10), D(11)], D(60)),
        (Allocation.PRO_RATA, [D(10), D(11)], D(50)),
    ],
)
def test_several_makers_fill_one_need(mode: Allocation, prices: list[Decimal], first: Decimal) -> None:
    world = Driver(policy(panel_size=2, notional_usd_max=D(10_000_000)))
    rfq = world.need(terms=ask(Side.BUY, 100, SPREAD), allocation=mode, limit=D(11))
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, 10, 60)
    accepted = picked(world.offer(two, rfq, 11, 60), fx.AcceptQuote)
    assert [each.price for each in accepted] == prices
    assert [each.amount for each in accepted] == [first, 100 - first]
    world.sent()
    effects = world.fill(accepted[0])
    assert not picked(effects, fx.Closed)
    assert world.desk.state.cards[rfq].rfq.state is RfqState.PARTIAL
    effects = world.fill(accepted[1])
    assert the(effects, fx.Closed).outcome is Outcome.DONE
    assert set(outcomes(effects).values()) == {Outcome.DONE}
    assert world.desk.state.positions[SPREAD.legs[0].instrument] == D(100)
    world.check_replay()


def test_what_does_not_add_up_trades_nothing_and_the_quotes_stay() -> None:
    world = Driver(MANUAL)
    rfq = world.need()
    world.offer(DEALERS[0], rfq, "60001", 60_000)
    effects = world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq))
    assert the(effects, fx.Ignored).reason.code is Code.NOT_FULLY_FILLED
    card = world.desk.state.cards[rfq]
    assert (card.rfq.state, card.quotes[0].state) == (RfqState.QUOTED, QuoteState.ACTIVE)
    world.offer(DEALERS[1], rfq, "60002", 40_000)
    assert len(picked(world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq)), fx.AcceptQuote)) == 2


def test_our_people_accept_by_name_and_hear_why_not() -> None:
    world = Driver(MANUAL)
    rfq = world.need()
    world.offer(DEALERS[0], rfq, "60001", firm=False)
    world.offer(DEALERS[1], rfq, "60009")
    world.offer(DEALERS[2], rfq, "60005", life_ms=10)
    indicative, dear, short = (one.id for one in world.desk.state.cards[rfq].quotes)
    world.at += 10_000_000

    def accept(quote: Any, party: Any = OPERATOR, number: Any = rfq) -> Any:
        return world(ev.AcceptCommanded(party=party, rfq=number, quote=quote))

    assert the(accept(indicative), fx.Ignored).reason.code is Code.NOT_FIRM
    assert the(accept(short), fx.Ignored).reason.code is Code.QUOTE_EXPIRED
    assert the(accept("c1-q0-9"), fx.Ignored).reason.code is Code.UNKNOWN_QUOTE
    assert the(accept(dear, party=CLIENT), fx.Ignored).reason.code is Code.NOT_AUTHORISED
    assert the(accept(dear, number=RfqId("c1-r0-9")), fx.Ignored).reason.code is Code.UNKNOWN_RFQ
    assert the(accept(dear), fx.AcceptQuote).to == DEALERS[1]
    assert the(accept(dear), fx.Ignored).reason.code is Code.QUOTE_LOCKED
    assert the(accept(None), fx.Ignored).reason.code is Code.NOT_FULLY_FILLED
    world(ev.QuoteWithdrawn(dealer=DEALERS[0], rfq=rfq, reference="nothing"))
    world.check_replay()


def test_accepting_before_the_oracle_answered_does_not_spin() -> None:
    world = Driver(MANUAL)
    rfq = the(world(ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.BUY))), fx.Estimate).rfq
    world.offer(DEALERS[0], rfq, "60001")
    the(world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq)), fx.AcceptQuote)
    world.wait(1_000)
    assert world.desk.state.cards[rfq].fallback
    assert the(world.wait(1_500), fx.Closed).outcome is Outcome.TIMED_OUT


def test_a_net_credit_keeps_its_sign() -> None:
    world = Driver(policy(panel_size=1, accept_percentile_max=D(1)))
    credit = Structure(legs=tuple(replace(leg, ratio=-leg.ratio) for leg in SPREAD.legs))
    rfq = world.need(terms=ask(Side.BUY, 25, credit))
    accepted = the(world.offer(world.desk.state.cards[rfq].panel[0], rfq, "-0.05", 25), fx.AcceptQuote)
    assert accepted.price == D("-0.05")
    world.fill(accepted)
    assert world.desk.state.positions[SPREAD.legs[0].instrument] == D(-25)


def test_a_hedge_is_booked_with_the_trade() -> None:
    world = Driver(policy(panel_size=1))
    hedge = Hedge(instrument="BTC-PERPETUAL", ratio=D(-1000), price=D(60_000))
    rfq = world.need(terms=ask(Side.BUY, 25, Structure(legs=SPREAD.legs, hedges=(hedge,))))
    world.fill(the(world.offer(world.desk.state.cards[rfq].panel[0], rfq, "0.05", 25), fx.AcceptQuote))
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(-25_000)


def test_a_maker_s_request_cannot_be_cancelled_as_a_need_nor_the_other_way_round() -> None:
    world = Driver(MANUAL)
    made = world.quoted()
    assert the(world(ev.NeedCancelled(party=OPERATOR, rfq=made.quote.rfq)), fx.Ignored)
    the(world.accept(made), fx.ConfirmFill)
    rfq = world.need()
    reference = world.desk.state.cards[rfq].rfq.reference
    assert the(world(ev.RfqCancelled(party=OPERATOR, reference=reference)), fx.Ignored)


def test_quotes_too_dear_are_not_taken_without_a_person() -> None:
    world = Driver(policy(accept_percentile_max=D("0.5"), panel_size=1))
    rfq = world.need()
    effects = world.offer(world.desk.state.cards[rfq].panel[0], rfq, "61000")
    assert the(effects, fx.Ignored).reason.code is Code.UNFAIR
    effects = world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq))
    assert the(effects, fx.AcceptQuote).price == D(61_000)


def test_a_dealer_that_goes_takes_its_quotes_along() -> None:
    world = Driver(policy(panel_size=2, auto_accept=False))
    world(ev.PartyAdmitted(party=Party(id=DEALERS[1], may_quote=True, cancel_on_disconnect=False)))
    rfq = world.need()
    one, two = world.desk.state.cards[rfq].panel
    world.offer(one, rfq, "60001")
    world.offer(two, rfq, "60002")
    assert not world(ev.SessionDown(party=one))
    assert not world(ev.SessionDown(party=two))
    first, second = world.desk.state.cards[rfq].quotes
    assert (first.state, second.state) == (QuoteState.CANCELLED, QuoteState.ACTIVE)
    effects = world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq))
    assert the(effects, fx.Ignored).reason.code is Code.NOT_FULLY_FILLED, "it stands, but cannot be reached"
    world(ev.SessionUp(party=two))
    assert the(world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq)), fx.AcceptQuote).to == two


def test_quotes_lapse_one_by_one() -> None:
    world = Driver(MANUAL)
    rfq = world.need()
    world.offer(DEALERS[0], rfq, "60001", life_ms=1_000)
    world.offer(DEALERS[1], rfq, "60002", life_ms=2_000)
    world.wait(1_500)
    assert [one.state for one in world.desk.state.cards[rfq].quotes] == [
        QuoteState.EXPIRED,
        QuoteState.ACTIVE,
    ]
    world.wait(600)
    assert world.desk.state.cards[rfq].rfq.state is RfqState.QUOTABLE


def test_a_need_names_its_panel_and_its_end() -> None:
    world = Driver()
    terms = ask(Side.SELL, structure=ONE, expires_at=world.at + 10**9)
    rfq = world.need(terms=terms, panel=(DEALERS[2],), limit=D(59_000))
    assert world.desk.state.cards[rfq].panel == (DEALERS[2],)
    assert the(world.offer(DEALERS[2], rfq, "59999", bid=True), fx.AcceptQuote).side is Side.SELL
