"""The configured FIX sessions as they stand: settings, journals, and what a running `rfq serve` says of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fix_gateway.explain.explainer import APPLICATIONS, VERSIONS
from fix_gateway.journal.disk import Disk
from fix_gateway.journal.journal import Durability, Journal, JournalError, JournalLocked
from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.fix_journal import Contents, contents, when
from rfq.ops.clock import SystemClock
from rfq.ops.fix_status import News, StatusUnreadable, read_status
from rfq.wire.gateway import journal_path as journal_path

if TYPE_CHECKING:
    from rfq.ops.fix_sections import Fix, FixSession


def named(fix: "Fix", name: str) -> "FixSession":
    """The session of this name, or an end that tells which ones there are."""
    for one in fix.sessions:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in fix.sessions) or "none: [[fix.sessions]] is where they stand"
    raise Ended(Exit.USAGE, f"No session is called {name!r}; configured: {known}")


def news_in(folder: Path) -> News | None:
    """What a running process says; a file that cannot be read is told and counts as none."""
    try:
        return read_status(folder, SystemClock().now())
    except StatusUnreadable as error:
        printer.say(f"Warning: {error}")
        return None


def unavailable(error: JournalError) -> Ended:
    """The end of a command whose journal cannot be used."""
    lines = [f"{error.path} {error.what}"]
    if isinstance(error, JournalLocked):
        lines.append("Stop `rfq serve` first.")
    return Ended(Exit.DEPENDENCY, *lines)


def rows(fix: "Fix", news: News | None) -> list[dict[str, Any]]:
    """Each session for programs. Numbers are those of a running process, else the journal's; null where there are
    none that can be read."""
    return [_row(fix, one, news) for one in fix.sessions]


def _row(fix: "Fix", one: "FixSession", news: News | None) -> dict[str, Any]:
    path = journal_path(fix, one.name)
    found: Contents | None = None
    problem = ""
    try:
        found = contents(path, 0) if path.exists() else None
    except JournalError as error:
        problem = str(error)
    if found is not None and found.damage:
        problem = f"{path.name}: {'; '.join(found.damage)}"
    status = news.session(one.name) if news is not None else None
    dialect = one.speaks
    numbers = status if status is not None and news is not None and not news.is_stale else found
    fresh = numbers is None and not problem  # it has never run
    return {
        "name": one.name,
        "role": one.role,
        "dialect": dialect.name,
        "version": VERSIONS[dialect.begin] if not dialect.appl else APPLICATIONS[dialect.appl],
        "begin": dialect.begin,
        "appl": dialect.appl,
        "comp_id": one.comp_id or fix.comp_id,
        "peer_comp_id": one.peer_comp_id,
        "parties": list(one.parties),
        "drop_copy": one.drop_copy,
        "journal": str(path),
        "next_out": numbers.next_out if numbers is not None else 1 if fresh else None,
        "next_in": numbers.next_in if numbers is not None else 1 if fresh else None,
        "goes_on_at": found.goes_on_at if found is not None else 1 if fresh else None,
        "is_clean": found.is_clean if found is not None else None,
        "problem": problem,
        "is_up": status.is_up if status is not None else None,
        "is_connected": status.is_connected if status is not None else None,
        "since": when(status.since) if status is not None else None,
        "counts": dict(status.counts) if status is not None else {},
    }


def serving(news: News | None) -> dict[str, Any] | None:
    """The running process for programs."""
    if news is None:
        return None
    status = news.status
    return {
        "pid": status.pid,
        "port": status.port,
        "since": when(status.since),
        "age_s": round(news.age_s, 1),
        "stale": news.is_stale,
    }


def show(fix: "Fix", found: list[dict[str, Any]], news: News | None) -> None:
    """The same for people."""
    if not found:
        printer.say("No sessions are configured; they stand in [[fix.sessions]] of rfq.toml.")
        return
    printer.show(_headline(fix, news))
    stale = news is not None and news.is_stale
    table = [["session", "role", "version", "we", "they", "party", "out", "in", "state"]]
    for one in found:
        party = ",".join(one["parties"]) or ("drop copy" if one["drop_copy"] else "")
        sides = [one["comp_id"], one["peer_comp_id"], party]
        numbers = ["?" if one[key] is None else str(one[key]) for key in ("next_out", "next_in")]
        table.append([one["name"], one["role"], one["version"], *sides, *numbers, _state(one, stale)])
    for line in printer.table(table, right=(6, 7)):
        printer.show(line)
    for one in found:
        if one["problem"]:
            printer.show(f"{one['name']}: PROBLEM: {one['problem']}")
        counted = [f"{word.replace('_', ' ')} {count}" for word, count in one["counts"].items() if count]
        if counted:
            printer.show(f"{one['name']}: {', '.join(counted)}")


def _headline(fix: "Fix", news: News | None) -> str:
    if news is None:
        switched = "" if fix.enabled else " ([fix] enabled is false)"
        return f"No `rfq serve` is running here{switched}; out and in are the next numbers of the journals."
    status = news.status
    who = f"`rfq serve`, process {status.pid}, port {status.port}"
    if news.is_stale:
        return (
            f"STALE: {who}, wrote its status {news.age_s:.0f} s ago and not since: it was killed, or hangs."
        )
    return f"{who}, since {when(status.since)[:-5]}; its status is {news.age_s:.0f} s old."


def _state(one: dict[str, Any], stale: bool) -> str:
    if one["is_up"] is None:
        return f"not closed in order: goes on at {one['goes_on_at']}" if one["is_clean"] is False else "-"
    word = "up" if one["is_up"] else "connected, not logged on" if one["is_connected"] else "down"
    return f"{'was ' if stale else ''}{word} since {one['since'][:-5]}"


def lost(one: "FixSession", found: Contents) -> list[str]:
    """What a reset takes away."""
    said = [
        f"{one.name}: numbers begin at 1 again, both ways; now {found.goes_on_at} goes out next and "
        f"{found.next_in} is expected from {one.peer_comp_id}.",
        f"{one.peer_comp_id} must begin at 1 as well, or its Logon meets a number that is too high or too low.",
    ]
    if found.messages:
        said.append(f"Lost: {found.messages} messages that {one.peer_comp_id} can then not ask for again.")
    if found.tagged:
        said.append(
            f"Lost: for {found.tagged} of them, that they left: a desk rebuilt from its log can no longer "
            "see that here."
        )
    return said


def must_be_free(path: Path) -> None:
    """Refuse a journal that a running process has open. Raises JournalLocked."""
    disk = Disk()
    try:
        disk.close(disk.lock(path.with_name(path.name + ".lock")))
    except BlockingIOError:
        raise JournalLocked(path, "is in use by a running process") from None


def reset(path: Path, durability: Durability) -> None:
    """Begin the journal anew. Raises JournalError."""
    now = SystemClock().now()
    journal = Journal.open(path, durability=durability, now=now)
    try:
        journal.reset(now)
        journal.close()
    finally:
        journal.abandon()
