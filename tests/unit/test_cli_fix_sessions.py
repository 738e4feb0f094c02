"""`rfq fix inspect|sessions|reset`: how sessions stand, from their journals and from a running process."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
from fix_folder import AT, Asking, fill, settle

from fix_gateway.journal.journal import Journal
from fix_gateway.journal.records import FILE_HEAD
from fix_gateway.session.happenings import Counts
from fix_gateway.session.store import MemoryStore
from rfq.cli.fix_journal import contents
from rfq.cli.main import run
from rfq.ops.fix_status import STATUS_FILE, StatusFile, StatusUnreadable, read_status


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settle(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Asking:
    return Asking(capsys)


# --- inspect -------------------------------------------------------------------------------------------------------


def test_a_journal_is_shown(answer: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    path = fill()
    before = path.read_bytes()
    found = answer("inspect", "alpha", "-n", "2")
    assert (found["next_out"], found["next_in"], found["goes_on_at"]) == (31, 17, 31)
    assert (found["messages"], found["tagged"], found["is_clean"]) == (30, 20, True)
    assert [(one["seq"], one["tag"], one["name"]) for one in found["last"]] == [
        (29, "desk-29-0", "Quote"),
        (30, "", "Quote"),
    ]
    assert found["last"][0]["sent_at"] == "20250102-03:04:05.123"
    assert answer("inspect", str(path))["messages"] == 30
    assert run(["fix", "inspect", "alpha", "-n", "2"]) == 0
    said = capsys.readouterr().out
    assert "closed in order" in said
    assert "(the last 2 of 30; -n shows more)" in said
    assert path.read_bytes() == before


def test_what_it_prints_raw_can_be_decoded(capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    assert run(["fix", "inspect", "alpha", "--raw", "-n", "3"]) == 0
    Path("raw").write_text(capsys.readouterr().out)
    assert run(["fix", "decode", "raw", "--json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["count"] == 3


def test_a_journal_in_use_is_read_and_not_changed(answer: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    path = fill(close=False)
    journal = Journal.open(path, durability="os", now=AT)
    before = path.read_bytes()
    found = answer("inspect", "alpha")
    assert (found["is_clean"], found["reserved_below"], found["next_in"]) == (
        False,
        journal.next_out + 1_000,
        17,
    )
    run(["fix", "inspect", "alpha", "-n", "0"])
    assert "not closed: in use, or its process was killed" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert run(["fix", "reset", "alpha", "--yes"]) == 6
    assert "in use by a running process" in capsys.readouterr().err
    assert path.read_bytes() == before
    journal.abandon()


def test_damage_is_named(answer: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    path = fill()
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    torn = answer("inspect", "alpha")
    assert torn["tail"].startswith("the last ") and torn["damage"] == []
    assert run(["fix", "inspect", "alpha"]) == 0
    assert "torn by a crash; the next start cuts them" in capsys.readouterr().out
    place = whole.index(b"desk-10-0")
    path.write_bytes(whole[:place] + b"X" + whole[place + 1 :])
    hurt = answer("inspect", "alpha", code=1)
    assert len(hurt["damage"]) == 1 and hurt["messages"] == 29
    path.write_bytes(b"something else")
    assert run(["fix", "inspect", "alpha"]) == 6
    assert "is not a FIX journal" in capsys.readouterr().err


def test_where_the_next_life_goes_on_is_foretold() -> None:
    path = fill(close=False)
    whole = path.read_bytes()
    for cut in range(FILE_HEAD.size, len(whole), 97):
        for bent in (whole[:cut], whole[:cut] + b"\xff" + whole[cut + 1 :]):
            path.write_bytes(bent)
            told = contents(path, 3)
            assert told.messages >= len(told.last)
            journal = Journal.open(path, durability="os", now=AT)
            assert (journal.next_out, journal.next_in) == (told.goes_on_at, told.next_in)
            journal.abandon()


def test_a_journal_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fix", "inspect", "alpha"]) == 6
    assert "alpha has no journal yet" in capsys.readouterr().err
    assert run(["fix", "inspect", "nobody"]) == 2
    assert "configured: alpha, coin" in capsys.readouterr().err
    assert run(["fix", "inspect", "some/where.journal"]) == 6


# --- sessions and the status file ------------------------------------------------------------------------------------


class OneLink:
    """Stands for a session of a running process."""

    def __init__(self, name: str) -> None:
        self.name, self.is_up, self.transport = name, False, None
        self.throttled, self.failed = 2, 0
        self.counts = Counts()
        self.session = self
        self.store = MemoryStore()


class Clock:
    at = AT

    def now(self) -> int:
        return self.at


def test_the_sessions_are_listed(answer: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    found = answer("sessions")
    assert found["serve"] is None
    alpha, coin = found["sessions"]
    assert (alpha["next_out"], alpha["next_in"], alpha["is_clean"], alpha["is_up"]) == (31, 17, True, None)
    assert (coin["next_out"], coin["role"], coin["version"], coin["dialect"]) == (
        *(1, "initiator", "FIX 4.2", "coinbase_flat"),
    )
    assert alpha["version"] == "FIX 5.0 SP2"
    assert (alpha["comp_id"], alpha["peer_comp_id"], alpha["parties"]) == ("DESK", "ALPHA", ["alpha"])
    assert run(["fix", "sessions"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("No `rfq serve` is running here")
    assert said[2].split()[:2] == ["alpha", "acceptor"]
    Path(".rfq/fix/alpha.journal").write_bytes(b"rubbish")
    assert run(["fix", "sessions"]) == 0
    assert "alpha: PROBLEM: alpha.journal is not a FIX journal" in capsys.readouterr().out
    Path("rfq.toml").write_text("")
    assert run(["fix", "sessions"]) == 0
    assert "[[fix.sessions]]" in capsys.readouterr().err


def test_a_running_process_says_who_is_up(answer: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    clock, links = Clock(), [OneLink("alpha"), OneLink("coin")]
    board = StatusFile(Path(".rfq/fix"), clock.now, port=9_880, pid=77)
    board.write(links)
    clock.at += 60_000_000_000
    links[0].is_up, links[0].transport = True, "x"  # type: ignore[assignment]
    links[0].counts.received, links[0].counts.logons, links[0].store.next_out = 5, 1, 40
    board.write(links)
    clock.at += 5_000_000_000
    board.write(links)
    assert board.failure == ""
    os.utime(board.path, (2**33, 2**33))  # never stale, however long this test takes
    found = answer("sessions")
    assert (found["serve"]["pid"], found["serve"]["stale"]) == (77, False)
    alpha, coin = found["sessions"]
    assert (alpha["is_up"], alpha["since"], alpha["next_out"]) == (True, "2023-11-14T22:14:20.000Z", 40)
    assert (alpha["counts"]["received"], alpha["counts"]["throttled"]) == (5, 2)
    assert (coin["is_up"], coin["since"]) == (False, "2023-11-14T22:13:20.000Z")
    run(["fix", "sessions"])
    said = capsys.readouterr().out
    assert "up since 2023-11-14T22:14:20" in said
    assert "alpha: received 5, logons 1, throttled 2" in said
    run(["fix", "inspect", "alpha"])
    assert "closed in order" in capsys.readouterr().out
    links[0].counts.logons = 2
    clock.at += 1
    board.write(links)
    news = read_status(Path(".rfq/fix"), AT)
    told = news.session("alpha") if news is not None else None
    assert told is not None and told.since == clock.at, "it went down and up between two looks"
    board.close()
    assert answer("sessions")["serve"] is None


def test_a_status_that_nobody_writes_any_more_is_stale(
    answer: Asking, capsys: pytest.CaptureFixture[str]
) -> None:
    fill()
    link = OneLink("alpha")
    link.is_up = True
    board = StatusFile(Path(".rfq/fix"), Clock().now, pid=77)
    board.write([link])
    os.utime(board.path, (1, 1))
    found = answer("sessions")
    assert found["serve"]["stale"] is True
    assert found["sessions"][0]["next_out"] == 31, "then the journal knows better"
    run(["fix", "sessions"])
    said = capsys.readouterr().out
    assert said.startswith("STALE: ")
    assert "was up since" in said


def test_a_status_that_cannot_be_read_is_told(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    path = folder / ".rfq" / "fix" / STATUS_FILE
    for content in (b"{", b"[]", b'{"version":9,"pid":1,"port":1,"since":1,"at":1,"sessions":[]}'):
        path.write_bytes(content)
        with pytest.raises(StatusUnreadable, match=r"status\.json"):
            read_status(path.parent, AT)
    assert run(["fix", "sessions"]) == 0
    assert "Warning: " in capsys.readouterr().err


def test_a_status_that_cannot_be_written_stops_nothing(folder: Path) -> None:
    (folder / "file").write_text("")
    board = StatusFile(folder / "file", Clock().now, pid=1)
    board.write([OneLink("alpha")])
    assert "file" in board.failure


# --- reset -----------------------------------------------------------------------------------------------------------


def test_a_reset_asks_and_says_what_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = fill()
    before = path.read_bytes()
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run(["fix", "reset", "alpha"]) == 1
    said = capsys.readouterr().err
    assert "now 31 goes out next and 17 is expected from ALPHA" in said
    assert "Lost: 30 messages" in said
    assert "Nothing was changed." in said
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run(["fix", "reset", "alpha"]) == 130
    assert path.read_bytes() == before
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert run(["fix", "reset", "alpha"]) == 0
    assert "alpha: the next numbers are 1 and 1." in capsys.readouterr().out
    found = contents(path, 5)
    assert (found.next_out, found.next_in, found.messages, found.is_clean) == (1, 1, 0, True)
    assert found.opened_at > AT


def test_a_reset_for_programs(answer: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    assert run(["fix", "reset", "alpha", "--json"]) == 2
    assert "--yes" in capsys.readouterr().err
    found = answer("reset", "alpha", "--yes")
    assert (found["reset"], found["before"]["next_out"]) == (True, 31)
    assert answer("reset", "coin", "--yes")["reset"] is False
    assert run(["fix", "reset", "nobody", "--yes"]) == 2


def test_a_reset_leaves_what_is_no_journal_alone(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(".rfq/fix/alpha.journal")
    path.write_bytes(b"something else")
    assert run(["fix", "reset", "alpha", "--yes"]) == 6
    assert "is not a FIX journal" in capsys.readouterr().err
    assert path.read_bytes() == b"something else"
