"""The client that measures: plain sockets, messages built beforehand, correct numbers; one or many sessions."""

import contextlib
import re
import selectors
import socket
import time

from benchmarks.fix_peers.requests import Requests, frame, number, stamp

REPLY = b"\x0135=S\x01"
_END = re.compile(rb"\x0110=\d\d\d\x01$")
BATCH = 2_000


class Refused(Exception):
    """The acceptor did not do what was asked."""


class Client:
    """One session: logs on with both numbers at 1, asks, counts quotes."""

    def __init__(self, port: int, sender: str, seed: int) -> None:
        self.sender, self._next = sender, 1
        self._requests = Requests(sender, "DESK", seed)
        self.link = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.logon = self._admin(b"A", b"98=0\x01108=30\x01141=Y\x01")
        self.heard = number(self.logon)
        if b"\x0135=A\x01" not in self.logon:
            raise Refused(f"{sender} could not log on: {self.logon!r}")

    def _admin(self, kind: bytes, body: bytes) -> bytes:
        """A session message and the first answer to it."""
        head = f"49={self.sender}\x0156=DESK\x0134={self._next}\x01".encode()
        self.link.sendall(frame(b"35=%s\x01%s52=%s\x01%s" % (kind, head, stamp(time.time_ns()), body)))
        self._next += 1
        return self.reply()

    def batch(self, count: int) -> list[bytes]:
        """The next `count` requests, stamped with this moment."""
        made = self._requests.batch(count, self._next)
        self._next += count
        return made

    def reply(self) -> bytes:
        """Whole frames, as many as came together."""
        got = self.link.recv(65_536)
        while not _END.search(got[-8:]):
            more = self.link.recv(65_536)
            if not more:
                raise Refused(f"{self.sender}: the acceptor hung up after {got[-300:]!r}")
            got += more
        return got

    def round_trips(self, count: int) -> list[int]:
        """One request at a time; how long each took, in ns."""
        took: list[int] = []
        clock = time.perf_counter_ns
        while len(took) < count:
            for request in self.batch(min(BATCH, count - len(took))):
                begun = clock()
                self.link.sendall(request)
                got = self.reply()
                took.append(clock() - begun)
                if REPLY not in got:
                    raise Refused(f"no quote but {got!r}")
        return took

    def rate(self, count: int, in_flight: int = 64) -> float:
        """Requests answered a second, with so many under way."""
        spent = 0.0
        for at in range(0, count, BATCH):
            spent += self._pipeline(self.batch(min(BATCH, count - at)), in_flight)
        return count / spent

    def _pipeline(self, requests: list[bytes], in_flight: int) -> float:
        total, sent, answered, tail = len(requests), 0, 0, b""
        begun = time.perf_counter()
        while answered < total:
            upto = min(total, answered + in_flight)
            if upto > sent:
                self.link.sendall(b"".join(requests[sent:upto]))
                sent = upto
            got = self.link.recv(262_144)
            if not got:
                raise Refused(f"hung up after {answered} of {total}: {tail[-300:]!r}")
            text = tail + got
            answered += text.count(REPLY)
            tail = text[-(len(REPLY) - 1) :]
        while not _END.search(text[-8:]):
            text = (text + self.link.recv(65_536))[-16_384:]
        return time.perf_counter() - begun

    def close(self) -> None:
        """Log out and hang up; a peer that says farewell late is not waited for long."""
        self.link.settimeout(5)
        with contextlib.suppress(OSError, Refused):
            self._admin(b"5", b"")
        self.link.close()


def together(clients: list[Client], each: int) -> tuple[float, list[int]]:
    """All sessions at once, one request of each under way: answers a second, and how long each took, in ns."""
    waiting = {one.link.fileno(): (one, one.batch(each)) for one in clients}
    begun_at: dict[int, int] = {}
    took: list[int] = []
    clock = time.perf_counter_ns
    with selectors.EpollSelector() as chosen:
        begun = clock()
        for fileno, (one, requests) in waiting.items():
            chosen.register(one.link, selectors.EVENT_READ)
            begun_at[fileno] = clock()
            one.link.sendall(requests.pop(0))
        left = len(waiting) * each
        while left:
            for key, _ in chosen.select(20):
                one, requests = waiting[key.fd]
                got = one.reply()
                took.append(clock() - begun_at[key.fd])
                left -= 1
                if REPLY not in got:
                    raise Refused(f"no quote but {got!r}")
                if requests:
                    begun_at[key.fd] = clock()
                    one.link.sendall(requests.pop(0))
        spent = (clock() - begun) / 1e9
    return len(took) / spent, took
