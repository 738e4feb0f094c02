"""Opening, appending, reading and refusing: the log's own door."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from audit_streams import CHAIN, IMAGE, START_AT, grow, market, write_log

from rfq.audit import sqlite
from rfq.audit.chain import Chain
from rfq.audit.errors import (
    LogClosed,
    LogDamaged,
    LogError,
    LogGap,
    LogLocked,
    LogMissing,
    LogOutdated,
    LogUnavailable,
)
from rfq.audit.headfile import EMPTY, Head, HeadFile
from rfq.audit.log import AuditLog, path_of
from rfq.domain import canon
from rfq.domain.record import GENESIS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is kept."""
    return tmp_path / "folder" / "desk.db"


def test_a_new_log_is_empty_and_knows_its_head(path: Path) -> None:
    with AuditLog.open(path, writable=True, fsync=False) as log:
        assert log.head() == EMPTY == Head(0, GENESIS)
        assert log.chain_id() is None
        assert log.newest_segment() is None
        assert list(log.records()) == []
        assert HeadFile(path.with_name("desk.db.head")).read() == EMPTY


def test_what_is_appended_is_read_back_and_continued(path: Path) -> None:
    write_log(path, 60)
    with AuditLog.open(path, writable=True, fsync=False) as log:
        entries = list(grow(Chain(CHAIN), 60))
        assert [(row.number, row.hash, row.body) for row in log.records()] == [
            (entry.number, entry.hash, entry.body) for entry in entries
        ]
        assert [row.number for row in log.records(5, 7)] == [5, 6, 7]
        assert log.chain_id() == CHAIN
        shown = market(START_AT + 1)
        assert log.snapshot(canon.hash_of(shown)) == canon.encode(shown)
        assert log.snapshot("00" * 32) is None
        assert log.hash_of(3) == entries[2].hash
        assert log.hash_of(300) == ""
        found = log.newest_segment()
        assert found is not None
        assert found[0] == 50
        assert found[1].state == IMAGE
        log.append(list(grow(log.chain(CHAIN), 5)))
        assert log.head().number == 65


def test_memory_has_no_files_and_no_lock() -> None:
    with AuditLog.open(":memory:", writable=True) as log, AuditLog.open("sqlite://", writable=True) as other:
        log.append(list(grow(log.chain(CHAIN), 3)))
        assert log.head().number == 3
        assert other.head() == EMPTY
        assert not log.head_is_due(START_AT)
        log.keep_head(START_AT)


@pytest.mark.parametrize("spelled", ["{}", "sqlite:///{}"])
def test_addresses(tmp_path: Path, spelled: str) -> None:
    assert path_of(spelled.format(tmp_path / "x.db")) == tmp_path / "x.db"


@pytest.mark.parametrize("spelled", [":memory:", "sqlite://", "sqlite:///:memory:"])
def test_addresses_without_a_file(spelled: str) -> None:
    assert path_of(spelled) is None


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="postgresql"):
        path_of("postgresql://somewhere/else")


def test_the_settings_of_a_writing_connection(path: Path) -> None:
    with AuditLog.open(path, writable=True) as log:
        assert log.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert log.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    with AuditLog.open(path, writable=True, fsync=False) as log:
        assert log.connection.execute("PRAGMA synchronous").fetchone() == (0,)


def test_a_second_writer_is_refused_and_a_reader_is_not(path: Path) -> None:
    with AuditLog.open(path, writable=True, fsync=False) as log:
        log.append(list(grow(log.chain(CHAIN), 4)))
        with pytest.raises(LogLocked, match=str(os.getpid())):
            AuditLog.open(path, writable=True)
        with AuditLog.open(path, writable=False) as reader:
            assert reader.head().number == 4
            log.append(list(grow(log.chain(CHAIN), 4)))
            assert reader.head().number == 8
            with pytest.raises(LogClosed):
                reader.append(list(grow(Chain(CHAIN), 1)))
            with pytest.raises(sqlite3.OperationalError):
                reader.connection.execute("DELETE FROM records")
    AuditLog.open(path, writable=True, fsync=False).close()


