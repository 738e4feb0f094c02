"""The `rfq` command: its tree of commands, and how every end becomes one line and an exit code.

Only light modules are imported here; each command loads what it needs when it runs.
"""

import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated, NoReturn

import typer

from rfq.cli import audit, config, features, fix, market, printer, surface
from rfq.cli.demo import demo
from rfq.cli.doctor import doctor
from rfq.cli.options import Json
from rfq.cli.price import price
from rfq.cli.quote_ladder import quote_ladder
from rfq.cli.replay import replay
from rfq.cli.serve import serve
from rfq.cli.sim import sim

EXIT_CODES = """Exit codes: 0 ok, 1 failure, 2 usage, 3 settings invalid, 4 audit verification failed,
5 limit or kill switch active, 6 something needed is unavailable, 130 interrupted."""

app = typer.Typer(
    name="rfq",
    help="A request-for-quote desk for crypto derivatives: maker and taker, live, simulated and replayed.\n\n"
    "Start with `rfq demo`: a simulated market, live in the terminal, no network needed.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def start(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal fault.")] = False,
) -> None:
    """What holds for every command."""
    if debug:
        sys.excepthook = sys.__excepthook__


app.command()(demo)
app.command()(sim)
app.command()(serve)
app.command()(replay)
app.command()(price)
app.command("quote-ladder")(quote_ladder)
app.add_typer(audit.app, name="audit")
app.add_typer(fix.app, name="fix")
app.add_typer(surface.app, name="surface")
app.add_typer(features.app, name="features")
app.add_typer(market.app, name="market")
app.add_typer(config.app, name="config")
app.command()(doctor)


@app.command()
def version(json: Json = False) -> None:
    """Show the version and the build.

    The build is the hash of the code that decides; replay depends on it.
    """
    from rfq.app import build_id

    build = build_id()
    number = build.partition("+")[0]
    if json:
        printer.give({"version": number, "build": build, "python": sys.version.split()[0]})
    else:
        printer.show(f"rfq-desk {number}, build {build}, Python {sys.version.split()[0]}")


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. A fault of ours is raised."""
    command = typer.main.get_command(app)
    try:
        ended = command.main(args=list(arguments), prog_name="rfq", standalone_mode=False)
        sys.stdout.flush()
        return int(ended or 0)
    except (BrokenPipeError, SystemExit):  # whoever read our stdout has seen enough; Typer makes that an exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (typer.Abort, EOFError):
        printer.say("Interrupted.")
        return 130
    except BaseException as error:
        if (told := _usage(error)) is not None:
            return told
        from rfq.cli.exits import judge

        known = judge(error)
        if known is not None:
            for line in known.lines:
                printer.say(line)
            return int(known.code)
        raise


def _usage(error: BaseException) -> int | None:
    """Tell a mistake in the command line itself; None if it was something else."""
    code, show = getattr(error, "exit_code", None), getattr(error, "show", None)
    if not isinstance(code, int) or not callable(show):
        return None
    show()
    return code


def _tell_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One line for a fault of ours."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace is not None else ""
    printer.say(f"rfq: an internal fault: {kind.__name__}: {error}{where}; `rfq --debug ...` shows how.")


def main() -> NoReturn:
    """The entry point: never a traceback unless asked for."""
    if not os.environ.get("RFQ_TEST_TRACEBACK"):
        sys.excepthook = _tell_fault
    sys.exit(run(sys.argv[1:]))
