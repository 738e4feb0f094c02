"""We connect to a counterparty, and again when the connection is lost, later each time that it was in vain."""

import asyncio
import ssl
import zlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from fix_gateway.shell.connection import Link
from fix_gateway.shell.ports import NS_PER_S, Now, Scribe
from fix_gateway.shell.secure import HANDSHAKE_S, SHUTDOWN_S
from fix_gateway.shell.wire import Wire

NAP_S: Final = 60.0
"""Outside the hours the clock is looked at this often at least: it may have been set."""
_DOUBLINGS_MAX: Final = 16


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait before connecting again: doubled each time from `first_s` up to `most_s`, less up to a half that
    is different for each session, so that all of them do not come at once."""

    first_s: float = 1.0
    most_s: float = 60.0

    def delay_s(self, name: str, failures: int) -> float:
        """The wait after so many attempts in vain, one after the other (0: the last one was a session)."""
        whole = min(self.most_s, self.first_s * float(1 << min(failures, _DOUBLINGS_MAX)))
        return whole * (1 - zlib.crc32(b"%b %d" % (name.encode(), failures)) / 2**33)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a counterparty listens: several addresses are tried in turn."""

    addresses: tuple[tuple[str, int], ...]
    tls: ssl.SSLContext | None = None
    server_name: str = ""
    connect_s: float = 10.0
    backoff: Backoff = Backoff()


class Initiator:
    """Keeps one session connected during its hours."""

    def __init__(self, link: Link, place: Place, now: Now, scribe: Scribe, nap_s: float = NAP_S) -> None:
        if not place.addresses:
            raise ValueError(f"{link.name}: nowhere to connect to")
        self.link = link
        self.attempts = 0
        """Connections tried."""
        self._place, self._now, self._scribe, self._nap_s = place, now, scribe, nap_s
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to connect."""
        assert self._task is None, f"{self.link.name} is begun"
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self, text: str = "", drain_s: float = 5.0) -> None:
        """Connect no more; say goodbye, and wait for the answer, `drain_s` at the most."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self.link.transport is not None:
            self.link.logout(text)
            await asyncio.wait([asyncio.ensure_future(self.link.gone())], timeout=drain_s)
        self.link.drop("did not log out in time")

    async def _run(self) -> None:
        failures = 0
        while True:
            await self._hours()
            logons = self.link.counts.logons
            await self._connect(self._place.addresses[self.attempts % len(self._place.addresses)])
            failures = failures + 1 if self.link.counts.logons == logons else 0
            await asyncio.sleep(self._place.backoff.delay_s(self.link.name, failures))

    async def _hours(self) -> None:
        """Return when the session may be connected."""
        timetable = self.link.settings.timetable
        while not timetable.is_open(now := self._now()):
            await asyncio.sleep(min(self._nap_s, (timetable.next_change(now) - now) / NS_PER_S))

    async def _connect(self, address: tuple[str, int]) -> None:
        """One connection, from its beginning to its end."""
        if self.link.transport is not None:
            await self.link.gone()
            return
        self.attempts += 1
        place, (host, port) = self._place, address
        limits: dict[str, Any] = {}
        if place.tls is not None:
            limits = {
                "ssl": place.tls,
                "server_hostname": place.server_name or host,
                "ssl_handshake_timeout": HANDSHAKE_S,
                "ssl_shutdown_timeout": SHUTDOWN_S,
            }
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(place.connect_s):
                await loop.create_connection(lambda: Wire(self.link), host, port, **limits)
        except (OSError, TimeoutError, ValueError) as problem:  # ValueError: a host that is no name
            why = str(problem) or type(problem).__name__
            self._scribe.warning("fix_not_connected", session=self.link.name, host=host, port=port, why=why)
            return
        await self.link.gone()


def addresses(texts: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Read "host:port" and "[::1]:port"; ValueError says which one cannot be read."""
    found = []
    for text in texts:
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"address: {text!r} is not host:port")
        found.append((host.strip("[]"), int(port)))
    return tuple(found)
