"""Disks for journals: one that never syncs (fast), one that dies, one that refuses, one whose power can be cut."""

import errno
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from fix_gateway.journal.disk import Disk

SECTOR = 512


class FastDisk(Disk):
    """Syncs nothing."""

    def sync(self, handle: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


class CountingDisk(FastDisk):
    """Counts what it is asked for; a sync waits for the gate."""

    def __init__(self) -> None:
        self.writes = 0
        self.syncs = 0
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Semaphore(0)

    def write(self, handle: int, content: bytes) -> None:
        self.writes += 1
        super().write(handle, content)

    def sync(self, handle: int) -> None:
        self.syncs += 1
        self.began.release()
        self.gate.wait()


class FailingDisk(FastDisk):
    """Refuses what is named in `refuses`; a full disk takes half of what it gets."""

    def __init__(self) -> None:
        self.refuses: dict[str, int] = {}

    def _maybe(self, call: str) -> None:
        if call in self.refuses:
            raise OSError(self.refuses[call], os.strerror(self.refuses[call]))

    def open(self, path: Path, *, writable: bool = True) -> int:
        self._maybe("open")
        return super().open(path, writable=writable)

    def create(self, path: Path) -> int:
        self._maybe("create")
        return super().create(path)

    def write(self, handle: int, content: bytes) -> None:
        if self.refuses.get("write") == errno.ENOSPC:
            super().write(handle, content[: len(content) // 2])
        self._maybe("write")
        super().write(handle, content)

    def read(self, handle: int, offset: int, count: int) -> bytes:
        self._maybe("read")
        return super().read(handle, offset, count)

    def sync(self, handle: int) -> None:
        self._maybe("sync")

    def replace(self, new: Path, old: Path) -> None:
        self._maybe("replace")
        super().replace(new, old)


class DeadlyDisk(Disk):
    """Ends this process at the hit-th passing of a place: "<when>-<call>", after the name of a phase if one is set."""

    def __init__(self, place: str, hit: int) -> None:
        self._place = place
        self._left = hit
        self.phase = ""

    def pass_by(self, here: str) -> None:
        """Die if this is the place."""
        self._left -= self._place in (here, self.phase + here)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, handle: int, content: bytes) -> None:
        self.pass_by("before-write")
        if self._place.endswith("half-write"):
            super().write(handle, content[: len(content) // 2])
            self.pass_by("half-write")
            super().write(handle, content[len(content) // 2 :])
        else:
            super().write(handle, content)
        self.pass_by("after-write")

    def sync(self, handle: int) -> None:
        self.pass_by("before-sync")
        super().sync(handle)
        self.pass_by("after-sync")

    def replace(self, new: Path, old: Path) -> None:
        self.pass_by("before-replace")
        super().replace(new, old)
        self.pass_by("after-replace")

    def sync_folder(self, folder: Path) -> None:
        self.pass_by("before-folder")
        super().sync_folder(folder)
        self.pass_by("after-folder")

    def cut(self, handle: int, length: int) -> None:
        self.pass_by("before-cut")
        super().cut(handle, length)
        self.pass_by("after-cut")


@dataclass
class Step:
    """Something that happened to a file (by its number), or that was told to the world (`note`)."""

    kind: Literal["write", "cut", "sync", "name", "folder", "note"]
    file: int = 0
    content: bytes = b""
    length: int = 0
    before: int = 0  # a sync covers the steps that were done when it began
    name: str = ""
    note: object = None


@dataclass
class PowerDisk(FastDisk):
    """Remembers in which order things were written and synced. One folder, one file at a time."""

    steps: list[Step] = field(default_factory=list)
    deaf: frozenset[str] = frozenset()  # a mutant: syncs that are not done ("sync", "folder")
    _files: dict[int, int] = field(default_factory=dict)
    _made: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def note(self, what: object) -> None:
        """The world has been told this."""
        self.steps.append(Step("note", note=what))

    def create(self, path: Path) -> int:
        handle = super().create(path)
        self._count += 1
        self._files[handle] = self._made[path.name] = self._count
        return handle

    def open(self, path: Path, *, writable: bool = True) -> int:
        handle = super().open(path, writable=writable)
        self._files[handle] = self._made[path.name]
        return handle

    def write(self, handle: int, content: bytes) -> None:
        super().write(handle, content)
        self.steps.append(Step("write", self._files[handle], content=content))

    def cut(self, handle: int, length: int) -> None:
        super().cut(handle, length)
        self.steps.append(Step("cut", self._files[handle], length=length))

    def sync(self, handle: int) -> None:
        if "sync" not in self.deaf:
            self.steps.append(Step("sync", self._files[handle], before=len(self.steps)))

    def replace(self, new: Path, old: Path) -> None:
        super().replace(new, old)
        self._made[old.name] = self._made.pop(new.name)
        self.steps.append(Step("name", self._made[old.name], name=old.name))

    def sync_folder(self, folder: Path) -> None:
        if "folder" not in self.deaf:
            self.steps.append(Step("folder", before=len(self.steps)))

    def notes(self, position: int) -> list[object]:
        """What the world had been told by then."""
        return [step.note for step in self.steps[:position] if step.kind == "note"]

    def power_cut(self, position: int, path: Path, dice: np.random.Generator) -> None:
        """Leave at `path` what may be left if the power goes after so many steps; nothing if it has no name yet."""
        steps = self.steps[:position]
        named = [(at, step.file) for at, step in enumerate(steps) if step.kind == "name"]
        safe = max((step.before for step in steps if step.kind == "folder"), default=0)
        sure = [file for at, file in named if at < safe][-1:]
        chances = sure + [file for at, file in named if at >= safe]
        if not sure:
            chances.append(0)
        file = chances[int(dice.integers(len(chances)))]
        if file:
            path.write_bytes(_left_of(file, steps, dice))


def _left_of(file: int, steps: list[Step], dice: np.random.Generator) -> bytes:
    """What was synced, and of the rest nothing, a part, or any of its sectors."""
    safe = max((step.before for step in steps if step.kind == "sync" and step.file == file), default=0)
    content, synced = b"", 0
    for at, step in enumerate(steps):
        if step.file != file:
            continue
        if step.kind == "write":
            content += step.content
        elif step.kind == "cut":
            content = content[: step.length]
            synced = min(synced, step.length)
        if at < safe:
            synced = len(content)
    chosen: list[Callable[[], bytes]] = [
        lambda: content[:synced],
        lambda: content[: int(dice.integers(synced, len(content) + 1))] if len(content) > synced else content,
        lambda: _sectors(content, synced, dice),
    ]
    return chosen[int(dice.integers(3))]()


def _sectors(content: bytes, synced: int, dice: np.random.Generator) -> bytes:
    """The file has its whole length, but some of its new sectors were not written."""
    left = bytearray(content)
    for begin in range(synced // SECTOR * SECTOR, len(content), SECTOR):
        if dice.random() < 0.5:
            at = max(begin, synced)
            left[at : begin + SECTOR] = bytes(len(left[at : begin + SECTOR]))
    return bytes(left)
