"""The dictionaries: what our tables say of each version, and that they agree with themselves."""

from collections.abc import Iterator, Mapping

import pytest

from fix_gateway.dictionary.spec import Dictionary, GroupSpec, MessageSpec
from fix_gateway.dictionary.standard import load
from fix_gateway.dictionary.table import TYPES

VERSIONS = [("FIX.4.2", ""), ("FIX.4.4", ""), ("FIXT.1.1", "9"), ("FIXT.1.1", "6"), ("FIXT.1.1", "4")]
SESSION = {"0", "1", "2", "3", "4", "5", "A"}
SPOKEN = {
    *(
        "j",
        "R",
        "S",
        "AG",
        "AI",
        "AJ",
        "Z",
        "D",
        "AB",
        "F",
        "G",
        "8",
        "9",
        "b",
        "i",
        "a",
        "AH",
        "c",
        "d",
        "AE",
    ),
    *("V", "W", "X", "Y", "C"),
}
NOT_IN_42 = {"AG", "AI", "AJ", "AH", "AB", "AE"}


@pytest.fixture(params=VERSIONS, ids=lambda version: "+".join(filter(None, version)))
def dictionary(request: pytest.FixtureRequest) -> Dictionary:
    begin, appl = request.param
    return load(begin, appl)


def groups(found: Mapping[int, GroupSpec]) -> Iterator[tuple[int, GroupSpec]]:
    for tag, group in found.items():
        yield tag, group
        yield from groups(group.groups)


def everything(dictionary: Dictionary) -> list[MessageSpec]:
    return [dictionary.header, dictionary.trailer, *dictionary.messages.values()]


def anywhere(message: MessageSpec) -> set[int]:
    """Every tag of a message, those in groups included."""
    return message.members.union(*(group.members for _, group in groups(message.groups)))


@pytest.mark.parametrize(
    ("begin", "appl"),
    [("FIX.4.1", ""), ("FIX.4.4", "6"), ("FIXT.1.1", ""), ("FIXT.1.1", "7"), ("FIX.5.0", ""), ("", "9")],
)
def test_other_versions_are_refused(begin: str, appl: str) -> None:
    with pytest.raises(ValueError, match="no dictionary"):
        load(begin, appl)


def test_a_version_is_read_once(dictionary: Dictionary) -> None:
    assert load(dictionary.begin.decode(), dictionary.appl) is dictionary


def test_the_profile_is_whole(dictionary: Dictionary) -> None:
    old = dictionary.begin == b"FIX.4.2" or dictionary.appl == "4"
    expected = SESSION | SPOKEN - (NOT_IN_42 if old else set())
    assert dictionary.messages.keys() == expected | ({"CW"} if dictionary.appl == "9" else set())
    assert {kind for kind, message in dictionary.messages.items() if message.admin} == SESSION
    assert not dictionary.other_types & dictionary.messages.keys()
    assert {"6", "7", "B", "E", "Q", "k", "l", "m"} <= dictionary.other_types


def test_header_and_trailer_are_the_standards(dictionary: Dictionary) -> None:
    assert dictionary.header.required == (8, 9, 34, 35, 49, 52, 56)
    assert dictionary.trailer.members == {10, 89, 93}
    assert dictionary.trailer.required == (10,)
    assert (1128 in dictionary.header.members) is (dictionary.begin == b"FIXT.1.1")
    assert (627 in dictionary.header.groups) is (dictionary.begin != b"FIX.4.2")


def test_what_is_required_or_counted_is_a_member(dictionary: Dictionary) -> None:
    for message in everything(dictionary):
        assert message.members.issuperset(message.required), message.msg_type
        assert list(message.required) == sorted(set(message.required)), message.msg_type
        assert message.members.issuperset(message.groups), message.msg_type
        for tag, group in groups(message.groups):
            where = (message.msg_type, tag)
            assert group.count == tag, where
            assert group.members, where
            assert len(group.members) == len(set(group.members)), where
            assert set(group.members).issuperset((*group.required, *group.groups)), where


