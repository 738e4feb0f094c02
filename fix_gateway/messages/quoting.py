"""The messages of a negotiation: asking, quoting, answering. `rfq_id` is 131 and `quote_id` 117 in all of them."""

from decimal import Decimal

import msgspec

from fix_gateway.messages.parts import Leg, Party, QuoteSet, SetFault, Stamp, SymbolRef
from fix_gateway.messages.words import (
    AckStatus,
    Answer,
    CancelType,
    OrderType,
    QuoteReject,
    QuoteStatus,
    QuoteType,
    RequestReject,
    RequestType,
    Respondents,
    Side,
    Subscription,
    TimeInForce,
)


class QuoteRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """R: what is it worth to you? One instrument or one structure (`symbol` "[N/A]", `security_type` "MLEG", `legs`).

    No `side` means two-way. `expires_at` (126) ends the request, `valid_until` (62) is until when quotes should hold.
    `entries` counts the instruments asked for; all but the first were not read, so more than one must be refused.
    """

    rfq_id: str
    symbol: str
    security_type: str = ""
    security_id: str = ""
    security_id_source: str = ""
    side: Side | None = None
    qty: Decimal | None = None
    min_qty: Decimal | None = None
    currency: str = ""
    account: str = ""
    request_type: RequestType | None = None
    quote_type: QuoteType | None = None
    order_type: OrderType | None = None
    time_in_force: TimeInForce | None = None
    price: Decimal | None = None
    price2: Decimal | None = None
    strategy: str = ""
    expires_at: int | None = None
    valid_until: int | None = None
    at: int | None = None
    respond_by: int | None = None
    display_at: int | None = None
    exposure_s: int | None = None
    competitors: int | None = None
    all_or_none: bool = False
    private: bool | None = None
    respondents: Respondents | None = None
    anonymous: bool | None = None
    cl_ord_id: str = ""
    text: str = ""
    dealers: tuple[Party, ...] = ()
    requester: tuple[Party, ...] = ()
    legs: tuple[Leg, ...] = ()
    entries: int = 1


class QuoteRequestReject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """AG: we do not quote this."""

    rfq_id: str
    reason: RequestReject
    symbol: str = ""
    side: Side | None = None
    at: int | None = None
    text: str = ""


class Quote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """S: a price. `bid` and `offer` may be negative (a structure's net credit); legs may carry their own. `min_qty`
    (110) is 5.0 SP2's; 4.4 says it once a side (647, 648), and it is read back if the sides agree."""

    quote_id: str
    symbol: str = ""
    rfq_id: str = ""
    message_id: str = ""
    answer_id: str = ""
    quote_type: QuoteType | None = None
    all_or_none: bool = False
    security_type: str = ""
    security_id: str = ""
    security_id_source: str = ""
    side: Side | None = None
    qty: Decimal | None = None
    currency: str = ""
    account: str = ""
    bid: Decimal | None = None
    offer: Decimal | None = None
    bid_qty: Decimal | None = None
    offer_qty: Decimal | None = None
    min_qty: Decimal | None = None
    min_bid_qty: Decimal | None = None
    min_offer_qty: Decimal | None = None
    exposure_s: int | None = None
    valid_until: int | None = None
    at: int | None = None
    order_type: OrderType | None = None
    text: str = ""
    makers: tuple[Party, ...] = ()
    legs: tuple[Leg, ...] = ()
    stamps: tuple[Stamp, ...] = ()


class QuoteStatusReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """AI: how a quote or a request stands. 4.4 cannot say `reject` (300): it goes into `text` there."""

    status: QuoteStatus
    symbol: str = ""
    rfq_id: str = ""
    quote_id: str = ""
    message_id: str = ""
    status_request_id: str = ""
    answer_id: str = ""
    quote_type: QuoteType | None = None
    cancel_type: CancelType | None = None
    reject: QuoteReject | None = None
    reject_text: str = ""
    security_type: str = ""
    side: Side | None = None
    qty: Decimal | None = None
    currency: str = ""
    bid: Decimal | None = None
    offer: Decimal | None = None
    bid_qty: Decimal | None = None
    offer_qty: Decimal | None = None
    expires_at: int | None = None
    valid_until: int | None = None
    at: int | None = None
    price: Decimal | None = None
    text: str = ""
    parties: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()
    legs: tuple[Leg, ...] = ()
    stamps: tuple[Stamp, ...] = ()


class QuoteResponse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """AJ: a taker's answer to a quote, and what the makers who did not trade are told (`answer`, `cover`)."""

    answer_id: str
    answer: Answer
    symbol: str = ""
    quote_id: str = ""
    rfq_id: str = ""
    message_id: str = ""
    cl_ord_id: str = ""
    quote_type: QuoteType | None = None
    all_or_none: bool = False
    anonymous: bool | None = None
    security_type: str = ""
    side: Side | None = None
    qty: Decimal | None = None
    min_qty: Decimal | None = None
    currency: str = ""
    account: str = ""
    price: Decimal | None = None
    cover: Decimal | None = None
    bid: Decimal | None = None
    offer: Decimal | None = None
    valid_until: int | None = None
    at: int | None = None
    order_type: OrderType | None = None
    text: str = ""
    parties: tuple[Party, ...] = ()
    legs: tuple[Leg, ...] = ()


class QuoteCancel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Z: a maker takes one quote (`cancel_type` ONE with `quote_id`) or all of them back. 4.4 knows no ONE: there it is
    the only entry of a cancel for symbols."""

    cancel_type: CancelType
    quote_id: str = ""
    rfq_id: str = ""
    message_id: str = ""
    quote_type: QuoteType | None = None
    account: str = ""
    symbols: tuple[SymbolRef, ...] = ()
    parties: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()


class QuoteAck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """CW (5.0 SP2 only): a quote arrived, or was refused."""

    status: AckStatus
    quote_id: str = ""
    rfq_id: str = ""
    message_id: str = ""
    quote_type: QuoteType | None = None
    cancel_type: CancelType | None = None
    reject: QuoteReject | None = None
    reject_text: str = ""
    text: str = ""
    parties: tuple[Party, ...] = ()


class QuoteStatusRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """a: how does this quote stand?"""

    symbol: str = ""
    status_request_id: str = ""
    quote_id: str = ""
    side: Side | None = None
    subscription: Subscription | None = None
    account: str = ""
    parties: tuple[Party, ...] = ()


class RfqRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """AH: send me the requests for these instruments."""

    request_id: str
    symbols: tuple[SymbolRef, ...]
    subscription: Subscription | None = None
    private: bool | None = None
    parties: tuple[Party, ...] = ()


class MassQuote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """i: many prices at once, as two-way streams give them."""

    quote_id: str
    sets: tuple[QuoteSet, ...]
    rfq_id: str = ""
    quote_type: QuoteType | None = None
    account: str = ""
    response_level: str = ""
    parties: tuple[Party, ...] = ()


class MassQuoteAcknowledgement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """b: how a MassQuote was taken. FIX 4.2 has no AG, AI or CW: there this message says what they would."""

    status: QuoteStatus
    quote_id: str = ""
    rfq_id: str = ""
    reject: QuoteReject | None = None
    response_level: str = ""
    quote_type: QuoteType | None = None
    cancel_type: CancelType | None = None
    account: str = ""
    text: str = ""
    parties: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()
    sets: tuple[SetFault, ...] = ()
