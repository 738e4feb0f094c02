"""One venue from bytes to looks and prints, with no socket: the adapter, its books, and what is asked of it.

The live feed, the replayer and the benches put the same calls through this; so do tests. Whoever drives it passes the
instants, and does what it asks. A book that is not right is asked for again at once, then later and later each time,
until it is right.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from rfq.desk.features.look import Look, Print
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.link.offsets import Offset, Offsets
from rfq.feeds.link.pace import Backoff, Retry
from rfq.feeds.link.standing import BookStanding
from rfq.feeds.link.told import Kind, Told
from rfq.feeds.said import Ask, BookSaid, ClockSaid, OrderSaid, Said, TradeSaid, Trouble
from rfq.feeds.venues.adapter import Adapter, Heard
from rfq.ops.clock import NS_PER_S

_TROUBLES_KEPT: Final = 20
_SYNC_NS: Final = 10 * NS_PER_S
"""So long a book may wait for its snapshot before it is asked for again."""
_BEGIN_NS: Final = 5 * NS_PER_S
"""So long a new connection may take to bring a book by itself."""
RESYNC: Final = Backoff(5 * NS_PER_S, 60 * NS_PER_S)
"""Between two askings for one book: an answer takes its time, and venues limit how often one may ask."""


def _ignore(*_: object) -> None:
    pass


class Hooks(NamedTuple):
    """Who is told. A hook is called in the order of what was said, before the next message is read."""

    on_look: Callable[[str, Look], None] = _ignore
    on_print: Callable[[str, Print], None] = _ignore
    on_said: Callable[[Said], None] = _ignore
    on_broke: Callable[[str, int, str], None] = _ignore
    """A book that was right is no more: symbol, instant, why."""
    on_told: Callable[[Told], None] | None = None
    """Hears everything that the adapter is told, before it is told."""


class Watched:
    """One book and how it has fared."""

    __slots__ = (
        *("breaks", "is_right", "keeper", "last_break", "look_at", "looks", "price_unit", "prints"),
        *("resyncs", "retry", "since_at", "size_unit", "symbol"),
    )

    def __init__(self, keeper: BookKeeper, backoff: Backoff) -> None:
        self.keeper = keeper
        self.symbol = keeper.symbol
        self.price_unit = 10**keeper.scale.price_digits
        self.size_unit = 10**keeper.scale.size_digits
        self.retry = Retry(keeper.symbol, backoff)
        self.is_right = False
        self.since_at = self.look_at = 0
        self.looks = self.prints = self.breaks = self.resyncs = 0
        self.last_break = ""

    def standing(self, now: int) -> BookStanding:
        """As a value."""
        return BookStanding(
            symbol=self.symbol,
            state=self.keeper.state(now).value,
            since_at=self.since_at,
            look_at=self.look_at,
            looks=self.looks,
            prints=self.prints,
            breaks=self.breaks,
            resyncs=self.resyncs,
            last_break=self.last_break,
        )


class Switchboard:
    """Puts what a venue says to the books it is about."""

    def __init__(
        self,
        adapter: Adapter,
        keepers: Iterable[BookKeeper],
        hooks: Hooks = Hooks(),  # noqa: B008 (immutable)
        *,
        backoff: Backoff = RESYNC,
        resyncs: bool = True,
    ) -> None:
        """`resyncs` False: the story that is told holds its own resyncs, none is to be added."""
        self.adapter = adapter
        self.watched: Mapping[str, Watched] = {one.symbol: Watched(one, backoff) for one in keepers}
        self.offsets = Offsets()
        self.troubles = self.unwatched = 0
        self.last_troubles: deque[Trouble] = deque(maxlen=_TROUBLES_KEPT)
        self._hooks = hooks
        self._on_told = hooks.on_told
        self._resyncs = resyncs
        self._up: dict[str, None] = {}

    def offset(self, now: int) -> Offset | None:
        """The venue's clock against ours."""
        return self.offsets.best(now)

    def opened(self, link: str, now: int) -> Sequence[Ask]:
        """A link is up."""
        if self._on_told is not None:
            self._on_told(Told(now, Kind.OPENED, link))
        self._up[link] = None
        for watched in self.watched.values():
            if not watched.is_right:
                watched.since_at = now
                watched.retry.wait_until(now + _BEGIN_NS)
        return self._after(self.adapter.opened(link, now), now)

    def closed(self, link: str, now: int, why: str = "") -> Sequence[Ask]:
        """A link is down."""
        if self._on_told is not None:
            self._on_told(Told(now, Kind.CLOSED, link, why.encode()))
        self._up.pop(link, None)
        return self._after(self.adapter.closed(link, now), now)

    def hear(self, link: str, raw: bytes, now: int) -> Sequence[Ask]:
        """A message."""
        if self._on_told is not None:
            self._on_told(Told(now, Kind.HEARD, link, raw))
        return self._after(self.adapter.hear(link, raw, now), now)

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Sequence[Ask]:
        """An answer by HTTP."""
        if self._on_told is not None:
            self._on_told(Told(now, Kind.FETCHED, tag, raw, status, sent_at))
        return self._after(self.adapter.fetched(tag, status, raw, sent_at, now), now)

    def tick(self, now: int) -> Sequence[Ask]:
        """A second has passed: what is too old, what waits in vain, is found here."""
        if self._on_told is not None:
            self._on_told(Told(now, Kind.TICKED))
        asks = list(self._after(self.adapter.tick(now), now))
        for watched in self.watched.values():
            state = watched.keeper.state(now)
            if state is State.LIVE:
                asks += self._confirm(watched, now)
                continue
            if watched.is_right:
                self._broke(watched, now, watched.keeper.why or watched.keeper.state(now).value)
            if self._resyncs and (watched.keeper.wants_resync or now - watched.since_at > _SYNC_NS):
                asks += self._resync(watched, now)
        return asks

    def _confirm(self, watched: Watched, now: int) -> Sequence[Ask]:
        """A right book that has been quiet for long is asked for anew while it is right: an answer keeps it so."""
        if watched.keeper.is_quiet(now):
            return self._resync(watched, now) if self._resyncs else ()
        if watched.retry.failures and not watched.keeper.wants_resync:
            watched.retry.worked()
        return ()

    def resync(self, symbol: str, now: int) -> Sequence[Ask]:
        """Ask for a book from its beginning."""
        if self._on_told is not None:
            self._on_told(Told(now, Kind.RESYNCED, symbol))
        return self._after(self.adapter.resync(symbol, now), now)

    def sent(self, link: str, text: str, now: int) -> None:
        """Something was sent; nobody but the recorder needs to know."""
        if self._on_told is not None:
            self._on_told(Told(now, Kind.SENT, link, text.encode()))

    def distrust(self, now: int, why: str) -> None:
        """No book is to be trusted further: what was heard last was lost on the way to them."""
        for watched in self.watched.values():
            watched.keeper.broke(now, why)
            self._broke(watched, now, why)

    def take(self, said: Said, now: int) -> Watched | None:
        """One thing that was said; gives the book that may need to be asked for again."""
        kind = type(said)
        self._hooks.on_said(said)
        if kind is BookSaid or kind is OrderSaid:
            assert isinstance(said, (BookSaid, OrderSaid))
            watched = self.watched.get(said.symbol)
            if watched is None:
                self.unwatched += 1
            else:
                self._look(watched, watched.keeper.take(said), now)
                return watched
        elif kind is TradeSaid:
            assert isinstance(said, TradeSaid)
            watched = self.watched.get(said.symbol)
            if watched is None:
                self.unwatched += 1
            elif not said.block:  # agreed off the book: it took nothing that stood there
                watched.prints += 1
                price, size = said.price / watched.price_unit, said.size / watched.size_unit
                self._hooks.on_print(said.symbol, Print(said.received_at, price, size, said.side))
            return None
        elif kind is ClockSaid:
            assert isinstance(said, ClockSaid)
            self.offsets.add(said)
        elif kind is Trouble:
            assert isinstance(said, Trouble)
            return self._trouble(said, now)
        return None

    def _after(self, heard: Heard, now: int) -> Sequence[Ask]:
        """Put it all to the books, then ask for those that are wrong, or will be without a new snapshot."""
        wanting: list[Watched] = []
        for said in heard.said:
            watched = self.take(said, now)
            if watched is not None and watched.keeper.wants_resync and watched not in wanting:
                wanting.append(watched)
        if not (wanting and self._resyncs):
            return heard.asks
        asks = list(heard.asks)
        for watched in wanting:
            asks += self._resync(watched, now)
        return asks

    def _look(self, watched: Watched, look: Look | None, now: int) -> None:
        if look is not None:
            if not watched.is_right:
                watched.is_right, watched.since_at = True, now
            if watched.retry.failures and not watched.keeper.wants_resync:
                watched.retry.worked()
            watched.look_at = look.at
            watched.looks += 1
            self._hooks.on_look(watched.symbol, look)
        elif watched.is_right and not watched.keeper.is_shown:
            state = watched.keeper.state(now)
            why = "a side is empty" if state is State.LIVE else watched.keeper.why or state.value
            self._broke(watched, now, why)

    def _broke(self, watched: Watched, now: int, why: str) -> None:
        if watched.is_right:
            watched.is_right, watched.since_at = False, now
            watched.breaks += 1
            watched.last_break = why
            self._hooks.on_broke(watched.symbol, now, why)

    def _trouble(self, said: Trouble, now: int) -> Watched | None:
        """Something could not be read; the books it breaks are broken."""
        self.troubles += 1
        self.last_troubles.append(said)
        if not said.breaks_book:
            return None
        if not said.symbol:
            self.distrust(now, said.what)
            return None
        watched = self.watched.get(said.symbol)
        if watched is not None:
            watched.keeper.broke(now, said.what)
            self._broke(watched, now, said.what)
        return watched

    def _resync(self, watched: Watched, now: int) -> Sequence[Ask]:
        if not (self._up and watched.retry.is_due(now)):
            return ()
        watched.retry.tried(now)
        watched.resyncs += 1
        return self.resync(watched.symbol, now)
