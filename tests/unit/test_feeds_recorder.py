"""A recording holds what was told, in order and to the byte, whatever happens to the disk; and it is told again."""

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="recordings need the extra `tables`")

from rfq.feeds.levels import Scale
from rfq.feeds.link.told import Kind, Told
from rfq.feeds.recorder import writing
from rfq.feeds.recorder.reading import count, read
from rfq.feeds.recorder.rows import Note, Recorded, RecordingError, files_of, read_note
from rfq.feeds.recorder.writing import Recorder

NOTE = Note(feeds=(Recorded(venue="okx", symbols=("BTC-USDT",), scales={"BTC-USDT": Scale(2, 4)}),))
ROWS = [
    Told(1, Kind.OPENED, "okx-0"),
    Told(2, Kind.SENT, "okx-0", b'{"op":"subscribe"}'),
    Told(3, Kind.HEARD, "okx-0", b"\x00\xff\xfe{ not text at all"),
    Told(4, Kind.HEARD, "okx-0", b""),
    Told(5, Kind.FETCHED, "time", b"{}", 200, 4),
    Told(5, Kind.TICKED),
    Told(2**62, Kind.RESYNCED, "BTC-USDT"),
    Told(2**62, Kind.CLOSED, "okx-0", b"closed by the venue"),
]


def test_what_is_told_comes_back_in_order_and_to_the_byte(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, NOTE, rows=3)
    for told in ROWS:
        recorder.put("okx", told)
        recorder.wait()
    recorder.close()
    assert list(read(tmp_path)) == [("okx", told) for told in ROWS]
    assert recorder.written == len(ROWS)
    assert count(tmp_path) == (len(ROWS), 1, 2**62)
    assert read_note(tmp_path) == NOTE
    assert not list(tmp_path.glob(".*"))


def test_a_file_is_closed_by_rows_by_size_and_by_age(tmp_path: Path) -> None:
    for name, limits in (("rows", {"rows": 2}), ("size", {"size": 6}), ("age", {"span_ns": 2})):
        recorder = Recorder(tmp_path / name, NOTE, **limits)
        for at in range(1, 7):
            recorder.put("okx", Told(at, Kind.HEARD, "okx-0", b"abc"))
            recorder.wait()
        recorder.close()
        assert recorder.files == (2 if name == "age" else 3), name
        assert len(list(read(tmp_path / name))) == 6


def test_a_second_run_goes_on_behind_the_first(tmp_path: Path) -> None:
    for at in (1, 2):
        (tmp_path / ".raw-000007.parquet.part").write_bytes(b"of a run that was killed")
        recorder = Recorder(tmp_path, NOTE)
        recorder.put("okx", Told(at, Kind.TICKED))
        recorder.close()
    assert [path.name for path in files_of(tmp_path)] == ["raw-000000.parquet", "raw-000001.parquet"]
    assert [told.at for _, told in read(tmp_path)] == [1, 2]
    assert not list(tmp_path.glob(".*"))


def test_a_recording_of_something_else_is_left_alone(tmp_path: Path) -> None:
    Recorder(tmp_path, NOTE).close()
    with pytest.raises(RecordingError, match="something else"):
        Recorder(tmp_path, Note(feeds=()))


def test_a_disk_that_cannot_keep_up_costs_rows_and_says_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    write = writing._write

    def slow(*given: Any) -> int:
        gate.wait(10.0)
        return write(*given)

    monkeypatch.setattr(writing, "_write", slow)
    recorder = Recorder(tmp_path, NOTE, rows=10)
    for at in range(1, 101):
        recorder.put("okx", Told(at, Kind.HEARD, "okx-0", b"x"))
    assert recorder.lost >= 100 - 40
    assert len(recorder._batch) + 10 * recorder._queue.qsize() <= 30, "what waits is bounded"
    gate.set()
    recorder.wait()
    recorder.put("okx", Told(101, Kind.HEARD, "okx-0", b"x"))
    recorder.close()
    found = [told for _, told in read(tmp_path)]
    lost = sum(told.status for told in found if told.kind is Kind.LOST)
    heard = [told.at for told in found if told.kind is Kind.HEARD]
    assert lost == recorder.lost > 0
    assert lost + len(heard) == 101
    assert heard == sorted(heard)


def test_a_folder_that_is_gone_is_told_and_nothing_hangs(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    recorder = Recorder(folder, NOTE, rows=1)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    recorder.put("okx", Told(1, Kind.TICKED))
    recorder.wait()
    assert recorder.problem
    recorder.put("okx", Told(2, Kind.TICKED))
    with pytest.raises(RecordingError, match=r"raw-000000\.parquet cannot be written"):
        recorder.close()
    assert recorder.lost == 1


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no raw-NNNNNN\.parquet"):
        list(read(tmp_path))
    with pytest.raises(RecordingError, match=r"recording\.json lacks"):
        read_note(tmp_path)
    (tmp_path / "recording.json").write_text("{")
    with pytest.raises(RecordingError, match=r"recording\.json"):
        read_note(tmp_path)
    (tmp_path / "raw-000000.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(RecordingError, match=r"raw-000000\.parquet: cannot be read"):
        list(read(tmp_path))
    with pytest.raises(RecordingError, match="cannot be read"):
        count(tmp_path)


def test_without_duckdb_it_is_said_which_extra_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for begin in (count, lambda path: next(read(path))):
        with pytest.raises(RecordingError, match=r"rfq-desk\[tables\]") as refused:
            begin(tmp_path)
        assert refused.value.is_lacking
