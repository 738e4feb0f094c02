"""FIX messages made from a dictionary: shapes (which fields, which entries), and values that fit them, by the dice."""

import random
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from fix_gateway.codec.decoded import Fields
from fix_gateway.codec.encode import frame
from fix_gateway.codec.values import MULTIPLE, RAW
from fix_gateway.dictionary.spec import Dictionary, FieldSpec, GroupSpec

Shape: TypeAlias = "list[tuple[int, list[Shape] | None]]"
"""Tags in order; a group's count tag with the shapes of its entries."""

HEAD = (49, 56, 34, 52)
DECIMALS = {"FLOAT", "QTY", "PRICE", "PRICEOFFSET", "AMT", "PERCENTAGE"}
LETTERS = bytes(range(33, 61)) + bytes(range(62, 127)) + b"\xe9\xff="


def shape(dice: random.Random, dictionary: Dictionary, msg_type: str, optional: int = 6) -> Shape:
    """The body of a message: all that is required, and a few fields more, in any order."""
    spec = dictionary.messages[msg_type]
    tags = list(spec.required) + _some(dice, dictionary, sorted(spec.members - set(spec.required)), optional)
    dice.shuffle(tags)
    return [(tag, _entries(dice, dictionary, spec.groups.get(tag), 2)) for tag in tags]


def header(dice: random.Random, dictionary: Dictionary) -> Shape:
    """A header without the first three: what is required, and more."""
    more = sorted(dictionary.header.members - {8, 9, 35, *HEAD, 1128} - set(dictionary.header.groups))
    tags = [*HEAD, *_some(dice, dictionary, more, 3)]
    dice.shuffle(tags)
    return [(tag, None) for tag in tags]


def _some(dice: random.Random, dictionary: Dictionary, tags: Sequence[int], most: int) -> list[int]:
    plain = [tag for tag in tags if dictionary.fields[tag].type not in RAW | {"LENGTH"}]
    return dice.sample(plain, min(len(plain), dice.randint(0, most)))


def _entries(
    dice: random.Random, dictionary: Dictionary, group: GroupSpec | None, deep: int
) -> list[Shape] | None:
    if group is None:
        return None
    listed = dictionary.fields[group.count].values  # a few counts may have certain values only
    count = int(dice.choice(sorted(listed))) if listed else dice.randint(0, 3) if deep else 0
    return [_entry(dice, dictionary, group, deep) for _ in range(count)]


def _entry(dice: random.Random, dictionary: Dictionary, group: GroupSpec, deep: int) -> Shape:
    tags = {group.members[0], *group.required, *_some(dice, dictionary, group.members[1:], 4)}
    return [
        (tag, _entries(dice, dictionary, group.groups.get(tag), deep - 1))
        for tag in sorted(tags, key=group.members.index)
    ]


def fill(dice: random.Random, fields: Mapping[int, FieldSpec], made: Shape) -> Fields:
    """Values for a shape."""
    filled: Fields = {}
    for tag, entries in made:
        if entries is None:
            filled[tag] = value(dice, fields[tag])
        else:
            filled[tag] = [fill(dice, fields, entry) for entry in entries]
    return filled


def value(dice: random.Random, spec: FieldSpec) -> bytes:
    """A value that the field may have."""
    if spec.values and spec.type != "BOOLEAN":
        listed = sorted(spec.values)
        if spec.type in MULTIPLE:
            return b" ".join(dice.choices(listed, k=dice.randint(1, 3)))
        return dice.choice(listed)
    if spec.type in DECIMALS:
        return b"%s%d%s" % (
            dice.choice((b"", b"-")),
            dice.randrange(10**6),
            dice.choice((b"", b".", b".250")),
        )
    day = b"%04d%02d%02d" % (dice.randint(1, 9999), dice.randint(1, 12), dice.randint(1, 28))
    time = b"%02d:%02d:%02d" % (dice.randint(0, 23), dice.randint(0, 59), dice.randint(0, 60))
    fraction = dice.choice((b"", b".%03d" % dice.randrange(1000), b".%09d" % dice.randrange(10**9)))
    simple = {
        "INT": b"%d" % dice.randint(-9, 999),
        "BOOLEAN": dice.choice((b"Y", b"N")),
        "CHAR": bytes([dice.choice(LETTERS)]),
        "UTCTIMESTAMP": day + b"-" + time + fraction,
        "UTCTIMEONLY": time + fraction,
        "LOCALMKTTIME": time,
        "TZTIMEONLY": time[:5] + dice.choice((b"", b"Z", b"+05", b"-11:30")),
        "TZTIMESTAMP": day + b"-" + time + dice.choice((b"", b"Z", b"+05", b"-11:30")),
        "MONTHYEAR": day[:6] + dice.choice((b"", b"w3", b"31")),
        "DAYOFMONTH": b"%d" % dice.randint(1, 31),
    }
    simple |= dict.fromkeys(("SEQNUM", "LENGTH", "NUMINGROUP", "TAGNUM"), b"%d" % dice.randint(1, 99_999))
    simple |= dict.fromkeys(("LOCALMKTDATE", "UTCDATEONLY"), day)
    return simple.get(spec.type) or bytes(dice.choices(LETTERS, k=dice.randint(1, 12)))


def flat(fields: Fields) -> list[tuple[int, bytes]]:
    """Tags and values in the order of the wire."""
    pairs: list[tuple[int, bytes]] = []
    for tag, found in fields.items():
        if isinstance(found, bytes):
            pairs.append((tag, found))
        else:
            pairs.append((tag, b"%d" % len(found)))
            for entry in found:
                pairs += flat(entry)
    return pairs


def wire(begin: bytes, msg_type: str, pairs: Sequence[tuple[int, bytes]]) -> bytes:
    """A framed message."""
    fields = [(35, msg_type.encode("latin-1")), *pairs]
    return frame(begin, b"".join(b"%d=%b\x01" % pair for pair in fields))


def spoken(text: str, begin: bytes = b"FIX.4.4") -> bytes:
    """A framed message from a line with bars, which begins with 35=."""
    return frame(begin, text.replace("|", "\x01").encode("latin-1"))
