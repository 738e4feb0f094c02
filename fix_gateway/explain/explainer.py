"""A message made readable: each field with its name and what its value means, and everything that is wrong with it.

What our framer and our decoder would say comes first, because that is what a counterparty would be answered; behind it
stands whatever else is wrong. A message that cannot be framed is shown as far as it can be told apart. Passwords never
come out of here: 554, 925 and a Logon's raw data are replaced by stars, however they are spelled.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.codec.framer import Framer
from fix_gateway.codec.odd import read
from fix_gateway.codec.rules import Rules
from fix_gateway.codec.values import checksum
from fix_gateway.codec.walk import BAD_TYPE
from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.dictionary.standard import load
from fix_gateway.errors import Fault, Garbled
from fix_gateway.explain.walk import Look, Seen, number, split
from fix_gateway.explain.words import Shown as Shown
from fix_gateway.explain.words import Words, Wrong, printable
from fix_gateway.tags import CODE_MAX_42, LOGON, SENDER_COMP_ID, SENDING_TIME, TARGET_COMP_ID

FRAME_BYTES_MAX: Final = 65_536
VERSIONS: Final = {"FIX.4.2": "FIX 4.2", "FIX.4.4": "FIX 4.4", "FIXT.1.1": "FIXT 1.1"}
APPLICATIONS: Final = {"9": "FIX 5.0 SP2", "6": "FIX 4.4", "4": "FIX 4.2"}

_HEAD = re.compile(rb"8=([^\x01]*)\x01(?:9=([^\x01]*)\x01)?(35=[^\x01]+\x01)?")
_END = re.compile(rb"\x0110=([^\x01]*)\x01?\Z")
_DECODABLE = re.compile(rb"8=[^\x01]*\x019=[^\x01]*\x0135=[^\x01]*\x01").match
_APPL = re.compile(rb"\x011137=([^\x01]*)\x01")
_MASKED = re.compile(rb"\x01(?:554|925|96)=\*\*\*\x01")
_MASKED_RAW = re.compile(rb"\x0195=\d+\x0196=\*\*\*\x01")


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `answer` is what a session of ours would do about the first thing that is wrong, empty if nothing
    is; `notes` are worth knowing and not wrong."""

    begin: str
    version: str
    msg_type: str
    name: str
    seq: str
    sender: str
    target: str
    sent: str
    fields: tuple[Shown, ...]
    wrong: tuple[Wrong, ...]
    answer: str
    notes: tuple[str, ...]


