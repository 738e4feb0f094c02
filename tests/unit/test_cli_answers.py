"""What the commands answer: one JSON document on stdout with --json, words for people without, talk on stderr."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from audit_desk import START_AT, lived

from rfq.app import build_id
from rfq.audit.export import instant_text
from rfq.cli.exits import Ended
from rfq.cli.instants import parse_instant
from rfq.cli.main import run
from rfq.cli.printer import size_text, table
from rfq.cli.progress import counting
from rfq.ops.standard import STANDARD_POLICY

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "desk.db"
    world, _ = lived(4)
    world.store(path).close()
    return path


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("RFQ_")]:
        monkeypatch.delenv(name)


def heavy_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    heavy = {"torch", "numpy", "sqlalchemy", "alembic", "pydantic", "structlog", "rich", "asyncio", "msgspec"}
    return heavy & set(done.stdout.split())


def test_the_commands_tree_loads_nothing_heavy() -> None:
    assert heavy_after("import rfq.cli.main") == set()
    assert "rich" in heavy_after("import rfq.cli.view")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["demo"],
        ["sim"],
        ["serve"],
        ["replay"],
        ["audit"],
        ["audit", "verify"],
        ["audit", "tail"],
        ["audit", "search"],
        ["audit", "show"],
        ["config"],
        ["config", "validate"],
        ["config", "show"],
        ["doctor"],
        ["version"],
    ],
)
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, "--help"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Usage: rfq")
    assert said.err == ""
    sentence = said.out.splitlines()[2].strip()
    assert len(sentence) > 20, "a newcomer wants a sentence"
    assert all(len(line) <= 100 for line in said.out.splitlines())


def test_help_says_what_the_exit_codes_mean(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["audit"], ["config"]):
        run([*words, "--help"])
        said = " ".join(capsys.readouterr().out.split())
        assert "4 audit verification failed" in said or words
        assert "..." not in said.partition("Commands:")[2], "a cut sentence helps nobody"


def test_completion_can_be_shown() -> None:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    for shell in ("bash", "zsh", "fish"):
        done = subprocess.run(
            [sys.executable, "-m", "rfq", "--show-completion", shell],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "rfq" in done.stdout


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """The JSON of a command that ends well; one line, and nothing else on stdout."""
    assert run([*words, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    found: dict[str, object] = json.loads(lines[0])
    return found


def test_verify_tail_search_and_replay_answer_in_json(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--log", str(log))
    verified = answer(capsys, "audit", "verify", *at)
    assert (verified["ok"], verified["chain"], verified["records"]) == (True, "d1", 34)
    newest = answer(capsys, "audit", "tail", "-n", "3", *at)["records"]
    assert isinstance(newest, list)
    assert [one["number"] for one in newest] == [32, 33, 34]
    assert newest[-1]["hash"] == verified["head"]["hash"]  # type: ignore[index]
    done = answer(capsys, "audit", "search", "--outcome", "done", *at)["records"]
    assert isinstance(done, list)
    assert [one["number"] for one in done] == [6, 15, 29]
    assert answer(capsys, "audit", "search", "--party", "nobody", *at) == {"records": []}
    replayed = answer(capsys, "replay", str(log))
    assert (replayed["ok"], replayed["events"], replayed["different"]) == (True, 34, 0)
    later = answer(capsys, "replay", str(log), "--from-segment", "1")
    assert (later["ok"], later["events"]) == (True, 9)


def test_search_by_time_and_kind(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--log", str(log))
    first = instant_text(START_AT)[:19]
    early = answer(capsys, "audit", "search", "--since", first, "--until", "2023-11-14T22:13:21", *at)
    assert isinstance(early["records"], list) and len(early["records"]) == 7
    last = answer(capsys, "audit", "search", "--since", "241s", *at)
    assert isinstance(last["records"], list) and [one["number"] for one in last["records"]] == [33, 34]
    quotes = answer(capsys, "audit", "search", "--kind", "SendQuote", "-n", "2", *at)
    assert isinstance(quotes["records"], list) and len(quotes["records"]) == 2


def test_people_get_lines(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "tail", "-n", "34", "--log", str(log)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 34
    assert "chain d1 begins" in lines[0]
    assert "alpha asks us: buy 10000 BTC-PERPETUAL" in lines[2]
    assert run(["audit", "search", "--kind", "ConfirmFill", "--log", str(log), "-n", "2"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert said.err == "2 records found (the first 2; -n shows more)\n"


def test_a_story_holds_the_whole_life(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "show", "d1-r3-0", "--log", str(log)]) == 0
    told = capsys.readouterr().out
    for words in (
        "Rfq d1-r3-0 (we are maker)",
        "for       buy 10000 BTC-PERPETUAL",
        "volatility 2.62% a day",
        "median 1.00",
        "quote to alpha: offer",
        "alpha accepts our quote d1-q4-0",
        "ended: done (traded)",
        "markout 1 s: +0.00 bps",
        "markout 300 s: +0.00 bps",
        "[left after 0.0 ms, #5]",
    ):
        assert words in told, words
    rows = dict(line.split() for line in told.splitlines() if line.split()[:1] in (["fair"], ["wire"]))
    names = ("fees", "funding", "hedge", "doubt", "skew", "edge", "tick")
    steps = [line.split() for line in told.splitlines() if line.split()[:1] and line.split()[0] in names]
    steps = [step for step in steps if len(step) == 2]
    assert [step[0] for step in steps] == list(names)
    assert "step (USD)" in told
    assert Decimal(rows["fair"]) + sum(Decimal(step[1]) for step in steps) == Decimal(rows["wire"])
    assert run(["audit", "show", "d1-q4-0", "--log", str(log)]) == 0
    assert capsys.readouterr().out == told, "the quote's id leads to the same story"
    tree = answer(capsys, "audit", "show", "d1-r3-0", "--log", str(log))
    steps_told = tree["steps"]
    assert isinstance(steps_told, list)
    sent = [
        deed for step in steps_told for deed in step["deeds"] if deed["effect"]["_"].startswith("SendQuote")
    ]
    assert [deed["fate"]["sent"] for deed in sent] == [True]


def test_the_newest_log_beside_is_found_and_said(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".rfq").mkdir()
    for one in log.parent.iterdir():
        shutil.copy(one, tmp_path / ".rfq" / one.name.replace("desk", "demo-1"))
    assert run(["audit", "verify"]) == 0
    assert "demo-1.db, the newest log here" in capsys.readouterr().err


def test_settings_are_shown_as_toml_that_means_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RFQ_DESK__TERMS__EDGE_BPS_MIN", "1.25")
    assert run(["config", "show"]) == 0
    text = capsys.readouterr().out
    monkeypatch.delenv("RFQ_DESK__TERMS__EDGE_BPS_MIN")
    tree = tomllib.loads(text)
    assert tree["desk"]["terms"]["edge_bps_min"] == 1.25
    assert tree["desk"]["notional_usd_max"] == STANDARD_POLICY.notional_usd_max
    (tmp_path / "rfq.toml").write_text(text)
    assert run(["config", "show"]) == 0
    assert capsys.readouterr().out == text
    assert run(["config", "validate"]) == 0
    assert capsys.readouterr().out == "The settings are valid.\n"
    assert answer(capsys, "config", "validate") == {"ok": True, "problems": []}
    shown = answer(capsys, "config", "show")
    assert len(str(shown["policy_hash"])) == 64


def test_doctor_looks_at_everything(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "doctor", "--log", str(log))
    assert found["ok"] is True
    checks = found["checks"]
    assert isinstance(checks, list)
    said = {one["name"]: one["detail"] for one in checks}
    assert "journal_mode wal, synchronous 2" in said["sqlite"]
    assert "34 records of chain d1" in said["log"]
    assert said["kill switch"] == "off"
    assert {"python", "packages", "clock", "disk", "writer", "head file"} <= set(said)


def test_doctor_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--log", str(tmp_path / "new" / "desk.db")]) == 0
    assert "made at the first start" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_version_names_the_build(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "version")["build"] == build_id()
    assert run(["version"]) == 0
    assert build_id() in capsys.readouterr().out


def test_instants() -> None:
    newest = 1_700_000_000_000_000_000
    assert parse_instant("--since", "2023-11-14T22:13:20", newest) == newest
    assert parse_instant("--since", "2023-11-14T22:13:20.000001+00:00", newest) == newest + 1_000
    assert parse_instant("--since", "2023-11-14T23:13:20+01:00", newest) == newest
    assert parse_instant("--since", "1.5s", newest) == newest - 1_500_000_000
    assert parse_instant("--since", "2d", newest) == newest - 172_800_000_000_000
    with pytest.raises(Ended, match="soon"):
        parse_instant("--since", "soon", newest)


def test_sizes_and_tables_for_people() -> None:
    assert [size_text(n) for n in (0, 999, 1_500, 2_500_000, 3e12)] == [
        "0 bytes",
        "999 bytes",
        "1.5 kB",
        "2.5 MB",
        "3000.0 GB",
    ]
    assert table([["a", "b"], ["xyz", "1"]], right=(1,), indent=2) == ["  a    b", "  xyz  1"]


def told(capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    yield from capsys.readouterr().err.splitlines()


def test_progress_without_a_terminal_is_a_line_for_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("Work", 1_000) as tell:
        for done in range(0, 1_001, 7):
            tell(done)
        tell(1_000)
    lines = list(told(capsys))
    assert len(lines) == 10
    assert lines[-1] == "Work: 1000 of 1000 records"
    with counting("Work", 1_000, quiet=True) as tell:
        tell(1_000)
    assert list(told(capsys)) == []
