"""A venue's CRC32 over the best levels of a book, as they were spelled."""

import zlib

from rfq.feeds.book.book import Book
from rfq.feeds.said import BookSaid


def crc(bids: list[tuple[str, str]], asks: list[tuple[str, str]], levels: int) -> int:
    """The checksum of OKX: bid, its size, offer, its size, level by level, joined by colons; a side that ends earlier
    is left out from there on. Signed 32 bits."""
    parts: list[str] = []
    for place in range(min(levels, max(len(bids), len(asks)))):
        for side in (bids, asks):
            if place < len(side):
                parts += side[place]
    found = zlib.crc32(":".join(parts).encode())
    return found - (1 << 32) if found >= 1 << 31 else found


class Spelled:
    """How the levels of a book were spelled: for each side, size and price as text by the price's whole number."""

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self._sides: tuple[dict[int, tuple[str, str]], dict[int, tuple[str, str]]] = ({}, {})
        self._complete = False

    def clear(self) -> None:
        """Forget everything."""
        self._sides[0].clear()
        self._sides[1].clear()
        self._complete = False

    def begin(self, said: BookSaid) -> None:
        """A snapshot."""
        self.clear()
        self._complete = said.texts is not None
        self.change(said)

    def change(self, said: BookSaid) -> None:
        """Levels set or gone. Once a message does not say how it was spelled, nothing can be checked any more."""
        if said.texts is None:
            self._complete = False
            return
        for side, levels, texts in zip(self._sides, (said.bids, said.asks), said.texts, strict=True):
            for (price, size), text in zip(levels, texts, strict=True):
                if size:
                    side[int(price)] = text
                else:
                    side.pop(int(price), None)

    def differs(self, said: BookSaid, book: Book) -> str:
        """What is wrong with the message's checksum, in words; "" if it is right or there is none to compare."""
        if said.checksum is None or not self._complete:
            return ""
        best = [book.levels(side, self.levels) for side in (1, -1)]
        spelled = [
            [texts.get(price, ("?", "?")) for price, _ in levels]
            for levels, texts in zip(best, self._sides, strict=True)
        ]
        found = crc(spelled[0], spelled[1], self.levels)
        if found == said.checksum:
            self._forget(book)
            return ""
        return f"checksum {said.checksum} of {said.last}, but the book's is {found}"

    def _forget(self, book: Book) -> None:
        """Spellings of levels that the book has cut off."""
        for side, texts in zip((1, -1), self._sides, strict=True):
            if len(texts) > 2 * book.count(side) + 100:
                kept = {price for price, _ in book.levels(side, book.count(side))}
                for price in [price for price in texts if price not in kept]:
                    del texts[price]
