"""How far a venue's clock is from ours: of the last readings, the one that may be wrong by least."""

from collections import deque
from typing import Final, NamedTuple

from rfq.feeds.said import ClockSaid

_KEPT: Final = 32
_OLD_NS: Final = 600 * 1_000_000_000


class Offset(NamedTuple):
    """The venue's clock minus ours, how far that may be wrong, and when it was read."""

    offset_ns: int
    error_ns: int
    at: int


class Offsets:
    """The readings of one venue."""

    __slots__ = ("_read",)

    def __init__(self) -> None:
        self._read: deque[Offset] = deque(maxlen=_KEPT)

    def add(self, said: ClockSaid) -> None:
        """Another reading."""
        self._read.append(Offset(said.offset_ns, said.error_ns, said.received_at))

    def best(self, now: int) -> Offset | None:
        """The surest reading of the last ten minutes, the newest where two are equally sure; if all are older, the last
        one; None if there is none."""
        if not self._read:
            return None
        recent = [one for one in self._read if now - one.at <= _OLD_NS] or [self._read[-1]]
        return min(recent, key=lambda one: (one.error_ns, -one.at))
