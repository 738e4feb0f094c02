"""A process that writes a log and kills itself at a chosen place; it says on stdout what it was told is durable.

    python crash_writer.py <log> <place> <hit> <mutant or "-">

The place is a failpoint of the writer, or "statement": the hit-th statement that reaches the database.
"""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit_streams import CHAIN, grow

from rfq.audit.chain import Entry
from rfq.audit.log import AuditLog
from rfq.audit.writer import Done, GroupWriter

RECORDS = 400


def killer(place: str, hit: int) -> Callable[[str], None]:
    """A failpoint that ends this process at the hit-th passing of `place`."""
    left = hit

    def pass_by(here: str) -> None:
        nonlocal left
        left -= here == place
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return pass_by


class Deadly:
    """A connection that may not survive a statement."""

    def __init__(self, path: Path, pass_by: Callable[[str], None]) -> None:
        self._inner = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._pass_by = pass_by
        self.close = self._inner.close

    def execute(self, sql: str, values: Any = ()) -> Any:
        """Pass the statement on, unless this is where it ends."""
        if sql.startswith(("BEGIN", "INSERT", "COMMIT")):
            self._pass_by("statement")
        return self._inner.execute(sql, values)


class EagerWriter(GroupWriter):
    """The mutant: says that a batch is durable before it is."""

    def _commit(self, batch: list[tuple[Entry, Done]]) -> None:
        for _, done in batch:
            done(None)
        self._failpoint("before-commit")
        self._log.append([entry for entry, _ in batch])


def main(path: str, place: str, hit: str, mutant: str) -> None:
    """Write until killed or done."""
    pass_by = killer(place, int(hit))
    log = AuditLog.open(path, writable=True, connect=lambda found: Deadly(found, pass_by))
    kind = EagerWriter if mutant == "eager" else GroupWriter
    writer = kind(log, time.time_ns, batch_max=7, failpoint=pass_by)
    for entry in grow(log.chain(CHAIN), RECORDS):

        def done(error: Exception | None, number: int = entry.number) -> None:
            os.write(1, f"{number}\n".encode() if error is None else b"failed\n")

        writer.submit(entry, done)
        if entry.number % 20 == 0:
            time.sleep(0.001)
    writer.close()
    log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
