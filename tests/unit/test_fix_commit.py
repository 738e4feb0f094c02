"""Group commit: one sync for all who wait, told in order, and never before it is true."""

import errno
import threading
from pathlib import Path

import pytest
from fix_disks import CountingDisk, FailingDisk

from fix_gateway.journal.commit import Committer, CommitterClosed
from fix_gateway.journal.journal import Journal

PATIENCE_S = 30


def journal_on(
    path: Path, disk: CountingDisk | FailingDisk, committer: Committer, reserve: int = 9
) -> Journal:
    return Journal.open(path, durability="fsync", now=1, reserve=reserve, committer=committer, disk=disk)


def test_one_sync_serves_all_who_came_before_it_began(tmp_path: Path) -> None:
    disk, committer, told = CountingDisk(), Committer(), []
    journal = journal_on(tmp_path / "peer.journal", disk, committer, reserve=1_000)
    while disk.began.acquire(blocking=False):
        pass
    syncs = disk.syncs
    disk.gate.clear()
    for number in range(1, 6):
        journal.save(number, "S", b"quote")
        journal.flush()
        committer.submit(journal, lambda error, number=number: told.append((number, error)))  # type: ignore[misc]
        if number == 1:
            assert disk.began.acquire(timeout=PATIENCE_S)
    assert told == [] and committer.waiting == 4
    disk.gate.set()
    committer.close()
    assert disk.syncs == syncs + 2
    assert told == [(number, None) for number in range(1, 6)]
    assert committer.syncs == 2
    journal.close()


def test_a_slow_journal_keeps_no_other_waiting(tmp_path: Path) -> None:
    slow, quick, committer, told = CountingDisk(), CountingDisk(), Committer(), threading.Event()
    first = journal_on(tmp_path / "slow.journal", slow, committer)
    second = journal_on(tmp_path / "quick.journal", quick, committer)
    slow.gate.clear()
    for journal in (first, first, second):
        journal.save(journal.next_out, "S", b"quote")
        journal.flush()
    committer.submit(first, lambda _: None)
    committer.submit(first, lambda _: None)
    committer.submit(second, lambda _: told.set())
    assert told.wait(PATIENCE_S)
    slow.gate.set()
    first.close()
    second.close()
    committer.close()


def test_a_journal_that_fails_concerns_its_own_waiters_only(tmp_path: Path) -> None:
    ill, committer, told = FailingDisk(), Committer(), {}
    first = journal_on(tmp_path / "ill.journal", ill, committer)
    second = journal_on(tmp_path / "well.journal", FailingDisk(), committer)
    ill.refuses = {"sync": errno.EIO}
    for name, journal in (("ill", first), ("well", second)):
        journal.save(1, "S", b"quote")
        journal.flush()
        committer.submit(journal, lambda error, name=name: told.update({name: error}))  # type: ignore[misc]
    committer.close()
    assert told["well"] is None
    assert "cannot be synced" in str(told["ill"])
    assert first.failure is told["ill"]
    first.close()
    second.close()


def test_who_was_closed_in_order_was_synced_and_who_was_let_go_was_not(tmp_path: Path) -> None:
    disk, committer, told = CountingDisk(), Committer(), []
    closed = journal_on(tmp_path / "closed.journal", disk, committer)
    dropped = journal_on(tmp_path / "dropped.journal", disk, committer)
    for journal in (closed, dropped):
        journal.save(1, "S", b"quote")
        journal.flush()
    closed.close()
    dropped.abandon()
    for journal in (closed, dropped):
        committer.submit(journal, told.append)
    committer.close()
    assert sorted(map(str, told)) == ["None", "dropped.journal was let go before it was synced"]


def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    committer = Committer(threads=1)
    journal = journal_on(tmp_path / "peer.journal", CountingDisk(), committer)
    journal.close()
    committer.close()
    with pytest.raises(CommitterClosed, match="is closed"):
        committer.submit(journal, lambda _: None)
    with pytest.raises(ValueError, match="threads: 0"):
        Committer(threads=0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_in_a_callback_is_told_to_all_who_wait(tmp_path: Path) -> None:
    disk, committer, told = CountingDisk(), Committer(threads=1), []
    journal = journal_on(tmp_path / "peer.journal", disk, committer)
    while disk.began.acquire(blocking=False):
        pass
    disk.gate.clear()
    journal.save(1, "S", b"quote")
    journal.flush()

    def mistaken(_error: Exception | None) -> None:
        raise LookupError("nobody there")

    committer.submit(journal, mistaken)
    assert disk.began.acquire(timeout=PATIENCE_S)
    committer.submit(journal, told.append)
    disk.gate.set()
    committer.close()
    assert len(told) == 1 and isinstance(told[0], CommitterClosed)
    with pytest.raises(CommitterClosed, match="died: LookupError"):
        committer.submit(journal, told.append)
    journal.close()


def test_numbers_are_reserved_in_the_background_before_they_run_out(tmp_path: Path) -> None:
    disk, committer = CountingDisk(), Committer()
    journal = Journal.open(
        tmp_path / "peer.journal", durability="os", now=1, reserve=100, committer=committer, disk=disk
    )
    while disk.began.acquire(blocking=False):
        pass
    for number in range(1, 52):
        journal.save(number, "S", b"quote")
        journal.flush()
    assert disk.began.acquire(timeout=PATIENCE_S)
    assert not disk.began.acquire(blocking=False)
    journal.close()
    committer.close()
