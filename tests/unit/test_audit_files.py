"""Below the log: locks that the system does not give, and rows that go in whatever their count."""

from pathlib import Path

import pytest

from rfq.audit import sqlite
from rfq.audit.errors import LogUnavailable
from rfq.audit.log import AuditLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


def test_a_file_that_cannot_be_locked_is_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(handle: int, how: int) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(LogUnavailable, match="no locks"):
        AuditLog.open(path, writable=True)


def test_rows_are_stored_whatever_their_count() -> None:
    connection = sqlite.connect_memory()
    connection.execute("CREATE TABLE t (a, b)")
    for count in (0, 1, 5, 200, 333):
        connection.execute("DELETE FROM t")
        rows = [(number, str(number)) for number in range(count)]
        sqlite.insert_rows(connection, "INSERT INTO t VALUES (?, ?)", rows)
        assert connection.execute("SELECT a, b FROM t ORDER BY a").fetchall() == rows
