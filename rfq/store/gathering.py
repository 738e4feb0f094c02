"""From what was said to rows: the accumulators of several markets, read at due instants.

Live and from tables the same object is told the same things, so their rows are the same. A row of instant g holds what
was received before g, and nothing else; it is read before anything stamped g or later is told. So it matters not in
which portions messages come, nor when somebody asks how late it is. Where nothing was said for `QUIET_NS` no rows are
made until something is said again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import merge
from typing import Final, NamedTuple, TypeVar

import numpy as np

from pricing.flow import Flow
from rfq.desk.features.look import Look, Print, Sizing, touch_look
from rfq.desk.features.outside import Observed, OutsideFlow
from rfq.desk.features.stream import MarketFlow
from rfq.feeds.said import BookSaid, Market, OrderSaid, Said, TouchSaid, TradeSaid
from rfq.store.definitions import FLOW_NAMES, FLOW_SCHEMA, MARKET_COLUMNS
from rfq.store.online import Latest
from rfq.store.parts import Columns

QUIET_NS: Final = 60_000_000_000
_HEARD: Final = frozenset({BookSaid, TradeSaid, TouchSaid, OrderSaid})
_NEVER: Final = 2**63 - 1


class Source(NamedTuple):
    """A market that rows are made of: what its sizes are worth, and the underlying that it tells of."""

    market: Market
    underlying: str
    sizing: Sizing = Sizing()
    touch: bool = False
    """Whether its best quotes must do for a book."""
    units: tuple[int, int] = (1, 1)
    """What prices and sizes are counted in; only touches need it."""
    sizes: str = ""
    """What sizes are taken to be, in words."""


class Reading(NamedTuple):
    """One row: when it was known, the venue's newest stamp before it (0: none; only measured), the mid (NaN where the
    book is not known), and the flow's numbers in `FLOW_NAMES`' order (NaN where they cannot be computed)."""

    market: Market
    known_at: int
    exchange_at: int
    mid: float
    values: tuple[float, ...]

    def latest(self) -> Latest:
        """As the online table has it."""
        return Latest(
            self.market, FLOW_SCHEMA, self.known_at, (float(self.exchange_at), self.mid, *self.values)
        )


def reading_of(market: Market, known_at: int, exchange_at: int, mid: float, flow: Flow) -> Reading:
    """A flow as a row."""
    found = [getattr(flow, name) for name in FLOW_NAMES]
    return Reading(
        market, known_at, exchange_at, mid, tuple([np.nan if one is None else one for one in found])
    )


class _Watched:
    """One market while it is listened to."""

    __slots__ = ("due", "exchange_at", "flow", "look", "source")

    def __init__(self, source: Source, due: Sequence[int]) -> None:
        self.source = source
        self.flow = MarketFlow(source.sizing)
        self.look: Look | None = None
        self.exchange_at = 0
        self.due = [*sorted(set(due), reverse=True)]


class Gatherer:
    """Told what was said of some markets; gives a row of each at every due instant."""

    def __init__(
        self,
        sources: Iterable[Source],
        on_row: Callable[[Reading], object],
        *,
        every_ns: int = 0,
        instants: Mapping[Market, Sequence[int]] | None = None,
        is_closed: bool = False,
        observations: Sequence[Observed] = (),
    ) -> None:
        """Rows are due at every whole multiple of `every_ns` (0: at none) after the first thing that is said, and at a
        market's `instants`. `is_closed`: a row of g holds what was received at g too, and is read when it is later;
        so it is where time goes in steps, and everything of a step is known at its end. `observations` are what is
        known outside, where that is known beforehand (`observed` is for what is told meanwhile)."""
        given = instants or {}
        self._watched: dict[tuple[str, str], _Watched] = {
            one.market: _Watched(one, given.get(one.market, ()))
            for one in sorted(sources, key=lambda s: s.market)
        }
        self._leading: dict[str, _Watched] = {}
        for watched in self._watched.values():
            self._leading.setdefault(watched.source.underlying, watched)
        self._on_row = on_row
        self._open_ns = 1 if is_closed else 0
        self._outside = OutsideFlow()
        self._pending = sorted(observations, key=lambda one: one.at, reverse=True)
        self._every_ns = every_ns
        self._next_at = _NEVER
        self._heard_at = -1
        self._due_at = min([one.due[-1] for one in self._watched.values() if one.due], default=_NEVER)

    # --- what is told ------------------------------------------------------------------------------------------

    def said(self, said: Said) -> None:
        """Something was said, and is about to be put to its book: rows that are due come first."""
        kind = type(said)
        if kind not in _HEARD:
            return
        watched = self._watched.get((said.venue, said.symbol))  # type: ignore[union-attr]
        if watched is None or (kind is TouchSaid and not watched.source.touch):
            return
        at = self._pass(said.received_at)
        watched.exchange_at = max(watched.exchange_at, said.exchange_at)  # type: ignore[union-attr]
        if isinstance(said, TouchSaid):
            self._touch(watched, said, at)

    def observed(self, row: Observed) -> None:
        """Something outside was said."""
        if row.at >= self._due_at:
            self.until(row.at)
        self._outside.saw(row)

    def told(self, market: Market, one: Look | Print) -> None:
        """The same of a market that makes looks and prints itself."""
        self._pass(one.at)
        if isinstance(one, Look):
            self.look(market, one)
        else:
            self.trade(market, one)

    def look(self, market: Market, look: Look) -> None:
        """A book is right and looks like this."""
        watched = self._watched[market]
        watched.look = look
        watched.flow.look(look)

    def trade(self, market: Market, told: Print) -> None:
        """A trade."""
        self._watched[market].flow.trade(told)

    def broke(self, market: Market, at: int) -> None:
        """A book is not right any more, and trades may have been missed with it (see `Scene.broke`)."""
        self.until(at)
        watched = self._watched[market]
        watched.look = None
        watched.flow.broke(at, trades=True)

    def sized(self, market: Market, sizing: Sizing) -> None:
        """What a size is worth was thought to be something else: begin again, as `Scene.listed` does."""
        watched = self._watched[market]
        if sizing != watched.source.sizing:
            watched.source = watched.source._replace(sizing=sizing)
            watched.flow = MarketFlow(sizing)

    def until(self, at: int) -> None:
        """It is `at` now, and everything that was received before has been told: give the rows that are due."""
        last_at = at - self._open_ns
        while self._due_at <= last_at:
            due_at = self._due_at
            is_quiet = self._heard_at < 0 or due_at - self._heard_at > QUIET_NS
            on_grid = due_at == self._next_at
            while self._pending and self._pending[-1].at < due_at + self._open_ns:
                self._outside.saw(self._pending.pop())
            for watched in self._watched.values():
                own = bool(watched.due) and watched.due[-1] == due_at
                if own:
                    watched.due.pop()
                if (own or on_grid) and not is_quiet:
                    self._on_row(self._read(watched, due_at))
            if on_grid:
                self._next_at = _NEVER if is_quiet else due_at + self._every_ns
            self._plan()

    def finish(self) -> None:
        """Nothing more will be said: what is asked for shortly after the last thing said is still known."""
        if self._heard_at >= 0:
            self._next_at = _NEVER
            self._plan()
            self.until(self._heard_at + QUIET_NS)

    def close(self) -> None:
        """Nothing more will be said, and it is the end of the last step: rows of that instant too are read."""
        self.until(self._heard_at + self._open_ns)
        self.finish()

    # --- inside ------------------------------------------------------------------------------------------------

    def _pass(self, at: int) -> int:
        """Something was said at `at`: what is due before it comes first."""
        at = max(at, self._heard_at)
        if at >= self._due_at:
            self.until(at)
        if self._heard_at < 0 or at - self._heard_at > QUIET_NS:
            self._begin(at)
        self._heard_at = at
        return at

    def _begin(self, at: int) -> None:
        """The first thing is said, or the first after a silence."""
        if self._every_ns:
            self._next_at = ((at - self._open_ns) // self._every_ns + 1) * self._every_ns
            self._plan()

    def _touch(self, watched: _Watched, said: TouchSaid, at: int) -> None:
        """A best quote that must do for a book: as a book of one level a side."""
        per_price, per_size = watched.source.units
        if not (0 < said.bid < said.ask and said.bid_size > 0 and said.ask_size > 0):
            watched.look = None
            watched.flow.broke(at)
            return
        bid, bid_size = said.bid / per_price, said.bid_size / per_size
        ask, ask_size = said.ask / per_price, said.ask_size / per_size
        watched.look = touch_look(at, bid, bid_size, ask, ask_size, watched.look)
        watched.flow.look(watched.look)

    def _plan(self) -> None:
        self._due_at = min(self._next_at, *[one.due[-1] for one in self._watched.values() if one.due], _NEVER)

    def _read(self, watched: _Watched, at: int) -> Reading:
        others = [
            one.flow.moves(at) for name, one in self._leading.items() if name != watched.source.underlying
        ]
        look = watched.look
        mid = np.nan if look is None else 0.5 * (look.bid.price + look.offer.price)
        flow = watched.flow.read(at, others, self._outside.read(at, watched.source.underlying))
        return reading_of(watched.source.market, at, watched.exchange_at, mid, flow)


class Rows:
    """Readings as columns, market by market; call it with each."""

    def __init__(self) -> None:
        """None yet."""
        self._of: dict[Market, list[Reading]] = {}

    def __call__(self, reading: Reading) -> None:
        """One more."""
        self._of.setdefault(reading.market, []).append(reading)

    def columns(self) -> list[tuple[Market, Columns]]:
        """Everything so far."""
        return [(market, columns_of(self._of[market])) for market in sorted(self._of)]


def columns_of(readings: Sequence[Reading]) -> Columns:
    """Readings of one market, in time, as the history has them."""
    values = np.array([one.values for one in readings], np.float64).reshape(len(readings), len(FLOW_NAMES))
    heads = (
        np.array([one.known_at for one in readings], np.int64),
        np.array([one.exchange_at for one in readings], np.int64),
        np.array([one.mid for one in readings], np.float64),
    )
    columns = (*heads, *[np.ascontiguousarray(values[:, place]) for place in range(len(FLOW_NAMES))])
    return dict(zip(MARKET_COLUMNS, columns, strict=True))


_S = TypeVar("_S", bound=Said)


def merged(streams: Iterable[Iterable[_S]]) -> Iterable[_S]:
    """What was said of several markets, in the order of receipt; at equal stamps in the order of the streams."""
    return merge(*streams, key=_received_at)


def _received_at(said: Said) -> int:
    return said.received_at
