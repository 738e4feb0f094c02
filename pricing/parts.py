"""A structure's legs brought together with what the snapshot knows of each, before anything is worked out.

Prices of one kind add as they are: legs in one quote currency, all linear, or all inverse perpetuals and futures, or
all of one quanto multiplier. Of different kinds, worths add, each converted at the snapshot's index or rate: an
inverse contract's is -1 / F coin per USD, the number whose changes are its gains.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pricing.books import BookWorth, book_worth, expiry_years, hedge_gain
from pricing.instruments import Future, Instrument, Option, Perpetual
from pricing.market import MarketSnapshot, UnderlyingMarket
from pricing.option_rows import Expiry, OptionRows
from pricing.structures import Structure
from pricing.units import BPS
from pricing.worth import Unpriceable


class Part(NamedTuple):
    """One leg: an option of an expiry, or what a book says of it."""

    instrument: Instrument
    ratio: float
    expiry: Expiry | None
    book: BookWorth | None


class Package:
    """The parts, and what a unit of amount is: `unit_usd` is USD for one unit of the price.

    A part adds ratio * price * scale to fair; where `mixed`, the price of an inverse contract is -1 / F.
    """

    __slots__ = (
        "coin_valued",
        "currency",
        "gains",
        "hedges",
        "horizon",
        "market",
        "mixed",
        "notional_usd",
        "now",
        "options",
        "parts",
        "scales",
        "under",
        "unit_usd",
    )

    def __init__(self, under: UnderlyingMarket, market: MarketSnapshot, now: int, currency: str) -> None:
        self.under = under
        self.market = market
        self.now = now
        self.currency = currency
        self.coin_valued = currency == under.name
        self.options = OptionRows(under, market, now, self.coin_valued)
        self.parts: list[Part] = []
        self.scales: list[float] = []
        self.hedges: list[Part] = []
        self.gains: list[float] = []
        self.notional_usd = 0.0
        self.horizon = 0.0
        self.unit_usd = 0.0
        self.mixed = False

    @property
    def bp(self) -> float:
        """Price units of one bp of notional."""
        return self.notional_usd * BPS / self.unit_usd

    def worths(self, fairs: list[float], width: int) -> list[float]:
        """What each leg adds to fair, from the options' own, which stand `width` apart."""
        found = []
        at = 0
        for place, part in enumerate(self.parts):
            book = part.book
            if book is None:
                price = fairs[at]
                at += width
            else:
                price = -1.0 / book.fair if self.mixed and part.instrument.inverse else book.fair
            found.append(part.ratio * (price * self.scales[place]))
        return found

    def fair(self, worths: list[float]) -> float:
        """Fair: the legs in their order, then what hedges gain."""
        found = 0.0
        for one in worths:
            found += one
        for gain in self.gains:
            found += gain
        return found


def underlying_of(name: str, market: MarketSnapshot) -> UnderlyingMarket | Unpriceable:
    """The underlying's market, if the snapshot carries it and knows its index."""
    under = market.underlying(name)
    if under is None:
        return Unpriceable(reason="no_market", field=name)
    if under.index <= 0.0:
        return Unpriceable(reason="no_index", field=name)
    return under


def collect(
    structure: Structure,
    instruments: Mapping[str, Instrument],
    market: MarketSnapshot,
    now: int,
    currency: str = "",
) -> Package | Unpriceable:
    """All that is needed to value a structure at `now` in `currency` ("": its first leg's quote), or why not."""
    legs = structure.legs
    if not legs:
        return Unpriceable(reason="no_legs", field="legs")
    first = instruments.get(legs[0].instrument)
    if first is None:
        return Unpriceable(reason="unknown_instrument", field=legs[0].instrument)
    under = underlying_of(first.underlying, market)
    if isinstance(under, Unpriceable):
        return under
    package = Package(under, market, now, currency or first.quote_currency)
    kind, quote = _kind(first), first.quote_currency
    optional, alike = type(first) is Option, True
    for leg in legs:
        instrument = instruments.get(leg.instrument)
        if instrument is None:
            return Unpriceable(reason="unknown_instrument", field=leg.instrument)
        if instrument.underlying != under.name:
            return Unpriceable(reason="mixed_underlyings", field=leg.instrument)
        if not (optional and type(instrument) is Option and instrument.quote_currency == quote):
            alike = alike and _kind(instrument) == kind
        missing = _add(package, instrument, float(leg.ratio))
        if missing is not None:
            return missing
    missing = _scale_alike(package) if alike else _scale_each(package)
    if missing is None and structure.hedges:
        missing = _add_hedges(package, structure, instruments)
    return package if missing is None else missing


