"""Cuts a stream of bytes into messages, and tells what was none.

A message begins with 8=, 9= (one to seven digits), and its third field is 35=. Its end is where BodyLength says, and
there `10=` must stand. If it does not, the length is a lie, and the message ends with the next CheckSum field at or
after that place: a length that is too long so swallows what follows, as the standard's own acceptance scripts want.
Bytes before a beginning are dropped. What is dropped is told as one `Garbled` a piece, in its place in the order.

How the bytes were cut on their way never matters: a decision falls only when no later byte could change it. Junk is
told when the next message begins; of junk only its length is kept. Bytes are looked at a bounded number of times,
however they come.
"""

import re

from fix_gateway.codec.values import SUMS, checksum
from fix_gateway.errors import Garbled

_HEAD = re.compile(rb"8=[^\x01]{1,20}+\x019=([0-9]{1,7}+)\x01")
_HEAD_BYTES = 2 + 20 + 1 + 2 + 7 + 1  # the longest head: what is cut off from a head is shorter
_TRAILER_BYTES = 7  # 10=ddd and the separator
_TRAILERS = {
    trailer: (number + sum(trailer)) & 0xFF for number, trailer in enumerate(SUMS)
}  # sum with itself


class Framer:
    """One connection's inbound bytes. A message longer than `max_bytes`, or that much junk, ends the stream."""

    def __init__(self, max_bytes: int = 65_536) -> None:
        self.max_bytes = max_bytes
        self._held = bytearray()  # begins with a head, or with what may become one
        self._needed = 0  # nothing can be said before so many bytes are held
        self._sought = 0  # up to where `_held` was searched for a trailer, once the length is known to lie
        self._mark = 0  # where that trailer begins, if it was found and its end was not
        self._junk = 0  # bytes dropped since the last message
        self._dead = False

    @property
    def pending(self) -> int:
        """Bytes that are held back, waiting for more."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes | Garbled]:
        """The messages and the garbage that are complete with these bytes."""
        if self._dead:
            return []
        stream: bytes | bytearray = data
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return []
            stream = self._held
        found: list[bytes | Garbled] = []
        at = self._cut(stream, found)
        if stream is not data:
            del self._held[:at]
        elif at < len(data):
            self._held += data[at:]
        return found

    def _cut(self, stream: bytes | bytearray, found: list[bytes | Garbled]) -> int:
        """Append what is complete; where the rest begins. `_needed` and `_sought` are told from there."""
        at, size = 0, len(stream)
        self._needed = 0
        while at < size:
            head = _HEAD.match(stream, at)
            if head is None:
                head = _HEAD.search(stream, at)
                begin = max(at, size - _HEAD_BYTES) if head is None else head.start()
                self._junk += begin - at
                at = begin
                if self._junk > self.max_bytes:
                    return self._die("no message in this many bytes", found, size)
                if head is None:
                    return at
            if self._junk:
                found.append(Garbled(problem="no message begins here", size=self._junk))
                self._junk = 0
            body = head.end()
            end = body + int(head[1]) + _TRAILER_BYTES
            if end - at > self.max_bytes:
                return self._die("longer than the cap", found, size)
            if end > size:
                self._needed = end - at
                return at
            message = bytes(stream[at:end])
            total = _TRAILERS.get(message[-_TRAILER_BYTES:])
            if total is not None and message[-_TRAILER_BYTES - 1] == 1:
                if not message.startswith(b"35=", body - at):
                    found.append(Garbled(problem="the third field is not MsgType", size=end - at))
                elif checksum(message) != total:
                    found.append(Garbled(problem="CheckSum is wrong", size=end - at))
                else:
                    found.append(message)
                at = end
                continue
            after = self._lying_end(stream, at, end - _TRAILER_BYTES - 1)
            if (after or size) - at > self.max_bytes:
                return self._die("longer than the cap", found, size)
            if not after:
                return at
            found.append(Garbled(problem="BodyLength or CheckSum cannot be read right", size=after - at))
            at = after
        return at

    def _lying_end(self, stream: bytes | bytearray, at: int, declared: int) -> int:
        """Where a message ends whose length is wrong: behind the next CheckSum field; 0 if that has not come yet."""
        begin = max(declared, at + self._sought)
        if not self._mark:
            mark = stream.find(b"\x0110=", begin)
            if mark < 0:
                self._sought = len(stream) - 3 - at
                return 0
            self._mark, begin = mark - at, mark + 1
        after = stream.find(b"\x01", begin)
        if after < 0:
            self._sought = len(stream) - at
            return 0
        self._sought = self._mark = 0
        return after + 1

    def _die(self, problem: str, found: list[bytes | Garbled], size: int) -> int:
        """The stream is not to be trusted any more; nothing of it is kept."""
        self._dead = True
        found.append(Garbled(problem=problem, size=self.max_bytes, fatal=True))
        return size
