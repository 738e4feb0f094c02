"""The picture of `rfq market stats`: eight panels, a colour for each market, bands for 95 % intervals."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rfq.cli.exits import Ended, Exit

if TYPE_CHECKING:
    from rfq.markets.figures import Figure
    from rfq.markets.statistics import MarketStats

_COLOURS: Final = ("#1f5fa8", "#c8511b", "#3b8a4d", "#7b4ea3", "#8a6d3b", "#4a4a4a", "#c2388b", "#2aa1a1")
_DRAWN_MAX: Final = len(_COLOURS)
_INK: Final = "#333333"


def check(path: Path) -> None:
    """Say now, and not when all is computed, that a picture cannot be drawn there."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise Ended(
            Exit.DEPENDENCY, "--plot needs matplotlib, which is not installed: pip install 'rfq-desk[plot]'"
        ) from None
    kinds = FigureCanvasAgg(Figure()).get_supported_filetypes()
    if path.suffix.lower().removeprefix(".") not in kinds:
        raise Ended(
            Exit.USAGE, f"--plot: {path.name} ends in no kind of picture: {', '.join(sorted(kinds))}."
        )
    if not path.parent.is_dir():
        raise Ended(Exit.USAGE, f"--plot: {path.parent}: no such folder.")


def draw(markets: "Sequence[MarketStats]", path: Path) -> None:
    """Write the picture of at most eight markets; the file's ending says what kind."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = markets[:_DRAWN_MAX]
    figure = Figure(figsize=(17.0, 8.6), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(2, 4).ravel()
    for panel, (title, x, y, paint) in zip(panels, _PANELS, strict=True):
        panel.set_title(title, fontsize=11, loc="left", color=_INK, fontweight="bold")
        panel.set_xlabel(x, fontsize=9, color=_INK)
        panel.set_ylabel(y, fontsize=9, color=_INK)
        for market, colour in zip(shown, _COLOURS, strict=False):
            paint(panel, market, colour)
        _finish(panel)
    figure.suptitle(_headline(markets, shown), fontsize=12, color=_INK)
    handles = [
        panels[0].plot([], [], color=colour, linewidth=2.5, label=f"{one.symbol}  {one.venue}")[0]
        for one, colour in zip(shown, _COLOURS, strict=False)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=10, frameon=False)
    canvas.print_figure(path, dpi=110)


def _headline(markets: "Sequence[MarketStats]", shown: "Sequence[MarketStats]") -> str:
    from rfq.audit.export import instant_text

    first, span_s = min(one.from_at for one in shown), max(one.span_s for one in shown)
    length = f"{span_s / 60:.1f} minutes" if span_s < 7_200 else f"{span_s / 3600:.1f} hours"
    more = f" ({len(shown)} of {len(markets)} markets)" if len(shown) < len(markets) else ""
    return f"{length} from {instant_text(first)[:16].replace('T', ' ')} UTC{more}; bands are 95 % intervals"


def _finish(panel: Any) -> None:
    panel.grid(alpha=0.25, linewidth=0.6)
    panel.tick_params(labelsize=8, colors=_INK)
    for axis in (panel.xaxis, panel.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(_short)
            axis.set_minor_formatter(lambda *_: "")
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        panel.spines[side].set_color("#999999")
    if not (panel.lines or panel.collections):
        panel.text(
            0.5, 0.5, "cannot be computed here", transform=panel.transAxes, ha="center", color="#888888"
        )
        panel.set_xticks([])
        panel.set_yticks([])


def _short(number: float, _place: object = None) -> str:
    """A tick's label."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{letter}"
    return f"{number:g}"


def _line(
    panel: Any,
    pairs: "Iterable[tuple[float, Figure]]",
    colour: str,
    style: str = "o-",
    *,
    band: bool = True,
    positive: bool = False,
) -> bool:
    """Draw the figures that there are, with their intervals; of a logarithmic panel those above zero."""
    told = [
        (x, one.value, one.value if one.low is None else one.low, one.value if one.high is None else one.high)
        for x, one in pairs
        if one.value is not None and (one.value > 0.0 or not positive)
    ]
    if not told:
        return False
    x, value, low, high = np.array(told, float).T
    panel.plot(x, value, style, color=colour, linewidth=1.6, markersize=4)
    if band:
        panel.fill_between(
            x, np.maximum(low, 0.05 * value) if positive else low, high, color=colour, alpha=0.15, lw=0
        )
    panel.set_xscale("log")
    if positive:
        panel.set_yscale("log")
    return True


