"""The form of a recording: a folder of numbered Parquet files and a note of which venues and symbols they are about.

`raw-NNNNNN.parquet` (zstd) holds, in order, everything that the adapters were told: `received_ns` (UTC ns), `venue`,
`link` (of an answer its tag, of a resync the symbol), `heard` (false: we sent it), `text` (the bytes), `kind` (see
`rfq.feeds.link.told`), and for answers `status` and `sent_ns`. `recording.json` says what is needed to read them with
the same adapters again.
"""

import re
from pathlib import Path
from typing import Final

import msgspec

from rfq.feeds.book.plain import LEVELS_MAX
from rfq.feeds.levels import Scale

NOTE: Final = "recording.json"
FORM: Final = 1
COLUMNS: Final = ("received_ns", "venue", "link", "heard", "text", "kind", "status", "sent_ns")
_NAME: Final = re.compile(r"raw-(\d{6,})\.parquet")


class RecordingError(Exception):
    """A recording that cannot be written or read, and why; `is_lacking` when only DuckDB is not installed."""

    def __init__(self, words: str, *, is_lacking: bool = False) -> None:
        super().__init__(words)
        self.is_lacking = is_lacking


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One venue of a recording: its name in `rfq.feeds.venues.catalogue`, the symbols, and their scales."""

    venue: str
    symbols: tuple[str, ...]
    scales: dict[str, Scale] = {}
    indices: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    levels_max: int = LEVELS_MAX
    """Levels a side that its books kept: they are right, and ask to be told anew, as far as that."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording is about."""

    feeds: tuple[Recorded, ...]
    form: int = FORM


def file_of(folder: Path, number: int) -> Path:
    """The path of a recording's file."""
    return folder / f"raw-{number:06d}.parquet"


def files_of(folder: Path) -> list[Path]:
    """A recording's files in order; RecordingError if there is none."""
    found = sorted(
        (number, path) for path in folder.glob("raw-*.parquet") if (number := number_of(path)) >= 0
    )
    if not found:
        raise RecordingError(f"{folder}: no raw-NNNNNN.parquet there")
    return [path for _, path in found]


def number_of(path: Path) -> int:
    """A file's number; -1 where it is none of a recording's."""
    named = _NAME.fullmatch(path.name)
    return int(named.group(1)) if named else -1


def write_note(folder: Path, note: Note) -> None:
    """Say what the recording is about; one that is about something else is not overwritten."""
    path = folder / NOTE
    if path.exists() and read_note(folder) != note:
        raise RecordingError(f"{path}: a recording of something else lies there already")
    path.write_bytes(msgspec.json.format(msgspec.json.encode(note)) + b"\n")


def read_note(folder: Path) -> Note:
    """What the recording is about."""
    path = folder / NOTE
    try:
        note = msgspec.json.decode(path.read_bytes(), type=Note)
    except FileNotFoundError:
        raise RecordingError(f"{folder}: no recording there, {NOTE} lacks") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise RecordingError(f"{path}: {error}") from None
    if note.form != FORM:
        raise RecordingError(f"{path}: form {note.form}; this build reads {FORM}")
    return note
