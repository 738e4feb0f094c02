"""Reading records of the log again while it is being written, by a connection of its own."""

from collections.abc import Iterator
from pathlib import Path

from rfq.audit.log import AuditLog
from rfq.domain.effects import Booked, ConfirmFill, Effect
from rfq.domain.events import Event
from rfq.domain.record import Record, decode_record


class Recall:
    """Opened when it is first needed; only what is durable can be seen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log: AuditLog | None = None

    def __call__(self, number: int) -> tuple[Event, tuple[Effect, ...]] | None:
        """The event and the effects of a record; None if there is none of this number."""
        for record in self._records(number, number):
            return record.event, record.effects
        return None

    def fills_after(self, place: tuple[int, int]) -> Iterator[tuple[int, int, ConfirmFill | Booked]]:
        """The fills behind a place (record, index), in order; confirmations that only say one again left out."""
        for record in self._records(place[0]):
            for index, effect in enumerate(record.effects):
                told = (record.number, index) <= place
                if told or not isinstance(effect, (ConfirmFill, Booked)):
                    continue
                if isinstance(effect, Booked) or not effect.again:
                    yield record.number, index, effect

    def close(self) -> None:
        """Let go of the file."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def _records(self, first: int, last: int | None = None) -> Iterator[Record]:
        if self._log is None:
            self._log = AuditLog.open(self._path, writable=False)
        bodies = self._log.bodies(first) if last is None else self._log.bodies(first, last)
        for _, body in list(bodies) if last is not None else bodies:
            yield decode_record(body)
