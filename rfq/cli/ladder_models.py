"""The ladders among the models of `rfq quote-ladder`: their defaults, and their quotes on a grid of inventories."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.control import avellaneda, glft, last_look, riccati
from pricing.control.demand import Demand, Exponential, Logistic
from pricing.control.ladder import Ladder, Quotes, evaluate, inventories, ladder, quadratic, solve
from pricing.control.ladder_quotes import linear_quotes, mapped_quotes, myopic_quotes
from pricing.control.tabulated import Tabulated
from rfq.cli.exits import Ended, Exit
from rfq.cli.ladder_sheet import fitted

Array = NDArray[np.float64]


class Terms(NamedTuple):
    """The numbers of a model; units are the user's own and must agree."""

    sizes: tuple[float, ...] = (1, 2, 5, 10, 20, 50)
    rates: tuple[float, ...] = (2000, 800, 600, 400, 100, 50)
    demand: str = "logistic"
    demand_a: float = -1.0
    demand_b: tuple[float, ...] = (7.0,)
    sigma: tuple[float, ...] = (100.0,)
    gamma: float = 1e-3
    limit: float = 150.0
    step: float = 0.0
    horizon: float = 1.0
    final: float = 0.0
    correlation: float = 0.0
    toxicity: float = 0.0
    latency_s: float = 0.0
    table: tuple[tuple[float, float], ...] = ()


class Column(NamedTuple):
    """Which asset and size a pair of distances is for."""

    asset: int
    size: float


class Drawn(NamedTuple):
    """Distances from fair by inventory of asset 1 (rows) and column; inf where nothing is quoted."""

    inventory: Array
    columns: tuple[Column, ...]
    bid: Array
    offer: Array
    figures: dict[str, float]


UNIT = Terms(sizes=(1,), demand="exponential", demand_a=0.0)
DEFAULTS: dict[str, Terms] = {
    **dict.fromkeys(("ladder", "linear", "mapped", "myopic"), Terms()),
    "avellaneda": UNIT._replace(rates=(140,), demand_b=(1.5,), sigma=(2,), gamma=0.1, limit=20),
    "glft": UNIT._replace(rates=(0.9,), demand_b=(0.3,), sigma=(0.3,), gamma=0.01, limit=30, horizon=600),
    "cjp": UNIT._replace(rates=(140,), demand_b=(1.5,), gamma=0.01, final=0.001, limit=100),
    "riccati": Terms(sigma=(100, 80), correlation=0.6, limit=50, horizon=0.05),
    "last-look": Terms(
        sizes=(1, 2, 5, 10, 20),
        rates=(2000, 800, 600, 400, 100),
        demand="exponential",
        demand_a=0.0,
        demand_b=(3, 2.5, 2, 1.5, 1),
        toxicity=0.1,
        latency_s=0.1,
        limit=30,
    ),
}
USED: dict[str, str] = {
    **dict.fromkeys(
        ("ladder", "linear", "mapped", "myopic"),
        "sizes rates demand demand_a demand_b sigma gamma limit step",
    ),
    "avellaneda": "rates demand_b sigma gamma limit horizon",
    "glft": "rates demand_b sigma gamma limit horizon",
    "cjp": "rates demand_b gamma final limit horizon",
    "riccati": "sizes rates demand demand_a demand_b sigma gamma limit step horizon correlation",
    "last-look": "sizes rates demand_b sigma gamma limit step toxicity latency_s",
}


_ONE: dict[str, str] = {
    **dict.fromkeys(("ladder", "linear", "mapped", "myopic", "last-look"), "sigma"),
    **dict.fromkeys(("avellaneda", "glft"), "sigma rates demand_b"),
    "cjp": "rates demand_b",
    "riccati": "",
}


_OPTIONS: dict[str, str] = {
    "decay": "demand_b",
    "base_rate": "rates",
    "bid_rate": "rates",
    "time_left": "horizon",
    "running": "gamma",
    "latency": "latency_s",
}
"""What the user knows a model's number by."""


