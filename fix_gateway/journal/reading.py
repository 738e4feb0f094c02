"""What a journal's file says: where a session goes on, what is wrong with the file, and a list of it for people."""

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from fix_gateway.errors import StoreError
from fix_gateway.journal import records
from fix_gateway.journal.disk import Disk
from fix_gateway.journal.records import CLOSED, FILE_HEAD, HOLE, MARK, MESSAGE, NUMBER, NUMBERS, Record

INDEX_EVERY = 256
RESERVE_MAX = 65_536
KINDS = {HOLE: "damaged", MESSAGE: "message", NUMBERS: "numbers", MARK: "mark", CLOSED: "closed"}


class JournalError(StoreError):
    """A journal cannot be opened, written or read. `what` says why; the journal takes nothing more."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path.name} {what}")
        self.path = path
        self.what = what


class JournalLocked(JournalError):
    """Another process, or this one, has it open."""


class JournalForeign(JournalError):
    """The file is no journal, or one of another version, or its header is damaged."""


class Index:
    """Where every 256th message begins, so that memory stays small however long a session gets."""

    __slots__ = ("count", "numbers", "offsets")

    def __init__(self) -> None:
        self.count = 0
        self.numbers = array("Q")
        self.offsets = array("Q")

    def add(self, number: int, offset: int) -> None:
        """A message of this number begins at `offset`; numbers ascend."""
        if not self.count % INDEX_EVERY:
            self.numbers.append(number)
            self.offsets.append(offset)
        self.count += 1


class Recovered(msgspec.Struct, kw_only=True):
    """Where to go on. `tail` is the length of the sound part of the file."""

    next_in: int = 1
    next_out: int = 1
    unclean: bool = True
    problem: str = ""
    tail: int
    index: Index


def recover(found: Iterable[Record], size: int) -> Recovered:
    """Read all records of a file of `size` bytes. After an unclean stop the outgoing numbers go on at the mark; if the
    newest mark may be among the damaged, above any that it can have been."""
    so_far = Recovered(tail=size, index=Index())
    mark, last, holes, doubt = 1, HOLE, 0, False
    for record in found:
        kind, number = record.kind, record.number
        if kind == MESSAGE:
            so_far.next_out = max(so_far.next_out, number + 1)
            so_far.index.add(number, record.offset)
        elif kind == MARK:
            mark, doubt = number, False
        elif kind == HOLE:
            if record.after == size:
                so_far.tail = record.offset
                break
            holes, doubt = holes + 1, True
        else:
            so_far.next_out = number
            (so_far.next_in,) = NUMBER.unpack(record.raw)
            if kind == CLOSED:
                mark, doubt = number, False
        last = kind
    torn = size - so_far.tail
    so_far.unclean = last != CLOSED or torn > 0
    if so_far.unclean:
        so_far.next_out = max(so_far.next_out, mark) + (RESERVE_MAX if doubt else 0)
    said = [f"{holes} damaged places were skipped"] if holes else []
    said += [f"a torn tail of {torn} bytes was cut at byte {so_far.tail}"] if torn else []
    so_far.problem = "; ".join(said)
    return so_far


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One record for a person. `kind` is opened, message, numbers, mark, closed or damaged; `seq` the number of a
    message, else the next outgoing one (of a mark: the first one not reserved); `at` (UTC ns) is 0 but for opened."""

    kind: str
    offset: int
    seq: int = 0
    next_in: int = 0
    msg_type: str = ""
    tag: bytes = b""
    raw: bytes = b""
    at: int = 0


def inspect(path: Path | str, disk: Disk | None = None) -> Iterator[Line]:
    """The records of a journal, which another process may be writing (then the last may look damaged). Raises
    JournalError."""
    path, disk = Path(path), disk or Disk()
    try:
        handle = disk.open(path, writable=False)
    except OSError as error:
        raise JournalError(path, f"cannot be opened: {error.strerror or error}") from error
    try:
        size = disk.size(handle)
        yield Line(kind="opened", offset=0, at=opened_at(path, disk.read(handle, 0, FILE_HEAD.size)))
        for one in records.scan(lambda offset, count: disk.read(handle, offset, count), FILE_HEAD.size, size):
            numbers = one.kind in (NUMBERS, CLOSED)
            yield Line(
                kind=KINDS[one.kind],
                offset=one.offset,
                seq=one.number,
                next_in=NUMBER.unpack(one.raw)[0] if numbers else 0,
                msg_type=one.msg_type,
                tag=one.tag,
                raw=b"" if numbers else one.raw,
            )
    except OSError as error:
        raise JournalError(path, f"cannot be read: {error.strerror or error}") from error
    finally:
        disk.close(handle)


def opened_at(path: Path, head: bytes) -> int:
    """When a file's numbers began at 1; raises JournalForeign."""
    try:
        return records.read_head(head)
    except ValueError as error:
        raise JournalForeign(path, str(error)) from None
