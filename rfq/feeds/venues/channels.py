"""Which channels were asked for, which of them the venue has confirmed, and which to ask for again.

A venue may refuse a channel, or lose the request. Either way no confirmation comes, and the channel is asked for again,
after pauses that double.
"""

from collections import deque
from typing import Final

from pricing.units import NS_PER_S

FIRST_NS: Final = 15 * NS_PER_S
LONGEST_NS: Final = 900 * NS_PER_S


class Channels:
    """By link and name of the channel."""

    def __init__(self, first_ns: int = FIRST_NS, longest_ns: int = LONGEST_NS) -> None:
        """The first pause, and the longest."""
        self._first_ns = first_ns
        self._longest_ns = longest_ns
        self._asked: dict[tuple[str, str], tuple[int, int]] = {}  # -> when, and the patience from then
        self._there: dict[tuple[str, str], None] = {}

    def ask(self, link: str, name: str, now: int) -> None:
        """It is asked for."""
        self._there.pop((link, name), None)
        self._asked[link, name] = (now, self._first_ns)

    def confirmed(self, link: str, name: str) -> bool:
        """The venue says that it is there; False if nobody asked for it."""
        if self._asked.pop((link, name), None) is None:
            return False
        self._there[link, name] = None
        return True

    def is_there(self, link: str, name: str) -> bool:
        """Whether the venue has confirmed it since it was last asked for."""
        return (link, name) in self._there

    def drop(self, link: str, name: str) -> None:
        """Nobody wants it any more."""
        self._asked.pop((link, name), None)
        self._there.pop((link, name), None)

    def closed(self, link: str) -> None:
        """The link is down: nothing is there, nothing will come."""
        for key in [key for key in (*self._asked, *self._there) if key[0] == link]:
            self.drop(*key)

    def late(self, now: int) -> dict[str, list[str]]:
        """Channels that were not confirmed in time, by link; they count as asked for again now."""
        found: dict[str, list[str]] = {}
        for (link, name), (at, patience_ns) in self._asked.items():
            if now - at >= patience_ns:
                found.setdefault(link, []).append(name)
                self._asked[link, name] = (now, min(2 * patience_ns, self._longest_ns))
        return found


class Allowance:
    """So many times within a span of time, for each link; no memory beyond that."""

    def __init__(self, most: int, span_ns: int) -> None:
        self._most = most
        self._span_ns = span_ns
        self._taken: dict[str, deque[int]] = {}

    def take(self, link: str, now: int) -> bool:
        """Once more, if that is still allowed."""
        taken = self._taken.setdefault(link, deque())
        while taken and now - taken[0] >= self._span_ns:
            taken.popleft()
        if len(taken) >= self._most:
            return False
        taken.append(now)
        return True


def enumerated(names: list[str], most: int = 3) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
