"""`rfq market stats` as a user meets it."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from market_captures import write_book, write_touch, write_trades

from rfq.cli.exits import Ended, Exit
from rfq.cli.market_stats import stats

pytest.importorskip("duckdb", reason="captures are Parquet: extra `tables`")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    at = np.arange(0.0, 120.0, 0.25)
    dice = np.random.default_rng(3)
    mid = 100.0 + 0.01 * np.cumsum(dice.integers(-1, 2, len(at)))
    prefix = tmp_path / "made_up"
    write_touch(prefix, at + 0.001, mid - 0.005, mid + 0.005, 10.0, 12.0)
    write_trades(prefix, at, mid, dice.exponential(1.0, len(at)) + 0.01, dice.choice([-1, 1], len(at)))
    book = [(float(k), [(99.0, 100.0)], [(101.0, 100.0)], True, k, k) for k in range(120)]
    write_book(prefix, book)
    write_touch(tmp_path / "other", at[:3], 10.0, 11.0, symbol="DOGEUSDT")
    return prefix


def run(*arguments: Any) -> None:
    app = typer.Typer()
    app.command()(stats)
    typer.main.get_command(app).main([str(one) for one in arguments], standalone_mode=False)


def test_json_is_one_line_with_every_market(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capture.parent, "--json")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    told = json.loads(out)
    assert [one["symbol"] for one in told["markets"]] == ["BTCUSDT", "DOGEUSDT"]
    bitcoin = told["markets"][0]
    assert bitcoin["spread"]["time_weighted_bps"]["value"] == pytest.approx(1.0, rel=0.01)
    assert set(bitcoin["sigma"][0]["sigma_bps"]) == {"value", "low", "high", "n", "why"}
    assert told["markets"][1]["sigma"][0]["sigma_bps"]["why"]


def test_how_far_it_is_stands_beside_the_answer(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prefix = capture.parent / "long" / "a"
    prefix.parent.mkdir()
    write_book(prefix, [(0.01 * k, [(99.0, 1.0)], [(101.0, 1.0)], True, k, k) for k in range(12_000)])
    run(prefix)
    told = capsys.readouterr()
    assert "a: 5000 of 12000 book messages of BTCUSDT" in told.err and "of 12000" not in told.out
    run(prefix, "--json")
    assert capsys.readouterr().err == ""


def test_people_are_told_in_words(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capture, "--symbol", "BTCUSDT")
    out = capsys.readouterr().out
    for words in ("time-weighted spread, bps", "Walking the book", "Markouts", "Impact of signed flow", "γ"):
        assert words in out
    assert max(len(line) for line in out.splitlines()) < 200
    assert "nan" not in out.lower().replace("finance", "")


@pytest.mark.parametrize("symbols", [["BTCUSDT"], ["DOGEUSDT"], ["BTCUSDT", "DOGEUSDT"]])
def test_a_picture_is_drawn_of_whatever_there_is(capture: Path, tmp_path: Path, symbols: list[str]) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra `plot`")
    out = tmp_path / "out.png"
    chosen = [word for one in symbols for word in ("--symbol", one)]
    run(capture.parent, *chosen, "--plot", out, "--json")
    assert out.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("out", ["out.nonsense", "out", "nowhere/out.png"])
def test_a_picture_that_cannot_be_drawn_is_refused_before_anything_is_computed(
    capture: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra `plot`")
    with pytest.raises(Ended, match="--plot") as ended:
        run(capture, "--plot", capture.parent / out, "--json")
    assert ended.value.code is Exit.USAGE
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clock", "sundial"], "--clock: sundial is none of auto, exchange, receive."),
        (["--contract-usd", "10", "--multiplier", "2"], "exclude each other"),
        (["--symbol", "ETHUSDT"], "no ETHUSDT there, but BTCUSDT"),
        (["--venue", "nowhere"], "no market of venue nowhere"),
    ],
)
def test_mistakes_end_with_a_word(capture: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(Ended, match=words.replace(".", r"\.")) as ended:
        run(capture.parent, *arguments)
    assert ended.value.code is Exit.USAGE


def test_no_capture_and_no_parquet_are_mistakes_too(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="no tables there"):
        run(tmp_path / "nothing")
    (tmp_path / "x_bbo.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(Ended, match="x_bbo"):
        run(tmp_path / "x")


def test_without_duckdb_it_says_what_to_install(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(Ended, match=r"rfq-desk\[tables\]") as ended:
        run(capture)
    assert ended.value.code is Exit.DEPENDENCY


def test_without_matplotlib_it_says_what_to_install(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(Ended, match=r"rfq-desk\[plot\]") as ended:
        run(capture, "--symbol", "BTCUSDT", "--json", "--plot", tmp_path / "x.png")
    assert ended.value.code is Exit.DEPENDENCY
