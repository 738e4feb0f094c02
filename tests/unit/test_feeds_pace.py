"""How fast we may speak, how long we wait before trying again, and which reading of a venue's clock counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfq.feeds.link.offsets import Offsets
from rfq.feeds.link.pace import Backoff, Bucket, Retry, draw_of
from rfq.feeds.said import ClockSaid

S = 10**9


@given(failures=st.integers(-3, 1_000), draw=st.floats(0.0, 1.0, exclude_max=True))
def test_a_wait_is_at_least_half_of_its_doubling_and_never_above_the_most(failures: int, draw: float) -> None:
    backoff = Backoff(S, 60 * S)
    whole = min(60 * S, S << min(max(failures, 0), 16))
    assert whole // 2 <= backoff.wait_ns(failures, draw) <= whole


def test_draws_differ_between_links_and_instants() -> None:
    draws = {draw_of(name, 1, at) for name in ("a", "b") for at in range(50)}
    assert len(draws) == 100 and all(0.0 <= one < 1.0 for one in draws)


@given(st.lists(st.tuples(st.integers(0, 3 * S), st.integers(1, 4)), min_size=1, max_size=60))
def test_no_more_goes_through_a_bucket_than_it_lets(steps: list[tuple[int, int]]) -> None:
    bucket, now, taken, begun = Bucket(2.0, 5.0), S, 0, S
    for step, weight in steps:
        now += step
        wait = bucket.take(weight, now)
        if wait:
            assert bucket.take(weight, now + wait) == 0, "who waits as told gets through"
            now += wait
        taken += weight
        assert taken <= 5.0 + 2.0 * (now - begun) / S + 1e-6


def test_what_is_heavier_than_a_bucket_goes_when_it_is_full_and_leaves_a_debt() -> None:
    bucket = Bucket(1.0, 4.0)
    assert bucket.take(10, S) == 0
    assert bucket.take(1, S) > 6 * S
    assert Bucket(1.0, 1.0).take(1, 5) == 0
    with pytest.raises(ValueError, match="nothing would ever"):
        Bucket(0.0, 1.0)


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    bucket = Bucket(1.0, 1.0)
    assert bucket.take(1, 100 * S) == 0
    assert bucket.take(1, 50 * S) > 0


def test_a_retry_waits_longer_each_time_and_success_is_no_excuse_for_haste() -> None:
    retry, now, waits = Retry("x", Backoff(S, 16 * S)), 0, []
    for _ in range(6):
        assert retry.is_due(now)
        waits.append(retry.tried(now))
        assert not retry.is_due(now)
        now = retry.not_before
    assert waits[4] > waits[0] and max(waits) <= 16 * S
    retry.worked()
    retry.tried(now)
    retry.worked()
    assert retry.failures == 0 and not retry.is_due(now)


def test_the_surest_recent_reading_of_a_clock_counts() -> None:
    offsets = Offsets()
    assert offsets.best(0) is None
    for at, offset, error in ((1, 5, 9), (2, 7, 3), (3, 8, 3), (4, 1, 50)):
        offsets.add(ClockSaid(venue="v", received_at=at * S, offset_ns=offset, error_ns=error))
    best = offsets.best(5 * S)
    assert best is not None and (best.offset_ns, best.error_ns) == (8, 3)
    late = offsets.best(5_000 * S)
    assert late is not None and late.offset_ns == 1, "of old ones, the last"
