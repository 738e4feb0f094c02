"""Asking a fresh desk again: the logged events in their order, the logged effects demanded back, byte for
byte.

The desk is pure, so the same build must answer the same; where it does not, the log was altered or the desk
is not pure. Another build may answer otherwise: such differences are listed with the build that made the
record, and are no accusation. What is compared is the canonical bytes of the whole record made anew, so
replay trusts nothing that the log says about effects. Records of a machine with another numerics fingerprint are
compared number for number (`nearness`), and the report says so.

`rebuild` does the same from the newest segment, to come up again where the log ends.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from typing import NamedTuple

from rfq.audit.errors import BuildDiffers, LogDamaged
from rfq.audit.log import AuditLog
from rfq.audit.player import Difference, Player, begin
from rfq.audit.verify import verify
from rfq.audit.walk import Progress
from rfq.desk.engine import Desk

DIFFERENCES_KEPT = 100
PARTS_MAX = 8
WORTH_A_PART = 25_000
_TOLD_EVERY = 2_000
_OPENINGS = "SELECT segment, number FROM segments WHERE typeof(number) = 'integer' ORDER BY number"


class ReplayReport(NamedTuple):
    """What came of a replay. `different` counts all differences, `differences` holds the first of them;
    `builds` are those that made the records. With `same_build`, a difference means that the log was altered
    or the desk is not pure. `numerics` are the fingerprints in the log that are not this machine's: `near` of
    their records are the same to 1e-12 only."""

    ok: bool
    events: int
    same_build: bool
    builds: tuple[str, ...]
    different: int = 0
    differences: tuple[Difference, ...] = ()
    numerics: tuple[str, ...] = ()
    near: int = 0


def replay(
    log: AuditLog, *, build: str, progress: Progress | None = None, from_segment: int | None = None
) -> ReplayReport:
    """Replay the log with this `build` of the desk, from the first record or from the beginning of a segment.

    A long log is played in parts by as many processes as there are cores, each part from the stored state of
    a segment to the opening of the next part, which must be reached: so the parts prove each other. If any of
    them finds something, everything is played here, in order.

    Before that the chain is verified: raises LogDamaged where a record or a stored state is not what was written.
    """
    found = verify(log)
    if not found.ok:
        raise LogDamaged(found.first_bad or found.head.number, found.problem)
    player, first = begin(log, build, from_segment)
    last = log.head().number
    bounds = _bounds(log, first, last)
    with ExitStack() as stack:
        children = [
            stack.enter_context(_Child(log, build, segment, end))
            for (segment, _), end in zip(bounds, [number for _, number in bounds[1:]] + [last], strict=False)
        ]
        report = _play(player, first, bounds[0][1] if bounds else last, progress)
        if not bounds:
            return report.made(build)
        if not report.different:
            heard = [child.hear() for child in children]
            if all(one is not None for one in heard):
                for one in heard:
                    report.add(one or _Tally())
                return report.made(build)
    if not player.failed:
        report.add(_play(player, bounds[0][1] + 1, last, progress))
    return report.made(build)


class _Tally:
    """What a stretch came to."""

    def __init__(self, events: int = 0, builds: Iterable[str] = ()) -> None:
        self.events = events
        self.builds = dict.fromkeys(builds)
        self.numerics: dict[str, None] = {}
        self.different = 0
        self.differences: list[Difference] = []
        self.near = 0

    def add(self, later: "_Tally") -> None:
        """The stretch behind it."""
        self.events += later.events
        self.builds.update(later.builds)
        self.numerics.update(later.numerics)
        self.near += later.near
        self.different += later.different
        self.differences = (self.differences + later.differences)[:DIFFERENCES_KEPT]

    def made(self, build: str) -> ReplayReport:
        """As it is reported for a replay with `build`."""
        same = all(one == build for one in self.builds)
        return ReplayReport(
            ok=not self.different,
            events=self.events,
            same_build=same,
            builds=tuple(self.builds),
            different=self.different,
            differences=tuple(self.differences),
            numerics=tuple(self.numerics),
            near=self.near,
        )


def _play(player: Player, first: int, last: int, progress: Progress | None) -> _Tally:
    """Play the records `first` to `last`; a desk that fails ends it."""
    tally = _Tally(0, [player.build] if player.build else [])
    player.near = 0
    for number, body in player.log.bodies(first, last):
        found = player.play(number, body)
        tally.events += 1
        tally.builds.setdefault(player.build)
        if player.numerics:
            tally.numerics.setdefault(player.numerics)
            tally.near = player.near
        if found is not None:
            tally.different += 1
            if len(tally.differences) < DIFFERENCES_KEPT:
                tally.differences.append(found)
            if player.failed:
                return tally
        if progress is not None and tally.events % _TOLD_EVERY == 0:
            progress(number)
    return tally


def _bounds(log: AuditLog, first: int, last: int) -> list[tuple[int, int]]:
    """The segments (and their opening records) at which other processes begin, in order; none if it is not
    worth it."""
    parts = min(os.cpu_count() or 1, PARTS_MAX, (last - first) // WORTH_A_PART)
    if log.path is None or not sys.executable or parts < 2:
        return []
    openings = [row for row in log.connection.execute(_OPENINGS) if first < row[1] < last]
    wanted = [first + (last - first) * part // parts for part in range(1, parts)]
    found = [min(openings, key=lambda row: abs(row[1] - number)) for number in wanted if openings]
    return sorted(dict.fromkeys(found))


class _Child:
    """Another process (this module, run with `python -m`) that plays from a segment to record `end`."""

    def __init__(self, log: AuditLog, build: str, segment: int, end: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rfq.audit.replay", str(log.path), build, str(segment), str(end)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.__exit__(None, None, None)

    def hear(self) -> _Tally | None:
        """What it came to (its first record was played by the part before); None unless all went well."""
        try:
            said = json.loads(self._process.communicate()[0])
            if not said["ok"]:
                return None
            tally = _Tally(int(said["events"]) - 1, said["builds"])
            tally.numerics = dict.fromkeys(said["numerics"])
            tally.near = int(said["near"])
            return tally
        except (ValueError, KeyError, TypeError):
            return None


def main(arguments: list[str]) -> None:
    """The child: play a stretch and say whether all was well."""
    path, build, segment, end = arguments
    with AuditLog.open(path, writable=False, allow_damage=True) as log:
        player, first = begin(log, build, int(segment))
        tally = _play(player, first, int(end), None)
    said = {
        "ok": not tally.different,
        "events": tally.events,
        "builds": list(tally.builds),
        "numerics": list(tally.numerics),
        "near": tally.near,
    }
    sys.stdout.write(json.dumps(said))


def rebuild(log: AuditLog, build: str) -> tuple[Desk, int]:
    """The desk as it stood after the last record, and the next number; an empty log gives an empty desk and
    1.

    From the newest segment's state and the records since. Raises LogDamaged if this build made a record that
    it now answers otherwise, and BuildDiffers if another build did: what that one did stands, and a desk that
    went on from another answer would not know its own positions. After a clean stop there is nothing to answer
    but the segment's own opening, whose state another build may spell otherwise.
    """
    newest = log.newest_segment()
    opening = newest[0] if newest is not None else 0
    player, first = begin(log, build, newest[1].segment if newest is not None else None)
    number = first - 1
    for number, body in log.bodies(first):
        found = player.play(number, body)
        if found is None:
            continue
        if found.build == build:
            raise LogDamaged(number, "the desk answers otherwise than the log says: see `rfq replay`")
        if player.failed or number != opening:
            raise BuildDiffers(number, found.build)
    return player.desk, number + 1


if __name__ == "__main__":  # pragma: no cover - the child process
    main(sys.argv[1:])
