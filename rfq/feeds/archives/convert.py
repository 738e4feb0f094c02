"""Archives into our layout of tables: read, cleaned, told of, written.

Every file's rows are gathered by kind in DuckDB (which spills to disk), then each market's are cleaned by the rules
that hold for tables of our own (`rfq.feeds.tables.cleaning`) and written. Files of one market may overlap, and come in
any order.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from rfq.feeds.archives import binance, deribit, extras, pages, tardis
from rfq.feeds.archives.opening import Source, sources
from rfq.feeds.archives.shapes import MACROS, Found, Shape, recognise
from rfq.feeds.said import Market
from rfq.feeds.tables import cleaning, layout
from rfq.feeds.tables.cleaning import Cleaned
from rfq.feeds.tables.layout import EXTRAS, KINDS, TRADES, Extra, Kind, TablesError
from rfq.feeds.tables.reports import FILE, Cause, Ledger, Report, Table

if TYPE_CHECKING:
    import duckdb

ARCHIVES: Final = ("binance", "deribit", "tardis")
SHAPES: Final = (*binance.SHAPES, *deribit.SHAPES, *tardis.SHAPES)
_NONE: Final = {
    "BIGINT": "-1",
    "TINYINT": "99",
    "DOUBLE": "'nan'::double",
    "VARCHAR": "''",
    "BOOLEAN": "false",
}
Tell = Callable[[str], None]


class Converted(NamedTuple):
    """What became of an archive: the tables that were written, and the report of all that was read."""

    report: Report
    written: tuple[Path, ...]


def convert(
    path: Path,
    prefix: Path,
    *,
    archive: str = "auto",
    venue: str = "",
    symbol: str = "",
    tell: Tell = lambda _words: None,
) -> Converted:
    """Write a file, or all files of a folder, as tables of this prefix. TablesError where nothing can be read at all.

    `venue` and `symbol` say whose files these are where neither rows nor names do, or do wrongly. `tell` is called with
    the name of each file as it is read.
    """
    if archive not in ("auto", *ARCHIVES):
        raise TablesError(f"{archive}: no archive known by that name; there are {', '.join(ARCHIVES)}")
    if not path.exists():
        raise TablesError(f"{path}: nothing there")
    shapes = [shape for shape in SHAPES if archive in ("auto", shape.archive)]
    with tempfile.TemporaryDirectory(prefix="rfq-import-") as beside, layout.connect() as store:
        store.execute(f"set temp_directory = '{beside}'")
        gathered = _Gathered(store, shapes, venue, symbol)
        for source in sources(path, Path(beside)):
            if isinstance(source, Cause):
                gathered.unread.note(source.what, source.rows, source.example)
            else:
                tell(source.name)
                gathered.add(source)
        if not gathered.kinds:
            causes = "; ".join(f"{one.what} ({one.example})" for one in gathered.unread.causes)
            raise TablesError(f"{path}: nothing of these archives there: {causes or 'no file'}")
        return _written(gathered, path, prefix)


class _Gathered:
    """Rows of every kind, from every file so far."""

    def __init__(
        self, store: "duckdb.DuckDBPyConnection", shapes: list[Shape], venue: str, symbol: str
    ) -> None:
        self.store = store
        self.unread = Ledger()
        self.files: list[str] = []
        self.kinds: set[Kind | Extra] = set()
        self.numbered: set[Market] = set()
        self._shapes = shapes
        self._venue = venue
        self._symbol = symbol
        self._rejected = -1
        for macro in MACROS:
            store.execute(macro)

    def add(self, source: Source) -> None:
        """One file's rows, or why there are none."""
        name = source.name.rsplit("/", 1)[-1]
        if "liquidations" in name:
            self.unread.note("liquidations stand among the trades: file left out", 1, name)
            return
        if source.is_json:
            self._add_json(source, name)
            return
        first = source.first_line()
        if not first.strip():
            self.unread.note("empty file", 1, name)
            return
        found = recognise(self._shapes, source.name, first)
        if found is None:
            self.unread.note("file of no known layout", 1, f"{name}: {first.strip()[:120]}")
            return
        try:
            with layout.told(Path(name)):
                self._insert(
                    source.name, found, _csv(source, found, quoted='"' in first), int(found.has_header)
                )
        except TablesError as error:  # cut off in the middle, say: none of its rows were taken
            self.unread.note("file cannot be read to its end: left out", 1, str(error)[:240])
        self._tell_rejected(name)

    def _add_json(self, source: Source, name: str) -> None:
        """Deribit's trades, the only ones in JSON."""
        try:
            rows = pages.rows_of(source, self.unread)
        except pages.TooLarge:
            self.unread.note(f"JSON of more than {pages.BYTES_MAX} bytes: make it lines of CSV", 1, name)
            return
        shape = next((one for one in self._shapes if one.archive == "deribit"), None)
        there = {key for row in rows for key in row}
        if shape is None or not there.issuperset(shape.columns):
            self.unread.note("JSON of no known layout", 1, f"{name}: {', '.join(sorted(there))[:120]}")
            return
        columns = pages.columns_of(rows, iter(sorted(there)))
        self.store.register("page", columns)
        self._insert(source.name, Found(shape, tuple(columns), has_header=False), "page", 0)
        self.store.unregister("page")

    def _insert(self, path: str, found: Found, table: str, above: int) -> None:
        shape = found.shape
        select = dict(shape.select(frozenset(found.columns)))
        texts = {
            "venue": self._venue or (shape.venue_of(path, found.columns) if shape.venue_of else ""),
            "symbol": self._symbol or (binance.symbol_of(path) if shape.archive == "binance" else ""),
        }
        for column, text in texts.items():
            if text and (column not in select or getattr(self, f"_{column}")):
                select[column] = _quoted(text)
        if "symbol" not in select:
            self.unread.note(
                "file that does not say of what it is: say the symbol", 1, path.rsplit("/", 1)[-1]
            )
            return
        number = len(self.files) * FILE + above
        self.files.append(path.rsplit("/", 1)[-1])
        wanted = layout.COLUMNS[shape.kind]
        self.kinds.add(shape.kind)
        spelled = ", ".join(f'"{one}" {sql_type}' for one, sql_type in wanted.items())
        self.store.execute(f"create table if not exists {shape.kind} ({spelled}, file_row bigint)")
        inner = ", ".join(f"{text} as {_named(one)}" for one, text in select.items())
        source = f"select {number} + row_number() over () as of_file, * from {table}"
        inner = f"select of_file, {inner} from ({source})"
        outer = ", ".join(_outer(one, sql_type, select) for one, sql_type in wanted.items())
        only = " where coalesce(our_level.price, '') <> ''" if "level" in select else ""
        self.store.execute(f"insert into {shape.kind} select {outer}, of_file from ({inner}){only}")
        if shape.numbered:
            rows = self.store.execute(
                f"select distinct venue, symbol from {shape.kind} where file_row > {number}"
            )
            self.numbered.update(Market(*row) for row in rows.fetchall())
        if shape.has_parts:
            self.store.execute(_WHOLE_SNAPSHOTS)

    def _tell_rejected(self, name: str) -> None:
        """Lines that are no rows of this file."""
        known = self.store.execute("select 1 from duckdb_tables() where table_name = 'reject_errors'")
        if known.fetchone() is None:
            return
        rows = self.store.execute(
            "select max(scan_id), line, first(error_message), first(csv_line) from reject_errors"
            " where scan_id > ? group by line order by line",
            [self._rejected],
        ).fetchall()
        for scan, line, words, text in rows:
            self._rejected = max(self._rejected, int(scan))
            what = f"no row: {str(words).split(' Found')[0].splitlines()[0]}"
            self.unread.note(what, 1, f"{name} line {line}: {str(text).strip()[:120]}")


