"""Is the peer still there, and does it know that we are? Told the time, never reads it.

We send a Heartbeat when we have sent nothing for one interval, a TestRequest when we have heard nothing for 1.2
intervals, and give up one interval after that.
"""

from typing import Final

TEST_ID: Final = b"TEST"
_SECOND: Final = 1_000_000_000
_PATIENCE: Final = 1.2


class Liveness:
    """The timers of one connection; all instants in UTC ns."""

    __slots__ = ("_heard_at", "_interval_ns", "_sent_at", "_tested_at")

    def __init__(self, now: int, heartbeat_s: int) -> None:
        """An interval of 0 s means: no heartbeats, no tests."""
        self._interval_ns = heartbeat_s * _SECOND
        self._heard_at = self._sent_at = now
        self._tested_at = 0

    def heard(self, now: int) -> None:
        """A message came in."""
        self._heard_at = now
        self._tested_at = 0

    def sent(self, now: int) -> None:
        """A message went out."""
        self._sent_at = now

    def tested(self, now: int) -> None:
        """A TestRequest went out."""
        self._tested_at = now

    def is_dead(self, now: int) -> bool:
        """True if a TestRequest was not answered in time; to be asked before the other two."""
        return bool(self._tested_at) and now >= self._tested_at + self._interval_ns

    def wants_test(self, now: int) -> bool:
        """True if the peer must be asked for a sign of life."""
        return bool(self._interval_ns) and not self._tested_at and now >= self._test_at

    def wants_heartbeat(self, now: int) -> bool:
        """True if we must give one."""
        return bool(self._interval_ns) and now >= self._sent_at + self._interval_ns

    @property
    def _test_at(self) -> int:
        return self._heard_at + int(_PATIENCE * self._interval_ns)

    @property
    def wake_at(self) -> int:
        """When one of the questions may be answered with yes; 0 for never."""
        if not self._interval_ns:
            return 0
        return min(
            self._sent_at + self._interval_ns,
            self._tested_at + self._interval_ns if self._tested_at else self._test_at,
        )
