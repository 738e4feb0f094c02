"""The stored states at the beginnings of segments, and what may be wrong with them.

The record that begins a segment holds the hash and size of the state in its effect `StateTaken`; the state
itself lies in the table `segments`. The chain vouches for the record, and the record for the state.
"""

import sqlite3
from collections.abc import Iterable
from hashlib import sha256

from rfq.audit.chain import Segment
from rfq.audit.errors import LogDamaged
from rfq.audit.sqlite import Connection, hex_of
from rfq.domain.checkers import CanonError
from rfq.domain.effects import StateTaken
from rfq.domain.events import SegmentOpened
from rfq.domain.record import decode_record

_NEWEST = (
    "SELECT segment, number, hash, state FROM segments "
    "WHERE typeof(number) = 'integer' ORDER BY segment DESC LIMIT 1"
)
_ALL = "SELECT segment, number, hash, state FROM segments WHERE number >= ? AND number <= ? ORDER BY number"
_LATER = "SELECT count(*) FROM segments WHERE number > ? OR number < 1"
_BODY = "SELECT body FROM records WHERE number = ?"


def newest_segment(connection: Connection) -> tuple[int, Segment] | None:
    """The newest segment as stored, and the number of the record that begins it."""
    row = connection.execute(_NEWEST).fetchone()
    if row is None:
        return None
    state = row[3] if type(row[3]) is bytes else b""
    return row[1], Segment(row[0], state, hex_of(row[2]))


def segment_problem(connection: Connection, openings: Iterable[int], last: int) -> LogDamaged | None:
    """What is wrong with the states of the segments that these records begin, up to record `last`; None if
    nothing."""
    wanted = list(openings)
    try:
        found = {row[1]: row for row in connection.execute(_ALL, (wanted[0] if wanted else 1, last))}
        strays = connection.execute(_LATER, (last,)).fetchone()[0]
        for number in sorted({*wanted, *found}):
            body = connection.execute(_BODY, (number,)).fetchone()
            what = _wrong(found.get(number), body[0] if body else b"")
            if what:
                return LogDamaged(number, what)
    except sqlite3.DatabaseError as error:
        return LogDamaged(last, f"the segments cannot be read: {error}")
    return LogDamaged(last + 1, "missing: a segment begins behind the last record") if strays else None


def _wrong(row: tuple[int, int, bytes, bytes] | None, body: bytes) -> str:
    """What is wrong with one stored state; empty if nothing."""
    try:
        record = decode_record(body)
    except CanonError:
        return "cannot be decoded, but begins a segment"
    taken = next((effect for effect in record.effects if type(effect) is StateTaken), None)
    opened = record.event if type(record.event) is SegmentOpened else None
    if opened is None or taken is None:
        return "" if row is None else "takes no state, but one is stored with it"
    if row is None:
        return f"the state of segment {opened.segment} is missing"
    segment, _, digest, state = row
    if type(state) is not bytes or type(digest) is not bytes:
        return f"the state of segment {segment} is not bytes"
    if segment != opened.segment or digest.hex() != taken.state:
        return f"another segment is stored with it than it opens ({segment})"
    if len(state) != taken.size or sha256(state).digest() != digest:
        return f"the state of segment {segment} is not what was stored"
    return ""
