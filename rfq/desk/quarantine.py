"""Putting one Rfq aside after a fault inside the desk, so that nothing else is disturbed.

An event that concerns many Rfqs (the market moved, a session went down, the kill switch) handles each behind `each`:
if one of them fails, its changes are taken back, it alone is put aside, and the rest goes on.
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from rfq.desk.card import Card, move_rfq
from rfq.desk.closing import LATE_NS
from rfq.desk.turn import Turn, watches
from rfq.domain.effects import Closed, Quarantined, WithdrawQuote
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


def put_aside(turn: Turn, rfq: str, error: Exception) -> None:
    """Close the Rfq as QUARANTINED and take our quotes on it back. Too simple to fail again."""
    where = f"{type(turn.stamped.event).__name__}: {type(error).__name__}: {error}"[:200]
    turn.add(Quarantined(rfq=rfq, where=where))
    card = turn.draft.card(rfq)
    if card is None or card.closed:
        return
    reason = Reason(code=Code.FAULT)
    if card.rfq.role is Role.MAKER and card.rfq.party in turn.state.sessions:
        for quote in card.quotes:
            if quote.state in _STANDING:
                turn.add(WithdrawQuote(to=card.rfq.party, rfq=card.rfq.id, quote=quote.id, reason=reason))
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
