"""What the process says of itself: JSON lines by structlog, written off the loop's thread, no secrets.

Theory: a line is masked and stamped where it is said, then put into a bounded queue; one daemon thread turns
lines into JSON and writes them. Saying something never waits for a disk: when the queue is full the line is
dropped and counted, and the next line that gets through carries the count. This is talk, not the record: what
the desk did is in `rfq.audit`. Import this module lazily: structlog is slow to load.
"""

import queue
import re
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
MASK = "***"
DEPTH_MAX = 8
SECRET_KEY = re.compile(
    r"passw|secret|token|api_?key|private|credential|authorization|cookie|signature", re.I
)
SECRET_TEXT = re.compile(r"(?i)(\b(?:bearer|basic)\s+)\S+|(?<=://)([^\s/:@]+):[^\s/@]+(?=@)")

Line = MutableMapping[str, Any]


def mask(value: Any, key: str = "", depth: int = 0) -> Any:
    """`value` with all secrets masked: by the key's name, and passwords and tokens inside text."""
    if SECRET_KEY.search(key):
        return MASK
    if depth > DEPTH_MAX:
        return "..."
    if isinstance(value, str):
        return SECRET_TEXT.sub(lambda found: f"{found.group(1) or found.group(2) + ':'}{MASK}", value)
    if isinstance(value, Mapping):
        return {str(k): mask(v, str(k), depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item, key, depth + 1) for item in value]
    return value


class Scribe:
    """The thread that writes lines, its bounded queue, and the count of the lines that found it full."""

    def __init__(self, write: Callable[[str], object], queue_records_max: int) -> None:
        """`write` takes one line with its newline; at most `queue_records_max` lines wait."""
        self._write = write
        self._lines: queue.Queue[Line | None] = queue.Queue(queue_records_max)
        self._lock = threading.Lock()
        self._untold = 0
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self.dropped = 0
        self.unwritten = 0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, line: Line) -> None:
        """Take a line, or drop it and count it; never waits."""
        untold = self._untold
        if untold:
            line["dropped_before"] = untold
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            with self._lock:
                self.dropped += 1
                self._untold += 1
        else:
            with self._lock:
                self._untold -= untold

    def close(self, timeout_s: float = 5.0) -> bool:
        """Write what waits and end the thread; False if that took longer than `timeout_s`."""
        if not self._thread.is_alive():
            return True
        try:
            self._lines.put(None, timeout=timeout_s)
        except queue.Full:
            return False
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write(msgspec.json.encode(line, enc_hook=repr).decode() + "\n")
            except (OSError, ValueError):  # a full disk, a closed stream: talk may be lost, the desk goes on
                self.unwritten += 1


class Logs:
    """The open log of one process: `get` gives a logger to speak through, `close` writes out what waits."""

    def __init__(
        self,
        now: Callable[[], int],
        level: str = "info",
        path: Path | None = None,
        queue_records_max: int = 10_000,
        stream: TextIO | None = None,
    ) -> None:
        """`now` gives UTC ns; lines below `level` are not built; without path and stream: standard error."""
        self._now = now
        self._level = LEVELS[level]
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        self._out = self._file or stream or sys.stderr
        self._scribe = Scribe(self._say, queue_records_max)
        self._scribe.start()

    @property
    def dropped(self) -> int:
        """How many lines found the queue full."""
        return self._scribe.dropped

    def get(self, room: str, **fields: Any) -> structlog.typing.FilteringBoundLogger:
        """A logger that names `room` and `fields` in every line: `log.info("what happened", key=value)`."""
        logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            None,
            processors=[self._finish],
            wrapper_class=structlog.make_filtering_bound_logger(self._level),
            room=room,
            **fields,
        )
        return logger

    def close(self, timeout_s: float = 5.0) -> bool:
        """Write what waits and close the file; False if not all could be written in time."""
        done = self._scribe.close(timeout_s)
        if done and self._file is not None:
            self._file.close()
        return done

    def _finish(self, _: Any, level: str, line: Line) -> Any:
        finished = {"at": self._now(), "level": level, "event": mask(line.pop("event", ""))}
        finished.update(mask(line))
        self._scribe.put(finished)
        raise structlog.DropEvent  # nothing is left to do on this thread

    def _say(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
