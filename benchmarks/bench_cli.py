"""How long a person waits: `rfq --help` as a whole process, and the first ranked quotes after a demo begins."""

import asyncio
import subprocess
import sys
import time
from statistics import median

from benchmarks.rows import Row

HELP_S, FIRST_S = 0.4, 10.0


def main(quick: bool = False) -> list[Row]:
    """Medians of whole processes; the demo once, on real time."""
    times = []
    for _ in range(5 if quick else 15):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "rfq", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    middle = median(times)
    first = asyncio.run(_first_ranking())
    return [
        Row(
            "`rfq --help`",
            f"{middle:.2f} s ({min(times):.2f} to {max(times):.2f})",
            f"< {HELP_S} s",
            middle < HELP_S,
        ),
        Row(
            "demo: first ranked quotes",
            f"{first:.1f} s after it began",
            f"<= {FIRST_S:.0f} s",
            first <= FIRST_S,
        ),
    ]


async def _first_ranking() -> float:
    """Seconds from the first event of a demo to its first ranking."""
    from rfq.app import Demo, run_demo
    from rfq.domain.effects import Effect, Ranked
    from rfq.domain.events import Stamped
    from rfq.ops.settings import load

    stop, found = asyncio.Event(), []
    begun = time.perf_counter()

    def see(_: Stamped, effects: tuple[Effect, ...]) -> None:
        if not found and any(type(effect) is Ranked for effect in effects):
            found.append(time.perf_counter() - begun)
            stop.set()

    def start(demo: Demo) -> None:
        demo.live.observe(see)

    await run_demo(load(None, {}), seed=7, seconds=2 * FIRST_S, log_path=None, on_start=start, stop=stop)
    return found[0] if found else float("inf")
