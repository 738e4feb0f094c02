"""What is asked for as one package: signed legs, priced together, with at most one hedge at a fixed price.

A Structure can say things that make no sense (no legs, 21 legs, two hedges), because the desk must be able to
record what it was asked before it refuses it; `check_structure` tells sense from nonsense.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pricing.fact import Fact, Fault
from pricing.instruments import Instrument, Option

LEGS_MAX: Final = 20
HEDGES_MAX: Final = 1


class Leg(Fact, frozen=True, kw_only=True, tag="Leg.1"):
    """One instrument with a signed ratio: the taker who buys the structure buys where the ratio is
    positive.
    """

    instrument: str
    ratio: Decimal

    def __post_init__(self) -> None:
        """Refuse NaN and infinity; a zero can be said, and is refused by `check_structure`."""
        if not self.ratio.is_finite():
            raise ValueError(f"ratio: {self.ratio} is not finite")


class Hedge(Fact, frozen=True, kw_only=True, tag="Hedge.1"):
    """A future or perpetual traded along at a fixed `price`, outside the structure's own price."""

    instrument: str
    ratio: Decimal
    price: Decimal

    def __post_init__(self) -> None:
        """Refuse NaN and infinity."""
        if not self.ratio.is_finite():
            raise ValueError(f"ratio: {self.ratio} is not finite")
        if not self.price.is_finite():
            raise ValueError(f"price: {self.price} is not finite")


class Structure(Fact, frozen=True, kw_only=True, tag="Structure.1"):
    """The package: its amount (elsewhere) scales the ratios. Counts are not checked here."""

    legs: tuple[Leg, ...]
    hedges: tuple[Hedge, ...] = ()


def check_structure(structure: Structure, instruments: Mapping[str, Instrument]) -> Fault | None:
    """None when the structure makes sense; else the first field at fault and what is wrong with it."""
    legs, hedges = structure.legs, structure.hedges
    if not legs:
        return Fault(field="legs", problem="no legs")
    if len(legs) > LEGS_MAX:
        return Fault(field="legs", problem=f"{len(legs)} legs, at most {LEGS_MAX}")
    if len(hedges) > HEDGES_MAX:
        return Fault(field="hedges", problem=f"{len(hedges)} hedges, at most {HEDGES_MAX}")
    first = instruments.get(legs[0].instrument)
    if first is None:
        return Fault(field="legs[0].instrument", problem=f"unknown instrument {legs[0].instrument}")
    seen: set[str] = set()
    for index, leg in enumerate(legs):
        fault = _leg_fault(index, leg, first, instruments, seen)
        if fault is not None:
            return fault
        seen.add(leg.instrument)
    return _hedge_fault(hedges[0], first, instruments) if hedges else None


def _leg_fault(
    index: int, leg: Leg, first: Instrument, instruments: Mapping[str, Instrument], seen: set[str]
) -> Fault | None:
    """What is wrong with one leg beside the first and those already seen."""
    instrument = instruments.get(leg.instrument)
    if instrument is None:
        return Fault(field=f"legs[{index}].instrument", problem=f"unknown instrument {leg.instrument}")
    if not leg.ratio:
        return Fault(field=f"legs[{index}].ratio", problem="zero ratio")
    if leg.instrument in seen:
        return Fault(field=f"legs[{index}].instrument", problem=f"duplicate leg {leg.instrument}")
    if instrument.quote_currency != first.quote_currency:
        problem = f"mixed quote currencies {first.quote_currency} and {instrument.quote_currency}"
        return Fault(field=f"legs[{index}].instrument", problem=problem)
    if instrument.underlying != first.underlying:
        problem = f"mixed underlyings {first.underlying} and {instrument.underlying}"
        return Fault(field=f"legs[{index}].instrument", problem=problem)
    return None


def _hedge_fault(hedge: Hedge, first: Instrument, instruments: Mapping[str, Instrument]) -> Fault | None:
    """What is wrong with the hedge of a structure whose first leg is `first`."""
    instrument = instruments.get(hedge.instrument)
    if instrument is None:
        return Fault(field="hedges[0].instrument", problem=f"unknown instrument {hedge.instrument}")
    if isinstance(instrument, Option):
        return Fault(field="hedges[0].instrument", problem="an option cannot be the hedge")
    if not hedge.ratio:
        return Fault(field="hedges[0].ratio", problem="zero ratio")
    if hedge.price <= 0:
        return Fault(field="hedges[0].price", problem=f"price {hedge.price} is not above zero")
    if instrument.underlying != first.underlying:
        problem = f"mixed underlyings {first.underlying} and {instrument.underlying}"
        return Fault(field="hedges[0].instrument", problem=problem)
    return None
