"""Courses: lifecycles move as their tables say and end once, every request is answered, every refusal says why, every
price is finite and its waterfall adds up."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any, Final, TypeVar

from pricing.quoting import LINES, Line
from rfq.desk.engine import Desk
from rfq.domain.effects import (
    AcceptQuote,
    Closed,
    ConfirmFill,
    Effect,
    Estimate,
    Ignored,
    Marked,
    Quarantined,
    Ranked,
    RefuseAccept,
    RefuseQuote,
    RefuseRfq,
    SendQuote,
    WithdrawQuote,
    WithdrawRfq,
)
from rfq.domain.events import (
    AcceptReceived,
    MessageUnreadable,
    NeedPosted,
    RfqReceived,
    Stamped,
    TimerFired,
)
from rfq.domain.lifecycle import QUOTE_TABLE, RFQ_TABLE, QuoteState, RfqState
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason

Complain = Callable[[int, str], None]
S = TypeVar("S", bound=StrEnum)
_BARE: Final = tuple([name for name in LINES if name != "margin"])
_NEEDS_FIELD: Final = frozenset(
    {
        *(Code.AMOUNT, Code.AMOUNT_STEP, Code.CROSSED, Code.STRUCTURE, Code.UNKNOWN_INSTRUMENT),
        *(Code.EXPIRY_PAST, Code.EXPIRY_TOO_FAR, Code.NOT_A_NUMBER, Code.UNREADABLE, Code.DUPLICATE),
        *(Code.UNKNOWN_PARTY, Code.NOT_AUTHORISED),
    }
)
_REFUSING: Final = (RefuseRfq, RefuseAccept, RefuseQuote, WithdrawQuote, WithdrawRfq)


def reachable(rows: Iterable[tuple[S, StrEnum, S, StrEnum]]) -> dict[S, frozenset[S]]:
    """From each state, itself and all states that the table leads to."""
    steps: dict[S, set[S]] = {}
    for start, _, end, _ in rows:
        steps.setdefault(start, {start}).add(end)
        steps.setdefault(end, {end})
    grown = True
    while grown:
        grown = False
        for ends in steps.values():
            more = set().union(*(steps[end] for end in ends))
            if len(more) > len(ends):
                ends.update(more)
                grown = True
    return {state: frozenset(ends) for state, ends in steps.items()}


RFQ_REACH: Final = reachable(RFQ_TABLE)
QUOTE_REACH: Final = reachable(QUOTE_TABLE)


class Courses:
    """Follows each Rfq and quote through its life."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._desk: Desk | None = None
        self._rfqs: dict[str, RfqState] = {}
        self._quotes: dict[str, QuoteState] = {}
        self._closed: dict[str, int] = {}
        self._overdue: dict[str, None] = {}
        asked = (RfqReceived, MessageUnreadable, AcceptReceived, NeedPosted)
        self.on_event: dict[type, Callable[[Stamped, tuple[Effect, ...]], None]] = {
            **dict.fromkeys(asked, self._on_answer),
            TimerFired: self._on_wake,
        }
        self.on_effect: dict[type, Callable[[Stamped, Any], None]] = {
            **dict.fromkeys(_REFUSING, self._on_refusal),
            AcceptQuote: self._on_live,
            Closed: self._on_closed,
            Marked: self._on_marked,
            Quarantined: self._on_quarantined,
            Ranked: self._on_ranked,
            SendQuote: self._on_quote,
        }

    def begin(self, desk: Desk) -> None:
        """The desk whose lives are followed."""
        self._desk = desk

    def _on_wake(self, stamped: Stamped, _effects: tuple[Effect, ...]) -> None:
        self._follow(stamped.number, getattr(stamped.event, "rfq", ""))

    def _on_quote(self, stamped: Stamped, effect: SendQuote) -> None:
        self._on_live(stamped, effect)
        self._on_price(stamped.number, effect)

    def _on_live(self, stamped: Stamped, effect: Effect) -> None:
        """Something that only a live Rfq has."""
        rfq = effect.quote.rfq if isinstance(effect, SendQuote) else getattr(effect, "rfq", "")
        if rfq in self._closed:
            self._after_end(stamped.number, rfq, effect)
        self._follow(stamped.number, rfq)

    def _on_closed(self, stamped: Stamped, effect: Closed) -> None:
        self._on_live(stamped, effect)
        self._closed[effect.rfq] = stamped.number
        if effect.outcome is Outcome.TIMED_OUT:
            self._overdue[effect.rfq] = None

    def _on_quarantined(self, stamped: Stamped, effect: Quarantined) -> None:
        self._complain(stamped.number, f"quarantined {effect.rfq} at {effect.where}")

    def _on_ranked(self, stamped: Stamped, effect: Ranked) -> None:
        self._on_live(stamped, effect)
        for row in effect.rows:
            self._on_numbers(stamped, effect, row.cost_bps, row.percentile, row.record_bps, row.score_bps)

    def _on_marked(self, stamped: Stamped, effect: Marked) -> None:
        self._on_numbers(stamped, effect, effect.markout_bps, effect.edge_bps)

    def _after_end(self, number: int, rfq: str, effect: Effect) -> None:
        """Only an acceptance said again may follow; and DONE after TIMED_OUT, when the answer came after all."""
        if type(effect) is AcceptQuote and effect.again:
            return
        if type(effect) is Closed and effect.outcome is Outcome.DONE and rfq in self._overdue:
            del self._overdue[rfq]
            return
        self._complain(number, f"{type(effect).__name__} for {rfq}, closed by record {self._closed[rfq]}")

    def _on_answer(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """Whoever asks is answered in the same record."""
        event, number = stamped.event, stamped.number
        kinds = [type(one) for one in effects]
        if type(event) is RfqReceived:
            if (RefuseRfq in kinds) == (Estimate in kinds):
                self._complain(number, f"{event.reference} of {event.party} is neither refused nor estimated")
        elif type(event) is MessageUnreadable:
            if RefuseRfq not in kinds:
                self._complain(
                    number, f"{event.reference} of {event.party} was unreadable, and is not refused"
                )
        elif type(event) is AcceptReceived:
            if kinds.count(ConfirmFill) + kinds.count(RefuseAccept) != 1:
                self._complain(number, f"{event.reference} of {event.party} has no single answer")
        elif type(event) is NeedPosted and (Ignored in kinds) == (Estimate in kinds):
            self._complain(number, f"need {event.reference} is neither refused nor asked for")

    def _on_refusal(self, stamped: Stamped, effect: Effect) -> None:
        """A refusal has a reason, and names the field where one is at fault."""
        number = stamped.number
        reason: Reason | None = getattr(effect, "reason", None)
        if reason is None or not reason.code:
            self._complain(number, f"{type(effect).__name__} without a reason")
        elif reason.code in _NEEDS_FIELD and not reason.field:
            self._complain(number, f"{type(effect).__name__} for {reason.code} names no field")

    def _on_price(self, number: int, effect: SendQuote) -> None:
        """Finite, inside its request, and the sum of its steps."""
        quote, price = effect.quote, effect.price
        if effect.not_after_at > quote.expires_at:
            self._complain(number, f"quote {quote.id} may leave after it has expired")
        for side, shown, made, lines in (
            ("bid", quote.bid, price.bid, price.bid_lines),
            ("offer", quote.offer, price.offer, price.offer_lines),
        ):
            if shown != made:
                self._complain(number, f"quote {quote.id} shows {side} {shown}, its waterfall says {made}")
            elif shown is not None and not shown.is_finite():
                self._complain(number, f"quote {quote.id} shows a {side} that is not finite")
            elif shown is not None and not _adds_up(shown, lines):
                self._complain(number, f"the waterfall of quote {quote.id} does not add up to its {side}")

    def _on_numbers(self, stamped: Stamped, effect: Effect, *numbers: float) -> None:
        """Scores and markouts are finite."""
        if not isfinite(sum(numbers)):
            self._complain(stamped.number, f"{type(effect).__name__} holds a number that is not finite")

    def _follow(self, number: int, rfq: str) -> None:
        """The states that the desk now has must be reachable from those it had."""
        assert self._desk is not None, "begin first"
        card = self._desk.state.cards.get(rfq)  # type: ignore[call-overload]
        if card is None:
            return
        state = card.rfq.state
        before = self._rfqs.get(rfq, RfqState.OPEN)
        if state is not before:
            if state not in RFQ_REACH[before]:
                self._complain(number, f"rfq {rfq} went from {before} to {state}")
            self._rfqs[rfq] = state
        for quote in card.quotes:
            known = self._quotes.get(quote.id)
            if known is not quote.state:
                if known is not None and quote.state not in QUOTE_REACH[known]:
                    self._complain(number, f"quote {quote.id} went from {known} to {quote.state}")
                self._quotes[quote.id] = quote.state


def _adds_up(price: Decimal, lines: tuple[Line, ...]) -> bool:
    named = tuple(line.name for line in lines) in (LINES, _BARE) and all(line.unit for line in lines)
    return named and sum(line.amount for line in lines) == price
