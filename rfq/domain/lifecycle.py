"""The lifecycle of an Rfq and of a Quote: two role-free tables and nothing else.

A row is (from, trigger, to, seen by). `seen by` says which side of the request can see the state that the row leads
to: a dealer never sees that the taker is ACCEPTING somebody else's quote, a taker never sees TRADED_AWAY. What is not
in the table is illegal; the desk asks `*_next` and treats None as "this does not happen in that state".
"""

from enum import StrEnum


class SeenBy(StrEnum):
    """Which side of the request can see a state."""

    TAKER = "taker"
    MAKER = "maker"
    BOTH = "both"


class RfqState(StrEnum):
    """Where an Rfq stands."""

    OPEN = "open"
    QUOTABLE = "quotable"
    QUOTED = "quoted"
    ACCEPTING = "accepting"
    LAST_LOOK = "last_look"
    PENDING_SETTLEMENT = "pending_settlement"
    PARTIAL = "partial"
    FILLED = "filled"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    TRADED_AWAY = "traded_away"
    PASSED = "passed"
    TIMED_OUT = "timed_out"
    QUARANTINED = "quarantined"


class RfqTrigger(StrEnum):
    """What moves an Rfq."""

    GRACE_OVER = "grace_over"
    FIRST_QUOTE = "first_quote"
    LAST_QUOTE_GONE = "last_quote_gone"
    ACCEPTED = "accepted"
    LAST_LOOK_BEGUN = "last_look_begun"
    MAKER_AGREED = "maker_agreed"
    MAKER_REFUSED = "maker_refused"
    PART_PRINTED = "part_printed"
    ALL_PRINTED = "all_printed"
    LEG_FAILED = "leg_failed"
    LEG_FAILED_AT_END = "leg_failed_at_end"
    REMAINDER_OPEN = "remainder_open"
    REMAINDER_DROPPED = "remainder_dropped"
    TIME_PASSED = "time_passed"
    ANSWER_OVERDUE = "answer_overdue"
    CANCELLED = "cancelled"
    TRADED_ELSEWHERE = "traded_elsewhere"
    PASSED = "passed"
    FAULT = "fault"


class QuoteState(StrEnum):
    """Where a quote stands."""

    PENDING = "pending"
    ACTIVE = "active"
    REPLACED = "replaced"
    LOCKED = "locked"
    PENDING_LAST_LOOK = "pending_last_look"
    FILLED = "filled"
    PARTIALLY_FILLED = "partially_filled"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    LL_REJECTED = "ll_rejected"
    DONE_AWAY = "done_away"
    COVER = "cover"
    TIED = "tied"
    TIED_COVER = "tied_cover"


