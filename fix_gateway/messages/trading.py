"""The messages of orders and trades. An ExecutionReport names what it answers by `answer_id` (693), never by 117."""

from decimal import Decimal

import msgspec

from fix_gateway.messages.parts import Leg, Party, Stamp, TradeLeg, TradeSide
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


class NewOrderSingle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """D: an order. With `order_type` PREVIOUSLY_QUOTED and `quote_id` it accepts a quote."""

    cl_ord_id: str
    symbol: str
    side: Side
    order_type: OrderType
    at: int | None = None
    qty: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    quote_id: str = ""
    account: str = ""
    currency: str = ""
    security_type: str = ""
    security_id: str = ""
    security_id_source: str = ""
    handling: str = "1"
    exec_inst: str = ""
    min_qty: Decimal | None = None
    max_show: Decimal | None = None
    market: str = ""
    expires_at: int | None = None
    strategy: str = ""
    self_match_id: str = ""
    text: str = ""
    parties: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()


class NewOrderMultileg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """AB: an order for a structure. With PREVIOUSLY_QUOTED and `quote_id` it accepts a quote."""

    cl_ord_id: str
    symbol: str
    side: Side
    order_type: OrderType
    at: int | None = None
    legs: tuple[Leg, ...]
    qty: Decimal | None = None
    price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    quote_id: str = ""
    account: str = ""
    currency: str = ""
    security_type: str = ""
    handling: str = "1"
    exec_inst: str = ""
    min_qty: Decimal | None = None
    market: str = ""
    expires_at: int | None = None
    strategy: str = ""
    self_match_id: str = ""
    text: str = ""
    parties: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()


class OrderCancelRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """F."""

    cl_ord_id: str
    orig_cl_ord_id: str = ""
    symbol: str = ""
    side: Side
    at: int | None = None
    order_id: str = ""
    qty: Decimal | None = None
    account: str = ""
    security_type: str = ""
    text: str = ""
    parties: tuple[Party, ...] = ()


class OrderCancelReplaceRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """G."""

    cl_ord_id: str
    orig_cl_ord_id: str = ""
    symbol: str = ""
    side: Side
    order_type: OrderType
    at: int | None = None
    order_id: str = ""
    qty: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    account: str = ""
    currency: str = ""
    security_type: str = ""
    handling: str = "1"
    exec_inst: str = ""
    min_qty: Decimal | None = None
    max_show: Decimal | None = None
    market: str = ""
    expires_at: int | None = None
    text: str = ""
    parties: tuple[Party, ...] = ()


class ExecutionReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """8: what became of an order, or of an accepted quote.

    A report on one leg (`reporting` LEG) names it as its only entry of `legs`. `exec_ref` names the execution that a
    correction is about. `match_type` 10 is a last-look match; `trade_type` 1 a block trade. `reject` is 103.
    `reject_text` (1328) is 5.0 SP2's; elsewhere it joins `text`.
    """

    order_id: str
    exec_id: str
    exec_type: ExecType
    status: OrderStatus
    symbol: str = ""
    side: Side
    leaves: Decimal
    filled: Decimal
    average: Decimal = Decimal(0)
    cl_ord_id: str = ""
    orig_cl_ord_id: str = ""
    answer_id: str = ""
    exec_ref: str = ""
    reject: str = ""
    reject_text: str = ""
    account: str = ""
    security_type: str = ""
    security_id: str = ""
    security_id_source: str = ""
    qty: Decimal | None = None
    order_type: OrderType | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    currency: str = ""
    last_qty: Decimal | None = None
    last_price: Decimal | None = None
    last_market: str = ""
    cover: Decimal | None = None
    reporting: Reporting | None = None
    trade_type: str = ""
    match_type: str = ""
    at: int | None = None
    text: str = ""
    parties: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()
    legs: tuple[Leg, ...] = ()
    stamps: tuple[Stamp, ...] = ()


class OrderCancelReject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """9."""

    order_id: str
    cl_ord_id: str
    orig_cl_ord_id: str = ""
    status: OrderStatus
    response: CancelResponse
    reject: str = ""
    account: str = ""
    at: int | None = None
    text: str = ""


class TradeCaptureReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """AE: a drop copy of a trade. `trade_date` is spelled YYYYMMDD."""

    report_id: str
    symbol: str
    last_qty: Decimal
    last_price: Decimal
    trade_date: str
    at: int
    sides: tuple[TradeSide, ...]
    exec_id: str = ""
    trade_id: str = ""
    exec_type: ExecType | None = None
    report_type: str = ""
    trade_type: str = ""
    match_type: str = ""
    previously_reported: bool = False
    security_type: str = ""
    currency: str = ""
    reporting: Reporting | None = None
    legs: tuple[TradeLeg, ...] = ()
    stamps: tuple[Stamp, ...] = ()


class BusinessMessageReject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """j: a message that was understood and is refused."""

    ref_msg_type: str
    reason: BusinessReason
    ref_seq: int | None = None
    ref_id: str = ""
    text: str = ""
