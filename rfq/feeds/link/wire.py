"""One WebSocket connection to a venue, kept up: opened again when it ends, later each time that it was in vain.

Nothing queues here without a limit. What comes in is heard at once, on the loop; while that takes its time the socket
is not read, and the venue's TCP waits. What goes out waits in a short queue, at the pace that the venue allows.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

import aiohttp

from rfq.feeds.link.pace import Backoff, Bucket, Retry
from rfq.feeds.link.standing import LinkStanding
from rfq.feeds.venues.adapter import Limits
from rfq.ops.clock import NS_PER_S

MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024
"""A longer message ends the connection."""
_QUEUE_MAX: Final = 256
_SEND_S: Final = 10.0
_CLOSE_S: Final = 1.0


class Times(Protocol):
    """How patient a wire is."""

    @property
    def connect_s(self) -> float:
        """For a connection to stand."""
        ...

    @property
    def heartbeat_s(self) -> float:
        """A WebSocket ping so often; no pong within half of it ends the connection."""
        ...

    @property
    def silent_s(self) -> float:
        """A connection on which nothing is said for so long is opened again."""
        ...

    @property
    def steady_s(self) -> float:
        """A connection that held so long was no failure."""
        ...

    @property
    def backoff(self) -> Backoff:
        """Between attempts."""
        ...


class Listener(Protocol):
    """Whom a wire tells; all on the loop's thread, none of it waits."""

    def on_opened(self, wire: "Wire") -> None:
        """It is up."""
        ...

    def on_closed(self, wire: "Wire", why: str) -> None:
        """It is down."""
        ...

    def on_failed(self, wire: "Wire", why: str) -> None:
        """It was not up, and could not be brought up."""
        ...

    def on_heard(self, wire: "Wire", raw: bytes, at: int) -> None:
        """A message, and when it was read."""
        ...

    def on_sent(self, wire: "Wire", text: str) -> None:
        """A message has gone out."""
        ...


class Wire:
    """One link."""

    def __init__(
        self, link: str, url: str, limits: Limits, times: Times, listener: Listener, now: Callable[[], int]
    ) -> None:
        self.link = link
        self._url = url
        self._limits = limits
        self._times = times
        self._listener = listener
        self._now = now
        self._retry = Retry(link, times.backoff)
        self._out: deque[tuple[str, int]] = deque()
        self._waiting = asyncio.Event()
        self._ending = asyncio.Event()
        self._why = ""
        self._is_up = False
        self._since_at = self._heard_at = 0
        self._messages = self._bytes = self._connections = 0

    def send(self, text: str, weight: int) -> None:
        """Send when the pace allows. A venue that lets so much pile up is of no use: the connection is opened again."""
        if not self._is_up:
            return  # subscriptions begin anew with the next connection
        if len(self._out) >= _QUEUE_MAX:
            self.reopen(f"{_QUEUE_MAX} messages wait to be sent")
            return
        self._out.append((text, weight))
        self._waiting.set()

    def reopen(self, why: str) -> None:
        """End this connection; another one follows."""
        if self._is_up and not self._ending.is_set():
            self._why = why
            self._ending.set()

    def look_after(self, now: int) -> None:
        """End a connection that has been silent for too long."""
        silent_ns = now - max(self._heard_at, self._since_at)
        if self._is_up and silent_ns > self._times.silent_s * NS_PER_S:
            self.reopen(f"silent for {silent_ns / NS_PER_S:.0f} s")

    def standing(self) -> LinkStanding:
        """As a value."""
        return LinkStanding(
            link=self.link,
            is_up=self._is_up,
            since_at=self._since_at,
            heard_at=self._heard_at,
            messages=self._messages,
            received_bytes=self._bytes,
            connections=self._connections,
            failures=self._retry.failures,
            last_down=self._why,
        )

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Keep the link up until cancelled."""
        while True:
            stood_ns = await self._connection(session)
            if stood_ns > self._times.steady_s * NS_PER_S:
                self._retry.worked()
            await asyncio.sleep(self._retry.tried(self._now()) / NS_PER_S)

    async def _connection(self, session: aiohttp.ClientSession) -> int:
        """One connection, from its beginning to its end; returns for how many ns it stood (an attempt that comes to
        nothing: none, however long it took)."""
        self._connections += 1
        socket = await self._connect(session)
        if socket is None:
            self._listener.on_failed(self, self._why)
            return 0
        up_at = self._now()
        self._is_up, self._since_at = True, up_at
        self._out.clear()
        self._ending.clear()
        jobs = [
            asyncio.ensure_future(job)
            for job in (self._listen(socket), self._speak(socket), self._ending.wait())
        ]
        try:
            self._listener.on_opened(self)
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            ended = await asyncio.gather(*jobs, return_exceptions=True)
            self._is_up, self._since_at = False, self._now()
            self._why = self._why if self._ending.is_set() else _first_words(ended)
            self._listener.on_closed(self, self._why)
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * _CLOSE_S):
                    await socket.close()
        return self._since_at - up_at

    async def _connect(
        self, session: aiohttp.ClientSession
    ) -> "aiohttp.ClientWebSocketResponse[bool] | None":
        try:
            async with asyncio.timeout(self._times.connect_s):
                return await session.ws_connect(
                    self._url,
                    max_msg_size=MESSAGE_BYTES_MAX,
                    heartbeat=self._times.heartbeat_s,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                    decode_text=False,
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            self._why = f"not connected: {str(problem) or type(problem).__name__}"
            return None

    async def _listen(self, socket: "aiohttp.ClientWebSocketResponse[bool]") -> str:
        """Hear until it ends; returns why it did."""
        heard, now = self._listener.on_heard, self._now
        while True:
            message = await socket.receive()
            at = now()
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                raw: bytes = message.data
                self._heard_at = at
                self._messages += 1
                self._bytes += len(raw)
                heard(self, raw, at)
            elif message.type is aiohttp.WSMsgType.ERROR:
                return f"broken: {message.data!r}"
            else:
                problem = socket.exception()
                return f"closed by the venue, code {socket.close_code}" + (f": {problem}" if problem else "")

    async def _speak(self, socket: "aiohttp.ClientWebSocketResponse[bool]") -> str:
        """Send what waits, at the pace that is allowed; returns why no more can be sent."""
        most = max(1.0, self._limits.messages_per_s)
        bucket = Bucket(self._limits.messages_per_s, most)
        while True:
            await self._waiting.wait()
            while self._out:
                text, weight = self._out[0]
                if wait_ns := bucket.take(weight, self._now()):
                    await asyncio.sleep(wait_ns / NS_PER_S)
                    continue
                self._out.popleft()
                try:
                    async with asyncio.timeout(_SEND_S):
                        await socket.send_str(text)
                except (aiohttp.ClientError, OSError, TimeoutError) as problem:
                    return f"not sent: {str(problem) or type(problem).__name__}"
                self._listener.on_sent(self, text)
            self._waiting.clear()


def _first_words(ended: list[object]) -> str:
    """Why the first of the jobs that ended by themselves did."""
    for one in ended:
        if isinstance(one, str):
            return one
        if isinstance(one, Exception) and not isinstance(one, asyncio.CancelledError):
            raise one
    return "stopped"
