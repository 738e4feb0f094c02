"""When something runs: one interface for real and for virtual time. Callbacks only, no coroutines.

On virtual time nothing waits: the next callback runs as soon as the one before it returned, and the clock jumps to its
instant. Callbacks of one instant run in the order in which they were asked for, so a run depends on nothing else.
"""

import asyncio
import heapq
from collections.abc import Callable
from typing import Protocol

from rfq.ops.clock import NS_PER_S, SystemClock, VirtualClock

Run = Callable[[], None]


class Schedule(Protocol):
    """Tells the time and runs callbacks later, all on one thread."""

    def now(self) -> int:
        """UTC ns, never going back."""
        ...

    def call_at(self, at: int, run: Run) -> None:
        """Run at `at` (UTC ns), or as soon as possible if that has passed."""
        ...

    def call_soon_from_thread(self, run: Run) -> None:
        """Run as soon as possible; may be called from another thread."""
        ...

    def offset(self) -> tuple[int, int]:
        """Wall clock minus `now`, and how far that may be wrong, in ns."""
        ...


class VirtualSchedule:
    """Discrete events on a virtual clock."""

    __slots__ = ("_heap", "_order", "clock")

    def __init__(self, start_at: int) -> None:
        self.clock = VirtualClock(start_at)
        self._heap: list[tuple[int, int, Run]] = []
        self._order = 0

    def now(self) -> int:
        """Virtual UTC ns."""
        return self.clock.at

    def call_at(self, at: int, run: Run) -> None:
        """Run when virtual time gets to `at`."""
        self._order = order = self._order + 1
        now = self.clock.at
        heapq.heappush(self._heap, (at if at > now else now, order, run))

    def call_soon_from_thread(self, run: Run) -> None:
        """There are no other threads on virtual time: the same as now."""
        self.call_at(self.clock.now(), run)

    def offset(self) -> tuple[int, int]:
        """There is no other clock."""
        return (0, 0)

    def run_until(self, at: int) -> int:
        """Run everything due up to and including `at`, then stand at `at`; returns how many callbacks ran."""
        heap, clock, ran, pop = self._heap, self.clock, 0, heapq.heappop
        while heap and heap[0][0] <= at:
            due, _, run = pop(heap)
            if due != clock.at:
                clock.set(due)
            run()
            ran += 1
        clock.set(at)
        return ran

    def step(self) -> bool:
        """Run the next callback, whenever it is; False if there is none."""
        if not self._heap:
            return False
        due, _, run = heapq.heappop(self._heap)
        self.clock.set(due)
        run()
        return True


class RealSchedule:
    """The same on an asyncio loop and the system's clock."""

    __slots__ = ("_loop", "clock")

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: SystemClock) -> None:
        self._loop = loop
        self.clock = clock

    def now(self) -> int:
        """UTC ns."""
        return self.clock.now()

    def call_at(self, at: int, run: Run) -> None:
        """Run at `at`; a wake that comes early (timers are coarse) waits again."""
        ahead = at - self.clock.now()
        if ahead <= 0:
            self._loop.call_soon(run)
        else:
            self._loop.call_later(ahead / NS_PER_S, self._run_at, at, run)

    def _run_at(self, at: int, run: Run) -> None:
        if self.clock.now() < at:
            self.call_at(at, run)
        else:
            run()

    def call_soon_from_thread(self, run: Run) -> None:
        """Hand over to the loop's thread."""
        self._loop.call_soon_threadsafe(run)

    def offset(self) -> tuple[int, int]:
        """One reading of the wall clock against ours."""
        return self.clock.measure()
