"""A book begun with a snapshot of a few levels stays right, and without a gap, however far the price goes."""

import numpy as np
import pytest
from book_faults import Truth, Venue
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rfq.feeds.book.keeper import BookKeeper
from rfq.feeds.book.rules import Order, Rule
from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid

LEVELS = 40
RULE = Rule(order=Order.CHAIN, bracket=True, snapshot_levels=LEVELS)


class Wanderer(Venue):
    """A venue whose price wanders through a deep and quiet book, most of which no message ever tells."""

    def __init__(self, dice: np.random.Generator) -> None:
        self.middle = 10_000
        super().__init__(RULE, dice)
        for price in range(9_500, 10_500):
            self.sides[1 if price < self.middle else -1].setdefault(price, 1 + price % 7)
        self.known[self.last] = self.truth()

    def change(self) -> BookSaid:
        """The price moves first."""
        self.middle += int(self.dice.integers(-3, 4))
        return super().change()

    def _levels(self, side: int) -> list[tuple[int, int]]:
        held = self.sides[side]
        told = [(price, 0) for price in held if (price - self.middle) * side >= 0]
        near = {self.middle - side * int(step) for step in self.dice.integers(1, 15, 3)}
        told += [(price, int(self.dice.integers(0, 5))) for price in sorted(near)]
        # What the price leaves behind is filled by somebody soon.
        best = max(held, default=self.middle) if side > 0 else min(held, default=self.middle)
        gap = range(best + side, self.middle, side)
        return told + [(price, 2) for price in gap]

    def cut_snapshot(self) -> BookSaid:
        """As its HTTP interface gives it."""
        whole = self.snapshot()
        return replace(whole, bids=whole.bids[:LEVELS], asks=whole.asks[:LEVELS])


def check(keeper: BookKeeper, truth: Truth) -> None:
    """What it is sure of must be so."""
    for side, all_of_them in ((1, truth.bids), (-1, truth.asks)):
        known = keeper.book.right_to(side)
        certain = [level for level in all_of_them if known is None or side * level[0] > side * known]
        held = keeper.levels(side)
        assert [level for level in held if known is None or side * level[0] > side * known] == certain
        assert set(held) <= set(all_of_them)


@given(seed=st.integers(0, 100_000), lag=st.integers(0, 8), ahead=st.booleans(), count=st.just(250))
@settings(max_examples=20, deadline=None)
def test_it_sees_further_before_the_price_gets_there(seed: int, lag: int, ahead: bool, count: int) -> None:
    venue = Wanderer(np.random.default_rng(seed))
    keeper = BookKeeper(RULE, "s", Scale(0, 0))
    keeper.take(venue.cut_snapshot())
    due: list[tuple[int, BookSaid]] = []
    late: list[BookSaid] = []
    for place in range(count):
        said = venue.change()
        late.append(said)
        while len(late) > (3 if ahead else 0):  # snapshots may be ahead of the stream
            look = keeper.take(late.pop(0))
            assert look is not None and keeper.is_live, keeper.why
            check(keeper, venue.known[keeper.last])
        if keeper.wants_resync and not due:
            due.append((place + lag, venue.cut_snapshot()))
        while due and due[0][0] <= place:
            assert keeper.take(due.pop(0)[1]) is None
            assert keeper.is_live
            check(keeper, venue.known[keeper.last])
    assert keeper.counts.gaps == 0
    assert keeper.counts.snapshots > 1 or abs(venue.middle - 10_000) < LEVELS


def test_without_a_new_snapshot_the_end_of_the_old_is_a_gap() -> None:
    venue = Wanderer(np.random.default_rng(5))
    keeper = BookKeeper(RULE, "s", Scale(0, 0))
    keeper.take(venue.cut_snapshot())
    for _ in range(3_000):
        keeper.take(venue.change())
        if not keeper.is_live:
            break
        check(keeper, venue.known[keeper.last])
    assert not keeper.is_live and "beyond" in keeper.why


def test_a_snapshot_from_before_it_was_wanted_is_not_taken() -> None:
    venue = Wanderer(np.random.default_rng(5))
    keeper = BookKeeper(RULE, "s", Scale(0, 0))
    keeper.take(venue.cut_snapshot())
    old = venue.cut_snapshot()
    while not keeper.wants_resync:
        keeper.take(venue.change())
    assert keeper.take(old) is None
    assert keeper.wants_resync and keeper.counts.duplicates == 1 and keeper.is_live
    assert keeper.take(venue.cut_snapshot()) is None
    assert not keeper.wants_resync and keeper.counts.snapshots == 2


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@given(seed=st.integers(0, 1_000_000), lag=st.integers(0, 12))
@settings(max_examples=150, deadline=None)
def test_it_sees_further_for_long(seed: int, lag: int) -> None:
    test_it_sees_further_before_the_price_gets_there.hypothesis.inner_test(  # type: ignore[attr-defined]
        seed=seed, lag=lag, ahead=bool(seed % 2), count=600
    )
