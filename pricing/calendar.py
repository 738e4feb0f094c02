"""What is known to come, and when: releases, funding, expiries; an input to prices and to schedules of orders.

A scheduled event lets variance pass at its instant (`jump_hours`: so many ordinary hours' worth), and has a guard: from
`guard_before_s` before it until `guard_after_s` after it nobody should be caught with a price standing. A calendar is a
value: a snapshot carries the part of it that matters, so a decision can be read again with what was known then.
"""

from bisect import bisect_right
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from pricing.fact import Fact
from pricing.units import DAY_NS, HOUR_NS, NS_PER_S

FUNDING_HOURS: Final = 8
DOUBTED_NS: Final = 600 * NS_PER_S
"""So long after a release that jumps a snapshot still tells it: prices and vols from before it are to be doubted."""
_EXPIRY_HOUR: Final = 8
_FINITE: Final = 1e9


class EventKind(StrEnum):
    """What kind of event it is."""

    RELEASE = "RELEASE"
    FUNDING = "FUNDING"
    EXPIRY = "EXPIRY"


class Scheduled(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Scheduled.1"):
    """One event to come, at a UTC instant (ns); no `underlyings` means that it concerns all."""

    kind: EventKind
    at: int
    name: str = ""
    underlyings: tuple[str, ...] = ()
    jump_hours: float = 0.0
    guard_before_s: float = 0.0
    guard_after_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a number that is negative or not finite."""
        for field in ("jump_hours", "guard_before_s", "guard_after_s"):
            if not 0.0 <= getattr(self, field) < _FINITE:
                raise ValueError(f"{field}: {getattr(self, field)} is not a length of time")

    def concerns(self, underlying: str) -> bool:
        """Whether it is about this underlying."""
        return not self.underlyings or underlying in self.underlyings

    @property
    def guard_from_at(self) -> int:
        """When the guard begins."""
        return self.at - round(self.guard_before_s * NS_PER_S)

    @property
    def guard_until_at(self) -> int:
        """When it ends."""
        return self.at + round(self.guard_after_s * NS_PER_S)


class Calendar(Fact, frozen=True, kw_only=True, tag="Calendar.1"):
    """Scheduled events in the order of their instants."""

    events: tuple[Scheduled, ...] = ()

    def __post_init__(self) -> None:
        """Refuse events out of order."""
        instants = [event.at for event in self.events]
        if instants != sorted(instants):
            raise ValueError("events: not in the order of their instants")

    def next(self, kind: EventKind, now: int, underlying: str = "") -> Scheduled | None:
        """The first event of a kind after `now` that concerns this underlying ("": any), None if none is known."""
        for event in self.events[bisect_right(self.events, now, key=_instant) :]:
            if event.kind is kind and (not underlying or event.concerns(underlying)):
                return event
        return None

    def seconds_to(self, kind: EventKind, now: int, underlying: str, most_s: float) -> float:
        """Seconds to the next event of a kind; `most_s` when none is known or it is further away."""
        found = self.next(kind, now, underlying)
        return most_s if found is None else min((found.at - now) / NS_PER_S, most_s)

    def guarding(self, now: int, underlying: str) -> Scheduled | None:
        """The event in whose guard `now` lies (the end excluded), None outside any."""
        for event in self.events:
            if event.concerns(underlying) and event.guard_from_at <= now < event.guard_until_at:
                return event
        return None

    def free_until(self, now: int, underlying: str) -> int | None:
        """When the next guard begins (`now` inside one), None if none is to come."""
        return min(
            [
                max(event.guard_from_at, now)
                for event in self.events
                if event.concerns(underlying) and max(event.guard_from_at, now) < event.guard_until_at
            ],
            default=None,
        )

    def jumps(self, underlying: str) -> tuple[tuple[int, float], ...]:
        """Instants with the hours of variance that pass at them, as a `VarianceClock` has them; equal instants add."""
        found: dict[int, float] = {}
        for event in self.events:
            if event.jump_hours > 0.0 and event.concerns(underlying):
                found[event.at] = found.get(event.at, 0.0) + event.jump_hours
        return tuple(found.items())

    def cut(self, now: int, underlying: str, until: int) -> "Calendar":
        """What a snapshot of this underlying carries: guards up to `until` that are not over, releases up to `until`,
        jumps that have just been (some of what it holds may be from before them), and the next of each other kind.
        """
        kept = [
            event
            for event in self.events
            if event.concerns(underlying)
            and (
                (event.guard_from_at <= until and max(event.guard_from_at, now) < event.guard_until_at)
                or (event.kind is EventKind.RELEASE and now < event.at <= until)
                or (event.jump_hours > 0.0 and event.at <= now < event.at + DOUBTED_NS)
            )
        ]
        for kind in (EventKind.FUNDING, EventKind.EXPIRY):
            found = self.next(kind, now, underlying)
            if found is not None and found not in kept:
                kept.append(found)
        return Calendar(events=tuple(sorted(kept, key=_instant)))


def merged(calendars: Iterable[Calendar]) -> Calendar:
    """One calendar of several; what stands in two of them is kept once."""
    events = dict.fromkeys([event for calendar in calendars for event in calendar.events])
    return Calendar(events=tuple(sorted(events, key=_instant)))


def regular(now: int, days: int) -> Calendar:
    """The events that come by the clock: funding at 00, 08 and 16 UTC, and the daily expiry at 08 UTC, for so many days
    from `now` on."""
    day = now // DAY_NS * DAY_NS
    events = []
    for start in range(day, day + (days + 1) * DAY_NS, DAY_NS):
        for hour in range(0, 24, FUNDING_HOURS):
            at = start + hour * HOUR_NS
            if at <= now:
                continue
            if hour == _EXPIRY_HOUR:
                events.append(Scheduled(kind=EventKind.EXPIRY, at=at))
            events.append(Scheduled(kind=EventKind.FUNDING, at=at))
    return Calendar(events=tuple(events))


def _instant(event: Scheduled) -> int:
    return event.at
