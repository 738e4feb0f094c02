"""As maker: asked, estimated, priced, requoted, accepted, filled, told how it ended.

A request that is refused before it is born leaves no card. Last look is off: an acceptance that arrives in time for a
quote that stands is a trade.
"""

from msgspec.structs import replace

from rfq.desk import intake, response
from rfq.desk.card import Card, add_quote, can_move, move_quote, move_rfq, settle_quoted
from rfq.desk.closing import end
from rfq.desk.features import builder
from rfq.desk.limits import Approved
from rfq.desk.quarantine import each
from rfq.desk.scorecards import count
from rfq.desk.turn import MS, Turn, exact, watches
from rfq.domain.effects import (
    Estimate,
    RefuseAccept,
    RefuseQuote,
    RefuseRfq,
    SendQuote,
    WithdrawQuote,
)
from rfq.domain.events import (
    Estimated,
    InboxOverflowed,
    MarketMoved,
    MessageUnreadable,
    OutcomeHeard,
    RfqCancelled,
    RfqReceived,
)
from rfq.domain.ids import PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState, QuoteTrigger, RfqState, RfqTrigger
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Rfq, Role

_MAKER = Role.MAKER
_STANDING = (QuoteState.PENDING, QuoteState.ACTIVE)
_HEARD = {
    Outcome.COVER: QuoteTrigger.LOST_SECOND,
    Outcome.TIED: QuoteTrigger.LOST_TIED,
    Outcome.TIED_COVER: QuoteTrigger.LOST_TIED_SECOND,
}


def on_rfq_received(turn: Turn, event: RfqReceived) -> None:
    """Judge the request; if it can be priced, a card is born and the oracle asked. One that says it may have been sent
    before, and was taken in then, has its answer or will get it: it needs no other."""
    if event.again and (event.party, event.reference) in turn.state.seen:
        turn.ignore(Code.DUPLICATE, party=event.party, field="reference", detail=event.reference)
        return
    reason = _refuse(turn, event)
    if reason is not None:
        turn.add(RefuseRfq(to=event.party, reference=event.reference, reason=reason))
        return
    state, ask = turn.state, event.ask
    rfq = Rfq(
        id=RfqId(turn.ids.make("r")),
        role=_MAKER,
        party=event.party,
        reference=event.reference,
        ask=ask,
        state=RfqState.OPEN,
        opened_at=turn.now,
        expires_at=ask.expires_at or turn.now + state.policy.rfq_ttl_ms * MS,
    )
    turn.draft.remember(event.party, event.reference, rfq.id)
    found = builder.open_card(turn, rfq)
    if isinstance(found, Reason):
        turn.add(RefuseRfq(to=event.party, reference=event.reference, reason=found, rfq=rfq.id))
        return
    deadline_at = turn.now + state.policy.estimate_deadline_ms * MS
    turn.draft.put_scorecard(count(turn.draft.scorecard(event.party), "asked"))
    turn.add(Estimate(rfq=rfq.id, row=found.row, deadline_at=deadline_at))
    turn.keep(replace(found, estimate_due_at=deadline_at))


def _refuse(turn: Turn, event: RfqReceived) -> Reason | None:
    """Why this request is not taken in, or None."""
    state = turn.state
    reason = intake.refuse_party(state, event.party, "may_ask")
    if reason is not None:
        return reason
    if (event.party, event.reference) in state.seen:
        return Reason(code=Code.DUPLICATE, field="reference", detail=f"{event.reference} was used before")
    reason = intake.refuse_ask(turn, event.ask)
    if reason is not None:
        return reason
    if state.killed:
        return Reason(code=Code.KILLED, detail="the kill switch is on")
    if state.open_count.get(event.party, 0) >= state.policy.open_rfqs_max:
        return Reason(
            code=Code.LIMIT_OPEN_RFQS, field="party", detail=f"{state.policy.open_rfqs_max} are open"
        )
    return None


def on_unreadable(turn: Turn, event: MessageUnreadable) -> None:
    """Something that could not be read is refused by the name of the field that was wrong, if it is of a kind that has
    an answer."""
    to, reference, reason = event.party, event.reference, event.reason
    match event.kind:
        case "quote":
            turn.add(RefuseQuote(to=to, rfq="", reference=reference, reason=reason))
        case "accept":
            turn.add(RefuseAccept(to=to, reference=reference, quote=QuoteId(event.text), reason=reason))
        case "fill":
            turn.ignore(reason.code, party=to, field=reason.field, detail=reason.detail)
        case _:
            turn.add(RefuseRfq(to=to, reference=reference, reason=reason))


