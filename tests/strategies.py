"""Hypothesis strategies for every logged class, made from its type hints; and the list of those classes itself.

A class whose validity its hints do not tell (a book may not be crossed, quantiles rise) has its own builder in SPECIAL;
all others get one strategy per field, with fields that have a default sometimes left out.
"""

import enum
import types
import typing
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import price_strategies
from hypothesis import strategies as st

from models.features import SCHEMA_HASH, WIDTH
from pricing.instruments import Future, Option, Perpetual, Spot
from pricing.market import (
    Book,
    Curve,
    Discount,
    Fixing,
    MarketSnapshot,
    Pillar,
    Rate,
    Smile,
    Surface,
    UnderlyingMarket,
    VarianceClock,
)
from pricing.surface.at_money import smile_at_money
from pricing.terms import QuoteTerms
from rfq.desk.state import StateImage
from rfq.domain.effects import Effect
from rfq.domain.events import Event
from rfq.domain.parties import Party
from rfq.domain.policy import Allocation, Policy
from rfq.domain.quote import Quote
from rfq.domain.record import Record
from rfq.domain.row import FeatureRow

UNIONS = (Event, Effect)
ROOTS: tuple[Any, ...] = (*UNIONS, Record, StateImage, MarketSnapshot)

texts = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12)  # as people's wires send them
instants = st.integers(min_value=0, max_value=2**62)
floats = st.floats(allow_nan=False, allow_infinity=False, width=64)
not_negative = st.floats(min_value=0.0, max_value=1e12)
above_zero = st.floats(min_value=1e-6, max_value=1e12)


@st.composite
def decimals(draw: st.DrawFn, positive: bool = False) -> Decimal:
    """Sane numbers in any spelling: 1.0, 1.00, 1E+1, -0."""
    digits = draw(st.lists(st.integers(0, 9), min_size=1, max_size=12))
    if positive:
        digits = [*digits, draw(st.integers(1, 9))]
    exponent = draw(st.integers(-9, 5))
    return Decimal((0 if positive else draw(st.integers(0, 1)), tuple(digits), exponent))


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint)


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _bare(hint: Any) -> Any:
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return hint


def classes() -> list[type[msgspec.Struct]]:
    """Every struct class that can stand in the log, in the order in which it is met from the roots."""
    found: dict[type[msgspec.Struct], None] = {}

    def visit(hint: Any) -> None:
        hint = _bare(hint)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            if hint not in found:
                found[hint] = None
                for inner in typing.get_type_hints(hint).values():
                    visit(inner)
        else:
            for inner in _members(hint):
                visit(inner)

    for root in ROOTS:
        visit(root)
    return list(found)


def of_hint(hint: Any) -> st.SearchStrategy[Any]:
    """Values of one type hint."""
    hint = _bare(hint)
    if _is_union(hint):
        return st.one_of(*(of_hint(member) for member in _members(hint)))
    if typing.get_origin(hint) is tuple:
        args = _members(hint)
        if len(args) == 2 and args[1] is Ellipsis:
            return st.lists(of_hint(args[0]), max_size=3).map(tuple)
        return st.tuples(*(of_hint(arg) for arg in args))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return st.deferred(lambda: of_class(hint))
    plain: dict[Any, st.SearchStrategy[Any]] = {
        type(None): st.none(),
        bool: st.booleans(),
        int: st.integers(min_value=-(2**63), max_value=2**63 - 1),
        str: texts,
        float: floats,
        Decimal: decimals(),
    }
    return plain[hint]


