"""The loop on virtual time: failing logs, bugs, segments, clocks set back, restarts from the log."""

from itertools import pairwise
from typing import Any

import driver as street
import pytest
from driver import CLIENT, LOYAL, MS, START_AT, S, ask, picked
from live_world import OPENING, SlowWriter, World, quoting
from msgspec.structs import replace

from rfq.audit.chain import Chain
from rfq.audit.errors import LogBusy
from rfq.audit.log import AuditLog
from rfq.audit.writer import InlineWriter
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import decode_record
from rfq.domain.request import Side
from rfq.live.assembly import open_live
from rfq.live.loop import Live
from rfq.ops.schedule import VirtualSchedule


def test_a_writer_that_fails_stops_everything_and_is_told() -> None:
    world = World().begin()
    quoting(world)
    writer = world.writer
    assert isinstance(writer, SlowWriter)
    writer.failing = OSError("the disk is gone")
    world.run()
    assert world.failed == [writer.failing] and world.live.failure is writer.failing
    assert not world.left
    assert not world.request("later")
    count = len(world.seen)
    world.run(60_000)
    assert len(world.seen) == count and len(world.failed) == 1


def test_a_writer_without_room_stops_everything_too() -> None:
    world = World().begin()
    writer = world.writer
    assert isinstance(writer, SlowWriter)
    writer.full = True
    world.request()
    world.run()
    assert isinstance(world.live.failure, LogBusy) and not world.left


def test_a_slow_disk_holds_the_loop_back_instead_of_filling_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rfq.live.loop.WRITER_WAITING_MAX", 3)
    world = World().begin()
    for number in range(20):
        world.request(f"r{number}")
        world.run(durable=False)
    assert len(world.events(ev.RfqReceived)) == 4
    for _ in range(20):
        world.run(2)
    assert len(world.events(ev.RfqReceived)) == 20


def test_a_bug_outside_any_request_stops_the_loop() -> None:
    world = World().begin()
    world.live.desk.state.number += 7
    world.request()
    world.run()
    assert isinstance(world.live.failure, AssertionError) and world.failed


