"""FIX words -> desk words where we are the maker: requests, acceptances, and what clients say of our quotes.

A quote that is not the party's own is unknown to it, whoever's it is.
"""

from decimal import Decimal
from typing import Final

from fix_gateway.messages.quoting import QuoteRequest, QuoteResponse, QuoteStatusReport
from fix_gateway.messages.trading import NewOrderMultileg, NewOrderSingle
from fix_gateway.messages.words import Answer, OrderType, QuoteStatus
from fix_gateway.messages.words import Side as FixSide
from rfq.domain.effects import SendQuote
from rfq.domain.events import AcceptReceived, Event, OutcomeHeard, RfqCancelled, RfqReceived
from rfq.domain.ids import QuoteId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Side
from rfq.wire.book import Ordered
from rfq.wire.heard import NOTHING, Heard, Said, unreadable
from rfq.wire.packages import PACKAGE, is_package, read_structure
from rfq.wire.reading import Unreadable, clean, name, number

_SIDES: Final = {
    FixSide.BUY: Side.BUY,
    FixSide.SELL: Side.SELL,
    FixSide.AS_DEFINED: Side.BUY,
    FixSide.OPPOSITE: Side.SELL,
}
_ACCEPTS: Final = (Answer.HIT, Answer.ACCEPT)
_OUTCOMES: Final = {
    Answer.EXPIRED: Outcome.EXPIRED,
    Answer.COVER: Outcome.COVER,
    Answer.DONE_AWAY: Outcome.DONE_AWAY,
    Answer.PASS: Outcome.PASSED,
    Answer.END_TRADE: Outcome.CANCELLED,
    Answer.TIMED_OUT: Outcome.TIMED_OUT,
    Answer.TIED: Outcome.TIED,
    Answer.TIED_COVER: Outcome.TIED_COVER,
    Answer.TERMINATE: Outcome.CANCELLED,
}
_ENDS: Final = frozenset({Outcome.EXPIRED, Outcome.PASSED, Outcome.CANCELLED, Outcome.TIMED_OUT})
"""Outcomes that speak of a request as well as of a quote."""
_OVER: Final = frozenset(
    {
        QuoteStatus.CANCELED,
        QuoteStatus.CANCELED_ALL,
        QuoteStatus.CANCELED_FOR_SYMBOL,
        QuoteStatus.EXPIRED,
        QuoteStatus.PASSED,
        QuoteStatus.REMOVED,
        QuoteStatus.TERMINATED,
    }
)
Order = NewOrderSingle | NewOrderMultileg


def on_request(said: Said, message: QuoteRequest) -> Heard:
    """R: a client asks."""
    try:
        reference = name(message.rfq_id, "QuoteReqID (131)")
        ask = _read_ask(said, message)
        event = RfqReceived(party=said.party, reference=reference, ask=ask, again=said.again)
    except Unreadable as error:
        return unreadable(said, "rfq", message.rfq_id, error.reason, error.found)
    return Heard((event,))


def _read_ask(said: Said, message: QuoteRequest) -> Ask:
    if message.entries != 1:
        raise Unreadable("NoRelatedSym (146)", "one request asks for one thing", message.entries)
    structure = read_structure(message.symbol, message.legs, said.peer.symbols)
    side = Side.TWO_WAY if message.side is None else _SIDES[message.side]
    two_way = side is Side.TWO_WAY
    bid, offer = message.price, message.price2
    return Ask(
        structure=structure,
        amount=number(message.qty, "OrderQty (38)"),
        side=side,
        expires_at=message.expires_at or 0,
        bid_limit=number(bid, "Price (44)") if two_way and bid is not None else None,
        offer_limit=number(offer, "Price2 (640)") if two_way and offer is not None else None,
        anonymous=bool(message.anonymous),
    )


def on_response(said: Said, message: QuoteResponse) -> Heard:
    """AJ: a client accepts, or says how it ended for our quote."""
    if message.answer in _ACCEPTS:
        return _accept(said, message, message.answer_id, message.cl_ord_id, by_order=False)
    outcome = _OUTCOMES.get(message.answer)
    if outcome is None:
        reason = Reason(code=Code.UNREADABLE, field="QuoteRespType (694)", detail="quotes are not countered")
        return unreadable(said, "accept", message.answer_id, reason, message.quote_id)
    if not message.quote_id:
        if outcome in _ENDS and message.rfq_id:
            return _cancelled(said, message.rfq_id)
        reason = Reason(code=Code.UNREADABLE, field="QuoteID (117)", detail="is missing")
        return unreadable(said, "quote", message.answer_id, reason)
    if _own_offer(said, message.quote_id) is None:
        reason = Reason(code=Code.UNKNOWN_QUOTE, field="quote")
        return unreadable(said, "quote", message.quote_id, reason)
    if outcome is Outcome.CANCELLED and message.cover is not None:
        outcome = Outcome.DONE  # only who traded is told the cover price
    try:
        cover = None if message.cover is None else number(message.cover, "CoverPrice (1917)")
    except Unreadable as error:
        return unreadable(said, "quote", message.quote_id, error.reason, error.found)
    quote = QuoteId(message.quote_id)
    return Heard((OutcomeHeard(party=said.party, quote=quote, outcome=outcome, cover=cover),))


