"""A desk behind a real FIX acceptor on loopback, in this process, with a market that stands still; and counterparties
that call it with typed messages.

    async with desk_on_wire(tmp_path, session("ALPHA", party="alpha")) as desk:
        async with calling(desk, "ALPHA") as alpha:
            alpha.say(QuoteRequest(...))
            quote = await alpha.hear(Quote)

`desk.port` is where it listens; scripts may connect there with bytes of their own. CompIDs are DESK (ours) and the name
of the session. Everything that is configured is configured as in a settings file.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from fix_links import Lines
from msgspec.structs import replace

from benchmarks import lives
from benchmarks.lives import OPERATOR, OUTRIGHT, PERPETUAL
from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dialect import configured as speaking
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore, Store
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Backoff, Initiator, Place
from pricing.market import MarketSnapshot
from pricing.structures import Leg, Structure
from rfq.audit.log import AuditLog
from rfq.audit.writer import GroupWriter, Writer
from rfq.desk.response import fall_back
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import ChainId
from rfq.domain.parties import Party
from rfq.domain.policy import Policy
from rfq.live.assembly import open_live
from rfq.live.fix_side import FixSide
from rfq.live.loop import Live
from rfq.ops.clock import SystemClock
from rfq.ops.fix_sections import Fix
from rfq.ops.schedule import RealSchedule

T = TypeVar("T")
S = 1_000_000_000
PATIENCE_S = 15.0
CHAIN = ChainId("wire")
DAY = 86_400 * S
EXPIRY_AT = (SystemClock().now() // DAY + 200) * DAY
LOW = replace(lives.LOW, name="BTC-LOW-C", expiry_at=EXPIRY_AT)
HIGH = replace(lives.HIGH, name="BTC-HIGH-C", expiry_at=EXPIRY_AT)
"""Options that expire in 200 days, whenever the test runs."""
INSTRUMENTS = (PERPETUAL, LOW, HIGH)
SPREAD = Structure(
    legs=(Leg(instrument=LOW.name, ratio=Decimal(1)), Leg(instrument=HIGH.name, ratio=Decimal(-1)))
)
__all__ = (
    "HIGH",
    "LOW",
    "OUTRIGHT",
    "PERPETUAL",
    "SPREAD",
    "Caller",
    "WireDesk",
    "calling",
    "desk_on_wire",
    "session",
)


def session(name: str, **more: Any) -> dict[str, Any]:
    """A session as the settings have it; the peer's CompID is its name."""
    return {"name": name, "peer_comp_id": name, **more}


def market(at: int) -> MarketSnapshot:
    """60,000, whatever happens."""
    return lives.market(at, 60_000.0, EXPIRY_AT)


class World:
    """The market and the oracle of a wire desk: prices stand still, estimates come at once."""

    def __init__(self, clock: SystemClock) -> None:
        self.clock = clock
        self.offer: Callable[[ev.Event], object] = lambda event: None
        self.blind = False

    def snapshot(self, underlying: str) -> tuple[MarketSnapshot, str, bytes] | None:
        if self.blind:
            return None
        now = self.clock.now()
        found = market(now - now % S)
        raw = canon.encode(found)
        return found, canon.digest(raw), raw

    def watch(self, underlying: str, move_bps: float) -> None:
        """Prices stand still."""

    def unwatch(self, underlying: str) -> None:
        """Prices stand still."""

    def ask(self, effect: fx.Estimate) -> None:
        self.offer(ev.Estimated(rfq=effect.rfq, model="fixed", estimates=fall_back(effect.row)))


@dataclass
class WireDesk:
    """What runs."""

    fix: Fix
    live: Live
    side: FixSide
    world: World
    lines: Lines
    path: Path
    port: int
    seen: list[tuple[ev.Stamped, tuple[fx.Effect, ...]]] = field(default_factory=list)

    def events(self, kind: type[T]) -> list[T]:
        """Every event of a kind that the desk has handled."""
        return [stamped.event for stamped, _ in self.seen if type(stamped.event) is kind]

    def effects(self, kind: type[T]) -> list[T]:
        """Every effect of a kind that it returned."""
        return [effect for _, effects in self.seen for effect in effects if type(effect) is kind]

    def need(self, reference: str, *, spread: bool = False, **more: Any) -> None:
        """One of our people wants something done."""
        structure, amount = (SPREAD, Decimal(25)) if spread else (OUTRIGHT, Decimal(100_000))
        terms = {"structure": structure, "amount": amount, "side": ev.Side.BUY, **more}
        self.live.offer(ev.NeedPosted(party=OPERATOR, reference=reference, ask=ev.Ask(**terms)))

    async def until(self, true: Callable[[], object], what: str = "it") -> None:
        """Wait for something that the desk brings about."""
        for _ in range(int(PATIENCE_S / 0.002)):
            if true():
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"never: {what}; {self.lines.told[-5:]}")


