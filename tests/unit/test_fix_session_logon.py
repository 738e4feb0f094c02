"""Logging on: whose Logon is taken, what is said to those whose is not, and how numbers begin anew."""

import pytest
from fix_talk import ORDER, Peer

from fix_gateway.session.happenings import Noted, Up
from fix_gateway.session.store import MemoryStore

# --- logging on ------------------------------------------------------------------------------------------------


def test_a_logon_is_answered() -> None:
    peer = Peer().open()
    assert peer.session.take() == b""
    peer.say("A", "98=0|108=7|")
    (answer,) = peer.heard()
    assert (answer[35], answer[34], answer[49], answer[56], answer[108]) == ("A", "1", "DESK", "PEER", "7")
    assert peer.session.is_up and len(peer.told(Up)) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"sender": "OTHER"},
        {"target": "OTHER"},
        {"begin": "FIX.4.2"},
        {"sent": "20200101-00:00:00"},
        {"sent": "nonsense"},
    ],
)
def test_a_stranger_gets_no_answer_and_changes_nothing(how: dict[str, str]) -> None:
    peer = Peer().open()
    peer.say("A", "98=0|108=30|141=Y|", **how)
    assert peer.session.ending and peer.heard() == []
    assert (peer.store.next_in, peer.store.next_out) == (1, 1)


@pytest.mark.parametrize("body", ["", "553=u|", "553=u|554=wrong|", "553=x|554=word|"])
def test_a_wrong_password_changes_nothing(body: str) -> None:
    store = MemoryStore()
    store.next_in, store.next_out = 7, 9
    peer = Peer(store, username="u", password="word").open()
    peer.say("A", f"98=0|108=30|141=Y|{body}", seq=1)
    assert peer.session.ending and peer.heard() == []
    assert (store.next_in, store.next_out) == (7, 9)
    assert not peer.told(Up)


def test_the_right_password_is_taken() -> None:
    peer = Peer(username="u", password="word").open()
    peer.say("A", "98=0|108=30|553=u|554=word|")
    (answer,) = peer.heard()
    assert answer[35] == "A" and 554 not in answer and peer.session.is_up


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("98=1|108=30|", "EncryptMethod"),
        ("98=0|108=0|", "HeartBtInt"),
        ("98=0|108=61|", "HeartBtInt"),
        ("98=0|108=30|789=5|", "NextExpectedMsgSeqNum"),
    ],
)
def test_what_a_known_peer_cannot_have_is_said(body: str, says: str) -> None:
    peer = Peer(heartbeat_s_max=60).open()
    peer.say("A", body)
    (answer,) = peer.heard()
    assert answer[35] == "5" and says in answer[58] and peer.session.ending


def test_fixt_needs_the_application_version() -> None:
    peer = Peer(begin="FIXT.1.1", appl="9").open()
    peer.say("A", "98=0|108=30|")
    assert peer.session.ending and peer.heard() == []
    peer = Peer(begin="FIXT.1.1", appl="9").open()
    peer.say("A", "98=0|108=30|1137=6|")
    assert "DefaultApplVerID" in peer.heard()[0][58]
    peer = Peer(begin="FIXT.1.1", appl="9").open()
    peer.say("A", "98=0|108=30|1137=9|")
    assert peer.heard()[0][1137] == "9"


def test_a_logon_with_a_low_number_is_refused_and_with_a_high_one_asked_for() -> None:
    store = MemoryStore()
    store.next_in = 5
    peer = Peer(store).open()
    peer.say("A", "98=0|108=30|", seq=2)
    (answer,) = peer.heard()
    assert answer[58] == "MsgSeqNum too low, expecting 5 but received 2" and peer.session.ending
    peer = Peer(store).open()
    peer.say("A", "98=0|108=30|", seq=9)
    logon, asked = peer.heard()
    assert (logon[35], asked[35], asked[7], asked[16]) == ("A", "2", "5", "0")
    peer.say("4", "36=10|123=Y|", seq=5, flags="43=Y|", more="122=20260105-08:00:00|")
    assert peer.session.expected == 10 and store.next_in == 10


def test_an_initiator_says_its_password_and_takes_the_answer() -> None:
    peer = Peer(initiator=True, username="u", password="word").open()
    (logon,) = peer.heard()
    assert (logon[35], logon[553], logon[554], logon[108]) == ("A", "u", "word", "30")
    peer.say("A", "98=0|108=30|")
    assert peer.session.is_up and peer.heard() == []


def test_an_initiator_is_told_why_it_is_refused() -> None:
    peer = Peer(initiator=True).open()
    peer.heard()
    peer.say("5", "58=go away|")
    assert peer.session.ending and "go away" in peer.told(Noted)[-1].what


def test_no_logon_in_time() -> None:
    for initiator in (False, True):
        peer = Peer(initiator=initiator).open()
        peer.wait(4.9)
        assert not peer.session.ending
        peer.wait(0.2)
        assert peer.session.ending


def test_a_number_reset_is_answered_by_one() -> None:
    store = MemoryStore()
    store.next_in, store.next_out = 40, 50
    peer = Peer(store).open()
    peer.say("A", "98=0|108=30|141=Y|", seq=1)
    (answer,) = peer.heard()
    assert (answer[34], answer[141]) == ("1", "Y") and (store.next_in, store.next_out) == (2, 2)
    peer = Peer(reset_allowed=False).open()
    peer.say("A", "98=0|108=30|141=Y|", seq=1)
    assert "ResetSeqNumFlag" in peer.heard()[0][58]


def test_numbers_begin_anew_within_a_connection() -> None:
    peer = Peer().logged_on()
    for _ in range(3):
        peer.order()
    peer.session.reset(peer.now)
    (asked,) = peer.heard()
    assert (asked[35], asked[34], asked[141]) == ("A", "1", "Y")
    peer.say("A", "98=0|108=30|141=Y|", seq=1)
    assert peer.heard() == [] and peer.session.expected == 2 and peer.session.is_up
    peer.order(seq=2)
    assert peer.store.next_in == 3


# --- 789 -------------------------------------------------------------------------------------------------------


def test_what_the_peer_has_not_received_is_sent_without_asking() -> None:
    peer = Peer(next_expected=True, replay=None).logged_on(extra="789=1|")
    for n in range(3):
        peer.session.send("D", ORDER.replace("|", "\x01").encode(), peer.now, tag=b"%d" % n)
    peer.heard()
    peer.session.closed(peer.now)
    peer.open()
    peer.say("A", "98=0|108=30|789=3|")
    logon, first, second = peer.heard()
    assert (logon[35], logon[34], logon[789]) == ("A", "5", "3")
    assert (first[34], first[43], second[34]) == ("3", "Y", "4")
