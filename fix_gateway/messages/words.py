"""The enumerations that our messages speak in: the values of FIX 5.0 SP2; a dialect maps them to its own version's."""

from enum import StrEnum


class Side(StrEnum):
    """54 and 624. `AS_DEFINED` and `OPPOSITE` speak of a structure as a whole."""

    BUY = "1"
    SELL = "2"
    AS_DEFINED = "B"
    OPPOSITE = "C"


class QuoteType(StrEnum):
    """537: may the price be traded on?"""

    INDICATIVE = "0"
    TRADEABLE = "1"
    RESTRICTED = "2"
    COUNTER = "3"
    INITIALLY_TRADEABLE = "4"


class RequestType(StrEnum):
    """303: does a person answer, or a machine?"""

    MANUAL = "1"
    AUTOMATIC = "2"
    CONFIRM = "3"


class Respondents(StrEnum):
    """1172: who may answer a request."""

    ALL = "1"
    SPECIFIED = "2"
    ALL_MAKERS = "3"
    PRIMARY_MAKER = "4"


class QuoteStatus(StrEnum):
    """297."""

    ACCEPTED = "0"
    CANCELED_FOR_SYMBOL = "1"
    CANCELED_FOR_TYPE = "2"
    CANCELED_FOR_UNDERLYING = "3"
    CANCELED_ALL = "4"
    REJECTED = "5"
    REMOVED = "6"
    EXPIRED = "7"
    QUERY = "8"
    NOT_FOUND = "9"
    PENDING = "10"
    PASSED = "11"
    LOCKED_WARNING = "12"
    CROSSED_WARNING = "13"
    CANCELED_LOCKED = "14"
    CANCELED_CROSSED = "15"
    ACTIVE = "16"
    CANCELED = "17"
    REPLENISHED = "18"
    PENDING_END = "19"
    TOO_LATE_TO_END = "20"
    TRADED = "21"
    TRADED_AND_REMOVED = "22"
    TERMINATED = "23"


class QuoteReject(StrEnum):
    """300: why a quote, or an answer to one, is refused."""

    UNKNOWN_SYMBOL = "1"
    CLOSED = "2"
    LIMIT = "3"
    TOO_LATE = "4"
    UNKNOWN_QUOTE = "5"
    DUPLICATE = "6"
    INVALID_BID = "7"
    INVALID_PRICE = "8"
    NOT_AUTHORISED = "9"
    PRICE_BAND = "10"
    LOCKED = "11"
    UNKNOWN_ISSUER = "12"
    UNKNOWN_UNDERLYING_ISSUER = "13"
    NOTIONAL = "14"
    PRICE_BAND_OLD = "15"
    NO_REFERENCE_PRICE = "16"
    CREDIT = "17"
    CLIP_SIZE = "18"
    ORDER_NOTIONAL = "19"
    DV01 = "20"
    CS01 = "21"
    OTHER = "99"


class RequestReject(StrEnum):
    """658: why a request is refused."""

    UNKNOWN_SYMBOL = "1"
    CLOSED = "2"
    LIMIT = "3"
    TOO_LATE = "4"
    INVALID_PRICE = "5"
    NOT_AUTHORISED = "6"
    NO_MATCH = "7"
    NO_MARKET = "8"
    NO_INVENTORY = "9"
    PASSED = "10"
    CREDIT = "11"
    CLIP_SIZE = "12"
    NOTIONAL = "13"
    DV01 = "14"
    CS01 = "15"
    OTHER = "99"


class Answer(StrEnum):
    """694: what an answer to a quote says; from a taker 1, 2, 6; to the makers who did not trade 3 to 10."""

    HIT = "1"
    COUNTER = "2"
    EXPIRED = "3"
    COVER = "4"
    DONE_AWAY = "5"
    PASS = "6"
    END_TRADE = "7"
    TIMED_OUT = "8"
    TIED = "9"
    TIED_COVER = "10"
    ACCEPT = "11"
    TERMINATE = "12"


