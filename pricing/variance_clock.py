"""How much variance time passes between two instants: ACT/365 nanoseconds, unless hours weigh differently.

A clock is read like a watch: `Dial.reading` is a whole number of 2^-32 nanoseconds since the first Monday of 1970, so
that what passes from a to c is exactly what passes from a to b and from b to c. Weights are divided by their mean: a
whole week is a week whatever they are. A scheduled jump passes at its instant, on top. Without weights and jumps a
reading is the instant itself and a term is (to - from) / 365 days, correctly rounded.
"""

from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from pricing.calendar import Calendar
from pricing.market import HOURS_A_WEEK, VarianceClock
from pricing.units import DAY_NS, HOUR_NS, YEAR_NS

WEEK_NS: Final = HOURS_A_WEEK * HOUR_NS
_MONDAY: Final = 4 * DAY_NS
_FINE: Final = 1 << 32
_YEAR_FINE: Final = YEAR_NS * _FINE
_SATURDAY: Final = 120


class Dial(NamedTuple):
    """A clock made ready: `ahead[h]` is what has passed of a week when hour h begins, `speed[h]` what a nanosecond
    of it counts, and `jumps` the sums of jumps with the instants from which they count.
    """

    ahead: tuple[int, ...]
    speed: tuple[int, ...]
    jumps: tuple[tuple[int, int], ...]

    def reading(self, at: int) -> int:
        """Variance time at an instant, in 2^-32 nanoseconds."""
        week, rest = divmod(at - _MONDAY, WEEK_NS)
        hour, rest = divmod(rest, HOUR_NS)
        read = week * (WEEK_NS * _FINE) + self.ahead[hour] + rest * self.speed[hour]
        passed = 0
        for instant, total in self.jumps:
            if instant > at:
                break
            passed = total
        return read + passed

    def years(self, from_at: int, to_at: int) -> float:
        """Years of variance time from one instant to another; negative when `to_at` is the earlier."""
        return (self.reading(to_at) - self.reading(from_at)) / _YEAR_FINE


@lru_cache(maxsize=64)
def dial(clock: VarianceClock) -> Dial:
    """The dial of a clock; whoever asks for many terms of one clock keeps it."""
    weights = clock.weights or (1.0,) * HOURS_A_WEEK
    total = sum([Fraction(one) for one in weights], Fraction(0))
    speed: list[int] = []
    passed, spent = Fraction(0), 0
    for one in weights:
        # Rounded where the sum stands, so that a week has its exact length and equal weights are all 2^32.
        passed += Fraction(one) / total * (HOURS_A_WEEK * _FINE)
        speed.append(round(passed) - spent)
        spent = round(passed)
    ahead = [0]
    for each in speed:
        ahead.append(ahead[-1] + each * HOUR_NS)
    jumps: list[tuple[int, int]] = []
    leaped = 0
    for at, hours in clock.jumps:
        leaped += round(Fraction(hours) * (HOUR_NS * _FINE))
        jumps.append((at, leaped))
    return Dial(tuple(ahead), tuple(speed), tuple(jumps))


def variance_years(clock: VarianceClock | None, from_at: int, to_at: int) -> float:
    """Years of variance time between two instants; a jump counts when it is after `from_at` and not after `to_at`."""
    if clock is None:
        return (to_at - from_at) / YEAR_NS
    return dial(clock).years(from_at, to_at)


def weekend_weights(weekend: float) -> tuple[float, ...]:
    """Weights of a week in which an hour of Saturday and Sunday (UTC) counts `weekend` of any other hour."""
    return (1.0,) * _SATURDAY + (weekend,) * (HOURS_A_WEEK - _SATURDAY)


def with_calendar(clock: VarianceClock | None, calendar: Calendar, underlying: str) -> VarianceClock | None:
    """The clock with the calendar's jumps besides its own; where both have one at an instant, the larger. The clock
    itself when the calendar has none."""
    coming = calendar.jumps(underlying)
    if not coming:
        return clock
    jumps = dict(coming)
    weights: tuple[float, ...] = ()
    if clock is not None:
        weights = clock.weights
        for at, hours in clock.jumps:
            jumps[at] = max(jumps.get(at, 0.0), hours)
    return VarianceClock(weights=weights, jumps=tuple(sorted(jumps.items())))


def even_instants(clock: VarianceClock | None, from_at: int, to_at: int, slots: int) -> tuple[int, ...]:
    """Instants that cut a time into so many slots of equal variance, the ends included: the times at which a schedule
    worked out for even slots (pricing.control.execution) is to be traded. A jump that fills several slots gives the
    instant before it again and again: what was to be traded in them is traded before the jump.
    """
    if slots < 1 or to_at <= from_at:
        raise ValueError("slots: there must be one at least, and some time")
    read = dial(clock or VarianceClock())
    begun, ended = read.reading(from_at), read.reading(to_at)
    found = [from_at]
    for slot in range(1, slots):
        wanted = begun + (ended - begun) * slot // slots
        low, high = found[-1], to_at
        while low < high:
            middle = (low + high + 1) // 2
            if read.reading(middle) <= wanted:
                low = middle
            else:
                high = middle - 1
        found.append(low)
    found.append(to_at)
    return tuple(found)
