"""What must hold in every world, checked after every record and at every departure, by an observer of its own.

The observer keeps its own truth from events, effects and bytes: the ledger (fills, amounts, expiries, positions), the
trail (each departure has its durable record and its fate), discretion (who may see what) and courses (lifecycles,
answers, waterfalls). It reads the desk's state only to compare. A violation is a sentence that names the record.
"""

from collections.abc import Callable
from typing import Any, Final

from rfq.audit.chain import Entry
from rfq.audit.log import AuditLog
from rfq.audit.writer import Done, Writer
from rfq.desk.engine import Desk
from rfq.domain.effects import OUTWARD, Effect, Outward
from rfq.domain.events import Stamped
from rfq.sim.courses import Courses
from rfq.sim.discretion import Discretion
from rfq.sim.ledger import Ledger
from rfq.sim.trail import Trail

OnEvent = Callable[[Stamped, tuple[Effect, ...]], None]
OnEffect = Callable[[Stamped, Any], None]
VIOLATIONS_MAX: Final = 1_000
"""A world that goes wrong goes wrong often; the first ones tell why."""


class Checks:
    """All checks of one world. `violations` must stay empty."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.number = 0
        self.watching = False
        self.ledger = Ledger(self._complain)
        self.trail = Trail(self._complain)
        self.discretion = Discretion(self._complain)
        self.courses = Courses(self._complain)
        watchers = (self.trail, self.ledger, self.discretion, self.courses)
        self._events: dict[type, list[OnEvent]] = {}
        self._effects: dict[type, list[OnEffect]] = {}
        for watcher in watchers:
            for kind, on_event in watcher.on_event.items():
                self._events.setdefault(kind, []).append(on_event)
            for kind, on_effect in watcher.on_effect.items():
                self._effects.setdefault(kind, []).append(on_effect)

    def begin(self, desk: Desk) -> None:
        """Observe from here on. On a chain that goes on, what was before is taken as it is."""
        self.watching = True
        self.number = desk.state.number
        self.ledger.begin(desk)
        self.discretion.begin(desk)
        self.courses.begin(desk)

    def on_entry(self, entry: Entry) -> None:
        """A record was handed to the log."""
        self.trail.on_entry(entry)

    def on_durable(self, number: int) -> None:
        """The log said that a record is durable; may come from the writer's thread."""
        self.trail.durable = number

    def on_record(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """After each record: an observer of the live loop."""
        if stamped.number != self.number + 1:
            self._complain(stamped.number, f"follows record {self.number}")
        self.number = stamped.number
        for on_event in self._events.get(type(stamped.event), ()):
            on_event(stamped, effects)
        waiting = 0
        for index, effect in enumerate(effects):
            kind = type(effect)
            if kind in OUTWARD:
                waiting += 1
                self.trail.expect(stamped, index, effect)  # type: ignore[arg-type]
            for on_effect in self._effects.get(kind, ()):
                on_effect(stamped, effect)
        self.trail.keep(stamped.number, waiting)

    def on_left(self, effect: Outward, raw: bytes, hashed: str, now: int) -> None:
        """An effect leaves for its party at `now` (UTC ns), as these bytes."""
        number = self.trail.on_left(effect, raw, hashed, now)
        self.discretion.on_left(number, effect, raw)

    def finish(self, log: AuditLog, now: int) -> None:
        """At the end: the log holds all of it, and everything that was to be sent has its fate."""
        if not self.watching:
            return
        self.trail.finish(log, now)
        self.ledger.finish(self.number)

    def _complain(self, number: int, what: str) -> None:
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(f"record {number}: {what}")


class CheckedWriter:
    """A writer whose every record, and every word "durable", the checks see too."""

    def __init__(self, inner: Writer, checks: Checks) -> None:
        self._inner = inner
        self._checks = checks

    @property
    def waiting(self) -> int:
        """How many entries wait."""
        return self._inner.waiting

    def submit(self, entry: Entry, done: Done) -> None:
        """To the real writer, with a look at it on the way there and back."""
        checks = self._checks
        checks.on_entry(entry)

        def told(error: Exception | None) -> None:
            if error is None:
                checks.on_durable(entry.number)
            done(error)

        self._inner.submit(entry, told)

    def close(self) -> None:
        """Store what waits, and end."""
        self._inner.close()
