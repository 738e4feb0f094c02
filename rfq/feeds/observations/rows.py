"""The one narrow interface of everything outside: a row, and how any source's fields become one.

A row says what it is about, a name, a number or a text, and two instants. `received_at` is when it was known here, and
rules; `event_at` is what the source dates it with, and is only kept. A pushed row is stamped by our own clock, whatever
it claims; a file must say when its rows were received, because nobody else can.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from pricing.fact import Fact, Fault
from rfq.desk.features.outside import CHAIN_FLOW, DEX_DEPTH, MACRO, SENTIMENT

TEXT_MAX: Final = 4_000
NAME_MAX: Final = 64
VALUE_MOST: Final = 1e15
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_NS: Final = 2**62
_DIGITS_MAX: Final = 20
_UNITS_NS: Final = ((10**17, 1), (10**14, 10**3), (10**11, 10**6), (10**8, 10**9))
"""A whole number is ns, us, ms or s by its size: from the year 1973 on."""


class Kind(StrEnum):
    """What a row is: a text that a scorer reads, or a number of a named kind."""

    NEWS = "news"
    SENTIMENT = "sentiment"
    CHAIN = "chain"
    MACRO = "macro"


NUMBERS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.SENTIMENT: (SENTIMENT,),
    Kind.CHAIN: (CHAIN_FLOW, DEX_DEPTH),
    Kind.MACRO: (MACRO,),
}
"""The names that features read; others are kept and read by nobody."""
FIELDS: Final = ("received_at", "event_at", "source", "kind", "subject", "name", "value", "text")


class Observation(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Observation.1"):
    """One row. `subject` is an underlying, "" for all (of news: to be found in the text)."""

    received_at: int
    kind: Kind
    source: str
    name: str
    value: float = 0.0
    text: str = ""
    subject: str = ""
    event_at: int = 0


def read_row(row: Mapping[str, Any], received_at: int | None) -> Observation | Fault:
    """A row of any source. With `received_at` (our clock's) the row's own is ignored; without, it must have one."""
    strange = [
        name for name in row if name not in FIELDS
    ]  # an underlying by another name would be all of them
    if strange:
        return Fault(
            field=str(strange[0])[:NAME_MAX], problem=f"is no field of a row; there are {', '.join(FIELDS)}"
        )
    at = instant(row.get("received_at"), "received_at") if received_at is None else received_at
    if isinstance(at, Fault):
        return at
    if at == 0:
        return Fault(field="received_at", problem="is missing: when it was known cannot be told otherwise")
    event_at = instant(row.get("event_at"), "event_at")
    if isinstance(event_at, Fault):
        return event_at
    try:
        kind = Kind(str(row.get("kind", "")).strip().lower())
    except ValueError:
        return Fault(field="kind", problem=f"{row.get('kind')!r} is none of {', '.join(Kind)}")
    text = str(row.get("text") or "")
    if len(text) > TEXT_MAX:
        return Fault(field="text", problem=f"{len(text)} characters; {TEXT_MAX} at most")
    names = {field: str(row.get(field) or "").strip() for field in ("source", "subject", "name")}
    for field, word in names.items():
        if len(word) > NAME_MAX:
            return Fault(field=field, problem=f"{len(word)} characters; {NAME_MAX} at most")
    value = _number(row.get("value"))
    if isinstance(value, Fault):
        return value
    fault = _lacking(kind, names["name"], row.get("value"), text, names["source"])
    if fault is not None:
        return fault
    return Observation(
        received_at=at,
        kind=kind,
        source=names["source"],
        name=names["name"] or ("headline" if kind is Kind.NEWS else NUMBERS[kind][0]),
        value=value,
        text=text,
        subject=names["subject"].upper(),
        event_at=event_at,
    )


def _lacking(kind: Kind, name: str, value: object, text: str, source: str) -> Fault | None:
    """What a row of this kind needs and has not."""
    if not source:
        return Fault(field="source", problem="is missing")
    if kind is Kind.NEWS:
        return None if text.strip() else Fault(field="text", problem="is missing: news is a text")
    if value in (None, ""):
        return Fault(field="value", problem=f"is missing: {kind} is a number")
    if kind is Kind.CHAIN and not name:
        return Fault(field="name", problem=f"is missing: one of {', '.join(NUMBERS[kind])}, or your own")
    return None


def _number(value: object) -> float | Fault:
    if value in (None, ""):
        return 0.0
    try:
        found = float(str(value))
    except ValueError:
        return Fault(field="value", problem=f"{value!r} is not a number")
    if not isfinite(found):
        return Fault(field="value", problem=f"{value!r} is not finite")
    return (
        found if abs(found) <= VALUE_MOST else Fault(field="value", problem=f"{value!r} is beyond all reason")
    )


def instant(value: object, field: str) -> int | Fault:
    """UTC ns of ISO 8601 with its zone, of a datetime with its zone, or of a whole number of s, ms, us or ns (told by
    its size); 0 for nothing."""
    if value in (None, ""):
        return 0
    if isinstance(value, datetime):
        return _of_datetime(value, field)
    text = str(value).strip()
    if len(text) <= _DIGITS_MAX and text.isascii() and text.isdigit():
        number = int(text)
        for least, unit in _UNITS_NS:
            if least <= number and number * unit < _LATEST_NS:
                return number * unit
        return Fault(field=field, problem=f"{text} is no instant in s, ms, us or ns since 1970")
    try:
        return _of_datetime(datetime.fromisoformat(text), field)
    except ValueError:
        return Fault(
            field=field, problem=f"{text!r} is no instant; write 2026-01-31T12:00:00Z or ns since 1970"
        )


def _of_datetime(moment: datetime, field: str) -> int | Fault:
    if moment.tzinfo is None:
        return Fault(field=field, problem=f"{moment.isoformat()} has no time zone")
    passed = moment - _EPOCH
    return ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1_000
