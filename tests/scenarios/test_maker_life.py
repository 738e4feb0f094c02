"""As maker: readable lives of one request, from asked to marked out."""

from decimal import Decimal

import pytest
from driver import C60, CLIENT, MS, RIVAL, SPREAD, Driver, ask, picked, the
from msgspec.structs import replace

from pricing.structures import Leg, Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import QuoteId
from rfq.domain.lifecycle import QuoteState, RfqState
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal


def test_asked_quoted_accepted_marked_out_and_forgotten() -> None:
    world = Driver()
    made = world.quoted()
    assert made.price.bid is not None and made.price.offer is not None
    for lines, price in ((made.price.bid_lines, made.price.bid), (made.price.offer_lines, made.price.offer)):
        assert sum((line.amount for line in lines), D(0)) == price
    assert world.desk.state.cards[made.quote.rfq].quotes[0].state is QuoteState.ACTIVE
    effects = world.accept(made)
    fill = the(effects, fx.ConfirmFill).fill
    assert (fill.price, fill.amount, fill.sign) == (made.quote.offer, D(100_000), -1)
    assert the(effects, fx.Closed).outcome is Outcome.DONE
    assert the(effects, fx.Unwatch).underlying == "BTC"
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(-100_000)
    world.sent()
    marked = picked(world.wait(11_000), fx.Marked)
    assert [one.horizon_s for one in marked] == [1, 10]
    assert not world.desk.state.cards and not world.desk.state.pending and not world.timers
    assert world.desk.state.scorecards[CLIENT].marked == 1
    world.check_replay()


def test_a_spread_has_its_legs_booked_with_their_signs() -> None:
    world = Driver()
    made = world.quoted(ask(Side.SELL, 25, SPREAD))
    assert made.quote.offer is None and made.quote.bid is not None
    world.accept(made, Side.SELL)
    legs = SPREAD.legs
    assert world.desk.state.positions == {legs[0].instrument: D(25), legs[1].instrument: D(-25)}
    world.check_replay()


def test_an_option_is_quoted_on_the_tick_of_its_band_and_a_spread_on_the_finest() -> None:
    world = Driver()
    fine = world.quoted(ask(Side.TWO_WAY, 25, Structure(legs=(Leg(instrument=C60.name, ratio=D(1)),)))).quote
    banded = replace(C60, bands=((D("0.005"), D("0.0005")),))
    world(ev.InstrumentsListed(instruments=(banded,)))
    coarse = world.quoted(
        ask(Side.TWO_WAY, 25, Structure(legs=(Leg(instrument=C60.name, ratio=D(1)),)))
    ).quote
    assert fine.bid and fine.offer and coarse.bid and coarse.offer
    assert coarse.bid % D("0.0005") == coarse.offer % D("0.0005") == 0
    assert fine.bid - D("0.0005") < coarse.bid <= fine.bid and fine.offer <= coarse.offer
    before = Driver().quoted(ask(Side.TWO_WAY, 25, SPREAD)).quote
    spread = world.quoted(ask(Side.TWO_WAY, 25, SPREAD)).quote
    assert (spread.bid, spread.offer) == (before.bid, before.offer)
    assert spread.bid is not None and spread.bid % D("0.0005") != 0 == spread.bid % D("0.0001")
    world.check_replay()


def test_the_oracle_is_late_and_the_closed_form_prices_wider() -> None:
    prompt, late = Driver(), Driver()
    quick = prompt.quoted()
    estimate = late.ask_us()
    made = the(late.wait(20), fx.SendQuote)
    assert made.fallback and made.model == "baseline" and not quick.fallback
    assert made.quote.bid is not None and quick.quote.bid is not None
    assert made.quote.bid < quick.quote.bid
    assert the(late.answer(estimate), fx.Ignored).reason.code is Code.MODEL_LATE
    late.check_replay()


def test_an_answer_read_at_the_deadline_is_late_even_before_the_timer() -> None:
    world = Driver()
    estimate = world.ask_us()
    assert the(world.answer(estimate, after_ms=20), fx.Ignored).reason.code is Code.MODEL_LATE
    assert the(world.wait(0), fx.SendQuote).fallback


def test_the_oracle_fails_and_the_closed_form_prices_at_once() -> None:
    world = Driver()
    estimate = world.ask_us()
    reason = Reason(code=Code.MODEL_FAULT)
    assert the(world(ev.Estimated(rfq=estimate.rfq, model="m1", reason=reason)), fx.SendQuote).fallback


