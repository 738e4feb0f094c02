"""Who is told what, and when, by the two writers."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from audit_streams import CHAIN, START_AT, grow

from rfq.audit.chain import Chain, Entry
from rfq.audit.errors import LogBusy, LogClosed, LogGap
from rfq.audit.headfile import Head
from rfq.audit.log import AuditLog
from rfq.audit.writer import GroupWriter, InlineWriter

WAIT_S = 20


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    """An empty log on disk."""
    found = AuditLog.open(tmp_path / "desk.db", writable=True, fsync=False)
    yield found
    found.close()


class Ears:
    """Notes what was told to whom, and lets a test wait for it."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Exception | None]] = []
        self._more = threading.Condition()

    def of(self, entry: Entry) -> Callable[[Exception | None], None]:
        """The callback of this entry."""

        def done(error: Exception | None) -> None:
            with self._more:
                self.told.append((entry.number, error))
                self._more.notify_all()

        return done

    def wait(self, count: int) -> None:
        """Until so many were told."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.told) >= count, WAIT_S)


class Gate:
    """A failpoint at which the writer waits until it is let through."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, place: str) -> None:
        if place == self.place:
            self.reached.set()
            assert self.open.wait(WAIT_S)


def test_everyone_is_told_in_order_and_only_after_the_commit(log: AuditLog) -> None:
    ears, gate = Ears(), Gate("after-commit")
    writer = GroupWriter(log, lambda: START_AT, failpoint=gate)
    entries = list(grow(Chain(CHAIN), 30))
    writer.submit(entries[0], ears.of(entries[0]))
    assert gate.reached.wait(WAIT_S)
    for entry in entries[1:]:
        writer.submit(entry, ears.of(entry))
    assert ears.told == []
    assert writer.waiting == 29
    gate.open.set()
    ears.wait(30)
    assert ears.told == [(number, None) for number in range(1, 31)]
    writer.close()
    assert log.head().number == 30
    assert log.head_file is not None
    assert log.head_file.read() == log.head()
    assert writer.failure is None


def test_what_waits_goes_into_one_commit(log: AuditLog) -> None:
    commits: list[int] = []
    gate = Gate("before-commit")

    def failpoint(place: str) -> None:
        gate(place)
        if place == "after-commit":
            commits.append(log.head().number)

    writer = GroupWriter(log, lambda: START_AT, batch_max=20, failpoint=failpoint)
    ears = Ears()
    entries = list(grow(Chain(CHAIN), 46))
    writer.submit(entries[0], ears.of(entries[0]))
    assert gate.reached.wait(WAIT_S)
    for entry in entries[1:]:
        writer.submit(entry, ears.of(entry))
    gate.open.set()
    writer.close()
    assert commits == [1, 21, 41, 46]


def test_a_full_queue_says_so_and_takes_nothing(log: AuditLog) -> None:
    gate, ears = Gate("before-commit"), Ears()
    writer = GroupWriter(log, lambda: START_AT, queue_max=3, failpoint=gate)
    entries = list(grow(Chain(CHAIN), 5))
    writer.submit(entries[0], ears.of(entries[0]))
    assert gate.reached.wait(WAIT_S)
    for entry in entries[1:4]:
        writer.submit(entry, ears.of(entry))
    with pytest.raises(LogBusy):
        writer.submit(entries[4], ears.of(entries[4]))
    gate.open.set()
    writer.close()
    assert [number for number, _ in ears.told] == [1, 2, 3, 4]


def test_after_a_failure_everyone_who_waits_or_comes_hears_of_it(log: AuditLog) -> None:
    gate, ears = Gate("before-commit"), Ears()
    writer = GroupWriter(log, lambda: START_AT, batch_max=2, failpoint=gate)
    entries = list(grow(Chain(CHAIN), 8))
    wrong = [entries[0], entries[2], entries[3], entries[4]]
    writer.submit(wrong[0], ears.of(wrong[0]))
    assert gate.reached.wait(WAIT_S)
    for entry in wrong[1:]:
        writer.submit(entry, ears.of(entry))
    gate.open.set()
    ears.wait(4)
    assert ears.told[0] == (1, None)
    assert [(number, type(error)) for number, error in ears.told[1:]] == [(n, LogGap) for n in (3, 4, 5)]
    assert isinstance(writer.failure, LogGap)
    writer.submit(entries[5], ears.of(entries[5]))
    assert ears.told[-1] == (6, writer.failure)
    writer.close()
    assert log.head().number == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_callback_that_raises_ends_the_writer(log: AuditLog) -> None:
    ears = Ears()
    gate = Gate("before-commit")
    writer = GroupWriter(log, lambda: START_AT, failpoint=gate)
    entries = list(grow(Chain(CHAIN), 3))

    def broken(error: Exception | None) -> None:
        raise RuntimeError("a bug")

    writer.submit(entries[0], ears.of(entries[0]))
    writer.submit(entries[1], broken)
    writer.submit(entries[2], ears.of(entries[2]))
    assert gate.reached.wait(WAIT_S)
    gate.open.set()
    ears.wait(2)
    writer.close()
    assert isinstance(writer.failure, LogClosed)
    assert ears.told[0] == (1, None)
    assert ears.told[1] == (3, writer.failure)


def test_a_closed_writer_takes_nothing(log: AuditLog) -> None:
    writer = GroupWriter(log, lambda: START_AT)
    writer.close()
    entry = next(grow(Chain(CHAIN), 1))
    with pytest.raises(LogClosed):
        writer.submit(entry, lambda error: None)


def test_the_head_file_follows_while_nothing_comes(log: AuditLog) -> None:
    now = [START_AT]
    written = threading.Event()

    def failpoint(place: str) -> None:
        if place == "after-head" and log.head_file is not None and log.head_file.read() == Head(9, last):
            written.set()

    entries = list(grow(Chain(CHAIN), 9))
    last = entries[-1].hash
    writer = GroupWriter(log, lambda: now[0], failpoint=failpoint)
    ears = Ears()
    for entry in entries:
        writer.submit(entry, ears.of(entry))
    ears.wait(9)
    now[0] += 10**9  # no entry comes any more, but time passes
    assert written.wait(WAIT_S)
    writer.close()


def test_inline_commits_every_so_many_and_at_the_end(log: AuditLog) -> None:
    ears = Ears()
    writer = InlineWriter(log, batch=4)
    for entry in grow(Chain(CHAIN), 10):
        writer.submit(entry, ears.of(entry))
        assert ears.told[-1] == (entry.number, None)
        assert log.head().number == entry.number // 4 * 4
    assert writer.waiting == 2
    writer.close()
    writer.flush()
    assert log.head().number == 10
    assert writer.waiting == 0


def test_inline_fails_for_good(log: AuditLog) -> None:
    ears = Ears()
    writer = InlineWriter(log, batch=1)
    entries = list(grow(Chain(CHAIN), 4))
    writer.submit(entries[0], ears.of(entries[0]))
    writer.submit(entries[2], ears.of(entries[2]))
    writer.submit(entries[1], ears.of(entries[1]))
    writer.flush()
    assert [type(error) for _, error in ears.told] == [type(None), LogGap, LogGap]
    assert isinstance(writer.failure, LogGap)


def test_a_disk_that_fails_is_told(log: AuditLog) -> None:
    log.connection.execute("DROP TABLE mentions")
    ears = Ears()
    writer = GroupWriter(log, lambda: START_AT)
    entry = next(grow(Chain(CHAIN), 1))
    writer.submit(entry, ears.of(entry))
    ears.wait(1)
    assert isinstance(ears.told[0][1], sqlite3.Error)
    writer.close()
