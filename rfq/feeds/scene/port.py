"""The market port of the live loop, on venues' feeds: the newest snapshot of an underlying, and word of its moves.

Everything here runs on the loop's thread, but for a fit, which is given a copy of the quotes. A snapshot is built when
somebody asks and something was told since; it is then the same object, bytes and hash until something is told again.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from pricing.calendar import Calendar, merged, regular
from pricing.fact import Fault
from pricing.instruments import Instrument
from pricing.market import MarketSnapshot, Rate
from pricing.units import DAY_NS, NS_PER_S
from rfq.desk.features.look import Look, Print
from rfq.desk.features.outside import Observed, OutsideFlow
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.domain.events import Event, InstrumentsListed, MarketMoved
from rfq.feeds.said import ListingSaid, Said, TickerSaid
from rfq.feeds.scene.naming import instrument_named
from rfq.feeds.scene.underlying import USD_MOST, Key, Scene
from rfq.ops.schedule import Schedule

AHEAD_NS: Final = 7 * DAY_NS
"""Releases are told so far ahead."""
_REGULAR_DAYS: Final = 2
RATE_NS: Final = 60 * NS_PER_S
"""What a stablecoin is worth is told every second; what was told so long ago is not known."""
NO_CHAINS: Final[Mapping[str, frozenset[str]]] = {}


class VenueMarket:
    """Snapshots of what venues say. `rates` maps the key of an index to the currency whose USD value it is."""

    def __init__(
        self,
        scenes: Mapping[str, Scene],
        schedule: Schedule,
        offer: Callable[[Event], object],
        releases: Calendar,
        rates: Mapping[Key, str],
        chains: Mapping[str, frozenset[str]] = NO_CHAINS,
    ) -> None:
        """`chains` are venue -> the underlyings whose options are wanted from it."""
        self.scenes: Final = scenes
        self._schedule = schedule
        self._offer = offer
        self._releases = releases
        self._calendar = releases
        self._calendar_day = -1
        self._outside = OutsideFlow()
        self._rate_keys = rates
        self._chains = chains
        self._rates: dict[str, Rate] = {}
        self.problem = ""
        """Why a snapshot could not be made, the last time that one could not: a number in it was none."""
        self.failed_fits: dict[str, str] = {}
        """Underlyings whose last fit failed, and how."""
        self._told: dict[str, tuple[int, tuple[MarketSnapshot, str, bytes]]] = {}
        self._watched: dict[str, tuple[float, float]] = {}
        self._of: dict[Key, list[Scene]] = {}
        for scene in scenes.values():
            for key in scene.instruments:
                self._of.setdefault(key, []).append(scene)

    # --- the port ------------------------------------------------------------------------------------------------

    def snapshot(self, underlying: str) -> tuple[MarketSnapshot, str, bytes] | None:
        """The newest snapshot of this underlying with its hash and canonical bytes, None if there is none."""
        scene = self.scenes.get(underlying)
        if scene is None:
            return None
        known = self._told.get(underlying)
        if known is not None and known[0] == scene.changes:
            return known[1]
        at = self._schedule.now()
        others = [other.moves(at) for name, other in self.scenes.items() if name != underlying]
        under = scene.read(at, self._outside.read(at, underlying), others)
        if under is None:
            return None
        cut = self._calendar_at(at).cut(at, underlying, at + AHEAD_NS)
        shown = MarketSnapshot(
            at=at,
            underlyings=(under,),
            rates=tuple([rate for _, rate in sorted(self._rates.items()) if at - rate.at <= RATE_NS]),
            calendar=cut if cut.events else None,
        )
        try:
            raw = canon.encode(shown)
        except CanonError as error:
            self.problem = str(error)
            return None
        found = (shown, canon.digest(raw), raw)
        self._told[underlying] = (scene.changes, found)
        return found

    def watch(self, underlying: str, move_bps: float) -> None:
        """Offer `MarketMoved` when the leading mid has moved by so much since it was last told, is gone, or is there
        for the first time since."""
        scene = self.scenes.get(underlying)
        if scene is not None:
            self._watched[underlying] = (move_bps, scene.mid)

    def unwatch(self, underlying: str) -> None:
        """No need any more."""
        self._watched.pop(underlying, None)

    # --- told by feeds -------------------------------------------------------------------------------------------

    def look(self, venue: str, symbol: str, look: Look) -> None:
        """A book is right."""
        key = (venue, symbol)
        for scene in self._of.get(key, ()):
            scene.look(key, look)
            self._moved(scene)

    def trade(self, venue: str, symbol: str, told: Print) -> None:
        """A trade."""
        key = (venue, symbol)
        for scene in self._of.get(key, ()):
            scene.trade(key, told)

    def is_lead(self, key: Key) -> bool:
        """Whether an underlying's flow is fed by this book."""
        return any(key == scene.lead for scene in self._of.get(key, ()))

    def broke(self, venue: str, symbol: str, at: int) -> None:
        """A book is not right any more. If it leads, what stands on it is looked at again: without a price of ours left
        where there is no market any more."""
        key = (venue, symbol)
        for scene in self._of.get(key, ()):
            was_right = scene.mid > 0.0
            scene.broke(key, at)
            if was_right and key == scene.lead and scene.name in self._watched:
                self._offer(MarketMoved(underlying=scene.name))

    def said(self, said: Said) -> None:
        """Whatever else was said; tickers and lists matter."""
        if isinstance(said, ListingSaid):
            self._listed(said)
        if not isinstance(said, TickerSaid):
            return
        key = (said.venue, said.symbol)
        currency = self._rate_keys.get(key)
        if currency is not None and said.index is not None and 0.0 < said.index < USD_MOST:
            self._rates[currency] = Rate(currency=currency, usd=said.index, at=said.received_at)
            for scene in self.scenes.values():
                scene.changes += 1
        for scene in self._of.get(key, ()):
            scene.ticker(said)

    def observed(self, row: Observed) -> None:
        """Something outside was said; of what the desk does not look at nothing is kept."""
        if row.subject and row.subject not in self.scenes:
            return
        self._outside.saw(row)
        for scene in self.scenes.values():
            scene.changes += 1

    async def refit(self, every_s: float) -> None:
        """Fit the surfaces again and again, on another thread, until cancelled. A fit that fails is told in
        `failed_fits`; the surface before it ages, and the next quotes are tried."""
        while True:
            for scene in self.scenes.values():
                for key in scene.expired(self._schedule.now()):
                    self._of.pop(key, None)
                chain = scene.chain()
                if chain:
                    at = self._schedule.now()
                    try:
                        found = await asyncio.to_thread(scene.refit, chain, at, self._calendar_at(at))
                    except Exception as fault:
                        self.failed_fits[scene.name] = f"{type(fault).__name__}: {fault}"
                        continue
                    self.failed_fits.pop(scene.name, None)
                    if found is not None:
                        scene.fitted(found)
            await asyncio.sleep(every_s)

    def _listed(self, said: ListingSaid) -> None:
        """Options of the chains become instruments, which the desk is told of."""
        found: list[Instrument] = []
        for one in said.instruments:
            key = (one.venue, one.symbol)
            for scene in self._of.get(key, ()):
                scene.listed(one)
            scene_of = (
                self.scenes.get(one.underlying)
                if one.kind == "option" and one.underlying in self._chains.get(one.venue, ())
                else None
            )
            if scene_of is None or key in scene_of.instruments or one.expiry_at <= said.received_at:
                continue
            instrument = instrument_named(one.venue, one.symbol)
            if not isinstance(instrument, Fault) and scene_of.add(key, instrument):
                self._of.setdefault(key, []).append(scene_of)
                found.append(instrument)
        if found:
            self._offer(InstrumentsListed(instruments=tuple(found)))

    # --- inside --------------------------------------------------------------------------------------------------

    def _moved(self, scene: Scene) -> None:
        watched = self._watched.get(scene.name)
        mid = scene.mid
        if watched is None or mid <= 0.0:
            return
        move_bps, told = watched
        if told <= 0.0 or abs(mid / told - 1.0) * 1e4 >= move_bps:
            self._watched[scene.name] = (move_bps, mid)
            self._offer(MarketMoved(underlying=scene.name))

    def _calendar_at(self, at: int) -> Calendar:
        """Releases, and what comes by the clock; made anew each day."""
        day = at // DAY_NS
        if day != self._calendar_day:
            self._calendar = merged([self._releases, regular(at - NS_PER_S, _REGULAR_DAYS)])
            self._calendar_day = day
        return self._calendar