@asynccontextmanager
async def desk_on_wire(
    folder: Path,
    *sessions: dict[str, Any],
    policy: Policy | None = None,
    writer: Callable[[AuditLog, SystemClock], Writer] | None = None,
    env: dict[str, str] | None = None,
    live: dict[str, Any] | None = None,
    stop: bool = True,
    **fix: Any,
) -> AsyncIterator[WireDesk]:
    """A desk with these sessions. Its log and journals are in `folder`, so that another one can go on from there;
    `stop=False` leaves it as a crash would (what is not on the disk is lost with the process)."""
    configured = {"enabled": True, "port": 0, "journal_folder": folder / "fix", "sessions": sessions, **fix}
    found = Fix.model_validate(configured)
    path = folder / "wire.db"
    log = AuditLog.open(path, writable=True, fsync=False)
    clock = SystemClock()
    made = writer(log, clock) if writer is not None else GroupWriter(log, clock.now)
    schedule = RealSchedule(asyncio.get_running_loop(), clock)
    world, lines = World(clock), Lines()
    side = FixSide(found, CHAIN, path, clock.now, lines, env or {})
    opening = ev.ChainOpened(
        chain=CHAIN,
        build="wire",
        policy=policy or lives.policy(),
        instruments=INSTRUMENTS,
        parties=(Party(id=OPERATOR, may_operate=True), *side.parties),
    )
    running = open_live(
        log,
        opening,
        journals=side.sent,
        writer=made,
        schedule=schedule,
        wire=side.counter,
        market=world,
        oracle=world,
        **(live or {}),
    )
    world.offer = running.offer
    side.attach(running)
    desk = WireDesk(found, running, side, world, lines, path, 0)
    running.observe(lambda stamped, effects: desk.seen.append((stamped, effects)))
    desk.port = await side.open()
    try:
        yield desk
    finally:
        running.close_door()
        if stop:
            await desk.until(lambda: running.idle or running.failure, "the loop is idle")
            running.finish()
        await side.close()
        made.close()
        side.shut()
        log.close()


class Caller:
    """A counterparty: what it hears, and what it says."""

    def __init__(self, desk: WireDesk, name: str, store: Store | None = None, **changes: Any) -> None:
        one = next(one for one in desk.fix.sessions if one.name == name)
        self.dialect = one.speaks if not changes.get("dialect") else speaking(changes.pop("dialect"))
        settings: dict[str, Any] = {
            "name": f"caller-{name}",
            "begin": self.dialect.begin,
            "appl": self.dialect.appl,
            "sender": one.peer_comp_id,
            "target": desk.fix.comp_id,
            "initiator": True,
            "replay": None,
            **changes,
        }
        decoder = Decoder(self.dialect.dictionary, user_defined=self.dialect.user_defined)
        self.session = Session(SessionSettings(**settings), store or MemoryStore(), decoder)
        self.link = Link(self.session, self, desk.world.clock.now, Lines())
        place = Place(addresses=(("127.0.0.1", desk.port),), backoff=Backoff(first_s=0.01, most_s=0.01))
        self.initiator = Initiator(self.link, place, desk.world.clock.now, Lines())
        self.raw: list[Decoded] = []
        self.heard: list[Any] = []
        self._desk = desk

    def on_up(self, link: Link) -> None:
        """Nothing to do."""

    def on_down(self, link: Link, reason: str) -> None:
        """Nothing to do."""

    def on_message(self, link: Link, message: Decoded) -> bool:
        self.raw.append(message)
        self.heard.append(self.dialect.speech.read(message))
        return True

    def say(self, message: Any, *, again: bool = False, header: bytes = b"") -> None:
        """Send it now."""
        msg_type, body = self.dialect.speech.write(message)
        self.link.send(msg_type, body, again=again, header=header)

    async def hear(self, kind: type[T], count: int = 1) -> T:
        """The `count`-th message of a kind, once it is there."""
        await self._desk.until(lambda: len(self.of(kind)) >= count, f"{kind.__name__} {count}; {self.heard}")
        return self.of(kind)[count - 1]

    def of(self, kind: type[T]) -> list[T]:
        """Every message of a kind that was heard."""
        return [one for one in self.heard if type(one) is kind]

    async def settled(self) -> None:
        """All that was said before has been handled: a question after it has its answer."""
        count = len(self.raw)
        self.link.send("AH", b"644=sync\x01146=1\x0155=X\x01")
        await self._desk.until(lambda: any(one.msg_type == "j" for one in self.raw[count:]), "an answer")


@asynccontextmanager
async def calling(
    desk: WireDesk, name: str, store: Store | None = None, **changes: Any
) -> AsyncIterator[Caller]:
    """A counterparty that is logged on, and known to be so by the desk."""
    caller = Caller(desk, name, store, **changes)
    caller.initiator.open()
    try:
        await desk.until(lambda: caller.link.is_up, f"{name} is logged on")
        yield caller
    finally:
        await caller.initiator.close(drain_s=1.0)
