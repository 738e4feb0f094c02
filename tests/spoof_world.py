"""A book with one large trader: honest, whose orders stay and are hit unless it changes its mind, or a spoofer,
whose orders also go whenever the price draws near. Both show walls of the same sizes at the same distances."""

import random
from typing import Any

from pricing.flow import Flow
from rfq.desk.features.look import Print, Sizing
from rfq.desk.features.stream import MarketFlow
from rfq.feeds.book.book import new_book
from rfq.feeds.levels import Scale

NS = 1_000_000_000
STEP_NS = NS // 4
BLOCK_S = 60
_DEPTH = 30
_TICK = 6  # one bps of the price
_WALL = 600
_AWAY = 6
_NEAR = 3
_BORED = 1.0 / 100.0
"""How often, a step, an honest one takes its wall away for reasons of its own."""


class SpoofWorld:
    """Steps of a quarter of a second; a block of one minute has an honest trader or a spoofer."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.at = 1_700_000_000 * NS
        self.best = 10_000  # the best bid, in ticks; the best offer is one above
        self.sizes: dict[int, int] = {}
        for tick in range(self.best - _DEPTH + 1, self.best + _DEPTH + 1):
            self.sizes[tick] = self._size()
        self.book = new_book(Scale(price_digits=0, size_digits=1))
        self.flow = MarketFlow(Sizing(multiplier=0.1))
        self.wall = 0  # where it stands, 0 nowhere
        self.side = 1  # of the book: +1 bids
        self.left = 0
        self.idle = 0
        self.changed: dict[int, int] = {}
        bids, offers = self._sides(self.sizes)
        self.book.replace(bids, offers)

    def _size(self) -> int:
        return 20 + self.dice.randrange(60)

    def _sides(self, levels: dict[int, int]) -> Any:
        """Bids and offers as a book takes them."""
        pairs = [(tick * _TICK, size) for tick, size in sorted(levels.items())]
        edge = self.best * _TICK
        return [pair for pair in pairs if pair[0] <= edge], [pair for pair in pairs if pair[0] > edge]

    def _put(self, tick: int, size: int) -> None:
        self.sizes[tick] = size
        self.changed[tick] = size

    def block(self, spoofing: bool) -> Flow:
        """One minute; what is known at its end."""
        for _ in range(BLOCK_S * NS // STEP_NS):
            self.at += STEP_NS
            self._noise()
            self._trade()
            self._trader(spoofing)
            bids, offers = self._sides(self.changed)
            self.book.apply(
                [*bids, *[(price, 0) for price, _ in offers]], [*offers, *[(price, 0) for price, _ in bids]]
            )
            self.changed.clear()
            look = self.book.look(self.at)
            assert look is not None
            self.flow.look(look)
        return self.flow.read(self.at)

    def _noise(self) -> None:
        """Small orders come and go."""
        for _ in range(4):
            tick = self.best + 1 - _DEPTH + self.dice.randrange(2 * _DEPTH)
            if tick != self.wall:
                self._put(tick, self._size())

    def _trade(self) -> None:
        """A taker eats the touch, or a part of a wall there; the price moves on when nothing is left."""
        side = self.dice.choice((1, -1))
        tick = self.best + 1 if side > 0 else self.best
        eaten = min(self.sizes[tick], 100)
        self.flow.trade(Print(self.at, float(tick * _TICK), eaten / 10.0, side))
        self._put(tick, self.sizes[tick] - eaten)
        if self.sizes[tick]:
            return
        if tick == self.wall:
            self.wall = 0
        self.best += side
        near, far, lost = (
            (tick, self.best + _DEPTH, self.best - _DEPTH)
            if side > 0
            else (tick, self.best - _DEPTH + 1, self.best + _DEPTH + 1)
        )
        self._put(near, self._size())
        self._put(far, self._size())
        self._put(lost, 0)
        del self.sizes[lost]
        if lost == self.wall:
            self.wall = 0

    def _trader(self, spoofing: bool) -> None:
        """Shows a wall; a spoofer takes it away when the price draws near."""
        if not self.wall:
            self.idle += 1
            if self.idle > 8:
                self.idle, self.side = 0, self.dice.choice((1, -1))
                touch = self.best if self.side > 0 else self.best + 1
                self.wall = touch - self.side * (_AWAY + self.dice.randrange(3))
                self._put(self.wall, _WALL + self.dice.randrange(_WALL))
            return
        touch = self.best if self.side > 0 else self.best + 1
        away = self.side * (touch - self.wall)
        if away > 20 or self.dice.random() < _BORED or (spoofing and away <= _NEAR):
            self._put(self.wall, self._size())
            self.wall = 0


def auc(scores: list[float], labels: list[bool]) -> float:
    """How often a labelled one has the higher score; ties count half."""
    pairs = [
        1.0 if one > other else 0.5 if one == other else 0.0
        for one, is_one in zip(scores, labels, strict=True)
        if is_one
        for other, is_other in zip(scores, labels, strict=True)
        if not is_other
    ]
    return sum(pairs, 0.0) / len(pairs)


def play(seed: int, blocks: int, planted: bool) -> tuple[list[Flow], list[bool]]:
    """The blocks' flows, and in which of them the spoofer was at work, or, where none is planted, would have been."""
    world = SpoofWorld(seed)
    coins = random.Random(seed + 1)
    labels = [coins.random() < 0.5 for _ in range(blocks)]
    return [world.block(label and planted) for label in labels], labels
