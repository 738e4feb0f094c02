"""Everybody else: where the desk's outward effects arrive, and from where its counterparties speak.

A party whose session is down neither hears nor is heard. What the desk sends is one canonical line of bytes, hashed;
the checks see it as it leaves.
"""

from collections.abc import Callable
from typing import Final, Protocol

from rfq.domain import canon
from rfq.domain.effects import Outward
from rfq.domain.events import Event, SessionDown, SessionUp
from rfq.domain.ids import PartyId
from rfq.ops.schedule import Schedule
from rfq.sim.dice import Dice
from rfq.wire.departures import Unreachable

_WIRE_MS: Final = 3.0
_MS: Final = 1_000_000

Left = Callable[[Outward, bytes, str, int], None]
"""Told of each effect that leaves: the effect, its bytes, their hash, and when (UTC ns)."""


class Counterparty(Protocol):
    """Somebody the desk can speak to."""

    def hear(self, effect: Outward) -> None:
        """The desk said this."""
        ...


class Street:
    """The Wire port, and the way back."""

    def __init__(self, schedule: Schedule, dice: Dice, offer: Callable[[Event], object], left: Left) -> None:
        self._schedule = schedule
        self._dice = dice
        self._offer = offer
        self._left = left
        self._parties: dict[PartyId, Counterparty] = {}
        self._up: dict[PartyId, bool] = {}

    def join(self, party: PartyId, counterparty: Counterparty) -> None:
        """A party comes to the street; its session is still down."""
        self._parties[party] = counterparty
        self._up[party] = False

    def parties(self) -> tuple[PartyId, ...]:
        """Everybody, in order of joining."""
        return tuple(self._parties)

    def is_up(self, party: PartyId) -> bool:
        """True while its session is up."""
        return self._up.get(party, False)

    def connect(self, party: PartyId) -> None:
        """Its session comes up."""
        self._up[party] = True
        self._offer(SessionUp(party=party))

    def disconnect(self, party: PartyId) -> None:
        """Its session drops."""
        self._up[party] = False
        self._offer(SessionDown(party=party))

    def send(self, effect: Outward, tag: str) -> str:
        """The desk's word to a counterparty; returns the hash of the bytes."""
        if not self._up.get(effect.to, False):
            raise Unreachable(f"{effect.to} has no session")
        raw = canon.encode(effect)
        hashed = canon.digest(raw)
        self._left(effect, raw, hashed, self._schedule.now())
        self._parties[effect.to].hear(effect)
        return hashed

    def say(self, party: PartyId, event: Event, after_s: float = 0.0) -> None:
        """The party's word to the desk, after thinking for `after_s` seconds and a way of some milliseconds."""
        delay_ns = int(after_s * 1e9) + int(self._dice.exponential(_WIRE_MS) * _MS)

        def arrive() -> None:
            if self._up.get(party, False):
                self._offer(event)

        self._schedule.call_at(self._schedule.now() + delay_ns, arrive)

    def shout(self, event: Event) -> None:
        """Somebody without a session (a stranger, one of our own people) says something."""
        self._offer(event)

    def later(self, after_s: float, run: Callable[[], None]) -> None:
        """Do something after so many seconds."""
        self._schedule.call_at(self._schedule.now() + int(after_s * 1e9), run)

    def now(self) -> int:
        """UTC ns."""
        return self._schedule.now()
