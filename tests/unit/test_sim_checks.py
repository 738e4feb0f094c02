"""Each check fires: the checks watch a sound world through a lie, and must say what is wrong."""

from collections.abc import Callable
from math import inf

import pytest
from msgspec.structs import replace
from sim_worlds import BUSY, make, run_watched

from rfq.desk.engine import Desk
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import FillId
from rfq.domain.lifecycle import QuoteState, RfqState
from rfq.domain.reasons import Code, Reason
from rfq.sim.checks import Checks
from rfq.sim.run import advance, finish

Effects = tuple[fx.Effect, ...]
Lie = Callable[[ev.Stamped, Effects], tuple[ev.Stamped, Effects]]


class Lied(Checks):
    """Checks that are told of each record through a lie."""

    def __init__(self, lie: Lie) -> None:
        super().__init__()
        self.lie = lie

    def on_record(self, stamped: ev.Stamped, effects: Effects) -> None:
        super().on_record(*self.lie(stamped, effects))


def changed(kind: type, change: Callable[[fx.Effect], fx.Effect | tuple[fx.Effect, ...]]) -> Lie:
    """Effects of this kind are changed, doubled or dropped."""

    def lie(stamped: ev.Stamped, effects: Effects) -> tuple[ev.Stamped, Effects]:
        told: list[fx.Effect] = []
        for effect in effects:
            found = change(effect) if type(effect) is kind else effect
            told += found if isinstance(found, tuple) else (found,)
        return stamped, tuple(told)

    return lie


def late(kind: type) -> Lie:
    """Events that lead to effects of this kind are told as read an hour later."""

    def lie(stamped: ev.Stamped, effects: Effects) -> tuple[ev.Stamped, Effects]:
        if any(type(one) is kind for one in effects):
            return replace(stamped, received_at=stamped.received_at + 3_600_000_000_000), effects
        return stamped, effects

    return lie


def refill(effect: fx.Effect) -> tuple[fx.Effect, ...]:
    assert isinstance(effect, fx.ConfirmFill)
    return effect, replace(effect, fill=replace(effect.fill, id=FillId(effect.fill.id + "x")))


def cheaper(effect: fx.Effect) -> fx.Effect:
    assert isinstance(effect, fx.ConfirmFill)
    return replace(effect, fill=replace(effect.fill, price=effect.fill.price + 1))


def withdrawn(effect: fx.Effect) -> tuple[fx.Effect, ...]:
    assert isinstance(effect, fx.SendQuote)
    reason = Reason(code=Code.USER)
    gone = fx.WithdrawQuote(to=effect.to, rfq=effect.quote.rfq, quote=effect.quote.id, reason=reason)
    return effect, gone


def unsummed(effect: fx.Effect) -> fx.Effect:
    assert isinstance(effect, fx.SendQuote)
    side = "bid_lines" if effect.price.bid_lines else "offer_lines"
    lines = getattr(effect.price, side)
    more = (replace(lines[0], amount=lines[0].amount + 1), *lines[1:])
    return replace(effect, price=replace(effect.price, **{side: more}))


def outliving(effect: fx.Effect) -> fx.Effect:
    assert isinstance(effect, fx.SendQuote)
    return replace(effect, not_after_at=effect.not_after_at + 1)


def greedy(effect: fx.Effect) -> fx.Effect:
    assert isinstance(effect, fx.AcceptQuote)
    return replace(effect, amount=effect.amount * 100)


def of_nobody(effect: fx.Effect) -> fx.Effect:
    assert isinstance(effect, fx.AcceptQuote)
    return replace(effect, reference=effect.reference + "x")


def unreasoned(effect: fx.Effect) -> fx.Effect:
    assert isinstance(effect, fx.RefuseRfq)
    return replace(effect, reason=replace(effect.reason, field=""))


def unbounded(effect: fx.Effect) -> fx.Effect:
    assert isinstance(effect, fx.Marked)
    return replace(effect, markout_bps=inf)


def faulty(effect: fx.Effect) -> tuple[fx.Effect, ...]:
    return effect, fx.Quarantined(rfq="r", where="here")


def dropped(effect: fx.Effect) -> tuple[fx.Effect, ...]:
    return ()


