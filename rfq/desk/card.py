"""What the desk remembers of one Rfq while it lives: an immutable card, replaced as a whole at each step."""

from decimal import Decimal

from msgspec.structs import replace

from pricing.estimates import Estimates
from rfq.domain.block import Block
from rfq.domain.fact import Fact
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, PartyId, QuoteId
from rfq.domain.lifecycle import (
    QuoteState,
    QuoteTrigger,
    RfqState,
    RfqTrigger,
    quote_is_live,
    quote_next,
    rfq_next,
)
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.request import Rfq, Role, Side
from rfq.domain.row import FeatureRow

# Members of enums that each event meets, bound once: in Python 3.11 to look one up costs as much as a call.
_ACTIVE = QuoteState.ACTIVE
_PENDING = QuoteState.PENDING
_OPEN = RfqState.OPEN
_QUOTABLE = RfqState.QUOTABLE
_QUOTED = RfqState.QUOTED


class MarkDue(Fact, frozen=True, kw_only=True, tag="MarkDue.1"):
    """A markout still to be taken: which fill (index in the card), at which horizon, when."""

    fill: int
    horizon_s: int
    due_at: int


class Acceptance(Fact, frozen=True, kw_only=True, tag="Acceptance.1"):
    """One acceptance: of which quote, how much, at what price; filled so far; the other side's word for it.

    As taker `id` is ours and `reference` the dealer's quote id; as maker `reference` is the client's id for it.
    """

    id: AcceptId
    quote: QuoteId
    counterparty: PartyId
    reference: str
    amount: Decimal
    price: Decimal
    filled: Decimal
    open: bool = True


class Card(Fact, frozen=True, kw_only=True, tag="Card.1"):
    """One Rfq with all that belongs to it. Instants are 0 while they do not apply.
    `fair` (in the unit of the price) and `delta_usd` (per unit of amount) are those of the last time we looked."""

    rfq: Rfq
    underlying: str
    row: FeatureRow
    fair: Decimal
    delta_usd: float
    quotes: tuple[Quote, ...] = ()
    estimates: Estimates | None = None
    model: str = ""
    fallback: bool = False
    estimate_due_at: int = 0
    decide_at: int = 0
    accept_due_at: int = 0
    forget_at: int = 0
    wake_at: int = 0
    panel: tuple[PartyId, ...] = ()
    passed: tuple[PartyId, ...] = ()
    block: Block | None = None
    accepts: tuple[Acceptance, ...] = ()
    fills: tuple[Fill, ...] = ()
    marks: tuple[MarkDue, ...] = ()
    outcome: Outcome | None = None

    @property
    def closed(self) -> bool:
        """True once the Rfq has its outcome (it may still be waiting for markouts)."""
        return self.outcome is not None

    def quote(self, quote: str) -> Quote | None:
        """The quote of that id, or None."""
        for one in self.quotes:
            if one.id == quote:
                return one
        return None

    def live_quotes(self) -> tuple[Quote, ...]:
        """Quotes that may still be traded on, oldest first."""
        return tuple(one for one in self.quotes if quote_is_live(one.state))


QUOTES_MAX = 64
_FORGETTABLE = (QuoteState.REPLACED, QuoteState.EXPIRED, QuoteState.CANCELLED, QuoteState.REJECTED)


def add_quote(card: Card, quote: Quote) -> Card:
    """The card with one quote more; of those that are over, only the newest are kept."""
    quotes = (*card.quotes, quote)
    if len(quotes) > QUOTES_MAX:
        oldest = next((place for place, one in enumerate(quotes) if one.state in _FORGETTABLE), None)
        if oldest is not None:
            quotes = quotes[:oldest] + quotes[oldest + 1 :]
    return replace(card, quotes=quotes)


def weigh(card: Card) -> tuple[int, int]:
    """How far what stands of this card may move the exposure, up and down, in whole USD: the worse side of a quote of
    ours, or the acceptances of ours that are out."""
    up = down = 0.0
    if card.rfq.role is Role.MAKER:
        for quote in card.quotes:
            if quote.state is QuoteState.ACTIVE or quote.state is QuoteState.PENDING:
                for amount, sign in ((quote.bid_amount, 1.0), (quote.offer_amount, -1.0)):
                    move = sign * card.delta_usd * float(amount or 0)
                    up, down = max(up, move), min(down, move)
    else:
        sign = 1.0 if card.rfq.ask.side is Side.BUY else -1.0
        for accept in card.accepts:
            if accept.open:
                move = sign * card.delta_usd * float(accept.amount - accept.filled)
                up, down = up + max(move, 0.0), down + min(move, 0.0)
    return round(up), round(down)


def with_quote(card: Card, quote: Quote) -> Card:
    """The card with this quote in place of the one of the same id, or added."""
    found = False
    quotes = []
    for one in card.quotes:
        if one.id == quote.id:
            quotes.append(quote)
            found = True
        else:
            quotes.append(one)
    if not found:
        quotes.append(quote)
    return replace(card, quotes=tuple(quotes))


def move_rfq(card: Card, trigger: RfqTrigger) -> Card:
    """The card after `trigger`; an illegal move is a bug in the desk, hence an assertion."""
    rfq = card.rfq
    state = rfq_next(rfq.state, trigger)
    assert state is not None, f"rfq {rfq.id}: {trigger} in {rfq.state}"
    return replace(card, rfq=replace(rfq, state=state))


def can_move(card: Card, trigger: RfqTrigger) -> bool:
    """True if `trigger` is legal now."""
    return rfq_next(card.rfq.state, trigger) is not None


def move_quote(card: Card, quote: Quote, trigger: QuoteTrigger) -> Card:
    """The card with this quote moved; an illegal move is a bug in the desk, hence an assertion."""
    state = quote_next(quote.state, trigger)
    assert state is not None, f"quote {quote.id}: {trigger} in {quote.state}"
    return with_quote(card, replace(quote, state=state))


def settle_quoted(card: Card) -> Card:
    """The card with its Rfq QUOTED or QUOTABLE according to whether a live quote is left."""
    state = card.rfq.state
    if state is _QUOTED:
        if not any(one.state in (_ACTIVE, _PENDING) for one in card.quotes):
            return move_rfq(card, RfqTrigger.LAST_QUOTE_GONE)
    elif state in (_OPEN, _QUOTABLE) and card.live_quotes():
        return move_rfq(card, RfqTrigger.FIRST_QUOTE)
    return card
