"""Our sessions against QuickFIX's, over a wire that loses messages and is cut: nothing is lost, nothing comes twice.

QuickFIX validates all that we say by the standard's own dictionaries, and refuses nothing. A short run each time, ten
thousand messages each way in the night; both roles, FIX 4.4 and FIX 5.0 SP2; every QuickFIX that can be had.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fix_desks import Desk, expected
from fix_scissors import Scissors
from quickfix_control import WHY_NOT, QuickFix, dictionaries, interpreters

pytestmark = pytest.mark.skipif(not interpreters(), reason=WHY_NOT)

VERSIONS = ("FIX.4.4", "FIXT.1.1")
ROLES = ("initiator", "acceptor")


@pytest.fixture(params=interpreters() or [""], ids=lambda path: f"engine-{path.rpartition('/')[2]}")
def python(request: pytest.FixtureRequest) -> str:
    """An interpreter with a QuickFIX."""
    return str(request.param)


async def converse(
    shared: Path, folder: Path, python: str, begin: str, role: str, each: int, seconds: float
) -> tuple[Desk, dict[str, Any], Scissors]:
    """`each` messages each way, three cuts with everything in flight lost, and two messages lost each way besides.
    `role` is QuickFIX's."""
    desk = Desk(folder / "ours", begin, initiator=role == "acceptor")
    known = dictionaries(shared, begin, folder)
    target = 0
    cuts = (each // 2, each, each * 3 // 2)
    async with Scissors(lambda: target, cuts, blind=each // 20, lose=(each // 10, each // 10 + 1)) as wire:
        if role == "initiator":
            target, port = await desk.listen(), wire.port
        else:
            target = port = wire.spare_port()
            desk.call(wire.port)
        asked = {"role": role, "begin": begin, "port": port, "sender": "QF", "target": "US"}
        async with QuickFix(python, **asked, folder=str(folder / "theirs"), dictionaries=known) as peer:
            await desk.up()
            await peer.until("logon")  # what it is told to send earlier, it keeps until asked
            peer.send("D", 1, each // 2, pause_ms=1)
            peer.send("R", 1, each - each // 2, pause_ms=1)
            await desk.send("D", 1, each // 2)
            await desk.send("R", 1, each - each // 2)
            await desk.has(each, seconds)
            report = await peer.taken(each, seconds)
            await desk.leave()
    return desk, report, wire


def judge(desk: Desk, report: dict[str, Any], wire: Scissors, each: int) -> None:
    """Every message once, and none refused by either side."""
    whole = expected({"D": each // 2, "R": each - each // 2})
    assert sorted(desk.taken) == whole, "from QuickFIX to us"
    assert sorted(report["ids"]) == whole, "from us to QuickFIX"
    assert not report["refusals"] and not desk.refusals and not report["events"]
    assert wire.cuts == 3 and wire.lost >= 2
    assert report["logons"] == desk.link.counts.logons == 4
    assert desk.journal.next_in > each and desk.journal.next_out > each


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("begin", VERSIONS)
def test_nothing_is_lost_and_nothing_doubled(
    shared: Path, tmp_path: Path, python: str, begin: str, role: str
) -> None:
    judge(*asyncio.run(converse(shared, tmp_path, python, begin, role, 300, 15)), 300)


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("begin", VERSIONS)
def test_ten_thousand_each_way(shared: Path, tmp_path: Path, python: str, begin: str, role: str) -> None:
    judge(*asyncio.run(converse(shared, tmp_path, python, begin, role, 10_000, 300)), 10_000)
