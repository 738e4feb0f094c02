"""A message as it was read: header and body by tag, groups nested, values still bytes; and what is wrong with it."""

from typing import TypeAlias

import msgspec

from fix_gateway.errors import Fault

Fields: TypeAlias = "dict[int, bytes | list[Fields]]"
"""Tag -> value, in the order of the wire; a group's count tag -> its entries (an empty list for a count of zero)."""


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """One well-framed message. `seq` is its MsgSeqNum, -1 if it has none that can be read. With a `fault`, the header
    holds what could be read of it, and the body may be empty or a part."""

    begin: bytes
    msg_type: str
    seq: int
    header: Fields
    body: Fields
    raw: bytes
    fault: Fault | None = None

    def __repr__(self) -> str:
        if self.msg_type in ("A", "BE"):  # they may hold a password
            return f"Decoded(msg_type={self.msg_type!r}, seq={self.seq}, header={self.header}, fault={self.fault})"
        return f"Decoded(raw={self.raw!r}, fault={self.fault})"

    def head(self, tag: int) -> bytes:
        """A header field; b"" if it is absent."""
        found = self.header.get(tag, b"")
        return found if isinstance(found, bytes) else b""

    def text(self, tag: int) -> bytes:
        """A field of the body's top level; b"" if it is absent."""
        found = self.body.get(tag, b"")
        return found if isinstance(found, bytes) else b""

    @property
    def poss_dup(self) -> bool:
        """PossDupFlag."""
        return self.header.get(43) == b"Y"

    @property
    def poss_resend(self) -> bool:
        """PossResend."""
        return self.header.get(97) == b"Y"
