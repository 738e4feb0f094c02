"""Variance time: flat it is ACT/365 to the nanosecond; weekends, jumps, and what a week is."""

import pytest

from pricing.calendar import Calendar, EventKind, Scheduled
from pricing.market import HOURS_A_WEEK, VarianceClock
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS, years
from pricing.variance_clock import (
    HOUR_NS,
    WEEK_NS,
    dial,
    even_instants,
    variance_years,
    weekend_weights,
    with_calendar,
)

MONDAY = 1_729_468_800 * NS_PER_S  # 21 October 2024, 00:00 UTC
SATURDAY = MONDAY + 5 * DAY_NS
WEEKEND = VarianceClock(weights=weekend_weights(0.5))


def test_without_weights_it_is_the_calendar() -> None:
    for to_at in (MONDAY + 1, MONDAY + 123_456_789_012_345, MONDAY - 7):
        assert variance_years(None, MONDAY, to_at) == years(MONDAY, to_at)
        assert variance_years(VarianceClock(), MONDAY, to_at) == years(MONDAY, to_at)
        evenly = VarianceClock(weights=(0.3,) * HOURS_A_WEEK)
        assert variance_years(evenly, MONDAY, to_at) == years(MONDAY, to_at)


def test_a_weekend_at_half_speed() -> None:
    # 120 hours at 1 and 48 at a half are 144; divided by their mean 6/7, a weekday passes 7/6 and a weekend day 7/12.
    day = DAY_NS / YEAR_NS
    assert variance_years(WEEKEND, MONDAY, MONDAY + DAY_NS) == pytest.approx(7 / 6 * day, rel=1e-9)
    assert variance_years(WEEKEND, SATURDAY, SATURDAY + DAY_NS) == pytest.approx(7 / 12 * day, rel=1e-9)
    friday_noon, monday_noon = SATURDAY - 12 * HOUR_NS, SATURDAY + 60 * HOUR_NS
    expected = (12 + 12) * 7 / 6 + 48 * 7 / 12
    assert variance_years(WEEKEND, friday_noon, monday_noon) * 8760 == pytest.approx(expected, rel=1e-9)


def test_a_week_is_a_week_from_any_instant() -> None:
    odd = VarianceClock(weights=tuple(float(1 + hour % 7) for hour in range(HOURS_A_WEEK)))
    for start in (MONDAY, SATURDAY + 1, MONDAY + 3 * HOUR_NS + 17):
        assert variance_years(odd, start, start + WEEK_NS) == WEEK_NS / YEAR_NS


def test_hours_without_variance_stand_still() -> None:
    closed = VarianceClock(weights=weekend_weights(0.0))
    assert variance_years(closed, SATURDAY, SATURDAY + 2 * DAY_NS) == 0.0
    assert variance_years(closed, SATURDAY - 1, SATURDAY) > 0.0


def test_a_jump_passes_at_its_instant() -> None:
    at = MONDAY + 10 * HOUR_NS
    clock = VarianceClock(jumps=((at, 6.0), (at + DAY_NS, 2.0)))
    assert variance_years(clock, at - HOUR_NS, at - 1) == (HOUR_NS - 1) / YEAR_NS
    assert variance_years(clock, at - HOUR_NS, at) == 7 * HOUR_NS / YEAR_NS
    assert variance_years(clock, at, at + HOUR_NS) == HOUR_NS / YEAR_NS
    assert variance_years(clock, MONDAY, MONDAY + 2 * DAY_NS) == 56 * HOUR_NS / YEAR_NS


def test_the_dial_is_made_once() -> None:
    assert dial(WEEKEND) is dial(VarianceClock(weights=weekend_weights(0.5)))


def test_a_schedule_trades_before_the_release_what_its_variance_would_have_covered() -> None:
    release = Scheduled(kind=EventKind.RELEASE, at=MONDAY + HOUR_NS, jump_hours=2.0)
    clock = with_calendar(None, Calendar(events=(release,)), "BTC")
    found = even_instants(clock, MONDAY, MONDAY + 2 * HOUR_NS, 8)
    before = MONDAY + HOUR_NS - 1
    half = HOUR_NS // 2
    assert found == (
        *(MONDAY, MONDAY + half, before, before, before, before),
        *(MONDAY + HOUR_NS, MONDAY + HOUR_NS + half, MONDAY + 2 * HOUR_NS),
    )
    assert even_instants(None, 0, 100, 4) == (0, 25, 50, 75, 100)
    with pytest.raises(ValueError, match="slots"):
        even_instants(None, 0, 100, 0)


def test_the_calendar_s_jumps_join_those_of_the_clock() -> None:
    own = VarianceClock(jumps=((MONDAY, 1.0), (MONDAY + 9, 5.0)))
    release = Scheduled(kind=EventKind.RELEASE, at=MONDAY, jump_hours=3.0, underlyings=("ETH",))
    calendar = Calendar(events=(release,))
    assert with_calendar(own, calendar, "BTC") is own
    joined = with_calendar(own, calendar, "ETH")
    assert joined is not None
    assert joined.jumps == ((MONDAY, 3.0), (MONDAY + 9, 5.0))
    assert variance_years(joined, MONDAY - 1, MONDAY) == pytest.approx(3.0 / 8_760.0, rel=1e-9)
