"""Trading on dealers' quotes: decide, accept, take in fills and refusals, and tell everybody how it ended.

While an acceptance is out its quotes are locked and nothing else of the Rfq is accepted, so a size is never bought
twice. An answer that never comes ends the Rfq as TIMED_OUT; a fill that comes late after all is still booked.
"""

from decimal import Decimal

from msgspec.structs import replace

from rfq.desk import evaluation, limits
from rfq.desk.allocation import Share, allocate
from rfq.desk.booking import book, fair_now
from rfq.desk.card import Acceptance, Card, move_quote, move_rfq, settle_quoted
from rfq.desk.closing import end
from rfq.desk.feedback import tell_done, tell_losers, winners
from rfq.desk.intake import step_of
from rfq.desk.scorecards import count
from rfq.desk.turn import MS, Turn
from rfq.domain.checkers import plain_decimal
from rfq.domain.effects import AcceptQuote, Booked, Ranked, WithdrawRfq
from rfq.domain.events import AcceptRefused, FillReported
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, FillId, QuoteId
from rfq.domain.lifecycle import QuoteState, QuoteTrigger, RfqState, RfqTrigger, rfq_next
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Rfq, Role, Side

_ACTIVE = QuoteState.ACTIVE
_LOCKED = QuoteState.LOCKED
_QUOTED = RfqState.QUOTED
LAST_CALL_NS = 500_000_000
_WAITING = (RfqState.ACCEPTING, RfqState.LAST_LOOK, RfqState.PENDING_SETTLEMENT, RfqState.PARTIAL)


def is_waiting(card: Card) -> bool:
    """True while an acceptance of ours is out."""
    return card.rfq.state in _WAITING


