"""Is the log what was written? The fast look at the chain, and the deep one at everything that is stored.

Fast: every record hashed behind the one before, numbers without a gap, the stored states against the records
that vouch for them, the head file. Deep: also every record decoded and spelled again, every column and every
search term made again from the record and compared, every snapshot hashed, none missing, none that nobody
asked for. All of it on one consistent view of the database, while a writer may go on beside.
"""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from pricing.market import MarketSnapshot
from rfq.audit.errors import LogDamaged
from rfq.audit.headfile import EMPTY, Head
from rfq.audit.log import LAST, AuditLog, Row
from rfq.audit.segments import segment_problem
from rfq.audit.sqlite import Connection
from rfq.audit.terms import terms_of
from rfq.audit.walk import Progress, Walk, walk_log
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.domain.record import Record, decode_record

_MENTIONS = "SELECT number, CAST(term AS BLOB) FROM mentions ORDER BY number, term"
_TOLD_EVERY = 2_000


class Report(NamedTuple):
    """What was found. `records` and `bytes` (of bodies) were looked at; `first_bad` is the first bad record's
    number, None if all is well or no one record is at fault; `head` is the last good record's."""

    ok: bool
    records: int
    bytes: int
    head: Head
    deep: bool
    first_bad: int | None = None
    problem: str = ""


def verify(log: AuditLog, *, deep: bool = False, progress: Progress | None = None) -> Report:
    """Check the whole log; `progress` hears the numbers passed."""
    damage: list[LogDamaged] = []
    kept: Head | None = None
    try:
        kept = log.head_file.read() if log.head_file is not None else EMPTY
    except LogDamaged as error:
        damage.append(error)
    connection = log.connection
    walked = Walk(0, 0, 0, EMPTY.hash)
    try:
        connection.execute("BEGIN")
        try:
            walked = walk_log(log.path, connection, 1, progress)
            damage += _beside(log, walked, kept, known=not damage)
            if deep:
                damage += _deep(connection, walked, progress)
        finally:
            connection.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        damage.append(LogDamaged(walked.number + 1, f"cannot be read: {error}"))
    head = Head(walked.number, walked.hash)
    if not damage:
        return Report(True, walked.records, walked.bytes, head, deep)
    first = min(damage, key=lambda one: one.number)
    number = first.number if first.number <= LAST else None
    return Report(False, walked.records, walked.bytes, head, deep, number, first.what)


def _beside(log: AuditLog, walked: Walk, kept: Head | None, *, known: bool) -> Iterator[LogDamaged]:
    """What the walk, the stored states and the head file show to be wrong."""
    if walked.bad is not None:
        yield LogDamaged(walked.bad, walked.what)
    problem = segment_problem(log.connection, walked.openings, walked.number)
    if problem is not None and walked.bad is None:
        yield problem
    if not known or log.head_file is None:
        return
    if kept is None:
        if walked.number:
            yield LogDamaged(walked.number, "the head file is missing")
    elif kept.number > walked.number and walked.bad is None:
        yield LogDamaged(walked.number + 1, f"missing: the head file knows of records up to {kept.number}")
    elif 0 < kept.number <= walked.number and log.hash_of(kept.number) != kept.hash:
        yield LogDamaged(kept.number, "the head file knows another hash of it")


def _deep(connection: Connection, walked: Walk, progress: Progress | None) -> Iterator[LogDamaged]:
    """The first thing wrong with what is stored in and beside the good records; and with snapshots."""
    mentions = _Mentions(connection)
    markets = _Markets(connection)
    chain = ""
    stored = connection.execute("SELECT chain, opened_at FROM chains").fetchall()
    rows = connection.execute(
        "SELECT number, at, received_at, kind, hash, body FROM records WHERE number <= ? ORDER BY number",
        (walked.number,),
    )
    for values in rows:
        row = Row(*values)
        try:
            record = decode_record(row.body)
        except CanonError as error:
            yield LogDamaged(row.number, f"cannot be decoded: {error}")
            return
        if row.number == 1:
            chain = record.chain
            if stored != [(chain, record.at)]:
                yield LogDamaged(1, "the table of chains says something else")
        what = _wrong(row, record, chain) or mentions.wrong(row.number, record) or markets.wrong(record)
        if what:
            yield LogDamaged(row.number, what)
            return
        if progress is not None and row.number % _TOLD_EVERY == 0:
            progress(row.number)
    if walked.bad is None:
        yield from mentions.left()
        yield from markets.left()


def _wrong(row: Row, record: Record, chain: str) -> str:
    """What is wrong with one record's spelling or its columns; empty if nothing."""
    if not canon.is_canonical(row.body, Record):
        return "its bytes are not the one spelling of what they say"
    if record.chain != chain:
        return f"it belongs to the chain {record.chain!r}"
    said = (record.number, record.at, record.received_at, type(record.event).__name__)
    for name, wanted, found in zip(("number", "at", "received_at", "kind"), said, row, strict=False):
        if type(found) is not type(wanted) or found != wanted:
            return f"the column {name} says {found!r}, the record {wanted!r}"
    return ""


class _Mentions:
    """Walks the stored search terms beside the records, both in order of their numbers."""

    def __init__(self, connection: Connection) -> None:
        self._groups = groupby(connection.execute(_MENTIONS), key=lambda row: row[0])
        self._number: object = None
        self._terms: list[object] = []
        self._next()

    def _next(self) -> None:
        number, rows = next(self._groups, (None, iter(())))
        self._number = number
        self._terms = [row[1] for row in rows]

    def wrong(self, number: int, record: Record) -> str:
        """What is wrong with the terms of this record; empty if nothing."""
        wanted = [term.encode() for term in terms_of(record)]
        found: list[object] = []
        if isinstance(self._number, int) and self._number < number:
            return f"search terms are stored for {self._number!r}, where no record is"
        if self._number == number:
            found = self._terms
            self._next()
        if found == wanted:
            return ""
        missing = [term for term in wanted if term not in found]
        extra = [term for term in found if term not in wanted]
        return f"search terms missing: {missing}, extra: {extra}"

    def left(self) -> Iterator[LogDamaged]:
        """Terms behind the last record."""
        if self._number is not None:
            number = self._number if isinstance(self._number, int) else LAST + 1
            yield LogDamaged(number, "search terms are stored where no record is")


class _Markets:
    """Checks each snapshot when a record first names it, and that no other is stored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seen: set[bytes] = set()

    def wrong(self, record: Record) -> str:
        """What is wrong with the snapshot that this record names; empty if nothing, or seen before."""
        if not record.market:
            return ""
        key = bytes.fromhex(record.market)
        if key in self._seen:
            return ""
        row = self._connection.execute("SELECT body FROM snapshots WHERE hash = ?", (key,)).fetchone()
        if row is None:
            return "the market snapshot that it names is missing"
        if type(row[0]) is not bytes or sha256(row[0]).digest() != key:
            return "the market snapshot that it names is not what was stored"
        try:
            if not canon.is_canonical(row[0], MarketSnapshot):
                return "the market snapshot that it names is not in its one spelling"
        except CanonError as error:
            return f"the market snapshot that it names cannot be decoded: {error}"
        self._seen.add(key)
        return ""

    def left(self) -> Iterator[LogDamaged]:
        """Snapshots that no record names; read from the table itself, as an index says what the row once said."""
        for (key,) in self._connection.execute("SELECT hash FROM snapshots NOT INDEXED"):
            if key not in self._seen:
                yield LogDamaged(LAST + 1, "a market snapshot is stored that no record names")
                return
