"""What is done about each message of a session that is logged on: whose it is, whose turn it is, what it says."""

from typing import Final

from fix_gateway.codec.decoded import Decoded
from fix_gateway.codec.values import timestamp_ns
from fix_gateway.errors import Fault
from fix_gateway.session import admin
from fix_gateway.session.happenings import Arrived, PeerRejected
from fix_gateway.session.incoming import Incoming
from fix_gateway.session.logons import Turned, judge, problem_of
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.states import State, Trigger
from fix_gateway.session.talk import Talk
from fix_gateway.tags import (
    ADMIN,
    GAP_FILL_FLAG,
    HEARTBEAT,
    LOGON,
    LOGOUT,
    ORIG_SENDING_TIME,
    OTHER,
    POSS_DUP_FLAG,
    REJECT,
    REQUIRED_MISSING,
    RESEND_REQUEST,
    SENDER_COMP_ID,
    SENDING_TIME,
    SEQUENCE_RESET,
    TARGET_COMP_ID,
    TEST_REQ_ID,
    TEST_REQUEST,
    TEXT,
)

_OUT_OF_TURN: Final = frozenset({LOGOUT, RESEND_REQUEST, SEQUENCE_RESET, LOGON})


class Hearing:
    """The receiving half of a session that is logged on."""

    __slots__ = ("_begin", "_in", "_sender", "_settings", "_talk", "_target", "_tolerance_ns")

    def __init__(self, settings: SessionSettings, talk: Talk, incoming: Incoming) -> None:
        self._settings = settings
        self._talk = talk
        self._in = incoming
        self._begin = settings.begin.encode()
        self._sender, self._target = settings.sender.encode(), settings.target.encode()
        self._tolerance_ns = settings.tolerance_ms * 1_000_000

    def on_message(self, message: Decoded, now: int) -> None:
        """Whose it is, when it was sent, and its number; then its contents."""
        talk, incoming, seq = self._talk, self._in, message.seq
        if message.begin != self._begin:
            talk.goodbye("Incorrect BeginString", now)
            return
        if seq < 0:
            talk.goodbye("MsgSeqNum missing", now)
            talk.give_up("a message without MsgSeqNum")
            return
        if not self._is_plain(message, now) and (problem := problem_of(self._settings, message, now)):
            talk.reject_for(message, problem, now)
            incoming.count(message, now)
            talk.goodbye("", now)
            return
        kind = message.msg_type
        if talk.reset_asked and kind != LOGOUT and not (kind == LOGON and admin.wants_reset(message)):
            if incoming.of_old(message):
                talk.events.append(Arrived(message=message))
            return
        if kind in _OUT_OF_TURN and message.fault is None and self._out_of_turn(message, now):
            return
        if talk.state is State.LOGGING_OUT:
            return  # our goodbye is said: what comes now is not taken, and will be asked for at the next logon
        if message.poss_dup and kind != SEQUENCE_RESET and not message.head(ORIG_SENDING_TIME):
            talk.reject_for(message, REQUIRED_MISSING, now, ORIG_SENDING_TIME)
            if not incoming.count(message, now) and seq > incoming.expected:
                incoming.too_early(message, now, handled=True)
        elif seq == incoming.expected:
            self.contents(message, now)
        elif seq > incoming.expected:
            incoming.too_early(message, now)
        elif message.poss_dup:
            talk.counts.duplicates += 1
        else:
            incoming.too_low(seq, now)

    def _is_plain(self, message: Decoded, now: int) -> bool:
        """The quick look at what is nearly always right: the peer's own, of this time, no duplicate."""
        head = message.header
        return (
            head.get(SENDER_COMP_ID) == self._target
            and head.get(TARGET_COMP_ID) == self._sender
            and message.fault is None
            and POSS_DUP_FLAG not in head
            and abs(timestamp_ns(message.head(SENDING_TIME)) - now) <= self._tolerance_ns
        )

    def contents(self, message: Decoded, now: int) -> None:
        """A message whose turn it is."""
        incoming, fault = self._in, message.fault
        incoming.expected = message.seq + 1
        if fault is not None:
            self._talk.reject(message, fault, now)
        elif message.msg_type in ADMIN:
            self._on_admin(message, now)
        else:
            incoming.arrived(message.seq)
            self._talk.events.append(Arrived(message=message))
            if incoming.gap.is_open:
                incoming.gap.moved(incoming.expected, now)
            return
        incoming.go_on_from(incoming.expected, now)

    def _on_admin(self, message: Decoded, now: int) -> None:
        """A session message whose turn it is."""
        talk, kind = self._talk, message.msg_type
        if kind == TEST_REQUEST:
            talk.say(HEARTBEAT, admin.heartbeat(message.text(TEST_REQ_ID)), now)
        elif kind == REJECT:
            talk.counts.rejected_by_peer += 1
            talk.events.append(PeerRejected(message=message))
        elif kind == SEQUENCE_RESET:
            self._in.on_gap_fill(message, now)
        elif kind == LOGON:
            talk.reject(message, Fault(code=OTHER, text="the session is logged on"), now)

    def _out_of_turn(self, message: Decoded, now: int) -> bool:
        """What is done whatever its number is; False if this one has its turn like any other."""
        kind, incoming = message.msg_type, self._in
        if kind == LOGOUT:
            self._on_logout(message, now)
        elif kind == RESEND_REQUEST:
            incoming.on_resend_request(message, now)
            early = not incoming.count(message, now) and message.seq > incoming.expected
            if early and self._talk.state is State.ACTIVE:
                incoming.too_early(message, now, handled=True)
        elif kind == SEQUENCE_RESET and message.text(GAP_FILL_FLAG) != b"Y":
            incoming.on_reset(message, now)
        elif kind == LOGON and admin.wants_reset(message) and self._talk.state is State.ACTIVE:
            self._on_reset_logon(message, now)
        else:
            return False
        return True

    def _on_reset_logon(self, message: Decoded, now: int) -> None:
        """Numbers begin anew within the connection: asked by the peer, or the answer to our asking."""
        talk = self._talk
        terms = judge(self._settings, message, now, answer=talk.reset_asked)
        if isinstance(terms, Turned):
            talk.goodbye(terms.why, now)
            return
        if not talk.reset_asked:
            if not self._in.may_begin_anew(now):
                talk.goodbye("numbers began anew too often", now)
                return
            self._in.begin_anew(now)
            talk.send_logon(terms.heartbeat_s, True, self._in.expected, now)
        talk.reset_asked = False
        self._in.go_on_from(2, now)

    def _on_logout(self, message: Decoded, now: int) -> None:
        """The peer's goodbye, or its answer to ours."""
        talk = self._talk
        said = admin.shown(message.text(TEXT))
        self._in.count(message, now)
        if talk.state is State.ACTIVE:
            talk.say(LOGOUT, b"", now)
        talk.move(Trigger.LOGOUT_HEARD)
        talk.down(f"logged out by the peer{': ' if said else ''}{said}")
        if self._settings.reset_on_logout:
            self._in.begin_anew(now)
