"""`rfq serve` with counterparties over FIX, and `rfq demo --fix`, as an operator meets them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fix_caller import Client

from rfq.audit.log import AuditLog
from rfq.audit.verify import verify

RFQ = [sys.executable, "-m", "rfq"]
ENV = {name: value for name, value in os.environ.items() if not name.startswith("RFQ_")}
CONFIG = """
[chain]
id = "journey"
[audit]
path = "desk.db"
[serve]
shutdown_s = 2
[fix]
enabled = true
port = 0
journal_folder = "journals"
log_folder = "messages"
[[fix.sessions]]
name = "alpha"
peer_comp_id = "ALPHA"
party = "alpha"
username = "alpha"
password_env = "ALPHA_PASSWORD"
tolerance_ms = 600000
"""
PASSWORD = "correct horse"


@pytest.mark.slow
def test_a_demo_whose_people_call_over_fix(tmp_path: Path) -> None:
    command = [*RFQ, "demo", "--fix", "--seconds", "15", "--headless", "--json", "--log", "demo.db"]
    done = subprocess.run(
        command, cwd=tmp_path, text=True, capture_output=True, timeout=100, check=False, env=ENV
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["violations"] == [] and found["audit_ok"] is True and found["replay_ok"] is True
    assert found["fills_maker"] >= 3 and found["fills_taker"] >= 3
    assert found["quotes_sent"] > 5 and found["quotes_received"] > 20
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ""] == [], "its journals are thrown away"


def stands(folder: Path) -> dict[str, object]:
    """What `rfq fix sessions` says of the session."""
    asked = subprocess.run(
        [*RFQ, "fix", "sessions", "--config", "rfq.toml", "--json"],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
        env={**ENV, "ALPHA_PASSWORD": PASSWORD},
    )
    assert asked.returncode == 0, asked.stderr
    (found,) = json.loads(asked.stdout)["sessions"]
    assert isinstance(found, dict)
    return found


async def serve(folder: Path, deals: int) -> Client:
    """Serve, until a client has done so many deals; then stop it."""
    process = await asyncio.create_subprocess_exec(
        *(*RFQ, "serve", "--config", "rfq.toml", "--json"),
        cwd=folder,
        env={**ENV, "ALPHA_PASSWORD": PASSWORD},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    wrong = Client(ready["fix_port"], username="alpha", password="wrong horse")
    wrong.initiator.open()
    await asyncio.sleep(0.3)
    assert not wrong.link.is_up
    await wrong.initiator.close(drain_s=0.1)
    client = Client(ready["fix_port"], username="alpha", password=PASSWORD, reset_on_logon=True)
    client.initiator.open()
    for _ in range(2_000):
        if len(client.fills) >= deals:
            break
        client.ask()
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.1)  # how the sessions stand is told every second
    assert stands(folder)["is_up"] is True
    process.send_signal(signal.SIGTERM)
    _, told = await process.communicate()
    await client.initiator.close(drain_s=0.1)
    assert process.returncode == 0, told.decode()[-3000:]
    assert PASSWORD not in told.decode() and "Traceback" not in told.decode()
    return client


@pytest.mark.slow
def test_a_counterparty_trades_with_a_serving_desk_and_again_the_next_day(tmp_path: Path) -> None:
    (tmp_path / "rfq.toml").write_text(CONFIG)
    first = asyncio.run(serve(tmp_path, 3))
    second = asyncio.run(serve(tmp_path, 2))
    assert len(first.fills) >= 3 and len(second.fills) >= 2
    assert not {one for ids in first.fills.values() for one in ids} & {
        one for ids in second.fills.values() for one in ids
    }
    with AuditLog.open(tmp_path / "desk.db", writable=False) as log:
        assert verify(log, deep=True).ok
    replayed = subprocess.run(
        [*RFQ, "replay", "desk.db", "--json"], cwd=tmp_path, capture_output=True, check=False, env=ENV
    )
    assert replayed.returncode == 0, replayed.stderr
    for file in (*(tmp_path / "journals").iterdir(), *(tmp_path / "messages").iterdir()):
        assert PASSWORD.encode() not in file.read_bytes()
    shown = subprocess.run(
        [*RFQ, "config", "show", "--config", "rfq.toml"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=False,
        env={**ENV, "ALPHA_PASSWORD": PASSWORD},
    )
    assert shown.returncode == 0 and PASSWORD not in shown.stdout and "ALPHA_PASSWORD" in shown.stdout
