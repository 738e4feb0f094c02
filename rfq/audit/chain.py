"""How records become entries of the chain: pure, the same for the live log and the simulator's.

A `Chain` knows where it ends (its last hash and the next number). `entry` encodes what the desk returned,
hashes it behind the last record and moves on; storing the entry is the log's work. Numbers begin at 1; the
chain before its first record ends at number 0 with the hash GENESIS.
"""

from collections import OrderedDict
from typing import NamedTuple

from rfq.audit.errors import LogGap
from rfq.audit.terms import terms_of
from rfq.domain import canon
from rfq.domain.effects import Effect, StateTaken
from rfq.domain.events import SegmentOpened, Stamped
from rfq.domain.ids import ChainId
from rfq.domain.record import GENESIS, chain_hash, encode_record, record_of

SNAPSHOTS_REMEMBERED = 1_024


class Snapshot(NamedTuple):
    """A market snapshot to be stored: the hash of its canonical bytes (hex), and they."""

    hash: str
    body: bytes


class Segment(NamedTuple):
    """The beginning of a segment: its index, the desk's state in canonical bytes, and its hash (hex)."""

    segment: int
    state: bytes
    hash: str


class Entry(NamedTuple):
    """One record as it is stored. Stamps in UTC ns; hashes hex; `previous` is the hash it stands behind."""

    chain: ChainId
    number: int
    at: int
    received_at: int
    kind: str
    previous: str
    hash: str
    body: bytes
    terms: tuple[str, ...]
    snapshot: Snapshot | None = None
    segment: Segment | None = None


class Chain:
    """The end of a chain, from which it grows."""

    __slots__ = ("_known", "chain_id", "head_hash", "next_number")

    def __init__(self, chain_id: ChainId, head_hash: str = GENESIS, next_number: int = 1) -> None:
        """A new chain; or, with the last hash and the next number, one that goes on."""
        self.chain_id = chain_id
        self.head_hash = head_hash
        self.next_number = next_number
        self._known: OrderedDict[str, None] = OrderedDict()

    def entry(
        self,
        stamped: Stamped,
        effects: tuple[Effect, ...],
        *,
        snapshot: bytes | None = None,
        image: bytes | None = None,
    ) -> Entry:
        """The entry of one handled event; the chain now ends with it.

        `snapshot`: the canonical bytes of the market that the event carried, if the caller has them (else
        they are made here). `image`: the desk's state, demanded when the desk answered with `StateTaken`.
        """
        number = stamped.number
        if number != self.next_number:
            raise LogGap(f"record {number} cannot follow record {self.next_number - 1}")
        record = record_of(self.chain_id, stamped, effects)
        body = encode_record(record)
        segment = _segment_of(stamped, effects, image)
        previous = self.head_hash
        made = Entry(
            self.chain_id,
            number,
            stamped.at,
            stamped.received_at,
            type(stamped.event).__name__,
            previous,
            chain_hash(previous, body),
            body,
            terms_of(record),
            self._new_snapshot(stamped, snapshot) if stamped.market_hash else None,
            segment,
        )
        self.head_hash = made.hash
        self.next_number = number + 1
        return made

    def _new_snapshot(self, stamped: Stamped, body: bytes | None) -> Snapshot | None:
        """The snapshot to store with this record, or None if it was stored not long ago."""
        known = self._known
        key = stamped.market_hash
        if key in known:
            known.move_to_end(key)
            return None
        if body is None:
            if stamped.market is None:
                raise ValueError("market_hash: the event names a market that it does not carry")
            body = canon.encode(stamped.market)
        if canon.digest(body) != key:
            raise ValueError("market_hash: not the hash of the market that the event carries")
        known[key] = None
        if len(known) > SNAPSHOTS_REMEMBERED:
            known.popitem(last=False)
        return Snapshot(key, body)


def _segment_of(stamped: Stamped, effects: tuple[Effect, ...], image: bytes | None) -> Segment | None:
    """The stored state that goes with a `StateTaken`; it must be the one whose hash the desk returned."""
    taken = next((effect for effect in effects if type(effect) is StateTaken), None)
    if taken is None:
        if image is not None:
            raise ValueError("image: the desk took no state at this event")
        return None
    if image is None or canon.digest(image) != taken.state or len(image) != taken.size:
        raise ValueError("image: not the state of which the desk returned the hash")
    if type(stamped.event) is not SegmentOpened:
        raise ValueError("image: a state is taken only at the beginning of a segment")
    return Segment(stamped.event.segment, image, taken.state)
