"""Whatever a line does to the messages of a book, a keeper that says it is right is right."""

import numpy as np
import pytest
from book_faults import Fault, Line, Venue
from hypothesis import given, settings
from hypothesis import strategies as st

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.book.rules import Order, Rule
from rfq.feeds.levels import Scale

KINDS = ("fine", "fine", "fine", "lost", "twice", "late", "garbled")
SCRIPT = st.lists(st.builds(Fault, st.sampled_from(KINDS), st.integers(1, 12)), max_size=60)
RULES = {
    "binance_usdm": rules.BINANCE_USDM,
    "binance_spot": rules.BINANCE_SPOT,
    "okx": rules.OKX,
    "deribit": rules.DERIBIT,
    "bybit": rules.BYBIT,
    "impatient": Rule(order=Order.CHAIN, bracket=True, hold_max=0, buffer_max=3),
    "patient": Rule(order=Order.RANGE, bracket=True, hold_max=20, hold_ns=60_000_000_000),
    "capture": rules.CAPTURE,
    "unnumbered": rules.UNNUMBERED,
}


def is_right(keeper: BookKeeper, venue: Venue) -> bool:
    """Whether its levels are those that the venue had at the number it says it stands at."""
    return (keeper.levels(1), keeper.levels(-1)) == venue.known[keeper.last]


def play(rule: Rule, script: list[Fault], seed: int) -> BookKeeper:
    """Keep a book through a script; it asks for a snapshot whenever it wants one, and gets it some messages later."""
    venue, line = Venue(rule, np.random.default_rng(seed)), Line()
    keeper = BookKeeper(rule, "s", Scale(0, 0))
    asked = 0
    for place, fault in enumerate([Fault("fine", 1), *script]):
        if rule.order in (Order.RISING, Order.NONE) and fault.kind != "fine":
            fault = Fault(
                "twice" if rule.order is Order.RISING and fault.kind == "twice" else "fine", fault.later
            )
        arrives = line.carry(venue.change(), fault)
        asked -= 1
        if (place == 0 or keeper.wants_resync) and asked <= 0:
            asked = fault.later + 1
            snapshot = venue.snapshot()
            if rule.bracket and rule.order is not Order.NONE:
                line.delay(snapshot, fault.later)
            else:
                arrives.append(snapshot)
        for said in arrives:
            look = keeper.take(said)
            assert look is None or keeper.is_live
            if keeper.is_live:
                assert is_right(keeper, venue), keeper.counts
            else:
                assert keeper.why or keeper.state(said.received_at) is not State.GAP
        keeper.state(venue.now)
    for place in range(40):  # the faults are over: it must become right again
        for said in line.carry(venue.change(), Fault("fine", 1)):
            keeper.take(said)
        keeper.state(venue.now)
        if keeper.wants_resync and place % 3 == 0:
            keeper.take(venue.snapshot())
    assert keeper.state(venue.now) is State.LIVE, (keeper.why, keeper.counts)
    assert keeper.last == venue.last
    assert is_right(keeper, venue)
    return keeper


@pytest.mark.parametrize("name", RULES)
@given(script=SCRIPT, seed=st.integers(0, 1_000))
@settings(max_examples=25, deadline=None)
def test_a_book_is_right_or_says_that_it_is_not(name: str, script: list[Fault], seed: int) -> None:
    play(RULES[name], script, seed)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", RULES)
@given(script=SCRIPT, seed=st.integers(0, 10_000))
@settings(max_examples=3_000, deadline=None)
def test_a_book_is_right_or_says_that_it_is_not_for_long(name: str, script: list[Fault], seed: int) -> None:
    play(RULES[name], script, seed)


@pytest.mark.parametrize("name", ["binance_usdm", "binance_spot", "okx", "deribit", "bybit"])
def test_faults_are_counted_as_what_they_were(name: str) -> None:
    fine = [Fault("fine", 1)] * 5
    late = play(RULES[name], [*fine, Fault("late", 2), *fine, *fine], 3).counts
    assert (late.gaps, late.reordered > 0) == (0, True)
    twice = play(RULES[name], [*fine, Fault("twice", 2), *fine, *fine], 3).counts
    assert (twice.gaps, twice.duplicates) == (0, 1)
    lost = play(RULES[name], [*fine, Fault("lost", 1), *fine, *fine, *fine], 3).counts
    assert (lost.gaps, lost.missing, lost.snapshots) == (1, 1, 2)


def test_the_law_can_fail() -> None:
    """A rule that cannot see what is missing is caught with a wrong book."""
    script = [Fault("fine", 1)] * 5 + [Fault("lost", 1)] * 3 + [Fault("fine", 1)] * 5
    keeper = BookKeeper(rules.CAPTURE, "s", Scale(0, 0))
    venue, line = Venue(rules.CAPTURE, np.random.default_rng(1)), Line()
    keeper.take(venue.snapshot())
    wrong = 0
    for fault in script:
        for said in line.carry(venue.change(), fault):
            keeper.take(said)
            wrong += keeper.is_live and not is_right(keeper, venue)
    assert wrong
