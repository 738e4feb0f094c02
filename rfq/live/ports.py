"""What the loop needs of the world around it: markets to look at, an oracle to ask, wires to send on."""

from typing import Protocol

from pricing.market import MarketSnapshot
from rfq.domain.effects import Estimate, Outward


class Wire(Protocol):
    """Where outward effects leave."""

    def send(self, effect: Outward, tag: str) -> str:
        """Send it now; returns the hex hash of the bytes that left. Raises Unreachable or Unsayable (rfq.wire.
        departures). `tag` is the effect's id, to be kept with the bytes wherever the wire remembers what it sent."""
        ...


class Market(Protocol):
    """Where the market can be seen."""

    def snapshot(self, underlying: str) -> tuple[MarketSnapshot, str, bytes] | None:
        """The newest snapshot of this underlying with its hash and canonical bytes, None if there is none."""
        ...

    def watch(self, underlying: str, move_bps: float) -> None:
        """Offer `MarketMoved` when this underlying has moved by `move_bps` since the last time."""
        ...

    def unwatch(self, underlying: str) -> None:
        """No need any more."""
        ...


class Oracle(Protocol):
    """Who answers `Estimate`."""

    def ask(self, effect: Estimate) -> None:
        """Answer later, by offering `Estimated`."""
        ...


class Delays(Protocol):
    """How long things take on virtual time (ns); drawn from the world's seed."""

    def commit_ns(self) -> int:
        """From handing a record to the log until it is durable."""
        ...


class NoDelays:
    """Real time takes its own time."""

    def commit_ns(self) -> int:
        """Nothing is added."""
        return 0
