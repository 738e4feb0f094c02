"""Chains from files: columns by name, clocks set right by the quotes' own vols, sweeps cut, and what is refused."""

import math
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from surface_cases import AT, PLAIN, chain, stamp, write

from pricing.units import NS_PER_S
from rfq.ops.chains import ChainError, read


def test_a_csv_comes_back_as_it_was(tmp_path: Path) -> None:
    found = read(write(tmp_path / "chain.csv", chain()))
    assert found.clock_ahead_s == 0 and found.unread == 0
    assert sorted(found.sweeps[0], key=repr) == sorted(chain(), key=repr) and len(found.sweeps) == 1


@pytest.mark.parametrize("ahead_s", [3_600, -19_800])
def test_a_clock_in_local_time_is_set_right_by_the_vols(tmp_path: Path, ahead_s: int) -> None:
    found = read(write(tmp_path / "chain.csv", chain(), ahead_s=ahead_s, vols=True))
    assert found.clock_ahead_s == ahead_s
    assert {one.at for one in found.sweeps[0]} == {AT}
    blind = read(write(tmp_path / "blind.csv", chain(), ahead_s=ahead_s))
    assert blind.clock_ahead_s == 0 and {one.at for one in blind.sweeps[0]} == {AT + ahead_s * NS_PER_S}


def test_sweeps_are_cut_at_a_pause_and_where_an_option_comes_again(tmp_path: Path) -> None:
    from msgspec.structs import replace

    later = [replace(one, at=AT + 160 * NS_PER_S) for one in chain()]
    again = [replace(one, at=AT + 161 * NS_PER_S) for one in chain()]
    found = read(write(tmp_path / "chain.csv", [*again, *later, *chain()]))
    assert [len(sweep) for sweep in found.sweeps] == [len(chain())] * 3
    assert [sweep[0].at - AT for sweep in found.sweeps] == [0, 160 * NS_PER_S, 161 * NS_PER_S]


def test_the_columns_of_a_deribit_capture_and_its_dates(tmp_path: Path) -> None:
    path = tmp_path / "deribit.csv"
    path.write_text(
        "Coin_Price,timestamp,ask_iv,best_ask_price,bid_iv,best_bid_price,Expiry_Date,Strike_Price,Option_Type\n"
        "58300.5,2024-09-02 14:20:50,0,0.02,0,0.01,2024-09-06,60000.0,Call\n"
        "58300.5,2024-09-02T14:20:51+00:00,,0.03,,,2024-09-06,56000.0,put\n"
        "58300.5,nonsense,,0.03,,,2024-09-06,56000.0,put\n"
        "58300.5,2024-09-02 14:20:51,,0.03,,,2024-09-06,56000.0,straddle\n"
    )
    found = read(path)
    assert found.unread == 2
    call, put = found.sweeps[0]
    assert stamp(call.expiry_at) == "2024-09-06 08:00:00" and stamp(call.at) == "2024-09-02 14:20:50"
    assert (call.is_call, call.bid, call.ask, call.forward) == (True, 0.01, 0.02, 58300.5)
    assert (put.is_call, put.bid, put.ask, stamp(put.at)) == (False, 0.0, 0.03, "2024-09-02 14:20:51")


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_instants_as_numbers(tmp_path: Path, unit: int) -> None:
    path = tmp_path / "chain.csv"
    at, expiry = (AT + plus for plus in (0, 86_400 * NS_PER_S))
    path.write_text(
        f"expiry,strike,type,bid,ask,forward,at\n{expiry // unit},60000,C,0.01,0.02,60000,{at // unit}\n"
    )
    (one,) = read(path).sweeps[0]
    assert (one.at, one.expiry_at) == (AT, expiry)


def test_files_that_hold_no_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "chain.csv"
    odd.write_text("strike,bid\n1,2\n")
    with pytest.raises(ChainError, match="has no column expiry or Expiry_Date, type or Option_Type"):
        read(odd)
    odd.write_text(",".join(PLAIN) + "\n")
    with pytest.raises(ChainError, match="holds no row"):
        read(odd)
    with pytest.raises(ChainError, match=r"neither \.csv nor \.parquet"):
        read(tmp_path / "chain.xlsx")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent.csv")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ChainError, match=r"pip install 'rfq-desk\[tables\]'") as caught:
        read(tmp_path / "chain.parquet")
    assert caught.value.is_lacking


@pytest.mark.parametrize(
    ("changed", "encoding"),
    [
        (lambda text: text, "utf-8-sig"),
        (lambda text: text.replace(",", ";"), "utf-8"),
        (lambda text: text.replace(",", "\t"), "utf-8"),
        (lambda text: text.replace(",", ", "), "utf-8"),
    ],
)
def test_what_spreadsheets_make_of_a_csv(
    tmp_path: Path, changed: Callable[[str], str], encoding: str
) -> None:
    path = write(tmp_path / "chain.csv", chain())
    path.write_text(changed(path.read_text()), encoding=encoding)
    assert sorted(read(path).sweeps[0], key=repr) == sorted(chain(), key=repr)


@pytest.mark.parametrize(
    "odd", [b"expiry,strik\xe9", b"\xff\xfee\0x\0", b'expiry,strike\n"' + b"x" * 140_000]
)
def test_bytes_that_are_no_csv(tmp_path: Path, odd: bytes) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(odd)
    with pytest.raises(ChainError, match="is no CSV file in UTF-8"):
        read(path)


def test_rows_out_of_time_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "chain.csv"
    rows = [
        f"{expiry},60000,C,0.01,0.02,60000,1725286850.5" for expiry in ("9" * 40, "9999-12-31", "0001-01-01")
    ]
    path.write_text("\n".join([",".join(PLAIN), *rows, "2024-09-06,60000,C,0.01,0.02,60000,1725286850.5\n"]))
    found = read(path)
    assert found.unread == 3 and found.sweeps[0][0].at == AT + NS_PER_S // 2


@pytest.mark.parametrize(
    ("vol", "words"), [(60.0, "of other prices"), (math.inf, "no number"), (1e-6, "none")]
)
def test_vols_that_are_not_their_prices_own_do_not_move_the_clock(
    tmp_path: Path, vol: float, words: str
) -> None:
    path = write(tmp_path / "chain.csv", chain(), vols=True)
    lines = path.read_text().splitlines()
    place = lines[0].split(",").index("ask_vol")
    for at in range(1, len(lines)):
        cells = lines[at].split(",")
        cells[place] = str(vol * (1 + at % 7))
        lines[at] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")
    assert read(path).clock_ahead_s == 0, words


def test_a_parquet_file_says_the_same_as_a_csv(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="reading Parquet needs DuckDB")
    path = write(tmp_path / "chain.csv", chain(), vols=True)
    with duckdb.connect() as tables:
        tables.execute(
            f"copy (select * from read_csv('{path}', all_varchar=false)) to '{tmp_path / 'chain.parquet'}'"
        )
    found = read(tmp_path / "chain.parquet")
    assert sorted(found.sweeps[0], key=repr) == sorted(read(path).sweeps[0], key=repr)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 nothing")
    with pytest.raises(ChainError, match="is no Parquet file"):
        read(broken)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent.parquet")
