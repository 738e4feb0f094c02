"""What one desk says is what another hears: asks, quotes, acceptances, fills, refusals, outcomes, for any structure,
side, sign and size."""

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from wire_words import NOW, THEM, US, S, Side, quote

from fix_gateway.dialect import FIX44, FIX50SP2, Dialect
from pricing.structures import Hedge, Leg, Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, FillId, QuoteId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Role
from rfq.domain.request import Side as Way

DIALECTS = (FIX50SP2, FIX44)
NAMES = {"BTC-PERPETUAL": "XBTUSD", "BTC-27MAR26-60000-C": "C60"}
names = st.sampled_from(
    ["BTC-PERPETUAL", "BTC-27MAR26", "BTC-27MAR26-60000-C", "BTC-27MAR26-65000-P", "ETH-1"]
)
numbers = st.decimals(
    min_value=Decimal("-999999999"), max_value=Decimal("999999999"), places=4, allow_nan=False
).filter(bool)
sizes = st.decimals(min_value=Decimal("0.001"), max_value=Decimal("99999999"), places=3)
ratios = st.one_of(st.integers(-20, 20).filter(bool).map(Decimal), numbers)
legs = st.lists(st.builds(Leg, instrument=names, ratio=ratios), min_size=1, max_size=20)
ids = st.text("abcdefXYZ0123456789-_./ :", min_size=1, max_size=64).filter(lambda text: text.strip() == text)
millis = st.integers(1, 100_000).map(lambda ms: NOW + ms * 1_000_000)


@st.composite
def asks(draw: st.DrawFn, hedged: bool = True) -> Ask:
    side = draw(st.sampled_from(list(Way)))
    hedges = (
        (Hedge(instrument="BTC-PERPETUAL", ratio=draw(ratios), price=abs(draw(numbers))),)
        if hedged and draw(st.booleans())
        else ()
    )
    return Ask(
        structure=Structure(legs=tuple(draw(legs)), hedges=hedges),
        amount=draw(sizes),
        side=side,
        expires_at=draw(millis),
        bid_limit=draw(st.none() | numbers) if side is Way.TWO_WAY else None,
        offer_limit=draw(st.none() | numbers) if side is Way.TWO_WAY else None,
        anonymous=draw(st.booleans()),
    )


def pair(dialect: Dialect) -> tuple[Side, Side]:
    """A taker's desk, which knows that the maker calls some instruments otherwise, and the maker's desk."""
    return Side(US, THEM, dialect, NAMES), Side(THEM, US, dialect)


def renamed(ask: Ask) -> Ask:
    """The structure as the other side calls it."""
    told = ask.structure
    return Ask(
        structure=Structure(
            legs=tuple(
                Leg(instrument=NAMES.get(one.instrument, one.instrument), ratio=one.ratio)
                for one in told.legs
            ),
            hedges=tuple(
                Hedge(instrument=NAMES.get(one.instrument, one.instrument), ratio=one.ratio, price=one.price)
                for one in told.hedges
            ),
        ),
        amount=ask.amount,
        side=ask.side,
        expires_at=ask.expires_at,
        bid_limit=ask.bid_limit,
        offer_limit=ask.offer_limit,
        anonymous=ask.anonymous,
    )


def only(heard: Any) -> Any:
    (event,) = heard.events
    assert not heard.replies
    return event


@given(ask=asks(), rfq=ids)
def test_a_request_is_heard_as_it_was_meant(ask: Ask, rfq: str) -> None:
    taker, maker = pair(FIX50SP2)
    (raw,) = taker.say(taker.ask(rfq, ask))
    event = only(maker.hear(raw))
    assert event == ev.RfqReceived(party=US, reference=rfq, ask=renamed(ask))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
@settings(max_examples=60)
@given(
    ask=asks(hedged=False),
    reference=ids,
    bid=st.none() | numbers,
    wide=st.none() | st.decimals(0, 1000, places=2),
    sized=sizes,
    firm=st.booleans(),
    whole=st.booleans(),
    end=millis,
    again=st.booleans(),
)
def test_a_quote_is_heard_as_it_was_meant(
    dialect: Dialect,
    ask: Ask,
    reference: str,
    bid: Decimal | None,
    wide: Decimal | None,
    sized: Decimal,
    firm: bool,
    whole: bool,
    end: int,
    again: bool,
) -> None:
    taker, maker = pair(dialect)
    taker.ask("us-r1-0", ask)
    maker.asked_by("us-r1-0", renamed(ask), "m-r1-0")
    offer = None if wide is None and bid is not None else (bid or Decimal(0)) + (wide or Decimal(1))
    made = quote(
        "m-r1-0",
        reference,
        bid=bid,
        offer=offer,
        bid_amount=None if bid is None else sized,
        offer_amount=None if offer is None else sized + 1,
        firm=firm,
        all_or_none=whole,
        expires_at=end,
    )
    (raw,) = maker.say(maker.offer(made, "us-r1-0"))
    event = only(taker.hear(raw, again=again))
    assert event == ev.QuoteReceived(
        dealer=THEM,
        rfq=RfqId("us-r1-0"),
        reference=reference,
        expires_at=end,
        bid=bid,
        offer=offer,
        bid_amount=made.bid_amount,
        offer_amount=made.offer_amount,
        firm=firm,
        all_or_none=whole,
        again=again,
    )


