"""The session: logging on, numbers, gaps, resends, resets, and when a number is stored."""

import pytest
from fix_talk import ORDER, SECOND, Peer

from fix_gateway.errors import LocalProtocolError
from fix_gateway.happenings import Down, Noted, PeerRejected, Up
from fix_gateway.states import TABLE, State, Trigger, following
from fix_gateway.store import MemoryStore

# --- the table -------------------------------------------------------------------------------------------------


def test_every_state_and_trigger() -> None:
    legal = {(start, trigger): end for start, trigger, end in TABLE}
    assert len(legal) == len(TABLE), "a pair stands twice"
    for state in State:
        for trigger in Trigger:
            assert following(state, trigger) is legal.get((state, trigger))
    assert {end for _, _, end in TABLE} == set(State), "every state is reached"


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


# --- numbers and gaps ------------------------------------------------------------------------------------------


def test_a_gap_is_asked_for_once_and_again_when_nothing_comes() -> None:
    peer = Peer(resend_again_s=3.0, resend_tries_max=2).logged_on(heartbeat_s=1_000)
    peer.order(seq=4)
    peer.order(seq=6)
    assert [(m[35], m[7]) for m in peer.heard()] == [("2", "2")] and peer.arrived == []
    peer.wait(3.1)
    assert peer.types() == ["2"]
    peer.wait(3.1)
    (goodbye,) = peer.heard()
    assert goodbye[35] == "5" and "in vain" in goodbye[58]


def test_what_waited_is_taken_in_order_and_the_second_gap_is_asked_for() -> None:
    peer = Peer().logged_on()
    peer.order(seq=4)
    peer.order(seq=6)
    peer.heard()
    for seq in (2, 3):
        peer.order(seq=seq)
    assert peer.arrived == [2, 3, 4]
    assert [(m[35], m[7]) for m in peer.heard()] == [("2", "5")]
    peer.order(seq=5)
    assert peer.arrived == [2, 3, 4, 5, 6] and peer.store.next_in == 7


def test_the_queue_behind_a_gap_is_bounded() -> None:
    peer = Peer(queue_max=10).logged_on()
    for seq in range(3, 2_000):
        peer.order(seq=seq)
    peer.order(seq=2)
    assert peer.arrived == list(range(2, 13))


def test_a_low_number_ends_the_session_and_a_duplicate_does_not() -> None:
    peer = Peer().logged_on()
    peer.order()
    peer.order(seq=2, flags="43=Y|", more="122=20260105-08:00:00|")
    assert peer.arrived == [2] and peer.session.counts.duplicates == 1 and peer.heard() == []
    peer.order(seq=2)
    (goodbye,) = peer.heard()
    assert goodbye[58] == "MsgSeqNum too low, expecting 3 but received 2" and peer.session.ending
    assert len(peer.told(Down)) == 1


def test_a_number_is_stored_when_the_application_has_accepted() -> None:
    peer = Peer().logged_on()
    peer.accepts = False
    for _ in range(3):
        peer.order()
    peer.say("1", "112=X|")
    assert peer.session.expected == 6 and peer.store.next_in == 2
    peer.session.accepted(3)
    assert peer.store.next_in == 2
    peer.session.accepted(2)
    assert peer.store.next_in == 4
    peer.session.accepted(4)
    assert peer.store.next_in == 6


def test_an_acceptance_from_before_a_reset_does_not_count() -> None:
    peer = Peer().logged_on()
    peer.accepts = False
    peer.order()
    peer.say("A", "98=0|108=30|141=Y|", seq=1)
    peer.seq = 2
    peer.order()
    peer.session.accepted(2)  # the old one
    assert peer.store.next_in == 2
    peer.session.accepted(2)
    assert peer.store.next_in == 3


def test_a_message_without_a_number_ends_the_session() -> None:
    peer = Peer().logged_on()
    raw = peer.raw("0").replace(b"34=2\x01", b"")
    body = raw[raw.index(b"35=") : raw.rindex(b"10=")]
    from fix_gateway.encode import frame

    peer.send(frame(b"FIX.4.4", body))
    (goodbye,) = peer.heard()
    assert goodbye[58] == "MsgSeqNum missing" and peer.session.ending


# --- resending -------------------------------------------------------------------------------------------------


def send(peer: Peer, *kinds: str) -> None:
    execution = "6=0|14=0|17=E|37=O|39=0|54=1|55=BTC|150=0|151=1|"
    for kind in kinds:
        body = ORDER if kind == "D" else execution
        peer.session.send(kind, body.replace("|", "\x01").encode(), peer.now)


