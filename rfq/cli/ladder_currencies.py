"""`rfq quote-ladder --model currencies`: several currencies and their crosses, quoted by tier, and hedged."""

import math
from typing import Any, NamedTuple

import numpy as np

from pricing.control import multi_currency
from pricing.control.multi_currency import Currencies, Pair
from pricing.control.ranges import positive, whole
from pricing.control.riccati import Value
from rfq.cli.ladder_sheet import Grid, Line, Picture, Sheet, demands, formed, paired, shown

_BP = 1e-4


class Terms(NamedTuple):
    """Bp, millions of the reference currency, and days. `sigma` has one volatility for each currency but the reference;
    `correlation` one number for all or the upper triangle by rows; `impact` and `drift` one for all or one each.
    `held` says whose inventory varies. `pairs` are dicts; what a pair leaves out is the number of this name here.
    """

    sizes: tuple[float, ...] = (1, 5, 10, 20, 50)
    rates: tuple[float, ...] = (900, 540, 234, 90, 36)
    rates_back: tuple[float, ...] = ()
    demand: str = "logistic"
    demand_a: tuple[float, ...] = (-1.9, -0.3)
    demand_b: tuple[float, ...] = (11.0, 3.5)
    psi: float = 0.1
    eta: float = 1e-5
    sigma: tuple[float, ...] = (80.0,)
    correlation: tuple[float, ...] = (0.0,)
    impact: tuple[float, ...] = (0.005,)
    drift: tuple[float, ...] = (0.0,)
    gamma: float = 20.0
    horizon: float = 0.05
    limit: float = 50.0
    held: int = 1
    table: tuple[tuple[float, float], ...] = ()
    pairs: tuple[dict[str, Any], ...] = ()


_OF_A_PAIR = ("sizes", "rates", "rates_back", "demand", "demand_a", "demand_b", "psi", "eta")


def sheet(terms: Terms, wanted: tuple[float, ...]) -> Sheet:
    """The pairs' quotes by tier, size and inventory, and how fast to hedge."""
    desk = _desk(terms)
    value = multi_currency.solve(desk, terms.horizon)
    positive(limit=terms.limit)
    whole(1, len(terms.sigma), held=terms.held)
    rows = [_row(terms, desk, value, held) for held in shown(wanted, terms.limit)]
    columns = [
        {"pair": _name(pair), "tier": tier + 1, "size": float(size)}
        for pair in desk.pairs
        for tier in range(len(pair.tiers))
        for size in pair.sizes
    ]
    count = len(desk.covariance)
    figures = {f"risk_{i}_{j}": float(value.risk[i, j]) for i in range(1, count) for j in range(1, i + 1)}
    unit = f"inventory {terms.held}" if count > 2 else "inventory"
    return Sheet(
        "distances from fair in bp; currency 0 is the reference, hedges buy the first of a pair for the second",
        (*_quotes(desk, rows, unit), _hedges(desk, rows, unit)),
        figures,
        {"columns": columns, "rows": rows},
        lambda: _pictures(terms, desk, value),
    )


def _desk(terms: Terms) -> Currencies:
    count = len(terms.sigma)
    correlations = np.eye(count + 1)
    upper = [(i, j) for i in range(1, count) for j in range(i + 1, count + 1)]
    for (i, j), one in zip(upper, _each(terms.correlation, len(upper), "correlation"), strict=True):
        correlations[i, j] = correlations[j, i] = one
    volatilities = (0.0, *(sd * _BP for sd in terms.sigma))
    return Currencies(
        multi_currency.covariance(volatilities, correlations.tolist()),
        terms.gamma,
        tuple(_pair(terms, one) for one in terms.pairs or [{"first": i + 1} for i in range(count)]),
        (0.0, *(one * _BP for one in _each(terms.impact, count, "impact"))),
        (0.0, *(one * _BP for one in _each(terms.drift, count, "drift"))),
    )


def _each(numbers: tuple[float, ...], count: int, name: str) -> tuple[float, ...]:
    many = numbers * count if len(numbers) == 1 else numbers
    if len(many) != count:
        raise ValueError(f"{name}: {len(numbers)} numbers where there is one or {count}")
    return many


