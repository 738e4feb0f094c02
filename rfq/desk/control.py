"""Everything that concerns the desk as a whole: sessions, the kill switch, new numbers, the fate of what was sent, and
coming up again after a stop."""

from typing import assert_never

from msgspec.structs import replace

from rfq.desk import deals, maker, taker
from rfq.desk.card import Card, move_quote, settle_quoted
from rfq.desk.quarantine import each
from rfq.desk.state import Slot
from rfq.desk.turn import Turn, watches
from rfq.domain.effects import (
    AcceptQuote,
    AskDealer,
    ConfirmFill,
    KillSet,
    Outward,
    Quarantined,
    RefuseAccept,
    RefuseQuote,
    RefuseRfq,
    SendQuote,
    SetTimer,
    TellOutcome,
    Watch,
    WithdrawQuote,
    WithdrawRfq,
)
from rfq.domain.events import (
    ArmAsked,
    KillPressed,
    NotSent,
    Sent,
    SessionDown,
    SessionUp,
    Started,
)
from rfq.domain.ids import PartyId, QuoteId
from rfq.domain.lifecycle import QuoteState, QuoteTrigger
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role

_PENDING = QuoteState.PENDING
_STANDING = (_PENDING, QuoteState.ACTIVE)


def on_session_up(turn: Turn, event: SessionUp) -> None:
    """A party can be reached again: it is told what it could not be told before."""
    if event.party not in turn.state.parties:
        turn.ignore(Code.UNKNOWN_PARTY, party=event.party)
        return
    for effect in turn.draft.owed(event.party):
        if type(effect) is AcceptQuote:
            card = turn.draft.card(effect.rfq)
            if card is None or card.closed:  # the need has ended without it
                continue
        turn.effects.append(effect)
    turn.draft.settle(event.party)


def on_session_down(turn: Turn, event: SessionDown) -> None:
    """A party is gone: with cancel-on-disconnect its requests end and its quotes are off."""
    party = event.party
    known = turn.state.parties.get(party)
    if known is None:
        turn.ignore(Code.UNKNOWN_PARTY, party=party)
        return
    if known.cancel_on_disconnect:
        drop_party(turn, party, Reason(code=Code.DISCONNECT))


def drop_party(turn: Turn, party: PartyId, reason: Reason) -> None:
    """End this client's requests; take this dealer's standing quotes off."""

    def drop(card: Card) -> None:
        if card.rfq.role is Role.MAKER:
            if card.rfq.party == party:
                maker.on_client_gone(turn, card, party, reason)
        elif any(one.maker == party and one.state in _STANDING for one in card.quotes):
            taker.on_dealer_gone(turn, card, party)

    each(turn, _open_cards(turn), drop)


def on_kill(turn: Turn, event: KillPressed) -> None:
    """Stop: every standing quote of ours is withdrawn, every open need given up that has nothing accepted."""
    reason = Reason(code=Code.KILLED, detail=f"by {event.by}")
    turn.add(KillSet(on=True, by=event.by))

    def stop(card: Card) -> None:
        if card.rfq.role is Role.MAKER:
            maker.stop(turn, card, reason)
        else:
            taker.stop(turn, card, reason)

    each(turn, _open_cards(turn), stop)


def _open_cards(turn: Turn) -> list[Card]:
    return [card for card in turn.state.cards.values() if not card.closed]


def on_arm_asked(turn: Turn, event: ArmAsked) -> bool:
    """Arm again, if a second person asks; returns whether the desk is armed now."""
    known = turn.state.parties.get(event.by)
    if not turn.state.killed or known is None or not known.may_operate:
        turn.ignore(Code.NOT_AUTHORISED, party=event.by, detail="not killed, or no right to arm")
        return False
    if turn.state.arming in ("", event.by):
        turn.ignore(Code.NOT_AUTHORISED, party=event.by, detail="asked; a second person must ask too")
        return False
    turn.add(KillSet(on=False, by=event.by))
    return True


def on_sent(turn: Turn, event: Sent) -> None:
    """What left is no longer of unknown fate; a quote of ours that left stands."""
    for mark in event.marks:
        slot = (mark.number, mark.index)
        effect = turn.state.pending.get(slot)
        if effect is None:
            turn.ignore(Code.UNKNOWN_QUOTE, field="marks", detail=f"{mark.number}/{mark.index}")
            continue
        turn.resolved.append(slot)
        if type(effect) is SendQuote:
            card = turn.draft.card(effect.quote.rfq)
            quote = card.quote(effect.quote.id) if card is not None else None
            if card is not None and quote is not None and quote.state is _PENDING:
                turn.draft.put(move_quote(card, quote, QuoteTrigger.ACKNOWLEDGED))