@pytest.mark.parametrize("kind", [ZeroDivisionError, TypeError, AttributeError, RuntimeError, OSError])
@pytest.mark.parametrize("place", ["market", "desk", "chain", "oracle"])
def test_a_fault_anywhere_in_handling_an_event_stops_the_loop(
    place: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise kind("broken")

    world = World()
    if place == "oracle":
        monkeypatch.setattr(world, "ask", broken)
        world.live = Live(
            desk=Desk("test"),
            chain=Chain(street.CHAIN),
            writer=world.writer,
            schedule=world.schedule,
            wire=world,
            market=world,
            oracle=world,
        )
    world.begin()
    if place != "oracle":
        owner, name = {
            "market": (world, "snapshot"),
            "desk": (Desk, "handle"),
            "chain": (Chain, "entry"),
        }[place]
        monkeypatch.setattr(owner, name, broken)
    world.request()
    world.run()
    assert type(world.live.failure) is kind
    assert not world.live.offer(ev.SessionUp(party=CLIENT)) and not world.left


def test_what_cannot_be_logged_stops_the_loop() -> None:
    world = World().begin()
    world.live.offer(ev.RfqCancelled(party=CLIENT, reference="x"), raw="\ud800")
    world.run()
    assert isinstance(world.live.failure, canon.CanonError)


def test_segments_are_cut_every_so_many_records() -> None:
    world = World(segment_records=10).begin()
    for number in range(20):
        world.request(f"r{number}", LOYAL)
        world.run(1_000)
    writer = world.writer
    assert isinstance(writer, SlowWriter)
    cuts = [entry.number for entry in writer.entries if entry.segment is not None]
    assert len(cuts) > 3
    assert [b - a for a, b in pairwise(cuts)] == [10] * (len(cuts) - 1)
    assert [entry.segment.segment for entry in writer.entries if entry.segment] == list(
        range(1, len(cuts) + 1)
    )


def test_the_end_cuts_a_segment_and_takes_nothing_more() -> None:
    world = World().begin()
    world.live.finish()
    world.live.finish()
    assert len(world.events(ev.SegmentOpened)) == 1 and world.live.finished
    assert not world.request()


class SteppedBack(VirtualSchedule):
    """A schedule whose clock somebody sets back."""

    __slots__ = ("back",)

    def __init__(self, start_at: int) -> None:
        super().__init__(start_at)
        self.back = 0

    def now(self) -> int:
        return super().now() - self.back

    def offset(self) -> tuple[int, int]:
        return (-self.back, 7)


def test_at_never_goes_back_when_the_clock_does() -> None:
    world = World()
    stepped = SteppedBack(START_AT)
    world.schedule = stepped
    world.live = Live(
        desk=Desk("test"),
        chain=Chain(street.CHAIN),
        writer=world.writer,
        schedule=stepped,
        wire=world,
        market=world,
        oracle=world,
    )
    stamps: list[ev.Stamped] = []
    world.live.observe(lambda stamped, _: stamps.append(stamped))
    world.live.begin(OPENING)
    for back in (0, 3 * S, 1 * S, 5 * S):
        stepped.back = back
        stepped.clock.advance(S // 2)
        world.live.offer(ev.SessionUp(party=CLIENT))
        stepped.run_until(stepped.clock.now())
    ats = [stamped.at for stamped in stamps]
    assert len(ats) == 5 and ats == sorted(ats)


def test_a_commit_that_takes_time_keeps_the_order() -> None:
    waits = iter([0] * 9 + [5 * MS, 1 * MS] + [MS] * 100)

    class Waits:
        def commit_ns(self) -> int:
            return next(waits)

    log = AuditLog.open(":memory:", writable=True)
    world = World(InlineWriter(log, batch=1), delays=Waits()).begin()
    reason = Reason(code=Code.USER)
    for reference in ("first", "second"):
        world.live.offer(ev.MessageUnreadable(party=CLIENT, kind="rfq", reference=reference, reason=reason))
    world.run()
    assert not world.left
    world.run(20)
    assert [effect.reference for effect in world.left] == ["first", "second"]


def test_a_restart_from_the_log_deals_with_what_was_not_sent() -> None:
    log = AuditLog.open(":memory:", writable=True)
    first = World(InlineWriter(log, batch=1))

    def ports(world: World) -> dict[str, Any]:
        return {
            "writer": InlineWriter(log, batch=1),
            "schedule": world.schedule,
            "wire": world,
            "market": world,
            "oracle": world,
        }

    first.live = open_live(log, OPENING, **ports(first))
    first.live.observe(lambda stamped, effects: first.seen.append((stamped, effects)))
    first.live.offer(ev.SessionUp(party=LOYAL))
    first.request("r1", LOYAL)
    first.run()
    first.answer()

    def unplugged(effect: Any) -> None:
        raise SystemExit

    first.reach = unplugged
    with pytest.raises(SystemExit):
        first.run()
    made = next(effect for _, effects in first.seen for effect in picked(effects, fx.SendQuote))
    second = World(InlineWriter(log, batch=1))
    later = replace(OPENING, build="test", policy=street.policy(panel_size=2))
    second.live = open_live(log, later, **ports(second))
    assert second.live.desk.state.killed is False
    second.run()
    withdrawn = picked(second.left, fx.WithdrawQuote)
    assert [one.quote for one in withdrawn] == [made.quote.id]
    assert not picked(second.left, fx.SendQuote)
    assert second.live.desk.state.policy.panel_size == 2
    second.run(40_000)
    assert not second.live.desk.state.cards, "its timers were set again"
    assert second.schedule.now() > START_AT
    assert decode_record(next(iter(log.records(1, 1))).body).event == OPENING
    assert ask(Side.BUY).side is Side.BUY
