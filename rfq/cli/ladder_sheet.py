"""What `rfq quote-ladder` shows of a model that is more than one ladder: tables, figures, an answer, pictures."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.control.demand import Demand, Exponential, Logistic
from pricing.control.tabulated import Tabulated
from rfq.cli import printer
from rfq.cli.exits import Ended, Exit

Array = NDArray[np.float64]
_TIED = "\N{NO-BREAK SPACE}"
SHARES = (-0.8, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.8)


class Grid(NamedTuple):
    """One table: what it shows, and its cells with the heads first."""

    title: str
    cells: list[list[str]]


class Line(NamedTuple):
    """One curve of a picture; lines of one colour belong together."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int
    style: str = "-"


class Picture(NamedTuple):
    """One of the pictures side by side; `marks` are points with words."""

    title: str
    along: str
    up: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[float, float, str], ...] = ()


class Sheet(NamedTuple):
    """Everything about one model's answer; the pictures are only made if wanted."""

    about: str
    grids: tuple[Grid, ...]
    figures: dict[str, float]
    answer: dict[str, Any]
    pictures: Callable[[], tuple[Picture, ...]]


def fitted(defaults: Any, given: dict[str, Any], model: str) -> Any:
    """The model's numbers with those given in place; each takes the form that its default has."""
    known = [name for name in defaults._fields if name not in ("table", "pairs")]
    made = {}
    for name, value in given.items():
        if name not in defaults._fields:
            name = "demand_table" if name == "table" else name
            raise Ended(
                Exit.USAGE,
                f"--{name.replace('_', '-')}: the model {model} has no such number; it has {', '.join(known)}.",
            )
        made[name] = formed(name, getattr(defaults, name), value, model)
    return defaults._replace(**made)


def formed(name: str, default: Any, value: Any, model: str) -> Any:
    """The value as one number, a whole one, several or a word, whichever the default is."""
    if isinstance(default, tuple):
        return value if isinstance(value, tuple) else (value,)
    if isinstance(value, tuple):
        if len(value) != 1:
            raise Ended(Exit.USAGE, f"--{name}: {len(value)} numbers where the model {model} has one.")
        value = value[0]
    if isinstance(default, str) is not isinstance(value, str):
        raise Ended(
            Exit.USAGE, f"--{name}: {value} is no {'word' if isinstance(default, str) else 'number'}."
        )
    if isinstance(default, int):
        if value != int(value):
            raise Ended(Exit.USAGE, f"--{name}: {value:g} is not a whole number.")
        return int(value)
    return value


def demands(terms: Any, scale: float = 1.0) -> tuple[Demand, ...]:
    """The demand curves that the terms name; their distances are in units of `scale`."""
    if terms.table:
        distances, fills = zip(*terms.table, strict=True)
        return (Tabulated([scale * one for one in distances], fills),)
    levels, slopes = (one if isinstance(one, tuple) else (one,) for one in (terms.demand_a, terms.demand_b))
    count = max(len(levels), len(slopes))
    if {len(levels), len(slopes)} - {1, count} or not count:
        raise ValueError(f"demand_b: {len(slopes)} numbers beside {len(levels)} of demand_a")
    both = zip(levels * (count // len(levels)), slopes * (count // len(slopes)), strict=True)
    if terms.demand == "logistic":
        return tuple(Logistic(a, b / scale) for a, b in both)
    if terms.demand == "exponential":
        return tuple(Exponential(b / scale, a) for a, b in both)
    raise ValueError(f"demand: {terms.demand} is neither logistic nor exponential")


def shown(wanted: tuple[float, ...], limit: float) -> tuple[float, ...]:
    """Which inventories to print: those asked for, else a few around zero."""
    return wanted or tuple(share * limit for share in SHARES)


def paired(heads: Sequence[str], first: str) -> list[list[str]]:
    """Two lines of heads for columns that have a bid and an offer each."""
    top, under = [first], [""]
    for head in heads:
        top += [head, ""]
        under += ["bid", "offer"]
    return [top, under]


def lines(model: str, parameters: dict[str, Any], sheet: Sheet) -> list[str]:
    """The sheet as text."""
    settings = ", ".join(f"{name}{_TIED}{told(one)}" for name, one in parameters.items())
    wrapped = (line.replace(_TIED, " ") for line in textwrap.wrap(settings, 118))
    out = [f"{model}: {sheet.about}", *wrapped]
    for title, cells in sheet.grids:
        out += ["", *([title] if title else [])]
        out += printer.table(cells, right=tuple(range(len(cells[0]))))
    figures = [[name.replace("_", " "), f"{number:.8g}"] for name, number in sheet.figures.items()]
    return [*out, "", *printer.table(figures, right=(1,))] if figures else out


def told(one: Any) -> str:
    """A parameter in words."""
    if not isinstance(one, tuple):
        return f"{one:g}" if isinstance(one, float) else str(one)
    if one and isinstance(one[0], tuple | dict):
        return f"of {len(one)} rows"
    return "/".join(f"{number:g}" for number in one)
