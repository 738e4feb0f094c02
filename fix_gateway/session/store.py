"""What a session must remember over crashes: its numbers, and what it sent. The protocol, and one in memory for
tests.

An outgoing message is handed to `save` before its bytes may reach the peer, and `flush` (or a group commit) stands
between the two. `heard` moves the number of the next expected message only when the application has accepted all
before it.
"""

from collections.abc import Iterator
from typing import Protocol

import msgspec


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One outgoing application message as it was saved: its number, its type, its bytes, and the application's tag."""

    seq: int
    msg_type: str
    raw: bytes
    tag: bytes


class Store(Protocol):
    """One session's memory. Numbers begin at 1."""

    next_in: int
    """The number of the first message that the application has not accepted yet."""
    next_out: int
    """The number of the next message that will be sent."""
    opened_at: int
    """When the numbers last began at 1 (UTC ns), 0 if never; judges the daily reset."""
    unclean: bool
    """True if it was opened after a stop without `close`: numbers below `next_out` may be unknown."""

    def save(self, seq: int, msg_type: str, raw: bytes, tag: bytes = b"", admin: bool = False) -> None:
        """Keep an outgoing message; `seq` must be `next_out`, which moves on. Of session messages only the number
        counts."""
        ...

    def skip(self, next_out: int) -> None:
        """Numbers up to `next_out` are spent (a gap fill covers them)."""
        ...

    def heard(self, next_in: int) -> None:
        """The peer's messages before `next_in` need not come again. May go back only by a reset of the peer."""
        ...

    def read(self, begin: int, end: int) -> Iterator[Kept]:
        """The application messages with numbers in [begin, end], in order."""
        ...

    def tags(self) -> Iterator[Kept]:
        """Every application message since the last reset that carries a tag: which recorded effects were sent."""
        ...

    def reset(self, now: int) -> None:
        """Both numbers begin at 1 again; what was sent before is gone."""
        ...

    def flush(self) -> None:
        """Hand what was saved to the operating system."""
        ...

    def close(self) -> None:
        """A clean stop."""
        ...


class MemoryStore:
    """A store for tests: forgets everything when the process ends."""

    def __init__(self) -> None:
        self.next_in = 1
        self.next_out = 1
        self.opened_at = 0
        self.unclean = False
        self._kept: dict[int, Kept] = {}

    def save(self, seq: int, msg_type: str, raw: bytes, tag: bytes = b"", admin: bool = False) -> None:
        """Keep an outgoing message."""
        assert seq == self.next_out, f"{seq} saved, {self.next_out} is next"
        self.next_out = seq + 1
        if not admin:
            self._kept[seq] = Kept(seq=seq, msg_type=msg_type, raw=raw, tag=tag)

    def skip(self, next_out: int) -> None:
        """Numbers up to `next_out` are spent."""
        assert next_out >= self.next_out, "outgoing numbers never go back"
        self.next_out = next_out

    def heard(self, next_in: int) -> None:
        """The peer's messages before `next_in` need not come again."""
        self.next_in = next_in

    def read(self, begin: int, end: int) -> Iterator[Kept]:
        """The application messages with numbers in [begin, end]."""
        for seq in range(begin, min(end, self.next_out - 1) + 1):
            if seq in self._kept:
                yield self._kept[seq]

    def tags(self) -> Iterator[Kept]:
        """Every application message that carries a tag."""
        yield from (kept for kept in self._kept.values() if kept.tag)

    def reset(self, now: int) -> None:
        """Both numbers begin at 1 again."""
        self.next_in = self.next_out = 1
        self.opened_at = now
        self._kept.clear()

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing to do."""
