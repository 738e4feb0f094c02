"""Walls that vanish, and depth that comes back."""

import pytest

from rfq.desk.features.watchers import MENDED_BY_NS, Mending, Wall

S = 1_000_000_000


def test_a_wall_that_goes_as_the_price_draws_near_has_vanished() -> None:
    bids, offers = Wall(1), Wall(-1)
    for touch in (100.0, 99.0, 98.0):
        assert bids.watch(touch, 95.0, 50.0, 5.0) == 0.0
        assert offers.watch(200.0 - touch, 105.0, 50.0, 5.0) == 0.0
    assert bids.watch(97.0, 94.0, 8.0, 5.0) == 42.0
    assert offers.watch(103.0, 106.0, 8.0, 5.0) == 42.0


@pytest.mark.parametrize(
    ("touch", "why"), [(100.0, "nobody came near"), (101.0, "the price went away"), (95.0, "it was met")]
)
def test_a_wall_that_goes_otherwise_has_not(touch: float, why: str) -> None:
    wall = Wall(1)
    wall.watch(100.0, 95.0, 50.0, 5.0)
    assert wall.watch(touch, 90.0, 8.0, 5.0) == 0.0, why


def test_a_wall_that_shrinks_vanishes_by_so_much() -> None:
    wall = Wall(1)
    wall.watch(100.0, 95.0, 50.0, 5.0)
    assert wall.watch(97.0, 95.0, 30.0, 5.0) == 20.0
    assert wall.watch(97.0, 95.0, 30.0, 5.0) == 0.0
    assert wall.watch(97.0, 0.0, 0.0, 5.0) == 30.0
    assert wall.watch(97.0, 0.0, 0.0, 5.0) == 0.0


def test_a_larger_one_elsewhere_says_nothing_of_the_first() -> None:
    wall = Wall(1)
    wall.watch(100.0, 95.0, 50.0, 5.0)
    assert wall.watch(97.0, 94.0, 60.0, 5.0) == 0.0


def test_a_price_that_went_away_first_draws_near_from_there() -> None:
    wall = Wall(1)
    wall.watch(96.0, 95.0, 50.0, 5.0)
    wall.watch(100.0, 95.0, 50.0, 5.0)
    assert wall.watch(98.5, 94.0, 8.0, 5.0) == 42.0


def test_small_levels_are_no_walls_and_what_is_forgotten_is_gone() -> None:
    wall = Wall(1)
    wall.watch(100.0, 95.0, 4.0, 5.0)
    assert wall.watch(97.0, 94.0, 1.0, 0.5) == 0.0
    wall.watch(100.0, 95.0, 50.0, 5.0)
    wall.forget()
    assert wall.watch(97.0, 94.0, 1.0, 0.5) == 0.0


def test_depth_mends_when_half_of_what_was_lost_is_back() -> None:
    mending = Mending()
    mending.watch(0, 90.0)
    mending.second()
    assert mending.watch(S, 61.0) == 0 and mending.watch(2 * S, 62.0) == 0, "a third was not lost"
    assert mending.watch(3 * S, 50.0) == 0
    mending.second()
    assert mending.watch(4 * S, 30.0) == 0 and mending.watch(5 * S, 59.0) == 0
    assert mending.watch(7 * S, 60.0) == 4 * S
    assert mending.watch(8 * S, 61.0) == 0


def test_what_does_not_come_back_is_given_up_at_the_most() -> None:
    mending = Mending()
    mending.watch(0, 90.0)
    mending.second()
    assert mending.watch(S, 10.0) == 0
    assert mending.watch(S + MENDED_BY_NS + 5, 10.0) == MENDED_BY_NS
    mending.second()
    assert mending.watch(S + MENDED_BY_NS + 6, 9.0) == 0, "ten is usual now"
    mending.forget()
    assert mending.watch(S + MENDED_BY_NS + 7, 1.0) == 0
