"""Markets of the fake exchange: books that move by a seeded die and remember what they were at each number."""

import zlib
from typing import NamedTuple

import numpy as np

PRICE_UNIT, SIZE_UNIT = 10**7, 10**5
"""A tick of .1 and a step of .001, in 1e-8."""
FAR = 60
"""Further from the mid, in ticks, nobody leaves anything."""
Levels = dict[int, int]
Exact = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""Bids and offers, best first, at eight decimals: how a keeper must see them."""


class Change(NamedTuple):
    """What one message tells: numbers, and changed levels in ticks and steps."""

    first: int
    last: int
    prior: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class Deal(NamedTuple):
    """One trade."""

    number: int
    price: int
    size: int
    is_buy: bool


def price_text(ticks: int) -> str:
    return f"{ticks // 10}.{ticks % 10}"


def size_text(steps: int) -> str:
    return f"{steps // 1000}.{steps % 1000:03d}"


def checksum(bids: Levels, asks: Levels) -> int:
    """OKX's: CRC32, signed, over the 25 best levels of both sides, one bid, one offer, as they are spelled."""
    best = [sorted(bids.items(), reverse=True)[:25], sorted(asks.items())[:25]]
    words = [
        f"{price_text(side[place][0])}:{size_text(side[place][1])}"
        for place in range(25)
        for side in best
        if place < len(side)
    ]
    found = zlib.crc32(":".join(words).encode())
    return found - 2**32 if found >= 2**31 else found


class Market:
    """The truth of one symbol."""

    def __init__(self, symbol: str, seed: int = 7, *, contiguous: bool = False, step: int = 5) -> None:
        """`contiguous`: a change begins right after the one before it; else numbers jump, and `prior` chains them."""
        self.symbol = symbol
        self._dice = np.random.default_rng([seed, zlib.crc32(symbol.encode())])
        self._contiguous = contiguous
        self._step = step
        self.mid = 618_000
        self.number = 1_000
        self.deals = 0
        self.bids: Levels = {self.mid - 1 - k: 1_000 + k for k in range(30)}
        self.asks: Levels = {self.mid + 1 + k: 1_000 + k for k in range(30)}
        self.past: dict[int, Exact] = {}
        self._remember()

    def move(self) -> Change:
        """The next message: some sizes change, some levels go and come, the mid may walk by a tick."""
        draw = self._dice.integers
        bids: Levels = {}
        asks: Levels = {}
        walk = int(draw(-1, 2))
        self.mid += walk
        for levels, changed, way in ((self.bids, bids, -1), (self.asks, asks, 1)):
            for price in [one for one in levels if not 0 < (one - self.mid) * way <= FAR]:
                changed[price] = 0
            best = self.mid + way
            if best not in levels:
                changed[best] = int(draw(1, 5_000))
            for _ in range(int(draw(0, 4))):
                changed.setdefault(self.mid + way * int(draw(1, 40)), int(draw(0, 3)) and int(draw(1, 9_000)))
            if changed.get(best) == 0:
                changed[best] = 1
            for price, size in changed.items():
                if size:
                    levels[price] = size
                else:
                    levels.pop(price, None)
        prior = self.number
        first = prior + 1 if self._contiguous else prior + int(draw(1, 5))
        self.number = first + (int(draw(0, self._step)) if self._step else 0)
        self._remember()
        return Change(first, self.number, prior, tuple(bids.items()), tuple(asks.items()))

    def deal(self) -> Deal:
        """A trade at the touch; the book is told of it by a later message."""
        self.deals += 1
        is_buy = bool(self._dice.integers(0, 2))
        price = min(self.asks) if is_buy else max(self.bids)
        return Deal(self.deals, price, int(self._dice.integers(1, 500)), is_buy)

    def exact(self) -> Exact:
        """As it stands now."""
        return self.past[self.number]

    def _remember(self) -> None:
        self.past[self.number] = (
            tuple((p * PRICE_UNIT, q * SIZE_UNIT) for p, q in sorted(self.bids.items(), reverse=True)),
            tuple((p * PRICE_UNIT, q * SIZE_UNIT) for p, q in sorted(self.asks.items())),
        )
