"""The whole story of one Rfq: everything that happened to it and all that was done, in order, and whether it left.

Not every record names the Rfq: an acceptance names a quote, a dealer's fill our acceptance, a cancel the client's own
reference, and `Sent` only the record of what was sent. So the story gathers the Rfq's records, then those that name a
quote or an acceptance of its, then those under its asker's reference, then the fates of everything outward.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rfq.audit.log import AuditLog, Row
from rfq.audit.terms import terms_in, terms_of
from rfq.domain.effects import Effect, is_outward
from rfq.domain.events import Event, NeedPosted, NotSent, RfqReceived, Sent
from rfq.domain.reasons import Reason
from rfq.domain.record import Record, decode_record

_NUMBERS = "SELECT DISTINCT number FROM mentions WHERE term IN ({}) ORDER BY number"
_TERMS_A_QUERY = 500
_OWN = ("quote:", "accept:")


class Fate(NamedTuple):
    """What became of an outward effect, told by record `number`: it left at `sent_at` (UTC ns; `raw` is the hash of its
    bytes), or never will, for a reason."""

    number: int
    sent_at: int = 0
    raw: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One effect, its index in its record, and its fate (None: inward, or not known)."""

    index: int
    effect: Effect
    fate: Fate | None


class Step(NamedTuple):
    """One record as far as it concerns the Rfq; `market` is the hash of the snapshot that it was decided on."""

    row: Row
    event: Event
    deeds: tuple[Deed, ...]
    market: str


class Story(NamedTuple):
    """One Rfq from birth to its last markout. `asked` is the event that it was born of, if the log has it."""

    rfq: str
    asked: RfqReceived | NeedPosted | None
    steps: tuple[Step, ...]


def story(log: AuditLog, rfq: str) -> Story | None:
    """The story of an Rfq; None if no record names it."""
    own = f"rfq:{rfq}"
    found = dict(_records(log, _numbers(log, [own])))
    if not found:
        return None
    words = sorted({term for _, record in found.values() for term in _words_of(record, own)})
    found.update(_records(log, _numbers(log, words), without=found))
    asked = next(
        (
            record.event
            for _, record in found.values()
            if isinstance(record.event, RfqReceived | NeedPosted) and own in terms_of(record)
        ),
        None,
    )
    if asked is not None:
        for number, pair in _records(
            log, _numbers(log, [f"ref:{asked.party}/{asked.reference}"]), without=found
        ):
            if not any(term.startswith("rfq:") and term != own for term in terms_of(pair[1])):
                found[number] = pair
    fates = _fates(
        log, [number for number, (_, record) in found.items() if any(map(is_outward, record.effects))]
    )
    steps = []
    for number in sorted(found):
        row, record = found[number]
        deeds = tuple(
            Deed(index, effect, fates.get((number, index)))
            for index, effect in enumerate(record.effects)
            if _concerns(effect, own)
        )
        steps.append(Step(row, record.event, deeds, record.market))
    return Story(rfq, asked, tuple(steps))


def _numbers(log: AuditLog, terms: list[str]) -> list[int]:
    """The records that mention any of these terms."""
    found: list[int] = []
    for start in range(0, len(terms), _TERMS_A_QUERY):
        some = terms[start : start + _TERMS_A_QUERY]
        sql = _NUMBERS.format(", ".join("?" * len(some)))
        found += [row[0] for row in log.connection.execute(sql, some)]
    return sorted(dict.fromkeys(found))


def _records(
    log: AuditLog, numbers: Iterable[int], without: Iterable[int] = ()
) -> Iterator[tuple[int, tuple[Row, Record]]]:
    """These records, read and decoded."""
    for number in numbers:
        if number not in without:
            for row in log.records(number, number):
                yield number, (row, decode_record(row.body))


def _words_of(record: Record, own: str) -> Iterator[str]:
    """The quotes and acceptances that this record shows to belong to the Rfq."""
    for part in (record.event, *record.effects):
        words = terms_in(part)
        if own in words:
            yield from (word for word in words if word.startswith(_OWN))


def _concerns(effect: Effect, own: str) -> bool:
    """True unless the effect names another Rfq."""
    named = [term for term in terms_in(effect) if term.startswith("rfq:")]
    return not named or own in named


def _fates(log: AuditLog, numbers: list[int]) -> dict[tuple[int, int], Fate]:
    """What became of the outward effects of these records."""
    found: dict[tuple[int, int], Fate] = {}
    for teller, (_, record) in _records(log, _numbers(log, [f"sent:{number}" for number in numbers])):
        event = record.event
        if isinstance(event, Sent):
            for mark in event.marks:
                found.setdefault((mark.number, mark.index), Fate(teller, mark.at, mark.raw))
        elif isinstance(event, NotSent):
            found.setdefault((event.number, event.index), Fate(teller, reason=event.reason))
    return found
