"""Where words go: data for programs to stdout, talk for people to stderr, answers for people to stdout."""

import json
import sys
from typing import Any


def give(answer: Any) -> None:
    """The one JSON line of a command that was called with --json."""
    sys.stdout.write(json.dumps(answer, default=str, allow_nan=False) + "\n")
    sys.stdout.flush()


def show(text: str = "") -> None:
    """An answer for a person to read."""
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """Talk beside the answer: progress, warnings, where to look next."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def size_text(count: float) -> str:
    """A number of bytes, for people."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def table(rows: list[list[str]], *, right: tuple[int, ...] = (), indent: int = 0) -> list[str]:
    """Rows as aligned lines; the first row is the header. `right` are the columns aligned to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines
