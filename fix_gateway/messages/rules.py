"""What a dialect cannot express by renaming: small functions from a message to what is said instead, and back.

A dialect lists its rules by name; they are applied in its order before writing, and backwards after reading.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from fix_gateway.errors import LocalProtocolError
from fix_gateway.messages.parts import SymbolRef
from fix_gateway.messages.quoting import (
    MassQuoteAcknowledgement,
    Quote,
    QuoteAck,
    QuoteCancel,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
)
from fix_gateway.messages.trading import ExecutionReport, NewOrderSingle, OrderCancelReject
from fix_gateway.messages.words import (
    AckStatus,
    Answer,
    CancelType,
    ExecType,
    OrderStatus,
    OrderType,
    QuoteReject,
    QuoteStatus,
    QuoteType,
    RequestReject,
    TimeInForce,
)

Change = Callable[[Any], Any]
NOTHING: Mapping[type[msgspec.Struct], Change] = {}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """By the message's class: what is said instead of it, and what it means when it is heard."""

    said: Mapping[type[msgspec.Struct], Change] = NOTHING
    heard: Mapping[type[msgspec.Struct], Change] = NOTHING


def _joined(*texts: str) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _named(reason: QuoteReject | RequestReject | None) -> str:
    """A reason in words, for versions that have no number for it."""
    return "" if reason is None else f"{reason.name.lower().replace('_', ' ')} ({reason.value})"


# --- 4.4: no reason in a status report, no RejectText -----------------------------------------------------------


def _reason_in_text(report: QuoteStatusReport) -> QuoteStatusReport:
    if report.reject is None and not report.reject_text:
        return report
    text = _joined(report.text, report.reject_text, _named(report.reject))
    return replace(report, reject=None, reject_text="", text=text)


def _text_only(report: ExecutionReport) -> ExecutionReport:
    if not report.reject_text:
        return report
    return replace(report, reject_text="", text=_joined(report.text, report.reject_text))


# --- 4.4: a minimum is said once a side -------------------------------------------------------------------------


def _minimum_by_side(quote: Quote) -> Quote:
    if quote.min_qty is None:
        return quote
    bid = quote.min_qty if quote.bid is not None else None
    offer = quote.min_qty if quote.offer is not None else None
    if bid is None and offer is None:
        raise LocalProtocolError("Quote.min_qty: neither side is quoted, so this dialect cannot say it")
    return replace(quote, min_qty=None, min_bid_qty=bid, min_offer_qty=offer)


def _minimum_of_sides(quote: Quote) -> Quote:
    minimum = quote.min_bid_qty if quote.bid is not None else quote.min_offer_qty
    if minimum is None or (quote.bid is None and quote.offer is None):
        return quote
    whole = replace(quote, min_qty=minimum, min_bid_qty=None, min_offer_qty=None)
    return whole if _minimum_by_side(whole) == quote else quote


# --- 4.4: one quote is cancelled by a cancel of all with one entry -----------------------------------------------

ANY = "*"
"""The QuoteID of a cancel that is about no single quote, where one is required."""


def _one_as_entry(cancel: QuoteCancel) -> QuoteCancel:
    if cancel.cancel_type is CancelType.ONE:
        symbols = cancel.symbols[:1] or (SymbolRef(symbol="[N/A]"),)
        return replace(cancel, cancel_type=CancelType.ALL, symbols=symbols)
    if cancel.cancel_type is CancelType.ALL:
        return replace(cancel, symbols=(), quote_id=cancel.quote_id or ANY)
    return cancel if cancel.quote_id else replace(cancel, quote_id=ANY)


def _entry_as_one(cancel: QuoteCancel) -> QuoteCancel:
    if cancel.quote_id == ANY:
        return replace(cancel, quote_id="")
    if cancel.cancel_type is CancelType.ALL and len(cancel.symbols) == 1:
        return replace(cancel, cancel_type=CancelType.ONE)
    return cancel


# --- 4.2: a cancel always has an entry, so a cancel of all with one entry would be ambiguous ----------------------


def _one_for_symbol(cancel: QuoteCancel) -> QuoteCancel:
    kind = CancelType.FOR_SYMBOL if cancel.cancel_type is CancelType.ONE else cancel.cancel_type
    symbols = cancel.symbols or (SymbolRef(symbol="[N/A]"),)
    return replace(cancel, cancel_type=kind, symbols=symbols, quote_id=cancel.quote_id or ANY)


def _no_quote(cancel: QuoteCancel) -> QuoteCancel:
    return replace(cancel, quote_id="") if cancel.quote_id == ANY else cancel


# --- 4.2: what AG, AI and CW would say is said by b --------------------------------------------------------------

