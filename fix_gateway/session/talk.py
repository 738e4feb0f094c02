"""The conversation of one session: its state, what is being said, what its owner will be told, and its timers."""

from typing import Final

from fix_gateway.codec.decoded import Decoded
from fix_gateway.errors import Fault, LocalProtocolError
from fix_gateway.session import admin
from fix_gateway.session.happenings import Counts, Down, Event, Noted
from fix_gateway.session.liveness import Liveness
from fix_gateway.session.outgoing import Outgoing
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.states import State, Trigger, following
from fix_gateway.session.store import Store
from fix_gateway.tags import LOGON, LOGOUT, REJECT, TEXTS

_SECOND: Final = 1_000_000_000


class Talk:
    """What the parts of a session share."""

    __slots__ = (
        "counts",
        "deadline_at",
        "events",
        "live",
        "met",
        "out",
        "reset_asked",
        "settings",
        "state",
        "up",
    )

    def __init__(self, settings: SessionSettings, store: Store) -> None:
        self.settings = settings
        self.state = State.IDLE
        self.counts = Counts()
        self.events: list[Event] = []
        self.live = Liveness(0, 0)
        self.out = Outgoing(settings, store)
        self.deadline_at = 0
        self.up = False
        self.met = False
        self.reset_asked = False

    def move(self, trigger: Trigger) -> None:
        """Go where the table says."""
        after = following(self.state, trigger)
        if after is None:
            raise LocalProtocolError(f"{trigger} in {self.state}")
        self.state = after

    def told(self) -> list[Event]:
        """What the owner has not been told yet."""
        events, self.events = self.events, []
        return events

    def note(self, what: str) -> None:
        """Worth a line in a log."""
        self.events.append(Noted(what=what))

    def say(self, msg_type: str, body: bytes, now: int, header: bytes = b"") -> None:
        """A message of the session's own."""
        self.out.send(msg_type, body, now, header=header)
        self.live.sent(now)

    def send_logon(self, heartbeat_s: int, reset: bool, expected: int, now: int) -> None:
        """Our Logon; `expected` is the peer's next number. Only an initiator says its password."""
        settings = self.settings
        body = admin.logon(
            heartbeat_s,
            reset=reset,
            username=settings.username if settings.initiator else "",
            password=settings.password if settings.initiator else "",
            next_expected=expected if settings.next_expected else 0,
            appl=settings.appl,
        )
        self.say(LOGON, body, now)

    def reject(self, message: Decoded, fault: Fault, now: int) -> None:
        """Answer with a session-level Reject."""
        self.counts.rejected += 1
        tag = f" ({fault.tag.decode('latin-1')})" if fault.tag else ""
        kind = admin.shown(message.msg_type.encode("latin-1"))
        self.note(f"message {message.seq} ({kind}) rejected: {fault.text}{tag}")
        self.say(REJECT, admin.reject(message, fault), now, admin.reverse_route(message))

    def reject_for(self, message: Decoded, code: int, now: int, tag: int = 0) -> None:
        """The same, with the code's own sentence."""
        self.reject(message, Fault(code=code, text=TEXTS[code], tag=b"%d" % tag if tag else b""), now)

    def goodbye(self, text: str, now: int) -> None:
        """Our Logout; the answer is waited for a while."""
        if self.state is State.ACTIVE:
            self.say(LOGOUT, admin.logout(text), now)
            self.move(Trigger.LOGOUT_SENT)
            self.deadline_at = now + int(self.settings.logout_s * _SECOND)
            self.down(text or "logged out")

    def give_up(self, why: str) -> None:
        """Nothing more is said: the transport must be closed."""
        self.move(Trigger.GIVEN_UP)
        self.note(why)
        self.down(why)

    def down(self, reason: str) -> None:
        """Tell once that nothing can be sent any more."""
        if self.up:
            self.up = False
            self.events.append(Down(reason=reason))
