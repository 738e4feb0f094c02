"""The session once it is logged on: numbers, gaps, resends, ends, and when a number is stored."""

import pytest
from fix_talk import ORDER, SECOND, Peer

from fix_gateway.codec.encode import frame
from fix_gateway.errors import LocalProtocolError
from fix_gateway.session.happenings import Down, PeerRejected
from fix_gateway.session.states import TABLE, State, Trigger, following

# --- the table -------------------------------------------------------------------------------------------------


def test_every_state_and_trigger() -> None:
    legal = {(start, trigger): end for start, trigger, end in TABLE}
    assert len(legal) == len(TABLE), "a pair stands twice"
    for state in State:
        for trigger in Trigger:
            assert following(state, trigger) is legal.get((state, trigger))
    assert {end for _, _, end in TABLE} == set(State), "every state is reached"


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
    assert peer.session.expected == 2
    peer.send(b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01" * 3)
    assert peer.session.expected == 2 and peer.session.is_up


def test_garbled_bytes_before_the_logon_end_it() -> None:
    peer = Peer().open()
    peer.send(b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01")
    assert peer.session.ending and peer.heard() == []


def test_after_our_goodbye_nothing_is_taken() -> None:
    peer = Peer(replay=None).logged_on()
    send(peer, "8")
    peer.hear(peer.session.logout("closing", peer.now))
    peer.heard()
    peer.order()
    peer.order(seq=9)
    peer.say("1", "112=X|", seq=3)
    assert peer.arrived == [] and peer.heard() == [] and peer.store.next_in == 2
    peer.say("2", "7=2|16=2|", seq=4)
    assert [m[35] for m in peer.heard()] == ["8"]
    peer.say("5", seq=5)
    assert peer.session.ending
