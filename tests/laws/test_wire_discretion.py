"""Discretion on the wire: whatever ids a stranger names, nothing of anybody else's comes back."""

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import given
from wire_words import NOW, THEM, US, S, Side, quote

from fix_gateway.dialect import FIX50SP2
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
from pricing.structures import Leg, Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId, QuoteId, RfqId
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Role
from rfq.domain.request import Side as Way
from rfq.wire.book import Asked

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
