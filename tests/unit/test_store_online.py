"""The online table: the newest row, in memory and over a restart, beside readers, and after damage."""

import math
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rfq.feeds.said import Market
from rfq.store.online import Absent, Latest, OnlineTable, read_online
from rfq.store.parts import StoreError

BTC, ETH = Market("v", "BTC"), Market("v", "ETH")


def row(market: Market, at: int, *values: float, schema: str = "s") -> Latest:
    """A row."""
    return Latest(market, schema, at, values or (float(at), math.nan, -0.0))


def test_the_newest_row_is_had_at_once_and_an_older_one_is_not_taken() -> None:
    table = OnlineTable(None)
    assert table.put(row(BTC, 10))
    assert not table.put(row(BTC, 9))
    assert table.put(row(BTC, 11))
    assert table.late == 1
    found = table.get(BTC, "s", 12)
    assert isinstance(found, Latest)
    assert found.known_at == 11


def test_why_there_is_none_is_said() -> None:
    table = OnlineTable(None)
    table.put(row(BTC, 10))
    told = [
        table.get(ETH, "s", 12),
        table.get(BTC, "other", 12),
        table.get(BTC, "s", 9),
        table.get(BTC, "s", 2_000_000_020, age_max_ns=1_000_000_000),
    ]
    assert all(isinstance(one, Absent) for one in told)
    assert [
        why in one.why
        for why, one in zip(("no row", "schema s", "later", "2000 ms old"), told, strict=True)
        if isinstance(one, Absent)
    ] == [True] * 4


def test_it_survives_a_restart_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    table = OnlineTable(path)
    table.put(row(BTC, 10))
    table.put(row(ETH, 11, 1e-310, 0.1 + 0.2))
    assert table.flush() == 2
    assert table.flush() == 0
    table.put(row(BTC, 12))
    assert [one.known_at for one in read_online(path)] == [10, 11]  # beside the writer: what was kept
    again = OnlineTable(path)  # as after a kill: the last put was not kept
    assert [(one.market, one.known_at) for one in again.all()] == [(BTC, 10), (ETH, 11)]
    found = again.get(ETH, "s", 99)
    assert isinstance(found, Latest)
    assert found.values == (1e-310, 0.1 + 0.2)
    kept = again.all()[0].values
    assert math.isnan(kept[1])
    assert math.copysign(1.0, kept[2]) == -1.0
    again.close()
    table.close()
    assert [one.known_at for one in read_online(path)] == [12, 11]


def test_an_older_writer_does_not_put_the_clock_back(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    old, new = OnlineTable(path), OnlineTable(path)
    new.put(row(BTC, 20))
    new.close()
    old.put(row(BTC, 15))
    old.close()
    assert read_online(path)[0].known_at == 20


@pytest.mark.parametrize("harm", [b"no database at all, but long enough to be read as one" * 40, None])
def test_a_damaged_file_is_put_aside_and_told(tmp_path: Path, harm: bytes | None) -> None:
    path = tmp_path / "online.db"
    if harm is None:
        file = sqlite3.connect(path)
        file.execute("CREATE TABLE newest (venue, symbol, schema, known_at, row)")
        file.execute("INSERT INTO newest VALUES ('v', 'BTC', 's', 1, ?)", (b"odd",))
        file.commit()
        file.close()
    else:
        path.write_bytes(harm)
    with pytest.raises(StoreError, match=r"online\.db"):
        read_online(path)
    table = OnlineTable(path)
    assert "damaged" in table.problem
    assert (tmp_path / "online.db.damaged").exists()
    table.put(row(BTC, 5))
    table.close()
    assert OnlineTable(path).problem == ""
    assert read_online(path)[0].known_at == 5


def test_a_disk_that_refuses_is_told_and_nothing_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    table = OnlineTable(path)
    table.put(row(BTC, 5))
    other = sqlite3.connect(path)
    other.execute("DROP TABLE newest")
    other.commit()
    with pytest.raises(StoreError, match="cannot be written"):
        table.flush()
    other.execute(
        "CREATE TABLE newest (venue TEXT, symbol TEXT, schema TEXT, known_at INTEGER, row BLOB,"
        " PRIMARY KEY (venue, symbol, schema))"
    )
    other.commit()
    other.close()
    assert table.flush() == 1
    table.close()


def test_no_file_holds_nothing(tmp_path: Path) -> None:
    assert read_online(tmp_path / "none.db") == ()


def test_a_file_that_a_crash_left_empty_holds_nothing_and_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    path.touch()
    assert read_online(path) == ()
    table = OnlineTable(path)
    assert table.problem == "" and table.all() == ()
    table.close()


def test_a_process_that_is_killed_loses_what_came_after_its_last_flush_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    code = f"""
import os
from pathlib import Path
from rfq.feeds.said import Market
from rfq.store.online import Latest, OnlineTable
table = OnlineTable(Path({str(path)!r}))
table.put(Latest(Market("v", "BTC"), "s", 5, (1.0, 2.0)))
table.put(Latest(Market("v", "ETH"), "s", 6, (3.0, 4.0)))
table.flush()
table.put(Latest(Market("v", "BTC"), "s", 7, (5.0, 6.0)))
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert [(one.known_at, one.values) for one in read_online(path)] == [(5, (1.0, 2.0)), (6, (3.0, 4.0))]
    table = OnlineTable(path)
    assert table.problem == "" and [one.known_at for one in table.all()] == [5, 6]
    table.close()