def on_order(said: Said, message: Order) -> Heard:
    """D, AB: a client accepts by an order at the quoted price."""
    ordered = Ordered(message.side, message.qty, message.symbol)
    said.book.keep_order(said.party, clean(message.cl_ord_id), ordered)
    if message.order_type is not OrderType.PREVIOUSLY_QUOTED or not message.quote_id:
        field = "QuoteID (117)" if message.order_type is OrderType.PREVIOUSLY_QUOTED else "OrdType (40)"
        reason = Reason(code=Code.UNREADABLE, field=field, detail="orders are taken on our quotes only")
        return unreadable(said, "accept", message.cl_ord_id, reason, message.quote_id)
    return _accept(said, message, message.cl_ord_id, "", by_order=True)


def _accept(
    said: Said, message: QuoteResponse | Order, reference: str, order: str, *, by_order: bool
) -> Heard:
    """An acceptance. What it does not say is what the quote says; what it says must be what the quote says."""
    offer = _own_offer(said, message.quote_id)
    try:
        name(reference, "ClOrdID (11)" if by_order else "QuoteRespID (693)")
        quote = QuoteId(name(message.quote_id, "QuoteID (117)"))
        if order:
            name(order, "ClOrdID (11)")
        if offer is None and (message.side is None or message.qty is None):
            raise Unreadable("quote", "", message.quote_id, Code.UNKNOWN_QUOTE)
        side = _side(message.side, offer)
        amount = number(_amount(message.qty, side, offer), "OrderQty (38)")
        if offer is not None:
            _check(said, message, side, offer)
        event = AcceptReceived(
            party=said.party,
            quote=quote,
            reference=reference,
            side=side,
            amount=amount,
            order=order,
            by_order=by_order,
        )
    except Unreadable as error:
        return unreadable(said, "accept", reference, error.reason, message.quote_id)
    return Heard((event,))


def _side(said_side: FixSide | None, offer: SendQuote | None) -> Side:
    if said_side is not None:
        return _SIDES[said_side]
    assert offer is not None
    if offer.quote.bid is not None and offer.quote.offer is not None:
        raise Unreadable("Side (54)", "is missing")
    return Side.BUY if offer.quote.bid is None else Side.SELL


def _amount(qty: Decimal | None, side: Side, offer: SendQuote | None) -> Decimal | None:
    return qty if qty is not None or offer is None else offer.quote.amount_for(side)


def _check(said: Said, message: QuoteResponse | Order, side: Side, offer: SendQuote) -> None:
    """The instrument and the price, if they are said, are the quote's."""
    asked = said.book.request(offer.quote.rfq)
    if asked is not None and message.symbol and message.symbol != PACKAGE:
        legs = asked.ask.structure.legs
        theirs = said.peer.symbols.theirs(legs[0].instrument)
        if is_package(asked.ask) or message.symbol != theirs:
            raise Unreadable("Symbol (55)", "not what was quoted", message.symbol, Code.UNKNOWN_INSTRUMENT)
    quoted = offer.quote.price_for(side)
    if message.price is not None and quoted is not None and message.price != quoted:
        raise Unreadable("Price (44)", "not what was quoted", message.price, Code.PRICE)


def on_cancel(said: Said, rfq: str) -> Heard:
    """Z that names no quote: the client no longer wants a price."""
    return _cancelled(said, rfq)


def on_status(said: Said, message: QuoteStatusReport) -> Heard:
    """AI about a quote of ours, or about the client's own request."""
    offer = _own_offer(said, message.quote_id) if message.quote_id else None
    if offer is not None and message.status is QuoteStatus.REJECTED:
        outcome = Outcome.PASSED
        return Heard((OutcomeHeard(party=said.party, quote=offer.quote.id, outcome=outcome, cover=None),))
    if message.status not in _OVER:
        return NOTHING
    reference = message.rfq_id or (offer.reference if offer is not None else "")
    return _cancelled(said, reference) if reference else NOTHING


def refused_by_peer(said: Said, quote: str) -> Heard:
    """The client's system did not take our quote in: it will not be traded on."""
    offer = _own_offer(said, quote)
    if offer is None:
        return NOTHING
    event: Event = OutcomeHeard(party=said.party, quote=offer.quote.id, outcome=Outcome.PASSED, cover=None)
    return Heard((event,))


def _cancelled(said: Said, reference: str) -> Heard:
    try:
        event = RfqCancelled(party=said.party, reference=name(reference, "QuoteReqID (131)"))
    except Unreadable as error:
        return unreadable(said, "rfq", reference, error.reason, error.found)
    return Heard((event,))


def _own_offer(said: Said, quote: str) -> SendQuote | None:
    """Our quote, if it was made to this party."""
    offer = said.book.offer(quote)
    return offer if offer is not None and offer.to == said.party else None
