"""What a dictionary says, once it has been read: fields, groups, messages."""

from collections.abc import Mapping

import msgspec


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One field: its type in the standard's words in upper case (INT, PRICE, UTCTIMESTAMP, MULTIPLEVALUESTRING,
    ...), and the values that it may have (none listed: any)."""

    tag: int
    name: str
    type: str
    values: Mapping[bytes, str] = {}


class GroupSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A repeating group: `count` is its NumInGroup tag; each entry begins with `members[0]`. `members` holds every
    tag that may stand directly in an entry, in the standard's order, count tags of inner groups included."""

    count: int
    members: tuple[int, ...]
    required: tuple[int, ...]
    groups: "Mapping[int, GroupSpec]" = {}


class MessageSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What may stand in a message (or in the header, or in the trailer) directly; `required` in ascending order."""

    msg_type: str
    name: str
    admin: bool
    members: frozenset[int]
    required: tuple[int, ...]
    groups: Mapping[int, GroupSpec] = {}


class Dictionary(msgspec.Struct, frozen=True, kw_only=True):
    """One version: `begin` is its BeginString. `known` holds every tag that the version assigns at all, also those
    that no message of our profile uses; `admin_known` those that session messages may be judged by (FIXT has its
    own, smaller set). `other_types` are application messages that the standard has and our profile has not: their
    bodies are not validated, and the application refuses them."""

    begin: bytes
    appl: str
    header: MessageSpec
    trailer: MessageSpec
    messages: Mapping[str, MessageSpec]
    fields: Mapping[int, FieldSpec]
    known: frozenset[int]
    admin_known: frozenset[int]
    other_types: frozenset[str]
