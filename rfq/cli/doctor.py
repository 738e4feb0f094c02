"""`rfq doctor`: is everything here that the desk needs, and would it be safe to start?"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Config, Json, Log, settings_of

if TYPE_CHECKING:
    from rfq.audit.log import AuditLog
    from rfq.ops.settings import Settings

FREE_BYTES_MIN = 500_000_000
OFFSET_MS_MAX = 100.0
PACKAGES = (
    "aiohttp",
    "msgspec",
    "numpy",
    "pydantic",
    "pydantic-settings",
    "rich",
    "sqlalchemy",
    "alembic",
    "structlog",
    "typer",
)
OPTIONAL = ("torch", "uvloop", "numba", "duckdb", "matplotlib")
SQLITE_MIN = (3, 35)


class Finding(NamedTuple):
    """One thing looked at; `code` is what it means for the exit if it is not ok."""

    name: str
    ok: bool
    detail: str
    code: Exit = Exit.DEPENDENCY


def doctor(log: Log = None, config: Config = None, json: Json = False) -> None:
    """Check that all is here that the desk needs.

    Python, packages, SQLite, disk, clock and the log; exit code 6 if something needed is missing. A damaged
    log gives exit code 4, a kill switch that is on 5.
    """
    settings = settings_of(config)
    path = log if log is not None else settings.audit.path
    findings = [*_look(path), *_feeds(settings)]
    if json:
        printer.give(
            {
                "ok": all(one.ok for one in findings),
                "checks": [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in findings],
            }
        )
    else:
        for one in findings:
            printer.show(f"{'ok ' if one.ok else 'BAD'}  {one.name:<16}{one.detail}")
    bad = [one for one in findings if not one.ok]
    if bad:
        worst = next(
            code
            for code in (Exit.DEPENDENCY, Exit.CONFIG, Exit.AUDIT, Exit.LIMIT)
            if any(one.code is code for one in bad)
        )
        raise Ended(worst, f"Not ready: {', '.join(one.name for one in bad)}")


def _look(path: Path) -> Iterator[Finding]:
    """Everything, one thing after the other; nothing is changed but a scratch file in the log's folder."""
    version = sys.version.split()[0]
    yield Finding("python", sys.version_info >= (3, 11), f"{version}, at least 3.11 is needed")
    yield from _packages()
    yield from _clock()
    folder = path.absolute().parent
    there = next(one for one in (folder, *folder.parents) if one.exists())
    yield _disk(there)
    yield _sqlite(there)
    yield from _log(path)


def _feeds(settings: "Settings") -> Iterator[Finding]:
    """Which market is looked at; nothing is connected."""
    import os
    from importlib.util import find_spec

    if settings.feeds.market == "simulated":
        return
    from rfq.feeds.scene.plan import plan_of
    from rfq.ops.problems import ConfigInvalid

    try:
        plan = plan_of(settings.feeds, os.environ)
    except ConfigInvalid as error:
        yield Finding(
            "feeds", False, "; ".join(f"{one.key}: {one.message}" for one in error.problems), Exit.CONFIG
        )
        return
    books = sum(len(one.symbols) for one in plan.wanted)
    yield Finding("feeds", True, f"{', '.join(plan.adapters)}: {books} books (nothing was connected)")
    if settings.feeds.record is not None:
        there = find_spec("duckdb") is not None
        yield Finding("recording", there, str(settings.feeds.record) if there else "needs the extra `tables`")


def _packages() -> Iterator[Finding]:
    from importlib import metadata

    found: dict[str, str] = {}
    for name in (*PACKAGES, *OPTIONAL):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    missing = [name for name in PACKAGES if name not in found]
    said = ", ".join(f"{name} {version}" for name, version in found.items())
    yield Finding("packages", not missing, f"missing: {', '.join(missing)}" if missing else said)


def _clock() -> Iterator[Finding]:
    from rfq.ops.clock import SystemClock

    offset_ns, error_ns = SystemClock().measure()
    text = f"wall clock minus ours {offset_ns / 1e6:+.3f} ms, known to {error_ns / 1e6:.3f} ms"
    yield Finding("clock", abs(offset_ns) < OFFSET_MS_MAX * 1e6, text)
    synced = _kernel_sync()
    if synced is not None:
        yield Finding(
            "clock sync", True, "the kernel says the clock is synchronised" if synced else _UNSYNCED
        )


