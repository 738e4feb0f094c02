"""Live rows and rows for training are equal bit for bit, at any batching; what looks ahead is caught."""

import json
from pathlib import Path

import numpy as np
import pytest
from store_captures import MS, START_NS, joined_on_exchange_time, write_capture

from rfq.feeds.link.told import Kind, Told
from rfq.feeds.recorder.rows import Note, Recorded
from rfq.feeds.recorder.writing import Recorder
from rfq.store.checking import check_input
from rfq.store.definitions import MID
from rfq.store.gathering import Gatherer, Rows
from rfq.store.inputs import Sizes, open_input
from rfq.store.parity import MarketRows
from rfq.store.parts import KNOWN_AT

EVERY = 100 * MS


def one_bit_off(rows: MarketRows) -> MarketRows:
    """Another: the last bit of one mid."""
    market, columns = rows[0]
    mid = columns[MID].copy()
    mid.view(np.int64)[len(mid) // 2] ^= 1
    return [(market, {**columns, MID: mid}), *rows[1:]]


@pytest.mark.parametrize(("seed", "portion"), [(1, 1), (2, 7), (3, 500)])
def test_bytes_and_tables_give_equal_rows_in_any_portions(tmp_path: Path, seed: int, portion: int) -> None:
    found = open_input(write_capture(tmp_path / "c", seed=seed, seconds=10), Sizes())
    parity = check_input(found, every_ns=EVERY, seed=seed, questions=100, portion_max=portion)
    assert parity.words == ("binance_usdm: Binance's words",)
    assert parity.differences == ()
    assert parity.is_equal
    assert parity.rows > 180
    assert parity.answered > 90
    assert parity.known > 0.3
    assert parity.breaks == 0


def test_any_venue_goes_the_whole_way_on_a_wire_of_our_own(tmp_path: Path) -> None:
    found = open_input(write_capture(tmp_path / "c", venue="a_dex", snapshots=True, seconds=5), Sizes())
    parity = check_input(found, every_ns=EVERY, seed=3, questions=50)
    assert parity.words == ("a_dex: our own words",)
    assert parity.differences == ()
    assert parity.rows > 80


def test_trades_agreed_off_the_book_are_no_prints_either_way(tmp_path: Path) -> None:
    made = {"venue": "a_dex", "snapshots": True, "seconds": 5}
    every, some = (
        open_input(write_capture(tmp_path / str(blocks), **made, blocks=blocks), Sizes())  # type: ignore[arg-type]
        for blocks in (False, True)
    )
    parity = check_input(some, every_ns=EVERY, seed=3, questions=50)
    assert parity.differences == ()
    assert parity.rows > 80
    volumes = []
    for found in (every, some):
        rows = Rows()
        found.run(Gatherer(found.sources, rows, every_ns=EVERY))
        ((_, columns), *_) = rows.columns()
        volumes.append(float(np.nansum(np.abs(columns["signed_flow_usd_1s"]))))
    assert volumes[0] != volumes[1]


def test_a_silence_breaks_books_on_both_ways_at_the_same_instant(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "c", seconds=30, quiet_s=(5, 20), seed=4)
    parity = check_input(open_input(path, Sizes()), every_ns=EVERY, seed=4, questions=100)
    assert parity.differences == ()
    assert parity.rows > 500


def test_a_join_on_exchange_time_is_caught(tmp_path: Path) -> None:
    found = open_input(write_capture(tmp_path / "c", seconds=10), Sizes())
    parity = check_input(found, every_ns=EVERY, seed=1, questions=100, mutant=joined_on_exchange_time)
    assert not parity.is_equal
    assert {one.where for one in parity.differences} >= {"row"}
    joined = [one for one in parity.differences if one.where == "joined"]
    assert parity.differing > 100
    assert joined or len(parity.differences) == 20


def test_answers_that_look_ahead_are_caught_even_where_no_row_is_compared(tmp_path: Path) -> None:
    found = open_input(write_capture(tmp_path / "c", seconds=10), Sizes())

    def by_questions_alone(rows: MarketRows) -> MarketRows:
        return [(market, {**columns, KNOWN_AT: columns[KNOWN_AT] - 30 * MS}) for market, columns in rows]

    parity = check_input(found, every_ns=1_000 * MS, seed=1, questions=200, mutant=by_questions_alone)
    assert parity.rows == 0
    assert not parity.is_equal


def test_one_bit_is_caught(tmp_path: Path) -> None:
    found = open_input(write_capture(tmp_path / "c", seconds=5), Sizes())
    parity = check_input(found, every_ns=EVERY, seed=1, questions=0, mutant=one_bit_off)
    assert parity.differing == 1
    assert parity.differences[0].column == MID


def bybit(topic: str, at_ms: int, body: str, kind: str = "delta") -> bytes:
    """A message as Bybit v5 spells it."""
    text = f'{{"topic":"{topic}","type":"{kind}","ts":{at_ms},"data":{body},"cts":{at_ms - 2}}}'
    return text.encode()


def recording(folder: Path, seconds: int = 12) -> Path:
    """Bybit's words, with a link that goes down, and a message that cannot be read."""
    note = Note(feeds=(Recorded(venue="bybit_linear", symbols=("BTCUSDT",)),))
    recorder = Recorder(folder, note, rows=300)
    dice = np.random.default_rng(9)
    link = next(iter(open_adapter_links()))
    at, middle = START_NS, 600_000
    recorder.put("bybit_linear", Told(at, Kind.OPENED, link))
    for number, step in enumerate(range(seconds * 20), 1):
        at = START_NS + (step + 1) * 50 * MS + int(dice.integers(0, MS))
        if step % 20 == 19:
            recorder.put("bybit_linear", Told(at - 1, Kind.TICKED))
        if step == 100:
            recorder.put("bybit_linear", Told(at, Kind.CLOSED, link, b"gone"))
            recorder.put("bybit_linear", Told(at + 1, Kind.OPENED, link))
            at += 2
        if step == 160:
            recorder.put(
                "bybit_linear", Told(at, Kind.HEARD, link, b'{"topic":"orderbook.200.BTCUSDT","data":')
            )
        fresh = step in (0, 105, 165)
        middle += int(dice.integers(-1, 2))
        bids = [[f"{(middle - away) / 10}", f"{int(dice.integers(1, 900)) / 1000}"] for away in range(1, 25)]
        asks = [[f"{(middle + away) / 10}", f"{int(dice.integers(1, 900)) / 1000}"] for away in range(1, 25)]
        gone = [[f"{(middle + away) / 10}", "0"] for away in (0,)]
        pair = (bids, asks) if fresh else ([*gone, *bids[:4]], [*gone, *asks[:4]])
        spelled = [str(side).replace("'", '"') for side in pair]
        body = f'{{"s":"BTCUSDT","b":{spelled[0]},"a":{spelled[1]},"u":{number},"seq":{number}}}'
        topic = "orderbook.200.BTCUSDT"
        raw = bybit(topic, at // MS - 20, body, "snapshot" if fresh else "delta")
        recorder.put("bybit_linear", Told(at, Kind.HEARD, link, raw))
        if step % 3 == 0:
            deal = {"T": at // MS - 20, "s": "BTCUSDT", "S": "Buy", "v": f"0.0{step % 9 + 1}"}
            deal |= {"p": f"{middle / 10}", "i": str(step), "BT": False}
            told = json.dumps([deal])
            raw = bybit("publicTrade.BTCUSDT", at // MS - 20, told, "snapshot")
            recorder.put("bybit_linear", Told(at + 1_000, Kind.HEARD, link, raw))
    recorder.close()
    return folder


def open_adapter_links() -> tuple[str, ...]:
    """The links of the adapter that recordings of these tests are heard by."""
    from rfq.feeds.venues.catalogue import make_adapter

    return tuple(make_adapter("bybit_linear", ("BTCUSDT",)).links)


def test_a_recording_and_its_tables_give_equal_rows_over_a_lost_link_and_nonsense(tmp_path: Path) -> None:
    found = open_input(recording(tmp_path / "raw"), Sizes())
    assert found.kind == "recording"
    parity = check_input(found, every_ns=EVERY, seed=5, questions=100, portion_max=9)
    assert parity.differences == ()
    assert parity.breaks >= 2
    assert parity.rows > 100
    assert parity.known > 0.3