def on_overflow(turn: Turn, event: InboxOverflowed) -> None:
    """The inbox was full: each of these requests is declined."""
    for party, reference in event.requests:
        turn.add(RefuseRfq(to=party, reference=reference, reason=Reason(code=Code.BUSY)))


def on_estimated(turn: Turn, card: Card, event: Estimated) -> None:
    """The oracle answered: price with it, or with the closed form if it could not."""
    if not card.estimate_due_at or turn.received_at >= card.estimate_due_at:
        turn.ignore(Code.MODEL_LATE, rfq=card.rfq.id)
        return
    if event.estimates is None:
        use_fallback(turn, card)
        return
    card = replace(card, estimates=event.estimates, model=event.model, estimate_due_at=0)
    price(turn, card)


def use_fallback(turn: Turn, card: Card) -> None:
    """No usable answer in time: the closed form prices, wider and marked."""
    card = replace(
        card,
        estimates=response.fall_back(card.row),
        model=response.BASELINE,
        fallback=True,
        estimate_due_at=0,
    )
    price(turn, card)


def price(turn: Turn, card: Card, replaces: Quote | None = None) -> None:
    """Quote, or replace the quote, at the market of this event; pass with a Reason if that cannot be."""
    assert card.estimates is not None
    if turn.now >= card.rfq.expires_at:
        close_quietly(turn, card, RfqTrigger.TIME_PASSED, Outcome.EXPIRED, Reason(code=Code.EXPIRED))
        return
    valuation = turn.valuation(card)
    made: Approved[SendQuote] | Reason
    if isinstance(valuation, Reason):
        made = valuation
    else:
        made = response.make_quote(turn, card, valuation, card.estimates, replaces.id if replaces else "")
        card = replace(card, fair=exact(valuation.fair), delta_usd=valuation.delta_net_usd)
    if isinstance(made, Reason):
        if made.code is Code.LIMIT_PRICE and not card.fallback and replaces is None:
            use_fallback(turn, card)  # the model's numbers make no sense
        elif replaces is None:
            _pass(turn, card, made)
        else:
            turn.keep(settle_quoted(withdraw(turn, card, replaces, made)))
        return
    if replaces is not None:
        card = move_quote(card, replaces, QuoteTrigger.REPLACED)
    else:
        turn.start_watching(card.underlying)
        turn.draft.put_scorecard(count(turn.draft.scorecard(card.rfq.party), "quoted"))
    turn.send(made)
    turn.keep(settle_quoted(add_quote(card, made.effect.quote)))


def _pass(turn: Turn, card: Card, reason: Reason) -> None:
    """We will not quote this one."""
    rfq = card.rfq
    turn.add(RefuseRfq(to=rfq.party, reference=rfq.reference, rfq=rfq.id, reason=reason))
    end(turn, move_rfq(card, RfqTrigger.PASSED), Outcome.PASSED, reason)


def withdraw(turn: Turn, card: Card, quote: Quote, reason: Reason) -> Card:
    """Take one of our standing quotes back, and tell the client; one that is away is told when it is back."""
    effect = WithdrawQuote(to=card.rfq.party, rfq=card.rfq.id, quote=quote.id, reason=reason)
    if effect.to in turn.state.sessions:
        turn.add(effect)
    else:
        turn.draft.owe(effect.to, effect)
    before = watches(card)
    card = move_quote(card, quote, QuoteTrigger.CANCELLED)
    if before and not watches(card):
        turn.stop_watching(card.underlying)
    return card


def stop(turn: Turn, card: Card, reason: Reason) -> None:
    """The kill switch: what stands is withdrawn; a request that waits for a price is passed on."""
    if not card.quotes:
        _pass(turn, replace(card, estimate_due_at=0), reason)
        return
    for quote in card.quotes:
        if quote.state in _STANDING:
            card = withdraw(turn, card, quote, reason)
    turn.keep(settle_quoted(card))


def put_off(turn: Turn, card: Card, quote: Quote, reason: Reason) -> None:
    """A quote of ours did not leave: it never stood. One that it was to replace is taken back; a client that has seen
    no price is told that there is none."""
    before = watches(card)
    what = QuoteTrigger.REFUSED if quote.state is QuoteState.PENDING else QuoteTrigger.CANCELLED
    card = settle_quoted(move_quote(card, quote, what))
    if quote.replaces:
        old = QuoteId(quote.replaces)
        turn.add(WithdrawQuote(to=card.rfq.party, rfq=card.rfq.id, quote=old, reason=reason))
    elif not watches(card):
        _pass(turn, card, reason)
        return
    if before and not watches(card):
        turn.stop_watching(card.underlying)
    turn.keep(card)


