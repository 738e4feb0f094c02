"""A client of the whole service: asks for prices of a perpetual, and waits for the first quote on each request."""

import re
import socket
import time

from benchmarks.fix_peers.client import Refused
from benchmarks.fix_peers.requests import frame, stamp

_FIRST = re.compile(rb"8=FIX\.4\.4\x019=(\d+)\x01")
_NAMED = re.compile(rb"\x01131=(Q\d+)\x01")
_KIND = re.compile(rb"\x0135=([^\x01]+)\x01")


class Street:
    """One session with the service."""

    def __init__(self, port: int) -> None:
        self._next = self._made = 1
        self._tail = b""
        self._link = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._send(b"A", b"98=0\x01108=30\x01141=Y\x01")
        if b"\x0135=A\x01" not in self._link.recv(65_536):
            raise Refused("the service did not let us log on")

    def _send(self, kind: bytes, body: bytes) -> None:
        head = b"49=BENCH\x0156=DESK\x0134=%d\x01" % self._next
        self._next += 1
        self._link.sendall(frame(b"35=%s\x01%s52=%s\x01%s" % (kind, head, stamp(time.time_ns()), body)))

    def _ask(self) -> bytes:
        """One request; its id."""
        name = b"Q%d" % self._made
        self._made += 1
        side, size = 1 + self._made % 2, 1_000 * (1 + self._made % 9)
        now = stamp(time.time_ns())
        self._send(
            b"R",
            b"131=%b\x01146=1\x0155=BTC-PERPETUAL\x01303=2\x01537=1\x0154=%d\x0138=%d\x0160=%b\x01"
            % (name, side, size, now),
        )
        return name

    def _heard(self) -> list[bytes]:
        """The ids of the requests that whole messages bring quotes on."""
        data = self._tail + self._link.recv(262_144)
        found = []
        while head := _FIRST.match(data):
            end = head.end() + int(head[1]) + 7
            if len(data) < end:
                break
            message, data = data[:end], data[end:]
            kind = _KIND.search(message)
            named = _NAMED.search(message)
            if kind is None or kind[1] not in (b"S", b"Z", b"AI", b"0", b"1"):
                raise Refused(message.replace(b"\x01", b"|").decode("latin-1"))
            if kind[1] == b"1":
                self._send(b"0", b"112=TEST\x01")
            if kind[1] == b"S" and named is not None:
                found.append(named[1])
        self._tail = data
        return found

    def ask_in_turn(self, count: int) -> list[int]:
        """One request at a time; how long each took, in ns."""
        took = []
        for _ in range(count):
            begun = time.perf_counter_ns()
            name = self._ask()
            while name not in self._heard():
                pass
            took.append(time.perf_counter_ns() - begun)
            self._send(b"Z", b"131=%b\x01117=*\x01298=4\x01" % name)
        return took

    def ask_many(self, count: int, in_flight: int) -> float:
        """Requests quoted a second, with so many under way."""
        waiting: set[bytes] = set()
        done = asked = 0
        begun = time.perf_counter()
        while done < count:
            while asked < count and len(waiting) < in_flight:
                waiting.add(self._ask())
                asked += 1
            for name in self._heard():
                if name in waiting:
                    waiting.discard(name)
                    done += 1
                    self._send(b"Z", b"131=%b\x01117=*\x01298=4\x01" % name)
        return count / (time.perf_counter() - begun)

    def close(self) -> None:
        """Log out and hang up."""
        self._send(b"5", b"")
        self._link.close()
