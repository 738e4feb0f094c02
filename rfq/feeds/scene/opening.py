"""A market on real venues as the settings say: its scenes, a feed for each venue, the door for observations.

One task a feed, one for fits; all end when the market is closed. What cannot be named is told before anything connects.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from fix_gateway.shell.ports import Scribe
from pricing.calendar import Calendar
from pricing.fact import Fault
from pricing.instruments import Instrument
from rfq.domain.events import Event
from rfq.feeds.link.feed import Feed, Rim
from rfq.feeds.link.standing import FeedStanding
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.observations.files import FileError, read_calendar
from rfq.feeds.observations.push import Push, is_loopback
from rfq.feeds.observations.rows import Observation
from rfq.feeds.observations.sentiment import observed
from rfq.feeds.recorder.rows import Note, Recorded, RecordingError
from rfq.feeds.recorder.writing import Recorder
from rfq.feeds.said import Said, Trouble
from rfq.feeds.scene.naming import instrument_named, sizing_of
from rfq.feeds.scene.port import VenueMarket
from rfq.feeds.scene.underlying import Key, Scene, Told
from rfq.feeds.venues.adapter import Adapter
from rfq.feeds.venues.catalogue import VENUES, make_adapter, make_keepers
from rfq.ops.clock import NS_PER_S
from rfq.ops.feed_sections import Feeds
from rfq.ops.problems import ConfigInvalid, Problem
from rfq.ops.schedule import Schedule

DERIBIT: Final = "deribit"
CHAINED: Final = ("BTC", "ETH")
_MIND_S: Final = 5.0
_TROUBLE_NS: Final = 60 * NS_PER_S
_TROUBLES_MAX: Final = 1_000


class OpenMarket:
    """The market port, and everything that feeds it."""

    def __init__(
        self,
        settings: Feeds,
        schedule: Schedule,
        offer: Callable[[Event], object],
        scribe: Scribe,
        env: Mapping[str, str],
    ) -> None:
        """Raises ConfigInvalid with everything that cannot be meant."""
        self._settings = settings
        self._schedule = schedule
        self._scribe = scribe
        scenes, problems = _scenes(settings)
        rates = {_key(spelled): currency for currency, spelled in settings.rates.items()}
        problems += [
            Problem("feeds", f"feeds.rates.{currency}", f"{venue!r} tells no USD index; deribit does")
            for (venue, _), currency in rates.items()
            if venue != DERIBIT
        ]
        self._releases, found = _releases(settings)
        problems += [*found, *_push_problems(settings, env)]
        chains = frozenset(name for name, one in settings.underlyings.items() if one.chain)
        wanted = _wanted(scenes, rates, chains, settings.levels_max)
        adapters, found = _adapters(wanted)
        problems += found
        if problems:
            raise ConfigInvalid(problems)
        self.market: Final = VenueMarket(scenes, schedule, offer, self._releases, rates, {DERIBIT: chains})
        self._recorder = None if settings.record is None else _recorder(settings.record, wanted)
        rim = Rim(instead=settings.instead)
        self.feeds: Final = [
            Feed(self._board(one, adapters[one.venue]), schedule.now, scribe, rim) for one in wanted
        ]
        self._push = Push(self._observe, schedule.now, env.get(settings.push.token_env, ""))
        self._troubles: dict[Key, tuple[int, int]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.push_port = 0
        """Where observations are taken, once open; 0 for nowhere."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What is known without asking a venue: everything but the options of the chains."""
        found = {one.name: one for scene in self.market.scenes.values() for one in scene.instruments.values()}
        return tuple(found.values())

    async def open(self) -> None:
        """Connect everything. ConfigInvalid if observations cannot be taken where they should be."""
        if self._settings.calendar is not None and not self._releases_left():
            self._scribe.warning("calendar_over", file=str(self._settings.calendar))
        push = self._settings.push
        if push.port is not None:
            try:
                self.push_port = await self._push.open(push.host, push.port)
            except OSError as error:
                await self.close()
                where = f"{push.host}:{push.port}"
                raise ConfigInvalid([Problem("feeds", "feeds.push.port", f"{where}: {error}")]) from error
        work = [*[feed.run() for feed in self.feeds], self.market.refit(self._settings.refit_s), self._mind()]
        self._tasks = [asyncio.create_task(one) for one in work]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Let go of every venue."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._push.close()
        if self._recorder is not None:
            try:
                await asyncio.to_thread(self._recorder.close)
            except RecordingError as error:
                self._scribe.error("recording", problem=str(error))

    def _releases_left(self) -> bool:
        """Whether the calendar's file still knows of anything to come: what it does not know is not guarded."""
        now = self._schedule.now()
        return any(event.guard_until_at > now for event in self._releases.events)

    def standing(self) -> tuple[FeedStanding, ...]:
        """How each feed fares."""
        return tuple([feed.standing() for feed in self.feeds])

    async def _mind(self) -> None:
        """Tell of rows that are lost, of a disk that takes no more, of snapshots that cannot be made, when it
        happens."""
        problem, lost, unfit = "", 0, ""
        while True:
            await asyncio.sleep(_MIND_S)
            if self.market.problem != unfit:
                unfit = self.market.problem
                self._scribe.error("market_unfit", problem=unfit)
            recorder = self._recorder
            if recorder is None or (recorder.problem, recorder.lost) == (problem, lost):
                continue
            if recorder.problem != problem or not lost:
                words = recorder.problem or "the disk is too slow: rows are lost"
                self._scribe.error("recording", problem=words, lost=recorder.lost)
            problem, lost = recorder.problem, recorder.lost

    def _board(self, one: Recorded, adapter: Adapter) -> Switchboard:
        """A venue's books, told to the market and, if that is wanted, recorded."""
        venue, market = one.venue, self.market
        hooks = Hooks(
            on_look=partial(market.look, venue),
            on_print=partial(market.trade, venue),
            on_said=self._said,
            on_broke=partial(self._broke, venue),
            on_told=None if self._recorder is None else self._recorder.of(venue),
        )
        keepers = make_keepers(venue, one.symbols, levels_max=one.levels_max)
        return Switchboard(adapter, keepers, hooks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task that ends by itself is a fault of ours, and is told; what it fed grows old, and is refused as that."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._scribe.error("market_task", fault=repr(fault))

    def _said(self, said: Said) -> None:
        if isinstance(said, Trouble) and not said.breaks_book:  # those are told as what they break
            self._trouble(said)
        self.market.said(said)

    def _trouble(self, said: Trouble) -> None:
        """Channels that are refused, symbols that are not listed: once a minute for each."""
        key = said.venue, said.symbol
        told_at, more = self._troubles.get(key, (0, 0))
        if said.received_at - told_at < _TROUBLE_NS:
            self._troubles[key] = told_at, more + 1
            return
        if len(self._troubles) >= _TROUBLES_MAX:
            self._troubles.clear()
        self._troubles[key] = said.received_at, 0
        self._scribe.warning(
            "feed_trouble", venue=said.venue, symbol=said.symbol, what=said.what, where=said.where, more=more
        )

    def _broke(self, venue: str, symbol: str, at: int, why: str) -> None:
        self._scribe.warning("book_broke", venue=venue, symbol=symbol, why=why)
        self.market.broke(venue, symbol, at)

    def _observe(self, row: Observation) -> None:
        for one in observed(row):
            self.market.observed(one)


def _recorder(folder: Path, wanted: list[Recorded]) -> Recorder:
    """Writes everything that is heard into a folder."""
    try:
        return Recorder(folder, Note(feeds=tuple(wanted)))
    except (RecordingError, OSError) as error:
        raise ConfigInvalid([Problem("feeds", "feeds.record", str(error))]) from None


def _key(spelled: str) -> Key:
    venue, _, symbol = spelled.partition(":")
    return venue, symbol


def _scenes(settings: Feeds) -> tuple[dict[str, Scene], list[Problem]]:
    """A scene for each underlying, and what is wrong with the names."""
    scenes: dict[str, Scene] = {}
    problems: list[Problem] = []
    for name, one in settings.underlyings.items():
        where = f"feeds.underlyings.{name}"
        instruments: dict[Key, Instrument] = {}
        names: dict[str, str] = {}
        for spelled in one.keys:
            venue, symbol = _key(spelled)
            if venue not in VENUES:
                problems.append(
                    Problem("feeds", where, f"{venue!r} is no venue; there are {', '.join(VENUES)}")
                )
                continue
            instrument = instrument_named(venue, symbol)
            if isinstance(instrument, Fault):
                problems.append(
                    Problem("feeds", where, f"{spelled}: {instrument.field} {instrument.problem}")
                )
            elif instrument.underlying != name:
                problems.append(Problem("feeds", where, f"{spelled} is on {instrument.underlying}"))
            elif (other := names.get(instrument.name)) is not None:
                words = f"{spelled} and {other} are both called {instrument.name}: take one of them"
                problems.append(Problem("feeds", where, words))
            else:
                names[instrument.name] = spelled
                instruments[venue, symbol] = instrument
        if one.chain and name not in CHAINED:
            words = f"Deribit's options settled in coin are on {', '.join(CHAINED)}; there is no such chain on {name}"
            problems.append(Problem("feeds", f"{where}.chain", words))
        lead = _key(one.lead)
        if lead in instruments:
            scenes[name] = Scene(Told(name, instruments, lead, sizing_of(instruments[lead])))
    return scenes, problems


def _adapters(wanted: list[Recorded]) -> tuple[dict[str, Adapter], list[Problem]]:
    """The venues' adapters, by venue, and names that none of theirs can be."""
    found: dict[str, Adapter] = {}
    problems: list[Problem] = []
    for one in wanted:
        try:
            found[one.venue] = make_adapter(one.venue, one.symbols, indices=one.indices, chains=one.chains)
        except ValueError as error:
            problems.append(Problem("feeds", "feeds", str(error)))
    return found, problems


def _push_problems(settings: Feeds, env: Mapping[str, str]) -> list[Problem]:
    """A door without the token that it should have stays shut: who set a name for it wants it asked for."""
    push = settings.push
    if push.port is None:
        return []
    if push.token_env and not env.get(push.token_env):
        words = f"the environment variable {push.token_env} is empty or not there"
        return [Problem("feeds", "feeds.push.token_env", words)]
    if not push.token_env and not is_loopback(push.host):
        words = f"{push.host} is beyond loopback: name the variable with its token in token_env"
        return [Problem("feeds", "feeds.push.host", words)]
    return []


def _releases(settings: Feeds) -> tuple[Calendar, list[Problem]]:
    """The calendar of the file; a row that cannot be read is a problem: a release that nobody guards is worse than a
    desk that does not start."""
    if settings.calendar is None:
        return Calendar(), []
    where = "feeds.calendar"
    try:
        calendar, refused = read_calendar(settings.calendar)
    except FileError as error:
        return Calendar(), [Problem("feeds", where, str(error))]
    return calendar, [
        Problem("feeds", where, f"{settings.calendar} row {one.row}: {one.fault.field} {one.fault.problem}")
        for one in refused
    ]


def _wanted(
    scenes: Mapping[str, Scene], rates: Mapping[Key, str], chains: frozenset[str], levels_max: int
) -> list[Recorded]:
    """Venue by venue the symbols whose books are kept, the indices and the chains."""
    symbols: dict[str, dict[str, None]] = {}
    for scene in scenes.values():
        for venue, symbol in scene.instruments:
            symbols.setdefault(venue, {})[symbol] = None
    if chains or rates:
        symbols.setdefault(DERIBIT, {})
    indices = tuple([symbol for _, symbol in rates])
    on = tuple([f"{name.lower()}_usd" for name in sorted(chains)])
    return [
        Recorded(
            venue=venue,
            symbols=tuple(names),
            indices=indices if venue == DERIBIT else (),
            chains=on if venue == DERIBIT else (),
            levels_max=levels_max,
        )
        for venue, names in symbols.items()
    ]
