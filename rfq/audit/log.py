"""The log: appending whole transactions, reading beside it, and refusing to build on a damaged one.

Theory. `append` is one transaction: all of its entries or none. It demands that they go on exactly where the
log ends. After any failure the log object is done for: what reached the disk is only known by opening it
anew, and the desk is then rebuilt from what is there. Opening for writing takes the writer's lock, walks the
chain, checks the stored states and compares the head file; anything wrong raises LogDamaged with the first
bad record's number. A torn last transaction is not damage: SQLite drops it, and nobody had been told that it
was durable.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple, Self

from rfq.audit import sqlite, statements
from rfq.audit.chain import Chain, Entry, Segment
from rfq.audit.errors import LogClosed, LogDamaged, LogError, LogGap, LogMissing, LogUnavailable
from rfq.audit.headfile import EMPTY, Head, HeadFile
from rfq.audit.segments import newest_segment, segment_problem
from rfq.audit.sqlite import hex_of
from rfq.audit.walk import NUMBER_MAX, Progress, Walk, walk_log
from rfq.domain.ids import ChainId

Extent = Literal["all", "newest"]

_RECORDS = (
    "SELECT number, at, received_at, kind, hash, body FROM records "
    "WHERE number >= ? AND number <= ? ORDER BY number"
)
_SNAPSHOT = "SELECT body FROM snapshots WHERE hash = ?"
_UNAVAILABLE = (
    *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY),
    *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL),
)
_CHAIN = "SELECT chain FROM chains"
LAST = NUMBER_MAX
_TERM = itemgetter(0)


class Row(NamedTuple):
    """A record as it is stored; stamps in UTC ns, hash hex."""

    number: int
    at: int
    received_at: int
    kind: str
    hash: str
    body: bytes


class AuditLog:
    """One open log. Use `AuditLog.open`."""

    def __init__(
        self, connection: sqlite.Connection, path: Path | None, head_file: HeadFile | None, writable: bool
    ) -> None:
        self.connection = connection
        self.path = path
        self.head_file = head_file
        self.writable = writable
        self.problem: LogDamaged | None = None
        self._lock: sqlite.WriterLock | None = None
        self._head = EMPTY
        self._broken = ""

    @classmethod
    def open(
        cls,
        address: str | Path,
        *,
        writable: bool,
        fsync: bool = True,
        allow_damage: bool = False,
        verify: Extent = "all",
        connect: sqlite.Connect = sqlite.connect,
        progress: Progress | None = None,
    ) -> Self:
        """Open the log at a path, a `sqlite:///` address or ":memory:".

        For writing: the only writer, verified (`verify="newest"`: from the newest segment on), made if it is
        not there. For reading: as it stands; a head file or end that disagrees is damage too, unless
        `allow_damage`, which then only notes it in `problem`.
        """
        if allow_damage and writable:
            raise ValueError("allow_damage: a damaged log can only be opened for reading")
        path = path_of(address)
        if path is None:
            log = cls(sqlite.connect_memory(), None, None, True)
            _make_tables(log.connection)
            return log
        head_file = HeadFile(path.with_name(path.name + ".head"), fsync=fsync)
        if not writable:
            return cls._open_reader(path, head_file, allow_damage)
        try:
            return cls._open_writer(path, head_file, fsync, verify, connect, progress)
        except sqlite3.DatabaseError as error:
            raise _told(error, path) from error
        except OSError as error:
            raise LogUnavailable(f"{path}: {error}") from error

    @classmethod
    def _open_writer(
        cls,
        path: Path,
        head_file: HeadFile,
        fsync: bool,
        verify: Extent,
        connect: sqlite.Connect,
        progress: Progress | None,
    ) -> Self:
        """Take the lock, open or make the log, verify it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite.WriterLock(path.with_name(path.name + ".lock"))
        connection: sqlite.Connection | None = None
        try:
            kept = head_file.read()
            if kept is None and not path.exists():
                kept = EMPTY
                head_file.keep(EMPTY, 0)
            connection = connect(path)
            log = cls(connection, path, head_file, True)
            log._lock = lock
            log._make_ready(kept, fsync, verify, progress)
        except BaseException:
            if connection is not None:
                connection.close()
            lock.release()
            raise
        return log

    @classmethod
    def _open_reader(cls, path: Path, head_file: HeadFile, allow_damage: bool) -> Self:
        """Open beside a writer, or after it."""
        if not path.is_file():
            raise LogMissing(f"there is no log at {path}")
        connection = None
        try:
            connection = sqlite.connect_reader(path)
            log = cls(connection, path, head_file, False)
            try:
                kept = head_file.read()
                sqlite.check_revision(connection, statements.REVISION)
                log._compare(kept, log.head())
            except (LogDamaged, sqlite3.DatabaseError) as error:
                problem = error if isinstance(error, LogDamaged) else _told(error, path)
                if not allow_damage or not isinstance(problem, LogDamaged):
                    raise problem from error
                log.problem = problem
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.DatabaseError):
                raise _told(error, path) from error
            raise
        return log

    def _make_ready(self, kept: Head | None, fsync: bool, verify: Extent, progress: Progress | None) -> None:
        """Make the tables if there are none; then verify what is there."""
        empty = not sqlite.has_tables(self.connection)
        if empty and kept is not None and kept.number > 0:
            raise LogDamaged(1, f"missing: the head file knows of records up to {kept.number}")
        sqlite.prepare(self.connection, fsync=fsync)
        if empty:
            _make_tables(self.connection)
        sqlite.check_revision(self.connection, statements.REVISION)
        found = self._walk(verify, progress)
        if found.bad is not None:
            raise LogDamaged(found.bad, found.what)
        self._head = Head(found.number, found.hash)
        if kept is None and self._head == EMPTY:  # made by a migration: as good as new
            kept = EMPTY
            self.keep_head(0)
        problem = segment_problem(self.connection, found.openings, found.number)
        if problem is not None:
            raise problem
        self._compare(kept, self._head)

    def _walk(self, verify: Extent, progress: Progress | None) -> Walk:
        """Walk the whole chain, or what lies behind the beginning of the newest segment."""
        first = 1
        if verify == "newest":
            segment = newest_segment(self.connection)
            first = segment[0] if segment is not None else 1
        return walk_log(self.path, self.connection, first, progress)

    def _compare(self, kept: Head | None, head: Head) -> None:
        """Raise LogDamaged if the head file knows more than the log, or something else."""
        if kept is None and head == EMPTY:
            return
        if kept is None:
            raise LogDamaged(head.number, "the head file is missing")
        if kept.number > head.number:
            raise LogDamaged(head.number + 1, f"missing: the head file knows of records up to {kept.number}")
        if kept.number and kept.hash != self.hash_of(kept.number):
            raise LogDamaged(kept.number, "the head file knows another hash of it")

    # --- writing --------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> None:
        """Store the entries in one transaction; on return they are durable. All of them or none."""
        if self._broken or not self.writable:
            raise LogClosed(self._broken or "this log is open for reading only")
        if not entries:
            return
        number, previous = self._head
        for entry in entries:
            if entry.number != number + 1 or entry.previous != previous:
                raise LogGap(f"record {entry.number} does not continue the log after record {number}")
            number, previous = entry.number, entry.hash
        try:
            self._store(entries)
        except BaseException as error:
            self._broken = f"an append failed before: {error}"
            self._roll_back()
            raise
        self._head = Head(number, previous)

    def _store(self, entries: Sequence[Entry]) -> None:
        """The transaction itself."""
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        if entries[0].number == 1:
            execute(statements.INSERT_CHAIN, (entries[0].chain, entries[0].at))
        unhex = bytes.fromhex
        rows = [(e.number, e.at, e.received_at, e.kind, unhex(e.hash), e.body) for e in entries]
        sqlite.insert_rows(self.connection, statements.INSERT_RECORD, rows)
        # In the order of the index: records of one batch touch the same pages.
        mentions = sorted([(term, e.number) for e in entries for term in e.terms], key=_TERM)
        sqlite.insert_rows(self.connection, statements.INSERT_MENTION, mentions)
        for entry in entries:
            if entry.snapshot is not None:
                execute(statements.INSERT_SNAPSHOT, (unhex(entry.snapshot.hash), entry.snapshot.body))
            if entry.segment is not None:
                segment = entry.segment
                execute(
                    statements.INSERT_SEGMENT,
                    (segment.segment, entry.number, unhex(segment.hash), segment.state),
                )
        execute("COMMIT")

    def _roll_back(self) -> None:
        with suppress(
            sqlite3.Error
        ):  # it failed before BEGIN, or the disk is gone: the log is done for anyway
            self.connection.execute("ROLLBACK")

    def head_is_due(self, now: int) -> bool:
        """True if the head file should be written now (UTC ns)."""
        return self.head_file is not None and self.head_file.due(self._head, now)

    def keep_head(self, now: int) -> None:
        """Write the head file (`now` in UTC ns)."""
        if self.head_file is not None:
            self.head_file.keep(self._head, now)

    def close(self, now: int | None = None) -> None:
        """Close; a writer that had no failure leaves the head file at the last record."""
        if self.writable and not self._broken and self.head_file is not None:
            self.head_file.keep(self._head, now if now is not None else self.head_file.kept_at)
        self._broken = self._broken or "the log is closed"
        self.connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- reading --------------------------------------------------------------------------------

    def head(self) -> Head:
        """The newest record's number and hash; a writer's own, a reader's as it is now."""
        return self._head if self.writable else self._read_head()

    def _read_head(self) -> Head:
        row = self.connection.execute(statements.SELECT_HEAD).fetchone()
        return Head(row[0], hex_of(row[1])) if row else EMPTY

    def chain_id(self) -> ChainId | None:
        """Whose log this is; None before the first record."""
        row = self.connection.execute(_CHAIN).fetchone()
        return ChainId(row[0]) if row else None

    def chain(self, new: ChainId) -> Chain:
        """The chain to go on with; an empty log begins the chain `new`."""
        head = self.head()
        return Chain(self.chain_id() or new, head.hash, head.number + 1)

    def records(self, first: int = 1, last: int = LAST) -> Iterator[Row]:
        """The records `first` to `last`, both included."""
        for number, at, received_at, kind, digest, body in self.connection.execute(_RECORDS, (first, last)):
            yield Row(number, at, received_at, kind, hex_of(digest), body)

    def bodies(self, first: int = 1, last: int = LAST) -> Iterator[tuple[int, bytes]]:
        """The number and canonical bytes of the records `first` to `last`, both included."""
        found: Iterator[tuple[int, bytes]] = iter(
            self.connection.execute(statements.SELECT_BODIES, (first, last))
        )
        return found

    def hash_of(self, number: int) -> str:
        """The stored hash (hex) of a record; empty if there is none."""
        row = self.connection.execute("SELECT hash FROM records WHERE number = ?", (number,)).fetchone()
        return hex_of(row[0]) if row else ""

    def snapshot(self, digest: str) -> bytes | None:
        """The canonical bytes of a market snapshot, by its hash (hex)."""
        row = self.connection.execute(_SNAPSHOT, (bytes.fromhex(digest),)).fetchone()
        return row[0] if row else None

    def newest_segment(self) -> tuple[int, Segment] | None:
        """The newest segment and the number of the record that begins it; LogDamaged if its state is not what
        it was."""
        found = newest_segment(self.connection)
        if found is None:
            return None
        number, segment = found
        if sha256(segment.state).hexdigest() != segment.hash:
            raise LogDamaged(number, f"the state of segment {segment.segment} is not what was stored")
        return found


def _make_tables(connection: sqlite.Connection) -> None:
    """Make the tables of a new log."""
    from rfq.audit.tables import SCHEMA  # SQLAlchemy is slow to import, and only a new log needs it

    sqlite.make_tables(connection, SCHEMA)


def _told(error: sqlite3.DatabaseError, path: Path) -> LogError:
    """What a failure of the database means: what it holds is wrong, or it cannot be used."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _UNAVAILABLE:
        return LogUnavailable(f"{path}: {error}")
    return LogDamaged(1, f"{path.name} cannot be read: {error}")


def path_of(address: str | Path) -> Path | None:
    """The file of an address: a path, or `sqlite:///` and a path; None for ":memory:"."""
    text = str(address)
    if text.startswith("sqlite://"):
        text = text.removeprefix("sqlite://").removeprefix("/") or ":memory:"
    elif "://" in text:
        raise ValueError(f"audit.url: {text.split(':', 1)[0]} is not a database that the log can be kept in")
    return None if text == ":memory:" else Path(text).expanduser().resolve()
