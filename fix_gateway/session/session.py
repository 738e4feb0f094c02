"""The session, without a socket and without a clock: bytes and `now` in, messages and bytes out.

The owner calls `open` when the transport is there, `receive` with what it read, `tick` when `wake_at` has come,
`closed` when the transport is gone, and after each of them writes what `take` returns (having flushed the store
first) and closes the transport if the session is `ending`. The same object serves an acceptor and an initiator, and
lives over connections.

A message is judged in this order: whose it is and when it was sent, its number, its contents. What comes too early
waits until the gap before it is closed, and is judged then. An application message moves the stored incoming number
only when the owner has `accepted` it; until then a crash makes the peer send it again.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from fix_gateway.codec.decoded import Decoded
from fix_gateway.codec.framer import Framer
from fix_gateway.errors import Garbled, LocalProtocolError
from fix_gateway.session import admin
from fix_gateway.session.happenings import Counts, Event, Up
from fix_gateway.session.hearing import Hearing
from fix_gateway.session.incoming import Incoming
from fix_gateway.session.liveness import TEST_ID, Liveness
from fix_gateway.session.logons import Terms, Turned, judge, judge_answer
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.states import State, Trigger
from fix_gateway.session.store import Store
from fix_gateway.session.talk import Talk
from fix_gateway.tags import ADMIN, HEARTBEAT, LOGOUT, TEST_REQUEST

_SECOND: Final = 1_000_000_000
_LOGGED_ON: Final = (State.ACTIVE, State.LOGGING_OUT)
_SILENT: Final = (State.IDLE, State.ENDING)


class Reader(Protocol):
    """Who makes a message of a frame."""

    def decode(self, frame: bytes) -> Decoded:
        """Never raises: what is wrong stands in the message's `fault`."""
        ...