def _spread(panel: Any, one: "MarketStats", colour: str) -> None:
    if not one.spread.by_time:
        return
    x, share = np.array(one.spread.by_time).T
    inner = np.flatnonzero((share > 0.0) & (share < 0.9999))
    first, last = (inner[0], inner[-1]) if len(inner) else (int(np.argmax(share > 0.0)),) * 2
    x, share = x[max(0, first - 3) : last + 3], share[max(0, first - 3) : last + 3]
    wider = 100.0 * np.maximum(1.0 - share, 1e-9)
    panel.loglog(x, wider, drawstyle="steps-post", color=colour, linewidth=1.6)
    mean = one.spread.time_weighted_bps.value
    if mean is not None:
        panel.axvline(mean, color=colour, linewidth=1.0, linestyle=":")
    panel.set_ylim(0.01, 150.0)


def _depth(panel: Any, one: "MarketStats", colour: str) -> None:
    _line(panel, [(each.within_bps, each.usd) for each in one.depth], colour, positive=True)


def _walk(panel: Any, one: "MarketStats", colour: str) -> None:
    _line(panel, [(each.usd, each.cost_bps) for each in one.walk], colour, positive=True)


def _sigma(panel: Any, one: "MarketStats", colour: str) -> None:
    if _line(panel, [(each.every_s, each.sigma_bps) for each in one.sigma], colour):
        panel.set_ylim(bottom=0.0)


def _signs(panel: Any, one: "MarketStats", colour: str) -> None:
    if _line(panel, [(float(each.lag), each.autocorrelation) for each in one.signs], colour):
        panel.axhline(0.0, color="#999999", linewidth=0.8)


def _ofi(panel: Any, one: "MarketStats", colour: str) -> None:
    drawn = _line(panel, [(each.window_s, each.r2_all_starts) for each in one.ofi], colour)
    drawn |= _line(panel, [(each.window_s, each.r2_next) for each in one.ofi], colour, "s--")
    if drawn:
        panel.set_ylim(0.0, 1.0)


def _markouts(panel: Any, one: "MarketStats", colour: str) -> None:
    drawn = _line(panel, [(each.after_s, each.volume_bps) for each in one.markouts], colour)
    alike = [(each.after_s, each.equal_bps) for each in one.markouts]
    drawn |= _line(panel, alike, colour, "s--", band=False)
    if drawn:
        panel.axhline(0.0, color="#999999", linewidth=0.8)


def _impact(panel: Any, one: "MarketStats", colour: str) -> None:
    """Single orders after a second: means by size with their standard errors, and the law."""
    law = next((each.law for each in one.impact_orders if each.over_s == 1.0), None)
    points = [] if law is None else [each for each in law.curve if each[1] > 0.0]
    if law is None or not points:
        return
    size, mean, error = np.array(points).T
    panel.errorbar(
        size,
        mean,
        yerr=np.array([np.minimum(error, 0.95 * np.abs(mean)), error]),
        fmt="o",
        color=colour,
        markersize=4,
        elinewidth=1.0,
    )
    exponent, at_1m = law.exponent.value, law.bps_at_1m_usd.value
    if exponent is not None and at_1m is not None:
        x = np.geomspace(size.min(), size.max(), 50)
        label = f"{one.symbol}: δ = {exponent:.2f}"
        if law.exponent.low is not None and law.exponent.high is not None:
            label += f" [{law.exponent.low:.2f}, {law.exponent.high:.2f}]"
        panel.plot(x, at_1m * (x / 1e6) ** exponent, color=colour, linewidth=1.4, label=label)
        panel.legend(fontsize=8, frameon=False, loc="upper left")
    panel.set_xscale("log")
    panel.set_yscale("log")


_PANELS: Final[tuple[tuple[str, str, str, Callable[[Any, "MarketStats", str], None]], ...]] = (
    ("Spread (dotted: time-weighted mean)", "bps", "share of time it is wider, %", _spread),
    ("Depth of a side, median", "within bps of the mid", "USD", _depth),
    ("Walking the book", "USD taken at once", "bps against the mid", _walk),
    ("Volatility by sampling", "seconds between mids", "bps by √s", _sigma),
    ("Signs of orders", "lag, orders", "autocorrelation", _signs),
    ("Order-flow imbalance (dashed: next window)", "window, s", "R²", _ofi),
    ("Markouts by worth (dashed: each alike)", "seconds after", "bps to the taker", _markouts),
    ("Impact of single orders after 1 s", "worth of the order, USD", "bps", _impact),
)