_WHOLE_SNAPSHOTS: Final = (
    "update l2_events set ts_recv_ns = parts.latest from"
    " (select venue, symbol, ts_exch_ms, max(ts_recv_ns) as latest from l2_events"
    " where is_snapshot and ts_exch_ms > 0 group by all having min(ts_recv_ns) < max(ts_recv_ns)) as parts"
    " where l2_events.is_snapshot and l2_events.venue = parts.venue and l2_events.symbol = parts.symbol"
    " and l2_events.ts_exch_ms = parts.ts_exch_ms"
)


def _csv(source: Source, found: Found, *, quoted: bool) -> str:
    """A table function over a file's cells as text; lines that do not fit are set aside."""
    names = ", ".join(f"{_quoted(one)}: 'VARCHAR'" for one in found.columns)
    quote = "'\"'" if quoted else "''"
    return (
        f"read_csv({_quoted(str(source.file))}, auto_detect = false, header = false, delim = ',',"
        f" skip = {int(found.has_header)}, quote = {quote}, escape = {quote}, columns = {{{names}}},"
        f" compression = '{'gzip' if source.is_gzip else 'none'}', null_padding = true,"
        " ignore_errors = true, store_rejects = true)"
    )


def _outer(name: str, sql_type: str, select: dict[str, str]) -> str:
    """A column of our layout from what the inner select made."""
    if "level" in select and name in ("side", "price", "qty"):
        return f"our_level.{name}" if name == "side" else f"number_of(our_level.{name})"
    if name in select:
        return f"cast({_named(name)} as {sql_type})"
    return "0" if name.startswith("ts_") else _NONE[sql_type]


