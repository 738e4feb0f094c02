"""`rfq quote-ladder --model options-book`: a book of calls quoted by its net vega."""

import math
from typing import Any, NamedTuple

import numpy as np

from pricing.control import heston, options_book
from pricing.control.options_book import Book, BookValue, Contract, Drift
from rfq.cli.ladder_sheet import Grid, Line, Picture, Sheet, demands, paired
from rfq.cli.progress import counting


class Terms(NamedTuple):
    """Calls at all strikes and years under Heston's model. An option is asked for `rates`/(1 + `rate_falls`|S − K|)
    times a year and side, a deal is worth `premium`, and demand is in vol (a unit is 1.00). `limit` is the largest net
    vega; `priced` and `believed` are variance's drift in prices and in the dealer's mind; `unhedged` is the share of
    variance risk that hedging leaves. `steps`, `variances` and `vegas` are the grid.
    """

    spot: float = 10.0
    variance: float = 0.0225
    strikes: tuple[float, ...] = (8, 9, 10, 11, 12)
    years: tuple[float, ...] = (1, 1.5, 2, 3)
    priced_pull: float = 3.0
    priced_level: float = 0.0225
    believed_pull: float = 2.0
    believed_level: float = 0.04
    vol_of_vol: float = 0.2
    correlation: float = -0.5
    rates: float = 7560.0
    rate_falls: float = 0.7
    premium: float = 5e5
    demand: str = "logistic"
    demand_a: float = 0.7
    demand_b: float = 150.0
    gamma: float = 1e-3
    limit: float = 1e7
    horizon: float = 0.0012
    unhedged: float = 1.0
    steps: int = 180
    variance_low: float = 0.0144
    variance_high: float = 0.0324
    variances: int = 30
    vegas: int = 40
    table: tuple[tuple[float, float], ...] = ()


class _Option(NamedTuple):
    strike: float
    years: float
    price: float
    contract: Contract


class _Solved(NamedTuple):
    terms: Terms
    options: list[_Option]
    book: Book
    value: BookValue

    def quotes(self, option: _Option, vega: float) -> tuple[float, float]:
        return options_book.distances(self.value, self.book, option.contract, self.terms.variance, vega)


_LEAST_DEALS = 1e-12


def sheet(terms: Terms, wanted: tuple[float, ...], *, quiet: bool = False) -> Sheet:
    """Each option's quotes by the net vega of the book, as prices and as vols."""
    vegas = wanted or (-0.5 * terms.limit, 0.0, 0.5 * terms.limit)
    if not all(abs(vega) <= terms.limit for vega in vegas):
        raise ValueError(f"inventory: a net vega is beyond the limit of {terms.limit:g}")
    if not terms.strikes or not terms.years:
        raise ValueError("strikes: no strike, or no years")
    solved = _solve(terms, quiet)
    rows = [_row(solved, vega) for vega in vegas]
    columns = [
        {
            "strike": float(one.strike),
            "years": float(one.years),
            "price": one.price,
            "vega": one.contract.vega,
            "size": one.contract.size,
        }
        for one in solved.options
    ]
    return Sheet(
        "distances from each call's price by the net vega of the book (per unit of vol)",
        (_grid(solved, rows, "vol_points"), _grid(solved, rows, "price")),
        {"value_without_vega": solved.value.at(terms.variance, 0.0)},
        {"columns": columns, "rows": rows},
        lambda: _pictures(solved),
    )


def _solve(terms: Terms, quiet: bool) -> _Solved:
    model = heston.Heston(
        terms.spot,
        terms.variance,
        terms.priced_pull,
        terms.priced_level,
        terms.vol_of_vol,
        terms.correlation,
    )
    options = [_option(terms, model, strike, years) for strike in terms.strikes for years in terms.years]
    book = Book(
        tuple(one.contract for one in options),
        Drift(terms.believed_pull, terms.believed_level),
        Drift(terms.priced_pull, terms.priced_level),
        terms.vol_of_vol,
        terms.gamma,
        terms.limit,
        terms.horizon,
        terms.unhedged,
    )
    low, high = terms.variance_low, terms.variance_high
    on = options_book.grid(terms.steps, low, high, terms.variances, terms.limit, terms.vegas)
    with counting("Solving the book", terms.steps, "steps", quiet=quiet) as tell:
        return _Solved(terms, options, book, options_book.solve(book, on, tell))


def _option(terms: Terms, model: heston.Heston, strike: float, years: float) -> _Option:
    price, vega = heston.call(model, strike, years)
    if not price > _LEAST_DEALS * model.spot or not vega > 0.0:
        raise ValueError(f"strikes: the call {strike:g} of {years:g} years is worth nothing")
    rate = terms.rates / (1.0 + terms.rate_falls * abs(model.spot - strike))
    demand = demands(terms, vega)[0]
    return _Option(strike, years, price, Contract(vega, terms.premium / price, rate, demand))


def _row(solved: _Solved, vega: float) -> dict[str, Any]:
    both = [solved.quotes(option, vega) for option in solved.options]
    row: dict[str, Any] = {"inventory": vega, "value": solved.value.at(solved.terms.variance, vega)}
    for place, side in enumerate(("bid", "offer")):
        found = [one[place] if math.isfinite(one[place]) else None for one in both]
        row[f"{side}_distance"] = found
        row[f"{side}_distance_vol_points"] = [
            None if one is None else 100.0 * one / option.contract.vega
            for one, option in zip(found, solved.options, strict=True)
        ]
    return row


def _grid(solved: _Solved, rows: list[dict[str, Any]], unit: str) -> Grid:
    ending, places = ("_vol_points", 3) if unit == "vol_points" else ("", 6)
    heads = paired([f"net vega {row['inventory']:g}" for row in rows], "strike")
    cells = [[heads[0][0], "years", "price", "vega", *heads[0][1:]], [*[""] * 4, *heads[1][1:]]]
    for place, one in enumerate(solved.options):
        line = [f"{one.strike:g}", f"{one.years:g}", f"{one.price:.6f}", f"{one.contract.vega:.6f}"]
        for row in rows:
            for side in ("bid", "offer"):
                found = row[f"{side}_distance{ending}"][place]
                line.append("-" if found is None else f"{found:.{places}f}")
        cells.append(line)
    return Grid("in vol points" if unit == "vol_points" else "in price", cells)


def _pictures(solved: _Solved) -> tuple[Picture, ...]:
    limit, shortest = solved.terms.limit, solved.terms.years[0]
    vegas = np.linspace(-limit, limit, 81).tolist()
    curves = []
    for colour, option in enumerate(one for one in solved.options if one.years == shortest):
        both = np.array([solved.quotes(option, vega) for vega in vegas])
        points = np.where(np.isfinite(both), 100.0 * both / option.contract.vega, np.nan)
        curves.append(Line(f"strike {option.strike:g}", vegas, points[:, 1].tolist(), colour))
        curves.append(Line("", vegas, (-points[:, 0]).tolist(), colour, "--"))
    value = [solved.value.at(solved.terms.variance, vega) for vega in vegas]
    title = f"calls with {shortest:g} y to go (solid: offer, dashed: bid)"
    return (
        Picture(title, "net vega of the book", "quote less price, vol points", tuple(curves)),
        Picture("value of the book", "net vega of the book", "", (Line("value", vegas, value, 0),)),
    )
