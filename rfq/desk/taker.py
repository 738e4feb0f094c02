"""As taker: a need becomes a block and an Rfq; dealers are asked, their quotes taken in, ranked; the best accepted.

Dealers are blind to each other: what is sent to one holds nothing of another, except the cover price that the one who
traded is told when all is over. Accepting and what follows it is in `deals`.
"""

from decimal import Decimal

from msgspec.structs import replace

from rfq.desk import deals, evaluation, intake, panel, response
from rfq.desk.card import Card, add_quote, can_move, move_quote, move_rfq, settle_quoted
from rfq.desk.features import builder
from rfq.desk.scorecards import count
from rfq.desk.turn import MS, Turn, exact
from rfq.domain.block import Block
from rfq.domain.checkers import plain_decimal
from rfq.domain.effects import AskDealer, Estimate, RefuseQuote
from rfq.domain.events import (
    AcceptCommanded,
    DealerPassed,
    Estimated,
    NeedCancelled,
    NeedPosted,
    QuoteReceived,
    QuoteWithdrawn,
)
from rfq.domain.ids import BlockId, PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState, QuoteTrigger, RfqState, RfqTrigger
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Rfq, Role

_ACTIVE = QuoteState.ACTIVE
_LOCKED = QuoteState.LOCKED
_TAKER = Role.TAKER
_STANDING = (QuoteState.PENDING, _ACTIVE)
_TAKING = (RfqState.OPEN, RfqState.QUOTABLE, RfqState.QUOTED)


def on_need_posted(turn: Turn, event: NeedPosted) -> None:
    """Judge the need, choose the panel, ask it, and ask the oracle what it should cost."""
    state = turn.state
    reason = _refuse(turn, event)
    chosen = panel.choose(state, state.policy.panel_size, event.panel) if reason is None else ()
    if reason is None and not chosen:
        reason = Reason(code=Code.NO_DEALER, field="panel", detail="no dealer can be reached")
    if reason is not None:
        turn.ignore(reason.code, party=event.party, field=reason.field, detail=reason.detail)
        return
    ask = event.ask
    expires_at = ask.expires_at or turn.now + state.policy.rfq_ttl_ms * MS
    rfq = Rfq(
        id=RfqId(turn.ids.make("r")),
        role=_TAKER,
        party=event.party,
        reference=event.reference,
        ask=ask,
        state=RfqState.OPEN,
        opened_at=turn.now,
        expires_at=expires_at,
    )
    card = builder.open_card(turn, rfq, dealers=len(chosen))
    if isinstance(card, Reason):
        turn.ignore(card.code, party=event.party, field=card.field, detail=card.detail)
        return
    block = Block(
        id=BlockId(turn.ids.make("b")),
        party=event.party,
        ask=ask,
        allocation=event.allocation or state.policy.allocation,
        filled=Decimal(0),
        limit=event.limit,
    )
    turn.draft.remember(event.party, event.reference, rfq.id)
    deadline_at = turn.now + state.policy.estimate_deadline_ms * MS
    turn.add(Estimate(rfq=rfq.id, row=card.row, deadline_at=deadline_at))
    told = replace(ask, expires_at=expires_at)
    for dealer in chosen:
        turn.add(
            AskDealer(
                to=dealer,
                rfq=rfq.id,
                ask=told,
                expires_at=expires_at,
                not_after_at=expires_at,
                competitors=len(chosen) - 1,
            )
        )
        turn.draft.put_scorecard(count(turn.draft.scorecard(dealer), "asked_it"))
    collected_at = min(turn.now + state.policy.collect_ms * MS, deals.last_call(rfq))
    decide_at = collected_at if state.policy.auto_accept else 0
    card = move_rfq(card, RfqTrigger.GRACE_OVER)
    turn.keep(replace(card, block=block, panel=chosen, estimate_due_at=deadline_at, decide_at=decide_at))


