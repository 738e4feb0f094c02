"""Recording a venue live: the feed runs, everything its adapter is told goes to the disk, for a while."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from fix_gateway.shell.ports import Scribe
from rfq.feeds.link.feed import Feed, Rim
from rfq.feeds.link.standing import FeedStanding
from rfq.feeds.link.switchboard import Hooks
from rfq.feeds.recorder.boards import board_of
from rfq.feeds.recorder.rows import Note, Recorded
from rfq.feeds.recorder.writing import Recorder

_LOOK_S: Final = 0.1


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    folder: str
    seconds: float
    rows: int
    files: int
    file_bytes: int
    lost: int
    """Rows that the disk could not take in time."""
    standing: FeedStanding


async def record(
    feed: Recorded,
    folder: Path,
    seconds: float,
    stop: asyncio.Event,
    now: Callable[[], int],
    scribe: Scribe,
    rim: Rim,
    tell: Callable[[FeedStanding], None],
) -> Recording:
    """Record for so long (0: until `stop`); `tell` hears how it stands every ten seconds. RecordingError where it
    cannot be written."""
    recorder = Recorder(folder, Note(feeds=(feed,)))
    board = board_of(feed, Hooks(on_told=recorder.of(feed.venue)), resyncs=True)
    live = Feed(board, now, scribe, rim)
    running = asyncio.ensure_future(live.run())
    begun_at = told_at = now()
    try:
        while not (stop.is_set() or running.done() or recorder.problem):
            left_s = seconds - (now() - begun_at) / 1e9 if seconds else _LOOK_S
            if left_s <= 0.0:
                break
            await asyncio.wait({running}, timeout=min(left_s, _LOOK_S))
            if now() - told_at >= 10 * 10**9:
                told_at = now()
                tell(live.standing())
        standing = live.standing()
    finally:
        running.cancel()
        ended = await asyncio.gather(running, return_exceptions=True)
        recorder.close()
    for one in ended:
        if isinstance(one, Exception):
            raise one
    return Recording(
        folder=str(folder),
        seconds=(now() - begun_at) / 1e9,
        rows=recorder.written,
        files=recorder.files,
        file_bytes=recorder.file_bytes,
        lost=recorder.lost,
        standing=standing,
    )
