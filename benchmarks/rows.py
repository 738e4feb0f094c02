"""What a bench returns: rows of a figure beside its target, and how they are printed."""

import os
import platform
import sys
import time
from typing import NamedTuple


class Row(NamedTuple):
    """One figure. `target` is words ("" if none); `met` None where there is no target."""

    name: str
    figure: str
    target: str = ""
    met: bool | None = None
    note: str = ""


def loop_s() -> float:
    """Seconds for three million multiply-adds in plain Python: how fast this machine is right now."""
    begun, total = time.perf_counter(), 0
    for number in range(3_000_000):
        total += number * number
    return time.perf_counter() - begun


def machine() -> str:
    """What the figures were taken on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{os.cpu_count()} x {model}, Python {sys.version.split()[0]}"


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | target | met | note |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        met = "" if row.met is None else ("yes" if row.met else "**no**")
        lines.append(f"| {row.name} | {row.figure} | {row.target} | {met} | {row.note} |")
    return "\n".join(lines)
