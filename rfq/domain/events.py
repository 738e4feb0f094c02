"""What can happen to the desk: a closed union, each in the past tense. Everything that reaches `Desk.handle` is one of
these inside a `Stamped`, and every one is logged."""

from decimal import Decimal

import msgspec

from pricing.estimates import Estimates
from pricing.instruments import Instrument
from pricing.market import MarketSnapshot
from rfq.domain.fact import Fact, Heard
from rfq.domain.ids import AcceptId, ChainId, PartyId, QuoteId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.parties import Party
from rfq.domain.policy import Allocation, Policy
from rfq.domain.reasons import Reason
from rfq.domain.request import Ask, Side

# --- the desk's own life ---------------------------------------------------------------------------------------


class ChainOpened(Fact, frozen=True, kw_only=True, tag="ChainOpened.2"):
    """The first record of a chain: everything the desk must know before anything else can happen. `numerics` is the
    fingerprint of the machine's numbers."""

    chain: ChainId
    build: str
    policy: Policy
    instruments: tuple[Instrument, ...]
    parties: tuple[Party, ...]
    numerics: str = ""


class EffectRef(Fact, frozen=True, kw_only=True, tag="EffectRef.1"):
    """Points at one effect: the number of its record, and its index in it."""

    number: int
    index: int


class Started(Fact, frozen=True, kw_only=True, tag="Started.2"):
    """The process came up on an existing chain. `unsent` are the outward effects of which no fate is recorded."""

    build: str
    unclean: bool
    unsent: tuple[EffectRef, ...]
    note: str = ""
    numerics: str = ""


class SegmentOpened(Fact, frozen=True, kw_only=True, tag="SegmentOpened.1"):
    """A new segment of the log begins; the desk answers with the hash of its state."""

    segment: int


class PolicyChanged(Fact, frozen=True, kw_only=True, tag="PolicyChanged.1"):
    """People set new numbers."""

    policy: Policy
    by: PartyId


class InstrumentsListed(Fact, frozen=True, kw_only=True, tag="InstrumentsListed.1"):
    """Instruments were added or changed (same name: replaced)."""

    instruments: tuple[Instrument, ...]


class PartyAdmitted(Fact, frozen=True, kw_only=True, tag="PartyAdmitted.1"):
    """A party was added, or its rights changed."""

    party: Party


class SessionUp(Heard, frozen=True, kw_only=True, tag="SessionUp.1"):
    """A party can be reached."""

    party: PartyId


class SessionDown(Heard, frozen=True, kw_only=True, tag="SessionDown.1"):
    """A party can no longer be reached."""

    party: PartyId


class KillPressed(Heard, frozen=True, kw_only=True, tag="KillPressed.1"):
    """Somebody stopped the desk: no new quotes, live ones are withdrawn."""

    by: PartyId


class ArmAsked(Heard, frozen=True, kw_only=True, tag="ArmAsked.1"):
    """Somebody asked to arm the desk again; it takes two different people."""

    by: PartyId


# --- as maker: we are asked ------------------------------------------------------------------------------------


class RfqReceived(Heard, frozen=True, kw_only=True, tag="RfqReceived.1"):
    """A client asks us for a price. `again`: its message says that it may have been sent before."""

    party: PartyId
    reference: str
    ask: Ask
    again: bool = False


class MessageUnreadable(Heard, frozen=True, kw_only=True, tag="MessageUnreadable.1"):
    """A party sent something that could not be read as the `kind` of message it claims to be: "rfq", "quote", "accept"
    or "fill" (which gets no answer); the reason's field says where, `text` what stood there (of an
    acceptance: the quote that it names)."""

    party: PartyId
    kind: str
    reference: str
    reason: Reason
    text: str = ""


class InboxOverflowed(Fact, frozen=True, kw_only=True, tag="InboxOverflowed.1"):
    """The inbox was full: these requests (party, reference) were not taken in."""

    requests: tuple[tuple[PartyId, str], ...]


class RfqCancelled(Heard, frozen=True, kw_only=True, tag="RfqCancelled.1"):
    """The client no longer wants a price; `reference` is its own id for the request."""

    party: PartyId
    reference: str


class AcceptReceived(Heard, frozen=True, kw_only=True, tag="AcceptReceived.1"):
    """A client accepts our quote. `order` is its order id, if it has named one beside `reference`; `by_order`: it has
    accepted by an order, and `reference` is that order's id."""

    party: PartyId
    quote: QuoteId
    reference: str
    side: Side
    amount: Decimal
    order: str = ""
    by_order: bool = False


class OutcomeHeard(Heard, frozen=True, kw_only=True, tag="OutcomeHeard.1"):
    """A client tells us what became of our quote."""

    party: PartyId
    quote: QuoteId
    outcome: Outcome
    cover: Decimal | None = None


# --- as taker: we ask ------------------------------------------------------------------------------------------


