"""The shell when what must be remembered cannot be kept: a store that fails, a committer that is gone."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fix_links import ORDER, is_well, play, street, until

from fix_gateway.errors import LocalProtocolError
from fix_gateway.journal.commit import Committer
from fix_gateway.journal.journal import Journal, JournalError
from fix_gateway.session.store import MemoryStore

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
