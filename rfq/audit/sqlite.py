"""Opening the SQLite file of a log: how it is synced, locked, made and checked for its version.

WAL mode with `synchronous=FULL`: in simulated power cuts FULL loses nothing that was acknowledged, NORMAL
most of it (docs/adr/0006-the-log.md). One process writes, held to it by a lock on a file of its own for as
long as it lives; any number read beside it. Readers never checkpoint and never write.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from rfq.audit.errors import LogLocked, LogOutdated

CACHE_KIB = 32_768
BUSY_S = 5.0
_NO_SHARED_MEMORY = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
ROWS_A_STATEMENT = (128, 16, 4, 1)


class Cursor(Protocol):
    """What a statement returns: rows."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...


class Connection(Protocol):
    """The little that the log asks of a driver; transactions are spelled out (BEGIN, COMMIT)."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Any: ...

    def close(self) -> None: ...


Connect = Callable[[Path], Connection]
_HEADER_SIZE = 100


def connect(path: Path) -> Connection:
    """A connection that may write."""
    _check_length(path)
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)


def _check_length(path: Path) -> None:
    """Refuse a file that ends before its own header says: SQLite only notices when it needs a page that is gone.

    What waits in a write-ahead log may be the missing part; then SQLite knows better.
    """
    waiting = path.with_name(path.name + "-wal")
    if not path.is_file() or (waiting.is_file() and waiting.stat().st_size):
        return
    with path.open("rb") as file:
        header = file.read(_HEADER_SIZE)
    if len(header) < _HEADER_SIZE or header[24:28] != header[92:96]:  # its count of pages is not kept
        return
    page = int.from_bytes(header[16:18], "big")
    announced = (65_536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
    if path.stat().st_size < announced:
        raise sqlite3.DatabaseError(
            f"it has {path.stat().st_size} bytes of the {announced} that it announces"
        )


def connect_memory() -> Connection:
    """A database that lives as long as its connection."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def connect_reader(path: Path) -> Connection:
    """A connection that cannot write. Where even shared memory cannot be made, the file is read as it stands, if
    nothing waits in its write-ahead log."""
    _check_length(path)
    address = f"file:{quote(str(path))}?mode=ro"
    found = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
    try:
        found.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        found.close()
        waiting = path.with_name(path.name + "-wal")
        if error.sqlite_errorcode & 0xFF not in _NO_SHARED_MEMORY or (
            waiting.is_file() and waiting.stat().st_size
        ):
            raise
        found = sqlite3.connect(
            address + "&immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )
    found.execute("PRAGMA query_only=ON")
    return found


def prepare(connection: Connection, *, fsync: bool) -> None:
    """Settings of a writing connection."""
    connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute(f"PRAGMA synchronous={'FULL' if fsync else 'OFF'}")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")


def has_tables(connection: Connection) -> bool:
    """True if anything was ever made in this database."""
    found = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(found[0])


def make_tables(connection: Connection, schema: Iterable[str]) -> None:
    """Make all tables in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in schema:
        connection.execute(statement)
    connection.execute("COMMIT")


def check_revision(connection: Connection, wanted: str) -> None:
    """Raise LogOutdated unless the tables are of the revision that this program speaks."""
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        raise LogOutdated("this database holds no log (it has no alembic_version)") from None
    found = row[0] if row else "none"
    if found != wanted:
        raise LogOutdated(
            f"the tables are at revision {found}, this program speaks {wanted}: run `alembic upgrade head`"
        )


def insert_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run `INSERT ... VALUES (?, ...)` for all rows, many rows to a statement.

    Fewer steps are faster, and each step of a statement lets go of the interpreter's lock and must get it back from
    a busy loop: row by row, a batch would wait for it row by row.
    """
    if not rows:
        return
    width, start = len(rows[0]), 0
    for size in ROWS_A_STATEMENT:
        while len(rows) - start >= size:
            values = list(chain.from_iterable(rows[start : start + size]))
            connection.execute(_for_rows(statement, width, size), values)
            start += size


@cache
def _for_rows(statement: str, width: int, size: int) -> str:
    """`INSERT ... VALUES (?, ...)` for so many rows of so many values."""
    return statement + f", ({', '.join('?' * width)})" * (size - 1)


def hex_of(stored: object) -> str:
    """A stored hash in hex; empty if what is stored is not bytes."""
    return stored.hex() if type(stored) is bytes else ""


class WriterLock:
    """The right to write, held until `release` or the end of the process."""

    __slots__ = ("_handle",)

    def __init__(self, path: Path) -> None:
        """Take the lock at `path`; raises LogLocked if another holds it."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode("ascii", "replace").strip()
            os.close(handle)
            raise LogLocked(f"process {holder or 'unknown'} has this log open for writing") from None
        except OSError:
            os.close(handle)
            raise
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Give it up; the file stays (taking it away would let two hold different files)."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
