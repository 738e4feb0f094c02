"""`rfq demo`: the simulated market on real time, both roles, live in the terminal; then what it came to."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rfq.cli import printer
from rfq.cli.options import Config, Json, Seed, need_new, settings_of

if TYPE_CHECKING:
    from rfq.app import DemoResult
    from rfq.ops.settings import Settings


def demo(
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0.1, metavar="N", help="End after N seconds [default: Ctrl-C]."),
    ] = None,
    seed: Seed = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No screen, no lines: only the summary.")
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", help="A new file for the log [default: beside audit.path]."),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Clients and dealers call the desk over FIX, on loopback.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Watch the desk at work in a simulated market.

    It answers requests as maker and sends its own as taker. With --fix every client and dealer is a FIX
    initiator of its own, and all that is said goes through real sessions on this machine.

    At the end the log is verified and replayed, and a summary says what it came to. Without a terminal it prints
    one line for each notable happening.
    """
    import asyncio

    from rfq.cli.exits import Ended, Exit
    from rfq.cli.progress import tell_of_kernels
    from rfq.cli.stage import play

    settings = settings_of(config)
    path = need_new(log) if log is not None else _fresh_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    tell_of_kernels(settings)
    chosen = settings.world.seed if seed is None else seed
    screen = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not (headless or json)
    lines = not (screen or headless or json)
    result, interrupted = asyncio.run(play(settings, chosen, seconds, path, screen, lines, fix))
    _summarise(result, path, json)
    if not result.audit_ok:
        raise Ended(Exit.AUDIT, "The log of this demo does not verify: that is a fault of ours.")
    if result.violations or not result.replay_ok:
        raise Ended(Exit.FAILURE, *(result.violations or ("The demo's log does not replay.",)))
    if interrupted:
        raise typer.Exit(int(Exit.INTERRUPTED))


def _fresh_path(settings: "Settings") -> Path:
    """A log of its own for each demo, named by the time, beside where the desk's log would be."""
    from rfq.audit.export import instant_text
    from rfq.ops.clock import SystemClock

    digits = "".join(filter(str.isdigit, instant_text(SystemClock().now())))
    return settings.audit.path.parent / f"demo-{digits[:8]}-{digits[8:17]}.db"


def _summarise(result: "DemoResult", path: Path, json: bool) -> None:
    from dataclasses import asdict

    if json:
        printer.give({**asdict(result), "log": str(path)})
        return
    printer.show(f"Seed {result.seed}, {result.seconds:g} s:")
    printer.show(f"  {result.rfqs} RFQs; {result.quotes_sent} quotes sent, {result.quotes_received} received")
    printer.show(f"  {result.fills_maker} fills as maker, {result.fills_taker} as taker")
    audit = "verified" if result.audit_ok else "NOT what was written"
    again = "every decision replayed the same" if result.replay_ok else "NOT replayed the same"
    printer.show(f"  {result.audit_records} records, {audit}; {again}")
    printer.show(f"  head {result.digest}")
    printer.show(f"  log  {path}")
    printer.show("Look at it: rfq audit tail, rfq audit search --outcome done, rfq audit show ID")
