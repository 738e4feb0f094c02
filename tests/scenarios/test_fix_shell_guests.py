"""Who has not logged on yet: gets no answer, costs little, and moves nothing."""

from contextlib import suppress
from typing import Any

import pytest
from fix_links import Peer, Street, play, street, until

from fix_gateway.session.store import MemoryStore
from fix_gateway.shell.acceptor import Door, networks
from fix_gateway.shell.ports import LinkSettings
from fix_gateway.shell.schedule import timetable

LOGON = b"98=0\x01108=30\x01"
MONDAY_NOON = 1_767_614_400_000_000_000
"""2026-01-05 12:00 UTC."""
HOUR = 3_600_000_000_000


async def silently_gone(desk: Street, peer: Peer, why: str) -> None:
    """The desk has closed, said nothing, and tells its operator why."""
    assert await peer.end() == b""
    await peer.close()
    assert why in str(desk.lines.of("fix_refused")[-1]["why"])
    assert desk.acceptor.guests == 0 and desk.application.told == []


def stranger(desk: Street, peer: Peer) -> bytes:
    peer.name = "NOBODY"
    return peer.message("A", LOGON)


def impatient(desk: Street, peer: Peer) -> bytes:
    return peer.message("0")


def other_version(desk: Street, peer: Peer) -> bytes:
    return peer.message("A", LOGON).replace(b"8=FIX.4.4", b"8=FIX.3.9")


def broken_sum(desk: Street, peer: Peer) -> bytes:
    return peer.message("A", LOGON)[:-4] + b"999\x01"


def noise(desk: Street, peer: Peer) -> bytes:
    return b"GET / HTTP/1.1\r\n\r\n"


def endless(desk: Street, peer: Peer) -> bytes:
    return b"8=FIX.4.4\x019=9000\x0135=A\x01" + b"58=" + b"x" * 20_000


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (stranger, "no session of 'NOBODY' with 'DESK'"),
        (impatient, "no Logon"),
        (other_version, "no message"),
        (broken_sum, "no message"),
        (noise, "no message"),
        (endless, "no message"),
    ],
)
def test_a_wrong_first_message_gets_no_answer(first: Any, why: str) -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA")
            peer = await desk.peer("ALPHA")
            peer.write(first(desk, peer))
            await silently_gone(desk, peer, why)
            assert desk.acceptor.refused == 1
            await (await desk.logged_on("ALPHA")).close()

    play(story())


@pytest.mark.parametrize("said", [b"", b"8=FIX.4.4\x019=60\x0135=A\x01"])
def test_a_guest_has_little_time(said: bytes) -> None:
    async def story() -> None:
        async with street(Door(guest_s=0.05)) as desk:
            peer = await desk.peer("ALPHA")
            peer.write(said)
            await silently_gone(desk, peer, "no Logon in time")

    play(story())


def test_a_trickle_without_a_message_ends_at_the_cap() -> None:
    async def story() -> None:
        async with street(Door(guest_bytes_max=100)) as desk:
            peer = await desk.peer("ALPHA")
            peer.write(b"8=FIX.4.4\x019=90\x0135=A\x01")
            with suppress(ConnectionError):
                for _ in range(10):
                    peer.write(b"58=xxxxxxx\x01")
                    await peer.drain()
            assert await peer.end() == b""
            await peer.close()
            await until(lambda: desk.acceptor.guests == 0)

    play(story())


def test_guests_are_few() -> None:
    async def story() -> None:
        async with street(Door(guests_max=2)) as desk:
            desk.add("ALPHA")
            desk.add("BETA")
            first = await desk.peer("ALPHA")
            second = await desk.peer("BETA")
            await until(lambda: desk.acceptor.guests == 2)
            third = await desk.peer("ALPHA")
            assert await third.end() == b""
            assert desk.lines.of("fix_refused")[-1]["why"] == "too many guests"
            await first.log_on()
            await second.log_on()
            assert desk.acceptor.guests == 0
            for peer in (first, second, third):
                await peer.close()

    play(story())


@pytest.mark.parametrize("where", ["door", "seat"])
def test_an_address_that_is_not_allowed(where: str) -> None:
    far = networks(["10.0.0.0/8", "fd00::/8"])

    async def story() -> None:
        async with street(Door(allowed=far if where == "door" else ())) as desk:
            desk.add("ALPHA", allowed=far)
            desk.add("BETA", allowed=networks(["127.0.0.0/8"]))
            peer = await desk.peer("ALPHA")
            peer.say("A", LOGON)
            await silently_gone(desk, peer, "address")
            if where == "seat":
                await (await desk.logged_on("BETA")).close()

    play(story())


def test_a_second_logon_for_a_live_session_is_dropped_and_the_first_goes_on() -> None:
    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA")
            first = await desk.logged_on("ALPHA")
            second = await desk.peer("ALPHA")
            second.say("A", LOGON + b"141=Y\x01")
            assert await second.end() == b""
            first.say("1", b"112=still there\x01")
            answer = await first.hear()
            assert answer.msg_type == "0" and answer.seq == 2
            assert link.is_up and desk.application.told == ["ALPHA up"]
            for peer in (first, second):
                await peer.close()

    play(story())


def test_the_password_comes_before_any_change() -> None:
    store = MemoryStore()
    store.next_in, store.next_out = 7, 9

    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA", store=store, username="alpha", password="right")
            for wrong in (b"", b"553=alpha\x01554=wrong\x01", b"553=beta\x01554=right\x01", b"554=right\x01"):
                peer = await desk.peer("ALPHA")
                peer.say("A", LOGON + b"141=Y\x01" + wrong)
                assert await peer.end() == b""
                await peer.close()
                assert (store.next_in, store.next_out, desk.application.told) == (7, 9, [])
            told = str(desk.lines.told)
            assert "wrong username or password" in told and "554" not in told and "beta" not in told
            peer = await desk.peer("ALPHA")
            await peer.log_on(b"141=Y\x01553=alpha\x01554=right\x01")
            assert (store.next_in, store.next_out) == (2, 2)
            await peer.close()

    play(story())


def test_outside_the_hours_there_is_no_session() -> None:
    hours = timetable(["mon-fri 07:00-17:00"])

    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA", settings=LinkSettings(timetable=hours))
            desk.time.at(MONDAY_NOON + 6 * HOUR)
            peer = await desk.peer("ALPHA")
            peer.say("A", LOGON)
            await silently_gone(desk, peer, "not at this hour")
            desk.time.at(MONDAY_NOON)
            await (await desk.logged_on("ALPHA")).close()

    play(story())
