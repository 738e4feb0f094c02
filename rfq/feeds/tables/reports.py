"""What was done to rows on their way in: how many were read, kept and dropped, for which causes, with an example each.

Nothing is dropped or mended without standing in a report. What is kept though it is odd is noticed there too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from rfq.feeds.tables.alignment import Clocks

FILE: Final = 2**40
"""More rows than a file has."""
_EXAMPLE: Final = 280


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that share a fault, and the first of them in words."""

    what: str
    rows: int
    example: str


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One market's rows of one kind. Instants UTC ns, by receipt; 0 where there are no rows."""

    kind: str
    venue: str
    symbol: str
    read: int
    kept: int
    messages: int
    from_at: int = 0
    to_at: int = 0
    dropped: tuple[Cause, ...] = ()
    noticed: tuple[Cause, ...] = ()
    clocks: Clocks | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was read, from where."""

    source: str
    tables: tuple[Table, ...]
    unread: tuple[Cause, ...] = ()
    """Lines that belong to no market because they could not be read at all."""

    @property
    def dropped(self) -> int:
        """Rows that were read and not kept."""
        return sum(cause.rows for cause in (*self.unread, *(one for t in self.tables for one in t.dropped)))


class Ledger:
    """Causes as they turn up, rows of each counted once."""

    __slots__ = ("_causes",)

    def __init__(self) -> None:
        """No cause yet."""
        self._causes: dict[str, tuple[int, str]] = {}

    def note(self, what: str, rows: int, example: str) -> None:
        """So many rows more of this cause; the first example stays."""
        if rows:
            before = self._causes.get(what)
            self._causes[what] = (rows, example) if before is None else (before[0] + rows, before[1])

    def flagged(self, what: str, flags: NDArray[np.bool_], rows: "Rows") -> None:
        """The rows that are flagged."""
        count = int(flags.sum())
        if count:
            self.note(what, count, rows.words(int(np.argmax(flags))))

    @property
    def causes(self) -> tuple[Cause, ...]:
        """In the order in which they turned up."""
        return tuple(Cause(what=what, rows=n, example=said) for what, (n, said) in self._causes.items())


class Rows:
    """Columns of a table and where each row stood, to spell one of them.

    Where a table was put together from several files, a row's number holds the file's place among them above `FILE`.
    """

    __slots__ = ("_columns", "_files", "_row")

    def __init__(
        self, columns: Mapping[str, NDArray[Any]], row: NDArray[np.int64], files: Sequence[str] = ()
    ) -> None:
        """Columns of equal length and the number of each row in its file."""
        self._columns = columns
        self._row = row
        self._files = files

    def words(self, place: int) -> str:
        """One row as text."""
        said = ", ".join(f"{name} {column[place]}" for name, column in self._columns.items())
        return f"{self.where(place)}: {said}"[:_EXAMPLE]

    def where(self, place: int) -> str:
        """Where one row stood."""
        file, row = divmod(int(self._row[place]), FILE)
        return f"{self._files[file]} row {row}" if self._files else f"row {row}"
