"""Counterparties connect to us. Until one has shown a Logon that belongs to a known session it is a guest, and costs us
little: few guests at a time, few bytes each, a few seconds, and never an answer.

The order of the checks: the address may connect at all; (TLS) the handshake is finished in time; the first message is
whole, well framed and a Logon; its CompIDs are those of a session; that session may come from this address, with this
certificate, at this hour, and is not connected already. Only then does the session see the Logon, and it asks for the
password before it changes or says anything.
"""

import asyncio
import errno
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, cast

import msgspec

from fix_gateway.codec.framer import Framer
from fix_gateway.session.admin import peek
from fix_gateway.shell.connection import Link
from fix_gateway.shell.ports import Now, Scribe
from fix_gateway.shell.secure import HANDSHAKE_S, SHUTDOWN_S, same_subject, subject
from fix_gateway.shell.throttle import NOTES_BURST, NOTES_PER_S, Throttle
from fix_gateway.shell.wire import Wire
from fix_gateway.tags import LOGON

Networks = tuple[IPv4Network | IPv6Network, ...]

BACKLOG: Final = 128
_NOT_ACCEPTED_S: Final = 0.1
_CROWD_V6: Final = 64
"""Of an IPv6 address, so many bits tell whose it is."""
_BEGINNING: Final = b"8=FIX"


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """A session that may be connected to; from where (none: anywhere), with which certificate's subject (none: any)."""

    link: Link
    allowed: Networks = ()
    certificate: str = ""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where we listen, and what a guest may cost."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    allowed: Networks = ()
    guests_max: int = 64
    guest_s: float = 5.0
    guest_bytes_max: int = 8_192


Find = Callable[[str, str, str], Seat | None]
"""(BeginString, the peer's CompID, our CompID) -> the session that this is."""


def networks(texts: Iterable[str]) -> Networks:
    """Read "10.0.0.0/8" and the like; ValueError says which one cannot be read."""
    return tuple(ip_network(text) for text in texts)


def is_within(address: str, allowed: Networks) -> bool:
    """Whether an address is in one of the networks; no networks mean: anywhere."""
    if not allowed:
        return True
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return any(found in one or found.ipv4_mapped in one for one in allowed)
    return any(found in one for one in allowed)


