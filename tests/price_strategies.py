"""Valid estimates, terms and skew tables of every shape."""

import itertools
import typing
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from pricing.calendar import Calendar, EventKind, Scheduled
from pricing.estimates import DISTANCES, LEVELS, Estimates
from pricing.terms import QuoteTerms, SkewTable
from pricing.venues.rows import FeeTier, Product, Source, TickBand, VenueTable
from pricing.venues.tables import TABLES

_BPS = st.floats(-50.0, 50.0)


def _sorted_floats(numbers: st.SearchStrategy[float], size: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.lists(numbers, min_size=size, max_size=size).map(lambda found: tuple(sorted(found)))


def tick_bands(steps: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Any]:
    """None, or some above any tick of `strategies.decimals`: prices and ticks rise."""

    def risen(made: list[tuple[Decimal, Decimal]]) -> Any:
        ticks = itertools.accumulate((tick for _, tick in made), initial=Decimal(10) ** 18)
        starts = itertools.accumulate(start for start, _ in made)
        return tuple(zip(starts, itertools.islice(ticks, 1, None), strict=True))

    return st.lists(st.tuples(steps, steps), max_size=3).map(risen)


@st.composite
def all_estimates(draw: st.DrawFn) -> Estimates:
    """Any curves, cliffs and plateaus included."""
    return Estimates(
        half_spread_bps=draw(st.floats(1e-3, 1e3)),
        win=draw(_sorted_floats(st.floats(0.0, 1.0), len(DISTANCES)))[::-1],
        markout_bps=draw(_sorted_floats(_BPS, len(DISTANCES))),
        temporary_bps=draw(_sorted_floats(_BPS, len(LEVELS))),
        permanent_bps=draw(_sorted_floats(_BPS, len(LEVELS))),
        source=draw(st.text(max_size=12)),
    )


@st.composite
def skew_tables(draw: st.DrawFn) -> SkewTable:
    """None, or some points."""
    held = sorted(draw(st.lists(st.floats(-1e9, 1e9), max_size=4, unique=True)))
    return SkewTable(
        held_usd=tuple(held),
        skew_bps=draw(_sorted_floats(_BPS, len(held)))[::-1],
        source=draw(st.text(max_size=12)),
    )


@st.composite
def quote_terms(draw: st.DrawFn) -> QuoteTerms:
    """Any number that a person may set."""
    kinds: dict[Any, st.SearchStrategy[Any]] = {
        float: st.floats(0.0, 1e12),
        str: st.text(max_size=12),
        SkewTable: skew_tables(),
    }
    ranged = {
        "cost_quantile": st.floats(0.01, 0.99),
        "vega_power": st.floats(1.0, 3.0),
        "vega_scale_usd": st.floats(1e-6, 1e12),
    }
    hints = typing.get_type_hints(QuoteTerms)
    return QuoteTerms(**{name: draw(ranged.get(name, kinds[hint])) for name, hint in hints.items()})


@st.composite
def _scheduled(draw: st.DrawFn) -> Scheduled:
    """One event, with a guard or without."""
    lengths = st.floats(0.0, 1e6)
    return Scheduled(
        kind=draw(st.sampled_from(list(EventKind))),
        at=draw(st.integers(0, 2**62)),
        name=draw(st.text(max_size=6)),
        underlyings=draw(st.sampled_from(((), ("BTC",), ("BTC", "ETH")))),
        jump_hours=draw(lengths),
        guard_before_s=draw(lengths),
        guard_after_s=draw(lengths),
    )


def _calendars() -> st.SearchStrategy[Calendar]:
    """Events in order."""
    return st.lists(_scheduled(), max_size=3).map(
        lambda events: Calendar(events=tuple(sorted(events, key=lambda event: event.at)))
    )


SPECIAL: dict[type[Any], st.SearchStrategy[Any]] = {
    Scheduled: _scheduled(),
    Calendar: _calendars(),
    Estimates: all_estimates(),
    QuoteTerms: quote_terms(),
    SkewTable: skew_tables(),
}

_TABLES = tuple(TABLES.values())
_PRODUCTS = tuple(product for table in _TABLES for product in table.products)
VENUES = st.sampled_from([(), _TABLES[:1]])
SPECIAL |= {
    VenueTable: st.sampled_from(_TABLES),
    Product: st.sampled_from(_PRODUCTS),
    TickBand: st.sampled_from([band for product in _PRODUCTS for band in product.ticks]),
    FeeTier: st.sampled_from([tier for product in _PRODUCTS for tier in product.tiers]),
    Source: st.sampled_from([source for product in _PRODUCTS for source in product.sources]),
}
