"""Words for fields, values and faults by one dictionary; what is secret is stars, however it was spelled."""

import re
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from fix_gateway.codec.rules import USER_DEFINED
from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.errors import Fault
from fix_gateway.explain.walk import PartName, Seen

MASK: Final = "***"
_CHOICES_MAX: Final = 8
_VALUE_MAX: Final = 40
_RAW_OF_LOGON: Final = 96
_SECRET_TAG = re.compile(rb"(?<![0-9])0*(?:554|925)(?![0-9])").search
_SECRET_INSIDE = re.compile(r"(?<!\d)(0*(?:554|925)\s*=).*", re.DOTALL)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One field for a reader. `depth` is how many groups it is inside of, `entry` the number of the entry that begins
    with it, `faults` what is wrong with it."""

    tag: str
    name: str
    value: str
    meaning: str
    part: PartName
    depth: int
    entry: int
    faults: tuple[str, ...]


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `code` is the reject code (373) that the standard has for it, -1 if it has none because
    such a message is dropped or refused without one."""

    where: Literal["framing", "dictionary", "version"]
    code: int
    tag: str
    text: str


class Words:
    """Names and meanings by one dictionary; values without what is secret."""

    def __init__(self, dictionary: Dictionary, msg_type: str) -> None:
        self._dictionary, self._fields = dictionary, dictionary.fields
        self._is_logon = msg_type in ("A", "")  # without a type it may be one

    def fields(self, seen: list[Seen]) -> Iterator[Shown]:
        """All of them, in their order."""
        hides = False  # a secret may have held a separator
        for one in seen:
            secret = self._is_secret(one)
            broken = hides and not one.number and not one.spelled.isdigit()
            hides, hidden = secret or broken, secret or broken
            yield Shown(
                tag=MASK if broken else printable(one.spelled),
                name=self.name(one.number),
                value=MASK if hidden and one.value else printable(one.value),
                meaning="" if hidden else self._meaning(one),
                part=one.part,
                depth=one.depth,
                entry=one.entry,
                faults=tuple(fault.text for fault in one.faults),
            )

    def wrong(self, fault: Fault, seen: list[Seen]) -> Wrong:
        """A fault for a reader."""
        tag = printable(fault.tag)
        found = next((one for one in seen if fault in one.faults), None)
        name = self.name(int(fault.tag)) if fault.tag.isdigit() and len(fault.tag) < 10 else ""
        place = f"{tag} {name}".rstrip()
        said = self._said(fault, found) if found is not None else fault.text
        if fault.code == 11:
            said = f"{said}: neither in the profile nor in the standard"
        return Wrong(where="dictionary", code=fault.code, tag=tag, text=f"{place}: {said}" if place else said)

    def notes(self, seen: list[Seen], user_defined: bool) -> Iterator[str]:
        """What is not wrong for itself."""
        own = sorted({one.number for one in seen if one.number >= USER_DEFINED and not self.name(one.number)})
        if own and user_defined:
            tags = ", ".join(map(str, own[:8]))
            yield f"user-defined, taken only where a session's dialect says so: {tags}"

    def name(self, tag: int) -> str:
        """A field's name."""
        found = self._fields.get(tag)
        return found.name if found is not None else ""

    def message(self, msg_type: str) -> str:
        """A message's name."""
        found = self._dictionary.messages.get(msg_type)
        if found is not None:
            return found.name
        return "not of our profile" if msg_type in self._dictionary.other_types else "unknown"

    def _is_secret(self, one: Seen) -> bool:
        return bool(_SECRET_TAG(one.spelled)) or (one.number == _RAW_OF_LOGON and self._is_logon)

    def _meaning(self, one: Seen) -> str:
        found = self._fields.get(one.number)
        if one.number in (35, 372):
            return self.message(one.value.decode("latin-1"))
        if one.entries >= 0:
            return f"{one.entries} {'entry' if one.entries == 1 else 'entries'}"
        if found is None or not one.value:
            return ""
        if one.number == 371 and one.value.isdigit():
            return self.name(int(one.value[:9]))
        if found.type == "BOOLEAN" and one.value in (b"Y", b"N") and one.value not in found.values:
            return "yes" if one.value == b"Y" else "no"
        words = [found.values.get(value) for value in (one.value, *one.value.split(b" "))]
        single, several = words[0], words[1:]
        if single is None and any(several):
            return ", ".join(_plain(word or "?") for word in several)
        return _plain(single or "")

    def _said(self, fault: Fault, one: Seen) -> str:
        """A fault's sentence, with what is there and what would be right."""
        found, value = self._fields.get(one.number), MASK if self._is_secret(one) else printable(one.value)
        if fault.code == 16:
            return f"{fault.text}: {value} said, {max(one.entries, 0)} there"
        if fault.code == 1:
            return f"{fault.text}: entry {one.entry} of its group lacks it"
        if found is None:
            return fault.text
        if fault.code == 6:
            return f"{fault.text}: {value[:_VALUE_MAX]!r} is no {found.type}"
        if fault.code == 5:
            listed = [f"{printable(key)} ({_plain(word)})" for key, word in found.values.items()]
            more = f" and {len(listed) - _CHOICES_MAX} others" if len(listed) > _CHOICES_MAX else ""
            return f"{fault.text}: {value[:_VALUE_MAX]!r} is none of {', '.join(listed[:_CHOICES_MAX])}{more}"
        return fault.text


def printable(value: bytes) -> str:
    """Text for a screen: UTF-8 if it is, no control characters, nothing that looks like a password."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    text = _SECRET_INSIDE.sub(rf"\1{MASK}", text)
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _plain(word: str) -> str:
    return word.replace("_", " ")