def test_executions_are_said_again_and_prices_are_not() -> None:
    peer = Peer().logged_on()
    send(peer, "D", "8", "D", "D", "8")
    first = {m[34]: m[52] for m in peer.heard()}
    peer.now += SECOND
    peer.say("2", "7=1|16=0|")
    heard = peer.heard()
    assert [(m[35], m[34], m.get(36)) for m in heard] == [
        ("4", "1", "3"),
        ("8", "3", None),
        ("4", "4", "6"),
        ("8", "6", None),
    ]
    assert all(m[43] == "Y" for m in heard)
    assert heard[1][122] == first["3"] and heard[1][52] != first["3"]


@pytest.mark.parametrize(("begin", "end", "tag"), [(0, 0, "7"), (9, 0, "7"), (2, 1, "16")])
def test_a_resend_request_that_cannot_be_is_rejected(begin: int, end: int, tag: str) -> None:
    peer = Peer().logged_on()
    send(peer, "8", "8")
    peer.heard()
    peer.say("2", f"7={begin}|16={end}|")
    (reject,) = peer.heard()
    assert (reject[35], reject[371], reject[373]) == ("3", tag, "5")


def test_the_same_question_too_often_ends_the_session() -> None:
    peer = Peer(resend_same_max=3).logged_on()
    send(peer, "8")
    for _ in range(3):
        peer.say("2", "7=1|16=0|")
    assert "5" not in peer.types()
    peer.say("2", "7=1|16=0|")
    assert "asked for 4 times" in peer.heard()[-1][58]


def test_a_long_resend_comes_in_pieces() -> None:
    peer = Peer(resend_burst=100).logged_on()
    send(peer, *["8"] * 250)
    peer.heard()
    peer.say("2", "7=2|16=0|")
    assert peer.session.take().count(b"35=8") == 100 and peer.session.more
    assert len(peer.heard()) == 150 and not peer.session.more


# --- what is in the messages -----------------------------------------------------------------------------------


def test_a_reject_of_ours_is_told() -> None:
    peer = Peer().logged_on()
    peer.say("3", "45=1|58=no|")
    assert peer.told(PeerRejected)[0].message.text(58) == b"no"


def test_a_reject_of_fix42_knows_no_new_codes() -> None:
    peer = Peer(begin="FIX.4.2").logged_on()
    peer.say("D", ORDER + "40=1|")
    (reject,) = peer.heard()
    assert (reject[371], reject[372]) == ("40", "D") and 373 not in reject


def test_a_second_logon_is_rejected() -> None:
    peer = Peer().logged_on()
    peer.say("A", "98=0|108=30|")
    assert peer.heard()[0][373] == "99" and peer.session.is_up


def test_sending_needs_a_session_that_is_up() -> None:
    peer = Peer().open()
    with pytest.raises(LocalProtocolError, match="greeting"):
        peer.session.send("8", b"", peer.now)
    peer.say("A", "98=0|108=30|")
    with pytest.raises(LocalProtocolError, match="own"):
        peer.session.send("0", b"", peer.now)
    with pytest.raises(LocalProtocolError, match="delimiter"):
        peer.session.send("8", b"37=1", peer.now)
    assert peer.session.send("8", b"37=1\x01", peer.now, again=True)[1].count(b"\x0197=Y\x01") == 1


# --- ends ------------------------------------------------------------------------------------------------------


def test_heartbeats_a_test_and_the_end() -> None:
    peer = Peer().logged_on(heartbeat_s=10)
    peer.wait(10.0)
    assert peer.types() == ["0"]
    peer.wait(2.5)
    assert peer.types() == ["1"]
    peer.wait(10.0)
    assert peer.session.ending and peer.types() == []


def test_any_message_is_a_sign_of_life() -> None:
    peer = Peer().logged_on(heartbeat_s=10)
    for _ in range(10):
        peer.wait(9.0)
        peer.say("0")
    assert "1" not in peer.types() and peer.session.is_up


def test_a_goodbye_waits_for_its_answer() -> None:
    peer = Peer().logged_on()
    peer.hear(peer.session.logout("closing", peer.now))
    assert peer.heard()[0][58] == "closing" and not peer.session.is_up and not peer.session.ending
    peer.say("5")
    assert peer.session.ending and peer.heard() == []
    peer = Peer().logged_on()
    peer.hear(peer.session.logout("closing", peer.now))
    peer.wait(2.1)
    assert peer.session.ending


def test_garbled_bytes_move_no_number() -> None:
    peer = Peer().logged_on()
    good = peer.raw("0", seq=2)
    for at in range(2, len(good) - 1):
        for flip in (1, 64):
            bad = good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]
            peer.send(bad)
    assert peer.session.expected <= 3
    before = peer.session.expected
    peer.send(b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01" * 3)
    assert peer.session.expected == before


def test_garbled_bytes_before_the_logon_end_it() -> None:
    peer = Peer().open()
    peer.send(b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01")
    assert peer.session.ending and peer.heard() == []
