"""The shell when something breaks in the wrong moment: a store that fails, a committer that is gone, a peer that only
wants to be in the way."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fix_links import ORDER, Authority, Street, is_well, play, street, until

from fix_gateway.acceptor import Door
from fix_gateway.commit import Committer
from fix_gateway.connection import Link
from fix_gateway.decoded import Decoded
from fix_gateway.errors import LocalProtocolError
from fix_gateway.initiator import Initiator, Place
from fix_gateway.journal import Journal, JournalError
from fix_gateway.ports import LinkSettings
from fix_gateway.schedule import timetable
from fix_gateway.secure import acceptor_context, initiator_context
from fix_gateway.store import MemoryStore

LOGON = b"98=0\x01108=30\x01"


class Breaking(MemoryStore):
    """A store that can be broken."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = ""

    def _use(self, what: str) -> None:
        if self.broken in ("all", what):
            raise JournalError(Path("alpha.journal"), "cannot be written: no space left on device")

    def save(self, seq: int, msg_type: str, raw: bytes, tag: bytes = b"", admin: bool = False) -> None:
        self._use("save")
        super().save(seq, msg_type, raw, tag, admin)

    def flush(self) -> None:
        self._use("flush")


# --- a store that fails ----------------------------------------------------------------------------------------


def test_an_application_is_not_hit_by_a_broken_store() -> None:
    async def story() -> None:
        async with street() as desk:
            store = Breaking()
            link = desk.add("ALPHA", store=store)
            desk.application.answer = lambda link, message: False
            peer = await desk.logged_on("ALPHA")
            peer.order("a")
            await until(lambda: desk.application.heard)
            await peer.close()
            await until(lambda: not link.is_up and link.transport is None)
            store.broken = "all"
            link.accepted(desk.application.heard[0].seq)
            assert desk.lines.of("fix_failed")

    play(story())


@pytest.mark.parametrize("call", ["send", "logout"])
def test_a_store_that_does_not_take_a_message_ends_the_session(call: str) -> None:
    async def story() -> None:
        async with street() as desk:
            store = Breaking()
            link = desk.add("ALPHA", store=store)
            other = desk.add("BETA")
            alpha, beta = await desk.logged_on("ALPHA"), await desk.logged_on("BETA")
            store.broken = "save"
            if call == "logout":
                link.logout("closing")
            else:
                with pytest.raises(LocalProtocolError, match="down"):
                    link.send("D", ORDER % b"x")
            assert not link.is_up and link.transport is None
            assert await alpha.end() == b""
            assert "ALPHA down" in desk.application.told[-1]
            await is_well(beta)
            assert other.is_up
            for peer in (alpha, beta):
                await peer.close()

    play(story())


def test_a_broken_store_does_not_stop_the_others_from_saying_goodbye() -> None:
    async def story() -> None:
        async with street() as desk:
            store = Breaking()
            desk.add("ALPHA", store=store)
            desk.add("BETA")
            alpha, beta = await desk.logged_on("ALPHA"), await desk.logged_on("BETA")
            store.broken = "save"
            closing = asyncio.ensure_future(desk.acceptor.close("closing", drain_s=1.0))
            assert (await beta.hear()).msg_type == "5"
            beta.say("5")
            await closing
            for peer in (alpha, beta):
                await peer.close()

    play(story())


# --- a committer that is gone ----------------------------------------------------------------------------------


def test_a_committer_that_closes_ends_the_session_and_raises_nothing(tmp_path: Path) -> None:
    raised: list[dict[str, Any]] = []

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
        committer = Committer()
        journal = Journal.open(tmp_path / "alpha", durability="fsync", now=1, committer=committer)
        async with street() as desk:
            link = desk.add("ALPHA", store=journal, committer=committer)
            peer = await desk.logged_on("ALPHA")
            link.send("D", ORDER % b"1")
            await asyncio.sleep(0)  # its commit is under way
            outlet = link._outlet
            outlet.write(b"8=held\x01")
            committer.close()
            await until(lambda: link.transport is None)
            await peer.end()
            await peer.close()
        journal.abandon()

    play(story())
    assert raised == []


def test_a_loop_that_ends_does_not_kill_the_committer() -> None:
    waiting: list[Callable[[Exception | None], None]] = []

    class Late:
        def submit(self, journal: Journal, done: Callable[[Exception | None], None]) -> None:
            waiting.append(done)

    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA", committer=Late())
            peer = await desk.peer("ALPHA")
            peer.say("A", LOGON)
            await until(lambda: waiting)
            await peer.close()

    play(story())
    waiting[0](None)


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


# --- what is kept, and when ------------------------------------------------------------------------------------


class Counting(MemoryStore):
    """A store that knows what it was asked to hand to the disk."""

    flushed = 0

    def flush(self) -> None:
        self.flushed = self.next_out


def test_what_is_sent_during_a_long_resend_is_kept_at_once() -> None:
    """The application thinks that it left: a crash must find it in the store, though the peer does not read."""

    async def story() -> None:
        async with street() as desk:
            store = Counting()
            link = desk.add("ALPHA", store=store, replay=None, resend_burst=1)
            peer = await desk.logged_on("ALPHA")
            for number in range(50):
                link.send("D", ORDER % b"%d" % number)
            for _ in range(50):
                await peer.hear()
            link.paused()
            link.session._talk.out.send_again(1, 50, desk.time.now())
            assert link.session.more
            number, _ = link.send("D", ORDER % b"new")
            await asyncio.sleep(0.01)
            assert store.flushed == number + 1
            link.resumed()
            assert number in [(await peer.hear()).seq for _ in range(51)]
            await peer.close()

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
