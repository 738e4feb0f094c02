"""What can go wrong, and whose fault it is. A peer's fault in one message is a `Fault`, a value; it never raises."""

import msgspec


class LocalProtocolError(Exception):
    """We were asked to do what the session cannot do now (send while logged off, a body that is no FIX)."""


class StoreError(Exception):
    """What a session must remember cannot be kept or read: it can go on no more."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one well-framed message: the session-level reject code (373), the tag at fault as it was
    spelled (371, empty if none), and the sentence that goes into 58."""

    code: int
    text: str
    tag: bytes = b""


class Garbled(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are no FIX message: dropped, as the standard demands. `fatal`: the stream cannot be trusted any more
    (longer than the cap), so the connection must end."""

    problem: str
    size: int
    fatal: bool = False
