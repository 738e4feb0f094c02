"""What a reviewer found in the live market: what is too old, what has gone, names that clash, doors left open."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from test_scene import AT, LEAD, OTHER, S, _coin_price, _look, _scene, _ticker

from pricing.calendar import Calendar, EventKind, Scheduled
from pricing.instruments import Option
from pricing.surface.fit import Fit
from pricing.units import HOUR_NS
from rfq.desk.features.outside import Observed
from rfq.domain.events import Event, InstrumentsListed, MarketMoved
from rfq.feeds.said import Listed, ListingSaid, TickerSaid
from rfq.feeds.scene import underlying
from rfq.feeds.scene.naming import instrument_named
from rfq.feeds.scene.port import VenueMarket
from rfq.feeds.scene.underlying import Key, Scene


class Now:
    """A schedule of which only the clock is asked."""

    def __init__(self) -> None:
        self.at = AT

    def now(self) -> int:
        return self.at


def _market(scene: Scene, rates: Mapping[Key, str] | None = None) -> tuple[VenueMarket, Now, list[Event]]:
    events: list[Event] = []
    clock = Now()
    market = VenueMarket(
        {scene.name: scene},
        clock,  # type: ignore[arg-type]
        events.append,
        Calendar(),
        rates or {},
        {"deribit": frozenset({"BTC"})},
    )
    return market, clock, events


def test_an_index_of_a_dead_venue_is_none_whoever_else_still_talks() -> None:
    """The leading venue fell silent; another one's book goes on, and keeps the snapshot young."""
    scene = _scene()
    market, clock, _ = _market(scene)
    scene.ticker(_ticker(LEAD, index=60_000.0, funding_8h=1e-4, volume_usd_24h=1e9))
    for second in range(9):
        clock.at = AT + second * S
        scene.look(OTHER, _look(clock.at, 63_000.0 + second, 63_001.0 + second))
        assert market.snapshot("BTC") is not None
    clock.at = AT + 12 * S
    scene.look(OTHER, _look(clock.at, 63_100.0, 63_101.0))
    assert market.snapshot("BTC") is None  # no index, and the leading book is not there
    scene.look(LEAD, _look(clock.at, 63_100.0, 63_102.0))
    found = market.snapshot("BTC")
    assert found is not None
    assert (found[0].underlyings[0].index, found[0].underlyings[0].index_at) == (63_101.0, clock.at)


def test_funding_and_volumes_that_nobody_tells_any_more_are_forgotten() -> None:
    scene = _scene()
    scene.ticker(_ticker(LEAD, index=60_000.0, funding_8h=1e-4, volume_usd_24h=1e9))
    for late, funding, volume in ((599 * S, 1, 1e9), (601 * S, 0, 1e9), (25 * HOUR_NS, 0, 0.0)):
        scene.look(LEAD, _look(AT + late, 60_000.0, 60_001.0))
        under = scene.read(AT + late)
        assert under is not None
        assert (len(under.funding), under.adv_usd) == (funding, volume)


def test_the_index_is_not_that_of_another_currency_of_the_same_venue() -> None:
    scene = _scene()
    scene.ticker(_ticker(LEAD, index=60_000.0))
    usdc: Key = ("deribit", "BTC_USDC-PERPETUAL")
    scene.instruments[usdc] = instrument_named(*usdc)  # type: ignore[assignment]
    scene.ticker(_ticker(usdc, index=66_000.0))
    under = scene.read(AT)
    assert under is not None and under.index == 60_000.0


def _with_chain(scene: Scene, day: str = "25SEP26") -> list[Key]:
    keys = []
    for strike in (50_000, 54_000, 57_000, 60_000, 63_000, 66_000, 72_000):
        right = "C" if strike >= 60_000 else "P"
        key = ("deribit", f"BTC-{day}-{strike}-{right}")
        option = instrument_named(*key)
        assert isinstance(option, Option)
        assert scene.add(key, option)
        fair = _coin_price(strike, (option.expiry_at - AT) / (365 * 86_400 * S), right == "C")
        scene.ticker(_ticker(key, underlying=60_000.0, bid=fair * 0.99, ask=fair * 1.01))
        keys.append(key)
    return keys


