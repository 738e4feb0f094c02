"""Our layout of tables: which columns, in which files, and writing them.

`<prefix>_l2_events.parquet`, `<prefix>_bbo.parquet`, `<prefix>_trades.parquet`: a level a row, a best quote a row, a
trade a row. Rows of one book message stand together and share their stamps and numbers. `ts_recv_ns` (UTC ns) is when
the row was received and rules everything; `ts_exch_ms` is the venue's clock, 0 where it said none. `side` is +1 bid,
-1 offer in a book, and the taker's in trades. A row of side 0 in a book stands for a message that told no level, so
that its numbers are not missed. Columns in `OPTIONAL` may be absent: `u_prev`, the number before this message where
the venue says it (-1: it does not), and `block`, the block trade or RFQ that a trade was part of.

Parquet is read and written with DuckDB (extra `tables`), imported when first needed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    import duckdb

Kind = Literal["l2_events", "bbo", "trades"]
Columns = Mapping[str, "np.ndarray[Any, np.dtype[Any]]"]

BOOK: Final[Kind] = "l2_events"
TOUCH: Final[Kind] = "bbo"
TRADES: Final[Kind] = "trades"
KINDS: Final[tuple[Kind, ...]] = (BOOK, TOUCH, TRADES)
COLUMNS: Final[Mapping[Kind, Mapping[str, str]]] = {
    BOOK: {
        "ts_recv_ns": "BIGINT",
        "ts_exch_ms": "BIGINT",
        "venue": "VARCHAR",
        "symbol": "VARCHAR",
        "side": "TINYINT",
        "price": "DOUBLE",
        "qty": "DOUBLE",
        "u_first": "BIGINT",
        "u_last": "BIGINT",
        "is_snapshot": "BOOLEAN",
        "u_prev": "BIGINT",
    },
    TOUCH: {
        "ts_recv_ns": "BIGINT",
        "ts_exch_ms": "BIGINT",
        "venue": "VARCHAR",
        "symbol": "VARCHAR",
        "bid_px": "DOUBLE",
        "bid_qty": "DOUBLE",
        "ask_px": "DOUBLE",
        "ask_qty": "DOUBLE",
        "u": "BIGINT",
    },
    TRADES: {
        "ts_recv_ns": "BIGINT",
        "ts_exch_ms": "BIGINT",
        "venue": "VARCHAR",
        "symbol": "VARCHAR",
        "trade_id": "VARCHAR",
        "price": "DOUBLE",
        "qty": "DOUBLE",
        "side": "TINYINT",
        "kind": "VARCHAR",
        "block": "VARCHAR",
    },
}
"""Kind of table -> its columns and their types in SQL, in order."""
OPTIONAL: Final = frozenset({"u_prev", "block"})
"""May be absent; the shared files have neither."""


class TablesError(Exception):
    """Tables that cannot be read or written; `is_lacking` when only DuckDB is not installed."""

    def __init__(self, words: str, *, is_lacking: bool = False) -> None:
        super().__init__(words)
        self.is_lacking = is_lacking


def connect() -> "duckdb.DuckDBPyConnection":
    """A DuckDB of its own in memory, or TablesError that says which extra brings it."""
    try:
        import duckdb
    except ImportError:
        raise TablesError(
            "Parquet needs DuckDB, which is not installed: pip install 'rfq-desk[tables]'", is_lacking=True
        ) from None
    tables = duckdb.connect()
    tables.execute("set threads = 1")
    return tables


def file_of(prefix: Path, kind: Kind) -> Path:
    """Where a capture's table of this kind is."""
    return prefix.with_name(f"{prefix.name}_{kind}.parquet")


def files_of(path: Path) -> dict[Kind, list[Path]]:
    """The files that a path means: a folder's, a prefix's, or, for one file, those that share its prefix."""
    if path.is_dir():
        found: dict[Kind, list[Path]] = {
            kind: sorted({*path.glob(f"*_{kind}.parquet"), *path.glob(f"{kind}.parquet")}) for kind in KINDS
        }
    else:
        prefix = path
        for kind in KINDS:
            if path.name.endswith(f"_{kind}.parquet"):
                prefix = path.with_name(path.name.removesuffix(f"_{kind}.parquet"))
        found = {kind: [one for one in [file_of(prefix, kind)] if one.is_file()] for kind in KINDS}
    found = {kind: files for kind, files in found.items() if files}
    if not found:
        names = ", ".join(f"…_{kind}.parquet" for kind in KINDS)
        raise TablesError(f"{path}: no tables there (looked for {names})")
    return found


def write(prefix: Path, kind: Kind, columns: Columns) -> Path:
    """One table as Parquet (zstd); the optional columns may be left out, any other that lacks is refused."""
    lacking = [name for name in COLUMNS[kind] if name not in columns and name not in OPTIONAL]
    if lacking:
        raise TablesError(f"{kind}: no column {', '.join(lacking)}")
    rows = {len(columns[name]) for name in COLUMNS[kind] if name in columns}
    if len(rows) > 1:
        raise TablesError(f"{kind}: columns of different lengths, {sorted(rows)}")
    names = [name for name in COLUMNS[kind] if name in columns]
    path = file_of(prefix, kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect() as tables:
        tables.register("rows_of_table", {name: _plain(columns[name]) for name in names})
        casts = ", ".join(f"cast({name} as {_type(kind, name, columns)}) as {name}" for name in names)
        target = str(path).replace("'", "''")
        tables.execute(
            f"copy (select {casts} from rows_of_table) to '{target}' (format parquet, compression zstd)"
        )
    return path


def _type(kind: Kind, name: str, columns: Columns) -> str:
    """Trades' ids are whole numbers where all of them are."""
    if name == "trade_id" and columns[name].dtype.kind in "iu":
        return "BIGINT"
    return COLUMNS[kind][name]


def _plain(column: Sequence[Any] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """DuckDB takes texts as objects."""
    array = np.asarray(column)
    return array.astype(object) if array.dtype.kind == "U" else array
