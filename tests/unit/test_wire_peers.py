"""Whose a message is, and how a party is reached; names of instruments; ids of effects."""

import pytest

from rfq.domain.ids import ChainId, PartyId
from rfq.domain.reasons import Code, Reason
from rfq.wire.departures import copy_id, effect_id, parse_copy_id, parse_effect_id
from rfq.wire.peers import Directory, Peer
from rfq.wire.symbols import Symbols

A, B = PartyId("a"), PartyId("b")
HUB = Peer(name="hub", aliases={"ALPHA": A, "ALPHA2": A, "BETA": B})


def test_a_session_speaks_for_its_own_party() -> None:
    assert Peer(name="x", party=A).sender("", ()) == A


@pytest.mark.parametrize(
    ("behalf", "named", "who"),
    [("ALPHA", (), A), ("", ("BETA",), B), ("ALPHA", ("ALPHA2",), A), ("BETA", ("BETA", "BETA"), B)],
)
def test_a_hub_speaks_for_whom_it_names(behalf: str, named: tuple[str, ...], who: PartyId) -> None:
    assert HUB.sender(behalf, named) == who


@pytest.mark.parametrize(
    ("peer", "behalf", "named"),
    [
        (HUB, "", ()),
        (HUB, "GAMMA", ()),
        (HUB, "ALPHA", ("BETA",)),
        (HUB, "", ("ALPHA", "GAMMA")),
        (Peer(name="x", party=A), "ALPHA", ()),
        (Peer(name="x", party=A), "", ("b",)),
        (Peer(name="x", party=A, aliases={"BETA": B}), "a", ()),
    ],
)
def test_anything_else_is_refused(peer: Peer, behalf: str, named: tuple[str, ...]) -> None:
    found = peer.sender(behalf, named)
    assert isinstance(found, Reason) and found.code is Code.NOT_AUTHORISED


def test_a_party_is_reached_by_one_session_under_one_name() -> None:
    directory = Directory((HUB, Peer(name="c", party=PartyId("c"))))
    assert directory.route(A) == (HUB, "ALPHA") and directory.route(B) == (HUB, "BETA")
    found = directory.route(PartyId("c"))
    assert found is not None and found[1] == ""
    assert directory.route(PartyId("nobody")) is None
    with pytest.raises(ValueError, match="party a is reached through hub and through other"):
        Directory((HUB, Peer(name="other", party=A)))


def test_names_of_instruments_both_ways() -> None:
    symbols = Symbols({"BTC-PERPETUAL": "BTCUSD.P"})
    assert symbols.theirs("BTC-PERPETUAL") == "BTCUSD.P" and symbols.ours("BTCUSD.P") == "BTC-PERPETUAL"
    assert symbols.theirs("ETH-PERPETUAL") == symbols.ours("ETH-PERPETUAL") == "ETH-PERPETUAL"
    assert symbols.ours("BTC-PERPETUAL") == "?BTC-PERPETUAL", "they call something else so, or nothing"
    with pytest.raises(ValueError, match="two of our instruments are called X"):
        Symbols({"A": "X", "B": "X"})


def test_ids_of_effects_and_of_their_copies_are_not_taken_for_each_other() -> None:
    chain = ChainId("desk")
    plain, copy = effect_id(chain, 12, 3), copy_id(chain, 12, 3)
    assert parse_effect_id(plain) == parse_copy_id(copy) == ("desk", 12, 3)
    assert parse_effect_id(copy) is None and parse_copy_id(plain) is None
