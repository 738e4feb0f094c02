"""A world on real time: the real clock, the real writer, an oracle thread; and FIX sessions, if there are any.

`serve` puts the configured counterparties beside the simulated ones; the demo over FIX lets the simulated ones call
the desk as real initiators over loopback.
"""

import asyncio
import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fix_gateway.shell.ports import Scribe, Silent
from models.infer import open_model
from rfq.audit.log import AuditLog
from rfq.audit.writer import GroupWriter
from rfq.domain import canon
from rfq.domain.effects import Outward
from rfq.domain.events import Estimated, Event
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.record import decode_record
from rfq.live.fix_side import FixSide
from rfq.live.loop import Live
from rfq.live.ports import Oracle, Wire
from rfq.ops.clock import NS_PER_S, SystemClock
from rfq.ops.feed_sections import Feeds
from rfq.ops.fix_sections import Fix
from rfq.ops.problems import ConfigInvalid, Problem
from rfq.ops.schedule import RealSchedule, Schedule
from rfq.oracle import ThreadedOracle
from rfq.sim.fix_street import FixStreet
from rfq.sim.instruments import client_id, dealer_id
from rfq.sim.population import Rates
from rfq.sim.street import Left, Street
from rfq.sim.world import World, build_world, chain_of

if TYPE_CHECKING:
    from rfq.feeds.scene.opening import OpenMarket
    from rfq.ops.settings import Settings
    from rfq.store.live import LiveRows

COMP_ID: Final = "DESK"
OLDER: Final = {
    "dialect": "fix44",
    "changes": {
        "tags": {"QuoteRequest.legs.price": 22566},
        "fields": [{"tag": 22566, "name": "LegFixedPrice", "type": "PRICE", "messages": ["R"], "group": 555}],
    },
}
"""4.4 has no field for the price of a hedge: what the two sides have agreed on instead."""
_OTHER_EVERY: Final = 4
"""Every so many parties of the demo, one speaks FIX 4.4."""


@dataclass(slots=True)
class Stage:
    """What is begun, and must be ended."""

    world: World
    oracle: ThreadedOracle
    fix: FixSide | None = None
    seen: "OpenMarket | None" = None

    @property
    def live(self) -> Live:
        """The loop."""
        return self.world.live

    async def open(self) -> int:
        """Connect to venues and listen for counterparties, if there may be any; returns the port, 0 for none."""
        if self.seen is not None:
            await self.seen.open()
        if self.fix is None:
            return 0
        port = await self.fix.open()
        if isinstance(self.world.street, FixStreet):
            self.world.street.open(port)
        return port

    async def end(self, patience_s: float) -> None:
        """Take nothing new, let what is begun get out of the door, cut a segment, say goodbye."""
        live = self.live
        live.close_door()
        waited = 0.0
        while not live.idle and live.failure is None and waited < patience_s:
            await asyncio.sleep(0.01)
            waited += 0.01
        live.finish()
        self.oracle.close()
        if self.seen is not None:
            await self.seen.close()
        if isinstance(self.world.street, FixStreet):
            await self.world.street.close()
        if self.fix is not None:
            await self.fix.close()

    def shut(self) -> None:
        """Close the journals; when the writer is closed."""
        if self.fix is not None:
            self.fix.shut()


def begin(
    settings: "Settings",
    log: AuditLog,
    *,
    seed: int,
    rates: Rates,
    build: str,
    chain: ChainId | None = None,
    fix: Fix | None = None,
    fix_street: bool = False,
    feeds: Feeds | None = None,
    say: Scribe | None = None,
    env: Mapping[str, str] | None = None,
) -> Stage:
    """A world on real time around a desk. `fix` are the sessions; with `fix_street` the simulated people are behind
    them, else they stand beside the simulated people. `feeds` say which venues to look at instead of simulating one.

    Time goes on from the end of the log, even if the wall clock was set back since: deadlines in it stay deadlines.
    How far the wall clock is away stands in every record.
    """
    clock = SystemClock(not_before=_last_at(log))
    made: list[ThreadedOracle] = []

    def oracle(schedule: Schedule, answer: Callable[[Estimated], object]) -> Oracle:
        made.append(ThreadedOracle(open_model(), schedule, answer))
        return made[0]

    name = chain or chain_of(seed)
    side = None
    more: dict[str, Any] = {}
    if fix is not None:
        assert say is not None and log.path is not None
        side = FixSide(fix, name, log.path, clock.now, say, env or {})
        more = {"make_wire": partial(_wire, side, clock.now), "journals": side.sent}
        if fix_street:
            dialects = {PartyId(one.name): one.speaks for one in fix.sessions}
            more["make_street"] = partial(FixStreet, dialects=dialects.__getitem__, comp_id=fix.comp_id)
        else:
            more["more_parties"] = side.parties
    looked: list[OpenMarket] = []
    if feeds is not None:
        more["make_market"] = partial(_look, looked, feeds, say or Silent(), env or {})
    world = build_world(
        seed,
        log=log,
        policy=settings.policy,
        rates=rates,
        clients=0 if feeds else people(settings, "clients", fix, fix_street),
        dealers=0 if feeds else people(settings, "dealers", fix, fix_street),
        build=build,
        chain=name,
        segment_records=settings.audit.segment_records,
        inbox_new_max=settings.serve.inbox_new_max,
        inbox_reserved=settings.serve.inbox_reserved_events,
        schedule=RealSchedule(asyncio.get_running_loop(), clock),
        writer=GroupWriter(
            log,
            clock.now,
            batch_max=settings.audit.batch_records_max,
            head_age_ms_max=settings.audit.head_age_ms_max,
        ),
        oracle=oracle,
        **more,
    )
    if side is not None:
        side.attach(world.live)
    settle_memory()
    return Stage(world, made[0], side, looked[0] if looked else None)


