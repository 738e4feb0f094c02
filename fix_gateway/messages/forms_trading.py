"""The forms of orders and trades: D AB F G 8 9 AE j."""

from fix_gateway.messages import parts, trading
from fix_gateway.messages.form import AnyRow, Fixed, Form, Group, Kind, Row
from fix_gateway.messages.forms_quoting import (
    INSTRUMENT,
    LEG,
    PRICED_LEG,
    STAMPS,
    TARGETS,
    legs,
    parties,
)
from fix_gateway.messages.words import (
    BusinessReason,
    CancelResponse,
    ExecType,
    OrderStatus,
    OrderType,
    Reporting,
    Side,
    TimeInForce,
)

COUNT, NUMBER, FLAG, INSTANT, NAME = Kind.COUNT, Kind.NUMBER, Kind.FLAG, Kind.INSTANT, Kind.NAME

_WHO: tuple[AnyRow, ...] = (parties(), TARGETS, Row("account", 1, NAME))
_HOW: tuple[AnyRow, ...] = (
    Row("handling", 21),
    Row("exec_inst", 18),
    Row("min_qty", 110, NUMBER, True),
    Row("self_match_id", 2362),
    Row("market", 100, NAME),
)
_WORTH: tuple[AnyRow, ...] = (
    Row("at", 60, INSTANT),
    Row("qty", 38, NUMBER, True),
    Row("order_type", 40, OrderType),
    Row("price", 44, NUMBER, True),
    Row("stop_price", 99, NUMBER, True),
    Row("currency", 15, NAME),
)
_UNTIL: tuple[AnyRow, ...] = (
    Row("quote_id", 117, Kind.TEXT, True),
    Row("time_in_force", 59, TimeInForce, True),
    Row("expires_at", 126, INSTANT, True),
    Row("text", 58),
    Row("max_show", 210, NUMBER, True),
    Row("strategy", 847),
)

NEW_ORDER = Form(
    trading.NewOrderSingle,
    "D",
    (
        Row("cl_ord_id", 11),
        *_WHO,
        *_HOW,
        *INSTRUMENT,
        Row("side", 54, Side),
        *_WORTH,
        *_UNTIL,
    ),
)

NEW_ORDER_MULTILEG = Form(
    trading.NewOrderMultileg,
    "AB",
    (
        Row("cl_ord_id", 11),
        *_WHO,
        *_HOW,
        Row("side", 54, Side),
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        legs(PRICED_LEG),
        *(row for row in _WORTH if row != Row("stop_price", 99, NUMBER, True)),
        *(row for row in _UNTIL if row != Row("max_show", 210, NUMBER, True)),
    ),
)

ORDER_CANCEL = Form(
    trading.OrderCancelRequest,
    "F",
    (
        Row("orig_cl_ord_id", 41),
        Row("order_id", 37),
        Row("cl_ord_id", 11),
        Row("account", 1, NAME),
        parties(),
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        Row("side", 54, Side),
        Row("at", 60, INSTANT),
        Row("qty", 38, NUMBER),
        Row("text", 58),
    ),
)

ORDER_REPLACE = Form(
    trading.OrderCancelReplaceRequest,
    "G",
    (
        Row("order_id", 37),
        parties(),
        Row("orig_cl_ord_id", 41),
        Row("cl_ord_id", 11),
        Row("account", 1, NAME),
        *(row for row in _HOW if row != Row("self_match_id", 2362)),
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        Row("side", 54, Side),
        *_WORTH,
        *(row for row in _UNTIL if isinstance(row, Row) and row.tag not in (117, 847)),
    ),
)

EXECUTION = Form(
    trading.ExecutionReport,
    "8",
    (
        Row("order_id", 37),
        Row("cl_ord_id", 11),
        Row("orig_cl_ord_id", 41),
        Row("answer_id", 693),
        parties(),
        TARGETS,
        Row("exec_id", 17),
        Fixed(20, "0"),
        Row("exec_ref", 19),
        Row("exec_type", 150, ExecType),
        Row("status", 39, OrderStatus),
        Row("reject", 103),
        Row("reject_text", 1328),
        Row("trade_type", 828),
        Row("account", 1, NAME),
        Row("match_type", 574),
        *INSTRUMENT,
        Row("side", 54, Side),
        Row("qty", 38, NUMBER),
        Row("order_type", 40, OrderType),
        Row("price", 44, NUMBER),
        Row("stop_price", 99, NUMBER),
        Row("currency", 15, NAME),
        Row("time_in_force", 59, TimeInForce),
        Row("last_qty", 32, NUMBER),
        Row("last_price", 31, NUMBER),
        Row("last_market", 30, NAME),
        Row("leaves", 151, NUMBER),
        Row("filled", 14, NUMBER),
        Row("average", 6, NUMBER),
        Row("at", 60, INSTANT),
        STAMPS,
        Row("text", 58),
        Row("reporting", 442, Reporting),
        Group(
            "legs",
            555,
            parts.Leg,
            (*LEG, Row("last_price", 637, NUMBER), Row("last_qty", 1418, NUMBER)),
        ),
        Row("cover", 1917, NUMBER),
    ),
)

CANCEL_REJECT = Form(
    trading.OrderCancelReject,
    "9",
    (
        Row("order_id", 37),
        Row("cl_ord_id", 11),
        Row("orig_cl_ord_id", 41),
        Row("status", 39, OrderStatus),
        Row("account", 1, NAME),
        Row("at", 60, INSTANT),
        Row("response", 434, CancelResponse),
        Row("reject", 102),
        Row("text", 58),
    ),
)

_TRADE_LEG: tuple[AnyRow, ...] = (
    Row("symbol", 600, NAME),
    Row("ratio", 623, NUMBER),
    Row("side", 624, Side),
    Row("qty", 687, NUMBER),
    Row("ref", 654, NAME),
    Row("last_price", 637, NUMBER),
)
_TRADE_SIDE: tuple[AnyRow, ...] = (
    Row("side", 54, Side),
    Row("order_id", 37),
    Row("cl_ord_id", 11),
    parties(),
    Row("account", 1, NAME),
    Row("text", 58),
)

TRADE = Form(
    trading.TradeCaptureReport,
    "AE",
    (
        Row("report_id", 571),
        Row("trade_id", 1003),
        Row("report_type", 856),
        Row("trade_type", 828),
        Row("exec_type", 150, ExecType),
        Row("exec_id", 17),
        Row("previously_reported", 570, FLAG),
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        Row("currency", 15, NAME),
        Row("last_qty", 32, NUMBER),
        Row("last_price", 31, NUMBER),
        Row("trade_date", 75),
        Row("reporting", 442, Reporting),
        Group("legs", 555, parts.TradeLeg, _TRADE_LEG),
        Row("at", 60, INSTANT),
        STAMPS,
        Row("match_type", 574),
        Group("sides", 552, parts.TradeSide, _TRADE_SIDE, True),
    ),
)

BUSINESS_REJECT = Form(
    trading.BusinessMessageReject,
    "j",
    (
        Row("ref_seq", 45, COUNT),
        Row("text", 58),
        Row("ref_msg_type", 372),
        Row("ref_id", 379),
        Row("reason", 380, BusinessReason),
    ),
)

FORMS = (
    NEW_ORDER,
    NEW_ORDER_MULTILEG,
    ORDER_CANCEL,
    ORDER_REPLACE,
    EXECUTION,
    CANCEL_REJECT,
    TRADE,
    BUSINESS_REJECT,
)
