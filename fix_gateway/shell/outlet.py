"""The writing half of a connection: the store first, then the transport, and never more in between than agreed.

Without a committer the bytes go into the transport as soon as the store has flushed. With one they wait for its `done`;
what is said meanwhile waits for the next. One commit of a connection is in flight at a time.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from fix_gateway.errors import StoreError
from fix_gateway.session.store import Store
from fix_gateway.shell.ports import Committer, LinkSettings

_HIGH_WATER: Final = 256 * 1024


class Outlet:
    """Where a link's bytes leave. `drop` is called with a reason when the peer does not read, or the
    store fails."""

    __slots__ = (
        *(
            "_committer",
            "_committing",
            "_finishing",
            "_full",
            "_held",
            "_held_bytes",
            "_loop",
            "_settings",
            "_silent",
            "_slow",
        ),
        *("_store", "_drop", "_transport"),
    )

    def __init__(
        self,
        store: Store,
        committer: Committer | None,
        settings: LinkSettings,
        drop: Callable[[str], None],
    ) -> None:
        self._store, self._committer, self._settings, self._drop = store, committer, settings, drop
        self._transport: asyncio.Transport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._committing = self._finishing = self._full = False
        self._silent = True
        self._slow: asyncio.TimerHandle | None = None

    @property
    def is_full(self) -> bool:
        """True while the transport takes no more: nothing that can wait should be said."""
        return self._full

    @property
    def is_silent(self) -> bool:
        """True while nothing was said to this transport's peer."""
        return self._silent

    def open(self, transport: asyncio.Transport) -> None:
        """Write to this one from now on."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._committing = self._finishing = self._full = False
        self._silent = True
        transport.set_write_buffer_limits(high=min(_HIGH_WATER, self._settings.buffer_max // 4))

    def shut(self) -> None:
        """The transport is gone, and what waited for it too."""
        self._transport = None
        self._held.clear()
        self._held_bytes = 0
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def write(self, out: bytes) -> None:
        """Flush the store, then write (b"": only flush)."""
        self._store.flush()
        if not out or self._transport is None:
            return
        self._silent = False
        if self._committer is None:
            self._put(out)
            return
        self._held.append(out)
        self._held_bytes += len(out)
        if not self._committing:
            self._commit(self._committer)
        self._check()

    def finish(self) -> None:
        """Close the transport once everything is written; a peer that does not take it is dropped."""
        if not self._finishing and self._transport is not None:
            self._finishing = True
            self._watch("does not read our last words")
            if not self._committing:
                self._transport.close()

    def paused(self) -> None:
        """The transport is full."""
        self._full = True
        self._watch("does not read")

    def resumed(self) -> None:
        """The transport has room again."""
        self._full = False
        if self._slow is not None and not self._finishing:
            self._slow.cancel()
            self._slow = None

    def _watch(self, reason: str) -> None:
        if self._slow is None and self._loop is not None:
            self._slow = self._loop.call_later(self._settings.slow_s, self._drop, reason)

    def _put(self, out: bytes) -> None:
        transport = self._transport
        assert transport is not None
        transport.write(out)
        if self._full:
            self._check()

    def _check(self) -> None:
        transport = self._transport
        if transport is not None:
            waiting = transport.get_write_buffer_size() + self._held_bytes
            if waiting > self._settings.buffer_max:
                self._drop(f"{waiting} bytes wait for it")

    def _commit(self, committer: Committer) -> None:
        """Make what is held durable, then write it."""
        loop, transport, out = self._loop, self._transport, b"".join(self._held)
        assert loop is not None
        self._held.clear()
        self._committing = True

        def done(error: Exception | None) -> None:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(self._committed, transport, out, error)

        try:
            committer.submit(self._store, done)
        except StoreError as problem:
            self._drop(f"the journal failed: {problem}")

    def _committed(self, transport: asyncio.Transport | None, out: bytes, error: Exception | None) -> None:
        if transport is None or transport is not self._transport:
            return
        if error is not None:
            self._drop(f"the journal failed: {error}")
            return
        self._committing = False
        self._held_bytes -= len(out)
        self._put(out)
        if self._held and self._committer is not None:
            self._commit(self._committer)
        elif self._finishing and self._transport is not None:
            self._transport.close()
