"""A session on its transport: whatever happens to one, its neighbour goes on."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fix_links import DECODER, ORDER, Hearer, Peer, Street, echo, is_well, play, street, until

from fix_gateway.codec.decoded import Decoded
from fix_gateway.journal.commit import Committer
from fix_gateway.journal.journal import Journal
from fix_gateway.session.store import MemoryStore
from fix_gateway.shell.connection import Link
from fix_gateway.shell.ports import LinkSettings
from fix_gateway.shell.schedule import timetable
from fix_gateway.shell.wirelog import LoggedDecoder, LogThread, WireLog, parse


def fails(link: Link, message: Decoded) -> bool:
    raise RuntimeError("the application has a bug")


def test_an_exception_in_the_application_is_contained_answered_and_told() -> None:
    store = MemoryStore()

    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA", store=store)
            peer = await desk.logged_on("ALPHA")
            desk.application.answer = fails
            peer.order("a")
            answer = await peer.hear()
            assert answer.msg_type == "j" and (answer.text(45), answer.text(380)) == (b"2", b"4")
            assert answer.text(372) == b"D" and b"bug" not in answer.raw
            assert store.next_in == 3, "the message counts as accepted"
            assert desk.lines.of("fix_failed")[0]["problem"] == "RuntimeError: the application has a bug"
            assert link.failed == 1
            desk.application.answer = echo
            peer.order("b")
            assert (await peer.hear()).text(11) == b"b"
            await peer.close()

    play(story())


def test_exceptions_at_the_ends_of_a_session_are_contained() -> None:
    class Clumsy(Hearer):
        def on_up(self, link: Link) -> None:
            raise RuntimeError("up")

        def on_down(self, link: Link, reason: str) -> None:
            raise RuntimeError("down")

    async def story() -> None:
        async with street() as desk:
            desk.application = Clumsy()
            link = desk.add("ALPHA")
            for seq in (1, 3):
                peer = await desk.peer("ALPHA")
                peer.seq = seq
                await peer.log_on()
                await is_well(peer)
                await peer.close()
                await until(lambda: link.transport is None)
            assert [line["problem"] for line in desk.lines.of("fix_failed")] == [
                "RuntimeError: up",
                "RuntimeError: down",
            ] * 2

    play(story())


def test_a_session_whose_store_fails_ends_and_says_nothing_unsaved() -> None:
    class Full(MemoryStore):
        is_full = False

        def flush(self) -> None:
            if self.is_full:
                raise OSError(28, "No space left on device")

    store = Full()

    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA", store=store)
            desk.add("BETA")
            alpha, beta = await desk.logged_on("ALPHA"), await desk.logged_on("BETA")
            store.is_full = True
            alpha.say("1", b"112=x\x01")
            assert await alpha.end() == b""
            assert not link.is_up and "No space left" in str(desk.lines.of("fix_failed")[0]["problem"])
            await is_well(beta)
            for peer in (alpha, beta):
                await peer.close()

    play(story())


def test_an_answer_comes_before_the_answer_to_what_was_read_with_it() -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA")
            desk.application.answer = echo
            peer = await desk.logged_on("ALPHA")
            order, probe = peer.message("D", ORDER % b"a"), peer.message("1", b"112=x\x01")
            peer.write(order, probe, peer.message("5"))
            heard = [await peer.hear() for _ in range(3)]
            assert [(one.msg_type, one.seq) for one in heard] == [("D", 2), ("0", 3), ("5", 4)]
            assert await peer.end() == b""
            await peer.close()

    play(story())


def test_a_number_is_stored_when_the_application_has_accepted_even_after_the_connection() -> None:
    store = MemoryStore()

    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA", store=store)
            desk.application.answer = lambda link, message: False
            peer = await desk.logged_on("ALPHA")
            peer.order("a")
            peer.order("b")
            await is_well(peer)
            assert store.next_in == 2
            link.accepted(3)
            assert store.next_in == 2, "the one before it is not accepted"
            await peer.close()
            await until(lambda: link.transport is None)
            link.accepted(2)
            assert store.next_in == 5

    play(story())


def test_closing_says_goodbye_and_waits_for_the_answer() -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA")
            desk.add("BETA")
            alpha, beta = await desk.logged_on("ALPHA"), await desk.logged_on("BETA")
            guest = await desk.peer("ALPHA")
            await until(lambda: desk.acceptor.guests == 1)
            closing = asyncio.create_task(desk.acceptor.close("Good night", drain_s=0.3))
            assert (await alpha.hear()).text(58) == b"Good night"
            assert await guest.end() == b""
            alpha.say("5")
            assert await alpha.end() == b""
            await closing
            assert {line["session"]: line["reason"] for line in desk.lines.of("fix_dropped")} == {
                "BETA": "did not log out in time"
            }
            with pytest.raises(ConnectionError):
                await desk.peer("ALPHA")
            for peer in (alpha, beta, guest):
                await peer.close()

    play(story())


def test_the_daily_reset_ends_the_session_and_the_next_begins_at_one() -> None:
    day = 86_400_000_000_000
    store = MemoryStore()
    store.opened_at = 20_000 * day + 1

    async def story() -> None:
        async with street() as desk:
            desk.time.at(20_000 * day + 18 * day // 24 - 200_000_000)
            settings = LinkSettings(timetable=timetable(reset="18:00"))
            link = desk.add("ALPHA", store=store, settings=settings)
            peer = await desk.logged_on("ALPHA")
            goodbye = await peer.hear()
            assert (goodbye.msg_type, goodbye.text(58)) == ("5", b"Numbers begin at 1 again")
            peer.say("5")
            assert await peer.end() == b""
            await peer.close()
            await until(lambda: link.transport is None)
            assert store.next_in == 3
            again = await desk.logged_on("ALPHA")
            assert (store.next_in, store.next_out) == (2, 2)
            await is_well(again)
            await again.close()

    play(story())


def test_with_a_committer_nothing_is_written_before_it_is_on_the_disk() -> None:
    class Slow:
        def __init__(self) -> None:
            self.waiting: list[Callable[[Exception | None], None]] = []

        def submit(self, journal: Any, done: Callable[[Exception | None], None]) -> None:
            self.waiting.append(done)

    committer = Slow()

    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA", committer=committer)
            peer = await desk.peer("ALPHA")
            peer.say("A", b"98=0\x01108=30\x01")
            await until(lambda: committer.waiting)
            hearing = asyncio.create_task(peer.hear())
            link.send("D", ORDER % b"a")
            link.send("D", ORDER % b"b")
            await asyncio.wait([hearing], timeout=0.02)
            assert not hearing.done() and len(committer.waiting) == 1
            committer.waiting.pop()(None)
            assert (await hearing).msg_type == "A"
            await until(lambda: committer.waiting)
            hearing = asyncio.create_task(peer.hear())
            threading.Thread(target=committer.waiting.pop(), args=(None,)).start()
            assert (await hearing).text(11) == b"a" and (await peer.hear()).text(11) == b"b"
            peer.say("1", b"112=x\x01")
            await until(lambda: committer.waiting)
            committer.waiting.pop()(OSError("the disk is gone"))
            assert await peer.end() == b""
            assert "the disk is gone" in str(desk.lines.of("fix_dropped")[0]["reason"])
            await peer.close()

    play(story())


def test_with_a_journal_and_its_committer(tmp_path: Path) -> None:
    committer = Committer()

    async def story() -> None:
        async with street() as desk:
            journals = {
                name: Journal.open(tmp_path / f"{name}.fix", durability="fsync", now=desk.time.now())
                for name in ("ALPHA", "BETA")
            }
            for name, journal in journals.items():
                desk.add(name, store=journal, committer=committer)
            desk.application.answer = echo
            peers = [await desk.logged_on(name) for name in journals]
            for number in range(100):
                for peer in peers:
                    peer.order(str(number))
            for peer in peers:
                assert [(await peer.hear()).text(11) for _ in range(100)] == [b"%d" % n for n in range(100)]
                peer.say("5")
                assert (await peer.hear()).msg_type == "5"
                assert await peer.end() == b""
                await peer.close()
            for journal in journals.values():
                assert (journal.next_in, journal.next_out) == (103, 103)
                journal.close()

    play(story())
    committer.close()


def lost(desk: Street, peer: Peer) -> None:
    peer._writer.transport.abort()


def test_a_connection_that_is_cut_is_told_once_and_the_session_can_come_again() -> None:
    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA")
            for number in range(3):
                peer = await desk.peer("ALPHA")
                peer.seq = number + 1
                await peer.log_on()
                lost(desk, peer)
                await until(lambda: link.transport is None)
            told = desk.application.told
            assert len(told) == 6 and told[0] == "ALPHA up"
            assert all(one.startswith("ALPHA down: connection") for one in told[1::2])

    play(story())


def test_all_that_is_said_is_in_the_log_but_no_password(tmp_path: Path) -> None:
    thread = LogThread()
    log = WireLog(tmp_path / "alpha.log", "ALPHA", thread)

    async def story() -> None:
        async with street() as desk:
            decoder = LoggedDecoder(DECODER.decode, log, desk.time.now)
            desk.add("ALPHA", log=log, decoder=decoder, password="geheim")
            desk.application.answer = echo
            peer = await desk.peer("ALPHA")
            await peer.log_on(b"554=geheim\x01")
            peer.order("a")
            assert (await peer.hear()).text(11) == b"a"
            await until((tmp_path / "alpha.log").exists, "the log is written by itself")
            await peer.close()

    play(story())
    log.flush()
    thread.close()
    log.close()
    written = (tmp_path / "alpha.log").read_bytes()
    assert b"geheim" not in written
    found = [parse(line) for line in written.splitlines()]
    kinds = [(line.is_in, line.raw.split(b"\x0135=")[1][:1]) for line in found]
    assert kinds == [(True, b"A"), (False, b"A"), (True, b"D"), (False, b"D")]
