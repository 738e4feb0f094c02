"""The head of the log, kept in a second file beside it, so that a cut tail is found.

A chain shows every change but one: if its last records are taken away, what is left is a perfect chain. So
number and hash of the newest durable record are also kept here, written after the log's own sync and at most
a second old. A head file behind the log is normal (a crash came in between); a head file ahead of the log
means that records are missing. It exists from before the first record on: a log without it is damaged.
"""

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from rfq.audit.errors import LogDamaged
from rfq.domain.record import GENESIS

KEEP_EVERY_NS = 500_000_000


class Head(NamedTuple):
    """The end of a log: the newest record's number and hash (hex); number 0 and GENESIS before the first."""

    number: int
    hash: str


EMPTY = Head(0, GENESIS)


class HeadFile:
    """Keeps the head at `path`; `fsync` False leaves out the syncs (simulations)."""

    __slots__ = ("_fsync", "_kept", "every_ns", "kept_at", "path")

    def __init__(self, path: Path, *, fsync: bool = True) -> None:
        self.path = path
        self._fsync = fsync
        self._kept: Head | None = None
        self.every_ns = KEEP_EVERY_NS
        self.kept_at = 0

    def read(self) -> Head | None:
        """What the file says, None if there is none; raises LogDamaged if it cannot be read."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            said = json.loads(raw)
            head = Head(said["number"], said["hash"])
            as_written = _spell(head, said["at"]) == raw and len(bytes.fromhex(head.hash)) == 32
        except (ValueError, KeyError, TypeError):
            as_written = False
        if not as_written:
            raise LogDamaged(1, f"{self.path.name}: the head file is not as it was written")
        return head

    def due(self, head: Head, now: int) -> bool:
        """True if `head` is news and the file was last written `every_ns` ago or more (`now` in UTC ns)."""
        return head != self._kept and now - self.kept_at >= self.every_ns

    def keep(self, head: Head, now: int) -> None:
        """Write the head: a temporary file, synced, put in place of the old one."""
        temporary = self.path.with_name(self.path.name + ".new")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            os.write(handle, _spell(head, now))
            if self._fsync:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, self.path)
        if self._fsync:
            _sync_folder(self.path.parent)
        self._kept = head
        self.kept_at = now


def _spell(head: Head, at: int) -> bytes:
    """One line of JSON that vouches for itself, so that a flipped bit in it is not taken for a cut tail."""
    check = sha256(f"{head.number} {head.hash} {at}".encode()).hexdigest()
    return json.dumps({"number": head.number, "hash": head.hash, "at": at, "check": check}).encode() + b"\n"


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
