"""What is set is used; and a log that ends in the future is gone on with, in its own time."""

import ast
import asyncio
import json
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from rfq import app
from rfq.audit.log import AuditLog
from rfq.audit.verify import verify
from rfq.domain.effects import SendQuote
from rfq.domain.record import decode_record
from rfq.live.loop import Live
from rfq.ops.fix_sections import FixSession
from rfq.ops.settings import Settings
from rfq.sim.population import DEMO_RATES
from rfq.sim.run import advance, finish
from rfq.sim.world import build_world

ROOT = Path(__file__).resolve().parents[2]
HOUR_NS = 3_600_000_000_000


def settings(folder: Path, **serve: Any) -> Settings:
    return Settings.model_validate(
        {
            "chain": {"id": "sim7"},
            "audit": {"path": folder / "desk.db", "durable": False, "head_age_ms_max": 80},
            "world": {"ask_every_s": 0.05, "need_every_s": 0.1},
            "logs": {"path": folder / "lines"},
            "serve": {"shutdown_s": 1, **serve},
        }
    )


def serve(chosen: Settings, enough: int) -> app.Demo:
    """Serve until so many quotes left."""
    found: list[app.Demo] = []

    async def run() -> None:
        stop, quotes = asyncio.Event(), 0

        def look(_: Any, effects: tuple[Any, ...]) -> None:
            nonlocal quotes
            quotes += sum(type(one) is SendQuote for one in effects)
            if quotes >= enough:
                stop.set()

        def ready(demo: app.Demo) -> None:
            found.append(demo)
            demo.live.observe(look)
            if not enough:
                stop.set()

        asyncio.get_running_loop().call_later(60, stop.set)
        await app.serve(chosen, stop, ready)

    asyncio.run(run())
    return found[0]


def test_a_log_that_ends_in_the_future_is_gone_on_with(tmp_path: Path) -> None:
    with AuditLog.open(tmp_path / "desk.db", writable=True, fsync=False) as log:
        ahead = time.time_ns() + HOUR_NS
        world = build_world(7, log=log, rates=DEMO_RATES, start_at=ahead)
        advance(world, 20)
        finish(world, 20)
        before = log.head().number
    serve(settings(tmp_path), 5)
    with AuditLog.open(tmp_path / "desk.db", writable=False) as log:
        assert verify(log, deep=True).ok
        records = [decode_record(body) for _, body in log.bodies(before)]
    quotes = [one for record in records[1:] for one in record.effects if type(one) is SendQuote]
    assert len(quotes) >= 5, "the world goes on quoting"
    ats = [record.at for record in records]
    assert ats == sorted(ats) and ats[0] < ats[1] < ats[-1], "and time goes on"
    assert all(abs(record.at - record.received_at) < HOUR_NS // 2 for record in records[1:])
    assert all(record.offset_ns < -HOUR_NS // 2 for record in records[1:]), "and says how far it is away"
    lines = [json.loads(line) for line in (tmp_path / "lines").read_text().splitlines()]
    (said,) = [line for line in lines if line["event"] == "clock_behind"]
    assert said["level"] == "warning" and said["behind_s"] > 3_000


def test_what_is_set_reaches_the_loop_and_the_log(tmp_path: Path) -> None:
    demo = serve(settings(tmp_path, inbox_events_max=70, inbox_reserved_events=30), 0)
    assert type(demo.live) is Live
    inbox = demo.live._inbox
    assert (inbox._total_max, inbox._new_max) == (70, 0), "and the door is closed"
    assert demo.log.head_file is not None and demo.log.head_file.every_ns == 40_000_000
    assert "clock_behind" not in (tmp_path / "lines").read_text()


def test_every_setting_is_read_somewhere() -> None:
    read = set()
    known = [
        *(ROOT / "rfq" / "cli").glob("*.py"),
        ROOT / "rfq" / "app.py",
        ROOT / "rfq" / "ops" / "sections.py",
        ROOT / "rfq" / "ops" / "fix_sections.py",
        ROOT / "rfq" / "ops" / "kernels.py",
        ROOT / "rfq" / "sim" / "realtime.py",
        ROOT / "rfq" / "wire" / "gateway.py",
    ]
    for path in known:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                read.add((node.value.attr.removeprefix("_"), node.attr))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                read.add((node.value.id, node.attr))
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "self"
            ):
                read.add(("serve", node.attr))  # what a section works out of its own keys
    for name in ("opening", "plan"):  # they are given their own section
        for node in ast.walk(ast.parse((ROOT / "rfq" / "feeds" / "scene" / f"{name}.py").read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("settings", "self._settings"):
                read.add(("feeds", node.attr))
    sections = [name for name in Settings.model_fields if name != "desk"]
    unread = []
    for section in sections:
        kind = Settings.model_fields[section].annotation
        assert isinstance(kind, type) and issubclass(kind, BaseModel)
        unread += [f"{section}.{key}" for key in kind.model_fields if (section, key) not in read]
    indirectly = {"changes", "hours", "reset", "password_env", "password_file"}
    for key in FixSession.model_fields:
        if not {("one", key), ("session", key)} & read and key not in indirectly:
            unread.append(f"fix.sessions.{key}")
    assert not unread


def test_every_number_of_the_policy_is_read_by_the_desk() -> None:
    read = set()
    for room in ("rfq/desk", "rfq/domain", "pricing", "rfq/live", "rfq/sim"):
        for path in (ROOT / room).rglob("*.py"):
            read |= {
                node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)
            }
    desk = Settings.model_fields["desk"].annotation
    assert isinstance(desk, type) and issubclass(desk, BaseModel)
    assert not sorted(set(desk.model_fields) - read)
