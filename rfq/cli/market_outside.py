"""`rfq market observe` and `rfq market calendar`: what files of observations and of scheduled events say."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Json

if TYPE_CHECKING:
    from rfq.feeds.observations.files import FileError, Refused
    from rfq.feeds.observations.rows import Observation

_SHOWN = 20


def observe(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Observations, .csv or .parquet.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Read a file of observations, and say what each is taken for.

    Columns: received_at (when it was known here), kind (news, sentiment, chain, macro), source, subject, name, value,
    text, event_at. News is scored by a list of words, which are shown. Rows that cannot be read are named; the exit
    code is then 1.
    """
    from rfq.feeds.observations.files import FileError, read_observations

    try:
        found = read_observations(file)
    except FileError as error:
        raise _cannot(error) from None
    rows = [_row(one) for one in found.rows]
    if json:
        printer.give({"rows": rows, "refused_count": found.refused_count, "refused": _told(found.refused)})
    else:
        for row in rows[:_SHOWN]:
            printer.show(_line(row))
        if len(rows) > _SHOWN:
            printer.show(f"... and {len(rows) - _SHOWN} more; --json has all.")
        printer.show(f"{len(rows)} rows taken, {found.refused_count} refused.")
        _say_refused(found.refused)
    if found.refused_count:
        raise Ended(Exit.FAILURE, f"{file}: {found.refused_count} rows were refused.")


def calendar(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Scheduled events, .csv or .parquet.", show_default=False),
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=366, help="How far ahead.")] = 7,
    underlying: Annotated[
        str, typer.Option("--underlying", metavar="NAME", help="Only what concerns it.")
    ] = "",
    json: Json = False,
) -> None:
    """Show what is scheduled: releases of a file, funding and expiries by the clock.

    Columns: at, kind (release, funding, expiry), name, underlyings (with spaces between; none: all), jump_hours (hours
    of ordinary variance that pass at it), guard_before_s and guard_after_s (when nothing is quoted).
    """
    from pricing.calendar import Calendar, merged, regular
    from pricing.units import DAY_NS
    from rfq.feeds.observations.files import FileError, read_calendar
    from rfq.ops.clock import SystemClock

    now = SystemClock().now()
    releases = Calendar()
    refused: tuple[Refused, ...] = ()
    if file is not None:
        try:
            releases, refused = read_calendar(file)
        except FileError as error:
            raise _cannot(error) from None
    coming = [
        event
        for event in merged([releases, regular(now, days)]).events
        if now < event.at <= now + days * DAY_NS and (not underlying or event.concerns(underlying.upper()))
    ]
    if json:
        from msgspec import to_builtins

        printer.give({"now": now, "events": [to_builtins(one) for one in coming], "refused": _told(refused)})
    else:
        for event in coming:
            guard = ""
            if event.guard_before_s or event.guard_after_s:
                guard = f"  guard {event.guard_before_s:g} s before, {event.guard_after_s:g} s after"
            jump = f"  {event.jump_hours:g} h of variance" if event.jump_hours else ""
            whom = " ".join(event.underlyings) or "all"
            printer.show(
                f"{_instant(event.at)}  {event.kind.lower():8}{event.name or '-':14} {whom}{jump}{guard}"
            )
        _say_refused(refused)
    if refused:
        raise Ended(Exit.FAILURE, f"{file}: {len(refused)} rows were refused.")


def _row(one: "Observation") -> dict[str, Any]:
    """A row, and what the accumulators would be told of it."""
    from msgspec import to_builtins

    from rfq.feeds.observations.rows import Kind
    from rfq.feeds.observations.sentiment import observed, score

    row: dict[str, Any] = to_builtins(one)
    row.pop("_", None)
    row["told"] = [
        {"subject": each.subject, "name": each.name, "value": each.value} for each in observed(one)
    ]
    if one.kind is Kind.NEWS:
        row["why"] = [{"word": word, "weight": weight} for word, weight in score(one.text).why]
    return row


def _line(row: dict[str, Any]) -> str:
    told = ", ".join(
        f"{each['subject'] or 'all'} {each['name']} {each['value']:+.4g}" for each in row["told"]
    )
    why = "".join(f" {each['word']} {each['weight']:+.1f}" for each in row.get("why", ()))
    return f"{_instant(row['received_at'])}  {row['source']:10} {told}{f'  ({why.strip()})' if why else ''}"


def _told(refused: "tuple[Refused, ...]") -> list[dict[str, Any]]:
    return [{"row": one.row, "field": one.fault.field, "problem": one.fault.problem} for one in refused]


def _say_refused(refused: "tuple[Refused, ...]") -> None:
    for one in refused[:_SHOWN]:
        printer.say(f"row {one.row}: {one.fault.field} {one.fault.problem}")


def _instant(at: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _cannot(error: "FileError") -> Ended:
    return Ended(Exit.DEPENDENCY if error.is_lacking else Exit.USAGE, f"{error}.")