def test_a_moved_market_replaces_the_quote() -> None:
    world = Driver()
    first = world.quoted()
    world.index = 60_005.0
    assert not world(ev.MarketMoved(underlying="BTC"), after_ms=100)
    world.index = 60_100.0
    assert not world(ev.MarketMoved(underlying="ETH"), after_ms=100)
    second = the(world(ev.MarketMoved(underlying="BTC"), after_ms=100), fx.SendQuote)
    assert second.quote.replaces == first.quote.id
    states = {one.id: one.state for one in world.desk.state.cards[first.quote.rfq].quotes}
    assert states == {first.quote.id: QuoteState.REPLACED, second.quote.id: QuoteState.PENDING}
    assert the(world.accept(first), fx.RefuseAccept).reason.code is Code.QUOTE_GONE
    assert the(world.accept(second), fx.ConfirmFill).fill.price == second.quote.offer
    world.check_replay()


def test_a_market_that_goes_stale_takes_the_quote_off() -> None:
    world = Driver()
    made = world.quoted()
    world.market_age_ns = 3_000 * MS
    effects = world(ev.MarketMoved(underlying="BTC"))
    assert the(effects, fx.WithdrawQuote).reason.code is Code.STALE_MARKET
    assert the(effects, fx.Unwatch)
    assert world.desk.state.cards[made.quote.rfq].rfq.state is RfqState.QUOTABLE
    world.check_replay()


def test_without_a_market_nothing_is_born() -> None:
    world = Driver()
    world.index = None
    refused = the(world(ev.RfqReceived(party=CLIENT, reference="r", ask=ask())), fx.RefuseRfq)
    assert refused.reason.code is Code.NO_MARKET and not world.desk.state.cards


def test_the_market_goes_away_before_the_price_and_the_request_is_passed() -> None:
    world = Driver()
    estimate = world.ask_us()
    world.index = None
    effects = world.answer(estimate)
    assert the(effects, fx.RefuseRfq).reason.code is Code.NO_MARKET
    assert the(effects, fx.Closed).outcome is Outcome.PASSED
    assert not world.desk.state.cards


@pytest.mark.parametrize(("late_ns", "filled"), [(-1, True), (0, False), (1, False)])
def test_an_acceptance_is_judged_by_when_it_was_read(late_ns: int, filled: bool) -> None:
    world = Driver()
    made = world.quoted()
    world.at = made.quote.expires_at + 5 * MS
    effects = world.accept(made, received_at=made.quote.expires_at + late_ns)
    if filled:
        the(effects, fx.ConfirmFill)
    else:
        assert the(effects, fx.RefuseAccept).reason.code is Code.QUOTE_EXPIRED
        assert not world.desk.state.positions
    world.check_replay()


def test_two_acceptances_are_one_fill() -> None:
    world = Driver()
    made = world.quoted()
    first = the(world.accept(made, reference="a1"), fx.ConfirmFill)
    same = the(world.accept(made, reference="a1"), fx.ConfirmFill)
    assert same.again and same.fill == first.fill
    assert the(world.accept(made, reference="a2"), fx.RefuseAccept).reason.code is Code.ALREADY_FILLED
    world.wait(15_000)
    assert the(world.accept(made, reference="a1"), fx.ConfirmFill).fill == first.fill
    other = world.quoted()
    assert the(world.accept(other, reference="a1"), fx.RefuseAccept).reason.code is Code.DUPLICATE
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(-100_000)
    world.check_replay()


def test_a_part_of_the_amount_is_filled_and_the_rest_dropped() -> None:
    world = Driver()
    made = world.quoted()
    assert the(world.accept(made, amount=D(15)), fx.RefuseAccept).reason.code is Code.AMOUNT_STEP
    assert the(world.accept(made, amount=D(100_010)), fx.RefuseAccept).reason.code is Code.AMOUNT
    assert the(world.accept(made, amount=D(0)), fx.RefuseAccept).reason.code is Code.AMOUNT
    assert the(world.accept(made, amount=D(40_000)), fx.ConfirmFill).fill.amount == D(40_000)
    card = world.desk.state.cards[made.quote.rfq]
    assert (card.rfq.state, card.quotes[0].state) == (RfqState.FILLED, QuoteState.PARTIALLY_FILLED)


def test_an_uneven_ratio_is_no_reason_to_refuse_the_whole_amount() -> None:
    world = Driver()
    legs = (Leg(instrument=SPREAD.legs[0].instrument, ratio=D(3)), SPREAD.legs[1])
    made = world.quoted(ask(Side.BUY, 5, Structure(legs=legs)))
    assert the(world.accept(made, amount=D("0.7"), reference="b"), fx.ConfirmFill).fill.amount == D("0.7")


