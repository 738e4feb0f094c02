"""What a counterparty adds to a dictionary, and that the standard's stays as it was."""

from typing import Any

import pytest

from fix_gateway.dictionary.extension import Extra, extend
from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.dictionary.standard import load


@pytest.fixture
def old() -> Dictionary:
    return load("FIX.4.2")


def test_nothing_added_changes_nothing(old: Dictionary) -> None:
    assert extend(old) == old


def test_a_field_of_ones_own_in_two_messages(old: Dictionary) -> None:
    strategy = Extra(tag=847, name="Strategy", type="CHAR", messages=("D", "8"), values={b"R": "rfq"})
    new = extend(old, [strategy])
    assert new.fields[847].values == {b"R": "rfq"}
    assert (new.fields[847].name, new.fields[847].type) == ("Strategy", "CHAR")
    assert 847 in new.known
    assert 847 in new.messages["D"].members & new.messages["8"].members
    assert new.messages["D"].required == old.messages["D"].required
    assert 847 not in old.known | old.messages["D"].members
    assert 847 not in old.fields


def test_a_request_without_its_group(old: Dictionary) -> None:
    flat = [Extra(tag=tag, messages=("R",), required=tag == 55) for tag in (1, 55, 54, 38, 40, 44, 59)]
    new = extend(old, flat, optional={"R": (146,)})
    assert new.messages["R"].required == (55, 131)
    assert {1, 55, 54, 38, 40, 44, 59, 131, 146} == new.messages["R"].members
    assert new.fields == old.fields
    assert new.messages["S"] is old.messages["S"]


def test_more_values_for_a_list(old: Dictionary) -> None:
    new = extend(old, [Extra(tag=54, values={b"B": "as_defined"})])
    assert new.fields[54].values == {**old.fields[54].values, b"B": "as_defined"}
    assert new.messages == old.messages


def test_a_field_defined_anew(old: Dictionary) -> None:
    new = extend(old, [Extra(tag=117, type="INT", values={b"1": "one"})])
    assert (new.fields[117].name, new.fields[117].type) == ("QuoteID", "INT")
    assert new.fields[117].values == {b"1": "one"}
    assert extend(old, [Extra(tag=9_001, type="INT")]).fields[9_001].name == "Tag9001"


def test_a_field_in_the_entries_of_a_group_wherever_it_is_nested() -> None:
    whole = load("FIX.4.4")
    new = extend(whole, [Extra(tag=9_100, name="HedgePrice", type="PRICE", messages=("R",), group=555)])
    legs = new.messages["R"].groups[146].groups[555]
    assert legs.members == (*whole.messages["R"].groups[146].groups[555].members, 9_100)
    assert 9_100 not in new.messages["R"].members
    assert 9_100 not in new.messages["R"].groups[146].members
    assert new.messages["R"].groups[146].groups[453] is whole.messages["R"].groups[146].groups[453]


def test_a_group_of_ones_own() -> None:
    whole = load("FIX.4.4")
    new = extend(
        whole,
        [
            Extra(tag=9_200, name="NoMakers", type="NUMINGROUP", messages=("R",), group=146),
            Extra(tag=9_201, name="Maker", type="STRING", messages=("R",), group=9_200, required=True),
            Extra(tag=9_202, name="MakerRank", type="INT", messages=("R",), group=9_200),
        ],
    )
    makers = new.messages["R"].groups[146].groups[9_200]
    assert (makers.count, makers.members, makers.required) == (9_200, (9_201, 9_202), (9_201,))
    assert new.messages["R"].groups[146].members[-1] == 9_200


def test_a_group_that_another_message_has_comes_whole() -> None:
    whole = load("FIX.4.4")
    assert 453 not in whole.messages["R"].members
    new = extend(whole, [Extra(tag=453, messages=("R",), required=True)])
    assert new.messages["R"].required == (131, 146, 453)
    assert new.messages["R"].groups[453].members[:3] == (448, 447, 452)
    assert 802 in new.messages["R"].groups[453].groups


def test_message_types_of_ones_own(old: Dictionary) -> None:
    new = extend(old, types=("U7", "UA", "D"))
    assert new.other_types == old.other_types | {"U7", "UA"}


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"tag": 0, "type": "INT"}, "tags begin at 1"),
        ({"tag": 9_001}, "needs a type"),
        ({"tag": 9_001, "type": "NUMBER"}, "no type of the standard"),
        ({"tag": 55, "values": {b"X": "x"}}, "any value may stand there already"),
        ({"tag": 58, "messages": ("AI",)}, "'AI' is not in the dictionary"),
        ({"tag": 58, "messages": ("D",), "group": 555}, "no group with the count tag 555"),
        ({"tag": 9_001, "type": "NUMINGROUP", "messages": ("D",)}, "9001 has no members"),
        ({"tag": 9_001, "type": "NUMINGROUP", "messages": ("R",), "group": 146}, "9001 has no members"),
    ],
)
def test_what_cannot_be_is_refused(old: Dictionary, extra: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        extend(old, [Extra(**extra)])


def test_a_requirement_of_an_unknown_message_cannot_be_lifted(old: Dictionary) -> None:
    with pytest.raises(ValueError, match="'AI' is not in the dictionary"):
        extend(old, optional={"AI": (55,)})
