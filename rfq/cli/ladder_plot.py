"""The pictures of `rfq quote-ladder`: for a ladder bids and offers around fair, half-spread and skew, by inventory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rfq.cli.exits import Ended, Exit
from rfq.cli.ladder_models import Drawn
from rfq.cli.ladder_sheet import Picture, Sheet


def plot(drawn: Drawn, title: str, path: Path) -> None:
    """Write the picture of a ladder; the file's ending says what kind."""

    def draw(axes: Any) -> None:
        _quotes(axes[0], drawn)
        _shape(axes[1], drawn)

    _write(2, draw, title, path)


def plot_sheet(sheet: Sheet, title: str, path: Path) -> None:
    """Write a sheet's pictures, side by side."""
    pictures = sheet.pictures()

    def draw(axes: Any) -> None:
        for one, picture in zip(axes, pictures, strict=True):
            _picture(one, picture)

    _write(len(pictures), draw, title, path)


def _write(count: int, draw: Callable[[Any], None], title: str, path: Path) -> None:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise Ended(
            Exit.DEPENDENCY, "--plot needs matplotlib, which is not installed: pip install 'rfq-desk[plot]'"
        ) from None
    figure = Figure(figsize=(5.5 * count, 4.8), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    draw(figure.subplots(1, count))
    figure.suptitle(title)
    try:
        canvas.print_figure(path, dpi=130)
    except ValueError as error:
        raise Ended(Exit.USAGE, f"--plot: {error}.") from None


def _picture(axes: Any, picture: Picture) -> None:
    for line in picture.lines:
        axes.plot(
            line.x, line.y, line.style, color=f"C{line.colour % 10}", label=line.label or None, linewidth=1.4
        )
    for x, y, words in picture.marks:
        axes.plot([x], [y], "o", color="black")
        axes.annotate(words, (x, y), textcoords="offset points", xytext=(6, 6), fontsize=8)
    axes.axhline(0.0, color="grey", linewidth=0.8)
    axes.set_title(picture.title, fontsize=10)
    axes.set_xlabel(picture.along)
    axes.set_ylabel(picture.up)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _label(drawn: Drawn, place: int) -> str:
    column = drawn.columns[place]
    several = any(one.asset != 1 for one in drawn.columns)
    return f"size {column.size:g}" + (f", asset {column.asset}" if several else "")


def _quotes(axes: Any, drawn: Drawn) -> None:
    for place in range(len(drawn.columns)):
        bid, offer = (
            np.where(np.isfinite(side[:, place]), side[:, place], np.nan) for side in (drawn.bid, drawn.offer)
        )
        (line,) = axes.plot(drawn.inventory, offer, label=_label(drawn, place), linewidth=1.4)
        axes.plot(drawn.inventory, -bid, color=line.get_color(), linestyle="--", linewidth=1.4)
    axes.axhline(0.0, color="grey", linewidth=0.8)
    axes.set_title("quotes less fair (solid: offer, dashed: bid)", fontsize=10)
    axes.set_xlabel("inventory")
    axes.set_ylabel("distance from fair")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _shape(axes: Any, drawn: Drawn) -> None:
    bid, offer = drawn.bid[:, 0], drawn.offer[:, 0]
    both = np.isfinite(bid) & np.isfinite(offer)
    q = drawn.inventory[both]
    axes.plot(q, 0.5 * (bid + offer)[both], label="half-spread", linewidth=1.4)
    axes.plot(q, 0.5 * (offer - bid)[both], label="skew", linewidth=1.4)
    axes.axhline(0.0, color="grey", linewidth=0.8)
    axes.set_title(f"{_label(drawn, 0)}: half-spread, and the middle less fair", fontsize=10)
    axes.set_xlabel("inventory")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
