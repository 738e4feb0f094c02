"""The journal: what it remembers, what it refuses, what it tells of a file that is not as it was left."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from fix_disks import CountingDisk, FailingDisk, FastDisk

from fix_gateway.journal.journal import (
    Durability,
    Journal,
    JournalError,
    JournalForeign,
    JournalLocked,
    inspect,
)
from fix_gateway.journal.records import BODY_BYTES_MAX

SECRET = b"s3cret"


def open_at(path: Path, durability: Durability = "os", **options: object) -> Journal:
    options.setdefault("disk", FastDisk())
    return Journal.open(path, durability=durability, now=7, **options)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "peer.journal"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = open_at(path)
    yield journal
    journal.abandon()


def fill(journal: Journal, count: int, *, size: int = 20) -> None:
    for _ in range(count):
        number = journal.next_out
        journal.save(number, "S", b"%d:" % number + b"q" * size, b"t%d" % number)
    journal.flush()


def test_a_new_journal_begins_at_one(journal: Journal) -> None:
    assert (journal.next_in, journal.next_out, journal.opened_at) == (1, 1, 7)
    assert not journal.unclean and not journal.problem
    assert list(journal.tags()) == []


def test_it_reads_what_it_saved_flushed_or_not(journal: Journal) -> None:
    fill(journal, 3)
    journal.save(4, "0", b"heartbeat", admin=True)
    journal.save(5, "8", b"fill")
    assert [kept.seq for kept in journal.read(2, 99)] == [2, 3, 5]
    assert [kept.seq for kept in journal.read(1, 2)] == [1, 2]
    assert [kept.raw for kept in journal.read(5, 5)] == [b"fill"]
    assert [kept.tag for kept in journal.tags()] == [b"t1", b"t2", b"t3"]
    assert journal.next_out == 6


def test_a_clean_stop_keeps_the_numbers(path: Path, journal: Journal) -> None:
    fill(journal, 3)
    journal.skip(9)
    journal.heard(5)
    journal.close()
    journal.close()
    again = open_at(path)
    assert (again.next_out, again.next_in, again.opened_at, again.unclean) == (9, 5, 7, False)
    assert [kept.seq for kept in again.read(1, 99)] == [1, 2, 3]
    again.abandon()


@pytest.mark.parametrize("durability", ["none", "os", "fsync"])
def test_after_an_unclean_stop_it_goes_on_above_what_was_reserved(path: Path, durability: Durability) -> None:
    first = open_at(path, durability, reserve=50)
    fill(first, 3)
    first.abandon()
    second = open_at(path, durability, reserve=50)
    assert second.unclean and second.next_out == 51
    assert [kept.seq for kept in second.read(4, 60)] == []
    fill(second, 1)
    second.abandon()
    third = open_at(path, durability, reserve=50)
    assert third.next_out == 101
    third.abandon()


def test_a_number_is_saved_once_and_none_goes_back(journal: Journal) -> None:
    fill(journal, 2)
    with pytest.raises(ValueError, match="2 saved, 3 is next"):
        journal.save(2, "S", b"")
    with pytest.raises(ValueError, match="never go back"):
        journal.skip(1)
    with pytest.raises(ValueError, match="too long"):
        journal.save(3, "S", bytes(BODY_BYTES_MAX))
    journal.save(3, "S", b"")


def test_a_reset_begins_anew_even_for_one_who_is_reading(path: Path, journal: Journal) -> None:
    fill(journal, 300, size=2_000)
    journal.heard(17)
    reading = journal.read(1, 300)
    next(reading)
    journal.reset(99)
    assert list(reading) == []
    assert (journal.next_in, journal.next_out, journal.opened_at) == (1, 1, 99)
    fill(journal, 2)
    journal.close()
    again = open_at(path)
    assert [kept.seq for kept in again.tags()] == [1, 2]
    assert again.opened_at == 99
    again.abandon()


def test_one_flush_is_one_write(path: Path) -> None:
    disk = CountingDisk()
    journal = open_at(path, disk=disk)
    writes, syncs = disk.writes, disk.syncs
    fill(journal, 16)
    journal.flush()
    assert disk.writes == writes + 1 and disk.syncs == syncs
    journal.heard(5)
    journal.heard(6)
    journal.flush()
    assert disk.writes == writes + 2
    journal.abandon()


def test_without_durability_it_writes_now_and_then(path: Path) -> None:
    disk = CountingDisk()
    journal = open_at(path, "none", disk=disk)
    writes = disk.writes
    for _ in range(100):
        fill(journal, 1, size=1_000)
    assert disk.writes == writes + 1
    assert disk.syncs == 0
    assert len(list(journal.read(1, 100))) == 100
    journal.abandon()


def test_with_fsync_a_flush_syncs_what_is_new(path: Path) -> None:
    disk = CountingDisk()
    journal = open_at(path, "fsync", disk=disk)
    syncs = disk.syncs
    fill(journal, 5)
    journal.flush()
    assert disk.syncs == syncs + 1
    journal.save(6, "S", b"read before it was flushed")
    assert len(list(journal.read(1, 6))) == 6
    journal.flush()
    assert disk.syncs == syncs + 2
    journal.abandon()


def test_numbers_are_reserved_on_the_disk_before_they_are_used_up_and_ever_more_at_once(path: Path) -> None:
    disk = CountingDisk()
    journal = open_at(path, disk=disk, reserve=10)
    syncs = []
    for number in range(1, 1_001):
        before = disk.syncs
        fill(journal, 1)
        if disk.syncs > before:
            syncs.append(number)
    assert syncs == [11, 32, 73, 154, 315, 636]
    journal.skip(90_000)
    journal.flush()
    journal.abandon()
    assert open_and_leave(path).next_out > 90_000


def open_and_leave(path: Path) -> Journal:
    journal = open_at(path)
    journal.abandon()
    return journal


def test_the_index_stays_small_and_finds(journal: Journal) -> None:
    fill(journal, 10_000)
    assert len(journal._index.numbers) == 40
    for begin in (1, 255, 256, 257, 258, 5_000, 9_999):
        assert [kept.seq for kept in journal.read(begin, begin + 1)] == [begin, begin + 1]
    assert list(journal.read(10_001, 20_000)) == []


def test_no_password_reaches_the_file(path: Path, journal: Journal) -> None:
    journal.save(1, "A", b"554=" + SECRET, admin=True)
    journal.save(2, "A", b"925=" + SECRET)
    journal.save(3, "BE", b"554=" + SECRET)
    journal.close()
    assert SECRET not in path.read_bytes()


# --------------------------------------------------------------------------------------------------- refusals


def test_a_journal_has_one_owner(path: Path, journal: Journal) -> None:
    with pytest.raises(JournalLocked, match=r"peer\.journal is in use by another process"):
        open_at(path)
    fill(journal, 1)
    journal.close()
    open_at(path).close()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"8=FIX.4.4\x01", "is not a FIX journal"),
        (b"FIXJRNL\x02" + bytes(40), "has format 2, this program reads format 1"),
        (b"FIXJRNL\x01", "is cut within its header"),
        (b"FIXJRNL\x01" + bytes(40), "has a damaged header"),
    ],
)
def test_a_file_that_is_no_journal_is_left_alone(path: Path, content: bytes, complaint: str) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalForeign, match=complaint) as refused:
        open_at(path)
    assert refused.value.path == path
    assert path.read_bytes() == content
    with pytest.raises(JournalForeign, match=complaint):
        list(inspect(path))


def test_options_that_make_no_sense_are_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="durability: 'often'"):
        open_at(path, "often")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="reserve: 0"):
        open_at(path, reserve=0)


def test_what_the_system_refuses_is_told(tmp_path: Path, path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened: No such file or directory"):
        open_at(tmp_path / "nowhere" / "peer.journal")
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalError, match="cannot be opened: Is a directory"):
        open_at(tmp_path / "folder")
    disk = FailingDisk()
    for call in ("open", "create"):
        disk.refuses = {call: errno.EACCES}
        with pytest.raises(JournalError, match="cannot be opened: Permission denied"):
            open_at(path, disk=disk)
    with pytest.raises(JournalError, match="cannot be opened: No such file"):
        list(inspect(tmp_path / "nowhere"))


def test_a_full_disk_ends_the_journal_and_the_next_life_cuts_the_torn_record(path: Path) -> None:
    disk = FailingDisk()
    journal = open_at(path, disk=disk)
    fill(journal, 3)
    disk.refuses = {"write": errno.ENOSPC}
    journal.save(4, "S", b"never sent")
    with pytest.raises(JournalError, match="cannot be written: No space left on device"):
        journal.flush()
    disk.refuses = {}
    with pytest.raises(JournalError, match="No space left"):
        journal.flush()
    with pytest.raises(JournalError, match="No space left"):
        journal.reset(8)
    journal.close()
    again = open_at(path)
    assert again.unclean and "torn tail" in again.problem
    assert [kept.seq for kept in again.read(1, 99)] == [1, 2, 3]
    assert again.next_out == 1_001
    again.abandon()


def test_a_sync_that_failed_is_not_tried_again(path: Path) -> None:
    disk = FailingDisk()
    journal = open_at(path, "fsync", disk=disk)
    journal.save(1, "S", b"never sent")
    disk.refuses = {"sync": errno.EIO}
    with pytest.raises(JournalError, match="cannot be synced: Input/output error"):
        journal.flush()
    disk.refuses = {}
    with pytest.raises(JournalError, match="cannot be synced"):
        journal.sync()
    assert journal.failure is not None
    journal.close()


def test_a_reset_that_fails_leaves_the_old_file(path: Path) -> None:
    disk = FailingDisk()
    for call in ("create", "write", "sync", "replace"):
        journal = open_at(path, disk=disk)
        disk.refuses = {call: errno.ENOSPC}
        with pytest.raises(JournalError, match="No space left"):
            journal.reset(9)
        disk.refuses = {}
        journal.close()
    assert open_and_leave(path).opened_at == 7


def test_what_cannot_be_read_is_told_and_does_not_end_the_journal(path: Path) -> None:
    disk = FailingDisk()
    journal = open_at(path, disk=disk)
    fill(journal, 3)
    disk.refuses = {"read": errno.EIO}
    with pytest.raises(JournalError, match="cannot be read: Input/output error"):
        list(journal.read(1, 3))
    disk.refuses = {}
    fill(journal, 1)
    journal.close()
