"""What we say: numbered, stamped, framed, kept in the store, and waiting to be written. Also what is said once
more."""

from collections.abc import Iterator
from typing import Final

from fix_gateway.admin import field
from fix_gateway.encode import frame
from fix_gateway.errors import LocalProtocolError
from fix_gateway.recovery import replay
from fix_gateway.session_settings import SessionSettings
from fix_gateway.store import Store
from fix_gateway.tags import ADMIN
from fix_gateway.values import stamp

_AGAIN: Final = b"97=Y\x01"


class Outgoing:
    """The sending half of a session."""

    __slots__ = (
        "_begin",
        "_burst",
        "_digits",
        "_middle",
        "_out",
        "_replay",
        "_replayed",
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
        """Say [begin, end] once more: a burst at once, the rest piece by piece as it is taken. Another range
        replaces it."""

        def build(msg_type: str, seq: int, flags: bytes, fields: bytes, body: bytes) -> bytes:
            head = b"35=%b\x0134=%d\x01" % (msg_type.encode(), seq)
            moment = stamp(now, self._digits)
            return frame(
                self._begin, b"".join((head, flags, self._middle, moment, self._target, fields, body))
            )

        self._replay = replay(self.store, begin, end, self._replayed, build, stamp(now, self._digits))
        self._pump()

    def _pump(self) -> None:
        """Put a burst of what is said once more in the queue."""
        for _ in range(self._burst):
            raw = next(self._replay, None) if self._replay is not None else None
            if raw is None:
                self._replay = None
                return
            self._out.append(raw)
            self.resent += 1

    @property
    def is_replaying(self) -> bool:
        """True while more is to be said once more."""
        return self._replay is not None

    def clear(self) -> None:
        """The connection is gone: nothing waits for it."""
        self._out.clear()
        self._replay = None

    def take(self) -> bytes:
        """What waits to be written; of a long resend only a burst."""
        out = self._out
        if self._replay is not None and not out:
            self._pump()
        if not out:
            return b""
        found = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        return found
