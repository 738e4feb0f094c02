"""Where a demo plays: the simulated market on real time, with what shows it, until it is over."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live as Screen

from rfq.app import Demo, DemoResult, run_demo
from rfq.cli import printer
from rfq.cli.board import Board, notable
from rfq.cli.signals import Stop
from rfq.cli.view import View
from rfq.domain.effects import Effect
from rfq.domain.events import Stamped
from rfq.ops.settings import Settings

REFRESH_S = 0.25


async def play(
    settings: Settings,
    seed: int,
    seconds: float | None,
    path: Path,
    screen: bool,
    lines: bool,
    fix: bool = False,
) -> tuple[DemoResult, bool]:
    """Run it with what shows it; True if Ctrl-C ended it."""
    shows: list[asyncio.Task[None]] = []
    over = asyncio.Event()

    def begin(running: Demo) -> None:
        if screen:
            shows.append(asyncio.create_task(_show(running, seed, over)))
        elif lines:
            running.live.observe(_narrator())

    with Stop() as stop:

        async def watch() -> None:
            await stop.event.wait()
            over.set()

        watching = asyncio.create_task(watch())
        if screen:
            asyncio.get_running_loop().call_later(seconds or 1e9, over.set)
        try:
            result = await run_demo(
                settings,
                seed=seed,
                seconds=seconds,
                log_path=path,
                on_start=begin,
                stop=stop.event,
                fix=fix,
            )
        finally:
            over.set()
            watching.cancel()
            await asyncio.gather(*shows)
        return result, stop.interrupted


def _narrator() -> Callable[..., None]:
    """Prints what is notable, as it happens."""
    board = Board()

    def tell(stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        board.observe(stamped, effects)
        for line in notable(board, stamped, effects):
            printer.show(line)
        sys.stdout.flush()

    return tell


async def _show(running: Demo, seed: int, over: asyncio.Event) -> None:
    """Draw the board four times a second until it is over."""
    board = Board()
    running.live.observe(board.observe)
    console = Console()
    view = View(board, title=f"rfq demo, seed {seed}")
    with Screen(console=console, screen=True, auto_refresh=False) as shown:
        while not over.is_set():
            now = running.world.schedule.now()
            shown.update(view.render(now, console.width, console.height, running.live.chain.head_hash))
            shown.refresh()
            try:
                await asyncio.wait_for(over.wait(), REFRESH_S)
            except TimeoutError:
                continue
    printer.say("Closing: verifying and replaying the log ...")
