"""The civil calendar in integers, against the standard library's."""

from datetime import date, timedelta

import pytest

from pricing.days import civil, days_in, is_friday, last_friday, life_of, midnight
from pricing.units import DAY_NS


def test_days_follow_the_calendar() -> None:
    for days in range(-20_000, 60_000, 13):
        day = date(1970, 1, 1) + timedelta(days=days)
        assert civil(days * DAY_NS) == (day.year, day.month, day.day)
        assert civil(days * DAY_NS + DAY_NS - 1) == (day.year, day.month, day.day)
        assert midnight(day.year, day.month, day.day) == days * DAY_NS
        assert is_friday(days * DAY_NS) == (day.weekday() == 4)


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2023, 2, 29), (2100, 2, 29), (2024, 2, 30), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31), (2024, 1, 0)],
)
def test_days_that_are_none(year: int, month: int, day: int) -> None:
    assert midnight(year, month, day) is None


def test_last_fridays() -> None:
    assert [last_friday(2024, month) for month in (2, 3, 5, 12)] == [23, 29, 31, 27]
    for year in range(2020, 2040):
        for month in range(1, 13):
            day = last_friday(year, month)
            assert date(year, month, day).weekday() == 4
            assert day + 7 > days_in(year, month)


def test_lives() -> None:
    at = {day: midnight(2024, 12, day) for day in (19, 20, 27)}
    assert [life_of(one + 8 * 3600 * 10**9) for one in at.values() if one] == ["daily", "weekly", "monthly"]
