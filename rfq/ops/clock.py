"""The only clock. Everything else takes `now` as an argument, in integer UTC nanoseconds.

Theory: the machine has two clocks. The monotonic one never goes back but knows no date; the wall clock
knows the date but is stepped by people and by NTP. `SystemClock` reads the wall clock once and afterwards
counts on the monotonic one, so the time it tells never goes back and never jumps. How far the wall clock
has walked away since is told as `offset_ns` (wall minus ours): it is stamped into records, not hidden by
moving our time. (The monotonic clock follows NTP's slow corrections by itself, so it does not drift away.)
"""

import time
from collections.abc import Callable
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """What tells the time: UTC for stamps, monotonic for waiting."""

    def now(self) -> int:
        """UTC time in ns since 1970; never less than what it returned before."""
        ...

    def monotonic(self) -> int:
        """Time in ns since some start; only differences mean something."""
        ...


class SystemClock:
    """Real time that never goes back, with the wall clock's distance from it told apart.

    The two readers are arguments so that a test can step a wall clock; live code leaves them alone.
    """

    __slots__ = ("_anchor_mono", "_anchor_wall", "_last", "_mono", "_wall")

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        mono: Callable[[], int] = time.monotonic_ns,
        *,
        not_before: int = 0,
    ) -> None:
        """Anchor to the wall clock; `not_before` (UTC ns) is the newest stamp of an earlier run, if any.

        If the wall clock stands before `not_before`, time starts there and `offset_ns` shows the gap.
        """
        self._wall = wall
        self._mono = mono
        self._anchor_mono = mono()
        self._anchor_wall = max(wall(), not_before)
        self._last = self._anchor_wall

    def now(self) -> int:
        """UTC ns: the anchor plus what the monotonic clock has counted since."""
        told = self._anchor_wall + self._mono() - self._anchor_mono
        if told > self._last:
            self._last = told
        return self._last

    def monotonic(self) -> int:
        """Monotonic ns."""
        return self._mono()

    @property
    def offset_ns(self) -> int:
        """Wall clock minus ours, in ns: negative after the wall clock was set back."""
        return self.measure()[0]

    @property
    def error_ns(self) -> int:
        """How far `offset_ns` may be wrong, in ns: half the time that the reading took, never under 1."""
        return self.measure()[1]

    def measure(self) -> tuple[int, int]:
        """One reading of (offset, error), both in ns: the wall clock read between two readings of ours."""
        before = self._mono()
        wall = self._wall()
        after = self._mono()
        middle = (before + after) // 2
        ours = self._anchor_wall + middle - self._anchor_mono
        return wall - ours, max(1, (after - before + 1) // 2)


class VirtualClock:
    """Time that stands still until it is told to move; it only moves forwards."""

    __slots__ = ("_start", "at")

    def __init__(self, start: int = 0) -> None:
        """Start at `start` (UTC ns)."""
        if start < 0:
            raise ValueError(f"start: {start} ns is before 1970")
        self._start = start
        self.at = start
        """What `now` tells; moved by `set` and `advance` alone."""

    def now(self) -> int:
        """The UTC ns it was last set to."""
        return self.at

    def monotonic(self) -> int:
        """The ns passed since the start."""
        return self.at - self._start

    def set(self, at: int) -> None:
        """Move to `at` (UTC ns); a time before the present one is refused."""
        if at < self.at:
            raise ValueError(f"at: virtual time cannot go back, from {self.at} to {at} ns")
        self.at = at

    def advance(self, ns: int) -> int:
        """Move on by `ns`, and return the new time."""
        self.set(self.at + ns)
        return self.at

    @property
    def offset_ns(self) -> int:
        """Always 0: there is no other clock to differ from."""
        return 0

    @property
    def error_ns(self) -> int:
        """Always 0."""
        return 0
