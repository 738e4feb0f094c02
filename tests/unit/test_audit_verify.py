"""Verify: two processes, progress, and the damage that the laws do not make."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from audit_streams import CHAIN, grow, write_log

from rfq.audit import walk
from rfq.audit.chain import Chain
from rfq.audit.errors import LogDamaged
from rfq.audit.headfile import EMPTY
from rfq.audit.log import AuditLog
from rfq.audit.verify import Report, verify
from rfq.domain import canon
from rfq.domain.record import GENESIS, chain_hash

COUNT = 120


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good log."""
    found = tmp_path / "desk.db"
    write_log(found, COUNT, segment_every=40)
    return found


def changed(path: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change a log behind its back."""
    connection = sqlite3.connect(path)
    change(connection)
    connection.commit()
    connection.close()


def look(path: Path, *, deep: bool = True) -> Report:
    """What verify says."""
    with AuditLog.open(path, writable=False, allow_damage=True) as log:
        return verify(log, deep=deep)


def rechain(path: Path, alter: Callable[[int, bytes], bytes]) -> None:
    """What somebody who can write to all files would do: alter bodies, and make all hashes anew."""
    connection = sqlite3.connect(path)
    previous = GENESIS
    for number, body in connection.execute("SELECT number, body FROM records ORDER BY number").fetchall():
        body = alter(number, body)
        previous = chain_hash(previous, body)
        connection.execute(
            "UPDATE records SET body = ?, hash = ? WHERE number = ?", (body, bytes.fromhex(previous), number)
        )
    connection.commit()
    connection.close()
    with AuditLog.open(path, writable=False, allow_damage=True) as log:
        assert log.head_file is not None
        log.head_file.keep(log.head(), 0)


def test_a_good_log(path: Path) -> None:
    for deep in (False, True):
        report = look(path, deep=deep)
        assert report.ok
        assert report.problem == ""
        assert report.first_bad is None
        assert (report.records, report.head.number, report.deep) == (COUNT, COUNT, deep)
        assert report.bytes == sum(len(entry.body) for entry in grow(Chain(CHAIN), COUNT, 40))


def test_an_empty_log_and_one_in_memory() -> None:
    log = AuditLog.open(":memory:", writable=True)
    assert verify(log, deep=True) == Report(True, 0, 0, log.head(), True)
    log.append(list(grow(log.chain(CHAIN), 60)))
    assert verify(log, deep=True).ok
    assert verify(log, deep=True).records == 60


def test_two_processes_find_what_one_finds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "WORTH_TWO", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    heard: list[int] = []
    with AuditLog.open(path, writable=False) as log:
        report = verify(log, progress=heard.append)
    assert report.ok
    assert (report.records, report.head.number) == (COUNT, COUNT)
    assert heard == [COUNT // 2]
    for number in (110, 61, 60, 2):
        changed(
            path,
            lambda found, number=number: found.execute(
                "UPDATE records SET hash = x'00' WHERE number = ?", (number,)
            ),
        )  # type: ignore[misc]
        assert look(path, deep=False).first_bad == number
    changed(path, lambda found: found.execute("DELETE FROM records WHERE number > 100"))
    assert look(path, deep=False).first_bad == 2


def test_a_child_that_cannot_answer_is_done_without(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "WORTH_TWO", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert look(path).ok


def test_the_child_by_itself(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    walk.main([str(path), "61", "120"])
    found = walk._heard(capsys.readouterr().out.encode())
    assert found is not None
    assert (found.records, found.number, found.bad, found.openings) == (60, 120, None, (80, 120))
    changed(path, lambda one: one.execute("DELETE FROM records WHERE number = 60"))
    walk.main([str(path), "61", "120"])
    found = walk._heard(capsys.readouterr().out.encode())
    assert found is not None
    assert found.bad == 61
    walk.main([str(path), "62", "125"])
    found = walk._heard(capsys.readouterr().out.encode())
    assert found is not None
    assert (found.bad, found.what) == (121, "missing: the log should go on to record 125")


def test_a_head_file_that_never_moved_is_only_behind(path: Path) -> None:
    with AuditLog.open(path, writable=False) as log:
        assert log.head_file is not None
        log.head_file.keep(EMPTY, 0)
        assert verify(log).ok


def test_progress_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "CHUNK", 50)
    monkeypatch.setattr("rfq.audit.verify._TOLD_EVERY", 60)
    heard: list[int] = []
    with AuditLog.open(path, writable=False) as log:
        verify(log, deep=True, progress=heard.append)
    assert heard == [50, 100, 120, 60, 120]


@pytest.mark.parametrize(
    ("statement", "number", "problem"),
    [
        ("UPDATE chains SET chain = 'other'", 1, "table of chains"),
        ("INSERT INTO chains VALUES ('other', 1)", 1, "table of chains"),
        ("DELETE FROM segments WHERE segment = 2", 80, "missing"),
        ("UPDATE segments SET number = 81 WHERE segment = 2", 80, "missing"),
        ("UPDATE segments SET number = 'x' WHERE segment = 2", 80, "missing"),
        ("UPDATE segments SET state = 'text' WHERE segment = 2", 80, "not bytes"),
        ("INSERT INTO segments VALUES (9, 41, x'00', x'00')", 41, "takes no state"),
        ("INSERT INTO segments VALUES (9, 900, x'00', x'00')", COUNT + 1, "behind the last"),
        ("UPDATE segments SET hash = zeroblob(32) WHERE segment = 3", 120, "another segment"),
        ("UPDATE snapshots SET body = 'text'", 1, "not what was stored"),
        ("DELETE FROM snapshots", 1, "missing"),
        ("INSERT INTO snapshots VALUES (zeroblob(32), x'00')", None, "no record names"),
        ("INSERT INTO mentions VALUES ('rfq:x', 900)", 900, "no record"),
        ("INSERT INTO mentions VALUES ('rfq:x', 'y')", None, "no record"),
        ("INSERT INTO mentions VALUES ('rfq:x', -1)", 1, "no record"),
        ("INSERT INTO mentions VALUES ('rfq:x', 7)", 7, "extra: "),
        ("DROP TABLE mentions", COUNT + 1, "cannot be read"),
        ("DROP TABLE segments", COUNT, "cannot be read"),
        ("DROP TABLE records", 1, "cannot be read"),
        ("UPDATE records SET body = 'text' WHERE number = 5", 5, "not bytes"),
        ("UPDATE records SET at = at + 0.5 WHERE number = 5", 5, "the column at"),
    ],
)
def test_damage_is_named(path: Path, statement: str, number: int | None, problem: str) -> None:
    changed(path, lambda found: found.execute(statement))
    report = look(path)
    assert not report.ok
    assert problem in report.problem
    assert report.first_bad == number


def test_a_missing_head_file_and_one_of_another_log(path: Path) -> None:
    head = path.with_name("desk.db.head")
    with AuditLog.open(path, writable=False) as log:
        assert log.head_file is not None
        log.head_file.keep(log.head()._replace(number=COUNT + 7), 0)
        report = verify(log)
        assert (report.first_bad, report.ok) == (COUNT + 1, False)
        log.head_file.keep(log.head()._replace(hash="ab" * 32), 0)
        report = verify(log)
        assert (report.first_bad, "another hash" in report.problem) == (COUNT, True)
        head.unlink()
        report = verify(log)
        assert (report.first_bad, report.problem) == (COUNT, "the head file is missing")


def test_a_record_that_says_something_in_another_spelling_is_found_by_the_deep_look(path: Path) -> None:
    rechain(path, lambda number, body: body.replace(b'"number":7', b'"number": 7') if number == 7 else body)
    assert look(path, deep=False).ok
    assert (look(path).first_bad, "spelling" in look(path).problem) == (7, True)


def test_a_record_that_cannot_be_decoded_is_found_by_the_deep_look(path: Path) -> None:
    rechain(path, lambda number, body: b"{}" if number == 7 else body)
    assert look(path, deep=False).ok
    assert (look(path).first_bad, "decoded" in look(path).problem) == (7, True)


def test_a_segment_record_that_cannot_be_decoded_is_found(path: Path) -> None:
    rechain(path, lambda number, body: b"{}" if number == 80 else body)
    assert look(path, deep=False).first_bad == 80


def test_a_record_of_another_chain_is_found(path: Path) -> None:
    rechain(path, lambda number, body: body.replace(b'"t1"', b'"t2"', 1) if number == 7 else body)
    assert (look(path).first_bad, "chain 't2'" in look(path).problem) == (7, True)


@pytest.mark.parametrize("raw", [b"{}", b'{"_":"MarketSnapshot.2","at": 1}'])
def test_a_snapshot_that_was_never_one_is_found(path: Path, raw: bytes) -> None:
    with AuditLog.open(path, writable=False) as log:
        old = next(row for row in log.connection.execute("SELECT hash FROM snapshots"))[0]
    new = bytes.fromhex(canon.digest(raw))
    changed(
        path,
        lambda found: found.execute(
            "UPDATE snapshots SET hash = ?, body = ? WHERE hash = ?", (new, raw, old)
        ),
    )
    rechain(path, lambda _, body: body.replace(old.hex().encode(), new.hex().encode()))
    report = look(path)
    assert not report.ok
    assert "market snapshot that it names" in report.problem


def test_opening_for_writing_names_the_damage(path: Path) -> None:
    changed(path, lambda found: found.execute("UPDATE segments SET state = x'00' WHERE segment = 1"))
    with pytest.raises(LogDamaged, match="segment 1") as raised:
        AuditLog.open(path, writable=True)
    assert raised.value.number == 40
