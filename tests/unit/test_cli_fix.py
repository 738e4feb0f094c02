"""`rfq fix decode`: what it says of messages to people and to programs, and how it ends."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fix_folder import Asking, sent, settle

from rfq.cli.main import run

ORDER = (
    "35=D|49=ALPHA|56=DESK|34=2|52=20250102-03:04:05.123|11=o1|55=BTC-PERPETUAL|54={side}|"
    "60=20250102-03:04:05.123|38=10|40=2|44=100.5|"
)
LOGON = "35=A|49=ALPHA|56=DESK|34=1|52=20250102-03:04:05.123|98=0|108=30|553=me|554=s3cret|925=s3cret2|"


RIGHT = sent(ORDER.format(side=1))
WRONG = sent(ORDER.format(side="Z"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settle(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Asking:
    return Asking(capsys)


def test_a_message_is_made_readable(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fix", "decode", RIGHT.decode().replace("\x01", "|")]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "1. NewOrderSingle (D), number 2, ALPHA -> DESK, read as FIX 4.4  [line 1]"
    assert [line.split() for line in lines if " 54 " in line] == [["54", "Side", "1", "buy"]]
    assert lines[-2] == "  nothing is wrong with it"
    assert said.err == ""


def test_what_is_wrong_is_named_beside_the_field_and_below(capsys: pytest.CaptureFixture[str]) -> None:
    Path("log.txt").write_bytes(b"x " + WRONG + b"\ny " + RIGHT + b"\n")
    assert run(["fix", "decode", "log.txt"]) == 1
    said = capsys.readouterr()
    assert "54  Side          Z                           <- Value is incorrect" in said.out
    assert "'Z' is none of 1 (buy), 2 (sell)" in said.out
    assert "answer to the first: Reject (35=3) with 373=5 371=54" in said.out
    assert said.err == "2 messages, 1 with something wrong\n"
    assert run(["fix", "decode", "log.txt", "--wrong"]) == 1
    assert capsys.readouterr().out.count("NewOrderSingle (D)") == 1


def test_messages_come_from_stdin_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["-"], []):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(RIGHT + RIGHT)))
        assert run(["fix", "decode", *words]) == 0
        assert capsys.readouterr().out.count("nothing is wrong") == 2


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    text = WRONG.decode().replace("11=o1", "11=[bold]o1[/]")
    assert run(["fix", "decode", text]) == 1
    shown = sys.stdout.getvalue()  # type: ignore[attr-defined]
    assert "\x1b[1;31m" in shown and "[bold]o1[/]" in shown


def test_programs_get_one_line(answer: Asking) -> None:
    Path("log.txt").write_bytes(b"\n" + WRONG + sent(LOGON.replace("|925=s3cret2", "")))
    found = answer("decode", "log.txt", code=1)
    assert (found["count"], found["wrong"]) == (2, 1)
    order, logon = found["messages"]
    assert (order["line"], order["msg_type"], order["begin"]) == (2, "D", "FIX.4.4")
    assert [(one["code"], one["tag"]) for one in order["wrong"]] == [(5, "54")]
    assert logon["wrong"] == []
    assert {one["tag"]: one["value"] for one in logon["fields"]}["554"] == "***"


@pytest.mark.parametrize(
    "bend", [lambda raw: raw, lambda raw: raw[:-9], lambda raw: raw.replace(b"98=0", b"98=z")]
)
@pytest.mark.parametrize("option", [[], ["--json"], ["--version", "4.2"], ["--dialect", "alpha"]])
def test_passwords_are_never_shown(
    bend: Callable[[bytes], bytes], option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("log.txt").write_bytes(bend(sent(LOGON)))
    assert run(["fix", "decode", "log.txt", *option]) in (0, 1)
    said = capsys.readouterr()
    assert "s3cret" not in said.out + said.err


@pytest.mark.parametrize("what", ["35=A|554=s3cret|10=000|", "no-such-file", ".", "x" * 5_000])
def test_nothing_to_decode_is_2(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fix", "decode", what]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Nothing to decode")
    assert "s3cret" not in said.err
    Path("empty").write_bytes(b"")
    assert run(["fix", "decode", "empty"]) == 2


def test_a_dictionary_is_chosen_by_preset_session_or_version(
    answer: Asking, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = "35=R|49=A|56=B|34=2|52=20250102-03:04:05.123|131=r|1=acc|55=X|54=1|38=1|40=2|44=5|59=4|"
    Path("flat").write_bytes(sent(flat, b"FIX.4.2"))
    answer("decode", "flat", code=1)
    answer("decode", "flat", "--dialect", "coinbase_flat")
    answer("decode", "flat", "--dialect", "coin")
    for version in ("FIX.4.4", "4.4", "fix44"[:3] + ".4.4"):
        (found,) = answer("decode", "flat", "--version", version, code=1)["messages"]
        assert found["wrong"][0]["text"] == "BeginString is 'FIX.4.2', this dialect speaks FIX.4.4"
    for words in (["--dialect", "nobody"], ["--version", "9"], ["--version", "4.4", "--dialect", "fix44"]):
        assert run(["fix", "decode", "flat", *words]) == 2
    said = capsys.readouterr().err
    assert "none of fix50sp2, fix44, fix42, coinbase_flat, alpha, coin" in said
    assert "not both" in said


@pytest.mark.parametrize("words", [[], ["decode"], ["inspect"], ["sessions"], ["reset"]])
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fix", *words, "--help"]) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()[2].strip()) > 20
    assert all(len(line) <= 100 for line in said.splitlines())
    assert "..." not in said.partition("Commands:")[2], "a cut sentence helps nobody"
