"""An acceptor that runs in a process of its own, as the bench sees it: started, weighed, stopped."""

import importlib.util
import json
import lzma
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).resolve().parent
DICTIONARY = HERE.parents[2] / "shared" / "data" / "fix" / "FIX44.xml.xz"
SESSIONS = [f"BENCH{number:02}" for number in range(1, 51)]
NOISY = "NOISY"
_TICK = os.sysconf("SC_CLK_TCK")


class Running:
    """The child, listening; a context."""

    def __init__(self, name: str, command: list[str], folder: Path, **asked: Any) -> None:
        self.name = name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        folder.mkdir(parents=True)
        settings = {"port": self.port, "folder": str(folder), **asked}
        self._child = subprocess.Popen(
            [*command, json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._child.stdout is not None
        self.said: dict[str, Any] = json.loads(self._child.stdout.readline())

    def __enter__(self) -> "Running":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.close()
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()

    def cpu_s(self) -> float:
        """CPU seconds so far, all threads, user and system."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def rss_mib(self) -> float:
        """Memory that is in use now."""
        lines = Path(f"/proc/{self._child.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1_024


def canned(folder: Path) -> Running:
    """The floor."""
    return Running("floor", [sys.executable, "-m", "benchmarks.fix_peers.canned_acceptor"], folder / "floor")


def ours(folder: Path, sessions: list[str], durability: str = "os", by_text: bool = False) -> Running:
    """The gateway's acceptor."""
    command = [sys.executable, "-m", "benchmarks.fix_peers.gateway_acceptor"]
    place = folder / ("ours-text" if by_text else "ours")
    return Running(
        f"ours ({durability})", command, place, sessions=sessions, durability=durability, by_text=by_text
    )


def quickfix(folder: Path, sessions: list[str], by_text: bool = False) -> Running | None:
    """QuickFIX, if there is one: in this interpreter, or in one that QUICKFIX_PYTHON names (the last of them)."""
    found = [sys.executable] if importlib.util.find_spec("quickfix") else []
    found += [path for path in os.environ.get("QUICKFIX_PYTHON", "").split(os.pathsep) if path]
    if not found or not DICTIONARY.exists():
        return None
    name = "quickfix-text" if by_text else "quickfix"
    plain = folder / f"{name}.xml"
    plain.write_bytes(lzma.decompress(DICTIONARY.read_bytes()))
    command = [found[-1], str(HERE / "quickfix_acceptor.py")]
    return Running(name, command, folder / name, sessions=sessions, dictionary=str(plain), by_text=by_text)
