"""From a recording to tables in our layout, through the same adapters that spoke live.

Rows are gathered a piece at a time and each piece becomes a file; in the end the pieces are joined, so that a long
recording needs no more memory than a short one.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pricing.units import NS_PER_MS
from rfq.feeds.levels import USUAL, Scale
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.link.told import Kind as What
from rfq.feeds.recorder.reading import tell
from rfq.feeds.recorder.rows import RecordingError
from rfq.feeds.said import BookSaid, Said, TouchSaid, TradeSaid, Trouble
from rfq.feeds.tables import layout
from rfq.feeds.tables.layout import BOOK, KINDS, TOUCH, TRADES, Kind
from rfq.feeds.venues.adapter import Adapter

if TYPE_CHECKING:
    from rfq.feeds.levels import Levels
    from rfq.feeds.recorder.reading import Row

PIECE_ROWS: Final = 500_000
NO_SIDE: Final = 99
"""The side of a row that stands for a message that could not be read."""
_NUMPY: Final = {"BIGINT": np.int64, "TINYINT": np.int8, "DOUBLE": np.float64, "BOOLEAN": np.bool_}


class _Table:
    """One kind of table while it grows."""

    def __init__(self, kind: Kind, folder: Path, piece_rows: int) -> None:
        self.kind = kind
        self.rows = 0
        self._folder = folder
        self._piece_rows = piece_rows
        self._gathered: list[tuple[Any, ...]] = []
        self._pieces: list[Path] = []

    def add(self, rows: list[tuple[Any, ...]]) -> None:
        """More rows, in the layout's order of columns."""
        self._gathered += rows
        self.rows += len(rows)
        if len(self._gathered) >= self._piece_rows:
            self._write()

    def join(self, prefix: Path) -> Path | None:
        """The whole table under its name; None if it has no rows."""
        if self._gathered:
            self._write()
        if not self._pieces:
            return None
        target = layout.file_of(prefix, self.kind)
        names = ", ".join("'" + str(piece).replace("'", "''") + "'" for piece in self._pieces)
        path = str(target).replace("'", "''")
        with layout.connect() as tables:
            tables.execute(
                f"copy (select * from read_parquet([{names}])) to '{path}' (format parquet, compression zstd)"
            )
        return target

    def _write(self) -> None:
        columns: dict[str, Any] = {}
        types = layout.COLUMNS[self.kind]
        for (name, sql), values in zip(types.items(), zip(*self._gathered, strict=True), strict=True):
            columns[name] = np.array(values, _NUMPY.get(sql, object))
        piece = layout.write(self._folder / f"{len(self._pieces):06d}", self.kind, columns)
        self._pieces.append(piece)
        self._gathered = []


class Tabulator:
    """Takes what was said, and makes tables of it. `scales` has (venue, symbol) -> scale where it is not the usual."""

    def __init__(
        self,
        prefix: Path,
        scales: Mapping[tuple[str, str], Scale] | None = None,
        *,
        piece_rows: int = PIECE_ROWS,
    ) -> None:
        self._prefix = prefix
        self._scales = scales or {}
        self._units: dict[tuple[str, str], tuple[int, int]] = {}
        self._folder = prefix.with_name(f".{prefix.name}.pieces")
        for path in (layout.file_of(prefix, kind) for kind in KINDS):
            if path.exists():
                raise RecordingError(f"{path}: is there already")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._tables = {kind: _Table(kind, self._folder, piece_rows) for kind in KINDS}
        self.other = 0
        """What was said that no table has room for."""

    def take(self, said: Said) -> None:
        """One thing that was said."""
        if isinstance(said, BookSaid):
            self._tables[BOOK].add(self._book(said))
        elif isinstance(said, TouchSaid):
            self._tables[TOUCH].add([self._touch(said)])
        elif isinstance(said, TradeSaid):
            self._tables[TRADES].add([self._trade(said)])
        elif isinstance(said, Trouble) and said.breaks_book:
            self.broke(said.venue, said.symbol, said.received_at)
        else:
            self.other += 1

    def broke(self, venue: str, symbol: str, at: int) -> None:
        """A book (all of the venue's if "") is not to be trusted until its next snapshot: whoever reads the tables has
        to know, so there is a row that cannot be right."""
        for one in [symbol] if symbol else [known for of, known in self._units if of == venue]:
            self._tables[BOOK].add([(at, 0, venue, one, NO_SIDE, nan, nan, -1, -1, False, -1)])

    def close(self) -> tuple[dict[Kind, int], list[Path]]:
        """The tables under their names; returns the rows of each kind, and the files."""
        try:
            files = [table.join(self._prefix) for table in self._tables.values()]
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        return {kind: table.rows for kind, table in self._tables.items()}, [
            one for one in files if one is not None
        ]

    def _unit(self, said: BookSaid | TouchSaid | TradeSaid) -> tuple[int, int]:
        market = (said.venue, said.symbol)
        unit = self._units.get(market)
        if unit is None:
            scale = self._scales.get(market, USUAL)
            unit = self._units[market] = (10**scale.price_digits, 10**scale.size_digits)
        return unit

    def _book(self, said: BookSaid) -> list[tuple[Any, ...]]:
        per_price, per_size = self._unit(said)
        head = (said.received_at, said.exchange_at // NS_PER_MS, said.venue, said.symbol)
        tail = (said.first, said.last, said.is_snapshot, said.prior)
        rows = [
            (*head, side, price / per_price, size / per_size, *tail)
            for side, levels in ((1, said.bids), (-1, said.asks))
            for price, size in _pairs(levels)
        ]
        return rows or [(*head, 0, 0.0, 0.0, *tail)]

    def _touch(self, said: TouchSaid) -> tuple[Any, ...]:
        per_price, per_size = self._unit(said)
        return (
            *(said.received_at, said.exchange_at // NS_PER_MS, said.venue, said.symbol),
            *(said.bid / per_price, said.bid_size / per_size),
            *(said.ask / per_price, said.ask_size / per_size),
            said.last,
        )

    def _trade(self, said: TradeSaid) -> tuple[Any, ...]:
        per_price, per_size = self._unit(said)
        return (
            *(said.received_at, said.exchange_at // NS_PER_MS, said.venue, said.symbol, said.trade),
            *(said.price / per_price, said.size / per_size, said.side),
            *("LIQUIDATION" if said.liquidation else "MARKET", said.block),
        )


def _pairs(levels: "Levels") -> "list[Any]":
    return levels if isinstance(levels, list) else levels.tolist()


def tabulate(
    rows: "Iterator[Row]",
    adapters: Mapping[str, Adapter],
    tabulator: Tabulator,
    done: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Tell the adapters all of it again, and put what they say into tables. Returns how many rows were told."""
    boards = {
        venue: Switchboard(adapter, (), Hooks(on_said=tabulator.take), resyncs=False)
        for venue, adapter in adapters.items()
    }
    count = 0
    for count, (venue, told) in enumerate(rows, 1):
        if venue not in boards:
            raise RecordingError(f"a row of {venue}, which the recording's note does not name")
        tell(boards[venue], told)
        if told.kind is What.LOST:
            tabulator.broke(venue, "", told.at)
        if count % 1_000 == 0:
            done(count)
    return count
