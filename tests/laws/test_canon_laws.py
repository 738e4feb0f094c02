"""Laws of the canonical encoding, for every class that can stand in the log."""

import copy
import math
import typing
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from rfq.domain import canon
from rfq.domain.checkers import CanonError, decimal_is_plain, plain_decimal
from rfq.domain.events import Event

CLASSES = strategies.classes()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(max_examples=12)
@given(data=st.data())
def test_what_is_decoded_is_what_was_encoded(cls: type[msgspec.Struct], data: st.DataObject) -> None:
    value = data.draw(strategies.of_class(cls))
    raw = canon.encode(value)
    again = canon.decode(raw, cls)
    assert strategies.same(again, value)
    assert canon.encode(again) == raw
    assert canon.is_canonical(raw, cls)


@settings(max_examples=60)
@given(data=st.data())
def test_equal_events_have_equal_bytes_however_their_numbers_are_spelled(data: st.DataObject) -> None:
    value = data.draw(strategies.of_hint(Event))

    def spelled(node: Any) -> Any:
        if isinstance(node, Decimal) and node.adjusted() < 15:
            shift = data.draw(st.integers(0, 3))
            sign, digits, exponent = node.as_tuple()
            return Decimal((sign, digits + (0,) * shift, int(exponent) - shift))
        if isinstance(node, tuple):
            return tuple(spelled(item) for item in node)
        if isinstance(node, msgspec.Struct):
            return type(node)(**{name: spelled(getattr(node, name)) for name in node.__struct_fields__})
        return node

    assert canon.encode(spelled(value)) == canon.encode(value)


@given(strategies.decimals())
def test_a_number_has_one_spelling(number: Decimal) -> None:
    plain = plain_decimal(number)
    assert plain == number and decimal_is_plain(plain)
    assert str(plain_decimal(plain)) == str(plain)
    assert decimal_is_plain(number) == (str(plain) == str(number))


WRONG: dict[Any, list[Any]] = {
    int: [True, 1.0, Decimal(1), "1", None],
    bool: [1, 0, "true"],
    float: [1, True, math.nan, math.inf, -math.inf, Decimal(1)],
    str: [1, b"x", None, "\ud800"],
    Decimal: [1, 1.0, Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("sNaN"), "1"],
    tuple: [[], {}, set(), None],
}


def _fields(cls: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(cls)
    return [(name, hints[name]) for name in cls.__struct_fields__]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_no_field_takes_what_its_type_does_not_say(cls: type[msgspec.Struct]) -> None:
    sample = find(cls)
    for name, hint in _fields(cls):
        bare = hint
        while hasattr(bare, "__supertype__"):
            bare = bare.__supertype__
        kind = tuple if typing.get_origin(bare) is tuple else bare
        for wrong in WRONG.get(kind, [object()]):
            broken = copy.copy(sample)
            msgspec.structs.force_setattr(broken, name, wrong)
            with pytest.raises(CanonError):
                canon.encode(broken)


def find(cls: type[msgspec.Struct]) -> msgspec.Struct:
    """Some instance of the class."""
    found: list[msgspec.Struct] = []

    @settings(max_examples=1, database=None)
    @given(value=strategies.of_class(cls))
    def draw(value: msgspec.Struct) -> None:
        found.append(value)

    draw()
    return found[0]
