"""How a message is spelled: rows that tie an attribute to a tag. Forms are data; readers and writers are made of them.

A row whose tag a version does not have in that message is left out there; if `must` is set, a message that needs it is
refused instead of losing it. Forms have the standard's order; inside groups the dictionary's order counts.
"""

from enum import Enum, StrEnum, auto
from typing import TypeAlias

import msgspec


class Kind(Enum):
    """How a value is spelled. A NAME is a text that comes again and again, so that it pays to remember it."""

    TEXT = auto()
    NAME = auto()
    COUNT = auto()
    NUMBER = auto()
    FLAG = auto()
    INSTANT = auto()


Spelling: TypeAlias = Kind | type[StrEnum]


class Row(msgspec.Struct, frozen=True):
    """One attribute, one field. An attribute of a StrEnum names it instead of a Kind."""

    attribute: str
    tag: int
    kind: Spelling = Kind.TEXT
    must: bool = False


class Group(msgspec.Struct, frozen=True):
    """A tuple of structs: a repeating group."""

    attribute: str
    tag: int
    struct: type[msgspec.Struct]
    rows: "tuple[AnyRow, ...]"
    must: bool = False


class Many(msgspec.Struct, frozen=True):
    """A tuple of single values: a repeating group whose entries have one field."""

    attribute: str
    tag: int
    inner: int
    kind: type[StrEnum]
    must: bool = True


class Within(msgspec.Struct, frozen=True):
    """Attributes of the message that stand in the only entry of a group. `counted` is the attribute that tells how many
    entries there were. A flat dialect has the rows without the group."""

    tag: int
    rows: "tuple[AnyRow, ...]"
    counted: str = ""


class Mark(msgspec.Struct, frozen=True):
    """A flag that is one certain value in a group of codes (all-or-none is 695=A)."""

    attribute: str
    tag: int
    inner: int
    value: str
    must: bool = True


class Split(msgspec.Struct, frozen=True):
    """An instant whose date and time of day are two fields."""

    attribute: str
    tag: int
    clock: int
    must: bool = False


class Fixed(msgspec.Struct, frozen=True):
    """A field that always has the same value, where the version requires it."""

    tag: int
    value: str


AnyRow: TypeAlias = Row | Group | Many | Within | Mark | Split | Fixed


class Form(msgspec.Struct, frozen=True):
    """One message: its struct, its type on the wire, its rows."""

    struct: type[msgspec.Struct]
    msg_type: str
    rows: tuple[AnyRow, ...]