def dealing(dialect: Dialect, ask: Ask, price: Decimal) -> tuple[Side, Side, fx.AcceptQuote]:
    """Both desks after a quote at `price` that the taker accepts."""
    taker, maker = pair(dialect)
    taker.ask("us-r1-0", ask)
    maker.asked_by("us-r1-0", renamed(ask), "m-r1-0")
    maker.offer(
        quote("m-r1-0", "m-q1-0", bid=price, offer=price, bid_amount=ask.amount, offer_amount=ask.amount),
        "us-r1-0",
    )
    accept = fx.AcceptQuote(
        to=THEM,
        rfq=RfqId("us-r1-0"),
        quote=QuoteId("us-q2-0"),
        reference="m-q1-0",
        accept=AcceptId("us-a3-0"),
        side=Way.BUY if ask.side is Way.BUY else Way.SELL,
        amount=ask.amount,
        price=price,
        not_after_at=NOW + 9 * S,
    )
    taker.book.learn(ev.TimerFired(rfq=RfqId("us-r1-0")), (accept,))
    return taker, maker, accept


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
@settings(max_examples=60)
@given(ask=asks(hedged=False), price=numbers)
def test_an_acceptance_and_its_fill_are_heard_as_they_were_meant(
    dialect: Dialect, ask: Ask, price: Decimal
) -> None:
    taker, maker, accept = dealing(dialect, ask, price)
    (raw,) = taker.say(accept)
    event = only(maker.hear(raw))
    assert event == ev.AcceptReceived(
        party=US,
        quote=QuoteId("m-q1-0"),
        reference="us-a3-0",
        side=accept.side,
        amount=ask.amount,
        order="us-a3-0",
    )
    fill = Fill(
        id=FillId("m-f4-0"),
        rfq=RfqId("m-r1-0"),
        quote=QuoteId("m-q1-0"),
        accept=AcceptId("m-a4-0"),
        role=Role.MAKER,
        counterparty=US,
        side=accept.side,
        amount=ask.amount,
        price=price,
        fair=price,
        reference="us-a3-0",
        at=NOW,
    )
    maker.book.learn(event, ())
    (report,) = maker.say(fx.ConfirmFill(to=US, reference="us-a3-0", fill=fill))
    assert b"\x01117=" not in report
    assert only(taker.hear(report)) == ev.FillReported(
        dealer=THEM, accept=AcceptId("us-a3-0"), reference="m-f4-0", amount=ask.amount, price=price
    )
    for raw in maker.say(
        fx.RefuseAccept(
            to=US, reference="us-a3-0", quote=QuoteId("m-q1-0"), reason=Reason(code=Code.QUOTE_EXPIRED)
        )
    ):
        refused = only(taker.hear(raw))
        assert isinstance(refused, ev.AcceptRefused) and refused.accept == "us-a3-0"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.REJECTED])
def test_outcomes_are_heard_as_they_were_meant(outcome: Outcome, dialect: Dialect) -> None:
    ask = Ask(
        structure=Structure(legs=(Leg(instrument="X", ratio=Decimal(1)),)), amount=Decimal(1), side=Way.BUY
    )
    taker, maker, _ = dealing(dialect, ask, Decimal(-3))
    cover = Decimal("-2.5")
    tell = fx.TellOutcome(to=THEM, rfq=RfqId("us-r1-0"), reference="m-q1-0", outcome=outcome, cover=cover)
    (raw,) = taker.say(tell)
    event = only(maker.hear(raw))
    assert isinstance(event, ev.OutcomeHeard) and event.quote == "m-q1-0"
    if dialect is FIX50SP2:
        assert event.outcome is outcome
        assert event.cover == (cover if outcome is Outcome.DONE else None), "the cover only to who traded"
    else:
        assert (b"\x011917=" in raw) is False


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
@pytest.mark.parametrize("code", [Code.USER, Code.EXPIRED, Code.RFQ_DONE])
def test_the_end_of_a_request_is_heard_as_it_was_meant(code: Code, dialect: Dialect) -> None:
    ask = Ask(
        structure=Structure(legs=(Leg(instrument="X", ratio=Decimal(1)),)), amount=Decimal(1), side=Way.BUY
    )
    taker, maker, _ = dealing(dialect, ask, Decimal(3))
    (raw,) = taker.say(fx.WithdrawRfq(to=THEM, rfq=RfqId("us-r1-0"), reason=Reason(code=code)))
    assert only(maker.hear(raw)) == ev.RfqCancelled(party=US, reference="us-r1-0")
    back = fx.WithdrawQuote(
        to=US, rfq=RfqId("m-r1-0"), quote=QuoteId("m-q1-0"), reason=Reason(code=Code.KILLED)
    )
    quoted = ev.QuoteReceived(dealer=THEM, rfq=RfqId("us-r1-0"), reference="m-q1-0", expires_at=NOW + S)
    taker.book.learn(quoted, ())
    (raw,) = maker.say(back)
    assert only(taker.hear(raw)) == ev.QuoteWithdrawn(dealer=THEM, rfq=RfqId("us-r1-0"), reference="m-q1-0")
    (raw,) = maker.say(
        fx.RefuseRfq(to=US, reference="us-r1-0", rfq=RfqId("m-r1-0"), reason=Reason(code=Code.EDGE))
    )
    assert only(taker.hear(raw)) == ev.DealerPassed(
        dealer=THEM, rfq=RfqId("us-r1-0"), reason=Reason(code=Code.PASSED, detail="declined")
    )
