"""What the client sends: quote requests of 712 bytes, 67 fields and 4 legs (FIX 4.4), no two alike.

Ids, sides, sizes, parties and times vary from message to message, and legs are any of 600 listed options; what a real
client would keep from message to message (the shape) stays.
"""

import re
import time
import zlib
from datetime import UTC, datetime

import numpy as np

SIZE, FIELDS, LEGS = 712, 67, 4
BEGIN = b"8=FIX.4.4\x01"
_MONTHS = (b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC")
_NAMED = b"600=BTC-%02d%s26-%05d-%s\x01602=%06d\x01603=8\x01608=O%sECCS\x01609=OPT\x01611=2026%02d%02d\x01612=%05d\x01"
_LISTED = [
    (month, price, kind)
    for month in range(12)
    for price in range(40_000, 65_000, 1_000)
    for kind in (b"C", b"P")
]
INSTRUMENTS = [
    _NAMED % (27, _MONTHS[month], price, kind, 100_001 + at, kind, month + 1, 27, price)
    for at, (month, price, kind) in enumerate(_LISTED)
]
"""What a venue lists: 600 options, as the fields that name a leg."""


def frame(rest: bytes) -> bytes:
    """The whole message around `rest`, which begins with 35= and ends with SOH."""
    front = b"%s9=%d\x01%s" % (BEGIN, len(rest), rest)
    return b"%s10=%03d\x01" % (front, _total(front) & 255)


def _total(text: bytes) -> int:
    """The sum of all bytes: adler32's low half, over pieces that are too short for it to wrap."""
    return sum((zlib.adler32(text[at : at + 128]) & 0xFFFF) - 1 for at in range(0, len(text), 128))


def stamp(ns: int) -> bytes:
    """A UTCTimestamp with milliseconds."""
    seconds, rest = divmod(ns, 1_000_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d-%H:%M:%S")
    return b"%s.%03d" % (text.encode(), rest // 1_000_000)


class Requests:
    """A client's stream of quote requests, in batches that are ready to be sent."""

    def __init__(self, sender: str, target: str, seed: int) -> None:
        self._head = f"49={sender}\x0156={target}\x01".encode()
        self._dice = np.random.default_rng(seed)
        self._made = 0

    def batch(self, count: int, first_seq: int) -> list[bytes]:
        """`count` messages with numbers from `first_seq`, stamped with this moment."""
        now = time.time_ns()
        rolled = self._dice.integers(0, 1_000_000, size=(count, 8 + 3 * LEGS)).tolist()
        return [self._one(first_seq + at, now + at * 1_000, dice) for at, dice in enumerate(rolled)]

    def _one(self, seq: int, now: int, dice: list[int]) -> bytes:
        self._made += 1
        legs = b"".join(_leg(*dice[8 + 3 * at : 11 + 3 * at]) for at in range(LEGS))
        front = (
            b"35=R\x01%s34=%d\x0152=%s\x01131=RQ%06d%06d\x01146=1\x0155=BTC\x01167=MLEG\x01303=2\x01537=1\x01"
            b"54=%d\x0138=%d.%d\x0115=%s\x011=ACC%04d\x01555=%d\x01%s62=%s\x01126=%s\x0160=%s\x01"
            b"453=1\x01448=FIRM%02d\x01447=D\x01452=3\x01"
            % (
                *(self._head, seq, stamp(now), dice[0], self._made % 1_000_000),
                *(1 + dice[1] % 2, 10 + dice[2] % 90, dice[3] % 10, (b"BTC", b"USD")[dice[4] % 2]),
                *(dice[5] % 100, LEGS, legs),
                *(stamp(now + 60_000_000_000 + dice[6] * 1_000), stamp(now + 300_000_000_000), stamp(now)),
                dice[7] % 100,
            )
        )
        room = SIZE - len(frame(front + b"58=\x01"))
        return frame(b"%s58=%s\x01" % (front, (b"%d" % dice[0] * SIZE)[:room]))


def _leg(pick: int, side: int, size: int) -> bytes:
    """One option leg; all legs are equally long."""
    sized = (1 + side % 3, 1 + side // 3 % 2, 10 + size % 90, size // 90 % 10)
    return INSTRUMENTS[pick % len(INSTRUMENTS)] + b"623=%d\x01624=%d\x01687=%d.%d\x01" % sized


def number(reply: bytes) -> int:
    """MsgSeqNum of a frame, 0 if it has none."""
    found = re.search(rb"\x0134=(\d+)\x01", reply)
    return int(found[1]) if found else 0
