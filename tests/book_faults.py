"""A venue that knows its own book at every number, and a line to it that loses, doubles, delays and garbles."""

from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from rfq.feeds.book.rules import Order, Rule
from rfq.feeds.said import BookSaid

MS = 1_000_000
Pairs = list[tuple[int, int]]


class Truth(NamedTuple):
    """What a book holds, best first."""

    bids: Pairs
    asks: Pairs


class Venue:
    """Says changes numbered by a rule, and remembers the book after each."""

    def __init__(self, rule: Rule, dice: np.random.Generator) -> None:
        self.rule = rule
        self.dice = dice
        self.now = 1_000 * MS
        self.last = 1
        self.sides: dict[int, dict[int, int]] = {1: {}, -1: {}}
        self.known: dict[int, Truth] = {}
        for _ in range(5):
            self.change()

    def change(self) -> BookSaid:
        """The next message."""
        prior = self.last
        self.last += 1 if self.rule.order is Order.STEP else int(self.dice.integers(1, 4))
        told = {side: self._levels(side) for side in (1, -1)}
        for side, levels in told.items():
            self.sides[side].update(levels)
            self.sides[side] = {price: size for price, size in self.sides[side].items() if size}
        self.known[self.last] = self.truth()
        # USDM's ids are global: a message's first is not always the one after the last before it.
        first = prior + 1 if self.rule.order is Order.RANGE else min(prior + 2, self.last)
        return self._said(told[1], told[-1], prior=prior, first=first)

    def snapshot(self) -> BookSaid:
        """The book as it is now."""
        return replace(self._said(*self.truth(), prior=-1, first=-1), is_snapshot=True)

    def truth(self) -> Truth:
        """The book as it is now."""
        return Truth(sorted(self.sides[1].items(), reverse=True), sorted(self.sides[-1].items()))

    def _levels(self, side: int) -> Pairs:
        prices = 50 - side * self.dice.integers(1, 12, int(self.dice.integers(0, 5)))
        return [(int(price), int(self.dice.integers(0, 4))) for price in prices]

    def _said(self, bids: Pairs, asks: Pairs, prior: int, first: int) -> BookSaid:
        self.now += 100 * MS
        return BookSaid(
            venue="v",
            symbol="s",
            received_at=self.now,
            exchange_at=self.now,
            is_snapshot=False,
            bids=bids,
            asks=asks,
            last=self.last,
            first=first,
            prior=prior,
        )


class Fault(NamedTuple):
    """What happens to one message: "fine", "lost", "twice", "late" or "garbled"; and how many messages later."""

    kind: str
    later: int


class Line:
    """Carries messages with faults; what is late comes after so many others."""

    def __init__(self) -> None:
        self._later: list[tuple[int, BookSaid]] = []

    def carry(self, said: BookSaid, fault: Fault) -> list[BookSaid]:
        """What arrives now."""
        self._later = [(left - 1, one) for left, one in self._later]
        arrives = [] if fault.kind in {"lost", "late"} else [said]
        if fault.kind == "garbled":
            arrives = [replace(said, prior=-1, first=-1, last=-1)]
        arrives += [one for left, one in self._later if left <= 0]
        self._later = [(left, one) for left, one in self._later if left > 0]
        if fault.kind in {"late", "twice"}:
            self.delay(said, fault.later)
        now = said.received_at
        return [replace(one, received_at=now) for one in arrives]

    def delay(self, said: BookSaid, later: int) -> None:
        """Let this arrive so many messages later."""
        self._later.append((later, said))
