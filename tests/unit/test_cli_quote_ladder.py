"""`rfq quote-ladder`: every model as table, JSON and picture; what is wrong is said in one line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pricing.control.demand import Logistic
from rfq.cli.ladder_models import DEFAULTS, USED
from rfq.cli.main import run


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert run(["quote-ladder", *words, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    return dict(json.loads(lines[0]))


@pytest.mark.parametrize("model", DEFAULTS)
def test_every_model_has_a_table_and_json(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["quote-ladder", "--model", model, "--limit", "60"]) == 0
    table = capsys.readouterr().out
    assert table.startswith(f"{model}: distances from fair") and "inventory" in table
    found = answer(capsys, "--model", model, "--limit", "60")
    assert found["parameters"]["limit"] == 60.0 and set(found["parameters"]) == set(USED[model].split())
    (flat,) = (row for row in found["rows"] if row["inventory"] == 0.0)
    assert flat["bid_distance"] == pytest.approx(flat["offer_distance"])
    assert len(flat["bid_distance"]) == len(found["columns"])
    skew = found["skew_table"]
    assert len(skew["inventory"]) == len(skew["half_spread"]) == len(skew["skew"])
    assert model == "myopic" or skew["skew"][0] > 0.0 > skew["skew"][-1]


def test_the_default_is_the_exact_fx_ladder(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--inventory", "0,20,150")
    assert [row["inventory"] for row in found["rows"]] == [0.0, 20.0, 150.0]
    assert round(found["figures"]["objective"], 2) == 1446.19
    assert round(found["rows"][1]["bid_distance"][0], 5) == 0.60056
    assert found["rows"][2]["bid_distance"] == [None] * 6


def test_a_demand_table_gives_the_closed_forms_ladder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    distances = [-1.0 + 0.125 * step for step in range(33)]
    lines = [f"{d},{float(Logistic(-1, 7).fill(d))!r}" for d in distances]
    path = tmp_path / "demand.csv"
    path.write_text("distance,fill\n" + "\n".join(lines) + "\n")
    known, found = (
        answer(capsys, "--limit", "60"),
        answer(capsys, "--limit", "60", "--demand-table", str(path)),
    )
    assert found["figures"]["objective"] == pytest.approx(known["figures"]["objective"], rel=1e-9)
    assert {"demand", "demand_a", "demand_b"} <= set(known["parameters"])
    assert (
        not {"demand", "demand_a", "demand_b"} & set(found["parameters"]) and "table" in found["parameters"]
    )
    assert run(["quote-ladder", "--limit", "60", "--demand-table", str(path)]) == 0
    assert "table of 33 rows" in capsys.readouterr().out


def test_two_assets_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--model", "riccati", "--sizes", "1", "--rates", "900", "--limit", "10")
    assert found["columns"] == [{"asset": 1, "size": 1.0}, {"asset": 2, "size": 1.0}]
    apart = answer(
        capsys, "--model", "riccati", "--sizes", "1", "--rates", "900", "--limit", "10", "--correlation", "0"
    )
    other = [row["bid_distance"][1] for row in apart["rows"]]
    assert max(other) - min(other) < 1e-9 < abs(found["rows"][0]["bid_distance"][1] - other[0])


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    path = tmp_path / "ladder.png"
    assert run(["quote-ladder", "--model", "glft", "--plot", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000
    assert str(path) in capsys.readouterr().err
    assert run(["quote-ladder", "--model", "glft", "--plot", str(tmp_path / "ladder.odd")]) == 2
    assert "--plot" in capsys.readouterr().err


def test_without_matplotlib_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(["quote-ladder", "--model", "glft", "--plot", str(tmp_path / "x.png")]) == 6
    assert "rfq-desk[plot]" in capsys.readouterr().err
    assert run(["quote-ladder", "--model", "glft"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "magic"], "none of"),
        (["--model", "glft", "--correlation", "0.5"], "--correlation"),
        (["--model", "glft", "--demand-table", "none.csv"], "none.csv"),
        (["--sizes", "1,x"], "--sizes"),
        (["--sizes", "1,inf"], "finite"),
        (["--sizes", "1,2"], "rates"),
        (["--gamma", "-1"], "gamma"),
        (["--sigma", "1,2"], "sigma: 2 numbers"),
        (["--limit", "1e7"], "5001 inventories"),
        (["--demand-a", "1e308"], "too far apart"),
        (["--model", "avellaneda", "--gamma", "-1"], "gamma"),
        (["--model", "avellaneda", "--demand-b", "0"], "demand_b"),
        (["--model", "glft", "--rates", "0"], "rates"),
        (["--model", "glft", "--horizon", "-1"], "horizon"),
        (["--model", "glft", "--limit", "100000"], "1000"),
        (["--model", "cjp", "--final", "-1"], "final"),
        (["--model", "cjp", "--gamma", "inf"], "gamma"),
        (["--model", "riccati", "--horizon", "-1"], "horizon"),
        (["--model", "riccati", "--correlation", "nan"], "finite"),
        (["--model", "last-look", "--latency-s", "nan"], "latency_s"),
        (["--model", "last-look", "--toxicity", "1e5"], "nothing is dealt"),
        (["--demand", "square"], "square"),
        (["--demand-b", "1,2"], "demand_b"),
        (["--limit", "0.5"], "limit"),
        (["--model", "glft", "--limit", "2.5"], "whole number"),
        (["--model", "riccati", "--sigma", "1,1,1", "--correlation", "-0.9"], "semi-definite"),
        (["--inventory", "0.5"], "not on the grid"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["quote-ladder", *words])
    assert code == (6 if "none.csv" in words else 2)
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told


@pytest.mark.parametrize("text", ["0,1\n1,x\n", "0,1\n1,2,3\n", "0,0.1\n1,0.2\n"])
def test_a_broken_demand_table_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "demand.csv"
    path.write_text(text)
    assert run(["quote-ladder", "--demand-table", str(path)]) == 2
    assert capsys.readouterr().err
