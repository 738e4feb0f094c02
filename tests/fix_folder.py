"""A folder with the settings of two FIX sessions, journals in it, and what `rfq fix` says there."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fix_gateway.codec.encode import frame
from fix_gateway.journal.journal import Journal
from rfq.cli.main import run

AT = 1_700_000_000_000_000_000
SETTINGS = """
[fix]
enabled = true
comp_id = "DESK"

[[fix.sessions]]
name = "alpha"
peer_comp_id = "ALPHA"
party = "alpha"

[[fix.sessions]]
name = "coin"
dialect = "coinbase_flat"
peer_comp_id = "COIN"
role = "initiator"
connect = ["localhost:1234"]
party = "coin"
quotes = true
"""


def sent(rest: str, begin: bytes = b"FIX.4.4") -> bytes:
    return frame(begin, rest.replace("|", "\x01").encode())


def settle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go to a folder with settings and no journals."""
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("RFQ_")]:
        monkeypatch.delenv(name)
    (folder / "rfq.toml").write_text(SETTINGS)
    (folder / ".rfq" / "fix").mkdir(parents=True)


class Asking:
    """Asks `rfq fix` for the JSON of a command; nothing else may be on stdout."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> dict[str, Any]:
        assert run(["fix", *words, "--json"]) == code
        (line,) = self._capsys.readouterr().out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


def fill(name: str = "alpha", count: int = 30, *, close: bool = True) -> Path:
    """A journal with messages; each third has no tag."""
    path = Path(".rfq/fix") / f"{name}.journal"
    journal = Journal.open(path, durability="os", now=AT)
    for _ in range(count):
        number = journal.next_out
        raw = sent(f"35=S|49=DESK|56=ALPHA|34={number}|52=20250102-03:04:05.123|117=q{number}|55=X|132=1|")
        journal.save(number, "S", raw, b"desk-%d-0" % number if number % 3 else b"")
    journal.heard(17)
    journal.flush()
    if close:
        journal.close()
    journal.abandon()
    return path
