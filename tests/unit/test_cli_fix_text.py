"""FIX messages are found in whatever text they stand in, and come out as they were on the wire."""

import json
from pathlib import Path

import pytest

from fix_gateway.codec.encode import frame
from fix_gateway.shell.wirelog import LogThread, WireLog, parse
from rfq.cli.fix_text import Found, messages_in

ONE = frame(b"FIX.4.4", b"35=0\x0149=A\x0156=B\x0134=1\x0152=20250102-03:04:05.123\x01112=a|b=c; d\x01")
TWO = frame(
    b"FIXT.1.1", b"35=B\x0149=A\x0156=B\x0134=2\x0152=20250102-03:04:05\x0195=10\x0196=x\n8=FIX\x0110\x01"
)


def raws(text: bytes) -> list[bytes]:
    return [one.raw for one in messages_in(text)]


@pytest.mark.parametrize(
    "separator", ["|", "^A", "\\x01", "\\u0001", "\\001", "<SOH>", "␁", ";", "~", " | ", "#"]
)
@pytest.mark.parametrize("around", ["{}", "2025-01-02 INFO in: {} (12 us)", '"{}"', "msg={}", "[{}]\r"])
def test_the_separator_may_be_written_in_many_ways(separator: str, around: str) -> None:
    written = ONE.replace(b"112=a|b=c; d", b"112=a b").replace(b"\x01", separator.encode())
    line = around.encode().replace(b"{}", written)
    right = ONE.replace(b"112=a|b=c; d", b"112=a b")
    assert [raw.rstrip(b"\x01") for raw in raws(line + b"\nno message\n" + line)] == [
        right.rstrip(b"\x01")
    ] * 2


def test_a_separator_that_no_field_follows_is_a_part_of_a_value() -> None:
    written = ONE.replace(b"112=a|b=c; d", b"112=a|b c").replace(b"\x01", b"|")
    assert raws(written) == [ONE.replace(b"112=a|b=c; d", b"112=a|b c")]


def test_raw_bytes_are_cut_by_their_length() -> None:
    assert raws(ONE + TWO + b"junk" + ONE) == [ONE, TWO, ONE], "a data field may hold anything"
    assert raws(ONE[:-1]) == [ONE[:-1]]
    assert raws(ONE[:30] + ONE) == [ONE[:30], ONE], "one that was cut off ends where the next begins"
    assert raws(ONE.replace(b"9=", b"9=1") + ONE) == [ONE.replace(b"9=", b"9=1"), ONE]
    assert raws(b"") == raws(b"58=FIX.4.4\x01") == raws(b"nothing here") == []


def test_lines_are_counted() -> None:
    found = list(messages_in(b"a\nb\n" + ONE + b"\nc\n" + ONE + ONE))
    assert [one.line for one in found] == [3, 5, 5]


def test_our_message_log_is_read(tmp_path: Path) -> None:
    thread = LogThread()
    log = WireLog(tmp_path / "alpha.log", "alpha", thread)
    log.received(TWO, 1_735_787_045_123_456_000)
    log.sent(ONE + ONE, 1_735_787_045_123_456_000)
    log.noted("hello", 1_735_787_045_123_456_000)
    log.flush()
    thread.close()
    log.close()
    text = (tmp_path / "alpha.log").read_bytes()
    assert parse(text.split(b"\n")[0]).raw == TWO
    at = "20250102-03:04:05.123456"
    assert list(messages_in(text)) == [
        Found(1, TWO, at, "in", "alpha"),
        Found(2, ONE, at, "out", "alpha"),
        Found(3, ONE, at, "out", "alpha"),
    ]


def test_json_logs_are_read() -> None:
    line = {"event": "sent", "deep": [{"raw": ONE.decode()}], "again": "x 8=FIX.4.4|9=5|35=0|10=000|"}
    text = json.dumps(line).encode() + b"\n{not json 8=FIX.4.4|9=5|35=0|10=000|\n"
    assert raws(text) == [
        ONE,
        b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01",
        b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01",
    ]
    assert [one.line for one in messages_in(text)] == [1, 1, 2]


def test_much_text_takes_no_longer_a_byte() -> None:
    assert len(raws(ONE * 3_000)) == 3_000
    assert len(raws((ONE.replace(b"\x01", b"|") + b"\n") * 3_000)) == 3_000
    assert raws(b"8=FIX" * 3_000) == [b"8=FIX"] * 3_000
    assert raws(b"8=FIX\x01" * 3_000) == [b"8=FIX\x01"] * 3_000


def test_lines_that_only_look_like_ours_are_text() -> None:
    inside = b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01"
    assert raws(b"99999999-99:99:99.1 in x " + inside) == [inside]
    assert raws(b"{" * 3_000 + inside) == [inside]
    deep = b'{"a":' * 900 + json.dumps(inside.decode()).encode() + b"}" * 900
    assert raws(deep + b"\n") in ([inside], [inside[:-1]], [b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01"])