def _refuse(turn: Turn, event: NeedPosted) -> Reason | None:
    """Why this need is not taken in, or None."""
    state = turn.state
    reason = (
        intake.refuse_party(state, event.party, "may_operate")
        or intake.refuse_ask(turn, event.ask)
        or intake.refuse_one_sided(event.ask)
    )
    if reason is not None:
        return reason
    if (event.party, event.reference) in state.seen:
        return Reason(code=Code.DUPLICATE, field="reference", detail=event.reference)
    if state.killed:
        return Reason(code=Code.KILLED, detail="the kill switch is on")
    if state.open_count.get(event.party, 0) >= state.policy.open_rfqs_max:
        return Reason(code=Code.LIMIT_OPEN_RFQS, field="party")
    return None


def on_estimated(turn: Turn, card: Card, event: Estimated) -> None:
    """What trading this should cost; from now on quotes can be judged."""
    if not card.estimate_due_at or turn.received_at >= card.estimate_due_at:
        turn.ignore(Code.MODEL_LATE, rfq=card.rfq.id)
        return
    if event.estimates is None:
        use_fallback(turn, card)
        return
    card = replace(card, estimates=event.estimates, model=event.model, estimate_due_at=0)
    decide_if_all_answered(turn, show(turn, card))


def use_fallback(turn: Turn, card: Card) -> None:
    """No usable answer in time: judge by the closed form, and say so."""
    card = replace(
        card,
        estimates=response.fall_back(card.row),
        model=response.BASELINE,
        fallback=True,
        estimate_due_at=0,
    )
    decide_if_all_answered(turn, show(turn, card))


def show(turn: Turn, card: Card) -> Card:
    """Rank what stands, if it can be judged; the card keeps our fair of this moment."""
    estimates = card.estimates
    if estimates is None:
        return card
    valuation = turn.valuation(card)
    if isinstance(valuation, Reason):
        return card
    card = replace(card, fair=exact(valuation.fair))
    ranked = evaluation.rank(turn, card, valuation, estimates)
    if ranked.rows:
        turn.add(ranked)
    return card


def on_quote_received(turn: Turn, card: Card | None, event: QuoteReceived) -> None:
    """Take a dealer's quote in, replacing its earlier one; rank; decide if all have answered. One that says it may have
    been sent before, and was taken in then, needs no answer."""
    known = card.quotes if card is not None and event.again else ()
    if any(one.maker == event.dealer and one.reference == event.reference for one in known):
        turn.ignore(Code.DUPLICATE, rfq=event.rfq, party=event.dealer, field="reference")
        return
    reason = _judge_quote(turn, card, event)
    if reason is not None:
        turn.add(RefuseQuote(to=event.dealer, rfq=event.rfq, reference=event.reference, reason=reason))
        return
    assert card is not None
    before = [one for one in card.quotes if one.maker == event.dealer]
    earlier = next((one for one in before if one.state in _STANDING), None)
    quote = Quote(
        id=QuoteId(turn.ids.make("q")),
        rfq=card.rfq.id,
        maker=event.dealer,
        reference=event.reference,
        state=_ACTIVE,
        received_at=_priority_at(turn, event, earlier),
        expires_at=event.expires_at,
        bid=event.bid,
        offer=event.offer,
        bid_amount=event.bid_amount,
        offer_amount=event.offer_amount,
        firm=event.firm,
        all_or_none=event.all_or_none,
        replaces=earlier.id if earlier else "",
    )
    if earlier is not None:
        card = move_quote(card, earlier, QuoteTrigger.REPLACED)
    elif not before:
        turn.draft.put_scorecard(count(turn.draft.scorecard(event.dealer), "answered"))
    passed = tuple(one for one in card.passed if one != event.dealer)  # it has changed its mind
    card = settle_quoted(add_quote(replace(card, passed=passed), quote))
    decide_if_all_answered(turn, show(turn, card))


def _priority_at(turn: Turn, event: QuoteReceived, earlier: Quote | None) -> int:
    """A replacement loses its place in time, unless it only offers less at the same price."""
    if earlier is None or (event.bid, event.offer) != (earlier.bid, earlier.offer):
        return turn.received_at
    if (event.firm, event.all_or_none) != (earlier.firm, earlier.all_or_none):
        return turn.received_at
    pairs = ((event.bid_amount, earlier.bid_amount), (event.offer_amount, earlier.offer_amount))
    more = any(now is not None and before is not None and now > before for now, before in pairs)
    return turn.received_at if more else earlier.received_at


