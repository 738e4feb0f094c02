"""Every event and effect has words, and every Rfq of a busy world a story that can be told."""

from decimal import Decimal
from typing import get_args

import pytest
from rich.text import Text

from pricing.structures import Hedge, Leg, Structure
from rfq.audit import queries
from rfq.audit.log import AuditLog
from rfq.audit.terms import terms_of
from rfq.cli.audit import row_line
from rfq.cli.canvas import Cell, beside, fill, fit, heading
from rfq.cli.canvas import row as line_of
from rfq.cli.narrative import tell, waterfall
from rfq.cli.phrases import _EFFECTS, _EVENTS, ask_text, effect_text, event_text, seconds_text, structure_text
from rfq.cli.rows import fairness_bar
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.effects import Effect
from rfq.domain.events import Event
from rfq.domain.ids import PartyId
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import decode_record
from rfq.domain.request import Ask, Side
from rfq.sim.population import DEMO_RATES
from rfq.sim.run import advance
from rfq.sim.world import build_world

SPREAD = Structure(
    legs=(
        Leg(instrument="BTC-27DEC24-60000-C", ratio=Decimal(1)),
        Leg(instrument="BTC-27DEC24-65000-C", ratio=Decimal(-2)),
    ),
    hedges=(Hedge(instrument="BTC-PERPETUAL", ratio=Decimal(-30), price=Decimal(60000)),),
)


def test_nothing_is_without_words() -> None:
    assert set(_EVENTS) == set(get_args(Event))
    assert set(_EFFECTS) == set(get_args(Effect))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            ev.Started(build="b1", unclean=True, unsent=()),
            "came up again after a crash or kill, build b1, 0 effects of unknown fate",
        ),
        (
            ev.InboxOverflowed(requests=((PartyId("a"), "1"), (PartyId("b"), "2"))),
            "the inbox was full: 2 requests were not taken in",
        ),
        (
            ev.MessageUnreadable(
                party=PartyId("a"),
                kind="quote",
                reference="x1",
                reason=Reason(code=Code.NOT_A_NUMBER, field="bid", detail="NaN"),
            ),
            "a sent an unreadable quote x1: not_a_number (bid): NaN",
        ),
        (ev.KillPressed(by=PartyId("risk")), "risk stopped the desk"),
    ],
)
def test_events_in_words(part: Event, words: str) -> None:
    assert event_text(part) == words


def test_effects_in_words() -> None:
    assert effect_text(fx.KillSet(on=True, by=PartyId("risk"))) == "kill switch on by risk"
    quarantined = fx.Quarantined(rfq="d1-r1-0", where="maker.py:10")
    assert effect_text(quarantined) == "d1-r1-0 put aside after a fault in maker.py:10"
    assert seconds_text(1_500_000) == "1.5 ms"
    assert seconds_text(-2_500_000_000) == "-2.500 s"


def test_everything_in_a_busy_world_can_be_told() -> None:
    with AuditLog.open(":memory:", writable=True) as log:
        world = build_world(9, log=log, rates=DEMO_RATES)
        advance(world, 60)
        world.writer.close()
        rfqs: dict[str, None] = {}
        for row in log.records():
            assert row_line(row).startswith(f"{row.number:>8}  ")
            record = decode_record(row.body)
            rfqs.update(dict.fromkeys(term for term in terms_of(record) if term.startswith("rfq:")))
            for effect in record.effects:
                if isinstance(effect, fx.SendQuote):
                    check_waterfall(effect)
        roles = {"maker": 0, "taker": 0}
        for term in rfqs:
            found = queries.story(log, term.removeprefix("rfq:"))
            assert found is not None
            lines = list(tell(found))
            assert lines[0].startswith(f"Rfq {found.rfq}")
            for role in roles:
                roles[role] += f"(we are {role})" in lines[0]
    assert min(roles.values()) > 20


def check_waterfall(effect: fx.SendQuote) -> None:
    """Each column of the table adds up to the price on the wire."""
    head, *rows = [line.split() for line in waterfall(effect.price)]
    for place, side in enumerate([word for word in head if word in ("bid", "offer")], 1):
        *steps, wire = [Decimal(row[place]) for row in rows]
        assert sum(steps) == wire == getattr(effect.price, side)


def test_what_structures_are_called() -> None:
    assert structure_text(SPREAD) == "BTC-27DEC24 60000-C - 2 x 65000-C, hedge -30 BTC-PERPETUAL at 60000"
    one = Structure(legs=(Leg(instrument="BTC-PERPETUAL", ratio=Decimal(1)),))
    assert (
        ask_text(Ask(structure=one, amount=Decimal("0.5"), side=Side.TWO_WAY)) == "two-way 0.5 BTC-PERPETUAL"
    )
    mixed = Structure(
        legs=(Leg(instrument="ETH-PERPETUAL", ratio=Decimal(-1)), Leg(instrument="BTC-1", ratio=Decimal(1)))
    )
    assert structure_text(mixed) == "-ETH-PERPETUAL + BTC-1"
    assert structure_text(Structure(legs=())) == "(no legs)"


def test_lines_have_the_width_they_are_asked_for() -> None:
    assert (
        line_of(20, [Cell("abc", -5), Cell("a long text that is cut"), Cell("x", 3)]).plain
        == "  abc a long te… x  "
    )
    assert heading(12, "TITLE", "").plain == "TITLE ──────"
    assert fit(Text("abcdef"), 4).plain == "abc…"
    assert [line.plain for line in fill([Text("a")], 2, 2)] == ["a", "  "]
    pair = beside([Text("a")], [Text("b"), Text("c")], (1, 1))
    assert [line.plain for line in pair] == ["a │ b", "  │ c"]
    assert [fairness_bar(p) for p in (-1.0, 0.5, 2.0)] == ["░" * 8, "█" * 4 + "░" * 4, "█" * 8]
