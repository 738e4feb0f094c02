"""The simulated world: how many of its seconds pass in one of ours, what watching it costs, and what a path costs."""

import time

from benchmarks.rows import Row
from rfq.audit.log import AuditLog
from rfq.ops.kernels import warm_kernels
from rfq.ops.sections import Kernels
from rfq.sim.run import advance, finish
from rfq.sim.world import World, build_world

TARGET = 1_000
SECONDS = 3_600
QUICK_SECONDS = 600
WARM_SECONDS = 120
SEED = 7


def main(quick: bool = False) -> list[Row]:
    """20 dealers, 10 clients, an RFQ every two seconds; the log in memory, one core, kernels as `rfq sim` has them."""
    kernels = warm_kernels(Kernels())
    seconds = QUICK_SECONDS if quick else SECONDS
    watched = _build(checked=True)
    rate, records = _run(watched, seconds)
    started = time.perf_counter()
    result = finish(watched, seconds)
    closing = time.perf_counter() - started
    assert not result.violations, result.violations[:3]
    bare, _ = _run(_build(checked=False), seconds)
    share = 1.0 - rate / bare
    return [
        Row(
            "simulated world, watched by all checks",
            f"{rate:,.0f} simulated s/s",
            f"≥ {TARGET:,}",
            rate >= TARGET,
            f"{records:,.0f} records/s; the checks take {share:.0%} of the time; kernels {kernels}",
        ),
        Row("simulated world, without the checks", f"{bare:,.0f} simulated s/s"),
        Row(
            f"closing look at {seconds} simulated seconds",
            f"{closing:.2f} s",
            note=f"{result.records:,} records verified and counted",
        ),
    ]


def _build(*, checked: bool) -> World:
    log = AuditLog.open(":memory:", writable=True)
    world = build_world(SEED, log=log, checked=checked)
    advance(world, WARM_SECONDS)
    return world


def _run(world: World, seconds: int) -> tuple[float, float]:
    """Simulated seconds, and records, in one second of ours."""
    before = world.live.chain.next_number
    started = time.perf_counter()
    advance(world, seconds)
    world.writer.close()
    took = time.perf_counter() - started
    return seconds / took, (world.live.chain.next_number - before) / took
