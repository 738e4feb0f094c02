"""The careful way through a message: field by field in the order of the wire, until the first fault.

A group's entries are read greedily: an entry takes every field that may stand in it, in the dictionary's order. A field
that can stand there no more (it was there, or its place is past) closes the group if a level around can take it.
"""

from collections.abc import Container

from fix_gateway.codec.decoded import Fields
from fix_gateway.codec.rules import Check, Group, Level
from fix_gateway.errors import Fault
from fix_gateway.tags import TEXTS

Part = tuple[bytes, bytes, bytes]
"""A field as it was split: its tag as spelled, the equals sign if there is one, its value."""

INVALID_TAG = TEXTS[0]
MISSING = TEXTS[1]
NOT_DEFINED = TEXTS[2]
NO_VALUE = TEXTS[4]
OUT_OF_RANGE = TEXTS[5]
BAD_FORMAT = TEXTS[6]
BAD_TYPE = TEXTS[11]
TWICE = TEXTS[13]
DISORDER = TEXTS[14]
GROUP_DISORDER = TEXTS[15]
BAD_COUNT = TEXTS[16]
SEPARATOR_INSIDE = TEXTS[17]
TOO_MANY = "Too many fields"
BAD_VERSION = TEXTS[18]


class Walk:
    """One message on its way. `tags` are the numbers of `parts`; 0 is a tag that the version does not know."""

    def __init__(
        self, parts: list[Part], tags: list[int], checks: dict[int, Check], known: Container[int]
    ) -> None:
        self.parts = parts
        self.tags = tags
        self.checks = checks
        self.known = known
        self._around: list[tuple[Container[int], Fields]] = []
        self._user_run = 0  # where the run of user-defined fields ends that was looked at last

    def level(self, at: int, end: int, level: Level, out: Fields) -> Fault | None:
        """Read fields [at, end) into `out`; what is wrong first, if anything is."""
        members, groups, tags, parts = level.members, level.groups, self.tags, self.parts
        while at < end:
            fault = self._field(at, members, out)
            if fault is not None:
                return fault
            tag = tags[at]
            if tag in groups:
                behind = self._group(at, end, groups[tag], members, out)
                if isinstance(behind, Fault):
                    return behind
                at = behind
            else:
                out[tag] = parts[at][2]
                at += 1
        return missing(level.required, out)

    def _field(self, at: int, members: Container[int], out: Fields) -> Fault | None:
        tag = self.tags[at]
        spelled, equals, value = self.parts[at]
        if tag in out:
            return Fault(code=13, text=TWICE, tag=spelled)
        if not value:
            if not equals:
                return Fault(code=17, text=SEPARATOR_INSIDE, tag=self.parts[at - 1][0])
            return Fault(code=4, text=NO_VALUE, tag=told(spelled))
        found = self.checks.get(tag)
        if found is not None:
            check, listed, multiple = found
            if not check(value):
                return Fault(code=6, text=BAD_FORMAT, tag=spelled)
            if listed is not None and not (
                value in listed or (multiple and listed.issuperset(value.split(b" ")))
            ):
                return Fault(code=5, text=OUT_OF_RANGE, tag=spelled)
        if tag not in members:
            if not tag:
                return Fault(code=0, text=INVALID_TAG, tag=told(spelled))
            if tag in self.known:
                return Fault(code=2, text=NOT_DEFINED, tag=spelled)
        return None

    def _group(self, at: int, end: int, group: Group, around: Container[int], out: Fields) -> int | Fault:
        """Read a group from its count on; where it ends."""
        tags, counted = self.tags, at
        count = int(self.parts[at][2])
        entries: list[Fields] = []
        out[group.count] = entries
        self._around.append((around, out))
        at += 1
        while at < end and tags[at] == group.first:
            entry: Fields = {}
            entries.append(entry)
            behind = self._entry(at, end, group, entry)
            if isinstance(behind, Fault):
                return behind
            at = behind
        if len(entries) != count:
            return self._miscounted(counted, at, end, group, entries)
        self._around.pop()
        return at

    def _entry(self, at: int, end: int, group: Group, entry: Fields) -> int | Fault:
        order, groups, last = group.order, group.groups, -1
        while at < end:
            tag = self.tags[at]
            place = order.get(tag)
            if place is None:
                if not self._is_inside(at, end, order):
                    break
                place = last
            elif place <= last:
                if place == 0 or self._fits_around(tag):
                    break
                if tag in entry:
                    return Fault(code=13, text=TWICE, tag=self.parts[at][0])
                return Fault(code=15, text=GROUP_DISORDER, tag=self.parts[at][0])
            fault = self._field(at, order, entry)
            if fault is not None:
                return fault
            last = place
            if tag in groups:
                behind = self._group(at, end, groups[tag], order, entry)
                if isinstance(behind, Fault):
                    return behind
                at = behind
            else:
                entry[tag] = self.parts[at][2]
                at += 1
        return missing(group.required, entry) or at

    def _fits_around(self, tag: int) -> bool:
        """True if a level around this entry can take the field."""
        return any(tag in members and tag not in out for members, out in self._around)

    def _is_inside(self, at: int, end: int, order: dict[int, int]) -> bool:
        """True for an undeclared user-defined field that stands between fields of a group."""
        tags, known = self.tags, self.known
        if not tags[at] or tags[at] in known:
            return False
        if at >= self._user_run:
            run = at
            while run < end and tags[run] and tags[run] not in known:
                run += 1
            self._user_run = run
        return self._user_run < end and tags[self._user_run] in order

    def _miscounted(self, counted: int, at: int, end: int, group: Group, entries: list[Fields]) -> Fault:
        """Why a group has another number of entries than its count says: a field that can stand nowhere, an entry that
        begins with another field than the first, or just so."""
        if at < end and not self._fits_around(self.tags[at]):
            if not entries and self.tags[at] in group.order:
                return Fault(code=15, text=GROUP_DISORDER, tag=self.parts[at][0])
            fault = self._field(at, self._around[-1][0], {})
            if fault is not None:
                return fault
        return Fault(code=16, text=BAD_COUNT, tag=self.parts[counted][0])


def missing(required: tuple[int, ...], present: Container[int]) -> Fault | None:
    """The first required tag that is not there."""
    for tag in required:
        if tag not in present:
            return Fault(code=1, text=MISSING, tag=b"%d" % tag)
    return None


def told(spelled: bytes) -> bytes:
    """A tag as it was spelled, if it is short and a number at all; what goes into RefTagID must be one."""
    digits = spelled[1:] if spelled.startswith(b"-") else spelled
    return spelled if digits.isdigit() and len(digits) < 10 else b""
