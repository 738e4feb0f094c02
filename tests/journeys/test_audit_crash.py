"""SIGKILL at each step of the writer: nothing acknowledged is lost, and the chain goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rfq.audit.log import AuditLog
from rfq.audit.verify import verify

TESTS = Path(__file__).resolve().parent.parent
PLACES = [
    *[("statement", hit) for hit in (1, 2, 3, 4, 9, 40)],
    *[("before-commit", hit) for hit in (1, 6)],
    *[("after-commit", hit) for hit in (1, 6)],
    *[("after-done", hit) for hit in (1, 6)],
    *[(place, 1) for place in ("before-head", "after-head")],
]


def crash(path: Path, place: str, hit: int, mutant: str = "-") -> list[int]:
    """Run a writer that dies there; returns the records that it was told are durable."""
    found = subprocess.run(
        [sys.executable, str(TESTS / "crash_writer.py"), str(path), place, str(hit), mutant],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
        capture_output=True,
        check=False,
    )
    assert found.returncode == -signal.SIGKILL, found.stderr.decode()
    return [int(line) for line in found.stdout.split()]


def reopen(path: Path) -> int:
    """Open as a writer does, which verifies; close, verify deeply; the number of records."""
    with AuditLog.open(path, writable=True) as log:
        count = log.head().number
    with AuditLog.open(path, writable=False) as log:
        report = verify(log, deep=True)
    assert report.ok, report.problem
    assert report.head.number == count
    return count


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    before = 0
    for place, hit in PLACES:
        acknowledged = crash(path, place, hit)
        assert acknowledged == list(range(before + 1, before + 1 + len(acknowledged))), (place, hit)
        count = reopen(path)
        assert count >= before + len(acknowledged), (place, hit)
        before = count
    assert before > 50


def test_the_suite_catches_acknowledging_before_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    acknowledged = crash(path, "before-commit", 3, "eager")
    assert reopen(path) < max(acknowledged)
