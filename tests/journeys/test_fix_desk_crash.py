"""The joint rule of the log and the journals: SIGKILL at each step between a message and its answer; the peer sends
again what was not accepted, and in the end nothing is lost and nothing was acted on twice."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from fix_caller import Client

from rfq.audit.log import AuditLog
from rfq.audit.replay import replay
from rfq.audit.verify import verify
from rfq.domain.effects import ConfirmFill
from rfq.domain.events import AcceptReceived, NotSent, RfqReceived
from rfq.domain.reasons import Code
from rfq.domain.record import Record, decode_record

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "crash_fix_desk.py"
D = Decimal
FAILPOINTS = (
    *("decided", "submitted", "before-commit", "after-commit", "after-done", "before-send", "after-send"),
    *("before-accepted", "after-accepted", "saved", "before-flush", "after-flush"),
)
DEALS = 12
HASTY_TURNS = 4


async def child(
    folder: Path, port: int, failpoint: str, count: int, *more: str
) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(CHILD), str(folder), str(port), failpoint, str(count), *more),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


async def crash(folder: Path, failpoint: str, counts: tuple[int, ...], *more: str) -> Client:
    """A desk that is killed at these passes of the failpoint, one life after the other, and then lives on."""
    port = free_port()
    client = Client(port)
    client.initiator.open()
    for count in counts:
        process = await child(folder, port, failpoint, count, *more)
        ended = asyncio.create_task(process.communicate())
        for _ in range(4_000):
            if ended.done():
                break
            client.ask()
            await asyncio.sleep(0.005)
        _, told = await ended
        assert process.returncode == -signal.SIGKILL, told.decode()[-2000:]
    process = await child(folder, port, "none", 0)
    begun = len(client.asked)
    for _ in range(3_000):
        if len(client.asked) < begun + DEALS:
            client.ask()
        elif set(client.asked) <= client.ended | still_out(client) and client.answered and client.link.is_up:
            break
        await asyncio.sleep(0.01)
    await client.initiator.close()
    process.terminate()
    _, told = await process.communicate()
    assert process.returncode == 0, told.decode()[-2000:]
    return client


def still_out(client: Client) -> set[str]:
    """Requests whose quote was withdrawn before it left, or gap-filled as stale: the answer is that there is none."""
    return set(client.asked[:-DEALS])


def records(folder: Path) -> list[Record]:
    with AuditLog.open(folder / "wire.db", writable=False) as log:
        assert verify(log, deep=True).ok
        assert replay(log, build="wire").ok
        return [decode_record(row.body) for row in log.records()]


def check(folder: Path, client: Client) -> None:
    found = records(folder)
    requests = Counter(one.event.reference for one in found if isinstance(one.event, RfqReceived))
    assert set(requests) == set(client.asked), (
        "a request that was sent is on the record, however the desk died"
    )
    accepts = {one.event.reference for one in found if isinstance(one.event, AcceptReceived)}
    assert accepts == set(client.accepted), "and so is every acceptance"
    assert client.answered, "each has its answer"
    filled = [
        effect.fill.reference
        for one in found
        for effect in one.effects
        if isinstance(effect, ConfirmFill) and not effect.again
    ]
    assert not [name for name, count in Counter(filled).items() if count > 1], "nothing is filled twice"
    assert set(filled) == set(client.fills), "every fill was told"
    assert all(len(ids) == 1 for ids in client.fills.values()), "under one id"
    assert not client.lines.of("fix_rejected")
    faults = [one.event for one in found if isinstance(one.event, NotSent)]
    assert {one.reason.code for one in faults} <= {Code.SESSION_DOWN, Code.TOO_LATE}, faults
    assert not [one for one in client.rejects if "duplicate" in one.text], "what came again did no harm"


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_each_step_loses_nothing_and_repeats_nothing(failpoint: str, tmp_path: Path) -> None:
    client = asyncio.run(crash(tmp_path, failpoint, (5, 17)))
    assert client.fills
    check(tmp_path, client)


@pytest.mark.slow
def test_a_desk_that_accepts_before_its_record_is_durable_is_caught(tmp_path: Path) -> None:
    for turn in range(HASTY_TURNS):  # a kill may fall where nothing was on its way
        folder = tmp_path / str(turn)
        folder.mkdir()
        client = asyncio.run(crash(folder, "before-commit", (9, 13, 21), "hasty"))
        try:
            check(folder, client)
        except AssertionError as error:
            assert re.search(r"is on the record|so is every acceptance", str(error))
            return
    raise AssertionError(f"never caught in {HASTY_TURNS} turns")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_many_kills(failpoint: str, tmp_path: Path) -> None:
    client = asyncio.run(crash(tmp_path, failpoint, tuple(2 + turn * 7 % 40 for turn in range(12))))
    check(tmp_path, client)
