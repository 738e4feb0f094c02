"""What stands in a session's journal, for people; the file is only read, so a running `rfq serve` may hold it."""

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fix_gateway.dictionary.standard import load
from fix_gateway.journal.reading import RESERVE_MAX, Line, inspect
from fix_gateway.shell.wirelog import masked
from rfq.cli.printer import size_text, table

if TYPE_CHECKING:
    from rfq.ops.fix_status import News

_NAMED: Final = (("FIX.4.4", ""), ("FIX.4.2", ""), ("FIXT.1.1", "9"))


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was sent, as a line: `sent_at` is its SendingTime as it stands in it."""

    seq: int
    msg_type: str
    name: str
    tag: str
    sent_at: str
    bytes: int
    offset: int
    raw: str


class Contents(msgspec.Struct, kw_only=True):
    """A journal. `next_out` is what the file says; after an unclean stop the next life goes on at `goes_on_at`.
    `damage` names places in the middle, `tail` what stands at the end and is no whole record."""

    path: str
    bytes: int = 0
    opened_at: int = 0
    next_in: int = 1
    next_out: int = 1
    reserved_below: int = 1
    goes_on_at: int = 1
    is_clean: bool = False
    messages: int = 0
    tagged: int = 0
    damage: list[str] = []
    tail: str = ""
    last: list[Kept] = []


def contents(path: Path, count: int) -> Contents:
    """Read a journal once; `last` are its newest `count` messages. Raises JournalError."""
    found = Contents(path=str(path), damage=[], last=[])
    newest: deque[Line] = deque(maxlen=count)
    last: Line | None = None
    holes: list[tuple[int, int]] = []
    doubt = False
    for line in inspect(path):
        if last is not None and last.kind == "damaged":
            holes.append((last.offset, line.offset))
            doubt = True
        if line.kind == "opened":
            found.opened_at = line.at
        elif line.kind == "message":
            found.messages += 1
            found.tagged += bool(line.tag)
            found.next_out = max(found.next_out, line.seq + 1)
            newest.append(line)
        elif line.kind == "mark":
            found.reserved_below, doubt = line.seq, False
        elif line.kind != "damaged":
            found.next_out, found.next_in = line.seq, line.next_in
            if line.kind == "closed":
                found.reserved_below, doubt = line.seq, False
        last = line
    found.bytes = path.stat().st_size
    if last is not None and last.kind == "damaged":
        torn = found.bytes - last.offset
        found.tail = f"the last {torn} bytes, from byte {last.offset} on, are no whole record"
    found.damage = [f"bytes {begin} to {end - 1} are no record" for begin, end in holes]
    found.is_clean = last is not None and last.kind == "closed"
    reserved = max(found.next_out, found.reserved_below) + (RESERVE_MAX if doubt else 0)
    found.goes_on_at = found.next_out if found.is_clean else reserved
    found.last = [_kept(line) for line in newest]
    return found


def when(at: int) -> str:
    """An instant (UTC ns) to the millisecond."""
    seconds, millis = divmod(at // 1_000_000, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


def _kept(line: Line) -> Kept:
    sent = line.raw.partition(b"\x0152=")[2].partition(b"\x01")[0]
    return Kept(
        seq=line.seq,
        msg_type=line.msg_type,
        name=_name(line.msg_type),
        tag=_plain(line.tag),
        sent_at=_plain(sent),
        bytes=len(line.raw),
        offset=line.offset,
        raw=_plain(masked(line.raw).replace(b"\x01", b"|")),
    )


def _name(msg_type: str) -> str:
    for begin, appl in _NAMED:
        found = load(begin, appl).messages.get(msg_type)
        if found is not None:
            return found.name
    return ""


def _plain(value: bytes) -> str:
    """Text without control characters."""
    text = value.decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def tree(found: Contents, *, raw: bool) -> dict[str, Any]:
    """For programs."""
    made: dict[str, Any] = msgspec.to_builtins(found)
    made["opened_at"] = when(found.opened_at)
    if not raw:
        for one in made["last"]:
            del one["raw"]
    return made


def lines(found: Contents, news: "News | None", *, raw: bool) -> Iterable[str]:
    """For people."""
    yield f"{found.path}, {size_text(found.bytes)}; numbers began at 1 on {when(found.opened_at)}"
    yield f"  next to be sent      {found.next_out}"
    yield f"  next to be received  {found.next_in}"
    yield f"  reserved below       {found.reserved_below}"
    yield f"  messages kept        {found.messages}, {found.tagged} of them with a tag (the effect they carry)"
    yield f"  state                {state(found, news)}"
    for one in found.damage:
        yield f"  DAMAGED              {one}; the message that stood there is lost for resends"
    if found.tail:
        why = "being written just now" if news is not None and not news.is_stale else "torn by a crash"
        yield f"  tail                 {found.tail} ({why}; the next start cuts them)"
    if not found.last:
        return
    yield ""
    if raw:
        yield from (one.raw for one in found.last)
        return
    rows = [["number", "sent", "type", "", "bytes", "tag"]]
    rows += [
        [str(one.seq), one.sent_at, one.msg_type, one.name, str(one.bytes), one.tag] for one in found.last
    ]
    yield from table(rows, right=(0, 4))
    if len(found.last) < found.messages:
        yield f"(the last {len(found.last)} of {found.messages}; -n shows more)"


def state(found: Contents, news: "News | None") -> str:
    """Closed in order, in use, or left behind."""
    if found.is_clean:
        return "closed in order: the next start goes on with these numbers"
    if news is not None and not news.is_stale:
        return f"in use by process {news.status.pid}"
    return (
        f"not closed: in use, or its process was killed; then the next start sends from {found.goes_on_at} on"
    )
