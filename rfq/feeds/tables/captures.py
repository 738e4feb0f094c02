"""Captures in our layout of tables (`rfq.feeds.tables.layout`), read back as what was said, or as columns.

What a capture says comes in the order of receipt. At equal stamps trades come first, then the book, then the touch: a
trade is seen against the book from before it, since it may be what changed it. Within a kind equal stamps keep the
order of their file. Where a file has no receive stamps the exchange's stand in, and the report says so.

Rows that cannot be right are dropped, counted by cause, with an example. A book message that lost a level that way
would leave a wrong book, so a `Trouble` that breaks the book comes in its place. Clocks are measured and told, not
mended: everything stays dated as it was received.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rfq.feeds.levels import Scale
from rfq.feeds.said import Market
from rfq.feeds.tables import cleaning, exact, layout, telling
from rfq.feeds.tables.cleaning import Array, Cleaned
from rfq.feeds.tables.layout import BOOK, KINDS, TOUCH, TRADES, Kind, TablesError
from rfq.feeds.tables.reports import Report, Table

if TYPE_CHECKING:
    import duckdb

    from rfq.feeds.tables.telling import SaidOfTables

_NONE: Final = {
    "BIGINT": "-1",
    "TINYINT": "99",
    "DOUBLE": "'nan'::double",
    "VARCHAR": "''",
    "BOOLEAN": "false",
}
"""What stands for a value that is absent or cannot be read; cleaning drops what matters."""


def open_capture(path: Path, *, scale: Scale | None = None) -> "Capture":
    """The capture that a file, a prefix or a folder means; TablesError says why there is none.

    `scale` fixes the decimals that prices and sizes are counted in; else the usual ones are taken, more where a
    market's numbers need them, fewer where they would not fit.
    """
    files = layout.files_of(path)
    markets: dict[Market, int] = {}
    columns: dict[Kind, dict[str, str]] = {}
    with layout.connect() as tables:
        for kind, paths in files.items():
            columns[kind] = _columns_there(tables, kind, paths)
            with layout.told(paths[0]):
                whose = f"{_venue(kind, columns[kind], files)}, {_text('symbol', columns[kind])}"
                rows = tables.execute(
                    f"select {whose}, min(file_row_number) from {_source(paths)} group by all order by 1, 2"
                ).fetchall()
            for venue_name, symbol, first in rows:
                markets.setdefault(Market(str(venue_name), str(symbol)), int(first))
    return Capture(path, files, columns, tuple(sorted(markets)), scale)


class Capture:
    """Tables of some markets. Nothing is held between calls but reports."""

    def __init__(
        self,
        path: Path,
        files: Mapping[Kind, list[Path]],
        columns: Mapping[Kind, Mapping[str, str]],
        markets: tuple[Market, ...],
        scale: Scale | None = None,
    ) -> None:
        """What `open_capture` found."""
        self.path = path
        self.files = files
        self.markets = markets
        self._columns = columns
        self._scale = scale
        self._reports: dict[tuple[Market, Kind], Table] = {}

    @property
    def venues(self) -> tuple[str, ...]:
        """In alphabetical order."""
        return tuple(sorted({market.venue for market in self.markets}))

    @property
    def symbols(self) -> tuple[str, ...]:
        """In alphabetical order."""
        return tuple(sorted({market.symbol for market in self.markets}))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Which tables there are."""
        return tuple(kind for kind in KINDS if kind in self.files)

    def market(self, symbol: str, venue: str = "") -> Market:
        """The one market of this symbol; the venue is needed where several have it."""
        found = [one for one in self.markets if one.symbol == symbol and venue in ("", one.venue)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise TablesError(f"{self.path}: no {symbol} there, but {', '.join(self.symbols) or 'nothing'}")
        raise TablesError(f"{self.path}: {symbol} at {', '.join(one.venue for one in found)}: say which")

    def arrays(self, kind: Kind, symbol: str, venue: str = "", *, rough: bool = False) -> dict[str, Array]:
        """One market's cleaned columns in the order of receipt, numbers as floats; {} where there is no such table.

        A book's rows have `message` besides, from 0 on: rows of one message share it; and `lost`: whether that one, or
        one since the row before, lost a level in cleaning. `rough` keeps numbers of too many decimals to be exact.
        """
        loaded = self._load(kind, self.market(symbol, venue), rough=rough)
        if loaded is None:
            return {}
        return loaded.columns | ({"lost": cleaning.lost(loaded)} if kind == BOOK else {})

    def scale(self, symbol: str, venue: str = "") -> Scale:
        """The decimals that this market's prices and sizes are counted in."""
        loaded = [self._load(kind, self.market(symbol, venue)) for kind in self.kinds]
        return self._scale_of([one for one in loaded if one is not None])

    def said(
        self, symbol: str, venue: str = "", *, scale: Scale | None = None, as_arrays: bool = False
    ) -> "Iterator[SaidOfTables]":
        """Everything that was said of one market, in the order of receipt. Levels are lists of pairs, or arrays."""
        market = self.market(symbol, venue)
        loaded = {kind: self._load(kind, market) for kind in KINDS}
        there = [one for one in loaded.values() if one is not None]
        scale = scale or self._scale_of(there)
        streams = [
            telling.trades(market, loaded[TRADES], scale),
            telling.books(market, loaded[BOOK], scale, as_arrays=as_arrays),
            telling.touches(market, loaded[TOUCH], scale),
        ]
        stamps = [telling.stamps(loaded[kind]) for kind in (TRADES, BOOK, TOUCH)]
        whose = np.repeat(np.arange(3), [len(one) for one in stamps])
        for stream in whose[np.argsort(np.concatenate(stamps), kind="stable")].tolist():
            yield next(streams[stream])

    def report(self, symbol: str = "", venue: str = "") -> Report:
        """What was read, kept, dropped and noticed, of every table: of one market, or of all."""
        markets = (self.market(symbol, venue),) if symbol else self.markets
        for market in markets:
            for kind in self.kinds:
                if (market, kind) not in self._reports:
                    self._load(kind, market)
        told = [self._reports[market, kind] for market in markets for kind in self.kinds]
        return Report(source=str(self.path), tables=tuple(one for one in told if one.read))

    def _scale_of(self, loaded: list[Cleaned]) -> Scale:
        if self._scale is not None:
            return self._scale
        usual = Scale()
        return Scale(
            exact.digits_for(
                max((one.price_digits for one in loaded), default=0),
                max((one.largest_price for one in loaded), default=0.0),
                usual.price_digits,
            ),
            exact.digits_for(
                max((one.size_digits for one in loaded), default=0),
                max((one.largest_size for one in loaded), default=0.0),
                usual.size_digits,
            ),
        )

    def _load(self, kind: Kind, market: Market, *, rough: bool = False) -> Cleaned | None:
        """One market's table, cleaned; its report is kept."""
        if kind not in self.files:
            return None
        there = self._columns[kind]
        wanted = [name for name in layout.COLUMNS[kind] if name in there and name not in ("venue", "symbol")]
        filters = f"{_text('symbol', there)} = ? and {_venue(kind, there, self.files)} = ?"
        named = {name: _cast(kind, name, there[name]) for name in wanted} | {"file_row": "file_row_number"}
        values = [market.symbol, market.venue]
        with layout.connect() as tables, layout.told(self.files[kind][0]):
            columns = layout.fetch(tables, f"{_source(self.files[kind])} where {filters}", values, named)
        loaded = cleaning.clean(kind, market, columns, rough=rough)
        self._reports[market, kind] = loaded.table
        return loaded if loaded.table.messages else None


def _source(paths: list[Path]) -> str:
    """A table function of these files."""
    names = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return (
        f"read_parquet([{names}], union_by_name = true, file_row_number = true, filename = 'of_file',"
        " hive_partitioning = false)"
    )


def _text(name: str, there: Mapping[str, str]) -> str:
    """A column that says whose rows they are, as text in SQL; where it is absent or empty, nothing."""
    return f"coalesce(cast({name} as varchar), '')" if name in there else "''"


def _venue(kind: Kind, there: Mapping[str, str], files: Mapping[Kind, list[Path]]) -> str:
    """The venue in SQL. Where several captures stand together and do not say it, their prefixes do: rows of two venues
    must not become one market."""
    if max(len(paths) for paths in files.values()) == 1:
        return _text("venue", there)
    prefix = f"regexp_extract(of_file, '([^/]*?)_?{kind}[.]parquet$', 1)"
    return f"coalesce(cast(venue as varchar), {prefix})" if "venue" in there else prefix


def _columns_there(tables: "duckdb.DuckDBPyConnection", kind: Kind, paths: list[Path]) -> dict[str, str]:
    """Which columns the files have, and their types; refused where one that is needed lacks."""
    with layout.told(paths[0]):
        found = tables.execute(f"describe select * from {_source(paths)}").fetchall()
    there = {str(row[0]): str(row[1]) for row in found}
    lacking = [name for name in _needed(kind) if name not in there]
    if not {"ts_recv_ns", "ts_exch_ms"}.intersection(there):
        lacking.append("ts_recv_ns or ts_exch_ms")
    if lacking:
        raise TablesError(f"{paths[0]}: no column {', '.join(lacking)}")
    return there


def _needed(kind: Kind) -> tuple[str, ...]:
    """What a table cannot do without."""
    if kind == TOUCH:
        return ("symbol", "bid_px", "bid_qty", "ask_px", "ask_qty")
    return ("symbol", "side", "price", "qty")


def _cast(kind: Kind, name: str, there: str) -> str:
    """A column as its type in our layout, whatever the file has."""
    sql_type = layout.COLUMNS[kind][name]
    none = "0" if name.startswith("ts_") else _NONE[sql_type]
    if name.startswith("ts_") and there.startswith("TIMESTAMP"):
        return f"coalesce({'epoch_ns' if name.endswith('_ns') else 'epoch_ms'}({name}), {none})"
    if sql_type == "DOUBLE" and there == "FLOAT":  # 0.1 is meant, not what a short float makes of it
        return f"coalesce(try_cast(cast({name} as varchar) as double), {none})"
    if name == "side" and there == "VARCHAR":
        return f"coalesce(try_cast({name} as {sql_type}), {_SIDES}, {none})"
    return f"coalesce(try_cast({name} as {sql_type}), {none})"


_SIDES: Final = (
    "case when lower(side) in ('buy', 'bid', 'b') then 1"
    " when lower(side) in ('sell', 'ask', 's', 'a') then -1 end"
)
