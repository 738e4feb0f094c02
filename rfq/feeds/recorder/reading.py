"""Reading a recording: the rows in order, a few at a time, and telling them to a switchboard again."""

import asyncio
import heapq
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from rfq.feeds.link.switchboard import Switchboard
from rfq.feeds.link.told import Kind, Told
from rfq.feeds.recorder.rows import COLUMNS, RecordingError, files_of
from rfq.feeds.said import Said
from rfq.feeds.tables import layout
from rfq.ops.clock import NS_PER_S

_AT_ONCE: Final = 2_048
_NAP_NS: Final = NS_PER_S // 1_000
"""A wait shorter than this is not worth a nap."""
Row = tuple[str, Told]


def read(path: Path) -> Iterator[Row]:
    """Every row of a folder, or of one of its files, with its venue. RecordingError says which file is none."""
    try:
        tables = layout.connect()
        import duckdb
    except layout.TablesError as error:
        raise RecordingError(str(error), is_lacking=True) from None
    kinds = {int(kind): kind for kind in Kind}
    with tables:
        for file in [path] if path.is_file() else files_of(path):
            source = str(file).replace("'", "''")
            try:
                found = tables.execute(f"select {', '.join(COLUMNS)} from read_parquet('{source}')")
                while rows := found.fetchmany(_AT_ONCE):
                    for at, venue, link, _, text, kind, status, sent_at in rows:
                        if kind not in kinds:
                            raise RecordingError(f"{file}: a row of kind {kind}; this build knows none")
                        yield venue, Told(at, kinds[kind], link, text, status, sent_at)
            except duckdb.Error as error:
                raise RecordingError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from None


def count(path: Path) -> tuple[int, int, int]:
    """How many rows, and the first and last instant of a recording."""
    try:
        tables = layout.connect()
        import duckdb
    except layout.TablesError as error:
        raise RecordingError(str(error), is_lacking=True) from None
    names = ", ".join(
        "'" + str(one).replace("'", "''") + "'" for one in ([path] if path.is_file() else files_of(path))
    )
    with tables:
        try:
            found = tables.execute(
                f"select count(*), min(received_ns), max(received_ns) from read_parquet([{names}])"
            ).fetchone()
        except duckdb.Error as error:
            raise RecordingError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
    rows, first, last = found or (0, 0, 0)
    return int(rows), int(first or 0), int(last or 0)


def tell(board: Switchboard, told: Told) -> None:
    """Tell the board what was told then. What it asks is not asked: the answers are in the recording."""
    match told.kind:
        case Kind.HEARD:
            board.hear(told.link, told.text, told.at)
        case Kind.TICKED:
            board.tick(told.at)
        case Kind.FETCHED:
            board.fetched(told.link, told.status, told.text, told.sent_at, told.at)
        case Kind.RESYNCED:
            board.resync(told.link, told.at)
        case Kind.OPENED:
            board.opened(told.link, told.at)
        case Kind.CLOSED:
            board.closed(told.link, told.at, told.text.decode("utf-8", "replace"))
        case Kind.LOST:
            board.distrust(told.at, f"{told.status} rows could not be recorded")
        case Kind.SENT:
            pass


async def play(
    rows: Iterator[Row],
    boards: dict[str, Switchboard],
    now: Callable[[], int],
    speed: float,
    done: Callable[[int, int], None] = lambda _rows, _at: None,
) -> int:
    """Tell it all at `speed` times the pace it had (0: as fast as it can be), instants as they were; `done` hears how
    many rows were told and the last instant. Returns how many."""
    begun_at, first_at, told_rows = now(), 0, 0
    for venue, told in rows:
        first_at = first_at or told.at
        if speed > 0.0:
            ahead_ns = begun_at + int((told.at - first_at) / speed) - now()
            if ahead_ns > _NAP_NS:
                done(told_rows, told.at)
                await asyncio.sleep(ahead_ns / NS_PER_S)
        tell(boards[venue], told)
        told_rows += 1
        if told_rows % _AT_ONCE == 0:
            done(told_rows, told.at)
            await asyncio.sleep(0)
    return told_rows


async def play_said(
    streams: Sequence[tuple[Switchboard, Iterator[Said]]], now: Callable[[], int], speed: float
) -> tuple[int, int, int]:
    """Put what tables say of several markets to their boards, in the order of receipt, at `speed` times the pace it
    had. Returns how many were told, the first instant and the last."""
    begun_at, first_at, last_at, count = now(), 0, 0, 0
    tagged = [_tagged(place, stream) for place, (_, stream) in enumerate(streams)]
    for at, place, said in heapq.merge(*tagged, key=lambda one: one[:2]):
        first_at, last_at, count = first_at or at, at, count + 1
        if speed > 0.0:
            ahead_ns = begun_at + int((at - first_at) / speed) - now()
            if ahead_ns > _NAP_NS:
                await asyncio.sleep(ahead_ns / NS_PER_S)
        streams[place][0].take(said, at)
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return count, first_at, last_at


def _tagged(place: int, stream: Iterator[Said]) -> Iterator[tuple[int, int, Said]]:
    for said in stream:
        yield said.received_at, place, said
