"""The loop on virtual time: what leaves, when, and what never does."""

from decimal import Decimal
from typing import Any

import driver as street
import pytest
from driver import CLIENT, LOYAL, OPERATOR, picked
from live_world import SlowWriter, World, quoting

from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import AcceptId, QuoteId
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import decode_record
from rfq.domain.request import Side
from rfq.wire.departures import Unreachable


def test_nothing_leaves_before_its_record_is_durable() -> None:
    world = World().begin()
    made = quoting(world)
    assert not world.left and not world.live.idle
    assert world.watching == {"BTC": 2.0}, "inward effects do not wait for the disk"
    world.writer.settle()  # type: ignore[attr-defined]
    assert not world.left, "and it leaves on the loop's thread"
    world.run()
    assert world.left == [made]
    assert world.events(ev.Sent)[0].marks[0].at == world.schedule.now()
    assert not world.live.desk.state.pending and world.live.idle


def test_each_effect_that_leaves_has_its_record_before_it() -> None:
    world = World().begin()
    durable: list[int] = []
    writer = world.writer
    assert isinstance(writer, SlowWriter)

    def look(effect: Any) -> None:
        found = [
            entry.number
            for entry in writer.entries[: len(writer.entries) - writer.waiting]
            if effect in decode_record(entry.body).effects
        ]
        assert found, effect
        durable.append(found[0])

    world.reach = look
    for number in range(5):
        world.request(f"r{number}")
    world.run(60)
    assert len(durable) == 5 and durable == sorted(durable)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("late", Code.TOO_LATE),
        ("killed", Code.KILLED),
        ("unreachable", Code.SESSION_DOWN),
        ("broken", Code.FAULT),
    ],
)
def test_what_does_not_leave_says_why(trouble: str, code: Code) -> None:
    world = World().begin()
    quoting(world)

    def reach(effect: Any) -> None:
        if trouble == "unreachable":
            raise Unreachable("nobody there")
        if trouble == "broken":
            raise OSError("a broken pipe")

    if type(world.left) is list and trouble in ("unreachable", "broken"):
        world.reach = reach
    if trouble == "late":
        world.run(5_000, durable=False)
    if trouble == "killed":
        world.live.offer(ev.KillPressed(by=OPERATOR))
    world.run()
    assert not picked(world.left, fx.SendQuote)
    reasons = [event.reason.code for event in world.events(ev.NotSent)]
    assert reasons and reasons[0] is code


def test_one_effect_that_fails_does_not_keep_the_others_back() -> None:
    world = World().begin()

    def reach(effect: Any) -> None:
        if effect.to == CLIENT:
            raise Unreachable("gone")

    world.reach = reach
    world.live.offer(ev.InboxOverflowed(requests=((CLIENT, "a"), (LOYAL, "b"))))
    world.run()
    assert [effect.to for effect in world.left] == [LOYAL]
    assert (len(world.events(ev.NotSent)), len(world.events(ev.Sent))) == (1, 1)


def test_the_kill_switch_overtakes_everything() -> None:
    world = World().begin()
    quoting(world)
    for number in range(5):
        world.request(f"later{number}")
    world.live.offer(ev.KillPressed(by=OPERATOR))
    before = len(world.seen)
    world.run()
    assert type(world.seen[before][0].event) is ev.KillPressed
    assert not picked(world.left, fx.SendQuote)
    refused = [one.reason.code for one in picked(world.left, fx.RefuseRfq)]
    assert refused.count(Code.KILLED) >= 5


def test_armed_again_prices_leave_again() -> None:
    world = World().begin()
    world.live.offer(ev.KillPressed(by=OPERATOR))
    world.live.offer(ev.ArmAsked(by=OPERATOR))
    world.live.offer(ev.ArmAsked(by=street.SECOND))
    world.run()
    quoting(world)
    world.run()
    assert picked(world.left, fx.SendQuote)


def test_the_timer_of_a_request_is_replaced_not_added() -> None:
    world = World().begin()
    world.request()
    world.run()
    world.answer()
    world.run(19)
    assert not world.events(ev.TimerFired), "the oracle's deadline was replaced by the quote's end"
    world.run(2)
    assert not world.events(ev.TimerFired)
    world.run(5_000)
    assert len(world.events(ev.TimerFired)) == 1
    world.run(30_000)
    assert len(world.events(ev.TimerFired)) == 2 and not world.live.desk.state.cards


def test_a_late_oracle_is_not_waited_for() -> None:
    world = World().begin()
    world.request()
    world.run(20)
    assert picked(world.left, fx.SendQuote)[0].fallback
    world.answer()
    world.run()
    assert world.seen[-1][1][0].reason.code is Code.MODEL_LATE  # type: ignore[union-attr]


def test_requests_beyond_the_room_are_declined_by_one_event_and_answers_are_not() -> None:
    world = World(inbox_new_max=2, inbox_reserved=2).begin()
    before = len(world.seen)
    taken = [world.request(f"r{number}") for number in range(5)]
    assert taken == [True, True, False, False, False]
    assert world.live.offer(ev.MarketMoved(underlying="BTC"))
    assert world.live.offer(ev.MarketMoved(underlying="BTC"))
    cancel = ev.RfqCancelled(party=CLIENT, reference="r0")
    assert world.live.offer(cancel) and not world.live.offer(cancel)
    for event in (
        ev.SessionDown(party=LOYAL),
        ev.TimerFired(rfq="none"),  # type: ignore[arg-type]
        ev.Sent(marks=()),
        ev.AcceptReceived(party=CLIENT, quote=QuoteId("q"), reference="a", side=Side.BUY, amount=Decimal(1)),
        ev.FillReported(
            dealer=LOYAL, accept=AcceptId("a"), reference="f", amount=Decimal(1), price=Decimal(1)
        ),
        ev.AcceptRefused(dealer=LOYAL, accept=AcceptId("a"), reason=Reason(code=Code.USER)),
        ev.KillPressed(by=OPERATOR),
    ):
        assert world.live.offer(event), "never turned away"
    world.run()
    assert len(world.events(ev.MarketMoved)) == 1, "market moves are conflated"
    assert (
        world.events(ev.AcceptReceived) and world.events(ev.FillReported) and world.events(ev.AcceptRefused)
    )
    (overflow,) = world.events(ev.InboxOverflowed)
    assert overflow.requests == ((CLIENT, "r2"), (CLIENT, "r3"), (CLIENT, "r4"))
    kinds = [type(stamped.event) for stamped, _ in world.seen[before:]]
    assert kinds.index(ev.KillPressed) < kinds.index(ev.InboxOverflowed) < kinds.index(ev.RfqReceived)
    assert world.request("again"), "there is room again"
    world.live.close_door()
    assert not world.request("closed")


def test_a_batch_at_a_time_so_that_others_get_their_turn() -> None:
    world = World().begin()
    order: list[str] = []
    for number in range(200):
        world.request(f"r{number}")
    world.schedule.call_at(world.schedule.now(), lambda: order.append(f"after {len(world.seen)}"))
    world.run()
    assert order and int(order[0].split()[1]) < 200
    assert len(world.events(ev.RfqReceived)) == 200
