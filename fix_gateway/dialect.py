"""Dialects: how one counterparty's FIX differs from the next one's, as data.

A dialect is a version plus changes: tags moved, values mapped, fields added or refused, and a few named rules for what
no table can say. The presets are the versions as the standard has them; a counterparty's own is made with `configured`.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from fix_gateway.codec.decoded import Decoded
from fix_gateway.dictionary.extension import Extra, extend
from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.dictionary.standard import load
from fix_gateway.errors import Fault
from fix_gateway.messages.form import AnyRow, Group, Within
from fix_gateway.messages.plan import Values, Ways
from fix_gateway.messages.rules import RULES
from fix_gateway.messages.speech import BY_NAME, Message, Speech


class Dialect(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One way to speak.

    `tags`, `said`, `heard`, `flat` and `digits` are explained at `Ways`, `fills` and `required` at `Speech`; `rules`
    are names of `RULES`. `fields`, `optional` and `types` change the dictionary (see `extend`). `user_defined` lets
    the counterparty send user-defined tags that no field declares.
    """

    name: str
    begin: str
    appl: str = ""
    digits: int = 3
    tags: Mapping[str, int] = {}
    said: Values = {}
    heard: Values = {}
    rules: tuple[str, ...] = ()
    flat: frozenset[str] = frozenset()
    fills: Mapping[str, str] = {}
    required: tuple[str, ...] = ()
    fields: tuple[Extra, ...] = ()
    optional: Mapping[str, tuple[int, ...]] = {}
    types: tuple[str, ...] = ()
    user_defined: bool = False

    def __post_init__(self) -> None:
        if self.digits not in (0, 3, 6, 9):
            raise ValueError(f"dialect {self.name}: digits: must be 0, 3, 6 or 9, not {self.digits}")
        for rule in self.rules:
            if rule not in RULES:
                raise ValueError(f"dialect {self.name}: rules: {rule!r} is none of {', '.join(RULES)}")
        for message in self.flat:
            _check_path(f"dialect {self.name}: flat", message, deep=0)
        for key, paths in (("tags", self.tags), ("fills", self.fills), ("required", self.required)):
            for path in paths:
                _check_path(f"dialect {self.name}: {key}", path, deep=2 if key == "tags" else 1)

    @cached_property
    def dictionary(self) -> Dictionary:
        """What messages of this dialect are validated by."""
        standard = load(self.begin, self.appl)
        if not (self.fields or self.optional or self.types):
            return standard
        return extend(standard, self.fields, optional=self.optional, types=self.types)

    @cached_property
    def speech(self) -> Speech:
        """The readers and writers."""
        ways = Ways(tags=self.tags, said=self.said, heard=self.heard, flat=self.flat, digits=self.digits)
        return Speech(self.dictionary, ways, self.rules, self.fills, self.required)


def read(decoded: Decoded, dialect: Dialect) -> Message | Fault:
    """What a validated message says in this dialect."""
    return dialect.speech.read(decoded)


def write(message: Message, dialect: Dialect) -> tuple[str, bytes]:
    """(MsgType, body) of a message in this dialect; LocalProtocolError if it cannot be said."""
    return dialect.speech.write(message)


def _laid_over(where: str, key: str, old: Any, new: Any) -> Any:
    """The value of one key after the change."""
    wanted: Any = {field.name: field.type for field in msgspec.structs.fields(Dialect)}[key]
    if key == "fields":
        new = [_spelled(item) for item in new]
    try:
        value = msgspec.convert(new, wanted, strict=False, str_keys=True)
    except msgspec.ValidationError as problem:
        raise ValueError(f"{where}: {problem}") from problem
    if key in ("said", "heard"):
        return {**old, **{tag: {**old.get(tag, {}), **value[tag]} for tag in value}}
    if isinstance(old, Mapping):
        return {**old, **value}
    if isinstance(old, tuple):
        away = {name[1:] for name in value if isinstance(name, str) and name.startswith("-")}
        kept = [item for item in old if item not in away]
        return (*kept, *(item for item in value if not (isinstance(item, str) and item.startswith("-"))))
    return old | value if isinstance(old, frozenset) else value


def _spelled(field: Any) -> Any:
    """A field out of a TOML table, its values as the wire has them."""
    if not isinstance(field, Mapping) or not isinstance(field.get("values"), Mapping):
        return field
    return {**field, "values": {str(value).encode(): text for value, text in field["values"].items()}}


