"""One record of the log: one event with all its effects, and every stamp. Its canonical bytes, behind the hash of the
record before, are what is hashed into the chain."""

from hashlib import sha256

import rfq.domain.upcasts  # noqa: F401 - old versions are read wherever records are
from rfq.domain import canon
from rfq.domain.effects import Effect
from rfq.domain.events import Event, Stamped
from rfq.domain.fact import Fact
from rfq.domain.ids import ChainId

GENESIS = "0" * 64


class Record(Fact, frozen=True, kw_only=True, tag="Record.1"):
    """What is written. `market` is the hash of the snapshot that the event carried, stored once beside the chain; `raw`
    that of the message that the event came in."""

    chain: ChainId
    number: int
    at: int
    received_at: int
    event: Event
    effects: tuple[Effect, ...]
    market: str = ""
    raw: str = ""
    offset_ns: int = 0
    error_ns: int = 0


def record_of(chain: ChainId, stamped: Stamped, effects: tuple[Effect, ...]) -> Record:
    """The record of one handled event."""
    return Record(
        chain=chain,
        number=stamped.number,
        at=stamped.at,
        received_at=stamped.received_at,
        event=stamped.event,
        effects=effects,
        market=stamped.market_hash,
        raw=stamped.raw,
        offset_ns=stamped.offset_ns,
        error_ns=stamped.error_ns,
    )


def chain_hash(previous: str, body: bytes) -> str:
    """Hex hash of a record's canonical bytes behind its predecessor's hash (GENESIS for the first)."""
    return sha256(bytes.fromhex(previous) + body).hexdigest()


def encode_record(record: Record) -> bytes:
    """Canonical bytes of a record."""
    return canon.encode(record)


def decode_record(body: bytes) -> Record:
    """The record that these bytes spell; raises CanonError."""
    return canon.decode(body, Record)
