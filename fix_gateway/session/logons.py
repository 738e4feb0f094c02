"""Judging a Logon: who it is from is settled first, and before that is settled nothing is answered and nothing
changes."""

import hmac

import msgspec

from fix_gateway.codec.decoded import Decoded
from fix_gateway.codec.values import timestamp_ns
from fix_gateway.session.admin import number, shown, wants_reset
from fix_gateway.session.settings import SessionSettings
from fix_gateway.tags import (
    COMP_ID_PROBLEM,
    DEFAULT_APPL_VER_ID,
    ENCRYPT_METHOD,
    HEART_BT_INT,
    LOGON,
    LOGOUT,
    NEXT_EXPECTED,
    ORIG_SENDING_TIME,
    PASSWORD,
    SENDER_COMP_ID,
    SENDING_TIME,
    SENDING_TIME_PROBLEM,
    TARGET_COMP_ID,
    TEXT,
    USERNAME,
)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A Logon that is taken: what it asks for."""

    heartbeat_s: int
    reset: bool
    next_expected: int


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """A Logon that is not taken. `known`: it is the peer's, so its number counts. `spoken`: it is told why, in a
    Logout."""

    why: str
    known: bool = False
    spoken: bool = False


def is_off(message: Decoded, now: int, tolerance_ms: int) -> bool:
    """True if SendingTime is further from `now` than is tolerated."""
    return abs(timestamp_ns(message.head(SENDING_TIME)) - now) > tolerance_ms * 1_000_000


def is_before_itself(message: Decoded) -> bool:
    """True if a possible duplicate claims to have been sent first after it was sent now."""
    return timestamp_ns(message.head(ORIG_SENDING_TIME)) > timestamp_ns(message.head(SENDING_TIME))


def is_from(message: Decoded, settings: SessionSettings) -> bool:
    """True if the CompIDs are those of the session."""
    sender, target = message.head(SENDER_COMP_ID), message.head(TARGET_COMP_ID)
    return sender == settings.target.encode() and target == settings.sender.encode()


def knows_password(settings: SessionSettings, message: Decoded) -> bool:
    """Username and password are what was agreed; takes the same time however much of them is right."""
    user = hmac.compare_digest(message.text(USERNAME), settings.username.encode())
    word = hmac.compare_digest(message.text(PASSWORD), settings.password.encode())
    return (user or not settings.username) and (word or not settings.password)


def problem_of(settings: SessionSettings, message: Decoded, now: int) -> int:
    """The reject code of a message that is not the peer's, or not of this time; 0 if there is none. What cannot be
    read is left to the message's own fault."""
    header = message.header
    sender, target = header.get(SENDER_COMP_ID), header.get(TARGET_COMP_ID)
    if sender != settings.target.encode() or target != settings.sender.encode():
        if message.fault is None or (sender and target):
            return COMP_ID_PROBLEM
        return 0
    try:
        if is_off(message, now, settings.tolerance_ms):
            return SENDING_TIME_PROBLEM
        if message.poss_dup and header.get(ORIG_SENDING_TIME) and is_before_itself(message):
            return SENDING_TIME_PROBLEM
    except ValueError:
        return 0 if message.fault is not None else SENDING_TIME_PROBLEM
    return 0


def judge(settings: SessionSettings, message: Decoded, now: int, answer: bool = False) -> Terms | Turned:
    """What is made of the first message of a connection, or of a Logon within one. `answer`: we asked for it, and
    the peer need not say its password."""
    if message.msg_type != LOGON:
        return Turned(why=f"the first message is a '{_kind(message)}', not a Logon")
    if message.begin != settings.begin.encode():
        return Turned(why="Incorrect BeginString")
    if message.fault is not None:
        return Turned(why=f"{message.fault.text} ({message.fault.tag.decode('latin-1')})")
    if not is_from(message, settings):
        return Turned(why="CompID problem")
    if is_off(message, now, settings.tolerance_ms):
        return Turned(why="SendingTime accuracy problem")
    if not answer and not settings.initiator and not knows_password(settings, message):
        return Turned(why="wrong username or password")
    return _terms(settings, message)


def judge_answer(settings: SessionSettings, message: Decoded, now: int, reset: bool) -> Terms | Turned:
    """What an initiator makes of the answer to its Logon, in which it asked for a `reset` or not."""
    if message.msg_type == LOGOUT and message.fault is None:
        known = message.begin == settings.begin.encode() and is_from(message, settings)
        return Turned(why=f"by the peer: {shown(message.text(TEXT)) or 'no reason given'}", known=known)
    fits = (
        message.msg_type == LOGON and message.begin == settings.begin.encode() and is_from(message, settings)
    )
    if not fits:
        return Turned(why=f"the answer is a '{_kind(message)}' that does not fit")
    if message.fault is not None:
        return Turned(why=f"{message.fault.text} ({message.fault.tag.decode('latin-1')})")
    if is_off(message, now, settings.tolerance_ms):
        return Turned(why="SendingTime accuracy problem")
    if wants_reset(message) and not reset:
        return Turned(why="the peer resets its numbers unasked", known=True, spoken=True)
    heartbeat_s = number(message.body, HEART_BT_INT)
    return Terms(heartbeat_s=heartbeat_s, reset=reset, next_expected=number(message.body, NEXT_EXPECTED))


def _kind(message: Decoded) -> str:
    return shown(message.msg_type.encode("latin-1"))


def _terms(settings: SessionSettings, message: Decoded) -> Terms | Turned:
    """What an authenticated peer asks for, if it can have it."""
    heartbeat_s = number(message.body, HEART_BT_INT)
    reset = wants_reset(message)
    if message.text(ENCRYPT_METHOD) != b"0":
        return Turned(why="EncryptMethod must be 0 (none)", known=True, spoken=True)
    if not settings.heartbeat_s_min <= heartbeat_s <= settings.heartbeat_s_max:
        bounds = f"{settings.heartbeat_s_min} and {settings.heartbeat_s_max}"
        return Turned(why=f"HeartBtInt must be between {bounds}", known=True, spoken=True)
    version = message.text(DEFAULT_APPL_VER_ID).decode("latin-1")
    if settings.appl and version not in (settings.appl, *settings.appls):
        return Turned(why="DefaultApplVerID is not supported", known=True, spoken=True)
    if reset and not settings.reset_allowed:
        return Turned(why="ResetSeqNumFlag is not allowed", known=True, spoken=True)
    if reset and message.seq != 1:
        return Turned(why="MsgSeqNum must be 1 with ResetSeqNumFlag", known=True, spoken=True)
    return Terms(heartbeat_s=heartbeat_s, reset=reset, next_expected=number(message.body, NEXT_EXPECTED))
