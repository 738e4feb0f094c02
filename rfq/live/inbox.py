"""The one inbox: bounded, in order of arrival, with reserved room for what must not be turned away.

New requests may fill only their own share; once it is full they are declined, and one event lists them. Answers and
cancels have room beyond that. What the desk itself has asked for (timers, estimates, the fate of what was sent) and
sessions are never turned away: there are no more of them than Rfqs, effects and parties, and losing one would leave a
quote standing that nobody watches. Nor are deals: a client's acceptance must get an answer, and a dealer's fill or
refusal changes what we hold. They are bounded by our live quotes and acceptances (the door that lets parties in has to
limit those who send them without). What is turned away with no record (a dealer's quote or withdrawal, a client's
cancel) binds nobody: the quote is not used, the request runs out at its time. Market moves are conflated: one per
underlying waits at most. The kill switch goes before everything.

Whoever brings an event may give an `accepted` with it: what must be told when somebody else need no longer keep the
event. It stays beside the event until its record is durable; with a request that is declined it goes to the record that
says so.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

from rfq.domain.events import (
    AcceptReceived,
    AcceptRefused,
    ArmAsked,
    Estimated,
    Event,
    FillReported,
    InboxOverflowed,
    KillPressed,
    MarketMoved,
    MessageUnreadable,
    NeedPosted,
    NotSent,
    RfqReceived,
    Sent,
    SessionDown,
    SessionUp,
    TimerFired,
)
from rfq.domain.ids import PartyId

_NEW = frozenset({RfqReceived, NeedPosted, MessageUnreadable})
_DEALS = frozenset({AcceptReceived, FillReported, AcceptRefused})
Accepted = Callable[[bool], None]
"""Told True, on the loop's thread, when the event's record (or that of its refusal) is durable; False, at once, when it
was turned away with no record. Never told if the loop stops before."""
Found = tuple[Event, int, str, Accepted | None]
_NEVER_LOST = _DEALS | {TimerFired, Estimated, Sent, NotSent, SessionUp, SessionDown, ArmAsked}


class Inbox:
    """Events with the instant their bytes were read (UTC ns), the hash of those bytes, if there were any, and who waits
    for them to be taken."""

    __slots__ = ("_declined", "_declining", "_moves", "_new", "_new_max", "_queue", "_total_max")

    def __init__(self, new_max: int, reserved: int) -> None:
        """Room for `new_max` new requests, and `reserved` events more of the other kinds."""
        self._queue: deque[Found] = deque()
        self._moves: set[str] = set()
        self._declined: list[tuple[PartyId, str]] = []
        self._declining: list[Accepted] = []
        self._new = 0
        self._new_max = new_max
        self._total_max = new_max + reserved

    def __len__(self) -> int:
        """How many events wait."""
        return len(self._queue) + bool(self._declined)

    def close(self) -> None:
        """No room for new requests any more."""
        self._new_max = 0

    def put(self, event: Event, received_at: int, raw: str = "", accepted: Accepted | None = None) -> bool:
        """Take an event in; False if there is no room (a new request is then declined by a logged event)."""
        kind = type(event)
        if kind in _NEVER_LOST:
            self._queue.append((event, received_at, raw, accepted))
            return True
        if kind is KillPressed:
            self._queue.appendleft((event, received_at, raw, accepted))
            return True
        if kind is MarketMoved:
            return self._put_move(event, received_at)
        if kind in _NEW:
            if self._new >= self._new_max:
                self._decline(event, accepted)
                return False
            self._new += 1
        elif len(self._queue) >= self._total_max:
            if accepted is not None:
                accepted(False)
            return False
        self._queue.append((event, received_at, raw, accepted))
        return True

    def take(self, now: int) -> Found | None:
        """The next event, None if none waits; the declined requests, as one event, come before the rest."""
        if self._declined and not (self._queue and type(self._queue[0][0]) is KillPressed):
            requests, self._declined = tuple(self._declined), []
            waiting, self._declining = self._declining, []
            return InboxOverflowed(requests=requests), now, "", partial(_tell, waiting) if waiting else None
        if not self._queue:
            return None
        found = self._queue.popleft()
        event = found[0]
        kind = type(event)
        if kind in _NEW:
            self._new -= 1
        elif kind is MarketMoved:
            assert isinstance(event, MarketMoved)
            self._moves.discard(event.underlying)
        return found

    def _put_move(self, event: Event, received_at: int) -> bool:
        assert isinstance(event, MarketMoved)
        if event.underlying not in self._moves:
            self._moves.add(event.underlying)
            self._queue.append((event, received_at, "", None))
        return True

    def _decline(self, event: Event, accepted: Accepted | None) -> None:
        """Remember who was turned away; the list itself is bounded by the room there is for new requests."""
        assert isinstance(event, (RfqReceived, NeedPosted, MessageUnreadable))
        if len(self._declined) < self._total_max:
            self._declined.append((event.party, event.reference))
            if accepted is not None:
                self._declining.append(accepted)
        elif accepted is not None:
            accepted(False)


def _tell(waiting: list[Accepted], recorded: bool) -> None:
    for accepted in waiting:
        accepted(recorded)
