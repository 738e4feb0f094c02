"""Which model used which version of the features, from the audit log: there is no other record of it to disagree with.

Each `Estimate` holds the row that a model was asked about, with its schema's hash; the `Estimated` that answers names
the model by the beginning of its hash. So for every answer it is known what it was read from, and for every row who
read it. The rows themselves, as they were decided on, become the history of requests.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from rfq.domain.effects import Estimate
from rfq.domain.events import Estimated
from rfq.domain.record import Record, decode_record
from rfq.store.definitions import columns_of_schema, version_of
from rfq.store.parts import KNOWN_AT

if TYPE_CHECKING:
    from rfq.audit.log import AuditLog

_ASKED: Final = b'"_":"Estimate.'
_ANSWERED: Final = b'"_":"Estimated.'
_STEP: Final = 5_000
_WAITING_MAX: Final = 64
"""So many unanswered questions of one request are kept in mind."""
NOBODY: Final = ""
"""Stands for the model of rows that were never answered."""


class Asked(NamedTuple):
    """A row that a model was asked about: by which record, when, for which request, and who answered (`NOBODY`), with
    numbers or without."""

    number: int
    at: int
    rfq: str
    schema: str
    values: tuple[float, ...]
    model: str
    has_numbers: bool


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A model and a schema that it read: how many rows, over which records and instants, how many answers it gave with
    numbers. `version` None: a schema that this build does not know."""

    model: str
    schema: str
    version: int | None
    rows: int
    answers: int
    from_number: int
    to_number: int
    from_at: int
    to_at: int


def rows_of(log: "AuditLog", tell: Callable[[int], None] = lambda _number: None) -> Iterator[Asked]:
    """Every row that a model was asked about, in the order of the answers; those never answered come last."""
    waiting: dict[str, deque[Asked]] = {}
    for number, body in log.bodies():
        if not number % _STEP:
            tell(number)
        if _ASKED not in body and _ANSWERED not in body:
            continue
        record = decode_record(body)
        yield from _answered(record, waiting)
        for effect in record.effects:
            if isinstance(effect, Estimate):
                row = effect.row
                asked = Asked(number, record.at, effect.rfq, row.schema, row.values, NOBODY, False)
                queue = waiting.setdefault(effect.rfq, deque())
                if len(queue) >= _WAITING_MAX:
                    yield queue.popleft()
                queue.append(asked)
    for queue in waiting.values():
        yield from queue


def _answered(record: Record, waiting: dict[str, deque[Asked]]) -> Iterator[Asked]:
    """The oldest unanswered row of the request that this record answers."""
    event = record.event
    if isinstance(event, Estimated):
        queue = waiting.get(event.rfq)
        if queue:
            asked = queue.popleft()
            if not queue:
                del waiting[event.rfq]
            yield asked._replace(model=event.model, has_numbers=event.estimates is not None)


def uses_of(log: "AuditLog", tell: Callable[[int], None] = lambda _number: None) -> tuple[Use, ...]:
    """Which model used which version, in the order of their first use."""
    found: dict[tuple[str, str], Use] = {}
    for asked in rows_of(log, tell):
        key = (asked.model, asked.schema)
        use = found.get(key)
        if use is None:
            use = Use(
                model=asked.model,
                schema=asked.schema,
                version=version_of(asked.schema),
                rows=0,
                answers=0,
                from_number=asked.number,
                to_number=asked.number,
                from_at=asked.at,
                to_at=asked.at,
            )
        found[key] = msgspec.structs.replace(
            use,
            rows=use.rows + 1,
            answers=use.answers + asked.has_numbers,
            from_number=min(use.from_number, asked.number),
            to_number=max(use.to_number, asked.number),
            from_at=min(use.from_at, asked.at),
            to_at=max(use.to_at, asked.at),
        )
    return tuple(sorted(found.values(), key=lambda use: use.from_number))


HEAD: Final = (KNOWN_AT, "number", "rfq", "model", "has_numbers")
"""What a row of the history of requests has before its features."""


def columns_of_rows(rows: list[Asked], schema: str) -> dict[str, NDArray[Any]]:
    """Rows of one schema, by record, as columns; a schema that is not known here has columns by their places."""
    some = sorted([row for row in rows if row.schema == schema], key=lambda row: row.number)
    width = len(some[0].values) if some else 0
    known = columns_of_schema(schema)
    if known is not None and len(known) == width:
        names = [column.name for column in known]
    else:
        names = [f"column_{place:03}" for place in range(width)]
    values = np.array([row.values for row in some], np.float64).reshape(len(some), width)
    head = (
        np.array([row.at for row in some], np.int64),
        np.array([row.number for row in some], np.int64),
        np.array([row.rfq for row in some], object),
        np.array([row.model for row in some], object),
        np.array([row.has_numbers for row in some], np.bool_),
    )
    columns = dict(zip(HEAD, head, strict=True))
    return columns | {name: np.ascontiguousarray(values[:, place]) for place, name in enumerate(names)}
