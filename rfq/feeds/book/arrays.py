"""A book by level in sorted arrays, kept by the kernels of `rfq.feeds.compiled.ladder`.

Equal to `PlainBook` in all it says, to the bit. It is worth having where they are compiled.
"""

from typing import TYPE_CHECKING, Final

import numpy as np

from rfq.desk.features.look import LEVELS, Look
from rfq.feeds.book.looks import BANDS, HALF, look_of
from rfq.feeds.book.plain import LEVELS_MAX
from rfq.feeds.compiled import engine
from rfq.feeds.compiled.ladder import (
    ADDED,
    BLIND,
    COUNT,
    IS_CUT,
    PULLED,
    TOTAL,
    TOTAL_MOST,
    USED,
    WIDTH,
    twice_mid,
    within,
)
from rfq.feeds.levels import Scale, array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rfq.feeds.levels import Levels

    Whole = NDArray[np.int64]

_ROOM: Final = 1_024
_BANDS: Final = np.array(BANDS, np.int64)
_LEVELS: Final = np.array(LEVELS, np.int64)
_CROSSED, _BLIND = 2, 4


class ArrayBook:
    """A book by level; see `rfq.feeds.book.book` for what each part means."""

    __slots__ = (
        *(
            "_apply",
            "_changes",
            "_fill",
            "_flags",
            "_scratch",
            "_ladder",
            "_marks",
            "_most",
            "_row",
            "_standing",
        ),
        *("_units", "levels_max", "scale"),
    )

    def __init__(self, scale: Scale, levels_max: int = LEVELS_MAX) -> None:
        self.scale = scale
        self.levels_max = levels_max
        self._units = (float(10**scale.price_digits), float(10**scale.size_digits))
        self._apply, self._standing = engine.kernel("apply"), engine.kernel("standing")
        self._fill = engine.kernel("fill")
        self._row = np.zeros(2 * HALF)
        self._scratch = np.zeros((5, _ROOM), np.int64)
        self._ladder = np.zeros((4, _ROOM), np.int64)
        self._marks = np.zeros((2, WIDTH), np.int64)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._marks[:] = 0
        self._flags = self._changes = self._most = 0

    def apply(self, bids: "Levels", asks: "Levels") -> bool:
        """Set the levels of one message; False if the sizes of a side add up to more than can be counted."""
        bids, asks = array(bids), array(asks)
        told = len(bids) + len(asks)
        # No side can use more places than the longer one did, and all that were told.
        if self._most + told > self._ladder.shape[1] or told > self._scratch.shape[1]:
            self._make_room(told)
        flags = self._apply(self._ladder, self._marks, bids, asks, self._scratch, BANDS[-1], self.levels_max)
        if flags & 1:
            self.clear()
            return False
        self._most += told
        self._flags = flags
        self._changes += told
        return True

    def replace(self, bids: "Levels", asks: "Levels", continuous: bool = False, levels_most: int = 0) -> bool:
        """Set the whole book. `continuous`: it was right just before, so what differs was added or removed (as far out
        as both tell). A side of `levels_most` levels (above 0) is not all there is. Returns as `apply` does."""
        told = (array(bids), array(asks))
        sides = [_sorted(sign, levels) for sign, levels in zip((1, -1), told, strict=True)]
        twice = int(twice_mid(self._ladder, self._marks)) if continuous else 0
        changes, was = self._changes, [self._side(side) for side in (1, -1)]
        counted = self._marks.tolist()
        self.clear()
        room = max(_ROOM, 2 * max(len(keys) for keys, _ in sides))
        self._ladder = np.zeros((4, room), np.int64)
        for side, (keys, sizes) in enumerate(sides):
            count, marks = len(keys), self._marks[side]
            total = _total(sizes)
            if total >= TOTAL_MOST:
                self.clear()
                return False
            if continuous:
                marks[ADDED : PULLED + 1] = counted[side][ADDED : PULLED + 1]
                if twice and count and counted[side][COUNT]:
                    reach = within(twice, BANDS[-1])
                    signed = twice if side == 0 else -twice
                    edges = -((reach - signed) // 2), (signed + reach) // 2
                    marks[ADDED : PULLED + 1] += _compared(was[side], (keys, sizes), edges)
            first = 0
            if 0 < levels_most <= count:
                marks[BLIND], marks[IS_CUT] = keys[0] - 1, 1
            if count > self.levels_max:
                first = count - self.levels_max
                marks[BLIND], marks[IS_CUT] = keys[first - 1], 1
                total -= _total(sizes[:first])
            self._ladder[2 * side, : count - first] = keys[first:]
            self._ladder[2 * side + 1, : count - first] = sizes[first:]
            marks[USED], marks[COUNT], marks[TOTAL] = count - first, count - first, total
            self._most = max(self._most, count - first)
        self._flags = int(self._standing(self._ladder, self._marks))
        self._changes = (changes if continuous else 0) + len(told[0]) + len(told[1])
        return True

    def _make_room(self, told: int) -> None:
        """For a message of so many levels, beyond what is there."""
        self._most = int(self._marks[:, USED].max())
        room = self._ladder.shape[1]
        if self._most + told > room:
            wider = np.zeros((4, 2 * (self._most + told)), np.int64)
            wider[:, :room] = self._ladder
            self._ladder = wider
        if told > self._scratch.shape[1]:
            self._scratch = np.zeros((5, 2 * told), np.int64)

    def is_crossed(self) -> bool:
        """Whether somebody bids what somebody offers, or more."""
        return bool(self._flags & _CROSSED)

    def is_blind(self) -> bool:
        """Whether the touch of a side lies where its levels are not certain."""
        return bool(self._flags & _BLIND)

    def touch(self) -> tuple[int, int, int, int] | None:
        """Best bid, its size, best offer, its size; None if a side is empty."""
        bids, offers = self.levels(1, 1), self.levels(-1, 1)
        return (*bids[0], *offers[0]) if bids and offers else None

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """The `count` best levels of a side (+1 bids, -1 offers), best first."""
        keys, sizes = self._side(side)
        first = max(len(keys) - count, 0)
        return list(zip((side * keys[first:][::-1]).tolist(), sizes[first:][::-1].tolist(), strict=True))

    def _side(self, side: int) -> tuple["Whole", "Whole"]:
        """Keys and sizes of the levels of a side, the best last."""
        at = 0 if side > 0 else 1
        used = self._marks[at, USED]
        keys, sizes = self._ladder[2 * at, :used], self._ladder[2 * at + 1, :used]
        there = sizes > 0
        return keys[there], sizes[there]

    def count(self, side: int) -> int:
        """How many levels a side holds."""
        return int(self._marks[0 if side > 0 else 1, COUNT])

    def right_to(self, side: int) -> int | None:
        """The price up to which (not including it) all levels of a side are certain; None: all are."""
        marks = self._marks[0 if side > 0 else 1]
        return side * int(marks[BLIND]) if marks[IS_CUT] else None

    def hide(self, side: int, price: int) -> None:
        """From this price outwards no level of the side is certain."""
        marks = self._marks[0 if side > 0 else 1]
        if not marks[IS_CUT] or side * price > marks[BLIND]:
            marks[BLIND], marks[IS_CUT] = side * price, 1
            self._flags = int(self._standing(self._ladder, self._marks))

    def look(self, at: int) -> Look | None:
        """How it looks now, with what changed since the last look; None if a side is empty, the sides cross, or the
        mid is not above zero."""
        if not self._fill(self._ladder, self._marks, _BANDS, _LEVELS, *self._units, self._row):
            return None
        changes, self._changes = self._changes, 0
        return look_of(at, self._row.tolist(), changes)


def _sorted(sign: int, levels: "Whole") -> tuple["Whole", "Whole"]:
    """Keys, rising, and sizes of the levels that are there; the last word on a price counts."""
    keys = sign * levels[:, 0]
    order = np.argsort(keys, kind="stable")
    keys, sizes = keys[order], levels[order, 1]
    is_last = np.append(keys[1:] != keys[:-1], True) if len(keys) else np.zeros(0, bool)
    kept = is_last & (sizes > 0)
    return keys[kept], sizes[kept]


def _total(sizes: "Whole") -> int:
    """Their sum, exactly, however large."""
    if not len(sizes):
        return 0
    if len(sizes) * int(sizes.max()) < TOTAL_MOST:
        return int(sizes.sum())
    return sum([int(size) for size in sizes.tolist()])


def _compared(
    old: tuple["Whole", "Whole"], new: tuple["Whole", "Whole"], edges: tuple[int, int]
) -> list[int]:
    """What was added, removed and pulled between two states of a side, from key `edges[0]` to `edges[1]` and as far out
    as both tell."""
    far, near = max(edges[0], int(old[0][0]), int(new[0][0])), edges[1]
    touch = min(int(old[0][-1]), int(new[0][-1]))
    cut = [
        slice(np.searchsorted(keys, far), np.searchsorted(keys, near, side="right")) for keys, _ in (old, new)
    ]
    befores = dict(zip(old[0][cut[0]].tolist(), old[1][cut[0]].tolist(), strict=True))
    afters = dict(zip(new[0][cut[1]].tolist(), new[1][cut[1]].tolist(), strict=True))
    added = removed = pulled = 0
    for key, size in afters.items():
        added += max(size - befores.get(key, 0), 0)
    for key, size in befores.items():
        gone = max(size - afters.get(key, 0), 0)
        removed += gone
        pulled += gone if key < touch else 0
    return [added, removed, pulled]
