"""`rfq serve`: the desk on real time with a durable log, until it is told to stop."""

from typing import TYPE_CHECKING

from rfq.cli import printer
from rfq.cli.options import Config, Json, settings_of

if TYPE_CHECKING:
    from rfq.app import Demo
    from rfq.ops.settings import Settings


def serve(config: Config = None, json: Json = False) -> None:
    """Run the desk on real time, with a durable log.

    Ends with Ctrl-C (exit code 130) or SIGTERM (0).

    An existing log is continued: the desk is rebuilt from it, and quotes of unknown fate are withdrawn.
    Counterparties call it over FIX as [fix] says; without any, clients and dealers are simulated. The market
    is simulated too, unless [feeds] names venues to look at; then nobody is. Everything it says goes to
    stderr, or where [logs] sends it; --json adds a line on stdout when it is ready, and one when it has
    stopped.
    """
    import asyncio

    from fix_gateway.shell.wire import new_loop
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.progress import tell_of_kernels

    settings = settings_of(config)
    tell_of_kernels(settings)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        interrupted = runner.run(_serve(settings, json))
    if json:
        printer.give({"serve": "stopped", "interrupted": interrupted})
    if interrupted:
        raise Ended(Exit.INTERRUPTED, "Stopped by Ctrl-C; the log is closed.")
    printer.say("Stopped; the log is closed.")


async def _serve(settings: "Settings", json: bool) -> bool:
    """Until a signal; True if it was an interrupt."""
    from rfq.app import serve as run
    from rfq.cli.signals import Stop

    def ready(demo: "Demo") -> None:
        number = demo.live.chain.next_number - 1
        if json:
            path = str(settings.audit.path)
            ready = {"serve": "ready", "chain": demo.live.chain.chain_id, "log": path, "record": number}
            printer.give({**ready, "fix_port": demo.port})
        printer.say(f"Ready: chain {demo.live.chain.chain_id}, log {settings.audit.path}, record {number}.")
        if demo.port:
            printer.say(f"Listening for FIX on {settings.fix.host}, port {demo.port}.")
        if demo.live.desk.state.killed:
            printer.say("The kill switch is on: nothing is quoted until two people arm the desk again.")

    with Stop() as stop:
        await run(settings, stop.event, ready)
        return stop.interrupted
