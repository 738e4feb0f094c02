"""Telling dealers how it ended: who traded (and what the cover was), who was cover, tied, or done away."""

from decimal import Decimal

from rfq.desk.allocation import order
from rfq.desk.card import Card, move_quote
from rfq.desk.turn import Turn
from rfq.domain.effects import TellOutcome, WithdrawRfq
from rfq.domain.ids import PartyId
from rfq.domain.lifecycle import QuoteState, QuoteTrigger
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

_BUY = Side.BUY
_ACTIVE = QuoteState.ACTIVE
_TRIGGER = {
    Outcome.COVER: QuoteTrigger.LOST_SECOND,
    Outcome.TIED: QuoteTrigger.LOST_TIED,
    Outcome.TIED_COVER: QuoteTrigger.LOST_TIED_SECOND,
    Outcome.DONE_AWAY: QuoteTrigger.LOST,
}


def winners(card: Card) -> tuple[PartyId, ...]:
    """The dealers that traded, in order of their first fill."""
    return tuple(dict.fromkeys(fill.counterparty for fill in card.fills))


def tell_done(turn: Turn, card: Card, winner: PartyId, cover: Decimal | None) -> None:
    """Tell a dealer that traded so, by its own id for the quote that it traded on."""
    quote = next(card.quote(fill.quote) for fill in card.fills if fill.counterparty == winner)
    reference = quote.reference if quote is not None else ""
    turn.add(TellOutcome(to=winner, rfq=card.rfq.id, reference=reference, outcome=Outcome.DONE, cover=cover))


def tell_losers(turn: Turn, card: Card) -> tuple[Card, Decimal | None]:
    """Tell every dealer of the panel; returns the card with the losers' quotes moved, and the cover price.

    A losing quote at the worst traded price is TIED; the best price below that is COVER, or TIED_COVER if several
    share it; the rest are DONE_AWAY, also what could not have been traded on (indicative, or past its time). Only who
    traded learns the cover price.
    """
    side = card.rfq.ask.side
    standing = tuple(one for one in card.quotes if one.state is _ACTIVE)
    losers = order(standing, side=side, limit=None)
    traded = [fill.price for fill in card.fills]
    worst = max(traded) if side is _BUY else min(traded)
    real = [one for one in losers if one.quote.firm and turn.received_at < one.quote.expires_at]
    cover = real[0].price if real else None
    second = next((one.price for one in real if one.price != worst), None)
    shared = sum(1 for one in real if one.price == second) > 1
    told = set()
    for winner in winners(card):
        tell_done(turn, card, winner, cover)
        told.add(winner)
    for one in losers:
        if one not in real:
            outcome = Outcome.DONE_AWAY
        elif one.price == worst:
            outcome = Outcome.TIED
        elif one.price == second:
            outcome = Outcome.TIED_COVER if shared else Outcome.COVER
        else:
            outcome = Outcome.DONE_AWAY
        card = move_quote(card, one.quote, _TRIGGER[outcome])
        turn.add(
            TellOutcome(to=one.quote.maker, rfq=card.rfq.id, reference=one.quote.reference, outcome=outcome)
        )
        told.add(one.quote.maker)
    for dealer in card.panel:
        if dealer not in told and dealer not in card.passed:
            turn.add(WithdrawRfq(to=dealer, rfq=card.rfq.id, reason=Reason(code=Code.RFQ_DONE)))
    return card, cover
