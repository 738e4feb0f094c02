"""`rfq features`: lists, descriptions, builds and checks, for programs and for people."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_captures import MS, START_NS, write_capture

from rfq.audit.log import AuditLog
from rfq.cli.features_show import teller
from rfq.cli.main import run
from rfq.sim.run import run as run_world
from rfq.sim.world import build_world
from rfq.store import parts
from rfq.store.definitions import FLOW_COLUMNS, FLOW_NAMES, FLOW_SCHEMA


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_capture(tmp_path_factory.mktemp("capture") / "c", seconds=8)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "sim.db"
    with AuditLog.open(path, writable=True, fsync=False) as found:
        run_world(build_world(3, log=found, checked=False), 120)
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> Any:
    """The JSON answer of a command."""
    assert run(["features", *map(str, arguments), "--json"]) == code
    out = capsys.readouterr().out
    return json.loads(out) if out else None


def test_list_tells_every_feature(capsys: pytest.CaptureFixture[str]) -> None:
    answer = told(capsys, "list")
    assert len(answer["features"]) >= 40
    assert {"name", "unit", "horizon", "when_missing", "words", "version", "hash"} <= set(
        answer["features"][0]
    )
    assert all(one["unit"] and one["horizon"] and one["words"] for one in answer["features"])
    assert {one["set"] for one in answer["sets"]} == {"market", "request"}
    assert run(["features", "list"]) == 0
    assert "ofi_ratio_10s" in capsys.readouterr().out


def test_describe(capsys: pytest.CaptureFixture[str]) -> None:
    assert [one["version"] for one in told(capsys, "describe", "ofi_ratio_1s")["definitions"]] == [2, 1]
    assert run(["features", "describe", "ofi_ratio_1"]) == 2
    assert "Did you mean ofi_ratio_1s" in capsys.readouterr().err


def test_a_build_says_what_it_took_sizes_for(
    capsys: pytest.CaptureFixture[str], capture: Path, tmp_path: Path
) -> None:
    asked = ["features", "build", str(capture), "--out", str(tmp_path / "s"), "--contract-usd", "100"]
    assert run(asked) == 0
    assert "sizes of binance_usdm BTCUSDT: contracts of 100 USD, as told" in capsys.readouterr().out


def test_a_store_is_built_listed_described_and_joined(
    capsys: pytest.CaptureFixture[str], capture: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    built = told(capsys, "build", capture, "--out", store, "--every-ms", 100)["builds"][0]
    assert built["rows"] > 140
    assert built["schema"] == FLOW_SCHEMA
    assert built["recipe"]["every_ns"] == 100 * MS
    assert built["recipe"]["size binance_usdm BTCUSDT"] == "coins"
    assert {one["name"] for one in built["sources"]} == {"c_l2_events.parquet", "c_trades.parquet"}
    again = told(capsys, "build", capture, "--out", store, "--every-ms", 100)["builds"][0]
    assert again["id"] == built["id"]
    assert run(["features", "build", str(capture), "--out", str(store), "--every-ms", "50"]) == 2
    assert built["id"] in capsys.readouterr().err
    held = told(capsys, "list", "--store", store)["store"]
    assert [one["symbol"] for one in held["histories"]] == ["BTCUSDT", "ETHUSDT"]
    newest = [(one["symbol"], one["known_at"]) for one in held["online"]]
    assert newest == [(one["symbol"], one["to_at"]) for one in held["histories"]]
    rows = told(capsys, "describe", "spread_bps", "--store", store)["history"]
    assert rows[0]["known"] > 0
    assert rows[0]["least"] > 0.0
    wanted = tmp_path / "rfqs.csv"
    instants = [START_NS + 2_050 * MS, "2023-11-14T22:13:24.5Z", "never", START_NS - 1, START_NS + 10**14]
    with wanted.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "at", "symbol"])
        lines.writerows([(f"r{place}", at, "ETHUSDT") for place, at in enumerate(instants)])
        lines.writerow(["r5", START_NS + 3_000 * MS, "DOGEUSDT"])
    answer = told(
        capsys, "build", store, "--rfqs", wanted, "--out", tmp_path / "r.parquet", "--age-max-ms", 500
    )
    assert (answer["requests"], answer["found"], answer["without_market_or_instant"]) == (6, 2, 2)
    found = read(tmp_path / "r.parquet")
    assert found["id"].tolist() == [f"r{place}" for place in range(6)]
    assert found["feature_known_at"].tolist()[:2] == [START_NS + 2_000 * MS, START_NS + 4_500 * MS]
    assert found["feature_age_ms"][0] == 50.0
    for column in FLOW_COLUMNS:
        assert found[column.name][2] == column.when_missing
        assert np.isfinite(found[column.name]).all()


def test_rows_for_requests_are_read_at_their_very_instants(
    capsys: pytest.CaptureFixture[str], capture: Path, tmp_path: Path
) -> None:
    wanted = tmp_path / "rfqs.csv"
    at = [START_NS + 3_003 * MS + 17, START_NS + 5_000 * MS]
    wanted.write_text("received_at,underlying,side\n" + "".join(f"{one},btc,buy\n" for one in at))
    answer = told(capsys, "build", capture, "--rfqs", wanted, "--out", tmp_path / "r.parquet")
    assert (answer["requests"], answer["found"]) == (2, 2)
    found = read(tmp_path / "r.parquet")
    assert found["feature_known_at"].tolist() == at
    told(capsys, "build", capture, "--out", tmp_path / "store", "--every-ms", 1_000)
    told(capsys, "build", tmp_path / "store", "--rfqs", wanted, "--out", tmp_path / "j.parquet")
    joined = read(tmp_path / "j.parquet")
    for name in FLOW_NAMES:
        assert joined[name][1] == found[name][1]  # on the grid: the very same row
    assert joined["feature_age_ms"].tolist() == [pytest.approx(3.000017), 0.0]


def test_a_log_gives_the_rows_it_decided_on_and_its_lineage(
    capsys: pytest.CaptureFixture[str], log: Path, tmp_path: Path
) -> None:
    built = told(capsys, "build", log, "--out", tmp_path / "store")["builds"][0]
    assert built["set"] == "request"
    uses = told(capsys, "list", "--store", tmp_path / "store", "--log", log)["lineage"]
    assert sum(use["rows"] for use in uses) == built["rows"] > 20
    assert {use["schema"] for use in uses} == {built["schema"]}
    assert {use["version"] for use in uses} == {2}
    assert any(use["model"] and use["answers"] for use in uses)
    assert (
        told(capsys, "describe", "side_sign", "--store", tmp_path / "store")["history"][0]["rows"]
        == built["rows"]
    )
    assert run(["features", "list", "--log", str(log)]) == 0
    assert uses[0]["model"] in capsys.readouterr().out


def test_requests_of_a_log_are_joined_to_a_store(
    capsys: pytest.CaptureFixture[str], log: Path, tmp_path: Path
) -> None:
    told(capsys, "build", "sim", "--minutes", 2, "--seed", 3, "--out", tmp_path / "store")
    answer = told(
        capsys,
        "build",
        tmp_path / "store",
        "--log",
        log,
        "--out",
        tmp_path / "r.parquet",
        "--age-max-ms",
        2_000,
    )
    assert answer["found"] == answer["requests"] > 20
    assert set(read(tmp_path / "r.parquet")) >= {"party", "instrument", "mid"}


def test_a_capture_of_minutes_is_told_of_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    tell, quiet = teller("Messages", quiet=False), teller("Messages", quiet=True)
    for count in range(0, 40_000, 5_000):
        tell(count + 5_000)
        quiet(count + 5_000)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [f"Messages: {count}" for count in (10_000, 20_000, 30_000, 40_000)]


def test_check_parity(capsys: pytest.CaptureFixture[str], capture: Path) -> None:
    answer = told(capsys, "check-parity", capture, "--questions", 20, "--symbol", "ETHUSDT")
    assert answer["equal"] is True
    assert answer["markets"] == ["binance_usdm ETHUSDT"]
    assert answer["differing"] == 0
    assert run(["features", "check-parity", str(capture), "--every-ms", "3600000", "--questions", "0"]) == 1
    assert "nothing to compare" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "nowhere", "--out", "x"), "nowhere"),
        (("build", "nowhere", "--out", "x", "--rfqs", "a", "--log", "b"), "exclude"),
        (("build", "nowhere", "--out", "x", "--rfqs", "a.csv"), ".parquet"),
        (("build", "nowhere", "--out", "x.parquet", "--rfqs", "a.csv"), "not there"),
        (("check-parity", "nowhere"), "nowhere"),
        (("list", "--store", "nowhere"), "no feature store"),
    ],
)
def test_a_mistake_is_told_in_a_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["features", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_a_list_without_its_columns_says_so(
    capsys: pytest.CaptureFixture[str], capture: Path, tmp_path: Path
) -> None:
    wanted = tmp_path / "rfqs.csv"
    for text, words in (("symbol\nBTCUSDT\n", "no column at"), ("at,size\n1,2\n", "no column symbol")):
        wanted.write_text(text)
        arguments = ["build", str(capture), "--rfqs", str(wanted), "--out", str(tmp_path / "r.parquet")]
        assert run(["features", *arguments]) == 2
        assert words in capsys.readouterr().err


def read(path: Path) -> dict[str, Any]:
    """The columns of a file."""
    with parts.connect() as tables:
        return parts.read(tables, path)


def test_observations_reach_the_rows_and_the_check(
    capsys: pytest.CaptureFixture[str], capture: Path, tmp_path: Path
) -> None:
    news = tmp_path / "news.csv"
    news.write_text(
        f"received_at,kind,source,name,value,subject\n{START_NS + 2_000 * MS},sentiment,x,sentiment,0.5,BTC\n"
    )
    with_news = ("--observations", news, "--symbol", "BTCUSDT")
    built = told(capsys, "build", capture, "--out", tmp_path / "store", *with_news)["builds"][0]
    assert "news.csv" in [one["name"] for one in built["sources"]]
    row = told(capsys, "describe", "sentiment_score_1h", "--store", tmp_path / "store")["history"][0]
    assert 0 < row["known"] < row["rows"]
    assert told(capsys, "check-parity", capture, "--questions", 5, *with_news)["equal"] is True
    news.write_text("received_at,kind,source,name,value,subject\nnever,sentiment,x,sentiment,0.5,BTC\n")
    assert run(["features", "check-parity", str(capture), "--observations", str(news)]) == 2
    assert "row 1" in capsys.readouterr().err


def test_without_duckdb_it_is_said_which_extra_brings_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, capture: Path, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for arguments in (
        ("build", str(capture), "--out", str(tmp_path / "store")),
        ("check-parity", str(capture)),
        ("check-parity", "sim", "--minutes", "0.1"),
    ):
        assert run(["features", *arguments]) == 6
        assert "rfq-desk[tables]" in capsys.readouterr().err
    assert run(["features", "list"]) == 0
