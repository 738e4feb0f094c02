"""What we say: numbered, stamped, framed, kept in the store, and waiting to be written. Also what is said once
more."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from fix_gateway.codec.encode import frame
from fix_gateway.codec.values import stamp
from fix_gateway.errors import LocalProtocolError
from fix_gateway.session.admin import field
from fix_gateway.session.recovery import replay
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import Store
from fix_gateway.tags import ADMIN

_AGAIN: Final = b"97=Y\x01"
RANGES_MAX: Final = 8
"""So many ranges may wait to be said once more; the peer asks again for what was too much."""


class Outgoing:
    """The sending half of a session."""

    __slots__ = (
        "_begin",
        "_burst",
        "_digits",
        "_middle",
        "_now",
        "_out",
        "_ranges",
        "_replay",
        "_replayed",
        "_room",
        "_target",
        "resent",
        "store",
    )

    def __init__(self, settings: SessionSettings, store: Store) -> None:
        self.store = store
        self._begin = settings.begin.encode()
        self._digits = settings.stamp_digits
        self._middle = field(49, settings.sender) + b"52="
        self._target = b"\x01" + field(56, settings.target)
        self._replayed = settings.replay
        self._burst = settings.resend_burst
        self._out: list[bytes] = []
        self.resent = 0
        self._replay: Iterator[bytes] | None = None
        self._ranges: deque[tuple[int, int]] = deque()
        self._room = self._burst
        self._now = 0

    def send(
        self,
        msg_type: str,
        body: bytes,
        now: int,
        *,
        tag: bytes = b"",
        again: bool = False,
        header: bytes = b"",
    ) -> tuple[int, bytes]:
        """Number a message, keep it and put it in the queue; returns its number and its bytes."""
        if body and body[-1] != 1:
            raise LocalProtocolError(f"the body of a {msg_type} does not end with a delimiter")
        store = self.store
        seq = store.next_out
        rest = b"".join(
            (
                b"35=%b\x0134=%d\x01" % (msg_type.encode(), seq),
                self._middle,
                stamp(now, self._digits),
                self._target,
                _AGAIN if again else b"",
                header,
                body,
            )
        )
        raw = frame(self._begin, rest)
        store.save(seq, msg_type, raw, tag, msg_type in ADMIN)
        self._out.append(raw)
        return seq, raw

    def send_again(self, begin: int, end: int, now: int) -> None:
        """Say [begin, end] once more, behind other ranges that were asked for: a burst between two `take`, however
        often it is asked for."""
        self._now = now
        if len(self._ranges) < RANGES_MAX and (begin, end) not in self._ranges:
            self._ranges.append((begin, end))
        self._pump()

    def _replay_of(self, begin: int, end: int) -> Iterator[bytes]:
        def build(msg_type: str, seq: int, flags: bytes, fields: bytes, body: bytes) -> bytes:
            head = b"35=%b\x0134=%d\x01" % (msg_type.encode(), seq)
            return frame(
                self._begin, b"".join((head, flags, self._middle, moment(), self._target, fields, body))
            )

        def moment() -> bytes:
            return stamp(self._now, self._digits)

        return replay(self.store, begin, end, self._replayed, build, moment)

    def _pump(self) -> None:
        """Put some of what is said once more in the queue. What is only passed over costs time as well."""
        while self._room > 0:
            if self._replay is None:
                if not self._ranges:
                    return
                self._replay = self._replay_of(*self._ranges.popleft())
            raw = next(self._replay, None)
            if raw is None:
                self._replay = None
                continue
            self._room -= 1
            if raw:
                self._out.append(raw)
                self.resent += 1

    @property
    def is_replaying(self) -> bool:
        """True while more is to be said once more."""
        return self._replay is not None or bool(self._ranges)

    def stop_replay(self) -> None:
        """What was asked for is there no more: numbers begin anew."""
        self._replay = None
        self._ranges.clear()

    def clear(self) -> None:
        """The connection is gone: nothing waits for it."""
        self._out.clear()
        self._room = self._burst
        self.stop_replay()

    def take(self, now: int = 0) -> bytes:
        """What waits to be written; of a long resend only a burst, which is said to be sent at `now`."""
        out = self._out
        if not out and self.is_replaying:
            self._now = max(now, self._now)
            self._room = self._burst
            self._pump()
        self._room = self._burst
        if not out:
            return b""
        found = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        return found