class CancelType(StrEnum):
    """298: which quotes are cancelled."""

    FOR_SYMBOL = "1"
    FOR_TYPE = "2"
    FOR_UNDERLYING = "3"
    ALL = "4"
    ONE = "5"
    BY_QUOTE_TYPE = "6"
    FOR_ISSUER = "7"
    FOR_UNDERLYING_ISSUER = "8"


class AckStatus(StrEnum):
    """1865."""

    RECEIVED = "0"
    ACCEPTED = "1"
    REJECTED = "2"


class OrderType(StrEnum):
    """40: those that we speak of."""

    MARKET = "1"
    LIMIT = "2"
    STOP = "3"
    STOP_LIMIT = "4"
    PREVIOUSLY_QUOTED = "D"
    PREVIOUSLY_INDICATED = "E"
    PEGGED = "P"


class TimeInForce(StrEnum):
    """59."""

    DAY = "0"
    GOOD_TILL_CANCEL = "1"
    AT_OPENING = "2"
    IMMEDIATE_OR_CANCEL = "3"
    FILL_OR_KILL = "4"
    GOOD_TILL_CROSSING = "5"
    GOOD_TILL_DATE = "6"


class ExecType(StrEnum):
    """150: what happened. FIX 4.2 says 1 or 2 where later versions say F."""

    NEW = "0"
    PARTIAL_FILL = "1"
    FILL = "2"
    DONE_FOR_DAY = "3"
    CANCELED = "4"
    REPLACED = "5"
    PENDING_CANCEL = "6"
    STOPPED = "7"
    REJECTED = "8"
    SUSPENDED = "9"
    PENDING_NEW = "A"
    CALCULATED = "B"
    EXPIRED = "C"
    RESTATED = "D"
    PENDING_REPLACE = "E"
    TRADE = "F"
    TRADE_CORRECT = "G"
    TRADE_CANCEL = "H"
    ORDER_STATUS = "I"


class OrderStatus(StrEnum):
    """39: how the order stands."""

    NEW = "0"
    PARTIALLY_FILLED = "1"
    FILLED = "2"
    DONE_FOR_DAY = "3"
    CANCELED = "4"
    REPLACED = "5"
    PENDING_CANCEL = "6"
    STOPPED = "7"
    REJECTED = "8"
    SUSPENDED = "9"
    PENDING_NEW = "A"
    CALCULATED = "B"
    EXPIRED = "C"
    ACCEPTED_FOR_BIDDING = "D"
    PENDING_REPLACE = "E"


class Reporting(StrEnum):
    """442: does an execution speak of one instrument, of a leg, or of the whole structure?"""

    SINGLE = "1"
    LEG = "2"
    STRUCTURE = "3"


class CancelResponse(StrEnum):
    """434: what was refused."""

    CANCEL = "1"
    REPLACE = "2"


class BusinessReason(StrEnum):
    """380."""

    OTHER = "0"
    UNKNOWN_ID = "1"
    UNKNOWN_SECURITY = "2"
    UNSUPPORTED_TYPE = "3"
    NOT_AVAILABLE = "4"
    CONDITIONALLY_MISSING = "5"
    NOT_AUTHORISED = "6"
    THROTTLED = "99"


class Subscription(StrEnum):
    """263."""

    SNAPSHOT = "0"
    UPDATES = "1"
    STOP = "2"


class EntryType(StrEnum):
    """269: those that we speak of."""

    BID = "0"
    OFFER = "1"
    TRADE = "2"
    INDEX = "3"
    OPENING = "4"
    CLOSING = "5"
    SETTLEMENT = "6"
    HIGH = "7"
    LOW = "8"
    VOLUME = "B"
    OPEN_INTEREST = "C"
    MID = "H"


class EntryAction(StrEnum):
    """279."""

    NEW = "0"
    CHANGE = "1"
    DELETE = "2"
