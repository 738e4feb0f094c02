"""Questions to a venue by HTTP GET: few at once, at the pace that the venue allows, each with a deadline and a size."""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

import aiohttp
from yarl import URL

from rfq.feeds.link.pace import Bucket
from rfq.feeds.said import Fetch
from rfq.ops.clock import NS_PER_S

ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
_QUEUE_MAX: Final = 128
_AT_ONCE: Final = 4
_PIECE: Final = 65_536
_SLOW_DOWN: Final = (418, 429)
_PAUSE_S: Final = 10.0
_PAUSE_S_MAX: Final = 3_600.0

Done = Callable[[Fetch, int, bytes, int, int], None]
"""Told of each answer: what was asked, status (0: none came), body, when it was sent and when the answer was read."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    raw: bytes
    pause_s: float = 0.0
    why: str = ""


class Rest:
    """The questions of one venue."""

    def __init__(
        self, address: str, weight_per_minute: int, done: Done, now: Callable[[], int], answer_s: float
    ) -> None:
        self._address = address.rstrip("/")
        self._bucket = Bucket(weight_per_minute / 60.0, max(1.0, float(weight_per_minute)))
        self._done = done
        self._now = now
        self._answer_s = answer_s
        self._queue: asyncio.Queue[Fetch] = asyncio.Queue(_QUEUE_MAX)
        self._waiting: set[str] = set()
        self._not_before = 0
        self.asked = self.failed = 0
        self.last_failure = ""

    def ask(self, fetch: Fetch) -> None:
        """Ask when the pace allows; where too much waits already the answer is at once that none came. What waits
        already is not asked twice: an adapter that lost patience gets the answer to its first question."""
        if fetch.tag in self._waiting:
            return
        try:
            self._queue.put_nowait(fetch)
            self._waiting.add(fetch.tag)
        except asyncio.QueueFull:
            self._fail(f"{_QUEUE_MAX} questions wait")
            now = self._now()
            asyncio.get_running_loop().call_soon(self._done, fetch, 0, b"", now, now)

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Ask until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._ask_all(session))

    async def _ask_all(self, session: aiohttp.ClientSession) -> None:
        while True:
            fetch = await self._queue.get()
            await self._pace(fetch.weight)
            self._waiting.discard(fetch.tag)
            sent_at = self._now()
            self.asked += 1
            answer = await self._one(session, fetch)
            now = self._now()
            if answer.pause_s:
                self._not_before = max(self._not_before, now + int(answer.pause_s * NS_PER_S))
            if answer.status != 200:
                self._fail(answer.why or f"{fetch.path.partition('?')[0]}: status {answer.status}")
            self._done(fetch, answer.status, answer.raw, sent_at, now)

    async def _pace(self, weight: int) -> None:
        while True:
            now = self._now()
            wait_ns = self._not_before - now if now < self._not_before else self._bucket.take(weight, now)
            if not wait_ns:
                return
            await asyncio.sleep(wait_ns / NS_PER_S)

    async def _one(self, session: aiohttp.ClientSession, fetch: Fetch) -> Answer:
        try:
            async with (
                asyncio.timeout(self._answer_s),
                session.get(URL(self._address + fetch.path, encoded=True), allow_redirects=False) as response,
            ):
                body = bytearray()
                async for piece in response.content.iter_chunked(_PIECE):
                    body += piece
                    if len(body) > ANSWER_BYTES_MAX:
                        return Answer(
                            0, b"", why=f"{fetch.path}: an answer of more than {ANSWER_BYTES_MAX} bytes"
                        )
                pause_s = _pause(response) if response.status in _SLOW_DOWN else 0.0
                return Answer(response.status, bytes(body), pause_s)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            return Answer(0, b"", why=f"{fetch.path}: {str(problem) or type(problem).__name__}")

    def _fail(self, why: str) -> None:
        self.failed += 1
        self.last_failure = why


def _pause(response: aiohttp.ClientResponse) -> float:
    """How long the venue wants to be left alone."""
    try:
        return min(max(float(response.headers.get("Retry-After", "")), 0.0), _PAUSE_S_MAX)
    except ValueError:
        return _PAUSE_S
