"""Forms, structs and the standard belong together: every attribute has a field of its kind, where 5.0 SP2 has it."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from fix_messages import decode, framed

from fix_gateway.dialect import FIX42, FIX44, FIX50SP2, read, write
from fix_gateway.errors import Fault, LocalProtocolError
from fix_gateway.messages import market, quoting, trading
from fix_gateway.messages.form import AnyRow, Fixed, Form, Group, Kind, Many, Mark, Row, Split, Within
from fix_gateway.messages.parts import Leg, MarketEntry, QuoteEntry, QuoteSet, SymbolRef, TradeSide
from fix_gateway.messages.quoting import Quote, QuoteRequest
from fix_gateway.messages.speech import BY_NAME, FORMS
from fix_gateway.messages.words import EntryAction, EntryType, QuoteReject, Side, Subscription
from fix_gateway.messages.writing import number

AT = 1_764_063_000_123_000_000
PROFILE = {*"RSZDFG89ibjcdaVWXY", "AG", "AI", "AJ", "CW", "AH", "AB", "AE"}
NOT_STANDARD = {
    "QuoteRequest": {59, 847},  # the flat dialect's
    "SecurityDefinition": {393},  # 4.2's
    "ExecutionReport": {20},  # 4.2's
    "QuoteStatusRequest": {54},  # 4.2's
}


def kinds(hint: Any) -> set[Any]:
    """What an attribute may be, None aside."""
    return set(get_args(hint)) - {type(None)} if isinstance(hint, UnionType) else {hint}


def unfolded(rows: tuple[AnyRow, ...]) -> Iterator[AnyRow]:
    for row in rows:
        if isinstance(row, Within):
            yield from unfolded(row.rows)
        yield row


def structs() -> Iterator[tuple[str, type[msgspec.Struct], tuple[AnyRow, ...]]]:
    """Every struct with every list of rows that describes it."""

    def below(where: str, struct: type[msgspec.Struct], rows: tuple[AnyRow, ...]) -> Any:
        yield where, struct, rows
        for row in unfolded(rows):
            if isinstance(row, Group):
                yield from below(f"{where}.{row.attribute}", row.struct, row.rows)

    for form in FORMS:
        yield from below(form.struct.__name__, form.struct, form.rows)


PLACES = list(structs())


def test_the_profile_is_whole() -> None:
    assert {form.msg_type for form in FORMS} == PROFILE
    assert len(BY_NAME) == len(FORMS)
    for module in (quoting, trading, market):
        made = {
            thing.__name__
            for thing in vars(module).values()
            if isinstance(thing, type)
            and issubclass(thing, msgspec.Struct)
            and thing.__module__ == module.__name__
        }
        assert made <= BY_NAME.keys()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.msg_type)
def test_every_attribute_has_a_field(form: Form) -> None:
    rows = list(unfolded(form.rows))
    told = {row.attribute for row in rows if not isinstance(row, Fixed | Within)}
    counted = {row.counted for row in rows if isinstance(row, Within)} - {""}
    assert told | counted == set(form.struct.__struct_fields__)


@pytest.mark.parametrize(("where", "struct", "rows"), PLACES, ids=[place[0] for place in PLACES])
def test_every_row_has_the_kind_of_its_attribute(
    where: str, struct: type[msgspec.Struct], rows: tuple[AnyRow, ...]
) -> None:
    hints = get_type_hints(struct)
    wanted = {
        Kind.TEXT: str,
        Kind.NAME: str,
        Kind.COUNT: int,
        Kind.INSTANT: int,
        Kind.NUMBER: Decimal,
        Kind.FLAG: bool,
    }
    for row in unfolded(rows):
        match row:
            case Row(attribute, _, kind):
                assert kinds(hints[attribute]) == {wanted[kind] if isinstance(kind, Kind) else kind}, where
            case Mark(attribute):
                assert hints[attribute] is bool
            case Split(attribute):
                assert kinds(hints[attribute]) == {int}
            case Group(attribute, _, inner) | Many(attribute, _, _, inner):
                assert get_origin(hints[attribute]) is tuple and get_args(hints[attribute])[0] is inner


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.msg_type)
def test_5_0_sp2_has_every_field_at_the_top(form: Form) -> None:
    spec = FIX50SP2.dictionary.messages[form.msg_type]
    absent = NOT_STANDARD.get(form.struct.__name__, set())
    rows = [row for row in form.rows if not isinstance(row, Within)]
    assert {row.tag for row in rows} - spec.members <= absent
    tags = [row.tag for row in rows]
    assert len(tags) == len(set(tags))


# --- numbers and instants -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "spelled"),
    [("1E+3", "1000"), ("1E-9", "0.000000001"), ("-0", "-0"), ("5.50", "5.50"), ("0E-12", "0.000000000000")],
)
def test_a_number_never_has_an_exponent(given: str, spelled: str) -> None:
    assert number(Decimal(given)) == spelled
    body = write(Quote(quote_id="Q1", bid=Decimal(given), bid_qty=Decimal(given)), FIX50SP2)[1]
    assert body == f"117=Q1\x01132={spelled}\x01134={spelled}\x01".encode()


def test_equal_sizes_keep_their_own_digits() -> None:
    for size in ("5", "5.0", "5.00", "5"):
        assert write(Quote(quote_id="Q1", qty=Decimal(size)), FIX50SP2)[1].endswith(f"38={size}\x01".encode())


def test_a_market_entry_has_its_instant_in_two_fields() -> None:
    entry = MarketEntry(
        action=EntryAction.NEW, kind=EntryType.BID, symbol="X", price=Decimal(5), qty=Decimal(1), at=AT
    )
    sent = market.MarketDataIncrement(entries=(entry,))
    assert write(sent, FIX44)[1].endswith(b"272=20251125\x01273=09:30:00.123\x01")
    assert read(decode(sent, FIX44), FIX44) == sent


# --- what cannot be written ---------------------------------------------------------------------------------------


def test_what_a_version_requires_must_be_said() -> None:
    order = trading.NewOrderSingle(
        cl_ord_id="C1", symbol="X", side=Side.BUY, order_type=trading.OrderType.MARKET
    )
    with pytest.raises(LocalProtocolError, match=r"NewOrderSingle\.at: missing"):
        write(order, FIX50SP2)
    with pytest.raises(LocalProtocolError, match=r"QuoteRequest\.symbol"):
        write(QuoteRequest(rfq_id="R1", symbol=""), FIX50SP2)
    with pytest.raises(LocalProtocolError, match=r"Quote\.legs\.symbol"):
        write(Quote(quote_id="Q1", legs=(Leg(symbol=""),)), FIX50SP2)
    with pytest.raises(LocalProtocolError, match=r"MassQuote\.sets: missing"):
        write(quoting.MassQuote(quote_id="Q1", sets=()), FIX44)
    with pytest.raises(LocalProtocolError, match=r"MarketDataIncrement\.entries\.action: missing"):
        write(market.MarketDataIncrement(entries=(MarketEntry(kind=EntryType.BID),)), FIX44)


def test_a_number_of_entries_may_be_prescribed() -> None:
    trade = trading.TradeCaptureReport(
        report_id="T1",
        symbol="X",
        last_qty=Decimal(1),
        last_price=Decimal(1),
        trade_date="20251125",
        at=AT,
        sides=(TradeSide(side=Side.BUY, order_id="O1"),) * 3,
    )
    with pytest.raises(LocalProtocolError, match=r"TradeCaptureReport\.sides: there must be 1 or 2"):
        write(trade, FIX44)


def test_a_value_without_a_word_is_named() -> None:
    report = quoting.QuoteStatusReport(status=quoting.QuoteStatus.QUERY, quote_id="Q1", security_type="TULIP")
    with pytest.raises(LocalProtocolError, match=r"security_type: this dialect has no word for 'TULIP'"):
        write(report, FIX44)


def test_a_value_of_the_wrong_type_is_our_own_fault() -> None:
    wrong: Any = "soon"
    with pytest.raises(LocalProtocolError, match="Quote cannot be written"):
        write(Quote(quote_id="Q1", valid_until=wrong), FIX44)


# --- what cannot be read ------------------------------------------------------------------------------------------


def test_a_text_that_is_no_utf_8_is_a_fault_with_its_tag() -> None:
    decoded = decode(Quote(quote_id="Q1", symbol="X"), FIX44)
    broken = msgspec.structs.replace(decoded, body={**decoded.body, 117: b"Q\xff"})
    assert read(broken, FIX44) == Fault(code=6, text="Incorrect data format for value", tag=b"117")


def test_a_value_that_we_have_no_word_for_is_a_fault_with_its_tag() -> None:
    sent = market.MarketDataRequest(
        request_id="M1",
        subscription=Subscription.SNAPSHOT,
        depth=1,
        kinds=(EntryType.BID,),
        symbols=(SymbolRef(symbol="X"),),
    )
    decoded = decode(sent, FIX44)
    odd = msgspec.structs.replace(decoded, body={**decoded.body, 267: [{269: b"Z"}]})
    assert read(odd, FIX44) == Fault(
        code=5, text="Value is incorrect (out of range) for this tag", tag=b"269"
    )


def test_groups_in_groups_come_back() -> None:
    entry = QuoteEntry(id="E1", symbol="X", bid=Decimal(5), offer=Decimal(6))
    sent = quoting.MassQuote(
        quote_id="Q1",
        sets=(
            QuoteSet(id="S1", total=1, entries=(entry,), underlying="BTC"),
            QuoteSet(id="S2", total=2, entries=(entry, entry), underlying="ETH"),
        ),
    )
    for dialect in (FIX50SP2, FIX44, FIX42):
        assert decode(sent, dialect).fault is None
        assert read(decode(sent, dialect), dialect) == sent


def test_texts_are_utf_8_and_come_back_byte_for_byte() -> None:
    sent = Quote(quote_id="Ä-漢", symbol="X", text="= ne peut être vendu")
    raw = framed(sent, FIX50SP2)
    assert "Ä-漢".encode() in raw
    assert read(decode(sent, FIX50SP2), FIX50SP2) == sent
    assert sent.text.encode() in raw and QuoteReject.OTHER == "99"


def test_words_are_the_values_themselves() -> None:
    for word in (Side, EntryType, QuoteReject):
        assert issubclass(word, StrEnum)
        assert all(member == member.value for member in word)
