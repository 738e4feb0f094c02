"""Recorded over real sockets, told again: the same looks and prints, bit for bit, and the same tables."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("duckdb", reason="recordings need the extra `tables`")

from feed_stage import SPOKEN, Stage, play

from rfq.desk.features.look import Look, Print
from rfq.feeds.book.keeper import State
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.recorder.boards import board_of_market
from rfq.feeds.recorder.reading import play as play_rows
from rfq.feeds.recorder.reading import read
from rfq.feeds.recorder.rows import Note, Recorded
from rfq.feeds.recorder.tabulating import Tabulator, tabulate
from rfq.feeds.recorder.writing import Recorder
from rfq.feeds.said import BookSaid, TradeSaid, Trouble
from rfq.feeds.tables import captures, layout
from rfq.feeds.venues.catalogue import make_adapter, make_keepers

VENUES = list(SPOKEN)
Heard = list[tuple[str, Look | Print | str]]


class Ear(Stage):
    """A stage that remembers what it was told."""

    def __init__(self, venue: str) -> None:
        super().__init__(venue)
        self.heard: Heard = []

    def on_look(self, symbol: str, look: Look) -> None:
        super().on_look(symbol, look)
        self.heard.append((symbol, look))

    def on_print(self, symbol: str, one: Print) -> None:
        self.prints.append((symbol, one))
        self.heard.append((symbol, one))


async def live(stage: Ear, folder: Path) -> None:
    """A lively life with a gap, a broken message and a hang-up, recorded."""
    note = Note(feeds=(Recorded(venue=stage.venue, symbols=stage.symbols),))
    async with stage.on():
        await stage.until_right()
        for fault in ("gap", "malformed", "duplicate", "reorder", "break"):
            stage.exchange.faults.append(fault)  # type: ignore[arg-type]
            await stage.exchange.deal(stage.symbol)
            await stage.until(lambda: not stage.exchange.faults, "told")
            await stage.until_right()
    recorder = Recorder(folder, note, rows=200)
    for told in stage.told:
        recorder.put(stage.venue, told)
        recorder.wait()
    recorder.close()


def again(stage: Ear, folder: Path) -> tuple[Heard, Switchboard]:
    """The recording told to new books."""
    heard: Heard = []
    hooks = Hooks(
        on_look=lambda symbol, look: heard.append((symbol, look)),
        on_print=lambda symbol, one: heard.append((symbol, one)),
    )
    keepers = make_keepers(stage.venue, stage.symbols, stale_after_ns=120 * 10**9)
    board = Switchboard(make_adapter(stage.venue, stage.symbols), keepers, hooks, resyncs=False)
    rows = asyncio.run(play_rows(read(folder), {stage.venue: board}, stage.clock.now, 0.0))
    assert rows == len(stage.told)
    return heard, board


@pytest.mark.parametrize("venue", VENUES)
def test_a_recording_told_again_is_the_same_life_and_makes_tables(venue: str, tmp_path: Path) -> None:
    stage = Ear(venue)
    play(live(stage, tmp_path / "raw"))
    heard, board = again(stage, tmp_path / "raw")
    assert len(stage.heard) > 20
    assert heard == stage.heard
    assert board.troubles > 0
    for symbol, keeper in stage.keepers.items():
        other = board.watched[symbol].keeper
        assert (other.levels(1), other.levels(-1), other.last) == (
            keeper.levels(1),
            keeper.levels(-1),
            keeper.last,
        )

    tabulator = Tabulator(tmp_path / "day", piece_rows=300)
    tabulate(read(tmp_path / "raw"), {venue: make_adapter(venue, stage.symbols)}, tabulator)
    rows, files = tabulator.close()
    assert {path.name for path in files} >= {"day_l2_events.parquet", "day_trades.parquet"}
    assert not list(tmp_path.glob(".*"))
    capture = captures.open_capture(tmp_path / "day")
    for symbol in stage.symbols:
        read_back = [one for one in capture.said(symbol) if isinstance(one, BookSaid | TradeSaid)]
        said = [one for one in stage.said if isinstance(one, BookSaid | TradeSaid) and one.symbol == symbol]
        books = [_book(one) for one in read_back if isinstance(one, BookSaid)]
        assert books == [_book(one) for one in said if isinstance(one, BookSaid)]
        deals = [
            (one.trade, one.price, one.size, one.side) for one in read_back if isinstance(one, TradeSaid)
        ]
        assert deals == [
            (one.trade, one.price, one.size, one.side) for one in said if isinstance(one, TradeSaid)
        ]
        broken = [one.received_at for one in read_back_troubles(capture, symbol)]
        assert broken == sorted(
            {
                one.received_at
                for one in stage.said
                if isinstance(one, Trouble) and one.breaks_book and one.symbol == symbol
            }
        )
    assert rows[layout.TRADES] == len([one for one in stage.said if isinstance(one, TradeSaid)])


def read_back_troubles(capture: captures.Capture, symbol: str) -> list[Trouble]:
    return [one for one in capture.said(symbol) if isinstance(one, Trouble)]


def _book(said: BookSaid) -> object:
    bids, asks = (side if isinstance(side, list) else side.tolist() for side in (said.bids, said.asks))
    pairs = (sorted((int(p), int(q)) for p, q in side) for side in (bids, asks))
    return said.received_at, said.last, said.prior, said.is_snapshot, *pairs


def test_at_speed_a_recording_takes_its_time(tmp_path: Path) -> None:
    stage = Ear("deribit")
    play(live(stage, tmp_path))
    slept: list[float] = []

    class Clock:
        at = 0

        def now(self) -> int:
            return self.at

    clock = Clock()

    async def story() -> None:
        async def nap(seconds: float) -> None:
            slept.append(seconds)
            clock.at += round(seconds * 10**9)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("rfq.feeds.recorder.reading.asyncio.sleep", nap)
            keepers = make_keepers("deribit", stage.symbols)
            board = Switchboard(make_adapter("deribit", stage.symbols), keepers, resyncs=False)
            await play_rows(read(tmp_path), {"deribit": board}, clock.now, 10.0)

    asyncio.run(story())
    span_s = (stage.told[-1].at - stage.told[0].at) / 10**9
    assert sum(slept) == pytest.approx(span_s / 10.0, abs=0.002)


def test_rows_that_were_lost_cost_the_books_their_trust(tmp_path: Path) -> None:
    from rfq.feeds.link.told import Kind, Told

    stage = Ear("deribit")
    play(live(stage, tmp_path))
    recorder = Recorder(tmp_path, Note(feeds=(Recorded(venue="deribit", symbols=stage.symbols),)))
    recorder.put("deribit", Told(stage.told[-1].at, Kind.LOST, status=3))
    recorder.close()
    stage.told.append(Told(stage.told[-1].at, Kind.LOST, status=3))
    _, board = again(stage, tmp_path)
    states = [one.keeper.state(stage.told[-1].at) for one in board.watched.values()]
    assert State.LIVE not in states


def test_tables_of_whole_books_without_numbers_are_replayed(tmp_path: Path) -> None:
    at = np.repeat(1_700_000_000_000_000_000 + np.arange(20) * 10**8, 2)
    none = np.full(len(at), -1)
    columns = {
        "ts_recv_ns": at,
        "ts_exch_ms": at // 10**6,
        "venue": np.full(len(at), "dex", object),
        "symbol": np.full(len(at), "X", object),
        "side": np.tile([1, -1], 20),
        "price": np.tile([99.0, 101.0], 20),
        "qty": np.ones(len(at)),
        "u_first": none,
        "u_last": none,
        "is_snapshot": np.ones(len(at), bool),
    }
    layout.write(tmp_path / "a", layout.BOOK, columns)
    capture = captures.open_capture(tmp_path / "a")
    looks: list[Look] = []
    board = board_of_market(capture, "dex", "X", Hooks(on_look=lambda _symbol, look: looks.append(look)))
    for said in capture.said("X"):
        board.take(said, said.received_at)
    assert len(looks) == 20