_REJECTS: Mapping[RequestReject, QuoteReject] = {
    RequestReject.UNKNOWN_SYMBOL: QuoteReject.UNKNOWN_SYMBOL,
    RequestReject.CLOSED: QuoteReject.CLOSED,
    RequestReject.LIMIT: QuoteReject.LIMIT,
    RequestReject.TOO_LATE: QuoteReject.TOO_LATE,
    RequestReject.INVALID_PRICE: QuoteReject.INVALID_PRICE,
    RequestReject.NOT_AUTHORISED: QuoteReject.NOT_AUTHORISED,
}
_REJECTS_42 = frozenset(QuoteReject(str(number)) for number in range(1, 10))
_ACK_STATUSES: Mapping[AckStatus, QuoteStatus] = {
    AckStatus.RECEIVED: QuoteStatus.PENDING,
    AckStatus.ACCEPTED: QuoteStatus.ACCEPTED,
    AckStatus.REJECTED: QuoteStatus.REJECTED,
}


def _b(
    status: QuoteStatus, rfq_id: str, quote_id: str, reject: QuoteReject | None, *texts: str
) -> MassQuoteAcknowledgement:
    sayable = reject if reject in _REJECTS_42 else None
    return MassQuoteAcknowledgement(
        status=status, rfq_id=rfq_id, quote_id=quote_id, reject=sayable, text=_joined(*texts)
    )


def _b_for_request(reject: QuoteRequestReject) -> MassQuoteAcknowledgement:
    found = _REJECTS.get(reject.reason)
    return _b(QuoteStatus.REJECTED, reject.rfq_id, "", found, reject.text, _named(reject.reason))


def _b_for_report(report: QuoteStatusReport) -> MassQuoteAcknowledgement:
    texts = (report.text, report.reject_text, _named(report.reject))
    return _b(report.status, report.rfq_id, report.quote_id, report.reject, *texts)


def _b_for_ack(ack: QuoteAck) -> MassQuoteAcknowledgement:
    texts = (ack.text, ack.reject_text, _named(ack.reject))
    return _b(_ACK_STATUSES[ack.status], ack.rfq_id, ack.quote_id, ack.reject, *texts)


# --- 4.2: a quote is hit by an order; quotes are firm; fills have no type of their own ----------------------------


def _hit_as_order(response: QuoteResponse) -> NewOrderSingle:
    if response.answer is not Answer.HIT or response.side is None or response.legs:
        raise LocalProtocolError(
            f"QuoteResponse: this dialect can only hit a quote on one instrument, not say {response.answer.name}"
        )
    return NewOrderSingle(
        cl_ord_id=response.cl_ord_id or response.answer_id,
        symbol=response.symbol,
        side=response.side,
        order_type=OrderType.PREVIOUSLY_QUOTED,
        time_in_force=TimeInForce.FILL_OR_KILL,
        quote_id=response.quote_id,
        at=response.at,
        qty=response.qty,
        min_qty=response.min_qty,
        price=response.price,
        currency=response.currency,
        account=response.account,
        security_type=response.security_type,
        text=response.text,
    )


def _firm_only(quote: Quote) -> Quote:
    if quote.quote_type is None:
        return quote
    if quote.quote_type not in (QuoteType.TRADEABLE, QuoteType.RESTRICTED):
        raise LocalProtocolError(f"Quote.quote_type: this dialect cannot say {quote.quote_type.name}")
    return replace(quote, quote_type=None)


def _fill_by_status(report: ExecutionReport) -> ExecutionReport:
    if report.exec_type is not ExecType.TRADE:
        return report
    filled = report.status is OrderStatus.FILLED
    return replace(report, exec_type=ExecType.FILL if filled else ExecType.PARTIAL_FILL)


def _fill_as_trade(report: ExecutionReport) -> ExecutionReport:
    if report.exec_type not in (ExecType.FILL, ExecType.PARTIAL_FILL):
        return report
    return replace(report, exec_type=ExecType.TRADE)


def _known_reject(reject: OrderCancelReject) -> OrderCancelReject:
    """An unknown order has no id to be named by; the standard says NONE then."""
    return reject if reject.order_id else replace(reject, order_id="NONE")


RULES: Mapping[str, Rule] = {
    "reason_in_text": Rule(
        said={QuoteStatusReport: _reason_in_text, ExecutionReport: _text_only},
    ),
    "minimum_by_side": Rule(said={Quote: _minimum_by_side}, heard={Quote: _minimum_of_sides}),
    "one_cancel_as_entry": Rule(said={QuoteCancel: _one_as_entry}, heard={QuoteCancel: _entry_as_one}),
    "one_cancel_for_symbol": Rule(said={QuoteCancel: _one_for_symbol}, heard={QuoteCancel: _no_quote}),
    "answers_as_b": Rule(
        said={QuoteRequestReject: _b_for_request, QuoteStatusReport: _b_for_report, QuoteAck: _b_for_ack}
    ),
    "hit_as_order": Rule(said={QuoteResponse: _hit_as_order}),
    "firm_only": Rule(said={Quote: _firm_only}),
    "fill_by_status": Rule(said={ExecutionReport: _fill_by_status}, heard={ExecutionReport: _fill_as_trade}),
    "unknown_order_none": Rule(said={OrderCancelReject: _known_reject}),
}
"""Name -> rule: what a dialect may list."""
