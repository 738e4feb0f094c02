"""`rfq market import`: a report for programs and one for people, and how it ends."""

import json
import sys
from pathlib import Path

import pytest

from rfq.cli.exits import Ended
from rfq.cli.market_tables import import_archive

pytest.importorskip("duckdb", reason="archives need duckdb")


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "tests" / "fixtures" / "archives"


def test_the_report_for_programs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_archive(folder / "tardis", tmp_path / "a", json=True)
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert told.err == "" and answer["dropped"] == 5
    assert {Path(one).name for one in answer["written"]} == {
        "a_l2_events.parquet",
        "a_bbo.parquet",
        "a_trades.parquet",
        "a_ticker.parquet",
        "a_chain.parquet",
    }
    books = next(one for one in answer["tables"] if one["kind"] == "l2_events" and one["symbol"] == "BTCUSDT")
    assert books["clocks"]["receiver_behind_ms"] < 0 and books["dropped"][0]["rows"] == 1


def test_the_report_for_people(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_archive(folder / "binance", tmp_path / "a", archive="binance")
    told = capsys.readouterr()
    assert "Reading " in told.err and "could not be read: 1 x no row" in told.out
    assert "dropped: 1 x price: not a number above zero" in told.out
    assert "kept, though odd: 4 x trades missing between ids" in told.out
    assert f"Written: {tmp_path / 'a_trades.parquet'}" in told.out


def test_tables_that_are_there_are_written_over_only_when_told_so(folder: Path, tmp_path: Path) -> None:
    import_archive(folder / "tardis", tmp_path / "a", json=True)
    with pytest.raises(Ended, match="--replace writes over it") as ended:
        import_archive(folder / "deribit", tmp_path / "a", json=True)
    assert ended.value.code == 2 and (tmp_path / "a_bbo.parquet").exists()
    import_archive(folder / "deribit", tmp_path / "a", json=True, replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a_trades.parquet"]


def test_how_it_ends(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "X-trades-1.csv"
    bad.write_text("id,price,qty,quote_qty,time,is_buyer_maker\n1,x,3,6,1723161600000,true\n")
    with pytest.raises(Ended, match="No row was left to write") as ended:
        import_archive(bad, tmp_path / "bad", json=True)
    assert ended.value.code == 1
    with pytest.raises(Ended, match="nothing there") as ended:
        import_archive(tmp_path / "no", tmp_path / "a")
    assert ended.value.code == 2
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(Ended, match="rfq-desk") as ended:
        import_archive(folder / "binance", tmp_path / "a")
    assert ended.value.code == 6