class Explainer:
    """Explains messages of one conversation: a Logon's DefaultApplVerID counts for what comes behind it. Without a
    dictionary, each message's BeginString chooses one, and user-defined tags are let through."""

    def __init__(self, dictionary: Dictionary | None = None, *, user_defined: bool = True) -> None:
        self._given, self._user_defined = dictionary, user_defined
        self._appl = "9"
        self._made: dict[tuple[str, str], tuple[Decoder, Rules]] = {}

    def explain(self, raw: bytes) -> Explained:
        """One message, from its `8=` on; its last separator may be missing."""
        raw = raw if raw.endswith(b"\x01") else raw + b"\x01"
        begin = raw[2:].partition(b"\x01")[0].decode("latin-1")
        dictionary, notes, wrong = self._dictionary(begin, raw)
        decoder, rules = self._tools(dictionary)
        is_masked = _MASKED.search(raw) is not None
        framing = list(_framing(raw))
        if framing and is_masked:
            notes.append("a secret in it is masked, so its length and its sum cannot be checked")
            framing = []
        if is_masked:
            raw = _MASKED_RAW.sub(b"\x0195=3\x0196=***\x01", raw)
        seen = split(raw, rules.lengths)
        decoded = decoder.decode(raw) if _DECODABLE(raw) else None
        if decoded is None:
            notes.append(_oddly(raw))
        msg_type = next((one.value for one in seen if one.spelled == b"35"), b"").decode("latin-1")
        used = self._look(seen, rules, msg_type, decoded)
        shown = Words(used.dictionary, msg_type)
        faults = _in_order(seen, decoded, used.missing)
        said = {one.tag for one in framing}
        by_words = [shown.wrong(fault, seen) for fault in faults]
        wrong = [*framing, *wrong, *(one for one in by_words if one.code != 1 or one.tag not in said)]
        return Explained(
            begin=printable(begin.encode("latin-1")),
            version=_version(used.dictionary),
            msg_type=printable(msg_type.encode("latin-1")),
            name=shown.message(msg_type),
            seq=_first(seen, 34),
            sender=_first(seen, 49),
            target=_first(seen, 56),
            sent=_first(seen, 52),
            fields=tuple(shown.fields(seen)),
            wrong=tuple(wrong),
            answer=_answer(wrong, decoded),
            notes=(*notes, *shown.notes(seen, self._user_defined)),
        )

    def _dictionary(self, begin: str, raw: bytes) -> tuple[Dictionary, list[str], list[Wrong]]:
        """What to read it by, and what is to be said about that."""
        given = self._given
        if given is not None:
            spoken = given.begin.decode()
            text = f"BeginString is {begin!r}, this dialect speaks {spoken}"
            other = [Wrong(where="version", code=-1, tag="8", text=text)] if begin != spoken else []
            return given, [], other
        if begin in ("FIX.4.2", "FIX.4.4"):
            return load(begin), [], []
        notes: list[str] = []
        if begin == "FIXT.1.1":
            found = _APPL.search(raw)
            appl = found[1].decode("latin-1") if found is not None else self._appl
            if appl in APPLICATIONS:
                self._appl = appl
            else:
                notes.append(f"1137={appl} is a version that has no dictionary here; read as FIX 5.0 SP2")
            return load(begin, self._appl), notes, []
        text = f"BeginString is {begin!r}, and there are dictionaries for {', '.join(VERSIONS)} only"
        return load("FIX.4.4"), ["read as FIX 4.4"], [Wrong(where="version", code=-1, tag="8", text=text)]

    def _tools(self, dictionary: Dictionary) -> tuple[Decoder, Rules]:
        key = (dictionary.begin.decode(), dictionary.appl)
        if key not in self._made:
            others: dict[bytes, Dictionary] = {}
            if self._given is None and dictionary.appl:
                others = {appl.encode(): load("FIXT.1.1", appl) for appl in APPLICATIONS}
            decoder = Decoder(dictionary, others, user_defined=self._user_defined, fast=False)
            self._made[key] = decoder, Rules(dictionary)
        return self._made[key]

    def _look(self, seen: list[Seen], rules: Rules, msg_type: str, decoded: Decoded | None) -> "_Used":
        """Judge all fields."""
        admin, judged = rules.is_admin(msg_type), True
        spoken = next((one.value.decode("latin-1") for one in seen if one.spelled == b"1128"), "")
        if not admin and spoken and 1128 in rules.header.members and self._given is None:
            if spoken in APPLICATIONS:
                _, rules = self._tools(load("FIXT.1.1", spoken))
            judged = spoken in APPLICATIONS
        dictionary = rules.dictionary
        number(seen, rules.admin_tags if admin else rules.tags, self._user_defined)
        known = dictionary.admin_known if admin else dictionary.known
        look = Look(seen, rules, rules.body(msg_type) if judged else None, known)
        look.go()
        if decoded is None and msg_type not in dictionary.messages and msg_type not in dictionary.other_types:
            look.missing.insert(0, Fault(code=11, text=BAD_TYPE))
        return _Used(dictionary=dictionary, missing=look.missing)


class _Used(msgspec.Struct, frozen=True, kw_only=True):
    dictionary: Dictionary
    missing: list[Fault]


def _framing(raw: bytes) -> Iterator[Wrong]:
    """What our framer has against it."""
    found = [Wrong(where="framing", code=-1, tag=tag, text=text) for tag, text in _frame_faults(raw)]
    yield from found
    read_as = Framer(max(FRAME_BYTES_MAX, len(raw))).feed(raw)
    if not found and read_as != [raw]:
        told = [one.problem for one in read_as if isinstance(one, Garbled)]
        text = f"our framer cannot read it: {'; '.join(told) or 'it has no end'}"
        yield Wrong(where="framing", code=-1, tag="", text=text)
    if len(raw) > FRAME_BYTES_MAX:
        text = f"it has {len(raw)} bytes; a session takes {FRAME_BYTES_MAX} at most, and disconnects"
        yield Wrong(where="framing", code=-1, tag="", text=text)


