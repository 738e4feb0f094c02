"""The raw captures of the shared data: what was heard on the WebSockets of venues, with the instant of receipt."""

import lzma
from pathlib import Path

import pytest

from rfq.feeds.book.rules import Order, Rule

OKX_UNNUMBERED = Rule(order=Order.NONE, crc_levels=25)
"""OKX of 2022, before messages had numbers: only the checksum tells."""


def heard(shared: Path, name: str) -> list[tuple[int, bytes]]:
    """Messages of one capture (received at, UTC ns; text) in order; what the recorder itself sent is left out."""
    path = shared / "data" / "captures" / f"{name}.xz"
    if not path.exists():
        pytest.skip(f"the capture {name} is not on this machine")
    found = []
    for line in lzma.decompress(path.read_bytes()).splitlines():
        stamp, colon, text = line.partition(b": ")
        if colon and stamp.replace(b".", b"").isdigit():
            seconds, _, part = stamp.partition(b".")
            found.append((int(seconds) * 10**9 + int(part.ljust(9, b"0")[:9]), text))
    return found
