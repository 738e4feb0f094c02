"""`rfq surface fit`: an answer for programs and one for people, a picture, and what ends it."""

import json
import math
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from surface_cases import AT, DAYS, FORWARD, chain, quote_of, write

from pricing.market import MarketSnapshot
from pricing.units import DAY_NS, NS_PER_S
from rfq.cli.instants import parse_instant
from rfq.cli.main import run
from rfq.domain import canon


@pytest.fixture
def file(tmp_path: Path) -> Path:
    later = [replace(one, at=AT + 160 * NS_PER_S) for one in chain(half_ticks=2)]
    return write(tmp_path / "chain.csv", [*chain(half_ticks=2), *later], vols=False)


def test_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["surface", "fit", str(file), "--held-out", "--json"]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert told.err == "" and [one["is_used"] for one in answer["sweeps"]] == [True, True]
    assert len(answer["surface"]["smiles"]) == len(answer["smiles"]) == len(DAYS)
    assert answer["clock_ahead_s"] == 0 and answer["reasons"] == []
    assert {one["days"] for one in answer["held_out"]} >= {"from 8 days on"}
    assert all(0.9 <= one["inside"] <= 1.0 for one in answer["sweeps"])


def test_words(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["surface", "fit", str(file)]) == 0
    told = capsys.readouterr()
    assert "2 sweeps, 2 with a surface that may be used." in told.out
    assert told.out.count("%") == len(DAYS) and "2 of 2 sweeps" in told.err


def test_a_picture(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib")
    out = tmp_path / "out.png"
    assert run(["surface", "fit", str(file), "--plot", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG") and out.stat().st_size > 10_000
    assert run(["surface", "fit", str(file), "--plot", str(tmp_path / "out.odd")]) == 2
    assert "--plot:" in capsys.readouterr().err


def test_a_picture_without_matplotlib(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert run(["surface", "fit", str(file), "--plot", str(tmp_path / "out.png")]) == 6
    assert "pip install 'rfq-desk[plot]'" in capsys.readouterr().err


def test_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["surface", "fit", str(tmp_path / "absent.csv")]) == 6
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    assert run(["surface", "fit", str(tmp_path / "odd.csv")]) == 2
    assert "has no column" in capsys.readouterr().err


def test_a_last_sweep_without_a_surface_ends_badly_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "few.csv", chain()[:3])
    assert run(["surface", "fit", str(file), "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["surface"] is None
    assert "no expiry has enough quotes" in told.err


@pytest.mark.parametrize("odd", [["--index", "inf"], ["--index", "nan"], ["--underlying", " "]])
def test_what_is_no_market_is_refused_before_anything_is_read(
    odd: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["surface", "fit", str(tmp_path / "absent.csv"), *odd]) == 2
    assert odd[0] in capsys.readouterr().err


def test_what_was_fitted_can_be_priced_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A chain becomes a market, and a strike that the fit has not seen is worth what its quote says."""
    days = [
        (parse_instant("", day, AT) - AT) / DAY_NS for day in ("2024-09-13T08:00:00Z", "2024-12-27T08:00:00Z")
    ]
    file = write(tmp_path / "chain.csv", chain(tuple(days), half_ticks=2))
    out = tmp_path / "market.json"
    assert run(["surface", "fit", str(file), "--out", str(out), "--index", "59500"]) == 0
    assert f"--snapshot {out}" in capsys.readouterr().err
    snapshot = canon.decode(out.read_bytes(), MarketSnapshot)
    (under,) = snapshot.underlyings
    assert (under.name, under.index, snapshot.at) == ("BTC", 59_500.0, AT)
    assert under.curve is not None and [one.forward for one in under.curve.pillars] == [FORWARD, FORWARD]
    assert under.surface is not None and under.surface.source.startswith("svi-penalised.1+")
    assert under.sigma == pytest.approx(0.55, abs=0.02) and len(out.read_bytes()) < 4_000

    assert run(["price", "BTC-27DEC24-65000-C", "--snapshot", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    true = quote_of(days[1], math.log(65_000.0 / FORWARD))
    assert true.bid <= found["fair"] <= true.ask and found["currency"] == "BTC"
    assert found["uncertainty_bps"] > 0.0
