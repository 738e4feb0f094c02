"""Writing a recording: rows are gathered on the caller's thread, and made into files on one of their own.

The caller never waits for a disk. Two batches may wait to be written; when a third one is full the disk cannot keep
up, and it is thrown away: the next one begins with a row that says how many were lost. A crash loses what was not yet
in a file, so a file is closed after a minute at the latest. Files appear under their name only when they are whole.
"""

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rfq.feeds.link.told import Kind, Told
from rfq.feeds.recorder.rows import Note, RecordingError, file_of, files_of, number_of, write_note
from rfq.feeds.tables import layout
from rfq.ops.clock import NS_PER_S

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS: Final = 200_000
BATCH_BYTES: Final = 32 * 1024 * 1024
BATCH_NS: Final = 60 * NS_PER_S
_WAITING_MAX: Final = 2
_CLOSE_S: Final = 60.0
Row = tuple[str, Told]


class Recorder:
    """Writes one folder."""

    def __init__(
        self,
        folder: Path,
        note: Note,
        *,
        rows: int = BATCH_ROWS,
        size: int = BATCH_BYTES,
        span_ns: int = BATCH_NS,
    ) -> None:
        """A batch is written when it has so many rows, bytes, or is so old."""
        self.folder = folder
        self.written = self.lost = self.files = self.file_bytes = 0
        self._limits = (rows, size, span_ns)
        self._batch: list[Row] = []
        self._batch_bytes = 0
        self._lost_now = 0
        self._problem = ""
        try:
            self._tables = layout.connect()
        except layout.TablesError as error:
            raise RecordingError(str(error), is_lacking=error.is_lacking) from None
        folder.mkdir(parents=True, exist_ok=True)
        write_note(folder, note)
        for part in folder.glob(".raw-*.part"):  # of a run that was killed
            part.unlink()
        self._number = number_of(files_of(folder)[-1]) + 1 if list(folder.glob("raw-*.parquet")) else 0
        self._queue: queue.Queue[list[Row] | None] = queue.Queue(_WAITING_MAX)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why nothing can be written any more; "" while all is well."""
        return self._problem

    def of(self, venue: str) -> Callable[[Told], None]:
        """What to give a venue's switchboard as `on_told`."""

        def put(told: Told) -> None:
            self.put(venue, told)

        return put

    def put(self, venue: str, told: Told) -> None:
        """Take one row; never waits."""
        batch = self._batch
        if self._lost_now and not batch:
            batch.append((venue, Told(told.at, Kind.LOST, status=min(self._lost_now, 2**31 - 1))))
            self._lost_now = 0
        batch.append((venue, told))
        self._batch_bytes += len(told.text)
        rows, size, span_ns = self._limits
        if len(batch) >= rows or self._batch_bytes >= size or told.at - batch[0][1].at >= span_ns:
            self._hand_over()

    def wait(self) -> None:
        """Until what was handed over is written."""
        self._queue.join()

    def close(self) -> None:
        """Write what waits; RecordingError if not all could be written in a minute or so."""
        last = [self._batch] if self._batch and not self._problem else []
        self._batch = []
        with suppress(queue.Full):  # nobody takes any more: told below
            for batch in (*last, None):
                self._queue.put(batch, timeout=_CLOSE_S)
        self._thread.join(_CLOSE_S)
        if self._problem or self._thread.is_alive():
            raise RecordingError(f"{self.folder}: {self._problem or 'the disk is too slow'}")
        self._tables.close()

    def _hand_over(self) -> None:
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        try:
            if not self._problem:
                self._queue.put_nowait(batch)
                return
        except queue.Full:
            pass
        for _, told in batch:
            known = told.kind is Kind.LOST
            self._lost_now += told.status if known else 1
            self.lost += not known

    def _run(self) -> None:
        import duckdb

        while (batch := self._queue.get()) is not None:
            path = file_of(self.folder, self._number)
            try:
                if not self._problem:
                    self.file_bytes += _write(self._tables, path, batch)
                    self._number += 1
                    self.files += 1
                    self.written += len(batch)
            except (duckdb.Error, OSError) as error:
                self._problem = f"{path.name} cannot be written: {str(error).splitlines()[0]}"
            self._queue.task_done()


def _write(tables: "duckdb.DuckDBPyConnection", path: Path, batch: list[Row]) -> int:
    """One file, whole and on the disk; returns its size."""
    part = path.with_name(f".{path.name}.part")
    told = [one for _, one in batch]
    tables.register(
        "batch",
        {
            "received_ns": np.array([one.at for one in told], np.int64),
            "venue": np.array([venue for venue, _ in batch], object),
            "link": np.array([one.link for one in told], object),
            "heard": np.array([one.kind is not Kind.SENT for one in told], np.bool_),
            "text": _texts(told),
            "kind": np.array([int(one.kind) for one in told], np.int8),
            "status": np.array([one.status for one in told], np.int32),
            "sent_ns": np.array([one.sent_at for one in told], np.int64),
        },
    )
    target = str(part).replace("'", "''")
    try:
        columns = "received_ns, venue, link, heard, cast(text as blob) as text, kind, status, sent_ns"
        tables.execute(f"copy (select {columns} from batch) to '{target}' (format parquet, compression zstd)")
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        tables.unregister("batch")
    with part.open("rb") as whole:
        os.fsync(whole.fileno())
    size = part.stat().st_size
    part.replace(path)
    return size


def _texts(told: list[Told]) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    """Filled by hand: numpy would look into bytes."""
    texts = np.empty(len(told), object)
    texts[:] = [one.text for one in told]
    return texts
