"""What a structure is called: its name when it is a standard one, its legs in plain words in any case.

Order of legs and a common multiple change nothing, and turning all signs turns bought into sold. What is nearly
standard is described, not named. A hedge, or a leg in a future or perpetual, can be a part of the kind: a conversion,
a covered option, a collar. `pricing.kinds` says what is standard.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from pricing.fact import Fact, Fault
from pricing.instruments import Future, Instrument, Option, Perpetual, date_name
from pricing.kinds import Piece, Pieces, match
from pricing.structures import Hedge, Leg, Structure, reduced
from pricing.units import plain

CUSTOM: Final = "custom"
_ZERO: Final = Decimal(0)
_SOLD: Final = {
    "conversion": "reversal",
    "covered call": "protective call",
    "covered put": "protective put",
}
"""What the sold form of a kind is called, where it has a name of its own."""


class Recognised(Fact, frozen=True, kw_only=True, tag="Recognised.1"):
    """A structure's kind ("custom" when it has none) and whether it is bought or sold.

    `name` is what a dealer would say, `words` tells every leg, `multiplier` is the common divisor that was taken out
    of the ratios, and `hedged` says that there is a hedge which is not a part of the kind. A custom structure is bought
    when its first leg, in the order of `words`, is.
    """

    kind: str
    bought: bool
    multiplier: Decimal
    name: str
    words: str
    hedged: bool = False


def recognise(structure: Structure, instruments: Mapping[str, Instrument]) -> Recognised | Fault:
    """What a structure is; a Fault when it has no legs or one in an unknown instrument."""
    if not structure.legs:
        return Fault(field="legs", problem="no legs")
    small, multiplier = reduced(structure)
    legs = _pieces(small.legs, "legs", instruments)
    if isinstance(legs, Fault):
        return legs
    hedges = _pieces(small.hedges, "hedges", instruments)
    if isinstance(hedges, Fault):
        return hedges
    found = match(tuple(sorted(legs + hedges))) if len(hedges) == 1 else None
    hedged = bool(hedges) and found is None
    found = found or match(legs)
    shown = legs if hedged else tuple(sorted(legs + hedges))
    if found is None:
        kind, said, bought = CUSTOM, f"structure of {len(legs)} leg{'s' * (len(legs) > 1)}", legs[0].ratio > 0
    else:
        kind, said, bought = found
    return Recognised(
        kind=kind,
        bought=bought,
        multiplier=multiplier,
        name=_name(said, bought, shown, hedged),
        words=_words(legs, hedges),
        hedged=hedged,
    )


def _pieces(legs: Sequence[Leg | Hedge], field: str, instruments: Mapping[str, Instrument]) -> Pieces | Fault:
    """Legs with what their instruments say, sorted: options by expiry, strike and kind (puts first), then the rest."""
    found: list[Piece] = []
    for index, leg in enumerate(legs):
        instrument = instruments.get(leg.instrument)
        if instrument is None:
            problem = f"unknown instrument {leg.instrument}"
            return Fault(field=f"{field}[{index}].instrument", problem=problem)
        # What never expires comes before all dates: spot, then perpetuals.
        undated = 1 if isinstance(instrument, Perpetual) else 0
        found.append(
            Piece(
                outright=not isinstance(instrument, Option),
                expiry_at=instrument.expiry_at if isinstance(instrument, Option | Future) else undated,
                strike=instrument.strike if isinstance(instrument, Option) else _ZERO,
                call=isinstance(instrument, Option) and instrument.call,
                name=leg.instrument,
                ratio=leg.ratio,
                price=leg.price if isinstance(leg, Hedge) else _ZERO,
                instrument=instrument,
            )
        )
    return tuple(sorted(found))


def _name(said: str, bought: bool, pieces: Pieces, hedged: bool) -> str:
    """What a dealer would say: bought call spread BTC 27DEC24 60000/65000."""
    start = f"{'bought' if bought else 'sold'} {said}"
    if said in _SOLD:
        start = said if bought else _SOLD[said]
    expiries = dict.fromkeys([_expiry_word(one) for one in pieces])
    strikes = dict.fromkeys(
        [f"{plain(one.strike):f}" for one in sorted(pieces, key=_strike) if one.strike > 0]
    )
    parts = [start, pieces[0].instrument.underlying, "/".join(expiries), "/".join(strikes)]
    return " ".join([part for part in parts if part]) + (", hedged" if hedged else "")


def _strike(piece: Piece) -> Decimal:
    """What strikes are sorted by."""
    return piece.strike


def _expiry_word(piece: Piece) -> str:
    """The date, or PERP or SPOT."""
    if isinstance(piece.instrument, Option | Future):
        return date_name(piece.expiry_at)
    return "PERP" if isinstance(piece.instrument, Perpetual) else "SPOT"


def _words(legs: Pieces, hedges: Pieces) -> str:
    """Every leg in plain words, then the hedge."""
    told = ", ".join([_deed(one) for one in legs])
    for one in hedges:
        told += f"; hedge: {_deed(one)} at {plain(one.price):f}"
    return told


def _deed(piece: Piece) -> str:
    """buy 2 BTC-27DEC24-60000-C."""
    return f"{'sell' if piece.ratio < 0 else 'buy'} {plain(abs(piece.ratio)):f} {piece.name}"
