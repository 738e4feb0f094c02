"""Reading levels: exact against decimals, equal in both engines, and never an exception on any bytes."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from book_cases import compile_books
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rfq.feeds import levels
from rfq.feeds.compiled import engine
from rfq.feeds.levels import DERIBIT, OKX, PAIRS, Scale, Unread

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SCALES = st.builds(Scale, st.integers(0, 10), st.integers(0, 10))
SHAPES = st.sampled_from([PAIRS, OKX, DERIBIT])


def decimals(least: int) -> st.SearchStrategy[Decimal]:
    """Numbers as venues spell them."""
    return st.decimals(least, 10**9, allow_nan=False, allow_infinity=False, places=4) | st.decimals(
        least, 10**12, allow_nan=False, allow_infinity=False
    )


def spelled(number: Decimal, how: int) -> str:
    """One of the ways to spell it."""
    text = format(number, "f") if how % 2 else str(number).replace("E+", "e").replace("E", "e")
    text = text + "0" * (how % 5) if "." in text and "e" not in text else text
    return f'"{text}"' if how % 3 else text


@pytest.fixture(params=["plain", "compiled"])
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "plain":
        monkeypatch.setattr(engine, "_ready", {})
    else:
        compile_books(request.config)


@pytest.mark.usefixtures("_engine")
@given(
    told=st.lists(st.tuples(decimals(-(10**9)), decimals(0), st.integers(0, 60)), max_size=30),
    scale=SCALES,
    shape=SHAPES,
    blank=st.sampled_from(["", " ", "\n\t "]),
)
@QUICK
def test_what_is_read_is_what_was_spelled(
    told: list[tuple[Decimal, Decimal, int]], scale: Scale, shape: int, blank: str
) -> None:
    actions = {DERIBIT: '"new",', OKX: "", PAIRS: ""}
    more = {DERIBIT: "", OKX: ',"0","12"', PAIRS: ""}
    texts = [
        f"[{actions[shape]}{spelled(price, how)},{blank}{spelled(size, how + 1)}{more[shape]}]"
        for price, size, how in told
    ]
    found = levels.read(f"[{blank}{f',{blank}'.join(texts)}]".encode(), scale, shape)
    exact = [
        (Fraction(price) * 10**scale.price_digits, Fraction(size) * 10**scale.size_digits)
        for price, size, _ in told
    ]
    if isinstance(found, Unread):
        level = int(found.where.removeprefix("level "))
        price, size = exact[level]
        if found.what == "too large":
            assert max(abs(price), size) >= (1 << 61) - 20
        else:
            assert found.what == "more decimals than the instrument has"
            assert price != int(price) or size != int(size)
    else:
        assert levels.pairs(found) == exact


def mutated(text: bytes, places: list[tuple[int, int]]) -> bytes:
    """With some bytes replaced."""
    letters = bytearray(text)
    for place, letter in places:
        letters[place % len(letters)] = letter
    return bytes(letters)


REAL = [
    b'[["61776.00","0.084"],["58710.20","0.014"],["61768.20","0.120"]]',
    b'[["41006.8","0.60038921","0","1"],["41006.3","0.30178218","0","2"]]',
    b'[["new",61800.5,10.0],["change",61800.0,5.0e-4],["delete",61799.5,0.0]]',
]
CHANGED = st.builds(
    mutated,
    st.sampled_from(REAL),
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from(b'[]",.-+eE0195 nd{}\\\x00\xff')), max_size=4),
)
LETTERS = st.lists(st.sampled_from([*'[]",.-e019 ', '["1","2"]', '["new",']), max_size=40).map(
    lambda parts: "".join(parts).encode()
)


@given(text=st.one_of(st.binary(max_size=60), CHANGED, LETTERS), scale=SCALES, shape=SHAPES)
@example(text=b'[["1,2"]]', scale=Scale(), shape=PAIRS)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_engines_say_the_same_of_any_bytes(
    text: bytes, scale: Scale, shape: int, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_books(pytestconfig)
    compiled = levels.read(text, scale, shape)
    with monkeypatch.context() as plainly:
        plainly.setattr(engine, "_ready", {})
        plain = levels.read(text, scale, shape)
    if isinstance(plain, Unread):
        assert compiled == plain
    else:
        assert not isinstance(compiled, Unread)
        assert levels.pairs(compiled) == levels.pairs(plain)


@given(text=st.one_of(CHANGED, LETTERS))
@settings(max_examples=400, deadline=None)
def test_what_is_read_as_pairs_is_json_and_its_numbers(text: bytes) -> None:
    found = levels.read(text, Scale(12, 12))
    if isinstance(found, Unread):
        return
    try:
        told = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError:
        # Leading zeros are no JSON numbers, and harmless.
        assert b"0" in text
        return
    assert levels.pairs(found) == [(Fraction(p) * 10**12, Fraction(q) * 10**12) for p, q in told]
