"""`rfq quote-ladder --model fair-transfer`: quotes and fair prices where liquidity is uneven."""

from typing import Any, NamedTuple

import numpy as np

from pricing.control import fair_transfer
from pricing.control.fair_transfer import Liquidity, Requests, States
from pricing.control.ranges import positive
from rfq.cli.ladder_sheet import Grid, Line, Picture, Sheet, demands, paired, shown


class Terms(NamedTuple):
    """Each side is quiet (`low` requests) or busy (`high`) by itself, `up` and `down` being how often it turns; or any
    chain, by `bid_rates`, `offer_rates` and its `generator` row by row. `drift` moves the mid per unit of imbalance.
    The demand is the published one in spreads; the flow is an example of ours.
    """

    low: float = 10.0
    high: float = 60.0
    up: float = 2.0
    down: float = 3.0
    bid_rates: tuple[float, ...] = ()
    offer_rates: tuple[float, ...] = ()
    generator: tuple[float, ...] = ()
    sizes: tuple[float, ...] = (1.0,)
    weights: tuple[float, ...] = (1.0,)
    demand: str = "logistic"
    demand_a: float = -0.7
    demand_b: float = 3.1
    sigma: float = 0.5
    gamma: float = 0.01
    drift: float = 0.01
    horizon: float = 20.0
    limit: float = 10.0
    table: tuple[tuple[float, float], ...] = ()


_NAMES = ("quiet", "buyers", "sellers", "busy")


def sheet(terms: Terms, wanted: tuple[float, ...]) -> Sheet:
    """Quotes by state, size and inventory; the fair transfer price and the micro-price by state."""
    positive(limit=terms.limit)
    own = bool(terms.bid_rates or terms.offer_rates or terms.generator)
    states = _chain(terms) if own else fair_transfer.four_states(terms.low, terms.high, terms.up, terms.down)
    names = [f"state {i + 1}" for i in range(len(states.generator))] if own else list(_NAMES)
    requests = Requests(
        states,
        terms.sizes,
        terms.weights,
        demands(terms)[0],
        terms.sigma,
        terms.gamma,
        terms.drift,
    )
    found = fair_transfer.solve(requests, terms.horizon)
    by_state = _states(requests, found, names)
    columns = [{"state": name, "size": float(size)} for name in names for size in terms.sizes]
    rows = [_row(requests, found, held) for held in shown(wanted, terms.limit)]
    figures = {"half_life": fair_transfer.half_life(states.generator)} if len(names) > 1 else {}
    return Sheet(
        "distances from the mid by state of liquidity",
        (_fair(by_state), *_quotes(terms, names, rows)),
        figures,
        {"states": by_state, "columns": columns, "rows": rows},
        lambda: _pictures(terms, requests, found, by_state),
    )


def _chain(terms: Terms) -> States:
    count = len(terms.bid_rates)
    if len(terms.offer_rates) != count or len(terms.generator) != count * count or not count:
        raise ValueError("generator: not a row for each of as many bid_rates as offer_rates")
    generator = np.array(terms.generator, dtype=float).reshape(count, count)
    return States(np.array(terms.bid_rates), np.array(terms.offer_rates), generator)


def _states(requests: Requests, found: Liquidity, names: list[str]) -> list[dict[str, Any]]:
    states = requests.states
    share, going = fair_transfer.stationary(states.generator), fair_transfer.micro_price(requests)
    return [
        {
            "state": name,
            "bid_rate": float(states.bid_rates[i]),
            "offer_rate": float(states.offer_rates[i]),
            "share_of_time": float(share[i]),
            "micro_price_less_mid": float(going[i]),
            "fair_transfer_less_mid": fair_transfer.fair_transfer(requests, found, i),
        }
        for i, name in enumerate(names)
    ]


def _row(requests: Requests, found: Liquidity, held: float) -> dict[str, Any]:
    both = [
        fair_transfer.distances(requests, found, state, size, held)
        for state in range(len(requests.states.generator))
        for size in requests.sizes
    ]
    return {
        "inventory": held,
        "bid_distance": [bid for bid, _ in both],
        "offer_distance": [offer for _, offer in both],
        "middle_less_mid": [0.5 * (offer - bid) for bid, offer in both],
    }


def _fair(by_state: list[dict[str, Any]]) -> Grid:
    cells = [
        [
            "state",
            "requests to sell",
            "requests to buy",
            "share of time",
            "micro-price",
            "fair transfer price",
        ]
    ]
    for one in by_state:
        name, bid, offer, *rest = one.values()
        numbers = (f"{number + 0.0:.5f}" for number in (round(one, 5) for one in rest))
        cells.append([str(name), f"{bid:g}", f"{offer:g}", *numbers])
    return Grid("requests are per unit of time, prices less the mid and without inventory", cells)


def _quotes(terms: Terms, names: list[str], rows: list[dict[str, Any]]) -> list[Grid]:
    """A table for each size."""
    grids = []
    for place, size in enumerate(terms.sizes):
        columns = range(place, len(names) * len(terms.sizes), len(terms.sizes))
        for title, sides in (
            ("quotes", ("bid_distance", "offer_distance")),
            ("middle of the quotes less the mid", ("middle_less_mid",)),
        ):
            cells = paired(names, "inventory") if len(sides) == 2 else [["inventory", *names]]
            for row in rows:
                numbers = (f"{row[side][i]:.5f}" for i in columns for side in sides)
                cells.append([f"{row['inventory']:g}", *numbers])
            grids.append(Grid(f"size {size:g}: {title}", cells))
    return grids


def _pictures(
    terms: Terms, requests: Requests, found: Liquidity, by_state: list[dict[str, Any]]
) -> tuple[Picture, ...]:
    held = np.linspace(-terms.limit, terms.limit, 61).tolist()
    rows = [_row(requests, found, one) for one in held]
    quotes, middles = [], []
    for state, told in enumerate(by_state):
        column = state * len(terms.sizes)
        offers = [row["offer_distance"][column] for row in rows]
        bids = [-row["bid_distance"][column] for row in rows]
        quotes += [Line(told["state"], held, offers, state), Line("", held, bids, state, "--")]
        middle = [row["middle_less_mid"][column] for row in rows]
        middles.append(Line(told["state"], held, middle, state))
    size = f"size {terms.sizes[0]:g}"
    return (
        Picture(f"{size}: quotes less mid (solid: offer, dashed: bid)", "inventory", "", tuple(quotes)),
        Picture(f"{size}: middle of the quotes less mid", "inventory", "", tuple(middles)),
    )
