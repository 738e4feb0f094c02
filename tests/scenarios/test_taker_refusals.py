"""As taker: needs and quotes that are not taken in, and why."""

from decimal import Decimal
from typing import Any

from driver import CLIENT, DEALERS, OPERATOR, Driver, ask, picked, policy, the
from msgspec.structs import replace

from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal
MANUAL = policy(auto_accept=False)


def test_quotes_that_are_not_taken_in_say_why() -> None:
    world = Driver(policy(panel_size=2, auto_accept=False))
    rfq = world.need()
    asked, other = world.desk.state.cards[rfq].panel
    unasked = next(dealer for dealer in DEALERS if dealer not in (asked, other))

    def refused(dealer: Any, price: Any = "60001", number: Any = rfq, **more: Any) -> Reason:
        return the(world.offer(dealer, number, price, **more), fx.RefuseQuote).reason

    assert refused(asked, number=RfqId("c1-r0-9")).code is Code.UNKNOWN_RFQ
    assert refused(unasked).code is Code.NOT_AUTHORISED
    assert refused(asked, life_ms=0) == Reason(code=Code.QUOTE_EXPIRED, field="expires_at")
    assert refused(asked, bid=True) == Reason(code=Code.SIDE_NOT_QUOTED, field="offer")
    assert refused(asked, price="0").code is Code.PRICE
    assert refused(asked, price="-5").field == "offer"
    assert refused(asked, amount=0) == Reason(code=Code.AMOUNT, field="offer_amount")
    assert refused(asked, amount=60_000, all_or_none=True).code is Code.AMOUNT
    crossed = ev.QuoteReceived(
        dealer=asked,
        rfq=rfq,
        reference="crossed",
        expires_at=world.at + 10**9,
        bid=D(11),
        bid_amount=D(100_000),
        offer=D(10),
        offer_amount=D(100_000),
    )
    assert the(world(crossed), fx.RefuseQuote).reason.code is Code.CROSSED
    bare = replace(crossed, bid=None, reference="bare")
    assert the(world(bare), fx.RefuseQuote).reason == Reason(
        code=Code.AMOUNT, field="bid_amount", detail="each quoted side has an amount"
    )
    world.offer(asked, rfq, "60001", reference="mine")
    assert refused(asked, reference="mine") == Reason(code=Code.DUPLICATE, field="reference", detail="mine")
    world(ev.SessionDown(party=other))
    assert refused(other).code is Code.SESSION_DOWN
    world(ev.SessionUp(party=other))
    accepted = the(world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq)), fx.AcceptQuote)
    assert refused(asked).code is Code.QUOTE_LOCKED
    assert refused(other).code is Code.RFQ_CLOSED
    withdrawn = ev.QuoteWithdrawn(dealer=asked, rfq=rfq, reference="mine")
    assert the(world(withdrawn), fx.Ignored).reason.code is Code.QUOTE_LOCKED
    world.fill(accepted)
    assert refused(other).code is Code.RFQ_CLOSED
    assert the(world(withdrawn), fx.Ignored).reason.code is Code.UNKNOWN_QUOTE
    world.check_replay()


def test_needs_that_are_not_taken_in_say_why() -> None:
    world = Driver(policy(open_rfqs_max=1))

    def refused(**changed: Any) -> Reason:
        event = ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.BUY))
        return the(world(replace(event, **changed)), fx.Ignored).reason

    assert refused(party=CLIENT).code is Code.NOT_AUTHORISED
    assert refused(party="nobody").code is Code.UNKNOWN_PARTY
    assert refused(ask=ask()) == Reason(
        code=Code.SIDE_NOT_QUOTED, field="side", detail="a block is bought or sold"
    )
    assert refused(ask=ask(Side.BUY, 0)).field == "amount"
    assert refused(panel=(CLIENT,)).code is Code.NO_DEALER
    world.index = None
    assert refused().code is Code.NO_MARKET
    world.index = 60_000.0
    the(world(ev.NeedPosted(party=OPERATOR, reference="n", ask=ask(Side.BUY))), fx.Estimate)
    assert refused().code is Code.DUPLICATE
    assert refused(reference="n2").code is Code.LIMIT_OPEN_RFQS
    world(ev.KillPressed(by=OPERATOR))
    assert refused(reference="n3").code is Code.KILLED


def test_a_decision_without_a_market_waits() -> None:
    world = Driver(policy(panel_size=1))
    rfq = world.need()
    dealer = world.desk.state.cards[rfq].panel[0]
    world.index = None
    assert not picked(world.offer(dealer, rfq, "60001"), fx.AcceptQuote)
    world.index = 60_000.0
    assert the(world.wait(3_000), fx.AcceptQuote)


def test_our_own_limits_end_a_need() -> None:
    for changed, code in (
        ({"notional_usd_max": D(50_000)}, Code.LIMIT_NOTIONAL),
        ({"position_usd_max": D(50_000)}, Code.LIMIT_POSITION),
    ):
        world = Driver(policy(panel_size=1, **changed))
        rfq = world.need()
        effects = world.offer(world.desk.state.cards[rfq].panel[0], rfq, "60001")
        closed = the(effects, fx.Closed)
        assert (closed.outcome, closed.reason.code) == (Outcome.REJECTED, code)
    world = Driver(MANUAL)
    rfq = world.need()
    world.offer(DEALERS[0], rfq, "60001")
    world.index = None
    effects = world(ev.AcceptCommanded(party=OPERATOR, rfq=rfq))
    assert the(effects, fx.Closed).reason.code is Code.NO_MARKET