def test_a_surface_that_nobody_renews_is_not_shown_for_ever() -> None:
    scene = _scene()
    _with_chain(scene)
    found = scene.refit(scene.chain(), AT, Calendar())
    assert found is not None
    scene.fitted(found)
    for late, shown in ((60 * S, True), (121 * S, False)):
        scene.look(LEAD, _look(AT + late, 60_000.0, 60_001.0))
        under = scene.read(AT + late)
        assert under is not None and (under.surface is not None) is shown


def test_an_option_that_nobody_quotes_any_more_is_not_in_the_next_fit() -> None:
    scene = _scene()
    keys = _with_chain(scene)
    scene.ticker(_ticker(keys[0], mark=0.1, mark_iv=0.5))  # the marks' channel says nothing of quotes
    assert len(scene.chain()) == 7
    scene.ticker(_ticker(keys[0], underlying=60_000.0, mark=0.1))
    assert len(scene.chain()) == 6


def _row(symbol: str, expiry_at: int) -> Listed:
    return Listed(
        venue="deribit", symbol=symbol, kind="option", underlying="BTC", quote="BTC", price_tick="0.0001",
        size_step="0.1", expiry_at=expiry_at,
    )  # fmt: skip


def test_what_has_expired_makes_room_for_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue lists some sixty options a day; a desk that runs for weeks must still take in those of today."""
    monkeypatch.setattr(underlying, "REST_MAX", 20)
    scene = _scene()
    market, clock, events = _market(scene)

    def options(day: str) -> ListingSaid:
        found = []
        for strike in range(50_000, 60_000, 1_000):
            name = f"BTC-{day}-{strike}-C"
            option = instrument_named("deribit", name)
            assert isinstance(option, Option)
            found.append(_row(name, option.expiry_at))
        return ListingSaid(venue="deribit", received_at=clock.at, instruments=tuple(found))

    market.said(options("25SEP26"))
    market.said(options("25SEP26"))  # the same list an hour later tells nothing
    assert [len(one.instruments) for one in events if isinstance(one, InstrumentsListed)] == [10]

    async def one_round() -> None:
        task = asyncio.ensure_future(market.refit(60.0))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    clock.at = AT + 40 * 86_400 * S
    market.said(options("25SEP26"))  # an old list
    asyncio.run(one_round())
    market.said(options("25DEC26"))
    assert [len(one.instruments) for one in events if isinstance(one, InstrumentsListed)] == [10, 10]
    assert len(scene.instruments) == 12
    assert len(market._of) == 12


def test_a_fit_that_fails_is_told_and_the_next_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = _scene()
    _with_chain(scene)
    scene.look(LEAD, _look(AT, 60_000.0, 60_001.0))
    market, _, _ = _market(scene)
    refit = scene.refit
    tried: list[object] = []

    def fails_once(*told: Any) -> Fit | None:
        tried.append(told)
        if len(tried) == 1:
            raise ZeroDivisionError("a chain that no solver likes")
        return refit(*told)

    monkeypatch.setattr(scene, "refit", fails_once)

    async def rounds() -> None:
        task = asyncio.ensure_future(market.refit(0.01))
        for wanted in (1, 3):
            while len(tried) < wanted:
                await asyncio.sleep(0.001)
            assert bool(market.failed_fits) == (wanted == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(rounds(), 30))
    under = scene.read(AT)
    assert under is not None and under.surface is not None


def test_a_desk_is_told_when_its_leading_book_is_gone() -> None:
    """A price of ours that stands must be looked at again: there may be no market behind it."""
    scene = _scene()
    market, _, events = _market(scene)
    market.look(*LEAD, _look(AT, 60_000.0, 60_001.0))
    market.broke(*LEAD, AT + 1)
    assert events == []  # nothing stands
    market.look(*LEAD, _look(AT + 2, 60_000.0, 60_001.0))
    market.watch("BTC", 5.0)
    market.broke(*OTHER, AT + 3)
    assert events == []
    market.broke(*LEAD, AT + 4)
    market.broke(*LEAD, AT + 5)
    assert events == [MarketMoved(underlying="BTC")]
    market.look(*LEAD, _look(AT + 6, 60_100.0, 60_101.0))
    assert len(events) == 2  # it came back elsewhere


def test_a_rate_that_nobody_tells_any_more_is_not_known() -> None:
    scene = _scene()
    key: Key = ("deribit", "usdc_usd")
    market, clock, _ = _market(scene, {key: "USDC"})
    market.said(TickerSaid(venue=key[0], symbol=key[1], received_at=AT, exchange_at=0, index=0.9998))
    for late, rates in ((59 * S, 1), (61 * S, 0)):
        clock.at = AT + late
        scene.look(LEAD, _look(clock.at, 60_000.0, 60_001.0))
        found = market.snapshot("BTC")
        assert found is not None and len(found[0].rates) == rates


def test_a_release_that_has_just_been_is_still_told() -> None:
    """Otherwise an index and vols from before it would be trusted as if nothing had happened."""
    release = Scheduled(kind=EventKind.RELEASE, at=AT, name="CPI", jump_hours=6.0)
    plain = Scheduled(kind=EventKind.RELEASE, at=AT, name="fork")
    calendar = Calendar(events=(release, plain))
    assert calendar.cut(AT, "BTC", AT + HOUR_NS).events == (release,)
    assert calendar.cut(AT + 599 * S, "BTC", AT + HOUR_NS).events == (release,)
    assert calendar.cut(AT + 600 * S, "BTC", AT + HOUR_NS).events == ()


def test_numbers_beyond_reason_do_not_end_the_desk() -> None:
    """A snapshot with an infinity in it cannot be written: that is no market, not the end of the program."""
    scene = _scene()
    market, _, _ = _market(scene)
    for key in (LEAD, OTHER):
        scene.ticker(_ticker(key, index=1e300, funding_8h=-1e300, volume_usd_24h=1.7e308))
    scene.look(LEAD, _look(AT, 60_000.0, 60_001.0))
    found = market.snapshot("BTC")
    assert found is not None
    under = found[0].underlyings[0]
    assert (under.index, under.adv_usd, under.funding) == (60_000.5, 0.0, ())
    for _ in range(2):
        market.observed(Observed(AT, "BTC", "chain_flow_usd", 1.7e308))
    assert market.snapshot("BTC") is None
    assert "chain_flow" in market.problem


def test_every_guard_to_come_is_in_the_snapshot_not_only_that_of_the_next_event_of_its_kind() -> None:
    first = Scheduled(kind=EventKind.FUNDING, at=AT + 600 * S)
    second = Scheduled(kind=EventKind.FUNDING, at=AT + 610 * S, name="elsewhere", guard_before_s=60.0)
    calendar = Calendar(events=(first, second))
    assert calendar.cut(AT, "BTC", AT + HOUR_NS).free_until(AT, "BTC") == AT + 550 * S


def test_what_is_said_of_others_takes_no_room() -> None:
    scene = _scene()
    market, _, _ = _market(scene)
    scene.look(LEAD, _look(AT, 60_000.0, 60_001.0))
    for number in range(2_000):
        market.observed(Observed(AT, f"COIN{number}", "sentiment", 1.0))
    market.observed(Observed(AT, "BTC", "sentiment", 0.5))
    found = market.snapshot("BTC")
    assert found is not None and found[0].underlyings[0].flow.sentiment_score_1h == 0.5


def test_a_market_that_comes_back_is_told_to_who_watched_while_it_was_gone() -> None:
    scene = _scene()
    market, _, events = _market(scene)
    market.watch("BTC", 5.0)  # a quote of the index alone
    market.look(*LEAD, _look(AT, 60_000.0, 60_001.0))
    assert events == [MarketMoved(underlying="BTC")]
    market.look(*LEAD, _look(AT + 1, 60_000.5, 60_001.5))
    assert len(events) == 1
