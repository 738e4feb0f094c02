"""A refused acceptance in FIX words. An answer (AJ) is refused by a status, and, where it could be read as an order, by
a report too; an order (D, AB) by a report alone. What the desk has forgotten the book may still know: a quote on a
request that is over has expired or is gone, and is not unknown to whom it was made."""

from decimal import Decimal
from typing import Final, NamedTuple

from fix_gateway.messages.quoting import QuoteStatusReport
from fix_gateway.messages.trading import ExecutionReport
from fix_gateway.messages.words import ExecType, OrderStatus, QuoteStatus
from fix_gateway.messages.words import Side as FixSide
from rfq.domain import effects as fx
from rfq.domain.events import AcceptReceived
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side
from rfq.wire.book import Book
from rfq.wire.codes import CODES, text_of
from rfq.wire.departures import parse_effect_id
from rfq.wire.packages import PACKAGE, symbol_of
from rfq.wire.symbols import Symbols

UNKNOWN_ORDER: Final = "NONE"
_ZERO: Final = Decimal(0)
_STATUS: Final = {Code.QUOTE_EXPIRED: QuoteStatus.EXPIRED, Code.UNKNOWN_QUOTE: QuoteStatus.NOT_FOUND}
_FIX_SIDE: Final = {Side.BUY: FixSide.BUY, Side.SELL: FixSide.SELL, Side.TWO_WAY: None}


class _Order(NamedTuple):
    """The acceptance as an order, as far as it could be read as one."""

    side: FixSide
    amount: Decimal | None
    cl_ord_id: str
    symbol: str
    alone: bool


def refuse_accept(
    book: Book, symbols: Symbols, effect: fx.RefuseAccept, tag: str, now: int
) -> tuple[QuoteStatusReport | ExecutionReport, ...]:
    """One or two messages."""
    accepted = _accepted(book, effect, tag)
    quote = effect.quote or (accepted.quote if accepted is not None else "")
    offer = book.offer(quote) if quote else None
    if offer is not None and offer.to != effect.to:
        offer = None
    asked = book.request(offer.quote.rfq) if offer is not None else None
    symbol = symbol_of(asked.ask, symbols) if asked is not None else PACKAGE
    reason = _remembered(effect.reason, offer, now)
    order = _order(book, effect, accepted, symbol)
    said: list[QuoteStatusReport | ExecutionReport] = []
    if order is None or not order.alone:
        said.append(
            QuoteStatusReport(
                status=_STATUS.get(reason.code, QuoteStatus.REJECTED),
                symbol=symbol,
                rfq_id=asked.reference if asked is not None else "",
                quote_id=quote,
                answer_id=effect.reference,
                reject=CODES[reason.code].quote,
                at=now,
                text=text_of(reason),
            )
        )
    if order is not None:
        said.append(_report(order, effect.reference, reason, tag, now))
    return tuple(said)


def _report(order: _Order, reference: str, reason: Reason, tag: str, now: int) -> ExecutionReport:
    return ExecutionReport(
        order_id=UNKNOWN_ORDER,
        exec_id=tag,
        exec_type=ExecType.REJECTED,
        status=OrderStatus.REJECTED,
        cl_ord_id=order.cl_ord_id,
        answer_id="" if order.alone else reference,
        symbol=order.symbol,
        side=order.side,
        qty=order.amount,
        leaves=_ZERO,
        filled=_ZERO,
        reject=CODES[reason.code].order,
        at=now,
        text=text_of(reason),
    )


def _accepted(book: Book, effect: fx.RefuseAccept, tag: str) -> AcceptReceived | None:
    """The acceptance that is refused, if it could be read: remembered, or the event of the effect's own record."""
    accepted = book.accepted(effect.to, effect.reference)
    found = parse_effect_id(tag)
    if accepted is None and found is not None:
        cause = book.cause(found[1])
        if isinstance(cause, AcceptReceived) and cause.reference == effect.reference:
            return cause
    return accepted


def _order(
    book: Book, effect: fx.RefuseAccept, accepted: AcceptReceived | None, symbol: str
) -> _Order | None:
    if accepted is not None:
        side = _FIX_SIDE[accepted.side]
        named = order_of(accepted, effect.reference)
        return None if side is None else _Order(side, accepted.amount, named, symbol, accepted.by_order)
    found = book.ordered(effect.to, effect.reference)
    if found is None:
        return None
    return _Order(found.side, found.amount, effect.reference, found.symbol, True)


def order_of(accepted: AcceptReceived | None, reference: str) -> str:
    """The client's order id: the one that it named, or that of its acceptance."""
    return accepted.order or reference if accepted is not None else reference


def _remembered(reason: Reason, offer: fx.SendQuote | None, now: int) -> Reason:
    if offer is None or reason.code is not Code.UNKNOWN_QUOTE:
        return reason
    return Reason(code=Code.QUOTE_EXPIRED if now >= offer.quote.expires_at else Code.QUOTE_GONE)
