"""A world: everything around one desk, built from a seed, on virtual or on real time.

A seed is a world: each part draws from its own child of the world's one Generator, spawned in a fixed order, and
nothing reads a clock. On real time (`rfq demo`) the caller brings the schedule, the writer and the oracle; nothing else
is different.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from models.features import FeatureRow
from models.infer import BaselineScorer, Scorer
from models.prediction import Prediction
from rfq.audit.log import AuditLog
from rfq.audit.writer import InlineWriter, Writer
from rfq.domain.events import ChainOpened, Estimated, Event
from rfq.domain.ids import ChainId
from rfq.domain.policy import Policy
from rfq.live.assembly import open_live
from rfq.live.loop import Live
from rfq.live.ports import Delays, NoDelays, Oracle
from rfq.ops.schedule import Schedule, VirtualSchedule
from rfq.ops.standard import STANDARD_POLICY
from rfq.oracle import DelayedOracle
from rfq.sim.catalogue import Catalogue
from rfq.sim.checks import Checks, CheckedWriter
from rfq.sim.clients import TASTES, Client
from rfq.sim.dealers import STYLES, Dealer
from rfq.sim.dice import Dice
from rfq.sim.instruments import client_id, dealer_id, list_instruments, list_parties
from rfq.sim.market import SimMarket
from rfq.sim.oddities import Oddities
from rfq.sim.people import Traders, Watchmen, Weak
from rfq.sim.street import Street

START_AT: Final = 1_767_600_000_000_000_000
"""2026-01-05 08:00 UTC: when virtual worlds begin."""
BUILD: Final = "sim"
_PARTS: Final = ("market", "street", "clients", "dealers", "people", "odd", "delays", "arrivals")
_MS: Final = 1_000_000


class Rates(NamedTuple):
    """How often things happen: mean seconds between them; `odd_every_s` and the rest 0 for never."""

    ask_every_s: float = 4.0
    need_every_s: float = 4.0
    odd_every_s: float = 60.0
    drop_every_s: float = 150.0
    kill_every_s: float = 2_400.0
    policy_every_s: float = 1_200.0
    party_every_s: float = 1_800.0


DEMO_RATES: Final = Rates(ask_every_s=0.5, need_every_s=0.5, odd_every_s=20.0, drop_every_s=40.0, kill_every_s=0.0)
"""Busy enough that thirty seconds show everything."""


class SimDelays:
    """How long the disk and the oracle take on virtual time."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice

    def commit_ns(self) -> int:
        """Mostly a millisecond or two; one in a hundred waits for the disk."""
        slow = 20.0 if self._dice.chance(0.01) else 1.0
        return int(self._dice.lognormal(1.5, 0.4) * slow * _MS)

    def oracle_ns(self) -> int | None:
        """Mostly some milliseconds; now and then too late, or never."""
        roll = self._dice.uniform()
        if roll < 0.005:
            return None
        slow = 15.0 if roll < 0.03 else 1.0
        return int(self._dice.lognormal(3.0, 0.4) * slow * _MS)


class MoodyScorer:
    """A model that sometimes fails."""

    def __init__(self, scorer: Scorer, dice: Dice) -> None:
        self._scorer = scorer
        self._dice = dice

    @property
    def hash(self) -> str:
        """The name of the model behind it."""
        return self._scorer.hash

    def predict(self, rows: tuple[FeatureRow, ...] | list[FeatureRow]) -> tuple[Prediction, ...]:
        """The model's answer, or a ValueError."""
        if self._dice.chance(0.005):
            raise ValueError("the model is moody")
        return self._scorer.predict(rows)


