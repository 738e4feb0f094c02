"""Asking the log: the newest records, a search, and the counts that reports are made of.

Ids, parties, instruments, outcomes and reasons are found through the index of terms; times through the numbers (stamps
never go back, so a time is found by halving); kinds and plain text by reading what is left.
"""

import typing
from collections import Counter

import msgspec
from sqlalchemy import exists, func, literal, select
from sqlalchemy.sql.expression import ColumnElement

from rfq.audit.log import LAST, AuditLog, Row
from rfq.audit.sqlite import hex_of
from rfq.audit.stories import Story as Story
from rfq.audit.stories import story as story
from rfq.audit.tables import mentions, records, spell_with_values
from rfq.domain.effects import Effect, SendQuote
from rfq.domain.events import Event
from rfq.domain.record import decode_record

LIMIT = 100
_EVENT_KINDS = tuple(cls.__name__ for cls in typing.get_args(Event))
_EFFECT_KINDS = tuple(cls.__name__ for cls in typing.get_args(Effect))
_AT = "SELECT at FROM records WHERE number = ?"


def tail(log: AuditLog, n: int) -> list[Row]:
    """The newest `n` records, oldest first."""
    last = log.head().number
    return list(log.records(max(1, last - n + 1), last))


def search(
    log: AuditLog,
    *,
    rfq: str = "",
    quote: str = "",
    fill: str = "",
    party: str = "",
    reference: str = "",
    instrument: str = "",
    outcome: str = "",
    reason: str = "",
    kind: str = "",
    since: int | None = None,
    until: int | None = None,
    text: str = "",
    limit: int = LIMIT,
    offset: int = 0,
) -> list[Row]:
    """The records to which all of this applies, in order. `kind` names an event or an effect; `since` is included,
    `until` is not (UTC ns, judged by `at`); `reference` needs its `party`; `text` is anything in the record's JSON."""
    if kind and kind not in _EVENT_KINDS and kind not in _EFFECT_KINDS:
        raise ValueError(f"kind: there is no event or effect {kind!r}")
    if reference and not party:
        raise ValueError("reference: say whose it is (party)")
    terms = [
        prefix + word
        for prefix, word in (
            ("rfq:", rfq),
            ("quote:", quote),
            ("fill:", fill),
            ("ref:", f"{party}/{reference}" if reference else ""),
            ("party:", party if not reference else ""),
            ("instrument:", instrument),
            ("outcome:", outcome),
            ("reason:", reason),
        )
        if word
    ]
    first = 1 if since is None else first_at(log, since)
    last = LAST if until is None else first_at(log, until) - 1
    wanted = [records.c.number.between(first, last), *_of_terms(terms), *_of_words(kind, text)]
    query = select(records).where(*wanted).order_by(records.c.number).limit(limit).offset(offset)
    sql, values = spell_with_values(query)
    return [
        Row(number, at, received_at, found, hex_of(digest), body)
        for number, at, received_at, found, digest, body in log.connection.execute(sql, values)
    ]


def _of_terms(terms: list[str]) -> list[ColumnElement[bool]]:
    """The first term, the narrowest, gives the numbers; each of the others is looked up for those."""
    found: list[ColumnElement[bool]] = []
    for place, term in enumerate(terms):
        if place == 0:
            found.append(records.c.number.in_(select(mentions.c.number).where(mentions.c.term == term)))
        else:
            found.append(exists().where(mentions.c.term == term, mentions.c.number == records.c.number))
    return found


def _of_words(kind: str, text: str) -> list[ColumnElement[bool]]:
    """What must be read to be known."""
    found: list[ColumnElement[bool]] = []
    if kind in _EVENT_KINDS:
        found.append(records.c.kind == kind)
    elif kind:
        found.append(func.instr(records.c.body, literal(tag_of(kind))) > 0)
    if text:
        found.append(func.instr(records.c.body, literal(text.encode())) > 0)
    return found


def tag_of(kind: str) -> bytes:
    """How the tag of an event or effect begins in canonical bytes. It cannot occur inside a text: there, a quote
    stands behind a backslash."""
    return b'"_":"' + kind.encode() + b"."


def first_at(log: AuditLog, at: int) -> int:
    """The number of the first record at or after an instant (UTC ns); one past the last if there is none."""
    low, high = 1, log.head().number + 1
    while low < high:
        middle = (low + high) // 2
        if log.connection.execute(_AT, (middle,)).fetchone()[0] < at:
            low = middle + 1
        else:
            high = middle
    return low


class _Mark(msgspec.Struct):
    number: int
    index: int


class _Marks(msgspec.Struct):
    marks: tuple[_Mark, ...]


class _SentRecord(msgspec.Struct):
    """Just enough of a record of `Sent`."""

    event: _Marks


_COUNTED_EFFECTS = {
    name: tag_of(name)
    for name in (
        "SendQuote",
        "Ranked",
        "ConfirmFill",
        "Booked",
        "RefuseRfq",
        "Marked",
        "Quarantined",
        "Ignored",
        "Closed",
    )
}


def counts(log: AuditLog) -> dict[str, int]:
    """Count what the log holds, in one reading: kinds by column, effects by their tags, quotes sent by their marks.

    Effects sent again after a restart are counted once; `fills_taker` are the dealers' reports that were booked;
    `closed_*` are the Rfqs that ended with each outcome.
    """
    kinds: Counter[str] = Counter()
    effects: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    quotes: set[tuple[int, int]] = set()
    sent = 0
    decode_sent = msgspec.json.Decoder(_SentRecord).decode
    for number, kind, body in log.connection.execute(
        "SELECT number, kind, body FROM records ORDER BY number"
    ):
        kinds[kind] += 1
        if kind == "Sent":
            for mark in decode_sent(body).event.marks:
                sent += (mark.number, mark.index) in quotes
        here = {name: body.count(tag) for name, tag in _COUNTED_EFFECTS.items() if tag in body}
        if not here:
            continue
        effects.update(here)
        if "SendQuote" in here or "Closed" in here or b'"again":true' in body:
            for index, effect in enumerate(decode_record(body).effects):
                name = type(effect).__name__
                if type(effect) is SendQuote:
                    quotes.add((number, index))
                elif name == "Closed":
                    outcomes[effect.outcome] += 1  # type: ignore[union-attr]
                elif name in here and getattr(effect, "again", False):
                    effects[name] -= 1
    found = {
        "records": kinds.total(),
        "rfqs": kinds["RfqReceived"] + kinds["NeedPosted"],
        "rfqs_maker": kinds["RfqReceived"],
        "rfqs_taker": kinds["NeedPosted"],
        "quotes_received": kinds["QuoteReceived"],
        "quotes_made": effects["SendQuote"],
        "quotes_sent": sent,
        "ranked": effects["Ranked"],
        "fills": effects["ConfirmFill"] + effects["Booked"],
        "fills_maker": effects["ConfirmFill"],
        "fills_taker": effects["Booked"],
        "refusals": effects["RefuseRfq"],
        "markouts": effects["Marked"],
        "quarantined": effects["Quarantined"],
        "not_sent": kinds["NotSent"],
    }
    return found | {f"closed_{outcome}": outcomes[outcome] for outcome in sorted(outcomes)}
