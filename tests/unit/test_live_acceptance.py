"""The joint rule of the log and a wire's journal: whoever brought an event is told when its record is durable, and what
a journal knows to have been sent is not said again after a restart."""

from typing import Any

import driver as street
import pytest
from driver import CLIENT, picked
from live_world import OPENING, SlowWriter, World, quoting

from rfq.audit.log import AuditLog
from rfq.audit.replay import replay
from rfq.audit.writer import InlineWriter
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.record import decode_record
from rfq.domain.request import Side
from rfq.live.assembly import open_live
from rfq.live.loop import Live
from rfq.ops.schedule import VirtualSchedule
from rfq.wire.departures import effect_id, parse_effect_id


def offer(world: World, reference: str, told: list[Any]) -> bool:
    event = ev.RfqReceived(party=CLIENT, reference=reference, ask=street.ask())
    return world.live.offer(event, accepted=lambda recorded: told.append((reference, recorded)))


def test_whoever_brought_an_event_is_told_when_it_is_durable_and_not_before() -> None:
    world, told = World().begin(), []  # type: ignore[var-annotated]
    assert offer(world, "a", told) and offer(world, "b", told)
    world.run(durable=False)
    assert len(world.events(ev.RfqReceived)) == 2 and not told
    assert not world.live.idle
    writer = world.writer
    assert isinstance(writer, SlowWriter)
    writer.settle(1)
    world.run(durable=False)
    assert told == [("a", True)]
    world.run()
    assert told == [("a", True), ("b", True)]


def test_it_is_told_before_anything_that_follows_leaves() -> None:
    world = World().begin()
    quoting(world)
    world.run()
    quote = world.left[-1].quote
    order: list[str] = []
    world.reach = lambda effect: order.append(type(effect).__name__)
    event = ev.AcceptReceived(
        party=CLIENT, quote=quote.id, reference="x", side=Side.BUY, amount=quote.offer_amount
    )
    world.live.offer(event, accepted=lambda recorded: order.append("accepted"))
    world.run()
    assert order == ["accepted", "ConfirmFill"]


def test_a_log_that_fails_accepts_nothing() -> None:
    world, told = World().begin(), []  # type: ignore[var-annotated]
    offer(world, "a", told)
    writer = world.writer
    assert isinstance(writer, SlowWriter)
    writer.failing = OSError("the disk is gone")
    world.run()
    assert world.failed and not told
    offer(world, "b", told)
    world.run()
    assert not told


def test_a_declined_request_is_accepted_with_the_record_of_its_refusal() -> None:
    world, told = World(inbox_new_max=1).begin(), []  # type: ignore[var-annotated]
    assert offer(world, "a", told) and not offer(world, "b", told) and not offer(world, "c", told)
    assert not told
    world.run()
    assert sorted(told) == [("a", True), ("b", True), ("c", True)]
    assert {effect.reference for effect in world.left if isinstance(effect, fx.RefuseRfq)} == {"b", "c"}


def test_what_is_turned_away_without_a_record_is_told_at_once() -> None:
    world, told = World(inbox_new_max=1, inbox_reserved=0).begin(), []  # type: ignore[var-annotated]
    assert offer(world, "a", told)
    cancel = ev.RfqCancelled(party=CLIENT, reference="a")
    assert not world.live.offer(cancel, accepted=lambda recorded: told.append(("cancel", recorded)))
    assert told == [("cancel", False)]
    assert not offer(world, "b", told) and not offer(world, "c", told)
    assert told == [("cancel", False), ("c", False)], "the list of the declined is bounded too"


def test_followers_hear_of_each_effect_once_its_record_is_durable() -> None:
    world = World().begin()
    heard: list[tuple[int, int, Any]] = []
    world.live.follow(fx.Closed, lambda number, index, effect: heard.append((number, index, effect)))
    world.request()
    world.run()
    world.live.offer(ev.RfqCancelled(party=CLIENT, reference="r1"))
    world.run(durable=False)
    assert not heard
    world.run()
    ((number, index, effect),) = heard
    (found,) = [made for stamped, made in world.seen if stamped.number == number]
    assert found[index] is effect


def test_each_effect_carries_its_id_to_the_wire() -> None:
    world = World().begin()
    made = quoting(world)
    world.run()
    ((number, index),) = [
        (stamped.number, place)
        for stamped, effects in world.seen
        for place, effect in enumerate(effects)
        if effect is made
    ]
    assert world.tags == [effect_id(street.CHAIN, number, index)]
    assert parse_effect_id(world.tags[0]) == (street.CHAIN, number, index)


@pytest.mark.parametrize("text", ["", "a:1", "a:1:2:3", "a:x:1", "a:1:-1", "a:\u0661\u00b2:1"])
def test_other_tags_are_no_ids(text: str) -> None:
    assert parse_effect_id(text) is None


def stop_in_the_middle(log: AuditLog) -> list[tuple[int, int, fx.Outward]]:
    """A fill of which no fate is recorded."""
    writer = InlineWriter(log, batch=1)
    world = World(writer=writer).begin()
    quoting(world)
    world.run()
    quote = world.left[-1].quote
    event = ev.AcceptReceived(
        party=CLIENT, quote=quote.id, reference="x", side=Side.BUY, amount=quote.offer_amount
    )
    number = world.live.chain.next_number
    world.live._process(event, world.schedule.now())
    (confirmed,) = picked(world.seen[-1][1], fx.ConfirmFill)
    index = world.seen[-1][1].index(confirmed)
    return [(number, index, confirmed)]


def start_again(log: AuditLog, world: World, marks: list[ev.SentMark]) -> Live:
    return open_live(
        log,
        OPENING,
        journals=lambda: marks,
        writer=InlineWriter(log, batch=1),
        schedule=VirtualSchedule(street.START_AT + 10**12),
        wire=world,
        market=world,
        oracle=world,
    )


@pytest.mark.parametrize("journal_knows", [False, True])
def test_what_the_journal_knows_to_be_sent_is_not_said_again(journal_knows: bool) -> None:
    with AuditLog.open(":memory:", writable=True, fsync=False) as log:
        ((number, index, confirmed),) = stop_in_the_middle(log)
        world = World(writer=InlineWriter(log, batch=1))
        mark = ev.SentMark(number=number, index=index, at=street.START_AT, raw="ab" * 32)
        other = ev.SentMark(number=999, index=0, at=street.START_AT, raw="cd" * 32)
        before = log.head().number
        live = start_again(log, world, [other, mark] if journal_knows else [other])
        live._writer.close()
        records = [one for one in _records(log) if one.number > before]
        kinds = [type(one.event) for one in records]
        again = [e for one in records for e in one.effects if isinstance(e, fx.ConfirmFill)]
        if journal_knows:
            assert kinds[:2] == [ev.Sent, ev.Started]
            assert records[0].event.marks == (mark,)
            assert not records[1].event.unsent and not again
        else:
            assert kinds[0] is ev.Started
            assert [(one.number, one.index) for one in records[0].event.unsent] == [(number, index)]
            assert [one.again for one in again] == [True] and again[0].fill == confirmed.fill
        assert replay(log, build="test").ok


def _records(log: AuditLog) -> list[Any]:
    return [decode_record(row.body) for row in log.records()]
