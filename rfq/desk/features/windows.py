"""Sums over sliding windows, exact and of bounded memory: totals since the beginning, remembered at each tenth of a
second for windows up to ten seconds, and at each whole second for windows up to ten minutes.

A window's sum is the total now less the total at its beginning. Totals are whole numbers, so what a window holds does
not depend on what came before it, nor on how often it is read. A window begins on a boundary: `10 s` is between 9.9 and
10 seconds, `60 s` between 59 and 60.
"""

from typing import Final

FINE_NS: Final = 100_000_000
COARSE_NS: Final = 1_000_000_000
A_SECOND: Final = COARSE_NS // FINE_NS
FINE: Final = 128
COARSE: Final = 640
"""How many boundaries are remembered."""
NEVER: Final = 1 << 62
"""What is called unknown before the first event: no window that begins then is covered."""

(
    BLIND,  # ns without a right book
    DEAF,  # ns without trades being told
    OFI,  # order-flow imbalance at the touch, thousandths of USD, as are all USD here
    NET,  # size added within 25 bps, bids less offers
    ADDED,
    REMOVED,
    PULLED_BID,
    PULLED_OFFER,
    FLOW,  # taker buys less sells
    TRADED,
    COINS,  # the same as FLOW in coins, billionths
    COUNT,
    THROUGH,
    REVISIONS,
    VARIANCE,  # squared returns of whole seconds, 1e-18
    GAIN_1,  # what takers had won 1 s after the second of their trade
    STAKE_1,  # and what they had traded
    GAIN_10,
    STAKE_10,
    VANISHED_BID,
    VANISHED_OFFER,
    MENDING,  # ns that sides took to recover
    MENDED,  # how often
    SPREAD,  # from here on: a value times the ns that it stood. Millionths of a bps
    TOUCH,  # USD, both sides' mean
    DEPTH,  # whole USD within 5 bps
    DEPTH_SQUARE,
    LEAN,  # imbalance of five levels, ten thousandths
    LEAN_SQUARE,
) = range(29)
TOTALS: Final = 29

Totals = tuple[int, ...]
"""All totals at one boundary."""
NOTHING: Final[Totals] = (-NEVER, -NEVER, *(0,) * (TOTALS - 2))


class Ring:
    """The totals, and the mid, at the last boundaries, by their number. `first` is the one before the first event,
    `newest` the last one passed."""

    __slots__ = ("first", "length", "mids", "newest", "totals")

    def __init__(self, length: int) -> None:
        self.length = length
        self.totals: list[Totals] = [NOTHING] * length
        self.mids = [0.0] * length
        self.first = self.newest = 0

    def begin(self, boundary: int, totals: Totals) -> None:
        """The first event comes after this boundary."""
        self.first = self.newest = boundary
        self.totals[boundary % self.length] = totals

    def keep(self, boundary: int, totals: Totals, mid: float) -> None:
        """These are the totals at this boundary and at all that were passed since the last one kept."""
        length = self.length
        if boundary - self.newest < length:
            for place in range(self.newest + 1, boundary + 1):
                self.totals[place % length] = totals
                self.mids[place % length] = mid
        else:
            self.totals = [totals] * length
            self.mids = [mid] * length
        self.newest = boundary

    def at(self, boundary: int) -> Totals | None:
        """The totals at a boundary; None when it is too long ago, or nothing has happened since."""
        if not self.newest - self.length < boundary <= self.newest:
            return None
        return self.totals[boundary % self.length]
