"""A way through a message for people: it goes on behind each fault, and says of each field where it stands.

The rules are those of the decoder's own careful way (decode_walk), which stops at the first fault; the tests hold the
two against each other. Behind a fault the best guess is taken: a field that can stand nowhere counts as a part of the
entry that goes on behind it, and a group whose count is wrong has the entries that there are.
"""

from collections.abc import Container, Iterable
from typing import Literal

import msgspec

from fix_gateway.codec.rules import Group, Level, Rules, user_tag
from fix_gateway.codec.walk import (
    BAD_COUNT,
    BAD_FORMAT,
    DISORDER,
    GROUP_DISORDER,
    INVALID_TAG,
    MISSING,
    NO_VALUE,
    NOT_DEFINED,
    OUT_OF_RANGE,
    SEPARATOR_INSIDE,
    TWICE,
    told,
)
from fix_gateway.errors import Fault

PartName = Literal["header", "body", "trailer"]
_LED = (8, 9, 35)


class Seen(msgspec.Struct, kw_only=True):
    """One field as it stands. `number` is its tag, 0 if the version has none such; `entry` counts the entries of a
    group where one begins, else 0; `entries` is how many there are behind a count, else -1; `depth` is how many groups
    it is inside of."""

    spelled: bytes
    value: bytes
    number: int = 0
    has_equals: bool = True
    lies: bool = False
    part: PartName = "body"
    depth: int = 0
    entry: int = 0
    entries: int = -1
    faults: list[Fault] = []


def split(raw: bytes, lengths: dict[bytes, bytes]) -> list[Seen]:
    """The fields; raw ones by the length before them, as long as that is true."""
    found: list[Seen] = []
    at, size = 0, len(raw)
    awaited, length = b"", 0
    while at < size:
        end = raw.find(b"\x01", at)
        end = size if end < 0 else end
        lies = False
        if awaited and raw.startswith(awaited + b"=", at):
            long_end = at + len(awaited) + 1 + length
            lies = raw[long_end : long_end + 1] != b"\x01"
            end = end if lies else long_end
        spelled, equals, value = raw[at:end].partition(b"=")
        found.append(Seen(spelled=spelled, value=value, has_equals=bool(equals), lies=lies, faults=[]))
        is_length = spelled in lengths and value.isdigit() and len(value) < 10
        awaited, length = (lengths[spelled], int(value)) if is_length else (b"", 0)
        at = end + 1
    return found


def number(seen: Iterable[Seen], numbers: dict[bytes, int], user_defined: bool) -> None:
    """Say of each field which tag it is."""
    for one in seen:
        one.number = numbers.get(one.spelled, 0) or (user_tag(one.spelled) if user_defined else 0)


