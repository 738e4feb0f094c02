"""Starts and drives a QuickFIX counterparty (tests/quickfix_peer.py) from a test, and says where one can be had.

QuickFIX is found in this interpreter (`pip install quickfix-ssl`, up to Python 3.11), and in those that the variable
QUICKFIX_PYTHON names (parted like PATH), for engines that this interpreter cannot have.
"""

import asyncio
import importlib.util
import json
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from fix_gateway.messages.speech import BY_NAME

PEER = Path(__file__).with_name("quickfix_peer.py")
OURS = {form.msg_type for form in BY_NAME.values()}
WHY_NOT = (
    "no QuickFIX here: `quickfix` cannot be imported, and QUICKFIX_PYTHON names no interpreter that has it"
)


def interpreters() -> list[str]:
    """Every Python that has a QuickFIX."""
    found = [sys.executable] if importlib.util.find_spec("quickfix") else []
    return found + [path for path in os.environ.get("QUICKFIX_PYTHON", "").split(os.pathsep) if path]


def dictionaries(shared: Path, begin: str, folder: Path) -> dict[str, str]:
    """The engine's settings for its dictionaries, unpacked into `folder`. Of FIX 5.0 SP2 only the messages that we have
    words for are left in: QuickFIX takes six seconds to read the whole."""
    names = {"DataDictionary": "FIX44"}
    if begin == "FIXT.1.1":
        names = {"TransportDataDictionary": "FIXT11", "AppDataDictionary": "FIX50SP2"}
    settings = {}
    for setting, name in names.items():
        path = folder / f"{name}.xml"
        if not path.exists():
            tree = ElementTree.fromstring(
                lzma.decompress((shared / "data" / "fix" / f"{name}.xml.xz").read_bytes())
            )
            messages = tree.find("messages")
            assert messages is not None
            for message in list(messages):
                if name == "FIX50SP2" and message.get("msgtype") not in OURS:
                    messages.remove(message)
            path.write_bytes(ElementTree.tostring(tree))
        settings[setting] = str(path)
    return settings


class QuickFix:
    """The child, as an asynchronous context. What it says is kept; orders are methods."""

    def __init__(self, python: str, **asked: Any) -> None:
        self._python, self._asked = python, asked
        self.heard: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self.final: dict[str, Any] = {}

    async def __aenter__(self) -> "QuickFix":
        pipe = asyncio.subprocess.PIPE
        self._child = await asyncio.create_subprocess_exec(
            self._python, str(PEER), json.dumps(self._asked), stdin=pipe, stdout=pipe, limit=1 << 24
        )
        self._reading = asyncio.create_task(self._read())
        await self.until("ready")
        return self

    async def __aexit__(self, *raised: object) -> None:
        if self._child.returncode is None and raised[0] is None:
            self._order(do="stop")
            await asyncio.wait_for(self._child.wait(), 30)
        elif self._child.returncode is None:
            self._child.kill()
            await self._child.wait()
        await self._reading
        self.final = next((one for one in reversed(self.heard) if one["event"] == "stopped"), {})

    async def _read(self) -> None:
        assert self._child.stdout is not None
        async for line in self._child.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue  # the engine prints a blank line of its own now and then
            async with self._news:
                self.heard.append(said)
                self._news.notify_all()
        async with self._news:
            self.heard.append({"event": "gone"})
            self._news.notify_all()

    def _order(self, **asked: Any) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(asked).encode() + b"\n")

    def send(self, kind: str, first: int, count: int, pause_ms: float = 0) -> None:
        """Numbered messages from now on."""
        self._order(do="send", kind=kind, first=first, count=count, pause_ms=pause_ms)

    def logout(self) -> None:
        """Say farewell, and stay away until `logon`."""
        self._order(do="logout")

    def logon(self) -> None:
        """Come back after `logout`."""
        self._order(do="logon")

    async def until(self, event: str, count: int = 1, seconds: float = 60) -> dict[str, Any]:
        """The count-th such event, waited for."""

        def told() -> list[dict[str, Any]]:
            return [one for one in self.heard if one["event"] in (event, "gone")]

        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(
                lambda: len(told()) >= count or (told() and told()[-1]["event"] == "gone")
            )
        assert told()[-1]["event"] == event, f"QuickFIX ended while {event} was awaited: {self.heard[-5:]}"
        return told()[count - 1]

    async def report(self, ids: bool = False) -> dict[str, Any]:
        """What it has seen so far."""
        before = sum(one["event"] == "report" for one in self.heard)
        self._order(do="report", ids=ids)
        return await self.until("report", before + 1)

    async def taken(self, count: int, seconds: float = 60) -> dict[str, Any]:
        """Its report once it has taken so many numbered messages, or what it has when the time is over."""
        return await self._reported(lambda seen: seen["taken"] >= count, seconds)

    async def heard_all(self, count: int, seconds: float = 60) -> dict[str, Any]:
        """Its report once it has taken so many application messages of any kind, or refused one."""
        return await self._reported(
            lambda seen: sum(seen["kinds"].values()) >= count or "refuses" in str(seen["refusals"]), seconds
        )

    async def _reported(self, enough: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
        ends = asyncio.get_running_loop().time() + seconds
        while not enough(await self.report()) and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.05)
        return await self.report(ids=True)
