"""A trivial book to compare the real ones with, and random messages for them."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from rfq.desk.features.look import BANDS_BPS, LEVELS, Half, Look
from rfq.feeds import levels
from rfq.feeds.compiled import engine
from rfq.feeds.levels import Scale

SCALE = Scale(2, 3)
Pairs = list[tuple[int, int]]


_built: dict[str, Callable[..., Any]] = {}


def compile_books(config: pytest.Config) -> None:
    """Have compiled books until the test is over, from the tests' own cache if there; skip where there is no numba."""
    pytest.importorskip("numba", reason="books are compiled where numba is installed")
    assert config.cache is not None
    engine._ready.update(_built)
    assert levels.warm(str(config.cache.mkdir("kernels"))).startswith("compiled")
    _built.update(engine._ready)


class Message(NamedTuple):
    """What a venue might say of a book."""

    bids: Pairs
    asks: Pairs
    is_snapshot: bool = False


class Reference:
    """A book as two dicts; everything is found by sorting. Mids and distances are doubled, so that they are whole."""

    def __init__(self, scale: Scale = SCALE, levels_max: int = 10_000) -> None:
        self.scale = scale
        self.levels_max = levels_max
        self.sides: dict[int, dict[int, int]] = {1: {}, -1: {}}
        self.right_to: dict[int, int | None] = {1: None, -1: None}
        self.flows: dict[int, list[int]] = {1: [0, 0, 0], -1: [0, 0, 0]}
        self.changes = 0

    def best(self, side: int) -> int | None:
        """The best price of a side."""
        prices = self.sides[side]
        return (max(prices) if side > 0 else min(prices)) if prices else None

    def twice_mid(self) -> int | None:
        """None where there is no look."""
        bid, ask = self.best(1), self.best(-1)
        return None if bid is None or ask is None or bid >= ask or bid + ask <= 0 else bid + ask

    def levels(self, side: int) -> Pairs:
        """All, best first."""
        return sorted(self.sides[side].items(), key=lambda level: -side * level[0])

    def put(self, message: Message) -> None:
        """A snapshot or a change."""
        if message.is_snapshot:
            self.replace(message)
        else:
            self.apply(message)

    def is_too_much(self, message: Message) -> bool:
        """Whether the sizes of a side add up to more than 64 bits can count safely, after any of these levels."""
        for side, told in ((1, message.bids), (-1, message.asks)):
            held = {} if message.is_snapshot else dict(self.sides[side])
            for price, size in told:
                held[price] = size
                if not message.is_snapshot and sum(held.values()) >= 1 << 62:
                    return True
            if sum(held.values()) >= 1 << 62:
                return True
        return False

    def seen(self) -> None:
        """Forget what changed since the last look, if there would be one now."""
        if self.twice_mid() is not None:
            self.changes, self.flows = 0, {1: [0, 0, 0], -1: [0, 0, 0]}

    def apply(self, message: Message) -> None:
        """A change."""
        twice = self.twice_mid()
        for side, told in ((1, message.bids), (-1, message.asks)):
            held, before, gone = self.sides[side], self.best(side), []
            for price, size in told:
                change = size - held.get(price, 0)
                if size:
                    held[price] = size
                else:
                    held.pop(price, None)
                if twice is not None and abs(2 * price - twice) * 10_000 <= twice * 25:
                    self.flows[side][0] += max(change, 0)
                    self.flows[side][1] += max(-change, 0)
                    gone.append((price, max(-change, 0)))
            after = self.best(side)
            if before is not None and after is not None:
                touch = min(before, after) if side > 0 else max(before, after)
                self.flows[side][2] += sum(size for price, size in gone if (touch - price) * side > 0)
            self.cut(side)
        self.changes += len(message.bids) + len(message.asks)

    def replace(self, message: Message) -> None:
        """A snapshot that does not go on from what was there."""
        self.flows = {1: [0, 0, 0], -1: [0, 0, 0]}
        self.right_to = {1: None, -1: None}
        self.sides = {
            side: {price: size for price, size in dict(told).items() if size}
            for side, told in ((1, message.bids), (-1, message.asks))
        }
        self.changes = len(message.bids) + len(message.asks)
        self.cut(1)
        self.cut(-1)

    def cut(self, side: int) -> None:
        """No more levels than there may be."""
        if len(self.sides[side]) <= self.levels_max:
            return
        for price, _ in self.levels(side)[self.levels_max :]:
            del self.sides[side][price]
            known = self.right_to[side]
            self.right_to[side] = price if known is None or (price - known) * side > 0 else known

    def look(self, at: int) -> Look | None:
        """What a look must be; the one mean that depends on the order of its sum is made in that order."""
        twice = self.twice_mid()
        if twice is None:
            return None
        bid, offer = self.half(1, twice), self.half(-1, twice)
        changes = self.changes
        self.seen()
        return Look(at, bid, offer, changes)

    def half(self, side: int, twice: int) -> Half:
        """One side of it."""
        price_unit, unit = float(10**self.scale.price_digits), float(10**self.scale.size_digits)
        levels = [(price, size, (twice - 2 * price) * side) for price, size in self.levels(side)]
        bands = [
            sum([size for _, size, away in levels if away * 10_000 <= twice * int(band)])
            for band in BANDS_BPS
        ]
        near = [level for level in levels if level[2] * 10_000 <= twice * int(BANDS_BPS[-1])]
        weighed = 0.0
        for _, size, away in near:
            weighed += float(size) * float(away)
        behind = [(size, -away, price) for price, size, away in near[1:]]
        size, _, price = max(behind, default=(0, 0, 0))
        return Half(
            levels[0][0] / price_unit,
            levels[0][1] / unit,
            tuple([band / unit for band in bands]),
            tuple([sum([level[1] for level in levels[:count]]) / unit for count in LEVELS]),
            weighed / float(bands[-1]) / float(twice) * 10_000.0 if near else 0.0,
            size / unit,
            *[amount / unit for amount in self.flows[side]],
            largest_price=price / price_unit,
        )


def messages(
    dice: np.random.Generator, count: int, middle: int = 100_000, width: int = 60
) -> Iterator[Message]:
    """Random messages around a price that wanders; now and then the sides cross, are swept, or begin anew."""
    held: dict[int, dict[int, int]] = {1: {}, -1: {}}
    for place in range(count):
        middle += int(dice.integers(-3, 4))
        kind = dice.random()
        is_snapshot = place == 0 or kind < 0.01
        reach = 6 * width if kind > 0.97 else width
        told = (
            30
            if is_snapshot
            else int(dice.geometric(0.15)) - 1
            if kind < 0.99
            else int(dice.integers(50, 150))
        )
        sides = {side: _side(dice, side, middle, reach, told) for side in (1, -1)}
        for side, told_now in sides.items():
            if is_snapshot:
                held[side] = {}
            held[side].update(told_now)
            held[side] = {price: size for price, size in held[side].items() if size}
            if dice.random() < 0.97:  # the venue matches what crosses
                told_now += [(price, 0) for price in held[side] if (price - middle) * side >= 0]
                held[side].update(told_now)
        yield Message(sides[1], sides[-1], is_snapshot)


def _side(dice: np.random.Generator, side: int, middle: int, width: int, count: int) -> Pairs:
    away = dice.integers(-1, width, count)
    sizes = dice.integers(1, 5_000, count) * (dice.random(count) < 0.55)
    return [(middle - side * int(step), int(size)) for step, size in zip(away, sizes, strict=True)]
