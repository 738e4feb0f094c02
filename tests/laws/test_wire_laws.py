"""What one desk says is what another hears: asks, quotes, acceptances, fills, refusals, outcomes, for any structure,
side, sign and size; and whatever ids a stranger names, nothing of anybody else's comes back."""

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from wire_words import NOW, THEM, US, S, Side, quote

from fix_gateway.dialect import FIX44, FIX50SP2, Dialect
from fix_gateway.messages.quoting import (
    Quote,
    QuoteCancel,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
    QuoteStatusRequest,
)
from fix_gateway.messages.trading import ExecutionReport, NewOrderSingle
from fix_gateway.messages.words import (
    Answer,
    CancelType,
    ExecType,
    OrderStatus,
    OrderType,
    QuoteStatus,
    RequestReject,
)
from fix_gateway.messages.words import Side as FixSide
from pricing.structures import Hedge, Leg, Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, FillId, PartyId, QuoteId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Role
from rfq.domain.request import Side as Way
from rfq.wire.book import Asked

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


# --- discretion ----------------------------------------------------------------------------------------------------

SECRET = "us-q5-0"
guesses = st.sampled_from(
    [SECRET, "us-r5-0", "us-a5-0", "us-q6-0", "us-r6-0", "us-a6-0", "rival-reference", "nothing-of-anybody"]
)


def rivals() -> Side:
    """A desk that deals with others, and now hears somebody whom none of it concerns."""
    ask = Ask(
        structure=Structure(legs=(Leg(instrument="SECRET-1", ratio=Decimal(1)),)),
        amount=Decimal(77),
        side=Way.BUY,
        expires_at=NOW + S,
    )
    desk = Side(US, THEM, FIX50SP2)
    rival = PartyId("rival")
    desk.book.keep(
        "us-r5-0",
        Asked(Role.MAKER, rival, "rival-reference", ask),
    )
    desk.offer(quote("us-r5-0", SECRET, bid=Decimal(4242), offer=Decimal(4343)), "rival-reference", to=rival)
    desk.ask("us-r6-0", ask, dealer=rival)
    event = ev.QuoteReceived(
        dealer=rival,
        rfq=RfqId("us-r6-0"),
        reference="rival-reference",
        expires_at=NOW + S,
        offer=Decimal(4444),
        offer_amount=Decimal(77),
    )
    desk.book.learn(event, ())
    return desk


@given(
    first=guesses,
    second=guesses,
    what=st.sampled_from(["a", "AJ", "end", "Z", "AI", "S", "AG", "8", "D"]),
    status=st.sampled_from(list(QuoteStatus)),
    answer=st.sampled_from(list(Answer)),
)
def test_ids_of_others_mean_nothing_to_a_stranger(
    first: str, second: str, what: str, status: QuoteStatus, answer: Answer
) -> None:
    desk = rivals()
    stranger = Side(THEM, US, FIX50SP2)
    messages: dict[str, Any] = {
        "a": QuoteStatusRequest(symbol="[N/A]", quote_id=first),
        "AJ": QuoteResponse(
            answer_id="z1",
            answer=answer,
            symbol="[N/A]",
            quote_id=first,
            rfq_id=second,
            side=FixSide.BUY,
            qty=Decimal(1),
        ),
        "end": QuoteResponse(answer_id="z1", answer=Answer.END_TRADE, symbol="[N/A]", rfq_id=second),
        "Z": QuoteCancel(cancel_type=CancelType.ONE, quote_id=first, rfq_id=second),
        "AI": QuoteStatusReport(
            status=status, symbol="[N/A]", quote_id=first, rfq_id=second, answer_id=first
        ),
        "S": Quote(
            quote_id="zz", symbol="X", rfq_id=second, bid=Decimal(1), bid_qty=Decimal(1), valid_until=NOW + S
        ),
        "AG": QuoteRequestReject(rfq_id=second, reason=RequestReject.PASSED, symbol="X"),
        "8": ExecutionReport(
            order_id=first,
            exec_id="e",
            exec_type=ExecType.TRADE,
            status=OrderStatus.FILLED,
            symbol="X",
            side=FixSide.BUY,
            leaves=Decimal(0),
            filled=Decimal(1),
            answer_id=second,
            last_qty=Decimal(1),
            last_price=Decimal(1),
        ),
        "D": NewOrderSingle(
            cl_ord_id="c",
            symbol="X",
            side=FixSide.BUY,
            order_type=OrderType.PREVIOUSLY_QUOTED,
            at=NOW,
            qty=Decimal(1),
            quote_id=first,
        ),
    }
    msg_type, body = stranger.dialect.speech.write(messages[what])
    heard = desk.hear(stranger.frame(msg_type, body))
    said = [desk.dialect.speech.write(reply)[1] for reply in heard.replies]
    for event in heard.events:
        assert getattr(event, "party", getattr(event, "dealer", None)) == THEM
        for effect in answers(event):
            said += desk.say(effect)
    for raw in said:
        for secret in (b"4242", b"4343", b"4444", b"SECRET-1", b"=77\x01"):
            assert secret not in raw, raw
        for theirs in (b"rival-reference", b"us-r5-0", b"us-r6-0"):
            assert theirs not in raw or theirs.decode() in (first, second), raw


def answers(event: ev.Event) -> list[fx.Outward]:
    """What the desk answers to what it does not know, whoever else does."""
    reason = Reason(code=Code.UNKNOWN_QUOTE, field="quote")
    match event:
        case ev.AcceptReceived():
            return [fx.RefuseAccept(to=THEM, reference=event.reference, quote=event.quote, reason=reason)]
        case ev.QuoteReceived():
            asked = Reason(code=Code.NOT_AUTHORISED, field="dealer", detail="was not asked")
            return [fx.RefuseQuote(to=THEM, rfq=event.rfq, reference=event.reference, reason=asked)]
        case ev.MessageUnreadable(kind="quote"):
            return [fx.RefuseQuote(to=THEM, rfq="", reference=event.reference, reason=event.reason)]
        case ev.MessageUnreadable(kind="accept"):
            return [
                fx.RefuseAccept(
                    to=THEM, reference=event.reference, quote=QuoteId(event.text), reason=event.reason
                )
            ]
        case _:
            return []
