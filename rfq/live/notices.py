"""What the process says of itself while it works: one line for whatever an operator should see. It is not the record:
each line names the record's number, where everything stands."""

from typing import Protocol

from rfq.domain.effects import (
    Closed,
    Effect,
    Ignored,
    KillSet,
    Quarantined,
    RefuseAccept,
    RefuseRfq,
    StateTaken,
)
from rfq.domain.events import NotSent, SessionDown, SessionUp, Stamped, Started


class Scribe(Protocol):
    """Where lines go: a bound structlog logger, or something with its methods."""

    def debug(self, event: str, **fields: object) -> object:
        """For looking closely."""
        ...

    def info(self, event: str, **fields: object) -> object:
        """For reading along."""
        ...

    def warning(self, event: str, **fields: object) -> object:
        """Somebody should look."""
        ...

    def error(self, event: str, **fields: object) -> object:
        """Something is wrong in here."""
        ...


class Notices:
    """Observe a loop with an instance of this."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe

    def __call__(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """One event with its effects."""
        scribe, number = self._scribe, stamped.number
        match stamped.event:
            case Started() as event:
                scribe.warning("started", record=number, unclean=event.unclean, unsent=len(event.unsent))
            case SessionUp() as event:
                scribe.info("session_up", record=number, party=event.party)
            case SessionDown() as event:
                scribe.warning("session_down", record=number, party=event.party)
            case NotSent() as event:
                scribe.warning("not_sent", record=number, of=event.number, reason=str(event.reason))
            case _:
                pass
        for effect in effects:
            self._tell(effect, number)

    def _tell(self, effect: Effect, number: int) -> None:
        scribe = self._scribe
        match effect:
            case Quarantined():
                scribe.error("quarantined", record=number, rfq=effect.rfq, where=effect.where)
            case KillSet():
                scribe.warning("kill_switch", record=number, on=effect.on, by=effect.by)
            case RefuseRfq() | RefuseAccept():
                scribe.info("refused", record=number, to=effect.to, reason=str(effect.reason))
            case Closed():
                scribe.info("closed", record=number, rfq=effect.rfq, outcome=effect.outcome)
            case StateTaken():
                scribe.info("segment", record=number, state=effect.state, bytes=effect.size)
            case Ignored():
                scribe.debug("ignored", record=number, reason=str(effect.reason))
            case _:
                pass
