"""Dialects: what each says where the versions differ, what it refuses to lose, and how a counterparty's own is made."""

from decimal import Decimal
from typing import Any

import pytest
from fix_messages import decode, fields, hear

from fix_gateway.dialect import (
    COINBASE_FLAT,
    FIX42,
    FIX44,
    FIX50SP2,
    PRESETS,
    Dialect,
    configured,
    read,
    write,
)
from fix_gateway.errors import Fault, LocalProtocolError
from fix_gateway.messages.parts import Leg, Party, SymbolRef
from fix_gateway.messages.quoting import (
    MassQuoteAcknowledgement,
    Quote,
    QuoteAck,
    QuoteCancel,
    QuoteRequest,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
)
from fix_gateway.messages.trading import ExecutionReport, NewOrderSingle
from fix_gateway.messages.words import (
    AckStatus,
    Answer,
    CancelType,
    ExecType,
    OrderStatus,
    OrderType,
    QuoteReject,
    QuoteStatus,
    QuoteType,
    RequestReject,
    Side,
    TimeInForce,
)

AT = 1_764_063_000_123_456_789
ONE = Decimal(1)


def report(**changes: Any) -> ExecutionReport:
    given = {
        "order_id": "O1",
        "exec_id": "E1",
        "exec_type": ExecType.TRADE,
        "status": OrderStatus.FILLED,
        "symbol": "BTC-PERP",
        "side": Side.BUY,
        "leaves": Decimal(0),
        "filled": ONE,
        "answer_id": "A1",
    }
    return ExecutionReport(**(given | changes))


# --- 4.4 ----------------------------------------------------------------------------------------------------------


def test_a_quote_is_active_canceled_traded_in_the_words_that_4_4_has() -> None:
    """PROTOCOL case 41."""
    said = {16: 0, 17: 1, 21: 0, 22: 0, 7: 7, 5: 5}
    for ours, theirs in said.items():
        status = QuoteStatusReport(status=QuoteStatus(str(ours)), quote_id="Q1", rfq_id="R1", symbol="X")
        assert f"297={theirs}|" in fields(status, FIX44)
        assert f"297={ours}|" in fields(status, FIX50SP2)


def test_4_4_gives_its_reason_in_words() -> None:
    """PROTOCOL case 41: no 300 on AI."""
    refused = QuoteStatusReport(
        status=QuoteStatus.REJECTED, quote_id="Q1", symbol="X", reject=QuoteReject.LOCKED, text="too late"
    )
    assert "300=11|58=too late|" in fields(refused, FIX50SP2)
    assert fields(refused, FIX44) == "117=Q1|55=X|297=5|58=too late; locked (11)|"


def test_one_quote_is_cancelled_in_each_version() -> None:
    """PROTOCOL case 42: 298=5 is 5.0 SP2's; 4.4 says a cancel of all with one entry, 4.2 one for a symbol."""
    one = QuoteCancel(cancel_type=CancelType.ONE, quote_id="Q1", symbols=(SymbolRef(symbol="X"),))
    assert fields(one, FIX50SP2) == "117=Q1|298=5|295=1|55=X|"
    assert fields(one, FIX44) == "117=Q1|298=4|295=1|55=X|"
    assert fields(one, FIX42) == "117=Q1|298=1|295=1|55=X|"
    for dialect in (FIX50SP2, FIX44):
        assert read(decode(one, dialect), dialect) == one
    assert hear("Z", "117=Q1|298=5|", FIX44).code == 5


def test_all_quotes_are_cancelled_in_each_version() -> None:
    every = QuoteCancel(cancel_type=CancelType.ALL)
    assert fields(every, FIX50SP2) == "298=4|"
    assert fields(every, FIX44) == "117=*|298=4|"
    assert fields(every, FIX42) == "117=*|298=4|295=1|55=[N/A]|"
    for dialect in (FIX50SP2, FIX44, FIX42):
        heard = read(decode(every, dialect), dialect)
        assert isinstance(heard, QuoteCancel)
        assert (heard.cancel_type, heard.quote_id) == (CancelType.ALL, "")


def test_a_minimum_is_said_once_a_side_in_4_4() -> None:
    quote = Quote(quote_id="Q1", symbol="X", bid=ONE, bid_qty=Decimal(9), min_qty=Decimal(5))
    assert "134=9|110=5|" in fields(quote, FIX50SP2)
    assert "647=5|134=9|" in fields(quote, FIX44)
    assert read(decode(quote, FIX44), FIX44) == quote
    with pytest.raises(LocalProtocolError, match="min_qty: this dialect has no field"):
        write(quote, FIX42)


def test_answers_that_4_4_has_no_number_for() -> None:
    def said(answer: Answer) -> str:
        return fields(QuoteResponse(answer_id="A1", answer=answer, symbol="X", cover=ONE), FIX44)

    assert [said(answer)[:12] for answer in (Answer.TIED, Answer.TIED_COVER, Answer.COVER)] == [
        "693=A1|694=4"
    ] * 3
    assert "1917" not in said(Answer.COVER)
    assert "694=9|" in fields(QuoteResponse(answer_id="A1", answer=Answer.TIED, symbol="X"), FIX50SP2)


