"""Records as lines of JSON for others to read: instants as UTC text with microseconds, hashes and numbers beside."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from rfq.audit.log import LAST, AuditLog

_NS_PER_US = 1_000
_US_PER_S = 1_000_000


def export(log: AuditLog, first: int = 1, last: int = LAST) -> Iterator[str]:
    """One line of JSON for each record from `first` to `last`, both included."""
    for row in log.records(first, last):
        said: dict[str, Any] = msgspec.json.decode(row.body)
        line = {"hash": row.hash, "kind": row.kind, **_timed(said)}
        yield msgspec.json.encode(line).decode()


def instant_text(at: int) -> str:
    """An instant (UTC ns) as YYYY-MM-DDThh:mm:ss.ddddddZ; what is finer than a microsecond is cut off."""
    seconds, micros = divmod(at // _NS_PER_US, _US_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def _timed(node: Any) -> Any:
    """The same JSON with each instant written as text (0, which means none, as null)."""
    if isinstance(node, list):
        return [_timed(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: (instant_text(value) if value else None) if _is_instant(key, value) else _timed(value)
        for key, value in node.items()
    }


def _is_instant(key: str, value: object) -> bool:
    return (key == "at" or key.endswith("_at")) and type(value) is int
