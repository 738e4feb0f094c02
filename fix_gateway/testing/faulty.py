"""Two sessions and a faulty wire between them, on virtual time: what a wire can do to a stream of bytes, done on
purpose.

A `Fault` is done to one written piece: it is dropped, written twice, held back behind the next piece, or the
connection is cut after some of its bytes. Each end connects again by itself. What the applications sent and
received is kept, in order.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from fix_gateway.session.happenings import Arrived, Event
from fix_gateway.session.session import Session

_SECOND: Final = 1_000_000_000
_STEP_NS: Final = 50_000_000
_BACK_AFTER_STEPS: Final = 3

Kind: TypeAlias = Literal["none", "drop", "twice", "late", "cut"]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one written piece; `at` is the byte after which a cut comes."""

    kind: Kind = "none"
    at: int = 0


class End:
    """One session with its application: it accepts what arrives at once, and keeps its ids (ClOrdID)."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.wanted: list[bytes] = []

    def hear(self, events: Iterable[Event]) -> None:
        """What the session tells."""
        for event in events:
            if isinstance(event, Arrived):
                self.received.append(event.message.text(11))
                self.session.accepted(event.message.seq)

    def speak(self, now: int) -> None:
        """Send what the application wants to have sent, if it can."""
        while self.wanted and self.session.is_up:
            name = self.wanted.pop(0)
            body = b"11=%b\x0121=1\x0138=1\x0140=1\x0154=1\x0155=BTC\x0160=20260105-08:00:00\x01" % name
            self.session.send("D", body, now)
            self.sent.append(name)


class FaultyWire:
    """An initiator and an acceptor, and the wire between them."""

    def __init__(self, initiator: Session, acceptor: Session, faults: Iterable[Fault], now: int) -> None:
        self.initiator, self.acceptor = End(initiator), End(acceptor)
        self.now = now
        self.cuts = 0
        self._faults: Iterator[Fault] = iter(faults)
        self._held: dict[int, bytes] = {}
        self._down_for = _BACK_AFTER_STEPS
        self._connected = False

    @property
    def ends(self) -> tuple[End, End]:
        """Both."""
        return self.initiator, self.acceptor

    def run(self, steps: int) -> None:
        """Let time pass."""
        for _ in range(steps):
            self._step()

    def is_settled(self) -> bool:
        """True once everything that was sent has arrived."""
        one, two = self.ends
        return not one.wanted and not two.wanted and one.received == two.sent and two.received == one.sent

    def _step(self) -> None:
        self.now += _STEP_NS
        if not self._connected:
            self._down_for += 1
            if self._down_for < _BACK_AFTER_STEPS:
                return
            self._connected = True
            self._held.clear()
            self.acceptor.hear(self.acceptor.session.open(self.now))
            self.initiator.hear(self.initiator.session.open(self.now))
        for end in self.ends:
            wake_at = end.session.wake_at
            if wake_at and wake_at <= self.now:
                end.hear(end.session.tick(self.now))
            end.speak(self.now)
        for index, end in enumerate(self.ends):
            if self._connected:
                self._carry(index, end, self.ends[1 - index])
        if self._connected and any(end.session.ending for end in self.ends):
            self._cut()

    def _carry(self, index: int, end: End, other: End) -> None:
        """What one end has written goes to the other, if the wire is in the mood."""
        data = end.session.take()
        held = self._held.pop(index, b"")
        if data:
            fault = next(self._faults, Fault())
            match fault.kind:
                case "drop":
                    data = b""
                case "twice":
                    data += data
                case "late":
                    self._held[index], data = data, b""
                case "cut":
                    other.hear(other.session.receive(data[: fault.at % (len(data) + 1)], self.now))
                    self._cut()
                    return
                case "none":
                    pass
        if data or held:
            other.hear(other.session.receive(data + held, self.now))

    def _cut(self) -> None:
        for end in self.ends:
            end.hear(end.session.closed(self.now))
        self._connected = False
        self._down_for = 0
        self.cuts += 1
