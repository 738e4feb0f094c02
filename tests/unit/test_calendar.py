"""The calendar: what comes next, guards, jumps, and what a snapshot carries."""

from pathlib import Path

import pytest

from pricing.calendar import Calendar, EventKind, Scheduled, merged, regular
from pricing.units import HOUR_NS
from rfq.feeds.observations.files import FileError, read_calendar

S = 10**9
NOON = 20_700 * 86_400 * S + 12 * HOUR_NS
CPI = Scheduled(
    kind=EventKind.RELEASE, at=NOON, name="CPI", jump_hours=6.0, guard_before_s=30.0, guard_after_s=10.0
)
FORK = Scheduled(kind=EventKind.RELEASE, at=NOON + HOUR_NS, name="fork", underlyings=("ETH",), jump_hours=2.0)
BOTH = Calendar(events=(CPI, FORK))


def test_the_next_event_is_the_first_after_now_that_concerns_it() -> None:
    assert BOTH.next(EventKind.RELEASE, NOON - 1, "BTC") == CPI
    assert BOTH.next(EventKind.RELEASE, NOON, "BTC") is None
    assert BOTH.next(EventKind.RELEASE, NOON, "ETH") == FORK
    assert BOTH.next(EventKind.FUNDING, 0, "ETH") is None


def test_seconds_to_an_event_are_capped() -> None:
    assert BOTH.seconds_to(EventKind.RELEASE, NOON - 5 * S, "BTC", 60.0) == 5.0
    assert BOTH.seconds_to(EventKind.RELEASE, NOON - 500 * S, "BTC", 60.0) == 60.0
    assert BOTH.seconds_to(EventKind.RELEASE, NOON, "BTC", 60.0) == 60.0


@pytest.mark.parametrize(("at_s", "guarded"), [(-31, False), (-30, True), (0, True), (9, True), (10, False)])
def test_a_guard_holds_from_before_until_after(at_s: int, guarded: bool) -> None:
    assert (BOTH.guarding(NOON + at_s * S, "BTC") == CPI) is guarded


def test_a_price_may_stand_until_the_next_guard() -> None:
    assert BOTH.free_until(NOON - 100 * S, "BTC") == NOON - 30 * S
    assert BOTH.free_until(NOON - 10 * S, "BTC") == NOON - 10 * S
    assert BOTH.free_until(NOON + 10 * S, "BTC") is None
    assert Calendar(events=(FORK,)).free_until(NOON, "ETH") is None  # no guard, nothing to be free of


def test_variance_passes_at_what_is_scheduled_and_equal_instants_add() -> None:
    again = Scheduled(kind=EventKind.RELEASE, at=NOON, name="jobs", jump_hours=1.0)
    found = merged([BOTH, Calendar(events=(CPI, again))])
    assert len(found.events) == 3
    assert found.jumps("BTC") == ((NOON, 7.0),)
    assert found.jumps("ETH") == ((NOON, 7.0), (NOON + HOUR_NS, 2.0))


def test_what_comes_by_the_clock() -> None:
    found = regular(NOON, 1)
    fundings = [(event.at - NOON) // HOUR_NS for event in found.events if event.kind is EventKind.FUNDING]
    expiries = [(event.at - NOON) // HOUR_NS for event in found.events if event.kind is EventKind.EXPIRY]
    assert fundings == [4, 12, 20, 28]
    assert expiries == [20]


def test_a_snapshot_carries_what_matters() -> None:
    whole = merged([regular(NOON - HOUR_NS, 5), BOTH])
    cut = whole.cut(NOON - HOUR_NS, "BTC", NOON + HOUR_NS)
    assert [event.kind for event in cut.events] == [EventKind.RELEASE, EventKind.FUNDING, EventKind.EXPIRY]
    assert whole.cut(NOON + 5 * S, "BTC", NOON).events[0] == CPI  # its guard is not over
    for kind in EventKind:
        assert cut.next(kind, NOON - HOUR_NS, "BTC") == whole.next(kind, NOON - HOUR_NS, "BTC")


def test_wrong_calendars_are_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        Calendar(events=(FORK, CPI))
    with pytest.raises(ValueError, match="jump_hours"):
        Scheduled(kind=EventKind.RELEASE, at=0, jump_hours=-1.0)


def test_a_file_of_releases(tmp_path: Path) -> None:
    path = tmp_path / "releases.csv"
    path.write_text(
        "at,kind,name,underlyings,jump_hours,guard_before_s,guard_after_s\n"
        "2026-12-10T13:30:00Z,release,CPI,,6,30,10\n"
        "2026-12-01T00:00:00Z,release,fork,eth sol,,,\n"
        "soon,release,,,,,\n"
        "2026-12-10T13:30:00Z,rumour,,,,,\n"
        "2026-12-10T13:30:00Z,release,,,-1,,\n",
        encoding="utf-8",
    )
    calendar, refused = read_calendar(path)
    assert [event.name for event in calendar.events] == ["fork", "CPI"]
    assert calendar.events[0].underlyings == ("ETH", "SOL")
    assert [(each.row, each.fault.field) for each in refused] == [(3, "at"), (4, "kind"), (5, "jump_hours")]
    path.write_text("when\n", encoding="utf-8")
    with pytest.raises(FileError, match="no column 'at'"):
        read_calendar(path)
