"""What a book can do, whichever engine keeps it; and which engine that is."""

from typing import TYPE_CHECKING, Protocol

from rfq.desk.features.look import Look
from rfq.feeds.book.arrays import ArrayBook
from rfq.feeds.book.plain import LEVELS_MAX, PlainBook
from rfq.feeds.compiled import engine
from rfq.feeds.levels import USUAL, Scale

if TYPE_CHECKING:
    from rfq.feeds.levels import Levels


class Book(Protocol):
    """A book by level, bounded: at most `levels_max` levels a side; the furthest go first, and it says so."""

    scale: Scale
    levels_max: int

    def clear(self) -> None:
        """Forget everything."""
        ...

    def apply(self, bids: "Levels", asks: "Levels") -> bool:
        """Set the levels of one message (size 0: gone), the last word on a price counting. False if the sizes of a side
        add up to more than can be counted: the book is then empty."""
        ...

    def replace(self, bids: "Levels", asks: "Levels", continuous: bool = False, levels_most: int = 0) -> bool:
        """Set the whole book. `continuous`: it was right just before, so what differs was added or removed (as far out
        as both tell). A side of `levels_most` levels (above 0) is not all there is. Returns as `apply` does."""
        ...

    def is_crossed(self) -> bool:
        """Whether somebody bids what somebody offers, or more."""
        ...

    def is_blind(self) -> bool:
        """Whether the touch of a side lies where its levels are not certain."""
        ...

    def touch(self) -> tuple[int, int, int, int] | None:
        """Best bid, its size, best offer, its size; None if a side is empty."""
        ...

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """The `count` best levels of a side (+1 bids, -1 offers), best first."""
        ...

    def count(self, side: int) -> int:
        """How many levels a side holds."""
        ...

    def right_to(self, side: int) -> int | None:
        """The price up to which (not including it) all levels of a side are certain; None: all are. Beyond it, and
        beyond a snapshot that told so many levels and no more, there are those that were told since."""
        ...

    def hide(self, side: int, price: int) -> None:
        """From this price outwards no level of the side is certain."""
        ...

    def look(self, at: int) -> Look | None:
        """How it looks now, with what changed since the last look; None if a side is empty, the sides cross, or the
        mid is not above zero."""
        ...


def new_book(scale: Scale = USUAL, levels_max: int = LEVELS_MAX) -> Book:
    """An empty book, compiled where `rfq.feeds.levels.warm` was called and numba is installed."""
    return ArrayBook(scale, levels_max) if engine.is_compiled() else PlainBook(scale, levels_max)