def on_not_sent(turn: Turn, event: NotSent) -> None:
    """What did not leave never will: a quote of ours is off, an acceptance of ours was not made. After a fault of the
    wire nobody knows whether the bytes left: then it is treated like an effect of unknown fate after a restart."""
    slot = (event.number, event.index)
    effect = turn.state.pending.get(slot)
    if effect is None:
        turn.ignore(Code.UNKNOWN_QUOTE, field="index", detail=f"{event.number}/{event.index}")
        return
    turn.resolved.append(slot)
    unknown = event.reason.code is Code.FAULT
    match effect:
        case SendQuote():
            _quote_not_sent(turn, effect, event.reason, unknown)
        case AcceptQuote():
            card = turn.draft.card(effect.rfq)
            if effect.again and event.reason.code is Code.SESSION_DOWN:
                turn.draft.owe(effect.to, effect)
            elif card is not None and not effect.again and not unknown:
                deals.take_back(turn, card, effect.accept)
        case AskDealer():
            if unknown:
                turn.add(WithdrawRfq(to=effect.to, rfq=effect.rfq, reason=event.reason))
            card = turn.draft.card(effect.rfq)
            if card is not None and not card.closed and effect.to not in card.passed:
                taker.decide_if_all_answered(turn, replace(card, passed=(*card.passed, effect.to)))
        case _:
            if unknown or event.reason.code is Code.SESSION_DOWN:
                turn.draft.owe(effect.to, replace(effect, again=True))


def _quote_not_sent(turn: Turn, effect: SendQuote, reason: Reason, unknown: bool) -> None:
    """A quote of ours did not leave, or nobody knows: it is off, and in the second case taken back too."""
    if unknown:
        turn.add(WithdrawQuote(to=effect.to, rfq=effect.quote.rfq, quote=effect.quote.id, reason=reason))
    card = turn.draft.card(effect.quote.rfq)
    quote = card.quote(effect.quote.id) if card is not None else None
    if card is not None and not card.closed and quote is not None and quote.state in _STANDING:
        maker.put_off(turn, card, quote, reason)


def on_started(turn: Turn, event: Started) -> None:
    """Coming up again. Nobody is connected; what is of unknown fate is withdrawn (prices) or said again (facts)."""
    state = turn.state
    listed = [(one.number, one.index) for one in event.unsent]
    if listed != list(state.pending):  # a bug; but what may be out there must be dealt with all the same
        turn.add(Quarantined(rfq="", where="Started: the log and the state disagree about what was sent"))
    each(turn, _open_cards(turn), lambda card: _settle_after_restart(turn, card))
    for slot, effect in list(state.pending.items()):
        turn.resolved.append(slot)
        _again(turn, slot, effect)
    for underlying, watchers in state.watches.items():
        if turn.draft.watches.get(underlying, watchers) > 0:
            turn.add(Watch(underlying=underlying, move_bps=state.policy.requote_move_bps))
    waiting = [turn.draft.card(rfq) for rfq in state.cards]
    woken = sorted((card.wake_at, card.rfq.id) for card in waiting if card is not None and card.wake_at)
    for at, rfq in woken:
        turn.add(SetTimer(rfq=rfq, at=at))


def _settle_after_restart(turn: Turn, card: Card) -> None:
    """The sessions are gone, so what hangs on a session with cancel-on-disconnect is off; a quote of ours whose fate
    is unknown is off in any case."""
    reason = Reason(code=Code.RESTART)
    if card.rfq.role is Role.TAKER:
        for quote in card.live_quotes():
            party = turn.state.parties.get(quote.maker)
            if quote.state in _STANDING and (party is None or party.cancel_on_disconnect):
                card = move_quote(card, quote, QuoteTrigger.CANCELLED)
        turn.keep(settle_quoted(card))
        return
    party = turn.state.parties.get(card.rfq.party)
    unknown = any(quote.state is _PENDING for quote in card.quotes)
    if party is None or party.cancel_on_disconnect:
        maker.on_client_gone(turn, card, card.rfq.party, reason)
    elif unknown:
        before = watches(card)
        for quote in card.quotes:
            if quote.state is _PENDING:
                card = move_quote(card, quote, QuoteTrigger.CANCELLED)
        if before and not watches(card):
            turn.stop_watching(card.underlying)
        turn.keep(settle_quoted(card))


def _again(turn: Turn, slot: Slot, effect: Outward) -> None:
    """What to do about one outward effect whose fate is unknown: prices are withdrawn, facts are said again."""
    match effect:
        case SendQuote():
            reason = Reason(code=Code.RESTART, detail="it may have been sent; it no longer stands")
            rfq = effect.quote.rfq
            turn.add(WithdrawQuote(to=effect.to, rfq=rfq, quote=effect.quote.id, reason=reason))
            if effect.quote.replaces:  # if the new one never left, the old one is what the client sees
                old = QuoteId(effect.quote.replaces)
                turn.add(WithdrawQuote(to=effect.to, rfq=rfq, quote=old, reason=reason))
        case AskDealer():
            reason = Reason(code=Code.RESTART, detail="it may have been sent; it is no longer asked")
            turn.add(WithdrawRfq(to=effect.to, rfq=effect.rfq, reason=reason))
            card = turn.draft.card(effect.rfq)
            if card is not None and not card.closed and effect.to not in card.passed:
                turn.keep(replace(card, passed=(*card.passed, effect.to)))
        case AcceptQuote():
            turn.effects.append(replace(effect, again=True))
        case (
            RefuseRfq()
            | WithdrawQuote()
            | ConfirmFill()
            | RefuseAccept()
            | WithdrawRfq()
            | RefuseQuote()
            | TellOutcome()
        ):
            turn.add(replace(effect, again=True))
        case _:
            assert_never(effect)
