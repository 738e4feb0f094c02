"""One session on a transport: bytes from asyncio into the sans-IO session, what it says back into the transport.

A `Link` lives as long as its session and is what the application holds; transports come and go under it. All of it runs
on one loop's thread. Three rules:

- Nothing is written before the store has it: `flush` first, and with a committer the write waits for its `done`.
- A peer that does not read is not read from; it is dropped when more than `buffer_max` waits, or the transport stayed
  full for `slow_s`.
- What goes wrong here concerns this session alone. An exception in the application is answered with a
  BusinessMessageReject and the message counts as accepted; one in the session or its store ends the connection.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from fix_gateway.codec.decoded import Decoded
from fix_gateway.errors import LocalProtocolError, StoreError
from fix_gateway.session.admin import business_reject, reverse_route, shown
from fix_gateway.session.happenings import Arrived, Counts, Down, Event, Noted, PeerRejected, Up
from fix_gateway.session.session import Session
from fix_gateway.shell.inlet import Inlet
from fix_gateway.shell.outlet import Outlet
from fix_gateway.shell.ports import NAP_S, NS_PER_S, TICK_MIN_S, Committer, LinkSettings, Now, Scribe
from fix_gateway.shell.throttle import NOTES_BURST, NOTES_PER_S, Throttle
from fix_gateway.shell.wirelog import WireLog
from fix_gateway.tags import BUSINESS_REJECT, NOT_AVAILABLE, TEXT


class Application(Protocol):
    """What the owner of a session does with it. Called on the loop's thread; must not wait."""

    def on_up(self, link: "Link") -> None:
        """Messages can be sent."""
        ...

    def on_down(self, link: "Link", reason: str) -> None:
        """No message can be sent any more."""
        ...

    def on_message(self, link: "Link", message: Decoded) -> bool:
        """A valid application message, in order. True: taken care of; False: `link.accepted` will say so later."""
        ...


