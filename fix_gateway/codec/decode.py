"""Bytes of one well-framed message to tags and values, with everything checked that the dictionary says.

The order of judgement is the standard's acceptance scripts': first whether header, body and trailer stand in their
order, then MsgType, then what is missing, then field by field as they came. Only the first fault is told.
"""

import re
from collections.abc import Mapping

from fix_gateway.codec.decoded import Decoded, Fields
from fix_gateway.codec.rules import Rules, user_tag
from fix_gateway.codec.shapes import Shapes
from fix_gateway.codec.walk import (
    BAD_TYPE,
    BAD_VERSION,
    DISORDER,
    SEPARATOR_INSIDE,
    TOO_MANY,
    Part,
    Walk,
    missing,
    told,
)
from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.errors import Fault

_HEAD = re.compile(rb"8=([^\x01]*)\x019=[^\x01]*\x0135=([^\x01]*)\x01")
_NUMBER = re.compile(rb"[0-9]{1,18}").fullmatch
FIELDS_MAX = 4096
"""A message of more fields is refused: each costs time."""
LENGTHS_MAX = 1024
"""As many of them may be lengths of raw fields."""

_LED = 3  # BeginString, BodyLength and MsgType stand first; the framer has looked


class Decoder:
    """Decodes for one session. Session messages go by the `default` dictionary; application messages by the one that
    ApplVerID (1128) names in `others`, by the default if there is none. With `user_defined`, tags from 5000 on that
    the dictionary does not know may stand anywhere; else they are invalid."""

    def __init__(
        self,
        default: Dictionary,
        others: Mapping[bytes, Dictionary] | None = None,
        *,
        user_defined: bool = False,
        fast: bool = True,
    ) -> None:
        self._default = Rules(default)
        self._others = {appl: Rules(dictionary) for appl, dictionary in (others or {}).items()}
        if default.appl:
            self._others.setdefault(default.appl.encode(), self._default)
        self._user_defined = user_defined
        self._shapes = Shapes() if fast else None
        self._lengths: dict[bytes, bytes] = {}
        for rules in (self._default, *self._others.values()):
            self._lengths |= rules.lengths
        self._length_field = re.compile(rb"\x01(" + b"|".join(self._lengths) + rb")=([0-9]{1,9})\x01")

    @property
    def plans(self) -> int:
        """How many shapes of messages it has learned to read quickly."""
        return self._shapes.made if self._shapes is not None else 0

    def decode(self, frame: bytes) -> Decoded:
        """The message. Whatever is wrong with it is its `fault`."""
        if self._shapes is not None and (found := self._shapes.read(frame)) is not None:
            return found
        head = _HEAD.match(frame)
        assert head is not None, "the framer lets nothing through that begins otherwise"
        parts, fault = self._split(frame)
        return self._walk(frame, head[1], head[2].decode("latin-1"), parts, fault)

    def _walk(
        self, frame: bytes, begin: bytes, msg_type: str, parts: list[Part], fault: Fault | None
    ) -> Decoded:
        rules = self._default
        admin = rules.is_admin(msg_type)
        tags = self._tags(parts, rules.admin_tags if admin else rules.tags)
        body_at = _first_not_in(rules.header_tags, tags, _LED)
        disorder = _disorder(rules, tags, body_at)
        header = _loose_header(rules, tags, parts, len(tags) if disorder or fault else body_at)
        body: Fields = {}

        if fault is not None:
            pass  # the rest was not even split
        elif disorder:
            fault = Fault(code=14, text=DISORDER, tag=told(parts[disorder][0]))
        elif not admin and 1128 in header and 1128 in rules.header.members:
            chosen = self._others.get(header[1128])  # type: ignore[arg-type]  # no group counts in a loose header
            if chosen is not None:
                rules = chosen
                tags = self._tags(parts, rules.tags)
            elif header[1128]:
                fault = Fault(code=18, text=BAD_VERSION, tag=b"1128")
        if fault is None:
            header, fault = self._fields(rules, msg_type, parts, tags, body_at, header, body)
        seq = header.get(34, b"")
        decoded = Decoded(
            begin=begin,
            msg_type=msg_type,
            seq=int(seq) if isinstance(seq, bytes) and _NUMBER(seq) else -1,
            header=header,
            body=body,
            raw=frame,
            fault=fault,
        )
        if fault is None and self._shapes is not None and rules.body(msg_type) is not None:
            self._shapes.learn(decoded, tags, rules)
        return decoded

    def _fields(
        self,
        rules: Rules,
        msg_type: str,
        parts: list[Part],
        tags: list[int],
        body_at: int,
        header: Fields,
        body: Fields,
    ) -> tuple[Fields, Fault | None]:
        """Fill `body`; the header, with its groups if it is right, and the first fault."""
        level = rules.body(msg_type)
        if level is None and msg_type not in rules.dictionary.other_types:
            return header, Fault(code=11, text=BAD_TYPE)
        end = len(tags)
        trailer_at = _first_in(rules.trailer_tags, tags, body_at)
        fault = missing(rules.header.required, {8, 9, 35, *header})
        if fault is None and level is not None:
            fault = missing(level.required, set(tags[body_at:trailer_at]))
        if fault is not None:
            return header, fault
        known = rules.dictionary.admin_known if rules.is_admin(msg_type) else rules.dictionary.known
        walk = Walk(parts, tags, rules.checks, known)
        strict: Fields = {8: b"", 9: b"", 35: b""}
        fault = walk.level(_LED, body_at, rules.header, strict)
        if fault is not None:
            return header, fault
        for tag in (8, 9, 35):
            del strict[tag]
        if level is None:
            for at in range(body_at, trailer_at):
                if tags[at]:
                    body.setdefault(tags[at], parts[at][2])
            return strict, None
        fault = walk.level(body_at, trailer_at, level, body) or walk.level(trailer_at, end, rules.trailer, {})
        return strict, fault

    def _tags(self, parts: list[Part], numbers: dict[bytes, int]) -> list[int]:
        """The number of each part; 0 for what the version does not know."""
        tags = [numbers.get(spelled, 0) for spelled, _, _ in parts]
        if self._user_defined and 0 in tags:
            tags = [tag or user_tag(part[0]) for tag, part in zip(tags, parts, strict=True)]
        return tags

    def _split(self, frame: bytes) -> tuple[list[Part], Fault | None]:
        """The fields, raw ones by their length. Or what could be split of them, and why not all: a raw field whose
        length is a lie, or too many fields."""
        parts: list[Part] = []
        found = self._length_field.search(frame) if self._lengths else None
        at = lengths = 0
        while found is not None:
            lengths += 1
            if lengths > LENGTHS_MAX:
                _plain(frame, at, len(frame) - 1, parts)
                return parts, Fault(code=99, text=TOO_MANY)
            raw_tag, raw_at = self._lengths[found[1]], found.end()
            if frame.startswith(raw_tag + b"=", raw_at):
                value_at = raw_at + len(raw_tag) + 1
                end = value_at + int(found[2])
                if not _plain(frame, at, raw_at - 1, parts):
                    return parts, Fault(code=99, text=TOO_MANY)
                if frame[end : end + 1] != b"\x01" or end > len(frame) - 8:
                    return parts, Fault(code=17, text=SEPARATOR_INSIDE, tag=raw_tag)
                parts.append((raw_tag, b"=", frame[value_at:end]))
                at = end + 1
            found = self._length_field.search(frame, max(at, raw_at) - 1)
        if not _plain(frame, at, len(frame) - 1, parts):
            return parts, Fault(code=99, text=TOO_MANY)
        return parts, None