def test_every_member_is_described_and_every_count_has_its_group(dictionary: Dictionary) -> None:
    for message in everything(dictionary):
        assert anywhere(message) <= dictionary.fields.keys()
        levels = [(message.members, message.groups)]
        levels += [(frozenset(group.members), group.groups) for _, group in groups(message.groups)]
        for members, counted in levels:
            counts = {tag for tag in members if dictionary.fields[tag].type == "NUMINGROUP"}
            assert counts == counted.keys(), message.msg_type


def test_no_tag_of_the_header_or_the_trailer_stands_in_a_body(dictionary: Dictionary) -> None:
    frame = (anywhere(dictionary.header) | anywhere(dictionary.trailer)) - {369, 212, 213}
    for message in dictionary.messages.values():
        assert not frame & anywhere(message), message.msg_type


def test_fields_are_known_under_one_name_and_have_a_type(dictionary: Dictionary) -> None:
    assert dictionary.known >= dictionary.fields.keys()
    assert len({field.name for field in dictionary.fields.values()}) == len(dictionary.fields)
    for tag, field in dictionary.fields.items():
        assert field.tag == tag
        assert field.type in TYPES
        assert all(value and b"\x01" not in value and meaning for value, meaning in field.values.items())
        if field.type in ("CHAR", "MULTIPLECHARVALUE"):
            assert all(len(value) == 1 for value in field.values), field.name
        if field.type == "INT":
            assert all(value.lstrip(b"-").isdigit() for value in field.values), field.name


def test_data_goes_with_a_length(dictionary: Dictionary) -> None:
    names = {field.name: field for field in dictionary.fields.values()}
    for field in dictionary.fields.values():
        if field.type in ("DATA", "XMLDATA"):
            length = names.get(f"{field.name}Len") or names[f"{field.name}Length"]
            assert length.type == "LENGTH", field.name


def test_session_messages_are_judged_by_the_sessions_own_tags() -> None:
    for begin in ("FIX.4.2", "FIX.4.4"):
        assert load(begin).admin_known == load(begin).known
    for appl in ("9", "6", "4"):
        assert 55 not in load("FIXT.1.1", appl).admin_known
        assert 55 in load("FIXT.1.1", appl).known
        assert {112, 384, 789, 1137, 1410} <= load("FIXT.1.1", appl).admin_known


def test_known_tags_are_the_versions(dictionary: Dictionary) -> None:
    assert not dictionary.known & {0, 5_000, 9_999, 20_000}
    if dictionary.begin == b"FIX.4.2":
        assert max(dictionary.known) == 446
        assert 101 not in dictionary.known
        assert 53 in dictionary.known  # of an Allocation: assigned, though no message of ours has it
        assert 53 not in dictionary.fields
    if dictionary.begin == b"FIX.4.4":
        assert max(dictionary.known) == 956


def test_a_logon_carries_what_its_version_has() -> None:
    assert load("FIX.4.2").messages["A"].required == (98, 108)
    assert not load("FIX.4.2").known & {553, 554, 789}
    assert {553, 554, 789} <= load("FIX.4.4").messages["A"].members
    assert load("FIXT.1.1", "9").messages["A"].required == (98, 108, 1137)
    assert 925 in load("FIXT.1.1", "9").messages["A"].members
    assert load("FIXT.1.1", "9").messages["A"].groups[384].members[:2] == (372, 385)


def test_a_quote_request_has_one_entry_per_instrument() -> None:
    new, mid, old = (load(*version).messages["R"] for version in (VERSIONS[2], VERSIONS[1], VERSIONS[0]))
    assert new.required == mid.required == old.required == (131, 146)
    assert old.groups[146].members[0] == 55
    assert old.groups[146].required == (55,)
    assert old.groups[146].members.index(54) < old.groups[146].members.index(38)
    leg = new.groups[146].groups[555]
    assert {600, 609, 623, 624, 687, 566} <= set(leg.members)
    assert 637 not in leg.members
    assert {1171, 1172, 1091, 1116} <= new.members
    assert 453 not in new.members
    assert 453 in new.groups[146].members
    assert {110, 126, 537, 1913, 1914, 1915, 1629} <= set(new.groups[146].members)
    assert 1461 not in anywhere(new)
    assert not {110, 566, 1171, 1091} & anywhere(mid)