def _pair(terms: Terms, told: dict[str, Any]) -> Pair:
    spare = sorted(set(told) - {"first", "second", *_OF_A_PAIR})
    if spare or "first" not in told:
        raise ValueError(f"pairs: a pair has no {spare[0]}" if spare else "pairs: a pair has no first")
    own = {
        name: formed(f"pairs: {name}", getattr(terms, name), _plain(name, one), "currencies")
        for name, one in told.items()
        if name in _OF_A_PAIR
    }
    first, second = (
        formed(name, 0, _plain(name, told.get(name, 0)), "currencies") for name in ("first", "second")
    )
    one = terms._replace(**own)
    return Pair(
        first,
        second,
        tuple(one.sizes),
        tuple(one.rates),
        demands(one, _BP),
        one.psi * _BP,
        one.eta * _BP,
        tuple(one.rates_back),
    )


def _plain(name: str, one: Any) -> Any:
    """A value of the file as numbers or a word."""
    parts = one if isinstance(one, list) else [one]
    if isinstance(one, str) and name == "demand":
        return one
    if not all(isinstance(part, int | float) and math.isfinite(part) for part in parts):
        raise ValueError(f"pairs: {name} is not of numbers")
    return tuple(float(part) for part in parts)


def _name(pair: Pair) -> str:
    return f"{pair.first}/{pair.second}"


def _row(terms: Terms, desk: Currencies, value: Value, held: float) -> dict[str, Any]:
    inventory = [held if place == terms.held else 0.0 for place in range(len(desk.covariance))]
    bid, offer = (
        [
            multi_currency.markup(value, pair, tier, size, inventory, receive_first=side) / _BP
            for pair in desk.pairs
            for tier in range(len(pair.tiers))
            for size in pair.sizes
        ]
        for side in (True, False)
    )
    hedges = [multi_currency.hedge_rate(desk, value, pair, inventory) for pair in desk.pairs]
    return {"inventory": held, "bid_distance": bid, "offer_distance": offer, "hedge_rate": hedges}


def _quotes(desk: Currencies, rows: list[dict[str, Any]], unit: str) -> list[Grid]:
    """A table for each pair and tier."""
    grids, start = [], 0
    for pair in desk.pairs:
        for tier in range(len(pair.tiers)):
            cells = paired([f"size {size:g}" for size in pair.sizes], unit)
            places = range(start, start + len(pair.sizes))
            for row in rows:
                sides = [f"{row[side][i]:.5f}" for i in places for side in ("bid_distance", "offer_distance")]
                cells.append([f"{row['inventory']:g}", *sides])
            grids.append(Grid(f"pair {_name(pair)}, tier {tier + 1}", cells))
            start += len(pair.sizes)
    return grids


def _hedges(desk: Currencies, rows: list[dict[str, Any]], unit: str) -> Grid:
    cells = [[unit, *(_name(pair) for pair in desk.pairs)]]
    cells += [[f"{row['inventory']:g}", *(f"{rate:.3f}" for rate in row["hedge_rate"])] for row in rows]
    return Grid("hedge rate, millions a day", cells)


def _pictures(terms: Terms, desk: Currencies, value: Value) -> tuple[Picture, ...]:
    held = np.linspace(-terms.limit, terms.limit, 61).tolist()
    rows = [_row(terms, desk, value, one) for one in held]
    pair, along = desk.pairs[0], f"inventory of currency {terms.held}"
    pictures = []
    for tier in range(min(2, len(pair.tiers))):
        curves = []
        for place, size in enumerate(pair.sizes):
            column = tier * len(pair.sizes) + place
            offers = [row["offer_distance"][column] for row in rows]
            bids = [-row["bid_distance"][column] for row in rows]
            curves += [Line(f"size {size:g}", held, offers, place), Line("", held, bids, place, "--")]
        title = f"pair {_name(pair)}, tier {tier + 1} (solid: offer, dashed: bid)"
        pictures.append(Picture(title, along, "quote less fair, bp", tuple(curves)))
    hedges = [
        Line(_name(one), held, [row["hedge_rate"][place] for row in rows], place)
        for place, one in enumerate(desk.pairs)
    ]
    return (*pictures, Picture("hedge rate", along, "millions a day", tuple(hedges)))