def _plain(frame: bytes, at: int, end: int, parts: list[Part]) -> bool:
    """Split what holds no raw fields. False if there are too many; then only the first, enough for a header."""
    room = FIELDS_MAX - len(parts)
    if frame.count(b"\x01", at, end) < room:
        parts += [field.partition(b"=") for field in frame[at:end].split(b"\x01")]
        return True
    parts += [field.partition(b"=") for field in frame[at:end].split(b"\x01", 100)[:-1]]
    return False


def _disorder(rules: Rules, tags: list[int], body_at: int) -> int:
    """The place of the first field that stands in another part than its own; 0 if all is in order."""
    trailer_at = _first_in(rules.trailer_tags, tags, body_at)
    if not rules.header_tags.isdisjoint(tags[body_at:]):
        header_at = _first_in(rules.header_tags, tags, body_at)
        if header_at < trailer_at:
            return header_at
    behind = _first_not_in(rules.trailer_tags, tags, trailer_at)
    return behind if behind < len(tags) else 0


def _loose_header(rules: Rules, tags: list[int], parts: list[Part], end: int) -> Fields:
    """What there is of a header, wherever it stands, not judged."""
    header: Fields = {}
    for at in range(_LED, end):
        if tags[at] in rules.header_tags:
            header.setdefault(tags[at], parts[at][2])
    for tag in (8, 9, 35):
        header.pop(tag, None)
    return header


def _first_in(tags: frozenset[int], found: list[int], at: int) -> int:
    return next((place for place in range(at, len(found)) if found[place] in tags), len(found))


def _first_not_in(tags: frozenset[int], found: list[int], at: int) -> int:
    return next((place for place in range(at, len(found)) if found[place] not in tags), len(found))