def allows(dictionary: Dictionary, kind: str, tag: int) -> bool:
    return kind in dictionary.messages and tag in anywhere(dictionary.messages[kind])


@pytest.mark.parametrize(
    ("kind", "tag", "on_44", "on_50"),
    [
        ("8", 117, False, False),
        ("S", 1917, False, False),
        ("R", 1461, False, False),
        ("CW", 55, False, False),
        ("AI", 300, False, True),
        ("AJ", 131, False, True),
        ("AJ", 1917, False, True),
        ("S", 110, False, True),
        ("8", 1080, False, True),
        ("8", 1328, False, True),
        ("AI", 1328, False, True),
        ("AI", 1461, False, True),
        ("8", 828, False, True),
        ("8", 693, True, True),
        ("AI", 693, True, True),
        ("8", 637, True, True),
        ("8", 687, True, True),
        ("AG", 658, True, True),
        ("D", 117, True, True),
        ("AB", 117, True, True),
        ("S", 735, True, True),
    ],
)
def test_who_may_carry_what(kind: str, tag: int, on_44: bool, on_50: bool) -> None:
    assert allows(load("FIX.4.4"), kind, tag) is on_44
    assert allows(load("FIXT.1.1", "9"), kind, tag) is on_50


@pytest.mark.parametrize(
    ("tag", "value", "on_42", "on_44", "on_50"),
    [
        (54, b"1", True, True, True),
        (54, b"Z", False, False, False),
        (40, b"D", True, True, True),
        (59, b"4", True, True, True),
        (297, b"5", True, True, True),
        (297, b"16", False, False, True),
        (297, b"17", False, False, True),
        (297, b"21", False, False, True),
        (298, b"4", True, True, True),
        (298, b"5", False, False, True),
        (380, b"5", True, True, True),
        (380, b"6", False, True, True),
        (373, b"11", True, True, True),
        (373, b"13", False, True, True),
        (373, b"18", False, False, True),
        (167, b"OPT", True, True, True),
        (167, b"MLEG", False, True, True),
        (442, b"3", True, True, True),
    ],
)
def test_values_are_the_versions(tag: int, value: bytes, on_42: bool, on_44: bool, on_50: bool) -> None:
    found = [load(*version).fields[tag].values for version in VERSIONS[:3]]
    assert [value in values for values in found] == [on_42, on_44, on_50]


@pytest.mark.parametrize(
    ("tag", "value", "on_44"),
    [(694, b"1", True), (694, b"4", True), (694, b"9", False), (452, b"35", True), (574, b"10", False)],
)
def test_values_of_negotiation(tag: int, value: bytes, on_44: bool) -> None:
    assert (value in load("FIX.4.4").fields[tag].values) is on_44
    assert value in load("FIXT.1.1", "9").fields[tag].values


def test_open_lists_are_open(dictionary: Dictionary) -> None:
    for field in dictionary.fields.values():
        if field.type in ("CURRENCY", "EXCHANGE", "COUNTRY") or field.tag in (35, 55, 264, 336, 347, 372):
            assert not field.values, field.name


def test_types_of_42_are_told_apart() -> None:
    fields = load("FIX.4.2").fields
    kinds = {tag: fields[tag].type for tag in (9, 16, 34, 36, 33, 95, 96, 146, 272, 354, 371)}
    assert kinds == {
        9: "LENGTH",
        16: "SEQNUM",
        34: "SEQNUM",
        36: "SEQNUM",
        33: "NUMINGROUP",
        95: "LENGTH",
        96: "DATA",
        146: "NUMINGROUP",
        272: "UTCDATEONLY",
        354: "LENGTH",
        371: "INT",
    }


def test_fixt_takes_application_messages_from_another_version() -> None:
    whole, split = load("FIX.4.4"), load("FIXT.1.1", "6")
    assert split.messages["R"] is whole.messages["R"]
    assert split.messages["A"] is load("FIXT.1.1", "9").messages["A"]
    assert split.begin == b"FIXT.1.1"
    assert split.appl == "6"
    assert b"18" in split.fields[373].values
