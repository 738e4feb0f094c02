"""Ending in order: the first Ctrl-C or SIGTERM asks to stop, a second Ctrl-C stops at once; so does a fault of ours
in a callback, which would otherwise leave a desk that looks alive and does nothing."""

import asyncio
import signal
from typing import Any, Self


class Stop:
    """While it is entered, `event` is set by the first signal; `interrupted` says that it was Ctrl-C. On leaving, the
    first exception that a callback of the loop raised is raised."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.interrupted = False
        self._fault: BaseException | None = None
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        self._loop.add_signal_handler(signal.SIGINT, self._interrupt)
        self._loop.add_signal_handler(signal.SIGTERM, self.event.set)
        self._loop.set_exception_handler(self._failed)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._loop.remove_signal_handler(signal.SIGINT)
        self._loop.remove_signal_handler(signal.SIGTERM)
        self._loop.set_exception_handler(None)
        if kind is None and self._fault is not None:
            raise self._fault

    def _interrupt(self) -> None:
        self.interrupted = True
        self.event.set()
        self._loop.remove_signal_handler(signal.SIGINT)  # the next one is a KeyboardInterrupt

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None:
            loop.default_exception_handler(context)
            return
        self._fault = self._fault or error
        self.event.set()
