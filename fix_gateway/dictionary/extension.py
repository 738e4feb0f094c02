"""What a counterparty adds to the standard: fields of its own, known fields in more messages, requirements lifted.

`extend` makes a new dictionary; the standard's stays as it is.

    extend(load("FIX.4.2"), [Extra(tag=847, name="Strategy", type="CHAR", messages=("D",), values={b"R": "rfq"})])

A group of the counterparty's is a field of type NUMINGROUP, followed by the fields of its entries, which name it in
`group`; the first of them begins each entry.
"""

from collections.abc import Iterable, Mapping

import msgspec

from fix_gateway.dictionary.spec import Dictionary, FieldSpec, GroupSpec, MessageSpec
from fix_gateway.dictionary.table import TYPES

_Groups = Mapping[int, GroupSpec]
_NOTHING: Mapping[str, tuple[int, ...]] = {}


class Extra(msgspec.Struct, frozen=True, kw_only=True):
    """A field that may stand in `messages` (types) too: in the entries of the group with the count tag `group`, or, if
    that is 0, directly. A tag that the version has needs no name and no type; `values` are then added to its list. With
    a type, the field is defined anew. No messages: only the field itself changes."""

    tag: int
    name: str = ""
    type: str = ""
    messages: tuple[str, ...] = ()
    group: int = 0
    values: Mapping[bytes, str] = {}
    required: bool = False


def extend(
    dictionary: Dictionary,
    extras: Iterable[Extra] = (),
    *,
    optional: Mapping[str, tuple[int, ...]] = _NOTHING,
    types: Iterable[str] = (),
) -> Dictionary:
    """The dictionary with `extras`. `optional`: by message type, tags of its top level that are not required any more.
    `types`: message types of the counterparty's own, whose bodies are not validated."""
    fields = dict(dictionary.fields)
    messages = dict(dictionary.messages)
    for extra in extras:
        fields[extra.tag] = _field(extra, fields)
        for kind in extra.messages:
            messages[kind] = _with(
                _found(messages, kind), extra, _counts(extra, fields[extra.tag], dictionary)
            )
    for kind, tags in optional.items():
        message = _found(messages, kind)
        left = tuple(tag for tag in message.required if tag not in tags)
        messages[kind] = msgspec.structs.replace(message, required=left)
    for kind, message in messages.items():
        _no_empty_group(kind, message.groups)
    return msgspec.structs.replace(
        dictionary,
        fields=fields,
        messages=messages,
        known=dictionary.known | fields.keys(),
        other_types=dictionary.other_types | {kind for kind in types if kind not in messages},
    )


def _found(messages: Mapping[str, MessageSpec], kind: str) -> MessageSpec:
    message = messages.get(kind)
    if message is None:
        raise ValueError(f"message type {kind!r} is not in the dictionary, so nothing can be changed in it")
    return message


def _field(extra: Extra, fields: Mapping[int, FieldSpec]) -> FieldSpec:
    """The field as it is after `extra`."""
    old = fields.get(extra.tag)
    if extra.tag < 1:
        raise ValueError(f"tag {extra.tag}: tags begin at 1")
    if extra.type:
        if extra.type not in TYPES:
            raise ValueError(f"tag {extra.tag}: {extra.type!r} is no type of the standard")
        name = extra.name or (old.name if old else f"Tag{extra.tag}")
        return FieldSpec(tag=extra.tag, name=name, type=extra.type, values=extra.values)
    if old is None:
        raise ValueError(f"tag {extra.tag}: the dictionary does not describe it, so it needs a type")
    if extra.values and not old.values:
        raise ValueError(f"tag {extra.tag}: any value may stand there already; to narrow it, give a type too")
    return msgspec.structs.replace(old, name=extra.name or old.name, values={**old.values, **extra.values})


def _counts(extra: Extra, field: FieldSpec, dictionary: Dictionary) -> GroupSpec | None:
    """The group that a count field brings with it: as some message has it already, or an empty one to be filled."""
    if field.type != "NUMINGROUP":
        return None
    if not extra.type:
        for message in dictionary.messages.values():
            if group := _group(extra.tag, message.groups):
                return group
    return GroupSpec(count=extra.tag, members=(), required=())


def _group(count: int, groups: _Groups) -> GroupSpec | None:
    """The group with that count tag, wherever it is nested."""
    for tag, group in groups.items():
        if tag == count:
            return group
        if inner := _group(count, group.groups):
            return inner
    return None


def _with(message: MessageSpec, extra: Extra, counted: GroupSpec | None) -> MessageSpec:
    """The message with one more member."""
    if extra.group:
        groups, changed = _inside(message.groups, extra, counted)
        if not changed:
            raise ValueError(
                f"message type {message.msg_type!r} has no group with the count tag {extra.group}"
            )
        return msgspec.structs.replace(message, groups=groups)
    required = {*message.required, extra.tag} if extra.required else message.required
    return msgspec.structs.replace(
        message,
        members=message.members | {extra.tag},
        required=tuple(sorted(required)),
        groups={**message.groups, extra.tag: counted} if counted else message.groups,
    )


def _inside(groups: _Groups, extra: Extra, counted: GroupSpec | None) -> tuple[_Groups, bool]:
    """The groups with `extra` in every entry of that count tag, and whether there is any."""
    made: dict[int, GroupSpec] = {}
    changed = False
    for tag, group in groups.items():
        inner, deeper = _inside(group.groups, extra, counted)
        made[tag] = msgspec.structs.replace(group, groups=inner) if deeper else group
        changed = changed or deeper or tag == extra.group
        if tag == extra.group:
            made[tag] = _entry_with(made[tag], extra, counted)
    return (made, True) if changed else (groups, False)


def _entry_with(group: GroupSpec, extra: Extra, counted: GroupSpec | None) -> GroupSpec:
    required = {*group.required, extra.tag} if extra.required else group.required
    return msgspec.structs.replace(
        group,
        members=group.members if extra.tag in group.members else (*group.members, extra.tag),
        required=tuple(sorted(required)),
        groups={**group.groups, extra.tag: counted} if counted else group.groups,
    )


def _no_empty_group(kind: str, groups: _Groups) -> None:
    for tag, group in groups.items():
        if not group.members:
            raise ValueError(f"message type {kind!r}: the group with the count tag {tag} has no members")
        _no_empty_group(kind, group.groups)
