"""A venue on loopback: WebSocket and HTTP, its markets, and what goes wrong with both when a test says so.

The markets move when the test moves them. A fault is put in line (`fault`) and befalls the next change of a book; what
befalls connections and answers is set (`refused`, `answers`, `go_mute`, `hang_up`).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

from aiohttp import WSMsgType, web
from fake_markets import Market
from fake_venues import Venue

Fault = Literal["gap", "duplicate", "reorder", "malformed", "checksum", "break"]
Answer = tuple[int, bytes] | Literal["never"]


class Caller:
    """One connection of whoever subscribes."""

    def __init__(
        self, socket: web.WebSocketResponse, request: web.Request, channels: tuple[str, ...]
    ) -> None:
        self.socket = socket
        self.request = request
        self.channels = dict.fromkeys(channels)
        self.asked: list[str] = []
        self.held: dict[str, str] = {}
        """Channel -> a message that its next one is to overtake."""
        self.is_mute = False
        """Nothing is said here any more, though pings are answered."""
        self.is_dead = False
        """Nothing is heard either, though the connection does not end."""


class FakeExchange:
    """One venue."""

    def __init__(self, venue: Venue, symbols: tuple[str, ...], seed: int = 7) -> None:
        self.venue = venue
        self.markets = {
            symbol: Market(symbol, seed, contiguous=venue.contiguous, step=venue.step) for symbol in symbols
        }
        self.callers: list[Caller] = []
        self.connections = 0
        self.faults: deque[Fault] = deque()
        self.refused: frozenset[str] = frozenset()
        self.answers: deque[Answer] = deque()
        """What HTTP questions for a book get, instead of what they should."""
        self.snapshots: dict[str, bytes] = {}
        """Symbol -> what an HTTP question for its book gets, where no market of ours stands behind it."""
        self.asked_paths: list[str] = []
        self.port = 0
        self._over = asyncio.Event()

    # -- what a test does --

    async def move(self, symbol: str = "") -> None:
        """The next change of a market (of all), told to whoever is subscribed."""
        for name in [symbol] if symbol else list(self.markets):
            market = self.markets[name]
            change = market.move()
            for caller in list(self.callers):
                for channel in [one for one in caller.channels if self.venue.book_of(one) == name]:
                    await self._change(caller, channel, self.venue.change(channel, market, change))

    async def deal(self, symbol: str) -> None:
        """A trade, told to whoever is subscribed."""
        deal = self.markets[symbol].deal()
        for caller in list(self.callers):
            for channel in [one for one in caller.channels if self.venue.trades_of(one) == symbol]:
                await self.say(caller, self.venue.trade(channel, deal))

    async def play(self, texts: list[str], channel: Callable[[str], str] = lambda _text: "") -> None:
        """Say these as they are, to everybody, or to those who subscribed to the channel a text is of."""
        for caller in list(self.callers):
            for text in texts:
                if (of := channel(text)) in caller.channels or not of:
                    await self.say(caller, text)

    def go_mute(self, *, dead: bool = False) -> None:
        """Say nothing more on the connections there are; dead ones do not even answer pings."""
        for caller in self.callers:
            caller.is_mute, caller.is_dead = True, dead

    async def hang_up(self) -> None:
        """Close every connection properly."""
        for caller in list(self.callers):
            await caller.socket.close()

    # -- how it says things --

    async def say(self, caller: Caller, text: str) -> None:
        if not caller.is_mute:
            with contextlib.suppress(ConnectionError):
                await caller.socket.send_str(text)

    async def _change(self, caller: Caller, channel: str, text: str) -> None:
        if caller.is_mute:
            return
        fault = self.faults.popleft() if self.faults else None
        match fault:
            case None:
                await self.say(caller, text)
            case "gap":
                pass
            case "duplicate":
                await self.say(caller, text)
                await self.say(caller, text)
            case "reorder":
                caller.held[channel] = text
                return
            case "malformed":
                await self.say(caller, text[: len(text) // 2])
            case "checksum":
                number = text.partition('"checksum":')[2].partition(",")[0]
                assert int(number), "this venue sends no checksum"
                await self.say(caller, text.replace(f'"checksum":{number}', f'"checksum":{int(number) ^ 1}'))
            case "break":
                self._break(caller, text)
                return
        if channel in caller.held:
            await self.say(caller, caller.held.pop(channel))

    def _break(self, caller: Caller, text: str) -> None:
        """The beginning of a frame, and the end of the connection."""
        raw = text.encode()
        frame = b"\x81\x7e" + len(raw).to_bytes(2) + raw[: len(raw) // 2]
        transport = caller.request.transport
        assert transport is not None
        transport.write(frame)
        transport.close()
        caller.channels.clear()

    # -- the server --

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.connections += 1
        caller = Caller(socket, request, self.venue.at_opening(request.path_qs))
        self.callers.append(caller)
        try:
            await self._begin(caller, tuple(caller.channels))
            async for message in socket:
                if message.type is WSMsgType.PING and not caller.is_dead:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT and not caller.is_dead:
                    await self._asked(caller, message.data)
        finally:
            self.callers.remove(caller)
        return socket

    async def _asked(self, caller: Caller, text: str) -> None:
        caller.asked.append(text)
        reply = self.venue.asked(text, self.refused)
        for one in reply.texts:
            await self.say(caller, one)
        for channel in reply.leave:
            caller.channels.pop(channel, None)
        await self._begin(caller, reply.enter)

    async def _begin(self, caller: Caller, channels: tuple[str, ...]) -> None:
        """Enter channels: books begin with their snapshot."""
        for channel in channels:
            caller.channels[channel] = None
            symbol = self.venue.book_of(channel)
            if symbol in self.markets and (text := self.venue.snapshot(channel, self.markets[symbol])):
                await self.say(caller, text)

    async def _http(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request)
        self.asked_paths.append(request.path_qs)
        if (symbol := request.query.get("symbol", "")) in self.snapshots and "depth" in request.path:
            return web.Response(body=self.snapshots[symbol])
        answer = self.venue.rest(request.path_qs, self.markets)
        if self.answers and ("depth" in request.path or "books" in request.path):
            instead = self.answers.popleft()
            if instead == "never":
                await self._over.wait()
            else:
                headers = {"Retry-After": "0"} if instead[0] in (418, 429) else {}
                return web.Response(status=instead[0], body=instead[1], headers=headers)
        return web.json_response(answer) if answer is not None else web.Response(status=404)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["FakeExchange"]:
        """Open for calls on a port of loopback."""
        app = web.Application()
        app.router.add_get("/{tail:.*}", self._http)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        try:
            yield self
        finally:
            self._over.set()
            for caller in list(self.callers):
                if caller.request.transport is not None:
                    caller.request.transport.abort()
            await runner.cleanup()

    def address(self, url: str) -> str:
        """This place, for any address."""
        scheme, _, rest = url.partition("://")
        tail = rest.partition("/")[2]
        plain = {"wss": "ws", "https": "http"}.get(scheme, scheme)
        return f"{plain}://127.0.0.1:{self.port}/{tail}"
