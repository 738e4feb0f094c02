"""Streams for the accumulators, and the same numbers computed anew from the whole stream, in the plainest way."""

import itertools
import math
import random
from typing import Any, NamedTuple

from rfq.desk.features.look import Half, Look, Print, Sizing, touch_look

START = 1_700_000_000_300_000_000
"""Not on a boundary."""
NS = 1_000_000_000
TENTH = NS // 10


class Broke(NamedTuple):
    """The book is not known any more."""

    at: int
    trades: bool = False


Told = Look | Print | Broke


def rich(look: Look, dice: random.Random) -> Look:
    """The same touch, with depth behind it and something changed there."""

    def half(one: Half, sign: int) -> Half:
        deep = [one.size * (1.0 + dice.random()) for _ in range(5)]
        bands = tuple([sum(deep[: place + 1], 0.0) for place in range(5)])
        added, removed = dice.random() * 3.0, dice.random() * 3.0
        return one._replace(
            bands=bands,
            levels=(bands[1], bands[2], bands[3]),
            slope_bps=5.0 + 10.0 * dice.random(),
            largest=deep[2],
            added=added,
            removed=removed,
            pulled=removed * dice.random(),
            largest_price=one.price * (1.0 - sign * 8e-4),
        )

    return look._replace(bid=half(look.bid, 1), offer=half(look.offer, -1))


def stream(seed: int, events: int = 1_500, mean_s: float = 0.15, broken: bool = False) -> list[Told]:
    """A random walk of a book with trades, at uneven instants, some of them equal."""
    dice = random.Random(seed)
    at, mid = START, 60_000.0
    last: Look | None = None
    told: list[Told] = []
    for _ in range(events):
        if dice.random() < 0.8:
            at += int(dice.expovariate(1.0 / mean_s) * NS)
        if last is not None and dice.random() < 0.4:
            side = dice.choice((1, -1))
            touch = last.offer.price if side > 0 else last.bid.price
            size = 20.0 if dice.random() < 0.02 else round(dice.expovariate(2.0), 3) + 0.001
            told.append(
                Print(at, touch + side * dice.choice((0.0, 0.0, 0.5)), size, side, dice.choice((1, 1, 3)))
            )
        elif broken and dice.random() < 0.01:
            told.append(Broke(at, dice.random() < 0.5))
            at += int(dice.random() * 3 * NS)
            last = None
        else:
            mid += dice.choice((0.0, 0.0, 0.5, -0.5, 4.0, -4.0))
            sizes = round(dice.expovariate(0.5), 3) + 0.001, round(dice.expovariate(0.5), 3) + 0.001
            plain = touch_look(at, mid - 0.5, sizes[0], mid + dice.choice((0.5, 1.0)), sizes[1], last)
            last = rich(plain, dice)
            told.append(last)
    return told


def feed(flow: Any, told: list[Told]) -> None:
    """Tell a MarketFlow all of it."""
    for one in told:
        if type(one) is Look:
            flow.look(one)
        elif type(one) is Print:
            flow.trade(one)
        else:
            flow.broke(*one)


def mid_of(look: Look) -> float:
    """The middle of the touch."""
    return 0.5 * (look.bid.price + look.offer.price)


class Brute:
    """What the accumulators should say at `at`, of a stream without breaks, from all that was told until then."""

    def __init__(self, told: list[Told], at: int, sizing: Sizing) -> None:
        self.told, self.at, self.sizing = told, at, sizing
        self.looks = [one for one in told if type(one) is Look]

    def book_at(self, at: int, included: bool = False) -> Look | None:
        """The last look before an instant."""
        before = [one for one in self.looks if one.at < at or (included and one.at <= at)]
        return before[-1] if before else None

    def begin(self, seconds: int) -> int:
        """Where a window begins."""
        if seconds <= 10:
            return (self.at // TENTH - 10 * seconds + 1) * TENTH
        return (self.at // NS - seconds + 1) * NS

    def changes(self, seconds: int) -> list[tuple[Look, Look]]:
        """Neighbouring looks, of which the second lies in a window."""
        pairs = itertools.pairwise(self.looks)
        return [(a, b) for a, b in pairs if b.at >= self.begin(seconds)]

    def trades(self, seconds: int) -> list[tuple[Print, Look | None, float]]:
        """Trades in a window, each with the book it met and its USD."""
        found = []
        book = None
        for one in self.told:
            if type(one) is Look:
                book = one
            elif type(one) is Print and one.at >= self.begin(seconds):
                found.append((one, book, self.sizing.worth(one.size, one.price)))
        return found

    def orders(self, seconds: int) -> int:
        """Takers' orders in a window."""
        found = 0
        last: Print | None = None
        for one in self.told:
            if type(one) is Print:
                goes_on = last is not None and last.side == one.side and one.at - last.at <= NS // 1000
                found += (one.times - goes_on) * (one.at >= self.begin(seconds))
                last = one
        return found

    def ofi_usd(self, seconds: int) -> float:
        """Order-flow imbalance at the touch."""
        total = 0.0
        for a, b in self.changes(seconds):
            worth = self.sizing.worth(1.0, mid_of(b))
            bid, offer, old_bid, old_offer = b.bid, b.offer, a.bid, a.offer
            total += worth * (
                (bid.price >= old_bid.price) * bid.size - (bid.price <= old_bid.price) * old_bid.size
            )
            total -= worth * (
                (offer.price <= old_offer.price) * offer.size
                - (offer.price >= old_offer.price) * old_offer.size
            )
        return total

    def mean(self, seconds: int, value: Any) -> float:
        """The mean in time of something of the book over a window."""
        begin, total = self.begin(seconds), 0.0
        ends = [one.at for one in self.looks[1:]] + [self.at]
        for look, end in zip(self.looks, ends, strict=True):
            total += value(look) * max(0, end - max(look.at, begin))
        return total / (self.at - begin)

    def touch_usd(self, look: Look) -> float:
        """The mean of both sides of the touch."""
        return self.sizing.worth(0.5 * (look.bid.size + look.offer.size), mid_of(look))

    def samples(self, seconds: int) -> list[Look]:
        """The book at the end of each whole second in a window."""
        last = self.at // NS
        begin = self.begin(seconds) // NS
        found = [self.book_at(number * NS) for number in range(begin, last + 1)]
        return [one for one in found if one is not None]

    def variance(self, seconds: int) -> float:
        """The sum of squared returns of whole seconds."""
        mids = [mid_of(one) for one in self.samples(seconds)]
        return math.fsum((b / a - 1.0) ** 2 for a, b in itertools.pairwise(mids))

    def markout_bps(self, ahead: int) -> float:
        """What takers of the seconds whose markouts fell into the last minute had won."""
        last = self.at // NS
        won = staked = 0.0
        for number in range(self.begin(60) // NS + 1, last + 1):
            book = self.book_at(number * NS)
            assert book is not None
            for one in self.told:
                if type(one) is Print and (number - ahead - 1) * NS <= one.at < (number - ahead) * NS:
                    usd = self.sizing.worth(one.size, one.price)
                    won += usd * one.side * (mid_of(book) / one.price - 1.0)
                    staked += usd
        return 1e4 * won / staked
