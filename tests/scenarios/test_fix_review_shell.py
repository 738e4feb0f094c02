"""The shell and people who only want to be in the way; and what must not end because one thing went wrong."""

import asyncio
import errno
import os
import socket
from pathlib import Path

import pytest
from fix_links import Authority, Street, is_well, play, street, until

from fix_gateway.codec.decoded import Decoded
from fix_gateway.session.store import MemoryStore
from fix_gateway.shell.acceptor import Door
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Initiator, Place
from fix_gateway.shell.ports import LinkSettings
from fix_gateway.shell.schedule import timetable
from fix_gateway.shell.secure import acceptor_context, initiator_context

LOGON = b"98=0\x01108=30\x01"


# --- who is in the way -----------------------------------------------------------------------------------------


def test_a_wrong_password_does_not_keep_the_right_one_out(tmp_path: Path) -> None:
    """Over TLS a stranger could hold the session for as long as he does not say that he leaves."""
    authority = Authority(tmp_path)
    ours, theirs = acceptor_context(authority.issue("desk")), initiator_context(authority.issue("alpha"))

    async def story() -> None:
        async with street(Door(tls=ours)) as desk:
            link = desk.add("ALPHA", password="right")
            stranger = await desk.peer("ALPHA", tls=theirs)
            stranger._writer.transport.pause_reading()  # type: ignore[attr-defined]
            stranger.say("A", LOGON + b"554=wrong\x01")
            await until(lambda: link.counts.refused_logons)
            assert link.transport is None
            peer = await desk.peer("ALPHA", tls=theirs)
            await peer.log_on(b"554=right\x01")
            stranger._writer.transport.abort()
            await peer.close()

    play(story())


def test_one_address_does_not_take_all_the_places_for_guests() -> None:
    async def crowd(desk: Street, count: int) -> list[socket.socket]:
        made = []
        for _ in range(count):
            one = socket.socket()
            one.setblocking(False)
            one.bind(("127.0.0.2", 0))
            await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", desk.port))
            made.append(one)
        return made

    async def story() -> None:
        async with street(Door(guests_max=8)) as desk:
            desk.add("ALPHA")
            strangers = await crowd(desk, 8)
            await until(lambda: len(desk.acceptor._guests) == 8)
            peer = await desk.logged_on("ALPHA")
            strangers += await crowd(desk, 8)
            await is_well(peer)
            assert desk.acceptor.guests <= 8
            for one in strangers:
                one.close()
            await peer.close()

    play(story())


# --- the acceptor's task ---------------------------------------------------------------------------------------


def test_the_listener_goes_on_after_any_failure() -> None:
    """One line that cannot be written must not be the end of all logons."""

    async def story() -> None:
        async with street(Door(guests_max=1)) as desk:
            desk.add("ALPHA")
            real, left = desk.lines.warning, [1]

            def failing(event: str, **fields: object) -> None:
                real(event, **fields)
                if event == "fix_refused" and left:
                    left.pop()
                    raise RuntimeError("the line cannot be written")

            desk.lines.warning = failing  # type: ignore[method-assign]
            first = await desk.peer("ALPHA")
            await until(lambda: desk.acceptor.guests == 1)
            second = await desk.peer("ALPHA")
            assert await second.end() == b""
            await second.close()
            await first.close()
            await until(lambda: desk.acceptor.guests == 0)
            assert desk.lines.of("fix_listening_failed")
            await (await desk.logged_on("ALPHA")).close()

    play(story())


def test_a_listener_that_cannot_accept_does_not_starve_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA")
            peer = await desk.logged_on("ALPHA")

            async def refuses(_: socket.socket) -> tuple[socket.socket, object]:
                raise OSError(errno.EPERM, os.strerror(errno.EPERM))

            monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", refuses)
            await (await desk.peer("ALPHA")).close()
            await is_well(peer)
            await is_well(peer)
            assert len(desk.lines.of("fix_accept_failed")) < 200
            await peer.close()

    play(story())


# --- answers to answers ----------------------------------------------------------------------------------------


def test_a_business_reject_is_never_answered_by_one() -> None:
    """Two desks whose applications both fail would else go on for ever."""

    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA")

            def fails(link: Link, message: Decoded) -> bool:
                raise RuntimeError("a mistake")

            desk.application.answer = fails
            peer = await desk.logged_on("ALPHA")
            peer.say("j", b"45=2\x01372=D\x01380=4\x01")
            peer.say("1", b"112=next\x01")
            assert (await peer.hear()).msg_type == "0"
            assert link.failed == 1 and link.session.store.next_in == 4
            await peer.close()

    play(story())


# --- the initiator's task --------------------------------------------------------------------------------------


def test_a_second_transport_of_an_initiator_does_not_leak() -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA")
            async with street() as own:
                link = own.add("ALPHA", sender="ALPHA", target="DESK", initiator=True)
                place = Place(addresses=(("127.0.0.1", desk.port),))
                one = Initiator(link, place, own.time.now, own.lines)
                one.open()
                await until(lambda: link.is_up)
                other = asyncio.ensure_future(one._connect(("127.0.0.1", desk.port)))
                await asyncio.sleep(0.05)
                assert desk.acceptor.guests == 0, "nobody connects twice"
                await one.close()
                await other

    play(story())


def test_a_place_that_is_no_name_does_not_end_the_initiator() -> None:
    async def story() -> None:
        async with street() as own:
            link = own.add("ALPHA", sender="ALPHA", target="DESK", initiator=True)
            one = Initiator(link, Place(addresses=(("a" * 70 + ".example", 1),)), own.time.now, own.lines)
            one.open()
            await until(lambda: own.lines.of("fix_not_connected"))
            await one.close()

    play(story())


def test_a_stranger_does_not_bring_the_daily_reset_about() -> None:
    async def story() -> None:
        async with street() as desk:
            store = MemoryStore()
            store.next_in, store.next_out, store.opened_at = 7, 9, 1
            settings = LinkSettings(timetable=timetable(reset="00:00"))
            desk.add("ALPHA", store=store, settings=settings, password="right")
            peer = await desk.peer("ALPHA")
            peer.say("A", LOGON + b"554=wrong\x01")
            assert await peer.end() == b""
            await peer.close()
            assert (store.next_in, store.next_out) == (7, 9)
            peer = await desk.peer("ALPHA")
            await peer.log_on(b"554=right\x01")
            assert (store.next_in, store.next_out) == (2, 2)
            await peer.close()

    play(story())
