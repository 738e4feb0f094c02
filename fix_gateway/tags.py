"""Tags, message types and reject codes by name: those that the session itself speaks of."""

from typing import Final

SOH: Final = b"\x01"

# --- session message types -------------------------------------------------------------------------------------

HEARTBEAT: Final = "0"
TEST_REQUEST: Final = "1"
RESEND_REQUEST: Final = "2"
REJECT: Final = "3"
SEQUENCE_RESET: Final = "4"
LOGOUT: Final = "5"
LOGON: Final = "A"
BUSINESS_REJECT: Final = "j"
ADMIN: Final = frozenset({HEARTBEAT, TEST_REQUEST, RESEND_REQUEST, REJECT, SEQUENCE_RESET, LOGOUT, LOGON})

# --- header tags -----------------------------------------------------------------------------------------------

POSS_DUP_FLAG: Final = 43
SENDER_COMP_ID: Final = 49
SENDING_TIME: Final = 52
TARGET_COMP_ID: Final = 56
ORIG_SENDING_TIME: Final = 122
APPL_VER_ID: Final = 1128

# --- tags of the session messages' bodies ----------------------------------------------------------------------

BEGIN_SEQ_NO: Final = 7
END_SEQ_NO: Final = 16
NEW_SEQ_NO: Final = 36
REF_SEQ_NUM: Final = 45
TEXT: Final = 58
ENCRYPT_METHOD: Final = 98
HEART_BT_INT: Final = 108
TEST_REQ_ID: Final = 112
GAP_FILL_FLAG: Final = 123
RESET_SEQ_NUM_FLAG: Final = 141
USERNAME: Final = 553
PASSWORD: Final = 554
NEXT_EXPECTED: Final = 789
NEW_PASSWORD: Final = 925
DEFAULT_APPL_VER_ID: Final = 1137
SECRETS: Final = frozenset({PASSWORD, NEW_PASSWORD})
"""Never written to a log, a journal or a screen."""

# --- session-level reject codes (373), and what is said with them ----------------------------------------------

INVALID_TAG: Final = 0
REQUIRED_MISSING: Final = 1
NOT_IN_MESSAGE: Final = 2
NO_VALUE: Final = 4
VALUE_WRONG: Final = 5
FORMAT_WRONG: Final = 6
COMP_ID_PROBLEM: Final = 9
SENDING_TIME_PROBLEM: Final = 10
INVALID_MSG_TYPE: Final = 11
TAG_TWICE: Final = 13
OUT_OF_ORDER: Final = 14
GROUP_ORDER: Final = 15
GROUP_COUNT: Final = 16
BAD_DATA: Final = 17
BAD_APPL_VER: Final = 18
OTHER: Final = 99
TEXTS: Final = {
    INVALID_TAG: "Invalid tag number",
    REQUIRED_MISSING: "Required tag missing",
    NOT_IN_MESSAGE: "Tag not defined for this message type",
    NO_VALUE: "Tag specified without a value",
    VALUE_WRONG: "Value is incorrect (out of range) for this tag",
    FORMAT_WRONG: "Incorrect data format for value",
    COMP_ID_PROBLEM: "CompID problem",
    SENDING_TIME_PROBLEM: "SendingTime accuracy problem",
    INVALID_MSG_TYPE: "Invalid MsgType",
    TAG_TWICE: "Tag appears more than once",
    OUT_OF_ORDER: "Tag specified out of required order",
    GROUP_ORDER: "Repeating group fields out of order",
    GROUP_COUNT: "Incorrect NumInGroup count for repeating group",
    BAD_DATA: "Non-data value includes field delimiter (SOH character)",
    BAD_APPL_VER: "Invalid/Unsupported Application Version",
}
"""The sentences that counterparties' own tests know."""
CODE_MAX_42: Final = 11
"""FIX 4.2 knows no reject code above this one; the field is then left out."""

# --- business-level reject reasons (380) -----------------------------------------------------------------------

BUSINESS_OTHER: Final = 0
UNKNOWN_ID: Final = 1
UNKNOWN_SECURITY: Final = 2
UNSUPPORTED_TYPE: Final = 3
NOT_AVAILABLE: Final = 4
CONDITIONALLY_MISSING: Final = 5
THROTTLED: Final = 99
