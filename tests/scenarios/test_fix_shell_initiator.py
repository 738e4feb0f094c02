"""We connect: again after each loss, in turn to each address, and only in the session's hours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fix_links import DECODER, ORDER, Hearer, Street, echo, play, street, until

from fix_gateway.journal.journal import Journal
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore, Store
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Backoff, Initiator, Place, addresses
from fix_gateway.shell.ports import LinkSettings
from fix_gateway.shell.schedule import timetable

SOON = Backoff(first_s=0.01, most_s=0.02)
SATURDAY_NOON = 1_768_046_400_000_000_000
"""2026-01-10 12:00 UTC."""
DAY = 86_400_000_000_000


@asynccontextmanager
async def connecting(
    desk: Street,
    *ports: int,
    settings: LinkSettings | None = None,
    store: Store | None = None,
    **changes: Any,
) -> AsyncIterator[tuple[Initiator, Hearer]]:
    """Our side as ALPHA, connecting to these ports of this machine."""
    client = Hearer()
    given = {"name": "us", "begin": "FIX.4.4", "sender": "ALPHA", "target": "DESK", "initiator": True}
    session = Session(SessionSettings(**{**given, **changes}), store or MemoryStore(), DECODER)
    link = Link(session, client, desk.time.now, desk.lines, settings=settings)
    place = Place(addresses=tuple(("127.0.0.1", port) for port in ports), backoff=SOON)
    initiator = Initiator(link, place, desk.time.now, desk.lines, nap_s=0.01)
    initiator.open()
    try:
        yield initiator, client
    finally:
        await initiator.close(drain_s=0.5)


def test_it_logs_on_talks_and_says_goodbye() -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA")
            desk.application.answer = echo
            async with connecting(desk, desk.port) as (initiator, client):
                await until(lambda: initiator.link.is_up)
                initiator.link.send("D", ORDER % b"a")
                await until(lambda: client.ids() == [b"a"])
            assert initiator.link.transport is None and not initiator.link.is_up
            assert desk.application.told[1] == "ALPHA down: logged out by the peer"

    play(story())


def test_it_comes_again_after_each_loss_with_nothing_lost_or_doubled() -> None:
    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA")
            async with connecting(desk, desk.port, replay=None) as (initiator, _client):
                for number in range(5):
                    await until(lambda: initiator.link.is_up and link.is_up)
                    initiator.link.send("D", ORDER % b"%d" % number)
                    if number % 2:
                        link.drop("the wire is cut")
                    else:
                        initiator.link.drop("the wire is cut")
                    await until(lambda: not (initiator.link.is_up or link.is_up))
                await until(lambda: len(desk.application.heard) == 5)
                assert desk.application.ids() == [b"%d" % number for number in range(5)]
                assert initiator.attempts >= 6

    play(story())


def test_another_address_is_tried_when_one_does_not_answer() -> None:
    async def story() -> None:
        async with street() as desk, street() as closed:
            await closed.acceptor.close()
            desk.add("ALPHA")
            async with connecting(desk, closed.port, desk.port) as (initiator, _client):
                await until(lambda: initiator.link.is_up)
            assert [line["port"] for line in desk.lines.of("fix_not_connected")] == [closed.port]

    play(story())


def test_a_password_that_is_refused_is_tried_again_later() -> None:
    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA", password="right")
            async with connecting(desk, desk.port, password="wrong") as (initiator, client):
                await until(lambda: initiator.attempts > 3)
                assert client.told == [] and not link.is_up
            assert "right" not in str(desk.lines.told).replace("wrong", "")

    play(story())


def test_outside_the_hours_it_does_not_connect() -> None:
    hours = LinkSettings(timetable=timetable(["sun 22:00 - fri 22:00"]))

    async def story() -> None:
        async with street() as desk:
            desk.time.at(SATURDAY_NOON)
            desk.add("ALPHA")
            async with connecting(desk, desk.port, settings=hours) as (initiator, _client):
                await asyncio.sleep(0.05)
                assert initiator.attempts == 0
                desk.time.at(SATURDAY_NOON + 2 * DAY)
                await until(lambda: initiator.link.is_up)

    play(story())


def test_at_the_end_of_the_hours_it_logs_out() -> None:
    hours = LinkSettings(timetable=timetable(["sun 22:00 - fri 22:00"]))

    async def story() -> None:
        async with street() as desk:
            desk.time.at(SATURDAY_NOON - 14 * DAY // 24 - 300_000_000)
            desk.add("ALPHA")
            async with connecting(desk, desk.port, settings=hours) as (initiator, client):
                await until(lambda: client.told == ["us up", "us down: End of the session's hours"])
                await until(lambda: initiator.link.transport is None)
                assert desk.application.told[1].startswith("ALPHA down: logged out by the peer: End")
                assert initiator.attempts == 1

    play(story())


def test_waits_grow_up_to_a_bound_and_differ_from_session_to_session() -> None:
    backoff = Backoff(first_s=1.0, most_s=60.0)
    waits = [backoff.delay_s("alpha", failures) for failures in range(40)]
    assert all(
        0.5 * whole < wait <= whole
        for wait, whole in zip(waits, [1, 2, 4, 8, 16, 32, *[60] * 34], strict=True)
    )
    assert waits == [backoff.delay_s("alpha", failures) for failures in range(40)]
    assert len({backoff.delay_s(f"session {number}", 3) for number in range(50)}) == 50


def test_addresses_as_they_are_written() -> None:
    assert addresses(["fix.example:9881", "[::1]:9"]) == (("fix.example", 9881), ("::1", 9))
    for wrong in ("fix.example", "fix.example:", "fix.example:0", "fix.example:70000", ":x"):
        with pytest.raises(ValueError, match="is not host:port"):
            addresses([wrong])


@pytest.mark.slow
def test_many_messages_each_way_with_journals_and_cut_wires(tmp_path: Path) -> None:
    """Every 37 messages the wire is cut, in turn by either side; both send as fast as they can."""
    total = 1_000

    async def story() -> None:
        async with street() as desk:
            journals = [
                Journal.open(tmp_path / f"{name}.fix", durability="os", now=desk.time.now())
                for name in ("desk", "client")
            ]
            ours = desk.add("ALPHA", store=journals[0], replay=None)
            async with connecting(desk, desk.port, store=journals[1], replay=None) as (initiator, client):
                theirs = initiator.link
                sent = {ours: 0, theirs: 0}
                while min(sent.values()) < total:
                    await until(lambda: theirs.is_up and ours.is_up)
                    for link in (ours, theirs):
                        for _ in range(37):
                            if sent[link] < total and link.is_up:
                                link.send("D", ORDER % b"%d" % sent[link])
                                sent[link] += 1
                    await asyncio.sleep(0.001 * (initiator.attempts % 3))
                    (ours if initiator.attempts % 2 else theirs).drop("the wire is cut")
                wanted = [b"%d" % number for number in range(total)]
                await until(lambda: len(client.heard) >= total and len(desk.application.heard) >= total)
                assert client.ids() == wanted and desk.application.ids() == wanted
                assert initiator.attempts > 10
            for journal in journals:
                journal.close()

    play(story())
