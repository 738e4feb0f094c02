"""`rfq quote-ladder --model win-score`: a dealer whose wins in one tier open another."""

import math
from typing import Any, NamedTuple

import numpy as np

from pricing.control import win_score
from pricing.control.ranges import positive
from pricing.control.win_score import Gate, Myopic, Steady, Tier
from rfq.cli.ladder_sheet import Grid, Line, Picture, Sheet, paired, shown


class Terms(NamedTuple):
    """By size: requests of tier B (`rates`) and of tier A (`rates_a`), and κ (`demand_b`) and d̄ (`middles`) of the
    chance to win 1/(1 + e^κ(d − d̄)). The gate is `gate_low` + `gate_rise`/(1 + e^−`gate_steepness`(R − `gate_middle`));
    `memory` is the weight of one outcome in R. `reach` is how much nearer quotes are looked at.
    """

    sizes: tuple[float, ...] = (1, 2, 5, 10)
    rates: tuple[float, ...] = (1000, 800, 600, 400)
    rates_a: tuple[float, ...] = (0, 0, 0, 50)
    demand_b: tuple[float, ...] = (5.0, 4.5, 4.0, 3.5)
    middles: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6)
    toxicity: float = 0.2
    gate_low: float = 0.2
    gate_rise: float = 0.8
    gate_middle: float = 0.6
    gate_steepness: float = 40.0
    memory: float = 0.01
    sigma: float = 100.0
    gamma: float = 1e-3
    limit: float = 50.0
    reach: float = 1.0


_POINTS = 441
"""From −0.1 to 1 of the reach, with one at zero."""


def sheet(terms: Terms, wanted: tuple[float, ...]) -> Sheet:
    """Quotes by size and inventory, and the ways of quoting that are best near themselves."""
    positive(memory=terms.memory, reach=terms.reach, limit=terms.limit)
    if not terms.memory < 1.0:
        raise ValueError(f"memory: {terms.memory} is not below 1")
    tiers, gate = _tiers(terms), _gate(terms)
    found = win_score.myopic(tiers, terms.toxicity)
    risk = win_score.inventory_risk(terms.sigma, terms.gamma, found.turn)
    rows = [_row(tiers, terms.toxicity, risk, held) for held in shown(wanted, terms.limit)]
    ways = win_score.ways(tiers, gate, terms.toxicity, terms.reach, _POINTS)
    figures = {
        "myopic_top_of_book": 2.0 * found.distances[0],
        "turn": found.turn,
        "inventory_risk": risk,
        "score_half_life_requests": math.log(0.5) / math.log1p(-terms.memory),
    }
    names = [field for field in Myopic._fields if field != "turn"]
    answer = {
        "columns": [{"size": float(tier.size)} for tier in tiers],
        "rows": rows,
        "myopic": {name: getattr(found, name) for name in names},
        "ways": [{**way._asdict(), "gate": win_score.opened(gate, way.score)} for way in ways],
    }
    return Sheet(
        "distances from fair; a score of wins in tier B opens the gate to tier A",
        (_quotes(tiers, rows), _alone(tiers, found), _ways(gate, ways)),
        figures,
        answer,
        lambda: _pictures(terms, tiers, gate, risk, ways),
    )


def _gate(terms: Terms) -> Gate:
    return Gate(terms.gate_low, terms.gate_rise, terms.gate_middle, terms.gate_steepness, terms.memory)


def _tiers(terms: Terms) -> list[Tier]:
    count = len(terms.sizes)
    for name in ("rates", "rates_a", "demand_b", "middles"):
        if len(getattr(terms, name)) != count:
            raise ValueError(f"{name}: {len(getattr(terms, name))} numbers for {count} sizes")
    if not count:
        raise ValueError("sizes: none")
    by_size = zip(*(terms.sizes, terms.rates_a, terms.rates, terms.demand_b, terms.middles), strict=True)
    return [Tier(*one) for one in by_size]


def _row(tiers: list[Tier], toxicity: float, risk: float, held: float) -> dict[str, Any]:
    both = [win_score.distances(tier, toxicity, risk, held) for tier in tiers]
    return {"inventory": held, "bid_distance": [b for b, _ in both], "offer_distance": [a for _, a in both]}


def _quotes(tiers: list[Tier], rows: list[dict[str, Any]]) -> Grid:
    cells = paired([f"size {tier.size:g}" for tier in tiers], "inventory")
    for row in rows:
        sides = zip(row["bid_distance"], row["offer_distance"], strict=True)
        cells.append([f"{row['inventory']:g}", *(f"{one:.5f}" for both in sides for one in both)])
    return Grid("quotes by inventory, the score left aside", cells)


def _alone(tiers: list[Tier], found: Myopic) -> Grid:
    cells = [["size", "distance", "chance to win", "response"]]
    for tier, *numbers in zip(tiers, found.distances, found.won, found.response, strict=True):
        cells.append([f"{tier.size:g}", *(f"{number:.5f}" for number in numbers)])
    return Grid(
        "the best for each deal by itself (response: -dp/dx, x being the cost of the whole deal)", cells
    )


def _ways(gate: Gate, ways: tuple[Steady, ...]) -> Grid:
    cells = [["nearer by", "score", "gate open", "earned"]]
    for way in ways:
        open_by = win_score.opened(gate, way.score)
        cells.append(
            [f"{round(way.nearer, 3) + 0.0:.3f}", f"{way.score:.4f}", f"{open_by:.4f}", f"{way.earned:.1f}"]
        )
    return Grid("ways of quoting for ever that no small change improves, best first", cells)


def _pictures(
    terms: Terms, tiers: list[Tier], gate: Gate, risk: float, ways: tuple[Steady, ...]
) -> tuple[Picture, ...]:
    held = np.linspace(-terms.limit, terms.limit, 61).tolist()
    rows = [_row(tiers, terms.toxicity, risk, one) for one in held]
    curves = []
    for place, tier in enumerate(tiers):
        offers = [row["offer_distance"][place] for row in rows]
        bids = [-row["bid_distance"][place] for row in rows]
        curves += [Line(f"size {tier.size:g}", held, offers, place), Line("", held, bids, place, "--")]
    nearer = np.linspace(-0.1 * terms.reach, terms.reach, 201).tolist()
    steady = [win_score.steady(tiers, gate, terms.toxicity, one) for one in nearer]
    return (
        Picture("quotes less fair (solid: offer, dashed: bid)", "inventory", "distance", tuple(curves)),
        Picture(
            "earned for ever by quoting nearer",
            "nearer than the best for each deal",
            "earned per unit of time",
            (Line("earned", nearer, [one.earned for one in steady], 0),),
            tuple((way.nearer, way.earned, f"score {way.score:.2f}") for way in ways),
        ),
    )
