"""Laws of the messages: whatever a dialect says, its dictionary lets through, and it is heard as it was meant."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from fix_messages import BEGINNING, framed, messages, names
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dialect import FIX50SP2, PRESETS, Dialect, configured, read, write
from fix_gateway.errors import Fault, LocalProtocolError
from fix_gateway.messages.quoting import Quote
from fix_gateway.messages.speech import BY_NAME

PRIVATE = configured(
    "fix44",
    name="private",
    digits=6,
    tags={"QuoteRequest.legs.price": 22566, "QuoteResponse.rfq_id": 22131},
    fields=[
        {"tag": 22566, "name": "HedgePrice", "type": "PRICE", "messages": ["R"], "group": 555},
        {"tag": 22131, "name": "RfqID", "type": "STRING", "messages": ["AJ"]},
    ],
)
DIALECTS = {dialect.name: dialect for dialect in (*PRESETS.values(), PRIVATE)}
SPOKEN = [(dialect, name) for dialect in DIALECTS for name in names(DIALECTS[dialect])]
NEVER = {"8": {117}, "R": {1461, 637}, "S": {1917}, "CW": {55}}
_decoders = {name: Decoder(dialect.dictionary) for name, dialect in DIALECTS.items()}

quick = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


def said_and_heard(message: Any, dialect: Dialect) -> tuple[bytes, Decoded, Any]:
    """The bytes, what they decode to, and the message that this is read as; drops what cannot be said by design."""
    try:
        raw = framed(message, dialect)
    except LocalProtocolError:
        assume(False)
    decoded = _decoders[dialect.name].decode(raw)
    return raw, decoded, read(decoded, dialect)


@pytest.mark.parametrize(("dialect", "name"), SPOKEN, ids=[" ".join(pair) for pair in SPOKEN])
@quick
@given(drawn=st.data())
def test_what_is_said_is_valid_and_heard_as_it_was_meant(
    dialect: str, name: str, drawn: st.DataObject
) -> None:
    spoken = DIALECTS[dialect]
    message = drawn.draw(messages(spoken, name))
    raw, decoded, heard = said_and_heard(message, spoken)

    assert decoded.fault is None, raw
    assert not isinstance(heard, Fault), raw
    assert not NEVER.get(decoded.msg_type, set()) & decoded.body.keys()
    if decoded.msg_type == BY_NAME[name].msg_type:
        assert said_and_heard(heard, spoken)[2] == heard
    if spoken is FIX50SP2:
        assert heard == message


@pytest.mark.parametrize(("dialect", "name"), SPOKEN, ids=[" ".join(pair) for pair in SPOKEN])
@settings(quick, max_examples=8)
@given(drawn=st.data())
def test_reading_never_raises(dialect: str, name: str, drawn: st.DataObject) -> None:
    """Fields may be missing or odd: the answer is a message or a Fault that names a tag."""
    spoken = DIALECTS[dialect]
    _, decoded, _ = said_and_heard(drawn.draw(messages(spoken, name)), spoken)
    body = dict(decoded.body)
    for tag in drawn.draw(st.lists(st.sampled_from(sorted(body)), max_size=3)) if body else ():
        change = drawn.draw(st.sampled_from([None, b"\xff", b"?", []]))
        if change is None:
            body.pop(tag, None)
        else:
            body[tag] = change
    found = read(msgspec.structs.replace(decoded, body=body), spoken)
    if isinstance(found, Fault):
        assert found.code in (1, 5, 6) and found.text and found.tag


@quick
@given(
    text=st.text(min_size=0, max_size=5),
    place=st.sampled_from(["quote_id", "symbol", "text", "currency", "rfq_id"]),
)
def test_no_text_can_smuggle_in_a_field(text: str, place: str) -> None:
    quote = Quote(**({"quote_id": "Q1", "bid": Decimal(1)} | {place: text + "\x0144=1"}))
    with pytest.raises(LocalProtocolError, match=r"separator|word"):
        write(quote, FIX50SP2)


@quick
@given(
    number=st.one_of(
        st.sampled_from([Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")]),
        st.decimals(min_value=10**21, max_value=10**40, allow_nan=False),
        st.sampled_from([Decimal(1) / Decimal(3), Decimal("1E+999999"), Decimal("-1E-999999")]),
    )
)
def test_no_number_goes_out_that_could_not_come_in(number: Decimal) -> None:
    with pytest.raises(LocalProtocolError):
        write(Quote(quote_id="Q1", bid=number), FIX50SP2)


@quick
@given(at=st.integers(BEGINNING, BEGINNING + 10**18), digits=st.sampled_from([0, 3, 6, 9]))
def test_instants_lose_only_what_is_finer_than_the_dialect(at: int, digits: int) -> None:
    dialect = configured("fix50sp2", name=f"digits{digits}", digits=digits)
    heard = read(Decoder(dialect.dictionary).decode(framed(Quote(quote_id="Q1", at=at), dialect)), dialect)
    assert isinstance(heard, Quote)
    unit = 10 ** (9 - digits)
    assert heard.at == at // unit * unit