class Link:
    """One session, whether it is connected or not."""

    def __init__(
        self,
        session: Session,
        application: Application,
        now: Now,
        scribe: Scribe,
        *,
        settings: LinkSettings | None = None,
        committer: Committer | None = None,
        log: WireLog | None = None,
    ) -> None:
        self.name = session.settings.name
        self.session = session
        self.settings = settings or LinkSettings()
        self.throttled = 0
        """Messages that were more than the peer may send."""
        self.failed = 0
        """Exceptions in the application."""
        self.untold = 0
        """Lines for the operator that were too many."""
        self._application, self._now = application, now
        self._scribe, self._log = scribe, log
        self._inlet = Inlet(self._took)
        self._outlet = Outlet(session.store, committer, self.settings, self.drop)
        rate = self.settings.rate
        self._throttle = Throttle(rate.per_s, rate.burst) if rate else None
        self._transport: asyncio.Transport | None = None
        self._gone: asyncio.Future[None] | None = None
        self._up = self._inside = False
        self._unwritten = 0
        self._notes = Throttle(NOTES_PER_S, NOTES_BURST)
        self._pumping: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = self._change_at = 0

    # --- for the application -----------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """True while messages can be sent."""
        return self._up and self.session.is_up

    @property
    def transport(self) -> asyncio.Transport | None:
        """What it is connected by, logged on or not."""
        return self._transport

    @property
    def counts(self) -> Counts:
        """How often things happened."""
        return self.session.counts

    def send(
        self, msg_type: str, body: bytes, *, tag: bytes = b"", again: bool = False, header: bytes = b""
    ) -> tuple[int, bytes]:
        """Send an application message; its number and its bytes. Raises LocalProtocolError if the session is down."""
        if not self._up:
            raise LocalProtocolError(f"{self.name} is down")
        try:
            found = self.session.send(msg_type, body, self._now(), tag=tag, again=again, header=header)
        except StoreError as problem:
            self.drop(f"the store failed: {problem}")
            raise LocalProtocolError(f"{self.name} is down: {problem}") from problem
        self._unwritten += len(found[1])
        self._soon()
        return found

    def accepted(self, seq: int) -> None:
        """The application has taken responsibility for the message with this number."""
        self.session.accepted(seq)
        if self._transport is None:
            self._attempt("session", self._outlet.write, b"")
        self._soon()

    def logout(self, text: str = "") -> None:
        """Say goodbye; the connection ends when the peer has answered, or does not in time."""
        self._or_drop(self._say_goodbye, text)
        self._soon()

    def _say_goodbye(self, text: str) -> None:
        self._take_events(self.session.logout(text, self._now()))

    def drop(self, reason: str) -> None:
        """End the connection at once, with nothing more said."""
        if self._transport is not None:
            self._scribe.warning("fix_dropped", session=self.name, reason=reason)
            self._detach(reason, abort=True)

    async def gone(self) -> None:
        """Return when there is no transport."""
        if self._gone is not None:
            await asyncio.shield(self._gone)

    # --- for the transport -------------------------------------------------------------------------------------

    def is_open(self, now: int) -> bool:
        """Whether the session may be connected now: it is not, and the hours are right."""
        return self._transport is None and self.settings.timetable.is_open(now)

    def attach(self, transport: asyncio.Transport, first: bytes = b"") -> None:
        """A transport for this session, and what was already read from it."""
        assert self._transport is None, f"{self.name} has a transport"
        loop = asyncio.get_running_loop()
        self._transport, self._gone = transport, loop.create_future()
        self._inlet.open(transport)
        self._outlet.open(transport)
        if self._log is not None:
            self._log.schedule(loop.call_later)
        self._or_drop(self._open)
        if first and self._transport is not None:
            self.received(first)

    def received(self, data: bytes) -> None:
        """Bytes from the transport."""
        self._inlet.feed(data)

    def paused(self) -> None:
        """The transport is full."""
        self._outlet.paused()
        self._inlet.hold()

    def resumed(self) -> None:
        """The transport has room again."""
        self._outlet.resumed()
        self._inlet.release()
        self._soon()

    def lost(self, problem: Exception | None) -> None:
        """The transport is gone."""
        self._detach(f"connection lost: {problem}" if problem else "connection closed")

    # --- the session's turn ------------------------------------------------------------------------------------

    def _open(self) -> None:
        now = self._now()
        timetable = self.settings.timetable
        self._change_at = timetable.next_change(now)
        reset = timetable.reset_due(self.session.store.opened_at, now)
        self._take_events(self.session.open(now, reset))
        self._pump()

    def _took(self, data: bytes) -> None:
        self._or_drop(self._receive, data)

    def _receive(self, data: bytes) -> None:
        """Each message's events come before the next message is looked at: answers leave in the order of questions."""
        self._inside = True
        self._take_events(self.session.receive(data, self._now()))
        self._pump()

    def _take_events(self, events: Iterable[Event]) -> None:
        for event in events:
            kind = type(event)
            if kind is Arrived:
                self._arrived(event.message)  # type: ignore[union-attr]
            elif kind is Up:
                self._up = True
                self._scribe.info("fix_up", session=self.name)
                self._attempt("application", self._application.on_up, self)
            elif kind is Down:
                self._down(event.reason)  # type: ignore[union-attr]
            elif not self._notes.take(self._now()):
                self.untold += 1
            elif isinstance(event, Noted):
                self._scribe.warning("fix_noted", session=self.name, what=event.what)
            elif isinstance(event, PeerRejected):
                text = shown(event.message.text(TEXT))
                self._scribe.warning("fix_rejected", session=self.name, seq=event.message.seq, text=text)

    def _arrived(self, message: Decoded) -> None:
        if self._throttle is not None and not self._throttle.take(self._now()):
            self._too_many(message)
            return
        taken = self._attempt("application", self._application.on_message, self, message, answer=True)
        if taken is None:
            self.failed += 1
            self._refuse(message, NOT_AVAILABLE, "Application not available")
        if taken is not False:
            self.session.accepted(message.seq)

    def _too_many(self, message: Decoded) -> None:
        assert self.settings.rate is not None
        self.throttled += 1
        reason = self.settings.rate.reason_in(self.session.settings.begin)
        self._refuse(message, reason, "Too many messages")
        self.session.accepted(message.seq)
        if self.settings.rate.then == "disconnect" and self.session.is_up:
            self._say_goodbye("Too many messages")

    def _refuse(self, message: Decoded, reason: int, text: str) -> None:
        if self.session.is_up and message.msg_type != BUSINESS_REJECT:  # two who refuse refusals never end
            body = business_reject(message, reason, text)
            self.session.send(BUSINESS_REJECT, body, self._now(), header=reverse_route(message))

    def _down(self, reason: str) -> None:
        if self._up:
            self._up = False
            self._scribe.info("fix_down", session=self.name, reason=reason)
            self._attempt("application", self._application.on_down, self, reason)

    def _attempt(self, whose: str, call: Callable[..., Any], *args: Any, answer: bool = False) -> Any:
        """Call; None if that raised, else True, or what it returned if an `answer` is wanted."""
        try:
            found = call(*args)
        except Exception as problem:
            where = f"{type(problem).__name__}: {problem}"
            self._scribe.error("fix_failed", session=self.name, whose=whose, problem=where, exc_info=True)
            return None
        return bool(found) if answer else True

    def _or_drop(self, call: Callable[..., None], *args: Any) -> None:
        """The session's part, while it is connected: if it fails the connection ends."""
        if self._transport is not None and not self._attempt("session", call, *args):
            self.drop("failed")

    # --- writing and waiting -----------------------------------------------------------------------------------

    def _soon(self) -> None:
        """Write what is waiting, once, in the loop's next turn."""
        if not self._inside and self._pumping is None and self._transport is not None:
            self._pumping = asyncio.get_running_loop().call_soon(self._pump_soon)

    def _pump_soon(self) -> None:
        self._pumping = None
        self._or_drop(self._pump)

    def _pump(self) -> None:
        """Write what the session has to say, and ask to be woken when it wants to."""
        self._inside = False
        if self._outlet.is_full and self.session.more:  # what is sent once more can wait
            self._outlet.write(b"")  # what is said anew as well, but not its keeping
            if self._unwritten > self.settings.buffer_max:
                self.drop("does not read")
            return
        out = self.session.take(self._now() if self.session.more else 0)
        self._unwritten = 0
        if out and self._log is not None:
            self._log.sent(out, self._now())
        self._outlet.write(out)
        if self._transport is None:
            return
        if not self.session.ending:
            self._arm()
            if self.session.more and not self._outlet.is_full:
                self._soon()
        elif self._outlet.is_silent:  # a stranger may not be in the way of whose session it is
            self._detach("connection closed", abort=True)
        else:
            self._outlet.finish()

    def _arm(self) -> None:
        """A timer runs for `NAP_S` at most, so that a message that moves the session's instants costs nothing."""
        if self._timer is not None and self.session.is_up:
            return
        wake_at, now = self.session.wake_at, self._now()
        if self._change_at and not 0 < wake_at < self._change_at:
            wake_at = self._change_at
        if wake_at and (self._timer is None or wake_at < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            ahead_s = min(max(TICK_MIN_S, (wake_at - now) / NS_PER_S), NAP_S)
            self._timer_at = wake_at
            self._timer = asyncio.get_running_loop().call_later(ahead_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._or_drop(self._tick)

    def _tick(self) -> None:
        """The instant that was asked for has come, or a wake that a later message made needless."""
        now, session, timetable = self._now(), self.session, self.settings.timetable
        if 0 < session.wake_at <= now:
            self._take_events(session.tick(now))
        if self._change_at and now >= self._change_at:
            self._change_at = timetable.next_change(now)
            if not timetable.is_open(now):
                self._take_events(session.logout("End of the session's hours", now))
            elif timetable.reset_due(self.session.store.opened_at, now):
                self._take_events(session.logout("Numbers begin at 1 again", now))
        self._pump()

    def _detach(self, reason: str, abort: bool = False) -> None:
        """There is no transport any more."""
        gone, transport = self._gone, self._transport
        self._gone = self._transport = None
        if abort and transport is not None:
            transport.abort()
        for waiting in (self._timer, self._pumping):
            if waiting is not None:
                waiting.cancel()
        self._timer = self._pumping = None
        self._inside, self._unwritten = False, 0
        self._inlet.shut()
        self._outlet.shut()
        self._down(reason)
        self._attempt("session", self._close)
        if gone is not None and not gone.done():
            gone.set_result(None)

    def _close(self) -> None:
        self._take_events(self.session.closed(self._now()))
        self._outlet.write(b"")