class QuoteTrigger(StrEnum):
    """What moves a quote."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    REPLACED = "replaced"
    ACCEPTED = "accepted"
    LAST_LOOK_BEGUN = "last_look_begun"
    LAST_LOOK_REFUSED = "last_look_refused"
    RELEASED = "released"
    FILLED = "filled"
    PART_FILLED = "part_filled"
    TIME_PASSED = "time_passed"
    CANCELLED = "cancelled"
    LOST = "lost"
    LOST_SECOND = "lost_second"
    LOST_TIED = "lost_tied"
    LOST_TIED_SECOND = "lost_tied_second"


_R, _T, _B = RfqState, RfqTrigger, SeenBy.BOTH
_LIVE_RFQ = (_R.OPEN, _R.QUOTABLE, _R.QUOTED)

RFQ_TABLE: tuple[tuple[RfqState, RfqTrigger, RfqState, SeenBy], ...] = (
    (_R.OPEN, _T.GRACE_OVER, _R.QUOTABLE, _B),
    (_R.OPEN, _T.FIRST_QUOTE, _R.QUOTED, _B),
    (_R.QUOTABLE, _T.FIRST_QUOTE, _R.QUOTED, _B),
    (_R.QUOTED, _T.LAST_QUOTE_GONE, _R.QUOTABLE, _B),
    (_R.QUOTED, _T.ACCEPTED, _R.ACCEPTING, SeenBy.TAKER),
    (_R.PARTIAL, _T.ACCEPTED, _R.ACCEPTING, SeenBy.TAKER),
    (_R.ACCEPTING, _T.LAST_LOOK_BEGUN, _R.LAST_LOOK, _B),
    (_R.ACCEPTING, _T.MAKER_AGREED, _R.PENDING_SETTLEMENT, _B),
    (_R.LAST_LOOK, _T.MAKER_AGREED, _R.PENDING_SETTLEMENT, _B),
    (_R.ACCEPTING, _T.MAKER_REFUSED, _R.QUOTED, SeenBy.TAKER),
    (_R.LAST_LOOK, _T.MAKER_REFUSED, _R.QUOTED, SeenBy.TAKER),
    (_R.PENDING_SETTLEMENT, _T.PART_PRINTED, _R.PARTIAL, _B),
    (_R.PENDING_SETTLEMENT, _T.ALL_PRINTED, _R.FILLED, _B),
    (_R.PENDING_SETTLEMENT, _T.LEG_FAILED, _R.QUOTED, SeenBy.TAKER),
    (_R.PENDING_SETTLEMENT, _T.LEG_FAILED_AT_END, _R.REJECTED, _B),
    (_R.ACCEPTING, _T.ANSWER_OVERDUE, _R.TIMED_OUT, SeenBy.TAKER),
    (_R.LAST_LOOK, _T.ANSWER_OVERDUE, _R.TIMED_OUT, SeenBy.TAKER),
    (_R.PARTIAL, _T.ANSWER_OVERDUE, _R.TIMED_OUT, SeenBy.TAKER),
    (_R.TIMED_OUT, _T.ALL_PRINTED, _R.FILLED, _B),
    (_R.TIMED_OUT, _T.PART_PRINTED, _R.PARTIAL, _B),
    (_R.PARTIAL, _T.REMAINDER_OPEN, _R.QUOTED, SeenBy.TAKER),
    (_R.PARTIAL, _T.REMAINDER_DROPPED, _R.FILLED, _B),
    (_R.PARTIAL, _T.MAKER_AGREED, _R.PENDING_SETTLEMENT, _B),
    (_R.PARTIAL, _T.TIME_PASSED, _R.EXPIRED, _B),
    (_R.PARTIAL, _T.CANCELLED, _R.CANCELLED, _B),
    *((state, _T.TIME_PASSED, _R.EXPIRED, _B) for state in _LIVE_RFQ),
    *((state, _T.CANCELLED, _R.CANCELLED, _B) for state in _LIVE_RFQ),
    *((state, _T.TRADED_ELSEWHERE, _R.TRADED_AWAY, SeenBy.MAKER) for state in _LIVE_RFQ),
    *((state, _T.PASSED, _R.PASSED, SeenBy.MAKER) for state in _LIVE_RFQ),
    *(
        (state, _T.FAULT, _R.QUARANTINED, SeenBy.BOTH)
        for state in (*_LIVE_RFQ, _R.ACCEPTING, _R.LAST_LOOK, _R.PENDING_SETTLEMENT, _R.PARTIAL)
    ),
)

_Q, _U = QuoteState, QuoteTrigger
_STANDING = (_Q.PENDING, _Q.ACTIVE)

QUOTE_TABLE: tuple[tuple[QuoteState, QuoteTrigger, QuoteState, SeenBy], ...] = (
    (_Q.PENDING, _U.ACKNOWLEDGED, _Q.ACTIVE, _B),
    (_Q.PENDING, _U.REFUSED, _Q.REJECTED, SeenBy.MAKER),
    *((state, _U.REPLACED, _Q.REPLACED, _B) for state in _STANDING),
    *((state, _U.ACCEPTED, _Q.LOCKED, _B) for state in _STANDING),
    *((state, _U.TIME_PASSED, _Q.EXPIRED, _B) for state in _STANDING),
    *((state, _U.CANCELLED, _Q.CANCELLED, _B) for state in _STANDING),
    *((state, _U.LOST, _Q.DONE_AWAY, SeenBy.MAKER) for state in _STANDING),
    *((state, _U.LOST_SECOND, _Q.COVER, SeenBy.MAKER) for state in _STANDING),
    *((state, _U.LOST_TIED, _Q.TIED, SeenBy.MAKER) for state in _STANDING),
    *((state, _U.LOST_TIED_SECOND, _Q.TIED_COVER, SeenBy.MAKER) for state in _STANDING),
    (_Q.LOCKED, _U.LAST_LOOK_BEGUN, _Q.PENDING_LAST_LOOK, _B),
    (_Q.LOCKED, _U.REFUSED, _Q.REJECTED, _B),
    (_Q.LOCKED, _U.RELEASED, _Q.ACTIVE, _B),
    (_Q.LOCKED, _U.FILLED, _Q.FILLED, _B),
    (_Q.LOCKED, _U.PART_FILLED, _Q.PARTIALLY_FILLED, _B),
    (_Q.PENDING_LAST_LOOK, _U.LAST_LOOK_REFUSED, _Q.LL_REJECTED, _B),
    (_Q.PENDING_LAST_LOOK, _U.FILLED, _Q.FILLED, _B),
    (_Q.PENDING_LAST_LOOK, _U.PART_FILLED, _Q.PARTIALLY_FILLED, _B),
)

_rfq_next = {(start, trigger): end for start, trigger, end, _ in RFQ_TABLE}
_quote_next = {(start, trigger): end for start, trigger, end, _ in QUOTE_TABLE}
_rfq_live = frozenset(start for start, _, _, _ in RFQ_TABLE) - {RfqState.TIMED_OUT}
_quote_live = frozenset(start for start, _, _, _ in QUOTE_TABLE)


def rfq_next(state: RfqState, trigger: RfqTrigger) -> RfqState | None:
    """The state that `trigger` leads to, or None if it cannot happen in `state`."""
    return _rfq_next.get((state, trigger))


def quote_next(state: QuoteState, trigger: QuoteTrigger) -> QuoteState | None:
    """The state that `trigger` leads to, or None if it cannot happen in `state`."""
    return _quote_next.get((state, trigger))


def rfq_is_live(state: RfqState) -> bool:
    """True while something can still become of the Rfq in the ordinary way."""
    return state in _rfq_live


def quote_is_live(state: QuoteState) -> bool:
    """True while the quote may still be traded on, replaced or withdrawn."""
    return state in _quote_live
