"""The end of an Rfq: its outcome is said once, and its card stays only as long as something may still come."""

from decimal import Decimal

from msgspec.structs import replace

from rfq.desk.card import Card
from rfq.desk.turn import Turn, watches
from rfq.domain.effects import Closed
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Reason

_TIMED_OUT = Outcome.TIMED_OUT


LATE_NS = 3_600_000_000_000
"""How long a timed-out Rfq is kept for a fill that comes late: one hour."""


def end(turn: Turn, card: Card, outcome: Outcome, reason: Reason, cover: Decimal | None = None) -> None:
    """The Rfq has its outcome; the card stays while markouts are due, or a late fill may come."""
    before = turn.draft.card(card.rfq.id)
    if before is not None and watches(before):
        turn.stop_watching(card.underlying)
    turn.add(Closed(rfq=card.rfq.id, party=card.rfq.party, outcome=outcome, reason=reason, cover=cover))
    forget_at = turn.now + LATE_NS if outcome is _TIMED_OUT else 0
    sweep(turn, replace(card, outcome=outcome, estimate_due_at=0, decide_at=0, forget_at=forget_at))


def sweep(turn: Turn, card: Card) -> None:
    """Keep a closed card while it waits for something; forget it otherwise."""
    if card.marks or card.forget_at > turn.now:
        turn.keep(card)
        return
    if card.wake_at > turn.now:
        turn.unset_timer(card.rfq.id)
    turn.draft.drop(card.rfq.id)
