"""What becomes of a message that was heard: events for the desk, or replies that need no record, or neither."""

from typing import Any, NamedTuple

import msgspec

from fix_gateway.messages.trading import BusinessMessageReject
from fix_gateway.messages.words import BusinessReason
from rfq.domain.events import Event, MessageUnreadable
from rfq.domain.ids import PartyId
from rfq.domain.reasons import Reason
from rfq.wire.book import Book
from rfq.wire.codes import text_of
from rfq.wire.peers import Peer
from rfq.wire.reading import clean


class Heard(NamedTuple):
    """Events go into the inbox, in order; replies leave at once."""

    events: tuple[Event, ...] = ()
    replies: tuple[Any, ...] = ()


NOTHING = Heard()
"""Understood, and there is nothing to do."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Around a message: whose it is, through which session, whether it may have been sent before, its type and number,
    and the instant (UTC ns)."""

    party: PartyId
    peer: Peer
    book: Book
    again: bool
    msg_type: str
    seq: int
    now: int


def unreadable(said: Said, kind: str, reference: str, reason: Reason, found: str = "") -> Heard:
    """The desk answers, by the name of the field."""
    event = MessageUnreadable(
        party=said.party, kind=kind, reference=clean(reference), reason=reason, text=clean(found)
    )
    return Heard((event,))


def rejected(said: Said, reason: BusinessReason, text: str, reference: str = "") -> Heard:
    """A message that has no answer of its own is refused as such."""
    reject = BusinessMessageReject(
        ref_msg_type=said.msg_type, reason=reason, ref_seq=said.seq, ref_id=reference, text=text
    )
    return Heard(replies=(reject,))


def unsupported(said: Said) -> Heard:
    """We do not do that."""
    return rejected(said, BusinessReason.UNSUPPORTED_TYPE, "Unsupported Message Type")


def unauthorised(said_type: str, seq: int, reason: Reason) -> BusinessMessageReject:
    """The session may not speak for whom it names."""
    return BusinessMessageReject(
        ref_msg_type=said_type, reason=BusinessReason.NOT_AUTHORISED, ref_seq=seq, text=text_of(reason)
    )
