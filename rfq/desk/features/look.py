"""What the accumulators are told of a market: how a book looks after one message, and trades; plain numbers, no venue.

The edge (`rfq.feeds`) keeps the books and makes these; the simulated market makes them directly. Everything is dated
with the instant of receipt (`at`, UTC ns): nothing can be known before it was read. Prices are in the quote currency,
sizes in the venue's own unit (coins or contracts); `Sizing` says what a size is worth in USD.
"""

from bisect import bisect_left
from typing import Final, NamedTuple

BANDS_BPS: Final = (1.0, 2.0, 5.0, 10.0, 25.0)
"""Depth is told within these distances from the mid, the distance itself included; the last is where a book is near
enough to matter."""
LEVELS: Final = (5, 10, 20)
"""And of so many best levels."""
_BANDS: Final = len(BANDS_BPS)
_LAST: Final = BANDS_BPS[-1]
_ROUNDING_BPS: Final = 1e-9
"""Distances are of floats here, of whole numbers in a book."""


class Half(NamedTuple):
    """One side of a book. All sizes are sums over whole levels; distances are from the mid after the message.

    `added`, `removed` and `pulled` tell what this message changed within the last band of `BANDS_BPS` around the mid
    before it: size that appeared, size that went, and the part of that which went from prices worse than the touch
    before and the touch after the message, where nothing can have traded. All three are 0 after a snapshot.
    """

    price: float
    size: float
    bands: tuple[float, ...]
    levels: tuple[float, ...]
    slope_bps: float  # mean distance of the size within the last band, bps; 0 when nothing is there
    largest: float  # the largest level behind the touch within the last band, the nearest of equals; 0 when none is
    added: float = 0.0
    removed: float = 0.0
    pulled: float = 0.0
    largest_price: float = 0.0  # where that level is


class Look(NamedTuple):
    """A right book after one message, with both sides there and not crossed."""

    at: int
    bid: Half
    offer: Half
    changes: int = 0  # levels that the message told


class Print(NamedTuple):
    """One trade, or several that are told as one; `side` is the taker's, +1 buys, -1 sells."""

    at: int
    price: float
    size: float
    side: int
    times: int = 1


class Sizing(NamedTuple):
    """What a size is worth: linear, `size x multiplier x price`; inverse, `size x multiplier` USD; `usd` is USD for one
    unit of the quote currency."""

    inverse: bool = False
    multiplier: float = 1.0
    usd: float = 1.0

    def worth(self, size: float, price: float) -> float:
        """USD of a size at a price."""
        return size * self.multiplier * (1.0 if self.inverse else price * self.usd)


def touch_look(
    at: int, bid: float, bid_size: float, offer: float, offer_size: float, before: Look | None = None
) -> Look:
    """A book of which only the touch is known, as a book of one level a side would look; `before` is its last look."""
    mid = 0.5 * (bid + offer)
    was = None if before is None else before.bid
    old = None if before is None else before.offer
    near = 0.0 if before is None else 0.5 * (before.bid.price + before.offer.price)
    return Look(
        at,
        _half(bid, bid_size, 1e4 * (mid - bid) / mid, was, near),
        _half(offer, offer_size, 1e4 * (offer - mid) / mid, old, near),
        2,
    )


def _half(price: float, size: float, away: float, before: Half | None, mid: float) -> Half:
    """One side of one level."""
    added = removed = 0.0
    if before is not None:
        reach = (_LAST + _ROUNDING_BPS) * mid
        if price != before.price:
            added = size if 1e4 * abs(price - mid) <= reach else 0.0
            removed = before.size if 1e4 * abs(before.price - mid) <= reach else 0.0
        elif 1e4 * abs(price - mid) <= reach:
            added, removed = max(size - before.size, 0.0), max(before.size - size, 0.0)
    nearer = bisect_left(BANDS_BPS, away - _ROUNDING_BPS)
    bands = (0.0,) * nearer + (size,) * (_BANDS - nearer)
    slope = away if nearer < _BANDS else 0.0
    return Half(price, size, bands, (size, size, size), slope, 0.0, added, removed)
