"""Our layout of tables: which columns, in which files, and writing them.

`<prefix>_l2_events.parquet`, `<prefix>_bbo.parquet`, `<prefix>_trades.parquet`: a level a row, a best quote a row, a
trade a row. Rows of one book message stand together and share their stamps and numbers. `ts_recv_ns` (UTC ns) is when
the row was received and rules everything; `ts_exch_ms` is the venue's clock, 0 where it said none. `side` is +1 bid,
-1 offer in a book, and the taker's in trades. A row of side 0 in a book stands for a message that told no level, so
that its numbers are not missed. Columns in `OPTIONAL` may be absent: `u_prev`, the number before this message where
the venue says it (-1: it does not), and `block`, the block trade or RFQ that a trade was part of.

Parquet is read and written with DuckDB (extra `tables`), imported when first needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np

if TYPE_CHECKING:
    import duckdb

Kind = Literal["l2_events", "bbo", "trades"]
Extra = Literal["ticker", "chain", "bands"]
Columns = Mapping[str, "np.ndarray[Any, np.dtype[Any]]"]

BOOK: Final[Kind] = "l2_events"
TOUCH: Final[Kind] = "bbo"
TRADES: Final[Kind] = "trades"
KINDS: Final[tuple[Kind, ...]] = (BOOK, TOUCH, TRADES)
COLUMNS: Final[Mapping[Kind | Extra, Mapping[str, str]]] = {
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
    "ticker": {
        "ts_recv_ns": "BIGINT",
        "ts_exch_ms": "BIGINT",
        "venue": "VARCHAR",
        "symbol": "VARCHAR",
        "mark": "DOUBLE",
        "index": "DOUBLE",
        "last": "DOUBLE",
        "funding_rate": "DOUBLE",
        "funding_ns": "BIGINT",
        "open_interest": "DOUBLE",
    },
    "chain": {
        "at": "BIGINT",
        "venue": "VARCHAR",
        "symbol": "VARCHAR",
        "expiry": "BIGINT",
        "strike": "DOUBLE",
        "type": "VARCHAR",
        "bid": "DOUBLE",
        "ask": "DOUBLE",
        "forward": "DOUBLE",
        "bid_vol": "DOUBLE",
        "ask_vol": "DOUBLE",
        "mark": "DOUBLE",
        "open_interest": "DOUBLE",
    },
    "bands": {
        "ts_recv_ns": "BIGINT",
        "ts_exch_ms": "BIGINT",
        "venue": "VARCHAR",
        "symbol": "VARCHAR",
        "percentage": "DOUBLE",
        "depth": "DOUBLE",
        "notional": "DOUBLE",
    },
}
"""Kind of table -> its columns and their types in SQL, in order."""
EXTRAS: Final[tuple[Extra, ...]] = ("ticker", "chain", "bands")
"""What archives have besides: tickers as venues say them (the rate of funding in the venue's own interval, NaN for what
was not said), option chains in sweeps (what `rfq surface fit` reads: vols in percent, instants UTC ns), and the size
within some percent of the mid (negative: bids). They are not part of a capture."""
OPTIONAL: Final = frozenset({"u_prev", "block"})
"""May be absent; the shared files have neither."""


_PLAIN: Final = "coalesce(cast(try_cast(trade_id as bigint) as varchar) = trade_id, false)"
_TEXTS_MAX: Final = 64


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


@contextmanager
def told(what: Path) -> Iterator[None]:
    """Errors of DuckDB become TablesErrors that name the file."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise TablesError(f"{what}: {str(error).splitlines()[0]}") from None


def file_of(prefix: Path, kind: Kind | Extra) -> Path:
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


