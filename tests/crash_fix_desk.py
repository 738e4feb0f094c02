"""A desk behind a FIX acceptor that kills itself: the child process of the journeys of the joint rule.

    python crash_fix_desk.py FOLDER PORT FAILPOINT COUNT

At the COUNT-th pass of FAILPOINT it sends itself SIGKILL; with "none" it serves until SIGTERM. Failpoints are those of
the loop (decided, submitted, before-send, after-send), of the log's writer (before-commit, after-commit, after-done),
and of the sessions: before-accepted and after-accepted (an incoming number is accepted), saved (a message is in the
journal's memory), before-flush and after-flush. A fifth argument "hasty" makes it the mutant that accepts a message as
soon as it has read it.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from crash_desk import Killer
from wire_desk import desk_on_wire, session

from fix_gateway.codec.decoded import Decoded
from fix_gateway.journal.journal import Journal
from fix_gateway.shell.connection import Link
from rfq.audit.writer import GroupWriter
from rfq.wire.counter import Counter


def around(killer: Killer, owner: type, name: str, before: str, after: str) -> None:
    """Put failpoints before and after a method."""
    inner: Callable[..., Any] = getattr(owner, name)

    @wraps(inner)
    def wrapped(*args: Any, **named: Any) -> Any:
        if before:
            killer(before)
        found = inner(*args, **named)
        killer(after)
        return found

    setattr(owner, name, wrapped)


def accept_at_once() -> None:
    """The mutant: the peer is told that we have its message before our record of it is durable."""
    inner = Counter.on_message

    def hasty(self: Counter, link: Link, message: Decoded) -> bool:
        inner(self, link, message)
        return True

    Counter.on_message = hasty  # type: ignore[method-assign]


async def main(folder: Path, port: int, failpoint: str, count: int, hasty: bool) -> None:
    killer = Killer(failpoint, count)
    if hasty:
        accept_at_once()
    around(killer, Link, "accepted", "before-accepted", "after-accepted")
    around(killer, Journal, "save", "", "saved")
    around(killer, Journal, "flush", "before-flush", "after-flush")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = session("ALPHA", party="alpha", tolerance_ms=600_000)
    async with desk_on_wire(
        folder,
        client,
        port=port,
        writer=lambda log, clock: GroupWriter(log, clock.now, failpoint=killer),
        live={"failpoint": killer, "segment_records": 50},
    ):
        print("ready", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5:] == ["hasty"])
    )
