"""When a session may be logged on, and when its numbers begin at 1 again. Pure: instants in (UTC ns), answers out.

Hours are windows of a week, which begins on Monday at 00:00 UTC. They are written "mon-fri 07:00-17:00" (a window on
each of these days), "07:00-17:00" (on every day) or "sun 22:00 - fri 22:00" (one window over several days). A window
that ends before it begins runs on into the next day, or week. No windows: always open. The reset is written "17:00"
(every day), "sun 22:00" (every week) or "" (never).
"""

import re
from collections.abc import Iterable

import msgspec

NS_PER_S = 1_000_000_000
DAY = 86_400 * NS_PER_S
WEEK = 7 * DAY
THURSDAY = 3 * DAY
"""1970 began on one."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_NAME = "|".join(DAYS)
_TIME = r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?"
_DAILY = re.compile(rf"(?:({_NAME})(?:-({_NAME}))? )?{_TIME}-{_TIME}")
_LONG = re.compile(rf"({_NAME}) {_TIME} - ({_NAME}) {_TIME}")
_RESET = re.compile(rf"(?:({_NAME}) )?{_TIME}")


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """`windows`: (ns after Monday 00:00, length in ns). `reset_at` counts from the start of each `reset_every` (a day
    or a week, 0: never)."""

    windows: tuple[tuple[int, int], ...] = ()
    reset_at: int = 0
    reset_every: int = 0

    def is_open(self, now: int) -> bool:
        """Whether the session may be logged on."""
        place = (now + THURSDAY) % WEEK
        return not self.windows or any((place - start) % WEEK < length for start, length in self.windows)

    def last_reset(self, now: int) -> int:
        """The newest instant, not after `now`, at which the numbers should have begun at 1; 0 if there is none."""
        if not self.reset_every:
            return 0
        return max(0, now - (now + THURSDAY - self.reset_at) % self.reset_every)

    def reset_due(self, opened_at: int, now: int) -> bool:
        """Whether numbers that last began at `opened_at` are older than they may be."""
        return opened_at < self.last_reset(now)

    def next_change(self, now: int) -> int:
        """The next instant after `now` at which it opens or closes or resets; 0 if that never happens."""
        edges = [edge for start, length in self.windows for edge in (start, start + length)]
        found = [now + (edge - now - THURSDAY - 1) % WEEK + 1 for edge in edges]
        if self.reset_every:
            found.append(self.last_reset(now) + self.reset_every)
        return min(found, default=0)


ALWAYS = Timetable()
"""Open all the time, never reset."""


def timetable(hours: Iterable[str] = (), reset: str = "") -> Timetable:
    """Read the two as they are written in a configuration; ValueError says what cannot be read."""
    windows = tuple(sorted({window for text in hours for window in _windows(text)}))
    if not reset:
        return Timetable(windows=windows)
    found = _RESET.fullmatch(reset)
    if not found:
        raise ValueError(f"reset: {reset!r} is neither 'hh:mm' nor 'sun hh:mm'")
    at = _of_day(*found.group(2, 3, 4))
    if found[1] is None:
        return Timetable(windows=windows, reset_at=at, reset_every=DAY)
    return Timetable(windows=windows, reset_at=DAYS.index(found[1]) * DAY + at, reset_every=WEEK)


def _windows(text: str) -> Iterable[tuple[int, int]]:
    if found := _LONG.fullmatch(text):
        start = DAYS.index(found[1]) * DAY + _of_day(*found.group(2, 3, 4))
        end = DAYS.index(found[5]) * DAY + _of_day(*found.group(6, 7, 8))
        return [(start, (end - start) % WEEK or WEEK)]
    found = _DAILY.fullmatch(text)
    if not found:
        raise ValueError(f"hours: {text!r} is neither 'mon-fri 07:00-17:00' nor 'sun 22:00 - fri 22:00'")
    first, last = DAYS.index(found[1] or "mon"), DAYS.index(found[2] or found[1] or "sun")
    start, end = _of_day(*found.group(3, 4, 5)), _of_day(*found.group(6, 7, 8))
    days = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return [(day * DAY + start, (end - start) % DAY or DAY) for day in days]


def _of_day(hour: str, minute: str, second: str | None) -> int:
    return (int(hour) * 3600 + int(minute) * 60 + int(second or 0)) * NS_PER_S
