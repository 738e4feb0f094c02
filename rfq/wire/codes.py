"""What a Reason is called on a FIX wire: one row for each code, total over them all, and the way back.

The sentence (58) is fixed by the code, because a Reason's own detail may tell of our limits, our model or somebody
else's quote. It is told only where the row says so: then it is about the counterparty's own words.
"""

from typing import Final, NamedTuple

from fix_gateway.messages.words import QuoteReject, RequestReject
from rfq.domain.reasons import Code, Reason

TEXT_MAX: Final = 200
_R, _Q = RequestReject, QuoteReject
_UNKNOWN_ORDER, _LATE, _DUPLICATE, _LIMIT, _UNSUPPORTED, _QUANTITY, _OTHER = (
    "5",
    "4",
    "6",
    "3",
    "11",
    "13",
    "99",
)


class Row(NamedTuple):
    """One code: 658 of a refused request, 300 of a refused quote or acceptance, 103 of a refused order, the sentence,
    and whether the Reason's own detail may be told too."""

    request: RequestReject
    quote: QuoteReject
    order: str
    text: str
    tell: bool = False


CODES: Final[dict[Code, Row]] = {
    Code.UNREADABLE: Row(_R.OTHER, _Q.OTHER, _OTHER, "cannot be read", True),
    Code.NOT_A_NUMBER: Row(_R.OTHER, _Q.OTHER, _OTHER, "not a number", True),
    Code.UNKNOWN_INSTRUMENT: Row(_R.UNKNOWN_SYMBOL, _Q.UNKNOWN_SYMBOL, "1", "unknown instrument", True),
    Code.STRUCTURE: Row(_R.OTHER, _Q.OTHER, _UNSUPPORTED, "not a structure that is traded here", True),
    Code.AMOUNT: Row(_R.OTHER, _Q.OTHER, _QUANTITY, "amount", True),
    Code.AMOUNT_STEP: Row(_R.OTHER, _Q.OTHER, _QUANTITY, "amount is no multiple of the lot", True),
    Code.CROSSED: Row(_R.INVALID_PRICE, _Q.INVALID_BID, _OTHER, "bid above the offer", True),
    Code.PRICE: Row(_R.INVALID_PRICE, _Q.INVALID_PRICE, _OTHER, "price", True),
    Code.TICK: Row(_R.INVALID_PRICE, _Q.INVALID_PRICE, _OTHER, "price is no multiple of the tick", True),
    Code.EXPIRY_PAST: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "expired", True),
    Code.EXPIRY_TOO_FAR: Row(_R.OTHER, _Q.OTHER, _OTHER, "expires too late", True),
    Code.UNKNOWN_PARTY: Row(_R.NOT_AUTHORISED, _Q.NOT_AUTHORISED, _OTHER, "not authorised"),
    Code.NOT_AUTHORISED: Row(_R.NOT_AUTHORISED, _Q.NOT_AUTHORISED, _OTHER, "not authorised"),
    Code.DUPLICATE: Row(_R.OTHER, _Q.DUPLICATE, _DUPLICATE, "duplicate id"),
    Code.UNKNOWN_RFQ: Row(_R.NO_MATCH, _Q.UNKNOWN_QUOTE, _UNKNOWN_ORDER, "unknown request"),
    Code.UNKNOWN_QUOTE: Row(_R.NO_MATCH, _Q.UNKNOWN_QUOTE, _UNKNOWN_ORDER, "unknown quote"),
    Code.RFQ_CLOSED: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "the request is closed"),
    Code.QUOTE_EXPIRED: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "the quote has expired"),
    Code.QUOTE_GONE: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "the quote no longer stands"),
    Code.QUOTE_LOCKED: Row(_R.OTHER, _Q.LOCKED, _OTHER, "the quote is being traded on"),
    Code.NOT_FIRM: Row(_R.OTHER, _Q.OTHER, _OTHER, "the quote is indicative"),
    Code.SIDE_NOT_QUOTED: Row(_R.NO_MARKET, _Q.OTHER, _OTHER, "that side is not quoted"),
    Code.NOT_FULLY_FILLED: Row(_R.OTHER, _Q.OTHER, _OTHER, "not fully filled"),
    Code.ALREADY_FILLED: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "already filled"),
    Code.TOO_LATE: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "too late"),
    Code.SESSION_DOWN: Row(_R.OTHER, _Q.OTHER, _OTHER, "no session"),
    Code.BUSY: Row(_R.OTHER, _Q.OTHER, _OTHER, "busy"),
    Code.KILLED: Row(_R.CLOSED, _Q.CLOSED, "2", "closed"),
    Code.NO_MARKET: Row(_R.NO_MARKET, _Q.OTHER, _OTHER, "no market"),
    Code.STALE_MARKET: Row(_R.NO_MARKET, _Q.OTHER, _OTHER, "no market"),
    Code.SCHEDULED: Row(_R.NO_MARKET, _Q.OTHER, _OTHER, "no market"),
    Code.LIMIT_NOTIONAL: Row(_R.LIMIT, _Q.LIMIT, _LIMIT, "exceeds a limit"),
    Code.LIMIT_POSITION: Row(_R.LIMIT, _Q.LIMIT, _LIMIT, "exceeds a limit"),
    Code.LIMIT_OPEN_RFQS: Row(_R.LIMIT, _Q.LIMIT, _LIMIT, "too many open requests"),
    Code.LIMIT_PRICE: Row(_R.PASSED, _Q.PRICE_BAND, _OTHER, "declined"),
    Code.NO_DEALER: Row(_R.NO_MARKET, _Q.OTHER, _OTHER, "declined"),
    Code.NO_QUOTE: Row(_R.NO_MARKET, _Q.OTHER, _OTHER, "no quote"),
    Code.UNFAIR: Row(_R.PASSED, _Q.OTHER, _OTHER, "declined"),
    Code.EDGE: Row(_R.PASSED, _Q.OTHER, _OTHER, "declined"),
    Code.EXPIRED: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "expired"),
    Code.USER: Row(_R.PASSED, _Q.OTHER, _OTHER, "cancelled"),
    Code.DISCONNECT: Row(_R.OTHER, _Q.OTHER, _OTHER, "disconnected"),
    Code.RFQ_DONE: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "the request has ended"),
    Code.REPLACED: Row(_R.OTHER, _Q.TOO_LATE, _LATE, "replaced"),
    Code.TRADED: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "traded"),
    Code.TRADED_AWAY: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "the request has ended"),
    Code.PASSED: Row(_R.PASSED, _Q.OTHER, _OTHER, "declined"),
    Code.LAST_LOOK: Row(_R.PASSED, _Q.OTHER, _OTHER, "declined at last look"),
    Code.MMP: Row(_R.LIMIT, _Q.LIMIT, _LIMIT, "declined"),
    Code.SETTLEMENT: Row(_R.OTHER, _Q.OTHER, _OTHER, "not settled"),
    Code.TIMED_OUT: Row(_R.TOO_LATE, _Q.TOO_LATE, _LATE, "no answer in time"),
    Code.RESTART: Row(_R.OTHER, _Q.OTHER, _OTHER, "withdrawn after a restart"),
    Code.FAULT: Row(_R.OTHER, _Q.OTHER, _OTHER, "internal fault"),
    Code.MODEL_LATE: Row(_R.OTHER, _Q.OTHER, _OTHER, "declined"),
    Code.MODEL_FAULT: Row(_R.OTHER, _Q.OTHER, _OTHER, "declined"),
}

