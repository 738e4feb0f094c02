"""The calls to the operating system that a journal makes, in one place: a test puts in one that records them, refuses
them, or dies in them."""

import fcntl
import os
from pathlib import Path

_sync_file = getattr(os, "fdatasync", os.fsync)
OWNER_ONLY = 0o600


class Disk:
    """The real disk. Each call may raise OSError."""

    def lock(self, path: Path) -> int:
        """Take the lock that this file stands for, as long as the handle is open; BlockingIOError if it is taken."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise
        return handle

    def open(self, path: Path, *, writable: bool = True) -> int:
        """Open a file that exists; what is written goes to its end."""
        return os.open(path, (os.O_RDWR | os.O_APPEND if writable else os.O_RDONLY) | os.O_CLOEXEC)

    def create(self, path: Path) -> int:
        """Begin an empty file, in place of one that may be there."""
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, OWNER_ONLY)

    def size(self, handle: int) -> int:
        """How long the file is."""
        return os.fstat(handle).st_size

    def read(self, handle: int, offset: int, count: int) -> bytes:
        """Some bytes; fewer at the end of the file."""
        return os.pread(handle, count, offset)

    def write(self, handle: int, content: bytes) -> None:
        """Append all of it."""
        written = os.write(handle, content)
        while written < len(content):
            written += os.write(handle, content[written:])

    def cut(self, handle: int, length: int) -> None:
        """Take away what lies behind `length`."""
        os.ftruncate(handle, length)

    def sync(self, handle: int) -> None:
        """Return when the file's content would survive a power cut."""
        _sync_file(handle)

    def replace(self, new: Path, old: Path) -> None:
        """Put a file in place of another, at once and wholly."""
        os.replace(new, old)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def close(self, handle: int) -> None:
        """Let a handle go, and a lock with it."""
        os.close(handle)
