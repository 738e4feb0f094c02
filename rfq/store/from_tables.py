"""The way from tables to rows: what a capture says, put to books and accumulators in the order of receipt.

A book is kept by its venue's rule, as far as tables tell what that needs (`rfq.feeds.recorder.boards`). A capture
cannot be asked for another snapshot when prices have left the levels of its first: what it did not tell is then taken
not to be there. Whether a book has fallen silent is looked at each second.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rfq.desk.features.look import Print
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.book.rules import Rule
from rfq.feeds.levels import Scale
from rfq.feeds.recorder.boards import rule_in_tables
from rfq.feeds.said import BookSaid, Market, Said, TradeSaid, Trouble
from rfq.feeds.tables.captures import Capture
from rfq.store.gathering import Gatherer, merged

if TYPE_CHECKING:
    from rfq.feeds.tables.telling import SaidOfTables

TICK_NS: Final = 1_000_000_000
_STEP: Final = 5_000
Rules = dict[Market, Rule | None]
"""The rule of each market's book; None where the capture has no book of it, and the touch must do."""


class Followed:
    """One market: its book, and whether it was right when it was last heard of."""

    __slots__ = ("gatherer", "is_right", "keeper", "market", "price_unit", "size_unit")

    def __init__(
        self, market: Market, keeper: BookKeeper | None, units: tuple[int, int], to: Gatherer
    ) -> None:
        self.market = market
        self.keeper = keeper
        self.price_unit, self.size_unit = units
        self.gatherer = to
        self.is_right = False

    def take(self, said: Said) -> None:
        """One thing that was said of it."""
        if isinstance(said, TradeSaid):
            if said.block:
                return
            price, size = said.price / self.price_unit, said.size / self.size_unit
            self.gatherer.trade(self.market, Print(said.received_at, price, size, said.side))
        elif isinstance(said, BookSaid) and self.keeper is not None:
            look = self.keeper.take(said)
            if look is not None:
                self.is_right = True
                self.gatherer.look(self.market, look)
            elif not self.keeper.is_shown:
                self._broke(said.received_at)
        elif isinstance(said, Trouble) and said.breaks_book:
            if self.keeper is not None:
                self.keeper.broke(said.received_at, said.what)
            self._broke(said.received_at)

    def check(self, now: int) -> None:
        """A second has passed."""
        if self.is_right and self.keeper is not None and self.keeper.state(now) is not State.LIVE:
            self._broke(now)

    def _broke(self, at: int) -> None:
        if self.is_right:
            self.is_right = False
            self.gatherer.broke(self.market, at)


def rules_of(capture: Capture, markets: Iterable[Market]) -> Rules:
    """How each book of a capture can be kept."""
    return {market: rule_in_tables(capture, market) for market in markets}


def gather(
    capture: Capture,
    rules: Rules,
    scales: Mapping[Market, Scale],
    gatherer: Gatherer,
    *,
    ticks: Sequence[int] | None = None,
    tell: Callable[[int], None] = lambda _count: None,
) -> int:
    """Put all that the capture says of these markets to the gatherer; how many messages that was.

    `ticks` are the instants at which silence was looked for, where they are known; else it is each whole second.
    """
    followed = {}
    for market, rule in rules.items():
        scale = scales[market]
        keeper = None if rule is None else BookKeeper(rule, market.symbol, scale)
        units = 10**scale.price_digits, 10**scale.size_digits
        followed[market] = Followed(market, keeper, units, gatherer)
    said_of = merged(
        capture.said(market.symbol, market.venue, scale=scales[market], as_arrays=True) for market in rules
    )
    count = 0
    for one in _with_ticks(said_of, ticks):
        if isinstance(one, int):
            for each in followed.values():
                each.check(one)
        else:
            count += 1
            if not count % _STEP:
                tell(count)
            gatherer.said(one)
            followed[Market(one.venue, one.symbol)].take(one)
    gatherer.finish()
    return count


def seconds(from_at: int, to_at: int) -> Iterator[int]:
    """The whole seconds after one instant, up to another."""
    yield from range((from_at // TICK_NS + 1) * TICK_NS, to_at + 1, TICK_NS)


def _with_ticks(
    said_of: "Iterable[SaidOfTables]", ticks: Sequence[int] | None
) -> "Iterator[SaidOfTables | int]":
    """What was said, with the ticks that come before each."""
    given = iter([] if ticks is None else ticks)
    due = next(given, None)
    last_at = 0
    for said in said_of:
        at = said.received_at
        if ticks is None:
            if last_at:
                yield from seconds(last_at, at)
            last_at = max(last_at, at)
        while due is not None and due <= at:
            yield due
            due = next(given, None)
        yield said
