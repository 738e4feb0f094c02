"""Asking a fresh desk again: the logged events in their order, the logged effects demanded back, byte for byte.

The desk is pure, so the same build must answer the same; where it does not, the log was altered or the desk is not
pure. Another build may answer otherwise: such differences are listed with the build that made the record, and are no
accusation. What is compared is the canonical bytes of the whole record made anew, so replay trusts nothing that the
log says about effects.

`rebuild` does the same from the newest segment, to come up again where the log ends.
"""

from collections import OrderedDict
from typing import NamedTuple

from pricing.market import MarketSnapshot
from rfq.audit.errors import LogDamaged
from rfq.audit.log import AuditLog, Row
from rfq.audit.walk import Progress
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.domain.effects import Effect
from rfq.domain.events import ChainOpened, Stamped, Started
from rfq.domain.record import decode_record, encode_record, record_of

DIFFERENCES_KEPT = 100
SNAPSHOTS_KEPT = 256
_TOLD_EVERY = 2_000
_BUILD = (
    "SELECT term FROM mentions WHERE term >= 'build:' AND term < 'build;' AND number < ? "
    "ORDER BY number DESC LIMIT 1"
)
_SEGMENT = "SELECT number, state FROM segments WHERE segment = ?"


class Difference(NamedTuple):
    """A record that the desk answers otherwise: what the log says, what the desk says now, and the build that made
    the record."""

    number: int
    build: str
    expected: tuple[Effect, ...]
    got: tuple[Effect, ...] | str


class ReplayReport(NamedTuple):
    """What came of a replay. `different` counts all differences, `differences` holds the first of them; `builds` are
    those that made the records. With `same_build`, a difference means that the log was altered or the desk is not
    pure."""

    ok: bool
    events: int
    same_build: bool
    builds: tuple[str, ...]
    different: int = 0
    differences: tuple[Difference, ...] = ()


class _Player:
    """Feeds records to a desk."""

    def __init__(self, log: AuditLog, desk: Desk, build: str) -> None:
        self._log = log
        self._markets: OrderedDict[str, MarketSnapshot] = OrderedDict()
        self.desk = desk
        self.build = build  # that made the record now played

    def play(self, row: Row) -> Difference | None:
        """Feed one record; None if the desk answers as the log says."""
        try:
            record = decode_record(row.body)
        except CanonError as error:
            raise LogDamaged(row.number, f"cannot be decoded: {error}") from None
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
            market=self._market(record.market, row.number) if record.market else None,
            market_hash=record.market,
        )
        try:
            effects = self.desk.handle(stamped)
            made = encode_record(record_of(record.chain, stamped, effects))
        except (AssertionError, LookupError, ValueError) as error:  # a bug outside any one Rfq: it ends there
            return Difference(row.number, self.build, record.effects, f"the desk fails at it: {error}")
        if made == row.body or made == encode_record(record):  # spelled otherwise: in an old version
            return None
        return Difference(row.number, self.build, record.effects, effects)

    def _market(self, digest: str, number: int) -> MarketSnapshot:
        """The snapshot that a record names, decoded once for records near each other."""
        markets = self._markets
        found = markets.get(digest)
        if found is None:
            raw = self._log.snapshot(digest)
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

    Raises LogDamaged where the log cannot even be read.
    """
    player, first = _begin(log, build, from_segment)
    differences: list[Difference] = []
    builds: dict[str, None] = {player.build: None} if player.build else {}
    events = different = 0
    for row in log.records(first):
        found = player.play(row)
        events += 1
        builds.setdefault(player.build)
        if found is not None:
            different += 1
            if len(differences) < DIFFERENCES_KEPT:
                differences.append(found)
            if isinstance(found.got, str):  # the desk could not go on
                break
        if progress is not None and events % _TOLD_EVERY == 0:
            progress(row.number)
    same = all(one == build for one in builds)
    return ReplayReport(not different, events, same, tuple(builds), different, tuple(differences))


def rebuild(log: AuditLog, build: str) -> tuple[Desk, int]:
    """The desk as it stood after the last record, and the next number; an empty log gives an empty desk and 1.

    From the newest segment's state and the records since. Raises LogDamaged if this build made a record that it
    now answers otherwise; where another build did, what was done stands and the desk goes on from its own answer.
    """
    newest = log.newest_segment()
    player, first = _begin(log, build, newest[1].segment if newest is not None else None)
    number = first - 1
    for row in log.records(first):
        found = player.play(row)
        if found is not None and (found.build == build or isinstance(found.got, str)):
            raise LogDamaged(row.number, "the desk answers otherwise than the log says: see `rfq replay`")
        number = row.number
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
