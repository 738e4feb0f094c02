"""Booking a fill: positions, exposure, records, and the markouts that are now due; and taking those markouts."""

from decimal import Decimal

from msgspec.structs import replace

from pricing.valuation import Valuation
from rfq.desk.card import Card, MarkDue
from rfq.desk.scorecards import add_mark, add_markout
from rfq.desk.turn import Turn, exact
from rfq.domain.effects import Marked
from rfq.domain.fills import Fill
from rfq.domain.reasons import Reason

_SECOND = 1_000_000_000


def book(turn: Turn, card: Card, fill: Fill, delta_usd: float) -> Card:
    """The card with this fill; the legs' positions and the exposure move by it. `delta_usd` is that of one unit."""
    sign = fill.sign
    for leg in card.rfq.ask.structure.legs:
        turn.draft.move_position(leg.instrument, sign * leg.ratio * fill.amount)
    for hedge in card.rfq.ask.structure.hedges:
        turn.draft.move_position(hedge.instrument, sign * hedge.ratio * fill.amount)
    turn.draft.move_exposure(card.underlying, exact(sign * delta_usd * float(fill.amount)))
    index = len(card.fills)
    dues = tuple(
        MarkDue(fill=index, horizon_s=horizon, due_at=fill.at + horizon * _SECOND)
        for horizon in turn.state.policy.markout_horizons_s
    )
    return replace(card, fills=(*card.fills, fill), marks=card.marks + dues)


def take_marks(turn: Turn, card: Card) -> Card:
    """Take each markout that is due, if the market can be seen; one that cannot be taken is given up after a minute."""
    due = [mark for mark in card.marks if mark.due_at <= turn.now]
    if not due:
        return card
    left = tuple([mark for mark in card.marks if mark.due_at > turn.now])
    found = turn.mark(card)
    if isinstance(found, Reason):
        retry = tuple(
            replace(mark, due_at=turn.now + _SECOND)
            for mark in due
            if turn.now < card.fills[mark.fill].at + (mark.horizon_s + 60) * _SECOND
        )
        return replace(card, marks=left + retry)
    fair, bp = found
    for mark in due:
        fill = card.fills[mark.fill]
        sign = fill.sign
        moved = sign * (fair - float(fill.fair)) / bp
        edge = sign * float(fill.fair - fill.price) / bp
        turn.add(
            Marked(
                rfq=card.rfq.id,
                fill=fill.id,
                counterparty=fill.counterparty,
                horizon_s=mark.horizon_s,
                markout_bps=moved,
                edge_bps=edge,
            )
        )
        record = add_mark(turn.draft.scorecard(fill.counterparty), mark.horizon_s, moved)
        if mark.horizon_s == max([one.horizon_s for one in card.marks if one.fill == mark.fill]):
            record = add_markout(record, moved)
        turn.draft.put_scorecard(record)
    return replace(card, marks=left)


def fair_now(valuation: Valuation | Reason, card: Card) -> tuple[Decimal, float]:
    """Our fair and unit delta (USD) for booking; the card's last ones when the market cannot be seen."""
    if isinstance(valuation, Reason):
        return card.fair, card.delta_usd
    return exact(valuation.fair), valuation.delta_net_usd