def test_the_hedge_price_goes_by_a_private_tag_or_not_at_all() -> None:
    hedge = Leg(symbol="BTC-PERP", ratio=ONE, side=Side.SELL, price=Decimal("64000.5"))
    asked = QuoteRequest(rfq_id="R1", symbol="[N/A]", security_type="MLEG", legs=(hedge,))
    assert "566=64000.5|" in fields(asked, FIX50SP2)
    with pytest.raises(LocalProtocolError, match=r"QuoteRequest\.legs\.price"):
        write(asked, FIX44)

    own = configured(
        "fix44",
        tags={"QuoteRequest.legs.price": 22566},
        fields=[{"tag": 22566, "name": "HedgePrice", "type": "PRICE", "messages": ["R"], "group": 555}],
    )
    assert fields(asked, own).endswith("624=2|22566=64000.5|")
    assert read(decode(asked, own), own) == asked


# --- 4.2 ----------------------------------------------------------------------------------------------------------


def test_4_2_refuses_and_reports_by_b() -> None:
    refused = QuoteRequestReject(rfq_id="R1", reason=RequestReject.NOT_AUTHORISED, symbol="X", text="who?")
    assert write(refused, FIX42)[0] == "b"
    assert fields(refused, FIX42).startswith("131=R1|297=5|300=9|")
    active = QuoteStatusReport(status=QuoteStatus.ACTIVE, rfq_id="R1", quote_id="Q1", symbol="X")
    assert fields(active, FIX42) == "131=R1|117=Q1|297=0|"
    taken = QuoteAck(status=AckStatus.REJECTED, quote_id="Q1", rfq_id="R1", reject=QuoteReject.DUPLICATE)
    heard = read(decode(taken, FIX42), FIX42)
    assert isinstance(heard, MassQuoteAcknowledgement)
    assert (heard.status, heard.reject) == (QuoteStatus.REJECTED, QuoteReject.DUPLICATE)


def test_4_2_hits_a_quote_by_an_order_and_can_say_no_other_answer() -> None:
    hit = QuoteResponse(
        answer_id="A1",
        answer=Answer.HIT,
        symbol="X",
        quote_id="Q1",
        rfq_id="R1",
        side=Side.BUY,
        qty=ONE,
        price=Decimal(-5),
        at=AT,
    )
    heard = read(decode(hit, FIX42), FIX42)
    assert isinstance(heard, NewOrderSingle)
    assert (heard.cl_ord_id, heard.quote_id, heard.order_type) == ("A1", "Q1", OrderType.PREVIOUSLY_QUOTED)
    assert (heard.price, heard.time_in_force) == (Decimal(-5), TimeInForce.FILL_OR_KILL)
    with pytest.raises(LocalProtocolError, match="COVER"):
        write(QuoteResponse(answer_id="A1", answer=Answer.COVER, symbol="X"), FIX42)


def test_4_2_quotes_are_firm() -> None:
    """PROTOCOL case 48, as far as words go: what is indicative must not look firm."""
    firm = Quote(quote_id="Q1", symbol="X", bid=ONE, quote_type=QuoteType.TRADEABLE)
    assert fields(firm, FIX42) == "117=Q1|55=X|132=1|"
    indicative = Quote(quote_id="Q1", symbol="X", bid=ONE, quote_type=QuoteType.INDICATIVE)
    assert "537=0|" in fields(indicative, FIX44)
    with pytest.raises(LocalProtocolError, match="INDICATIVE"):
        write(indicative, FIX42)


def test_4_2_tells_fills_apart_by_what_is_left() -> None:
    whole, part = report(), report(status=OrderStatus.PARTIALLY_FILLED)
    assert "17=E1|20=0|150=2|39=2|" in fields(whole, FIX42)
    assert "17=E1|20=0|150=1|39=1|" in fields(part, FIX42)
    heard = read(decode(part, FIX42), FIX42)
    assert isinstance(heard, ExecutionReport) and heard.exec_type is ExecType.TRADE


# --- all versions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", PRESETS.values(), ids=PRESETS)
def test_an_execution_never_carries_a_quote_id(dialect: Dialect) -> None:
    """PROTOCOL case 39."""
    said = fields(report(trade_type="", text="done", price=Decimal(-5)), dialect)
    assert "|117=" not in said
    assert ("693=A1|" in said) == (dialect.begin != "FIX.4.2")


def test_no_request_carries_target_parties_and_no_quote_a_cover_price() -> None:
    """PROTOCOL case 47b."""
    asked = QuoteRequest(rfq_id="R1", symbol="X", dealers=(Party(id="D", role="66"),))
    assert "453=1|448=D|447=D|452=66|" in fields(asked, FIX50SP2)
    assert "453=1|448=D|447=D|452=35|" in fields(asked, FIX44)
    assert "1461" not in fields(asked, FIX50SP2)
    assert hear("R", "131=R1|1461=1|1462=P|146=1|55=X|", FIX50SP2).code == 2
    assert hear("S", "117=Q1|55=X|132=1|1917=1|", FIX50SP2).code == 2


