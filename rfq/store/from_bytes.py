"""The way from bytes to rows, as it is live: adapters, books and accumulators are told what a venue's links told.

Portions come as they may: a few messages at once, an early look at the clock, a question in between. None of it may
change a row.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import TYPE_CHECKING

from rfq.desk.features.look import Look, Print
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.recorder.reading import tell
from rfq.feeds.said import Market, Said, Trouble
from rfq.feeds.venues.adapter import Adapter
from rfq.store.gathering import Gatherer

if TYPE_CHECKING:
    from rfq.feeds.book.keeper import BookKeeper
    from rfq.feeds.recorder.reading import Row


class Ear:
    """Some venues, from what their links tell to the gatherer."""

    def __init__(self, gatherer: Gatherer) -> None:
        """None yet."""
        self.gatherer = gatherer
        self.boards: dict[str, Switchboard] = {}
        self.breaks = 0
        """What could not be read, or was lost, and broke books."""

    def listen(self, name: str, adapter: Adapter, keepers: "Iterable[BookKeeper]") -> None:
        """To one venue more, which is called so in what is told."""
        venue, gatherer = adapter.venue, self.gatherer

        def look(symbol: str, told: Look) -> None:
            gatherer.look(Market(venue, symbol), told)

        def trade(symbol: str, told: Print) -> None:
            gatherer.trade(Market(venue, symbol), told)

        def broke(symbol: str, at: int, _why: str) -> None:
            gatherer.broke(Market(venue, symbol), at)

        def said(one: Said) -> None:
            if isinstance(one, Trouble) and one.breaks_book:
                self.breaks += 1
            gatherer.said(one)

        hooks = Hooks(on_look=look, on_print=trade, on_said=said, on_broke=broke)
        self.boards[name] = Switchboard(adapter, keepers, hooks, resyncs=False)

    def hear(self, portion: "Sequence[Row]") -> None:
        """Some messages at once."""
        for venue, told in portion:
            tell(self.boards[venue], told)


def in_order(streams: "Iterable[Iterator[Row]]") -> "Iterator[Row]":
    """What several venues told, in the order of receipt."""
    return merge(*streams, key=_at)


def _at(row: "Row") -> int:
    return row[1].at
