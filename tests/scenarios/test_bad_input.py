"""Bad input: refused by the name of its field, and nothing else is disturbed."""

from decimal import Decimal
from typing import Any

import pytest
from driver import (
    C60,
    CLIENT,
    DEALERS,
    LOYAL,
    OPERATOR,
    PERP,
    SPREAD,
    Driver,
    ask,
    option,
    picked,
    the,
)
from msgspec.structs import replace

from pricing.structures import Hedge, Leg, Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Side

D = Decimal
LINEAR = replace(PERP, name="BTC_USDC-PERPETUAL", quote_currency="USDC", inverse=False)
MANY = tuple(option(50_000 + 100 * index) for index in range(21))


def legs(*parts: tuple[str, Any]) -> Structure:
    """A structure of legs."""
    return Structure(legs=tuple(Leg(instrument=name, ratio=D(ratio)) for name, ratio in parts))


HEDGE = Hedge(instrument=PERP.name, ratio=D(-1000), price=D(60_000))
BAD: dict[str, tuple[dict[str, Any], Code, str]] = {
    "zero size": ({"amount": D(0)}, Code.AMOUNT, "amount"),
    "negative size": ({"amount": D(-10)}, Code.AMOUNT, "amount"),
    "enormous size": ({"amount": D("1E+17")}, Code.AMOUNT, "amount"),
    "tiny size": ({"amount": D("1E-17")}, Code.AMOUNT_STEP, "amount"),
    "off the step": ({"amount": D(15)}, Code.AMOUNT_STEP, "amount"),
    "crossed two-way": ({"bid_limit": D(11), "offer_limit": D(10)}, Code.CROSSED, "bid_limit"),
    "unknown instrument": (
        {"structure": legs(("DOGE", 1))},
        Code.UNKNOWN_INSTRUMENT,
        "legs[0].instrument",
    ),
    "no legs": ({"structure": Structure(legs=())}, Code.STRUCTURE, "legs"),
    "21 legs": ({"structure": legs(*((one.name, 1) for one in MANY))}, Code.STRUCTURE, "legs"),
    "mixed quote currencies": (
        {"structure": legs((PERP.name, 1), (C60.name, 1))},
        Code.STRUCTURE,
        "legs[1].instrument",
    ),
    "same leg twice": (
        {"structure": legs((C60.name, 1), (C60.name, 1))},
        Code.STRUCTURE,
        "legs[1].instrument",
    ),
    "zero ratio": ({"structure": legs((C60.name, 0))}, Code.STRUCTURE, "legs[0].ratio"),
    "enormous ratio": ({"structure": legs((C60.name, "1E+17"))}, Code.STRUCTURE, "legs[0].ratio"),
    "an enormous size by its ratio": (
        {"structure": legs((C60.name, "1E+14")), "amount": D("1E+12")},
        Code.AMOUNT,
        "amount",
    ),
    "two hedges": (
        {"structure": Structure(legs=SPREAD.legs, hedges=(HEDGE, HEDGE))},
        Code.STRUCTURE,
        "hedges",
    ),
    "a hedge off its step": (
        {
            "structure": Structure(legs=SPREAD.legs, hedges=(replace(HEDGE, ratio=D("0.5")),)),
            "amount": D(25),
        },
        Code.AMOUNT_STEP,
        "amount",
    ),
    "expiry in the past": ({"expires_at": 1}, Code.EXPIRY_PAST, "expires_at"),
    "expiry too far": ({"expires_at": 2**62}, Code.EXPIRY_TOO_FAR, "expires_at"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_request_is_refused_by_field_and_disturbs_nothing(name: str) -> None:
    changed, code, field = BAD[name]
    world = Driver()
    world(ev.InstrumentsListed(instruments=(LINEAR, *MANY)))
    estimate = world.ask_us()
    before = world.desk.state.image()
    bad = ev.RfqReceived(party=CLIENT, reference="bad", ask=replace(ask(), **changed))
    refused = the(world(bad), fx.RefuseRfq)
    assert (refused.to, refused.reference, refused.rfq) == (CLIENT, "bad", "")
    assert (refused.reason.code, refused.reason.field) == (code, field)
    after = world.desk.state.image()
    assert replace(after, number=before.number, at=before.at, pending=before.pending) == before
    the(world.answer(estimate), fx.SendQuote)
    world.check_replay()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN", "1E+999999999", "1E-999999"])
@pytest.mark.parametrize("field", ["amount", "bid_limit", "offer_limit"])
def test_what_is_no_sane_number_cannot_even_be_said(number: str, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        replace(ask(), **{field: D(number)})


@pytest.mark.parametrize("number", ["NaN", "1E+999999999"])
def test_no_event_of_the_wire_holds_an_insane_number(number: str) -> None:
    odd = D(number)
    say: dict[type, dict[str, Any]] = {
        ev.AcceptReceived: {
            "party": CLIENT,
            "quote": "q",
            "reference": "a",
            "side": Side.BUY,
            "amount": odd,
        },
        ev.OutcomeHeard: {"party": CLIENT, "quote": "q", "outcome": Outcome.COVER, "cover": odd},
        ev.NeedPosted: {"party": OPERATOR, "reference": "n", "ask": ask(Side.BUY), "limit": odd},
        ev.QuoteReceived: {
            "dealer": DEALERS[0],
            "rfq": "r",
            "reference": "q",
            "expires_at": 1,
            "bid": odd,
            "bid_amount": D(1),
        },
        ev.FillReported: {
            "dealer": DEALERS[0],
            "accept": "a",
            "reference": "x",
            "amount": D(1),
            "price": odd,
        },
    }
    for kind, fields in say.items():
        with pytest.raises(ValueError, match=r"amount|cover|limit|bid|price"):
            kind(**fields)
    with pytest.raises(ValueError, match="ratio"):
        Ask(structure=legs((PERP.name, number)), amount=D(1), side=Side.BUY)


def test_strangers_and_people_without_the_right_are_refused() -> None:
    world = Driver()
    for party, code in (("nobody", Code.UNKNOWN_PARTY), (DEALERS[0], Code.NOT_AUTHORISED)):
        effects = world(ev.RfqReceived(party=PartyId(party), reference="r", ask=ask()))
        reason = the(effects, fx.RefuseRfq).reason
        assert (reason.code, reason.field) == (code, "party")
    for event in (ev.SessionUp(party=PartyId("nobody")), ev.SessionDown(party=PartyId("nobody"))):
        assert the(world(event), fx.Ignored).reason.code is Code.UNKNOWN_PARTY


def test_what_could_not_be_read_is_answered_in_its_own_kind() -> None:
    world = Driver()
    reason = Reason(code=Code.NOT_A_NUMBER, field="amount")
    unreadable = ev.MessageUnreadable(party=CLIENT, kind="rfq", reference="r", reason=reason)
    assert the(world(unreadable), fx.RefuseRfq).reason == reason
    assert the(world(replace(unreadable, kind="quote")), fx.RefuseQuote).reason == reason


def test_an_overflow_declines_each_request_once() -> None:
    world = Driver()
    effects = world(ev.InboxOverflowed(requests=((CLIENT, "one"), (LOYAL, "two"))))
    told = [(one.to, one.reference, one.reason.code) for one in picked(effects, fx.RefuseRfq)]
    assert told == [(CLIENT, "one", Code.BUSY), (LOYAL, "two", Code.BUSY)]
