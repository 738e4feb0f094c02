"""Small worlds for tests: built on a log in memory, run on virtual time."""

from typing import Any

from rfq.audit.log import AuditLog
from rfq.sim.checks import Checks
from rfq.sim.population import DEMO_RATES
from rfq.sim.run import Result, finish, run
from rfq.sim.world import World, build_world

BUSY = DEMO_RATES._replace(kill_every_s=45.0, odd_every_s=3.0, drop_every_s=10.0, policy_every_s=30.0)
"""Everything happens within a minute or two."""


def make(seed: int = 1, **more: Any) -> World:
    """A world on a log in memory."""
    return build_world(seed, log=AuditLog.open(":memory:", writable=True), **more)


def run_world(seed: int, seconds: int, **more: Any) -> Result:
    """A world, run."""
    return run(make(seed, **more), seconds)


def run_watched(checks: Checks, seconds: int = 60, seed: int = 3, **more: Any) -> list[str]:
    """The violations that `checks` find in a busy world."""
    world = make(seed, rates=more.pop("rates", BUSY), checks=checks, **more)
    return list(run(world, seconds).violations)


__all__ = ["BUSY", "finish", "make", "run_watched", "run_world"]
