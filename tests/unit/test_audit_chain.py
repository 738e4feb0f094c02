"""Entries, search terms and the head file."""

from decimal import Decimal
from pathlib import Path

import pytest
from audit_streams import CHAIN, IMAGE, START_AT, grow, market, stamp, turn

from rfq.audit.chain import SNAPSHOTS_REMEMBERED, Chain
from rfq.audit.errors import LogDamaged, LogGap
from rfq.audit.headfile import EMPTY, KEEP_EVERY_NS, Head, HeadFile
from rfq.audit.terms import kind_of, terms_in, terms_of
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import AcceptId, PartyId, QuoteId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import decode_record


def test_numbers_must_follow_each_other() -> None:
    chain = Chain(CHAIN)
    with pytest.raises(LogGap):
        chain.entry(stamp(2, ev.SessionUp(party=PartyId("a"))), ())
    assert chain.next_number == 1


def test_a_record_that_cannot_be_encoded_leaves_the_chain_where_it_was() -> None:
    chain = Chain(CHAIN)
    bad = fx.Marked(
        rfq=RfqId("r"),
        fill="f",
        counterparty=PartyId("a"),
        horizon_s=1,
        markout_bps=float("nan"),
        edge_bps=0.0,
    )  # type: ignore[arg-type]
    with pytest.raises(canon.CanonError, match="markout_bps"):
        chain.entry(stamp(1, ev.SessionUp(party=PartyId("a"))), (bad,))
    assert (chain.next_number, chain.head_hash) == (1, "0" * 64)


def test_a_snapshot_goes_with_the_first_record_that_names_it() -> None:
    entries = list(grow(Chain(CHAIN), 20))
    stored = [entry.snapshot.hash for entry in entries if entry.snapshot is not None]
    named = [market for entry in entries if (market := decode_record(entry.body).market)]
    assert stored == list(dict.fromkeys(named))
    assert all(canon.digest(e.snapshot.body) == e.snapshot.hash for e in entries if e.snapshot is not None)


def test_a_snapshot_is_stored_again_only_when_it_was_long_ago() -> None:
    chain = Chain(CHAIN)
    moved = ev.MarketMoved(underlying="BTC")

    def entry(at: int) -> bool:
        shown = market(at)
        number = chain.next_number
        stamped = ev.Stamped(
            number=number, at=at, received_at=at, event=moved, market=shown, market_hash=canon.hash_of(shown)
        )
        return chain.entry(stamped, (), snapshot=canon.encode(shown)).snapshot is not None

    assert entry(0)
    for at in range(1, SNAPSHOTS_REMEMBERED):
        assert entry(at)
    assert not entry(0)
    assert entry(SNAPSHOTS_REMEMBERED)
    assert not entry(0)
    assert entry(1)


def test_a_snapshot_must_be_the_one_that_the_event_names() -> None:
    chain = Chain(CHAIN)
    moved = ev.MarketMoved(underlying="BTC")
    without = ev.Stamped(number=1, at=1, received_at=1, event=moved, market_hash="ab" * 32)
    with pytest.raises(ValueError, match="does not carry"):
        chain.entry(without, ())
    with pytest.raises(ValueError, match="not the hash"):
        chain.entry(without, (), snapshot=b"{}")


def test_a_state_must_be_the_one_that_the_desk_took() -> None:
    event, effects = turn(50)
    for image, wrong in ((None, effects), (b"x", effects), (IMAGE, ())):
        chain = Chain(CHAIN, "0" * 64, 50)
        with pytest.raises(ValueError, match="image"):
            chain.entry(stamp(50, event), wrong, image=image)
    with pytest.raises(ValueError, match="beginning of a segment"):
        Chain(CHAIN, "0" * 64, 50).entry(stamp(50, ev.SessionUp(party=PartyId("a"))), effects, image=IMAGE)
    segment = Chain(CHAIN, "0" * 64, 50).entry(stamp(50, event), effects, image=IMAGE).segment
    assert segment is not None
    assert (segment.segment, segment.state, segment.hash) == (1, IMAGE, canon.digest(IMAGE))


