"""What a structure is worth now: fair value, what one basis point of it is, its greeks, and how far fair may be wrong.

Fair is the micro-price of its books for what has no strike, and Black-76 on the expiry's forward and smile for
options, at the snapshot's index where currencies meet. The package is netted before anything is charged or doubted:
greeks add with their signs, the screen's half spread of options is paid on the net vega of each expiry, and errors of
vols are correlated through the surface, so a conversion or a box costs no volatility and carries none of its doubt. A
hedge at a fixed price moves fair by what it is worth beside that price.

Whatever is missing makes the structure Unpriceable, and says which field: no number here is ever made up.
"""

from collections.abc import Mapping

from pricing.books import book_worth
from pricing.buckets import option_buckets
from pricing.doubt import moved_variance, standard_error, vol_moved_variance
from pricing.instruments import Instrument, Option
from pricing.market import MarketSnapshot
from pricing.numeric import engine
from pricing.numeric.package import LEG_WIDTH, TOTALS, sizes
from pricing.option_rows import OptionRows, screen_vol_half_spread
from pricing.outrights import Outrights, age_ms, option_leg, outright_leg
from pricing.parts import Package, collect, underlying_of
from pricing.structures import Structure
from pricing.units import BPS
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
    return package.fair(package.worths(_fairs(package.options), 1)), package.bp


def _fairs(rows: OptionRows) -> list[float]:
    """The options' fairs alone."""
    count = rows.count
    return engine.FAIRS.run(rows.expiry_rows + rows.rows, count, len(rows.instants), count) if count else []


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
    count, found = rows.count, []
    if count:
        expiries = len(rows.instants)
        found = engine.WORTHS.run(rows.expiry_rows + rows.rows, sizes(expiries, count)[1], expiries, count)
    worths = package.worths(found, LEG_WIDTH)
    outrights = Outrights(package)
    variance, width = outrights.variance, outrights.width
    buckets: list[Bucket] = []
    if count:
        option_variance, option_width = _option_doubt(package, found, outrights)
        variance += option_variance
        width += option_width
        buckets = option_buckets(rows.instants, found, count * LEG_WIDTH + TOTALS + len(rows.instants))
    jumps = () if market.calendar is None else market.calendar.jumps(package.under.name)
    variance += moved_variance(outrights.moving, now, package.under.sigma, jumps)
    buckets += outrights.buckets()
    delta = gamma = vega = theta = vanna = volga = 0.0
    for one in buckets:
        delta += one.delta_net_usd
        gamma += one.gamma_usd_per_pct
        vega += one.vega_usd_per_vol_point
        theta += one.theta_usd_per_calendar_day
        vanna += one.vanna_usd_per_vol_point
        volga += one.volga_usd_per_vol_point_squared
    bps = 1.0 / (package.notional_usd * BPS)
    return Valuation(
        fair=package.fair(worths),
        bp=package.bp,
        notional_usd=package.notional_usd,
        delta_net_usd=delta,
        gamma_usd_per_pct=gamma,
        vega_usd_per_vol_point=vega,
        theta_usd_per_calendar_day=theta,
        vanna_usd_per_vol_point=vanna,
        volga_usd_per_vol_point_squared=volga,
        underlying=package.under.name,
        currency=package.currency,
        horizon_years=package.horizon,
        width_bps=width * bps,
        uncertainty_bps=standard_error(variance) * bps,
        age_ms=age_ms(min(rows.oldest_at, outrights.oldest_at), now),
        signed=len(structure.legs) > 1 or bool(structure.hedges) or structure.legs[0].ratio < 0,
        legs=_legs(package, found, worths),
        buckets=tuple(buckets),
    )


def _option_doubt(package: Package, found: list[float], outrights: Outrights) -> tuple[float, float]:
    """Variance of what options are worth but for what their forwards did unseen, which joins that of the outrights; and
    their width (both USD).
    """
    rows, surface = package.options, package.under.surface
    at = rows.count * LEG_WIDTH
    from_surface, from_forwards, vega_vol, width = found[at : at + TOTALS]
    at += TOTALS
    for place, seen_at in enumerate(rows.seen_at):
        outrights.move(seen_at, found[at + place])
    variance = from_surface + from_forwards
    if surface is not None:
        variance += vol_moved_variance(vega_vol, surface.at, package.now, surface.vol_of_vol)
    return variance, width


def _legs(package: Package, found: list[float], worths: list[float]) -> tuple[LegWorth, ...]:
    """The legs in their order, then the hedges."""
    legs = []
    now = package.now
    option_age_ms = age_ms(package.options.oldest_at, now)
    at = 0
    for place, part in enumerate(package.parts):
        if part[3] is None:
            legs.append(option_leg(part, worths[place], found, at, option_age_ms))
            at += LEG_WIDTH
        else:
            legs.append(outright_leg(part, worths[place], now))
    for place, part in enumerate(package.hedges):
        legs.append(outright_leg(part, package.gains[place], now, hedge=True))
    return tuple(legs)
