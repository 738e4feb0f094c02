"""A form laid over a dictionary: which of its rows a version can say, in which order, with which values.

A plan knows nothing of speed; `reading` and `writing` compile it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec
from msgspec import NODEFAULT

from fix_gateway.codec.values import MULTIPLE
from fix_gateway.dictionary.spec import Dictionary, FieldSpec, GroupSpec, MessageSpec
from fix_gateway.messages.form import AnyRow, Fixed, Form, Group, Kind, Many, Mark, Row, Split, Within

Values: TypeAlias = Mapping[int, Mapping[str, str]]
"""Tag -> value -> the value that is said instead."""


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialect changes in the forms.

    `tags`: "Message.attribute" or "Message.legs.attribute" -> its tag there, 0 for one that is never said nor heard.
    `said` and `heard`: values going out and coming in. `flat`: the messages without the group that stands `Within`.
    `digits`: the fraction of instants.
    """

    tags: Mapping[str, int] = {}
    said: Values = {}
    heard: Values = {}
    flat: frozenset[str] = frozenset()
    digits: int = 3


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One field. `said` are the only values that it may have, as they are spelled (None: any); `heard` the reverse.
    `clock` is the tag of the time of day of an instant in two fields. `size` tells a size or a ratio from a price."""

    path: str
    attribute: str
    tag: int
    kind: Kind
    required: bool
    default: Any
    said: Mapping[str, str] | None = None
    heard: Mapping[bytes, str] | None = None
    clock: int = 0
    size: bool = False


class Const(msgspec.Struct, frozen=True, kw_only=True):
    """A field that never changes."""

    tag: int
    value: str


class Flagged(msgspec.Struct, frozen=True, kw_only=True):
    """A group of one code that stands there if the attribute is true."""

    attribute: str
    tag: int
    inner: int
    value: str


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A group of entries with one field."""

    path: str
    attribute: str
    tag: int
    cell: Cell
    required: bool


class Nested(msgspec.Struct, frozen=True, kw_only=True):
    """A group of structs. Without a struct, its fields are the message's own, and it has one entry. `counts` are the
    only numbers of entries that it may have, if there is such a rule."""

    path: str
    attribute: str
    tag: int
    struct: type[msgspec.Struct] | None
    level: "Level"
    required: bool
    counts: tuple[int, ...] = ()
    counted: str = ""


