"""One session's memory in a file: an append-only journal that survives a killed process and a power cut.

Theory. `save` only collects; `flush` hands all that was collected to the operating system with one write, and
nothing may be sent before that. What a crash may cost depends on `durability`:

    none    a killed process loses what the last flushes left in memory (64 KiB at most), a power cut anything
    os      a killed process loses nothing that was flushed, a power cut the newest messages
    fsync   neither: `flush` returns when the disk has it, or, with a committer, the committer says so

Whatever is lost, no outgoing number is used twice: numbers are reserved ahead by a mark in the file that is on the
disk before the first of them is sent. After an unclean stop the numbers go on at the mark, and the gap below it is
filled when the peer asks. An orderly `close` says the exact numbers, so that the next life wastes none.

A torn tail is cut. A damaged record in the middle is skipped; the numbers then go on above any mark that may have
stood there. Both are told in `problem`. The file is replaced by a new one when the numbers are reset.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock
from typing import Final, Literal, Protocol
from zlib import crc32

from fix_gateway.journal import records
from fix_gateway.journal.disk import Disk
from fix_gateway.journal.reading import RESERVE_MAX, Index, opened_at, recover
from fix_gateway.journal.reading import JournalError as JournalError
from fix_gateway.journal.reading import JournalForeign as JournalForeign
from fix_gateway.journal.reading import JournalLocked as JournalLocked
from fix_gateway.journal.reading import inspect as inspect
from fix_gateway.journal.records import CRC, FILE_HEAD, HEAD, MESSAGE, NUMBER, SIGN, Record
from fix_gateway.session.store import Kept

Durability = Literal["none", "os", "fsync"]

RESERVE: Final = 1_000
LAZY_BYTES_MAX: Final = 65_536
RAW_BYTES_MAX: Final = 8_388_608
PARTS_MAX: Final = 2_048
SECRET: Final = frozenset({"A", "BE"})  # logon and user request carry passwords: only their numbers are kept

Done = Callable[[Exception | None], None]


class Commits(Protocol):
    """Who syncs journals in the background (commit.py)."""

    def submit(self, journal: "Journal", done: Done) -> None:
        """Sync it soon; then `done`."""
        ...


class Journal:
    """A Store on disk. All but `sync` belongs to one thread."""

    def __init__(
        self, path: Path, disk: Disk, durability: Durability, reserve: int, committer: Commits | None
    ) -> None:
        """Use `open`."""
        self.path = path
        self.next_in = 1
        self.next_out = 1
        self.opened_at = 0
        self.unclean = False
        self.problem = ""
        self.durability: Final = durability
        self._disk = disk
        self._committer = committer
        self._lazy = durability == "none"
        self._syncs_itself = durability == "fsync" and committer is None
        self._lock_handle = -1
        self._handle = -1
        self._life = 0  # counts files: a reader of an older one ends
        self._guard = RLock()  # held while the file is synced, replaced or closed
        self._failure: JournalError | None = None
        self._first_step = reserve
        self._forget()

    def _forget(self) -> None:
        """As before the first record of a new file."""
        self._parts: list[bytes] = []
        self._numbers_due = False
        # Lengths of the file: with what was collected, as written, as it is on the disk for certain.
        self._end = self._written = self._synced = 0
        self._step = self._first_step
        self._mark_asked = self._mark_written = self._mark_safe = 0
        self._ask_at = 0
        self._index = Index()

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        durability: Durability,
        now: int,
        reserve: int = RESERVE,
        committer: Commits | None = None,
        disk: Disk | None = None,
    ) -> "Journal":
        """Open or create the journal at `path`; `now` (UTC ns) is when a new one began. Raises JournalError."""
        if durability not in ("none", "os", "fsync"):
            raise ValueError(f"durability: {durability!r} is not none, os or fsync")
        if not 1 <= reserve <= RESERVE_MAX:
            raise ValueError(f"reserve: {reserve} is not within 1 and {RESERVE_MAX}")
        journal = cls(Path(path), disk or Disk(), durability, reserve, committer)
        try:
            journal._start(now)
        except OSError as error:
            journal.abandon()
            raise journal._failed("cannot be opened", error) from error
        except JournalError:
            journal.abandon()
            raise
        return journal

    # ------------------------------------------------------------------------------------------- the Store

    def save(self, seq: int, msg_type: str, raw: bytes, tag: bytes = b"", admin: bool = False) -> None:
        """Keep an outgoing message; `seq` must be `next_out`. Of session messages only the number counts."""
        if seq != self.next_out:
            raise ValueError(f"{seq} saved, {self.next_out} is next")
        if len(raw) > RAW_BYTES_MAX or len(tag) > records.TAG_BYTES_MAX:
            raise ValueError(f"{len(raw)} bytes with a tag of {len(tag)} are too long to be kept")
        self.next_out = seq + 1
        if seq >= self._ask_at:
            self._reserve()
        if admin or msg_type in SECRET:
            self._numbers_due = True
            return
        name = msg_type.encode("ascii")
        size = len(name) + len(tag) + len(raw)
        self._index.add(seq, self._end)
        body = HEAD.pack(SIGN, MESSAGE, len(name), len(tag), size, seq) + name + tag + raw
        self._parts.append(body)
        self._parts.append(CRC.pack(crc32(body)))
        self._end += len(body) + CRC.size
        if len(self._parts) > PARTS_MAX:
            self._write_out()

    def skip(self, next_out: int) -> None:
        """Numbers up to `next_out` are spent (a gap fill covers them)."""
        if next_out < self.next_out:
            raise ValueError(f"{next_out} is below {self.next_out}: outgoing numbers never go back")
        self.next_out = next_out
        self._numbers_due = True
        if next_out > self._ask_at:
            self._reserve()

    def heard(self, next_in: int) -> None:
        """The peer's messages before `next_in` need not come again."""
        self.next_in = next_in
        self._numbers_due = True

    def read(self, begin: int, end: int) -> Iterator[Kept]:
        """The application messages with numbers in [begin, end], in order; one that is damaged is left out."""
        self._write_out()
        place = bisect_right(self._index.numbers, begin) - 1
        for record in self._scan(self._index.offsets[place] if place >= 0 else FILE_HEAD.size):
            if record.kind == MESSAGE and record.number >= begin:
                if record.number > end:
                    return
                yield Kept(seq=record.number, msg_type=record.msg_type, raw=record.raw, tag=record.tag)

    def tags(self) -> Iterator[Kept]:
        """Every application message since the last reset that carries a tag."""
        yield from (kept for kept in self.read(1, self.next_out) if kept.tag)

    def reset(self, now: int) -> None:
        """Both numbers begin at 1 again, in a new file that takes the place of the old one; what was saved and not
        flushed is gone with it."""
        self._check()
        try:
            self._begin_file(now)
        except OSError as error:
            raise self._failed("cannot be begun anew", error) from error

    def flush(self) -> None:
        """Hand what was saved to the operating system. Raises JournalError; then nothing of it may be sent."""
        self._check()
        if self._numbers_due:
            self._append(records.pack(records.NUMBERS, self.next_out, NUMBER.pack(self.next_in)))
            self._numbers_due = False
        marked = self._mark_asked > self._mark_written
        if not self._lazy or marked or self._end - self._written > LAZY_BYTES_MAX:
            self._write_out()
        if self.next_out > self._mark_safe or (self._syncs_itself and self._written > self._synced):
            self.sync()
        elif marked and self._committer is not None:
            self._committer.submit(self, _nothing)

    def close(self) -> None:
        """A clean stop: the next life goes on with these very numbers. Raises JournalError if that cannot be said."""
        if self._handle < 0:
            return
        try:
            if self._failure is None:
                self._append(records.pack(records.CLOSED, self.next_out, NUMBER.pack(self.next_in)))
                self._write_out()
                self.sync()
        finally:
            self.abandon()

    # --------------------------------------------------------------------------------------- beyond the Store

    @property
    def failure(self) -> JournalError | None:
        """What ended it; None while it is well."""
        return self._failure

    def sync(self) -> None:
        """Return when all that was flushed before is on the disk. May be called from any thread."""
        with self._guard:
            self._check()
            written, mark = self._written, self._mark_written
            if self._handle < 0:
                if written > self._synced:
                    raise JournalError(self.path, "was let go before it was synced")
                return
            if written > self._synced and not self._lazy:
                try:
                    self._disk.sync(self._handle)
                except OSError as error:  # what the disk dropped now, it may not tell again: no second try
                    raise self._failed("cannot be synced", error) from error
            self._synced, self._mark_safe = written, mark

    def abandon(self) -> None:
        """Let the file and its lock go without a word, as a crash would."""
        with self._guard:
            for handle in (self._handle, self._lock_handle):
                if handle >= 0:
                    self._disk.close(handle)
            self._handle = self._lock_handle = -1
            self._life += 1

    # --------------------------------------------------------------------------------------------- opening

    def _start(self, now: int) -> None:
        """Lock, read what there is, reserve numbers."""
        try:
            self._lock_handle = self._disk.lock(self.path.with_name(self.path.name + ".lock"))
        except BlockingIOError:
            raise JournalLocked(self.path, "is in use by another process") from None
        try:
            self._handle = self._disk.open(self.path)
        except FileNotFoundError:
            self._begin_file(now)
            return
        size = self._written = self._disk.size(self._handle)
        self.opened_at = opened_at(self.path, self._disk.read(self._handle, 0, FILE_HEAD.size))
        found = recover(self._scan(FILE_HEAD.size), size)
        self.next_in, self.next_out = found.next_in, found.next_out
        self.unclean, self.problem, self._index = found.unclean, found.problem, found.index
        if found.tail < size:
            self._disk.cut(self._handle, found.tail)
        self._end = self._written = found.tail
        self._reserve()
        self._write_out()
        self.sync()

    def _begin_file(self, now: int) -> None:
        """A new file, whole and durable before it takes the place of the one there may be."""
        new = self.path.with_name(self.path.name + ".new")
        with self._guard:
            old, self._handle = self._handle, self._disk.create(new)
            if old >= 0:
                self._disk.close(old)
            self._life += 1
            self._forget()
            self.next_in = self.next_out = 1
            self.opened_at = now
            self.problem = ""
            self._append(records.pack_head(now))
            self._reserve()
            self._write_out()
            self.sync()
            self._disk.replace(new, self.path)
            if not self._lazy:
                self._disk.sync_folder(self.path.parent)

    # ---------------------------------------------------------------------------------------------- writing

    def _reserve(self) -> None:
        """Ask for more numbers; a busy session for ever more, so that a sync for them is rare."""
        self._mark_asked = self.next_out + self._step
        self._append(records.pack(records.MARK, self._mark_asked))
        ahead = 0 if self._committer is None else self._step // 2
        self._ask_at = self._mark_asked - ahead
        self._step = min(2 * self._step, RESERVE_MAX)

    def _append(self, record: bytes) -> None:
        self._parts.append(record)
        self._end += len(record)

    def _write_out(self) -> None:
        """Give the file what was collected."""
        self._check()
        if not self._parts:
            return
        content = b"".join(self._parts)
        self._parts.clear()
        try:
            self._disk.write(self._handle, content)
        except OSError as error:
            raise self._failed("cannot be written", error) from error
        self._written = self._end
        self._mark_written = self._mark_asked

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _failed(self, what: str, error: OSError) -> JournalError:
        """The end of this journal: it must be opened anew."""
        self._failure = JournalError(self.path, f"{what}: {error.strerror or error}")
        return self._failure

    def _scan(self, offset: int) -> Iterator[Record]:
        """The records in the file from there on; ends early if the file is replaced meanwhile."""
        handle, life = self._handle, self._life

        def piece(offset: int, count: int) -> bytes:
            try:
                return self._disk.read(handle, offset, count) if life == self._life else b""
            except OSError as error:
                raise JournalError(self.path, f"cannot be read: {error.strerror or error}") from error

        for record in records.scan(piece, offset, self._written):
            if life != self._life:
                return
            yield record


def _nothing(_error: Exception | None) -> None:
    """A mark was synced; a failure is kept by the journal itself."""
