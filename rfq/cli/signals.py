"""Ending in order: the first Ctrl-C or SIGTERM asks to stop, a second Ctrl-C stops at once."""

import asyncio
import signal
from typing import Self


class Stop:
    """Set while it is entered: `event` is set by the first signal, `interrupted` says that it was Ctrl-C."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.interrupted = False
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        self._loop.add_signal_handler(signal.SIGINT, self._interrupt)
        self._loop.add_signal_handler(signal.SIGTERM, self.event.set)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.remove_signal_handler(signal.SIGINT)
        self._loop.remove_signal_handler(signal.SIGTERM)

    def _interrupt(self) -> None:
        self.interrupted = True
        self.event.set()
        self._loop.remove_signal_handler(signal.SIGINT)  # the next one is a KeyboardInterrupt
