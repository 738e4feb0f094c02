"""The program's own clock. Nothing else in fix_gateway reads one: the time is handed in."""

import time


class Clock:
    """UTC ns that never go back."""

    __slots__ = ("_anchor",)

    def __init__(self) -> None:
        self._anchor = time.time_ns() - time.monotonic_ns()

    def now(self) -> int:
        """The wall clock at the start, and the monotonic one since."""
        return self._anchor + time.monotonic_ns()
