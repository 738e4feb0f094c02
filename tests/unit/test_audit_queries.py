"""Finding records, telling stories, counting and exporting."""

import json
from collections.abc import Iterator

import pytest
from audit_desk import ASK, CLIENT, MS, START_AT, World, lived
from audit_streams import CHAIN, STEP_NS, grow
from audit_streams import START_AT as STREAM_AT

from rfq.audit import queries
from rfq.audit.chain import Chain
from rfq.audit.export import export, instant_text
from rfq.audit.log import AuditLog
from rfq.audit.stories import Fate
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import decode_record
from rfq.domain.request import Side

COUNT = 100


@pytest.fixture(scope="module")
def log() -> Iterator[AuditLog]:
    """The hand-made stream, stored."""
    found = AuditLog.open(":memory:", writable=True)
    found.append(list(grow(Chain(CHAIN), COUNT)))
    yield found
    found.close()


def numbers(log: AuditLog, **words: object) -> list[int]:
    """The numbers that a search finds."""
    return [row.number for row in queries.search(log, **words)]  # type: ignore[arg-type]


def test_the_tail_is_in_order(log: AuditLog) -> None:
    assert [row.number for row in queries.tail(log, 3)] == [98, 99, 100]
    assert len(queries.tail(log, 1_000)) == COUNT
    assert queries.tail(log, 0) == []


@pytest.mark.parametrize(
    ("words", "prefix"),
    [
        ({"rfq": "t1-r3-0"}, "rfq:t1-r3-0"),
        ({"quote": "t1-q3-1"}, "quote:t1-q3-1"),
        ({"fill": "t1-f3-0"}, "fill:t1-f3-0"),
        ({"party": "client1"}, "party:client1"),
        ({"party": "client1", "reference": "c4"}, "ref:client1/c4"),
        ({"instrument": "BTC-PERPETUAL"}, "instrument:BTC-PERPETUAL"),
        ({"outcome": "done"}, "outcome:done"),
        ({"reason": "amount"}, "reason:amount"),
        ({"rfq": "nobody"}, "rfq:nobody"),
    ],
)
def test_a_search_finds_exactly_the_records_with_the_term(
    log: AuditLog, words: dict[str, object], prefix: str
) -> None:
    wanted = [entry.number for entry in grow(Chain(CHAIN), COUNT) if prefix in entry.terms]
    assert numbers(log, **words) == wanted
    assert bool(wanted) == (prefix != "rfq:nobody")


def test_several_words_must_all_apply(log: AuditLog) -> None:
    one, other = numbers(log, party="client1"), numbers(log, outcome="done")
    assert numbers(log, party="client1", outcome="done") == sorted(set(one) & set(other)) != []


def test_kinds_of_events_and_of_effects(log: AuditLog) -> None:
    assert numbers(log, kind="Sent") == [
        entry.number for entry in grow(Chain(CHAIN), COUNT) if entry.kind == "Sent"
    ]
    assert numbers(log, kind="Closed", limit=1_000) == numbers(log, outcome="done", limit=1_000)
    with pytest.raises(ValueError, match="Closde"):
        queries.search(log, kind="Closde")


def test_times_texts_and_pages(log: AuditLog) -> None:
    since, until = STREAM_AT + 10 * STEP_NS, STREAM_AT + 13 * STEP_NS
    assert numbers(log, since=since, until=until) == [10, 11, 12]
    assert numbers(log, since=since + 1, limit=2) == [11, 12]
    assert numbers(log, until=STREAM_AT) == []
    assert numbers(log, since=STREAM_AT + 10**15) == []
    assert numbers(log, text='"x0"') == [4]
    assert numbers(log, party="client0", limit=2, offset=1) == numbers(log, party="client0")[1:3]


def test_a_reference_needs_its_party(log: AuditLog) -> None:
    with pytest.raises(ValueError, match="party"):
        queries.search(log, reference="c4")


@pytest.fixture(scope="module")
def lives() -> tuple[World, list[str], AuditLog]:
    """Nine lives at a real desk."""
    world, ids = lived(9)
    return world, ids, world.store(":memory:")


def test_a_story_tells_everything_in_order(lives: tuple[World, list[str], AuditLog]) -> None:
    _, ids, log = lives
    told = queries.story(log, ids[0])
    assert told is not None
    assert isinstance(told.asked, ev.RfqReceived)
    assert told.asked.reference == "c0"
    kinds = [type(step.event).__name__ for step in told.steps]
    assert kinds == ["RfqReceived", "Estimated", "AcceptReceived", *["TimerFired"] * 4]
    assert [step.row.number for step in told.steps] == sorted(step.row.number for step in told.steps)
    deeds = [deed for step in told.steps for deed in step.deeds]
    fates = {type(deed.effect): deed.fate for deed in deeds if fx.is_outward(deed.effect)}
    assert set(fates) == {fx.SendQuote, fx.ConfirmFill}
    for fate in fates.values():
        assert isinstance(fate, Fate)
        assert fate.raw == "ab" * 32
        assert fate.sent_at > START_AT
    assert sum(type(deed.effect) is fx.Marked for deed in deeds) == 4
    assert all(step.market for step in told.steps)


def test_no_record_is_left_out_of_all_stories(lives: tuple[World, list[str], AuditLog]) -> None:
    world, ids, log = lives
    told = {step.row.number for rfq in ids for step in queries.story(log, rfq).steps}  # type: ignore[union-attr]
    rest = {row.kind for row in log.records() if row.number not in told}
    assert rest == {"ChainOpened", "SessionUp", "Sent", "SegmentOpened"}
    assert len(told) > len(world.entries) / 2


