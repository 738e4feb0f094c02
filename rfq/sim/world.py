"""A world: everything around one desk, built from a seed, on virtual or on real time.

A seed is a world: each part draws from its own child of the world's one Generator, spawned in a fixed order, and
nothing reads a clock. On real time (`rfq demo`) the caller brings the schedule, the writer and the oracle, and may
bring a street on which people speak FIX and a wire for more parties; nothing else is different.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

import numpy as np

from models.infer import BaselineScorer
from pricing.instruments import Instrument
from pricing.numeric.fingerprint import fingerprint
from rfq.audit.log import AuditLog
from rfq.audit.writer import InlineWriter, Writer
from rfq.domain.effects import Outward
from rfq.domain.events import ChainOpened, Estimated, Event
from rfq.domain.ids import ChainId
from rfq.domain.parties import Party
from rfq.domain.policy import Policy
from rfq.live.assembly import Journals, open_live
from rfq.live.loop import Live
from rfq.live.ports import Market, NoDelays, Oracle, Wire
from rfq.ops.schedule import Schedule, VirtualSchedule
from rfq.ops.standard import STANDARD_POLICY
from rfq.oracle import DelayedOracle
from rfq.sim.catalogue import Catalogue
from rfq.sim.checks import CheckedWriter, Checks
from rfq.sim.delays import MoodyScorer, SimDelays
from rfq.sim.dice import Dice
from rfq.sim.instruments import list_instruments, list_parties
from rfq.sim.market import SimMarket
from rfq.sim.population import RATES, Rates, populate
from rfq.sim.street import Left, Street

START_AT: Final = 1_767_600_000_000_000_000
"""2026-01-05 08:00 UTC: when virtual worlds begin."""
BUILD: Final = "sim"
_PARTS: Final = ("market", "street", "clients", "dealers", "people", "odd", "delays", "arrivals")


class Door:
    """What everybody offers events to before there is a loop."""

    def __init__(self) -> None:
        self.live: Live | None = None

    def offer(self, event: Event) -> bool:
        """To the loop."""
        return self.live is not None and self.live.offer(event)


StreetMaker = Callable[[Schedule, Dice, Callable[[Event], object], Left], Street]


class Seen(Protocol):
    """A market from elsewhere: the loop's port, and the instruments that are known of it."""

    @property
    def market(self) -> Market:
        """The port."""
        ...

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What may be asked for from the beginning."""
        ...


MarketMaker = Callable[[Schedule, Callable[[Event], object]], Seen]
WireMaker = Callable[[Street, Left], Wire]
"""Given the street, and what must see each departure, the loop's wire."""


@dataclass(slots=True)
class World:
    """One world, begun: its sessions are up, and its first arrivals are due."""

    seed: int
    schedule: Schedule
    live: Live
    log: AuditLog
    writer: Writer
    market: SimMarket
    street: Street
    checks: Checks
    started_at: int

    @property
    def virtual(self) -> VirtualSchedule:
        """The schedule, if this world runs on virtual time."""
        assert isinstance(self.schedule, VirtualSchedule), "this world runs on real time"
        return self.schedule


OracleMaker = Callable[[Schedule, Callable[[Estimated], object]], Oracle]


def chain_of(seed: int) -> ChainId:
    """The chain id of a seed's world."""
    plain = f"sim{seed}"
    return ChainId(plain if len(plain) <= 10 else "sim" + sha256(plain.encode()).hexdigest()[:7])


def build_world(
    seed: int,
    *,
    log: AuditLog,
    policy: Policy = STANDARD_POLICY,
    rates: Rates = RATES,
    clients: int = 10,
    dealers: int = 20,
    start_at: int = START_AT,
    build: str = BUILD,
    chain: ChainId | None = None,
    segment_records: int = 10_000,
    inbox_new_max: int = 1_000,
    inbox_reserved: int = 10_000,
    schedule: Schedule | None = None,
    writer: Writer | None = None,
    oracle: OracleMaker | None = None,
    checks: Checks | None = None,
    checked: bool = True,
    make_street: StreetMaker = Street,
    make_wire: WireMaker | None = None,
    make_market: MarketMaker | None = None,
    more_parties: tuple[Party, ...] = (),
    journals: Journals | None = None,
) -> World:
    """A world on `log`. Without a schedule it runs on virtual time from `start_at`; with one, on that one's.

    `checked=False` leaves the checks out (to measure what they cost). Effects leave by the street, or by another wire
    that knows `more_parties`, and whose `journals` know what left. In a market from elsewhere nobody is simulated.
    """
    real = schedule is not None
    schedule = schedule or VirtualSchedule(start_at)
    dice = _dice(seed)
    began_at = schedule.now()
    listed = {one.name: one for one in list_instruments(began_at)}
    door = Door()
    market = SimMarket(schedule, dice["market"], listed, door.offer)
    seen = None if make_market is None else make_market(schedule, door.offer)
    checks = checks or Checks()
    left = checks.on_left if checked else _unseen
    street = make_street(schedule, dice["street"], door.offer, left)
    writer = writer or InlineWriter(log)
    if checked:
        writer = CheckedWriter(writer, checks)
    delays = SimDelays(dice["delays"])
    answering = oracle(schedule, door.offer) if oracle is not None else _oracle(schedule, door, delays, dice)
    parties = (*list_parties(clients, dealers), *more_parties)
    known = tuple(listed.values()) if seen is None else seen.instruments
    opening = _opening(chain or chain_of(seed), build, policy, known, parties)
    live = open_live(
        log,
        opening,
        journals=journals,
        writer=writer,
        schedule=schedule,
        wire=street if make_wire is None else make_wire(street, left),
        market=market if seen is None else seen.market,
        oracle=answering,
        delays=NoDelays() if real else delays,
        segment_records=segment_records,
        inbox_new_max=inbox_new_max,
        inbox_reserved=inbox_reserved,
    )
    door.live = live
    if checked:
        checks.begin(live.desk)
        live.observe(checks.on_record)
    if seen is None:
        populate(live, street, market, rates, dice, Catalogue(market, listed), clients, dealers, policy)
    return World(seed, schedule, live, log, writer, market, street, checks, began_at)


def _opening(
    name: ChainId, build: str, policy: Policy, instruments: tuple[Instrument, ...], parties: tuple[Party, ...]
) -> ChainOpened:
    return ChainOpened(
        chain=name,
        build=build,
        policy=policy,
        instruments=instruments,
        parties=parties,
        numerics=fingerprint(),
    )


def _dice(seed: int) -> dict[str, Dice]:
    """One Dice for each part, each on its own child of the seed."""
    children = np.random.SeedSequence(seed).spawn(len(_PARTS))
    return {
        part: Dice(np.random.Generator(np.random.PCG64(child)))
        for part, child in zip(_PARTS, children, strict=True)
    }


def _unseen(effect: Outward, raw: bytes, hashed: str, now: int) -> None:
    """Nobody looks."""


def _oracle(schedule: Schedule, door: Door, delays: SimDelays, dice: dict[str, Dice]) -> Oracle:
    scorer = MoodyScorer(BaselineScorer(), dice["delays"])
    return DelayedOracle(scorer, schedule, door.offer, delays.oracle_ns)
