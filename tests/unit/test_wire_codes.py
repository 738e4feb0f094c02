"""Reasons on the wire: every code has its row, and nothing of ours is told with it."""

from typing import get_args

import pytest

from fix_gateway.messages.words import QuoteReject, RequestReject
from rfq.domain.effects import Outward
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.wire.codes import CODES, TEXT_MAX, text_of, why_passed, why_refused
from rfq.wire.outbound_fix import ANSWERS, SAID

OURS = (
    *(Code.LIMIT_NOTIONAL, Code.LIMIT_POSITION, Code.LIMIT_OPEN_RFQS, Code.LIMIT_PRICE, Code.KILLED),
    *(Code.EDGE, Code.UNFAIR, Code.MODEL_LATE, Code.MODEL_FAULT, Code.FAULT, Code.MMP, Code.NOT_AUTHORISED),
    *(
        Code.STALE_MARKET,
        Code.SCHEDULED,
        Code.NO_MARKET,
        Code.NO_DEALER,
        Code.RESTART,
        Code.TRADED_AWAY,
        Code.USER,
    ),
)


def test_every_code_every_outcome_and_every_effect_has_words() -> None:
    assert set(CODES) == set(Code)
    assert set(ANSWERS) == set(Outcome)
    assert set(get_args(Outward)) == SAID


def test_numbers_are_those_of_the_standard() -> None:
    for row in CODES.values():
        assert row.request in RequestReject and row.quote in QuoteReject and row.order.isdecimal()
        assert row.text and row.text.isascii()


@pytest.mark.parametrize("code", OURS)
def test_what_only_we_should_know_is_not_told(code: Code) -> None:
    text = text_of(Reason(code=code, field="party", detail="secret 12345"))
    assert "secret" not in text and "12345" not in text and "party" not in text


def test_what_is_wrong_with_their_own_words_is_told_by_tag() -> None:
    reason = Reason(code=Code.AMOUNT_STEP, field="amount", detail="5 is not a multiple of 10")
    assert text_of(reason) == "OrderQty (38): amount is no multiple of the lot: 5 is not a multiple of 10"
    assert text_of(Reason(code=Code.STRUCTURE, field="legs[1].ratio")).startswith("legs[1].ratio: ")


def test_a_text_is_short_plain_ascii_without_delimiters() -> None:
    text = text_of(Reason(code=Code.UNREADABLE, field="x", detail="é\x01\n" + "y" * 500))
    assert text.isascii() and text.isprintable() and len(text) == TEXT_MAX


def test_the_way_back() -> None:
    assert why_passed("1", "no such thing").code is Code.UNKNOWN_INSTRUMENT
    assert why_passed("10", "").code is Code.PASSED and why_passed("", "").code is Code.PASSED
    assert why_refused("4", "late").code is Code.TOO_LATE
    assert why_refused("", "\x01bad\n") == Reason(code=Code.LAST_LOOK, detail="?bad?")
    assert len(why_refused("99", "z" * 10_000).detail) == TEXT_MAX