def draw(model: str, given: dict[str, Any]) -> tuple[Terms, Drawn]:
    """The model's quotes with what was given in place of its defaults."""
    spare = sorted(name for name in given if name not in {*USED[model].split(), "table"})
    if spare:
        raise Ended(Exit.USAGE, f"--{spare[0].replace('_', '-')}: the model {model} has no such number.")
    if "table" in given and "demand" not in USED[model].split():
        raise Ended(Exit.USAGE, f"--demand-table: the model {model} knows exponential demand only.")
    terms = fitted(DEFAULTS[model], given, model)
    try:
        _single(model, terms)
        with np.errstate(all="ignore"):
            drawn = _MODELS[model](terms)
        if np.isnan(drawn.bid).any() or np.isnan(drawn.offer).any():
            raise ValueError("the answer is not a number somewhere")
        for name, figure in drawn.figures.items():
            if not math.isfinite(figure):
                raise ValueError(f"{name}: not a finite number")
        return terms, drawn
    except (ValueError, ArithmeticError) as error:
        field, colon, what = str(error).partition(":")
        raise Ended(
            Exit.USAGE, f"These numbers make no ladder: {_OPTIONS.get(field, field)}{colon}{what}."
        ) from None


def _single(model: str, terms: Terms) -> None:
    """Refuse several numbers where the model has one."""
    for name in _ONE[model].split():
        if len(numbers := getattr(terms, name)) != 1:
            raise ValueError(f"{name}: {len(numbers)} numbers where the model {model} has one")


def _demands(terms: Terms) -> list[Demand]:
    if terms.table:
        distances, fills = zip(*terms.table, strict=True)
        return [Tabulated(distances, fills)] * len(terms.sizes)
    slopes = terms.demand_b * (len(terms.sizes) if len(terms.demand_b) == 1 else 1)
    if len(slopes) != len(terms.sizes):
        raise ValueError(f"demand_b: {len(slopes)} numbers for {len(terms.sizes)} sizes")
    if terms.demand == "logistic":
        return [Logistic(terms.demand_a, b) for b in slopes]
    if terms.demand == "exponential":
        return [Exponential(b, terms.demand_a) for b in slopes]
    raise ValueError(f"demand: {terms.demand} is neither logistic nor exponential")


def _ladder(terms: Terms) -> Ladder:
    if len(terms.rates) != len(terms.sizes):
        raise ValueError(f"rates: {len(terms.rates)} numbers for {len(terms.sizes)} sizes")
    return ladder(
        terms.sizes,
        terms.rates,
        _demands(terms),
        sigma=terms.sigma[0],
        gamma=terms.gamma,
        limit=terms.limit,
        step=terms.step,
    )


def _columns(terms: Terms) -> tuple[Column, ...]:
    return tuple(Column(1, float(size)) for size in terms.sizes)


def _on_grid(quotes_of: Callable[[Ladder], Quotes]) -> Callable[[Terms], Drawn]:
    def drawn(terms: Terms) -> Drawn:
        one = _ladder(terms)
        quotes = quotes_of(one)
        score, known = evaluate(one, quotes), quadratic(one)
        figures = {
            "objective": score.objective,
            "pnl": score.pnl,
            "rms_inventory": score.rms_inventory,
            "turnover": score.turnover,
            "quadratic_risk": known.risk,
            "omega": known.omega,
        }
        return Drawn(inventories(one), _columns(terms), quotes.bid, quotes.offer, figures)

    return drawn


def _unit_grid(terms: Terms) -> int:
    if not (1 <= terms.limit <= 1_000 and terms.limit == int(terms.limit)):
        raise ValueError(f"limit: {terms.limit} is not a whole number of deals from 1 to 1000")
    return int(terms.limit)


def _avellaneda(terms: Terms) -> Drawn:
    q = np.arange(-_unit_grid(terms), _unit_grid(terms) + 1, dtype=float)
    market = avellaneda.Market(terms.sigma[0], terms.rates[0], terms.demand_b[0], terms.gamma, terms.horizon)
    both = np.array([avellaneda.quotes(market, 0.0, held, terms.horizon) for held in q])
    figures = {
        "spread": float(both[0, 1] - both[0, 0]),
        "mean_spread": avellaneda.mean_spread(market),
        "reservation_per_unit": avellaneda.reservation(0.0, 1.0, terms.gamma, terms.sigma[0], terms.horizon),
    }
    return Drawn(q, (Column(1, 1.0),), -both[:, :1], both[:, 1:], figures)


