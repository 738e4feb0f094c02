"""Replay asks the desk again and believes nothing; start-up comes up exactly where the log ends."""

import sqlite3
from pathlib import Path

import pytest
from audit_desk import BUILD, CLIENT, START_AT, World, altered, lived, rewritten

from rfq.audit import player
from rfq.audit import replay as replaying
from rfq.audit.errors import LogDamaged
from rfq.audit.log import AuditLog, Row
from rfq.audit.replay import Difference, ReplayReport, rebuild, replay
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.record import decode_record, encode_record

LIVES = 8


@pytest.fixture(scope="module")
def world() -> World:
    """Eight lives, with segments."""
    return lived(LIVES)[0]


def test_the_desk_answers_as_the_log_says(world: World) -> None:
    log = world.store(":memory:")
    report = replay(log, build=BUILD)
    assert report == ReplayReport(True, len(world.entries), True, (BUILD,))


def test_progress_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "_TOLD_EVERY", 20)
    heard: list[int] = []
    replay(world.store(":memory:"), build=BUILD, progress=heard.append)
    assert heard == list(range(20, len(world.entries) + 1, 20))


@pytest.mark.parametrize("segment", [1, 2])
def test_a_replay_may_begin_at_a_segment(world: World, segment: int) -> None:
    log = world.store(":memory:")
    first = log.connection.execute("SELECT number FROM segments WHERE segment = ?", (segment,)).fetchone()[0]
    report = replay(log, build=BUILD, from_segment=segment)
    assert report == ReplayReport(True, len(world.entries) - first + 1, True, (BUILD,))


def test_there_must_be_such_a_segment(world: World) -> None:
    with pytest.raises(ValueError, match="no segment 99"):
        replay(world.store(":memory:"), build=BUILD, from_segment=99)


def marked(world: World) -> int:
    """A record with a markout."""
    return next(entry.number for entry in world.entries if b'"Marked.' in entry.body)


def finds_the_change(world: World) -> bool:
    """Does replay name the altered record?"""
    number = marked(world)
    report = replay(altered(world, number), build=BUILD)
    found = [one.number for one in report.differences]
    return not report.ok and report.same_build and found == [number] and report.different == 1


def test_an_altered_effect_is_found_though_all_hashes_fit(world: World) -> None:
    assert finds_the_change(world)


def test_a_replay_that_trusts_the_logged_effects_would_not_find_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trusting(self: Desk, stamped: ev.Stamped) -> tuple[fx.Effect, ...]:
        return next(r.effects for r in logged if r.number == stamped.number)

    logged = [decode_record(row.body) for row in altered(world, marked(world)).records()]
    monkeypatch.setattr(Desk, "handle", trusting)
    assert not finds_the_change(world)


def test_a_state_that_is_not_reached_is_found(world: World) -> None:
    log = world.store(":memory:")
    opening = log.newest_segment()
    assert opening is not None
    number, segment = opening
    other = segment.state + b" "
    digest = canon.digest(other)
    log.connection.execute(
        "UPDATE segments SET state = ?, hash = ? WHERE number = ?", (other, bytes.fromhex(digest), number)
    )
    old, size = segment.hash.encode(), f'"size":{len(segment.state)}'.encode()
    new_size = f'"size":{len(other)}'.encode()
    rewritten(log, number, lambda body: body.replace(old, digest.encode()).replace(size, new_size))
    report = replay(log, build=BUILD)
    assert [one.number for one in report.differences] == [number], "though every hash fits"


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE records SET hash = zeroblob(32) WHERE number = 7", 7),
        ("UPDATE records SET body = body || x'20' WHERE number = 7", 7),
        ("DELETE FROM records WHERE number = 9", 9),
        ("UPDATE segments SET state = x'7b7d' WHERE segment = 1", 26),
        ("UPDATE segments SET state = (SELECT max(state) FROM segments) WHERE segment = 1", 26),
        ("UPDATE segments SET state = x'7b7d', hash = zeroblob(32) WHERE segment = 1", 26),
    ],
)
def test_a_replay_trusts_no_log_that_does_not_verify(world: World, statement: str, number: int) -> None:
    log = world.store(":memory:")
    log.connection.execute(statement)
    for build in (BUILD, "newer"):
        with pytest.raises(LogDamaged) as raised:
            replay(log, build=build)
        assert raised.value.number == number


def test_differences_of_another_build_are_said_to_be_that(world: World) -> None:
    report = replay(altered(world, marked(world)), build="newer")
    assert not report.ok
    assert not report.same_build
    assert report.builds == (BUILD,)
    assert report.differences[0].build == BUILD


def test_only_the_first_differences_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "DIFFERENCES_KEPT", 3)
    monkeypatch.setattr(Desk, "handle", lambda self, stamped: ())
    report = replay(world.store(":memory:"), build=BUILD)
    assert len(report.differences) == 3
    assert report.different == sum(b'"effects":[{' in entry.body for entry in world.entries)
    assert all(isinstance(one, Difference) and one.got == () for one in report.differences)


