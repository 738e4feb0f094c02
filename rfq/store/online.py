"""The online table: the newest row of each market, at hand in memory and kept on disk, so that it survives a restart.

Writing to disk is in `flush`, all changed rows in one transaction; who drives the table calls it now and then. What a
crash takes is what came after the last flush, never the table. A file that is damaged is put aside and told: the rows
come again with the next messages. Others may read the file while it is written.
"""

import sqlite3
from array import array
from pathlib import Path
from typing import Final, NamedTuple

from rfq.feeds.said import Market
from rfq.store.parts import StoreError

_MAKE: Final = (
    "CREATE TABLE IF NOT EXISTS newest (venue TEXT NOT NULL, symbol TEXT NOT NULL, schema TEXT NOT NULL,"
    " known_at INTEGER NOT NULL, row BLOB NOT NULL, PRIMARY KEY (venue, symbol, schema)) WITHOUT ROWID"
)
_PUT: Final = (
    "INSERT INTO newest (venue, symbol, schema, known_at, row) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (venue, symbol, schema) DO UPDATE SET known_at = excluded.known_at, row = excluded.row"
    " WHERE excluded.known_at >= newest.known_at"
)
_ALL: Final = "SELECT venue, symbol, schema, known_at, row FROM newest ORDER BY venue, symbol, schema"
_BUSY_S: Final = 5.0


class Latest(NamedTuple):
    """A market's newest row: when it was known, and its values in the schema's order."""

    market: Market
    schema: str
    known_at: int
    values: tuple[float, ...]


class Absent(NamedTuple):
    """Why there is no row to be had."""

    why: str


class OnlineTable:
    """The newest row of each market and schema. `problem` says what was wrong with the file, "" if nothing was."""

    def __init__(self, path: Path | None) -> None:
        """With what the file holds; None keeps nothing. One process writes, it does not wait for others."""
        self.problem = ""
        self.late = 0
        """Rows that were older than what was there, and were not taken."""
        self._rows: dict[tuple[Market, str], Latest] = {}
        self._changed: dict[tuple[Market, str], None] = {}
        self._file = None if path is None else self._opened(path)

    def put(self, row: Latest) -> bool:
        """A newer row; an older one than is there is not taken."""
        key = (row.market, row.schema)
        before = self._rows.get(key)
        if before is not None and row.known_at < before.known_at:
            self.late += 1
            return False
        self._rows[key] = row
        self._changed[key] = None
        return True

    def get(self, market: Market, schema: str, now: int, age_max_ns: int | None = None) -> Latest | Absent:
        """The newest row that was known at `now`; none that is too old, and none of another schema."""
        found = self._rows.get((market, schema))
        if found is None:
            others = [one for of, one in self._rows if of == market]
            if others:
                return Absent(f"{market.symbol}: rows of schema {', '.join(others)}, none of {schema}")
            return Absent(f"{market.symbol}: no row")
        if found.known_at > now:
            return Absent(f"{market.symbol}: the newest row is known only {found.known_at - now} ns later")
        if age_max_ns is not None and now - found.known_at > age_max_ns:
            return Absent(f"{market.symbol}: the newest row is {(now - found.known_at) / 1e6:.0f} ms old")
        return found

    def all(self) -> tuple[Latest, ...]:
        """Every row, by market and schema."""
        return tuple([self._rows[key] for key in sorted(self._rows)])

    def flush(self) -> int:
        """Keep what has changed; how many rows that were. StoreError if the disk will not have them."""
        changed = [self._rows[key] for key in self._changed]
        if self._file is None or not changed:
            return 0
        rows = [
            (one.market.venue, one.market.symbol, one.schema, one.known_at, array("d", one.values).tobytes())
            for one in changed
        ]
        try:
            with self._file:
                self._file.executemany(_PUT, rows)
        except sqlite3.Error as error:
            raise StoreError(f"the online table cannot be written: {error}") from None
        self._changed.clear()
        return len(rows)

    def close(self) -> None:
        """Keep everything, and let go of the file."""
        if self._file is not None:
            try:
                self.flush()
            finally:
                self._file.close()
                self._file = None

    def _opened(self, path: Path) -> sqlite3.Connection:
        """The file, loaded; a damaged one is put aside and a new one begun."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._loaded(path)
        except (sqlite3.DatabaseError, ValueError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(f"{path}: {error}") from None
            aside = path.with_name(path.name + ".damaged")
            path.replace(aside)
            for beside in ("-wal", "-shm"):
                path.with_name(path.name + beside).unlink(missing_ok=True)
            self._rows.clear()
            self.problem = f"{path} was damaged ({error}); it is now {aside.name}, and a new one begun"
            return self._loaded(path)

    def _loaded(self, path: Path) -> sqlite3.Connection:
        file = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
        try:
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = NORMAL")
            file.execute(_MAKE)
            file.commit()
            for row in _rows_of(file):
                self._rows[row.market, row.schema] = row
        except BaseException:
            file.close()
            raise
        return file


def read_online(path: Path) -> tuple[Latest, ...]:
    """What the file holds now, beside whoever writes it; StoreError if it cannot be read."""
    if not path.is_file():
        return ()
    try:
        file = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)
        try:
            begun = file.execute("SELECT 1 FROM sqlite_master WHERE name = 'newest'").fetchone()
            return tuple(_rows_of(file)) if begun else ()  # a crash can leave a file with nothing in it
        finally:
            file.close()
    except (sqlite3.Error, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from None


def _rows_of(file: sqlite3.Connection) -> list[Latest]:
    """Every row of the file; ValueError if one is no row."""
    found = []
    for venue, symbol, schema, known_at, raw in file.execute(_ALL):
        values = array("d")
        values.frombytes(raw)
        found.append(Latest(Market(venue, symbol), schema, known_at, tuple(values)))
    return found
