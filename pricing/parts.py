"""A structure's legs brought together with what the snapshot knows of each, before anything is worked out.

Prices of one kind add as they are: legs in one quote currency, all linear, or all inverse perpetuals and futures, or
all of one quanto multiplier. Of different kinds, worths add, each converted at the snapshot's index or rate: an
inverse contract's is -1 / F coin per USD, the number whose changes are its gains.
"""

from collections.abc import Mapping
from typing import Final

from pricing.books import BookWorth, book_worth, expiry_years, hedge_gain
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.market import MarketSnapshot, UnderlyingMarket
from pricing.option_rows import OptionRows
from pricing.structures import Structure
from pricing.units import BPS
from pricing.worth import Unpriceable

NOT_AN_OPTION: Final = -1


class Part:
    """One leg: `option` is its place among the options, or `book` says what it is worth. What it adds to fair is
    ratio * price * scale, price being its own or, for an inverse contract among others (`turned`), -1 / price.
    """

    __slots__ = ("book", "expiry_at", "forward", "instrument", "option", "ratio", "scale", "turned")

    def __init__(
        self,
        instrument: Instrument,
        ratio: float,
        scale: float,
        forward: float,
        expiry_at: int,
        option: int,
        book: BookWorth | None,
    ) -> None:
        self.instrument = instrument
        self.ratio = ratio
        self.scale = scale
        self.forward = forward
        self.expiry_at = expiry_at
        self.option = option
        self.book = book
        self.turned = False

    def worth(self, fair: float) -> float:
        """What the leg adds to the structure's fair when its own is `fair`."""
        return self.ratio * ((-1.0 / fair if self.turned else fair) * self.scale)


class Package:
    """The parts, and what a unit of amount is: `unit_usd` is USD for one unit of the price."""

    __slots__ = (
        "coin_valued",
        "currency",
        "gains",
        "hedges",
        "horizon",
        "market",
        "notional_usd",
        "now",
        "options",
        "parts",
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
        self.hedges: list[Part] = []
        self.gains: list[float] = []
        self.notional_usd = 0.0
        self.horizon = 0.0
        self.unit_usd = 0.0

    @property
    def bp(self) -> float:
        """Price units of one bp of notional."""
        return self.notional_usd * BPS / self.unit_usd

    def fair(self, fairs: list[float], width: int) -> float:
        """Fair from the options' own, which stand `width` apart: legs in their order, then what hedges gain."""
        found = 0.0
        for part in self.parts:
            book = part.book
            found += part.worth(fairs[part.option * width] if book is None else book.fair)
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
        found = package.options.add(instrument, ratio)
        if type(found) is Unpriceable:
            return found
        usd, forward, term = found
        part = Part(instrument, ratio, usd, forward, instrument.expiry_at, package.options.count - 1, None)
        notional = size * package.under.index
    else:
        book = book_worth(instrument, package.under, package.market, package.now)
        if type(book) is Unpriceable:
            return book
        term = expiry_years(instrument, package.now)
        part = outright(instrument, ratio, book)
        notional = size * book.notional_usd
    if notional > package.notional_usd:
        package.notional_usd = notional
    if term > 0.0 and (package.horizon == 0.0 or term < package.horizon):
        package.horizon = term
    package.parts.append(part)
    return None


def outright(instrument: Perpetual | Future | Spot, ratio: float, book: BookWorth) -> Part:
    """A part that has no strike."""
    expiry_at = instrument.expiry_at if type(instrument) is Future else 0
    return Part(instrument, ratio, book.unit_usd, book.fair, expiry_at, NOT_AN_OPTION, book)


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
    package.unit_usd = package.parts[0].scale / factor
    for part in package.parts:
        part.scale = factor
    return None


def _scale_each(package: Package) -> Unpriceable | None:
    """Prices of several kinds: each by what its worth is in the currency."""
    unit = _usd(package, package.currency)
    if isinstance(unit, Unpriceable):
        return unit
    package.unit_usd = unit
    for part in package.parts:
        instrument = part.instrument
        if instrument.inverse and type(instrument) is not Option:
            part.turned = True
            part.scale = 1.0 if package.coin_valued else package.under.index / unit
        else:
            part.scale /= unit
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
        package.hedges.append(outright(instrument, ratio, book))
        package.gains.append(gain / package.unit_usd)
    return None