@pytest.mark.parametrize("dialect", [FIX50SP2, FIX44], ids=["fix50sp2", "fix44"])
def test_a_net_credit_keeps_its_sign(dialect: Dialect) -> None:
    """PROTOCOL case 47c."""
    legs = (Leg(symbol="C1", ratio=ONE, side=Side.BUY), Leg(symbol="C2", ratio=Decimal(2), side=Side.SELL))
    quote = Quote(quote_id="Q1", symbol="[N/A]", bid=Decimal(-6), offer=Decimal(-5), legs=legs)
    assert "132=-6|133=-5|" in fields(quote, dialect)
    hit = QuoteResponse(answer_id="A1", answer=Answer.HIT, symbol="[N/A]", quote_id="Q1", price=Decimal(-5))
    assert "44=-5|" in fields(hit, dialect)
    for message in (quote, hit):
        assert read(decode(message, dialect), dialect) == message


def test_all_or_none_is_a_qualifier_and_never_lost() -> None:
    quote = Quote(quote_id="Q1", symbol="X", bid=ONE, all_or_none=True)
    for dialect in (FIX50SP2, FIX44):
        assert "735=1|695=A|" in fields(quote, dialect)
        assert read(decode(quote, dialect), dialect) == quote
    with pytest.raises(LocalProtocolError, match="all_or_none"):
        write(quote, FIX42)


def test_what_a_version_only_embellishes_is_left_out() -> None:
    asked = QuoteRequest(rfq_id="R1", symbol="X", private=True, anonymous=False, competitors=3, min_qty=ONE)
    assert fields(asked, FIX50SP2) == "131=R1|1171=Y|1091=N|146=1|55=X|1913=3|110=1|"
    assert fields(asked, FIX44) == "131=R1|146=1|55=X|"


def test_more_than_one_instrument_in_a_request_is_told() -> None:
    two = hear("R", "131=R1|146=2|55=X|38=1|55=Y|38=2|", FIX44)
    assert isinstance(two, QuoteRequest)
    assert (two.symbol, two.qty, two.entries) == ("X", ONE, 2)


def test_a_message_that_we_have_no_words_for_is_a_fault() -> None:
    heard = hear("C", "164=T1|94=0|147=S|33=1|58=hello|", FIX44)
    assert heard == Fault(code=11, text="Unsupported Message Type")
    assert not FIX44.speech.reads("C") and FIX44.speech.reads("R")
    assert FIX42.speech.says(QuoteAck) and not FIX44.speech.says(QuoteAck)
    with pytest.raises(LocalProtocolError, match="QuoteAck"):
        write(QuoteAck(status=AckStatus.ACCEPTED), FIX44)


# --- the flat dialect ---------------------------------------------------------------------------------------------


def test_a_flat_request_has_no_group() -> None:
    """PROTOCOL case 38."""
    asked = QuoteRequest(
        rfq_id="R1",
        symbol="BTC-USD",
        side=Side.BUY,
        qty=Decimal("0.5"),
        account="P1",
        order_type=OrderType.LIMIT,
        price=Decimal(64000),
        time_in_force=TimeInForce.FILL_OR_KILL,
    )
    body = "131=R1|1=P1|55=BTC-USD|54=1|38=0.5|40=2|44=64000|59=4|"
    assert hear("R", body, COINBASE_FLAT) == asked
    assert sorted(fields(asked, COINBASE_FLAT).split("|")) == sorted(body.split("|"))
    bare = QuoteRequest(rfq_id="R1", symbol="BTC-USD")
    assert fields(bare, COINBASE_FLAT) == "131=R1|55=BTC-USD|40=2|59=4|"
    assert hear("R", "131=R1|146=1|55=BTC-USD|", COINBASE_FLAT).code == 1


def test_a_flat_order_takes_a_quote() -> None:
    """PROTOCOL case 38: no time and no handling instruction stand in it."""
    body = "1=P1|11=C1|117=Q1|38=0.5|40=D|44=64000|54=1|55=BTC-USD|59=4|847=R|"
    order = hear("D", body, COINBASE_FLAT)
    assert isinstance(order, NewOrderSingle)
    assert (order.quote_id, order.order_type, order.strategy) == ("Q1", OrderType.PREVIOUSLY_QUOTED, "R")
    assert order.at is None
    assert "847=R|" in fields(order, COINBASE_FLAT)


def test_a_structure_is_never_flattened_away() -> None:
    leg = Leg(symbol="X", ratio=ONE, side=Side.BUY)
    for message in (
        QuoteRequest(rfq_id="R1", symbol="[N/A]", legs=(leg,)),
        Quote(quote_id="Q1", symbol="[N/A]", legs=(leg,)),
    ):
        for dialect in (FIX42, COINBASE_FLAT):
            with pytest.raises(LocalProtocolError, match="legs"):
                write(message, dialect)
