"""The clock never goes back, whatever the wall clock does, and says how far the wall clock is away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfq.ops.clock import NS_PER_S, Clock, SystemClock, VirtualClock

START = 1_750_000_000 * NS_PER_S


class Hands:
    """Two clock hands that a test moves."""

    def __init__(self) -> None:
        self.wall_ns = START
        self.mono_ns = 77

    def wall(self) -> int:
        return self.wall_ns

    def mono(self) -> int:
        return self.mono_ns

    def pass_ns(self, ns: int) -> None:
        self.wall_ns += ns
        self.mono_ns += ns


def test_it_tells_the_wall_time_and_counts_on() -> None:
    hands = Hands()
    clock = SystemClock(hands.wall, hands.mono)
    assert clock.now() == START
    hands.pass_ns(5)
    assert clock.now() == START + 5
    assert clock.offset_ns == 0


def test_a_step_back_is_an_offset_and_not_time_going_back() -> None:
    hands = Hands()
    clock = SystemClock(hands.wall, hands.mono)
    hands.pass_ns(NS_PER_S)
    hands.wall_ns -= 3600 * NS_PER_S
    assert clock.now() == START + NS_PER_S
    assert clock.offset_ns == -3600 * NS_PER_S


def test_a_step_forward_is_an_offset_and_not_a_jump() -> None:
    hands = Hands()
    clock = SystemClock(hands.wall, hands.mono)
    hands.wall_ns += 10 * NS_PER_S
    assert clock.now() == START
    assert clock.offset_ns == 10 * NS_PER_S


def test_a_restart_with_a_wall_clock_set_back_starts_at_the_newest_stamp() -> None:
    hands = Hands()
    clock = SystemClock(hands.wall, hands.mono, not_before=START + 9)
    assert clock.now() == START + 9
    assert clock.offset_ns == -9


def test_error_is_half_the_time_that_the_reading_took() -> None:
    hands = Hands()

    def slow_wall() -> int:
        hands.pass_ns(100)
        return hands.wall_ns

    clock = SystemClock(slow_wall, hands.mono)
    offset, error = clock.measure()
    assert error == 50
    assert abs(offset) <= 100 + error


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(-(10**13), 10**13))))
def test_law_it_never_goes_back(moves: list[tuple[int, int]]) -> None:
    hands = Hands()
    clock = SystemClock(hands.wall, hands.mono)
    last = clock.now()
    for passed, step in moves:
        hands.pass_ns(passed)
        hands.wall_ns += step
        now = clock.now()
        assert now == last + passed
        assert now + clock.offset_ns == hands.wall_ns
        last = now


def test_the_real_one_moves_and_reports_a_small_error() -> None:
    clock: Clock = SystemClock()
    first = clock.now()
    assert clock.now() >= first > START
    assert clock.monotonic() <= clock.monotonic()


def test_virtual_time_moves_only_forwards() -> None:
    clock = VirtualClock(10)
    as_protocol: Clock = clock
    assert (as_protocol.now(), as_protocol.monotonic()) == (10, 0)
    clock.set(15)
    clock.set(15)
    assert clock.advance(5) == 20
    assert clock.monotonic() == 10
    assert (clock.offset_ns, clock.error_ns) == (0, 0)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.set(19)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="before 1970"):
        VirtualClock(-1)
