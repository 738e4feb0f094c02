"""The store beside live feeds: what venues say becomes rows on a grid, and the newest of each is at hand.

It is told by the same hooks as the desk's market, runs on their thread, and writes only when it is told that time has
passed. It never stops a feed: a disk that refuses is told in `problem`, and written again at the next tick.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from rfq.desk.features.look import Look, Print
from rfq.desk.features.outside import Observed
from rfq.feeds.said import ListingSaid, Market, Said
from rfq.feeds.sizing import sizing_said
from rfq.store.definitions import EXCHANGE_AT, FLOW_NAMES, FLOW_SCHEMA, MARKET, MID
from rfq.store.folders import online_of
from rfq.store.gathering import Gatherer, Reading, Source
from rfq.store.history import History
from rfq.store.online import Latest, OnlineTable
from rfq.store.parts import KNOWN_AT, StoreError, connect, read_rows

FLUSH_NS: Final = 1_000_000_000


class LiveRows:
    """Rows of some markets while they are listened to; what is told of others is passed over."""

    def __init__(self, sources: Iterable[Source], table: OnlineTable, every_ns: int) -> None:
        """Into `table`, a row of each market at each multiple of `every_ns`."""
        given = tuple(sources)
        self.table = table
        self.rows = 0
        self.problem = table.problem
        self._usd = {one.market: one.sizing.usd for one in given}
        self._gatherer = Gatherer(given, self._take, every_ns=every_ns)
        self._flushed_at = 0

    def said(self, said: Said) -> None:
        """Something was said, before it is put to its book."""
        if isinstance(said, ListingSaid):
            for one in said.instruments:
                market = Market(one.venue, one.symbol)
                if market in self._usd:
                    self._gatherer.sized(market, sizing_said(one, self._usd[market]))
        self._gatherer.said(said)

    def look(self, venue: str, symbol: str, look: Look) -> None:
        """A book is right."""
        market = Market(venue, symbol)
        if market in self._usd:
            self._gatherer.look(market, look)

    def trade(self, venue: str, symbol: str, told: Print) -> None:
        """A trade."""
        market = Market(venue, symbol)
        if market in self._usd:
            self._gatherer.trade(market, told)

    def broke(self, venue: str, symbol: str, at: int) -> None:
        """A book is not right any more."""
        market = Market(venue, symbol)
        if market in self._usd:
            self._gatherer.broke(market, at)

    def observed(self, row: Observed) -> None:
        """Something outside was said."""
        self._gatherer.observed(row)

    def tick(self, now: int) -> None:
        """It is `now`, and all that was received before was told: rows that are due, and the disk's turn."""
        self._gatherer.until(now)
        if now - self._flushed_at >= FLUSH_NS:
            self._flushed_at = now
            try:
                self.table.flush()
                self.problem = ""
            except StoreError as error:
                self.problem = str(error)

    def close(self) -> None:
        """Keep what there is, and let go of the file."""
        try:
            self.table.close()
        except StoreError as error:
            self.problem = str(error)

    def _take(self, reading: Reading) -> None:
        self.rows += 1
        self.table.put(reading.latest())


def keep_newest(history: History, root: Path) -> int:
    """Put the newest row of each market into the online table, unless it has a newer one; how many it took."""
    table = OnlineTable(online_of(root))
    taken = 0
    names = (EXCHANGE_AT, MID, *FLOW_NAMES)
    try:
        with connect() as tables:
            for market in history.markets(MARKET, FLOW_SCHEMA):
                part = history.parts(MARKET, FLOW_SCHEMA, market)[-1]
                last = np.array([part.rows - 1], np.int64)
                row = read_rows(tables, root / part.path, (KNOWN_AT, *names), last)
                values = tuple([float(row[name][0]) for name in names])
                taken += table.put(Latest(market, FLOW_SCHEMA, int(row[KNOWN_AT][0]), values))
    finally:
        table.close()
    return taken
