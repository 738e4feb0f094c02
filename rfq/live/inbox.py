"""The one inbox: bounded, in order of arrival, with reserved room for what must not be turned away.

New requests may fill only their own share; once it is full they are declined, and one event lists them. Answers and
cancels have room beyond that. What the desk itself has asked for (timers, estimates, the fate of what was sent) and
sessions are never turned away: there are no more of them than Rfqs, effects and parties, and losing one would leave a
quote standing that nobody watches. Nor are deals: a client's acceptance must get an answer, and a dealer's fill or
refusal changes what we hold. They are bounded by our live quotes and acceptances (the door that lets parties in has to
limit those who send them without). What is turned away with no record (a dealer's quote or withdrawal, a client's
cancel) binds nobody: the quote is not used, the request runs out at its time. Market moves are conflated: one per
underlying waits at most. The kill switch goes before everything.
"""

from collections import deque

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
_NEVER_LOST = _DEALS | {TimerFired, Estimated, Sent, NotSent, SessionUp, SessionDown, ArmAsked}


class Inbox:
    """Events with the instant their bytes were read (UTC ns) and the hash of those bytes, if there were any."""

    __slots__ = ("_declined", "_moves", "_new", "_new_max", "_queue", "_total_max")

    def __init__(self, new_max: int, reserved: int) -> None:
        """Room for `new_max` new requests, and `reserved` events more of the other kinds."""
        self._queue: deque[tuple[Event, int, str]] = deque()
        self._moves: set[str] = set()
        self._declined: list[tuple[PartyId, str]] = []
        self._new = 0
        self._new_max = new_max
        self._total_max = new_max + reserved

    def __len__(self) -> int:
        """How many events wait."""
        return len(self._queue) + bool(self._declined)

    def close(self) -> None:
        """No room for new requests any more."""
        self._new_max = 0

    def put(self, event: Event, received_at: int, raw: str = "") -> bool:
        """Take an event in; False if there is no room (a new request is then declined by a logged event)."""
        kind = type(event)
        if kind in _NEVER_LOST:
            self._queue.append((event, received_at, raw))
            return True
        if kind is KillPressed:
            self._queue.appendleft((event, received_at, raw))
            return True
        if kind is MarketMoved:
            return self._put_move(event, received_at)
        if kind in _NEW:
            if self._new >= self._new_max:
                self._decline(event)
                return False
            self._new += 1
        elif len(self._queue) >= self._total_max:
            return False
        self._queue.append((event, received_at, raw))
        return True

    def take(self, now: int) -> tuple[Event, int, str] | None:
        """The next event, None if none waits; the declined requests, as one event, come before the rest."""
        if self._declined and not (self._queue and type(self._queue[0][0]) is KillPressed):
            requests, self._declined = tuple(self._declined), []
            return InboxOverflowed(requests=requests), now, ""
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
            self._queue.append((event, received_at, ""))
        return True

    def _decline(self, event: Event) -> None:
        """Remember who was turned away; the list itself is bounded by the room there is for new requests."""
        if (
            isinstance(event, (RfqReceived, NeedPosted, MessageUnreadable))
            and len(self._declined) < self._total_max
        ):
            self._declined.append((event.party, event.reference))
