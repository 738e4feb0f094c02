"""Whole worlds, watched by all checks: no violation, and both roles trade."""

from decimal import Decimal

import pytest
from sim_worlds import BUSY, make, run_world

from pricing.structures import Leg, Structure
from rfq.domain.events import InboxOverflowed, RfqReceived
from rfq.domain.request import Ask, Side
from rfq.sim.instruments import client_id
from rfq.sim.run import Result, advance, finish

MINUTE = 60
HOUR = 3_600


def _sound(result: Result) -> None:
    counts = result.counts
    assert result.violations == ()
    assert counts["quarantined"] == 0
    assert counts["records"] == result.records


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_quarter_of_an_hour(seed: int) -> None:
    result = run_world(seed, 15 * MINUTE)
    _sound(result)
    counts = result.counts
    assert counts["rfqs_maker"] > 100 and counts["rfqs_taker"] > 100
    assert counts["fills_maker"] > 30 and counts["fills_taker"] > 30
    assert counts["markouts"] > 300


@pytest.mark.nightly
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1_001, 1_101))
def test_an_hour(seed: int) -> None:
    _sound(run_world(seed, HOUR))


@pytest.mark.parametrize("seed", [31, 32])
def test_busy_worlds_with_kills_and_dropped_sessions(seed: int) -> None:
    result = run_world(seed, 3 * MINUTE, rates=BUSY)
    _sound(result)
    assert result.counts["fills_maker"] > 20 and result.counts["not_sent"] > 0


def test_segments_while_it_runs() -> None:
    result = run_world(33, 2 * MINUTE, rates=BUSY, segment_records=200)
    _sound(result)


def test_a_world_without_dealers_or_clients_is_quiet_and_sound() -> None:
    result = run_world(34, 2 * MINUTE, clients=0, dealers=0)
    _sound(result)
    assert result.counts["rfqs_maker"] == 0 and result.counts["fills"] == 0


def test_a_small_and_a_large_street() -> None:
    _sound(run_world(35, MINUTE, clients=1, dealers=1, rates=BUSY))
    _sound(run_world(36, MINUTE, clients=25, dealers=45, rates=BUSY))


def test_a_burst_beyond_the_inbox_is_declined_by_name() -> None:
    world = make(37, inbox_new_max=10)
    advance(world, 20)
    leg = Leg(instrument="BTC-PERPETUAL", ratio=Decimal(1))
    ask = Ask(structure=Structure(legs=(leg,)), amount=Decimal(100_000), side=Side.BUY)
    requests = [RfqReceived(party=client_id(n % 10), reference=f"burst-{n}", ask=ask) for n in range(30)]
    taken = [world.live.offer(one) for one in requests]
    assert taken == [True] * 10 + [False] * 20
    advance(world, 20)
    result = finish(world, 40)
    _sound(result)
    kinds = [row.kind for row in world.log.records()]
    assert kinds.count(InboxOverflowed.__name__) == 1
    assert result.counts["refusals"] >= 20