def test_terms_of_the_hand_made_stream() -> None:
    found = {entry.number: set(entry.terms) for entry in grow(Chain(CHAIN), 8)}
    assert found[2] == {
        *("accept:t1-a0-0", "fill:t1-f0-0", "quote:t1-q0-1", "rfq:t1-r0-0"),
        *("party:client0", "ref:client0/a0"),
    }
    assert found[3] == {"sent:2"}
    assert found[4] == {"party:client0", "ref:client0/x0", "reason:amount"}
    assert found[5] == {"rfq:t1-r0-0", "party:client0", "outcome:done", "reason:traded"}
    assert found[7] == {"party:client0", "party:dealer0", "ref:client0/o0", "ref:dealer0/p0"}
    assert {"instrument:BTC-PERPETUAL", "instrument:BTC-27DEC24-65000-C"} <= found[8]
    assert all(kind_of(decode_record(e.body)) == e.kind for e in grow(Chain(CHAIN), 60))


REASON = Reason(code=Code.BUSY)


@pytest.mark.parametrize(
    ("part", "terms"),
    [
        (fx.Ignored(reason=REASON), {"reason:busy"}),
        (fx.Ignored(reason=REASON, rfq="r1", party="p"), {"reason:busy", "rfq:r1", "party:p"}),
        (ev.Estimated(rfq=RfqId("r1"), model="m"), {"rfq:r1"}),
        (ev.Estimated(rfq=RfqId("r1"), model="m", reason=REASON), {"rfq:r1", "reason:busy"}),
        (ev.AcceptCommanded(party=PartyId("p"), rfq=RfqId("r1")), {"rfq:r1", "party:p"}),
        (
            ev.AcceptCommanded(party=PartyId("p"), rfq=RfqId("r1"), quote=QuoteId("q")),
            {"rfq:r1", "party:p", "quote:q"},
        ),
        (ev.NotSent(number=7, index=1, reason=REASON), {"sent:7", "reason:busy"}),
        (
            ev.Started(build="b9", unclean=True, unsent=(ev.EffectRef(number=3, index=0),)),
            {"build:b9", "sent:3"},
        ),
        (ev.AcceptRefused(dealer=PartyId("d"), accept=AcceptId("a"), reason=REASON), None),
        (ev.OutcomeHeard(party=PartyId("p"), quote=QuoteId("q"), outcome=Outcome.TIED), None),
        (fx.StateTaken(state="x", size=1), set()),
        (fx.Watch(underlying="BTC", move_bps=Decimal(1)), set()),
    ],
)
def test_terms_of_one_part(part: ev.Event | fx.Effect, terms: set[str] | None) -> None:
    if terms is None:
        terms = {
            ev.AcceptRefused: {"party:d", "accept:a", "reason:busy"},
            ev.OutcomeHeard: {"party:p", "quote:q", "outcome:tied"},
        }[type(part)]
    assert terms_in(part) == terms


def test_terms_are_sorted_and_single() -> None:
    for entry in grow(Chain(CHAIN), 60):
        assert entry.terms == tuple(sorted(set(entry.terms))) == terms_of(decode_record(entry.body))


def test_the_head_file_is_due_every_half_second_if_there_is_news(tmp_path: Path) -> None:
    kept = HeadFile(tmp_path / "head")
    assert kept.read() is None
    kept.keep(EMPTY, START_AT)
    assert kept.read() == EMPTY
    assert not kept.due(EMPTY, START_AT + 10 * KEEP_EVERY_NS)
    news = Head(3, "ab" * 32)
    assert not kept.due(news, START_AT + KEEP_EVERY_NS - 1)
    assert kept.due(news, START_AT + KEEP_EVERY_NS)
    kept.keep(news, START_AT + KEEP_EVERY_NS)
    assert kept.read() == news
    assert [found.name for found in tmp_path.iterdir()] == ["head"]


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[1]", b"\xff", b'{"number": 1, "hash": "zz", "at": 1, "check": ""}']
)
def test_a_head_file_that_is_not_as_written_is_damage(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "head").write_bytes(raw)
    with pytest.raises(LogDamaged, match="not as it was written"):
        HeadFile(tmp_path / "head").read()