def _kind(instrument: Instrument) -> tuple[str, bool, object]:
    """Prices of one kind can be added."""
    if type(instrument) is Perpetual or type(instrument) is Future:
        return instrument.quote_currency, instrument.inverse, instrument.quanto
    return instrument.quote_currency, False, None


def _add(package: Package, instrument: Instrument, ratio: float) -> Unpriceable | None:
    """Take one leg in."""
    size = ratio if ratio >= 0.0 else -ratio
    if type(instrument) is Option:
        expiry = package.options.add(instrument, ratio)
        if type(expiry) is Unpriceable:
            return expiry
        package.parts.append(Part(instrument, ratio, expiry, None))
        package.scales.append(expiry.usd)
        term = expiry.term
        notional = size * package.under.index
    else:
        book = book_worth(instrument, package.under, package.market, package.now)
        if type(book) is Unpriceable:
            return book
        package.parts.append(Part(instrument, ratio, None, book))
        package.scales.append(book.unit_usd)
        term = expiry_years(instrument, package.now)
        notional = size * book.notional_usd
    if notional > package.notional_usd:
        package.notional_usd = notional
    if term > 0.0 and (package.horizon == 0.0 or term < package.horizon):
        package.horizon = term
    return None


def _usd(package: Package, currency: str) -> float | Unpriceable:
    """USD for a unit of a currency, which the snapshot must know."""
    found = package.market.usd(currency)
    return Unpriceable(reason="no_rate", field=currency) if found is None else found


def _scale_alike(package: Package) -> Unpriceable | None:
    """Prices of one kind: all by one factor, 1 unless another currency was asked for."""
    quote = package.parts[0].instrument.quote_currency
    factor = 1.0
    if package.currency != quote:
        usd, per_usd = _usd(package, quote), _usd(package, package.currency)
        if isinstance(usd, Unpriceable):
            return usd
        if isinstance(per_usd, Unpriceable):
            return per_usd
        factor = usd / per_usd
    package.unit_usd = package.scales[0] / factor
    package.scales = [factor] * len(package.parts)
    return None


def _scale_each(package: Package) -> Unpriceable | None:
    """Prices of several kinds: each by what its worth is in the currency."""
    unit = _usd(package, package.currency)
    if isinstance(unit, Unpriceable):
        return unit
    package.mixed = True
    package.unit_usd = unit
    coin = 1.0 if package.coin_valued else package.under.index / unit
    for place, part in enumerate(package.parts):
        turned = part.book is not None and part.instrument.inverse
        package.scales[place] = coin if turned else package.scales[place] / unit
    return None


def _add_hedges(
    package: Package, structure: Structure, instruments: Mapping[str, Instrument]
) -> Unpriceable | None:
    """Take the hedges in, with what each is worth beside its fixed price."""
    under = package.under
    for hedge in structure.hedges:
        instrument = instruments.get(hedge.instrument)
        if instrument is None or type(instrument) is Option:
            return Unpriceable(reason="unknown_instrument", field=hedge.instrument)
        if instrument.underlying != under.name:
            return Unpriceable(reason="mixed_underlyings", field=hedge.instrument)
        book = book_worth(instrument, under, package.market, package.now)
        if isinstance(book, Unpriceable):
            return book
        ratio = float(hedge.ratio)
        gain = hedge_gain(instrument, book, ratio, float(hedge.price), under.index)
        package.hedges.append(Part(instrument, ratio, None, book))
        package.gains.append(gain / package.unit_usd)
    return None
