"""Observations pushed to us: a small HTTP and WebSocket door, for sources that call when they know something.

POST /observations takes one JSON object, an array of them, or lines of them; GET /observations/ws takes the same in
text messages. Each row is stamped by our clock when its bytes were read, and the answer says how many were taken and
why others were not. Without a token the door opens on loopback only, and not to what a browser sends for a web page.
"""

import hmac
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from pricing.fact import Fault
from rfq.feeds.observations.rows import Observation, read_row

BYTES_MAX: Final = 1 << 20
ROWS_MAX: Final = 1_000
"""At once: they are read where quotes are made."""
HEARTBEAT_S: Final = 20.0
_ALL: Final = "rows"

Take = Callable[[Observation], object]
"""Takes a row that was read."""


class Push:
    """The door. `now` is the clock (UTC ns); `token`, if any, must come as `Authorization: Bearer ...`."""

    def __init__(self, take: Take, now: Callable[[], int], token: str = "") -> None:
        self._take = take
        self._now = now
        self._token = token.encode()
        self._runner: web.AppRunner | None = None
        self.taken = 0
        self.refused = 0

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port. Raises ValueError for an address beyond loopback without a token."""
        if not self._token and not is_loopback(host):
            raise ValueError(f"host: {host} is beyond loopback, and there is no token")
        app = web.Application(client_max_size=BYTES_MAX)
        app.router.add_post("/observations", self._post)
        app.router.add_get("/observations/ws", self._converse)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound: int = self._runner.addresses[0][1]
        return bound

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def take(self, raw: bytes, now: int) -> dict[str, Any]:
        """Read rows out of these bytes, take the good ones; returns the answer."""
        rows = _rows(raw)
        if isinstance(rows, Fault):
            self.refused += 1
            return {"taken": 0, "refused": [_told(0, rows)]}
        taken = 0
        refused = []
        for number, row in enumerate(rows, start=1):
            found = read_row(row, now) if isinstance(row, Mapping) else _NO_OBJECT
            if isinstance(found, Fault):
                refused.append(_told(number, found))
            else:
                self._take(found)
                taken += 1
        self.taken += taken
        self.refused += len(refused)
        return {"taken": taken, "refused": refused}

    def _may(self, request: web.Request) -> bool:
        if not self._token:
            return "Origin" not in request.headers  # a browser's page, which may be anybody's
        said = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(said, b"Bearer " + self._token)

    async def _post(self, request: web.Request) -> web.Response:
        if not self._may(request):
            return web.json_response({"problem": "Authorization: a bearer token is needed"}, status=401)
        answer = self.take(await request.read(), self._now())
        return web.json_response(answer, status=200 if not answer["refused"] else 422)

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        if not self._may(request):
            return web.json_response({"problem": "Authorization: a bearer token is needed"}, status=401)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=BYTES_MAX)
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_json(self.take(message.data.encode(), self._now()))
            elif message.type is WSMsgType.BINARY:
                await socket.send_json(self.take(message.data, self._now()))
        return socket


_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LINES: Final = msgspec.json.Decoder()
_NO_OBJECT: Final = Fault(field="row", problem="is no JSON object")


def _told(number: int, fault: Fault) -> dict[str, Any]:
    return {"row": number, "field": fault.field, "problem": fault.problem}


def _rows(raw: bytes) -> list[Any] | Fault:
    """One object, an array, or lines."""
    try:
        found = msgspec.json.decode(raw)
    except _UNREADABLE as error:
        try:
            found = _LINES.decode_lines(raw)
        except _UNREADABLE:
            return Fault(field=_ALL, problem=f"no JSON: {error}")
    rows = found if isinstance(found, list) else [found]
    if not rows:
        return Fault(field=_ALL, problem="none")
    if len(rows) > ROWS_MAX:
        return Fault(field=_ALL, problem=f"{len(rows)} at once; {ROWS_MAX} at most")
    return rows


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
