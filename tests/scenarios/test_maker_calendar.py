"""What the desk does around what is scheduled: no quote of ours is caught by a release, and its doubt knows of it."""

import pytest
from driver import START_AT, Driver, the

from pricing.calendar import Calendar, EventKind, Scheduled
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.reasons import Code

S = 10**9
CPI_AT = START_AT + 60 * S


def _release(**more: object) -> Calendar:
    fields = {
        "kind": EventKind.RELEASE,
        "at": CPI_AT,
        "name": "CPI",
        "guard_before_s": 5.0,
        "guard_after_s": 3.0,
    }
    return Calendar(events=(Scheduled(**{**fields, **more}),))  # type: ignore[arg-type]


def _asked(world: Driver, at_s: float) -> tuple[fx.Effect, ...]:
    """The answer to a request so many seconds from the beginning."""
    world.at = START_AT + round(at_s * S)
    answered: tuple[fx.Effect, ...] = world.answer(world.ask_us())
    return answered


def test_a_quote_ends_before_the_guard_begins() -> None:
    world = Driver()
    free = the(_asked(world, 53.0), fx.SendQuote).quote
    world.calendar = _release()
    cut = the(_asked(world, 53.5), fx.SendQuote).quote
    assert free.expires_at > CPI_AT - 5 * S
    assert cut.expires_at == CPI_AT - 5 * S
    world.check_replay()


@pytest.mark.parametrize("at_s", [55.5, 60.0, 62.9])
def test_inside_the_guard_nothing_is_quoted_and_the_reason_names_the_event(at_s: float) -> None:
    world = Driver()
    world.calendar = _release()
    passed = the(_asked(world, at_s), fx.RefuseRfq)
    assert passed.reason.code is Code.SCHEDULED
    assert "CPI" in passed.reason.detail
    world.check_replay()


def test_after_the_guard_and_for_others_events_it_quotes_as_ever() -> None:
    world = Driver()
    world.calendar = _release()
    the(_asked(world, 63.0), fx.SendQuote)
    other = Driver()
    other.calendar = _release(underlyings=("ETH",))
    the(_asked(other, 60.0), fx.SendQuote)


def test_a_standing_quote_is_withdrawn_when_the_market_moves_inside_a_guard() -> None:
    world = Driver()
    made = the(_asked(world, 53.0), fx.SendQuote)
    world.sent()
    world.calendar = _release()
    world.at = CPI_AT - 4 * S
    world.index = 60_500.0
    effects = world(ev.MarketMoved(underlying="BTC"))
    gone = the(effects, fx.WithdrawQuote)
    assert (gone.quote, gone.reason.code) == (made.quote.id, Code.SCHEDULED)
    world.check_replay()


def test_a_price_from_before_a_release_is_doubted_by_all_of_its_jump() -> None:
    """Half a second old, seen before a release of six hours' variance: 50 % a year makes 131 bps of it."""
    quiet, jumpy = Driver(), Driver()
    for world, calendar in (
        (quiet, None),
        (jumpy, _release(jump_hours=6.0, guard_before_s=0.0, guard_after_s=0.0)),
    ):
        world.calendar = calendar
        world.market_age_ns = S // 2
    place = _doubt(quiet), _doubt(jumpy)
    assert place[0] < 1.0
    assert place[1] == pytest.approx(1e4 * 0.5 * (6 / 8_760) ** 0.5, rel=0.01)


def _doubt(world: Driver) -> float:
    world.at = CPI_AT + S // 10
    return float(world.ask_us().row.get("uncertainty_bps"))
