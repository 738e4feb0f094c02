"""A book's two sides as sorted arrays of whole numbers: setting levels, and the floats of a look.

Plain Python that numba can compile, equal to `rfq.feeds.book.plain` in all it does. `ladder` has four rows: the keys of
the bids and their sizes, the keys of the offers and their sizes; keys rise, so the best is the last and what happens
near the touch moves little. A level that goes leaves its key behind with size 0 (the best always has one). A new one
takes such a place if one is near; the others are put in together once a message has been read, so that they move no
level twice. `marks` holds, for each side, what `SLOTS` names. Who calls sees to it that there is room.
"""

from collections.abc import Callable
from typing import Any, Final

Array = Any
"""An array of numbers; its kind is in the signature that it is compiled for."""

SLOTS: Final = ("used", "count", "total", "blind", "is_cut", "added", "removed", "pulled")
"""Places used, those of them with a size, the sum of sizes; the key from which outwards nothing is certain, and whether
there is one; what was added, removed and pulled since the last look."""
USED, COUNT, TOTAL, BLIND, IS_CUT, ADDED, REMOVED, PULLED = range(8)
WIDTH: Final = len(SLOTS)
SPARE: Final = 256
"""Places without a size that do not matter."""
NEAR: Final = 64
"""A place without a size is near if it is one of so many."""
TOTAL_MOST: Final = 1 << 62


def place_of(keys: Array, used: int, key: int, near: int) -> int:
    """The first place whose key is not below this one; soon found if it is near to `near`."""
    step, low, high = 4, 0, min(near, used)
    if high < used and keys[high] < key:
        low = high + 1
        while low + step < used and keys[low + step] < key:
            low += step + 1
            step *= 4
        high = min(low + step, used)
    else:
        while high - step >= 0 and keys[high - step] >= key:
            high -= step
            step *= 4
        low = max(high - step, 0)
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


def set_new(
    keys: Array, sizes: Array, used: int, new: Array, count: int, key: int, size: int, place: int
) -> tuple[int, int]:
    """Set a level that has no place: its size before, and how many are to be put in now. It moves those up to the next
    place without a size by one; if none is near, it is put in later (rows: keys, which rise, sizes, places)."""
    at = count
    while at > 0 and new[0, at - 1] > key:
        at -= 1
    if at > 0 and new[0, at - 1] == key:
        before = new[1, at - 1]
        new[1, at - 1] = size
        return before, count
    if size == 0:
        return 0, count
    free, stop = place, min(place + NEAR, used)
    while free < stop and sizes[free] > 0:
        free += 1
    if free < stop:
        for behind in range(free, place, -1):
            keys[behind], sizes[behind] = keys[behind - 1], sizes[behind - 1]
        keys[place], sizes[place] = key, size
        for one in range(at, count):
            if new[2, one] <= free:
                new[2, one] += 1
        return 0, count
    for row in range(3):
        for behind in range(count, at, -1):
            new[row, behind] = new[row, behind - 1]
    new[0, at], new[1, at], new[2, at] = key, size, place
    return 0, count + 1


def put_in(keys: Array, sizes: Array, used: int, new: Array, count: int) -> int:
    """Put new levels in where they belong, from the best on; the places used then."""
    end, room = used, used + count
    for one in range(count - 1, -1, -1):
        for at in range(end - 1, new[2, one] - 1, -1):
            keys[at + one + 1] = keys[at]
            sizes[at + one + 1] = sizes[at]
        end = min(end, new[2, one])
        keys[end + one], sizes[end + one] = new[0, one], new[1, one]
    while room > 0 and sizes[room - 1] == 0:
        room -= 1
    return room


def set_levels(
    keys: Array, sizes: Array, marks: Array, levels: Array, sign: int, near: int, far: int, scratch: Array
) -> bool:
    """Set levels of one side; False if the sizes add up to too much. `scratch` has five rows and room for as many."""
    used, count, total, lost, fresh = marks[USED], marks[COUNT], marks[TOTAL], 0, 0
    added, removed = marks[ADDED], marks[REMOVED]
    best, had, right, place, new = 0, used > 0, True, used, scratch[2:]
    if had:
        best = keys[used - 1]
    for row in range(levels.shape[0]):
        key, size = sign * levels[row, 0], levels[row, 1]
        place = place_of(keys, used, key, place)
        if place < used and keys[place] == key:
            before = sizes[place]
            sizes[place] = size
        else:
            before, fresh = set_new(keys, sizes, used, new, fresh, key, size, place)
        change = size - before
        if change == 0:
            continue
        if before == 0:
            count += 1
        elif size == 0:
            count -= 1
        if change >= TOTAL_MOST - total:
            right = False
            break
        total += change
        if far <= key <= near:
            if change > 0:
                added += change
            else:
                removed -= change
                scratch[0, lost], scratch[1, lost] = key, -change
                lost += 1
    used = put_in(keys, sizes, used, new, fresh)
    marks[USED], marks[COUNT], marks[TOTAL], marks[ADDED], marks[REMOVED] = used, count, total, added, removed
    if lost > 0 and had and used > 0:
        touch = min(best, keys[used - 1])
        pulled = marks[PULLED]
        for at in range(lost):
            if scratch[0, at] < touch:
                pulled += scratch[1, at]
        marks[PULLED] = pulled
    return right


def cut(keys: Array, sizes: Array, marks: Array, levels_max: int) -> None:
    """Let the levels furthest away go; from the last of them outwards nothing is certain. Close ranks where many
    places have no size."""
    extra, total, at = marks[COUNT] - levels_max, marks[TOTAL], 0
    if extra > 0:
        marks[COUNT] = levels_max
        while extra > 0:
            if sizes[at] > 0:
                total -= sizes[at]
                sizes[at] = 0
                extra -= 1
            at += 1
        marks[TOTAL] = total
        if marks[IS_CUT] == 0 or keys[at - 1] > marks[BLIND]:
            marks[BLIND], marks[IS_CUT] = keys[at - 1], 1
    if marks[USED] > marks[COUNT] + SPARE:
        close_ranks(keys, sizes, marks)


