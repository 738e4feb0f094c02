"""`rfq market observe` and `rfq market calendar`, as somebody meets them who has a file."""

import json
from pathlib import Path

import pytest

from rfq.cli.main import run

HEAD = "received_at,kind,source,subject,name,value,text\n"
GOOD = '2026-11-26T10:00:00Z,news,wire,,,,"Bitcoin rallies after ETF approval"\n'


def test_what_a_headline_is_taken_for_is_shown_with_the_words_that_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "news.csv"
    file.write_text(HEAD + GOOD, encoding="utf-8")
    assert run(["market", "observe", str(file)]) == 0
    out = capsys.readouterr().out
    assert "BTC sentiment +0.65" in out and "rallies +0.6" in out and "1 rows taken, 0 refused" in out
    assert run(["market", "observe", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (row,) = found["rows"]
    assert row["told"] == [{"subject": "BTC", "name": "sentiment", "value": pytest.approx(0.65)}]
    assert [each["word"] for each in row["why"]] == ["rallies", "approval"]


def test_refused_rows_are_named_and_fail_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "news.csv"
    file.write_text(HEAD + GOOD + ",news,wire,,,,When was this known\n", encoding="utf-8")
    assert run(["market", "observe", str(file)]) == 1
    told = capsys.readouterr()
    assert "row 2: received_at is missing" in told.err
    assert "1 rows taken, 1 refused" in told.out


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("observe", "calendar"):
        assert run(["market", command, str(tmp_path / "none.csv")]) == 2
        assert "none.csv" in capsys.readouterr().err


def test_the_calendar_shows_releases_among_what_comes_by_the_clock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "releases.csv"
    file.write_text(
        "at,kind,name,jump_hours,guard_before_s\n2999-01-01T00:00:00Z,release,CPI,6,30\n", encoding="utf-8"
    )
    assert run(["market", "calendar", str(file), "--days", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    kinds = [event["kind"] for event in found["events"]]
    assert kinds.count("FUNDING") == 3 and kinds.count("EXPIRY") == 1 and "RELEASE" not in kinds
    assert run(["market", "calendar", "--days", "1"]) == 0
    assert "funding" in capsys.readouterr().out