def doubled(effect: fx.Effect) -> tuple[fx.Effect, ...]:
    return effect, effect


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (late(fx.ConfirmFill), "which had expired"),
        (late(fx.AcceptQuote), "which had expired"),
        (changed(fx.ConfirmFill, dropped), "the fills add up to"),
        (changed(fx.ConfirmFill, dropped), "has no single answer"),
        (changed(fx.ConfirmFill, refill), "is taken for"),
        (changed(fx.ConfirmFill, cheaper), "was not the quoted price"),
        (changed(fx.SendQuote, withdrawn), "which was gone since record"),
        (changed(fx.SendQuote, doubled), "is made twice"),
        (changed(fx.SendQuote, dropped), "which was never made"),
        (changed(fx.SendQuote, unsummed), "does not add up to its"),
        (changed(fx.SendQuote, outliving), "may leave after it has expired"),
        (changed(fx.AcceptQuote, greedy), "is taken for"),
        (changed(fx.AcceptQuote, of_nobody), "which was never shown"),
        (changed(fx.AcceptQuote, dropped), "the fills add up to"),
        (changed(fx.Closed, doubled), "closed by record"),
        (changed(fx.RefuseRfq, unreasoned), "names no field"),
        (changed(fx.RefuseRfq, dropped), "is neither refused nor estimated"),
        (changed(fx.RefuseRfq, dropped), "is not refused"),
        (changed(fx.Marked, unbounded), "not finite"),
        (changed(fx.Marked, faulty), "quarantined r at here"),
        (changed(fx.Estimate, dropped), "is neither refused nor asked for"),
        (changed(fx.AskDealer, dropped), "left without a record"),
    ],
)
def test_a_lie_about_a_record_is_told(lie: Lie, told: str) -> None:
    if told == "left without a record":

        def blind(stamped: ev.Stamped, effects: Effects) -> tuple[ev.Stamped, Effects]:
            return lie(stamped, effects)

        class Forgetful(Lied):
            """Does not see the bodies either."""

            def on_entry(self, entry: object) -> None: ...

        found = run_watched(Forgetful(blind))
    else:
        found = run_watched(Lied(lie))
    assert any(told in one for one in found), found[:5]


def test_without_a_lie_nothing_is_told() -> None:
    assert run_watched(Lied(lambda stamped, effects: (stamped, effects))) == []


def test_a_record_left_out_is_told() -> None:
    class Inattentive(Checks):
        def on_record(self, stamped: ev.Stamped, effects: Effects) -> None:
            if stamped.number != 100:
                super().on_record(stamped, effects)

    assert "record 101: follows record 99" in run_watched(Inattentive())


def test_an_rfq_and_a_quote_that_come_back_from_their_end_are_told() -> None:
    class Undead(Checks):
        """Changes the desk's own cards behind its back, once they are closed."""

        def begin(self, desk: Desk) -> None:
            super().begin(desk)
            self.desk = desk

        def on_record(self, stamped: ev.Stamped, effects: Effects) -> None:
            super().on_record(stamped, effects)
            cards = self.desk.state.cards
            for rfq, card in list(cards.items()):
                if card.closed and card.marks and card.rfq.state is RfqState.FILLED:
                    quotes = tuple(replace(one, state=QuoteState.ACTIVE) for one in card.quotes)
                    cards[rfq] = replace(card, rfq=replace(card.rfq, state=RfqState.QUOTED), quotes=quotes)

    found = run_watched(Undead())
    assert any("went from filled to quoted" in one for one in found)
    assert any("went from filled to active" in one for one in found)


def _sent(stamped: ev.Stamped, effects: Effects) -> tuple[ev.Stamped, Effects]:
    event = stamped.event
    if type(event) is ev.Sent:
        return replace(stamped, event=ev.Sent(marks=event.marks[1:])), effects
    return stamped, effects


def test_what_has_no_fate_is_told() -> None:
    assert any("has no fate" in one for one in run_watched(Lied(_sent), seconds=120))


def test_a_fate_of_nothing_and_a_false_fate_are_told() -> None:
    def lie(stamped: ev.Stamped, effects: Effects) -> tuple[ev.Stamped, Effects]:
        event = stamped.event
        if type(event) is ev.Sent and stamped.number > 60:
            mark = event.marks[0]
            wrong = ev.NotSent(number=mark.number, index=mark.index, reason=Reason(code=Code.FAULT))
            return replace(stamped, event=wrong), effects
        return stamped, effects

    assert any("but it left" in one for one in run_watched(Lied(lie)))

    def twice(stamped: ev.Stamped, effects: Effects) -> tuple[ev.Stamped, Effects]:
        event = stamped.event
        if type(event) is ev.Sent:
            return replace(stamped, event=ev.Sent(marks=event.marks + event.marks)), effects
        return stamped, effects

    assert any("waited for none" in one for one in run_watched(Lied(twice)))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM records WHERE number = (SELECT max(number) FROM records)", "the log ends here"),
        (
            "UPDATE records SET body = CAST(body || ' ' AS BLOB) WHERE number = 50",
            "record 50: does not stand behind",
        ),
        ("DELETE FROM records WHERE number = 50", "record 51: does not stand behind"),
    ],
)
def test_a_damaged_log_is_told(damage: str, told: str) -> None:
    world = make(3, rates=BUSY)
    advance(world, 20)
    world.writer.close()
    triggers = world.log.connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for (name,) in triggers:
        world.log.connection.execute(f"DROP TRIGGER {name}")
    world.log.connection.execute(damage)
    assert any(told in one for one in finish(world, 20).violations)