def last_call(rfq: Rfq) -> int:
    """When the desk decides for the last time by the clock: shortly before the end (a tenth of the life, at most half a
    second). What comes after it is decided at once."""
    return rfq.expires_at - min(LAST_CALL_NS, (rfq.expires_at - rfq.opened_at) // 10)


def decide(turn: Turn, card: Card) -> None:
    """Accept what is fair enough; otherwise look again later, as long as the Rfq lives."""
    last_at = last_call(card.rfq)
    later_at = min(turn.now + turn.state.policy.collect_ms * MS, last_at)
    card = replace(card, decide_at=later_at if turn.now < last_at else 0)
    valuation = turn.valuation(card)
    if card.rfq.state is not _QUOTED or card.estimates is None or isinstance(valuation, Reason):
        turn.keep(card)
        return
    ranked = next((one for one in turn.effects if type(one) is Ranked), None)
    if ranked is None or ranked.rfq != card.rfq.id:
        ranked = evaluation.rank(turn, card, valuation, card.estimates)
        if ranked.rows:
            turn.add(ranked)
    ceiling = float(turn.state.policy.accept_percentile_max)
    fair = {row.quote for row in ranked.rows if row.percentile <= ceiling}
    if not fair:
        turn.ignore(Code.UNFAIR, rfq=card.rfq.id, detail=f"no quote below the {ceiling:.0%} percentile")
        turn.keep(card)
        return
    accept(turn, card, among=fair)


def accept(turn: Turn, card: Card, only: QuoteId | None = None, among: set[QuoteId] | None = None) -> None:
    """Spread the acceptance over the standing quotes (one by name, or those in `among`) and send it out."""
    assert card.block is not None
    reason = _refuse_named(turn, card, only) if only is not None else None
    if turn.received_at >= card.rfq.expires_at:
        reason = Reason(code=Code.EXPIRED, field="rfq")
    if reason is not None:
        turn.ignore(reason.code, rfq=card.rfq.id, field=reason.field, detail=reason.detail)
        turn.keep(card)
        return
    standing = tuple(
        one
        for one in card.quotes
        if _usable(turn, one) and (only is None or one.id == only) and (among is None or one.id in among)
    )
    block = card.block
    shares = allocate(
        standing,
        side=card.rfq.ask.side,
        amount=card.rfq.ask.amount - block.filled,
        limit=block.limit,
        mode=block.allocation,
        step=step_of(turn.state, card.rfq.ask),
    )
    if isinstance(shares, Reason) or card.rfq.state is not _QUOTED:
        reason = shares if isinstance(shares, Reason) else Reason(code=Code.QUOTE_LOCKED)
        turn.ignore(reason.code, rfq=card.rfq.id, field=reason.field, detail=reason.detail)
        turn.keep(card)
        return
    _send(turn, card, shares)


def _usable(turn: Turn, quote: Quote) -> bool:
    return (
        quote.firm
        and quote.state is _ACTIVE
        and turn.received_at < quote.expires_at
        and quote.maker in turn.state.sessions
    )


def _refuse_named(turn: Turn, card: Card, only: QuoteId) -> Reason | None:
    """Why the quote that one of our people named cannot be accepted, or None."""
    quote = card.quote(only)
    if quote is None:
        return Reason(code=Code.UNKNOWN_QUOTE, field="quote", detail=only)
    if quote.state is _LOCKED:
        return Reason(code=Code.QUOTE_LOCKED, field="quote")
    if turn.received_at >= quote.expires_at or quote.state is QuoteState.EXPIRED:
        return Reason(code=Code.QUOTE_EXPIRED, field="quote")
    if quote.state is not _ACTIVE:
        return Reason(code=Code.QUOTE_GONE, field="quote", detail=f"the quote is {quote.state}")
    return None if quote.firm else Reason(code=Code.NOT_FIRM, field="quote")


def _send(turn: Turn, card: Card, shares: tuple[Share, ...]) -> None:
    """Have the limits approve each share, lock its quote, send the acceptance."""
    valuation = turn.valuation(card)
    total = sum((share.amount for share in shares), Decimal(0))
    approved = []
    for share in shares:
        if isinstance(valuation, Reason):
            _refuse(turn, card, valuation)
            return
        effect = AcceptQuote(
            to=share.quote.maker,
            rfq=card.rfq.id,
            quote=share.quote.id,
            reference=share.quote.reference,
            accept=AcceptId(turn.ids.make("a")),
            side=card.rfq.ask.side,
            amount=share.amount,
            price=share.price,
            not_after_at=share.quote.expires_at,
        )
        found = limits.approve(effect, turn.facts(card, valuation, share.quote.maker, total))
        if isinstance(found, Reason):
            _refuse(turn, card, found)
            return
        approved.append(found)
    for one, share in zip(approved, shares, strict=True):
        turn.send(one)
        turn.draft.put_scorecard(count(turn.draft.scorecard(share.quote.maker), "chosen"))
        card = move_quote(card, share.quote, QuoteTrigger.ACCEPTED)
        made = Acceptance(
            id=one.effect.accept,
            quote=share.quote.id,
            counterparty=share.quote.maker,
            reference=share.quote.reference,
            amount=share.amount,
            price=share.price,
            filled=Decimal(0),
        )
        card = replace(card, accepts=(*card.accepts, made))
    due_at = turn.now + turn.state.policy.accept_timeout_ms * MS
    turn.keep(replace(move_rfq(card, RfqTrigger.ACCEPTED), decide_at=0, accept_due_at=due_at))


def _refuse(turn: Turn, card: Card, reason: Reason) -> None:
    """Our own limits do not allow it: the request ends here."""
    give_up(turn, card, RfqTrigger.CANCELLED, Outcome.REJECTED, reason)


def on_fill(turn: Turn, card: Card | None, event: FillReported) -> None:
    """A dealer reports a trade on our acceptance."""
    found = _find(card, event.accept)
    if card is None or found is None or found.counterparty != event.dealer:
        turn.ignore(Code.UNKNOWN_QUOTE, party=event.dealer, field="accept", detail=event.accept)
        return
    again = any(one.counterparty == event.dealer and one.reference == event.reference for one in card.fills)
    if again:
        turn.ignore(Code.DUPLICATE, rfq=card.rfq.id, party=event.dealer, field="reference")
        return
    if not found.open:
        turn.ignore(Code.QUOTE_GONE, rfq=card.rfq.id, party=event.dealer, field="accept", detail=event.accept)
        return
    worse = event.price > found.price if card.rfq.ask.side is Side.BUY else event.price < found.price
    if not 0 < event.amount <= found.amount - found.filled or worse:
        told = f"{plain_decimal(event.amount)} at {plain_decimal(event.price)}"
        detail = f"{told}; accepted {plain_decimal(found.amount)} at {plain_decimal(found.price)}"
        turn.ignore(Code.AMOUNT, rfq=card.rfq.id, party=event.dealer, field="amount", detail=detail)
        return
    fair, delta_usd = fair_now(turn.valuation(card), card)
    fill = Fill(
        id=FillId(turn.ids.make("f")),
        rfq=card.rfq.id,
        quote=found.quote,
        accept=found.id,
        role=Role.TAKER,
        counterparty=event.dealer,
        side=card.rfq.ask.side,
        amount=event.amount,
        price=event.price,
        fair=fair,
        reference=event.reference,
        at=turn.now,
    )
    turn.draft.put_scorecard(count(turn.draft.scorecard(event.dealer), "done"))
    turn.add(Booked(fill=fill))
    _settle(turn, book(turn, _fill_acceptance(card, found, event.amount), fill, delta_usd))


def _find(card: Card | None, accept: AcceptId) -> Acceptance | None:
    if card is None:
        return None
    return next((one for one in card.accepts if one.id == accept), None)


def _fill_acceptance(card: Card, accept: Acceptance, amount: Decimal) -> Card:
    """The card with `amount` more filled of this acceptance, and of the block."""
    block = card.block
    assert block is not None
    filled = accept.filled + amount
    done = filled == accept.amount
    after = replace(accept, filled=filled, open=not done)
    accepts = tuple(after if one.id == accept.id else one for one in card.accepts)
    quote = card.quote(accept.quote)
    if done and quote is not None and quote.state is _LOCKED:
        offered = quote.amount_for(card.rfq.ask.side)
        whole = QuoteTrigger.FILLED if filled == offered else QuoteTrigger.PART_FILLED
        card = move_quote(card, quote, whole)
    return replace(card, accepts=accepts, block=replace(block, filled=block.filled + amount))


def _settle(turn: Turn, card: Card) -> None:
    """After a fill: the Rfq is filled, or waits for the rest, or goes on with the rest."""
    assert card.block is not None
    whole = card.block.filled == card.rfq.ask.amount
    if rfq_next(card.rfq.state, RfqTrigger.MAKER_AGREED) is not None:
        card = move_rfq(card, RfqTrigger.MAKER_AGREED)
    printed = RfqTrigger.ALL_PRINTED if whole else RfqTrigger.PART_PRINTED
    if rfq_next(card.rfq.state, printed) is not None:
        card = move_rfq(card, printed)
    if card.closed:  # it has had its outcome, and everybody else was told
        dealer = card.fills[-1].counterparty
        if dealer not in {one.counterparty for one in card.fills[:-1]}:
            tell_done(turn, card, dealer, None)
        turn.keep(replace(card, forget_at=0) if whole else card)
    elif whole:
        finish(turn, card)
    else:
        _go_on(turn, card)


def _go_on(turn: Turn, card: Card) -> None:
    """Wait for the acceptances that are still out; if there are none, go on with what is left of the size."""
    if any(one.open for one in card.accepts):
        turn.keep(card)
        return
    back = RfqTrigger.REMAINDER_OPEN if card.rfq.state is RfqState.PARTIAL else RfqTrigger.MAKER_REFUSED
    card = settle_quoted(replace(move_rfq(card, back), accept_due_at=0))
    if card.rfq.expires_at <= turn.now:
        give_up(turn, card, RfqTrigger.TIME_PASSED, Outcome.EXPIRED, Reason(code=Code.EXPIRED))
    elif turn.state.policy.auto_accept:
        decide(turn, card)
    else:
        turn.keep(card)


def on_refused(turn: Turn, card: Card | None, event: AcceptRefused) -> None:
    """A dealer does not honour our acceptance: it is remembered, and we go on without it."""
    found = _find(card, event.accept)
    if card is None or found is None or found.counterparty != event.dealer or not found.open:
        turn.ignore(Code.UNKNOWN_QUOTE, party=event.dealer, field="accept", detail=event.accept)
        return
    turn.draft.put_scorecard(count(turn.draft.scorecard(event.dealer), "refused"))
    _without(turn, card, found)


def take_back(turn: Turn, card: Card, accept: AcceptId) -> None:
    """An acceptance of ours that never left: go on without it."""
    found = _find(card, accept)
    if found is not None and found.open:
        _without(turn, card, found)


def _without(turn: Turn, card: Card, accept: Acceptance) -> None:
    """Close the acceptance and its quote, and go on with what is left."""
    accepts = tuple(replace(one, open=False) if one.id == accept.id else one for one in card.accepts)
    card = replace(card, accepts=accepts)
    quote = card.quote(accept.quote)
    if quote is not None and quote.state is _LOCKED:
        card = move_quote(card, quote, QuoteTrigger.PART_FILLED if accept.filled else QuoteTrigger.REFUSED)
    if card.closed:
        turn.keep(card)
        return
    _go_on(turn, card)


def on_overdue(turn: Turn, card: Card) -> None:
    """No answer came to our acceptance: nothing more is accepted on this Rfq."""
    reason = Reason(code=Code.TIMED_OUT, detail="no answer to our acceptance")
    give_up(turn, card, RfqTrigger.ANSWER_OVERDUE, Outcome.TIMED_OUT, reason)


def finish(turn: Turn, card: Card) -> None:
    """Done: tell the winners and the losers, and close."""
    card, cover = tell_losers(turn, card)
    end(turn, replace(card, accept_due_at=0), Outcome.DONE, Reason(code=Code.TRADED), cover)


def give_up(turn: Turn, card: Card, trigger: RfqTrigger, outcome: Outcome, reason: Reason) -> None:
    """End without (more) trading: standing quotes lapse, and the dealers that were asked are told."""
    what = QuoteTrigger.TIME_PASSED if trigger is RfqTrigger.TIME_PASSED else QuoteTrigger.CANCELLED
    waiting = {one.counterparty for one in card.accepts if one.open}
    traded = winners(card)
    for quote in card.quotes:
        if quote.state in (QuoteState.PENDING, _ACTIVE):
            card = move_quote(card, quote, what)
    for dealer in card.panel:
        if dealer in traded:
            tell_done(turn, card, dealer, None)
        elif dealer not in card.passed and dealer not in waiting:
            turn.add(WithdrawRfq(to=dealer, rfq=card.rfq.id, reason=reason))
    card = move_rfq(card, trigger)
    if traded and outcome is not Outcome.TIMED_OUT:  # something was done; the reason says why not all
        outcome = Outcome.DONE
    end(turn, replace(card, accept_due_at=0), outcome, reason)
