"""A loop on virtual time with ports of a few lines each."""

from collections.abc import Callable
from typing import Any

import driver as street
from driver import CLIENT, MS, START_AT, ask, market, picked

from pricing.market import MarketSnapshot
from rfq.audit.chain import Chain, Entry
from rfq.audit.errors import LogBusy
from rfq.audit.writer import Done, Writer
from rfq.desk.engine import Desk
from rfq.desk.response import fall_back
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId
from rfq.live.loop import Live
from rfq.ops.schedule import VirtualSchedule

OPENING = ev.ChainOpened(
    chain=street.CHAIN,
    build="test",
    policy=street.POLICY,
    instruments=street.INSTRUMENTS,
    parties=street.PARTIES,
)


class SlowWriter:
    """Says that a record is durable when it is told to; stores in a list."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._dones: list[Done] = []
        self.failing: Exception | None = None
        self.full = False

    @property
    def waiting(self) -> int:
        return len(self._dones)

    def submit(self, entry: Entry, done: Done) -> None:
        if self.full:
            raise LogBusy("full")
        self.entries.append(entry)
        self._dones.append(done)

    def settle(self, count: int | None = None) -> None:
        """The oldest `count` records (all by default) are durable now, or never will be."""
        some, self._dones = self._dones[:count], self._dones[len(self._dones[:count]) :]
        for done in some:
            done(self.failing)

    def close(self) -> None:
        self.settle()


class World:
    """A loop and its ports. `reach` says what a wire does with an effect."""

    def __init__(self, writer: Writer | None = None, desk: Desk | None = None, **more: Any) -> None:
        self.schedule = VirtualSchedule(START_AT)
        self.writer = writer or SlowWriter()
        self.left: list[Any] = []
        self.tags: list[str] = []
        self.asked: list[fx.Estimate] = []
        self.watching: dict[str, float] = {}
        self.failed: list[Exception] = []
        self.seen: list[tuple[ev.Stamped, tuple[fx.Effect, ...]]] = []
        self.reach: Callable[[Any], None] = lambda effect: None
        self.blind = False
        self.live = Live(
            desk=desk or Desk("test"),
            chain=Chain(street.CHAIN),
            writer=self.writer,
            schedule=self.schedule,
            wire=self,
            market=self,
            oracle=self,
            on_failure=self.failed.append,
            **more,
        )
        self.live.observe(lambda stamped, effects: self.seen.append((stamped, effects)))

    def begin(self) -> "World":
        """A new chain with everybody connected, all durable."""
        self.live.begin(OPENING)
        for party in street.PARTIES:
            self.live.offer(ev.SessionUp(party=party.id))
        self.run()
        return self

    def run(self, ms: int = 0, durable: bool = True) -> None:
        """Let virtual time pass; records become durable as they come, unless told otherwise."""
        end = self.schedule.now() + ms * MS
        for _ in range(50):
            self.schedule.run_until(end)
            if not durable or not isinstance(self.writer, SlowWriter) or not self.writer.waiting:
                return
            self.writer.settle()

    # the ports

    def send(self, effect: fx.Outward, tag: str) -> str:
        self.reach(effect)
        self.left.append(effect)
        self.tags.append(tag)
        return "ab" * 32

    def snapshot(self, underlying: str) -> tuple[MarketSnapshot, str, bytes] | None:
        if self.blind:
            return None
        shown = market(self.schedule.now())
        body = canon.encode(shown)
        return shown, canon.digest(body), body

    def watch(self, underlying: str, move_bps: float) -> None:
        self.watching[underlying] = move_bps

    def unwatch(self, underlying: str) -> None:
        self.watching.pop(underlying, None)

    def ask(self, effect: fx.Estimate) -> None:
        self.asked.append(effect)

    # shortcuts

    def request(self, reference: str = "r1", party: PartyId = CLIENT) -> bool:
        return self.live.offer(ev.RfqReceived(party=party, reference=reference, ask=ask()))

    def answer(self) -> None:
        asked = self.asked[-1]
        self.live.offer(ev.Estimated(rfq=asked.rfq, model="m", estimates=fall_back(asked.row)))

    def events(self, kind: type[Any]) -> list[Any]:
        return [stamped.event for stamped, _ in self.seen if type(stamped.event) is kind]


def quoting(world: World) -> fx.SendQuote:
    """A price decided on but not yet durable."""
    world.request()
    world.run()
    world.answer()
    world.run(durable=False)
    (made,) = (effect for _, effects in world.seen for effect in picked(effects, fx.SendQuote))
    return made
