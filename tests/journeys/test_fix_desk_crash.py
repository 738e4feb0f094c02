"""The joint rule of the log and the journals: SIGKILL at each step between a message and its answer; the peer sends
again what was not accepted, and in the end nothing is lost and nothing was acted on twice."""

import asyncio
import os
import signal
import socket
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fix_links import Lines
from wire_desk import PERPETUAL

from fix_gateway.connection import Link
from fix_gateway.decode import Decoder
from fix_gateway.decoded import Decoded
from fix_gateway.dialect import FIX50SP2
from fix_gateway.initiator import Backoff, Initiator, Place
from fix_gateway.messages.quoting import (
    Quote,
    QuoteCancel,
    QuoteRequest,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
)
from fix_gateway.messages.trading import ExecutionReport
from fix_gateway.messages.words import Answer, OrderStatus, Side
from fix_gateway.session import Session
from fix_gateway.session_settings import SessionSettings
from fix_gateway.store import MemoryStore
from rfq.audit.log import AuditLog
from rfq.audit.replay import replay
from rfq.audit.verify import verify
from rfq.domain.effects import ConfirmFill
from rfq.domain.events import AcceptReceived, RfqReceived
from rfq.domain.record import Record, decode_record
from rfq.ops.clock import SystemClock

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "crash_fix_desk.py"
D = Decimal
FAILPOINTS = (
    *("decided", "submitted", "before-commit", "after-commit", "after-done", "before-send", "after-send"),
    *("before-accepted", "after-accepted", "saved", "before-flush", "after-flush"),
)
DEALS = 12


class Client:
    """Asks, takes every quote, and keeps what it is told. Its engine outlives the desk."""

    def __init__(self, port: int) -> None:
        settings = SessionSettings(
            name="alpha",
            begin="FIXT.1.1",
            appl="9",
            sender="ALPHA",
            target="DESK",
            initiator=True,
            replay=None,
            tolerance_ms=600_000,
        )
        clock = SystemClock()
        self.lines = Lines()
        self.link = Link(
            Session(settings, MemoryStore(), Decoder(FIX50SP2.dictionary)), self, clock.now, self.lines
        )
        place = Place(addresses=(("127.0.0.1", port),), backoff=Backoff(first_s=0.05, most_s=0.2))
        self.initiator = Initiator(self.link, place, clock.now, Lines())
        self.asked: list[str] = []
        self.open: dict[str, Quote] = {}
        self.accepted: list[str] = []
        self.ended: set[str] = set()
        self.fills: dict[str, set[str]] = {}
        self.refused: set[str] = set()
        self.rejects: list[QuoteRequestReject] = []

    def on_up(self, link: Link) -> None:
        """Nothing to do."""

    def on_down(self, link: Link, reason: str) -> None:
        """Nothing to do."""

    def on_message(self, link: Link, message: Decoded) -> bool:
        found: Any = FIX50SP2.speech.read(message)
        match found:
            case Quote():
                self.ended.add(found.rfq_id)
                self.open[found.quote_id] = found
                self.take(found)
            case QuoteRequestReject():
                self.ended.add(found.rfq_id)
                self.rejects.append(found)
            case QuoteCancel():
                self.open.pop(found.quote_id, None)
            case ExecutionReport() if found.status is OrderStatus.FILLED:
                self.fills.setdefault(found.answer_id, set()).add(found.exec_id)
            case ExecutionReport():
                self.refused.add(found.answer_id)
            case QuoteStatusReport():
                self.refused.add(found.answer_id)
        return True

    def say(self, message: Any) -> bool:
        if not self.link.is_up:
            return False
        self.link.send(*FIX50SP2.speech.write(message))
        return True

    def ask(self) -> None:
        rfq_id = f"r{len(self.asked)}"
        request = QuoteRequest(rfq_id=rfq_id, symbol=PERPETUAL.name, qty=D(1_000), side=Side.BUY)
        if self.say(request):
            self.asked.append(rfq_id)

    def take(self, quote: Quote) -> None:
        answer_id = f"a-{quote.quote_id}"
        answer = QuoteResponse(
            answer_id=answer_id,
            answer=Answer.HIT,
            symbol=PERPETUAL.name,
            quote_id=quote.quote_id,
            side=Side.BUY,
            qty=D(1_000),
            price=quote.offer,
        )
        if self.say(answer):
            self.accepted.append(answer_id)

    @property
    def answered(self) -> bool:
        """Each acceptance has its answer."""
        return all(one in self.fills or one in self.refused for one in self.accepted)


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
    assert not [one for one in client.rejects if "duplicate" in one.text], "what came again did no harm"


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_each_step_loses_nothing_and_repeats_nothing(failpoint: str, tmp_path: Path) -> None:
    client = asyncio.run(crash(tmp_path, failpoint, (5, 17)))
    assert client.fills
    check(tmp_path, client)


@pytest.mark.slow
def test_a_desk_that_accepts_before_its_record_is_durable_is_caught(tmp_path: Path) -> None:
    client = asyncio.run(crash(tmp_path, "before-commit", (9, 13, 21), "hasty"))
    with pytest.raises(AssertionError, match=r"is on the record|so is every acceptance"):
        check(tmp_path, client)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_many_kills(failpoint: str, tmp_path: Path) -> None:
    client = asyncio.run(crash(tmp_path, failpoint, tuple(2 + turn * 7 % 40 for turn in range(12))))
    check(tmp_path, client)
