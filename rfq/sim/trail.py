"""The trail: what leaves has a durable record that holds its very bytes, in time; and what should leave has a fate."""

from collections.abc import Callable
from typing import Any, Final

from rfq.audit.chain import Entry
from rfq.audit.log import AuditLog
from rfq.domain.effects import Effect, Outward, not_after
from rfq.domain.events import NotSent, Sent, Stamped
from rfq.domain.record import GENESIS, chain_hash

Complain = Callable[[int, str], None]
FLIGHT_NS_MAX: Final = 60_000_000_000
"""Longer than this nothing may be on its way without a fate: 60 s."""


class Waiting:
    """An outward effect of a record, until its fate is known. `left` is the hash of what left, "" before."""

    __slots__ = ("at", "effect", "left")

    def __init__(self, effect: Outward, at: int) -> None:
        self.effect = effect
        self.at = at
        self.left = ""


class Trail:
    """Follows each outward effect from its record to its fate."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self.durable = 0
        self._bodies: dict[int, bytes] = {}
        self._waiting: dict[tuple[int, int], Waiting] = {}
        self._places: dict[int, tuple[int, int]] = {}
        self._left_of: dict[int, int] = {}
        self._last = (0, GENESIS)
        self.on_event: dict[type, Callable[[Stamped, tuple[Effect, ...]], None]] = {
            Sent: self._on_sent,
            NotSent: self._on_not_sent,
        }
        self.on_effect: dict[type, Callable[[Stamped, Any], None]] = {}

    def on_entry(self, entry: Entry) -> None:
        """A record on its way to the log."""
        self._bodies[entry.number] = entry.body
        self._last = (entry.number, entry.hash)

    def expect(self, stamped: Stamped, index: int, effect: Outward) -> None:
        """This effect is to leave."""
        place = (stamped.number, index)
        self._waiting[place] = Waiting(effect, stamped.at)
        self._places[id(effect)] = place

    def keep(self, number: int, waiting: int) -> None:
        """So many effects of this record are to leave; if none, its bytes are not needed."""
        if waiting:
            self._left_of[number] = waiting
        else:
            self._bodies.pop(number, None)

    def _on_sent(self, stamped: Stamped, _effects: tuple[Effect, ...]) -> None:
        event, number = stamped.event, stamped.number
        assert isinstance(event, Sent)
        for mark in event.marks:
            waiting = self._settle(number, (mark.number, mark.index))
            if waiting is not None and waiting.left != mark.raw:
                self._complain(number, f"{mark.number}/{mark.index} is marked as sent, but other bytes left")

    def _on_not_sent(self, stamped: Stamped, _effects: tuple[Effect, ...]) -> None:
        event, number = stamped.event, stamped.number
        assert isinstance(event, NotSent)
        waiting = self._settle(number, (event.number, event.index))
        if waiting is not None and waiting.left:
            self._complain(number, f"{event.number}/{event.index} is marked as not sent, but it left")

    def _settle(self, number: int, place: tuple[int, int]) -> Waiting | None:
        """The effect at this place, of which the fate is now told."""
        waiting = self._waiting.pop(place, None)
        if waiting is None:
            if place[0] > 1:
                self._complain(number, f"tells the fate of {place[0]}/{place[1]}, which waited for none")
            return None
        self._places.pop(id(waiting.effect), None)
        left = self._left_of[place[0]] - 1
        if left:
            self._left_of[place[0]] = left
        else:
            del self._left_of[place[0]]
            self._bodies.pop(place[0], None)
        return waiting

    def on_left(self, effect: Outward, raw: bytes, hashed: str, now: int) -> int:
        """Judge a departure; returns the number of its record, 0 if it has none."""
        limit_at = not_after(effect)
        place = self._places.get(id(effect))
        number = place[0] if place is not None else self._find(raw)
        if limit_at and now >= limit_at:
            self._complain(number, f"{type(effect).__name__} left at {now}, not before its end at {limit_at}")
        if not number:
            self._complain(0, f"{type(effect).__name__} to {effect.to} left without a record")
            return 0
        if number > self.durable:
            self._complain(number, f"{type(effect).__name__} left before its record was durable")
        if raw not in self._bodies.get(number, b""):
            self._complain(number, f"{type(effect).__name__} left with bytes that its record does not hold")
        if place is not None:
            waiting = self._waiting[place]
            if waiting.left:
                self._complain(number, f"{type(effect).__name__} left twice")
            waiting.left = hashed
        return number

    def _find(self, raw: bytes) -> int:
        """The record that holds these bytes (of an effect from before the observer began)."""
        return next((number for number, body in self._bodies.items() if raw in body), 0)

    def finish(self, log: AuditLog, now: int) -> None:
        """The log is whole and ends where it was seen to end; nothing is overdue."""
        last = (0, GENESIS)
        for row in log.records():
            if row.number != last[0] + 1 or chain_hash(last[1], row.body) != row.hash:
                self._complain(row.number, "does not stand behind the record before it")
            last = (row.number, row.hash)
        if last != self._last:
            self._complain(last[0], f"the log ends here, but record {self._last[0]} was handed to it")
        for (number, index), waiting in self._waiting.items():
            if now - waiting.at > FLIGHT_NS_MAX:
                self._complain(number, f"{type(waiting.effect).__name__} ({index}) has no fate")
