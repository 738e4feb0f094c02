"""`rfq audit`: is the record whole, what is in it, and the whole story of one request."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.options import Config, Damaged, Json, Log, log_path, open_log

if TYPE_CHECKING:
    from rfq.audit.log import AuditLog, Row

app = typer.Typer(help="Check, search and read the log.", no_args_is_help=True)
FOLLOW_S = 0.25
Word = typer.Option


@app.command()
def verify(
    deep: Annotated[bool, Word("--deep", help="Also decode every record and compare every column.")] = False,
    log: Log = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Is the log what was written? Names the first bad record.

    Every record is hashed behind the one before it; exit code 4 if something was changed, cut off or put in.
    """
    from rfq.audit.errors import LogDamaged
    from rfq.audit.verify import verify as check
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.progress import counting

    path = log_path(log, config)
    try:
        with _opened(path) as opened:
            head = opened.head()
            chain = opened.chain_id()
            with counting("Verifying", head.number, quiet=head.number < 20_000) as tell:
                found = check(opened, deep=deep, progress=tell)
    except LogDamaged as error:
        if json:
            printer.give({"ok": False, "path": str(path), "first_bad": error.number, "problem": error.what})
        raise Ended(
            Exit.AUDIT, f"NOT what was written: {path}", f"first bad record: {error.number}: {error.what}"
        ) from None
    if json:
        answer = {**found._asdict(), "head": found.head._asdict()}
        printer.give({"path": str(path), "chain": chain, **answer})
    if not found.ok:
        where = (
            f"first bad record: {found.first_bad}" if found.first_bad is not None else "beside the records"
        )
        raise Ended(Exit.AUDIT, f"NOT what was written: {path}", f"{where}: {found.problem}")
    if not json:
        depth = "every record decoded, every column compared" if deep else "--deep looks closer"
        printer.show(
            f"ok: {found.records} records, {printer.size_text(found.bytes)}, chain {chain} ({depth})"
        )
        printer.show(f"head: record {found.head.number}, {found.head.hash}")


def _opened(path: Path) -> "AuditLog":
    """For verifying: damage is what we look for."""
    from rfq.audit.log import AuditLog

    return AuditLog.open(path, writable=False, allow_damage=True)


@app.command()
def tail(
    count: Annotated[int, Word("-n", "--count", min=0, metavar="N", help="How many records.")] = 20,
    follow: Annotated[bool, Word("-f", "--follow", help="Go on with what is written now.")] = False,
    log: Log = None,
    config: Config = None,
    damaged: Damaged = False,
    json: Json = False,
) -> None:
    """Show the newest records; -f goes on with what comes.

    With -f, --json gives one line for each record instead of one for all.
    """
    from rfq.audit import queries

    with open_log(log_path(log, config), damaged=damaged) as opened:
        rows = queries.tail(opened, count)
        last = opened.head().number
        if json and not follow:
            printer.give({"records": [record_tree(opened, row) for row in rows]})
            return
        _print(opened, rows, json)
        while follow:
            time.sleep(FOLLOW_S)
            rows = list(opened.records(last + 1))
            _print(opened, rows, json)
            last = rows[-1].number if rows else last


def _print(opened: "AuditLog", rows: "list[Row]", json: bool) -> None:
    for row in rows:
        if json:
            printer.give(record_tree(opened, row))
        else:
            printer.show(row_line(row))


@app.command()
def search(
    rfq: Annotated[str, Word("--rfq", metavar="ID", help="An Rfq's id.")] = "",
    quote: Annotated[str, Word("--quote", metavar="ID", help="A quote's id.")] = "",
    fill: Annotated[str, Word("--fill", metavar="ID", help="A fill's id.")] = "",
    party: Annotated[str, Word("--party", metavar="ID", help="A client, dealer or operator.")] = "",
    reference: Annotated[str, Word("--reference", metavar="ID", help="The party's own id.")] = "",
    instrument: Annotated[str, Word("--instrument", metavar="NAME", help="A leg or hedge.")] = "",
    outcome: Annotated[str, Word("--outcome", metavar="WORD", help="done, cover, expired, passed, ...")] = "",
    reason: Annotated[str, Word("--reason", metavar="CODE", help="amount, killed, stale_market, ...")] = "",
    kind: Annotated[str, Word("--kind", metavar="NAME", help="An event or effect, such as SendQuote.")] = "",
    since: Annotated[str, Word("--since", metavar="WHEN", help="2026-01-31T12:00 (UTC), or 10m.")] = "",
    until: Annotated[str, Word("--until", metavar="WHEN", help="The same; not included.")] = "",
    text: Annotated[str, Word("--text", metavar="TEXT", help="Anything in a record's JSON.")] = "",
    limit: Annotated[int, Word("-n", "--limit", min=1, metavar="N", help="At most so many.")] = 100,
    log: Log = None,
    config: Config = None,
    damaged: Damaged = False,
    json: Json = False,
) -> None:
    """Find records; everything that is given must apply.

    WHEN may be a span (30s, 10m, 2h, 1d) before the newest record.
    """
    from rfq.audit import queries
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.instants import parse_instant

    _check_words(outcome, reason)
    with open_log(log_path(log, config), damaged=damaged) as opened:
        newest = next((row.at for row in queries.tail(opened, 1)), 0)
        try:
            rows = queries.search(
                opened,
                rfq=rfq,
                quote=quote,
                fill=fill,
                party=party,
                reference=reference,
                instrument=instrument,
                outcome=outcome,
                reason=reason,
                kind=kind,
                since=parse_instant("--since", since, newest) if since else None,
                until=parse_instant("--until", until, newest) if until else None,
                text=text,
                limit=limit,
            )
        except ValueError as error:
            raise Ended(Exit.USAGE, str(error)) from None
        if json:
            printer.give({"records": [record_tree(opened, row) for row in rows]})
            return
        for row in rows:
            printer.show(row_line(row))
    more = f" (the first {limit}; -n shows more)" if len(rows) == limit else ""
    printer.say(f"{len(rows)} record{'' if len(rows) == 1 else 's'} found{more}")


