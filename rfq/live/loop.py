"""The loop: inbox -> stamp -> desk -> record -> effects. Everything runs on the schedule's one thread.

Inward effects run at once. Outward effects wait in the outbox until their record is durable; the desk does not wait
for the disk. Whoever brought an event is told when it is durable, before anything that follows from it leaves; whoever
follows effects of a kind (drop copies do) is told of each after that. If the log fails, nothing that waits is sent, the
loop stops taking events, and `on_failure` is told: the desk is then thrown away and rebuilt from the log.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from rfq.audit.chain import Chain
from rfq.audit.errors import LogError
from rfq.audit.writer import Done, Failpoint, Writer, no_failpoint
from rfq.desk.engine import Desk, underlying_of
from rfq.domain.checkers import CanonError
from rfq.domain.effects import Effect, Estimate, KillSet, SetTimer, Unwatch, Watch, outward_of
from rfq.domain.events import (
    NEEDS_MARKET,
    ChainOpened,
    Event,
    KillPressed,
    SegmentOpened,
    Stamped,
    Started,
    TimerFired,
)
from rfq.domain.ids import RfqId
from rfq.live.inbox import Accepted, Inbox
from rfq.live.outbox import Outbox
from rfq.live.ports import Delays, Market, NoDelays, Oracle, Wire
from rfq.ops.schedule import Schedule

Observer = Callable[[Stamped, tuple[Effect, ...]], None]
Follower = Callable[[int, int, Any], None]
"""Told the number of the record, the index in it, and the effect."""

PUMP_MAX = 64
WRITER_WAITING_MAX = 10_000
BACKOFF_NS = 1_000_000
OFFSET_EVERY_NS = 1_000_000_000
BROKEN = (
    *(LogError, CanonError, sqlite3.Error, OSError, MemoryError),
    *(ArithmeticError, AssertionError, AttributeError, BufferError, LookupError),
    *(NameError, RuntimeError, TypeError, ValueError, msgspec.MsgspecError),
)
"""What a bug or a failing log raises: the loop stops at any of them."""


class Live:
    """One desk at work. Build it, `begin` with ChainOpened or Started, then `offer` what happens."""

    def __init__(
        self,
        *,
        desk: Desk,
        chain: Chain,
        writer: Writer,
        schedule: Schedule,
        wire: Wire,
        market: Market,
        oracle: Oracle,
        delays: Delays | None = None,
        segment_records: int = 10_000,
        segment: int = 0,
        segment_number: int = 1,
        inbox_new_max: int = 1_000,
        inbox_reserved: int = 10_000,
        on_failure: Callable[[Exception], None] | None = None,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        """`segment` and `segment_number` (its first record) are those of the log that is continued. Crash tests put
        their own `failpoint`: decided, submitted, before-send, after-send."""
        self.desk = desk
        self.chain = chain
        self.failure: Exception | None = None
        self.finished = False
        self._writer = writer
        self._schedule = schedule
        self._market = market
        self._delays: Delays = delays or NoDelays()
        self._inbox = Inbox(inbox_new_max, inbox_reserved)
        self._outbox = Outbox(wire, chain.chain_id, failpoint)
        self._failpoint = failpoint
        self._inward: dict[type, Callable[[Any], None]] = {
            SetTimer: self._set_timer,
            Estimate: oracle.ask,
            Watch: self._watch,
            Unwatch: self._unwatch,
            KillSet: self._set_killed,
        }
        self._timers: dict[RfqId, int] = {}
        self._observers: list[Observer] = []
        self._followers: dict[type, Follower] = {}
        self._accepting: deque[tuple[int, Accepted]] = deque()
        self._following: deque[tuple[int, int, Effect]] = deque()
        self._on_failure = on_failure
        self._segment_records = max(2, segment_records)
        self._segment = segment
        self._segment_number = segment_number
        self._pumping = False
        self._last_at = 0
        self._offset = (0, 0)
        self._offset_at = 0
        self._durable = 0
        self._durable_at = 0
        self._releasing = False

    # --- what the world calls ----------------------------------------------------------------------------------

    def observe(self, observer: Observer) -> None:
        """Call `observer(stamped, effects)` after each event, in order."""
        self._observers.append(observer)

    def follow(self, kind: type, follower: Follower) -> None:
        """Call `follower(number, index, effect)` for each effect of this kind once its record is durable."""
        self._followers[kind] = follower

    def begin(self, first: ChainOpened | Started, before: Event | None = None) -> None:
        """The first event of this process; handled at once, before anything that was offered. `before` is what is known
        of the last process, and is told first."""
        if type(first) is Started:
            self._last_at = self.desk.state.at
            self._outbox.killed = self.desk.state.killed
        if before is not None:
            self._process(before, self._schedule.now())
        self._process(first, self._schedule.now())

    def offer(
        self,
        event: Event,
        received_at: int | None = None,
        raw: str = "",
        accepted: Accepted | None = None,
    ) -> bool:
        """Put an event in the inbox; False if it was turned away. `received_at` is when its bytes were read, `raw`
        their hash. `accepted` is told when nobody else need keep it: see `inbox.Accepted`."""
        if self.finished or self.failure is not None:
            return False
        if type(event) is KillPressed:
            self._outbox.killed = True
        now = self._schedule.now()
        taken = self._inbox.put(event, now if received_at is None else received_at, raw, accepted)
        if not self._pumping:
            self._pumping = True
            self._schedule.call_at(now, self._pump)
        return taken

    def close_door(self) -> None:
        """Take no new requests: from now on each is declined, with a Reason, in the log."""
        self._inbox.close()

    def finish(self) -> None:
        """Stop taking events, and cut a segment: the next start then reads a state instead of replaying events."""
        if not self._stopped:
            self._cut()
            self.finished = True

    @property
    def _stopped(self) -> bool:
        return self.finished or self.failure is not None

    @property
    def idle(self) -> bool:
        """True if nothing waits: no event, no record, no effect."""
        waiting = len(self._inbox) or len(self._outbox) or self._accepting or self._following
        return not waiting

    # --- the loop ----------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Handle what waits, at most a batch at a time, so that others get their turn."""
        self._pumping = False
        if self._stopped:
            return
        if self._writer.waiting > WRITER_WAITING_MAX:
            self._pumping = True
            self._schedule.call_at(self._schedule.now() + BACKOFF_NS, self._pump)
            return
        take, now = self._inbox.take, self._schedule.now
        for _ in range(PUMP_MAX):
            found = take(now())
            if found is None:
                return
            if self.chain.next_number - self._segment_number >= self._segment_records:
                self._cut()
                if self.failure is not None:
                    return
            self._process(*found)
            if self.finished or self.failure is not None:
                return
        if len(self._inbox) and not self._pumping:
            self._pumping = True
            self._schedule.call_at(now(), self._pump)

    def _cut(self) -> None:
        """Begin a new segment: the desk's state goes beside its first record."""
        self._segment += 1
        self._segment_number = self.chain.next_number
        self._process(SegmentOpened(segment=self._segment), self._schedule.now())

    def _process(
        self, event: Event, received_at: int, raw: str = "", accepted: Accepted | None = None
    ) -> None:
        """Stamp, handle, record, run."""
        try:
            image = self.desk.image() if type(event) is SegmentOpened else None
            stamped, snapshot = self._stamp(event, received_at, raw)
            effects = self.desk.handle(stamped)
            self._failpoint("decided")
            entry = self.chain.entry(stamped, effects, snapshot=snapshot, image=image)
            self._writer.submit(entry, self._plan(stamped.number, effects, accepted))
            self._failpoint("submitted")
            inward = self._inward
            for effect in effects:
                run = inward.get(type(effect))
                if run is not None:
                    run(effect)
        except BROKEN as error:
            self._fail(error)  # a bug outside any one Rfq, or the log: nothing after it could be trusted
            return
        for observer in self._observers:
            observer(stamped, effects)

    def _plan(self, number: int, effects: tuple[Effect, ...], accepted: Accepted | None) -> Done:
        """Put aside what is to happen once this record is durable; returns who must be told so."""
        outward = outward_of(effects)
        if outward:
            self._outbox.put(number, outward)
        if accepted is not None:
            self._accepting.append((number, accepted))
        followed = False
        if self._followers:
            for index, effect in enumerate(effects):
                if type(effect) in self._followers:
                    self._following.append((number, index, effect))
                    followed = True
        if outward or followed or accepted is not None:
            return partial(self._durably, number)
        return self._stored

    def _stamp(self, event: Event, received_at: int, raw: str) -> tuple[Stamped, bytes | None]:
        """Number and stamp an event, and attach the market if it needs it; `at` never goes back."""
        now = self._schedule.now()
        at = self._last_at = now if now > self._last_at else self._last_at
        if now - self._offset_at >= OFFSET_EVERY_NS:
            self._offset, self._offset_at = self._schedule.offset(), now
        underlying = underlying_of(self.desk, event) if type(event) in NEEDS_MARKET else ""
        found = self._market.snapshot(underlying) if underlying else None
        market, market_hash, body = found if found is not None else (None, "", None)
        stamped = Stamped(
            number=self.chain.next_number,
            at=at,
            received_at=received_at,
            event=event,
            raw=raw,
            offset_ns=self._offset[0],
            error_ns=self._offset[1],
            market=market,
            market_hash=market_hash,
        )
        return stamped, body

    def _set_timer(self, effect: SetTimer) -> None:
        """One wake per Rfq: a later call replaces it."""
        rfq, at = effect.rfq, effect.at
        if not at:
            self._timers.pop(rfq, None)
            return
        self._timers[rfq] = at
        self._schedule.call_at(at, partial(self._fire, rfq, at))

    def _watch(self, effect: Watch) -> None:
        self._market.watch(effect.underlying, float(effect.move_bps))

    def _unwatch(self, effect: Unwatch) -> None:
        self._market.unwatch(effect.underlying)

    def _set_killed(self, effect: KillSet) -> None:
        self._outbox.killed = effect.on

    def _fire(self, rfq: RfqId, at: int) -> None:
        if self._timers.get(rfq) == at:
            del self._timers[rfq]
            self.offer(TimerFired(rfq=rfq))

    # --- durable, then sent ------------------------------------------------------------------------------------

    def _stored(self, error: Exception | None) -> None:
        """The log's word on a record that nobody waits for; may come from the writer's thread."""
        if error is not None:
            self._schedule.call_soon_from_thread(partial(self._fail, error))
        else:
            self._delays.commit_ns()

    def _durably(self, number: int, error: Exception | None) -> None:
        """The log's word on a record with consequences; may come from the writer's thread, in order."""
        if error is not None:
            self._schedule.call_soon_from_thread(partial(self._fail, error))
            return
        delay = self._delays.commit_ns()
        if delay:
            self._durable_at = max(self._durable_at, self._schedule.now() + delay)
            self._schedule.call_at(self._durable_at, partial(self._release, number))
            return
        self._durable = number
        if not self._releasing:
            self._releasing = True
            self._schedule.call_soon_from_thread(self._release_durable)

    def _release_durable(self) -> None:
        self._releasing = False
        self._release(self._durable)

    def _release(self, durable: int) -> None:
        """Tell who waits, and send what may be sent now; what became of it comes back as events."""
        if self.failure is not None:
            return
        while self._accepting and self._accepting[0][0] <= durable:
            self._accepting.popleft()[1](True)
        if self.finished:
            return
        for fate in self._outbox.release(durable, self._schedule.now()):
            self.offer(fate)
        while self._following and self._following[0][0] <= durable:
            number, index, effect = self._following.popleft()
            self._followers[type(effect)](number, index, effect)

    def _fail(self, error: Exception) -> None:
        """The log cannot be written: stop here; nothing that waits is sent."""
        if self.failure is None:
            self.failure = error
            self._outbox.drop()
            self._accepting.clear()
            self._following.clear()
            if self._on_failure is not None:
                self._on_failure(error)
