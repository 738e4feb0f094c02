"""What a session tells its owner: it is up, it is down, a message arrived, something is worth a line in a log."""

from typing import TypeAlias

import msgspec

from fix_gateway.codec.decoded import Decoded


class Up(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides have logged on."""


class Down(msgspec.Struct, frozen=True, kw_only=True):
    """No message can be sent any more, and why."""

    reason: str


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """An application message, in order, valid. Its number is stored when the owner says `accepted`."""

    message: Decoded


class PeerRejected(msgspec.Struct, frozen=True, kw_only=True):
    """The peer rejects (35=3) a message of ours."""

    message: Decoded


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person would want to know: a rejected message, a gap, a refused Logon."""

    what: str


Event: TypeAlias = Up | Down | Arrived | PeerRejected | Noted


class Counts(msgspec.Struct, kw_only=True):
    """How often things happened since the session was made."""

    received: int = 0
    sent: int = 0
    resent: int = 0
    rejected: int = 0
    rejected_by_peer: int = 0
    garbled: int = 0
    gaps: int = 0
    duplicates: int = 0
    logons: int = 0
    refused_logons: int = 0
