"""Values: what each type lets through, and what it means."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fix_bytes import spoken

from fix_gateway.codec import odd, values

LET_THROUGH = {
    "INT": ("0", "-5", "007", "123456789012345678"),
    "SEQNUM": ("1", "0"),
    "QTY": ("002000.00", "-1", "5.", ".5", "0"),
    "CHAR": ("a", " ", "é"),
    "BOOLEAN": ("Y", "N"),
    "MULTIPLEVALUESTRING": ("A", "A B", "12 X"),
    "MULTIPLECHARVALUE": ("A B",),
    "LOCALMKTDATE": ("20260131", "20240229", "20000229", "20260430"),
    "MONTHYEAR": ("202601", "20260131", "202601w5"),
    "DAYOFMONTH": ("1", "09", "31"),
    "UTCTIMESTAMP": ("20260101-00:00:00", "20261231-23:59:60.123", "20260101-00:00:00.123456789"),
    "UTCTIMEONLY": ("00:00:00", "23:59:59.999999"),
    "TZTIMEONLY": ("07:39", "07:39:00Z", "15:39+08", "13:09-05:30"),
    "TZTIMESTAMP": ("20260901-07:39Z", "20260901-02:39:00.123-05"),
    "STRING": ("any thing = é",),
    "CURRENCY": ("USDT",),
    "DATA": ("a\x01b\n",),
}
TURNED_AWAY = {
    "INT": ("+5", "5.0", "1e5", " 5", "5 ", "-", "1234567890123456789", "٣"),
    "SEQNUM": ("-1",),
    "NUMINGROUP": ("-1", "1.0"),
    "QTY": ("+200.00", "1e5", ".", "-", "1,000", "1.2.3", "NaN", "Infinity", "1_0"),
    "CHAR": ("ab",),
    "BOOLEAN": ("y", "T", "YY"),
    "MULTIPLEVALUESTRING": (" A", "A ", "A  B"),
    "MULTIPLECHARVALUE": ("AB", "A BC"),
    "LOCALMKTDATE": ("20260229", "19000229", "20260431", "20261301", "20260100", "2026-01-01", "20260132"),
    "MONTHYEAR": ("202613", "202601w6", "2026"),
    "DAYOFMONTH": ("0", "32"),
    "UTCTIMESTAMP": (
        *("20260101", "20260101-24:00:00", "20260101-00:60:00", "20260101-00:00:61", "20260101 00:00:00"),
        *("20260101-00:00:00.1", "20260101-00:00:00.", "20260101-00:00:00.1234"),
    ),
    "UTCTIMEONLY": ("7:00:00", "07:00"),
    "TZTIMEONLY": ("07", "07:39+8"),
}


@pytest.mark.parametrize("kind", sorted(LET_THROUGH))
def test_right_values_are_let_through(kind: str) -> None:
    for value in LET_THROUGH[kind]:
        assert values.checker(kind)(value.encode("latin-1")), value


@pytest.mark.parametrize("kind", sorted(TURNED_AWAY))
def test_wrong_values_are_turned_away(kind: str) -> None:
    for value in TURNED_AWAY[kind]:
        assert not values.checker(kind)(value.encode("utf-8")), value


def test_numbers_keep_their_digits() -> None:
    assert str(values.decimal(b"002000.00")) == "2000.00"
    assert values.decimal(b"-.5") == Decimal("-0.5") and values.decimal(b"5.") == 5
    assert values.integer(b"-007") == -7
    assert values.boolean(b"Y") and not values.boolean(b"N")


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_stamps_are_read_as_they_were_written(digits: int) -> None:
    step = 10 ** (9 - digits)
    for at in (0, 1_767_225_599_123_456_789, 951_827_696_000_000_001, 253_402_300_799_999_999_999):
        text = values.stamp(at, digits)
        assert values.checker("UTCTIMESTAMP")(text)
        assert values.timestamp_ns(text) == at // step * step
        assert text[:17] == datetime.fromtimestamp(at // 10**9, UTC).strftime("%Y%m%d-%H:%M:%S").encode()


def test_odd_instants() -> None:
    assert values.timestamp_ns(b"19700101-00:00:00.123456789999") == 123_456_789
    assert values.timestamp_ns(b"20261231-23:59:60") == values.timestamp_ns(b"20270101-00:00:00")
    assert values.timestamp_ns(b"20240229-00:00:00") + 86_400 * 10**9 == values.timestamp_ns(
        b"20240301-00:00:00"
    )
    assert values.timestamp_ns(b"00000101-00:00:00") < 0


def test_the_sum_is_the_sum_of_all_bytes() -> None:
    for raw in (
        b"",
        b"a",
        b"\x7f" * 1024,
        b"\x7f" * 1025,
        b"\x7f" * 5000,
        b"\xff" * 5000,
        bytes(range(256)) * 3,
    ):
        assert values.checksum(raw) == sum(raw) % 256


def test_odd_messages_are_taken_apart_and_put_together() -> None:
    raw = spoken("35=A|34=1|95=3|96=a|b|58=|9999=x|34=2|")
    pairs = odd.read(raw)
    assert pairs[3:-1] == [(34, b"1"), (95, b"3"), (96, b"a\x01b"), (58, b""), (9999, b"x"), (34, b"2")]
    assert odd.build(pairs) == raw
    assert odd.read(b"58=a\x0159=b\x01") == [(58, b"a"), (59, b"b")]
    for bad in (b"58=a", b"x=1\x01", b"abc\x01"):
        with pytest.raises(ValueError):
            odd.read(bad)
