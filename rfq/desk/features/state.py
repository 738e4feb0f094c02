"""All that the accumulators of one market hold beside their watchers, and what the end of a whole second does to it."""

from typing import Final

from rfq.desk.features import windows as w
from rfq.desk.features.look import Look

_MICRO: Final = 1e6
_COINS: Final = 1e12
_SQUARE: Final = 1e18
_MINUTE: Final = 59
"""A window of a minute begins so many whole seconds before the last one's end."""


class State:
    """All that `MarketFlow` knows beside its watchers. What stands in the book now counts for as long as it stands."""

    __slots__ = (
        "at",
        "coarse",
        "deaf",
        "fine",
        "large_at",
        "look",
        "mid",
        "next_at",
        "per_size",
        "second_mid",
        "spread",
        "totals",
        "touch",
    )

    def __init__(self, totals: list[int], fine: w.Ring, coarse: w.Ring) -> None:
        self.totals = totals
        self.fine = fine
        self.coarse = coarse
        self.at = 0
        self.next_at = -w.NEVER
        self.look: Look | None = None
        self.deaf = False
        self.mid = self.second_mid = 0.0  # now, and at the end of the last whole second
        self.per_size = 0.0  # USD for one unit of size
        self.spread = self.touch = 0
        self.large_at = -w.NEVER

    def stand(self, at: int) -> None:
        """What is known stands until `at`."""
        passed = at - self.at
        if not passed:
            return
        totals = self.totals
        if self.look is None:
            totals[w.BLIND] += passed
        else:
            totals[w.SPREAD] += self.spread * passed
            totals[w.TOUCH] += self.touch * passed
        if self.deaf:
            totals[w.DEAF] += passed
        self.at = at


def squared(state: State) -> int:
    """The squared move of the mid since the end of the last whole second, 1e-18."""
    if not (state.mid and state.second_mid):
        return 0
    moved = state.mid / state.second_mid - 1.0
    return int(_SQUARE * moved * moved)


def end_second(state: State, totals: list[int], number: int) -> None:
    """Into these totals what is known at the end of a whole second, which is the boundary of this number: how the book
    stands, and what those who traded in seconds before have won."""
    look = state.look
    if look is None:
        return
    bid, offer = look.bid, look.offer
    depth = int(state.per_size * (bid.bands[2] + offer.bands[2]))
    bids, offers = bid.levels[0], offer.levels[0]
    lean = int(1e4 * (bids - offers) / (bids + offers)) if bids + offers > 0.0 else 0
    totals[w.SAMPLES] += 1
    totals[w.DEPTH] += depth
    totals[w.DEPTH_SQUARE] += depth * depth
    totals[w.LEAN] += lean
    totals[w.LEAN_SQUARE] += lean * lean
    _mark(state, totals, number - 1, w.GAIN_1)
    _mark(state, totals, number - 10, w.GAIN_10)


def caught_up(state: State, second: int) -> list[int]:
    """The totals as they will be when something is told after this whole second, which nobody has ended yet; of what
    was to be counted then, the last minute's."""
    totals = state.totals.copy()
    passed = state.coarse.newest + 1
    if passed >= second - _MINUTE + 1:
        totals[w.VARIANCE] += squared(state)
    for number in range(max(passed, second - _MINUTE + 1), second + 1):
        end_second(state, totals, number)
    return totals


def _mark(state: State, totals: list[int], number: int, gain: int) -> None:
    """What those who traded in the second before this boundary have won at the mid."""
    kept = state.coarse
    after, before = kept.since(number, totals), kept.since(number - 1, totals)
    traded = after[w.TRADED] - before[w.TRADED]
    if traded:
        coins = after[w.COINS] - before[w.COINS]
        totals[gain] += int(_MICRO / _COINS * state.mid * coins) - after[w.FLOW] + before[w.FLOW]
        totals[gain + 1] += traded