FIELDS: Final[dict[str, str]] = {
    "reference": "id",
    "amount": "OrderQty (38)",
    "side": "Side (54)",
    "expires_at": "ExpireTime (126)",
    "legs": "NoLegs (555)",
    "hedges": "legs with LegPrice (566)",
    "bid_limit": "Price (44)",
    "offer_limit": "Price2 (640)",
    "bid": "BidPx (132)",
    "offer": "OfferPx (133)",
    "bid_amount": "BidSize (134)",
    "offer_amount": "OfferSize (135)",
    "quote": "QuoteID (117)",
    "rfq": "QuoteReqID (131)",
    "dealer": "",
    "party": "",
}
"""What the desk calls a field, and what the wire calls it. Others are told as they are ("legs[1].ratio")."""

_REQUEST_BACK: Final[dict[str, Code]] = {
    _R.UNKNOWN_SYMBOL: Code.UNKNOWN_INSTRUMENT,
    _R.CLOSED: Code.NO_MARKET,
    _R.LIMIT: Code.LIMIT_NOTIONAL,
    _R.TOO_LATE: Code.TOO_LATE,
    _R.INVALID_PRICE: Code.PRICE,
    _R.NOT_AUTHORISED: Code.NOT_AUTHORISED,
    _R.NO_MATCH: Code.UNKNOWN_RFQ,
    _R.NO_MARKET: Code.NO_MARKET,
}
_QUOTE_BACK: Final[dict[str, Code]] = {
    _Q.UNKNOWN_SYMBOL: Code.UNKNOWN_INSTRUMENT,
    _Q.CLOSED: Code.NO_MARKET,
    _Q.LIMIT: Code.LIMIT_NOTIONAL,
    _Q.TOO_LATE: Code.TOO_LATE,
    _Q.UNKNOWN_QUOTE: Code.UNKNOWN_QUOTE,
    _Q.DUPLICATE: Code.DUPLICATE,
    _Q.INVALID_PRICE: Code.PRICE,
    _Q.NOT_AUTHORISED: Code.NOT_AUTHORISED,
    _Q.LOCKED: Code.QUOTE_LOCKED,
}


def text_of(reason: Reason) -> str:
    """The sentence for the wire: which field, what is wrong, and the detail where it may be told."""
    row = CODES[reason.code]
    field = FIELDS.get(reason.field, reason.field)
    text = f"{field}: {row.text}" if field else row.text
    if row.tell and reason.detail:
        text += f": {reason.detail}"
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:TEXT_MAX]


def why_passed(reject: str, text: str) -> Reason:
    """A dealer's 658 and 58, as a Reason."""
    return Reason(code=_REQUEST_BACK.get(reject, Code.PASSED), detail=plain(text))


def why_refused(reject: str, text: str) -> Reason:
    """A dealer's 300 and 58 on our acceptance, as a Reason."""
    return Reason(code=_QUOTE_BACK.get(reject, Code.LAST_LOOK), detail=plain(text))


def plain(text: str) -> str:
    """Somebody else's words, cut short, without anything that the log could not spell."""
    return "".join(c if c.isprintable() else "?" for c in text[:TEXT_MAX])
