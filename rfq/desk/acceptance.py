"""As maker: a client trades on our quote. Last look is off: an acceptance that arrives in time for a quote that
stands is a trade. The same acceptance twice is answered twice and filled once.
"""

from msgspec.structs import replace

from rfq.desk import intake
from rfq.desk.booking import book, fair_now
from rfq.desk.card import Acceptance, Card, move_quote, move_rfq
from rfq.desk.closing import end
from rfq.desk.scorecards import count
from rfq.desk.turn import Turn
from rfq.domain.checkers import plain_decimal
from rfq.domain.effects import ConfirmFill, RefuseAccept
from rfq.domain.events import AcceptReceived
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, FillId
from rfq.domain.lifecycle import QuoteState, QuoteTrigger, RfqTrigger
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role, Side

_MAKER = Role.MAKER
_EXPIRED = QuoteState.EXPIRED
_TWO_WAY = Side.TWO_WAY
_STANDING = (QuoteState.PENDING, QuoteState.ACTIVE)


def on_accept(turn: Turn, card: Card | None, event: AcceptReceived) -> None:
    """A client trades on our quote. The same acceptance twice is answered twice and filled once."""
    before = turn.state.done.get((event.party, event.reference))
    if before is not None and before.quote == event.quote:
        turn.add(ConfirmFill(to=event.party, reference=event.reference, fill=before, again=True))
        return
    if before is not None:
        _refuse_accept(turn, event, Reason(code=Code.DUPLICATE, field="reference", detail=event.reference))
        return
    if card is None or card.rfq.party != event.party or card.rfq.role is not _MAKER:
        _refuse_accept(turn, event, Reason(code=Code.UNKNOWN_QUOTE, field="quote", detail=event.quote))
        return
    quote = card.quote(event.quote)
    reason = _judge_accept(turn, card, quote, event)
    if reason is not None:
        _refuse_accept(turn, event, reason)
        return
    assert quote is not None
    _fill(turn, card, quote, event)


def _judge_accept(turn: Turn, card: Card, quote: Quote | None, event: AcceptReceived) -> Reason | None:
    """Why the acceptance is not honoured, or None. Judged by when its bytes were read."""
    if quote is None:
        return Reason(code=Code.UNKNOWN_QUOTE, field="quote", detail=event.quote)
    if card.fills:
        return Reason(code=Code.ALREADY_FILLED, field="quote")
    if turn.received_at >= quote.expires_at or quote.state is _EXPIRED:
        return Reason(code=Code.QUOTE_EXPIRED, field="quote")
    if quote.state not in _STANDING:
        return Reason(code=Code.QUOTE_GONE, field="quote", detail=f"the quote is {quote.state}")
    if not quote.firm:
        return Reason(code=Code.NOT_FIRM, field="quote")
    if turn.state.killed:
        return Reason(code=Code.KILLED)
    if event.side is _TWO_WAY or quote.price_for(event.side) is None:
        return Reason(code=Code.SIDE_NOT_QUOTED, field="side")
    offered = quote.amount_for(event.side)
    assert offered is not None
    if not 0 < event.amount <= offered or (quote.all_or_none and event.amount != offered):
        detail = f"{plain_decimal(event.amount)} of {plain_decimal(offered)}"
        return Reason(code=Code.AMOUNT, field="amount", detail=detail)
    if event.amount != offered and event.amount % intake.step_of(turn.state, card.rfq.ask):
        return Reason(code=Code.AMOUNT_STEP, field="amount")
    return None


def _refuse_accept(turn: Turn, event: AcceptReceived, reason: Reason) -> None:
    turn.add(RefuseAccept(to=event.party, reference=event.reference, quote=event.quote, reason=reason))


def _fill(turn: Turn, card: Card, quote: Quote, event: AcceptReceived) -> None:
    """Lock, fill, book, confirm, close; what else stood is withdrawn by the trade itself."""
    traded = quote.price_for(event.side)
    assert traded is not None
    fair, delta_usd = fair_now(turn.valuation(card), card)
    accept = AcceptId(turn.ids.make("a"))
    fill = Fill(
        id=FillId(turn.ids.make("f")),
        rfq=card.rfq.id,
        quote=quote.id,
        accept=accept,
        role=_MAKER,
        counterparty=event.party,
        side=event.side,
        amount=event.amount,
        price=traded,
        fair=fair,
        reference=event.reference,
        at=turn.now,
    )
    part = event.amount < card.rfq.ask.amount
    card = move_quote(card, quote, QuoteTrigger.ACCEPTED)
    locked = card.quote(quote.id)
    assert locked is not None
    card = move_quote(card, locked, QuoteTrigger.PART_FILLED if part else QuoteTrigger.FILLED)
    card = move_rfq(move_rfq(card, RfqTrigger.ACCEPTED), RfqTrigger.MAKER_AGREED)
    if part:
        card = move_rfq(move_rfq(card, RfqTrigger.PART_PRINTED), RfqTrigger.REMAINDER_DROPPED)
    else:
        card = move_rfq(card, RfqTrigger.ALL_PRINTED)
    accepted = Acceptance(
        id=accept,
        quote=quote.id,
        counterparty=event.party,
        reference=event.reference,
        amount=event.amount,
        price=traded,
        filled=event.amount,
        open=False,
    )
    card = book(turn, replace(card, accepts=(*card.accepts, accepted)), fill, delta_usd)
    turn.draft.put_scorecard(count(turn.draft.scorecard(event.party), "done"))
    turn.draft.remember_fill(event.party, event.reference, fill)
    turn.add(ConfirmFill(to=event.party, reference=event.reference, fill=fill))
    end(turn, card, Outcome.DONE, Reason(code=Code.TRADED))