def on_market_moved(turn: Turn, event: MarketMoved) -> None:
    """Requote what stands on this underlying, where our fair has moved by the policy's number."""
    bps = float(turn.state.policy.requote_move_bps)

    def requote(card: Card) -> None:
        valuation = turn.valuation(card)
        if not isinstance(valuation, Reason) and abs(valuation.fair - float(card.fair)) < bps * valuation.bp:
            return
        price(turn, card, next(one for one in card.quotes if one.state in _STANDING))

    standing = [card for card in turn.state.cards.values() if not card.closed and watches(card)]
    each(turn, [card for card in standing if card.underlying == event.underlying], requote)


def on_rfq_cancelled(turn: Turn, event: RfqCancelled) -> None:
    """The client gave up: our quotes lapse, nobody need be told."""
    rfq = turn.state.seen.get((event.party, event.reference))
    card = turn.draft.card(rfq) if rfq is not None else None
    if card is None or card.closed or card.rfq.role is not _MAKER:
        turn.ignore(Code.UNKNOWN_RFQ, party=event.party, field="reference", detail=event.reference)
        return
    close_quietly(turn, card, RfqTrigger.CANCELLED, Outcome.CANCELLED, Reason(code=Code.USER))


def close_quietly(turn: Turn, card: Card, trigger: RfqTrigger, outcome: Outcome, reason: Reason) -> None:
    """End an Rfq of which the client needs no word: what stood is expired or cancelled."""
    what = QuoteTrigger.TIME_PASSED if trigger is RfqTrigger.TIME_PASSED else QuoteTrigger.CANCELLED
    for quote in card.quotes:
        if quote.state in _STANDING:
            card = move_quote(card, quote, what)
    end(turn, move_rfq(card, trigger), outcome, reason)


def on_outcome_heard(turn: Turn, card: Card | None, event: OutcomeHeard) -> None:
    """The client says how it ended for our quote. After our own trade it only adds what the cover was."""
    if card is None or card.rfq.party != event.party or card.rfq.role is not _MAKER:
        turn.ignore(Code.UNKNOWN_QUOTE, party=event.party, field="quote", detail=event.quote)
        return
    quote = card.quote(event.quote)
    if card.closed or quote is None or event.outcome is Outcome.DONE:
        turn.ignore(Code.RFQ_CLOSED, rfq=card.rfq.id, party=event.party)
        return
    if event.outcome in (Outcome.EXPIRED, Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.PASSED):
        close_quietly(turn, card, RfqTrigger.CANCELLED, event.outcome, Reason(code=Code.RFQ_DONE))
        return
    for one in card.quotes:
        if one.state in _STANDING:
            card = move_quote(card, one, _HEARD.get(event.outcome, QuoteTrigger.LOST))
    card = move_rfq(card, RfqTrigger.TRADED_ELSEWHERE)
    end(turn, card, event.outcome, Reason(code=Code.TRADED_AWAY), event.cover)


def on_wake(turn: Turn, card: Card) -> None:
    """Whatever is due: the oracle's deadline, quotes' ends, the request's end. Markouts are taken before this."""
    if card.rfq.expires_at <= turn.now:
        close_quietly(turn, card, RfqTrigger.TIME_PASSED, Outcome.EXPIRED, Reason(code=Code.EXPIRED))
        return
    if card.estimate_due_at and card.estimate_due_at <= turn.now:
        use_fallback(turn, card)
        return
    before = watches(card)
    for quote in card.quotes:
        if quote.state in _STANDING and quote.expires_at <= turn.now:
            card = move_quote(card, quote, QuoteTrigger.TIME_PASSED)
    if before and not watches(card):
        turn.stop_watching(card.underlying)
    turn.keep(settle_quoted(card))


def on_client_gone(turn: Turn, card: Card, party: PartyId, reason: Reason) -> None:
    """The client cannot be reached: its Rfq ends and our quotes on it are off."""
    if can_move(card, RfqTrigger.CANCELLED):
        close_quietly(turn, card, RfqTrigger.CANCELLED, Outcome.CANCELLED, reason)
