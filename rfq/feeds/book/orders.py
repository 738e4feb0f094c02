"""A book by order (L3): which orders stand at each price, first come first; and the levels that they make.

An order keeps its place when it gets smaller and loses it when it grows or moves, as on the venues that match by price
and time.
"""

from collections.abc import Iterable
from typing import Final

from rfq.feeds.said import BookSaid, OrderSaid

ORDERS_MAX: Final = 500_000
"""Orders kept unless told otherwise; more are nonsense."""
Level = tuple[int, int]


class Orders:
    """Orders by their ids and by their levels."""

    __slots__ = ("_levels", "_orders", "_totals", "most")

    def __init__(self, most: int = ORDERS_MAX) -> None:
        self.most = most
        self._orders: dict[str, tuple[int, int]] = {}
        self._levels: dict[tuple[int, int], dict[str, int]] = {}
        self._totals: dict[tuple[int, int], int] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._orders)

    def clear(self) -> None:
        """Forget all."""
        self._orders.clear()
        self._levels.clear()
        self._totals.clear()

    def put(self, said: Iterable[OrderSaid]) -> tuple[list[Level], list[Level]] | str:
        """Open, change or take away orders; the levels of bids and of offers as each left them, or what was wrong, in
        words. An order that goes and was not known has no effect: it was filled before it stood."""
        told: tuple[list[Level], list[Level]] = ([], [])
        for one in said:
            if one.size < 0 or one.side not in (1, -1):
                return f"order {one.order[:40]} of size {one.size} and side {one.side}"
            at = (one.side, one.price)
            was = self._orders.get(one.order)
            if was is not None and was != at:
                self._note(told, was, one.order, 0)
            if one.size or was is not None:
                self._note(told, at, one.order, one.size)
            if len(self._orders) > self.most:
                return f"more than {self.most} orders"
        return told

    def _note(
        self, told: tuple[list[Level], list[Level]], at: tuple[int, int], order: str, size: int
    ) -> None:
        """Set one order at its level, and tell the level's new size."""
        queue = self._levels.setdefault(at, {})
        before = queue.get(order, 0)
        if size > before or not size:
            queue.pop(order, None)
        if size:
            queue[order] = size
            self._orders[order] = at
        else:
            self._orders.pop(order, None)
        total = self._totals.get(at, 0) + size - before
        if queue:
            self._totals[at] = total
        else:
            del self._levels[at]
            self._totals.pop(at, None)
        told[0 if at[0] > 0 else 1].append((at[1], total))

    def at(self, side: int, price: int) -> list[tuple[str, int]]:
        """The orders of a level with their sizes, first in line first."""
        return list(self._levels.get((side, price), {}).items())

    def ahead(self, order: str) -> int | None:
        """The size in line before an order; None if it is not known."""
        at = self._orders.get(order)
        if at is None:
            return None
        before = 0
        for other, size in self._levels[at].items():
            if other == order:
                break
            before += size
        return before


def as_book(said: OrderSaid) -> BookSaid:
    """One order as a message of its own, numbered one after the other."""
    return BookSaid(
        venue=said.venue,
        symbol=said.symbol,
        received_at=said.received_at,
        exchange_at=said.exchange_at,
        is_snapshot=False,
        bids=[],
        asks=[],
        first=said.last,
        last=said.last,
        prior=said.last - 1,
        orders=(said,),
    )
