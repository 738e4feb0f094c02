"""Joins as of an instant: for each request the newest row that was known then, from the history; no request is lost.

A left join on the instant of knowledge: a row joins only what happens at its `known_at` or later. The newest row is
found by halving in the sorted instants of a part, since DuckDB's ASOF JOIN sorts both sides again, with all their
columns, and takes several times as long (docs/adr/0026); DuckDB then reads the rows wanted, and no others.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rfq.feeds.said import Market
from rfq.store.history import History
from rfq.store.manifests import Part
from rfq.store.parts import KNOWN_AT, StoreError, connect, read, read_rows

NOTHING: Final = -1
"""Stands for the row of a request that has none."""


class Asked(NamedTuple):
    """What is joined to: the market and the instant (UTC ns) of each request, in any order."""

    venues: NDArray[np.object_]
    symbols: NDArray[np.object_]
    at: NDArray[np.int64]

    def __len__(self) -> int:
        """How many requests."""
        return len(self.at)


class Joined(NamedTuple):
    """One row a request, in the requests' order. `known_at` is 0, and numbers are NaN (whole ones 0), where nothing was
    known, or nothing new enough."""

    known_at: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which requests have a row."""
        return self.known_at > 0


def as_of(
    history: History,
    of: str,
    schema: str,
    asked: Asked,
    *,
    names: Sequence[str] = (),
    age_max_ns: int | None = None,
) -> Joined:
    """The newest row that was known at each request, none older than `age_max_ns`."""
    wanted = tuple(names) or tuple([one for one in history.columns(of, schema) if one != KNOWN_AT])
    known_at = np.zeros(len(asked.at), np.int64)
    columns: dict[str, NDArray[Any]] = {}
    with connect() as tables:
        for market, places in _by_market(asked):
            for part, some in _by_part(history.parts(of, schema, market), asked.at[places]):
                where = places[some]
                path = history.root / part.path
                instants = read(tables, path, [KNOWN_AT])[KNOWN_AT]
                if len(instants) != part.rows:
                    raise StoreError(f"{path}: {len(instants)} rows, the manifest says {part.rows}")
                found = newest(instants, asked.at[where], age_max_ns)
                where, found = where[found >= 0], found[found >= 0]
                known_at[where] = instants[found]
                distinct, whose = np.unique(found, return_inverse=True)
                for name, column in read_rows(tables, path, wanted, distinct).items():
                    if name not in columns:
                        columns[name] = _empty(column.dtype, len(asked.at))
                    columns[name][where] = column[whose]
    for name in wanted:
        if name not in columns:
            columns[name] = _empty(np.dtype(np.float64), len(asked.at))
    return Joined(known_at, {name: columns[name] for name in wanted})


def newest(
    instants: NDArray[np.int64], at: NDArray[np.int64], age_max_ns: int | None = None
) -> NDArray[np.int64]:
    """The place of the newest of the (rising) instants that is not after each `at`, NOTHING where there is none."""
    places = np.searchsorted(instants, at, side="right").astype(np.int64) - 1
    if age_max_ns is not None and len(instants):
        places[(places >= 0) & (at - instants[np.maximum(places, 0)] > age_max_ns)] = NOTHING
    return places


def _by_market(asked: Asked) -> list[tuple[Market, NDArray[np.int64]]]:
    """Each market with the places of its requests."""
    codes: dict[tuple[str, str], int] = {}
    pairs = zip(asked.venues.tolist(), asked.symbols.tolist(), strict=True)
    of = np.array([codes.setdefault(pair, len(codes)) for pair in pairs], np.int64)
    return [(Market(*pair), np.flatnonzero(of == code)) for pair, code in codes.items()]


def _by_part(parts: Sequence[Part], at: NDArray[np.int64]) -> list[tuple[Part, NDArray[np.int64]]]:
    """Each part with the places of the requests that it answers: those since its first row, before the next one's."""
    begins = np.asarray([part.from_at for part in parts], np.int64)
    whose = np.searchsorted(begins, at, side="right") - 1
    found = []
    for place, part in enumerate(parts):
        some = np.flatnonzero(whose == place)
        if len(some):
            found.append((part, some))
    return found


def _empty(kind: "np.dtype[Any]", length: int) -> NDArray[Any]:
    """Numbers that are not there."""
    return np.full(length, np.nan if kind.kind == "f" else 0, kind)
