"""FIX words -> desk words where we are the taker: dealers' quotes, passes, fills, refusals.

An id of ours means something to a dealer only if it was said to that dealer.
"""

from decimal import Decimal
from typing import Final

from fix_gateway.messages.quoting import Quote, QuoteCancel, QuoteRequestReject, QuoteStatusReport
from fix_gateway.messages.trading import ExecutionReport
from fix_gateway.messages.words import (
    BusinessReason,
    CancelType,
    ExecType,
    OrderStatus,
    QuoteStatus,
    QuoteType,
    Reporting,
)
from rfq.domain.events import (
    AcceptRefused,
    DealerPassed,
    Event,
    FillReported,
    QuoteReceived,
    QuoteWithdrawn,
)
from rfq.domain.ids import AcceptId, RfqId
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask
from rfq.wire.codes import plain, why_passed, why_refused
from rfq.wire.heard import NOTHING, Heard, Said, rejected, unreadable
from rfq.wire.packages import PACKAGE, is_package, same_parts
from rfq.wire.reading import Unreadable, clean, name, number

_MS: Final = 1_000_000
_FIRM: Final = frozenset({None, QuoteType.TRADEABLE, QuoteType.INITIALLY_TRADEABLE})
_GOOD: Final = frozenset(
    {
        QuoteStatus.ACCEPTED,
        QuoteStatus.ACTIVE,
        QuoteStatus.LOCKED_WARNING,
        QuoteStatus.CROSSED_WARNING,
        QuoteStatus.PENDING,
        QuoteStatus.PENDING_END,
        QuoteStatus.QUERY,
        QuoteStatus.REPLENISHED,
        QuoteStatus.TRADED,
        QuoteStatus.TRADED_AND_REMOVED,
    }
)
"""Statuses that change nothing for us."""
_FILLS: Final = frozenset({ExecType.TRADE, ExecType.FILL, ExecType.PARTIAL_FILL})
_REFUSALS: Final = frozenset({ExecType.REJECTED, ExecType.CANCELED, ExecType.EXPIRED, ExecType.DONE_FOR_DAY})
_TAKEN_BACK: Final = frozenset({ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT})


def on_quote(said: Said, message: Quote) -> Heard:
    """S: a dealer quotes."""
    try:
        event = _read_quote(said, message)
    except Unreadable as error:
        return unreadable(said, "quote", message.quote_id, error.reason, error.found)
    said.book.learn(event, ())  # a cancel may come with the same bytes, before the desk has seen the quote
    return Heard((event,))


def _read_quote(said: Said, message: Quote) -> QuoteReceived:
    reference = name(message.quote_id, "QuoteID (117)")
    rfq = name(message.rfq_id, "QuoteReqID (131)")
    asked = said.book.request(rfq) if said.book.was_asked(said.party, rfq) else None
    ask = asked.ask if asked is not None else None
    if ask is not None:
        _check_instrument(said, message, ask)
    whole = message.qty if message.qty is not None else (ask.amount if ask is not None else None)
    bid, bid_amount = _quoted(message.bid, message.bid_qty, whole, "BidPx (132)", "BidSize (134)")
    offer, offer_amount = _quoted(message.offer, message.offer_qty, whole, "OfferPx (133)", "OfferSize (135)")
    if bid is None and offer is None:
        raise Unreadable("BidPx (132)", "neither a bid nor an offer", "", Code.SIDE_NOT_QUOTED)
    return QuoteReceived(
        dealer=said.party,
        rfq=RfqId(rfq),
        reference=reference,
        expires_at=_expiry(said, message, ask),
        bid=bid,
        offer=offer,
        bid_amount=bid_amount,
        offer_amount=offer_amount,
        firm=message.quote_type in _FIRM,
        all_or_none=message.all_or_none,
        again=said.again,
    )


def _quoted(
    price: Decimal | None, size: Decimal | None, whole: Decimal | None, field: str, size_field: str
) -> tuple[Decimal | None, Decimal | None]:
    """A side and its size. A size of zero, or a price of zero without a size, is no quote on this side; a price without
    a size is good for all that was asked."""
    if price is None or size == 0 or (price == 0 and size is None):
        return None, None
    return number(price, field), number(size if size is not None else whole, size_field)


def _expiry(said: Said, message: Quote, ask: Ask | None) -> int:
    """Until when the quote holds: its own word, what is agreed with the session, or the end of the request."""
    if message.valid_until is not None:
        return message.valid_until
    life_ms = message.exposure_s * 1_000 if message.exposure_s else said.peer.quote_life_ms
    if life_ms:
        return said.now + life_ms * _MS
    if ask is not None and ask.expires_at:
        return ask.expires_at
    raise Unreadable("ValidUntilTime (62)", "is missing")


def _check_instrument(said: Said, message: Quote, ask: Ask) -> None:
    """A quote on something else than was asked for is refused."""
    symbols = said.peer.symbols
    if is_package(ask):
        if message.legs and not same_parts(message.legs, ask, symbols):
            raise Unreadable("NoLegs (555)", "not the legs that were asked for", "", Code.STRUCTURE)
    elif message.symbol not in (PACKAGE, symbols.theirs(ask.structure.legs[0].instrument)):
        raise Unreadable("Symbol (55)", "not what was asked for", message.symbol, Code.UNKNOWN_INSTRUMENT)


