"""Values as they are spelled on the wire: what each type of field looks like, and what a spelling means.

`PATTERNS` is the whole law of formats: both ways of decoding build on it, so they cannot differ. A value that its
type's pattern lets through never makes the conversions below raise. Numbers are bounded in digits, because a number
of a megabyte would be no number but an attack.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zlib import adler32

SECOND = 1_000_000_000
SUMS = tuple(b"10=%03d\x01" % number for number in range(256))
"""The last field of a message, by the sum of all bytes before it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LEAP_YEAR = rb"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    rb"(?:[0-9]{4}(?:(?:0[1-9]|1[0-2])(?:0[1-9]|1[0-9]|2[0-8])"
    rb"|(?:0[13-9]|1[0-2])(?:29|30)|(?:0[13578]|1[02])31)|" + _LEAP_YEAR + rb"0229)"
)
_HOUR = rb"(?:[01][0-9]|2[0-3])"
_FRACTION = rb"(?:\.(?:[0-9]{3}){1,4}+)?"
_TIME = _HOUR + rb":[0-5][0-9]:(?:[0-5][0-9]|60)" + _FRACTION
_ZONE = rb"(?:Z|[+-]" + _HOUR + rb"(?::[0-5][0-9])?)?"
_FLOAT = rb"-?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})"
_TEXT = rb"[^\x01]++"

PATTERNS: dict[str, bytes] = {
    "INT": rb"-?[0-9]{1,18}+",
    "SEQNUM": rb"[0-9]{1,18}+",
    "LENGTH": rb"[0-9]{1,9}+",
    "NUMINGROUP": rb"[0-9]{1,9}+",
    "TAGNUM": rb"[0-9]{1,9}+",
    "DAYOFMONTH": rb"(?:0?[1-9]|[12][0-9]|3[01])",
    **dict.fromkeys(("FLOAT", "QTY", "PRICE", "PRICEOFFSET", "AMT", "PERCENTAGE"), _FLOAT),
    "LOCALMKTTIME": _TIME,
    "CHAR": rb"[^\x01]",
    "BOOLEAN": rb"[YN]",
    "MULTIPLEVALUESTRING": rb"[^\x01 ]++(?: [^\x01 ]++)*+",
    "MULTIPLESTRINGVALUE": rb"[^\x01 ]++(?: [^\x01 ]++)*+",
    "MULTIPLECHARVALUE": rb"[^\x01 ](?: [^\x01 ])*+",
    "LOCALMKTDATE": _DATE,
    "UTCDATEONLY": _DATE,
    "UTCDATE": _DATE,
    "MONTHYEAR": rb"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]|w[1-5])?",
    "UTCTIMESTAMP": _DATE + rb"-" + _TIME,
    "UTCTIMEONLY": _TIME,
    "TZTIMEONLY": _HOUR + rb":[0-5][0-9](?::(?:[0-5][0-9]|60)" + _FRACTION + rb")?" + _ZONE,
    "TZTIMESTAMP": _DATE + rb"-" + _HOUR + rb":[0-5][0-9](?::(?:[0-5][0-9]|60)" + _FRACTION + rb")?" + _ZONE,
    "DATA": rb".+",
    "XMLDATA": rb".+",
}
"""Type -> regular expression without capturing groups. A type that is not here is text."""

MULTIPLE = frozenset({"MULTIPLEVALUESTRING", "MULTIPLESTRINGVALUE", "MULTIPLECHARVALUE"})
"""Types whose values are lists, separated by blanks."""

RAW = frozenset({"DATA", "XMLDATA"})
"""Types whose values may hold the field separator; a length field stands before them."""


def pattern(kind: str) -> bytes:
    """What values of a type look like."""
    return PATTERNS.get(kind, _TEXT)


@lru_cache(maxsize=64)
def checker(kind: str) -> Callable[[bytes], object]:
    """A function that is truthy for the values that a type allows. The value must not be empty."""
    return re.compile(pattern(kind), re.DOTALL).fullmatch


def checksum(raw: bytes) -> int:
    """The sum of all bytes modulo 256. Adler-32's low half is one more than the sum while that is below 65,521, so the
    bytes are summed in pieces: 512 of ASCII, 256 of any. (What stands above the lowest byte does not matter.)"""
    if len(raw) <= 1024 and raw.isascii():
        return (adler32(raw[:512]) + adler32(raw[512:]) - 2) & 0xFF
    total = 0
    for begin in range(0, len(raw), 256):
        total += adler32(raw[begin : begin + 256]) - 1
    return total & 0xFF


def decimal(value: bytes) -> Decimal:
    """A number of any of the decimal types, digits kept as they were given."""
    return Decimal(value.decode("ascii"))


def integer(value: bytes) -> int:
    """A whole number."""
    return int(value)


def boolean(value: bytes) -> bool:
    """Y or N."""
    return value == b"Y"


def timestamp_ns(value: bytes) -> int:
    """A UTCTIMESTAMP as UTC nanoseconds; finer fractions are cut off."""
    instant = _second_ns(value[:17])
    if len(value) > 17:
        fraction = value[18:27]
        instant += int(fraction) * 10 ** (9 - len(fraction))
    return instant


def stamp(ns: int, digits: int = 3) -> bytes:
    """UTC nanoseconds as a UTCTIMESTAMP with 0, 3, 6 or 9 digits of fraction; what is finer is cut off."""
    second, fraction = divmod(ns, SECOND)
    if digits == 3:
        return b"%b.%03d" % (_second_text(second), fraction // 1_000_000)
    if digits == 6:
        return b"%b.%06d" % (_second_text(second), fraction // 1_000)
    if digits == 9:
        return b"%b.%09d" % (_second_text(second), fraction)
    assert digits == 0, f"{digits} digits of a second"
    return _second_text(second)


@lru_cache(maxsize=1024)
def _second_ns(text: bytes) -> int:
    seconds = int(text[9:11]) * 3600 + int(text[12:14]) * 60 + int(text[15:17])
    return (_day(text[:8]) * 86_400 + seconds) * SECOND


@lru_cache(maxsize=256)
def _day(text: bytes) -> int:
    """Days since 1970-01-01, in the proleptic Gregorian calendar, for any year of four digits."""
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    year -= month < 3  # years begin in March, so that a leap day is the last day
    month = (month + 9) % 12
    leaps = year // 4 - year // 100 + year // 400
    return year * 365 + leaps + (month * 153 + 2) // 5 + day - 1 - 719_468


@lru_cache(maxsize=256)
def _second_text(second: int) -> bytes:
    at = _EPOCH + timedelta(seconds=second)
    text = f"{at.year:04}{at.month:02}{at.day:02}-{at.hour:02}:{at.minute:02}:{at.second:02}"
    return text.encode("ascii")