class Session:
    """One session with one counterparty."""

    def __init__(self, settings: SessionSettings, store: Store, decoder: Reader) -> None:
        self.settings = settings
        self.store = store
        self._decoder = decoder
        self._talk = Talk(settings, store)
        self._in = Incoming(self._talk, store)
        self._framer = Framer(settings.message_bytes_max)
        self._hearing = Hearing(settings, self._talk, self._in)
        self._reset_due = False

    # --- what the owner asks -----------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._talk.state

    @property
    def is_up(self) -> bool:
        """True while application messages can be sent."""
        return self._talk.state is State.ACTIVE

    @property
    def ending(self) -> bool:
        """True if the transport must be closed once everything is written."""
        return self._talk.state is State.ENDING

    @property
    def expected(self) -> int:
        """The number that the next message of the peer must have."""
        return self._in.expected

    @property
    def counts(self) -> Counts:
        """How often things happened."""
        counts = self._talk.counts
        counts.resent = self._talk.out.resent
        return counts

    @property
    def wake_at(self) -> int:
        """When `tick` must be called next (UTC ns); 0 for never."""
        state = self._talk.state
        if state is State.ACTIVE:
            answer_at = self._talk.deadline_at if self._talk.reset_asked else 0
            return min(
                (at for at in (self._talk.live.wake_at, self._in.again_at, answer_at) if at), default=0
            )
        return self._talk.deadline_at if state not in _SILENT else 0

    @property
    def more(self) -> bool:
        """True if `take` has more to give once that is written (a long resend comes in pieces)."""
        return self._talk.out.is_replaying

    def take(self, now: int = 0) -> bytes:
        """What must be written now; b"" may mean only that `more` is still looked for."""
        return self._talk.out.take(now)

    # --- what the owner tells ----------------------------------------------------------------------------------

    def open(self, now: int, reset: bool = False) -> list[Event]:
        """The transport is there; an initiator logs on. With `reset` the numbers are due to begin at 1: an acceptor's
        when it knows who is there."""
        settings, talk = self.settings, self._talk
        talk.move(Trigger.OPENED)
        talk.met = False
        self._reset_due = reset
        self._framer = Framer(settings.message_bytes_max)
        talk.deadline_at = now + int(settings.logon_s * _SECOND)
        if settings.initiator:
            talk.reset_asked = settings.reset_on_logon
            if talk.reset_asked or reset:
                self._in.begin_anew(now)
            talk.move(Trigger.LOGON_SENT)
            talk.send_logon(settings.heartbeat_s, talk.reset_asked, self._in.expected, now)
        return talk.told()

    def receive(self, data: bytes, now: int) -> Iterator[Event]:
        """Bytes came in. To be exhausted: what a message brings is told before the next one is looked at, so that
        answers keep the order of what they answer."""
        talk, incoming = self._talk, self._in
        for frame in self._framer.feed(data):
            if talk.state in _SILENT:
                break
            if isinstance(frame, bytes):
                talk.counts.received += 1
                self._hear(self._decoder.decode(frame), now)
            else:
                self._on_garbled(frame)
            if talk.events:
                yield from talk.told()
            while incoming.gap and talk.state is State.ACTIVE:
                found, message = incoming.next_waiting(now)
                if message is not None:
                    self._hearing.contents(message, now)
                if not found:
                    break
                yield from talk.told()
        if talk.events:
            yield from talk.told()

    def tick(self, now: int) -> list[Event]:
        """Time has passed."""
        talk = self._talk
        if talk.state is State.ACTIVE:
            if talk.live.is_dead(now):
                talk.give_up("the peer does not answer")
                return talk.told()
            if talk.live.wants_test(now):
                talk.say(TEST_REQUEST, admin.heartbeat(TEST_ID), now)
                talk.live.tested(now)
            elif talk.live.wants_heartbeat(now):
                talk.say(HEARTBEAT, b"", now)
            self._in.tick(now)
            if talk.reset_asked and now >= talk.deadline_at:
                talk.goodbye("ResetSeqNumFlag was not answered", now)
        elif talk.state not in _SILENT and now >= talk.deadline_at:
            late = "Logout was not answered" if talk.state is State.LOGGING_OUT else "no Logon in time"
            talk.give_up(late)
        return talk.told()

    def closed(self, now: int) -> list[Event]:
        """The transport is gone."""
        talk = self._talk
        if talk.state is not State.IDLE:
            talk.down("connection closed")
            talk.move(Trigger.LOST)
            self._in.gap.clear()
            talk.out.clear()
            if self.settings.reset_on_disconnect and talk.met:
                self._in.begin_anew(now)
        return talk.told()

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
        """Send an application message (`again`: with PossResend; `tag`: what the journal keeps beside it); returns
        its number and its bytes. Raises LocalProtocolError if the session is not up: nothing is ever queued for
        later."""
        talk = self._talk
        if talk.state is not State.ACTIVE:
            raise LocalProtocolError(f"{self.settings.name} is {talk.state}, not active")
        if msg_type in ADMIN:
            raise LocalProtocolError(f"{msg_type} is the session's own")
        sent = talk.out.send(msg_type, body, now, tag=tag, again=again, header=header)
        talk.counts.sent += 1
        talk.live.sent(now)
        return sent

    def accepted(self, seq: int) -> None:
        """The application has taken responsibility for this message: the peer need not send it again."""
        self._in.accepted(seq)

    def logout(self, text: str, now: int) -> list[Event]:
        """Say goodbye; the answer is waited for."""
        talk = self._talk
        if talk.state is State.ACTIVE:
            talk.goodbye(text, now)
        elif talk.state in (State.GREETING, State.LOGGING_ON):
            talk.give_up(text)
        return talk.told()

    def reset(self, now: int) -> None:
        """Begin both numbers at 1: at once without a connection, else together with the peer."""
        talk = self._talk
        if talk.state not in (State.ACTIVE, State.IDLE):
            raise LocalProtocolError(f"{self.settings.name} is {talk.state}: numbers cannot begin anew now")
        self._in.begin_anew(now)
        if talk.state is State.ACTIVE:
            talk.reset_asked = True
            talk.deadline_at = now + int(self.settings.logon_s * _SECOND)
            talk.send_logon(self.settings.heartbeat_s, True, self._in.expected, now)

    # --- logging on --------------------------------------------------------------------------------------------

    def _hear(self, message: Decoded, now: int) -> None:
        talk = self._talk
        if talk.state in _LOGGED_ON:
            talk.live.heard(now)
            self._hearing.on_message(message, now)
            return
        if talk.state is State.GREETING:
            found = judge(self.settings, message, now)
        else:
            found = judge_answer(self.settings, message, now, talk.reset_asked)
        if isinstance(found, Turned):
            if found.known:
                self._in.count(message, now)
            self._turn_down(found, now)
        else:
            self._log_on(message, found, now)

    def _turn_down(self, turned: Turned, now: int) -> None:
        """A Logon is not taken."""
        talk = self._talk
        talk.counts.refused_logons += 1
        if turned.spoken:
            talk.say(LOGOUT, admin.logout(turned.why), now)
        talk.give_up(f"Logon refused: {turned.why}")

    def _log_on(self, message: Decoded, terms: Terms, now: int) -> None:
        """A Logon is taken; an acceptor answers it. Then what either side has missed is asked for, or sent."""
        settings, incoming, store, talk = self.settings, self._in, self.store, self._talk
        acceptor = not settings.initiator
        if acceptor and (terms.reset or settings.reset_on_logon or self._reset_due):
            incoming.begin_anew(now)
        if message.seq < incoming.expected and not message.poss_dup:
            incoming.too_low(message.seq, now)
            return
        if terms.next_expected > store.next_out:
            self._turn_down(Turned(why="NextExpectedMsgSeqNum is too high", known=True, spoken=True), now)
            return
        missed_up_to = store.next_out - 1
        incoming.count(message, now)
        talk.live = Liveness(now, terms.heartbeat_s)
        talk.move(Trigger.LOGON_TAKEN)
        talk.reset_asked = False
        talk.up = talk.met = True
        talk.counts.logons += 1
        if acceptor:
            talk.send_logon(terms.heartbeat_s, terms.reset, incoming.expected, now)
        talk.events.append(Up())
        if message.seq > incoming.expected:
            incoming.too_early(
                message, now, handled=True, spoken=not (terms.next_expected and settings.next_expected)
            )
        if 0 < terms.next_expected <= missed_up_to:
            talk.out.send_again(terms.next_expected, missed_up_to, now)

    # --- what is no message ------------------------------------------------------------------------------------

    def _on_garbled(self, garbled: Garbled) -> None:
        """Ignored, as the standard says; but nobody who has not logged on may send any."""
        talk = self._talk
        talk.counts.garbled += 1
        if garbled.fatal or talk.state not in _LOGGED_ON:
            talk.give_up(f"garbled: {garbled.problem}")
        else:
            talk.note(f"garbled, {garbled.size} bytes ignored: {garbled.problem}")
