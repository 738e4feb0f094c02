"""The civil calendar in UTC, in integers: an instant's day, a day's instant, and what kind of expiry a day is."""

from typing import Final

from pricing.units import DAY_NS

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FRIDAY: Final = 1  # day 0 of 1970 was a Thursday


def civil(at: int) -> tuple[int, int, int]:
    """Year, month and day of an instant (UTC ns)."""
    # Counted from 1 March of year 0, so that the leap day comes last.
    era, day_of_era = divmod(at // DAY_NS + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    return 400 * era + year_of_era + (month <= 2), month, day


def days_in(year: int, month: int) -> int:
    """How many days a month (1 to 12) has."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _LENGTHS[month - 1]


def _day_number(year: int, month: int, day: int) -> int:
    """Days since 1970 of a day that there is."""
    era, year_of_era = divmod(year - (month <= 2), 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468


def midnight(year: int, month: int, day: int) -> int | None:
    """The instant (UTC ns) at which a day begins, None when there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= days_in(year, month)):
        return None
    return _day_number(year, month, day) * DAY_NS


def is_friday(at: int) -> bool:
    """Whether an instant falls on a Friday."""
    return at // DAY_NS % 7 == _FRIDAY


def last_friday(year: int, month: int) -> int:
    """The day of the month that is its last Friday: when monthly and quarterly contracts expire."""
    last = days_in(year, month)
    return last - (_day_number(year, month, last) - _FRIDAY) % 7


def life_of(expiry_at: int) -> str:
    """What kind of expiry an instant is: "monthly" on a month's last Friday, "weekly" on others, else "daily"."""
    if not is_friday(expiry_at):
        return "daily"
    year, month, day = civil(expiry_at)
    return "monthly" if day == last_friday(year, month) else "weekly"
