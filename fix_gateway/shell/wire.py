"""asyncio's end of a link: callbacks of a transport, handed on while it is still the link's."""

import asyncio
import importlib
import importlib.util
from typing import cast

from fix_gateway.shell.connection import Link


class Wire(asyncio.Protocol):
    """asyncio's end of a link's transport."""

    __slots__ = ("_link", "_transport")

    def __init__(self, link: Link, transport: asyncio.Transport | None = None) -> None:
        self._link, self._transport = link, transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A transport of our own making (an initiator's)."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are of another family
        self._link.attach(self._transport)

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        if self._link.transport is self._transport:
            self._link.received(data)

    def pause_writing(self) -> None:
        """The transport is full."""
        if self._link.transport is self._transport:
            self._link.paused()

    def resume_writing(self) -> None:
        """The transport has room again."""
        if self._link.transport is self._transport:
            self._link.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        if self._link.transport is self._transport:
            self._link.lost(exc)


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's loop when it is installed, else asyncio's; for `asyncio.Runner(loop_factory=...)`."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    return made
