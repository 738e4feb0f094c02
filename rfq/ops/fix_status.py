"""How a running `rfq serve` tells other processes how its FIX sessions stand: one small JSON file beside the journals.

Theory: who owns the links calls `write` every second, on their thread; a file of some kB is put in place of the old
one at once and whole, so a reader never sees half of it. It is not synced: after a crash it is worth nothing anyway. A
reader takes the file's own time for the time of the news; older than `STALE_S`, the writer is dead or stuck. An
orderly stop takes the file away. Sessions that a reader finds down are down in that process, not in the journals.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

STATUS_FILE: Final = "status.json"
STALE_S: Final = 5.0
VERSION: Final = 1
_NS: Final = 1_000_000_000


class SessionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One session as its process sees it. `since` (UTC ns) is when it came up or went down, to the second; since the
    process started if it has done neither."""

    name: str
    is_up: bool
    is_connected: bool
    since: int
    next_in: int
    next_out: int
    counts: Mapping[str, int]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file. `at` is the writer's own time, `since` when it began, `port` where it listens."""

    version: int = VERSION
    pid: int
    port: int
    since: int
    at: int
    sessions: tuple[SessionStatus, ...]


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A status as it was read, and how old it is by the machine's clock."""

    status: Status
    age_s: float

    @property
    def is_stale(self) -> bool:
        """True if nobody writes it any more."""
        return self.age_s > STALE_S

    def session(self, name: str) -> SessionStatus | None:
        """What it says of one session."""
        return next((one for one in self.status.sessions if one.name == name), None)


class StatusUnreadable(ValueError):
    """The file is there and cannot be read, or says something else."""


class StatusLink(Protocol):
    """What is looked at: a fix_gateway Link."""

    name: str
    throttled: int
    failed: int

    @property
    def session(self) -> Any:
        """Its `store` knows the next numbers."""
        ...

    @property
    def is_up(self) -> bool:
        """True while messages can be sent."""
        ...

    @property
    def transport(self) -> Any:
        """None while nobody is connected."""
        ...

    @property
    def counts(self) -> Any:
        """A msgspec Struct of numbers."""
        ...


class StatusFile:
    """Writes the file. `now` is the owner's clock, `pid` its process."""

    def __init__(
        self, folder: Path, now: Callable[[], int], *, port: int = 0, pid: int | None = None
    ) -> None:
        self.path = folder / STATUS_FILE
        self.failure = ""
        """Why the last write failed; empty if it did not. Status is talk: it never stops a session."""
        self._now, self._port = now, port
        self._pid = os.getpid() if pid is None else pid
        self._since = now()
        self._seen: dict[str, tuple[bool, int, int]] = {}  # up, how many logons, since when

    def write(self, links: Iterable[StatusLink]) -> None:
        """Tell how they stand now. Call it every second; it takes a fraction of a millisecond and raises nothing."""
        at = self._now()
        status = Status(
            pid=self._pid,
            port=self._port,
            since=self._since,
            at=at,
            sessions=tuple(self._told(link, at) for link in links),
        )
        new = self.path.with_name(f"{STATUS_FILE}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(msgspec.json.encode(status) + b"\n")
            new.replace(self.path)
            self.failure = ""
        except OSError as error:
            self.failure = f"{error.filename or new}: {error.strerror or error}"

    def close(self) -> None:
        """An orderly stop: there is nothing to tell any more."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            self.failure = f"{self.path}: {error.strerror or error}"

    def _told(self, link: StatusLink, at: int) -> SessionStatus:
        counts: dict[str, int] = msgspec.to_builtins(link.counts)
        logons = counts.get("logons", 0)
        up, known, since = self._seen.get(link.name, (False, 0, self._since))
        if (link.is_up, logons) != (up, known):
            since = at
        self._seen[link.name] = (link.is_up, logons, since)
        return SessionStatus(
            name=link.name,
            is_up=link.is_up,
            is_connected=link.transport is not None,
            since=since,
            next_in=link.session.store.next_in,
            next_out=link.session.store.next_out,
            counts={**counts, "throttled": link.throttled, "failed": link.failed},
        )


def read_status(folder: Path, wall: int) -> News | None:
    """What a running process says, None if there is no file; `wall` is the wall clock (UTC ns). Raises
    StatusUnreadable."""
    path = folder / STATUS_FILE
    try:
        raw = path.read_bytes()
        written_at = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StatusUnreadable(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        status = msgspec.json.decode(raw, type=Status)
    except msgspec.DecodeError as error:
        raise StatusUnreadable(f"{path} is no status: {error}") from None
    if status.version != VERSION:
        raise StatusUnreadable(f"{path} has format {status.version}, this program reads format {VERSION}")
    return News(status=status, age_s=max(0, wall - written_at) / _NS)
