"""Opening a loop on a log: a new chain begins with ChainOpened, an existing one is rebuilt and begins with Started.

What people have changed since (policy, instruments, parties) reaches the desk as events, like everything else. So does
what the journals of the wires know and the log does not: which recorded effects were sent before the stop. They are
told before Started, so that only what never left, or may never have left, is withdrawn or said again.
"""

from collections.abc import Callable, Iterable
from typing import Any

from rfq.audit.log import AuditLog
from rfq.audit.replay import rebuild
from rfq.desk.engine import Desk, pending_of
from rfq.domain.events import (
    ChainOpened,
    EffectRef,
    InstrumentsListed,
    PartyAdmitted,
    PolicyChanged,
    SegmentOpened,
    Sent,
    SentMark,
    Started,
)
from rfq.domain.ids import PartyId
from rfq.live.loop import Live

SETTINGS = PartyId("settings")

Journals = Callable[[], Iterable[SentMark]]
"""What the journals of the wires say was sent on this chain, in any order."""


def open_live(log: AuditLog, opening: ChainOpened, *, journals: Journals | None = None, **parts: Any) -> Live:
    """A loop that has begun. `opening` says what a new chain begins with, and what an old one is compared with;
    `parts` are the rest of Live's arguments (writer, schedule, ports, limits)."""
    head = log.head()
    if head.number == 0:
        live = Live(desk=Desk(opening.build), chain=log.chain(opening.chain), **parts)
        live.begin(opening)
        return live
    desk, _ = rebuild(log, opening.build)
    found = log.newest_segment()
    segment, number = (found[1].segment, found[0]) if found is not None else (0, 1)
    last = next(iter(log.records(head.number, head.number)))
    unsent = pending_of(desk)
    live = Live(desk=desk, chain=log.chain(opening.chain), segment=segment, segment_number=number, **parts)
    unclean = bool(unsent) or last.kind != SegmentOpened.__name__
    sent = _sent(unsent, journals() if journals is not None and unsent else ())
    gone = {(mark.number, mark.index) for mark in sent}
    started = Started(
        build=opening.build,
        unclean=unclean,
        unsent=tuple(one for one in unsent if (one.number, one.index) not in gone),
        note=f"after record {head.number}",
        numerics=opening.numerics,
    )
    live.begin(started, before=Sent(marks=sent) if sent else None)
    _tell_changes(live, opening)
    return live


def _sent(unsent: tuple[EffectRef, ...], known: Iterable[SentMark]) -> tuple[SentMark, ...]:
    """Those of the unsent effects that were sent after all, in the log's order."""
    marks = {(mark.number, mark.index): mark for mark in known}
    found = (marks.get((one.number, one.index)) for one in unsent)
    return tuple(mark for mark in found if mark is not None)


def _tell_changes(live: Live, opening: ChainOpened) -> None:
    """Offer what differs between what the desk knows and what is configured now."""
    state = live.desk.state
    if state.policy != opening.policy:
        live.offer(PolicyChanged(policy=opening.policy, by=SETTINGS))
    listed = tuple(one for one in opening.instruments if state.instruments.get(one.name) != one)
    if listed:
        live.offer(InstrumentsListed(instruments=listed))
    for party in opening.parties:
        if state.parties.get(party.id) != party:
            live.offer(PartyAdmitted(party=party))
