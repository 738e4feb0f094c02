"""Worlds that stop in the middle of everything and go on, on the same chain; and their replay."""

from pathlib import Path

import pytest
from sim_worlds import BUSY, make

from rfq.audit import queries
from rfq.audit.log import AuditLog
from rfq.audit.replay import replay
from rfq.domain.events import KillPressed
from rfq.sim.instruments import RISK
from rfq.sim.run import advance, finish, run
from rfq.sim.world import BUILD, START_AT, build_world

GAP_NS = 100_000_000_000


def test_a_chain_goes_on_through_stops_in_full_flight(tmp_path: Path) -> None:
    path = tmp_path / "sim.db"
    fills = 0
    for day in range(4):
        with AuditLog.open(path, writable=True, fsync=False) as log:
            start_at = START_AT + day * GAP_NS
            world = build_world(7 + day, log=log, rates=BUSY, start_at=start_at, segment_records=500)
            advance(world, 43)
            if day == 1:
                world.live.offer(KillPressed(by=RISK[0]))  # the next day finds it stopped, and arms it
                advance(world, 1)
            result = finish(world, 43)
            assert result.violations == ()
            assert result.counts["fills_maker"] > fills + 5
            fills = result.counts["fills_maker"]
    with AuditLog.open(path, writable=False) as log:
        report = replay(log, build=BUILD)
        assert report.ok and report.same_build and report.events == log.head().number


@pytest.mark.parametrize("seed", [11, 12])
def test_a_world_replays(seed: int) -> None:
    world = make(seed, rates=BUSY)
    result = run(world, 60)
    report = replay(world.log, build=BUILD)
    assert report.ok and report.events == result.records
    assert result.counts == queries.counts(world.log)