def test_a_second_process_is_refused(path: Path) -> None:
    code = (
        "import sys\nfrom rfq.audit.log import AuditLog\nfrom rfq.audit.errors import LogLocked\n"
        "try:\n    AuditLog.open(sys.argv[1], writable=True)\n"
        "except LogLocked:\n    sys.exit(6)\n"
    )
    with AuditLog.open(path, writable=True):
        found = subprocess.run([sys.executable, "-c", code, str(path)], check=False, capture_output=True)
    assert found.returncode == 6, found.stderr


def test_the_lock_file_may_be_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "desk.db.lock").mkdir()
    with pytest.raises(LogUnavailable, match="lock"):
        AuditLog.open(tmp_path / "desk.db", writable=True)


def test_entries_must_continue_the_log(path: Path) -> None:
    entries = list(grow(Chain(CHAIN), 5))
    with AuditLog.open(path, writable=True, fsync=False) as log:
        log.append([])
        with pytest.raises(LogGap):
            log.append(entries[1:])
        log.append(entries[:2])
        for wrong in (entries[:1], entries[3:], [entries[2]._replace(previous="00" * 32)]):
            with pytest.raises(LogGap):
                log.append(wrong)
        log.append(entries[2:])
        assert log.head() == Head(5, entries[-1].hash)


class _Faulty:
    """A connection on which one statement fails."""

    def __init__(self, path: Path, trouble: str) -> None:
        self._inner = sqlite.connect(path)
        self.trouble = trouble
        self.close = self._inner.close

    def execute(self, sql: str, values: object = ()) -> object:
        if self.trouble and sql.startswith(self.trouble):
            raise sqlite3.OperationalError("database or disk is full")
        return self._inner.execute(sql, values)  # type: ignore[arg-type]


@pytest.mark.parametrize("trouble", ["BEGIN", "INSERT INTO records", "INSERT INTO mentions", "COMMIT"])
def test_an_append_is_all_or_nothing_and_a_failure_ends_the_log(path: Path, trouble: str) -> None:
    faulty: list[_Faulty] = []

    def connect(found: Path) -> _Faulty:
        faulty.append(_Faulty(found, ""))
        return faulty[0]

    entries = list(grow(Chain(CHAIN), 9))
    log = AuditLog.open(path, writable=True, fsync=False, connect=connect)
    log.append(entries[:3])
    faulty[0].trouble = trouble
    with pytest.raises(sqlite3.OperationalError):
        log.append(entries[3:6])
    faulty[0].trouble = ""
    with pytest.raises(LogClosed, match="disk is full"):
        log.append(entries[3:6])
    log.close(START_AT)
    assert HeadFile(path.with_name("desk.db.head")).read() == EMPTY  # a failed log does not touch it
    with AuditLog.open(path, writable=True, fsync=False) as again:
        assert again.head().number == 3
        again.append(entries[3:])


def test_a_closed_log_takes_nothing(path: Path) -> None:
    log = AuditLog.open(path, writable=True, fsync=False)
    log.close()
    log.close()
    with pytest.raises(LogClosed):
        log.append(list(grow(Chain(CHAIN), 1)))


def test_a_missing_log_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LogMissing):
        AuditLog.open(tmp_path / "desk.db", writable=False)
    assert list(tmp_path.iterdir()) == []


def test_damage_is_only_allowed_for_reading(path: Path) -> None:
    with pytest.raises(ValueError, match="allow_damage"):
        AuditLog.open(path, writable=True, allow_damage=True)


def test_a_log_without_its_head_file_is_damaged(path: Path) -> None:
    write_log(path, 8)
    path.with_name("desk.db.head").unlink()
    for writable in (True, False):
        with pytest.raises(LogDamaged, match="head file is missing"):
            AuditLog.open(path, writable=writable)
    with AuditLog.open(path, writable=False, allow_damage=True) as log:
        assert log.problem is not None
        assert len(list(log.records())) == 8


def test_a_log_that_is_gone_while_its_head_file_is_not_is_damaged(path: Path) -> None:
    write_log(path, 8)
    path.unlink()
    with pytest.raises(LogDamaged, match="up to 8") as raised:
        AuditLog.open(path, writable=True)
    assert raised.value.number == 1


