"""SIGKILL at each step of the quote path, then open again: nothing acknowledged is lost, nothing left without a
record, no quote of unknown fate is left live, and what was agreed is said again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pricing.market import MarketSnapshot
from rfq.audit.log import AuditLog
from rfq.audit.replay import rebuild, replay
from rfq.audit.verify import verify
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain.effects import (
    AcceptQuote,
    AskDealer,
    ConfirmFill,
    Outward,
    SendQuote,
    WithdrawQuote,
    WithdrawRfq,
    outward_of,
)
from rfq.domain.events import NotSent, SegmentOpened, Sent, Stamped, Started
from rfq.domain.lifecycle import QuoteState
from rfq.domain.record import Record, decode_record
from rfq.domain.request import Role

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "crash_desk.py"
FAILPOINTS = (
    "decided",
    "submitted",
    "before-commit",
    "after-commit",
    "after-done",
    "before-head",
    "after-head",
    "before-send",
    "after-send",
)
RARE = {"before-head": 2, "after-head": 2}


def child(folder: Path, failpoint: str, count: int, *more: str) -> int:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    command = [sys.executable, str(CHILD), str(folder / "desk.db"), str(folder), failpoint, str(count), *more]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def records(log: AuditLog) -> list[Record]:
    return [decode_record(row.body) for row in log.records()]


def sent_raws(folder: Path) -> list[str]:
    """Hashes of everything that left; the last line may be torn by the kill."""
    lines = (folder / "wire").read_text().split("\n")[:-1] if (folder / "wire").exists() else []
    return [json.loads(line)["raw"] for line in lines]


def effects_of(found: list[Record]) -> dict[str, Outward]:
    return {
        canon.digest(canon.encode(effect)): effect for one in found for _, effect in outward_of(one.effects)
    }


def check_nothing_lost(folder: Path, log: AuditLog) -> list[Record]:
    """What was acknowledged is there, and what left has its record."""
    report = verify(log, deep=True)
    assert report.ok, report
    found = records(log)
    told = folder / "durable"
    acknowledged = [int(line) for line in told.read_text().split("\n")[:-1]] if told.exists() else []
    assert not acknowledged or found[-1].number >= max(acknowledged)
    recorded = effects_of(found)
    raws = sent_raws(folder)
    assert all(raw in recorded for raw in raws), "something left without a record"
    return found


def unknown_fates(found: list[Record]) -> dict[tuple[int, int], Outward]:
    """Outward effects without Sent or NotSent, from the records alone."""
    waiting: dict[tuple[int, int], Outward] = {}
    for one in found:
        match one.event:
            case Sent():
                for mark in one.event.marks:
                    waiting.pop((mark.number, mark.index))
            case NotSent():
                waiting.pop((one.event.number, one.event.index))
            case Started():
                waiting.clear()
        waiting.update({(one.number, index): effect for index, effect in outward_of(one.effects)})
    return waiting


def check_restart(before: list[Record], after: list[Record]) -> None:
    """The answer to Started: prices withdrawn, facts said again, nobody's quote left live."""
    started = after[len(before)]
    assert isinstance(started.event, Started)
    unknown = unknown_fates(before)
    looks_clean = isinstance(before[-1].event, SegmentOpened) and not unknown
    assert started.event.unclean is not looks_clean, (
        "a log that ends with a segment's opening tells of no kill"
    )
    listed = [(one.number, one.index) for one in started.event.unsent]
    assert listed == list(unknown)
    answers = [effect for _, effect in outward_of(started.effects)]
    for effect in unknown.values():
        match effect:
            case SendQuote():
                assert any(isinstance(a, WithdrawQuote) and a.quote == effect.quote.id for a in answers)
            case AskDealer():
                assert any(
                    isinstance(a, WithdrawRfq) and (a.to, a.rfq) == (effect.to, effect.rfq) for a in answers
                )
            case AcceptQuote():
                assert any(
                    isinstance(a, AcceptQuote) and a.accept == effect.accept and a.again for a in answers
                )
            case ConfirmFill():
                assert any(isinstance(a, ConfirmFill) and a.fill == effect.fill and a.again for a in answers)
    assert not any(isinstance(answer, SendQuote) for answer in answers), "a price was sent again"


def check_no_live_quotes(desk: Desk) -> None:
    """Right after a restart no quote of ours stands: everybody was disconnected."""
    for card in desk.state.cards.values():
        if card.rfq.role is Role.MAKER:
            assert not any(one.state in (QuoteState.PENDING, QuoteState.ACTIVE) for one in card.quotes)


def crash_and_come_back(folder: Path, failpoint: str, count: int) -> None:
    assert child(folder, failpoint, count) == -signal.SIGKILL, (
        f"{failpoint} was passed fewer than {count} times"
    )
    with AuditLog.open(folder / "desk.db", writable=False) as log:
        before = check_nothing_lost(folder, log)
        desk, _ = rebuild(log, "crash")
        if before:
            assert list(desk.state.pending) == list(unknown_fates(before))
    assert child(folder, "none", 60) == 0
    with AuditLog.open(folder / "desk.db", writable=False) as log:
        after = check_nothing_lost(folder, log)
        assert [one.number for one in after] == list(range(1, len(after) + 1))
        report = replay(log, build="crash")
        assert report.ok, report
        if before:
            check_restart(before, after)
            check_no_live_quotes(desk_after(log, after[: len(before) + 1]))


def desk_after(log: AuditLog, found: list[Record]) -> Desk:
    """The desk as it was after these records."""
    desk = Desk("crash")
    for one in found:
        raw = log.snapshot(one.market) if one.market else None
        stamped = Stamped(
            number=one.number,
            at=one.at,
            received_at=one.received_at,
            event=one.event,
            market=None if raw is None else canon.decode(raw, MarketSnapshot),
            market_hash=one.market,
        )
        desk.handle(stamped)
    return desk


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_each_step_loses_nothing(failpoint: str, tmp_path: Path) -> None:
    for turn, count in enumerate((1, 7, 83) if failpoint not in RARE else (1, 2)):
        folder = tmp_path / str(turn)
        folder.mkdir()
        crash_and_come_back(folder, failpoint, count)


@pytest.mark.slow
def test_many_kills_on_one_log(tmp_path: Path) -> None:
    for turn, failpoint in enumerate(("after-commit", "before-send", "after-send", "submitted")):
        assert child(tmp_path, failpoint, 20 + 7 * turn) == -signal.SIGKILL
    with AuditLog.open(tmp_path / "desk.db", writable=False) as log:
        found = check_nothing_lost(tmp_path, log)
        assert sum(isinstance(one.event, Started) for one in found) == 3
        assert replay(log, build="crash").ok


def test_a_desk_that_acknowledges_before_it_commits_is_caught(tmp_path: Path) -> None:
    assert child(tmp_path, "before-commit", 12, "hasty") == -signal.SIGKILL
    with AuditLog.open(tmp_path / "desk.db", writable=False) as log, pytest.raises(AssertionError):
        check_nothing_lost(tmp_path, log)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_a_thousand_kills(tmp_path: Path) -> None:
    for turn in range(1_000):
        failpoint = FAILPOINTS[turn % len(FAILPOINTS)]
        count = 1 + turn % 2 if failpoint in RARE else 1 + turn * 37 % 150
        folder = tmp_path / str(turn)
        folder.mkdir()
        crash_and_come_back(folder, failpoint, count)