_UNSYNCED = "the kernel does not know the clock to be synchronised; stamps may be off"


def _kernel_sync() -> bool | None:
    """Whether a time service disciplines this clock; None where that cannot be asked."""
    marker = Path("/run/systemd/timesync/synchronized")
    return marker.exists() if marker.parent.exists() else None


def _disk(folder: Path) -> Finding:
    import os
    import shutil

    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    enough = free >= FREE_BYTES_MIN
    return Finding(
        "disk",
        enough and writable,
        f"{printer.size_text(free)} free in {folder}" + ("" if writable else ", which cannot be written to"),
    )


def _sqlite(folder: Path) -> Finding:
    """WAL and FULL, asked of a scratch database in the very folder: some file systems cannot do it."""
    import sqlite3
    import tempfile

    from rfq.audit import sqlite

    try:
        with tempfile.TemporaryDirectory(prefix=".rfq-doctor-", dir=folder) as scratch:
            connection = sqlite.connect(Path(scratch) / "try.db")
            try:
                sqlite.prepare(connection, fsync=True)
                mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
                sync = connection.execute("PRAGMA synchronous").fetchone()[0]
                connection.execute("CREATE TABLE t (x)")
                connection.execute("INSERT INTO t VALUES (1)")
            finally:
                connection.close()
    except (OSError, sqlite3.Error) as error:
        return Finding("sqlite", False, f"{sqlite3.sqlite_version}: cannot write in {folder}: {error}")
    ok = mode == "wal" and sync == 2 and sqlite3.sqlite_version_info >= SQLITE_MIN
    detail = f"{sqlite3.sqlite_version}, journal_mode {mode}, synchronous {sync} (2 is FULL)"
    return Finding("sqlite", ok, detail)


def _log(path: Path) -> Iterator[Finding]:
    """The log itself: there, free to write, readable, its head file true, its kill switch."""
    from rfq.audit.errors import LogDamaged, LogError
    from rfq.audit.log import AuditLog

    if not path.exists():
        yield Finding("log", True, f"{path} does not exist yet; it is made at the first start")
        return
    yield _lock(path)
    try:
        log = AuditLog.open(path, writable=False)
    except LogDamaged as error:
        yield Finding("log", False, f"{path}: {error}", Exit.AUDIT)
        return
    except LogError as error:
        yield Finding("log", False, str(error))
        return
    with log:
        head = log.head()
        yield Finding("log", True, f"{path}: {head.number} records of chain {log.chain_id()}")
        kept = log.head_file.read() if log.head_file is not None else None
        behind = head.number - kept.number if kept is not None else 0
        yield Finding("head file", kept is not None, f"{behind} records behind the log, hashes agree")
        yield _kill(log)


def _lock(path: Path) -> Finding:
    from rfq.audit.errors import LogError
    from rfq.audit.sqlite import WriterLock

    lock = path.with_name(path.name + ".lock")
    if not lock.exists():
        return Finding("writer", True, "nobody has the log open for writing")
    try:
        WriterLock(lock).release()
    except (LogError, OSError) as error:
        return Finding("writer", False, str(error))
    return Finding("writer", True, "nobody has the log open for writing")


def _kill(log: "AuditLog") -> Finding:
    """The kill switch as the newest segment's state and the records since leave it."""
    from rfq.desk.engine import Desk
    from rfq.domain.effects import KillSet
    from rfq.domain.record import decode_record

    found = log.newest_segment()
    on = Desk.restore(found[1].state, "").state.killed if found is not None else False
    mark = b'"_":"KillSet.'
    for row in log.records(found[0] if found is not None else 1):
        if mark in row.body:
            for effect in decode_record(row.body).effects:
                on = effect.on if type(effect) is KillSet else on
    return Finding("kill switch", not on, "on: no new quotes" if on else "off", Exit.LIMIT)