def _check_words(outcome: str, reason: str) -> None:
    """Words of closed lists are checked, so that a slip does not look like an empty log."""
    from rfq.cli.exits import Ended, Exit
    from rfq.domain.outcome import Outcome
    from rfq.domain.reasons import Code

    for option, word, known in (("--outcome", outcome, Outcome), ("--reason", reason, Code)):
        words = [one.value for one in known]
        if word and word not in words:
            raise Ended(Exit.USAGE, f"{option}: {word!r} is none of {', '.join(words)}")


@app.command("show")
def show_story(
    rfq: Annotated[str, typer.Argument(metavar="RFQ_ID", help="An Rfq's id; that of its quote will do too.")],
    log: Log = None,
    config: Config = None,
    damaged: Damaged = False,
    json: Json = False,
) -> None:
    """Tell the whole story of one request.

    Asked, priced with its waterfall, quoted, ranked, accepted, filled, marked out; times since the asking.
    """
    from rfq.audit import queries
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.narrative import tell

    path = log_path(log, config)
    with open_log(path, damaged=damaged) as opened:
        found = queries.story(opened, rfq) or queries.story(opened, _owner(opened, rfq))
        if found is None:
            raise Ended(
                Exit.FAILURE, f"No record of {path} names the Rfq {rfq!r}; `rfq audit tail` shows some."
            )
        if json:
            steps = []
            for step in found.steps:
                tree = record_tree(opened, step.row)
                effects = tree.pop("effects")
                tree["deeds"] = [
                    {"index": deed.index, "effect": effects[deed.index], "fate": _fate(deed.fate)}
                    for deed in step.deeds
                ]
                steps.append(tree)
            printer.give({"rfq": found.rfq, "steps": steps})
            return
        for line in tell(found):
            printer.show(line)


def _owner(opened: "AuditLog", word: str) -> str:
    """The Rfq to which a quote or fill belongs; empty if there is none."""
    from rfq.audit import queries
    from rfq.audit.terms import terms_of
    from rfq.domain.record import decode_record

    for rows in (queries.search(opened, quote=word, limit=5), queries.search(opened, fill=word, limit=5)):
        for row in rows:
            for term in terms_of(decode_record(row.body)):
                if term.startswith("rfq:"):
                    return term.removeprefix("rfq:")
    return ""


def _fate(fate: Any) -> dict[str, Any] | None:
    from rfq.audit.export import instant_text

    if fate is None:
        return None
    if fate.reason is not None:
        return {"number": fate.number, "sent": False, "reason": str(fate.reason)}
    return {"number": fate.number, "sent": True, "sent_at": instant_text(fate.sent_at), "raw": fate.raw}


def record_tree(opened: "AuditLog", row: "Row") -> dict[str, Any]:
    """One record as JSON for others: instants as text, its hash beside."""
    import json

    from rfq.audit.export import export

    tree: dict[str, Any] = json.loads(next(export(opened, row.number, row.number)))
    return tree


def row_line(row: "Row") -> str:
    """One record in one line: number, time, what happened, and what was done."""
    from rfq.audit.export import instant_text
    from rfq.cli.phrases import effect_text, event_text
    from rfq.domain.effects import SetTimer, Unwatch, Watch
    from rfq.domain.record import decode_record

    record = decode_record(row.body)
    done = [effect_text(one) for one in record.effects if not isinstance(one, SetTimer | Watch | Unwatch)]
    text = event_text(record.event)
    arrow = f" -> {'; '.join(done)}" if done else ""
    return f"{row.number:>8}  {instant_text(row.at)[:-4]}  {text}{arrow}"
