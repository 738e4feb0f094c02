"""An application that sends back what it gets: orders, security definitions and emails, their fields in ascending order
of tags, each group's entries behind its count. Anything else is refused as an unsupported type."""

from fix_gateway.codec.decoded import Decoded, Fields
from fix_gateway.session.admin import business_reject, field, reverse_route
from fix_gateway.shell.connection import Link
from fix_gateway.tags import BUSINESS_REJECT, UNSUPPORTED_TYPE

ECHOED = ("D", "d", "C")
IDS_MAX = 100_000
_OWN = frozenset({34, 43, 49, 52, 56, 122})
"""Header fields that each message has its own of, or loses when it is sent anew."""


class Echo:
    """Answers every session; remembers the ids of the orders of each until it is down."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[bytes, None]] = {}

    def on_up(self, link: Link) -> None:
        """Nothing was seen in this session."""
        self._seen[link.name] = {}

    def on_down(self, link: Link, reason: str) -> None:
        """The ids are forgotten."""
        self._seen.pop(link.name, None)

    def on_message(self, link: Link, message: Decoded) -> bool:
        """Echo it, drop it, or refuse it."""
        if message.msg_type not in ECHOED:
            body = business_reject(message, UNSUPPORTED_TYPE, "Unsupported Message Type")
            link.send(BUSINESS_REJECT, body, header=reverse_route(message))
        elif message.msg_type != "D" or self._is_new(link.name, message):
            own = {tag: value for tag, value in message.header.items() if tag not in _OWN}
            link.send(message.msg_type, ascending(message.body), header=ascending(own))
        return True

    def _is_new(self, name: str, message: Decoded) -> bool:
        """False for an order that may have been sent before, and was."""
        seen, order = self._seen[name], message.text(11)
        if order in seen:
            return not message.poss_resend
        if len(seen) >= IDS_MAX:
            del seen[next(iter(seen))]
        seen[order] = None
        return True


def ascending(fields: Fields) -> bytes:
    """Fields as bytes: by tag, but the entries of a group as they were, behind the count."""
    parts = []
    for tag in sorted(fields):
        value = fields[tag]
        if isinstance(value, bytes):
            parts.append(field(tag, value))
        else:
            parts.append(field(tag, len(value)))
            parts += [_entry(entry) for entry in value]
    return b"".join(parts)


def _entry(fields: Fields) -> bytes:
    parts = []
    for tag, value in fields.items():
        if isinstance(value, bytes):
            parts.append(field(tag, value))
        else:
            parts.append(field(tag, len(value)))
            parts += [_entry(entry) for entry in value]
    return b"".join(parts)