def _frame_faults(raw: bytes) -> Iterator[tuple[str, str]]:
    head, end = _HEAD.match(raw), _END.search(raw)
    assert head is not None, "the caller begins with 8="
    if head[2] is None:
        yield "9", "BodyLength (9) is not the second field"
    elif not re.fullmatch(rb"[0-9]{1,7}", head[2]):
        yield "9", f"BodyLength says {printable(head[2])!r}, which is no number of 1 to 7 digits"
    if head[3] is None:
        yield "35", "MsgType (35) is not the third field, or empty"
    if end is None:
        yield "10", "no CheckSum (10) at its end: it was cut off, or its last field is another one"
        return
    if head[2] is not None and head[2].isdigit() and len(head[2]) < 8:
        there = end.start() + 1 - _after(raw, 2)
        if int(head[2]) != there:
            yield "9", f"BodyLength says {int(head[2])}, there are {there} bytes"
    right = checksum(raw[: end.start() + 1])
    if not re.fullmatch(rb"[0-9]{3}", end[1]):
        yield "10", f"CheckSum says {printable(end[1])!r}, three digits are wanted; {right:03d} is right"
    elif int(end[1]) != right:
        yield "10", f"CheckSum says {end[1].decode()}, {right:03d} is right"


def _after(raw: bytes, fields: int) -> int:
    """Where the first fields end."""
    at = 0
    for _ in range(fields):
        at = raw.index(b"\x01", at) + 1
    return at


def _in_order(seen: list[Seen], decoded: Decoded | None, missing: list[Fault]) -> list[Fault]:
    """All faults, once each: the decoder's own first, then as they stand."""
    found = [fault for one in seen for fault in one.faults]
    first = [decoded.fault] if decoded is not None and decoded.fault is not None else []
    return list(dict.fromkeys([*first, *missing, *found]))


def _answer(wrong: list[Wrong], decoded: Decoded | None) -> str:
    """What a session of ours that is logged on does with such a message, and with such a Logon one that is not."""
    if not wrong:
        return ""
    one = wrong[0]
    if one.where == "framing":
        return "dropped without a word, as the standard demands; its number is asked for again"
    if one.where == "version":
        return "Logout (35=5), Incorrect BeginString"
    if decoded is not None and decoded.msg_type == LOGON:
        return "the Logon is refused: the connection ends"
    if decoded is not None and decoded.seq < 0:
        return "Logout (35=5), MsgSeqNum missing, and the connection ends"
    tag = f" 371={one.tag}" if one.tag else ""
    if not {SENDER_COMP_ID, TARGET_COMP_ID, SENDING_TIME}.isdisjoint(_missing(wrong)):
        return "Reject (35=3) because of its CompIDs or SendingTime, then Logout (35=5)"
    if decoded is not None and decoded.begin == b"FIX.4.2" and one.code > CODE_MAX_42:
        return f"Reject (35=3) with{tag or ' a Text'}, and no 373: FIX 4.2 has none for this"
    return f"Reject (35=3) with 373={one.code}{tag}"


def _missing(wrong: list[Wrong]) -> set[int]:
    return {int(one.tag) for one in wrong if one.code == 1}


def _oddly(raw: bytes) -> str:
    """What simplefix makes of what our decoder cannot begin with."""
    try:
        found = read(raw)
    except ValueError:  # its words quote the bytes, and a password may be among them
        return "simplefix cannot read it either"
    return f"simplefix, which checks nothing, reads {len(found)} fields"


def _first(seen: list[Seen], tag: int) -> str:
    return next((printable(one.value) for one in seen if one.spelled == b"%d" % tag), "")


def _version(dictionary: Dictionary) -> str:
    name = VERSIONS.get(dictionary.begin.decode(), dictionary.begin.decode())
    return f"{name}, {APPLICATIONS.get(dictionary.appl, dictionary.appl)}" if dictionary.appl else name
