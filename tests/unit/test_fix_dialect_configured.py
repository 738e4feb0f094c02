"""A counterparty's own dialect: a preset with changes out of a configuration, and what is said of a wrong one."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from fix_messages import fields, hear

from fix_gateway.dialect import PRESETS, Dialect, configured, write
from fix_gateway.errors import Fault, LocalProtocolError
from fix_gateway.messages.quoting import Quote, QuoteRequest, QuoteResponse, QuoteStatusReport
from fix_gateway.messages.speech import BY_NAME
from fix_gateway.messages.words import Answer, QuoteStatus

AT = 1_764_063_000_123_456_789
ONE = Decimal(1)


def test_a_counterparty_may_move_map_require_and_refuse() -> None:
    own = configured(
        "fix44",
        name="own",
        digits=6,
        tags={"Quote.valid_until": 0, "QuoteResponse.rfq_id": 22131},
        said={"297": {"17": "6"}},
        heard={"297": {"9": "5"}},
        required=["QuoteRequest.qty"],
        fields=[{"tag": 22131, "name": "RfqID", "type": "STRING", "messages": ["AJ"]}],
        user_defined=True,
    )
    assert own.user_defined and own.name == "own"
    gone = QuoteStatusReport(status=QuoteStatus.CANCELED, quote_id="Q1", symbol="X", at=AT)
    assert fields(gone, own) == "117=Q1|55=X|60=20251125-09:30:00.123456|297=6|"
    assert hear("AI", "117=Q1|55=X|297=9|", own).status is QuoteStatus.REJECTED
    assert "22131=R1|" in fields(QuoteResponse(answer_id="A1", answer=Answer.HIT, rfq_id="R1"), own)
    assert hear("R", "131=R1|146=1|55=X|", own) == Fault(code=1, text="Required tag missing", tag=b"38")
    with pytest.raises(LocalProtocolError, match=r"QuoteRequest\.qty"):
        write(QuoteRequest(rfq_id="R1", symbol="X"), own)
    with pytest.raises(LocalProtocolError, match="valid_until"):
        write(Quote(quote_id="Q1", bid=ONE, valid_until=AT), own)


def test_a_field_may_list_its_values() -> None:
    strategy = {"tag": 847, "name": "Strategy", "type": "CHAR", "messages": ["D"], "values": {"R": "rfq"}}
    own = configured("fix42", fields=[strategy])
    order = "11=C1|21=1|55=X|54=1|60=20251125-09:30:00|40=1|847="
    assert hear("D", order + "R|", own).strategy == "R"
    assert hear("D", order + "Q|", own).code == 5


def test_a_rule_can_be_taken_away() -> None:
    own = configured("fix44", rules=["-reason_in_text"])
    assert own.rules == ("minimum_by_side", "one_cancel_as_entry")


@dataclass(frozen=True)
class Mistake:
    """A configuration that cannot be, and what is said about it."""

    changes: dict[str, Any]
    told: str


MISTAKES = [
    Mistake({"nonsense": 1}, "'nonsense' cannot be configured"),
    Mistake({"begin": "FIX.4.4"}, "'begin' cannot be configured"),
    Mistake({"digits": 4}, "digits: must be 0, 3, 6 or 9"),
    Mistake({"digits": "many"}, "digits"),
    Mistake({"rules": ["be nice"]}, "rules: 'be nice' is none of"),
    Mistake({"tags": {"Quotation.bid": 5}}, "tags: 'Quotation' is no message"),
    Mistake({"tags": {"Quote.bids": 5}}, "tags: Quote has no attribute 'bids'"),
    Mistake({"tags": {"Quote": 5}}, "tags: 'Quote' is not of the form"),
    Mistake({"tags": {"Quote.legs.bidding": 5}}, "tags: Quote.legs has no attribute 'bidding'"),
    Mistake({"tags": {"Quote.bid": "five"}}, "tags"),
    Mistake({"fills": {"Quote.legs.bid": "1"}}, "fills: 'Quote.legs.bid' is not of the form"),
    Mistake({"required": ["Quote.colour"]}, "required: Quote has no attribute 'colour'"),
    Mistake({"flat": ["Request"]}, "flat: 'Request' is no message"),
    Mistake({"said": {"297": "16"}}, "said"),
    Mistake({"fields": [{"name": "Strategy"}]}, "fields"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.told)
def test_a_mistake_in_a_configuration_is_named(mistake: Mistake) -> None:
    with pytest.raises(ValueError, match="dialect fix44") as caught:
        configured("fix44", **mistake.changes)
    assert mistake.told in str(caught.value)


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(ValueError, match="'fix43' is none of fix50sp2, fix44, fix42, coinbase_flat"):
        configured("fix43")


@pytest.mark.parametrize("dialect", PRESETS.values(), ids=PRESETS)
def test_a_dialect_can_be_prepared_as_a_whole(dialect: Dialect) -> None:
    dialect.speech.prepare()
    assert all(dialect.speech.says(form.struct) or dialect.begin != "FIXT.1.1" for form in BY_NAME.values())
