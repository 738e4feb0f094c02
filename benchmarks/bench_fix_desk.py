"""The whole service over FIX: QuoteRequest in, the desk decides, the record is on the disk, Quote out.

`rfq serve` runs in a process of its own, with its simulated market, a real log and a client's session; the client
asks for prices of a perpetual in FIX 4.4. The figure is the time from the request's first byte to the first quote
on it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.fix_peers.client import Refused
from benchmarks.fix_peers.running import HERE
from benchmarks.fix_peers.street import Street
from benchmarks.rows import Row

SETTINGS = """
[audit]
path = "{folder}/desk.db"
[desk]
open_rfqs_max = 100000
rfq_ttl_ms = 3000
collect_ms = 1000
[world]
clients = 0
dealers = 0
[fix]
enabled = true
port = 0
durability = "{durability}"
journal_folder = "{folder}/fix"
[[fix.sessions]]
name = "bench"
dialect = "fix44"
peer_comp_id = "BENCH"
party = "bench"
rate_per_s = 100000
rate_burst = 100000
"""


def main(quick: bool = False) -> list[Row]:
    """Latency one at a time and the rate with some under way, for both durabilities of the journal."""
    return [row for durability in ("os", "fsync") for row in _measure(durability, quick)]


def _measure(durability: str, quick: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rfq.toml"
        path.write_text(SETTINGS.format(folder=folder, durability=durability), encoding="utf-8")
        command = [sys.executable, "-m", "rfq", "serve", "--json", "--config", str(path)]
        root = str(HERE.parents[1])
        log = (Path(folder) / "talk").open("w", encoding="utf-8")
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": root},
        )
        try:
            assert child.stdout is not None
            ready = child.stdout.readline()
            if not ready:
                raise Refused((Path(folder) / "talk").read_text(encoding="utf-8"))
            return _rows(json.loads(ready)["fix_port"], durability, quick)
        finally:
            child.terminate()
            child.wait(20)
            log.close()
            assert child.stdout is not None
            child.stdout.close()


def _rows(port: int, durability: str, quick: bool) -> list[Row]:
    street = Street(port)
    time.sleep(1.0)  # the market has moved, the session is known to the desk
    street.ask_in_turn(100)
    took = sorted(street.ask_in_turn(200 if quick else 1_000))
    rates = [street.ask_many(200 if quick else 1_000, 16) for _ in range(3)]
    street.close()
    figure = f"p50 {took[len(took) // 2] / 1e6:.2f} ms, p99 {took[len(took) * 99 // 100] / 1e6:.2f} ms"
    rate = f"{median(rates):,.0f} quotes/s ({min(rates):,.0f} to {max(rates):,.0f}) with 16 under way"
    return [
        Row(f"the whole service, journal {durability}: R in to S out, durable record", f"{figure}; {rate}")
    ]
