"""What the desk asks of the world: a closed union, each in the imperative (or naming what is to be shown).

Inward effects run at once. Outward effects are what a counterparty sees: they run in log order, after their record is
durable, and their fate comes back as `Sent` or `NotSent`. Those with a `not_after_at` are checked against the clock
once more at sending. `again` marks a possible duplicate after a restart.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeGuard, get_args

from pricing.quoting import QuotePrice
from rfq.domain.fact import Fact
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, FillId, PartyId, QuoteId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.reasons import Reason
from rfq.domain.request import Ask, Side
from rfq.domain.row import FeatureRow

# --- inward ----------------------------------------------------------------------------------------------------


class Estimate(Fact, frozen=True, kw_only=True, tag="Estimate.1"):
    """Ask the oracle for numbers on this row; an answer after `deadline_at` is not waited for."""

    rfq: RfqId
    row: FeatureRow
    deadline_at: int


class SetTimer(Fact, frozen=True, kw_only=True, tag="SetTimer.1"):
    """Wake the desk for this Rfq at `at`; replaces the Rfq's earlier wake. `at` 0 drops it."""

    rfq: RfqId
    at: int


class Watch(Fact, frozen=True, kw_only=True, tag="Watch.1"):
    """Tell the desk when this underlying moved by `move_bps` since it was last told."""

    underlying: str
    move_bps: Decimal


class Unwatch(Fact, frozen=True, kw_only=True, tag="Unwatch.1"):
    """No need any more."""

    underlying: str


class RankRow(Fact, frozen=True, kw_only=True, tag="RankRow.1"):
    """One quote in the ranking: what it costs against our fair, how that lies in the modelled distribution
    (`percentile`, 0 = cheap for us, 1 = dear), the dealer's record, the time left, and why it stands where it does."""

    quote: QuoteId
    dealer: PartyId
    price: Decimal
    amount: Decimal
    cost_bps: float
    percentile: float
    record_bps: float
    score_bps: float
    left_ms: int
    why: str


class Ranked(Fact, frozen=True, kw_only=True, tag="Ranked.1"):
    """The quotes on one of our Rfqs, best first."""

    rfq: RfqId
    fair: Decimal
    model: str
    policy: str
    rows: tuple[RankRow, ...]


class Booked(Fact, frozen=True, kw_only=True, tag="Booked.1"):
    """A trade that a dealer reported is in our books (what a client is confirmed stands in `ConfirmFill`)."""

    fill: Fill


class Marked(Fact, frozen=True, kw_only=True, tag="Marked.1"):
    """The markout of a fill at one horizon: how far our fair moved since the trade, positive = good for us."""

    rfq: RfqId
    fill: FillId
    counterparty: PartyId
    horizon_s: int
    markout_bps: float
    edge_bps: float


class Closed(Fact, frozen=True, kw_only=True, tag="Closed.1"):
    """An Rfq came to its end."""

    rfq: RfqId
    party: PartyId
    outcome: Outcome
    reason: Reason
    cover: Decimal | None = None


class Quarantined(Fact, frozen=True, kw_only=True, tag="Quarantined.1"):
    """Handling an event of this Rfq failed inside the desk; nothing of it was kept, and the Rfq is put aside."""

    rfq: str
    where: str


class StateTaken(Fact, frozen=True, kw_only=True, tag="StateTaken.1"):
    """The hash and size (bytes) of the desk's canonical state at the beginning of a segment."""

    state: str
    size: int


class KillSet(Fact, frozen=True, kw_only=True, tag="KillSet.1"):
    """The kill switch is on or off, since whom."""

    on: bool
    by: PartyId


class Ignored(Fact, frozen=True, kw_only=True, tag="Ignored.1"):
    """An event changed nothing, and why (an operator sees it; nobody is told)."""

    reason: Reason
    rfq: str = ""
    party: str = ""


# --- outward, as maker -----------------------------------------------------------------------------------------


