"""Search terms: the words under which a record can be found again.

`terms_of(record)` walks the event and its effects with collectors compiled once per class from its type
hints, because it runs for every record. What a field means is told by its type (RfqId, PartyId, Outcome,
Code, ...) or, where the type is plain text, by its name. The terms:

    rfq: quote: fill: accept: block:   ids            party:       who asked, quoted, was told or did it
    ref:<party>/<reference>            their own ids  instrument:  legs, hedges, listings
    outcome: reason:                   closed lists   build:       who came up
    sent:<number>                      this record tells the fate of an effect of that record
"""

import types
import typing
from collections.abc import Callable
from typing import Any, Final

import msgspec

from rfq.domain import events as ev
from rfq.domain.effects import Effect
from rfq.domain.events import Event
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code
from rfq.domain.record import Record

Collector = Callable[[Any, Callable[[str], None]], None]

_ID_PREFIX: Final = {
    "RfqId": "rfq:",
    "QuoteId": "quote:",
    "FillId": "fill:",
    "AcceptId": "accept:",
    "BlockId": "block:",
    "PartyId": "party:",
}
_TEXT_PREFIX: Final = {"rfq": "rfq:", "party": "party:", "instrument": "instrument:", "build": "build:"}
_SPEAKERS: Final = ("party", "dealer", "to", "maker", "counterparty")
_INSTRUMENTS: Final = ("Perpetual", "Future", "Option")
_FATE: Final = (ev.SentMark, ev.NotSent, ev.EffectRef)
_collectors: dict[type, Collector | None] = {}
_tops: dict[type, Collector] = {}


def terms_of(record: Record) -> tuple[str, ...]:
    """The record's search terms, sorted, each once."""
    found: set[str] = set()
    add = found.add
    event = record.event
    (_tops.get(type(event)) or _top(type(event)))(event, add)
    for effect in record.effects:
        (_tops.get(type(effect)) or _top(type(effect)))(effect, add)
    return tuple(sorted(found))


def terms_in(part: Event | Effect) -> frozenset[str]:
    """The terms of one event or effect alone."""
    found: set[str] = set()
    (_tops.get(type(part)) or _top(type(part)))(part, found.add)
    return frozenset(found)


def kind_of(record: Record) -> str:
    """The name of the record's event."""
    return type(record.event).__name__


def _top(cls: type) -> Collector:
    """The collector of an event or effect class; compiled at first use."""
    _tops[cls] = made = _collector(cls) or _nothing
    return made


def _nothing(_value: Any, _add: Callable[[str], None]) -> None:
    """The collector of a class without terms."""


def _collector(cls: type) -> Collector | None:
    """The collector of a nested class, or None if nothing in it is a term."""
    if cls not in _collectors:
        _collectors[cls] = _build(cls)
    return _collectors[cls]


def _build(cls: type) -> Collector | None:
    """Write and compile the collector of a class: one straight line of source a field."""
    scope: dict[str, Any] = {}
    lines: list[str] = []
    hints = typing.get_type_hints(cls)
    fields: tuple[str, ...] = getattr(cls, "__struct_fields__", ())
    for field in fields:
        lines += _lines(cls, field, hints[field], fields, scope)
    if not lines:
        return None
    exec("\n".join(["def collect(x, add):", *lines]), scope)
    made: Collector = scope["collect"]
    return made


def _lines(cls: type, field: str, hint: Any, fields: tuple[str, ...], scope: dict[str, Any]) -> list[str]:
    """Source lines for one field; none if it holds no term."""
    if field == "reference":
        speaker = next((name for name in _SPEAKERS if name in fields), None)
        return [f"    if x.reference: add('ref:' + x.{speaker} + '/' + x.reference)"] if speaker else []
    if cls in _FATE and field == "number":
        return ["    add(f'sent:{x.number}')"]
    if cls is ev.InboxOverflowed:
        return [
            "    for party, reference in x.requests:",
            "        add('party:' + party)",
            "        add('ref:' + party + '/' + reference)",
        ]
    if cls.__name__ in _INSTRUMENTS:
        return ["    add('instrument:' + x.name)"] if field == "name" else []
    return ["    " + line for line in _value_lines(f"x.{field}", field, hint, scope)]


def _value_lines(source: str, field: str, hint: Any, scope: dict[str, Any]) -> list[str]:
    """Source lines for a value of this type found at `source`."""
    members = [hint]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
    if len(members) > 1:
        return _union_lines(source, field, members, scope)
    inner = members[0]
    guard = f"if {source} is not None: " if inner is not hint else ""
    prefix = _ID_PREFIX.get(getattr(inner, "__name__", "")) if hasattr(inner, "__supertype__") else None
    if inner is Outcome or inner is Code:
        prefix = "outcome:" if inner is Outcome else "reason:"
    if prefix is not None:
        return [f"{guard}add({prefix!r} + {source})"]
    if inner is str and field in _TEXT_PREFIX:
        return [f"if {source}: add({_TEXT_PREFIX[field]!r} + {source})"]
    if typing.get_origin(inner) is tuple:
        args = typing.get_args(inner)
        nested = _value_lines("item", field, args[0], scope) if len(args) == 2 and args[1] is ... else []
        return [f"for item in {source}:", *("    " + line for line in nested)] if nested else []
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        collect = _collector(inner)
        if collect is not None:
            label = f"collect_{inner.__name__}"
            scope[label] = collect
            return [f"{guard}{label}({source}, add)"]
    return []


def _union_lines(source: str, field: str, members: list[Any], scope: dict[str, Any]) -> list[str]:
    """A closed union of structs: look the collector up by class."""
    found = {cls: collect for cls in members if (collect := _collector(cls)) is not None}
    label = f"union_{field}"
    scope[label] = found
    scope["nothing"] = _nothing
    return [f"{label}.get(type({source}), nothing)({source}, add)"]
