"""Finds FIX messages in what people have at hand: raw bytes, lines of logs, text with the separators made visible."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

SEPARATORS: Final = (b"\x01", b"|", b"^A", b"\\x01", b"\\u0001", b"\\001", b"<SOH>", "␁".encode(), b";", b"~")
"""The delimiter itself, and what is written for it. Others are taken if they stand before 9=."""

_START = re.compile(rb"(?:(?<=\\x01)|(?<=\\u0001)|(?<=\\001)|(?<=\^A)|(?<![0-9]))8=FIX")
_BEGIN = re.compile(rb"8=FIX[A-Za-z0-9.]*")
_ANY = re.compile(rb"([^A-Za-z0-9\r\n]{1,3})9=[0-9]")
_HEAD = re.compile(rb"8=[^\x01]{1,20}\x019=([0-9]{1,7})\x01")
_TRAILER = re.compile(rb"\x0110=[0-9]{3}\x01")
_LOG_LINE = re.compile(rb"[0-9]{8}-[0-9:]{8}\.[0-9]{1,9} (?:in|out) \S+ ")
_TRAILER_BYTES: Final = 7


class Found(NamedTuple):
    """One message, with its separators as they are on the wire; on which line it stood, and what our own message log
    says of it."""

    line: int
    raw: bytes
    at: str = ""
    way: str = ""
    session: str = ""


def messages_in(text: bytes) -> Iterator[Found]:
    """Every message that begins with 8=FIX, whole or not."""
    at, line, counted, line_end = 0, 1, 0, -1
    while (start := _START.search(text, at)) is not None:
        begin = start.start()
        line += text.count(b"\n", counted, begin)
        counted = begin
        found: Iterable[Found] | None = None
        if begin > line_end:
            line_at = text.rfind(b"\n", at, begin) + 1 or at
            line_end = text.find(b"\n", begin)
            line_end = len(text) if line_end < 0 else line_end
            found = _in_line(text[line_at:line_end], line)
        if found is not None:
            yield from found
            at = line_end
        else:
            at = _end(text, begin, line_end)
            yield Found(line, _as_sent(text[begin:at]))


def _in_line(whole: bytes, line: int) -> Iterable[Found] | None:
    """The messages in a line of JSON, or of our message log; None if it is neither."""
    if _LOG_LINE.match(whole):
        try:
            return list(_in_log_line(whole, line))
        except ValueError:
            return None
    inside = _in_json(whole) if whole.lstrip().startswith(b"{") else None
    return None if inside is None else [Found(line, raw) for raw in inside]


def _in_log_line(whole: bytes, line: int) -> Iterator[Found]:
    """A line of our message log."""
    from fix_gateway.shell.wirelog import parse

    found = parse(whole)
    at, way, name = whole.split(b" ", 3)[:3]
    for one in messages_in(found.raw):
        yield Found(line, one.raw, at.decode(), way.decode(), name.decode("utf-8", "replace"))


def _in_json(whole: bytes) -> list[bytes] | None:
    """The messages in the strings of a line of JSON; None if it is none."""
    try:
        texts = list(_strings(json.loads(whole)))
    except (ValueError, RecursionError):
        return None
    return [one.raw for text in texts for one in messages_in(text.encode("utf-8", "replace"))]


def _strings(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _strings(value)


def _separator(text: bytes, begin: int) -> bytes:
    """What stands between the fields."""
    head = _BEGIN.match(text, begin)
    at = head.end() if head is not None else begin
    for one in SEPARATORS:
        if text.startswith(one, at):
            return one
    found = _ANY.match(text, at)
    return found[1] if found is not None else b"\x01"


def _end(text: bytes, begin: int, line_end: int) -> int:
    """Where the message ends that begins there: where its length says if a CheckSum field stands there, else behind
    the next one, else with the line or where another message begins."""
    separator = _separator(text, begin)
    if separator == b"\x01" and (head := _HEAD.match(text, begin)) is not None:
        end = head.end() + int(head[1]) + _TRAILER_BYTES
        if _TRAILER.fullmatch(text, end - _TRAILER_BYTES - 1, end):
            return end
    spelled = re.escape(separator)
    after = _START.search(text, begin + 1)
    limit = min(after.start() if after is not None else len(text), len(text))
    if separator != b"\x01":
        limit = min(limit, max(line_end, begin))
    last = re.compile(spelled + rb"10=[0-9A-Za-z ]{0,8}(?:" + spelled + rb"|(?=\r?\n)|(?=[\s\"'\])},])|\Z)")
    found = last.search(text, begin, limit)
    return found.end() if found is not None else max(min(limit, line_end), begin + 1)


def _as_sent(written: bytes) -> bytes:
    """Its separators as they are on the wire. One that no field follows is a part of a value."""
    separator = _separator(written, 0)
    if separator == b"\x01":
        return written
    spelled = re.escape(separator)
    follows = rb"(?=[0-9A-Za-z_ +.\-]{1,12}=|" + spelled + rb"|\s*\Z)"
    raw = re.sub(spelled + follows, b"\x01", written)
    return raw.rstrip(b" \t\r") if raw.rstrip(b" \t\r").endswith(b"\x01") else raw
