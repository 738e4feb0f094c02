"""The framer: what is a message, what is garbage, and where the one ends and the other begins."""

import pytest
from fix_bytes import spoken

from fix_gateway.codec.encode import frame
from fix_gateway.codec.framer import Framer
from fix_gateway.errors import Garbled

GOOD = spoken("35=0|34=2|49=A|56=B|52=20260101-00:00:00|")
NEXT = spoken("35=1|34=3|49=A|56=B|52=20260101-00:00:00|112=x|")


def garbled(raw: bytes, cap: int = 65_536) -> list[bytes | Garbled]:
    return Framer(cap).feed(raw)


def test_messages_come_out_as_they_went_in() -> None:
    framer = Framer()
    assert framer.feed(GOOD + NEXT + GOOD[:20]) == [GOOD, NEXT]
    assert framer.pending == 20
    assert framer.feed(GOOD[20:]) == [GOOD]
    assert framer.pending == 0


def test_an_encoded_message_is_framed_whatever_bytes_it_holds() -> None:
    for body in (b"\xff" * 3000, bytes(range(2, 256)) * 5, b"x" * 600, b"96=\x0110=123\x01"):
        raw = frame(b"FIX.4.4", b"35=0\x0158=" + body + b"\x01")
        assert raw[-4:-1] == b"%03d" % (sum(raw[:-7]) % 256)
        assert Framer().feed(raw) == [raw]


def test_junk_before_a_message_is_told_once_with_its_size() -> None:
    junk = b"35=0\x018=\x018=x\x01108=30\x01"
    first, second = garbled(junk + GOOD)
    assert isinstance(first, Garbled) and first.size == len(junk) and not first.fatal
    assert second == GOOD


@pytest.mark.parametrize("length", [b"", b"x", b"5x", b"-1", b"12345678", b" 5"])
def test_a_length_that_cannot_be_read_is_no_beginning(length: bytes) -> None:
    bad = GOOD.replace(b"9=41", b"9=" + length, 1)
    assert bad != GOOD
    first, second = garbled(bad + NEXT)
    assert isinstance(first, Garbled) and first.size == len(bad)
    assert second == NEXT


def test_a_length_that_is_too_short_costs_its_own_message_only() -> None:
    first, second = garbled(GOOD.replace(b"9=41", b"9=20", 1) + NEXT)
    assert isinstance(first, Garbled) and first.size == len(GOOD)
    assert second == NEXT


def test_a_length_that_is_too_long_swallows_the_next_message() -> None:
    bad = GOOD.replace(b"9=41", b"9=60", 1)
    framer = Framer()
    assert framer.feed(bad) == []
    first, second = framer.feed(NEXT + GOOD)
    assert isinstance(first, Garbled) and first.size == len(bad) + len(NEXT)
    assert second == GOOD


@pytest.mark.parametrize(
    "trailer", [b"10=256\x01", b"10=0\x01", b"10=12\x01", b"10=abc\x01", b"10=1234\x01", b"10=\x01"]
)
def test_a_sum_that_is_wrong_or_misspelled_costs_its_own_message_only(trailer: bytes) -> None:
    bad = GOOD[:-7] + trailer
    first, second = garbled(bad + NEXT)
    assert isinstance(first, Garbled) and first.size == len(bad)
    assert second == NEXT


def test_every_wrong_sum_is_seen() -> None:
    right = GOOD[-4:-1]
    for number in range(256):
        raw = GOOD[:-4] + b"%03d\x01" % number
        assert (Framer().feed(raw) == [raw]) == (b"%03d" % number == right)


def test_the_third_field_must_be_the_type() -> None:
    bad = frame(b"FIX.4.4", b"34=3\x0135=0\x0149=A\x01")
    first, second = garbled(bad + NEXT)
    assert isinstance(first, Garbled) and first.size == len(bad)
    assert second == NEXT
    assert isinstance(garbled(frame(b"FIX.4.4", b""))[0], Garbled)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"8=FIX.4.4\x019=201\x01", id="a length above the cap"),
        pytest.param(b"x" * 300, id="junk"),
        pytest.param(b"x" * 250 + GOOD, id="junk before a message"),
        pytest.param(b"8=FIX.4.4\x019=1\x0135=0\x01" + b"y" * 200, id="no end"),
        pytest.param(b"8=FIX.4.4\x019=1\x0135=0\x0110=" + b"1" * 200, id="no end of the sum"),
        pytest.param(b"8=FIX.4.4\x019=1\x0135=0\x01" + b"y" * 200 + b"\x0110=000\x01", id="an end too late"),
    ],
)
def test_beyond_the_cap_the_stream_is_dead(stream: bytes) -> None:
    framer = Framer(200)
    *before, last = framer.feed(GOOD + stream)
    assert before == [GOOD]
    assert isinstance(last, Garbled) and last.fatal
    assert framer.feed(GOOD) == []
    assert framer.pending == 0


def test_as_long_as_the_cap_is_not_too_long() -> None:
    assert Framer(len(NEXT)).feed(NEXT) == [NEXT]
    (only,) = Framer(len(NEXT) - 1).feed(NEXT)
    assert isinstance(only, Garbled) and only.fatal


def test_junk_is_not_kept() -> None:
    framer = Framer()
    for _ in range(60):
        assert framer.feed(b"z" * 1000) == []
        assert framer.pending < 40
    first, second = framer.feed(GOOD)
    assert isinstance(first, Garbled) and first.size == 60_000
    assert second == GOOD