def test_a_story_knows_what_came_under_a_quote_or_a_reference_only() -> None:
    world, _ = lived(0)
    world.timers.clear()
    rfq = world.live("c0", accept=False)
    world.live("c1")
    quote = next(
        effect.quote.id
        for entry in world.entries
        for effect in decode_record(entry.body).effects
        if type(effect) is fx.SendQuote and effect.quote.rfq == rfq
    )
    late = ev.AcceptReceived(party=CLIENT, quote=quote, reference="late", side=Side.BUY, amount=ASK.amount)
    world.feed(late)
    world.feed(ev.RfqCancelled(party=CLIENT, reference="c0"))
    world.feed(ev.RfqCancelled(party=CLIENT, reference="c1"))
    sent = world.entries[-3].number
    world.feed(ev.NotSent(number=sent, index=0, reason=Reason(code=Code.TOO_LATE)))
    world.feed(ev.Started(build="next", unclean=True, unsent=(ev.EffectRef(number=sent, index=0),)))
    world.feed(
        ev.RfqReceived(party=CLIENT, reference="c0", ask=ASK)
    )  # used twice: refused, and part of the story
    told = queries.story(world.store(":memory:"), rfq)
    assert told is not None
    last = [(step.row.kind, step.row.number) for step in told.steps][-3:]
    assert last == [("AcceptReceived", sent), ("RfqCancelled", sent + 1), ("RfqReceived", sent + 5)]
    fate = next(step for step in told.steps if step.row.number == sent).deeds[0].fate
    assert fate is not None
    assert fate.reason == Reason(code=Code.TOO_LATE)


def test_there_is_no_story_of_what_nobody_named(log: AuditLog) -> None:
    assert queries.story(log, "nobody") is None


def test_a_story_without_its_beginning(log: AuditLog) -> None:
    told = queries.story(log, "t1-r0-0")
    assert told is not None
    assert told.asked is None
    assert [step.row.number for step in told.steps] == [1, 2, 5]
    assert told.steps[1].deeds[0].fate == Fate(3, STREAM_AT, "ab" * 32)


def test_counts_are_those_of_the_world(lives: tuple[World, list[str], AuditLog]) -> None:
    world, _, log = lives
    found = queries.counts(log)
    assert found == {
        "records": len(world.entries),
        "rfqs": 9,
        "rfqs_maker": 9,
        "rfqs_taker": 0,
        "quotes_received": 0,
        "quotes_made": 9,
        "quotes_sent": 9,
        "ranked": 0,
        "fills": 6,
        "fills_maker": 6,
        "fills_taker": 0,
        "refusals": 0,
        "markouts": 24,
        "quarantined": 0,
        "not_sent": 0,
        "closed_cancelled": 3,
        "closed_done": 6,
    }


def test_counts_leave_out_what_did_not_happen() -> None:
    world, _ = lived(2)
    log = AuditLog.open(":memory:", writable=True)
    chain = Chain(world.chain.chain_id)
    booked = ev.FillReported(dealer="d", accept="a", reference="x", amount=ASK.amount, price=ASK.amount)  # type: ignore[arg-type]
    reason = Reason(code=Code.DUPLICATE)
    first = decode_record(next(e.body for e in world.entries if b"ConfirmFill" in e.body))
    confirmed = next(effect for effect in first.effects if type(effect) is fx.ConfirmFill)
    again = fx.ConfirmFill(to=confirmed.to, reference="a", fill=confirmed.fill, again=True)
    turns: list[tuple[ev.Event, tuple[fx.Effect, ...]]] = [
        (booked, ()),
        (booked, (fx.Booked(fill=confirmed.fill),)),
        (booked, (fx.Booked(fill=confirmed.fill), fx.Ignored(reason=reason))),
        (booked, (fx.Ignored(reason=reason),)),
        (booked, (fx.Quarantined(rfq="r", where="w"),)),
        (ev.SessionUp(party=CLIENT), (confirmed,)),
        (ev.SessionUp(party=CLIENT), (again,)),
    ]
    for event, effects in turns:
        stamped = ev.Stamped(number=chain.next_number, at=1, received_at=1, event=event)
        log.append([chain.entry(stamped, effects)])
    found = queries.counts(log)
    assert (found["fills_taker"], found["fills_maker"], found["quarantined"]) == (2, 1, 1)


def test_export_writes_instants_as_text(lives: tuple[World, list[str], AuditLog]) -> None:
    world, _, log = lives
    lines = [json.loads(line) for line in export(log, 2, 5)]
    assert [line["number"] for line in lines] == [2, 3, 4, 5]
    assert lines[0]["at"] == instant_text(START_AT + 2 * MS)
    assert lines[0]["hash"] == world.entries[1].hash
    assert lines[1]["effects"][-1]["_"] == "SetTimer.1"
    assert lines[1]["effects"][-1]["at"].endswith("Z")
    assert len(list(export(log))) == len(world.entries)


def test_instants_are_cut_to_the_microsecond() -> None:
    assert instant_text(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456Z"
    assert instant_text(0) == "1970-01-01T00:00:00.000000Z"


def test_no_instant_is_null() -> None:
    log = AuditLog.open(":memory:", writable=True)
    chain = Chain(CHAIN)
    stamped = ev.Stamped(number=1, at=5_000, received_at=5_000, event=ev.SessionUp(party=CLIENT))
    log.append([chain.entry(stamped, (fx.SetTimer(rfq="r", at=0),))])  # type: ignore[arg-type]
    assert json.loads(next(export(log)))["effects"][0]["at"] is None
