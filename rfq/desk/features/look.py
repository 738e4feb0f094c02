"""What the accumulators are told of a market: how a book looks after one message, and trades; plain numbers, no venue.

The edge (`rfq.feeds`) keeps the books and makes these; the simulated market makes them directly. Everything is dated
with the instant of receipt (`at`, UTC ns): nothing can be known before it was read. Prices are in the quote currency,
sizes in the venue's own unit (coins or contracts); `Sizing` says what a size is worth in USD.
"""

from typing import Final, NamedTuple

BANDS_BPS: Final = (1.0, 2.0, 5.0, 10.0, 25.0)
"""Depth is told within these distances from the mid; the last is where a book is near enough to matter."""
LEVELS: Final = (5, 10, 20)
"""And of so many best levels."""


class Half(NamedTuple):
    """One side of a book. All sizes are sums over whole levels; distances are from the mid after the message.

    `added`, `removed` and `pulled` tell what this message changed within the last band of `BANDS_BPS` around the mid
    before it: size that appeared, size that went, and the part of that which went from behind the touch, where nothing
    can have traded.
    """

    price: float
    size: float
    bands: tuple[float, ...]
    levels: tuple[float, ...]
    slope_bps: float  # mean distance of the size within the last band, bps
    largest: float  # the largest level behind the touch within the last band
    largest_bps: float  # its distance
    added: float = 0.0
    removed: float = 0.0
    pulled: float = 0.0


class Look(NamedTuple):
    """A right book after one message, with both sides there and not crossed."""

    at: int
    bid: Half
    offer: Half
    changes: int = 0  # levels that the message told


class Print(NamedTuple):
    """One trade; `side` is the taker's, +1 buys, -1 sells."""

    at: int
    price: float
    size: float
    side: int


class Sizing(NamedTuple):
    """What a size is worth: linear, `size x multiplier x price`; inverse, `size x multiplier` USD; `usd` is USD for one
    unit of the quote currency."""

    inverse: bool = False
    multiplier: float = 1.0
    usd: float = 1.0

    def worth(self, size: float, price: float) -> float:
        """USD of a size at a price."""
        return size * self.multiplier * (1.0 if self.inverse else price * self.usd)
