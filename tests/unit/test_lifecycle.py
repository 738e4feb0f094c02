"""Both tables against an expectation written by hand from the protocol: every state × trigger."""

import pytest

from rfq.domain import lifecycle as life
from rfq.domain.lifecycle import QuoteState as Q
from rfq.domain.lifecycle import QuoteTrigger as U
from rfq.domain.lifecycle import RfqState as R
from rfq.domain.lifecycle import RfqTrigger as T
from rfq.domain.lifecycle import SeenBy

# One line a state: what may happen to it, and where that leads. What is not listed must be impossible.
RFQ: dict[str, dict[str, str]] = {
    "open": {
        "grace_over": "quotable",
        "first_quote": "quoted",
        "time_passed": "expired",
        "cancelled": "cancelled",
        "traded_elsewhere": "traded_away",
        "passed": "passed",
        "fault": "quarantined",
    },
    "quotable": {
        "first_quote": "quoted",
        "time_passed": "expired",
        "cancelled": "cancelled",
        "traded_elsewhere": "traded_away",
        "passed": "passed",
        "fault": "quarantined",
    },
    "quoted": {
        "last_quote_gone": "quotable",
        "accepted": "accepting",
        "time_passed": "expired",
        "cancelled": "cancelled",
        "traded_elsewhere": "traded_away",
        "passed": "passed",
        "fault": "quarantined",
    },
    "accepting": {
        "last_look_begun": "last_look",
        "maker_agreed": "pending_settlement",
        "maker_refused": "quoted",
        "answer_overdue": "timed_out",
        "fault": "quarantined",
    },
    "last_look": {
        "maker_agreed": "pending_settlement",
        "maker_refused": "quoted",
        "answer_overdue": "timed_out",
        "fault": "quarantined",
    },
    "pending_settlement": {
        "part_printed": "partial",
        "all_printed": "filled",
        "leg_failed": "quoted",
        "leg_failed_at_end": "rejected",
        "fault": "quarantined",
    },
    "partial": {
        "accepted": "accepting",
        "maker_agreed": "pending_settlement",
        "remainder_open": "quoted",
        "remainder_dropped": "filled",
        "answer_overdue": "timed_out",
        "time_passed": "expired",
        "cancelled": "cancelled",
        "fault": "quarantined",
    },
    "timed_out": {"all_printed": "filled", "part_printed": "partial"},
    "filled": {},
    "expired": {},
    "cancelled": {},
    "rejected": {},
    "traded_away": {},
    "passed": {},
    "quarantined": {},
}
_EXITS = {
    "replaced": "replaced",
    "accepted": "locked",
    "time_passed": "expired",
    "cancelled": "cancelled",
    "lost": "done_away",
    "lost_second": "cover",
    "lost_tied": "tied",
    "lost_tied_second": "tied_cover",
}
QUOTE: dict[str, dict[str, str]] = {
    "pending": {"acknowledged": "active", "refused": "rejected", **_EXITS},
    "active": _EXITS,
    "locked": {
        "last_look_begun": "pending_last_look",
        "refused": "rejected",
        "released": "active",
        "filled": "filled",
        "part_filled": "partially_filled",
    },
    "pending_last_look": {
        "last_look_refused": "ll_rejected",
        "filled": "filled",
        "part_filled": "partially_filled",
    },
    **{
        state: {}
        for state in (
            *("replaced", "filled", "partially_filled", "expired", "cancelled", "rejected"),
            *("ll_rejected", "done_away", "cover", "tied", "tied_cover"),
        )
    },
}


@pytest.mark.parametrize("state", R)
@pytest.mark.parametrize("trigger", T)
def test_every_state_and_trigger_of_an_rfq(state: R, trigger: T) -> None:
    assert life.rfq_next(state, trigger) == RFQ[state.value].get(trigger.value)


@pytest.mark.parametrize("state", Q)
@pytest.mark.parametrize("trigger", U)
def test_every_state_and_trigger_of_a_quote(state: Q, trigger: U) -> None:
    assert life.quote_next(state, trigger) == QUOTE[state.value].get(trigger.value)


def test_nothing_is_listed_that_does_not_exist() -> None:
    assert set(RFQ) == set(R) and set(QUOTE) == set(Q)
    assert {trigger for row in RFQ.values() for trigger in row} == set(T)
    assert {trigger for row in QUOTE.values() for trigger in row} == set(U)


def test_no_row_stands_twice() -> None:
    for table in (life.RFQ_TABLE, life.QUOTE_TABLE):
        starts = [(start, trigger) for start, trigger, _, _ in table]
        assert len(set(starts)) == len(starts)


def test_every_state_can_be_reached() -> None:
    for table, first, every in ((life.RFQ_TABLE, R.OPEN, R), (life.QUOTE_TABLE, Q.PENDING, Q)):
        reached = {str(first)}
        for _ in every:
            reached |= {end for start, _, end, _ in table if start in reached}
        assert reached == set(every)


def test_final_states_stay_final_and_live_ones_are_live() -> None:
    for state in R:
        assert life.rfq_is_live(state) == (bool(RFQ[state.value]) and state is not R.TIMED_OUT)
    for quote in Q:
        assert life.quote_is_live(quote) == bool(QUOTE[quote.value])


HIDDEN_FROM_MAKERS = {R.ACCEPTING, R.TIMED_OUT}
HIDDEN_FROM_TAKERS = {R.TRADED_AWAY, R.PASSED}


def test_a_column_says_who_can_see_each_state() -> None:
    for _, trigger, end, seen in life.RFQ_TABLE:
        if end in HIDDEN_FROM_MAKERS:
            assert seen is SeenBy.TAKER
        elif end in HIDDEN_FROM_TAKERS:
            assert seen is SeenBy.MAKER
        elif end is R.QUOTED and trigger is not T.FIRST_QUOTE:
            assert seen is SeenBy.TAKER, "that somebody else refused is the taker's to know"
        else:
            assert seen is SeenBy.BOTH
    losers = {Q.DONE_AWAY, Q.COVER, Q.TIED, Q.TIED_COVER}
    for start, _, end, seen in life.QUOTE_TABLE:
        hidden = end in losers or (start is Q.PENDING and end is Q.REJECTED)
        assert seen is (SeenBy.MAKER if hidden else SeenBy.BOTH)