class Look:
    """One look at the fields of a message. `level` are the rules of its body; None: it is not judged."""

    def __init__(self, seen: list[Seen], rules: Rules, level: Level | None, known: Container[int]) -> None:
        self._seen, self._rules, self._level, self._known = seen, rules, level, known
        self._around: list[tuple[Container[int], set[int]]] = []
        self._run_of: dict[int, int] | None = None  # the run of fields that fit nowhere, looked at last
        self._run_end = 0
        self.missing: list[Fault] = []
        """What is not there, header first."""

    def go(self) -> None:
        """Give all fields their places and their faults."""
        seen, rules = self._seen, self._rules
        size = len(seen)
        body_at = next((at for at in range(size) if seen[at].number not in rules.header_tags), size)
        trailer_at = next((at for at in range(body_at, size) if seen[at].number in rules.trailer_tags), size)
        header, body = self._sort(body_at, trailer_at)
        tail = [one for one in seen if one.part == "trailer"]
        present: set[int] = set()
        self._walk(header, rules.header, present)
        for tag in _LED:
            present.add(tag)  # the framer's concern
        self._miss(rules.header, present)
        if self._level is not None:
            present = set()
            self._walk(body, self._level, present)
            self._miss(self._level, present)
            self._walk(tail, rules.trailer, set())
        for one in seen:
            if one.lies:
                one.faults.append(Fault(code=17, text=SEPARATOR_INSIDE, tag=one.spelled))

    def _sort(self, body_at: int, trailer_at: int) -> tuple[list[Seen], list[Seen]]:
        """The fields of the header and those of the body, also where they stand in another part."""
        header: list[Seen] = []
        body: list[Seen] = []
        for at, one in enumerate(self._seen):
            in_header = one.number in self._rules.header_tags
            in_trailer = one.number in self._rules.trailer_tags
            if in_header:
                one.part = "header"
                header.append(one)
            elif in_trailer:
                one.part = "trailer"
            else:
                body.append(one)
            if (in_header and at > body_at) or (at > trailer_at and not in_trailer):
                one.faults.append(Fault(code=14, text=DISORDER, tag=told(one.spelled)))
        return header, body

    def _miss(self, level: Level, present: set[int]) -> None:
        for tag in level.required:
            if tag not in present:
                self.missing.append(Fault(code=1, text=MISSING, tag=b"%d" % tag))

    def _walk(self, fields: list[Seen], level: Level, present: set[int]) -> None:
        at = 0
        while at < len(fields):
            one = fields[at]
            self._judge(fields, at, level.members, present)
            present.add(one.number)
            group = level.groups.get(one.number)
            at = at + 1 if group is None else self._group(fields, at, group, level.members, present)

    def _judge(self, fields: list[Seen], at: int, members: Container[int], present: set[int]) -> None:
        """What is wrong with one field by itself."""
        one = fields[at]
        if one.number and one.number in present:
            one.faults.append(Fault(code=13, text=TWICE, tag=one.spelled))
        if not one.value:
            if one.has_equals:
                one.faults.append(Fault(code=4, text=NO_VALUE, tag=told(one.spelled)))
            else:
                before = fields[at - 1].spelled if at else b""
                one.faults.append(Fault(code=17, text=SEPARATOR_INSIDE, tag=before))
                return
        elif (found := self._rules.checks.get(one.number)) is not None:
            check, listed, multiple = found
            if not check(one.value):
                one.faults.append(Fault(code=6, text=BAD_FORMAT, tag=one.spelled))
            elif listed is not None and not (
                one.value in listed or (multiple and listed.issuperset(one.value.split(b" ")))
            ):
                one.faults.append(Fault(code=5, text=OUT_OF_RANGE, tag=one.spelled))
        if one.number not in members:
            if not one.number:
                one.faults.append(Fault(code=0, text=INVALID_TAG, tag=told(one.spelled)))
            elif one.number in self._known and not one.faults:
                one.faults.append(Fault(code=2, text=NOT_DEFINED, tag=one.spelled))

    def _group(
        self, fields: list[Seen], at: int, group: Group, members: Container[int], present: set[int]
    ) -> int:
        """A group from its count on; where it ends."""
        counted, depth = fields[at], fields[at].depth + 1
        self._around.append((members, present))
        at, entries = at + 1, 0
        while at < len(fields) and self._begins(fields[at], group, entries):
            entries += 1
            fields[at].entry = entries
            at = self._entry(fields, at, group, depth)
        self._around.pop()
        counted.entries = entries
        if counted.value.isdigit() and len(counted.value) < 10 and int(counted.value) != entries:
            counted.faults.append(Fault(code=16, text=BAD_COUNT, tag=counted.spelled))
        return at

    def _begins(self, one: Seen, group: Group, entries: int) -> bool:
        """True if an entry begins here, if only with the wrong field."""
        if one.number == group.first:
            return True
        return not entries and one.number in group.order and not self._fits_around(one.number)

    def _entry(self, fields: list[Seen], at: int, group: Group, depth: int) -> int:
        order, last = group.order, -1
        present: set[int] = set()
        begin = at
        while at < len(fields):
            one = fields[at]
            place = order.get(one.number)
            if place is None:
                if not self._goes_on(fields, at, order):
                    break
            elif place <= last:
                if place == 0 or self._fits_around(one.number):
                    break
                if one.number not in present:
                    one.faults.append(Fault(code=15, text=GROUP_DISORDER, tag=one.spelled))
            else:
                if at == begin and place > 0:
                    one.faults.append(Fault(code=15, text=GROUP_DISORDER, tag=one.spelled))
                last = place
            one.depth = depth
            self._judge(fields, at, order, present)
            present.add(one.number)
            inner = group.groups.get(one.number)
            at = at + 1 if inner is None else self._group(fields, at, inner, order, present)
        for tag in group.required:
            if tag not in present:
                fields[begin].faults.append(Fault(code=1, text=MISSING, tag=b"%d" % tag))
        return at

    def _fits_around(self, tag: int) -> bool:
        return any(tag in members and tag not in present for members, present in self._around)

    def _goes_on(self, fields: list[Seen], at: int, order: dict[int, int]) -> bool:
        """True if what stands here can stand nowhere, and the entry goes on behind it."""
        if self._run_of is not order or at >= self._run_end:
            while (
                at < len(fields)
                and fields[at].number not in order
                and not self._fits_around(fields[at].number)
            ):
                at += 1
            self._run_of, self._run_end = order, at
        return self._run_end < len(fields) and fields[self._run_end].number in order
