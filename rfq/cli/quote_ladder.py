"""`rfq quote-ladder`: what a control model would quote, by inventory and size, as a table, JSON or a picture."""

import math
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Json

if TYPE_CHECKING:
    from rfq.cli.ladder_models import Drawn, Terms

Word = typer.Option
MODELS = (
    "ladder, linear, mapped, myopic, avellaneda, glft, cjp, riccati, last-look; "
    "currencies, options-book, win-score, fair-transfer, panel"
)
Model = Annotated[str, Word("--model", help=f"Which model: {MODELS}.")]
Sizes = Annotated[str, Word("--sizes", metavar="Z,…", help="Sizes of deals.")]
Rates = Annotated[
    str, Word("--rates", metavar="R,…", help="Requests per unit of time and side, for each size.")
]
Kind = Annotated[str, Word("--demand", help="logistic: 1/(1+e^(a+bd)), or exponential: e^-(a+bd).")]
DemandA = Annotated[str, Word("--demand-a", metavar="A,…", help="Its a; currencies: one for each tier.")]
DemandB = Annotated[
    str,
    Word("--demand-b", metavar="B,…", help="Its b, one for all sizes or one for each; currencies: by tier."),
]
Table = Annotated[
    Path | None, Word("--demand-table", metavar="FILE", help="Demand from lines of distance,fill instead.")
]
Sigma = Annotated[
    str,
    Word("--sigma", metavar="S,…", help="Volatility per root of time; riccati, currencies: one per asset."),
]
Gamma = Annotated[float | None, Word("--gamma", metavar="G", help="Risk aversion; cjp: the running penalty.")]
Limit = Annotated[float | None, Word("--limit", metavar="Q", help="The largest inventory.")]
Step = Annotated[float | None, Word("--step", metavar="Q", help="The grid of inventories.")]
Horizon = Annotated[float | None, Word("--horizon", metavar="T", help="Time that is left.")]
Final = Annotated[float | None, Word("--final", metavar="A", help="cjp: the penalty at the end.")]
Correlation = Annotated[
    str,
    Word(
        "--correlation",
        metavar="R,…",
        help="Between all assets; currencies also: the upper triangle by rows.",
    ),
]
Toxicity = Annotated[
    float | None, Word("--toxicity", metavar="D", help="last-look, win-score: adverse selection.")
]
Latency = Annotated[
    float | None, Word("--latency-s", metavar="SECONDS", help="last-look: with sigma per root of a day.")
]
Settings = Annotated[
    list[str] | None,
    Word(
        "--set", metavar="NAME=VALUE", help="Any number by the name that the answer has for it; repeatable."
    ),
]
Pairs = Annotated[
    Path | None,
    Word("--pairs", metavar="FILE", help='currencies: a JSON list of pairs, {"first": 1, "second": 0, ...}.'),
]
Inventory = Annotated[str, Word("--inventory", metavar="Q,…", help="Which inventories (or vegas) to show.")]
Plot = Annotated[Path | None, Word("--plot", metavar="FILE", help="Draw it: FILE.png, .pdf or .svg.")]