def close_ranks(keys: Array, sizes: Array, marks: Array) -> None:
    """Use no places for levels without a size."""
    kept = 0
    for at in range(marks[USED]):
        if sizes[at] > 0:
            keys[kept], sizes[kept] = keys[at], sizes[at]
            kept += 1
    marks[USED] = kept


def touch_is_blind(keys: Array, marks: Array) -> bool:
    """Whether the touch lies where levels are not certain."""
    if marks[IS_CUT] == 0:
        return False
    return bool(marks[USED] == 0 or keys[marks[USED] - 1] <= marks[BLIND])


def twice_mid(ladder: Array, marks: Array) -> int:
    """Bid plus offer; 0 if a side is empty, they cross, or the sum is not above zero."""
    bids, offers = marks[0, USED], marks[1, USED]
    if bids == 0 or offers == 0:
        return 0
    bid, offer = ladder[0, bids - 1], ladder[2, offers - 1]
    return 0 if bid + offer >= 0 or bid - offer <= 0 else int(bid - offer)


def within(twice: int, band_bps: int) -> int:
    """Twice the distance from the mid that `band_bps` is, rounded down."""
    return twice // 10_000 * band_bps + twice % 10_000 * band_bps // 10_000


def apply(
    ladder: Array, marks: Array, bids: Array, asks: Array, scratch: Array, reach_bps: int, levels_max: int
) -> int:
    """Set the levels of one message: 0, plus 1 if the sizes of a side add up to too much, plus 2 if the sides now
    cross, plus 4 if a touch is where levels are not certain. What changes within `reach_bps` of the mid is counted."""
    twice = twice_mid(ladder, marks)
    low, high = 1, 0
    if twice > 0:
        reach = within(twice, reach_bps)
        low, high = -((reach - twice) >> 1), (twice + reach) >> 1
    right = set_levels(ladder[0], ladder[1], marks[0], bids, 1, high, low, scratch)
    right = set_levels(ladder[2], ladder[3], marks[1], asks, -1, -low, -high, scratch) and right
    cut(ladder[0], ladder[1], marks[0], levels_max)
    cut(ladder[2], ladder[3], marks[1], levels_max)
    return standing(ladder, marks) + (0 if right else 1)


def standing(ladder: Array, marks: Array) -> int:
    """2 if the sides cross, plus 4 if a touch is where levels are not certain."""
    found = 0
    bids, offers = marks[0, USED], marks[1, USED]
    if bids > 0 and offers > 0 and ladder[0, bids - 1] + ladder[2, offers - 1] >= 0:
        found = 2
    if touch_is_blind(ladder[0], marks[0]) or touch_is_blind(ladder[2], marks[1]):
        found += 4
    return found


def fill_half(
    keys: Array,
    sizes: Array,
    marks: Array,
    sign: int,
    twice: int,
    bands: Array,
    depths: Array,
    price_unit: float,
    size_unit: float,
    row: Array,
    at: int,
) -> None:
    """The floats of one side, from row[at] on, as `rfq.feeds.book.looks` names them."""
    used, signed = marks[USED], sign * twice
    last = len(bands) - 1
    row[at] = sign * keys[used - 1] / price_unit
    row[at + 1] = sizes[used - 1] / size_unit
    at += 2
    place, held, weighed, largest, largest_place = used - 1, 0, 0.0, 0, 0
    for band in range(last + 1):
        reach = within(twice, bands[band])
        while place >= 0:
            distance = signed - keys[place] - keys[place]
            if distance > reach:
                break
            size = sizes[place]
            held += size
            weighed += float(size) * float(distance)
            if size > largest and place < used - 1:
                largest, largest_place = size, place
            place -= 1
        row[at + band] = held / size_unit
    at += last + 1
    place, summed, seen = used - 1, 0, 0
    for depth in range(len(depths)):
        while place >= 0 and seen < depths[depth]:
            summed += sizes[place]
            if sizes[place] > 0:
                seen += 1
            place -= 1
        row[at + depth] = summed / size_unit
    at += len(depths)
    row[at] = weighed / float(held) / float(twice) * 10_000.0 if held > 0 else 0.0
    row[at + 1] = largest / size_unit
    row[at + 2] = marks[ADDED] / size_unit
    row[at + 3] = marks[REMOVED] / size_unit
    row[at + 4] = marks[PULLED] / size_unit
    row[at + 5] = sign * keys[largest_place] / price_unit if largest > 0 else 0.0
    marks[ADDED], marks[REMOVED], marks[PULLED] = 0, 0, 0


def fill(
    ladder: Array,
    marks: Array,
    bands: Array,
    depths: Array,
    price_unit: float,
    size_unit: float,
    row: Array,
) -> bool:
    """The floats of a look; False, with none filled, if there is none to be had."""
    twice = twice_mid(ladder, marks)
    if twice == 0:
        return False
    half = len(row) // 2
    fill_half(ladder[0], ladder[1], marks[0], 1, twice, bands, depths, price_unit, size_unit, row, 0)
    fill_half(ladder[2], ladder[3], marks[1], -1, twice, bands, depths, price_unit, size_unit, row, half)
    return True


JITTED: Final[tuple[Callable[..., Any], ...]] = (
    place_of,
    set_new,
    put_in,
    set_levels,
    close_ranks,
    cut,
    touch_is_blind,
    twice_mid,
    within,
    standing,
    fill_half,
)
"""What `apply` and `fill` call, callees first."""
