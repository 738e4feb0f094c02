"""Every exit code, reached the way a user would reach it; and never a traceback for a user's mistake."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from audit_desk import BUILD, OPERATOR, lived, rehash

from rfq.audit.errors import BuildDiffers
from rfq.audit.headfile import Head, HeadFile
from rfq.audit.sqlite import WriterLock
from rfq.cli.exits import Ended, Exit, judge
from rfq.cli.main import main, run
from rfq.desk.engine import Desk
from rfq.domain import events as ev
from rfq.domain.checkers import CanonError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished log of four lives."""
    path = tmp_path_factory.mktemp("log") / "desk.db"
    world, _ = lived(4)
    world.store(path).close()
    return path


@pytest.fixture
def log(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    for one in written.parent.iterdir():
        shutil.copy(one, tmp_path / one.name)
    return tmp_path / written.name


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but the defaults."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("RFQ_")]:
        monkeypatch.delenv(name)


def change(path: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql, values)
    connection.commit()
    connection.close()


def test_ok(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", "--log", str(log), "--deep"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("ok: ")
    assert said.err == ""


@pytest.mark.parametrize(
    "words",
    [
        ["--nonsense"],
        ["nonsense"],
        ["demo", "--seconds", "many"],
        ["demo", "--seconds", "0"],
        ["sim", "--hours", "-1"],
        ["audit", "tail", "-n", "-1"],
        ["audit", "show"],
        ["audit", "search", "--outcome", "victory", "--log", "desk.db"],
        ["audit", "search", "--reason", "because", "--log", "desk.db"],
        ["audit", "search", "--kind", "Nonsense", "--log", "desk.db"],
        ["audit", "search", "--since", "soon", "--log", "desk.db"],
        ["audit", "search", "--reference", "c1", "--log", "desk.db"],
        ["replay", "desk.db", "--from-segment", "77"],
        ["replay", "desk.db", "--log", "other.db"],
    ],
)
def test_a_mistake_in_the_command_line_is_2(
    words: list[str], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err


def test_a_log_that_exists_is_not_written_over(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = log.read_bytes()
    for command in ("demo", "sim"):
        assert run([command, "--log", str(log)]) == 2
    assert "exists" in capsys.readouterr().err
    assert log.read_bytes() == before


@pytest.mark.parametrize("words", [["config", "validate"], ["config", "show"], ["serve"], ["demo"], ["sim"]])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[desk]\nquote_tll_ms = 5\n", "quote_ttl_ms"),
        ("[desk]\nquote_ttl_s = 5\n", "milliseconds"),
        ("[audit\n", "is not TOML"),
    ],
)
def test_settings_that_are_wrong_are_3(
    words: list[str], text: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rfq.toml").write_text(text)
    assert run(words) == 3
    said = capsys.readouterr()
    assert named in said.err
    assert said.out == ""


def test_the_environment_is_checked_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RFQ_DESK__QUOTE_TTL_MS", "long")
    assert run(["config", "validate", "--json"]) == 3
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["ok"] is False
    assert [one["source"] for one in answer["problems"]] == ["RFQ_DESK__QUOTE_TTL_MS"]
    assert run(["config", "validate", "missing.toml"]) == 3
    assert "missing.toml" in capsys.readouterr().err


def test_venues_that_are_none_and_calendars_that_are_not_there_are_found_without_connecting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rfq.toml"
    path.write_text(
        '[feeds]\nmarket = "venues"\ncalendar = "none.csv"\n'
        '[feeds.underlyings.BTC]\nlead = "deribit:BTC-PERPETUAL"\nbooks = ["binanc:BTCUSDT"]\n'
    )
    assert run(["config", "validate", "--json"]) == 3
    said = capsys.readouterr()
    found = {one["key"]: one["message"] for one in json.loads(said.out)["problems"]}
    assert set(found) == {"feeds.underlyings.BTC", "feeds.calendar"}
    assert "'binanc' is no venue" in said.err and "none.csv" in found["feeds.calendar"]
    assert run(["doctor"]) == 3
    path.write_text(path.read_text().replace("binanc:", "binance_usdm:").replace('calendar = "none.csv"', ""))
    capsys.readouterr()
    assert run(["config", "validate"]) == 0


def test_an_altered_record_is_4_and_named(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(log, "UPDATE records SET body = replace(body, 'alpha', 'omega') WHERE number = 6")
    assert run(["audit", "verify", "--log", str(log)]) == 4
    assert "first bad record: 6" in capsys.readouterr().err
    assert run(["audit", "verify", "--log", str(log), "--json"]) == 4
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["first_bad"]) == (False, 6)


def test_a_column_that_lies_is_only_seen_by_the_deep_look(log: Path) -> None:
    change(log, "UPDATE records SET at = at + 1 WHERE number = 6")
    assert run(["audit", "verify", "--log", str(log)]) == 0
    assert run(["audit", "verify", "--log", str(log), "--deep"]) == 4


def test_a_cut_tail_is_4_unless_told_to_read_it_as_it_stands(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(log, "DELETE FROM records WHERE number > 30")
    for words in (["audit", "tail"], ["audit", "search", "--party", "alpha"], ["audit", "show", "d1-r3-0"]):
        assert run([*words, "--log", str(log)]) == 4
        assert "record 31" in capsys.readouterr().err
        assert run([*words, "--log", str(log), "--damaged"]) == 0
        assert "record 31" in capsys.readouterr().err
    assert run(["audit", "verify", "--log", str(log)]) == 4
    assert run(["replay", str(log)]) == 4
    assert run(["doctor", "--log", str(log)]) == 4


def test_a_file_that_is_no_database_is_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at closely" * 40)
    assert run(["audit", "verify", "--log", "text.db", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["ok"] is False
    assert run(["audit", "tail", "--log", "text.db"]) == 4


def test_serving_on_a_damaged_log_is_refused_with_its_number(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(log, "UPDATE records SET body = replace(body, 'alpha', 'omega') WHERE number = 6")
    (log.parent / "rfq.toml").write_text('[audit]\npath = "desk.db"\n')
    assert run(["serve"]) == 4
    assert "record 6" in capsys.readouterr().err


def test_replay_of_another_builds_log_is_never_called_tampering(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", str(log)]) == 0
    capsys.readouterr()
    change(log, "UPDATE records SET body = CAST(replace(body, '10000', '20000') AS BLOB) WHERE number = 6")
    assert run(["replay", str(log)]) == 4, "but a broken chain is"
    assert "record 6" in capsys.readouterr().err
    with closing(sqlite3.connect(log)) as connection, connection:
        head = rehash(connection)
    HeadFile(log.with_name("desk.db.head")).keep(Head(34, head), 0)
    assert run(["replay", str(log)]) == 1
    said = capsys.readouterr()
    assert f"the log is by {BUILD}" in said.err
    assert "record 6" in said.err
    assert run(["replay", str(log), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["same_build"]) == (False, False)
    assert answer["differences"][0]["number"] == 6


def test_a_replay_takes_its_log_either_way(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for words in ([str(log)], ["--log", str(log)], [str(log), "--log", str(log)]):
        assert run(["replay", *words]) == 0
        said.append(capsys.readouterr().out)
    assert len(set(said)) == 1 and said[0].startswith("ok: ")


def test_going_on_with_a_log_that_another_build_decided_otherwise_is_1(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (log.parent / "rfq.toml").write_text('[audit]\npath = "desk.db"\n')
    commit = Desk._commit
    monkeypatch.setattr(Desk, "_commit", lambda desk, turn, event: commit(desk, turn, event)[:0])
    before = log.read_bytes()
    assert run(["serve"]) == 1
    said = capsys.readouterr().err
    assert f"was made by build '{BUILD}'" in said and "start and stop cleanly" in said
    assert "Traceback" not in said
    assert log.read_bytes() == before


def test_a_missing_log_is_6(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["audit", "verify"], ["audit", "tail"], ["audit", "show", "x"], ["replay", "no.db"]):
        assert run(words) == 6
        said = capsys.readouterr()
        assert "there is no log at" in said.err
        assert said.out == ""


def test_a_log_that_another_has_open_is_6(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (log.parent / "rfq.toml").write_text('[audit]\npath = "desk.db"\n')
    lock = WriterLock(log.with_name("desk.db.lock"))
    try:
        assert run(["serve"]) == 6
        assert f"process {os.getpid()}" in capsys.readouterr().err
        assert run(["doctor"]) == 6
        assert "BAD  writer" in capsys.readouterr().out
        assert run(["audit", "verify"]) == 0, "reading beside a writer is free"
    finally:
        lock.release()
    assert run(["doctor"]) == 0


@pytest.mark.parametrize("segments_after", [0, 1])
def test_a_kill_switch_that_is_on_is_5(
    segments_after: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, _ = lived(1)
    world.feed(ev.KillPressed(by=OPERATOR))
    for number in range(segments_after):
        world.feed(ev.SegmentOpened(segment=number + 1))
    world.store(tmp_path / "desk.db").close()
    assert run(["doctor", "--log", "desk.db"]) == 5
    said = capsys.readouterr()
    assert "BAD  kill switch" in said.out
    assert said.err == "Not ready: kill switch\n"


def test_an_rfq_that_nobody_knows_is_1(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "show", "d1-r999-0", "--log", str(log)]) == 1
    assert "d1-r999-0" in capsys.readouterr().err


def test_what_each_error_means() -> None:
    found = {
        KeyboardInterrupt(): Exit.INTERRUPTED,
        CanonError("x"): Exit.AUDIT,
        BuildDiffers(9, "old"): Exit.FAILURE,
        sqlite3.OperationalError("disk I/O error"): Exit.DEPENDENCY,
        sqlite3.DatabaseError("malformed"): Exit.AUDIT,
        OSError(28, "No space left on device"): Exit.DEPENDENCY,
        Ended(Exit.LIMIT, "stop"): Exit.LIMIT,
    }
    for error, code in found.items():
        known = judge(error)
        assert known is not None and known.code is code, error
    assert judge(KeyError("ours")) is None


def test_a_fault_of_ours_is_one_line_and_1(log: Path) -> None:
    code = "import sys, rfq.cli.audit as a\nfrom rfq.cli import main as m\na.log_path = None\n"
    code += "sys.argv = ['rfq', *sys.argv[1:]]\nm.main()"
    plain, debug = (
        subprocess.run(
            [sys.executable, "-c", code, *words, "audit", "tail"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        for words in ([], ["--debug"])
    )
    assert (plain.returncode, debug.returncode) == (1, 1)
    assert plain.stderr.startswith("rfq: an internal fault: TypeError")
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr


def test_the_entry_point_ends_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["rfq", "audit", "tail", "--log", "none.db"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 6


def test_a_reader_that_has_seen_enough_is_no_error(log: Path) -> None:
    line = f"{sys.executable} -m rfq audit tail -n 34 --log {log} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
