"""Structures on a FIX wire: one instrument is named by itself; all else is a package of legs under the symbol [N/A].

A leg's side is that of somebody who buys the package; in executions it is what the taker did. A hedge is a leg with a
fixed price.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from fix_gateway.messages.parts import Leg as FixLeg
from fix_gateway.messages.words import Side as FixSide
from pricing.structures import Hedge, Leg, Structure
from rfq.domain.request import Ask, Side
from rfq.wire.reading import LEGS_READ_MAX, Unreadable, name, number
from rfq.wire.symbols import Symbols

PACKAGE: Final = "[N/A]"
MULTILEG: Final = "MLEG"
_ONE: Final = Decimal(1)
_SELLS: Final = (FixSide.SELL, FixSide.OPPOSITE)


def is_package(ask: Ask) -> bool:
    """Not simply one instrument, once."""
    legs = ask.structure.legs
    return len(legs) != 1 or bool(ask.structure.hedges) or legs[0].ratio != 1


def security_type(ask: Ask) -> str:
    """167."""
    return MULTILEG if is_package(ask) else ""


def symbol_of(ask: Ask, symbols: Symbols) -> str:
    """55: the instrument as the counterparty calls it, or [N/A]."""
    return PACKAGE if is_package(ask) else symbols.theirs(ask.structure.legs[0].instrument)


def legs_of(
    ask: Ask, symbols: Symbols, amount: Decimal | None = None, side: Side = Side.BUY, ref: str = ""
) -> tuple[FixLeg, ...]:
    """The legs and the hedge. With an `amount`: what was traded of each when a taker on `side` traded that much."""
    structure = ask.structure
    legs = [(leg.instrument, leg.ratio, None) for leg in structure.legs]
    hedges = [(hedge.instrument, hedge.ratio, hedge.price) for hedge in structure.hedges]
    found = []
    for place, (instrument, ratio, price) in enumerate((*legs, *hedges), 1):
        buys = (ratio > 0) == (amount is None or side is not Side.SELL)
        found.append(
            FixLeg(
                symbol=symbols.theirs(instrument),
                ratio=abs(ratio),
                side=FixSide.BUY if buys else FixSide.SELL,
                qty=None if amount is None else abs(ratio) * amount,
                price=price if amount is None else None,
                last_price=price if amount is not None else None,
                ref=f"{ref}.{place}" if ref else "",
            )
        )
    return tuple(found)


def read_structure(symbol: str, legs: tuple[FixLeg, ...], symbols: Symbols) -> Structure:
    """What is asked for; raises Unreadable."""
    if len(legs) > LEGS_READ_MAX:
        raise Unreadable("NoLegs (555)", f"more than {LEGS_READ_MAX}", str(len(legs)))
    if not legs:
        return Structure(legs=(Leg(instrument=symbols.ours(name(symbol, "Symbol (55)")), ratio=_ONE),))
    plain, hedges = [], []
    for place, leg in enumerate(legs):
        instrument = symbols.ours(name(leg.symbol, f"LegSymbol (600) of leg {place + 1}"))
        ratio = _signed(leg, place)
        if leg.price is None:
            plain.append(Leg(instrument=instrument, ratio=ratio))
        else:
            price = number(leg.price, f"LegPrice (566) of leg {place + 1}")
            hedges.append(Hedge(instrument=instrument, ratio=ratio, price=price))
    return Structure(legs=tuple(plain), hedges=tuple(hedges))


def same_parts(legs: Iterable[FixLeg], ask: Ask, symbols: Symbols) -> bool:
    """Whether legs that a maker names are those that were asked for, with their ratios and sides."""
    structure = ask.structure
    wanted = {leg.instrument: leg.ratio for leg in structure.legs}
    wanted |= {hedge.instrument: hedge.ratio for hedge in structure.hedges}
    told = {symbols.ours(leg.symbol): _signed(leg, place) for place, leg in enumerate(legs)}
    optional = {hedge.instrument for hedge in structure.hedges}
    return all(wanted.get(key) == ratio for key, ratio in told.items()) and (
        wanted.keys() - told.keys() <= optional
    )


def _signed(leg: FixLeg, place: int) -> Decimal:
    """The ratio, negative for a leg that a buyer of the package sells."""
    ratio = number(leg.ratio, f"LegRatioQty (623) of leg {place + 1}") if leg.ratio is not None else _ONE
    return -ratio if leg.side in _SELLS else ratio
