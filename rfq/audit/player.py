"""Plays the records of a log to a desk, one after the other, and says where it answers otherwise."""

from collections import OrderedDict
from typing import NamedTuple

import msgspec

from pricing.market import MarketSnapshot
from pricing.numeric.fingerprint import fingerprint
from rfq.audit.errors import LogDamaged
from rfq.audit.log import AuditLog
from rfq.audit.nearness import near
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.domain.effects import Effect
from rfq.domain.events import ChainOpened, Event, SegmentOpened, Stamped, Started
from rfq.domain.ids import ChainId
from rfq.domain.record import Record, decode_record, encode_record, record_of

SNAPSHOTS_KEPT = 256
_BUILD = (
    "SELECT number FROM mentions WHERE term >= 'build:' AND term < 'build;' AND number < ? "
    "ORDER BY number DESC LIMIT 1"
)
_SEGMENT = "SELECT number, state FROM segments WHERE segment = ?"
_STATE = "SELECT state FROM segments WHERE number = ?"


class Difference(NamedTuple):
    """A record that the desk answers otherwise: what the log says, what the desk says now, and the build that
    made the record."""

    number: int
    build: str
    expected: tuple[Effect, ...]
    got: tuple[Effect, ...] | str


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


class Player:
    """Feeds records to a desk."""

    def __init__(self, log: AuditLog, desk: Desk, build: str) -> None:
        self.log = log
        self.failed = False
        self._markets: OrderedDict[str, MarketSnapshot] = OrderedDict()
        self.desk = desk
        self.build = build  # that made the record now played
        self.numerics = ""  # the fingerprint it was made with, where that is not ours
        self.near = 0

    def made_by(self, event: Event) -> None:
        """Who makes the records from this event on, if it says so."""
        if type(event) is ChainOpened or type(event) is Started:
            self.build = event.build
            self.numerics = event.numerics if event.numerics != fingerprint() else ""

    def play(self, number: int, body: bytes) -> Difference | None:
        """Feed one record; None if the desk answers as the log says."""
        try:
            record = canon.decode(body, _Question)
        except CanonError as error:
            raise LogDamaged(number, f"cannot be decoded: {error}") from None
        event = record.event
        self.made_by(event)
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
        image = self.desk.image() if self.numerics and type(event) is SegmentOpened else b""
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
        spelled = encode_record(logged_record)
        if made == spelled:  # spelled otherwise: in an old version
            return None
        if self.numerics and near(spelled, made) and (not image or self._near_state(number, image)):
            self.near += 1
            return None
        return Difference(number, self.build, logged_record.effects, effects)

    def _near_state(self, number: int, image: bytes) -> bool:
        """Whether the desk stood as the segment that begins at a record says, but for last bits."""
        row = self.log.connection.execute(_STATE, (number,)).fetchone()
        return row is not None and near(row[0], image)

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


def begin(log: AuditLog, build: str, segment: int | None) -> tuple[Player, int]:
    """A desk at the beginning of a segment (its opening record is the next), or of the chain."""
    if segment is None:
        return Player(log, Desk(build), ""), 1
    row = log.connection.execute(_SEGMENT, (segment,)).fetchone()
    if row is None:
        raise ValueError(f"segment: the log has no segment {segment}")
    player = Player(log, Desk.restore(row[1], build), "")
    found = log.connection.execute(_BUILD, (row[0],)).fetchone()
    for number, body in log.bodies(found[0], found[0]) if found else ():
        player.made_by(_logged(number, body).event)
    return player, row[0]
