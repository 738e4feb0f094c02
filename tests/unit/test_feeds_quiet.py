"""Books in which nothing happens: they are confirmed before they are stale, and stale when nobody confirms them."""

import pytest
from feed_stage import SPOKEN
from feed_straight import Straight

from rfq.feeds.book.keeper import State


def _minutes(stage: Straight, minutes: int) -> None:
    for _ in range(60 * minutes):
        stage.do("second")


@pytest.mark.parametrize("venue", sorted(SPOKEN))
def test_a_quiet_book_is_right_all_the_time(venue: str) -> None:
    stage = Straight(venue, stale_s=60)
    for _ in range(20):
        stage.do("move")
    _minutes(stage, 1)
    breaks = sum(one.breaks for one in stage.board.watched.values())
    _minutes(stage, 10)
    assert sum(one.breaks for one in stage.board.watched.values()) == breaks
    assert stage.is_right() and not stage.wrong
    asked = [one.resyncs for one in stage.board.watched.values()]
    assert all(15 <= count <= 25 for count in asked), asked  # about every half minute, not at every tick
    stage.settle()
    assert stage.is_right() and not stage.wrong


def test_a_quiet_book_that_nobody_confirms_is_stale() -> None:
    stage = Straight("binance_usdm", stale_s=60)
    stage.do("move")
    _minutes(stage, 1)
    stage.http_fails = 10**6
    _minutes(stage, 3)
    assert {one.state(stage.now) for one in stage.keepers.values()} == {State.STALE}
    assert not any(one.is_right for one in stage.board.watched.values())
