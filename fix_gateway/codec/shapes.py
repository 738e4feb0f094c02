"""The quick way through a message: by its shape.

The shape of a message is the sequence of its tags. Its structure follows from that alone: which fields are the header,
which entry of which group a field belongs to, whether all is there and in order. So once a shape has passed the careful
way a few times, a plan is made of it: one regular expression that fits only messages of that shape in which the careful
way would find no fault, and one function that puts the values in their places. What no plan fits goes the careful way,
which alone tells faults. Two things are left out: fields of raw bytes, which may hold separators, and very long shapes.

A plan costs milliseconds to make, so a peer must not be able to ask for many: a shape must come `SIGHTINGS` times,
plans are made at a bounded rate, and only so many are kept.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from fix_gateway.codec.decoded import Decoded, Fields
from fix_gateway.codec.rules import Rules
from fix_gateway.codec.values import MULTIPLE, pattern
from fix_gateway.dictionary.spec import FieldSpec

SIGHTINGS = 8
"""So many messages of one shape must pass the careful way before a plan is made."""
FIELDS_MAX = 256
"""Longer shapes have no plan."""
PLANS_A_TYPE = 8
"""The plans of one MsgType that are tried, the one that fitted last first."""
TYPES_MAX = 32
"""So many MsgTypes have plans."""
PLANS_AT_ONCE = 32
"""So many plans are made as fast as shapes come."""
CAREFUL_A_PLAN = 1024
"""After that, so many messages must pass the careful way for each further plan."""
_SEEN_MAX = 256

Plan = Callable[[bytes], Decoded | None]
Shape = tuple[str, bytes, bytes, tuple[int, ...]]


class Shapes:
    """The plans of one decoder, and the shapes that may become plans."""

    def __init__(self) -> None:
        self._plans: dict[bytes, list[Plan]] = {}
        self._seen: dict[Shape, int] = {}
        self._made = 0
        self._careful = 0

    @property
    def made(self) -> int:
        """How many plans were made since the beginning."""
        return self._made

    def read(self, frame: bytes) -> Decoded | None:
        """The message if a plan fits it; else None."""
        plans = self._plans.get(frame.split(b"\x01", 3)[2])
        if plans is None:
            return None
        found = plans[0](frame)
        if found is not None:
            return found
        for place in range(1, len(plans)):
            found = plans[place](frame)
            if found is not None:
                plans.insert(0, plans.pop(place))
                return found
        return None

    def learn(self, passed: Decoded, tags: list[int], rules: Rules) -> None:
        """The message has passed the careful way without a fault, by these rules; no plan fitted it."""
        self._careful += 1
        if len(tags) > FIELDS_MAX or not rules.raw_tags.isdisjoint(tags):
            return
        shape = (passed.msg_type, passed.begin, passed.head(1128), tuple(tags))
        seen = self._seen.get(shape, 0) + 1
        if seen < SIGHTINGS or self._made >= PLANS_AT_ONCE + self._careful // CAREFUL_A_PLAN:
            if len(self._seen) >= _SEEN_MAX:
                self._seen.clear()
            self._seen[shape] = seen
            return
        self._seen.pop(shape, None)
        plans = self._plans.get(b"35=" + passed.msg_type.encode("latin-1"))
        if plans is None:
            if len(self._plans) >= TYPES_MAX:
                return
            plans = self._plans[b"35=" + passed.msg_type.encode("latin-1")] = []
        plans.insert(0, plan(passed, rules.dictionary.fields))
        del plans[PLANS_A_TYPE:]
        self._made += 1


def plan(passed: Decoded, fields: Mapping[int, FieldSpec]) -> Plan:
    """A plan for messages like this one, which has passed."""
    sketch = _Sketch(fields)
    sketch.literal(8, passed.begin)
    sketch.regex.append(rb"9=[0-9]++\x01")
    sketch.literal(35, passed.msg_type.encode("latin-1"))
    header = sketch.level(passed.header)
    body = sketch.level(passed.body)
    sketch.regex.append(rb"10=[0-9]{3}\x01")
    fits = re.compile(b"".join(sketch.regex), re.DOTALL).fullmatch
    names = ", ".join(sketch.names)
    # The function's source is made of numbers that we counted, tags and places; never of a peer's bytes.
    source = f"lambda {names}: ({header}, {body}) if {' and '.join(sketch.conditions) or 'True'} else None"
    place: Callable[..., tuple[Fields, Fields] | None] = eval(source, {"listed": sketch.listed})
    seq_at = sketch.seq_at
    begin, msg_type = passed.begin, passed.msg_type

    def read(frame: bytes) -> Decoded | None:
        match = fits(frame)
        if match is None:
            return None
        values = match.groups()
        placed = place(*values)
        if placed is None:
            return None
        return Decoded(
            begin=begin,
            msg_type=msg_type,
            seq=int(values[seq_at]),
            header=placed[0],
            body=placed[1],
            raw=frame,
        )

    return read


class _Sketch:
    """A plan in the making: the regular expression, a name for each value it takes out, and the tests that are left."""

    def __init__(self, fields: Mapping[int, FieldSpec]) -> None:
        self.regex: list[bytes] = []
        self.names: list[str] = []
        self.conditions: list[str] = []
        self.listed: list[frozenset[bytes]] = []
        self.seq_at = 0
        self._fields = fields

    def literal(self, tag: int, value: bytes) -> None:
        """A field that has this value, and is not taken out."""
        self.regex.append(b"%d=%b\x01" % (tag, re.escape(value)))

    def level(self, fields: Fields) -> str:
        """Source of a dict of these fields; tags are in the order of the wire."""
        return "{" + ", ".join(self._items(fields)) + "}"

    def _items(self, fields: Fields) -> Iterator[str]:
        for tag, value in fields.items():
            if isinstance(value, list):
                self.literal(tag, b"%d" % len(value))
                yield f"{tag}: [{', '.join([self.level(entry) for entry in value])}]"
            else:
                yield f"{tag}: {self._value(tag, value)}"

    def _value(self, tag: int, value: bytes) -> str:
        name = f"v{len(self.names)}"
        if tag == 34:
            self.seq_at = len(self.names)
        self.names.append(name)
        self.regex.append(b"%d=(%b)\x01" % (tag, self._pattern(tag, value, name)))
        return name

    def _pattern(self, tag: int, value: bytes, name: str) -> bytes:
        spec = self._fields.get(tag)
        if tag == 1128:
            return re.escape(value)  # another one may choose another dictionary
        if spec is None or not spec.values or spec.type == "BOOLEAN":
            return pattern(spec.type if spec else "STRING")
        if spec.type not in MULTIPLE and all(len(one) == 1 for one in spec.values):
            return b"[" + b"".join(re.escape(one) for one in spec.values) + b"]"
        listed = f"listed[{len(self.listed)}]"
        self.listed.append(frozenset(spec.values))
        one_of = f"{name} in {listed}"
        if spec.type in MULTIPLE:
            one_of = f'({one_of} or {listed}.issuperset({name}.split(b" ")))'
        self.conditions.append(one_of)
        return pattern(spec.type)
