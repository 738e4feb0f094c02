"""How well strikes are met that a fit has not seen: every fourth two-sided one held out, four times round."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
import numpy as np

from pricing.surface.doubt import standard_error
from pricing.surface.fit import Fit, fit
from pricing.surface.lookup import vol_of
from pricing.surface.quotes import Cleaned, VolQuote
from pricing.units import years

EVERY: Final = 4
TERMS: Final = ((0.0, 2.0, "under 2 days"), (2.0, 8.0, "2 to 8 days"), (8.0, math.inf, "from 8 days on"))


class Seen(NamedTuple):
    """A held-out quote, the vol that it was given, and the standard error that this vol had."""

    quote: VolQuote
    vol: float
    error: float

    @property
    def is_inside(self) -> bool:
        """Whether the vol lies within bid and ask."""
        return self.quote.bid_vol <= self.vol <= self.quote.ask_vol


class Met(NamedTuple):
    """How held-out strikes of some terms were met; the distance is the median from mid, in vol points."""

    days: str
    quotes: int
    inside: float
    distance: float


def without(cleaned: Cleaned, offset: int) -> tuple[Cleaned, list[VolQuote]]:
    """The chain without every fourth two-sided strike of each expiry, and these."""
    kept: list[VolQuote] = []
    held: list[VolQuote] = []
    for _, group in groupby(cleaned.quotes, key=lambda one: one.expiry_at):
        strikes: dict[float, None] = {}
        for one in group:
            if one.is_two_sided:
                strikes.setdefault(one.strike)
            place = list(strikes).index(one.strike) if one.is_two_sided else -1
            (held if one.is_two_sided and place % EVERY == offset else kept).append(one)
    return msgspec.structs.replace(cleaned, quotes=tuple(kept)), held


def held_out_of(cleaned: Cleaned, offsets: Iterable[int] = range(EVERY)) -> list[Seen]:
    """Every held-out quote as a surface, fitted without it from nothing, says; one that may not be used gives none."""
    found: list[Seen] = []
    for offset in offsets:
        kept, held = without(cleaned, offset)
        found += seen_by(fit(kept), held)
    return found


def seen_by(one: Fit, quotes: Sequence[VolQuote]) -> list[Seen]:
    """What a fit says of two-sided quotes of the expiries that it has."""
    if one.surface is None:
        return []
    smiles = {smile.expiry_at: smile for smile in one.surface.smiles}
    found = []
    for quote in quotes:
        smile = smiles.get(quote.expiry_at)
        if smile is not None and quote.is_two_sided:
            vol = vol_of(one.surface, quote.expiry_at, quote.k, one.surface.at)
            if vol is not None:
                found.append(Seen(quote, vol, standard_error(smile, quote.k)))
    return found


def met(held: Sequence[Seen]) -> list[Met]:
    """By time to expiry; terms without a quote are left out."""
    found = []
    for least, most, words in TERMS:
        some = [one for one in held if least <= years(one.quote.at, one.quote.expiry_at) * 365.0 < most]
        if some:
            inside = len([one for one in some if one.is_inside]) / len(some)
            away = float(np.median([abs(one.vol - one.quote.mid_vol) for one in some]))
            found.append(Met(words, len(some), inside, 100.0 * away))
    return found
