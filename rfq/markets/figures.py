"""A figure with its interval, and the resampling of blocks of time that makes the interval.

Everything is a function of sums over blocks of time, so a resampled figure is the same function of a weighted sum, and
thousands of orders cost no more than a handful. Blocks are drawn by a fixed mixing of whole numbers: the same capture
has the same intervals everywhere and always.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from pricing.units import NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

DRAWS: Final = 500
BLOCKS_MIN: Final = 8
"""With fewer blocks of time an interval would be a pretence."""
BLOCKS_MAX: Final = 250
BLOCK_S: Final = 10.0
"""The shortest block."""
COVERED: Final = (0.025, 0.975)
PAUSE_S: Final = 60.0
"""Days of captures of some minutes are minutes."""
_BINS: Final = 1_000


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number with its 95 % interval and how many observations it stands on. Where the number or the interval is
    missing, or something is to be kept in mind, `why` says so in words."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    why: str = ""


def missing(why: str, n: int = 0) -> Figure:
    """A figure that cannot be computed, and why."""
    return Figure(n=n, why=why)


class Grouped(NamedTuple):
    """Observations put into blocks of time: the block of each, how many blocks hold any, how long a block is."""

    block: "Ints"
    blocks: int
    length_s: float

    def sums(self, *columns: Any) -> "Floats":
        """Sums by block, one column for each of `columns` (numbers or one number for all)."""
        size = len(self.block)
        return np.stack(
            [
                np.bincount(self.block, np.broadcast_to(np.asarray(one, float), size), self.blocks)
                for one in columns
            ],
            axis=1,
        )


def group(at: "Ints", horizon_s: float = 0.0) -> Grouped:
    """Blocks at least as long as what one observation looks ahead, and no more of them than `BLOCKS_MAX`. Whoever has
    windows that overlap asks for twice as long ones. A pause counts as no more than `PAUSE_S`."""
    if not len(at):
        return Grouped(np.zeros(0, np.int64), 0, BLOCK_S)
    order = np.argsort(at, kind="stable")
    pauses = np.diff(at[order], prepend=at[order[:1]])
    passed = np.empty_like(at)
    passed[order] = np.cumsum(np.minimum(pauses, int(PAUSE_S * NS_PER_S)))
    length_s = max(BLOCK_S, horizon_s, int(passed.max()) / NS_PER_S / BLOCKS_MAX)
    raw = passed // int(length_s * NS_PER_S)
    occupied, block = np.unique(raw, return_inverse=True)
    return Grouped(block.astype(np.int64), len(occupied), length_s)


def figure(
    stat: "Callable[[Floats], Floats]", groups: Grouped, columns: Sequence[Any], *, n: int | None = None
) -> Figure:
    """`stat` of the sums of `columns`, whose last axis is the columns', with its interval."""
    return of_sums(stat, groups.sums(*columns), groups, n=n)


def of_sums(
    stat: "Callable[[Floats], Floats]", sums: "Floats", groups: Grouped, *, n: int | None = None
) -> Figure:
    """The same where the sums by block are at hand."""
    count = len(groups.block) if n is None else n
    with np.errstate(all="ignore"):
        value = float(stat(sums.sum(axis=0)))
        if not np.isfinite(value):
            return missing("it is not defined: nothing varies, or nothing was seen", count)
        if len(sums) < BLOCKS_MIN:
            return Figure(value=value, n=count, why=too_few(len(sums), groups.length_s))
        drawn = np.asarray(stat(draws(len(sums)) @ sums), float)
    return _between(value, drawn, count)


def _between(value: float, drawn: "Floats", n: int) -> Figure:
    finite = drawn[np.isfinite(drawn)]
    if len(finite) < 0.9 * len(drawn):
        return Figure(value=value, n=n, why="no interval: most resamplings leave it undefined")
    low, high = np.quantile(finite, COVERED)
    return Figure(value=value, low=float(low), high=float(high), n=n)


def too_few(count: int, length_s: float) -> str:
    """Why there is no interval."""
    return f"no interval: {count} blocks of {length_s:g} s, {BLOCKS_MIN} are needed"


def ratio(groups: Grouped, over: Any, under: Any) -> Figure:
    """A weighted mean: the sum of `over` by the sum of `under`."""
    return figure(lambda sums: sums[..., 0] / sums[..., 1], groups, (over, under))


def median(groups: Grouped, values: "Floats", weights: Any = 1.0) -> Figure:
    """The weighted median; its interval from a histogram of a thousand equally filled bins."""
    if not len(values):
        return missing("there is no observation")
    heavy = np.broadcast_to(np.asarray(weights, float), len(values))
    order = np.argsort(values, kind="stable")
    rising = np.cumsum(heavy[order])
    if not rising[-1] > 0.0:
        return missing("no observation has any weight", len(values))
    ranked = values[order]
    value = _middle(ranked, rising)
    if groups.blocks < BLOCKS_MIN:
        return Figure(value=value, n=len(values), why=too_few(groups.blocks, groups.length_s))
    edges = np.unique(ranked[np.linspace(0, len(ranked) - 1, min(_BINS, len(ranked))).astype(int)])
    which = np.searchsorted(edges, values)
    filled = np.bincount(groups.block * len(edges) + which, heavy, groups.blocks * len(edges))
    cumulated = np.cumsum(draws(groups.blocks) @ filled.reshape(groups.blocks, len(edges)), axis=1)
    drawn = edges[np.argmax(cumulated >= 0.5 * cumulated[:, -1:], axis=1)]
    return _between(value, drawn, len(values))


def _middle(ranked: "Floats", rising: "Floats") -> float:
    """The value at half the weight, and between two values where half falls between them."""
    half = 0.5 * rising[-1]
    place = int(np.searchsorted(rising, half))
    if rising[place] == half and place + 1 < len(ranked):
        return float(0.5 * (ranked[place] + ranked[place + 1]))
    return float(ranked[place])


@lru_cache(maxsize=32)
def draws(count: int) -> "Floats":
    """How often each of `count` blocks is in each resampling: one row for each, summing to `count`."""
    places = np.arange(DRAWS * count, dtype=np.uint64) + np.uint64(count << 32)
    picked = (_mixed(places) >> np.uint64(11)).astype(np.float64) * 2.0**-53 * count
    rows = np.repeat(np.arange(DRAWS), count)
    flat = np.bincount(rows * count + picked.astype(np.int64), minlength=DRAWS * count)
    return flat.reshape(DRAWS, count).astype(np.float64)


def _mixed(numbers: "NDArray[np.uint64]") -> "NDArray[np.uint64]":
    """Whole numbers with their bits well mixed (SplitMix64's steps)."""
    with np.errstate(over="ignore"):
        z = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
