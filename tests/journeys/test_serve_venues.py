"""`rfq serve` on a venue's feed (a fake Deribit on loopback): a counterparty over FIX gets a quote of what was seen,
and the log replays to the bit with neither."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_exchange import FakeExchange
from fake_venues import Deribit
from fix_caller import Client

from rfq.audit.log import AuditLog
from rfq.audit.verify import verify
from rfq.domain.record import decode_record
from rfq.store.folders import online_of
from rfq.store.online import read_online

RFQ = [sys.executable, "-m", "rfq"]
ENV = {name: value for name, value in os.environ.items() if not name.startswith("RFQ_")}
CONFIG = """
[chain]
id = "venues"
[audit]
path = "desk.db"
[serve]
shutdown_s = 2
[fix]
enabled = true
port = 0
journal_folder = "journals"
[[fix.sessions]]
name = "alpha"
peer_comp_id = "ALPHA"
party = "alpha"
tolerance_ms = 600000
[feeds]
market = "venues"
store = "features"
[feeds.underlyings.BTC]
lead = "deribit:BTC-PERPETUAL"
[feeds.instead]
"wss://www.deribit.com" = "ws://127.0.0.1:{port}"
"https://www.deribit.com" = "http://127.0.0.1:{port}"
"""


async def _serve(folder: Path) -> tuple[Client, list[tuple[float, float]]]:
    """Serve two seconds at least, until a client has three quotes; also the touches that the venue has shown."""
    async with FakeExchange(Deribit(), ("BTC-PERPETUAL",)).listening() as exchange:
        (folder / "rfq.toml").write_text(CONFIG.replace("{port}", str(exchange.port)), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(*RFQ, "serve", "--config", "rfq.toml", "--json"),
            cwd=folder,
            env=ENV,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 90))
        client = Client(ready["fix_port"], reset_on_logon=True)
        client.initiator.open()
        touches = []
        for _ in range(1_000):
            if len(client.accepted) >= 3 and len(touches) >= 40:  # two seconds: a row is due
                break
            await exchange.move()
            truth = exchange.markets["BTC-PERPETUAL"]
            touches.append((max(truth.bids) / 10, min(truth.asks) / 10))
            client.ask()
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, told = await process.communicate()
        await client.initiator.close(drain_s=0.1)
        assert process.returncode == 0, told.decode()[-3000:]
        assert "Traceback" not in told.decode()
        return client, touches


@pytest.mark.slow
def test_a_counterparty_is_quoted_what_the_venue_shows(tmp_path: Path) -> None:
    client, touches = asyncio.run(_serve(tmp_path))
    assert len(client.accepted) >= 3, [str(one) for one in client.rejects[-3:]]
    with AuditLog.open(tmp_path / "desk.db", writable=False) as log:
        assert verify(log, deep=True).ok
        seen = set()
        for _, body in log.bodies(1, log.head().number):
            record = decode_record(body)
            if record.market:
                raw = log.snapshot(record.market)
                assert raw is not None
                seen.update(
                    (book["bids"][0][0], book["offers"][0][0])
                    for under in json.loads(raw)["underlyings"]
                    for book in under["books"]
                )
    assert seen and seen <= set(touches)
    assert [row.market for row in read_online(online_of(tmp_path / "features"))] == [
        ("deribit", "BTC-PERPETUAL")
    ]
    replayed = subprocess.run(
        [*RFQ, "replay", "desk.db", "--json"], cwd=tmp_path, capture_output=True, check=False, env=ENV
    )
    assert replayed.returncode == 0, replayed.stderr