def _look(
    looked: "list[OpenMarket]",
    feeds: Feeds,
    say: Scribe,
    env: Mapping[str, str],
    schedule: Schedule,
    offer: Callable[[Event], object],
) -> "OpenMarket":
    """The market on real venues; aiohttp is only loaded where there is one."""
    from rfq.feeds.scene.opening import OpenMarket

    seen = OpenMarket(feeds, schedule, offer, say, env)
    if feeds.store is not None:
        seen.listen(_rows(feeds.store, seen))
    looked.append(seen)
    return seen


def _rows(folder: Path, seen: "OpenMarket") -> "LiveRows":
    """The newest row of features of each underlying's leading book, kept in a store each second."""
    from rfq.feeds.said import Market
    from rfq.store.folders import online_of
    from rfq.store.gathering import Source
    from rfq.store.live import LiveRows
    from rfq.store.online import OnlineTable
    from rfq.store.parts import StoreError

    sources = [Source(Market(*one.lead), one.name, one.sizing) for one in seen.market.scenes.values()]
    try:
        return LiveRows(sources, OnlineTable(online_of(folder)), NS_PER_S)
    except (StoreError, OSError) as error:
        raise ConfigInvalid([Problem("feeds", "feeds.store", str(error))]) from None


def people(settings: "Settings", kind: str, fix: Fix | None, fix_street: bool) -> int:
    """How many clients or dealers are simulated. Beside real counterparties only those that the settings ask for."""
    asked_for = kind in settings.world.model_fields_set
    found: int = getattr(settings.world, kind)
    return found if fix is None or fix_street or asked_for else 0


def demo_sessions(clients: int, dealers: int, folder: Path) -> Fix:
    """The demo's people as sessions: most speak FIX 5.0 SP2, some 4.4."""
    asking = [(client_id(n), n, True) for n in range(clients)]
    quoting = [(dealer_id(n), n, False) for n in range(dealers)]
    sessions = [
        {
            "name": str(party),
            "peer_comp_id": str(party),
            "party": str(party),
            **(OLDER if place % _OTHER_EVERY == _OTHER_EVERY - 1 else {}),
            "asks": asks,
            "quotes": not asks,
        }
        for party, place, asks in (*asking, *quoting)
    ]
    return Fix.model_validate(
        {
            "enabled": True,
            "port": 0,
            "comp_id": COMP_ID,
            "journal_folder": folder,
            "guests_max": 1_000,
            "sessions": sessions,
        }
    )


def _wire(side: FixSide, now: Callable[[], int], street: Street, left: Left) -> Wire:
    """The sessions for who is behind one, the street for the others; the checks see both."""
    return side.beside(street, _Seen(side.counter, now, left))


class _Seen:
    """A wire whose departures the checks see."""

    def __init__(self, wire: Wire, now: Callable[[], int], left: Left) -> None:
        self._wire, self._now, self._left = wire, now, left

    def send(self, effect: Outward, tag: str) -> str:
        """Through the session."""
        now = self._now()
        hashed = self._wire.send(effect, tag)
        self._left(effect, canon.encode(effect), hashed, now)
        return hashed


def _last_at(log: AuditLog) -> int:
    """The stamp of the last record (UTC ns); 0 if there is none."""
    last = log.head().number
    return max((decode_record(body).at for _, body in log.bodies(last, last)), default=0)


def settle_memory() -> None:
    """What is loaded now stays: the collector need not walk it again and again. Values of the log are acyclic and
    invisible to it (gc=False), so it may also come by more rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
