"""The numbers of what the peer sends: which one is next, which ones the application has taken, the gap between, and
what the peer wants to have once more.

`expected` is the next number. The store keeps the first one that the application has not accepted, so that after a
crash the peer sends it again.
"""

from typing import Final

from fix_gateway.codec.decoded import Decoded
from fix_gateway.session import admin
from fix_gateway.session.recovery import Gap
from fix_gateway.session.states import State
from fix_gateway.session.store import Store
from fix_gateway.session.talk import Talk
from fix_gateway.tags import (
    ADMIN,
    BEGIN_SEQ_NO,
    END_SEQ_NO,
    LOGOUT,
    NEW_SEQ_NO,
    RESEND_REQUEST,
    SEQUENCE_RESET,
    VALUE_WRONG,
)

_SECOND: Final = 1_000_000_000
_INFINITY: Final = (0, 999_999)
_RESETS_MAX: Final = 10
_RESET_EVERY_NS: Final = 60 * _SECOND
"""So many resets within a connection at once, and then one in this time."""


class Incoming:
    """The receiving half of a session's numbers."""

    __slots__ = (
        "_asked_before",
        "_resets",
        "_stale",
        "_store",
        "_talk",
        "_unaccepted",
        "expected",
        "gap",
        "old",
    )

    def __init__(self, talk: Talk, store: Store) -> None:
        self._talk = talk
        self._store = store
        self.expected = store.next_in
        self.gap = Gap(talk.settings.queue_max, talk.settings.queue_bytes_max)
        self._unaccepted: dict[int, None] = {}
        self._stale: dict[int, int] = {}
        self._asked_before = (0, 0, 0)
        self._resets = 0
        self.old = 0
        """While the peer has not answered our reset: the next of its old numbers."""

    # --- whose turn it is --------------------------------------------------------------------------------------

    def arrived(self, seq: int) -> None:
        """An application message is with the application."""
        self._unaccepted[seq] = None

    def accepted(self, seq: int) -> None:
        """The application has taken responsibility for it."""
        stale = self._stale.pop(seq, 0)
        if stale > 1:  # it came before the numbers began anew
            self._stale[seq] = stale - 1
        elif not stale and seq in self._unaccepted:
            del self._unaccepted[seq]
            self.settle()

    def of_old(self, message: Decoded) -> bool:
        """Before it answers our reset a peer goes on with its old numbers: the next one is not lost, but nothing has to
        be accepted. True if the application must hear it."""
        if message.seq != self.old or message.fault is not None:
            return False
        gap_fill = message.msg_type == SEQUENCE_RESET
        self.old = max(self.old + 1, admin.number(message.body, NEW_SEQ_NO) if gap_fill else 0)
        if message.msg_type in ADMIN:
            return False
        self._stale[message.seq] = self._stale.get(message.seq, 0) + 1
        return True

    def settle(self) -> None:
        """Let the store know what need not come again."""
        first = next(iter(self._unaccepted), self.expected)
        if first != self._store.next_in:
            self._store.heard(first)

    def count(self, message: Decoded, now: int) -> bool:
        """The number of a message that is dealt with counts if it is the next one."""
        if message.seq != self.expected:
            return False
        self.go_on_from(message.seq + 1, now)
        return True

    def go_on_from(self, expected: int, now: int) -> None:
        """The next number is `expected`."""
        self.expected = expected
        self.settle()
        if self.gap.is_open:
            self.gap.moved(expected, now)

    def begin_anew(self, now: int) -> None:
        """Numbers begin at 1, in both directions."""
        for seq in self._unaccepted:
            self._stale[seq] = self._stale.get(seq, 0) + 1
        self._unaccepted.clear()
        self.gap.clear()
        self._talk.out.stop_replay()
        self._store.reset(now)
        self.old, self.expected = self.expected, 1
        self._asked_before = (0, 0, 0)

    def may_begin_anew(self, now: int) -> bool:
        """Whether the peer may have the numbers reset once more: each time costs a new journal."""
        self._resets = max(self._resets, now) + _RESET_EVERY_NS
        return self._resets - now <= _RESETS_MAX * _RESET_EVERY_NS

    # --- what is missing ---------------------------------------------------------------------------------------

    def too_early(self, message: Decoded, now: int, handled: bool = False, spoken: bool = True) -> None:
        """Something before it is missing: keep it (`handled`: only its number), and ask for what is missing unless
        it was asked for already. `spoken` False: the peer knows already."""
        gap = self.gap
        gap.put(message, handled)
        if not gap.is_open:
            self._talk.counts.gaps += 1
            self._ask(message.seq - 1, now, spoken)

    def next_waiting(self, now: int) -> tuple[bool, Decoded | None]:
        """(True, message) if the next message is among those that came too early; without a message, only its
        number was still to be counted."""
        found, message = self.gap.take(self.expected)
        if found and message is None:
            self.go_on_from(self.expected + 1, now)
        elif not found and self.gap and not self.gap.is_open and self._talk.state is State.ACTIVE:
            self._ask(self.gap.first - 1, now)
        return found, message

    def tick(self, now: int) -> None:
        """Ask again for what was asked for, or give it up."""
        gap, settings = self.gap, self._talk.settings
        if self.again_at and now >= self.again_at:
            if gap.tries >= settings.resend_tries_max:
                self._talk.goodbye(f"messages {gap.begin} to {gap.until} were asked for in vain", now)
            else:
                self._ask(gap.until, now)

    @property
    def again_at(self) -> int:
        """When the question is put again (UTC ns); 0 if nothing is missing."""
        gap = self.gap
        return gap.asked_at + int(self._talk.settings.resend_again_s * _SECOND) if gap.is_open else 0

    def _ask(self, until: int, now: int, spoken: bool = True) -> None:
        self.gap.asked(self.expected, until, now)
        self._talk.note(f"messages {self.expected} to {until} are missing")
        if spoken:
            self._talk.say(RESEND_REQUEST, admin.resend_request(self.expected), now)

    def too_low(self, seq: int, now: int) -> None:
        """The peer lost its numbers: that is for people to solve."""
        text = f"MsgSeqNum too low, expecting {self.expected} but received {seq}"
        self._talk.say(LOGOUT, admin.logout(text), now)
        self._talk.give_up(text)

    # --- what the peer asks ------------------------------------------------------------------------------------

    def on_resend_request(self, message: Decoded, now: int) -> None:
        """Send it once more; the same question too often ends the session."""
        talk, body = self._talk, message.body
        begin, end = admin.number(body, BEGIN_SEQ_NO), admin.number(body, END_SEQ_NO)
        last = self._store.next_out - 1
        if end in _INFINITY or end > last:
            end = last
        if not 1 <= begin <= end:
            talk.reject_for(message, VALUE_WRONG, now, END_SEQ_NO if 1 <= begin <= last else BEGIN_SEQ_NO)
            return
        before = self._asked_before
        times = before[2] + 1 if before[:2] == (begin, end) else 1
        self._asked_before = (begin, end, times)
        if times > talk.settings.resend_same_max:
            talk.goodbye(f"messages {begin} to {end} were asked for {times} times", now)
        else:
            talk.out.send_again(begin, end, now)

    def on_gap_fill(self, message: Decoded, now: int) -> None:
        """The peer says that numbers up to NewSeqNo bring nothing; its own number was the next one."""
        new = admin.number(message.body, NEW_SEQ_NO)
        if new > message.seq:
            self.expected = new
        else:
            self._talk.reject_for(message, VALUE_WRONG, now)

    def on_reset(self, message: Decoded, now: int) -> None:
        """SequenceReset-Reset: its own number does not count."""
        new = admin.number(message.body, NEW_SEQ_NO)
        if new < self.expected:
            self._talk.reject_for(message, VALUE_WRONG, now)
            return
        if new > self.expected:
            self._talk.note(f"the peer goes on from {new} instead of {self.expected}")
        self.go_on_from(new, now)
