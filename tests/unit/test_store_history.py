"""The store's history: parts that manifests vouch for, written whole, never overlapping, found wrong when they are."""

from pathlib import Path
from urllib.parse import unquote

import msgspec
import numpy as np
import pytest

from pricing.units import DAY_NS
from rfq.feeds.said import Market
from rfq.store import folders, manifests, parts
from rfq.store.history import History
from rfq.store.manifests import Manifest, Read
from rfq.store.parts import KNOWN_AT, StoreError

DAY = 20_000
ODD = Market("", "../up %/BTC.PERP")
BTC = Market("binance_usdm", "BTCUSDT")


def plan(**changed: object) -> Manifest:
    """A build of two columns."""
    bare = Manifest(
        of="market",
        version=1,
        schema="abc",
        columns=(KNOWN_AT, "a", "b"),
        build="0.0+x",
        made_at=1,
        recipe={"every_ms": 1},
        sources=(Read(name="x", bytes=1, digest="d"),),
    )
    return msgspec.structs.replace(bare, **changed)


def rows(first: int, count: int, step: int = DAY_NS // 4) -> dict[str, np.ndarray]:
    """Rows over some days."""
    at = first + step * np.arange(count, dtype=np.int64)
    a = np.linspace(0.0, 1.0, count)
    a[::3] = np.nan
    return {KNOWN_AT: at, "a": a, "b": np.arange(count, dtype=np.int64)}


def test_rows_come_back_bit_for_bit_cut_by_day(tmp_path: Path) -> None:
    made = rows(DAY * DAY_NS, 10)
    built = History(tmp_path).add(plan(), [(BTC, made), (ODD, made)])
    history = History(tmp_path)
    assert [part.rows for part in history.parts("market", "abc", BTC)] == [4, 4, 2]
    assert history.markets("market", "abc") == (ODD, BTC)
    for market in (BTC, ODD):
        found = history.rows("market", "abc", market)
        for name, column in made.items():
            assert found[name].view(np.int64).tolist() == column.view(np.int64).tolist()
    assert built.rows == 20
    assert list(history.verify()) == []
    assert all((tmp_path / part.path).is_relative_to(tmp_path) for part in built.parts)
    assert (tmp_path / built.parts[0].path).resolve().is_relative_to(tmp_path.resolve())


def test_the_same_build_again_changes_nothing(tmp_path: Path) -> None:
    one = History(tmp_path).add(plan(), [(BTC, rows(0, 5))])
    two = History(tmp_path).add(plan(made_at=99), [(BTC, rows(0, 5))])
    assert two == one
    assert len(History(tmp_path).manifests) == 1


def test_another_build_of_the_same_span_is_refused_or_replaces(tmp_path: Path) -> None:
    first = History(tmp_path).add(plan(), [(BTC, rows(0, 5))])
    other = plan(build="0.0+y", made_at=2)
    with pytest.raises(StoreError, match=first.id):
        History(tmp_path).add(other, [(BTC, rows(DAY_NS, 5))])
    assert [one.id for one in History(tmp_path).manifests] == [first.id]
    beside = History(tmp_path).add(plan(build="z", made_at=3), [(BTC, rows(9 * DAY_NS, 5))])
    made = History(tmp_path).add(other, [(BTC, rows(DAY_NS, 5))], replace=True)
    history = History(tmp_path)
    assert {one.id for one in history.manifests} == {made.id, beside.id}
    kept = {part.path for one in history.manifests for part in one.parts}
    there = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "parts").rglob("*.parquet")}
    assert there == kept


def test_a_replaced_manifest_does_not_count_even_if_it_is_still_there(tmp_path: Path) -> None:
    old = History(tmp_path).add(plan(), [(BTC, rows(0, 5))])
    text = (folders.manifests_of(tmp_path) / f"{old.id}.json").read_bytes()
    History(tmp_path).add(plan(build="y"), [(BTC, rows(0, 5))], replace=True)
    (folders.manifests_of(tmp_path) / f"{old.id}.json").write_bytes(text)  # a crash before it was taken away
    assert [one.build for one in History(tmp_path).manifests] == ["y"]


def test_what_a_build_left_behind_when_it_was_cut_off_does_not_count(tmp_path: Path) -> None:
    def cut_off():  # type: ignore[no-untyped-def]
        yield BTC, rows(0, 5)
        raise RuntimeError("the lights go out")

    with pytest.raises(RuntimeError):
        History(tmp_path).add(plan(), cut_off())
    assert list((tmp_path / "parts").rglob("*.parquet"))
    assert History(tmp_path).manifests == ()
    made = History(tmp_path).add(plan(build="y"), [(BTC, rows(0, 5))])
    there = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "parts").rglob("*.parquet")}
    assert there == {part.path for part in made.parts}


def test_a_part_that_was_changed_lost_or_damaged_is_found(tmp_path: Path) -> None:
    made = History(tmp_path).add(plan(), [(BTC, rows(0, 12))])
    changed, damaged, lost = [tmp_path / part.path for part in made.parts]
    other = rows(0, 4)
    other["a"][1] += 1e-16
    parts.write(changed, other)
    damaged.write_bytes(damaged.read_bytes()[:-40])
    lost.unlink()
    told = list(History(tmp_path).verify())
    assert len(told) == 3
    assert str(changed) in told[0]
    assert str(damaged) in told[1]
    assert "not there" in told[2]


def test_rows_that_do_not_rise_and_columns_that_were_not_planned_are_refused(tmp_path: Path) -> None:
    bad = rows(0, 5)
    bad[KNOWN_AT][3] = bad[KNOWN_AT][2]
    with pytest.raises(StoreError, match="do not rise"):
        History(tmp_path).add(plan(), [(BTC, bad)])
    with pytest.raises(StoreError, match="planned"):
        History(tmp_path).add(plan(), [(BTC, {KNOWN_AT: rows(0, 2)[KNOWN_AT]})])
    with pytest.raises(StoreError, match="no name of a column"):
        parts.write(tmp_path / "x.parquet", {'a"b': np.zeros(1)})


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    made = History(tmp_path).add(plan(), [(BTC, rows(0, 5))])
    path = folders.manifests_of(tmp_path) / f"{made.id}.json"
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 9'))
    with pytest.raises(StoreError, match="later version"):
        History(tmp_path)
    path.write_bytes(b"{")
    with pytest.raises(StoreError, match=path.name):
        History(tmp_path)


def test_only_one_process_builds(tmp_path: Path) -> None:
    from rfq.audit.sqlite import WriterLock

    lock = WriterLock(tmp_path / ".lock")
    try:
        with pytest.raises(StoreError, match="another process"):
            History(tmp_path).add(plan(), [(BTC, rows(0, 5))])
    finally:
        lock.release()


@pytest.mark.parametrize("name", ["", "-", "..", ".", "a/b", "a%2Fb", "BTC-USDT", "ü", "a b"])
def test_any_name_is_one_folder_of_its_own(name: str) -> None:
    path = folders.part_name("market", "s", Market(name, "x"), 0, "m")
    folder = path.split("/")[2].removeprefix("venue=")
    assert path.count("/") == 5
    assert folder not in ("", ".", "..")
    assert ("" if folder == "-" else unquote(folder)) == name


def test_the_id_is_of_what_goes_in() -> None:
    assert manifests.recipe_id(plan()) == manifests.recipe_id(plan(made_at=7, faults={"x": 1}))
    for changed in ({"recipe": {"every_ms": 2}}, {"build": "q"}, {"schema": "q"}, {"sources": ()}):
        assert manifests.recipe_id(plan(**changed)) != manifests.recipe_id(plan())
