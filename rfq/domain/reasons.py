"""Reasons: why something was refused, withdrawn, lost or passed. Each names the field at fault, if there is one."""

from enum import StrEnum

from rfq.domain.fact import Fact


class Code(StrEnum):
    """The closed list of reasons. Wire dialects map these to their own numbers (FIX 658, 300, 58)."""

    UNREADABLE = "unreadable"
    NOT_A_NUMBER = "not_a_number"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    STRUCTURE = "structure"
    AMOUNT = "amount"
    AMOUNT_STEP = "amount_step"
    CROSSED = "crossed"
    PRICE = "price"
    TICK = "tick"
    EXPIRY_PAST = "expiry_past"
    EXPIRY_TOO_FAR = "expiry_too_far"
    UNKNOWN_PARTY = "unknown_party"
    NOT_AUTHORISED = "not_authorised"
    DUPLICATE = "duplicate"
    UNKNOWN_RFQ = "unknown_rfq"
    UNKNOWN_QUOTE = "unknown_quote"
    RFQ_CLOSED = "rfq_closed"
    QUOTE_EXPIRED = "quote_expired"
    QUOTE_GONE = "quote_gone"
    QUOTE_LOCKED = "quote_locked"
    NOT_FIRM = "not_firm"
    SIDE_NOT_QUOTED = "side_not_quoted"
    NOT_FULLY_FILLED = "not_fully_filled"
    ALREADY_FILLED = "already_filled"
    TOO_LATE = "too_late"
    SESSION_DOWN = "session_down"
    BUSY = "busy"
    KILLED = "killed"
    NO_MARKET = "no_market"
    STALE_MARKET = "stale_market"
    SCHEDULED = "scheduled"
    LIMIT_NOTIONAL = "limit_notional"
    LIMIT_POSITION = "limit_position"
    LIMIT_OPEN_RFQS = "limit_open_rfqs"
    LIMIT_PRICE = "limit_price"
    NO_DEALER = "no_dealer"
    NO_QUOTE = "no_quote"
    UNFAIR = "unfair"
    EDGE = "edge"
    EXPIRED = "expired"
    USER = "user"
    DISCONNECT = "disconnect"
    RFQ_DONE = "rfq_done"
    REPLACED = "replaced"
    TRADED = "traded"
    TRADED_AWAY = "traded_away"
    PASSED = "passed"
    LAST_LOOK = "last_look"
    MMP = "mmp"
    SETTLEMENT = "settlement"
    TIMED_OUT = "timed_out"
    RESTART = "restart"
    FAULT = "fault"
    MODEL_LATE = "model_late"
    MODEL_FAULT = "model_fault"


class Reason(Fact, frozen=True, kw_only=True, tag="Reason.1"):
    """Why: a code, the field it concerns (in the words of the request), and a sentence for people."""

    code: Code
    field: str = ""
    detail: str = ""

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        return f"{self.code}{where}{': ' if self.detail else ''}{self.detail}"