@cache
def of_class(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Valid instances of one class."""
    if cls in SPECIAL:
        return SPECIAL[cls]
    hints = typing.get_type_hints(cls)
    wanted, optional = {}, {}
    for field in msgspec.structs.fields(cls):
        made = of_hint(hints[field.name])
        (wanted if field.required else optional)[field.name] = made
    return st.fixed_dictionaries(wanted, optional=optional).map(lambda fields: cls(**fields))


@st.composite
def _quotes(draw: st.DrawFn) -> Quote:
    low, high = sorted((draw(decimals()), draw(decimals())))
    sides = draw(st.sampled_from(("bid", "offer", "both")))
    both: dict[str, Any] = {}
    if sides != "offer":
        both.update(bid=low, bid_amount=draw(decimals(True)))
    if sides != "bid":
        both.update(offer=high, offer_amount=draw(decimals(True)))
    hints = typing.get_type_hints(Quote)
    rest = {
        field.name: draw(of_hint(hints[field.name]))
        for field in msgspec.structs.fields(Quote)
        if field.name not in ("bid", "offer", "bid_amount", "offer_amount")
    }
    return Quote(**rest, **both)


@st.composite
def _policies(draw: st.DrawFn) -> Policy:
    ms = st.integers(1, 10**6)
    collect_ms, rfq_ttl_ms = sorted((draw(ms), draw(ms)))
    horizons = draw(st.lists(st.integers(1, 3600), max_size=4, unique=True).map(sorted))
    names = ("estimate_deadline_ms", "quote_ttl_ms", "accept_timeout_ms", "panel_size", "market_age_ms_max")
    return Policy(
        **{name: draw(ms) for name in (*names, "rfq_life_ms_max", "open_rfqs_max", "version")},
        terms=draw(of_class(QuoteTerms)),
        requote_move_bps=draw(decimals(True)),
        rfq_ttl_ms=rfq_ttl_ms,
        collect_ms=collect_ms,
        allocation=draw(st.sampled_from(list(Allocation))),
        accept_percentile_max=draw(st.sampled_from([Decimal(1), Decimal("0.70"), Decimal("1E-3")])),
        auto_accept=draw(st.booleans()),
        markout_horizons_s=tuple(horizons),
        notional_usd_max=draw(decimals(True)),
        position_usd_max=draw(decimals(True)),
        price_band_bps=draw(decimals(True)),
        closed_memory=draw(st.integers(0, 10**6)),
        venues=draw(price_strategies.VENUES),
    )


def _instrument(cls: type[Any]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    special: dict[str, st.SearchStrategy[Any]] = {
        "name": st.text(min_size=1, max_size=12),
        "expiry_at": st.integers(1, 2**62),
        "quanto": st.none(),
        "averaging_s": st.integers(0, 86_400),
        "bands": price_strategies.tick_bands(decimals(True)),
        **{name: decimals(True) for name in ("contract_size", "tick", "lot", "strike")},
    }
    fields = {
        field.name: special.get(field.name, of_hint(hints[field.name]))
        for field in msgspec.structs.fields(cls)
    }
    plain = st.builds(cls, **fields)
    if cls is Spot or cls is Option:
        return plain
    return plain | st.builds(cls, **{**fields, "inverse": st.just(False), "quanto": decimals(True)})


def _rows() -> st.SearchStrategy[FeatureRow]:
    numbers = st.floats(-1e9, 1e9)
    whole = st.lists(numbers, min_size=WIDTH, max_size=WIDTH).map(tuple)
    other = st.lists(numbers, max_size=3).map(tuple)
    return st.one_of(
        st.builds(FeatureRow, schema=st.just(SCHEMA_HASH), values=whole),
        st.builds(FeatureRow, schema=st.just("another"), values=other),
    )


@st.composite
def _books(draw: st.DrawFn) -> Book:
    """Levels that get worse, on either side of a price; a side may be empty."""
    middle = draw(above_zero)
    steps = st.lists(st.tuples(st.floats(0.001, 0.2), not_negative), max_size=3)
    bids, offers = [], []
    price = middle
    for step, size in draw(steps):
        price *= 1.0 - step
        bids.append((price, size))
    price = middle
    for step, size in draw(steps):
        price *= 1.0 + step
        offers.append((price, size))
    return Book(
        instrument=draw(texts),
        at=draw(instants),
        bids=tuple(bids),
        offers=tuple(offers),
        venue=draw(texts),
    )


@st.composite
def _smiles(draw: st.DrawFn) -> Smile:
    """A smile around a variance, with any doubts."""
    made = smile_at_money(
        draw(instants), draw(st.floats(1e-4, 2.0)), draw(st.floats(0.1, 1.0)), draw(st.floats(-0.2, 0.2))
    )
    doubts = {name: draw(not_negative) for name in made.__struct_fields__[6:]}
    return msgspec.structs.replace(made, m=draw(st.floats(-1.0, 1.0)), **doubts)


@st.composite
def _clocks(draw: st.DrawFn) -> VarianceClock:
    """Flat, or a weight for each hour of the week."""
    weights = draw(st.sampled_from(((), (1.0,) * 120 + (0.5,) * 48)))
    jumps = draw(st.dictionaries(instants, not_negative, max_size=2))
    return VarianceClock(weights=weights, jumps=tuple(sorted(jumps.items())))


def _in_order(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A few of them, by expiry."""
    several = st.lists(one, max_size=2, unique_by=lambda each: each.expiry_at)
    return several.map(lambda them: tuple(sorted(them, key=lambda each: each.expiry_at)))


SPECIAL: dict[type[Any], st.SearchStrategy[Any]] = {
    Quote: _quotes(),
    FeatureRow: _rows(),
    Perpetual: _instrument(Perpetual),
    Future: _instrument(Future),
    Option: _instrument(Option),
    Spot: _instrument(Spot),
    Party: st.builds(
        Party,
        id=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=32),
        may_ask=st.booleans(),
        may_quote=st.booleans(),
        may_operate=st.booleans(),
        cancel_on_disconnect=st.booleans(),
    ),
    **price_strategies.SPECIAL,
    Book: _books(),
    Smile: _smiles(),
    VarianceClock: _clocks(),
    Pillar: st.builds(Pillar, expiry_at=instants, forward=above_zero, doubt_bps=not_negative),
    Rate: st.builds(Rate, currency=texts, usd=above_zero, at=instants),
    Discount: st.builds(
        Discount,
        currency=texts,
        at=instants,
        pillars=st.dictionaries(instants, floats, max_size=2).map(lambda x: tuple(sorted(x.items()))),
    ),
    Fixing: st.tuples(instants, instants, instants, above_zero).map(
        lambda x: Fixing(
            from_at=sorted(x[:3])[0], at=sorted(x[:3])[1], expiry_at=sorted(x[:3])[2], average=x[3]
        )
    ),
}
SPECIAL[Curve] = st.builds(Curve, at=instants, pillars=_in_order(SPECIAL[Pillar]))
SPECIAL[Surface] = st.builds(
    Surface,
    at=instants,
    smiles=_in_order(SPECIAL[Smile]),
    vol_of_vol=not_negative,
    source=texts,
    clock=st.none() | SPECIAL[VarianceClock],
)
SPECIAL[UnderlyingMarket] = st.builds(
    UnderlyingMarket,
    name=texts,
    index=not_negative,
    index_at=instants,
    sigma=not_negative,
    adv_usd=not_negative,
    depth_usd_10bps=not_negative,
    regime=st.integers(0, 9),
    books=st.lists(SPECIAL[Book], max_size=2).map(tuple),
    curve=st.none() | SPECIAL[Curve],
    funding=of_hint(typing.get_type_hints(UnderlyingMarket)["funding"]),
    surface=st.none() | SPECIAL[Surface],
    fixings=st.lists(SPECIAL[Fixing], max_size=1).map(tuple),
    flow=of_hint(typing.get_type_hints(UnderlyingMarket)["flow"]),
)
SPECIAL[Policy] = _policies()


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(left) is not type(right):
        return False
    if isinstance(left, msgspec.Struct):
        return all(same(getattr(left, name), getattr(right, name)) for name in left.__struct_fields__)
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def written(hint: Any) -> str:
    """A type hint as text that does not depend on the Python that prints it."""
    hint = _bare(hint)
    if _is_union(hint):
        return " | ".join(written(member) for member in _members(hint))
    if typing.get_origin(hint) is tuple:
        return f"tuple[{', '.join('...' if arg is Ellipsis else written(arg) for arg in _members(hint))}]"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return str(hint.__struct_config__.tag)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return f"{hint.__name__}({', '.join(str(member.value) for member in hint)})"
    return "None" if hint is type(None) else str(hint.__name__)


def schema() -> dict[str, dict[str, str]]:
    """Tag -> field -> type and default, of everything that can stand in the log."""
    found = {}
    for cls in classes():
        hints = typing.get_type_hints(cls)
        found[str(cls.__struct_config__.tag)] = {
            field.name: written(hints[field.name]) + ("" if field.required else f" = {field.default!r}")
            for field in msgspec.structs.fields(cls)
        }
    return dict(sorted(found.items()))
