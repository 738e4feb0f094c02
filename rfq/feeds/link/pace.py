"""How fast we may speak, and how long to wait before trying again. Pure: the instant and the draw are arguments."""

import zlib
from typing import Final, NamedTuple

from rfq.ops.clock import NS_PER_S

_DOUBLINGS_MAX: Final = 16


class Backoff(NamedTuple):
    """Waits that double from `first_ns` up to `most_ns`, less up to a half, as it is drawn."""

    first_ns: int = NS_PER_S // 2
    most_ns: int = 60 * NS_PER_S

    def wait_ns(self, failures: int, draw: float) -> int:
        """The wait after so many failures, one after the other; `draw` is in [0, 1)."""
        whole = min(self.most_ns, self.first_ns << min(max(failures, 0), _DOUBLINGS_MAX))
        return whole - int(whole * draw / 2)


def draw_of(name: str, failures: int, now: int) -> float:
    """A draw in [0, 1) that differs between links and instants, so that not all of them come back at once."""
    return zlib.crc32(b"%b %d %d" % (name.encode(), failures, now)) / 2**32


class Bucket:
    """So many tokens a second, and no more than `most` at once."""

    __slots__ = ("_at", "_most", "_per_s", "_tokens")

    def __init__(self, per_s: float, most: float) -> None:
        if not (per_s > 0.0 and most >= 1.0):
            raise ValueError(f"{per_s} tokens a second, {most} at once: nothing would ever be let through")
        self._per_s = per_s
        self._most = most
        self._tokens = most
        self._at = 0

    def take(self, weight: float, now: int) -> int:
        """Take tokens if there are enough: 0; else the ns to wait before asking again. What weighs more than there can
        ever be is let through when the bucket is full, and leaves it in debt."""
        if self._at:
            since_s = max(0, now - self._at) / NS_PER_S
            self._tokens = min(self._most, self._tokens + since_s * self._per_s)
        self._at = now
        lacking = min(weight, self._most) - self._tokens
        if lacking <= 1e-9:  # what a float clock leaves
            self._tokens -= weight
            return 0
        return max(1, int(lacking / self._per_s * NS_PER_S) + 1)


class Retry:
    """One thing that is tried again and again: how often in vain, and from when on it may be tried."""

    __slots__ = ("_backoff", "_name", "failures", "not_before")

    def __init__(self, name: str, backoff: Backoff) -> None:
        self._name = name
        self._backoff = backoff
        self.failures = 0
        self.not_before = 0

    def is_due(self, now: int) -> bool:
        """May it be tried now?"""
        return now >= self.not_before

    def tried(self, now: int) -> int:
        """It is tried now; returns the ns until it may be tried again, later each time."""
        wait = self._backoff.wait_ns(self.failures, draw_of(self._name, self.failures, now))
        self.failures += 1
        self.not_before = now + wait
        return wait

    def wait_until(self, at: int) -> None:
        """Not before this instant."""
        self.not_before = max(self.not_before, at)

    def worked(self) -> None:
        """It went well: the next failure is the first. The instant stays, so that success is no excuse for haste."""
        self.failures = 0
