"""Lines of exactly known width for a terminal: cells in columns, headings, blocks beside each other."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.text import Text


class Cell(NamedTuple):
    """A piece of a line. `width` above 0: left-aligned, below 0: right-aligned, 0: takes what is left."""

    text: str
    width: int = 0
    style: str = ""


def row(width: int, cells: Sequence[Cell]) -> Text:
    """One line of exactly `width` columns; a cell that does not fit is cut with an ellipsis."""
    fixed = sum(abs(cell.width) for cell in cells) + len(cells) - 1
    flexible = max(1, sum(1 for cell in cells if not cell.width))
    room = max(1, (width - fixed) // flexible)
    line = Text(no_wrap=True)
    for place, cell in enumerate(cells):
        if place:
            line.append(" ")
        size = abs(cell.width) or room
        words = cell.text if len(cell.text) <= size else cell.text[: size - 1] + "…"
        line.append(words.rjust(size) if cell.width < 0 else words.ljust(size), cell.style)
    return fit(line, width)


def heading(width: int, title: str, remark: str = "") -> Text:
    """A block's first line: its title, a remark, and a rule to the end."""
    line = Text(no_wrap=True)
    line.append(title, "bold cyan")
    if remark:
        line.append(f"  {remark}", "dim")
    line.append(" " + "─" * max(0, width - len(line) - 1), "dim")
    return fit(line, width)


def fit(line: Text, width: int) -> Text:
    """Cut or padded to exactly `width` columns."""
    line.truncate(width, overflow="ellipsis", pad=True)
    return line


def fill(lines: list[Text], width: int, height: int) -> list[Text]:
    """Exactly `height` lines: cut, or followed by empty ones."""
    return lines[:height] + [Text(" " * width) for _ in range(height - len(lines))]


def beside(left: list[Text], right: list[Text], widths: tuple[int, int]) -> list[Text]:
    """Two blocks beside each other, with a bar between."""
    joined = []
    for one, other in zip_longest(left, right):
        line = Text(no_wrap=True)
        line.append_text(one if one is not None else Text(" " * widths[0]))
        line.append(" │ ", "dim")
        line.append_text(other if other is not None else Text(" " * widths[1]))
        joined.append(line)
    return joined