def quote_ladder(
    model: Model = "ladder",
    sizes: Sizes = "",
    rates: Rates = "",
    demand: Kind = "",
    demand_a: DemandA = "",
    demand_b: DemandB = "",
    demand_table: Table = None,
    sigma: Sigma = "",
    gamma: Gamma = None,
    limit: Limit = None,
    step: Step = None,
    horizon: Horizon = None,
    final: Final = None,
    correlation: Correlation = "",
    toxicity: Toxicity = None,
    latency_s: Latency = None,
    settings: Settings = None,
    pairs: Pairs = None,
    inventory: Inventory = "",
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Show what a control model quotes, by inventory and size.

    A bid is fair less its distance, an offer fair plus its own. Units are yours and must agree; the defaults are those
    of each model's published example (for the ladders bp, millions and days).
    """
    asked: dict[str, Any] = {
        "sizes": _numbers("--sizes", sizes),
        "rates": _numbers("--rates", rates),
        "demand": demand or None,
        "demand_a": _numbers("--demand-a", demand_a),
        "demand_b": _numbers("--demand-b", demand_b),
        "table": _table(demand_table) if demand_table is not None else None,
        "sigma": _numbers("--sigma", sigma),
        "correlation": _numbers("--correlation", correlation),
        **{"gamma": gamma, "limit": limit, "step": step, "horizon": horizon, "final": final},
        **{"toxicity": toxicity, "latency_s": latency_s},
        "pairs": _pairs(pairs) if pairs is not None else None,
    }
    given = {name: one for name, one in asked.items() if one not in (None, ())}
    for name, one in _settings(settings or []).items():
        if name in given:
            raise Ended(Exit.USAGE, f"--set: {name} is given twice.")
        given[name] = one
    from rfq.cli import ladder_models, ladder_sheets

    wanted = _numbers("--inventory", inventory)
    if model in ladder_sheets.DEFAULTS:
        _sheet(model, given, wanted, plot, json)
    elif model in ladder_models.DEFAULTS:
        _ladder(model, given, wanted, plot, json)
    else:
        known = ", ".join((*ladder_models.DEFAULTS, *ladder_sheets.DEFAULTS))
        raise Ended(Exit.USAGE, f"--model: {model} is none of {known}.")
    if plot is not None and not json:
        printer.say(f"Drawn: {plot}")


def _sheet(
    model: str, given: dict[str, Any], wanted: tuple[float, ...], path: Path | None, json: bool
) -> None:
    from rfq.cli import ladder_sheets
    from rfq.cli.ladder_sheet import lines

    terms, sheet = ladder_sheets.draw(model, given, wanted, quiet=json)
    if path is not None:
        from rfq.cli.ladder_plot import plot_sheet

        plot_sheet(sheet, f"quote ladder: {model}", path)
    parameters = ladder_sheets.parameters(terms)
    if json:
        printer.give({"model": model, "parameters": parameters, "figures": sheet.figures, **sheet.answer})
        return
    for line in lines(model, parameters, sheet):
        printer.show(line)


def _ladder(
    model: str, given: dict[str, Any], wanted: tuple[float, ...], path: Path | None, json: bool
) -> None:
    from rfq.cli.ladder_models import draw, shown_rows

    terms, drawn = draw(model, given)
    rows = shown_rows(drawn, wanted)
    if path is not None:
        from rfq.cli.ladder_plot import plot as picture

        picture(drawn, f"quote ladder: {model}", path)
    if json:
        printer.give(_answer(model, terms, drawn, rows))
        return
    for line in _lines(model, terms, drawn, rows):
        printer.show(line)


def _settings(texts: list[str]) -> dict[str, Any]:
    """NAME=VALUE as numbers, or as a word for the kind of demand."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        name = name.replace("-", "_")
        if not equals or not value or name in ("table", "pairs"):
            raise Ended(Exit.USAGE, f"--set: {text} is not a number's NAME=VALUE.")
        if name in found:
            raise Ended(Exit.USAGE, f"--set: {name} is given twice.")
        found[name] = value if name == "demand" else _numbers(f"--set {name}", value)
    return found


def _pairs(path: Path) -> tuple[dict[str, Any], ...]:
    """A JSON list of objects."""
    try:
        rows = loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Ended(Exit.USAGE, f"--pairs: {path} is not JSON: {error}.") from None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Ended(Exit.USAGE, f"--pairs: {path} is not a list of objects.")
    return tuple(rows)


def _numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise Ended(Exit.USAGE, f"{option}: {text} is not a list of numbers like 1,2,5.") from None
    if not all(math.isfinite(one) for one in found):
        raise Ended(Exit.USAGE, f"{option}: a number is not finite.")
    return found


def _table(path: Path) -> tuple[tuple[float, ...], ...]:
    """Lines of distance,fill; a first line of words is passed over."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = _numbers("--demand-table", line)
        except Ended:
            if number == 1:
                continue
            raise Ended(
                Exit.USAGE, f"--demand-table: line {number} of {path} is not distance,fill."
            ) from None
        if len(row) == 2:
            rows.append(row)
        elif row:
            raise Ended(Exit.USAGE, f"--demand-table: line {number} of {path} is not distance,fill.")
    return tuple(rows)


def _used(model: str, terms: "Terms") -> dict[str, Any]:
    """What the answer stands on; a table of demand takes the place of its closed form."""
    from rfq.cli.ladder_models import USED

    names = USED[model].split()
    if terms.table:
        names = [*[name for name in names if not name.startswith("demand")], "table"]
    return {name: getattr(terms, name) for name in names}


def _answer(model: str, terms: "Terms", drawn: "Drawn", rows: list[int]) -> dict[str, Any]:
    from pricing.control.skew import skew_table

    return {
        "model": model,
        "parameters": _used(model, terms),
        "figures": drawn.figures,
        "columns": [column._asdict() for column in drawn.columns],
        "rows": [
            {
                "inventory": float(drawn.inventory[row]),
                "bid_distance": [_finite(one) for one in drawn.bid[row].tolist()],
                "offer_distance": [_finite(one) for one in drawn.offer[row].tolist()],
            }
            for row in rows
        ],
        "skew_table": skew_table(drawn.inventory, drawn.bid[:, 0], drawn.offer[:, 0])._asdict(),
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _lines(model: str, terms: "Terms", drawn: "Drawn", rows: list[int]) -> list[str]:
    from rfq.cli.ladder_sheet import told

    several = any(column.asset != 1 for column in drawn.columns)
    head, under = ["inventory"], [""]
    for column in drawn.columns:
        head += [f"size {column.size:g}", f"asset {column.asset}" if several else ""]
        under += ["bid", "offer"]
    cells = [head, under]
    for row in rows:
        line = [f"{drawn.inventory[row]:g}"]
        for place in range(len(drawn.columns)):
            line += [_cell(float(side[row, place])) for side in (drawn.bid, drawn.offer)]
        cells.append(line)
    settings = ", ".join(f"{name} {told(one)}" for name, one in _used(model, terms).items())
    table = printer.table(cells, right=tuple(range(len(head))))
    figures = [[name.replace("_", " "), f"{number:.8g}"] for name, number in drawn.figures.items()]
    return [
        f"{model}: distances from fair",
        settings,
        "",
        *table,
        "",
        *printer.table(figures, right=(1,)),
    ]


def _cell(distance: float) -> str:
    return f"{distance:.5f}" if math.isfinite(distance) else "-"
