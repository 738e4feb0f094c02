"""The session's own messages: their bodies as bytes, what is read out of a Logon, and what an acceptor must know
before it can tell whose Logon it is."""

from typing import Final

from fix_gateway.codec.decoded import Decoded, Fields
from fix_gateway.errors import Fault
from fix_gateway.tags import (
    APPL_VER_ID,
    BEGIN_SEQ_NO,
    CODE_MAX_42,
    DEFAULT_APPL_VER_ID,
    END_SEQ_NO,
    GAP_FILL_FLAG,
    HEART_BT_INT,
    NEW_SEQ_NO,
    NEXT_EXPECTED,
    PASSWORD,
    REF_SEQ_NUM,
    RESET_SEQ_NUM_FLAG,
    TEST_REQ_ID,
    TEXT,
    USERNAME,
)

_ROUTES: Final = ((115, 128), (116, 129), (144, 145), (128, 115), (129, 116), (145, 144))
_PEEK_MAX: Final = 1_024
_SHOWN_MAX: Final = 128


def field(tag: int, value: bytes | str | int) -> bytes:
    """One field with its delimiter."""
    if isinstance(value, int):
        return b"%d=%d\x01" % (tag, value)
    return b"%d=%b\x01" % (tag, value.encode() if isinstance(value, str) else value)


def shown(said: bytes) -> str:
    """What a peer said, for a person: not too much of it, and nothing that could pass for another line."""
    text = said[:_SHOWN_MAX].decode("latin-1") + ("..." if len(said) > _SHOWN_MAX else "")
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in text)


def logon(
    heartbeat_s: int,
    *,
    reset: bool = False,
    username: str = "",
    password: str = "",
    next_expected: int = 0,
    appl: str = "",
) -> bytes:
    """The body of a Logon."""
    parts = [b"98=0\x01", field(HEART_BT_INT, heartbeat_s)]
    if reset:
        parts.append(b"141=Y\x01")
    if username:
        parts.append(field(USERNAME, username))
    if password:
        parts.append(field(PASSWORD, password))
    if next_expected:
        parts.append(field(NEXT_EXPECTED, next_expected))
    if appl:
        parts.append(field(DEFAULT_APPL_VER_ID, appl))
    return b"".join(parts)


def logout(text: str = "") -> bytes:
    """The body of a Logout."""
    return field(TEXT, text) if text else b""


def heartbeat(answer: bytes = b"") -> bytes:
    """The body of a Heartbeat; with `answer`, it answers a TestRequest."""
    return field(TEST_REQ_ID, answer) if answer else b""


def resend_request(begin: int) -> bytes:
    """The body of a ResendRequest for everything from `begin` on."""
    return field(BEGIN_SEQ_NO, begin) + field(END_SEQ_NO, 0)


def gap_fill(next_seq: int) -> bytes:
    """The body of a SequenceReset that says: the next message is `next_seq`."""
    return field(NEW_SEQ_NO, next_seq) + field(GAP_FILL_FLAG, b"Y")


def reject(message: Decoded, fault: Fault) -> bytes:
    """The body of a session-level Reject of `message`."""
    parts = [field(REF_SEQ_NUM, max(message.seq, 0)), field(TEXT, fault.text)]
    if fault.tag:
        parts.append(field(371, fault.tag))
    parts.append(field(372, message.msg_type.encode("latin-1")))
    if message.begin != b"FIX.4.2" or fault.code <= CODE_MAX_42:
        parts.append(field(373, fault.code))
    return b"".join(parts)


def business_reject(message: Decoded, reason: int, text: str = "", ref_id: bytes = b"") -> bytes:
    """The body of a BusinessMessageReject of `message`."""
    parts = [field(REF_SEQ_NUM, message.seq)]
    if text:
        parts.append(field(TEXT, text))
    parts.append(field(372, message.msg_type.encode("latin-1")))
    if ref_id:
        parts.append(field(379, ref_id))
    parts.append(field(380, reason))
    return b"".join(parts)


def reverse_route(message: Decoded) -> bytes:
    """The header fields that send an answer back the way `message` came; empty ones are not sent back."""
    found = [(there, message.head(here)) for here, there in _ROUTES]
    return b"".join(field(tag, value) for tag, value in sorted(found) if value)


def number(fields: Fields, tag: int, absent: int = 0) -> int:
    """A validated number out of a session message."""
    found = fields.get(tag)
    return int(found) if isinstance(found, bytes) else absent


def wants_reset(message: Decoded) -> bool:
    """ResetSeqNumFlag."""
    return message.text(RESET_SEQ_NUM_FLAG) == b"Y"


def appl_of(message: Decoded) -> bytes:
    """The application version that this one message claims; b"" for the session's own."""
    return message.head(APPL_VER_ID)


def peek(frame: bytes) -> tuple[str, str, str, str] | None:
    """(BeginString, MsgType, SenderCompID, TargetCompID) of a framed message, without judging the rest; None if one
    of them does not stand among its first fields."""
    found: dict[bytes, bytes] = {}
    for part in frame[:_PEEK_MAX].split(b"\x01"):
        tag, _, value = part.partition(b"=")
        if tag in (b"8", b"35", b"49", b"56") and tag not in found:
            found[tag] = value
    if len(found) < 4:
        return None
    begin, kind, sender, target = (found[tag].decode("latin-1") for tag in (b"8", b"35", b"49", b"56"))
    return begin, kind, sender, target
