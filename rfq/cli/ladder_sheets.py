"""The models of `rfq quote-ladder` that have sheets of their own, by name."""

import math
from typing import Any

import numpy as np

from rfq.cli import ladder_currencies, ladder_options, ladder_panel, ladder_score, ladder_transfer
from rfq.cli.exits import Ended, Exit
from rfq.cli.ladder_sheet import Sheet, fitted

DEFAULTS: dict[str, Any] = {
    "currencies": ladder_currencies.Terms(),
    "options-book": ladder_options.Terms(),
    "win-score": ladder_score.Terms(),
    "fair-transfer": ladder_transfer.Terms(),
    "panel": ladder_panel.Terms(),
}
_OPTIONS = {
    "decay": "demand_b",
    "rate": "rates",
    "rate_a": "rates_a",
    "rate_b": "rates",
    "rate_back": "rates_back",
    "size": "sizes",
    "weight": "weights",
    "time_left": "horizon",
    "largest_vega": "limit",
    "volatilities": "sigma",
    "pull": "priced_pull",
    "level": "priced_level",
    "strike": "strikes",
    "low": "variance_low",
    "high": "variance_high",
}
"""What the user knows a model's number by."""


def draw(model: str, given: dict[str, Any], wanted: tuple[float, ...], *, quiet: bool) -> tuple[Any, Sheet]:
    """The model's sheet with what was given in place of its defaults."""
    terms = fitted(DEFAULTS[model], given, model)
    try:
        with np.errstate(all="ignore"):
            sheet = _sheet(model, terms, wanted, quiet)
        _check({"figures": sheet.figures, **sheet.answer})
        return terms, sheet
    except (ValueError, ArithmeticError) as error:
        field, colon, what = str(error).partition(":")
        name = field if model == "fair-transfer" else _OPTIONS.get(field, field)
        raise Ended(Exit.USAGE, f"These numbers make no ladder: {name}{colon}{what}.") from None


def _sheet(model: str, terms: Any, wanted: tuple[float, ...], quiet: bool) -> Sheet:
    if model == "currencies":
        return ladder_currencies.sheet(terms, wanted)
    if model == "options-book":
        return ladder_options.sheet(terms, wanted, quiet=quiet)
    if model == "win-score":
        return ladder_score.sheet(terms, wanted)
    if model == "fair-transfer":
        return ladder_transfer.sheet(terms, wanted)
    if wanted:
        raise Ended(Exit.USAGE, f"--inventory: the model {model} has no inventory.")
    return ladder_panel.sheet(terms)


def _check(answer: Any) -> None:
    """ValueError where a number is not finite."""
    if isinstance(answer, float) and not math.isfinite(answer):
        raise ValueError("the answer is not a number somewhere")
    if isinstance(answer, dict | list | tuple):
        for one in answer.values() if isinstance(answer, dict) else answer:
            _check(one)


def parameters(terms: Any) -> dict[str, Any]:
    """The numbers used, without those that are not there; a table of demand takes the place of its closed form."""
    told = {name: one for name, one in terms._asdict().items() if one != ()}
    return {name: one for name, one in told.items() if "table" not in told or not name.startswith("demand")}