class Acceptor:
    """Listens at one door for the sessions that `find` knows."""

    def __init__(self, door: Door, find: Find, now: Now, scribe: Scribe) -> None:
        self.door = door
        self.refused = 0
        """Connections that ended before a session saw a Logon."""
        self._find, self._now, self._scribe = find, now, scribe
        self._notes = Throttle(NOTES_PER_S, NOTES_BURST)
        self._socket: socket.socket | None = None
        self._listening: asyncio.Task[None] | None = None
        self._arriving: dict[_Arrival, None] = {}
        self._guests: dict[_Guest, None] = {}
        self._links: dict[str, Link] = {}

    @property
    def guests(self) -> int:
        """How many have connected and shown no Logon yet."""
        return len(self._arriving) + len(self._guests)

    async def open(self) -> int:
        """Begin to listen; returns the port."""
        found = socket.getaddrinfo(
            self.door.host or None, self.door.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        self._socket = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        self._begin(self._socket)
        port: int = self._socket.getsockname()[1]
        return port

    async def close(self, text: str = "", drain_s: float = 5.0) -> None:
        """Let nobody in any more, say goodbye to who is in, and wait for their answers, `drain_s` at the most."""
        if self._listening is not None and self._socket is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            self._socket.close()
        for arrival in list(self._arriving):
            self._send_away(arrival)
        for guest in list(self._guests):
            guest.leave("we close")
        links = [link for link in self._links.values() if link.transport is not None]
        for link in links:
            link.logout(text)
        if links:
            await asyncio.wait([asyncio.ensure_future(link.gone()) for link in links], timeout=drain_s)
        for link in links:
            link.drop("did not log out in time")

    async def _listen(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, address = await loop.sock_accept(listening)
            except OSError as problem:
                if self._notes.take(self._now()):
                    self._scribe.error("fix_accept_failed", problem=str(problem))
                await asyncio.sleep(0 if problem.errno == errno.ECONNABORTED else _NOT_ACCEPTED_S)
                continue
            peer = address[0]
            if not is_within(peer, self.door.allowed):
                self._turn_away(connected, peer, "its address is not allowed")
            elif not self._has_room(peer):
                self._turn_away(connected, peer, "too many guests")
            else:
                arrival = _Arrival(connected, peer)
                self._arriving[arrival] = None
                arrival.task = loop.create_task(self._welcome(arrival))

    def _begin(self, listening: socket.socket) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._listen(listening))
        self._listening.add_done_callback(lambda task: self._ended(task, listening))

    def _ended(self, task: asyncio.Task[None], listening: socket.socket) -> None:
        """Whatever went wrong with one connection (a line that could not be written), the next one is let in."""
        if not task.cancelled():
            self._begin(listening)
            self._scribe.error("fix_listening_failed", problem=repr(task.exception()))

    def _has_room(self, peer: str) -> bool:
        """Whether one more guest may come. In a full house the oldest of the greatest crowd from one address leaves
        for one of a smaller crowd, so that nobody can keep all others out."""
        if self.guests < self.door.guests_max:
            return True
        present: list[_Arrival | _Guest] = [*self._guests, *self._arriving]
        crowds = Counter(one.crowd for one in present)
        most, count = crowds.most_common(1)[0]
        if crowds[_crowd(peer)] + 1 >= count:
            return False
        oldest = next(one for one in present if one.crowd == most)
        if isinstance(oldest, _Guest):
            oldest.leave("others want to come in")
        else:
            self._send_away(oldest)
            self.refuse(oldest.peer, "others want to come in")
        return True

    def _send_away(self, arrival: "_Arrival") -> None:
        """End a connection that is no guest yet."""
        self._arriving.pop(arrival, None)
        if arrival.connected is not None:
            arrival.connected.close()
            arrival.connected = None
        if arrival.task is not None:
            arrival.task.cancel()

    def _turn_away(self, connected: socket.socket, peer: str, why: str) -> None:
        connected.close()
        self.refuse(peer, why)

    async def _welcome(self, arrival: "_Arrival") -> None:
        """Make a guest of a connection."""
        connected, arrival.connected = arrival.connected, None
        if connected is None:
            return
        tls = self.door.tls
        limits: dict[str, Any] = {}
        if tls is not None:
            limits = {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": SHUTDOWN_S}
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: _Guest(self, arrival), connected, ssl=tls, **limits
            )
        except OSError as problem:
            connected.close()
            self.refuse(arrival.peer, f"the connection failed: {problem}")
        finally:
            self._arriving.pop(arrival, None)

    # --- for guests --------------------------------------------------------------------------------------------

    def came(self, guest: "_Guest", arrival: "_Arrival") -> None:
        """A guest is there."""
        self._arriving.pop(arrival, None)
        self._guests[guest] = None

    def left(self, guest: "_Guest") -> None:
        """A guest is gone, or is none any more."""
        self._guests.pop(guest, None)

    def refuse(self, peer: str, why: str) -> None:
        """Count and tell a connection that did not become a session's."""
        self.refused += 1
        if self._notes.take(self._now()):
            self._scribe.warning("fix_refused", peer=peer, why=why)

    def seat(self, frame: bytes, peer: str, transport: asyncio.Transport) -> Link | str:
        """The session that a first message belongs to, or why it belongs to none."""
        found = peek(frame)
        if found is None or found[1] != LOGON:
            return "the first message is no Logon"
        begin, _, sender, target = found
        seat = self._find(begin, sender, target)
        if seat is None:
            return f"no session of {sender[:64]!r} with {target[:64]!r} in {begin[:16]!r}"
        link = seat.link
        if not is_within(peer, seat.allowed):
            return f"{link.name} may not come from this address"
        if seat.certificate and not same_subject(
            subject(transport.get_extra_info("peercert")), seat.certificate
        ):
            return f"{link.name} may not come with this certificate"
        if not link.is_open(self._now()):
            return f"{link.name} is connected already, or not at this hour"
        self._links[link.name] = link
        return link


def _crowd(address: str) -> str:
    """Who stands behind an address: of IPv6 everybody has a whole network."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, _CROWD_V6), strict=False))
    return address


class _Arrival:
    """A connection that is no guest yet: the handshake of TLS is going on."""

    def __init__(self, connected: socket.socket, peer: str) -> None:
        self.connected: socket.socket | None = connected
        self.peer, self.crowd = peer, _crowd(peer)
        self.task: asyncio.Task[None] | None = None


class _Guest(asyncio.Protocol):
    """A connection that has shown no Logon yet."""

    def __init__(self, acceptor: Acceptor, arrival: _Arrival) -> None:
        self._acceptor, self._arrival = acceptor, arrival
        self._peer, self.crowd = arrival.peer, arrival.crowd
        self._framer = Framer(acceptor.door.guest_bytes_max)
        self._read = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are of another family
        self._acceptor.came(self, self._arrival)
        patience_s = self._acceptor.door.guest_s
        self._timer = asyncio.get_running_loop().call_later(patience_s, self.leave, "no Logon in time")

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        self._read += data
        if not _BEGINNING.startswith(self._read[: len(_BEGINNING)]):
            self.leave("its first bytes are no message")
            return
        frames = self._framer.feed(data)
        if not frames:
            if len(self._read) > self._acceptor.door.guest_bytes_max:
                self.leave("too many bytes before a Logon")
            return
        if not isinstance(frames[0], bytes):
            self.leave(f"its first bytes are no message: {frames[0].problem}")
            return
        link = self._acceptor.seat(frames[0], self._peer, transport)
        if isinstance(link, str):
            self.leave(link)
            return
        self._end()
        transport.set_protocol(Wire(link, transport))
        link.attach(transport, bytes(self._read))

    def leave(self, why: str) -> None:
        """End it, without a word."""
        if self._transport is not None:
            self._transport.abort()
            self._end()
            self._acceptor.refuse(self._peer, why)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._end()
            self._acceptor.refuse(self._peer, "it left before a Logon")

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None
        self._acceptor.left(self)