def on_cancel(said: Said, message: QuoteCancel) -> Heard:
    """Z from a dealer: one quote, or all that it has (on this request, if it names one)."""
    if message.cancel_type is CancelType.ONE or message.quote_id not in ("", "*"):
        quote = said.book.quoted(said.party, message.quote_id)
        named = message.rfq_id and said.book.was_asked(said.party, message.rfq_id)
        if quote is None and not named:
            reason = Reason(code=Code.UNKNOWN_QUOTE, field="quote")
            return unreadable(said, "quote", message.quote_id, reason)
        rfq = quote.rfq if quote is not None else RfqId(message.rfq_id)
        reference = clean(message.quote_id)
        return Heard((QuoteWithdrawn(dealer=said.party, rfq=rfq, reference=reference),))
    standing = [
        quote
        for quote in said.book.quotes_of(said.party)
        if quote.expires_at > said.now and message.rfq_id in ("", quote.rfq)
    ]
    return Heard(
        tuple(QuoteWithdrawn(dealer=said.party, rfq=one.rfq, reference=one.reference) for one in standing)
    )


def on_reject(said: Said, message: QuoteRequestReject) -> Heard:
    """AG: a dealer will not quote."""
    return _passed(said, message.rfq_id, why_passed(message.reason, message.text))


def _passed(said: Said, rfq: str, reason: Reason) -> Heard:
    if not said.book.was_asked(said.party, rfq):
        rfq = clean(rfq)
    return Heard((DealerPassed(dealer=said.party, rfq=RfqId(rfq), reason=reason),))


def on_report(said: Said, message: ExecutionReport) -> Heard:
    """8: a dealer trades on our acceptance, or refuses it. Reports on single legs repeat what the whole one says."""
    if message.reporting is Reporting.LEG:
        return NOTHING
    kind = message.exec_type
    try:
        if kind in _FILLS:
            return Heard((_read_fill(said, message),))
        if kind in _REFUSALS or message.status is OrderStatus.REJECTED:
            text = message.text or message.reject_text
            reason = Reason(code=Code.LAST_LOOK, detail=plain(text))
            accept = AcceptId(name(_accept_of(said, message), "ClOrdID (11)"))
            return Heard((AcceptRefused(dealer=said.party, accept=accept, reason=reason),))
    except Unreadable as error:
        return unreadable(said, "fill", message.exec_id, error.reason, error.found)
    if kind in _TAKEN_BACK:
        reason = Reason(code=Code.UNREADABLE, field="ExecType (150)", detail="trades are not taken back here")
        told = unreadable(said, "fill", message.exec_id, reason, message.exec_ref)
        refusal = rejected(said, BusinessReason.UNSUPPORTED_TYPE, reason.detail, message.exec_id)
        return Heard(told.events, refusal.replies)
    return NOTHING


def _read_fill(said: Said, message: ExecutionReport) -> FillReported:
    return FillReported(
        dealer=said.party,
        accept=AcceptId(name(_accept_of(said, message), "ClOrdID (11)")),
        reference=name(message.exec_id, "ExecID (17)"),
        amount=number(message.last_qty, "LastQty (32)"),
        price=number(message.last_price, "LastPx (31)"),
    )


def _accept_of(said: Said, message: ExecutionReport) -> str:
    """Our acceptance that a report answers: the one of its ids that is ours."""
    for identifier in (message.answer_id, message.cl_ord_id, message.order_id):
        if identifier and is_ours(said, identifier):
            return identifier
    return message.answer_id or message.cl_ord_id


def is_ours(said: Said, identifier: str) -> bool:
    """Whether this is an acceptance that was sent to this dealer."""
    accept = said.book.acceptance(identifier)
    return accept is not None and accept.to == said.party


def on_status(said: Said, message: QuoteStatusReport) -> Heard | None:
    """AI from a dealer about our acceptance, its quote or our request; None if it is about none of them."""
    party, book = said.party, said.book
    text = message.text or message.reject_text
    quote = book.quoted(party, message.quote_id) if message.quote_id else None
    asked = bool(message.rfq_id) and book.was_asked(party, message.rfq_id)
    events: tuple[Event, ...] = ()
    if message.answer_id and is_ours(said, message.answer_id):
        reason = why_refused(message.reject or "", text)
        events = (AcceptRefused(dealer=party, accept=AcceptId(message.answer_id), reason=reason),)
    elif quote is not None:
        events = (QuoteWithdrawn(dealer=party, rfq=quote.rfq, reference=quote.reference),)
    elif asked:
        events = (DealerPassed(dealer=party, rfq=RfqId(message.rfq_id), reason=why_passed("", text)),)
    else:
        return None
    return NOTHING if message.status in _GOOD else Heard(events)


def refused_by_peer(said: Said, msg_type: str, identifier: str, text: str) -> Heard:
    """The dealer's system did not take our request or our acceptance in."""
    if msg_type == "AJ" and is_ours(said, identifier):
        reason = Reason(code=Code.LAST_LOOK, detail=plain(text))
        return Heard((AcceptRefused(dealer=said.party, accept=AcceptId(identifier), reason=reason),))
    if msg_type == "R" and said.book.was_asked(said.party, identifier):
        return _passed(said, identifier, Reason(code=Code.PASSED, detail=plain(text)))
    return NOTHING
