"""Asking a fresh desk again: the logged events in their order, the logged effects demanded back, byte for
byte.

The desk is pure, so the same build must answer the same; where it does not, the log was altered or the desk
is not pure. Another build may answer otherwise: such differences are listed with the build that made the
record, and are no accusation. What is compared is the canonical bytes of the whole record made anew, so
replay trusts nothing that the log says about effects.

`rebuild` does the same from the newest segment, to come up again where the log ends.
"""

import json
import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import ExitStack
from typing import NamedTuple

import msgspec

from pricing.market import MarketSnapshot
from rfq.audit.errors import BuildDiffers, LogDamaged
from rfq.audit.log import AuditLog
from rfq.audit.verify import verify
from rfq.audit.walk import Progress
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.domain.effects import Effect
from rfq.domain.events import ChainOpened, Event, Stamped, Started
from rfq.domain.ids import ChainId
from rfq.domain.record import Record, decode_record, encode_record, record_of

DIFFERENCES_KEPT = 100
SNAPSHOTS_KEPT = 256
PARTS_MAX = 8
WORTH_A_PART = 25_000
_TOLD_EVERY = 2_000
_BUILD = (
    "SELECT term FROM mentions WHERE term >= 'build:' AND term < 'build;' AND number < ? "
    "ORDER BY number DESC LIMIT 1"
)
_OPENINGS = "SELECT segment, number FROM segments WHERE typeof(number) = 'integer' ORDER BY number"
_SEGMENT = "SELECT number, state FROM segments WHERE segment = ?"


class Difference(NamedTuple):
    """A record that the desk answers otherwise: what the log says, what the desk says now, and the build that
    made the record."""

    number: int
    build: str
    expected: tuple[Effect, ...]
    got: tuple[Effect, ...] | str


class ReplayReport(NamedTuple):
    """What came of a replay. `different` counts all differences, `differences` holds the first of them;
    `builds` are those that made the records. With `same_build`, a difference means that the log was altered
    or the desk is not pure."""

    ok: bool
    events: int
    same_build: bool
    builds: tuple[str, ...]
    different: int = 0
    differences: tuple[Difference, ...] = ()


class _Question(
    msgspec.Struct, frozen=True, gc=False, tag="Record.1", tag_field="_", forbid_unknown_fields=True
):
    """A record whose effects are left as they are spelled: they are demanded back as bytes, and most never need to
    be more. (Written by `Record`; read here only.)"""

    chain: ChainId
    number: int
    at: int
    received_at: int
    event: Event
    effects: msgspec.Raw
    market: str = ""
    raw: str = ""
    offset_ns: int = 0
    error_ns: int = 0


def _logged(number: int, body: bytes) -> Record:
    """The whole record that these bytes spell."""
    try:
        return decode_record(body)
    except CanonError as error:
        raise LogDamaged(number, f"cannot be decoded: {error}") from None


class _Player:
    """Feeds records to a desk."""

    def __init__(self, log: AuditLog, desk: Desk, build: str) -> None:
        self.log = log
        self.failed = False
        self._markets: OrderedDict[str, MarketSnapshot] = OrderedDict()
        self.desk = desk
        self.build = build  # that made the record now played

    def play(self, number: int, body: bytes) -> Difference | None:
        """Feed one record; None if the desk answers as the log says."""
        try:
            record = canon.decode(body, _Question)
        except CanonError as error:
            raise LogDamaged(number, f"cannot be decoded: {error}") from None
        event = record.event
        if type(event) is ChainOpened or type(event) is Started:
            self.build = event.build
        stamped = Stamped(
            number=record.number,
            at=record.at,
            received_at=record.received_at,
            event=event,
            offset_ns=record.offset_ns,
            error_ns=record.error_ns,
            raw=record.raw,
            market=self._market(record.market, number) if record.market else None,
            market_hash=record.market,
        )
        try:
            effects = self.desk.handle(stamped)
            made = encode_record(record_of(record.chain, stamped, effects))
        except (AssertionError, LookupError, ValueError) as error:  # a bug outside any one Rfq: it ends there
            self.failed = True
            logged = _logged(number, body).effects
            return Difference(number, self.build, logged, f"the desk fails at it: {error}")
        if made == body:
            return None
        logged_record = _logged(number, body)
        if made == encode_record(logged_record):  # spelled otherwise: in an old version
            return None
        return Difference(number, self.build, logged_record.effects, effects)

    def _market(self, digest: str, number: int) -> MarketSnapshot:
        """The snapshot that a record names, decoded once for records near each other."""
        markets = self._markets
        found = markets.get(digest)
        if found is None:
            raw = self.log.snapshot(digest)
            if raw is None or canon.digest(raw) != digest:
                raise LogDamaged(number, "the market snapshot that it names is missing or altered")
            found = markets[digest] = canon.decode(raw, MarketSnapshot)
            if len(markets) > SNAPSHOTS_KEPT:
                markets.popitem(last=False)
        return found


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
    player, first = _begin(log, build, from_segment)
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
        self.different = 0
        self.differences: list[Difference] = []

    def add(self, later: "_Tally") -> None:
        """The stretch behind it."""
        self.events += later.events
        self.builds.update(later.builds)
        self.different += later.different
        self.differences = (self.differences + later.differences)[:DIFFERENCES_KEPT]

    def made(self, build: str) -> ReplayReport:
        """As it is reported for a replay with `build`."""
        same = all(one == build for one in self.builds)
        kept = tuple(self.differences)
        return ReplayReport(not self.different, self.events, same, tuple(self.builds), self.different, kept)


def _play(player: _Player, first: int, last: int, progress: Progress | None) -> _Tally:
    """Play the records `first` to `last`; a desk that fails ends it."""
    tally = _Tally(0, [player.build] if player.build else [])
    for number, body in player.log.bodies(first, last):
        found = player.play(number, body)
        tally.events += 1
        tally.builds.setdefault(player.build)
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
            return _Tally(int(said["events"]) - 1, said["builds"]) if said["ok"] else None
        except (ValueError, KeyError, TypeError):
            return None


def main(arguments: list[str]) -> None:
    """The child: play a stretch and say whether all was well."""
    path, build, segment, end = arguments
    with AuditLog.open(path, writable=False, allow_damage=True) as log:
        player, first = _begin(log, build, int(segment))
        tally = _play(player, first, int(end), None)
    said = {"ok": not tally.different, "events": tally.events, "builds": list(tally.builds)}
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
    player, first = _begin(log, build, newest[1].segment if newest is not None else None)
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


def _begin(log: AuditLog, build: str, segment: int | None) -> tuple[_Player, int]:
    """A desk at the beginning of a segment (its opening record is the next), or of the chain."""
    if segment is None:
        return _Player(log, Desk(build), ""), 1
    row = log.connection.execute(_SEGMENT, (segment,)).fetchone()
    if row is None:
        raise ValueError(f"segment: the log has no segment {segment}")
    return _Player(log, Desk.restore(row[1], build), _build_before(log, row[0])), row[0]


def _build_before(log: AuditLog, number: int) -> str:
    """The build that was running at a record."""
    row = log.connection.execute(_BUILD, (number,)).fetchone()
    return str(row[0]).removeprefix("build:") if row else ""


if __name__ == "__main__":  # pragma: no cover - the child process
    main(sys.argv[1:])
