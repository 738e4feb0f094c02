"""A structure's legs brought together with what the snapshot knows of each, before anything is worked out.

Prices of one kind add as they are: legs in one quote currency, all linear, or all inverse perpetuals and futures, or
all of one quanto multiplier. Of different kinds, worths add, each converted at the snapshot's index or rate: an
inverse contract's is -1 / F coin per USD, the number whose changes are its gains.
"""

from collections.abc import Mapping
from typing import TypeAlias

from pricing.books import BookWorth, book_worth, expiry_years, hedge_gain
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.market import MarketSnapshot, UnderlyingMarket
from pricing.numeric.elementary import INF
from pricing.option_rows import Expiry, OptionRows
from pricing.structures import Structure
from pricing.units import BPS, YEAR_NS
from pricing.worth import Unpriceable

Part: TypeAlias = tuple[Instrument, float, Expiry | None, BookWorth | None]
"""One leg: instrument, ratio, and the expiry of an option or what a book says of what has no strike."""


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
        for (instrument, ratio, _, book), scale in zip(self.parts, self.scales, strict=True):
            if book is None:
                price = fairs[at]
                at += width
            else:
                price = -1.0 / book.fair if self.mixed and instrument.inverse else book.fair
            found.append(ratio * (price * scale))
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
    name, rows, parts, scales = under.name, package.options, package.parts, package.scales
    largest = 0.0
    for leg in legs:
        instrument = instruments.get(leg.instrument)
        if instrument is None:
            return Unpriceable(reason="unknown_instrument", field=leg.instrument)
        if instrument.underlying != name:
            return Unpriceable(reason="mixed_underlyings", field=leg.instrument)
        ratio = float(leg.ratio)
        if isinstance(instrument, Option):
            alike = alike and optional and instrument.quote_currency == quote
            expiry = rows.add(instrument, ratio)
            if not isinstance(expiry, Expiry):
                return expiry
            parts.append((instrument, ratio, expiry, None))
            scales.append(expiry.usd)
            size = ratio if ratio >= 0.0 else -ratio
            if size > largest:
                largest = size
        else:
            alike = alike and _kind(instrument) == kind
            missing = _add_outright(package, instrument, ratio)
            if missing is not None:
                return missing
    if rows.instants:
        package.notional_usd = max(package.notional_usd, largest * under.index)
        nearest = (min(rows.instants) - now) / YEAR_NS
        package.horizon = min(package.horizon, nearest) if package.horizon else nearest
    missing = _scale_alike(package) if alike else _scale_each(package)
    if missing is None and not 0.0 < package.notional_usd < INF:
        missing = Unpriceable(reason="no_legs", field="ratio")  # all zero, or beyond floats
    if missing is None and structure.hedges:
        missing = _add_hedges(package, structure, instruments)
    return package if missing is None else missing


def _kind(instrument: Instrument) -> tuple[str, bool, object]:
    """Prices of one kind can be added."""
    if type(instrument) is Perpetual or type(instrument) is Future:
        return instrument.quote_currency, instrument.inverse, instrument.quanto
    return instrument.quote_currency, False, None


def _add_outright(
    package: Package, instrument: Perpetual | Future | Spot, ratio: float
) -> Unpriceable | None:
    """Take a leg without a strike in."""
    book = book_worth(instrument, package.under, package.market, package.now)
    if isinstance(book, Unpriceable):
        return book
    package.parts.append((instrument, ratio, None, book))
    package.scales.append(book.unit_usd)
    package.notional_usd = max(package.notional_usd, abs(ratio) * book.notional_usd)
    term = expiry_years(instrument, package.now)
    if term > 0.0 and (package.horizon == 0.0 or term < package.horizon):
        package.horizon = term
    return None


def _usd(package: Package, currency: str) -> float | Unpriceable:
    """USD for a unit of a currency, which the snapshot must know."""
    found = package.market.usd(currency)
    return Unpriceable(reason="no_rate", field=currency) if found is None else found


def _scale_alike(package: Package) -> Unpriceable | None:
    """Prices of one kind: all by one factor, 1 unless another currency was asked for."""
    quote = package.parts[0][0].quote_currency
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
    for place, (instrument, _, _, book) in enumerate(package.parts):
        turned = book is not None and instrument.inverse
        package.scales[place] = coin if turned else package.scales[place] / unit
    return None


def _add_hedges(
    package: Package, structure: Structure, instruments: Mapping[str, Instrument]
) -> Unpriceable | None:
    """Take the hedges in, with what each is worth beside its fixed price."""
    under = package.under
    for hedge in structure.hedges:
        instrument = instruments.get(hedge.instrument)
        if instrument is None:
            return Unpriceable(reason="unknown_instrument", field=hedge.instrument)
        if isinstance(instrument, Option):
            return Unpriceable(reason="not_priced", field=hedge.instrument)
        if instrument.underlying != under.name:
            return Unpriceable(reason="mixed_underlyings", field=hedge.instrument)
        book = book_worth(instrument, under, package.market, package.now)
        if isinstance(book, Unpriceable):
            return book
        ratio, fixed = float(hedge.ratio), float(hedge.price)
        if not 0.0 < fixed < INF:
            return Unpriceable(reason="not_priced", field=hedge.instrument)
        gain = hedge_gain(instrument, book, ratio, fixed, under.index)
        package.hedges.append((instrument, ratio, None, book))
        package.gains.append(gain / package.unit_usd)
    return None
