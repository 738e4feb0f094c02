"""Who appends to the log: one thread with group commit, or, on virtual time, the caller itself.

Theory. A commit costs a sync of the disk whatever its size, so everything that arrived while the last commit
ran goes into the next one. Nobody is told "durable" before the commit returned; those of one batch are told
in the order of their records, from the writer's thread. The first failure ends the writer: everyone who
waits, and everyone who comes later, gets the exception. The head file follows the log after its sync.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from rfq.audit.chain import Entry
from rfq.audit.errors import LogBusy, LogClosed, LogError
from rfq.audit.log import AuditLog

Done = Callable[[Exception | None], None]
Failpoint = Callable[[str], None]

HEAD_AGE_MS_MAX = 1_000
QUEUE_MAX = 20_000
BATCH_MAX = 1_000
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Writer(Protocol):
    """What the live loop hands its records to."""

    @property
    def waiting(self) -> int:
        """How many entries are not yet taken into a commit."""
        ...

    def submit(self, entry: Entry, done: Done) -> None:
        """Store `entry`; `done(None)` once it is durable, `done(error)` if it never will be."""
        ...

    def close(self) -> None:
        """Store what waits, and end."""
        ...


def no_failpoint(_place: str) -> None:
    """Nothing fails here (crash tests put their own in its place)."""


class GroupWriter:
    """One thread that commits whatever waits, as one transaction.

    `now` tells UTC ns (the clock's). Failpoints: before-commit, after-commit, before-head, after-head,
    after-done.
    """

    def __init__(
        self,
        log: AuditLog,
        now: Callable[[], int],
        *,
        queue_max: int = QUEUE_MAX,
        batch_max: int = BATCH_MAX,
        head_age_ms_max: int = HEAD_AGE_MS_MAX,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._log = log
        self._now = now
        self._queue_max = queue_max
        self._batch_max = batch_max
        self._head_every_ns = (
            head_age_ms_max * NS_PER_MS // 2
        )  # due at half its age, so that there is time to write it
        if log.head_file is not None:
            log.head_file.every_ns = self._head_every_ns
        self._failpoint = failpoint
        self._queue: deque[tuple[Entry, Done]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> Exception | None:
        """What ended the writer; None while it is well."""
        return self._failure

    @property
    def waiting(self) -> int:
        """How many entries wait to be taken into a commit."""
        return len(self._queue)

    def submit(self, entry: Entry, done: Done) -> None:
        """Queue `entry`; raises LogBusy if the queue is full, LogClosed after `close`."""
        with self._wake:
            if self._failure is None:
                if self._closing:
                    raise LogClosed("the writer is closed")
                if len(self._queue) >= self._queue_max:
                    raise LogBusy(f"{self._queue_max} entries wait for the disk")
                self._queue.append((entry, done))
                if len(self._queue) == 1:
                    self._wake.notify()
                return
        done(self._failure)

    def close(self) -> None:
        """Commit what waits, keep the head, end the thread. The log stays open."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        """The thread: until closed, commit batches; between them, keep the head file fresh."""
        batch: list[tuple[Entry, Done]] = []
        try:
            while True:
                batch = self._take()
                if not batch and self._closing:
                    break
                if batch:
                    self._commit(batch)
                    batch = []
                self._keep_head()
            self._keep_head(force=True)
        except (sqlite3.Error, OSError, LogError) as error:
            self._fail(error, batch)
        except BaseException as error:  # a bug, perhaps in a callback: nobody may wait for ever
            self._fail(LogClosed(f"the writer died: {error!r}"), batch)
            raise

    def _take(self) -> list[tuple[Entry, Done]]:
        """What waits, at most a batch; empty when the head file may be due or the writer is to end."""
        queue = self._queue
        with self._wake:
            if not queue and not self._closing:
                self._wake.wait(self._head_every_ns / NS_PER_S)
            return [queue.popleft() for _ in range(min(len(queue), self._batch_max))]

    def _commit(self, batch: list[tuple[Entry, Done]]) -> None:
        """One transaction; then everyone in it is told."""
        self._failpoint("before-commit")
        self._log.append([entry for entry, _ in batch])
        self._failpoint("after-commit")
        while batch:
            _, done = batch.pop(0)
            done(None)
        self._failpoint("after-done")

    def _keep_head(self, *, force: bool = False) -> None:
        """Write the head file if it is due."""
        now = self._now()
        if force or self._log.head_is_due(now):
            self._failpoint("before-head")
            self._log.keep_head(now)
            self._failpoint("after-head")

    def _fail(self, error: Exception, batch: list[tuple[Entry, Done]]) -> None:
        """The end: tell everyone who waits."""
        with self._wake:
            self._failure = error
            waiting = [*batch, *self._queue]
            self._queue.clear()
        for _, done in waiting:
            done(error)


class InlineWriter:
    """For virtual time: commits every `batch` entries, and says "done" at once (the caller adds its drawn
    delay)."""

    def __init__(self, log: AuditLog, *, batch: int = 500) -> None:
        self._log = log
        self._batch = batch
        self._entries: list[Entry] = []
        self._failure: Exception | None = None

    @property
    def failure(self) -> Exception | None:
        """What ended the writer; None while it is well."""
        return self._failure

    @property
    def waiting(self) -> int:
        """How many entries are not yet committed."""
        return len(self._entries)

    def submit(self, entry: Entry, done: Done) -> None:
        """Take the entry in; `done` is called before this returns."""
        if self._failure is None:
            self._entries.append(entry)
            if len(self._entries) >= self._batch:
                self.flush()
        done(self._failure)

    def flush(self) -> None:
        """Commit what is collected; a failure stays in `failure`."""
        entries, self._entries = self._entries, []
        if not entries or self._failure is not None:
            return
        try:
            self._log.append(entries)
            if self._log.head_is_due(entries[-1].at):
                self._log.keep_head(entries[-1].at)
        except (sqlite3.Error, OSError, LogError) as error:
            self._failure = error

    def close(self) -> None:
        """Commit what is collected; the log stays open."""
        self.flush()
