"""FIX words -> desk words: who a message is from, and what it says, for both sides of a request.

`hear` never raises for a message that its dictionary let through. Events go to the desk, which answers; what the desk
has no word for is answered here, and needs no record, for it commits nobody to anything.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from fix_gateway.messages.market import SecurityDefinition, SecurityDefinitionRequest
from fix_gateway.messages.parts import Party
from fix_gateway.messages.quoting import (
    MassQuoteAcknowledgement,
    Quote,
    QuoteAck,
    QuoteCancel,
    QuoteRequest,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
    QuoteStatusRequest,
)
from fix_gateway.messages.trading import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderMultileg,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from fix_gateway.messages.words import BusinessReason, CancelResponse, OrderStatus, QuoteStatus
from rfq.domain.effects import SendQuote
from rfq.domain.events import MessageUnreadable, QuoteReceived
from rfq.domain.ids import PartyId
from rfq.domain.reasons import Reason
from rfq.wire import inbound_maker, inbound_taker
from rfq.wire.book import Book
from rfq.wire.heard import NOTHING, Heard, Said, rejected, unauthorised, unsupported
from rfq.wire.packages import PACKAGE, is_package
from rfq.wire.peers import ASKING_ROLES, QUOTING_ROLES, Peer
from rfq.wire.reading import clean
from rfq.wire.refusals import UNKNOWN_ORDER

Listed = Callable[[str], bool]
"""Whether an instrument of this (our) name can be traded here."""
Standing = Callable[[SendQuote], QuoteStatus]
"""How a quote of ours stands, as far as its client was told."""
_ACCEPTED_AS_IS, _REFUSED = "1", "5"
_UNKNOWN: Final = "1"


def sender(peer: Peer, behalf: str, message: Any) -> PartyId | Reason:
    """Who this message is from, or why nobody whom the session may speak for."""
    return peer.sender(behalf, _named(message))


def _named(message: Any) -> list[str]:
    """The names of those whom the message says it is from."""
    if isinstance(message, QuoteRequest):
        return [one.id for one in message.requester]
    if isinstance(message, Quote):
        return _in_roles(message.makers, QUOTING_ROLES)
    return _in_roles(getattr(message, "parties", ()), ASKING_ROLES)


def _in_roles(parties: tuple[Party, ...], roles: frozenset[str]) -> list[str]:
    return [one.id for one in parties if one.role in roles]


def stranger(peer: Peer, message: Any, msg_type: str, seq: int, reason: Reason) -> Heard:
    """A message in a name that the session has no right to. A request is refused as one, if anybody can be told."""
    if isinstance(message, QuoteRequest) and peer.party is not None:
        reference = clean(message.rfq_id)
        event = MessageUnreadable(party=peer.party, kind="rfq", reference=reference, reason=reason)
        return Heard((event,))
    return Heard(replies=(unauthorised(msg_type, seq, reason),))


class Listener:
    """Hears every kind of message."""

    __slots__ = ("_hear", "_listed", "_standing")

    def __init__(self, listed: Listed, standing: Standing) -> None:
        self._listed = listed
        self._standing = standing
        self._hear: dict[type, Callable[[Said, Any], Heard]] = {
            QuoteRequest: inbound_maker.on_request,
            QuoteResponse: inbound_maker.on_response,
            NewOrderSingle: inbound_maker.on_order,
            NewOrderMultileg: inbound_maker.on_order,
            Quote: inbound_taker.on_quote,
            QuoteRequestReject: inbound_taker.on_reject,
            ExecutionReport: inbound_taker.on_report,
            QuoteCancel: self._cancel,
            QuoteStatusReport: self._status,
            QuoteStatusRequest: self._status_asked,
            QuoteAck: lambda said, message: NOTHING,
            MassQuoteAcknowledgement: self._status_42,
            BusinessMessageReject: self._refused,
            SecurityDefinitionRequest: self._definition,
            OrderCancelRequest: self._no_order,
            OrderCancelReplaceRequest: self._no_order,
        }

    def hear(self, said: Said, message: Any) -> Heard:
        """What becomes of it."""
        hear = self._hear.get(type(message))
        return hear(said, message) if hear is not None else unsupported(said)

    def _cancel(self, said: Said, message: QuoteCancel) -> Heard:
        """Z takes quotes back; one that names only a request that we did not make ends that request."""
        ours = bool(message.rfq_id) and said.book.was_asked(said.party, message.rfq_id)
        if message.rfq_id and message.quote_id in ("", "*") and not ours:
            return inbound_maker.on_cancel(said, message.rfq_id)
        return inbound_taker.on_cancel(said, message)

    def _status(self, said: Said, message: QuoteStatusReport) -> Heard:
        found = inbound_taker.on_status(said, message)
        return inbound_maker.on_status(said, message) if found is None else found

    def _status_42(self, said: Said, message: MassQuoteAcknowledgement) -> Heard:
        """b: what a version without AI and AG says instead of them."""
        report = QuoteStatusReport(
            status=message.status,
            symbol=PACKAGE,
            rfq_id=message.rfq_id,
            quote_id=message.quote_id,
            reject=message.reject,
            text=message.text,
        )
        return self._status(said, report)

    def acknowledge(self, peer: Peer, book: Book, event: QuoteReceived) -> QuoteStatusReport:
        """AI: a dealer's quote was taken in, and stands."""
        asked = book.request(event.rfq)
        symbol = PACKAGE
        if asked is not None and not is_package(asked.ask):
            symbol = peer.symbols.theirs(asked.ask.structure.legs[0].instrument)
        return QuoteStatusReport(
            status=QuoteStatus.ACTIVE,
            symbol=symbol,
            rfq_id=event.rfq,
            quote_id=event.reference,
            valid_until=event.expires_at,
        )

    def _refused(self, said: Said, message: BusinessMessageReject) -> Heard:
        """j: what we sent was not taken in."""
        identifier, kind = message.ref_id, message.ref_msg_type
        if kind == "S":
            return inbound_maker.refused_by_peer(said, identifier)
        return inbound_taker.refused_by_peer(said, kind, identifier, message.text)

    def _status_asked(self, said: Said, message: QuoteStatusRequest) -> Heard:
        """a: how does this quote stand? What is said again is what the client was told already."""
        if not message.quote_id:
            return rejected(said, BusinessReason.CONDITIONALLY_MISSING, "QuoteID (117): is missing")
        offer = said.book.offer(message.quote_id)
        report = QuoteStatusReport(
            status=QuoteStatus.NOT_FOUND,
            symbol=message.symbol,
            status_request_id=message.status_request_id,
            quote_id=message.quote_id,
            at=said.now,
        )
        if offer is None or offer.to != said.party:
            return Heard(replies=(report,))
        quote = offer.quote
        report = msgspec.structs.replace(
            report,
            status=self._standing(offer),
            rfq_id=offer.reference,
            bid=quote.bid,
            offer=quote.offer,
            bid_qty=quote.bid_amount,
            offer_qty=quote.offer_amount,
            valid_until=quote.expires_at,
        )
        return Heard(replies=(report,))

    def _definition(self, said: Said, message: SecurityDefinitionRequest) -> Heard:
        """c: is this an instrument, or a structure of instruments, of ours?"""
        symbols = said.peer.symbols
        names = [leg.symbol for leg in message.legs] or [message.symbol]
        known = all(self._listed(symbols.ours(one)) for one in names)
        answer = SecurityDefinition(
            request_id=message.request_id,
            response_id=message.request_id,
            response_type=_ACCEPTED_AS_IS if known else _REFUSED,
            symbol=message.symbol,
            security_type=message.security_type,
            legs=message.legs,
            text="" if known else "unknown instrument",
        )
        return Heard(replies=(answer,))

    def _no_order(self, said: Said, message: OrderCancelRequest | OrderCancelReplaceRequest) -> Heard:
        """F, G: an order on a quote is filled or refused at once; there is nothing to cancel."""
        replaces = isinstance(message, OrderCancelReplaceRequest)
        reject = OrderCancelReject(
            order_id=message.order_id or UNKNOWN_ORDER,
            cl_ord_id=message.cl_ord_id,
            orig_cl_ord_id=message.orig_cl_ord_id,
            status=OrderStatus.REJECTED,
            response=CancelResponse.REPLACE if replaces else CancelResponse.CANCEL,
            reject=_UNKNOWN,
            at=said.now,
            text="no such open order",
        )
        return Heard(replies=(reject,))
