"""Names both ways: what a text means at a venue, and what an instrument is called there.

A venue may have no name for an instrument (OKX has no options in USDC), and a name may look like another's (AFDUSD is A
in FDUSD, so AFD in USD has none). So a spelling is read back before it is given away: what is not
read as the same instrument has no name there.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from pricing.fact import Fault
from pricing.names import binance, bybit, deribit, okx
from pricing.names.named import Named, Reading, shown
from pricing.venues.rows import VenueTable
from pricing.venues.tables import TABLES

VENUES: Final = (deribit.VENUE, okx.VENUE, bybit.VENUE, binance.VENUE)
_SPELL: Final = MappingProxyType(
    {
        deribit.VENUE: deribit.spell,
        okx.VENUE: okx.spell,
        bybit.VENUE: bybit.spell,
        binance.VENUE: binance.spell,
    }
)


def parse(text: str, venue: str, *, spot: bool = False, tables: Mapping[str, VenueTable] = TABLES) -> Reading:
    """What a name says at a venue, or which part of it is wrong. Never raises, whatever the text.

    `spot` says which market is meant where names do not (Bybit and Binance).
    """
    if venue not in _SPELL:
        return Fault(field="venue", problem=f"{shown(venue)} is none of {', '.join(VENUES)}")
    if not text:
        return Fault(field="name", problem="empty")
    expiry_s = tables[venue].expiry_s_of_day
    if venue == deribit.VENUE:
        return deribit.parse(text, expiry_s)
    if venue == okx.VENUE:
        return okx.parse(text, expiry_s)
    if venue == bybit.VENUE:
        return bybit.parse(text, expiry_s, spot)
    return binance.parse(text, expiry_s, spot)


def spell(named: Named, venue: str = "", *, tables: Mapping[str, VenueTable] = TABLES) -> str | Fault:
    """What a venue (its own when none is named) calls it, or that it has no name for it."""
    meant = msgspec.structs.replace(named, venue=venue or named.venue, contract_size=None)
    known = _SPELL.get(meant.venue)
    if known is None:
        return Fault(field="venue", problem=f"{shown(meant.venue)} is none of {', '.join(VENUES)}")
    text = known(meant)
    again = parse(text, meant.venue, spot=meant.kind == "spot", tables=tables)
    if again != meant:
        problem = f"{meant.venue} has no name for this {meant.kind} ({shown(text)} would mean something else)"
        return Fault(field="name", problem=problem)
    return text
