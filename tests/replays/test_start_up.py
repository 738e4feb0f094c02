"""Start-up comes up exactly where the log ends, or not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest
from audit_desk import BUILD, CHAIN, World, altered, lived

from pricing.market import MarketSnapshot
from rfq.audit.errors import BuildDiffers, LogDamaged
from rfq.audit.log import AuditLog
from rfq.audit.replay import rebuild
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.record import Record, decode_record

LIVES = 8


@pytest.fixture(scope="module")
def world() -> World:
    """Eight lives, with segments."""
    return lived(LIVES)[0]


def test_start_up_comes_up_where_the_log_ends(world: World, tmp_path: Path) -> None:
    world.store(tmp_path / "desk.db").close()
    with AuditLog.open(tmp_path / "desk.db", writable=True, fsync=False, verify="newest") as log:
        desk, number = rebuild(log, BUILD)
        assert number == len(world.entries) + 1
        assert desk.image() == world.desk.image()
        assert log.chain(CHAIN).next_number == number


def test_start_up_after_every_record(world: World) -> None:
    log = AuditLog.open(":memory:", writable=True)
    fresh = Desk(BUILD)
    for entry in world.entries:
        log.append([entry])
        record = decode_record(entry.body)
        fresh.handle(stamped_of(record, log))
        desk, number = rebuild(log, BUILD)
        assert number == entry.number + 1
        assert desk.image() == fresh.image()


def stamped_of(record: Record, log: AuditLog) -> ev.Stamped:
    """The event as the desk got it."""
    raw = log.snapshot(record.market) if record.market else None
    return ev.Stamped(
        number=record.number,
        at=record.at,
        received_at=record.received_at,
        event=record.event,
        market=canon.decode(raw, MarketSnapshot) if raw is not None else None,
        market_hash=record.market,
    )


def test_start_up_on_an_empty_log() -> None:
    desk, number = rebuild(AuditLog.open(":memory:", writable=True), BUILD)
    assert number == 1
    assert desk.build == BUILD


def test_start_up_refuses_what_its_own_build_answers_otherwise(world: World) -> None:
    number = max(entry.number for entry in world.entries if b'"Marked.' in entry.body)
    log = altered(world, number)
    with pytest.raises(LogDamaged, match="answers otherwise") as raised:
        rebuild(log, BUILD)
    assert raised.value.number == number


def test_start_up_does_not_go_on_from_another_answer_than_the_one_that_was_given(world: World) -> None:
    """Another build's answers stand: a desk that went on from its own would not know its positions."""
    number = max(entry.number for entry in world.entries if b'"Marked.' in entry.body)
    with pytest.raises(BuildDiffers, match=f"record {number} was made by build '{BUILD}'") as raised:
        rebuild(altered(world, number), "newer")
    assert (raised.value.number, raised.value.build) == (number, BUILD)
    assert rebuild(world.store(":memory:"), "newer")[1] == len(world.entries) + 1, "it answers the same"


def test_start_up_of_another_build_after_a_clean_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _ = lived(4)
    unclean = world.store(":memory:")
    world.feed(ev.SegmentOpened(segment=99))
    clean = world.store(":memory:")
    image = Desk.image
    monkeypatch.setattr(Desk, "image", lambda desk: image(desk) + b" ")  # it spells its state otherwise
    monkeypatch.setattr(Desk, "_commit", _doubting(Desk._commit))
    desk, number = rebuild(clean, "newer")
    assert (number, desk.state.number) == (len(world.entries) + 1, len(world.entries))
    with pytest.raises(BuildDiffers):
        rebuild(unclean, "newer")
    with pytest.raises(LogDamaged):
        rebuild(clean, BUILD)


def _doubting(commit: Callable[..., tuple[fx.Effect, ...]]) -> Callable[..., tuple[fx.Effect, ...]]:
    """A desk that answers nothing it used to answer."""
    return lambda desk, turn, event: commit(desk, turn, event)[:0]


def test_start_up_refuses_an_altered_state(world: World, tmp_path: Path) -> None:
    log = world.store(tmp_path / "desk.db")
    log.connection.execute("UPDATE segments SET state = x'7b7d'")
    with pytest.raises(LogDamaged, match="not what was stored"):
        rebuild(log, BUILD)
    log.close()