def fetch(
    tables: "duckdb.DuckDBPyConnection", rows: str, values: Sequence[Any], columns: Mapping[str, str]
) -> "dict[str, np.ndarray[Any, np.dtype[Any]]]":
    """Columns (name -> SQL) of some rows (what follows `from`, with its `values`), in their order.

    Texts cost most, so ids are numbers where all of them are plainly spelled ones, and few texts are few objects.
    """
    cells = ", ".join(f'{sql} as "{name}"' for name, sql in columns.items())
    tables.execute(f"create or replace temp table fetched as select {cells} from {rows}", list(values))
    wanted = {name: f'"{name}"' for name in columns}
    texts: dict[str, list[Any]] = {}
    if "trade_id" in columns:
        found = tables.execute(f"select bool_and({_PLAIN}) from fetched").fetchall()
        if found[0][0]:
            wanted["trade_id"] = "cast(trade_id as bigint) as trade_id"
    for name in {"kind", "block"}.intersection(columns):
        few = tables.execute(f"select distinct {name} from fetched limit {_TEXTS_MAX + 1}").fetchall()
        if 0 < len(few) <= _TEXTS_MAX:
            texts[name] = [text for (text,) in few]
            wanted[name] = f"list_position(${name}::varchar[], {name}) - 1 as {name}"
    result = tables.execute(f"select {', '.join(wanted.values())} from fetched", texts).fetchnumpy()
    tables.execute("drop table fetched")
    arrays = {name: np.ascontiguousarray(np.ma.getdata(column)) for name, column in result.items()}
    for name, few_texts in texts.items():
        arrays[name] = np.array(few_texts, object)[arrays[name]]
    return arrays


class Writing:
    """One table being written, in any number of pieces; the file appears when all is there, and not after an error."""

    def __init__(self, prefix: Path, kind: Kind | Extra) -> None:
        """The table of this kind of the capture with this prefix."""
        self.path = file_of(prefix, kind)
        self.rows = 0
        self._kind = kind
        self._columns = COLUMNS[kind]
        self._types: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Nothing is on disk yet."""
        self._tables = connect()
        return self

    def add(self, columns: Columns) -> None:
        """Rows more. Optional columns may be left out of all pieces; any other that lacks is refused."""
        self._check(columns)
        if not self._types:
            self._types = {name: self._type(name, columns) for name in self._columns if name in columns}
            spelled = ", ".join(f'"{name}" {sql_type}' for name, sql_type in self._types.items())
            self._tables.execute(f"create table written ({spelled})")
        elif "trade_id" in columns and self._type("trade_id", columns) != self._types["trade_id"]:
            self._types["trade_id"] = "VARCHAR"
            self._tables.execute("alter table written alter trade_id type varchar")
        self._tables.register("piece", {name: _plain(columns[name]) for name in self._types})
        casts = ", ".join(f'cast("{name}" as {sql_type})' for name, sql_type in self._types.items())
        self._tables.execute(f"insert into written select {casts} from piece")
        self._tables.unregister("piece")
        self.rows += len(columns[next(iter(self._types))])

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Write the file, unless something went wrong or nothing came."""
        with self._tables:
            if error is not None or not self._types:
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_name(f".{self.path.name}.part")
            target = str(beside).replace("'", "''")
            with told(self.path):
                self._tables.execute(f"copy written to '{target}' (format parquet, compression zstd)")
            beside.replace(self.path)

    def _check(self, columns: Columns) -> None:
        wanted = self._types or [name for name in self._columns if name not in OPTIONAL]
        lacking = [name for name in wanted if name not in columns]
        if lacking:
            raise TablesError(f"{self._kind}: no column {', '.join(lacking)}")
        rows = {len(columns[name]) for name in self._columns if name in columns}
        if len(rows) > 1:
            raise TablesError(f"{self._kind}: columns of different lengths, {sorted(rows)}")

    def _type(self, name: str, columns: Columns) -> str:
        """Trades' ids are whole numbers as long as all of them are."""
        if name == "trade_id" and columns[name].dtype.kind in "iu":
            return "BIGINT"
        return self._columns[name]


def write(prefix: Path, kind: Kind | Extra, columns: Columns) -> Path:
    """One table as Parquet (zstd); what `Writing` does, in one piece."""
    with Writing(prefix, kind) as table:
        table.add(columns)
    return table.path


def _plain(column: "Sequence[Any] | np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """DuckDB takes texts as objects."""
    array = np.asarray(column)
    return array.astype(object) if array.dtype.kind == "U" else array
