"""`rfq market import`: public archives into our layout of tables, with a report of all that was read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Json

if TYPE_CHECKING:
    from rfq.feeds.archives.convert import Converted
    from rfq.feeds.tables.reports import Cause, Table

_SHOWN_MAX = 40


def import_archive(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="A file (.csv, .json, .gz, .zip, .tar) or a folder.", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="PREFIX",
            help="Tables are written to PREFIX_trades.parquet and so on.",
            show_default=False,
        ),
    ],
    archive: Annotated[
        str, typer.Option("--format", metavar="NAME", help="auto, binance, deribit or tardis.")
    ] = "auto",
    venue: Annotated[
        str, typer.Option("--venue", metavar="NAME", help="Whose files these are, where they do not say.")
    ] = "",
    symbol: Annotated[
        str, typer.Option("--symbol", metavar="NAME", help="Of what, where they do not say.")
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Write over tables that are there.")] = False,
    json: Json = False,
) -> None:
    """Turn a public archive into tables of our layout, cleaned.

    What could not be read or was dropped is counted by cause, with an example; clocks are measured. Option chains
    become PREFIX_chain.parquet, which `rfq surface fit` reads; tickers and depth bands get tables of their own.
    """
    from rfq.feeds.archives import convert
    from rfq.feeds.tables import layout

    there = [file for kind in layout.COLUMNS if (file := layout.file_of(out, kind)).exists()]
    if there and not replace:
        raise Ended(Exit.USAGE, f"--out: {there[0]} exists; --replace writes over it.")
    tell = (lambda _name: None) if json else (lambda name: printer.say(f"Reading {name}"))
    try:
        converted = convert.convert(path, out, archive=archive, venue=venue, symbol=symbol, tell=tell)
    except layout.TablesError as error:
        raise Ended(Exit.DEPENDENCY if error.is_lacking else Exit.USAGE, f"{error}.") from None
    for file in set(there).difference(converted.written):
        file.unlink()  # of the import before, with which the new tables must not be mixed
    if json:
        printer.give(_tree(converted))
    else:
        _show(converted)
    if not converted.written:
        raise Ended(Exit.FAILURE, "No row was left to write.")


def _tree(converted: "Converted") -> dict[str, Any]:
    """The answer for programs."""
    import msgspec

    report: dict[str, Any] = msgspec.to_builtins(converted.report)
    return report | {
        "dropped": converted.report.dropped,
        "written": [str(path) for path in converted.written],
    }


def _show(converted: "Converted") -> None:
    from rfq.audit.export import instant_text

    report = converted.report
    rows = [["table", "venue", "symbol", "read", "kept", "messages", "from", "to"]]
    for one in report.tables[:_SHOWN_MAX]:
        span = [instant_text(one.from_at), instant_text(one.to_at)] if one.messages else ["", ""]
        counts = [str(one.read), str(one.kept), str(one.messages)]
        rows.append([one.kind, one.venue, one.symbol, *counts, *span])
    for line in printer.table(rows, right=(3, 4, 5)):
        printer.show(line)
    if len(report.tables) > _SHOWN_MAX:
        printer.show(f"... and {len(report.tables) - _SHOWN_MAX} more; --json tells of all.")
    for cause in report.unread:
        printer.show(_words("could not be read", cause))
    for one in report.tables[:_SHOWN_MAX]:
        for line in _odd(one):
            printer.show(line)
    for path in converted.written:
        printer.show(f"Written: {path}")


def _odd(table: "Table") -> list[str]:
    """What to know of one table."""
    said = [_words("dropped", cause) for cause in table.dropped]
    said += [_words("kept, though odd", cause) for cause in table.noticed]
    clocks = table.clocks
    if clocks is not None:
        words = clocks.words
        if clocks.delay_p99_ms is not None:
            words += (
                f"; delays beyond the shortest: median {clocks.delay_p50_ms} ms, p99 {clocks.delay_p99_ms}"
            )
        if clocks.drift_ppm is not None:
            words += f"; drift {clocks.drift_ppm} ppm"
        said.append(f"  clocks: {words}")
        if clocks.received_back or clocks.exchange_back:
            said.append(
                f"  stamps that go back: {clocks.received_back} of receipt (by up to {clocks.received_back_ms:g} ms),"
                f" {clocks.exchange_back} of the exchange (by up to {clocks.exchange_back_ms:g} ms)"
            )
    return [f"{table.kind} {table.venue} {table.symbol}".rstrip() + ":", *said] if said else []


def _words(fate: str, cause: "Cause") -> str:
    return f"  {fate}: {cause.rows} x {cause.what} ({cause.example})"