class NeedPosted(Heard, frozen=True, kw_only=True, tag="NeedPosted.1"):
    """One of our people (or programs) wants a size done. An empty panel lets the desk choose."""

    party: PartyId
    reference: str
    ask: Ask
    limit: Decimal | None = None
    allocation: Allocation | None = None
    panel: tuple[PartyId, ...] = ()


class NeedCancelled(Heard, frozen=True, kw_only=True, tag="NeedCancelled.1"):
    """It is no longer wanted."""

    party: PartyId
    rfq: RfqId


class QuoteReceived(Heard, frozen=True, kw_only=True, tag="QuoteReceived.1"):
    """A dealer quotes on our Rfq. `reference` is the dealer's own id for the quote. `again`: its message says that it
    may have been sent before."""

    dealer: PartyId
    rfq: RfqId
    reference: str
    expires_at: int
    bid: Decimal | None = None
    offer: Decimal | None = None
    bid_amount: Decimal | None = None
    offer_amount: Decimal | None = None
    firm: bool = True
    all_or_none: bool = False
    again: bool = False


class QuoteWithdrawn(Heard, frozen=True, kw_only=True, tag="QuoteWithdrawn.1"):
    """A dealer takes its quote back."""

    dealer: PartyId
    rfq: RfqId
    reference: str


class DealerPassed(Heard, frozen=True, kw_only=True, tag="DealerPassed.1"):
    """A dealer will not quote."""

    dealer: PartyId
    rfq: RfqId
    reason: Reason


class AcceptCommanded(Heard, frozen=True, kw_only=True, tag="AcceptCommanded.1"):
    """One of our people accepts: the best quotes, or the one named."""

    party: PartyId
    rfq: RfqId
    quote: QuoteId | None = None


class FillReported(Heard, frozen=True, kw_only=True, tag="FillReported.1"):
    """A dealer reports a trade on our acceptance."""

    dealer: PartyId
    accept: AcceptId
    reference: str
    amount: Decimal
    price: Decimal


class AcceptRefused(Heard, frozen=True, kw_only=True, tag="AcceptRefused.1"):
    """A dealer does not honour our acceptance."""

    dealer: PartyId
    accept: AcceptId
    reason: Reason


# --- answers of the world --------------------------------------------------------------------------------------


class Estimated(Fact, frozen=True, kw_only=True, tag="Estimated.1"):
    """The oracle answered; `estimates` is None if it could not, and `reason` says why."""

    rfq: RfqId
    model: str
    estimates: Estimates | None = None
    reason: Reason | None = None


class TimerFired(Fact, frozen=True, kw_only=True, tag="TimerFired.1"):
    """The wake that the desk set for this Rfq came."""

    rfq: RfqId


class MarketMoved(Fact, frozen=True, kw_only=True, tag="MarketMoved.1"):
    """The market moved by as much as the desk asked to be told of."""

    underlying: str


class SentMark(Fact, frozen=True, kw_only=True, tag="SentMark.1"):
    """One outward effect left at `at`; `raw` is the hash of the bytes."""

    number: int
    index: int
    at: int
    raw: str


class Sent(Fact, frozen=True, kw_only=True, tag="Sent.1"):
    """Outward effects left."""

    marks: tuple[SentMark, ...]


class NotSent(Fact, frozen=True, kw_only=True, tag="NotSent.1"):
    """An outward effect did not leave, and never will."""

    number: int
    index: int
    reason: Reason


Event = (
    ChainOpened
    | Started
    | SegmentOpened
    | PolicyChanged
    | InstrumentsListed
    | PartyAdmitted
    | SessionUp
    | SessionDown
    | KillPressed
    | ArmAsked
    | RfqReceived
    | MessageUnreadable
    | InboxOverflowed
    | RfqCancelled
    | AcceptReceived
    | OutcomeHeard
    | NeedPosted
    | NeedCancelled
    | QuoteReceived
    | QuoteWithdrawn
    | DealerPassed
    | AcceptCommanded
    | FillReported
    | AcceptRefused
    | Estimated
    | TimerFired
    | MarketMoved
    | Sent
    | NotSent
)

_AS_MAKER = (RfqReceived, AcceptReceived, MarketMoved)
_AS_TAKER = (NeedPosted, AcceptCommanded, AcceptRefused, FillReported)
_ANSWERS = (QuoteReceived, QuoteWithdrawn, DealerPassed, Estimated, TimerFired, NotSent)
NEEDS_MARKET: frozenset[type] = frozenset({*_AS_MAKER, *_AS_TAKER, *_ANSWERS})


class Stamped(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event as the inbox hands it to the desk.

    `number` is its record's. `at` is the desk's only now and never goes back; `received_at` is when its bytes were
    read, and judges deadlines. `offset_ns` is what the clock knows of its own error (wall minus `at`), `error_ns` how
    uncertain that is. `raw` is the hash of the message that it came in, if it came in one. `market` is the snapshot
    attached by the inbox, if the event needs one, `market_hash` its hash.
    """

    number: int
    at: int
    received_at: int
    event: Event
    offset_ns: int = 0
    error_ns: int = 0
    raw: str = ""
    market: MarketSnapshot | None = None
    market_hash: str = ""