def _check_path(where: str, path: str, deep: int) -> None:
    """Refuse "Message.attribute" if there is no such thing."""
    name, *attributes = path.split(".")
    form = BY_NAME.get(name)
    if form is None:
        raise ValueError(f"{where}: {name!r} is no message; there are {', '.join(BY_NAME)}")
    if len(attributes) > deep or (deep and not attributes):
        raise ValueError(f"{where}: {path!r} is not of the form Message.attribute")
    rows: tuple[AnyRow, ...] = form.rows
    for attribute in attributes:
        found = [row for row in _flattened(rows) if getattr(row, "attribute", "") == attribute]
        if not found:
            raise ValueError(f"{where}: {name} has no attribute {attribute!r}")
        name = f"{name}.{attribute}"
        rows = tuple(inner for row in found if isinstance(row, Group) for inner in row.rows)


def _flattened(rows: Iterable[AnyRow]) -> Iterator[AnyRow]:
    """The rows, with those that stand `Within` among them."""
    for row in rows:
        if isinstance(row, Within):
            yield from _flattened(row.rows)
        yield row


FIX50SP2 = Dialect(name="fix50sp2", begin="FIXT.1.1", appl="9")

_TO_44: Values = {
    297: {"16": "0", "17": "1", "18": "0", "19": "10", "20": "5", "21": "0", "22": "0", "23": "6"},
    300: {**{str(reason): "99" for reason in (*range(10, 14), *range(15, 22))}, "14": "3"},
    303: {"3": "1"},
    380: {"99": "0"},
    452: {"66": "35"},
    537: {"4": "1"},
    658: {"11": "99", "12": "3", "13": "3", "14": "3", "15": "3"},
    694: {"7": "6", "8": "3", "9": "4", "10": "4", "11": "1", "12": "6"},
}
FIX44 = Dialect(
    name="fix44",
    begin="FIX.4.4",
    said=_TO_44,
    rules=("reason_in_text", "minimum_by_side", "one_cancel_as_entry"),
)

FIX42 = Dialect(
    name="fix42",
    begin="FIX.4.2",
    said={**_TO_44, 297: {**_TO_44[297], "11": "5", "12": "0", "13": "0", "14": "1", "15": "1"}},
    rules=(
        "answers_as_b",
        "hit_as_order",
        "reason_in_text",
        "one_cancel_for_symbol",
        "firm_only",
        "fill_by_status",
    ),
)

COINBASE_FLAT = msgspec.structs.replace(
    FIX42,
    name="coinbase_flat",
    flat=frozenset({"QuoteRequest"}),
    fills={
        "QuoteRequest.order_type": "2",
        "QuoteRequest.time_in_force": "4",
        "NewOrderSingle.time_in_force": "4",
        "NewOrderSingle.strategy": "R",
    },
    fields=(
        *(Extra(tag=tag, messages=("R",)) for tag in (1, 38, 40, 44, 54, 55, 59)),
        Extra(tag=1, messages=("S",)),
        Extra(tag=847, name="TargetStrategy", type="STRING", messages=("D",)),
    ),
    optional={"R": (146,), "D": (21, 60), "F": (60,), "G": (21, 60)},
)

PRESETS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (FIX50SP2, FIX44, FIX42, COINBASE_FLAT)
}
"""The dialects that need no configuration, by name."""


def configured(preset: Dialect | str, **changes: Any) -> Dialect:
    """A preset with changes as a TOML table has them. Tables are laid over the preset's, lists go behind its own (a
    rule "-name" takes one away), everything else is replaced. ValueError says what is wrong."""
    found = PRESETS.get(preset) if isinstance(preset, str) else preset
    if found is None:
        raise ValueError(f"dialect: {preset!r} is none of {', '.join(PRESETS)}")
    made: dict[str, Any] = {}
    for key, value in changes.items():
        if key not in found.__struct_fields__ or key in ("begin", "appl"):
            raise ValueError(f"dialect {found.name}: {key!r} cannot be configured")
        made[key] = _laid_over(f"dialect {found.name}: {key}", key, getattr(found, key), value)
    whole = {name: getattr(found, name) for name in found.__struct_fields__}
    return Dialect(**(whole | made))
