"""Running a world on virtual time, and what came of it, read back from its log."""

from collections.abc import Callable
from typing import Final

import msgspec

from rfq.audit import queries
from rfq.sim.world import World

_NS: Final = 1_000_000_000
_CHUNK_S: Final = 60

Progress = Callable[[int, int], None]
"""Told how many simulated seconds are done, and of how many."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a run ended with: `digest` is the hash of the chain's last record; `counts` are read from the log."""

    seed: int
    seconds: int
    digest: str
    records: int
    violations: tuple[str, ...]
    counts: dict[str, int]


def run(world: World, seconds: int, progress: Progress | None = None) -> Result:
    """Run the world for so many simulated seconds more, then close its record and look at it."""
    advance(world, seconds, progress)
    return finish(world, seconds)


def advance(world: World, seconds: int, progress: Progress | None = None) -> None:
    """Let virtual time pass."""
    schedule = world.virtual
    end_at = schedule.now() + seconds * _NS
    done = 0
    while schedule.now() < end_at and world.live.failure is None:
        schedule.run_until(min(end_at, schedule.now() + _CHUNK_S * _NS))
        done = min(seconds, done + _CHUNK_S)
        if progress is not None:
            progress(done, seconds)


def finish(world: World, seconds: int) -> Result:
    """Write what waits, check the whole record, and count what is in it."""
    world.writer.close()
    world.checks.finish(world.log, world.schedule.now())
    head = world.log.head()
    violations = tuple(world.checks.violations)
    if world.live.failure is not None:
        violations += (f"the loop stopped: {world.live.failure}",)
    return Result(
        seed=world.seed,
        seconds=seconds,
        digest=head.hash,
        records=head.number,
        violations=violations,
        counts=queries.counts(world.log),
    )
