"""The lives of a session of ours, seen by QuickFIX: killed and started again; and what it will not say twice."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fix_desks import Desk, expected
from fix_scissors import Scissors
from quickfix_control import WHY_NOT, QuickFix, dictionaries, interpreters

pytestmark = [pytest.mark.skipif(not interpreters(), reason=WHY_NOT), pytest.mark.slow]

VERSIONS = ("FIX.4.4", "FIXT.1.1")
EACH, NEVER = 60, 1_000_000


@pytest.fixture(params=interpreters() or [""], ids=lambda path: f"engine-{path.rpartition('/')[2]}")
def python(request: pytest.FixtureRequest) -> str:
    """An interpreter with a QuickFIX."""
    return str(request.param)


async def two_lives(shared: Path, folder: Path, python: str, begin: str) -> tuple[Desk, dict[str, Any], int]:
    """Killed while what it said is on its way and will never arrive; the next life goes on where the journal ends."""
    desk = Desk(folder / "ours", begin, initiator=False)
    port = await desk.listen()
    async with Scissors(lambda: port, (NEVER,), blind=NEVER - EACH) as wire:
        asked = {"role": "initiator", "begin": begin, "port": wire.port, "sender": "QF", "target": "US"}
        known = dictionaries(shared, begin, folder)
        async with QuickFix(python, **asked, folder=str(folder / "theirs"), dictionaries=known) as peer:
            await desk.up()
            await peer.until("logon")  # what it is told to send earlier, it keeps until asked
            peer.send("D", 1, EACH // 2)
            await desk.has(EACH // 2)
            await desk.send("D", 1, EACH - 1)  # the last of these vanish; the wire still holds
            await asyncio.sleep(0.2)
            assert (await peer.report())["taken"] < EACH - 1
            await desk.die()
            wire.cut()
            desk.live()
            last, port = desk.journal.next_out, await desk.listen()
            peer.send("D", EACH // 2 + 1, EACH // 2)
            await desk.send("D", EACH, EACH + 1)
            await desk.has(EACH)
            report = await peer.taken(2 * EACH)
            await desk.leave()
    return desk, report, last


@pytest.mark.parametrize("begin", VERSIONS)
def test_a_killed_session_goes_on_above_every_number_that_it_may_have_used(
    shared: Path, tmp_path: Path, python: str, begin: str
) -> None:
    desk, report, first = asyncio.run(two_lives(shared, tmp_path, python, begin))

    assert first > 1_000, "the numbers go on at the mark"
    assert sorted(desk.taken) == expected({"D": EACH})
    assert sorted(report["ids"]) == expected({"D": 2 * EACH})
    assert not report["refusals"] and not desk.refusals and not report["events"]


async def stale(shared: Path, folder: Path, python: str, begin: str) -> tuple[Desk, dict[str, Any], Scissors]:
    """Requests and orders, some of both lost on the way; only orders are worth saying again."""
    desk = Desk(folder / "ours", begin, initiator=True, replay=frozenset({"D"}))
    port = Scissors.spare_port()
    async with Scissors(lambda: port, (EACH * 3 // 2,), blind=20, lose=(10, 11)) as wire:
        asked = {"role": "acceptor", "begin": begin, "port": port, "sender": "QF", "target": "US"}
        known = dictionaries(shared, begin, folder)
        async with QuickFix(python, **asked, folder=str(folder / "theirs"), dictionaries=known) as peer:
            desk.call(wire.port)
            await desk.up()
            await peer.until("logon")  # what it is told to send earlier, it keeps until asked
            for number in range(1, EACH + 1):
                await desk.send("R", number, 1)
                await desk.send("D", number, 1)
            report = await peer.taken(2 * EACH, seconds=3)
            await desk.leave()
    return desk, report, wire


@pytest.mark.parametrize("begin", VERSIONS)
def test_what_is_stale_is_gap_filled_and_the_rest_said_again(
    shared: Path, tmp_path: Path, python: str, begin: str
) -> None:
    _, report, wire = asyncio.run(stale(shared, tmp_path, python, begin))

    requests = [name for name in report["ids"] if name.startswith("R:")]
    assert sorted(set(report["ids"]) - set(requests)) == expected({"D": EACH})
    assert len(report["ids"]) == len(set(report["ids"])), "nothing twice"
    assert 0 < len(requests) < EACH - 5, "what vanished on the wire is not said again"
    assert wire.cuts == 1 and not report["refusals"] and not report["events"]


async def farewell(shared: Path, folder: Path, python: str, begin: str) -> tuple[Desk, dict[str, Any]]:
    """QuickFIX logs out and comes back; the numbers go on. It may waste one on a Logon that it cannot send yet."""
    desk = Desk(folder / "ours", begin, initiator=False)
    port = await desk.listen()
    asked = {"role": "initiator", "begin": begin, "port": port, "sender": "QF", "target": "US"}
    known = dictionaries(shared, begin, folder)
    async with QuickFix(python, **asked, folder=str(folder / "theirs"), dictionaries=known) as peer:
        await peer.until("logon")
        await desk.send("D", 1, EACH)
        await peer.taken(EACH)
        peer.logout()
        await peer.until("logout")
        peer.logon()
        await peer.until("logon", 2)
        await desk.send("D", EACH + 1, EACH)
        report = await peer.taken(2 * EACH)
        await desk.leave()
    return desk, report


@pytest.mark.parametrize("begin", VERSIONS)
def test_a_peer_that_logs_out_and_comes_back_misses_nothing(
    shared: Path, tmp_path: Path, python: str, begin: str
) -> None:
    desk, report = asyncio.run(farewell(shared, tmp_path, python, begin))

    assert report["ids"] == expected({"D": 2 * EACH})
    assert desk.link.counts.logons == 2 and desk.link.counts.resent == 0, "nothing had to be said again"
    assert not report["refusals"] and not report["events"]
