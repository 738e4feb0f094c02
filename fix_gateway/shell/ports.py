"""What the shell needs from its owner, and what a connection may cost. All is handed in; nothing is looked for."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import msgspec

from fix_gateway.shell.schedule import ALWAYS, Timetable
from fix_gateway.tags import BUSINESS_OTHER

NS_PER_S = 1_000_000_000
TICK_MIN_S = 0.001
NAP_S = 1.0
"""A link looks at its clock no more often than the one, and no less often than the other."""

Now = Callable[[], int]
"""UTC ns, never going back."""


class Scribe(Protocol):
    """Where lines for an operator go: a bound structlog logger, or something with its methods."""

    def info(self, event: str, **fields: object) -> object:
        """For reading along."""
        ...

    def warning(self, event: str, **fields: object) -> object:
        """Somebody should look."""
        ...

    def error(self, event: str, **fields: object) -> object:
        """Something is wrong in here."""
        ...


class Silent:
    """A scribe that says nothing."""

    def info(self, event: str, **fields: object) -> None:
        """Nothing."""

    def warning(self, event: str, **fields: object) -> None:
        """Nothing."""

    def error(self, event: str, **fields: object) -> None:
        """Nothing."""


class Committer(Protocol):
    """Makes what a store has flushed survive a power cut; `done` may come from another thread."""

    def submit(self, journal: Any, done: Callable[[Exception | None], None]) -> None:
        """Call `done(None)` when everything that was flushed before is on the disk, `done(error)` if that failed."""
        ...


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How many application messages a peer may send, and what happens to one too many: a BusinessMessageReject, and
    then the session goes on or ends. `reason` is its BusinessRejectReason where a counterparty wants a certain one (99
    is widely used); 0: what the version's dictionary has for it."""

    per_s: float
    burst: int
    then: Literal["reject", "disconnect"] = "reject"
    reason: int = 0

    def reason_in(self, begin: str) -> int:
        """The BusinessRejectReason of one message too many. FIX 5.0 SP2 has one for it, and one for the end of the
        session; the older versions have none."""
        return self.reason or (
            (9 if self.then == "disconnect" else 8) if begin == "FIXT.1.1" else BUSINESS_OTHER
        )


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection may cost us, and when there may be one. A peer that does not read is dropped when more than
    `buffer_max` bytes wait for it, or its transport stayed full for `slow_s`."""

    buffer_max: int = 1 << 20
    slow_s: float = 5.0
    rate: Rate | None = None
    timetable: Timetable = ALWAYS
