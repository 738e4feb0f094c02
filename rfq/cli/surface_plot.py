"""The picture of `rfq surface fit`: each expiry's quotes as bars from bid to ask, and the smile through them."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rfq.cli.exits import Ended, Exit

if TYPE_CHECKING:
    from pricing.surface.fit import Fit

_COLUMNS = 4
_MARGIN = 0.15


def draw(fit: "Fit", path: Path) -> None:
    """Write the picture; the file's ending says what kind."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise Ended(
            Exit.DEPENDENCY, "--plot needs matplotlib, which is not installed: pip install 'rfq-desk[plot]'"
        ) from None
    assert fit.surface is not None
    count = len(fit.surface.smiles)
    columns = min(_COLUMNS, count)
    lines = math.ceil(count / columns)
    figure = Figure(figsize=(4.2 * columns, 3.1 * lines), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for place, panel in enumerate(panels):
        if place < count:
            _smile(panel, fit, place)
        else:
            panel.set_axis_off()
    figure.supxlabel("ln(strike / forward)", fontsize=10)
    figure.supylabel("implied volatility, %", fontsize=10)
    try:
        canvas.print_figure(path, dpi=110)
    except ValueError as error:
        raise Ended(Exit.USAGE, f"--plot: {error}.") from None


def _smile(axes: Any, fit: "Fit", place: int) -> None:
    from pricing.surface.lookup import vol_of
    from rfq.audit.export import instant_text

    assert fit.surface is not None
    smile = fit.surface.smiles[place]
    quotes = [one for one in fit.quotes if one.expiry_at == smile.expiry_at]
    two = [one for one in quotes if one.is_two_sided]
    asks = [one for one in quotes if one.ask_vol > 0.0 and one.bid_vol == 0.0]
    axes.vlines(
        [one.k for one in two],
        [100.0 * one.bid_vol for one in two],
        [100.0 * one.ask_vol for one in two],
        color="#5b8db8",
        linewidth=2.2,
        label="bid to ask",
    )
    axes.plot(
        [one.k for one in asks], [100.0 * one.ask_vol for one in asks], "v", color="#b0b0b0", markersize=4
    )
    low, high = min(one.k for one in two), max(one.k for one in two)
    low, high = low - _MARGIN * (high - low), high + _MARGIN * (high - low)
    k = np.linspace(low, high, 200)
    vols = [vol_of(fit.surface, smile.expiry_at, float(one), fit.surface.at) or 0.0 for one in k]
    axes.plot(k, [100.0 * one for one in vols], color="#c0392b", linewidth=1.4, label="fit")
    inner = [100.0 * one.ask_vol for one in two]
    axes.set_xlim(low, high)
    axes.set_ylim(0.7 * min(100.0 * one.bid_vol for one in two), 1.15 * float(np.quantile(inner, 0.95)))
    report = fit.smiles[place]
    axes.set_title(f"{instant_text(smile.expiry_at)[:10]}: {report.inside:.0%} inside", fontsize=9)
    axes.grid(alpha=0.3)
    axes.tick_params(labelsize=8)
    if place == 0:
        axes.legend(fontsize=7)
