"""Ticks, years and the only border between Decimal and float.

Inside `pricing` numbers are float; prices leave as Decimal on the tick grid, rounded away from the client.
The grid is walked in integers: a float is rounded once to a whole number of quanta (a hundredth of a tick,
see `Grid`), and from there on every sum and remainder is exact. A Decimal made here has one spelling: no
trailing zeros, no positive exponent, no minus zero.
"""

import math
from decimal import Context, Decimal
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
HOUR_NS: Final = 3_600 * NS_PER_S
DAY_NS: Final = 24 * HOUR_NS
YEAR_NS: Final = 365 * DAY_NS
BPS: Final = 1e-4
"""One basis point as a plain ratio."""

Bands: TypeAlias = tuple[tuple[Decimal, Decimal], ...]
"""(from price, tick), both rising: from such a price on, of either sign, prices stand on multiples of that tick."""

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_WIDE: Final = Context(prec=60)
_FINEST_EXPONENT: Final = -6
"""Finer than a millionth, Python spells a Decimal with an exponent; quanta stop there unless the tick is
finer.
"""
_TENTHS: Final = tuple([Decimal((0, (1,), -places)) for places in range(16)])
_SNAP: Final = 1e-9


def years(from_at: int, to_at: int) -> float:
    """Years of 365 days between two UTC-nanosecond instants; negative when `to_at` is the earlier."""
    return (to_at - from_at) / YEAR_NS


def plain(number: Decimal) -> Decimal:
    """The same number in its one spelling: 1E+2 and 100.00 become 100, -0 becomes 0. Refuses NaN and
    infinity.
    """
    if not number:
        return _ZERO
    if not number.is_finite():
        raise ValueError(f"number: {number} is not finite")
    short = _WIDE.normalize(number)
    return _WIDE.quantize(short, _ONE) if "E+" in str(short) else short


class Steps(NamedTuple):
    """Where prices may stand: on multiples of `tick`, and of a coarser one from each band's first price on."""

    tick: Decimal
    bands: Bands = ()


def check_bands(tick: Decimal, bands: Bands) -> None:
    """Refuse bands that do not begin above zero, or whose prices and ticks do not rise."""
    before = (_ZERO, tick)
    for band in bands:
        if not (band[0].is_finite() and band[1].is_finite() and before[0] < band[0] and before[1] < band[1]):
            raise ValueError(f"bands: {band[1]} from {band[0]} after {before[1]} from {before[0]}")
        before = band


class Grid(NamedTuple):
    """A tick cut into whole quanta. `quantum` is a power of ten, `tick` counts quanta, `per_unit` =
    1/quantum.

    `per_one` is `per_unit` as an int, for quanta not above one, `places` its number of zeros. `bands` are those of
    `Steps`, in quanta.
    """

    tick: int
    quantum: Decimal
    per_unit: float
    per_one: int
    places: int
    bands: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=512)
def grid(tick: Decimal, bands: Bands = ()) -> Grid:
    """The grid of a tick size (price units, above zero); its quantum is about a hundredth of the tick."""
    if not tick.is_finite() or tick <= 0:
        raise ValueError(f"tick: {tick} is not above zero")
    check_bands(tick, bands)
    exponent = _exponent(tick)
    finest = min([exponent, *[_exponent(number) for band in bands for number in band]])
    places = max(-finest, min(2 - exponent, -_FINEST_EXPONENT), 0)
    quantum = Decimal((0, (1,), -places))
    per_one = int(10**places)
    cut = tuple(
        [(int(_WIDE.multiply(start, per_one)), int(_WIDE.multiply(step, per_one))) for start, step in bands]
    )
    return Grid(int(tick * per_one), quantum, float(per_one), per_one, places, cut)


def _exponent(number: Decimal) -> int:
    """That of the last digit of a finite number."""
    found = number.normalize(_WIDE).as_tuple().exponent
    return int(found)  # the stubs also know the letters of NaN and infinity


def floor_on(quanta: int, lattice: Grid) -> int:
    """The highest price on the grid, and on its own band's, that is not above so many quanta."""
    if not lattice.bands:
        return quanta // lattice.tick * lattice.tick
    return _towards_zero(quanta, lattice) if quanta >= 0 else -_from_zero(-quanta, lattice)


def ceil_on(quanta: int, lattice: Grid) -> int:
    """The lowest price on the grid, and on its own band's, that is not below so many quanta."""
    if not lattice.bands:
        return -(-quanta // lattice.tick) * lattice.tick
    return _from_zero(quanta, lattice) if quanta >= 0 else -_towards_zero(-quanta, lattice)


def _towards_zero(quanta: int, lattice: Grid) -> int:
    """`floor_on` from zero on. Where a band's border is not on its own tick, below it is the band before."""
    for start, tick in reversed(lattice.bands):
        if quanta >= start:
            found = quanta // tick * tick
            if found >= start:
                return found
            quanta = start - 1
    return quanta // lattice.tick * lattice.tick


def _from_zero(quanta: int, lattice: Grid) -> int:
    """`ceil_on` from zero on. What is rounded over a border is looked for again from the border on."""
    tick = lattice.tick
    for start, coarser in lattice.bands:
        if quanta < start:
            found = -(-quanta // tick) * tick
            if found < start:
                return found
            quanta = start
        tick = coarser
    return -(-quanta // tick) * tick


def spell(quanta: int, lattice: Grid) -> Decimal:
    """A whole number of quanta as Decimal in its one spelling, exactly."""
    if quanta % 10:
        return quanta * lattice.quantum
    if not quanta:
        return _ZERO
    places = lattice.places
    while places and not quanta % 10:
        quanta //= 10
        places -= 1
    if places < len(_TENTHS):
        return quanta * _TENTHS[places]
    return Decimal(quanta).scaleb(-places, _WIDE)


def quanta_of(number: float, lattice: Grid) -> int:
    """The nearest whole number of quanta to a float in price units."""
    return round(number * lattice.per_unit)


def _ticks(number: float, tick: Decimal) -> float:
    """How many ticks a float is; within a billionth of a whole tick (or float's own doubt) it is that whole
    tick.
    """
    count = number / float(tick)
    near = round(count)
    return float(near) if abs(count - near) <= max(_SNAP, 1e-15 * abs(count)) else count


def round_bid(number: float, tick: Decimal, bands: Bands = ()) -> Decimal:
    """The highest price on the grid not above `number`: what a buyer may show."""
    if not bands:
        return plain(math.floor(_ticks(number, tick)) * tick)
    lattice = grid(tick, bands)
    return spell(floor_on(math.floor(_ticks(number, lattice.quantum)), lattice), lattice)


def round_offer(number: float, tick: Decimal, bands: Bands = ()) -> Decimal:
    """The lowest price on the grid not below `number`: what a seller may show."""
    if not bands:
        return plain(math.ceil(_ticks(number, tick)) * tick)
    lattice = grid(tick, bands)
    return spell(ceil_on(math.ceil(_ticks(number, lattice.quantum)), lattice), lattice)


def round_near(number: float, tick: Decimal, bands: Bands = ()) -> Decimal:
    """The price on the grid nearest to `number`; for marks, which favour nobody."""
    if not bands:
        return plain(round(number / float(tick)) * tick)
    low, high = round_bid(number, tick, bands), round_offer(number, tick, bands)
    return low if number - float(low) <= float(high) - number else high
