"""The session against a peer that means harm, or that is in the middle of something when numbers begin anew."""

from collections.abc import Iterator

import pytest
from fix_talk import ORDER, Peer

from fix_gateway.session.happenings import Arrived, Down, Noted
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import Kept, MemoryStore

QUOTE = b"117=Q\x01"
EXECUTION = b"6=0\x0114=0\x0117=E\x0137=O\x0139=0\x0154=1\x0155=BTC\x01150=0\x01151=1\x01"


class Looked(MemoryStore):
    """A store that counts the messages that were read."""

    looked = 0

    def read(self, begin: int, end: int) -> Iterator[Kept]:
        for kept in super().read(begin, end):
            self.looked += 1
            yield kept


# --- what is said once more ------------------------------------------------------------------------------------


def test_a_resend_that_says_nothing_is_looked_for_in_pieces() -> None:
    """A million stale quotes must not hold up everybody else while they are passed over."""
    store = Looked()
    peer = Peer(store).logged_on()
    for _ in range(20_000):
        peer.session.send("S", QUOTE, peer.now)
    peer.heard()
    peer.say("2", "7=1|16=0|")
    assert store.looked < 5_000 and peer.session.more
    (fill,) = peer.heard()
    assert (fill[35], fill[34], fill[36], fill[43]) == ("4", "1", "20002", "Y")


def test_many_resend_requests_at_once_cost_little() -> None:
    store = Looked()
    peer = Peer(store, resend_burst=100).logged_on()
    for _ in range(500):
        peer.session.send("8", EXECUTION, peer.now)
    peer.heard()
    peer.send(b"".join(peer.raw("2", f"7={1 + number % 50}|16=0|") for number in range(200)))
    assert store.looked <= 200
    assert peer.session.take().count(b"\x0135=8\x01") <= 200


def test_two_ranges_that_are_asked_for_at_once_both_come() -> None:
    peer = Peer(resend_burst=10).logged_on()
    for _ in range(100):
        peer.session.send("8", EXECUTION, peer.now)
    peer.heard()
    peer.send(peer.raw("2", "7=2|16=41|") + peer.raw("2", "7=52|16=91|"))
    heard = peer.heard()
    assert [int(m[34]) for m in heard] == [*range(2, 42), *range(52, 92)]


def test_a_reset_ends_what_is_being_said_once_more() -> None:
    peer = Peer(resend_burst=10).logged_on()
    for _ in range(100):
        peer.session.send("8", EXECUTION, peer.now)
    peer.heard()
    peer.say("2", "7=1|16=0|")
    peer.session.take()
    peer.say("A", "98=0|108=30|141=Y|", seq=1)
    assert [(m[35], m[34]) for m in peer.heard()] == [("A", "1")]


# --- numbers that begin anew -----------------------------------------------------------------------------------


def test_what_was_under_way_when_we_began_anew_keeps_its_old_number() -> None:
    peer = Peer().logged_on()
    for _ in range(3):
        peer.order()
    crossing = [peer.raw("D", ORDER), peer.raw("0")]
    peer.session.reset(peer.now)
    peer.heard()
    for raw in crossing:
        peer.send(raw)
    assert peer.heard() == [], "nothing is missing"
    peer.say("A", "98=0|108=30|141=Y|", seq=1)
    peer.seq = 2
    for _ in range(5):
        peer.order()
    assert peer.arrived == [2, 3, 4, 5, 2, 3, 4, 5, 6] and peer.session.is_up
    assert peer.store.next_in == 7 and peer.heard() == []


def test_after_our_goodbye_numbers_do_not_begin_anew() -> None:
    peer = Peer().logged_on()
    peer.order()
    peer.hear(peer.session.logout("closing", peer.now))
    peer.heard()
    peer.say("A", "98=0|108=30|141=Y|", seq=1)
    assert peer.heard() == [] and peer.store.next_in == 3


def test_a_peer_may_not_begin_anew_all_the_time() -> None:
    """Each time costs a new journal."""
    peer = Peer().logged_on()
    for _ in range(100):
        peer.say("A", "98=0|108=30|141=Y|", seq=1)
    types = peer.types()
    assert types.count("A") < 20 and types[-1] == "5"


def test_a_stranger_does_not_begin_numbers_anew_by_leaving() -> None:
    store = MemoryStore()
    store.next_in, store.next_out = 7, 9
    peer = Peer(store, password="word", reset_on_disconnect=True).open()
    peer.say("A", "98=0|108=30|554=wrong|")
    peer.hear(peer.session.closed(peer.now))
    assert (store.next_in, store.next_out) == (7, 9)
    peer.open()
    peer.say("A", "98=0|108=30|554=word|", seq=7)
    peer.hear(peer.session.closed(peer.now))
    assert (store.next_in, store.next_out) == (1, 1)


# --- recovery --------------------------------------------------------------------------------------------------


def test_what_waits_behind_a_gap_is_not_taken_after_our_goodbye() -> None:
    peer = Peer().logged_on()
    peer.order(seq=3)
    peer.hear(peer.session.logout("closing", peer.now))
    peer.heard()
    peer.say("2", "7=1|16=1|", seq=2)
    assert peer.arrived == [] and peer.store.next_in == 3


def test_a_peer_that_says_789_unasked_is_asked_at_once() -> None:
    """Our Logon did not say what we want to have, so the peer cannot know."""
    store = MemoryStore()
    store.next_in = 5
    peer = Peer(store).open()
    peer.say("A", "98=0|108=30|789=1|", seq=9)
    assert [(m[35], m.get(7)) for m in peer.heard()] == [("A", None), ("2", "5")]


def test_a_duplicate_without_its_first_time_shows_the_gap_before_it() -> None:
    peer = Peer().logged_on()
    peer.order(seq=4, flags="43=Y|")
    assert [(m[35], m.get(371), m.get(7)) for m in peer.heard()] == [("3", "122", None), ("2", None, "2")]
    for seq in (2, 3):
        peer.order(seq=seq)
    assert peer.arrived == [2, 3] and peer.session.expected == 5 and peer.heard() == []


# --- what is told ----------------------------------------------------------------------------------------------


def test_what_a_peer_says_does_not_fill_or_forge_lines() -> None:
    peer = Peer().logged_on()
    peer.say("U" * 5_000 + "\nfix_up session=OTHER\x1b[2J", "58=x|")
    (noted,) = peer.told(Noted)
    assert len(noted.what) < 300 and noted.what.isprintable()
    peer.say("5", "58=" + "y" * 5_000 + "\nforged|")
    (down,) = peer.told(Down)
    assert len(down.reason) < 300 and down.reason.isprintable()


@pytest.mark.parametrize("msg_type", ["A", "5"])
def test_nor_does_one_before_the_logon(msg_type: str) -> None:
    peer = Peer(initiator=True).open()
    peer.say(msg_type * (1 if msg_type == "5" else 3_000), "58=" + "y" * 5_000 + "\nforged|")
    assert all(len(noted.what) < 300 and noted.what.isprintable() for noted in peer.told(Noted))


def test_secrets_are_not_in_what_is_printed() -> None:
    settings = SessionSettings(
        name="n", begin="FIX.4.4", sender="A", target="B", username="known", password="s3cret"
    )
    assert "s3cret" not in repr(settings) and "known" in repr(settings)
    peer = Peer()
    logon = peer.session._decoder.decode(peer.raw("A", "98=0|108=30|554=s3cret|925=n3w|"))
    for what in (logon, Arrived(message=logon)):
        assert "s3cret" not in repr(what) and "n3w" not in repr(what)