class Door:
    """What everybody offers events to before there is a loop."""

    def __init__(self) -> None:
        self.live: Live | None = None

    def offer(self, event: Event) -> bool:
        """To the loop."""
        return self.live is not None and self.live.offer(event)


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
    rates: Rates = Rates(),
    clients: int = 10,
    dealers: int = 20,
    start_at: int = START_AT,
    build: str = BUILD,
    segment_records: int = 10_000,
    schedule: Schedule | None = None,
    writer: Writer | None = None,
    oracle: OracleMaker | None = None,
    checked: bool = True,
) -> World:
    """A world on `log`. Without a schedule it runs on virtual time from `start_at`; with one, on that one's."""
    real = schedule is not None
    schedule = schedule or VirtualSchedule(start_at)
    seeds = np.random.SeedSequence(seed).spawn(len(_PARTS))
    dice = {
        part: Dice(np.random.Generator(np.random.PCG64(child)))
        for part, child in zip(_PARTS, seeds, strict=True)
    }
    began_at = schedule.now()
    instruments = list_instruments(began_at)
    parties = list_parties(clients, dealers)
    listed = {one.name: one for one in instruments}
    door = Door()
    market = SimMarket(schedule, dice["market"], listed, door.offer)
    checks = Checks(parties)
    street = Street(schedule, dice["street"], door.offer, checks.on_left)
    writer = CheckedWriter(writer or InlineWriter(log), checks)
    delays = SimDelays(dice["delays"])
    answering = oracle(schedule, door.offer) if oracle is not None else _oracle(schedule, door, delays, dice)
    opening = ChainOpened(
        chain=chain_of(seed), build=build, policy=policy, instruments=instruments, parties=parties
    )
    still: Delays = NoDelays() if real else delays
    live = open_live(
        log,
        opening,
        writer=writer,
        schedule=schedule,
        wire=street,
        market=market,
        oracle=answering,
        delays=still,
        segment_records=segment_records,
    )
    door.live = live
    world = World(
        seed=seed,
        schedule=schedule,
        live=live,
        log=log,
        writer=writer,
        market=market,
        street=street,
        checks=checks,
        started_at=began_at,
    )
    if checked:
        checks.begin(live.desk)
        live.observe(checks.on_record)
    _people(world, rates, dice, Catalogue(market, listed), clients, dealers, policy)
    return world


def _oracle(schedule: Schedule, door: Door, delays: SimDelays, dice: dict[str, Dice]) -> Oracle:
    scorer = MoodyScorer(BaselineScorer(), dice["delays"])
    return DelayedOracle(scorer, schedule, door.offer, delays.oracle_ns)


def _people(
    world: World,
    rates: Rates,
    dice: dict[str, Dice],
    catalogue: Catalogue,
    clients: int,
    dealers: int,
    policy: Policy,
) -> None:
    """Fill the street, bring the sessions up, and set the arrivals going."""
    street, market, live = world.street, world.market, world.live
    asking = [
        Client(
            client_id(n),
            TASTES[n % len(TASTES)],
            street=street,
            market=market,
            catalogue=catalogue,
            dice=dice["clients"],
        )
        for n in range(clients)
    ]
    quoting = [
        Dealer(
            dealer_id(n),
            STYLES[n % len(STYLES)],
            street=street,
            market=market,
            catalogue=catalogue,
            dice=dice["dealers"],
        )
        for n in range(dealers)
    ]
    for one in (*asking, *quoting):
        street.join(one.party, one)
    for party in street.parties():
        street.connect(party)
    names = tuple(one.party for one in asking)
    traders = Traders(
        street=street,
        market=market,
        catalogue=catalogue,
        dice=dice["people"],
        exposure_usd=lambda name: float(live.desk.state.exposures.get(name, 0)),
        dealers=tuple(one.party for one in quoting),
    )
    live.observe(traders.see)
    known = tuple(live.desk.state.parties[name] for name in names)
    watchmen = Watchmen(street=street, dice=dice["people"], policy=policy, clients=known)
    arrivals = Arrivals(street, dice["arrivals"])
    if asking:
        weights = [one.tastes.weight for one in asking]
        arrivals.start(rates.ask_every_s, lambda: _weighted(asking, weights, dice["arrivals"]).ask())
        odd = Oddities(street=street, catalogue=catalogue, dice=dice["odd"], clients=names)
        arrivals.start(rates.odd_every_s, odd.send)
        arrivals.start(rates.party_every_s, watchmen.change_party)
    arrivals.start(rates.need_every_s, traders.post)
    arrivals.start(rates.drop_every_s, Weak(street=street, dice=dice["people"]).drop)
    arrivals.start(rates.kill_every_s, watchmen.kill)
    arrivals.start(rates.policy_every_s, watchmen.change_policy)


def _weighted(clients: list[Client], weights: list[float], dice: Dice) -> Client:
    left = dice.uniform() * sum(weights)
    for client, weight in zip(clients, weights, strict=True):
        left -= weight
        if left < 0.0:
            return client
    return clients[-1]


class Arrivals:
    """Poisson streams of things that happen."""

    def __init__(self, street: Street, dice: Dice) -> None:
        self._street = street
        self._dice = dice

    def start(self, every_s: float, happen: Callable[[], None]) -> None:
        """Let it happen every so many seconds on average; 0 is never."""
        if every_s > 0.0:
            self._wait(every_s, happen)

    def _wait(self, every_s: float, happen: Callable[[], None]) -> None:
        def run() -> None:
            self._wait(every_s, happen)
            happen()

        self._street.later(self._dice.exponential(every_s), run)


