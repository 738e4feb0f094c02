"""The message log: every message of a session, in and out, one line each, for people. The record is the journal.

Theory: on the loop's thread a line costs a look for secrets and an append to a list. Every `FLUSH_S` the list becomes
one piece of bytes for a thread, which writes it and turns the files over by size. Nothing waits for the disk: when too
much waits for the thread, lines are dropped and counted, and the next line that gets through says how many.

A line is "20250102-03:04:05.123456 in|out NAME " and the message with its delimiters as they are; a newline or a
backslash inside a message stands after a backslash, so that `parse` gets the exact bytes back (secrets apart).
"""

import os
import queue
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from fix_gateway.codec.decoded import Decoded
from fix_gateway.codec.values import stamp, timestamp_ns

FLUSH_S: Final = 0.05
MASK: Final = b"***"

_SECRET = re.compile(rb"(?<=\x01)(554|925)=[^\x01]+")
_RAW_OF_LOGON = re.compile(rb"\x0195=(\d{1,6})\x0196=")
_ESCAPES: Final = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"))
_UNESCAPE = re.compile(rb"\\([\\nr])")
_PLAIN: Final = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}
_BETWEEN = re.compile(rb"(?<=\x01)(?=8=FIX[^\x01]{1,8}\x019=)")

_Job: TypeAlias = "tuple[WireLog, bytes] | Callable[[], object]"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a message log, read back. `raw` has its secrets masked, so its length and checksum may be wrong."""

    at: int
    is_in: bool
    name: str
    raw: bytes


def masked(raw: bytes) -> bytes:
    """A message, or several, with Password, NewPassword and a Logon's RawData replaced by stars."""
    if b"\x01554=" in raw or b"\x01925=" in raw:
        raw = _SECRET.sub(rb"\1=" + MASK, raw)
    if b"\x0135=A\x01" in raw and (found := _RAW_OF_LOGON.search(raw)):
        raw = raw[: found.end()] + MASK + raw[found.end() + int(found[1]) :]
    return raw


def parse(line: bytes) -> Line:
    """Read one line; ValueError if it is none."""
    parts = line.rstrip(b"\r\n").split(b" ", 3)
    if len(parts) < 4 or parts[1] not in (b"in", b"out"):
        raise ValueError("not a line of a message log")
    raw = _UNESCAPE.sub(lambda found: _PLAIN[found[1]], parts[3])
    return Line(at=timestamp_ns(parts[0]), is_in=parts[1] == b"in", name=parts[2].decode(), raw=raw)


class LogThread:
    """The one thread that writes the logs of all sessions; at most `waiting_max` bytes wait for it."""

    def __init__(self, waiting_max: int = 16 << 20) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting = 0
        self._max = waiting_max
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="message-log", daemon=True)
        self._thread.start()
        self.failed = 0
        """Pieces that the disk did not take."""

    def put(self, log: "WireLog", piece: bytes) -> bool:
        """Hand over; False if too much waits already."""
        with self._lock:
            if self._waiting + len(piece) > self._max:
                return False
            self._waiting += len(piece)
        self._jobs.put((log, piece))
        return True

    def close(self) -> None:
        """Write what waits, and end."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            assert isinstance(job, tuple)
            log, piece = job
            try:
                log.append(piece)
            except OSError:
                self.failed += 1
            with self._lock:
                self._waiting -= len(piece)


class WireLog:
    """One session's log: `path`, and `path.1` to `path.KEEP`, the older the higher, of about `bytes_max` each."""

    def __init__(
        self, path: Path, name: str, thread: LogThread, *, bytes_max: int = 64 << 20, keep: int = 5
    ) -> None:
        self._path, self._thread, self._max, self._keep = path, thread, bytes_max, keep
        self._in = f" in {name} ".encode()
        self._out = f" out {name} ".encode()
        self._lines: list[bytes] = []
        self._later: Callable[[float, Callable[[], None]], object] | None = None
        self._file = -1
        self._size = 0
        self.dropped = 0
        """Lines that found the thread too far behind, and were not told of yet."""

    def schedule(self, later: Callable[[float, Callable[[], None]], object]) -> None:
        """`later` (a loop's call_later) is how a log comes to be written by itself."""
        self._later = later

    def received(self, raw: bytes, now: int) -> None:
        """One message that came in."""
        self._add(b"%b%b%b\n" % (stamp(now, 6), self._in, _printable(masked(raw))))

    def sent(self, raw: bytes, now: int) -> None:
        """One message or several in a row that go out."""
        head = stamp(now, 6) + self._out
        lines = [b"%b%b\n" % (head, one) for one in _BETWEEN.split(_printable(masked(raw)))]
        self._add(lines[0] if len(lines) == 1 else b"".join(lines))

    def noted(self, text: str, now: int) -> None:
        """Something that is no message: it reads as one that only has a Text."""
        self._add(b"%b%b58=%b\x01\n" % (stamp(now, 6), self._in, _printable(text.encode())))

    def flush(self) -> None:
        """Hand what was said to the thread."""
        lines, self._lines = self._lines, []
        if lines and not self._thread.put(self, b"".join(lines)):
            self.dropped += len(lines)

    def _add(self, line: bytes) -> None:
        if not self._lines and self._later is not None:
            self._later(FLUSH_S, self.flush)
        if self.dropped:
            line += b"%b%b58=%d lines are missing here\x01\n" % (line[:24], self._in, self.dropped)
            self.dropped = 0
        self._lines.append(line)

    def append(self, piece: bytes) -> None:
        """Write (on the log's thread); turn the files over when this one is full."""
        if self._file < 0 or self._size >= self._max:
            self._turn()
        view = memoryview(piece)
        while view:
            view = view[os.write(self._file, view) :]
        self._size += len(piece)

    def close(self) -> None:
        """Nothing more is written; call it after the thread's close."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _turn(self) -> None:
        if self._file >= 0:
            self.close()
            for number in range(self._keep - 1, -1, -1):
                older = self._path.with_name(f"{self._path.name}.{number}") if number else self._path
                if older.exists():
                    older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._size = os.fstat(self._file).st_size


class LoggedDecoder:
    """A decoder that writes each message into a log before it is read."""

    __slots__ = ("_decode", "_log", "_now")

    def __init__(self, decode: Callable[[bytes], Decoded], log: WireLog, now: Callable[[], int]) -> None:
        self._decode, self._log, self._now = decode, log, now

    def decode(self, frame: bytes) -> Decoded:
        """What the inner one says."""
        self._log.received(frame, self._now())
        return self._decode(frame)


def _printable(raw: bytes) -> bytes:
    for plain, escaped in _ESCAPES:
        if plain in raw:
            raw = raw.replace(plain, escaped)
    return raw
