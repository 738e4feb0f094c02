"""What is asked for as one package: signed legs, priced together, with at most one hedge at a fixed price.

A Structure can say things that make no sense (no legs, 21 legs, two hedges), because the desk must be able to
record what it was asked before it refuses it; `check_structure` tells sense from nonsense.
"""

from collections.abc import Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from math import gcd
from typing import Final

from pricing.fact import Fact, Fault
from pricing.instruments import Instrument, Option, Spot, refusal
from pricing.units import Steps, plain

LEGS_MAX: Final = 20
HEDGES_MAX: Final = 1
RATIO_MIN: Final = Decimal("1e-12")
RATIO_MAX: Final = Decimal("1e15")
_TOLD: Final = Context(prec=12, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_FINEST: Final = 36
"""Ratios with more decimals than this, or above 10 to this, are not reduced."""


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
    """A future, perpetual or spot traded along at a fixed `price`, outside the structure's own price."""

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


def reduced(structure: Structure) -> tuple[Structure, Decimal]:
    """The structure with its legs' ratios divided by their greatest common divisor, and that divisor.

    The hedge is divided with them; if that leaves a fraction without an end, the divisor is that of legs and hedge.
    The multiplier scales the amount, so the trade is the same. Ratios that are all zero, or too fine or too large to
    mean anything, stay as they are.
    """
    legs = [leg.ratio for leg in structure.legs]
    hedges = [hedge.ratio for hedge in structure.hedges]
    places = 0
    for ratio in legs + hedges:
        exponent = int(ratio.as_tuple().exponent)
        if exponent < -_FINEST or ratio.adjusted() > _FINEST:
            return structure, Decimal(1)
        places = max(places, -exponent)
    unit = 10**places
    wholes = [_whole(ratio, places) for ratio in legs]
    divisor = gcd(*wholes)
    if not divisor:
        return structure, Decimal(1)
    covers = [_whole(ratio, places) for ratio in hedges]
    if not all(_ends(cover, divisor) for cover in covers):
        divisor = gcd(divisor, *covers)
    return (
        Structure(
            legs=tuple(
                [
                    Leg(instrument=leg.instrument, ratio=Decimal(whole // divisor))
                    for leg, whole in zip(structure.legs, wholes, strict=True)
                ]
            ),
            hedges=tuple(
                [
                    Hedge(instrument=hedge.instrument, ratio=_quotient(cover, divisor), price=hedge.price)
                    for hedge, cover in zip(structure.hedges, covers, strict=True)
                ]
            ),
        ),
        _quotient(divisor, unit),
    )


def _whole(ratio: Decimal, places: int) -> int:
    """A ratio in units of 10 to the minus `places`, exactly."""
    sign, digits, exponent = ratio.as_tuple()
    number = int("".join([str(one) for one in digits]) or "0")
    scale: int = 10 ** (int(exponent) + places)
    return -number * scale if sign else number * scale


def _ends(number: int, divisor: int) -> bool:
    """Whether the quotient is a decimal with an end: nothing but twos and fives is left below."""
    rest = divisor // gcd(number, divisor)
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _quotient(number: int, divisor: int) -> Decimal:
    """A quotient that has an end, exactly, in its one spelling."""
    part = gcd(number, divisor)
    number, divisor = number // part, divisor // part
    places = 0
    while divisor > 1:
        # One more decimal at a time: what has an end has at most as many as there are twos or fives below.
        part = gcd(10, divisor)
        number, divisor, places = number * (10 // part), divisor // part, places + 1
    digits = tuple([int(one) for one in str(abs(number))])
    return plain(Decimal((int(number < 0), digits, -places)))


def check_structure(
    structure: Structure, instruments: Mapping[str, Instrument], *, one_currency: bool = True
) -> Fault | None:
    """None when the structure makes sense; else the first field at fault and what is wrong with it.

    A quote needs `one_currency`, the price's; what a package is worth can be said without.
    """
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
        if fault is None and one_currency:
            fault = _currency_fault(index, instruments[leg.instrument], first)
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
    if not RATIO_MIN <= leg.ratio.copy_abs() <= RATIO_MAX:
        problem = f"ratio {_told(leg.ratio)} is not between {RATIO_MIN} and {RATIO_MAX}"
        return Fault(field=f"legs[{index}].ratio", problem=problem)
    if isinstance(instrument, Spot):
        return Fault(field=f"legs[{index}].instrument", problem="spot can only be the hedge")
    refused = refusal(instrument)
    if refused is not None:
        return Fault(field=f"legs[{index}].instrument", problem=refused.problem)
    if leg.instrument in seen:
        return Fault(field=f"legs[{index}].instrument", problem=f"duplicate leg {leg.instrument}")
    if instrument.underlying != first.underlying:
        problem = f"mixed underlyings {first.underlying} and {instrument.underlying}"
        return Fault(field=f"legs[{index}].instrument", problem=problem)
    return None


def _currency_fault(index: int, instrument: Instrument, first: Instrument) -> Fault | None:
    """What is wrong with the currency of one leg beside that of the first."""
    if instrument.quote_currency == first.quote_currency:
        return None
    problem = f"mixed quote currencies {first.quote_currency} and {instrument.quote_currency}"
    return Fault(field=f"legs[{index}].instrument", problem=problem)


def _hedge_fault(hedge: Hedge, first: Instrument, instruments: Mapping[str, Instrument]) -> Fault | None:
    """What is wrong with the hedge of a structure whose first leg is `first`."""
    instrument = instruments.get(hedge.instrument)
    if instrument is None:
        return Fault(field="hedges[0].instrument", problem=f"unknown instrument {hedge.instrument}")
    if isinstance(instrument, Option):
        return Fault(field="hedges[0].instrument", problem="an option cannot be the hedge")
    if not hedge.ratio:
        return Fault(field="hedges[0].ratio", problem="zero ratio")
    if not RATIO_MIN <= hedge.ratio.copy_abs() <= RATIO_MAX:
        problem = f"ratio {_told(hedge.ratio)} is not between {RATIO_MIN} and {RATIO_MAX}"
        return Fault(field="hedges[0].ratio", problem=problem)
    if hedge.price <= 0:
        return Fault(field="hedges[0].price", problem=f"price {_told(hedge.price)} is not above zero")
    if instrument.underlying != first.underlying:
        problem = f"mixed underlyings {first.underlying} and {instrument.underlying}"
        return Fault(field="hedges[0].instrument", problem=problem)
    return None


def _told(number: Decimal) -> str:
    """A number in words, the same however it was spelled: what is said of it is logged, and said again in replay."""
    return str(_TOLD.normalize(number)) if number else "0"


def steps_of(structure: Structure, instruments: Mapping[str, Instrument]) -> Steps:
    """Where its price may stand: one instrument's on its own steps; a package's, as combinations are quoted, on the
    finest tick of its legs, whatever the price."""
    legs = structure.legs
    if len(legs) == 1 and abs(legs[0].ratio) == 1:
        only = instruments[legs[0].instrument]
        return Steps(only.tick, only.bands)
    return Steps(min([instruments[leg.instrument].tick for leg in legs]))
