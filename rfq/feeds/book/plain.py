"""A book by level in plain Python: a dict of sizes and a sorted list of prices for each side.

The reference for the compiled one, and what runs where numba is not installed. Inside all numbers are whole; floats are
made for a `Look` only, each from one exact sum (distances: from sums in the order from the touch outwards). A price is
kept as a key that rises towards the touch (an offer's is its price below zero), so both sides are alike.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable
from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING, Final

from rfq.desk.features.look import LEVELS, Look
from rfq.feeds.book.looks import BANDS, look_of
from rfq.feeds.levels import Scale, pairs

if TYPE_CHECKING:
    from rfq.feeds.levels import Levels

LEVELS_MAX: Final = 10_000
"""Levels kept on each side unless told otherwise."""
TOTAL_MOST: Final = 1 << 62
"""The sizes of a side must add up to less; the compiled book adds in 64 bits."""
_LAST: Final = len(BANDS) - 1


def within(twice_mid: int, band_bps: int) -> int:
    """Twice the distance from the mid that `band_bps` is, rounded down: what is at most this far is within it."""
    return twice_mid // 10_000 * band_bps + twice_mid % 10_000 * band_bps // 10_000


class Side:
    """One side: `keys` rise, and the best is the last. `sign` is +1 for bids, -1 for offers; key = sign x price."""

    __slots__ = ("added", "blind", "gone", "keys", "pulled", "removed", "sign", "sizes", "total")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.sizes: dict[int, int] = {}
        self.total = 0
        self.blind: int | None = None
        """Levels with this key, or one further away, may be missing or wrong; None: none."""
        self.gone: list[tuple[int, int]] = []
        self.added = self.removed = self.pulled = 0

    def put(self, key: int, size: int, near: int, far: int) -> None:
        """Set a level; what changes from key `far` to `near` is counted as added or removed."""
        before = self.sizes.get(key, 0)
        if size:
            if not before:
                insort(self.keys, key)
            self.sizes[key] = size
        elif before:
            del self.sizes[key]
            del self.keys[bisect_left(self.keys, key)]
        self.total += size - before
        if far <= key <= near:
            if size > before:
                self.added += size - before
            elif size < before:
                self.removed += before - size
                self.gone.append((key, before - size))

    def settle(self, best_before: int | None) -> None:
        """After a message: of what was removed, count what stood behind the touch, both before it and now."""
        if self.gone:
            if self.keys and best_before is not None:
                touch = min(best_before, self.keys[-1])
                self.pulled += sum([size for key, size in self.gone if key < touch])
            self.gone.clear()

    def cut(self, levels_max: int) -> None:
        """Let the levels furthest away go."""
        extra = len(self.keys) - levels_max
        if extra > 0:
            for key in self.keys[:extra]:
                self.total -= self.sizes.pop(key)
            self.hide(self.keys[extra - 1])
            del self.keys[:extra]

    def hide(self, key: int) -> None:
        """From this key outwards nothing is certain any more."""
        if self.blind is None or key > self.blind:
            self.blind = key


class PlainBook:
    """A book by level; see `rfq.feeds.book.book` for what each part means."""

    __slots__ = ("_bids", "_changes", "_offers", "_price_unit", "_size_unit", "levels_max", "scale")

    def __init__(self, scale: Scale, levels_max: int = LEVELS_MAX) -> None:
        self.scale = scale
        self.levels_max = levels_max
        self._price_unit = float(10**scale.price_digits)
        self._size_unit = float(10**scale.size_digits)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._bids, self._offers = Side(1), Side(-1)
        self._changes = 0

    def apply(self, bids: "Levels", asks: "Levels") -> bool:
        """Set the levels of one message; False if the sizes of a side add up to more than can be counted."""
        edges = self._edges()
        told = (pairs(bids), pairs(asks))
        befores = [side.keys[-1] if side.keys else None for side in (self._bids, self._offers)]
        right = True
        for side, levels, (near, far) in zip((self._bids, self._offers), told, edges, strict=True):
            sign, put = side.sign, side.put
            for price, size in levels:
                put(sign * price, size, near, far)
                right = right and side.total < TOTAL_MOST
        for side, before in zip((self._bids, self._offers), befores, strict=True):
            side.settle(before)
            side.cut(self.levels_max)
        self._changes += len(told[0]) + len(told[1])
        if not right:
            self.clear()
        return right

    def replace(self, bids: "Levels", asks: "Levels", continuous: bool = False, levels_most: int = 0) -> bool:
        """Set the whole book. `continuous`: it was right just before, so what differs was added or removed (as far out
        as both tell). A side of `levels_most` levels (above 0) is not all there is. Returns as `apply` does."""
        edges = self._edges()
        changes, old = self._changes, (self._bids, self._offers)
        told = (pairs(bids), pairs(asks))
        self.clear()
        right = True
        for side, was, levels, (near, far) in zip(self._sides(), old, told, edges, strict=True):
            last = {side.sign * price: size for price, size in levels}
            new = {key: size for key, size in last.items() if size}
            side.sizes, side.keys, side.total = new, sorted(new), sum(new.values())
            right = right and side.total < TOTAL_MOST
            if continuous:
                side.added, side.removed, side.pulled = was.added, was.removed, was.pulled
                side.gone = []
                if side.keys and was.keys:
                    _compare(side, was, near, max(far, side.keys[0], was.keys[0]))
                    side.settle(was.keys[-1])
            if 0 < levels_most <= len(new):
                side.hide(side.keys[0] - 1)
            side.cut(self.levels_max)
        self._changes = (changes if continuous else 0) + len(told[0]) + len(told[1])
        if not right:
            self.clear()
        return right

    def _sides(self) -> tuple[Side, Side]:
        return self._bids, self._offers

    def _edges(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """For each side the keys between which changes are counted: the last band around the mid; none without one."""
        twice = self._twice_mid()
        if twice is None or self.is_crossed():
            return (-1, 0), (-1, 0)
        reach = within(twice, BANDS[_LAST])
        low, high = -((reach - twice) // 2), (twice + reach) // 2
        return (high, low), (-low, -high)

    def _twice_mid(self) -> int | None:
        """Bid plus offer; None if one is missing or it is not above zero, since nothing can be in bps of it then."""
        if not self._bids.keys or not self._offers.keys:
            return None
        twice = self._bids.keys[-1] - self._offers.keys[-1]
        return twice if twice > 0 else None

    def is_crossed(self) -> bool:
        """Whether somebody bids what somebody offers, or more."""
        bids, offers = self._bids.keys, self._offers.keys
        return bool(bids and offers) and bids[-1] + offers[-1] >= 0

    def is_blind(self) -> bool:
        """Whether the touch of a side lies where its levels are not certain."""
        return any(_touch_is_blind(side) for side in self._sides())

    def touch(self) -> tuple[int, int, int, int] | None:
        """Best bid, its size, best offer, its size; None if a side is empty."""
        if not self._bids.keys or not self._offers.keys:
            return None
        bid, offer = self._bids.keys[-1], self._offers.keys[-1]
        return bid, self._bids.sizes[bid], -offer, self._offers.sizes[offer]

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """The `count` best levels of a side (+1 bids, -1 offers), best first."""
        of = self._bids if side > 0 else self._offers
        return [(side * key, of.sizes[key]) for key in of.keys[: -count - 1 : -1]] if count > 0 else []

    def count(self, side: int) -> int:
        """How many levels a side holds."""
        return len((self._bids if side > 0 else self._offers).keys)

    def right_to(self, side: int) -> int | None:
        """The price up to which (not including it) all levels of a side are certain; None: all are."""
        of = self._bids if side > 0 else self._offers
        return None if of.blind is None else side * of.blind

    def hide(self, side: int, price: int) -> None:
        """From this price outwards no level of the side is certain."""
        (self._bids if side > 0 else self._offers).hide(side * price)

    def look(self, at: int) -> Look | None:
        """How it looks now, with what changed since the last look; None if a side is empty, the sides cross, or the
        mid is not above zero."""
        twice = self._twice_mid()
        if twice is None or self.is_crossed():
            return None
        reaches = [within(twice, band) for band in BANDS]
        row = [*self._half(self._bids, twice, reaches), *self._half(self._offers, twice, reaches)]
        changes, self._changes = self._changes, 0
        return look_of(at, row, changes)

    def _half(self, side: Side, twice: int, reaches: list[int]) -> Iterable[float]:
        """The floats of one side (see `rfq.feeds.book.looks`)."""
        sign_twice = side.sign * twice
        keys, unit = side.keys, self._size_unit
        # A level is within reach r where sign x twice - 2 x key <= r.
        begins = [bisect_left(keys, -((reach - sign_twice) // 2)) for reach in reaches]
        first = begins[_LAST]
        near = keys[first:]
        near.reverse()
        sizes = list(map(side.sizes.__getitem__, near))
        distances = [float(sign_twice - key - key) for key in near]
        count = len(keys)
        held = [sum(sizes[: count - begin]) for begin in begins]
        best = keys[-1]
        yield side.sign * best / self._price_unit
        yield side.sizes[best] / unit
        yield from [size / unit for size in held]
        for depth in LEVELS:
            yield sum([side.sizes[key] for key in keys[-depth:]]) / unit
        if near:
            weighed = deque(accumulate(map(mul, map(float, sizes), distances)), maxlen=1)[0]
            yield weighed / float(held[_LAST]) / float(twice) * 10_000.0
        else:
            yield 0.0
        largest = max(sizes[1:], default=0) if near else 0
        yield largest / unit
        place = sizes.index(largest, 1) if largest else 0
        yield side.added / unit
        yield side.removed / unit
        yield side.pulled / unit
        yield side.sign * near[place] / self._price_unit if largest else 0.0
        side.added = side.removed = side.pulled = 0


def _touch_is_blind(side: Side) -> bool:
    if side.blind is None:
        return False
    return not side.keys or side.keys[-1] <= side.blind


def _compare(side: Side, was: Side, near: int, far: int) -> None:
    """Count what differs between two states of a side, from key `far` to `near`, as added and removed."""
    for key in was.keys[bisect_left(was.keys, far) : bisect_right(was.keys, near)]:
        change = side.sizes.get(key, 0) - was.sizes[key]
        if change > 0:
            side.added += change
        elif change < 0:
            side.removed -= change
            side.gone.append((key, -change))
    for key in side.keys[bisect_left(side.keys, far) : bisect_right(side.keys, near)]:
        if key not in was.sizes:
            side.added += side.sizes[key]
