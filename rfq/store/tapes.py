"""Tapes of a market that makes its own looks and prints, as the simulated one does: kept as tables, and told again.

A look is one level a side here; a print may be several trades told as one. Their order on the tape is that in which the
accumulators were told.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from rfq.desk.features.look import Look, Print, touch_look
from rfq.feeds.said import Market
from rfq.store.gathering import Gatherer
from rfq.store.parts import StoreError, connect, read, write

SIM: Final = "sim"
"""The venue of simulated markets."""
_TYPES: Final = {
    "at": np.int64,
    "underlying": object,
    "is_look": np.bool_,
    "bid": np.float64,
    "bid_size": np.float64,
    "offer": np.float64,
    "offer_size": np.float64,
    "side": np.int64,
    "times": np.int64,
}


class Tape:
    """Hears looks and prints; `write` keeps them."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        """How much was heard."""
        return len(self._rows)

    def __call__(self, underlying: str, told: Look | Print) -> None:
        """One more."""
        if isinstance(told, Look):
            bid, offer = told.bid, told.offer
            row = (told.at, underlying, True, bid.price, bid.size, offer.price, offer.size, 0, 0)
        else:
            row = (told.at, underlying, False, told.price, told.size, 0.0, 0.0, told.side, told.times)
        self._rows.append(row)

    def write(self, path: Path) -> None:
        """As one table."""
        if not self._rows:
            raise StoreError(f"{path.name}: nothing was heard")
        columns = zip(*self._rows, strict=True)
        write(
            path,
            {
                name: np.array(column, kind)
                for (name, kind), column in zip(_TYPES.items(), columns, strict=True)
            },
        )


def tell(path: Path, gatherer: Gatherer) -> int:
    """Tell the gatherer what is on a tape; how much that was."""
    with connect() as tables:
        columns = read(tables, path, tuple(_TYPES))
    before: dict[str, Look] = {}
    rows = list(zip(*[column.tolist() for column in columns.values()], strict=True))
    for row in rows:
        at, underlying, is_look, bid, bid_size, offer, offer_size, side, times = row
        if is_look:
            look = touch_look(at, bid, bid_size, offer, offer_size, before.get(underlying))
            before[underlying] = look
            gatherer.told(market_of(underlying), look)
        else:
            gatherer.told(market_of(underlying), Print(at, bid, bid_size, side, times))
    gatherer.close()
    return len(rows)


def market_of(underlying: str) -> Market:
    """How a simulated underlying is called as a market."""
    return Market(SIM, underlying)