def test_an_event_that_the_desk_refuses_ends_the_replay(world: World) -> None:
    early = f'"at":{START_AT}'.encode()
    log = world.store(":memory:")
    at = f'"at":{decode_record(world.entries[9].body).at}'.encode()
    report = replay(rewritten(log, 10, lambda body: body.replace(at, early, 1)), build=BUILD)
    assert (report.events, report.different) == (10, 1)
    assert report.differences[0].number == 10
    assert "time went back" in str(report.differences[0].got)


def test_a_record_spelled_in_an_old_version_is_no_difference(world: World) -> None:
    def lift(old: dict[str, object]) -> dict[str, object]:
        return {**old, "_": "SessionUp.1"}

    log = rewritten(world.store(":memory:"), 2, lambda body: body.replace(b"SessionUp.1", b"SessionUp.0"))
    canon.register_upcaster("SessionUp.0", lift)
    try:
        assert replay(log, build=BUILD).ok
    finally:
        canon.forget_upcaster("SessionUp.0")
    with pytest.raises(LogDamaged, match="decoded") as raised:
        replay(log, build=BUILD)
    assert raised.value.number == 2


@pytest.mark.parametrize("statement", ["DELETE FROM snapshots", "UPDATE snapshots SET body = x'7b7d'"])
def test_a_snapshot_that_is_gone_or_altered_is_damage(world: World, statement: str) -> None:
    log = world.store(":memory:")
    log.connection.execute(statement)
    with pytest.raises(LogDamaged, match="snapshot"):
        replay(log, build=BUILD)


def test_few_snapshots_are_kept_in_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "SNAPSHOTS_KEPT", 1)
    assert replay(world.store(":memory:"), build=BUILD).ok


def test_a_new_build_is_known_from_its_start() -> None:
    world, _ = lived(1)
    world.desk.build = "second"
    world.feed(ev.Started(build="second", unclean=True, unsent=()))
    world.feed(ev.SegmentOpened(segment=7))
    world.feed(ev.SessionUp(party=CLIENT))
    log = world.store(":memory:")
    assert replay(log, build=BUILD).builds == (BUILD, "second")
    assert not replay(log, build=BUILD).same_build
    assert replay(log, build="second", from_segment=7) == ReplayReport(True, 2, True, ("second",))


def test_the_bytes_compared_are_the_stored_ones(world: World) -> None:
    rows: list[Row] = list(world.store(":memory:").records())
    assert [encode_record(decode_record(row.body)) for row in rows] == [row.body for row in rows]


def test_reading_goes_on_beside_a_writer(world: World, tmp_path: Path) -> None:
    log = world.store(tmp_path / "desk.db")
    with AuditLog.open(tmp_path / "desk.db", writable=False) as reader:
        assert replay(reader, build=BUILD).ok
        assert rebuild(reader, BUILD)[1] == len(world.entries) + 1
        with pytest.raises(sqlite3.OperationalError):
            reader.connection.execute("DELETE FROM records")
    log.close()


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replays of these small logs are worth three processes."""
    monkeypatch.setattr(replaying, "WORTH_A_PART", 15)
    monkeypatch.setattr("os.cpu_count", lambda: 3)


@pytest.mark.slow
@pytest.mark.usefixtures("in_parts")
def test_parts_played_by_several_processes_come_to_the_same(world: World, tmp_path: Path) -> None:
    with world.store(tmp_path / "desk.db") as log:
        assert len(replaying._bounds(log, 1, len(world.entries))) == 2
        report = replay(log, build=BUILD)
        assert report == ReplayReport(True, len(world.entries), True, (BUILD,))
        assert replay(log, build=BUILD, from_segment=1).ok
        # What a child cannot prove is played again here, in order.
        number = max(entry.number for entry in world.entries if b'"Marked.' in entry.body)
        rewritten(log, number, lambda body: body.replace(b'"markout_bps":', b'"markout_bps":1', 1))
        report = replay(log, build=BUILD)
        assert [one.number for one in report.differences] == [number]
        assert report.events == len(world.entries)
        number = marked(world)
        rewritten(log, number, lambda body: body.replace(b'"markout_bps":', b'"markout_bps":1', 1))
        assert replay(log, build=BUILD).differences[0].number == number


@pytest.mark.usefixtures("in_parts")
def test_a_stored_state_that_was_altered_does_not_go_through(world: World, tmp_path: Path) -> None:
    with world.store(tmp_path / "desk.db") as log:
        log.connection.execute("UPDATE segments SET state = (SELECT state FROM segments WHERE segment = 1)")
        bounds = replaying._bounds(log, 1, len(world.entries))
        with replaying._Child(log, BUILD, bounds[1][0], bounds[1][1] + 3) as child:
            assert child.hear() is None


@pytest.mark.usefixtures("in_parts")
def test_a_child_that_cannot_answer_is_done_without(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with world.store(tmp_path / "desk.db") as log:
        assert replay(log, build=BUILD) == ReplayReport(True, len(world.entries), True, (BUILD,))


def test_a_part_by_itself(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with world.store(tmp_path / "desk.db") as log:
        opening = replaying._OPENINGS
        segment, number = log.connection.execute(opening).fetchone()
    replaying.main([str(tmp_path / "desk.db"), BUILD, str(segment), str(number + 3)])
    assert (
        capsys.readouterr().out
        == f'{{"ok": true, "events": 4, "builds": ["{BUILD}"], "numerics": [], "near": 0}}'
    )