def test_acceptances_that_are_not_honoured_say_why() -> None:
    world = Driver()
    made = world.quoted(ask(Side.BUY))
    stolen = replace(made, to=RIVAL)
    assert the(world.accept(stolen), fx.RefuseAccept).reason.code is Code.UNKNOWN_QUOTE
    unknown = replace(made, quote=replace(made.quote, id=QuoteId("c1-qff-0")))
    assert the(world.accept(unknown), fx.RefuseAccept).reason.code is Code.UNKNOWN_QUOTE
    wrong_side = world.accept(made, Side.SELL, D(100_000))
    assert the(wrong_side, fx.RefuseAccept).reason == Reason(code=Code.SIDE_NOT_QUOTED, field="side")
    both = world.accept(made, Side.TWO_WAY, D(100_000))
    assert the(both, fx.RefuseAccept).reason.code is Code.SIDE_NOT_QUOTED
    the(world.accept(made), fx.ConfirmFill)


def test_the_quote_lapses_then_the_request() -> None:
    world = Driver()
    made = world.quoted()
    assert the(world.wait(5_000), fx.Unwatch)
    card = world.desk.state.cards[made.quote.rfq]
    assert (card.rfq.state, card.quotes[0].state) == (RfqState.QUOTABLE, QuoteState.EXPIRED)
    assert the(world.wait(25_000), fx.Closed).outcome is Outcome.EXPIRED
    assert not world.desk.state.cards and not world.timers
    world.check_replay()


def test_the_client_cancels() -> None:
    world = Driver()
    made = world.quoted()
    reference = world.desk.state.cards[made.quote.rfq].rfq.reference
    assert the(world(ev.RfqCancelled(party=RIVAL, reference=reference)), fx.Ignored)
    effects = world(ev.RfqCancelled(party=CLIENT, reference=reference))
    assert the(effects, fx.Closed).outcome is Outcome.CANCELLED
    assert the(world(ev.RfqCancelled(party=CLIENT, reference=reference)), fx.Ignored)
    assert the(world.accept(made), fx.RefuseAccept)


@pytest.mark.parametrize(
    ("heard", "state", "outcome"),
    [
        (Outcome.COVER, QuoteState.COVER, Outcome.COVER),
        (Outcome.TIED, QuoteState.TIED, Outcome.TIED),
        (Outcome.TIED_COVER, QuoteState.TIED_COVER, Outcome.TIED_COVER),
        (Outcome.DONE_AWAY, QuoteState.DONE_AWAY, Outcome.DONE_AWAY),
        (Outcome.EXPIRED, QuoteState.CANCELLED, Outcome.EXPIRED),
    ],
)
def test_the_client_tells_how_it_ended(heard: Outcome, state: QuoteState, outcome: Outcome) -> None:
    world = Driver()
    made = world.quoted()
    quote = made.quote.id
    stranger = ev.OutcomeHeard(party=RIVAL, quote=quote, outcome=heard)
    assert the(world(stranger), fx.Ignored).reason.code is Code.UNKNOWN_QUOTE
    done = ev.OutcomeHeard(party=CLIENT, quote=quote, outcome=Outcome.DONE)
    assert the(world(done), fx.Ignored).reason.code is Code.RFQ_CLOSED
    effects = world(ev.OutcomeHeard(party=CLIENT, quote=quote, outcome=heard, cover=D(60_001)))
    assert the(effects, fx.Closed).outcome is outcome
    world.check_replay()


def test_a_duplicate_reference_disturbs_nothing() -> None:
    world = Driver()
    estimate = world.ask_us(reference="same")
    effects = world(ev.RfqReceived(party=CLIENT, reference="same", ask=ask()))
    assert the(effects, fx.RefuseRfq).reason == Reason(
        code=Code.DUPLICATE, field="reference", detail="same was used before"
    )
    the(world.answer(estimate), fx.SendQuote)


def test_a_quote_that_did_not_leave_is_a_pass() -> None:
    world = Driver()
    world.answer(world.ask_us())
    effects = world.not_sent(fx.SendQuote, Reason(code=Code.TOO_LATE))
    assert the(effects, fx.RefuseRfq).reason.code is Code.TOO_LATE
    assert the(effects, fx.Closed).outcome is Outcome.PASSED
    assert the(effects, fx.Unwatch)
    world.check_replay()


def test_a_replacement_that_did_not_leave_takes_the_old_price_back() -> None:
    world = Driver()
    first = world.quoted()
    world.index = 60_100.0
    world(ev.MarketMoved(underlying="BTC"))
    second = the(world.last, fx.SendQuote).quote.id
    effects = world.not_sent(fx.SendQuote, Reason(code=Code.FAULT))
    assert [one.quote for one in picked(effects, fx.WithdrawQuote)] == [second, first.quote.id]
    assert the(effects, fx.Unwatch)
    assert world.desk.state.cards[first.quote.rfq].rfq.state is RfqState.QUOTABLE
