"""`rfq replay`: ask a fresh desk again, and demand the logged answers back, byte for byte."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Config, Json, Log, log_path, open_log, settings_of

if TYPE_CHECKING:
    from rfq.audit.player import Difference
    from rfq.audit.replay import ReplayReport

SHOWN = 10
LONG = 5_000


def replay(
    named: Annotated[
        Path | None, typer.Argument(metavar="[LOG]", help="The log; the same as --log.", show_default=False)
    ] = None,
    log: Log = None,
    from_segment: Annotated[
        int | None, typer.Option("--from-segment", min=0, metavar="N", help="Begin at this segment's state.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Decide everything in a log again, and compare.

    The logged events go to a fresh desk; every effect and state must be the same, bit for bit, or to 1e-12 where the
    log was made by a machine whose numbers have another fingerprint.

    The chain is verified first; a log that is not what was written ends with exit code 4.

    With another build, differences are listed as such (exit code 1); with the same build they mean that the log
    was altered, or that the desk is not pure (exit code 4).
    """
    from pricing.numeric.fingerprint import fingerprint
    from rfq.app import build_id
    from rfq.audit.replay import replay as play
    from rfq.cli.progress import counting
    from rfq.ops.kernels import warm_kernels

    if log is not None and named is not None and log != named:
        raise Ended(Exit.USAGE, f"Two logs are named, {named} and {log}; one is played.")
    path = log_path(log or named, config)
    build = build_id()
    with open_log(path) as opened:
        total = opened.head().number
        if total >= LONG:  # the kernels are worth half a second then
            warm_kernels(settings_of(config).kernels)
        with counting("Replaying", total, quiet=total < LONG) as tell:
            try:
                found = play(opened, build=build, progress=tell, from_segment=from_segment)
            except ValueError as error:
                raise Ended(Exit.USAGE, f"--from-{error}") from None
    if json:
        printer.give(
            {
                "ok": found.ok,
                "path": str(path),
                "events": found.events,
                "build": build,
                "builds": list(found.builds),
                "same_build": found.same_build,
                "numerics": fingerprint(),
                "numerics_elsewhere": list(found.numerics),
                "near": found.near,
                "different": found.different,
                "differences": [_tree(one) for one in found.differences],
            }
        )
    if found.ok:
        if not json:
            _say_well(found, build)
        return
    lines = [line for one in found.differences[:SHOWN] for line in _told(one)]
    if found.numerics:
        lines.append(f"  {_numerics(found)}")
    if found.same_build:
        head = f"{found.different} of {found.events} records differ with the build that made them: "
        raise Ended(Exit.AUDIT, head + "the log was altered, or the desk is not pure.", *lines)
    head = f"{found.different} of {found.events} records are decided otherwise by this build ({build}); "
    raise Ended(Exit.FAILURE, f"{head}the log is by {', '.join(found.builds)}.", *lines)


def _say_well(found: "ReplayReport", build: str) -> None:
    same = "the same but for last bits" if found.near else "the same"
    printer.show(f"ok: {found.events} events replayed, every effect and state {same}, build {build}")
    if found.numerics:
        printer.show(_numerics(found))


def _numerics(found: "ReplayReport") -> str:
    from pricing.numeric.fingerprint import fingerprint

    return (
        f"numerics: made with {', '.join(found.numerics)}, here {fingerprint()}: those records were compared to "
        f"1e-12; {found.near} of them are not the same byte for byte"
    )


def _tree(one: "Difference") -> dict[str, object]:
    import msgspec

    got = one.got if isinstance(one.got, str) else msgspec.to_builtins(one.got)
    return {
        "number": one.number,
        "build": one.build,
        "expected": msgspec.to_builtins(one.expected),
        "got": got,
    }


def _told(one: "Difference") -> list[str]:
    """A difference in a few lines: only the effects that are not the same."""
    from rfq.cli.phrases import effect_text

    if isinstance(one.got, str):
        return [f"  record {one.number}: {one.got}"]
    lines = []
    for place in range(max(len(one.expected), len(one.got))):
        logged = one.expected[place] if place < len(one.expected) else None
        now = one.got[place] if place < len(one.got) else None
        if logged != now:
            said = [
                f"{type(x).__name__} {effect_text(x)}" if x is not None else "nothing" for x in (logged, now)
            ]
            lines.append(f"  record {one.number}, effect {place}: logged {said[0]}; now {said[1]}")
    return lines
