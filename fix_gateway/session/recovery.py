"""Gaps: what came too early and waits, and what is sent again when the peer has a gap.

A gap is asked for once, from its beginning to infinity; the question is put again when nothing moves. What waits
behind it is bounded in number and bytes: the newest are dropped, for the peer sends them again anyway.
"""

from collections.abc import Callable, Iterator
from typing import Final

from fix_gateway.codec.decoded import Decoded
from fix_gateway.session.admin import gap_fill
from fix_gateway.session.store import Store
from fix_gateway.tags import SEQUENCE_RESET

_EARLY_TAGS: Final = frozenset(
    {b"35", b"34", b"49", b"52", b"56", b"50", b"57", b"90", b"91", b"97", b"115", b"116"}
)
"""The header tags that stand before OrigSendingTime where a header's tags ascend."""

Build = Callable[[str, int, bytes, bytes, bytes], bytes]
"""(msg_type, seq, flags after 34, fields after 56, body) -> framed bytes."""


class Gap:
    """What the peer has sent and we have not received, and the messages that wait behind it."""

    __slots__ = ("_bytes", "_bytes_max", "_max", "_waiting", "asked_at", "begin", "tries", "until")

    def __init__(self, count_max: int, bytes_max: int) -> None:
        self._max, self._bytes_max = count_max, bytes_max
        self._waiting: dict[int, Decoded | None] = {}
        self._bytes = 0
        self.asked_at = self.begin = self.until = self.tries = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    @property
    def first(self) -> int:
        """The lowest number that waits."""
        return min(self._waiting)

    @property
    def is_open(self) -> bool:
        """True while an answer to a resend request is awaited."""
        return self.asked_at != 0

    def put(self, message: Decoded, handled: bool = False) -> bool:
        """Keep a message that came too early (`handled`: only its number still counts); False if there is no room."""
        seq, size = message.seq, 0 if handled else len(message.raw)
        if seq in self._waiting:
            return True
        if len(self._waiting) >= self._max or self._bytes + size > self._bytes_max:
            return False
        self._waiting[seq] = None if handled else message
        self._bytes += size
        return True

    def asked(self, begin: int, until: int, now: int) -> None:
        """A resend request for `begin` and everything after it went out; it is answered once `until` is in."""
        if begin != self.begin:
            self.tries = 0
        self.begin, self.until, self.asked_at = begin, until, now
        self.tries += 1

    def moved(self, expected: int, now: int) -> None:
        """The next expected number is `expected` now: is the gap closed?"""
        if self.asked_at:
            self.asked_at = 0 if expected > self.until else now

    def take(self, expected: int) -> tuple[bool, Decoded | None]:
        """(True, message) if the message with number `expected` waits; the message is None if it was handled
        before."""
        if not self._waiting:
            return False, None
        for seq in [seq for seq in self._waiting if seq < expected]:
            self._drop(seq)
        if expected not in self._waiting:
            return False, None
        return True, self._drop(expected)

    def clear(self) -> None:
        """Numbers begin anew, or the connection is gone."""
        self._waiting.clear()
        self._bytes = 0
        self.asked_at = self.begin = self.until = self.tries = 0

    def _drop(self, seq: int) -> Decoded | None:
        message = self._waiting.pop(seq)
        if message is not None:
            self._bytes -= len(message.raw)
        return message


def replay(
    store: Store,
    begin: int,
    end: int,
    replayed: frozenset[str] | None,
    build: Build,
    stamp: Callable[[], bytes],
) -> Iterator[bytes]:
    """The messages [begin, end] once more, with PossDupFlag and their first sending times; what is not sent again
    (session messages, stale prices, numbers of unknown use) is covered by gap fills. b"" for a message that was only
    passed over, so that whoever asks may pause."""
    next_seq = begin

    def fill(until: int) -> bytes:
        return build(SEQUENCE_RESET, next_seq, b"43=Y\x01", b"122=" + stamp() + b"\x01", gap_fill(until))

    for kept in store.read(begin, end):
        if replayed is not None and kept.msg_type not in replayed:
            yield b""
            continue
        if kept.seq > next_seq:
            yield fill(kept.seq)
        early, late, first_sent = _split(kept.raw)
        yield build(kept.msg_type, kept.seq, b"43=Y\x01", early + b"122=" + first_sent + b"\x01" + late, b"")
        next_seq = kept.seq + 1
    if next_seq <= end:
        yield fill(end + 1)


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Of a message of ours: the header's fields between TargetCompID and OrigSendingTime, everything after that
    place, and its SendingTime."""
    first_sent = b""
    place = raw.index(b"\x0135=") + 1
    early_from = place
    while True:
        end = raw.index(b"\x01", place)
        tag, _, value = raw[place:end].partition(b"=")
        if tag not in _EARLY_TAGS:
            return raw[early_from:place], raw[place : raw.rindex(b"\x0110=") + 1], first_sent
        place = end + 1
        if tag == b"52":
            first_sent = value
        elif tag == b"56":
            early_from = place
