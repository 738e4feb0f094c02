"""The rows of the terminal view's blocks: what stands in which column, in which colour."""

from decimal import Decimal

from rich.text import Text

from pricing.quoting import Line
from rfq.cli.board import FillLine
from rfq.cli.canvas import Cell, row
from rfq.cli.phrases import number
from rfq.domain.effects import RankRow
from rfq.domain.request import Side

WIDE = 120
"""From this width on there are two columns."""
NS = 1_000_000_000
SIDES = {Side.BUY: "buy", Side.SELL: "sell", Side.TWO_WAY: "both"}
HORIZONS = (1, 10, 60, 300)
BAR = 8


def asked_row(
    width: int, client: str, wants: str, bid: str, offer: str, left: str, state: str, style: str
) -> Text:
    """One request of a client."""
    size = 9 if width < 100 else 11
    cells = [
        Cell(client, 9, style),
        Cell(wants, 0, style),
        Cell(bid, -size, style),
        Cell(offer, -size, style),
    ]
    return row(width, [*cells, Cell(left, -6, style), Cell(state, 9, state_style(state))])


def rank_row(
    width: int,
    place: str,
    dealer: str,
    price: str,
    cost: str,
    gauge: str,
    why: str,
    style: str = "",
    gauge_style: str = "",
) -> Text:
    """One dealer's quote in the ranking."""
    cells = [Cell(place, -2, style), Cell(dealer, 9, style), Cell(price, -10, style), Cell(cost, -6, style)]
    return row(width, [*cells, Cell(gauge, 14, gauge_style or style), Cell(why, 0, style)])


def fill_row(
    width: int,
    roomy: bool,
    ago: str,
    party: str,
    trade: str,
    price: str,
    edge: str,
    marks: list[str],
    *,
    dim: bool = False,
) -> Text:
    """One trade; a narrow screen leaves the last markout out."""
    style = "dim" if dim else ""
    cells = [
        Cell(ago, -3, style),
        Cell(party, 9, style),
        Cell(trade, 0, style),
        Cell(price, -9, style),
        Cell(edge, -5, style),
    ]
    for mark in marks if roomy else marks[:3]:
        sign = "green" if mark.startswith("+") else "red" if mark.startswith("-") else style
        cells.append(Cell(mark, -5, sign))
    return row(width, cells)


def told_fill(width: int, roomy: bool, one: FillLine, now: int) -> Text:
    """A trade as a line."""
    word = "bought" if one.bought else "sold"
    trade = f"{word} {number(one.amount)} {one.what}"
    edge = f"{one.edge_bps:+.1f}" if one.edge_bps is not None else ""
    marks = [f"{one.marks[h]:+.1f}" if h in one.marks else "·" for h in HORIZONS]
    return fill_row(
        width, roomy, ago_text(now - one.at), one.counterparty, trade, number(one.price), edge, marks
    )


def countdown(expires_at: int, now: int) -> str:
    """A countdown."""
    if not expires_at:
        return ""
    return f"{max(0, expires_at - now) / NS:.1f}s"


def ago_text(ns: int) -> str:
    """How long ago, for people."""
    seconds = max(0, ns) // NS
    return f"{seconds}s" if seconds < 100 else f"{seconds // 60}m"


def step_text(line: Line) -> str:
    """One step of a waterfall, with its sign."""
    return number(line.amount) if line.name == "fair" else f"{line.amount:+f}"


def folded(lines: tuple[Line, ...], columns: int) -> tuple[Line, ...]:
    """The steps in at most so many columns: where they do not fit, what stands between fair and skew is one step."""
    if len(lines) <= columns:
        return lines
    costs = [line for line in lines[1:] if line.name not in ("skew", "edge", "tick")]
    kept = [line for line in lines[1:] if line.name in ("skew", "edge", "tick")]
    whole = Line(name="costs", amount=sum((line.amount for line in costs), Decimal(0)), unit=lines[0].unit)
    return (lines[0], whole, *kept)


def fairness_bar(percentile: float) -> str:
    """How dear a quote is among what this size usually costs: empty is cheap for us, full is dear."""
    full = round(max(0.0, min(1.0, percentile)) * BAR)
    return "█" * full + "░" * (BAR - full)


def fairness_style(percentile: float) -> str:
    """Green is cheap, red is dear."""
    return "green" if percentile <= 0.35 else "yellow" if percentile <= 0.65 else "red"


def why_text(quote: RankRow) -> str:
    """Why it stands there, and how long it still stands."""
    return f"{quote.why} ({quote.left_ms / 1000:.0f} s left)" if quote.left_ms < 10_000 else quote.why


def state_style(state: str) -> str:
    """The colour of a state."""
    return {"done": "bold green", "pricing": "yellow", "quoted": "cyan", "accepting": "yellow"}.get(
        state, "dim"
    )
