"""A market on real venues as the settings say: its scenes, a feed for each venue, the door for observations.

One task a feed, one for fits; all end when the market is closed. What cannot be named is told before anything connects.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from fix_gateway.shell.ports import Scribe
from pricing.instruments import Instrument
from rfq.desk.features.look import Look, Print
from rfq.desk.features.outside import Observed
from rfq.domain.events import Event
from rfq.feeds.link.feed import Feed, Rim
from rfq.feeds.link.standing import FeedStanding
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.observations.push import Push
from rfq.feeds.observations.rows import Observation
from rfq.feeds.observations.sentiment import observed
from rfq.feeds.recorder.rows import Note, Recorded, RecordingError
from rfq.feeds.recorder.writing import Recorder
from rfq.feeds.said import Said, Trouble
from rfq.feeds.scene.plan import DERIBIT, plan_of
from rfq.feeds.scene.port import VenueMarket
from rfq.feeds.scene.underlying import Key
from rfq.feeds.venues.adapter import Adapter
from rfq.feeds.venues.catalogue import QUIET_NS, make_keepers
from rfq.ops.clock import NS_PER_S
from rfq.ops.feed_sections import Feeds
from rfq.ops.problems import ConfigInvalid, Problem
from rfq.ops.schedule import Schedule

_MIND_S: Final = 5.0
_TICK_S: Final = 0.25
_TROUBLE_NS: Final = 60 * NS_PER_S
_TROUBLES_MAX: Final = 1_000


class Beside(Protocol):
    """Who else listens, such as the feature store: told what the market is told, in the same order; `problem` says what
    keeps it from its work, "" if nothing does."""

    problem: str

    def said(self, said: Said) -> None:
        """Something was said, before it is put to its book."""
        ...

    def look(self, venue: str, symbol: str, look: Look) -> None:
        """A book is right."""
        ...

    def trade(self, venue: str, symbol: str, told: Print) -> None:
        """A trade."""
        ...

    def broke(self, venue: str, symbol: str, at: int) -> None:
        """A book is not right any more."""
        ...

    def observed(self, row: Observed) -> None:
        """Something outside was said."""
        ...

    def tick(self, now: int) -> None:
        """It is `now`, and all that was received before was told."""
        ...

    def close(self) -> None:
        """No more is told."""
        ...


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
        plan = plan_of(settings, env)
        self.market: Final = VenueMarket(
            plan.scenes, schedule, offer, plan.releases, plan.rates, {DERIBIT: plan.chains}
        )
        self._recorder = None if settings.record is None else _recorder(settings.record, plan.wanted)
        rim = Rim(instead=settings.instead)
        self.feeds: Final = [
            Feed(self._board(one, plan.adapters[one.venue]), schedule.now, scribe, rim) for one in plan.wanted
        ]
        self._releases = plan.releases
        self._push = Push(self._observe, schedule.now, env.get(settings.push.token_env, ""))
        self._troubles: dict[Key, tuple[int, int]] = {}
        self._beside: Beside | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.push_port = 0
        """Where observations are taken, once open; 0 for nowhere."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What is known without asking a venue: everything but the options of the chains."""
        found = {one.name: one for scene in self.market.scenes.values() for one in scene.instruments.values()}
        return tuple(found.values())

    def listen(self, beside: Beside) -> None:
        """Tell somebody else too; before anything is connected."""
        self._beside = beside

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
        if self._beside is not None:
            work.append(self._tick(self._beside))
        self._tasks = [asyncio.create_task(one) for one in work]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Let go of every venue."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._push.close()
        if self._beside is not None:
            self._beside.close()
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
        """Tell of rows that are lost, of a disk that takes no more, of snapshots and fits that cannot be made, when it
        happens."""
        problem, lost = "", 0
        told: dict[str, str] = {}
        while True:
            await asyncio.sleep(_MIND_S)
            failed = "; ".join(f"{name}: {words}" for name, words in self.market.failed_fits.items())
            problems = {"market_unfit": self.market.problem, "fit_failed": failed}
            if self._beside is not None:
                problems["feature_store"] = self._beside.problem
            for name, words in problems.items():
                if words != told.get(name, ""):
                    told[name] = words
                    self._scribe.error(name, problem=words or "mended")
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
            on_look=partial(self._look, venue),
            on_print=partial(self._trade, venue),
            on_said=self._said,
            on_broke=partial(self._broke, venue),
            on_told=None if self._recorder is None else self._recorder.of(venue),
        )
        leads = [symbol for symbol in one.symbols if market.is_lead((venue, symbol))]
        others = [symbol for symbol in one.symbols if symbol not in leads]
        keepers = make_keepers(venue, leads, levels_max=one.levels_max)
        keepers += make_keepers(venue, others, levels_max=one.levels_max, stale_after_ns=QUIET_NS)
        return Switchboard(adapter, keepers, hooks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task that ends by itself is a fault of ours, and is told; what it fed grows old, and is refused as that."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._scribe.error("market_task", fault=repr(fault))

    async def _tick(self, beside: Beside) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            beside.tick(self._schedule.now())

    def _look(self, venue: str, symbol: str, look: Look) -> None:
        if self._beside is not None:
            self._beside.look(venue, symbol, look)
        self.market.look(venue, symbol, look)

    def _trade(self, venue: str, symbol: str, told: Print) -> None:
        if self._beside is not None:
            self._beside.trade(venue, symbol, told)
        self.market.trade(venue, symbol, told)

    def _said(self, said: Said) -> None:
        if self._beside is not None:
            self._beside.said(said)
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
        if self._beside is not None:
            self._beside.broke(venue, symbol, at)
        self.market.broke(venue, symbol, at)

    def _observe(self, row: Observation) -> None:
        for one in observed(row):
            if self._beside is not None:
                self._beside.observed(one)
            self.market.observed(one)


def _recorder(folder: Path, wanted: list[Recorded]) -> Recorder:
    """Writes everything that is heard into a folder."""
    try:
        return Recorder(folder, Note(feeds=tuple(wanted)))
    except (RecordingError, OSError) as error:
        raise ConfigInvalid([Problem("feeds", "feeds.record", str(error))]) from None
