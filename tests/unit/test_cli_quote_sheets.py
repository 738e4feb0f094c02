"""`rfq quote-ladder`: several currencies, options, win scores, liquidity and panels, with the published figures."""

import json
from pathlib import Path
from typing import Any

import pytest

from pricing.control.demand import Logistic
from rfq.cli.ladder_sheets import DEFAULTS
from rfq.cli.main import run

SMALL = ["--set", "steps=60", "--set", "variances=8", "--set", "strikes=10,12", "--set", "years=1"]


def answer(capsys: pytest.CaptureFixture[str], model: str, *words: str) -> dict[str, Any]:
    assert run(["quote-ladder", "--model", model, *words, "--json"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return dict(json.loads(told.out))


def small(model: str) -> list[str]:
    return SMALL if model == "options-book" else []


@pytest.mark.parametrize("model", DEFAULTS)
def test_every_model_has_a_table_and_a_picture(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    path = tmp_path / "sheet.png"
    assert run(["quote-ladder", "--model", model, *small(model), "--plot", str(path)]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{model}: ")
    assert max(map(len, told.out.splitlines())) <= 120
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000
    assert str(path) in told.err
    assert ("Solving the book: 60 of 60 steps" in told.err) is (model == "options-book")


@pytest.mark.parametrize("model", DEFAULTS)
def test_every_number_of_a_model_can_be_set(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Saying the defaults aloud gives the default's answer."""
    aloud = []
    for name, one in DEFAULTS[model]._asdict().items():
        if one != () and f"{name}=" not in "".join(small(model)):
            text = (
                one if isinstance(one, str) else ",".join(map(repr, one if isinstance(one, tuple) else [one]))
            )
            aloud += ["--set", f"{name}={text}"]
    assert answer(capsys, model, *small(model), *aloud) == answer(capsys, model, *small(model))


def test_two_currencies(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "currencies", "--inventory", "0,10")
    assert f"{found['figures']['risk_1_1']:.6e}" == "9.378559e-07"
    flat, long = found["rows"]
    assert [round(d, 6) for d in flat["bid_distance"][:6]] == [
        *(0.182200, 0.202978, 0.232039, 0.300721, 0.561105),
        0.392670,
    ]
    assert found["columns"][5] == {"pair": "1/0", "tier": 2, "size": 1.0}
    assert (round(long["bid_distance"][0], 6), round(long["offer_distance"][0], 6)) == (0.308317, 0.104746)
    assert (flat["hedge_rate"], round(long["hedge_rate"][0], 3)) == ([0.0], -1878.606)


THREE = [
    {"first": 1},
    {
        "first": 2,
        "second": 0,
        "rates": [600, 200, 150, 40, 10],
        "demand_a": [-1.4, 0],
        "demand_b": [5.5, 2],
        "psi": 0.15,
    },
    {
        "first": 1,
        "second": 2,
        "rates": [400, 50, 25, 20, 5],
        "demand_a": [-0.5, 0.5],
        "demand_b": [3.5, 2.5],
        "psi": 0.25,
    },
]


def test_three_currencies_from_a_file_of_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.json"
    path.write_text(json.dumps(THREE))
    words = ["--sigma", "80,70", "--correlation", "0.6", "--set", "impact=.005,.007", "--pairs", str(path)]
    found = answer(capsys, "currencies", *words, "--inventory", "10")
    names = ("risk_1_1", "risk_2_1", "risk_2_2")
    assert [f"{found['figures'][name]:.6e}" for name in names] == [
        "9.068326e-07",
        "3.966658e-07",
        "1.343603e-06",
    ]
    assert found["rows"][0]["hedge_rate"][0] == pytest.approx(-1568.372, abs=1e-3)
    assert run(["quote-ladder", "--model", "currencies", *words]) == 0
    table = capsys.readouterr().out
    assert "pair 1/2, tier 2" in table and "pairs of 3 rows" in table
    other = answer(capsys, "currencies", *words, "--inventory", "10", "--set", "held=2")
    assert other["rows"][0]["hedge_rate"] != found["rows"][0]["hedge_rate"]


@pytest.mark.slow
def test_the_options_book(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "options-book", "--inventory=-5e6,0,5e6")
    assert [round(row["value"], 1) for row in found["rows"]] == [135_496.6, 162_903.5, 135_750.8]
    (place,) = (i for i, one in enumerate(found["columns"]) if (one["strike"], one["years"]) == (10.0, 1.0))
    assert round(found["columns"][place]["price"], 6) == 0.586022
    _, flat, long = found["rows"]
    assert round(flat["offer_distance"][place], 6) == 0.010959
    assert round(flat["bid_distance"][place], 6) == 0.010903
    points = [flat[f"{side}_distance_vol_points"][place] for side in ("offer", "bid")]
    assert [round(one, 3) for one in points] == [0.875, 0.871]
    assert round(long["offer_distance"][place], 6) == 0.000207
    assert round(long["bid_distance"][place], 6) == 0.023747


def test_a_full_book_quotes_one_side(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "options-book", *SMALL, "--inventory", "1e7")
    (full,) = found["rows"]
    assert full["bid_distance"] == [None, None] == full["bid_distance_vol_points"]
    assert None not in full["offer_distance"]


def test_the_win_score(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "win-score")
    alone = found["myopic"]
    assert [round(one, 5) for one in alone["distances"]] == [0.48093, 0.54038, 0.61061, 0.69245]
    assert [round(one, 5) for one in alone["won"]] == [0.28809, 0.34713, 0.39116, 0.41981]
    assert [round(one, 5) for one in alone["response"]] == [0.73004, 0.33291, 0.11600, 0.04946]
    assert round(found["figures"]["turn"], 2) == 5513.77
    assert round(found["figures"]["myopic_top_of_book"], 2) == 0.96
    for low, high in zip(found["rows"], reversed(found["rows"]), strict=True):
        assert low["bid_distance"] == pytest.approx(high["offer_distance"])
    assert found["rows"][0]["bid_distance"] < found["rows"][-1]["bid_distance"]
    both = answer(capsys, "win-score", "--set", "rates_a=0,0,0,2000")["ways"]
    assert len(both) == 2 and both[0]["gate"] > 0.9 > 0.3 > both[1]["gate"]
    calm = answer(capsys, "win-score", "--gamma", "0", "--inventory", "30")
    assert calm["rows"][0]["bid_distance"] == pytest.approx(alone["distances"])


def test_fair_transfer_prices(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(
        capsys, "fair-transfer", "--inventory", "0", "--set", "sizes=1,2", "--set", "weights=.6,.4"
    )
    quiet, buyers, sellers, busy = found["states"]
    assert buyers["fair_transfer_less_mid"] == pytest.approx(-sellers["fair_transfer_less_mid"])
    assert buyers["fair_transfer_less_mid"] > 0.0 == pytest.approx(busy["fair_transfer_less_mid"], abs=1e-9)
    assert buyers["micro_price_less_mid"] == pytest.approx(0.1) and quiet["share_of_time"] == pytest.approx(
        0.36
    )
    assert len(found["columns"]) == len(found["rows"][0]["middle_less_mid"]) == 8
    one = answer(capsys, "fair-transfer", "--inventory", "0")
    assert one["rows"][0]["middle_less_mid"][1] == pytest.approx(one["states"][1]["fair_transfer_less_mid"])
    chain = ["bid_rates=10,60", "offer_rates=30,30", "generator=-1,1,2,-2"]
    own = answer(capsys, "fair-transfer", *(word for one in chain for word in ("--set", one)))
    assert [state["state"] for state in own["states"]] == ["state 1", "state 2"]
    assert own["states"][0]["share_of_time"] == pytest.approx(2.0 / 3.0)
    assert own["states"][0]["fair_transfer_less_mid"] > own["states"][1]["fair_transfer_less_mid"]


def test_a_demand_table_where_a_model_takes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    distances = [-2.0 + 0.125 * step for step in range(49)]
    path = tmp_path / "demand.csv"
    path.write_text("".join(f"{d},{float(Logistic(-0.7, 3.1).fill(d))!r}\n" for d in distances))
    words = ["--demand-table", str(path), "--inventory", "0,5"]
    assert run(["quote-ladder", "--model", "panel", "--demand-table", str(path)]) == 2
    assert "--demand-table: the model panel has no such" in capsys.readouterr().err
    for model, more in (("fair-transfer", []), ("currencies", ["--demand-a=-.7", "--demand-b", "3.1"])):
        known = answer(capsys, model, *more, "--inventory", "0,5")
        found = answer(capsys, model, *words)
        assert "demand" in known["parameters"] and "demand" not in found["parameters"]
        for row, same in zip(found["rows"], known["rows"], strict=True):
            assert row["bid_distance"] == pytest.approx(same["bid_distance"], rel=1e-6)


@pytest.mark.parametrize(
    ("leakage", "count", "cost"), [("0.02", 9, 0.4006), ("0.05", 6, 0.5782), ("0.2", 3, 1.0611)]
)
def test_panels(leakage: str, count: int, cost: float, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "panel", "--set", f"leakage={leakage}")
    assert (
        found["figures"]["best_dealers"] == count and round(found["figures"]["best_client_cost"], 4) == cost
    )
    best = found["rows"][count - 2]
    assert (best["dealers"], best["client_cost"]) == (count, found["figures"]["best_client_cost"])
    assert best["winner_profit"] == pytest.approx(best["shading"] - best["winners_curse"])
    assert [round(row["winner_profit"], 4) for row in found["rows"][:3]] == [1.2083, 0.6611, 0.4777]
    quotes = [(row["private_quote"], row["private_win_probability"]) for row in found["rows"][:3]]
    assert [(round(quote, 5), round(win, 5)) for quote, win in quotes] == [
        (1.66831, 0.62994),
        (1.26393, 0.59160),
        (1.06602, 0.56120),
    ]


def test_a_competitor_that_may_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--model", "panel", "--set", "answering=0.5"]
    row = answer(capsys, "panel", *words[2:])["rows"][0]
    assert row["private_win_probability_answering"] == pytest.approx(
        0.5 + 0.5 * row["private_win_probability"]
    )
    assert run(["quote-ladder", *words]) == 0
    assert "chance if not all answer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("panel --inventory 1", "--inventory"),
        ("panel --sigma 1", "--sigma: the model panel has no such number; it has dealers, error"),
        ("panel --limit 1", "--limit"),
        ("panel --demand-table none.csv", "none.csv"),
        ("panel --set dealers=1", "dealers"),
        ("panel --set dealers=2.5", "whole number"),
        ("panel --set sd=0", "sd"),
        ("panel --set error=-1", "error"),
        ("panel --set answering=2", "answering"),
        ("panel --set magic=1", "--magic"),
        ("panel --set leakage", "NAME=VALUE"),
        ("panel --set leakage=x", "not a list of numbers"),
        ("panel --set leakage=1 --set leakage=2", "twice"),
        ("currencies --gamma 20 --set gamma=20", "twice"),
        ("currencies --step 1", "--step"),
        ("currencies --gamma=-1", "gamma"),
        ("currencies --rates 1,2", "rates"),
        ("currencies --sigma 80,70 --correlation 1.5", "semi-definite"),
        ("currencies --sigma 80,70 --correlation .1,.2", "correlation: 2 numbers"),
        ("currencies --set held=2", "held"),
        ("currencies --set psi=1,2", "psi: 2 numbers"),
        ("currencies --set eta=0", "eta"),
        ("currencies --demand-a 1,2,3", "demand_b"),
        ("currencies --demand square", "square"),
        ("currencies --set sizes=logistic", "--set sizes"),
        ("options-book --set strikes=1000", "worth nothing"),
        ("options-book --inventory 2e7", "beyond the limit"),
        ("options-book --set steps=1", "steps"),
        ("options-book --set correlation=2", "correlation"),
        ("options-book --set variance_high=.01", "variance_high"),
        ("options-book --sizes 1", "--sizes"),
        ("win-score --set middles=1", "middles"),
        ("win-score --demand logistic", "--demand"),
        ("win-score --set memory=1", "memory"),
        ("win-score --sigma 1,2", "sigma: 2 numbers"),
        ("fair-transfer --set weights=.5", "weights"),
        ("fair-transfer --set generator=1,2,3,4", "generator"),
        ("fair-transfer --set low=-1", "low"),
        ("fair-transfer --limit 0", "limit"),
        ("fair-transfer --latency-s 1", "--latency-s"),
        ("glft --pairs none.json", "none.json"),
    ],
)
def test_what_is_wrong_is_said(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["quote-ladder", "--model", *words.split()])
    assert code == (6 if "none." in words else 2)
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "{}",
        "[]",
        "[1]",
        '[{"second": 0}]',
        '[{"first": 1, "third": 2}]',
        '[{"first": 5}]',
        '[{"first": 1, "psi": "x"}]',
        '[{"first": 1, "psi": [1, 2]}]',
        '[{"first": 1.5}]',
        '[{"first": 1, "demand": 3}]',
        '[{"first": 1, "rates": [1, NaN]}]',
    ],
)
def test_a_broken_file_of_pairs_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.json"
    path.write_text(text)
    assert run(["quote-ladder", "--model", "currencies", "--pairs", str(path)]) == 2
    told = capsys.readouterr().err
    assert told and "Traceback" not in told
