"""`rfq quote-ladder --model panel`: quotes, chances to win and the client's cost by number of dealers."""

from typing import Any, NamedTuple

from pricing.control import panel
from pricing.control.gaussian import cdf
from pricing.control.ranges import whole
from rfq.cli.ladder_sheet import Grid, Line, Picture, Sheet


class Terms(NamedTuple):
    """`error` is the standard deviation of each dealer's estimate of one common value, `leakage` what each further
    dealer's knowledge costs the client. With private costs the others quote N(`mean`, `sd`²) and our own cost is
    `cost`; a competitor answers with probability `answering`. Rows are 2 to `dealers`; the best panel is sought to
    `largest`.
    """

    dealers: int = 10
    error: float = 1.0
    leakage: float = 0.05
    mean: float = 2.0
    sd: float = 1.0
    cost: float = 0.0
    answering: float = 1.0
    largest: int = 50


def sheet(terms: Terms) -> Sheet:
    """A row for each number of dealers."""
    whole(2, 200, dealers=terms.dealers, largest=terms.largest)
    best = panel.best_panel(terms.error, terms.leakage, terms.largest)
    rows = [_row(terms, count) for count in range(2, terms.dealers + 1)]
    return Sheet(
        "what asking more dealers does, for them and for the client",
        (_common(rows, best), _private(terms, rows)),
        {"best_dealers": float(best.dealers), "best_client_cost": best.cost},
        {"rows": rows},
        lambda: _pictures(rows, best),
    )


def _row(terms: Terms, count: int) -> dict[str, Any]:
    own = panel.private_quote(count, terms.mean, terms.sd, terms.cost)
    worse = float(cdf((terms.mean - own.quote) / terms.sd))
    deal = float(panel.trade_probability(1.0, worse, count - 1, terms.answering))
    return {
        "dealers": count,
        "shading": panel.shading(count) * terms.error,
        "winners_curse": -panel.dealt_loss(count, 0.0, terms.error),
        "winner_profit": panel.winner_profit(count) * terms.error,
        "leakage": terms.leakage * (count - 1),
        "client_cost": panel.client_cost(count, terms.error, terms.leakage),
        "private_quote": own.quote,
        "private_win_probability": own.win,
        "private_win_probability_answering": deal,
        "private_profit": own.profit,
    }


def _common(rows: list[dict[str, Any]], best: panel.Panel) -> Grid:
    names = ("shading", "winners_curse", "winner_profit", "leakage", "client_cost")
    cells = [["dealers", "shading", "winner's curse", "winner's profit", "leakage", "client's cost", ""]]
    for row in rows:
        mark = "best" if row["dealers"] == best.dealers else ""
        cells.append([str(row["dealers"]), *(f"{row[name]:.5f}" for name in names), mark])
    return Grid(
        "one value for all, estimated with an error: profit is shading less curse, cost is profit and leakage",
        cells,
    )


def _private(terms: Terms, rows: list[dict[str, Any]]) -> Grid:
    names = ["private_quote", "private_win_probability", "private_profit"]
    heads = ["dealers", "quote", "chance to win", "profit"]
    if terms.answering != 1.0:
        names.append("private_win_probability_answering")
        heads.append("chance if not all answer")
    cells = [heads, *([str(row["dealers"]), *(f"{row[name]:.5f}" for name in names)] for row in rows)]
    return Grid("private costs: the best quote against the others, who all answer", cells)


def _pictures(rows: list[dict[str, Any]], best: panel.Panel) -> tuple[Picture, ...]:
    counts = [float(row["dealers"]) for row in rows]

    def curve(label: str, name: str, colour: int, style: str = "o-") -> Line:
        return Line(label, counts, [row[name] for row in rows], colour, style)

    marks = ((float(best.dealers), best.cost, f"best: {best.dealers}"),) if best.dealers <= counts[-1] else ()
    return (
        Picture(
            "one value for all",
            "dealers asked",
            "cost to the client",
            (
                curve("client's cost", "client_cost", 0),
                curve("winner's profit", "winner_profit", 1, ".--"),
                curve("leakage", "leakage", 2, ".--"),
            ),
            marks,
        ),
        Picture(
            "private costs",
            "dealers asked",
            "",
            (
                curve("best quote", "private_quote", 0),
                curve("chance to win", "private_win_probability", 1),
                curve("profit", "private_profit", 2),
            ),
        ),
    )
