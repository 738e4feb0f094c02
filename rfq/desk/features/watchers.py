"""Two things about one side of a book that take memory: walls that vanish as the price draws near, and how long depth
takes to come back."""

from typing import Final

WALL_SHARE: Final = 0.1
"""The largest level behind the touch is a wall when it is at least this part of the side's depth within 25 bps."""
NEAR: Final = 0.8
"""The price has drawn near when the wall is at most this part of its largest distance from the touch away."""
LOST: Final = 1.0 / 3.0
"""A side is hurt when its depth within 5 bps is this part less than at the last whole second."""
MENDED_BY_NS: Final = 60_000_000_000
"""What has not come back by then is taken to have taken so long."""


class Wall:
    """The wall of one side (+1 bids, -1 offers). What of it goes while the price has drawn near, but has not met it,
    was cancelled there."""

    __slots__ = ("away", "price", "side", "size")

    def __init__(self, side: int) -> None:
        self.side = side
        self.price = self.size = self.away = 0.0

    def forget(self) -> None:
        """The book is not known any more."""
        self.price = self.size = self.away = 0.0

    def watch(self, touch: float, price: float, size: float, least: float) -> float:
        """The largest level behind the touch is now `size` at `price`; a wall has at least `least`. Returns how much of
        the watched wall has vanished."""
        gone = 0.0
        watched = self.price
        if watched:
            away = self.side * (touch - watched)
            if away > self.away:
                self.away = away
            if size < self.size and 0.0 < away <= NEAR * self.away:
                gone = self.size - size
            if price == watched and size >= least:
                self.size = size
                return gone
        if size >= least and size > 0.0:
            self.price, self.size, self.away = price, size, self.side * (touch - price)
        else:
            self.price = 0.0
        return gone


class Mending:
    """How long the depth of one side takes to regain half of what it lost."""

    __slots__ = ("depth", "hurt_at", "least", "usual")

    def __init__(self) -> None:
        self.usual = self.depth = self.least = 0.0
        self.hurt_at = 0

    def forget(self) -> None:
        """The book is not known any more."""
        self.usual = self.depth = self.least = 0.0
        self.hurt_at = 0

    def watch(self, at: int, depth: float) -> int:
        """The depth is this now. Returns the ns it took to mend, 0 when it has not just mended."""
        self.depth = depth
        if not self.hurt_at:
            if depth < (1.0 - LOST) * self.usual:
                self.hurt_at, self.least = at, depth
            return 0
        if depth < self.least:
            self.least = depth
        took = at - self.hurt_at
        if 2.0 * depth < self.least + self.usual and took < MENDED_BY_NS:
            return 0
        self.hurt_at = 0
        self.usual = depth
        return min(took, MENDED_BY_NS)

    def second(self) -> None:
        """A whole second has passed."""
        if not self.hurt_at:
            self.usual = self.depth
