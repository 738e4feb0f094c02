"""Reads our tables (`tables/*.txt`): how they are written, and what becomes of them.

Lines beginning with # are remarks. A line that begins at the margin opens a block, the indented lines behind it are its
words; how the words are broken into lines means nothing.

    assigned                 every tag that the version assigns: 1-100 102 ...
    others                   types of application messages that our profile leaves out
    header | trailer         what stands in them
    session TYPE NAME        a session message; its words are its members, in the standard's order
    message TYPE NAME        an application message
    component NAME           members that are spoken of together
    type TYPE                tag and name of the fields of that type
    values                   a tag, then what its field may hold: VALUE=meaning ...; or `as TAG`: the same as that one

Among members, `Name` is a field and `@Name` a component; `!` behind it: required (a component that is not required
makes none of its members required); a group is its count field with the members of an entry in parentheses. In an
optional group, `!` means: in every entry that there is. Where no values are listed, any value of the type will do.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import msgspec

from fix_gateway.dictionary.spec import FieldSpec, GroupSpec, MessageSpec

_Blocks = dict[str, list[str]]

TYPES = frozenset(
    {
        *("INT", "LENGTH", "SEQNUM", "NUMINGROUP", "TAGNUM", "DAYOFMONTH"),
        *("FLOAT", "QTY", "PRICE", "PRICEOFFSET", "AMT", "PERCENTAGE"),
        *("CHAR", "BOOLEAN", "STRING", "MULTIPLECHARVALUE", "MULTIPLESTRINGVALUE", "MULTIPLEVALUESTRING"),
        *("CURRENCY", "EXCHANGE", "COUNTRY", "LANGUAGE", "XID", "XIDREF", "DATA", "XMLDATA"),
        *("UTCTIMESTAMP", "UTCTIMEONLY", "UTCDATEONLY", "TZTIMEONLY", "TZTIMESTAMP"),
        *("LOCALMKTDATE", "LOCALMKTTIME", "MONTHYEAR"),
    }
)
"""The types of the standard, from FIX 4.2 to FIX 5.0 SP2. (4.2's UTCDATE is called UTCDATEONLY, as it was later.)"""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table as it was read. A version whose session is another table's has an empty header and trailer."""

    assigned: frozenset[int]
    others: frozenset[str]
    header: MessageSpec
    trailer: MessageSpec
    messages: Mapping[str, MessageSpec]
    fields: Mapping[int, FieldSpec]


class _Part(msgspec.Struct):
    """Members of a message, of a component or of a group's entry, while they are put together."""

    order: list[int] = []
    required: list[int] = []
    groups: dict[int, GroupSpec] = {}


class _Builder:
    """Puts parts together from the words of a table; each component once."""

    def __init__(self, blocks: _Blocks, tags: Mapping[str, int]) -> None:
        self._blocks = blocks
        self._tags = tags
        self._components: dict[str, _Part] = {}

    def part(self, words: Sequence[str]) -> _Part:
        """What these words describe."""
        part, end = self._read(words, 0)
        if end != len(words):
            raise ValueError(f"a parenthesis too many behind {' '.join(words[max(0, end - 3) : end])!r}")
        return part

    def _read(self, words: Sequence[str], at: int) -> tuple[_Part, int]:
        """The members from word `at` up to the closing parenthesis that is not theirs."""
        part, tags, end = _Part(), self._tags, len(words)
        while at < end:
            word = words[at]
            if word == ")":
                break
            at += 1
            if word == "(":
                count = part.order[-1]
                inner, at = self._read(words, at)
                part.groups[count] = GroupSpec(
                    count=count,
                    members=tuple(inner.order),
                    required=tuple(sorted(inner.required)),
                    groups=inner.groups,
                )
                at += 1
                continue
            name = word.rstrip("!")
            if name[0] == "@":
                inner = self._component(name[1:])
                part.order += inner.order
                part.groups.update(inner.groups)
                if name is not word:
                    part.required += inner.required
            else:
                tag = tags[name]
                part.order.append(tag)
                if name is not word:
                    part.required.append(tag)
        return part, at

    def _component(self, name: str) -> _Part:
        found = self._components.get(name)
        if found is None:
            found = self._components[name] = self.part(self._blocks[f"component {name}"])
        return found

    def message(self, head: str) -> MessageSpec:
        """The message, header or trailer that the block `head` describes."""
        part = self.part(self._blocks.get(head, ()))
        kind, *rest = head.split()
        msg_type, name = rest or ("", kind)
        return MessageSpec(
            msg_type=msg_type,
            name=name,
            admin=kind == "session",
            members=frozenset(part.order),
            required=tuple(sorted(part.required)),
            groups=part.groups,
        )


def parse(text: str) -> Table:
    """A table from its text. A table with a slip in it raises ValueError or KeyError."""
    blocks = _blocks(text)
    fields = _fields(blocks)
    builder = _Builder(blocks, {field.name: tag for tag, field in fields.items()})
    heads = [head for head in blocks if head.startswith(("session ", "message "))]
    messages = [builder.message(head) for head in heads]
    return Table(
        assigned=frozenset(tag for words in blocks.get("assigned", ()) for tag in _range(words)),
        others=frozenset(blocks.get("others", ())),
        header=builder.message("header"),
        trailer=builder.message("trailer"),
        messages={message.msg_type: message for message in messages},
        fields=fields,
    )


def _blocks(text: str) -> _Blocks:
    """Head -> its words."""
    blocks: _Blocks = {}
    words: list[str] = []
    for line in text.replace("(", "( ").replace(")", " )").split("\n"):
        if line.startswith(" "):
            words += line.split()
        elif line and line[0] != "#":
            if line in blocks:
                raise ValueError(f"{line!r} stands twice in the table")
            words = blocks[line] = []
    return blocks


def _fields(blocks: _Blocks) -> dict[int, FieldSpec]:
    """Tag -> its field."""
    values = _values(blocks.get("values", ()))
    none: dict[bytes, str] = {}
    fields: dict[int, FieldSpec] = {}
    for head, words in blocks.items():
        if head.startswith("type "):
            kind = head[5:]
            if kind not in TYPES:
                raise ValueError(f"{kind!r} is no type of the standard")
            for word, name in zip(words[::2], words[1::2], strict=True):
                tag = int(word)
                fields[tag] = FieldSpec(tag=tag, name=name, type=kind, values=values.get(tag, none))
    if stray := values.keys() - fields.keys():
        raise ValueError(f"values without a field: {sorted(stray)}")
    return fields


def _values(words: Sequence[str]) -> dict[int, dict[bytes, str]]:
    """Tag -> value -> its meaning."""
    lists: dict[int, dict[bytes, str]] = {}
    tag, same = 0, False
    for word in words:
        value, equals, meaning = word.partition("=")
        if equals:
            lists[tag][value.encode()] = meaning
        elif word == "as":
            same = True
        elif same:
            lists[tag], same = lists[int(word)], False
        else:
            tag = int(word)
            lists[tag] = {}
    return lists


def _range(word: str) -> range:
    first, _, last = word.partition("-")
    return range(int(first), int(last or first) + 1)


@cache
def table(name: str) -> Table:
    """The table of that name in our package, read once."""
    found = resources.files("fix_gateway.dictionary") / "tables" / f"{name}.txt"
    return parse(found.read_text(encoding="ascii"))
