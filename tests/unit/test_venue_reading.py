"""What all adapters read with: exact numbers, refusals, pings, errands."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.units import NS_PER_S
from rfq.feeds import levels
from rfq.feeds.said import Fetch
from rfq.feeds.venues.reading import (
    Errands,
    Fault,
    Pulse,
    Refused,
    Rounds,
    Voice,
    batches,
    clock_said,
    decoded,
    excerpt,
    named,
    number,
    whole,
    wholes,
)


@pytest.mark.parametrize(
    ("text", "digits", "found"),
    [
        ("61800.2", 1, 618002),
        ("61800.20", 1, 618002),
        ("-0.5", 2, -50),
        ("5.0e-4", 8, 50_000),
        ("1E3", 0, 1000),
        ("0.000", 0, 0),
        ("0e99", 8, 0),
        ("2000000000000000000", 0, 2 * 10**18),
    ],
)
def test_numbers_are_read_exactly(text: str, digits: int, found: int) -> None:
    assert whole(text, digits) == found


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        *(("", 1), ("NaN", 1), ("1,5", 1), ("١", 1), ("1.", 1), (".5", 1), ("+5", 1), (" 5", 1)),
        *(
            ("1" * 65, 1),
            ("1e999", 1),
            ("0.15", 1),
            ("5e-3", 2),
            ("9223372036854775808", 0),
            ("93000000000", 8),
        ),
    ],
)
def test_numbers_that_cannot_be_exact_are_refused(text: str, digits: int) -> None:
    found = whole(text, digits, "p")
    assert isinstance(found, Fault)
    assert repr(text[:64]) in found.what
    assert found.where == "p"


@given(
    st.integers(-(10**20), 10**20), st.integers(0, 12), st.integers(0, 10), st.sampled_from(["", "0", "000"])
)
def test_a_number_is_what_the_levels_of_a_book_would_make_of_it(
    value: int, places: int, digits: int, zeros: str
) -> None:
    text = f"{abs(value):0{places + 1}d}"
    text = ("-" if value < 0 else "") + (f"{text[:-places]}.{text[-places:]}{zeros}" if places else text)
    found, other = whole(text, digits), levels.exact(text, digits)
    assert (None if isinstance(found, Fault) else found) == other


def test_several_numbers_are_none_below_zero() -> None:
    assert wholes(("1.5", 1, "p"), ("0", 0, "q")) == [15, 0]
    assert wholes(("1.5", 1, "p"), ("-1", 0, "q")) == Fault("below zero: '-1'", "q")
    assert isinstance(wholes(("x", 1, "p"), ("-1", 0, "q")), Fault)


def test_floats_are_finite_or_none() -> None:
    assert number("0.5") == 0.5
    assert number(3) == 3.0
    assert [number(text) for text in (None, "", "x", "nan", "-inf", "1e999", 10**400)] == [None] * 7


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b'"\xff"', b"1", b'"9"', b'{"a":' * 9999])
def test_what_cannot_be_decoded_is_a_fault(raw: bytes) -> None:
    found = decoded(msgspec.json.Decoder(list[str]), raw, "here")
    assert isinstance(found, Fault)
    assert found.what
    assert found.where == "here"


def test_trouble_shows_the_beginning_of_any_text() -> None:
    trouble = Voice("v").trouble(7, Fault("bad", "x"), b"\xff" * 1000, "S")
    assert (trouble.venue, trouble.received_at, trouble.symbol, trouble.what, trouble.where) == (
        "v",
        7,
        "S",
        "bad",
        "x",
    )
    assert trouble.excerpt == "\\xff" * 50
    assert excerpt(memoryview(b"abc")) == "abc"
    assert [one.symbol for one in Voice("v").lost(7, "gone", "link", ["A", "B"])] == ["A", "B"]
    known, unknown = (Voice("v").unreadable(7, Fault("bad"), raw, ["A", "B"]) for raw in (b"[1]", b"[1"))
    assert [(one.symbol, one.breaks_book) for one in known] == [("", False)]
    assert [(one.symbol, one.breaks_book) for one in unknown] == [("A", True), ("B", True)]
    assert [one.breaks_book for one in Voice("v").unreadable(7, Fault("bad"), b"[1", [])] == [False]


def test_a_message_is_known_by_its_opening() -> None:
    assert named(b'{"s":"abc","x":1}', b'{"s":"') == b"abc"
    assert named(b'{"s":"abc', b'{"s":"') == b""
    assert named(b'{"t":"abc"}', b'{"s":"') == b""


def test_the_clock_is_ahead_by_what_it_shows_beyond_the_middle() -> None:
    clock = clock_said("v", 1_000, 500, 701, 10)
    assert (clock.offset_ns, clock.error_ns) == (405, 106)
    assert clock_said("v", 1_000, 700, 600).error_ns == 1


def test_batches_hold_everything_in_order() -> None:
    assert [list(one) for one in batches(["a", "b", "c"], 2)] == [["a", "b"], ["c"]]
    assert list(batches([], 2)) == []


def test_a_pulse_pings_what_is_quiet_and_gives_up_what_is_silent() -> None:
    pulse = Pulse(10, 30)
    pulse.opened("a", 0)
    pulse.opened("b", 0)
    pulse.heard("nobody", 5)
    pulse.heard("b", 5)
    assert pulse.tick(9) == ([], [])
    assert pulse.tick(10) == (["a"], [])
    assert pulse.tick(15) == (["b"], [])
    assert pulse.tick(19) == ([], [])
    assert pulse.tick(20)[0] == ["a"]
    assert [ask.link for ask in pulse.tick(30)[1]] == ["a"]
    assert pulse.tick(34)[1] == []
    pulse.closed("b")
    assert pulse.tick(99) == ([], [])


def test_a_pulse_that_always_pings_does_so_on_busy_links_too() -> None:
    pulse = Pulse(10, 30, always=True)
    pulse.opened("a", 0)
    pulse.heard("a", 9)
    assert pulse.tick(10) == (["a"], [])
    pulse.heard("a", 15)
    assert pulse.tick(19) == ([], [])
    assert pulse.tick(20) == (["a"], [])


def test_errands_are_asked_once_and_again_with_growing_pauses() -> None:
    errands = Errands(patience_ns=5 * NS_PER_S)
    fetch = Fetch(tag="t", path="/t")
    assert errands.ask(fetch, 0) == [fetch]
    assert errands.ask(fetch, 0) == []
    assert errands.answered("other") is None
    assert errands.answered("t") is fetch
    assert errands.answered("t") is None
    assert [errands.failed(fetch, 0) // NS_PER_S for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert errands.ask(fetch, 0) == []
    assert errands.tick(60 * NS_PER_S - 1) == ([], [])
    assert errands.tick(60 * NS_PER_S) == ([fetch], [])
    assert errands.tick(65 * NS_PER_S) == ([], ["t"])
    errands.drop("t")
    assert errands.tick(10**15) == ([], [])
    assert errands.ask(fetch, 0) == [fetch]
    errands.answered("t")
    errands.done("t")
    assert errands.failed(fetch, 0) == NS_PER_S


def test_rounds_come_again_at_their_own_intervals() -> None:
    errands = Errands()
    a, b = Fetch(tag="a", path="/a"), Fetch(tag="b", path="/b")
    rounds = Rounds(errands, [(a, 10), (b, 25)])
    assert rounds.tick(1) == [a, b]
    assert rounds.tick(2) == []
    errands.answered("b")
    assert rounds.tick(11) == []
    errands.answered("a")
    assert rounds.tick(26) == [a, b]


def test_what_is_refused_waits_longer_each_time_until_it_is_taken() -> None:
    refused = Refused()
    at = 0
    for pause in (5, 10, 20, 40, 80, 160, 300, 300):
        refused.add("a", at)
        assert refused.tick(at + pause * NS_PER_S - 1) == []
        at += pause * NS_PER_S
        assert refused.tick(at) == ["a"]
        assert refused.tick(at) == []
    refused.forget(["a", "b"])
    refused.add("a", 0)
    assert refused.waits("a")
    assert not refused.waits("a")
    assert refused.tick(10**15) == []