def test_a_head_file_behind_the_log_is_normal_and_one_ahead_is_not(path: Path) -> None:
    write_log(path, 8)
    head = HeadFile(path.with_name("desk.db.head"), fsync=False)
    kept = head.read()
    assert kept is not None
    with AuditLog.open(path, writable=True, fsync=False) as log:
        log.append(list(grow(log.chain(CHAIN), 3)))
    head.keep(kept, START_AT)
    AuditLog.open(path, writable=True, fsync=False).close()
    head.keep(Head(12, "ab" * 32), START_AT)
    with pytest.raises(LogDamaged, match="missing") as raised:
        AuditLog.open(path, writable=False)
    assert raised.value.number == 12
    head.keep(Head(4, "ab" * 32), START_AT)
    with pytest.raises(LogDamaged, match="another hash") as raised:
        AuditLog.open(path, writable=True)
    assert raised.value.number == 4


def test_verifying_from_the_newest_segment_only_sees_what_is_behind_it(path: Path) -> None:
    write_log(path, 120)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET body = x'00' WHERE number = 30")
    connection.close()
    AuditLog.open(path, writable=True, fsync=False, verify="newest").close()
    with pytest.raises(LogDamaged) as raised:
        AuditLog.open(path, writable=True)
    assert raised.value.number == 30
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE segments SET state = x'00' WHERE number = 100")
    connection.close()
    with pytest.raises(LogDamaged) as raised:
        AuditLog.open(path, writable=True, verify="newest")
    assert raised.value.number == 100
    with AuditLog.open(path, writable=False) as log, pytest.raises(LogDamaged):
        log.newest_segment()


def test_verifying_from_a_segment_needs_the_record_before_it(path: Path) -> None:
    write_log(path, 60)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM records WHERE number = 49")
    connection.close()
    with pytest.raises(LogDamaged, match="49 before it is missing") as raised:
        AuditLog.open(path, writable=True, verify="newest")
    assert raised.value.number == 50


def test_an_empty_log_needs_no_head_file(path: Path) -> None:
    AuditLog.open(path, writable=True, fsync=False).close()
    path.with_name("desk.db.head").unlink()
    AuditLog.open(path, writable=False).close()
    AuditLog.open(path, writable=True, fsync=False).close()
    assert path.with_name("desk.db.head").exists()


def test_verifying_newest_without_a_segment_begins_at_the_beginning(path: Path) -> None:
    write_log(path, 20)
    heard: list[int] = []
    AuditLog.open(path, writable=True, fsync=False, verify="newest", progress=heard.append).close()
    assert heard == [20]


@pytest.mark.parametrize("content", [b"", b"this is no database, and it is longer than that" * 100])
def test_a_file_that_is_no_log_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LogError):
        AuditLog.open(path, writable=False)
    if content:
        with pytest.raises(LogDamaged):
            AuditLog.open(path, writable=True)


def test_another_database_of_sqlite_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE something (else_ TEXT)")
    connection.close()
    with pytest.raises(LogOutdated, match="alembic_version"):
        AuditLog.open(path, writable=True)


def test_tables_of_another_revision_are_refused(path: Path) -> None:
    write_log(path, 3)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    for writable in (True, False):
        with pytest.raises(LogOutdated, match="0000"):
            AuditLog.open(path, writable=writable)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM alembic_version")
    connection.close()
    with pytest.raises(LogOutdated, match="none"):
        AuditLog.open(path, writable=True)


def test_a_database_that_cannot_be_opened_is_unavailable(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(LogUnavailable):
        AuditLog.open(path, writable=True)


def test_a_log_whose_folder_cannot_be_written_to_is_read_as_it_stands(path: Path) -> None:
    write_log(path, 8)
    path.with_name("desk.db-wal").mkdir()  # so that SQLite cannot make it, whoever we are
    with AuditLog.open(path, writable=False) as log:
        assert len(list(log.records())) == 8


def test_a_log_with_something_waiting_is_not_read_without_it(path: Path) -> None:
    write_log(path, 8)
    path.with_name("desk.db-shm").mkdir()
    path.with_name("desk.db-wal").write_bytes(b"x" * 5_000)
    with pytest.raises(LogUnavailable):
        AuditLog.open(path, writable=False)
