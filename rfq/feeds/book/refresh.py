"""Seeing further than the snapshot that a book began with, before the price gets there.

A venue's snapshot may have so many levels and no more. As the price nears the last of them a new one is wanted, while
the book is right and goes on being told: from then on changes are remembered, and when the snapshot comes it is brought
up to date with those after it and laid over the book. Levels further out than it tells are kept: they were right
before, and still are. So a book learns its surroundings without ever being in doubt.
"""

from itertools import takewhile
from typing import TYPE_CHECKING

from rfq.desk.features.look import Look
from rfq.feeds.book.book import Book, new_book
from rfq.feeds.said import BookSaid

if TYPE_CHECKING:
    from rfq.feeds.levels import Levels


class Refresh:
    """What one book needs for it."""

    __slots__ = ("_changes", "_from", "_high", "_low", "_most", "_snapshot")

    def __init__(self, most: int) -> None:
        """Remember at most so many changes."""
        self._most = most
        self.forget()

    def forget(self) -> None:
        """There is no book, or none that is wanted further."""
        self._low, self._high = float("-inf"), float("inf")
        self._stop()

    def _stop(self) -> None:
        self._changes: list[BookSaid] | None = None
        self._snapshot: BookSaid | None = None
        self._from = -1

    def measure(self, book: Book) -> None:
        """From half of the way to what is not certain, on either side, one is wanted."""
        self._low, self._high = float("-inf"), float("inf")
        touch, unit = book.touch(), float(10**book.scale.price_digits)
        if touch is None:
            return
        bids_to, asks_to = book.right_to(1), book.right_to(-1)
        if bids_to is not None:
            self._low = (touch[0] + bids_to) / 2 / unit
        if asks_to is not None:
            self._high = (touch[2] + asks_to) / 2 / unit

    def wanted(self, look: Look, last: int) -> bool:
        """Whether a snapshot is to be asked for; changes after the number `last` are remembered from now on."""
        if self._low < look.bid.price and look.offer.price < self._high:
            return False
        if self._changes is None:
            self._changes, self._from = [], last
        return self._snapshot is None

    def heard(self, said: BookSaid) -> bool:
        """A snapshot came; whether it was wanted and is young enough."""
        if self._changes is None or said.last < self._from:
            return False
        self._snapshot = said
        return True

    def changed(self, said: BookSaid) -> None:
        """A change was applied to the book."""
        if self._changes is None:
            return
        self._changes.append(said)
        if len(self._changes) > self._most:
            self._stop()

    def lay_over(self, book: Book, last: int, levels_most: int) -> bool:
        """Lay the snapshot over the book, which stands at the number `last`, once that has come as far; False where the
        sizes add up to more than can be counted."""
        snapshot, changes = self._snapshot, self._changes
        if snapshot is None or changes is None or last < snapshot.last:
            return True
        newer = new_book(book.scale, book.levels_max)
        right = newer.replace(snapshot.bids, snapshot.asks, levels_most=levels_most)
        for said in changes:
            if said.last > snapshot.last:
                right = right and newer.apply(said.bids, said.asks)
        sides: list[Levels] = []
        ends: list[tuple[int, int]] = []
        for side in (1, -1):
            known, beyond = newer.right_to(side), book.right_to(side)
            levels = newer.levels(side, newer.count(side))
            if known is not None:
                levels = list(takewhile(lambda level, s=side, to=known: s * level[0] > s * to, levels))  # type: ignore[misc]
                levels += [
                    level for level in book.levels(side, book.count(side)) if side * level[0] <= side * known
                ]
                if beyond is not None:
                    ends.append((side, min(side * known, side * beyond) * side))
            sides.append(levels)
        right = right and book.replace(sides[0], sides[1])
        for side, price in ends:
            book.hide(side, price)
        book.look(0)  # what is known now and was not before is no change
        self._stop()
        self.measure(book)
        return right
