"""How far a long job is: a bar on a terminal, a line for every tenth where stderr is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rfq.cli import printer

if TYPE_CHECKING:
    from rfq.ops.settings import Settings

Tell = Callable[[int], None]


def tell_of_kernels(settings: "Settings") -> None:
    """The first start after an installation compiles the kernels: say so before it seems to hang."""
    from rfq.ops.kernels import must_compile

    if must_compile(settings.kernels):
        printer.say("Compiling the numeric kernels, this once; it takes some ten seconds.")


@contextmanager
def counting(what: str, total: int, unit: str = "records", *, quiet: bool = False) -> Iterator[Tell]:
    """Gives a function to call with how many of `total` are done."""
    if quiet or total <= 0:
        yield lambda _done: None
    elif sys.stderr.isatty():
        yield from _bar(what, total, unit)
    else:
        yield _lines(what, total, unit)


def _bar(what: str, total: int, unit: str) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def _lines(what: str, total: int, unit: str) -> Tell:
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        tenth = min(10, 10 * done // total)
        if tenth > told:
            told = tenth
            printer.say(f"{what}: {done} of {total} {unit}")

    return tell