class RefuseRfq(Fact, frozen=True, kw_only=True, tag="RefuseRfq.1"):
    """Decline a request, or pass on it. `rfq` is empty if none was born."""

    to: PartyId
    reference: str
    reason: Reason
    rfq: str = ""
    again: bool = False


class SendQuote(Fact, frozen=True, kw_only=True, tag="SendQuote.1"):
    """Our price, with its waterfall and what it was made of; must not leave at or after `not_after_at`."""

    to: PartyId
    reference: str
    quote: Quote
    price: QuotePrice
    model: str
    policy: str
    not_after_at: int
    fallback: bool = False


class WithdrawQuote(Fact, frozen=True, kw_only=True, tag="WithdrawQuote.1"):
    """Take our quote back."""

    to: PartyId
    rfq: RfqId
    quote: QuoteId
    reason: Reason
    again: bool = False


class ConfirmFill(Fact, frozen=True, kw_only=True, tag="ConfirmFill.1"):
    """The client's acceptance is filled."""

    to: PartyId
    reference: str
    fill: Fill
    again: bool = False


class RefuseAccept(Fact, frozen=True, kw_only=True, tag="RefuseAccept.1"):
    """The client's acceptance is not honoured."""

    to: PartyId
    reference: str
    quote: QuoteId
    reason: Reason
    again: bool = False


# --- outward, as taker -----------------------------------------------------------------------------------------


class AskDealer(Fact, frozen=True, kw_only=True, tag="AskDealer.1"):
    """Send our request to one dealer of the panel."""

    to: PartyId
    rfq: RfqId
    ask: Ask
    expires_at: int
    not_after_at: int
    competitors: int = 0


class WithdrawRfq(Fact, frozen=True, kw_only=True, tag="WithdrawRfq.1"):
    """Tell a dealer that the request has ended without it."""

    to: PartyId
    rfq: RfqId
    reason: Reason
    again: bool = False


class AcceptQuote(Fact, frozen=True, kw_only=True, tag="AcceptQuote.1"):
    """Trade on a dealer's quote (`reference` is the dealer's id for it) at `price`; must leave before it expires."""

    to: PartyId
    rfq: RfqId
    quote: QuoteId
    reference: str
    accept: AcceptId
    side: Side
    amount: Decimal
    price: Decimal
    not_after_at: int
    again: bool = False


class RefuseQuote(Fact, frozen=True, kw_only=True, tag="RefuseQuote.1"):
    """A dealer's quote is not taken in."""

    to: PartyId
    rfq: str
    reference: str
    reason: Reason
    again: bool = False


class TellOutcome(Fact, frozen=True, kw_only=True, tag="TellOutcome.1"):
    """Tell a dealer what became of its quote; the cover price goes only to the one that traded."""

    to: PartyId
    rfq: RfqId
    reference: str
    outcome: Outcome
    cover: Decimal | None = None
    again: bool = False


Inward = (
    Estimate
    | SetTimer
    | Watch
    | Unwatch
    | Ranked
    | Booked
    | Marked
    | Closed
    | Quarantined
    | StateTaken
    | KillSet
    | Ignored
)
Outward = (
    RefuseRfq
    | SendQuote
    | WithdrawQuote
    | ConfirmFill
    | RefuseAccept
    | AskDealer
    | WithdrawRfq
    | AcceptQuote
    | RefuseQuote
    | TellOutcome
)
Effect = Inward | Outward

OUTWARD: frozenset[type] = frozenset(get_args(Outward))


def is_outward(effect: Effect) -> TypeGuard[Outward]:
    """True if a counterparty sees it."""
    return type(effect) in OUTWARD


def outward_of(effects: Iterable[Effect]) -> list[tuple[int, Outward]]:
    """The outward effects, with their index in the record."""
    return [(index, effect) for index, effect in enumerate(effects) if is_outward(effect)]


def not_after(effect: Outward) -> int:
    """The instant (UTC ns) at which this effect may no longer leave; 0 = none."""
    return getattr(effect, "not_after_at", 0)
