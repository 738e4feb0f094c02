"""Our tables against the XML dictionaries that QuickFIX ships: the same members, requirements, groups, types, values,
but for the departures that are named here. The XML is not ours, so it lies beside the repository, or nowhere."""

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fix_gateway.dictionary.spec import Dictionary, GroupSpec, MessageSpec
from fix_gateway.dictionary.standard import load

VERSIONS = [
    ("FIX44", "FIX.4.4", ""),
    ("FIXT11", "FIXT.1.1", "9"),
    ("FIX50SP2", "FIXT.1.1", "9"),
    ("FIX44", "FIXT.1.1", "6"),
]
OPEN = {"MarketDepth", "StipulationType", "StipulationValue", "UnderlyingStipType", "MessageEncoding"}
"""Lists that the standard leaves open; and MsgType's, since the messages themselves are that list."""
OPEN_50 = {"TradingSessionID", "TradingSessionSubID", "SettlType", "LegSettlType"}
LOGON_GROUP = {384}
"""The group of message types in FIXT 1.1's Logon, which the XML leaves empty."""

Element = ElementTree.Element


class Xml:
    """One of the XML dictionaries, read in a way of its own."""

    def __init__(self, path: Path) -> None:
        self.root = ElementTree.fromstring(lzma.decompress(path.read_bytes()))
        self.fields = {field.attrib["name"]: field for field in self.root.iterfind("fields/field")}
        self.components = {
            found.attrib["name"]: found for found in self.root.iterfind("components/component")
        }

    def tag(self, element: Element) -> int:
        return int(self.fields[element.attrib["name"]].attrib["number"])

    def flat(self, element: Element, asked: bool = True) -> Iterator[tuple[Element, bool]]:
        """The fields and groups directly in an element, components opened, and whether each is required."""
        for child in element:
            required = asked and child.attrib["required"] == "Y"
            if child.tag != "component":
                yield child, required
                continue
            inside = list(self.components[child.attrib["name"]])
            if required and len(inside) == 1 and inside[0].tag == "group":
                yield inside[0], True
            else:
                yield from self.flat(self.components[child.attrib["name"]], required)

    def shape(self, element: Element) -> dict[str, Any]:
        members = list(self.flat(element))
        return {
            "members": [self.tag(child) for child, _ in members],
            "required": sorted(self.tag(child) for child, required in members if required),
            "groups": {self.tag(child): self.shape(child) for child, _ in members if child.tag == "group"},
        }

    def messages(self) -> dict[str, Element]:
        return {found.attrib["msgtype"]: found for found in self.root.iterfind("messages/message")}


def of_group(group: GroupSpec) -> dict[str, Any]:
    return {
        "members": list(group.members),
        "required": list(group.required),
        "groups": {tag: of_group(inner) for tag, inner in group.groups.items()},
    }


def of_message(message: MessageSpec) -> dict[str, Any]:
    return {
        "members": sorted(message.members - LOGON_GROUP),
        "required": list(message.required),
        "groups": {tag: of_group(group) for tag, group in message.groups.items() if tag not in LOGON_GROUP},
    }


def in_order(shape: dict[str, Any]) -> dict[str, Any]:
    """The shape of a message: as a message's order does not count, ascending and once."""
    kept = {tag: group for tag, group in shape["groups"].items() if tag not in LOGON_GROUP}
    return shape | {"members": sorted(set(shape["members"]) - LOGON_GROUP), "groups": kept}


@pytest.fixture(params=VERSIONS, ids=lambda version: "-".join(filter(None, version)))
def pair(request: pytest.FixtureRequest, shared: Path) -> tuple[Xml, Dictionary]:
    name, begin, appl = request.param
    path = shared / "data" / "fix" / f"{name}.xml.xz"
    if not path.is_file():
        pytest.skip(f"../shared has no {name}.xml.xz")
    return Xml(path), load(begin, appl)


def test_the_messages_are_the_xmls(pair: tuple[Xml, Dictionary]) -> None:
    xml, dictionary = pair
    compared = 0
    session_too = len(xml.root.findall("header/field")) > 0 and dictionary.appl != "6"
    for kind, element in xml.messages().items():
        ours = dictionary.messages.get(kind)
        if ours is None:
            assert kind in dictionary.other_types
        elif session_too or not ours.admin:
            assert ours.name == element.attrib["name"]
            assert of_message(ours) == in_order(xml.shape(element)), kind
            compared += 1
    assert compared >= 7
    if session_too:
        for ours, part in ((dictionary.header, "header"), (dictionary.trailer, "trailer")):
            element = xml.root.find(part)
            assert element is not None
            assert of_message(ours) == in_order(xml.shape(element))


def test_the_fields_are_the_xmls(pair: tuple[Xml, Dictionary]) -> None:
    xml, dictionary = pair
    session = load("FIXT.1.1", "9").admin_known if dictionary.begin == b"FIXT.1.1" else frozenset[int]()
    judged_by_session = len(xml.fields) > len(session) and bool(session)
    open_lists = {"MsgType", *OPEN, *(OPEN_50 if len(xml.fields) > 5_000 else ())}
    for name, element in xml.fields.items():
        tag = int(element.attrib["number"])
        assert tag in dictionary.known
        ours = dictionary.fields.get(tag)
        if ours is None or (judged_by_session and tag in session):
            continue
        assert ours.type == element.attrib["type"]
        assert ours.name == name or tag == 41873
        values = {value.attrib["enum"].encode() for value in element}
        if ours.values:
            assert ours.values.keys() == values, name
        else:
            assert not values or name in open_lists or ours.type in ("BOOLEAN", "CURRENCY", "EXCHANGE"), name
        if ours.type == "BOOLEAN":
            assert values <= {b"Y", b"N"}


def test_no_tag_is_known_beyond_the_xmls(shared: Path) -> None:
    for name, begin, appl in VERSIONS[:1] + VERSIONS[2:3]:
        tags = {
            int(field.attrib["number"]) for field in Xml(shared / f"data/fix/{name}.xml.xz").fields.values()
        }
        dictionary = load(begin, appl)
        session = dictionary.admin_known if appl else set()
        assert dictionary.known == tags | session
