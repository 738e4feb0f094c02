"""Reading requests: what is right becomes a request, what is wrong an event naming the field; never an exception."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfq.domain import canon
from rfq.domain.events import MessageUnreadable, RfqReceived
from rfq.domain.ids import PartyId
from rfq.domain.reasons import Code
from rfq.domain.request import Side
from rfq.sim.oddities import SPOILERS
from rfq.wire.inbound import LEGS_READ_MAX, read_rfq

PARTY = PartyId("client-01")


def good(**changes: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "reference": "r1",
        "legs": [{"instrument": "A-1", "ratio": "1"}, {"instrument": "A-2", "ratio": "-2"}],
        "hedges": [{"instrument": "A-P", "ratio": "-10", "price": "100.5"}],
        "amount": "2.50",
        "side": "sell",
        "expires_at": 7,
        "bid_limit": "1",
        "offer_limit": 2,
        "anonymous": True,
    }
    return message | changes


def test_a_good_message_is_read_whole() -> None:
    event = read_rfq(PARTY, good())
    assert isinstance(event, RfqReceived)
    ask = event.ask
    assert (event.party, event.reference, ask.side, ask.expires_at) == (PARTY, "r1", Side.SELL, 7)
    assert [(leg.instrument, leg.ratio) for leg in ask.structure.legs] == [
        ("A-1", Decimal(1)),
        ("A-2", Decimal(-2)),
    ]
    assert ask.structure.hedges[0].price == Decimal("100.5")
    assert (ask.amount, ask.bid_limit, ask.offer_limit, ask.anonymous) == (Decimal("2.5"), 1, 2, True)


def test_what_is_left_out_has_its_default() -> None:
    event = read_rfq(PARTY, {"reference": "r", "legs": [], "amount": "1"})
    assert isinstance(event, RfqReceived)
    assert event.ask.side is Side.TWO_WAY and event.ask.expires_at == 0 and not event.ask.anonymous


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"reference": ""}, "reference", Code.UNREADABLE),
        ({"reference": "x" * 65}, "reference", Code.UNREADABLE),
        ({"reference": 5}, "reference", Code.UNREADABLE),
        ({"reference": "a\nb"}, "reference", Code.UNREADABLE),
        ({"reference": "\ud800"}, "reference", Code.UNREADABLE),
        ({"amount": "NaN"}, "amount", Code.NOT_A_NUMBER),
        ({"amount": "sNaN"}, "amount", Code.NOT_A_NUMBER),
        ({"amount": "-Infinity"}, "amount", Code.NOT_A_NUMBER),
        ({"amount": "ten"}, "amount", Code.NOT_A_NUMBER),
        ({"amount": float("nan")}, "amount", Code.NOT_A_NUMBER),
        ({"amount": 1.5}, "amount", Code.NOT_A_NUMBER),
        ({"amount": "1e99"}, "amount", Code.NOT_A_NUMBER),
        ({"amount": "1e-99"}, "amount", Code.NOT_A_NUMBER),
        ({"amount": "1" * 31}, "amount", Code.NOT_A_NUMBER),
        ({"amount": "1" * 99}, "amount", Code.NOT_A_NUMBER),
        ({"amount": True}, "amount", Code.UNREADABLE),
        ({"amount": None}, "amount", Code.UNREADABLE),
        ({"side": "up"}, "side", Code.UNREADABLE),
        ({"side": []}, "side", Code.UNREADABLE),
        ({"expires_at": -1}, "expires_at", Code.UNREADABLE),
        ({"expires_at": 2**63}, "expires_at", Code.UNREADABLE),
        ({"expires_at": "soon"}, "expires_at", Code.UNREADABLE),
        ({"anonymous": 1}, "anonymous", Code.UNREADABLE),
        ({"bid_limit": "x"}, "bid_limit", Code.NOT_A_NUMBER),
        ({"legs": "A"}, "legs", Code.UNREADABLE),
        ({"legs": [{}] * (LEGS_READ_MAX + 1)}, "legs", Code.UNREADABLE),
        ({"legs": [1]}, "legs[0]", Code.UNREADABLE),
        ({"legs": [{"instrument": "A", "ratio": "one"}]}, "legs[0].ratio", Code.NOT_A_NUMBER),
        ({"legs": [{"instrument": "", "ratio": "1"}]}, "legs[0].instrument", Code.UNREADABLE),
        ({"legs": [{"instrument": "A", "ratio": "1", "why": 1}]}, "legs[0].why", Code.UNREADABLE),
        ({"hedges": [{"instrument": "A", "ratio": "1"}]}, "hedges[0].price", Code.UNREADABLE),
        ({"urgency": 1}, "urgency", Code.UNREADABLE),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str, code: Code) -> None:
    event = read_rfq(PARTY, good(**change))
    assert isinstance(event, MessageUnreadable)
    assert (event.reason.field, event.reason.code) == (field, code)
    canon.encode(event)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(allow_nan=True),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*good(), "else", "\ud800"]), anything))
def test_nothing_raises_and_everything_can_be_logged(change: dict[str, Any]) -> None:
    event = read_rfq(PARTY, good() | change)
    assert canon.decode(canon.encode(event), RfqReceived | MessageUnreadable) is not None  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", SPOILERS)
def test_every_spoiler_spoils(kind: str) -> None:
    before = {
        "reference": "r",
        "legs": [{"instrument": "BTC-PERPETUAL", "ratio": "1"}],
        "amount": "100000",
        "side": "buy",
    }
    after = {**before, "legs": [dict(before["legs"][0])]}  # type: ignore[index]
    SPOILERS[kind](after)
    assert read_rfq(PARTY, after) != read_rfq(PARTY, before)


@pytest.mark.parametrize("amount", ["0.1234567890123456789", "1234567890123456789", "1." + "0" * 40 + "1"])
def test_more_digits_than_the_log_takes_are_unreadable_too(amount: str) -> None:
    found = read_rfq(PARTY, {"reference": "r", "legs": [{"instrument": "X", "ratio": "1"}], "amount": amount})
    assert isinstance(found, MessageUnreadable) and found.reason.field == "amount"