def _named(name: str) -> str:
    """Ours are told from the file's own columns."""
    return f"our_{name}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _written(gathered: _Gathered, path: Path, prefix: Path) -> Converted:
    """Each market's rows cleaned and written, then what archives have besides."""
    reports: list[Table] = []
    written: list[Path] = []
    for kind in KINDS:
        if kind not in gathered.kinds:
            continue
        with layout.Writing(prefix, kind) as table:
            for market, cleaned in _markets(gathered, kind):
                if len(cleaned.columns["ts_recv_ns"]) or cleaned.messages:
                    table.add(cleaning.writable(cleaned, market))
                reports.append(_completed(cleaned, market, kind, gathered.numbered))
        if table.rows:
            written.append(table.path)
    for extra in [one for one in EXTRAS if one in gathered.kinds]:
        one, more = extras.write(gathered.store, extra, prefix, gathered.files)
        reports += one
        written += more
    report = Report(source=str(path), tables=tuple(reports), unread=gathered.unread.causes)
    return Converted(report, tuple(written))


def _markets(gathered: _Gathered, kind: Kind) -> Iterator[tuple[Market, Cleaned]]:
    store = gathered.store
    for row in store.execute(f"select distinct venue, symbol from {kind} order by all").fetchall():
        market = Market(*row)
        names = [name for name in layout.COLUMNS[kind] if name not in ("venue", "symbol")]
        named = {name: name for name in (*names, "file_row")}
        columns = layout.fetch(store, f"{kind} where venue = ? and symbol = ?", market, named)
        yield market, cleaning.clean(kind, market, columns, gathered.files)


def _completed(cleaned: Cleaned, market: Market, kind: Kind, numbered: set[Market]) -> Table:
    """The market's report, with holes in the ids of its trades where there should be none."""
    if kind != TRADES or market not in numbered:
        return cleaned.table
    try:
        ids = np.unique(cleaned.columns["trade_id"].astype(np.int64))
    except (ValueError, OverflowError):
        return cleaned.table
    holes = np.flatnonzero(np.diff(ids) > 1)
    if not len(holes):
        return cleaned.table
    missing = int(ids[-1] - ids[0]) + 1 - len(ids)
    first = int(holes[0])
    cause = Cause(
        what="trades missing between ids",
        rows=missing,
        example=f"{len(holes)} holes, the first between {ids[first]} and {ids[first + 1]}",
    )
    return replace(cleaned.table, noticed=(*cleaned.table.noticed, cause))
