"""What a structure is worth now: fair value, what one basis point of it is, its greeks, and how far fair may be wrong.

Fair is the micro-price of its books for what has no strike, and Black-76 on the expiry's forward and smile for
options, at the snapshot's index where currencies meet. The package is netted before anything is charged or doubted:
greeks add with their signs, the screen's half spread of options is paid on the net vega of each expiry, and errors of
vols are correlated through the surface, so a conversion or a box costs no volatility and carries none of its doubt. A
hedge at a fixed price moves fair by what it is worth beside that price.

Whatever is missing makes the structure Unpriceable, and says which field: no number here is ever made up.
"""

from collections.abc import Mapping
from typing import Final

from pricing.books import BookWorth, book_worth
from pricing.buckets import OUTRIGHT, Buckets, wing
from pricing.doubt import book_variance, moved_variance, standard_error, vol_moved_variance
from pricing.instruments import Instrument, Option
from pricing.market import MarketSnapshot
from pricing.numeric import engine
from pricing.numeric.package import LEG_WIDTH, TOTALS, answer_size
from pricing.option_rows import OptionRows, screen_vol_half_spread
from pricing.parts import Package, Part, collect, underlying_of
from pricing.structures import Structure
from pricing.units import BPS, NS_PER_MS
from pricing.worth import Bucket, LegWorth, Unpriceable, Valuation

__all__ = (
    "Bucket",
    "LegWorth",
    "Unpriceable",
    "Valuation",
    "leg_fair",
    "mark",
    "screen_vol_half_spread",
    "value",
)

_POINT: Final = 0.01
_POINT_TWICE: Final = 0.01 * 0.01
_DAYS: Final = 365.0


def leg_fair(instrument: Instrument, market: MarketSnapshot, now: int) -> float | Unpriceable:
    """The fair price of one instrument in its own price units, for marks and markouts."""
    under = underlying_of(instrument.underlying, market)
    if isinstance(under, Unpriceable):
        return under
    if not isinstance(instrument, Option):
        book = book_worth(instrument, under, market, now)
        return book if isinstance(book, Unpriceable) else book.fair
    rows = OptionRows(under, market, now)
    missing = rows.add(instrument, 1.0)
    if isinstance(missing, Unpriceable):
        return missing
    return _fairs(rows)[0]


def mark(
    structure: Structure,
    instruments: Mapping[str, Instrument],
    market: MarketSnapshot,
    now: int,
    currency: str = "",
) -> tuple[float, float] | Unpriceable:
    """Fair and bp alone, to the bit those of `value`, for marking what was traded: no greeks and no doubts."""
    package = collect(structure, instruments, market, now, currency)
    if isinstance(package, Unpriceable):
        return package
    return package.fair(_fairs(package.options), 1), package.bp


def _fairs(rows: OptionRows) -> list[float]:
    """The options' fairs alone."""
    if not rows.count:
        return []
    return engine.FAIRS.run(rows.expiry_rows + rows.rows, rows.count, rows.expiries, rows.count)


def value(
    structure: Structure,
    instruments: Mapping[str, Instrument],
    market: MarketSnapshot,
    now: int,
    currency: str = "",
) -> Valuation | Unpriceable:
    """The whole structure per unit of amount at `now` (UTC ns) in `currency` ("": its quote), or why it has none."""
    package = collect(structure, instruments, market, now, currency)
    if isinstance(package, Unpriceable):
        return package
    rows = package.options
    found: list[float] = []
    if rows.count:
        size = answer_size(rows.expiries, rows.count)
        found = engine.WORTHS.run(rows.expiry_rows + rows.rows, size, rows.expiries, rows.count)
    return _Valued(package, found).valuation(structure)


