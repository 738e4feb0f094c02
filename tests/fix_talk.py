"""A peer that speaks raw FIX to one of our sessions, for tests of the session: what it says is spelled out, what it
hears is taken apart."""

from collections.abc import Iterable
from typing import Any, Final

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.encode import frame
from fix_gateway.codec.values import stamp
from fix_gateway.dictionary.standard import load
from fix_gateway.session.happenings import Arrived, Event
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore, Store

NOW: Final = 1_767_600_000_000_000_000
SECOND: Final = 1_000_000_000
ORDER: Final = "11=ID|21=1|38=1|40=1|54=1|55=BTC|60=20260105-08:00:00|"


def fields_of(raw: bytes) -> list[tuple[int, str]]:
    """(tag, value) of one message."""
    pairs = (part.partition("=") for part in raw.decode("latin-1").split("\x01")[:-1])
    return [(int(tag), value) for tag, _, value in pairs]


class Peer:
    """The other side of `session`, which may be an acceptor or an initiator."""

    def __init__(self, store: Store | None = None, **changes: Any) -> None:
        chosen: dict[str, Any] = {
            "name": "peer",
            "begin": "FIX.4.4",
            "sender": "DESK",
            "target": "PEER",
        } | changes
        self.settings = SessionSettings(**chosen)
        self.store = store or MemoryStore()
        decoder = Decoder(load(self.settings.begin, self.settings.appl))
        self.session = Session(self.settings, self.store, decoder)
        self.now = NOW
        self.seq = 1
        self.events: list[Event] = []
        self.accepts = True

    # --- speaking ----------------------------------------------------------------------------------------------

    def open(self) -> "Peer":
        """The transport is there."""
        self.hear(self.session.open(self.now))
        return self

    def logged_on(self, heartbeat_s: int = 30, extra: str = "") -> "Peer":
        """Open and log on (as the initiator)."""
        self.open()
        appl = f"1137={self.settings.appl}|" if self.settings.appl else ""
        self.say("A", f"98=0|108={heartbeat_s}|{extra}{appl}")
        self.heard()
        return self

    def raw(
        self, msg_type: str, body: str = "", *, seq: int | None = None, flags: str = "", **head: Any
    ) -> bytes:
        """A message of the peer; `seq` None takes the next number. `flags` come behind 34."""
        number = seq
        if number is None:
            number, self.seq = self.seq, self.seq + 1
        sender, target = head.get("sender", self.settings.target), head.get("target", self.settings.sender)
        sent = head.get("sent", stamp(self.now, 3).decode())
        text = (
            f"35={msg_type}|34={number}|{flags}49={sender}|52={sent}|56={target}|{head.get('more', '')}{body}"
        )
        begin = head.get("begin", self.settings.begin)
        return frame(begin.encode(), text.replace("|", "\x01").encode("latin-1"))

    def say(self, msg_type: str, body: str = "", **how: Any) -> None:
        """Send one message."""
        self.send(self.raw(msg_type, body, **how))

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.hear(self.session.receive(data, self.now))

    def order(self, **how: Any) -> None:
        """Send an application message."""
        self.say("D", ORDER, **how)

    def wait(self, seconds: float) -> None:
        """Time passes; the session is woken when it asked for it."""
        end = self.now + int(seconds * SECOND)
        while (wake_at := self.session.wake_at) and wake_at <= end:
            self.now = max(self.now, wake_at)
            self.hear(self.session.tick(self.now))
            if self.session.ending:
                break
        self.now = end

    # --- hearing -----------------------------------------------------------------------------------------------

    def hear(self, events: Iterable[Event]) -> None:
        """What the session tells its owner."""
        for event in events:
            self.events.append(event)
            if isinstance(event, Arrived) and self.accepts:
                self.session.accepted(event.message.seq)

    def heard(self) -> list[dict[int, str]]:
        """The messages that the session has written since."""
        data = self.session.take()
        while self.session.more:
            data += self.session.take()
        found = []
        while data:
            end = data.index(b"\x01", data.index(b"\x0110=") + 1) + 1
            found.append(dict(fields_of(data[:end])))
            data = data[end:]
        return found

    def types(self) -> list[str]:
        """Their types."""
        return [message[35] for message in self.heard()]

    @property
    def arrived(self) -> list[int]:
        """The numbers of the application messages that arrived."""
        return [event.message.seq for event in self.events if isinstance(event, Arrived)]

    def told(self, kind: type) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