def _judge_quote(turn: Turn, card: Card | None, event: QuoteReceived) -> Reason | None:
    """Why a dealer's quote is not taken in, or None."""
    if card is None or card.rfq.role is not _TAKER:
        return Reason(code=Code.UNKNOWN_RFQ, field="rfq", detail=event.rfq)
    if event.dealer not in card.panel:
        return Reason(code=Code.NOT_AUTHORISED, field="dealer", detail="was not asked")
    if event.dealer not in turn.state.sessions:
        return Reason(code=Code.SESSION_DOWN, field="dealer")
    before = [one for one in card.quotes if one.maker == event.dealer]
    if event.reference in [one.reference for one in before]:
        return Reason(code=Code.DUPLICATE, field="reference", detail=event.reference)
    if not card.closed and _LOCKED in [one.state for one in before]:
        return Reason(code=Code.QUOTE_LOCKED, field="rfq")
    if card.closed or card.rfq.state not in _TAKING or turn.received_at >= card.rfq.expires_at:
        return Reason(code=Code.RFQ_CLOSED, field="rfq")
    if turn.received_at >= event.expires_at:
        return Reason(code=Code.QUOTE_EXPIRED, field="expires_at")
    bid, offer = event.bid, event.offer
    if bid is not None and offer is not None and bid > offer:
        return Reason(code=Code.CROSSED, field="bid", detail=f"bid {plain_decimal(bid)} above the offer")
    if (bid is None) != (event.bid_amount is None) or (offer is None) != (event.offer_amount is None):
        return Reason(code=Code.AMOUNT, field="bid_amount", detail="each quoted side has an amount")
    side, amount = card.rfq.ask.side, card.rfq.ask.amount
    price = offer if side == "buy" else bid
    if price is None:
        return Reason(code=Code.SIDE_NOT_QUOTED, field="offer" if side == "buy" else "bid")
    structure = card.rfq.ask.structure
    plain_one = len(structure.legs) == 1 and not structure.hedges and structure.legs[0].ratio > 0
    if plain_one and price <= 0:
        return Reason(code=Code.PRICE, field="offer" if side == "buy" else "bid", detail="not above 0")
    size = event.offer_amount if side == "buy" else event.bid_amount
    if size is None or size <= 0 or (event.all_or_none and size != amount):
        return Reason(code=Code.AMOUNT, field="offer_amount" if side == "buy" else "bid_amount")
    return None


def decide_if_all_answered(turn: Turn, card: Card) -> None:
    """Decide now if nobody is left to wait for, or no time; otherwise keep waiting."""
    ready = turn.state.policy.auto_accept and card.estimates is not None and card.rfq.state is RfqState.QUOTED
    if ready and (turn.now >= deals.last_call(card.rfq) or _all_answered(card)):
        deals.decide(turn, card)
    else:
        turn.keep(card)


def _all_answered(card: Card) -> bool:
    """True if each dealer of the panel has a standing quote or has passed."""
    asked = len(card.panel)
    if len(card.quotes) + len(card.passed) < asked:
        return False
    return len({one.maker for one in card.live_quotes()} | set(card.passed)) == asked


def on_quote_withdrawn(turn: Turn, card: Card | None, event: QuoteWithdrawn) -> None:
    """A dealer takes a quote back, unless we have already accepted it."""
    quote = None
    if card is not None:
        quote = next(
            (one for one in card.quotes if one.maker == event.dealer and one.reference == event.reference),
            None,
        )
    if card is None or card.closed or card.rfq.role is not _TAKER or quote is None:
        turn.ignore(Code.UNKNOWN_QUOTE, rfq=event.rfq, party=event.dealer, field="reference")
        return
    if quote.state not in _STANDING:
        code = Code.QUOTE_LOCKED if quote.state is _LOCKED else Code.QUOTE_GONE
        turn.ignore(code, rfq=event.rfq, party=event.dealer, field="reference")
        return
    turn.keep(show(turn, settle_quoted(move_quote(card, quote, QuoteTrigger.CANCELLED))))