class _Valued:
    """Adds up a package whose options have been worked out."""

    __slots__ = ("book_doubts", "book_widths", "buckets", "deltas", "found", "legs", "oldest_at", "package")

    def __init__(self, package: Package, found: list[float]) -> None:
        self.package = package
        self.found = found
        self.legs: list[LegWorth] = []
        self.buckets = Buckets()
        self.book_doubts: dict[str, float] = {}
        self.book_widths: dict[str, float] = {}
        self.deltas: dict[int, float] = {}
        self.oldest_at = package.options.oldest_at

    def valuation(self, structure: Structure) -> Valuation:
        """The whole."""
        package = self.package
        fair = 0.0
        options_age_ms = self._age_ms(self.oldest_at)
        for part in package.parts:
            book = part.book
            leg = (
                self._option(part, options_age_ms)
                if book is None
                else self._outright(part, book, part.worth(book.fair))
            )
            fair += leg.worth
            self.legs.append(leg)
        for place, part in enumerate(package.hedges):
            gain = package.gains[place]
            fair += gain
            assert part.book is not None
            self.legs.append(self._outright(part, part.book, gain, hedge=True))
        variance, width = self._doubt()
        bps = 1.0 / (package.notional_usd * BPS)
        delta, gamma, vega, theta, vanna, volga = self.buckets.total()
        return Valuation(
            fair=fair,
            bp=package.bp,
            notional_usd=package.notional_usd,
            delta_net_usd=delta,
            gamma_usd_per_pct=gamma,
            vega_usd_per_vol_point=vega,
            theta_usd_per_calendar_day=theta,
            vanna_usd_per_vol_point=vanna,
            volga_usd_per_vol_point_twice=volga,
            underlying=package.under.name,
            currency=package.currency,
            horizon_years=package.horizon,
            width_bps=width * bps,
            uncertainty_bps=standard_error(variance) * bps,
            age_ms=self._age_ms(self.oldest_at),
            signed=len(structure.legs) > 1 or bool(structure.hedges) or structure.legs[0].ratio < 0,
            legs=tuple(self.legs),
            buckets=self.buckets.done(),
        )

    def _doubt(self) -> tuple[float, float]:
        """Variance of fair (USD^2), and the screen's half spread (USD)."""
        package, found, rows = self.package, self.found, self.package.options
        variance, width = book_variance(self.book_doubts), 0.0
        for one in self.book_widths.values():
            width += one if one >= 0.0 else -one
        surface = package.under.surface
        if rows.count and surface is not None:
            at = rows.count * LEG_WIDTH
            from_surface, from_forwards, vega_vol, options_width = found[at : at + TOTALS]
            variance += from_surface + from_forwards
            variance += vol_moved_variance(vega_vol, surface.at, package.now, surface.vol_of_vol)
            width += options_width
            deltas = self.deltas
            at += TOTALS
            for place, seen_at in enumerate(rows.seen_at):
                deltas[seen_at] = deltas.get(seen_at, 0.0) + found[at + place]
        return variance + moved_variance(self.deltas, package.now, package.under.sigma), width

    def _option(self, part: Part, age_ms: float) -> LegWorth:
        """One option."""
        at = part.option * LEG_WIDTH
        fair, delta, gamma, vega, theta, vanna, volga, forward_coin, vol, upper = self.found[at : at + 10]
        vega *= _POINT
        theta /= _DAYS
        vanna *= _POINT
        volga *= _POINT_TWICE
        instrument = part.instrument
        self.buckets.add(part.expiry_at, wing(upper), (delta, gamma, vega, theta, vanna, volga))
        return LegWorth(
            instrument=instrument.name,
            ratio=part.ratio,
            fair=fair,
            currency=instrument.quote_currency,
            worth=part.worth(fair),
            delta_net_usd=delta,
            delta_forward_coin=forward_coin,
            gamma_usd_per_pct=gamma,
            vega_usd_per_vol_point=vega,
            theta_usd_per_calendar_day=theta,
            vanna_usd_per_vol_point=vanna,
            volga_usd_per_vol_point_twice=volga,
            forward=part.forward,
            vol=vol,
            age_ms=age_ms,
        )

    def _outright(self, part: Part, book: BookWorth, worth: float, hedge: bool = False) -> LegWorth:
        """A leg without a strike; its delta joins those that were seen when it was."""
        ratio, instrument = part.ratio, part.instrument
        name = instrument.name
        delta = moving = ratio * book.delta_net_usd
        if not hedge and part.turned != self.package.coin_valued:
            moving -= ratio * book.notional_usd
        self.buckets.add(part.expiry_at, OUTRIGHT, (delta, 0.0, 0.0, 0.0, 0.0, 0.0))
        self.deltas[book.at] = self.deltas.get(book.at, 0.0) + moving
        unit = ratio * book.unit_usd
        self.book_widths[name] = self.book_widths.get(name, 0.0) + unit * book.half
        self.book_doubts[name] = self.book_doubts.get(name, 0.0) + unit * book.doubt
        self.oldest_at = min(self.oldest_at, book.at)
        return LegWorth(
            instrument=name,
            ratio=ratio,
            fair=book.fair,
            currency=instrument.quote_currency,
            worth=worth,
            delta_net_usd=delta,
            delta_forward_coin=ratio * book.delta_coin,
            forward=book.fair,
            age_ms=self._age_ms(book.at),
            hedge=hedge,
        )

    def _age_ms(self, at: int) -> float:
        age_ns = self.package.now - at
        return age_ns / NS_PER_MS if age_ns > 0 else 0.0
