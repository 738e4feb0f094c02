"""Sums over sliding windows, exact and of bounded memory: totals since the beginning, remembered at each tenth of a
second for windows up to ten seconds, and at each whole second for windows up to ten minutes.

A window's sum is the total now less the total at its beginning. Totals are whole numbers, so what a window holds does
not depend on what came before it, nor on how often it is read. A window begins on a boundary: `10 s` is between 9.9 and
10 seconds, `60 s` between 59 and 60.
"""

from collections.abc import Sequence
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
    OFI,  # order-flow imbalance at the touch, millionths of USD, as are all USD here
    NET,  # size added within 25 bps, bids less offers
    ADDED,
    REMOVED,
    PULLED_BID,
    PULLED_OFFER,
    FLOW,  # taker buys less sells
    TRADED,
    COINS,  # the same as FLOW in coins, at each trade's price; million millionths
    COUNT,
    THROUGH,
    REVISIONS,
    VARIANCE,  # squared returns of whole seconds, 1e-18
    GAIN_1,  # what takers had won 1 s after the second of their trade; the next one is its STAKE
    STAKE_1,  # and what they had traded
    GAIN_10,
    STAKE_10,
    VANISHED_BID,
    VANISHED_OFFER,
    MENDING,  # ns that sides took to recover
    MENDED,  # how often
    SAMPLES,  # whole seconds at whose end the book was known
    DEPTH,  # at the end of whole seconds: whole USD within 5 bps
    DEPTH_SQUARE,
    LEAN,  # and the imbalance of five levels, ten thousandths
    LEAN_SQUARE,
    SPREAD,  # these two times the ns that they stood: millionths of a bps
    TOUCH,  # and the mean of both sides, USD
) = range(30)
TOTALS: Final = 30

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
        length, missed = self.length, boundary - self.newest
        place = boundary % length
        if missed == 1:
            self.totals[place] = totals
            self.mids[place] = mid
        elif missed <= place:
            self.totals[place - missed + 1 : place + 1] = [totals] * missed
            self.mids[place - missed + 1 : place + 1] = [mid] * missed
        elif missed < length:
            for one in range(self.newest + 1, boundary + 1):
                self.totals[one % length] = totals
                self.mids[one % length] = mid
        else:
            self.totals = [totals] * length
            self.mids = [mid] * length
        self.newest = boundary

    def since(self, boundary: int, now: Sequence[int]) -> Sequence[int]:
        """The totals at a boundary, `now` when nothing has happened since it."""
        if boundary > self.newest:
            return now
        return self.totals[boundary % self.length] if boundary >= self.first else NOTHING
