"""Observations and calendars from CSV and Parquet files: every row is read or refused with its number and why."""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pricing.calendar import Calendar, EventKind, Scheduled
from pricing.fact import Fault
from rfq.feeds.observations.rows import FIELDS, Observation, instant, read_row

REFUSED_TOLD_MAX: Final = 100
_CALENDAR: Final = ("at", "kind", "name", "underlyings", "jump_hours", "guard_before_s", "guard_after_s")
_BETWEEN: Final = re.compile(r"[,;|/]")


class FileError(Exception):
    """A file that cannot be read at all; `is_lacking` when only something to read it with is not installed."""

    def __init__(self, words: str, *, is_lacking: bool = False) -> None:
        super().__init__(words)
        self.is_lacking = is_lacking


class Refused(NamedTuple):
    """A row that was not taken: its number (the first row of the table is 1), and why."""

    row: int
    fault: Fault


class Observations(NamedTuple):
    """The rows of a file in the order of their receipt, how many were refused, and the first of those."""

    rows: tuple[Observation, ...]
    refused_count: int
    refused: tuple[Refused, ...]


def read_observations(path: Path) -> Observations:
    """The rows of a .csv or .parquet file with the columns of `rows.FIELDS`. Raises FileError."""
    taken: list[Observation] = []
    refused: list[Refused] = []
    count = 0
    for number, row in _rows(path, "kind", FIELDS):
        found = read_row(row, None)
        if isinstance(found, Observation):
            taken.append(found)
            continue
        count += 1
        if count <= REFUSED_TOLD_MAX:
            refused.append(Refused(number, found))
    taken.sort(key=lambda row: row.received_at)
    return Observations(tuple(taken), count, tuple(refused))


def read_calendar(path: Path) -> tuple[Calendar, tuple[Refused, ...]]:
    """A calendar of a .csv or .parquet file: at, kind, name, underlyings (with spaces between), jump_hours,
    guard_before_s, guard_after_s. Raises FileError."""
    events: list[Scheduled] = []
    refused: list[Refused] = []
    for number, row in _rows(path, "at", _CALENDAR):
        if None in row:
            refused.append(
                Refused(number, Fault(field="row", problem="has more cells than there are columns"))
            )
            continue
        found = _scheduled(row)
        if isinstance(found, Scheduled):
            events.append(found)
        else:
            refused.append(Refused(number, found))
    return Calendar(events=tuple(sorted(events, key=lambda event: event.at))), tuple(refused)


def _scheduled(row: Mapping[str, Any]) -> Scheduled | Fault:
    at = instant(row.get("at"), "at")
    if isinstance(at, Fault):
        return at
    if at == 0:
        return Fault(field="at", problem="is missing")
    kind = str(row.get("kind") or "").strip().upper()
    if kind not in list(EventKind):
        return Fault(field="kind", problem=f"{row.get('kind')!r} is none of {', '.join(EventKind)}")
    numbers: dict[str, float] = {}
    for field in ("jump_hours", "guard_before_s", "guard_after_s"):
        try:
            numbers[field] = float(row.get(field) or 0.0)
        except (TypeError, ValueError):
            return Fault(field=field, problem=f"{row.get(field)!r} is not a number")
    try:
        return Scheduled(
            kind=EventKind(kind),
            at=at,
            name=str(row.get("name") or ""),
            underlyings=tuple(_BETWEEN.sub(" ", str(row.get("underlyings") or "").upper()).split()),
            **numbers,
        )
    except ValueError as error:
        field, _, problem = str(error).partition(": ")
        return Fault(field=field, problem=problem)


def _rows(path: Path, needed: str, known: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Numbered rows of a table that has one column at least, and none that is not known."""
    if path.suffix.lower() == ".parquet":
        yield from enumerate(_parquet_rows(path, needed, known), start=1)
        return
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.DictReader(lines)
            _check_columns(path, needed, known, table.fieldnames or ())
            yield from enumerate(table, start=1)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{path}: is no CSV text: {error}") from error


def _parquet_rows(path: Path, needed: str, known: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    try:
        import duckdb
    except ImportError as error:
        raise FileError("reading Parquet needs the extra `tables` (duckdb)", is_lacking=True) from error
    try:
        with duckdb.connect() as tables:
            found = tables.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description or ()]
            _check_columns(path, needed, known, names)
            while rows := found.fetchmany(10_000):
                for row in rows:
                    yield dict(zip(names, row, strict=True))
    except duckdb.Error as error:
        raise FileError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error


def _check_columns(path: Path, needed: str, known: tuple[str, ...], names: Any) -> None:
    """What stands under another name would be passed over: a guard that guards nothing, a coin's row for all coins."""
    if needed not in names:
        raise FileError(f"{path}: has no column {needed!r}; there are {', '.join(names) or 'none'}")
    if strange := [str(name) for name in names if name not in known]:
        raise FileError(f"{path}: no such column: {', '.join(strange)}; there are {', '.join(known)}")
