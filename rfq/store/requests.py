"""Lists of requests that rows are wanted for: from a CSV or Parquet file, or from an audit log.

A file needs a column `at` (or `received_at`, `ts_recv_ns`): an ISO time, or a number of s, ms, µs or ns; and `symbol`,
with or without `venue`, or `underlying`. Its other columns are carried along. No line is lost: one whose instant or
market cannot be told gets no row, and is counted.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rfq.domain.events import NeedPosted, RfqReceived
from rfq.domain.record import decode_record
from rfq.feeds.said import Market
from rfq.store.gathering import Source
from rfq.store.inputs import underlying_of
from rfq.store.joins import Asked
from rfq.store.parts import StoreError, connect, fetch, quoted

if TYPE_CHECKING:
    from rfq.audit.log import AuditLog

_AT: Final = ("at", "received_at", "ts_recv_ns")
_UNITS: Final = ((10**17, 1), (10**14, 10**3), (10**11, 10**6), (0, 10**9))
_NUMBER: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+]?[0-9]{1,2})?")
_LATEST: Final = 2**62
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_KINDS: Final = (b'"_":"RfqReceived.', b'"_":"NeedPosted.')


class Requests(NamedTuple):
    """One entry a request: when it came (UTC ns, 0 where that cannot be told), which market it names, and its own
    columns."""

    at: NDArray[np.int64]
    venues: list[str]
    symbols: list[str]
    underlyings: list[str]
    columns: dict[str, NDArray[Any]]

    def markets(self, sources: Sequence[Source]) -> list[Market | None]:
        """The market of each: by its symbol, else the first of its underlying; None where there is no such one."""
        by_name: dict[tuple[str, str], Market] = {}
        by_underlying: dict[str, Market] = {}
        for source in sources:
            market = source.market
            by_name[market.venue, market.symbol] = market
            by_name.setdefault(("", market.symbol), market)
            by_underlying.setdefault(source.underlying, market)
        return [
            by_name.get((venue, symbol)) if symbol else by_underlying.get(underlying.upper())
            for venue, symbol, underlying in zip(self.venues, self.symbols, self.underlyings, strict=True)
        ]

    def asked(self, sources: Sequence[Source]) -> Asked:
        """For joining; what names no market asks for one that does not exist."""
        markets = self.markets(sources)
        return Asked(
            np.array(["" if one is None else one.venue for one in markets], object),
            np.array(["" if one is None else one.symbol for one in markets], object),
            self.at,
        )

    def instants(self, sources: Sequence[Source]) -> dict[Market, list[int]]:
        """When rows of each market are wanted."""
        found: dict[Market, list[int]] = {}
        for at, market in zip(self.at.tolist(), self.markets(sources), strict=True):
            if market is not None and at > 0:
                found.setdefault(market, []).append(at)
        return found


def read_requests(path: Path) -> Requests:
    """From a file; StoreError says why it holds none."""
    if not path.is_file():
        raise StoreError(f"{path}: not there")
    if path.suffix not in (".csv", ".parquet"):
        raise StoreError(f"{path} is neither .csv nor .parquet")
    reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
    options = "" if path.suffix == ".parquet" else ", header = true, all_varchar = true"
    with connect() as tables:
        columns = _renamed(fetch(tables, f"select * from {reader}({quoted(path)}{options})", path))
    at_name = next((name for name in _AT if name in columns), "")
    if not at_name:
        raise StoreError(f"{path} has no column {', '.join(_AT[:-1])} or {_AT[-1]}")
    if "symbol" not in columns and "underlying" not in columns:
        raise StoreError(f"{path} has no column symbol or underlying")
    count = len(columns[at_name])
    at = np.array([_instant(value) for value in columns[at_name].tolist()], np.int64)
    return Requests(
        at=at,
        venues=_texts(columns.get("venue"), count),
        symbols=_texts(columns.get("symbol"), count),
        underlyings=_texts(columns.get("underlying"), count),
        columns=columns,
    )


def logged_requests(log: "AuditLog") -> Requests:
    """What clients and our own people asked for, by the instant at which it was received."""
    rows: list[tuple[int, str, str, str]] = []
    for _, body in log.bodies():
        if not any(kind in body for kind in _KINDS):
            continue
        record = decode_record(body)
        event = record.event
        if isinstance(event, (RfqReceived, NeedPosted)) and event.ask.structure.legs:
            instrument = event.ask.structure.legs[0].instrument
            rows.append((record.received_at, event.party, event.reference, instrument))
    at = np.array([row[0] for row in rows], np.int64)
    parties, references, instruments = (np.array([row[place] for row in rows], object) for place in (1, 2, 3))
    none = [""] * len(rows)
    return Requests(
        at=at,
        venues=none,
        symbols=none,
        underlyings=[underlying_of(row[3]) for row in rows],
        columns={"at": at, "party": parties, "reference": references, "instrument": instruments},
    )


def _texts(column: NDArray[Any] | None, count: int) -> list[str]:
    if column is None:
        return [""] * count
    return ["" if value is None else str(value) for value in column.tolist()]


def _instant(value: Any) -> int:
    """UTC ns; 0 where it cannot be told."""
    if value is None or value == "":
        return 0
    try:
        if not isinstance(value, datetime):
            text = str(value).strip()
            if _NUMBER.fullmatch(text):
                number = Decimal(text)
                return _within(int(number * next(unit for least, unit in _UNITS if number >= least)))
            value = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return 0
    at: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return _within((at - _EPOCH) // _MICRO * 1_000)


def _within(at: int) -> int:
    return at if 0 < at < _LATEST else 0


def _renamed(columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """With names that can stand in our tables, each once."""
    found: dict[str, NDArray[Any]] = {}
    for name, column in columns.items():
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name.lower())
        plain = plain if plain[:1].isalpha() else f"c_{plain}"
        while plain in found:
            plain += "_"
        found[plain] = column
    return found
