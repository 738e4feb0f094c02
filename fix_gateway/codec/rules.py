"""A dictionary made ready for decoding: tags by their spelling, checks by tag, the order of a group's members."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from fix_gateway.codec.values import MULTIPLE, RAW, checker
from fix_gateway.dictionary.spec import Dictionary, FieldSpec, GroupSpec, MessageSpec

USER_DEFINED = 5000
"""The first tag that counterparties may define as they like."""

_USER_TAG = re.compile(rb"[1-9][0-9]{3,8}").fullmatch

Check = tuple[Callable[[bytes], object], frozenset[bytes] | None, bool]
"""The format; the values allowed (None: any); whether a value is a list of such."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A repeating group: `order` gives the place of each member of an entry; the first is at place 0."""

    count: int
    first: int
    order: dict[int, int]
    required: tuple[int, ...]
    groups: "dict[int, Group]"


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A header, a body or a trailer."""

    members: frozenset[int]
    required: tuple[int, ...]
    groups: dict[int, Group]


class Rules:
    """What one dictionary demands. Messages are made ready when the first of their type comes."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.header = level(dictionary.header)
        self.trailer = level(dictionary.trailer)
        self.header_tags = frozenset(_every_tag(dictionary.header))
        self.trailer_tags = frozenset(_every_tag(dictionary.trailer))
        frame = self.header_tags | self.trailer_tags
        self.tags = _spelled(dictionary.known | frame | set(dictionary.fields))
        self.admin_tags = _spelled(dictionary.admin_known | frame)
        self.checks = {tag: check(spec) for tag, spec in dictionary.fields.items()}
        self.lengths = _lengths(dictionary.fields)
        raw = {spec.tag for spec in dictionary.fields.values() if spec.type in RAW}
        self.raw_tags = frozenset(raw | {int(length) for length in self.lengths})
        self._bodies: dict[str, Level] = {}

    def body(self, msg_type: str) -> Level | None:
        """The body of a message of the profile; None if the profile has no such message."""
        found = self._bodies.get(msg_type)
        if found is None and (spec := self.dictionary.messages.get(msg_type)) is not None:
            found = self._bodies[msg_type] = level(spec)
        return found

    def is_admin(self, msg_type: str) -> bool:
        """True for a message of the session layer."""
        spec = self.dictionary.messages.get(msg_type)
        return spec is not None and spec.admin


def level(spec: MessageSpec) -> Level:
    """A message, a header or a trailer, made ready."""
    return Level(members=spec.members, required=spec.required, groups=_groups(spec.groups))


def check(spec: FieldSpec) -> Check:
    """How to judge a value of this field."""
    listed = frozenset(spec.values) if spec.values and spec.type != "BOOLEAN" else None
    return checker(spec.type), listed, spec.type in MULTIPLE


def user_tag(spelled: bytes) -> int:
    """The number of a user-defined tag; 0 if it is none."""
    number = int(spelled) if _USER_TAG(spelled) else 0
    return number if number >= USER_DEFINED else 0


def _groups(specs: Mapping[int, GroupSpec]) -> dict[int, Group]:
    return {
        count: Group(
            count=count,
            first=spec.members[0],
            order={tag: place for place, tag in enumerate(spec.members)},
            required=spec.required,
            groups=_groups(spec.groups),
        )
        for count, spec in specs.items()
    }


def _every_tag(spec: MessageSpec | GroupSpec) -> Iterator[int]:
    yield from spec.members
    for group in spec.groups.values():
        yield from _every_tag(group)


def _spelled(tags: Iterable[int]) -> dict[bytes, int]:
    return {b"%d" % tag: tag for tag in tags}


def _lengths(fields: Mapping[int, FieldSpec]) -> dict[bytes, bytes]:
    """Length field -> the field of raw bytes behind it, both as they are spelled."""
    by_name = {spec.name: spec for spec in fields.values()}
    pairs = {}
    for spec in fields.values():
        if spec.type in RAW:
            named = by_name.get(f"{spec.name}Len") or by_name.get(f"{spec.name}Length")
            length = named or fields.get(spec.tag - 1)
            if length is not None and length.type == "LENGTH":
                pairs[b"%d" % length.tag] = b"%d" % spec.tag
    return pairs