def on_dealer_passed(turn: Turn, card: Card | None, event: DealerPassed) -> None:
    """A dealer will not quote: one fewer to wait for; what it quoted before is off."""
    if card is None or card.closed or event.dealer not in card.panel or event.dealer in card.passed:
        turn.ignore(Code.UNKNOWN_RFQ, rfq=event.rfq, party=event.dealer)
        return
    for quote in card.quotes:
        if quote.maker == event.dealer and quote.state in _STANDING:
            card = move_quote(card, quote, QuoteTrigger.CANCELLED)
    card = settle_quoted(replace(card, passed=(*card.passed, event.dealer)))
    decide_if_all_answered(turn, show(turn, card))


def on_accept_commanded(turn: Turn, card: Card | None, event: AcceptCommanded) -> None:
    """One of our people accepts: the best there is, or one quote by name."""
    reason = intake.refuse_party(turn.state, event.party, "may_operate")
    if reason is not None or card is None or card.closed or card.rfq.role is not _TAKER:
        turn.ignore(reason.code if reason else Code.UNKNOWN_RFQ, rfq=event.rfq, party=event.party)
        return
    deals.accept(turn, card, only=event.quote)


def on_need_cancelled(turn: Turn, card: Card | None, event: NeedCancelled) -> None:
    """It is no longer wanted: the dealers that were asked are told."""
    reason = intake.refuse_party(turn.state, event.party, "may_operate")
    if reason is not None or card is None or card.closed or card.rfq.role is not _TAKER:
        turn.ignore(reason.code if reason else Code.UNKNOWN_RFQ, rfq=event.rfq, party=event.party)
        return
    if deals.is_waiting(card):
        turn.ignore(Code.QUOTE_LOCKED, rfq=event.rfq, party=event.party, detail="an acceptance is out")
        return
    deals.give_up(turn, card, RfqTrigger.CANCELLED, Outcome.CANCELLED, Reason(code=Code.USER))


def stop(turn: Turn, card: Card, reason: Reason) -> None:
    """The kill switch: a need without an acceptance out is given up."""
    if can_move(card, RfqTrigger.CANCELLED) and not deals.is_waiting(card):
        deals.give_up(turn, card, RfqTrigger.CANCELLED, Outcome.CANCELLED, reason)


def on_dealer_gone(turn: Turn, card: Card, dealer: PartyId) -> None:
    """A dealer cannot be reached: its standing quotes are off; what we have accepted stays accepted."""
    for quote in card.quotes:
        if quote.maker == dealer and quote.state in _STANDING:
            card = move_quote(card, quote, QuoteTrigger.CANCELLED)
    turn.keep(show(turn, settle_quoted(card)))


def on_wake(turn: Turn, card: Card) -> None:
    """Whatever is due: the oracle's deadline, quotes' ends, the time to decide, the answer overdue, the end."""
    if card.estimate_due_at and card.estimate_due_at <= turn.now and card.rfq.expires_at > turn.now:
        use_fallback(turn, card)
        return
    if deals.is_waiting(card):
        card = replace(card, estimate_due_at=0) if card.estimate_due_at <= turn.now else card
        if card.accept_due_at and card.accept_due_at <= turn.now:
            deals.on_overdue(turn, card)
        else:
            turn.keep(card)
        return
    for quote in card.quotes:
        if quote.state in _STANDING and quote.expires_at <= turn.now:
            card = move_quote(card, quote, QuoteTrigger.TIME_PASSED)
    card = settle_quoted(card)
    if card.rfq.expires_at <= turn.now:
        reason = Reason(code=Code.EXPIRED if card.quotes else Code.NO_QUOTE)
        deals.give_up(turn, card, RfqTrigger.TIME_PASSED, Outcome.EXPIRED, reason)
    elif card.decide_at and card.decide_at <= turn.now:
        deals.decide(turn, card)
    else:
        turn.keep(card)
