"""The desk: `handle(event) -> effects`. Pure, synchronous, deterministic; state = f(events).

A handler works on a draft. If it raises, the draft is thrown away, so nothing of the event is kept; the Rfq that the
event was about is put aside (QUARANTINED), our quotes on it are withdrawn, and the effects say so. Replay does the
same. After the handler, outward effects are noted as pending until a `Sent` or `NotSent` tells their fate.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from rfq.desk import acceptance, control, deals, maker, taker
from rfq.desk.booking import take_marks
from rfq.desk.card import Card
from rfq.desk.closing import sweep
from rfq.desk.quarantine import put_aside, where
from rfq.desk.state import DeskState, StateImage, restore
from rfq.desk.turn import Turn
from rfq.domain import canon
from rfq.domain import events as ev
from rfq.domain.effects import (
    Effect,
    Quarantined,
    RefuseAccept,
    RefuseQuote,
    RefuseRfq,
    SendQuote,
    StateTaken,
    is_outward,
)
from rfq.domain.events import Event, Stamped
from rfq.domain.ids import RfqId
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role

_MAKER = Role.MAKER


class Desk:
    """One desk on one chain. Empty until its first event, which must be `ChainOpened`."""

    __slots__ = ("_state", "build")

    def __init__(self, build: str) -> None:
        self.build = build
        self._state: DeskState | None = None

    @classmethod
    def restore(cls, image: bytes, build: str) -> "Desk":
        """The desk that `image()` was taken of."""
        desk = cls(build)
        desk._state = restore(canon.decode(image, StateImage))
        return desk

    @property
    def state(self) -> DeskState:
        """What the desk knows; for reading only."""
        assert self._state is not None, "no ChainOpened yet"
        return self._state

    def image(self) -> bytes:
        """The whole state in canonical bytes."""
        return canon.encode(self.state.image())

    def handle(self, stamped: Stamped) -> tuple[Effect, ...]:
        """What the desk asks of the world after this event."""
        event = stamped.event
        if self._state is None:
            assert type(event) is ev.ChainOpened, "a chain begins with ChainOpened"
            self._state = _open(event, stamped)
            return ()
        state = self._state
        assert stamped.number == state.number + 1, f"record {stamped.number} after {state.number}"
        assert stamped.at >= state.at, "time went back"
        if type(event) is ev.SegmentOpened:
            image = self.image()
            state.number, state.at = stamped.number, stamped.at
            return (StateTaken(state=canon.digest(image), size=len(image)),)
        turn = Turn(state, stamped)
        try:
            HANDLERS[type(event)](turn, event)
        except Exception as error:
            turn = _quarantine(state, stamped, error)
        return self._commit(turn, event)

    def _commit(self, turn: Turn, event: Event) -> tuple[Effect, ...]:
        """Make the draft the state, and note what is now to be sent."""
        state, number = turn.state, turn.stamped.number
        turn.draft.commit()
        if type(event) in OF_THE_WHOLE:
            _apply(state, event)
        pending = state.pending
        for slot in turn.resolved:
            pending.pop(slot, None)
        for index, effect in enumerate(turn.effects):
            if is_outward(effect):
                pending[(number, index)] = effect
        state.number, state.at = number, turn.now
        return tuple(turn.effects)


OF_THE_WHOLE: frozenset[type] = frozenset(
    {
        ev.PolicyChanged,
        ev.InstrumentsListed,
        ev.PartyAdmitted,
        ev.SessionUp,
        ev.SessionDown,
        ev.Started,
        ev.KillPressed,
        ev.ArmAsked,
    }
)


def _open(event: ev.ChainOpened, stamped: Stamped) -> DeskState:
    state = DeskState(event.chain, event.policy)
    state.instruments = {one.name: one for one in event.instruments}
    state.parties = {one.id: one for one in event.parties}
    state.number, state.at = stamped.number, stamped.at
    return state


def _apply(state: DeskState, event: Event) -> None:
    """Changes of the desk as a whole; they cannot fail, so they need no draft."""
    match event:
        case ev.PolicyChanged():
            state.set_policy(event.policy)
        case ev.InstrumentsListed():
            state.instruments.update({one.name: one for one in event.instruments})
        case ev.PartyAdmitted():
            state.parties[event.party.id] = event.party
        case ev.SessionUp():
            if event.party in state.parties:
                state.sessions[event.party] = None
        case ev.SessionDown():
            state.sessions.pop(event.party, None)
        case ev.Started():
            state.sessions.clear()
        case ev.KillPressed():
            state.killed, state.arming = True, ""
        case ev.ArmAsked():
            _apply_arm(state, event)
        case _:
            raise AssertionError("an event that changes the desk as a whole")


def _apply_arm(state: DeskState, event: ev.ArmAsked) -> None:
    known = state.parties.get(event.by)
    if not state.killed or known is None or not known.may_operate:
        return
    if state.arming in ("", event.by):
        state.arming = event.by
    else:
        state.killed, state.arming = False, ""


def _owned(turn: Turn, identifier: str) -> Card | None:
    """The card of the Rfq that this quote or acceptance belongs to."""
    rfq = turn.state.owner.get(identifier)
    return None if rfq is None else turn.draft.card(rfq)


def _on_timer(turn: Turn, event: ev.TimerFired) -> None:
    """The card's wake: markouts first, then whatever its role has due."""
    card = turn.draft.card(event.rfq)
    if card is None:
        return
    card = take_marks(turn, replace(card, wake_at=0))
    if card.closed:
        sweep(turn, card)
    elif card.rfq.role is _MAKER:
        maker.on_wake(turn, card)
    else:
        taker.on_wake(turn, card)


