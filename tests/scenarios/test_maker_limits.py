"""As maker: sessions, limits, and numbers however they are spelled."""

from decimal import Decimal

from driver import CLIENT, LOYAL, MS, ONE, Driver, ask, option, picked, policy, the

from pricing.structures import Leg, Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal


def test_a_party_that_goes_takes_its_requests_along_unless_it_asked_not_to() -> None:
    world = Driver()
    gone, stays = world.quoted(party=CLIENT), world.quoted(party=LOYAL)
    effects = world(ev.SessionDown(party=CLIENT))
    assert the(effects, fx.Closed).rfq == gone.quote.rfq
    assert not picked(world(ev.SessionDown(party=LOYAL)), fx.Closed)
    assert the(world.accept(gone), fx.RefuseAccept)
    fill = the(world.accept(stays, reference="a9"), fx.ConfirmFill)
    world.not_sent(fx.ConfirmFill, Reason(code=Code.SESSION_DOWN))
    told = the(world(ev.SessionUp(party=LOYAL)), fx.ConfirmFill)
    assert told.again and told.fill == fill.fill
    world.sent()
    assert not world(ev.SessionUp(party=LOYAL))
    world.check_replay()


def test_a_request_of_somebody_who_is_away_is_passed() -> None:
    world = Driver()
    estimate = world.ask_us(party=LOYAL)
    world(ev.SessionDown(party=LOYAL))
    assert the(world.answer(estimate), fx.RefuseRfq).reason.code is Code.SESSION_DOWN


def test_numbers_may_be_spelled_in_any_way() -> None:
    world = Driver(policy(notional_usd_max=D("5E+6")))
    spelled = ask(Side.BUY, "1E+5")
    made = world.quoted(spelled)
    the(world.accept(made, amount=D("15.00")), fx.RefuseAccept)
    the(world.accept(made, amount=D("1.0E+6")), fx.RefuseAccept)
    the(world.accept(made, amount=D("100000.0")), fx.ConfirmFill)
    for amount in ("15.0", "1E+14", "-1E+1", "-0.0"):
        effects = world(ev.RfqReceived(party=CLIENT, reference=amount, ask=ask(Side.BUY, amount)))
        if picked(effects, fx.Estimate):
            the(world.answer(the(effects, fx.Estimate)), fx.RefuseRfq)
    world.wait(20_000)
    world.check_replay()


def test_a_fill_while_the_market_is_stale_still_moves_the_exposure() -> None:
    world = Driver()
    made = world.quoted()
    world.index = None
    the(world.accept(made), fx.ConfirmFill)
    assert world.desk.state.exposures["BTC"] == D(-100_000)
    world.wait(70_000)
    assert not world.desk.state.cards, "markouts that cannot be taken are given up"
    world.check_replay()


def test_a_policy_without_horizons_marks_nothing_and_strands_nobody() -> None:
    world = Driver()
    world.accept(world.quoted())
    world(ev.PolicyChanged(policy=policy(markout_horizons_s=()), by=CLIENT))
    assert len(picked(world.wait(11_000), fx.Marked)) == 2
    assert not world.desk.state.cards
    world.accept(world.quoted(), reference="a2")
    assert not world.desk.state.cards
    world.check_replay()


def test_an_expired_option_is_refused_by_name() -> None:
    world = Driver()
    old = option(60_000, world.at - 1)
    world(ev.InstrumentsListed(instruments=(old,)))
    terms = ask(Side.BUY, 25, Structure(legs=(Leg(instrument=old.name, ratio=D(1)),)))
    refused = the(world(ev.RfqReceived(party=CLIENT, reference="r", ask=terms)), fx.RefuseRfq)
    assert (refused.reason.code, refused.reason.field) == (Code.EXPIRY_PAST, "legs[0].instrument")


def test_limits_decide_which_sides_are_quoted() -> None:
    world = Driver(policy(position_usd_max=D(150_000)))
    world.accept(world.quoted(ask(Side.BUY)))
    made = world.quoted(ask(Side.TWO_WAY))
    assert made.quote.offer is None and made.quote.bid is not None
    effects = world.answer(world.ask_us(ask(Side.BUY)))
    assert the(effects, fx.RefuseRfq).reason.code is Code.LIMIT_POSITION
    small = Driver(policy(notional_usd_max=D(50_000)))
    assert the(small.answer(small.ask_us()), fx.RefuseRfq).reason.code is Code.LIMIT_NOTIONAL
    few = Driver(policy(open_rfqs_max=1))
    few.ask_us()
    refused = the(few(ev.RfqReceived(party=CLIENT, reference="x", ask=ask())), fx.RefuseRfq)
    assert refused.reason.code is Code.LIMIT_OPEN_RFQS


def test_a_price_that_cannot_be_above_zero_is_passed() -> None:
    world = Driver()
    cheap = option(400_000, world.at + 3_000_000 * MS)
    world(ev.InstrumentsListed(instruments=(cheap,)))
    terms = ask(Side.SELL, 25, Structure(legs=(Leg(instrument=cheap.name, ratio=D(1)),)))
    refused = the(world.answer(world.ask_us(terms)), fx.RefuseRfq)
    assert refused.reason.code is Code.PRICE


def test_the_ask_without_an_expiry_lives_for_the_policy_s_time() -> None:
    world = Driver(policy(rfq_ttl_ms=4_000, collect_ms=1_000))
    made = world.quoted(ask(structure=ONE))
    assert made.quote.expires_at == world.desk.state.cards[made.quote.rfq].rfq.expires_at
