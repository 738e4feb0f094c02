"""The forms of the negotiation: R AG S AI AJ Z CW a AH i b."""

from fix_gateway.messages import parts, quoting
from fix_gateway.messages.form import AnyRow, Form, Group, Kind, Mark, Row, Within
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

COUNT, NUMBER, FLAG, INSTANT, NAME = Kind.COUNT, Kind.NUMBER, Kind.FLAG, Kind.INSTANT, Kind.NAME

PARTY: tuple[AnyRow, ...] = (Row("id", 448, NAME), Row("source", 447), Row("role", 452))
ROOT_PARTY: tuple[AnyRow, ...] = (Row("id", 1117, NAME), Row("source", 1118), Row("role", 1119))
TARGET: tuple[AnyRow, ...] = (Row("id", 1462, NAME), Row("source", 1463), Row("role", 1464))
STAMP: tuple[AnyRow, ...] = (Row("at", 769, INSTANT), Row("kind", 770))
SYMBOL: tuple[AnyRow, ...] = (Row("symbol", 55, NAME), Row("security_type", 167, NAME))
INSTRUMENT: tuple[AnyRow, ...] = (
    Row("symbol", 55, NAME),
    Row("security_id", 48, NAME),
    Row("security_id_source", 22),
    Row("security_type", 167, NAME),
)
LEG: tuple[AnyRow, ...] = (
    Row("symbol", 600, NAME),
    Row("security_id", 602, NAME),
    Row("security_id_source", 603),
    Row("security_type", 609, NAME),
    Row("ratio", 623, NUMBER, True),
    Row("side", 624, Side, True),
    Row("qty", 687, NUMBER),
    Row("ref", 654, NAME),
)
PRICED_LEG = (*LEG, Row("price", 566, NUMBER, True))
QUOTED_LEG = (*LEG, Row("bid", 681, NUMBER, True), Row("offer", 684, NUMBER, True))


def parties(attribute: str = "parties", rows: tuple[AnyRow, ...] = PARTY, tag: int = 453) -> Group:
    """Some of a message's parties."""
    return Group(attribute, tag, parts.Party, rows)


def legs(rows: tuple[AnyRow, ...]) -> Group:
    """A structure's legs. Without them it would be another instrument."""
    return Group("legs", 555, parts.Leg, rows, True)


AON = Mark("all_or_none", 735, 695, "A")
TARGETS = parties("targets", TARGET, 1461)
STAMPS = Group("stamps", 768, parts.Stamp, STAMP)

_ASKED: tuple[AnyRow, ...] = (
    *INSTRUMENT,
    Row("request_type", 303, RequestType),
    Row("quote_type", 537, QuoteType),
    Row("competitors", 1913, COUNT),
    Row("side", 54, Side, True),
    Row("qty", 38, NUMBER, True),
    Row("min_qty", 110, NUMBER),
    Row("currency", 15, NAME),
    Row("account", 1, NAME),
    legs(PRICED_LEG),
    AON,
    Row("order_type", 40, OrderType),
    Row("valid_until", 62, INSTANT),
    Row("expires_at", 126, INSTANT),
    Row("respond_by", 1914, INSTANT),
    Row("display_at", 1915, INSTANT),
    Row("exposure_s", 1629, COUNT),
    Row("at", 60, INSTANT),
    Row("price", 44, NUMBER),
    Row("price2", 640, NUMBER),
    Row("time_in_force", 59, TimeInForce),
    Row("strategy", 847),
    parties("dealers"),
)

QUOTE_REQUEST = Form(
    quoting.QuoteRequest,
    "R",
    (
        Row("rfq_id", 131),
        Row("cl_ord_id", 11),
        Row("private", 1171, FLAG),
        Row("respondents", 1172, Respondents),
        Row("anonymous", 1091, FLAG),
        parties("requester", ROOT_PARTY, 1116),
        Within(146, _ASKED, "entries"),
        Row("text", 58),
    ),
)

QUOTE_REQUEST_REJECT = Form(
    quoting.QuoteRequestReject,
    "AG",
    (
        Row("rfq_id", 131),
        Row("reason", 658, RequestReject),
        Within(146, (Row("symbol", 55, NAME), Row("side", 54, Side), Row("at", 60, INSTANT))),
        Row("text", 58),
    ),
)

_SIDES: tuple[AnyRow, ...] = (
    Row("bid", 132, NUMBER, True),
    Row("offer", 133, NUMBER, True),
    Row("min_bid_qty", 647, NUMBER, True),
    Row("bid_qty", 134, NUMBER, True),
    Row("min_offer_qty", 648, NUMBER, True),
    Row("offer_qty", 135, NUMBER, True),
    Row("min_qty", 110, NUMBER, True),
)

QUOTE = Form(
    quoting.Quote,
    "S",
    (
        Row("rfq_id", 131),
        Row("quote_id", 117),
        Row("message_id", 1166),
        Row("answer_id", 693),
        Row("quote_type", 537, QuoteType),
        AON,
        parties("makers"),
        *INSTRUMENT,
        Row("side", 54, Side),
        Row("qty", 38, NUMBER),
        Row("currency", 15, NAME),
        Row("account", 1, NAME),
        legs(QUOTED_LEG),
        *_SIDES,
        Row("exposure_s", 1629, COUNT),
        Row("valid_until", 62, INSTANT, True),
        Row("at", 60, INSTANT),
        STAMPS,
        Row("order_type", 40, OrderType),
        Row("text", 58),
    ),
)

