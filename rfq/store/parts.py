"""Parts of the store's history: columns of equal length as one Parquet file each, written whole or not at all.

A part's digest is over its numbers, bit for bit, not over the file: it stays the same whichever DuckDB wrote it.
Parquet is read and written with DuckDB (extra `tables`), imported when first needed.
"""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from rfq.feeds.tables import layout

if TYPE_CHECKING:
    import duckdb

Columns = Mapping[str, NDArray[Any]]
KNOWN_AT: Final = "known_at"
"""When a row was known: it may be joined to what happens then or later, never to what was before."""
_HASH_CHARS: Final = 16
_GROUP_ROWS: Final = 20_480
"""So many rows can be passed over at once when none of them is wanted."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class StoreError(Exception):
    """The store cannot do what was asked; `is_lacking` when only DuckDB is not installed."""

    def __init__(self, words: str, *, is_lacking: bool = False) -> None:
        super().__init__(words)
        self.is_lacking = is_lacking


def connect() -> "duckdb.DuckDBPyConnection":
    """A DuckDB in memory that keeps to one core, or StoreError that says which extra brings it."""
    try:
        return layout.connect()
    except layout.TablesError as error:
        raise StoreError(str(error), is_lacking=error.is_lacking) from None


def digest(columns: Columns) -> str:
    """The short name of these numbers: names, types, order and every bit of them."""
    found = hashlib.sha256()
    for name, column in columns.items():
        found.update(f"{name}|{column.dtype.str}|{len(column)}\n".encode())
        if column.dtype.kind == "O":
            found.update("\n".join(str(one) for one in column).encode())
        else:
            found.update(np.ascontiguousarray(column).tobytes())
    return found.hexdigest()[:_HASH_CHARS]


def write(path: Path, columns: Columns) -> None:
    """A part: under another name first, then durable, then under its own."""
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise StoreError(f"{path.name}: columns of different lengths, {sorted(lengths)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    with connect() as tables:
        tables.register("rows_of_part", dict(columns))
        tables.execute(
            f"copy (select {_names(columns)} from rows_of_part) to {quoted(beside)}"
            f" (format parquet, compression lz4_raw, row_group_size {_GROUP_ROWS})"
        )
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read(
    tables: "duckdb.DuckDBPyConnection", path: Path, names: Sequence[str] = ()
) -> dict[str, NDArray[Any]]:
    """Columns of a part, all of them if none are named."""
    wanted = _names(names) if names else "*"
    return fetch(tables, f"select {wanted} from read_parquet({quoted(path)})", path)


def read_rows(
    tables: "duckdb.DuckDBPyConnection", path: Path, names: Sequence[str], places: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """The rows of a part that stand at `places` (rising, each once), in that order."""
    tables.register("places_wanted", {"place": places})
    found = fetch(
        tables,
        f"select rows.file_row_number as place_found, {_names(names, 'rows')} from places_wanted"
        f" join read_parquet({quoted(path)}, file_row_number = true) rows"
        " on places_wanted.place = rows.file_row_number",
        path,
    )
    tables.unregister("places_wanted")
    stood = found.pop("place_found")
    if len(stood) != len(places):
        raise StoreError(f"{path}: {len(places) - len(stood)} rows are missing")
    if np.array_equal(stood, places):
        return found
    order = np.argsort(stood, kind="stable")
    return {name: column[order] for name, column in found.items()}


def fetch(
    tables: "duckdb.DuckDBPyConnection", query: str, source: Path, values: Sequence[Any] = ()
) -> dict[str, NDArray[Any]]:
    """A query's columns; where a number is absent it is NaN, a text or an instant its type's zero."""
    import duckdb

    try:
        found = tables.execute(query, list(values)).fetchnumpy()
    except duckdb.Error as error:
        if not source.exists():
            raise StoreError(f"{source}: not there") from None
        raise StoreError(f"{source}: {str(error).splitlines()[0]}") from None
    return {name: _whole(column) for name, column in found.items()}


def quoted(path: Path) -> str:
    """A path as SQL spells it."""
    return "'" + str(path).replace("'", "''") + "'"


def check_names(names: Sequence[str]) -> None:
    """Refuse what could not stand in a query as it is."""
    for name in names:
        if _NAME.fullmatch(name) is None:
            raise StoreError(f"{name!r} is no name of a column")


def _whole(column: NDArray[Any]) -> NDArray[Any]:
    """Without a mask."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    fill: Any = np.nan if column.dtype.kind == "f" else "" if column.dtype.kind == "O" else 0
    return np.asarray(column.filled(fill))


def _names(names: Sequence[str] | Columns, table: str = "") -> str:
    check_names(list(names))
    return ", ".join(f'{table}."{name}"' if table else f'"{name}"' for name in names)
