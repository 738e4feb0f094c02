"""Putting one Rfq aside after a fault inside the desk, so that nothing else is disturbed.

An event that concerns many Rfqs (the market moved, a session went down, the kill switch) handles each behind `each`:
if one of them fails, its changes are taken back, it alone is put aside, and the rest goes on.
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from rfq.desk.card import Card, move_rfq
from rfq.desk.closing import LATE_NS
from rfq.desk.turn import Turn, watches
from rfq.domain.effects import Closed, Quarantined, RefuseRfq, WithdrawQuote, WithdrawRfq
from rfq.domain.ids import RfqId
from rfq.domain.lifecycle import QuoteState, RfqTrigger
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role

_STANDING = (QuoteState.PENDING, QuoteState.ACTIVE)


def each(turn: Turn, cards: Iterable[Card], step: Callable[[Card], None]) -> None:
    """Do `step` for each card; one that fails is put aside, and the others are none the worse for it."""
    for card in cards:
        draft, kept = turn.draft.copy(), len(turn.effects)
        try:
            step(card)
        except Exception as error:
            turn.draft = draft
            del turn.effects[kept:]
            put_aside(turn, card.rfq.id, error)


def where(turn: Turn, error: Exception) -> str:
    """Which event, what kind of error, in which function: the same in every run (an error's own words may not be)."""
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    place = found.tb_frame.f_code.co_name if found is not None else "?"
    return f"{type(turn.stamped.event).__name__}: {type(error).__name__} in {place}"


def _tell(turn: Turn, card: Card, reason: Reason) -> None:
    """Our quotes are taken back, or the client is told that there is none; dealers that were asked need not answer."""
    rfq = card.rfq
    if rfq.role is Role.MAKER:
        standing = [quote for quote in card.quotes if quote.state in _STANDING]
        for quote in standing:
            turn.add(WithdrawQuote(to=rfq.party, rfq=rfq.id, quote=quote.id, reason=reason))
        if not standing:
            turn.add(RefuseRfq(to=rfq.party, reference=rfq.reference, reason=reason, rfq=rfq.id))
        return
    waiting = [one.counterparty for one in card.accepts if one.open]
    for dealer in card.panel:
        if dealer not in card.passed and dealer not in waiting:
            turn.add(WithdrawRfq(to=dealer, rfq=rfq.id, reason=reason))


def put_aside(turn: Turn, rfq: str, error: Exception) -> None:
    """Close the Rfq as QUARANTINED and take our quotes on it back. Fails only if the card itself is broken."""
    turn.add(Quarantined(rfq=rfq, where=where(turn, error)))
    card = turn.draft.card(rfq)
    if card is None:
        return
    if card.closed:  # what was still due of it is given up; a late fill can still be booked
        turn.keep(replace(card, marks=(), forget_at=turn.now + LATE_NS))
        return
    reason = Reason(code=Code.FAULT)
    _tell(turn, card, reason)
    if watches(card):
        turn.stop_watching(card.underlying)
    quotes = tuple(
        replace(one, state=QuoteState.CANCELLED) if one.state in _STANDING else one for one in card.quotes
    )
    turn.add(Closed(rfq=RfqId(rfq), party=card.rfq.party, outcome=Outcome.REJECTED, reason=reason))
    aside = replace(
        card,
        quotes=quotes,
        outcome=Outcome.REJECTED,
        estimate_due_at=0,
        decide_at=0,
        marks=(),
        forget_at=turn.now + LATE_NS,
    )
    turn.keep(move_rfq(aside, RfqTrigger.FAULT))
