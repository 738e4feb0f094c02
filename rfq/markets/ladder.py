"""A book over all prices that ever occur: two arrays of sizes, the best places followed, a look at it each second.

Beyond the last levels of a snapshot a book is known only as far as it has changed since; each look says whether it
went that far.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pricing.units import NS_PER_S
from rfq.desk.features.look import BANDS_BPS, Sizing
from rfq.markets.market import HOLE_S, worth

if TYPE_CHECKING:
    from rfq.feeds.tables.cleaning import Array
    from rfq.markets.figures import Floats, Ints

WALKS_USD: Final = (10_000.0, 100_000.0, 1_000_000.0, 5_000_000.0, 10_000_000.0)
_WANTED: Final = np.array(WALKS_USD)
_BANDS: Final = np.array(BANDS_BPS)
_WINDOW: Final = 64


class Half(NamedTuple):
    """One side at one look: what taking each of `WALKS_USD` costs against the mid, what stands within each band, NaN
    where the side ends before; and whether that lay where the book is known whole."""

    cost_bps: "Floats"
    usd: "Floats"
    cost_known: "Array"
    usd_known: "Array"


class Sample(NamedTuple):
    """A look at a whole second, standing for `weight` seconds: the half below the mid, the half above."""

    at: int
    weight: float
    halves: tuple[Half, Half]


class Ladder:
    """Sizes by place in the list of all prices."""

    def __init__(self, prices: "Floats", sizing: Sizing) -> None:
        """An empty book over these prices, rising."""
        self.prices = prices
        self.samples: list[Sample] = []
        self._sizing = sizing
        self._bids = np.zeros(len(prices))
        self._asks = np.zeros(len(prices))
        self._best_bid, self._best_ask = -1, len(prices)
        self._lowest, self._highest = len(prices), -1
        self._mid: float | None = None

    def clear(self) -> None:
        """Nothing is known."""
        self._bids[:] = 0.0
        self._asks[:] = 0.0
        self._best_bid, self._best_ask = -1, len(self.prices)

    def forget(self) -> None:
        """What stands here is not to be trusted: no looks until `quote` is asked again."""
        self._mid = None

    def put(self, place: "Ints", is_bid: "Array", size: "Floats") -> None:
        """The levels of a message; of a level told twice the later stands."""
        below, above = place[is_bid], place[~is_bid]
        self._bids[below] = size[is_bid]
        self._asks[above] = size[~is_bid]
        self._best_bid = max(self._best_bid, int(below.max(initial=-1)))
        self._best_ask = min(self._best_ask, int(above.min(initial=len(self.prices))))
        self._settle()

    def reach(self) -> None:
        """The book has just been told whole: beyond its last levels only what changes later is known."""
        below, above = np.flatnonzero(self._bids), np.flatnonzero(self._asks)
        self._lowest = int(below[0]) if len(below) else len(self.prices)
        self._highest = int(above[-1]) if len(above) else -1

    def _settle(self) -> None:
        """From where a best place may be, on to where it is."""
        while self._best_bid >= 0 and not self._bids[self._best_bid]:
            start = max(0, self._best_bid - _WINDOW)
            found = np.flatnonzero(self._bids[start : self._best_bid])
            self._best_bid = start + int(found[-1]) if len(found) else start - 1
        count = len(self.prices)
        while self._best_ask < count and not self._asks[self._best_ask]:
            found = np.flatnonzero(self._asks[self._best_ask + 1 : self._best_ask + 1 + _WINDOW])
            self._best_ask = min(count, self._best_ask + 1 + (int(found[0]) if len(found) else _WINDOW))

    def quote(self) -> tuple[float, float, float, float] | None:
        """Bid, its size, offer, its size, be they crossed; None while a side is empty."""
        self._mid = None
        if self._best_bid < 0 or self._best_ask >= len(self.prices):
            return None
        bid, ask = float(self.prices[self._best_bid]), float(self.prices[self._best_ask])
        if bid < ask:
            self._mid = 0.5 * (bid + ask)
        return bid, float(self._bids[self._best_bid]), ask, float(self._asks[self._best_ask])

    def sample(self, next_at: int, now: int) -> int:
        """The book as it stood at the whole seconds from `next_at` until before `now`; gives the next one."""
        seconds = -(-(now - next_at) // NS_PER_S)
        if self._mid is not None:
            weight = float(seconds if seconds <= HOLE_S else 1)
            below = np.flatnonzero(self._bids[: self._best_bid + 1])[::-1]
            above = np.flatnonzero(self._asks[self._best_ask :]) + self._best_ask
            halves = (
                self._half(below, self._bids, self._mid, int(np.sum(below >= self._lowest))),
                self._half(above, self._asks, self._mid, int(np.sum(above <= self._highest))),
            )
            self.samples.append(Sample(next_at, weight, halves))
        return next_at + seconds * NS_PER_S

    def _half(self, places: "Ints", sizes: "Floats", mid: float, known: int) -> Half:
        """One side, best first; its first `known` levels are within the snapshot's reach."""
        price = self.prices[places]
        usd = worth(self._sizing, sizes[places], price)
        held, coins = np.cumsum(usd), np.cumsum(usd / price)
        distance = np.abs(price / mid - 1.0) * 1e4
        last = np.searchsorted(held, _WANTED)
        inside = np.minimum(last, len(price) - 1)
        before = np.maximum(inside - 1, 0)
        begun_usd = np.where(inside > 0, held[before], 0.0)
        begun_coins = np.where(inside > 0, coins[before], 0.0)
        coins_taken = begun_coins + (_WANTED - begun_usd) / price[inside]
        cost = np.abs(_WANTED / coins_taken / mid - 1.0) * 1e4
        within = np.searchsorted(distance, _BANDS * (1.0 + 1e-12), side="right")
        depth = np.where(within > 0, held[np.maximum(within - 1, 0)], 0.0)
        reached = distance[known - 1] if known else 0.0
        return Half(
            np.where(last < len(price), cost, np.nan),
            np.where(distance[-1] >= _BANDS, depth, np.nan),
            last < known,
            reached >= _BANDS,
        )
