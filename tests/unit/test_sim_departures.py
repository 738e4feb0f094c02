"""Each check of what leaves fires: departures are told to the checks through a lie, or with gossip in them."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace
from sim_worlds import run_watched

from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain.ids import PartyId, QuoteId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.sim.checks import Checks


class Departures(Checks):
    """Checks that are told of each departure through a lie."""

    kind: type = fx.SendQuote

    def on_left(self, effect: fx.Outward, raw: bytes, hashed: str, now: int) -> None:
        if type(effect) is self.kind:
            effect, raw, hashed, now = self.lie(effect, raw, hashed, now)
        super().on_left(effect, raw, hashed, now)

    def lie(
        self, effect: fx.Outward, raw: bytes, hashed: str, now: int
    ) -> tuple[fx.Outward, bytes, str, int]:
        return effect, raw, hashed, now


def test_a_quote_that_leaves_at_its_end_is_told() -> None:
    class Slow(Departures):
        def lie(self, effect, raw, hashed, now):  # type: ignore[no-untyped-def]
            return effect, raw, hashed, fx.not_after(effect)

    assert any("not before its end" in one for one in run_watched(Slow()))


def test_a_quote_that_leaves_just_before_its_end_is_not() -> None:
    class Timely(Departures):
        def lie(self, effect, raw, hashed, now):  # type: ignore[no-untyped-def]
            return effect, raw, hashed, fx.not_after(effect) - 1

    assert run_watched(Timely()) == []


def test_other_bytes_than_the_record_holds_are_told() -> None:
    class Forged(Departures):
        def lie(self, effect, raw, hashed, now):  # type: ignore[no-untyped-def]
            return effect, raw.replace(b'"reference":"', b'"reference":"x'), hashed, now

    assert any("bytes that its record does not hold" in one for one in run_watched(Forged()))


def test_another_hash_than_that_of_the_bytes_is_told() -> None:
    class Mishashed(Departures):
        def lie(self, effect, raw, hashed, now):  # type: ignore[no-untyped-def]
            return effect, raw, "00" * 32, now

    assert any("other bytes left" in one for one in run_watched(Mishashed()))


def test_what_leaves_twice_is_told() -> None:
    class Twice(Checks):
        def on_left(self, effect: fx.Outward, raw: bytes, hashed: str, now: int) -> None:
            super().on_left(effect, raw, hashed, now)
            super().on_left(effect, raw, hashed, now)

    assert any("left twice" in one for one in run_watched(Twice()))


def test_what_leaves_before_it_is_durable_is_told() -> None:
    class Hasty(Checks):
        def on_durable(self, number: int) -> None:
            super().on_durable(number - 1)

    assert any("before its record was durable" in one for one in run_watched(Hasty()))


class Gossip(Departures):
    """Something of a rival slips into what one dealer or client is sent."""

    def __init__(self, kind: type, slip: Callable[[fx.Outward, "Gossip"], fx.Outward]) -> None:
        super().__init__()
        self.kind = kind
        self.slip = slip
        self.desk: Desk | None = None

    def begin(self, desk: Desk) -> None:
        super().begin(desk)
        self.desk = desk

    def lie(self, effect, raw, hashed, now):  # type: ignore[no-untyped-def]
        raw = canon.encode(self.slip(effect, self))
        return effect, raw, hashed, now


def _rival_price(effect: fx.Outward, gossip: Gossip) -> str:
    card = gossip.desk.state.cards.get(effect.rfq)  # type: ignore[union-attr]
    own = {one.offer for one in card.quotes if one.maker == effect.to} if card else set()
    own |= {one.bid for one in card.quotes if one.maker == effect.to} if card else set()
    others = [
        price
        for one in (card.quotes if card else ())
        if one.maker != effect.to
        for price in (one.bid, one.offer)
        if price is not None and price not in own
    ]
    return str(others[0]) if others else "none"


def _name(effect: fx.Outward, gossip: Gossip) -> fx.Outward:
    return replace(effect, reference="dealer-19-5" if effect.to != "dealer-19" else "dealer-18-5")


def _detail(effect: fx.Outward, gossip: Gossip) -> fx.Outward:
    detail = f"the best was {_rival_price(effect, gossip)}"
    return replace(effect, reason=replace(effect.reason, detail=detail))  # type: ignore[union-attr]


def _quote(effect: fx.Outward, gossip: Gossip) -> fx.Outward:
    card = gossip.desk.state.cards[effect.rfq]  # type: ignore[union-attr,index]
    other = next((one.id for one in card.quotes if one.maker != effect.to), QuoteId("none"))
    return replace(effect, quote=other)


def _cover(effect: fx.Outward, gossip: Gossip) -> fx.Outward:
    return replace(effect, cover=Decimal(100_000))


@pytest.mark.parametrize(
    ("kind", "slip", "told"),
    [
        (fx.TellOutcome, _name, "names dealer-1"),
        (fx.SendQuote, _name, "names dealer-1"),
        (fx.AcceptQuote, _quote, "which is not its own"),
        (fx.WithdrawRfq, _detail, "a price of dealer-"),
    ],
)
def test_gossip_is_told(kind: type, slip: Callable[[fx.Outward, Gossip], fx.Outward], told: str) -> None:
    found = run_watched(Gossip(kind, slip), seconds=90)
    assert any(told in one for one in found), found[:5]


def test_the_cover_price_told_to_a_loser_is_told() -> None:
    class Chatty(Departures):
        kind = fx.TellOutcome

        def lie(self, effect, raw, hashed, now):  # type: ignore[no-untyped-def]
            if effect.outcome is Outcome.COVER:
                effect = replace(effect, cover=Decimal(1))
            return effect, raw, hashed, now

    assert any("tells the cover price" in one for one in run_watched(Chatty()))


def test_an_effect_of_no_record_is_told() -> None:
    checks = Checks()
    checks.on_left(
        fx.WithdrawRfq(to=PartyId("dealer-01"), rfq=RfqId("r"), reason=Reason(code=Code.USER)), b"x", "", 1
    )
    assert checks.violations == ["record 0: WithdrawRfq to dealer-01 left without a record"]