Step: TypeAlias = Cell | Const | Flagged | Listed | Nested


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a message or of an entry, in their order. `lost` are the attributes that cannot be said here but
    must not be lost, with the values that lose nothing."""

    steps: tuple[Step, ...]
    lost: tuple[tuple[str, str, Any], ...]


def plan(form: Form, dictionary: Dictionary, ways: Ways) -> Level | None:
    """The form of one message in one version; None if the version has no such message."""
    spec = dictionary.messages.get(form.msg_type)
    if spec is None:
        return None
    return _Planner(form, dictionary, ways).level(form.rows, spec, form.struct, form.struct.__name__)


def default_of(struct: type[msgspec.Struct], attribute: str) -> Any:
    """What an attribute is if nothing is said; `NODEFAULT` if it must be said."""
    for field in msgspec.structs.fields(struct):
        if field.name == attribute:
            return field.default
    raise AssertionError(f"{struct.__name__} has no attribute {attribute}")


class _Planner:
    """One form on its way to a plan."""

    def __init__(self, form: Form, dictionary: Dictionary, ways: Ways) -> None:
        self.name, self.fields, self.ways = form.struct.__name__, dictionary.fields, ways

    def level(
        self, rows: Iterable[AnyRow], spec: MessageSpec | GroupSpec, struct: type[msgspec.Struct], path: str
    ) -> Level:
        """The rows that `spec` allows; inside a group in its order, and the field that begins an entry is required."""
        steps: list[tuple[int, Step]] = []
        lost: list[tuple[str, str, Any]] = []
        order = {tag: place for place, tag in enumerate(spec.members)} if isinstance(spec, GroupSpec) else {}
        for row in self._unfolded(rows):
            step = self._step(row, spec, struct, path)
            if step is not None:
                steps.append((order.get(step.tag, 0), step))
            elif not isinstance(row, Fixed | Within) and row.must:
                default = default_of(struct, row.attribute)
                lost.append(
                    (f"{path}.{row.attribute}", row.attribute, None if default is NODEFAULT else default)
                )
        steps.sort(key=lambda pair: pair[0])
        found = [step for _, step in steps]
        if isinstance(spec, GroupSpec) and found:
            found[0] = self._first(found[0], spec, path)
        return Level(steps=tuple(found), lost=tuple(lost))

    def _unfolded(self, rows: Iterable[AnyRow]) -> Iterable[AnyRow]:
        for row in rows:
            if isinstance(row, Within) and self.name in self.ways.flat:
                yield from row.rows
            else:
                yield row

    def _first(self, step: Step, spec: GroupSpec, path: str) -> Step:
        assert step.tag == spec.members[0], f"{path}: an entry begins with {spec.members[0]}, not {step.tag}"
        return msgspec.structs.replace(step, required=True) if isinstance(step, Cell) else step

    def _step(
        self, row: AnyRow, spec: MessageSpec | GroupSpec, struct: type[msgspec.Struct], path: str
    ) -> Step | None:
        where = path if isinstance(row, Fixed | Within) else f"{path}.{row.attribute}"
        tag = self.ways.tags.get(where, row.tag)
        if tag not in spec.members or (not isinstance(row, Row | Split | Fixed) and tag not in spec.groups):
            return None
        required = tag in spec.required
        match row:
            case Row(attribute, _, kind):
                return self._cell(attribute, tag, kind, struct, where, required)
            case Split(attribute, _, clock):
                cell = self._cell(attribute, tag, Kind.INSTANT, struct, where, required)
                return msgspec.structs.replace(cell, clock=clock) if clock in spec.members else None
            case Fixed(_, value):
                return Const(tag=tag, value=value) if required else None
            case Mark(attribute, _, inner, value):
                return Flagged(attribute=attribute, tag=tag, inner=inner, value=value)
            case Many(attribute, _, inner, kind):
                cell = self._word("", inner, kind, where, True, NODEFAULT)
                return Listed(path=where, attribute=attribute, tag=tag, cell=cell, required=required)
            case Group(attribute, _, entry, rows):
                level = self.level(rows, spec.groups[tag], entry, where)
                return Nested(
                    path=where,
                    attribute=attribute,
                    tag=tag,
                    struct=entry,
                    level=level,
                    required=required,
                    counts=tuple(int(value) for value in self.fields[tag].values),
                )
            case Within(_, rows, counted):
                level = self.level(rows, spec.groups[tag], struct, path)
                return Nested(
                    path=where,
                    attribute="",
                    tag=tag,
                    struct=None,
                    level=level,
                    required=required,
                    counted=counted,
                )

    def _cell(
        self,
        attribute: str,
        tag: int,
        kind: Kind | type[StrEnum],
        struct: type[msgspec.Struct],
        path: str,
        required: bool,
    ) -> Cell:
        default = default_of(struct, attribute)
        if not isinstance(kind, Kind):
            return self._word(attribute, tag, kind, path, required, default)
        said = heard = None
        spec = self.fields[tag]
        if kind in (Kind.TEXT, Kind.NAME) and spec.values and spec.type not in MULTIPLE:
            said = self._said(tag, spec, [value.decode() for value in spec.values])
            heard = {**self._reverse(tag, spec), **self._heard(tag, str)}
        return Cell(
            path=path,
            attribute=attribute,
            tag=tag,
            kind=kind,
            required=required,
            default=default,
            said=said,
            heard=heard,
            size=kind is Kind.NUMBER and spec.type in ("QTY", "FLOAT", "INT"),
        )

    def _word(
        self, attribute: str, tag: int, word: type[StrEnum], path: str, required: bool, default: Any
    ) -> Cell:
        spec = self.fields[tag]
        allowed = [member.value for member in word]
        known = {value.encode(): word(value) for value in allowed if self._has(spec, value)}
        return Cell(
            path=path,
            attribute=attribute,
            tag=tag,
            kind=Kind.TEXT,
            required=required,
            default=default,
            said=self._said(tag, spec, allowed),
            heard={**known, **self._heard(tag, word)},
        )

    def _said(self, tag: int, spec: FieldSpec, values: list[str]) -> Mapping[str, str]:
        """What stands for each value, for those that can be said."""
        instead = self.ways.said.get(tag, {})
        pairs = [(value, instead.get(value, value)) for value in dict.fromkeys([*values, *instead])]
        return {value: spelled for value, spelled in pairs if self._has(spec, spelled)}

    def _reverse(self, tag: int, spec: FieldSpec) -> Mapping[bytes, str]:
        return {value: value.decode() for value in spec.values}

    def _heard(self, tag: int, word: type[str]) -> Mapping[bytes, str]:
        return {value.encode(): word(meant) for value, meant in self.ways.heard.get(tag, {}).items()}

    @staticmethod
    def _has(spec: FieldSpec, value: str) -> bool:
        return not spec.values or value.encode() in spec.values
