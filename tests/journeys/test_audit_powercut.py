"""The power goes at any moment: nothing that was acknowledged is lost, and the chain goes on."""

from dataclasses import dataclass, field
from pathlib import Path

import apsw
import numpy as np
import pytest
from audit_streams import CHAIN, START_AT, grow
from recording_vfs import Disk

from rfq.audit.errors import LogDamaged
from rfq.audit.log import AuditLog

COMMITS = 60
SMALL_WAL = 30  # pages, so that the log is carried over into the database many times


@dataclass
class Run:
    """What was done to a recorded disk, and what had been promised when."""

    disk: Disk
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    heads: list[tuple[int, bytes]] = field(default_factory=list)

    def promised(self, position: int) -> int:
        """The newest record acknowledged by then."""
        return max((number for at, number in self.acknowledged if at <= position), default=0)

    def head_file(self, position: int) -> bytes:
        """The head file as it was then (its own syncs make it durable before `keep` returns)."""
        return [content for at, content in self.heads if at <= position][-1]


def record(folder: Path, synchronous: str) -> Run:
    """Write a log on a recorded disk; `synchronous` overrides what the log asked for."""
    run = Run(Disk())
    path = folder / "desk.db"
    head = folder / "desk.db.head"

    def connect(path: Path) -> apsw.Connection:
        run.heads.append((run.disk.position, head.read_bytes()))
        return run.disk.connect(path)

    log = AuditLog.open(path, writable=True, connect=connect)
    log.connection.execute(f"PRAGMA wal_autocheckpoint={SMALL_WAL}").fetchall()
    if synchronous != "FULL":
        log.connection.execute(f"PRAGMA synchronous={synchronous}")
    assert log.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    chain = log.chain(CHAIN)
    dice = np.random.default_rng(5)
    for commit in range(COMMITS):
        log.append(list(grow(chain, int(dice.integers(1, 8)))))
        run.acknowledged.append((run.disk.position, log.head().number))
        if commit % 5 == 4:
            log.keep_head(START_AT + commit)
            run.heads.append((run.disk.position, head.read_bytes()))
    return run


def lost_after(run: Run, position: int, folder: Path, seed: int) -> int:
    """How many acknowledged records are gone if the power goes then; the log must open and go on."""
    folder.mkdir()
    run.disk.cut(position, folder, np.random.default_rng(seed))
    (folder / "desk.db.head").write_bytes(run.head_file(position))
    promised = run.promised(position)
    try:
        log = AuditLog.open(folder / "desk.db", writable=True, fsync=False)
    except LogDamaged as damage:
        assert promised, damage
        return promised - damage.number + 1
    found = log.head().number
    if found >= promised:
        log.append(list(grow(log.chain(CHAIN), 3)))
    log.close()
    return promised - found


def losses(run: Run, folder: Path, cuts: int, first: int) -> list[int]:
    """What is lost at each of so many random moments from operation `first` on."""
    dice = np.random.default_rng(11)
    positions = dice.integers(first, run.disk.position + 1, cuts)
    return [lost_after(run, int(at), folder / f"cut{seed}", seed) for seed, at in enumerate(positions)]


@pytest.mark.slow
def test_a_power_cut_loses_nothing_acknowledged(tmp_path: Path) -> None:
    run = record(tmp_path, "FULL")
    assert sum(one.kind == "sync" for one in run.disk.operations) > COMMITS
    assert max(losses(run, tmp_path, 100, 0)) <= 0


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
def test_a_thousand_power_cuts_lose_nothing_acknowledged(tmp_path: Path) -> None:
    run = record(tmp_path, "FULL")
    assert max(losses(run, tmp_path, 1_000, 0)) <= 0


def test_the_suite_catches_synchronous_normal(tmp_path: Path) -> None:
    run = record(tmp_path, "NORMAL")
    lost = losses(run, tmp_path, 40, run.acknowledged[5][0])
    assert sum(one > 0 for one in lost) > 20
