"""A disk that remembers: every write, truncation and sync that SQLite makes, so that a power cut can be played.

`kill -9` loses nothing that was written, synced or not: the kernel still has it. A power cut loses what was not synced.
Here each write is noted; `cut` builds the files as they might be found afterwards: everything up to a file's last sync
is there, and of what came later each write is there, or is not, or only some of its sectors.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing done to one file: a write, a truncation (to `offset`), a sync or a deletion."""

    file: str
    kind: str
    offset: int = 0
    written: bytes = b""


class Disk:
    """The operations in their order."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.vfs = _Vfs(self)

    @property
    def position(self) -> int:
        """How many operations there were."""
        return len(self.operations)

    def connect(self, path: Path) -> apsw.Connection:
        """A connection whose files are recorded. (Without shared memory, WAL needs the exclusive lock.)"""
        connection = apsw.Connection(str(path), vfs=self.vfs.name)
        connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        return connection

    def cut(self, position: int, folder: Path, dice: np.random.Generator) -> None:
        """The files as they may be found if the power went after so many operations."""
        done = self.operations[:position]
        last_sync = max((place for place, one in enumerate(done) if one.kind == "sync"), default=-1)
        for name in sorted({one.file for one in done}):
            mine = [(place, one) for place, one in enumerate(done) if one.file == name]
            gone = max((place for place, one in mine if one.kind == "delete"), default=-1)
            if gone > -1 and (
                gone < last_sync or dice.random() < 0.5
            ):  # any later sync carries the folder too
                mine = [(place, one) for place, one in mine if place > gone]
            synced = max((place for place, one in mine if one.kind == "sync"), default=-1)
            content = bytearray()
            for place, one in mine:
                _apply(content, one, whole=place < synced, dice=dice)
            if mine:
                (folder / name).write_bytes(bytes(content))


def _apply(content: bytearray, one: Operation, *, whole: bool, dice: np.random.Generator) -> None:
    """Do one operation: wholly if it was synced, else perhaps, or in part."""
    if one.kind == "truncate" and (whole or dice.random() < 0.5):
        del content[one.offset :]
    if one.kind != "write":
        return
    chance = 1.0 if whole else dice.choice([0.0, 0.5, 1.0])
    for start in range(0, len(one.written), SECTOR):
        if dice.random() < chance:
            piece = one.written[start : start + SECTOR]
            at = one.offset + start
            content.extend(bytes(max(0, at + len(piece) - len(content))))
            content[at : at + len(piece)] = piece


class _Vfs(apsw.VFS):
    """Hands out recording files."""

    _made = 0

    def __init__(self, disk: Disk) -> None:
        _Vfs._made += 1
        self.name = f"recording{_Vfs._made}"
        self._disk = disk
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: Any) -> "_File":
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.operations.append(Operation(Path(filename).name, "delete"))
        super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    """Passes everything on, and notes it."""

    def __init__(self, disk: Disk, name: Any, flags: Any) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else "temporary"
        super().__init__("", name, flags)

    def _note(self, kind: str, offset: int = 0, written: bytes = b"") -> None:
        self._disk.operations.append(Operation(self._name, kind, offset, written))

    def xWrite(self, data: Any, offset: int) -> None:
        self._note("write", offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._note("truncate", newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._note("sync")
