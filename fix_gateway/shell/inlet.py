"""The reading half of a connection: a little at a time, so that a flood from one peer leaves room for the others.

A read may bring hundreds of messages. They are handed on in slices, one in a turn of the loop; meanwhile nothing more
is read. Nothing is handed on while the peer does not read what we say: it would only make more of that.
"""

import asyncio
from collections.abc import Callable
from typing import Final

SLICE_BYTES: Final = 16_384


class Inlet:
    """Where a link's bytes come in; `take` gets them."""

    __slots__ = ("_held", "_is_reading", "_next", "_rest", "_take", "_transport")

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._transport: asyncio.Transport | None = None
        self._rest = bytearray()
        self._held = False
        self._is_reading = True
        self._next: asyncio.Handle | None = None

    def open(self, transport: asyncio.Transport) -> None:
        """Bytes come from this one from now on."""
        self._transport = transport
        self._held, self._is_reading = False, True

    def shut(self) -> None:
        """The transport is gone; what was not handed on is lost, and the peer sends it again."""
        self._transport = None
        self._rest.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def feed(self, data: bytes) -> None:
        """Bytes were read."""
        if not self._rest and not self._held and len(data) <= SLICE_BYTES:
            self._take(data)
            return
        self._rest += data
        if self._next is None and not self._held:
            self._slice()
        else:
            self._settle()

    def hold(self) -> None:
        """Hand nothing on for now."""
        self._held = True
        self._settle()

    def release(self) -> None:
        """Go on."""
        self._held = False
        self._settle()

    def _slice(self) -> None:
        self._next = None
        piece = bytes(self._rest[:SLICE_BYTES])
        del self._rest[:SLICE_BYTES]
        self._take(piece)
        self._settle()

    def _settle(self) -> None:
        """Go on with what is there, or read more, or wait."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._rest and not self._held and self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._slice)
        wanted = not self._rest and not self._held
        if wanted != self._is_reading:
            self._is_reading = wanted
            if wanted:
                transport.resume_reading()
            else:
                transport.pause_reading()