def _on_estimated(turn: Turn, event: ev.Estimated) -> None:
    card = turn.draft.card(event.rfq)
    if card is None or card.closed:
        turn.ignore(Code.UNKNOWN_RFQ, rfq=event.rfq)
    elif card.rfq.role is _MAKER:
        maker.on_estimated(turn, card, event)
    else:
        taker.on_estimated(turn, card, event)


def _nothing(turn: Turn, event: Event) -> None:
    """All that this event does is done when it is applied."""


def _opens_twice(turn: Turn, event: Event) -> None:
    """A chain opens once, and a segment has no turn."""
    raise AssertionError("a chain opens once")


Handler = Callable[[Turn, Any], object]
"""A function of a turn and of an event of one kind; what it returns is not looked at."""

HANDLERS: dict[type, Handler] = {
    ev.ChainOpened: _opens_twice,
    ev.SegmentOpened: _opens_twice,
    ev.Started: control.on_started,
    ev.PolicyChanged: _nothing,
    ev.InstrumentsListed: _nothing,
    ev.PartyAdmitted: _nothing,
    ev.SessionUp: control.on_session_up,
    ev.SessionDown: control.on_session_down,
    ev.KillPressed: control.on_kill,
    ev.ArmAsked: control.on_arm_asked,
    ev.TimerFired: _on_timer,
    ev.Estimated: _on_estimated,
    ev.MarketMoved: maker.on_market_moved,
    ev.Sent: control.on_sent,
    ev.NotSent: control.on_not_sent,
    ev.InboxOverflowed: maker.on_overflow,
    ev.MessageUnreadable: maker.on_unreadable,
    ev.RfqReceived: maker.on_rfq_received,
    ev.RfqCancelled: maker.on_rfq_cancelled,
    ev.AcceptReceived: lambda turn, event: acceptance.on_accept(turn, _owned(turn, event.quote), event),
    ev.OutcomeHeard: lambda turn, event: maker.on_outcome_heard(turn, _owned(turn, event.quote), event),
    ev.NeedPosted: taker.on_need_posted,
    ev.NeedCancelled: lambda turn, event: taker.on_need_cancelled(turn, turn.draft.card(event.rfq), event),
    ev.AcceptCommanded: lambda turn, event: taker.on_accept_commanded(
        turn, turn.draft.card(event.rfq), event
    ),
    ev.QuoteReceived: lambda turn, event: taker.on_quote_received(turn, turn.draft.card(event.rfq), event),
    ev.QuoteWithdrawn: lambda turn, event: taker.on_quote_withdrawn(turn, turn.draft.card(event.rfq), event),
    ev.DealerPassed: lambda turn, event: taker.on_dealer_passed(turn, turn.draft.card(event.rfq), event),
    ev.FillReported: lambda turn, event: deals.on_fill(turn, _owned(turn, event.accept), event),
    ev.AcceptRefused: lambda turn, event: deals.on_refused(turn, _owned(turn, event.accept), event),
}
"""What is done about each kind of event; a test holds it against the union of them all."""


def _quarantine(state: DeskState, stamped: Stamped, error: Exception) -> Turn:
    """A fresh turn in which nothing happened but that the event's Rfq was put aside."""
    turn = Turn(state, stamped)
    event = stamped.event
    rfq = _rfq_of(state, event)
    try:
        put_aside(turn, rfq, error)
    except Exception:  # its card itself is broken: say so, and touch nothing
        turn = Turn(state, stamped)
        turn.add(Quarantined(rfq=rfq, where=where(turn, error)))
    reason = Reason(code=Code.FAULT)
    match event:  # whoever waits for an answer gets one
        case ev.RfqReceived():
            turn.add(RefuseRfq(to=event.party, reference=event.reference, reason=reason))
        case ev.AcceptReceived():
            turn.add(
                RefuseAccept(to=event.party, reference=event.reference, quote=event.quote, reason=reason)
            )
        case ev.QuoteReceived():
            turn.add(RefuseQuote(to=event.dealer, rfq=event.rfq, reference=event.reference, reason=reason))
        case ev.Sent():
            turn.resolved.extend((mark.number, mark.index) for mark in event.marks)
        case ev.NotSent():
            turn.resolved.append((event.number, event.index))
        case _:
            pass
    return turn


def _rfq_of(state: DeskState, event: Event) -> str:
    """The Rfq that an event is about, "" if none."""
    match event:
        case ev.Sent():
            first = event.marks[0] if event.marks else None
            effect = state.pending.get((first.number, first.index)) if first is not None else None
        case ev.NotSent():
            effect = state.pending.get((event.number, event.index))
        case ev.RfqCancelled():
            return str(state.seen.get((event.party, event.reference), ""))
        case _:
            named = getattr(event, "rfq", "")
            known = getattr(event, "quote", "") or getattr(event, "accept", "")
            return str(named or state.owner.get(known, ""))
    if isinstance(effect, SendQuote):
        return effect.quote.rfq
    return str(getattr(effect, "rfq", ""))


def underlying_of(desk: Desk, event: Event) -> str:
    """The underlying whose market this event needs, "" if there is none: that of its Rfq, or of the first leg asked
    for."""
    state = desk.state
    match event:
        case ev.MarketMoved():
            return event.underlying
        case ev.RfqReceived() | ev.NeedPosted():
            legs = event.ask.structure.legs
            first = state.instruments.get(legs[0].instrument) if legs else None
            return "" if first is None else first.underlying
        case _:
            card = state.cards.get(RfqId(_rfq_of(state, event)))
            return "" if card is None else card.underlying


def pending_of(desk: Desk) -> tuple[ev.EffectRef, ...]:
    """The outward effects whose fate the desk does not know, in log order (for `Started`)."""
    return tuple(ev.EffectRef(number=number, index=index) for number, index in desk.state.pending)
