"""Trades in JSON: a page of an answer, a list, or a line each; as columns of text like those of a CSV file."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from rfq.feeds.archives.opening import Source
from rfq.feeds.tables.reports import Ledger

BYTES_MAX: Final = 2**30
_NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_EXCERPT: Final = 120


class TooLarge(Exception):
    """A JSON file beyond what is read in one piece."""


def rows_of(source: Source, unread: Ledger) -> list[Mapping[str, Any]]:
    """Every object that may be a trade, in the order of the file; what is none is noted."""
    with source.open() as text:
        raw = text.read(BYTES_MAX + 1)
    if len(raw) > BYTES_MAX:
        raise TooLarge(source.name)
    rows: list[Mapping[str, Any]] = []
    try:
        _gather(msgspec.json.decode(raw), rows, unread, source.name)
    except _NOT_JSON:
        for number, line in enumerate(raw.splitlines(), 1):
            if not line.strip():
                continue
            try:
                _gather(msgspec.json.decode(line), rows, unread, f"{source.name} line {number}")
            except _NOT_JSON as error:
                excerpt = line[:_EXCERPT].decode("utf-8", errors="replace")
                unread.note("no JSON", 1, f"{source.name} line {number}: {error}: {excerpt}")
    return rows


def _gather(tree: Any, rows: list[Mapping[str, Any]], unread: Ledger, where: str) -> None:
    """The trades in a decoded answer: under `result`, `trades`, in a list, or the thing itself."""
    while isinstance(tree, dict) and ("result" in tree or "trades" in tree):
        tree = tree["result"] if "result" in tree else tree["trades"]
    for one in tree if isinstance(tree, list) else [tree]:
        if isinstance(one, dict) and ("result" in one or "trades" in one):
            _gather(one, rows, unread, where)
        elif isinstance(one, dict):
            rows.append(one)
        else:
            unread.note("JSON that is no trade", 1, f"{where}: {str(one)[:_EXCERPT]}")


def columns_of(rows: list[Mapping[str, Any]], names: Iterator[str]) -> dict[str, NDArray[Any]]:
    """These columns of the rows, as text; None where a row has no such cell."""
    columns: dict[str, NDArray[Any]] = {}
    for name in names:
        column = np.empty(len(rows), object)
        column[:] = [_text(row.get(name)) for row in rows]
        columns[name] = column
    return columns


def _text(cell: Any) -> str | None:
    """A cell as CSV would spell it; what no text may hold (half a character) becomes a question mark."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return cell if cell.isascii() else cell.encode("utf-8", "replace").decode()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return repr(cell)
