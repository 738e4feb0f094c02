"""Whatever goes wrong with a venue, in any order: no look is ever of a wrong book, and all are right in the end."""

import pytest
from book_cases import compile_books
from feed_stage import SPOKEN
from feed_straight import FAULTS, Straight
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rfq.feeds.book.rules import UNNUMBERED

RUNS = {"venue": st.sampled_from(list(SPOKEN)), "faults": st.lists(st.sampled_from(FAULTS), max_size=40)}


def ends_right(venue: str, faults: list[str]) -> None:
    stage = Straight(venue)
    for fault in faults:
        stage.do(fault)
    stage.settle()
    assert stage.wrong == []
    assert stage.is_right(), [(one.state(stage.now), one.why) for one in stage.keepers.values()]
    assert stage.looks > 50


@pytest.fixture(params=["plain", "compiled"])
def engine(request: pytest.FixtureRequest) -> None:
    """Both kinds of books and of reading levels."""
    if request.param == "compiled":
        compile_books(request.config)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(**RUNS)
def test_any_run_of_faults_ends_in_right_books(engine: None, venue: str, faults: list[str]) -> None:
    ends_right(venue, faults)


@pytest.mark.parametrize("venue", list(SPOKEN))
def test_several_messages_that_came_too_early_find_their_places(engine: None, venue: str) -> None:
    ends_right(venue, ["gap", "late", "swapped", "late", "swapped", "late"])


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
@settings(
    max_examples=2_000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(**RUNS)
def test_many_runs_of_faults_end_in_right_books(engine: None, venue: str, faults: list[str]) -> None:
    ends_right(venue, faults)


@pytest.mark.parametrize("venue", list(SPOKEN))
def test_a_keeper_that_believes_everything_is_found_out(venue: str) -> None:
    """The test of the tests: without the venue's rule a missing change leaves a wrong book."""
    stage = Straight(venue, UNNUMBERED)
    for what in ("move", "second", "second", "move", *["gap", "move"] * 40):
        stage.do(what)
    stage.do("move")
    assert stage.wrong or any(keeper.counts.crossed for keeper in stage.keepers.values())
