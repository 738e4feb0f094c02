"""Group commit: a few threads that sync journals, so that no session waits for the disk in the event loop.

Theory. A sync costs the same whatever its size, so all who wait for one journal when its sync begins are served by
that one; who comes meanwhile is served by the next. Different journals are synced side by side, one journal never
twice at once. `done` is called from a thread of the committer, in the order of `submit` for each journal, and only
when everything that was flushed before its `submit` is on the disk, or never will be. A journal that fails concerns
its own waiters only.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fix_gateway.journal.reading import JournalError

Done = Callable[[Exception | None], None]

THREADS = 3


class Synced(Protocol):
    """What a committer needs of a journal."""

    def sync(self) -> None:
        """Return when all that was flushed before is on the disk; raises JournalError."""
        ...


class CommitterClosed(JournalError):
    """The committer was closed, or died of a mistake in a callback: nothing more is synced."""

    def __init__(self, what: str) -> None:
        super().__init__(Path("committer"), what)


class Committer:
    """Syncs what was submitted. One serves all sessions of a program."""

    def __init__(self, threads: int = THREADS) -> None:
        if threads < 1:
            raise ValueError(f"threads: {threads} is none")
        self._waiting: dict[Synced, list[Done]] = {}
        self._busy: set[Synced] = set()
        self._wake = threading.Condition()
        self._closing = False
        self._death = ""
        self.syncs = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"journal-commit-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many wait for a sync that has not begun."""
        with self._wake:
            return sum(map(len, self._waiting.values()))

    def submit(self, journal: Synced, done: Done) -> None:
        """Sync `journal` soon; then `done(None)`, or `done(error)` if it cannot be."""
        with self._wake:
            if self._closing or self._death:
                raise CommitterClosed(self._death or "is closed")
            if journal in self._waiting:
                self._waiting[journal].append(done)
                return
            self._waiting[journal] = [done]
            if journal not in self._busy:  # else who syncs it now takes it again
                self._wake.notify()

    def close(self) -> None:
        """Serve all who wait, and end. Journals are closed first."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        """A thread: until closed, take a journal that waits, sync it, tell those who waited."""
        waiters: list[Done] = []
        try:
            while (taken := self._take()) is not None:
                journal, waiters = taken
                error = _sync(journal)
                while waiters:
                    waiters.pop(0)(error)
                with self._wake:
                    self.syncs += 1
                    self._busy.remove(journal)
        except BaseException as mistake:  # in a callback: nobody may wait for ever
            self._die(f"died: {mistake!r}", waiters)
            raise

    def _take(self) -> tuple[Synced, list[Done]] | None:
        """A journal that nobody syncs now, with all who wait for it; None at the end."""
        with self._wake:
            while not self._death:
                for journal in self._waiting:
                    if journal not in self._busy:
                        self._busy.add(journal)
                        return journal, self._waiting.pop(journal)
                if self._closing:
                    return None
                self._wake.wait()
            return None

    def _die(self, why: str, waiters: list[Done]) -> None:
        with self._wake:
            self._death = why
            waiters = waiters + [done for others in self._waiting.values() for done in others]
            self._waiting.clear()
            self._wake.notify_all()
        for done in waiters:
            done(CommitterClosed(why))


def _sync(journal: Synced) -> JournalError | None:
    try:
        journal.sync()
    except JournalError as error:
        return error
    return None
