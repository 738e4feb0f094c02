"""`rfq sim`: the same desk in the same kind of world, on virtual time."""

from pathlib import Path
from typing import Annotated

import typer

from rfq.cli import printer
from rfq.cli.options import Config, Json, Seed, need_new, settings_of


def sim(
    hours: Annotated[
        float, typer.Option("--hours", min=0.001, max=100_000, metavar="H", help="Simulated.")
    ] = 1.0,
    seed: Seed = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", help="Keep the log in a new file [default: memory]."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Run the same world on virtual time, checked at each step.

    A seed is a world: equal seeds give the equal digest (the hash of the last record). Violations must be none.
    """
    import msgspec

    from rfq.cli.exits import Ended, Exit
    from rfq.cli.progress import counting, tell_of_kernels

    settings = settings_of(config)
    if log is not None:
        need_new(log)
    from rfq.app import run_sim

    tell_of_kernels(settings)
    chosen = settings.world.seed if seed is None else seed
    seconds = round(hours * 3_600)
    with counting(f"World {chosen}", seconds, "simulated seconds", quiet=json) as tell:
        found = run_sim(
            settings, seed=chosen, hours=hours, log_path=log, progress=lambda done, _total: tell(done)
        )
    tree = msgspec.to_builtins(found)
    counts = tree.pop("counts")
    if json:
        printer.give({**tree, **counts, "audit_records": found.records, "log": str(log) if log else None})
    else:
        printer.show(f"World {found.seed}, {found.seconds} simulated seconds:")
        for name in ("rfqs_maker", "rfqs_taker", "quotes_sent", "quotes_received", "ranked"):
            printer.show(f"  {name.replace('_', ' '):<16}{counts[name]:>9}")
        for name in ("fills_maker", "fills_taker", "markouts", "refusals"):
            printer.show(f"  {name.replace('_', ' '):<16}{counts[name]:>9}")
        printer.show(f"  records         {found.records:>9}")
        printer.show(f"  digest          {found.digest}")
        printer.show(f"  violations      {len(found.violations):>9}")
    if found.violations:
        raise Ended(Exit.FAILURE, f"{len(found.violations)} violations:", *found.violations[:20])