QUOTE_STATUS_REPORT = Form(
    quoting.QuoteStatusReport,
    "AI",
    (
        Row("status_request_id", 649),
        Row("rfq_id", 131),
        Row("quote_id", 117),
        Row("message_id", 1166),
        Row("answer_id", 693),
        Row("quote_type", 537, QuoteType),
        Row("cancel_type", 298, CancelType),
        parties(),
        TARGETS,
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        Row("side", 54, Side),
        Row("qty", 38, NUMBER),
        Row("currency", 15, NAME),
        legs(LEG),
        Row("expires_at", 126, INSTANT),
        Row("price", 44, NUMBER),
        *(row for row in _SIDES if isinstance(row, Row) and row.tag in (132, 133, 134, 135)),
        Row("valid_until", 62, INSTANT),
        Row("at", 60, INSTANT),
        STAMPS,
        Row("status", 297, QuoteStatus, True),
        Row("reject", 300, QuoteReject),
        Row("reject_text", 1328),
        Row("text", 58),
    ),
)

QUOTE_RESPONSE = Form(
    quoting.QuoteResponse,
    "AJ",
    (
        Row("answer_id", 693),
        Row("quote_id", 117),
        Row("message_id", 1166),
        Row("rfq_id", 131),
        Row("answer", 694, Answer),
        Row("cl_ord_id", 11),
        Row("quote_type", 537, QuoteType),
        Row("anonymous", 1091, FLAG),
        AON,
        parties(),
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        Row("side", 54, Side, True),
        Row("qty", 38, NUMBER, True),
        Row("min_qty", 110, NUMBER, True),
        Row("currency", 15, NAME),
        Row("account", 1, NAME),
        legs(LEG),
        Row("bid", 132, NUMBER),
        Row("offer", 133, NUMBER),
        Row("valid_until", 62, INSTANT),
        Row("at", 60, INSTANT),
        Row("order_type", 40, OrderType),
        Row("text", 58),
        Row("price", 44, NUMBER, True),
        Row("cover", 1917, NUMBER),
    ),
)

QUOTE_CANCEL = Form(
    quoting.QuoteCancel,
    "Z",
    (
        Row("rfq_id", 131),
        Row("quote_id", 117),
        Row("message_id", 1166),
        Row("cancel_type", 298, CancelType),
        Row("quote_type", 537, QuoteType),
        parties(),
        TARGETS,
        Row("account", 1, NAME),
        Group("symbols", 295, parts.SymbolRef, SYMBOL, True),
    ),
)

QUOTE_ACK = Form(
    quoting.QuoteAck,
    "CW",
    (
        Row("quote_id", 117),
        Row("message_id", 1166),
        Row("rfq_id", 131),
        Row("quote_type", 537, QuoteType),
        Row("cancel_type", 298, CancelType),
        Row("status", 1865, AckStatus),
        Row("reject", 300, QuoteReject),
        Row("reject_text", 1328),
        parties(),
        Row("text", 58),
    ),
)

QUOTE_STATUS_REQUEST = Form(
    quoting.QuoteStatusRequest,
    "a",
    (
        Row("status_request_id", 649),
        Row("quote_id", 117),
        Row("symbol", 55, NAME),
        Row("side", 54, Side),
        parties(),
        Row("account", 1, NAME),
        Row("subscription", 263, Subscription),
    ),
)

RFQ_REQUEST = Form(
    quoting.RfqRequest,
    "AH",
    (
        Row("request_id", 644),
        parties(),
        Group("symbols", 146, parts.SymbolRef, SYMBOL, True),
        Row("subscription", 263, Subscription),
        Row("private", 1171, FLAG),
    ),
)

_QUOTE_ENTRY: tuple[AnyRow, ...] = (
    Row("id", 299),
    Row("symbol", 55, NAME),
    Row("bid", 132, NUMBER, True),
    Row("offer", 133, NUMBER, True),
    Row("bid_qty", 134, NUMBER, True),
    Row("offer_qty", 135, NUMBER, True),
    Row("valid_until", 62, INSTANT, True),
)
_QUOTE_SET: tuple[AnyRow, ...] = (
    Row("id", 302),
    Row("underlying", 311, NAME),
    Row("total", 304, COUNT),
    Row("last", 893, FLAG),
    Group("entries", 295, parts.QuoteEntry, _QUOTE_ENTRY, True),
)
_SET_FAULT: tuple[AnyRow, ...] = (
    Row("id", 302),
    Group("entries", 295, parts.EntryFault, (Row("id", 299), Row("reason", 368))),
)

MASS_QUOTE = Form(
    quoting.MassQuote,
    "i",
    (
        Row("rfq_id", 131),
        Row("quote_id", 117),
        Row("quote_type", 537, QuoteType),
        Row("response_level", 301),
        parties(),
        Row("account", 1, NAME),
        Group("sets", 296, parts.QuoteSet, _QUOTE_SET, True),
    ),
)

MASS_QUOTE_ACK = Form(
    quoting.MassQuoteAcknowledgement,
    "b",
    (
        Row("rfq_id", 131),
        Row("quote_id", 117),
        Row("status", 297, QuoteStatus),
        Row("reject", 300, QuoteReject),
        Row("response_level", 301),
        Row("quote_type", 537, QuoteType),
        Row("cancel_type", 298, CancelType),
        parties(),
        TARGETS,
        Row("account", 1, NAME),
        Row("text", 58),
        Group("sets", 296, parts.SetFault, _SET_FAULT),
    ),
)

FORMS = (
    QUOTE_REQUEST,
    QUOTE_REQUEST_REJECT,
    QUOTE,
    QUOTE_STATUS_REPORT,
    QUOTE_RESPONSE,
    QUOTE_CANCEL,
    QUOTE_ACK,
    QUOTE_STATUS_REQUEST,
    RFQ_REQUEST,
    MASS_QUOTE,
    MASS_QUOTE_ACK,
)