def _glft(terms: Terms) -> Drawn:
    market = glft.UnitMarket(
        terms.sigma[0], terms.rates[0], terms.demand_b[0], terms.gamma, _unit_grid(terms)
    )
    found = glft.exact(market, terms.horizon)
    bid, offer = glft.asymptotic(market, 0.0)
    return _unit_drawn(found, {"asymptotic_half_spread": 0.5 * (bid + offer)})


def _cjp(terms: Terms) -> Drawn:
    market = glft.PenaltyMarket(
        terms.rates[0], terms.demand_b[0], terms.gamma, terms.final, _unit_grid(terms)
    )
    found = glft.penalised(market, terms.horizon)
    return _unit_drawn(found, {"value": float(found.value[len(found.value) // 2])})


def _unit_drawn(found: glft.UnitQuotes, figures: dict[str, float]) -> Drawn:
    return Drawn(found.inventory, (Column(1, 1.0),), found.bid[:, None], found.offer[:, None], figures)


def _riccati(terms: Terms) -> Drawn:
    one = _ladder(terms)
    sd = np.array(terms.sigma, dtype=float)
    correlations = np.full((len(sd), len(sd)), terms.correlation)
    np.fill_diagonal(correlations, 1.0)
    covariance = sd[:, None] * correlations * sd
    riccati.root(covariance)
    value = riccati.solve(riccati.flow([one.rungs] * len(sd)), covariance, terms.gamma, terms.horizon)
    shown = [(0, rung) for rung in one.rungs] + [(asset, one.rungs[0]) for asset in range(1, len(sd))]
    q = inventories(one)
    rows = []
    for held in q:
        inventory = [float(held)] + [0.0] * (len(sd) - 1)
        rows.append([riccati.distances(value, asset, rung, inventory) for asset, rung in shown])
    both = np.array(rows)
    figures = {f"risk_{i + 1}_{j + 1}": float(value.risk[i, j]) for i in range(len(sd)) for j in range(i + 1)}
    columns = tuple(Column(asset + 1, rung.size) for asset, rung in shown)
    return Drawn(q, columns, both[:, :, 0], both[:, :, 1], figures)


def _last_look(terms: Terms) -> Drawn:
    one = _ladder(terms)
    slopes = terms.demand_b * (len(terms.sizes) if len(terms.demand_b) == 1 else 1)
    steps = [last_look.Step(*row) for row in zip(terms.sizes, terms.rates, slopes, strict=True)]
    found = last_look.look(
        steps, sigma=terms.sigma[0], gamma=terms.gamma, toxicity=terms.toxicity, latency=terms.latency_s
    )
    both = np.array([last_look.quotes(found, steps, float(held)) for held in inventories(one)])
    figures = {"risk": found.risk, "top_of_book": found.top_of_book}
    figures |= {f"rejected_{step.size:g}": share for step, share in zip(steps, found.rejected, strict=True)}
    return Drawn(inventories(one), _columns(terms), both[:, 0], both[:, 1], figures)


_MODELS: dict[str, Callable[[Terms], Drawn]] = {
    "ladder": _on_grid(lambda one: solve(one).quotes),
    "linear": _on_grid(linear_quotes),
    "mapped": _on_grid(mapped_quotes),
    "myopic": _on_grid(myopic_quotes),
    "avellaneda": _avellaneda,
    "glft": _glft,
    "cjp": _cjp,
    "riccati": _riccati,
    "last-look": _last_look,
}


def shown_rows(drawn: Drawn, wanted: tuple[float, ...]) -> list[int]:
    """Which rows to print: those asked for, else a few around zero."""
    q = drawn.inventory
    if wanted:
        rows = [int(np.abs(q - one).argmin()) for one in wanted]
        for one, row in zip(wanted, rows, strict=True):
            if not math.isclose(float(q[row]), one, abs_tol=1e-9):
                raise Ended(
                    Exit.USAGE, f"--inventory: {one:g} is not on the grid from {q[0]:g} to {q[-1]:g}."
                )
        return rows
    largest = float(q[-1])
    places = [
        int(np.abs(q - share * largest).argmin()) for share in (-0.8, -0.4, -0.2, -0.1, 0, 0.1, 0.2, 0.4, 0.8)
    ]
    return sorted(set(places))
