"""`rfq features`: what features mean, their history, rows for requests, and whether live and offline rows are equal."""

from pathlib import Path
from typing import Annotated

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.features_options import (
    SIM,
    AgeMaxMs,
    EveryMs,
    Minutes,
    ObservationsFile,
    OfLog,
    Options,
    Out,
    Replace,
    Rfqs,
    SimSeed,
    Store,
)
from rfq.cli.options import Contract, Json, Multiplier, Symbol

app = typer.Typer(help="Features: defined, built, joined, checked.", no_args_is_help=True)


@app.callback()
def start() -> None:
    """Features: defined, built, joined, checked."""


@app.command("list")
def list_features(
    store: Store = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="A log: which model used which version.")
    ] = None,
    json: Json = False,
) -> None:
    """Every feature with its unit, horizon and what it is when it cannot be computed.

    With --store, what a store holds; with --log, the lineage: which model read which version of the features.
    """
    from rfq.cli import features_show as show
    from rfq.cli.features_make import store_errors
    from rfq.store.definitions import present

    with store_errors():
        held = None if store is None else show.held(store)
        used = None if log is None else show.used(log)
    if json:
        printer.give(show.listing(present(), held, used))
    else:
        show.show_listing(present(), held, used)


@app.command()
def describe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A feature.", show_default=False)],
    store: Store = None,
    json: Json = False,
) -> None:
    """One feature: how it is computed, its versions, and with --store how its history is distributed."""
    from rfq.cli import features_show as show
    from rfq.cli.features_make import store_errors
    from rfq.store.definitions import find, nearest

    found = find(name)
    if not found:
        near = nearest(name)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise Ended(Exit.USAGE, f"There is no feature {name!r}.{hint}")
    with store_errors():
        history = None if store is None else show.distributed(store, name)
    if json:
        printer.give(show.description(found, history))
    else:
        show.show_description(found, history)


@app.command()
def build(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A capture, a recording, a log, a store, or `sim` for the simulated market.",
            show_default=False,
        ),
    ],
    out: Out,
    every_ms: EveryMs = 1_000,
    rfqs: Rfqs = None,
    log: OfLog = None,
    age_max_ms: AgeMaxMs = 60_000,
    symbol: Symbol = None,
    contract_usd: Contract = None,
    multiplier: Multiplier = None,
    observations: ObservationsFile = None,
    minutes: Minutes = 10.0,
    seed: SimSeed = 1,
    replace: Replace = False,
    json: Json = False,
) -> None:
    """Build rows of features.

    On a grid, into a store's history (of a log: the rows that its models were asked about, as they were). With --rfqs
    or --log, a row for each request: read from a capture or recording at its very instant, or joined to a store's
    history as of its instant. No request is lost; rows hold what was received before their instant, and nothing else.
    """
    from rfq.cli import features_make as make
    from rfq.cli import features_show as show
    from rfq.store.history import History

    if rfqs is not None and log is not None:
        raise Ended(Exit.USAGE, "--rfqs and --log exclude each other.")
    options = Options(tuple(symbol or ()), contract_usd, multiplier, minutes, seed, observations)
    tell = show.teller("Messages", quiet=json)
    with make.store_errors():
        if rfqs is not None or log is not None:
            if path == SIM or out.suffix != ".parquet":
                raise Ended(
                    Exit.USAGE, "For a list of requests PATH is a file or folder, --out a .parquet file."
                )
            answer = make.join(
                Path(path),
                make.requests_of(rfqs, log),
                options,
                age_max_ns=age_max_ms * 1_000_000,
                out=out,
                tell=tell,
            )
        else:
            made = make.build_history(
                History(out), path, options, every_ns=every_ms * 1_000_000, replace=replace, tell=tell
            )
            answer = show.built(out, made)
    if json:
        printer.give(answer)
    else:
        show.show_built(answer)


@app.command("check-parity")
def check_parity(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A capture, a recording, or `sim` for the simulated market.",
            show_default=False,
        ),
    ],
    every_ms: EveryMs = 100,
    questions: Annotated[
        int, typer.Option("--questions", metavar="N", min=0, max=1_000_000, help="Asked at random instants.")
    ] = 500,
    portion: Annotated[
        int, typer.Option("--portion", metavar="N", min=1, max=100_000, help="Messages at once, at most.")
    ] = 64,
    symbol: Symbol = None,
    contract_usd: Contract = None,
    multiplier: Multiplier = None,
    observations: ObservationsFile = None,
    minutes: Minutes = 10.0,
    seed: SimSeed = 1,
    json: Json = False,
) -> None:
    """Are live rows and rows for training equal, bit for bit?

    Online: bytes in random portions, through the venue's adapter, books and accumulators, with questions in between.
    Offline: tables, through books and accumulators into a history, joined as of those questions. Ends with 1 if any
    bit differs.
    """
    from rfq.cli import features_make as make
    from rfq.cli import features_show as show

    options = Options(tuple(symbol or ()), contract_usd, multiplier, minutes, seed, observations)
    with make.store_errors():
        if path == SIM:
            from rfq.cli.features_sim import check_sim

            found = check_sim(options)
        else:
            found = make.check(
                Path(path),
                options,
                every_ns=every_ms * 1_000_000,
                questions=questions,
                portion=portion,
                tell=show.teller("Messages", quiet=json),
            )
    if json:
        printer.give(show.parity(found))
    else:
        show.show_parity(found)
    if not found.is_equal:
        words = f"{found.differing} numbers differ" if found.rows else "there was nothing to compare"
        raise Ended(Exit.FAILURE, f"Live and offline rows are not shown to be equal: {words}.")
