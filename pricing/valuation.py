"""What a structure is worth now: fair value, what one basis point of it is, and its greeks in USD.

Fair is the size-weighted mid of the book for perpetuals and futures, and Black-76 on the expiry's forward and
smile for options. The package is netted before anything is charged for: greeks add with their signs, and the
screen's half spread of options is paid on the net vega of each expiry, so a conversion or a box costs no
volatility. A hedge at a fixed price moves fair by what it is worth beside that price. USDC and USD count as
one; rates are zero.

Whatever is missing makes the structure Unpriceable, and says which field: no number here is ever made up.
"""

import math
from collections.abc import Mapping
from typing import Final, TypeAlias

from pricing import black
from pricing.fact import Fact
from pricing.instruments import Future, Instrument, Option, Perpetual
from pricing.market import MarketSnapshot, Slice, Top, UnderlyingMarket
from pricing.structures import Hedge, Structure
from pricing.units import BPS, YEAR_NS

_SMILE_REACH: Final = 3.0
_REACH_SQUARE: Final = _SMILE_REACH * _SMILE_REACH
_VOL_FLOOR_RATIO: Final = 0.2
_VOL_CAP_RATIO: Final = 5.0
_BOOK_DOUBT: Final = 0.5
"""One standard deviation of doubt about a book's fair, as a share of its half spread."""
_VOL_DOUBT: Final = 0.001
"""One standard deviation of doubt about an at-the-money volatility; it grows with distance as 1 + x^2."""

_log = math.log
_sqrt = math.sqrt


class Valuation(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Valuation.1"):
    """What one unit of amount is worth; see each field's unit.

    fair: price per unit, in the structure's quote currency. bp: price units of one bp of notional.
    notional_usd: per unit (largest leg). delta_usd: USD of the underlying held per unit, signed, option
    premiums paid in coin taken off. gamma_usd: USD of delta per move of 1 %. vega_usd_per_vol_point: USD per
    0.01 of volatility. theta_usd_per_day. horizon_years: to the nearest expiry, 0 = none. width_bps: the
    screen's own half spread, bps of notional. uncertainty_bps: one standard deviation of doubt about fair.
    signed: whether the price may be zero or negative.
    """

    fair: float
    bp: float
    notional_usd: float
    delta_usd: float
    gamma_usd: float = 0.0
    vega_usd_per_vol_point: float = 0.0
    theta_usd_per_day: float = 0.0
    underlying: str
    horizon_years: float = 0.0
    width_bps: float
    uncertainty_bps: float
    signed: bool = False


class Unpriceable(Fact, frozen=True, kw_only=True, tag="Unpriceable.1"):
    """Why there is no value, as a short word, and the field or name that it is about.

    Words: no_legs, unknown_instrument, no_market, no_index, no_book, no_slice, expired.
    """

    reason: str
    field: str


_Worth: TypeAlias = tuple[float, float, float, float, float, float]
"""One leg per unit of its own amount: fair in its price units, USD per price unit, notional in USD, delta in
USD, half spread and doubt in its price units.
"""
_OptionWorth: TypeAlias = tuple[float, float, float, float, float, float, float, float, float, float]
"""One option leg per coin: as `_Worth` but half spread and doubt in USD, then gamma (USD of delta per 1 %),
vega (USD per 1.00 of volatility), theta (USD a year) and term in years.
"""


def screen_vol_half_spread(term: float) -> float:
    """Half the usual screen spread of an at-the-money option, in volatility as a decimal, `term` in years.

    Fitted to public screens (1.35 vol points in the first week, 0.6 at a month, 0.38 beyond a quarter); used
    where a slice does not say its own.
    """
    return 0.0035 + 0.00017 / (term + 0.003)


def moneyness(forward: float, strike: float, term: float) -> float:
    """Log-moneyness per square root of a year, the smile's x; `term` in years, above zero."""
    return _log(strike / forward) / _sqrt(term)


def smile_vol(expiry: Slice, x: float) -> float:
    """The smile's volatility (decimal a year) at moneyness x; flat beyond 3, kept within sane bounds of the
    money.
    """
    x = _SMILE_REACH if x > _SMILE_REACH else -_SMILE_REACH if x < -_SMILE_REACH else x
    atm = expiry.vol_atm
    vol = atm + x * (expiry.skew + x * expiry.convexity)
    low, high = _VOL_FLOOR_RATIO * atm, _VOL_CAP_RATIO * atm
    return low if vol < low else high if vol > high else vol


def top_fair(top: Top) -> float:
    """The size-weighted mid: nearer to the offer when more is bid; the plain mid of an empty book."""
    size = top.bid_size + top.offer_size
    if size <= 0.0:
        return 0.5 * (top.bid + top.offer)
    return (top.bid * top.offer_size + top.offer * top.bid_size) / size


def leg_fair(instrument: Instrument, market: MarketSnapshot, now: int) -> float | Unpriceable:
    """The fair price of one instrument in its own price units, for marks and markouts."""
    under = _underlying(instrument.underlying, market)
    if isinstance(under, Unpriceable):
        return under
    if isinstance(instrument, Option):
        return _option_fair(instrument, under, now)
    book = _book_worth(instrument, under, now)
    return book if isinstance(book, Unpriceable) else book[0]


def value(
    structure: Structure, instruments: Mapping[str, Instrument], market: MarketSnapshot, now: int
) -> Valuation | Unpriceable:
    """The whole structure per unit of amount at `now` (UTC ns), or why it has no value."""
    legs = structure.legs
    if not legs:
        return Unpriceable(reason="no_legs", field="legs")
    first = instruments.get(legs[0].instrument)
    if first is None:
        return Unpriceable(reason="unknown_instrument", field=legs[0].instrument)
    under = _underlying(first.underlying, market)
    if isinstance(under, Unpriceable):
        return under
    if len(legs) == 1 and not structure.hedges and not isinstance(first, Option):
        return _single_book(first, float(legs[0].ratio), under, now)
    return _package(structure, instruments, under, now)


def mark(
    structure: Structure, instruments: Mapping[str, Instrument], market: MarketSnapshot, now: int
) -> tuple[float, float] | Unpriceable:
    """Fair and bp alone, to the bit those of `value`, for marking what was traded: no greeks, half the work."""
    legs = structure.legs
    if not legs:
        return Unpriceable(reason="no_legs", field="legs")
    first = instruments.get(legs[0].instrument)
    if first is None:
        return Unpriceable(reason="unknown_instrument", field=legs[0].instrument)
    under = _underlying(first.underlying, market)
    if isinstance(under, Unpriceable):
        return under
    fair = notional = usd = 0.0
    for leg in legs:
        instrument = instruments.get(leg.instrument)
        if instrument is None:
            return Unpriceable(reason="unknown_instrument", field=leg.instrument)
        ratio = float(leg.ratio)
        if isinstance(instrument, Option):
            price = _option_fair(instrument, under, now)
            if isinstance(price, Unpriceable):
                return price
            unit = under.index
            leg_usd = unit if instrument.inverse else 1.0
        else:
            book = _book_worth(instrument, under, now)
            if isinstance(book, Unpriceable):
                return book
            price, leg_usd, unit = book[:3]
        fair += ratio * price
        notional = max(notional, abs(ratio) * unit)
        usd = usd or leg_usd
    for hedge in structure.hedges:
        gain = _hedge_gain(hedge, instruments, under, now)
        if isinstance(gain, Unpriceable):
            return gain
        fair += gain[0] / usd
    return fair, notional * BPS / usd


def _underlying(name: str, market: MarketSnapshot) -> UnderlyingMarket | Unpriceable:
    """The underlying's market, if the snapshot carries it and knows its index."""
    under = market.underlying(name)
    if under is None:
        return Unpriceable(reason="no_market", field=name)
    if under.index <= 0.0:
        return Unpriceable(reason="no_index", field=name)
    return under


def _book_worth(instrument: Perpetual | Future, under: UnderlyingMarket, now: int) -> _Worth | Unpriceable:
    """A perpetual or future from its own book; a future past its expiry has no price here."""
    if isinstance(instrument, Future) and instrument.expiry_at <= now:
        return Unpriceable(reason="expired", field=instrument.name)
    top = under.top(instrument.name)
    if top is None:
        return Unpriceable(reason="no_book", field=instrument.name)
    fair = top_fair(top)
    half = 0.5 * (top.offer - top.bid)
    if instrument.inverse:
        return fair, 1.0 / fair, 1.0, 1.0, half, _BOOK_DOUBT * half
    return fair, 1.0, fair, fair, half, _BOOK_DOUBT * half


def _option_worth(option: Option, under: UnderlyingMarket, now: int) -> _OptionWorth | Unpriceable:
    """An option from its expiry's slice; at and after expiry it is settled, not priced."""
    expiry = _slice_of(option, under, now)
    if isinstance(expiry, Unpriceable):
        return expiry
    term = (option.expiry_at - now) / YEAR_NS
    strike = float(option.strike)
    forward = expiry.forward
    x = moneyness(forward, strike, term)
    fair, delta, gamma, vega, theta = black.greeks(forward, strike, term, smile_vol(expiry, x), option.call)
    usd = 1.0
    if option.inverse:
        fair /= forward
        delta -= fair
        usd = under.index
    half = vega * (expiry.vol_half_spread or screen_vol_half_spread(term))
    square = x * x
    doubt = vega * _VOL_DOUBT * (1.0 + (square if square < _REACH_SQUARE else _REACH_SQUARE))
    gamma *= forward * forward * 0.01
    return fair, usd, under.index, delta * forward, half, doubt, gamma, vega, theta, term


def _option_fair(option: Option, under: UnderlyingMarket, now: int) -> float | Unpriceable:
    """The fair price of an option alone, in its price units."""
    expiry = _slice_of(option, under, now)
    if isinstance(expiry, Unpriceable):
        return expiry
    term = (option.expiry_at - now) / YEAR_NS
    strike = float(option.strike)
    forward = expiry.forward
    sigma = smile_vol(expiry, moneyness(forward, strike, term))
    fair = black.value(forward, strike, term, sigma, option.call)
    return fair / forward if option.inverse else fair


def _slice_of(option: Option, under: UnderlyingMarket, now: int) -> Slice | Unpriceable:
    """The slice that an option is priced off."""
    if option.expiry_at <= now:
        return Unpriceable(reason="expired", field=option.name)
    expiry = under.slice(option.expiry_at)
    return Unpriceable(reason="no_slice", field=option.name) if expiry is None else expiry


def _single_book(
    instrument: Perpetual | Future, ratio: float, under: UnderlyingMarket, now: int
) -> Valuation | Unpriceable:
    """The short way for one perpetual or future without a hedge."""
    worth = _book_worth(instrument, under, now)
    if isinstance(worth, Unpriceable):
        return worth
    fair, usd, notional, delta, half, doubt = worth
    size = abs(ratio)
    bps = usd / (notional * BPS)
    return Valuation(
        fair=ratio * fair,
        bp=size * notional * BPS / usd,
        notional_usd=size * notional,
        delta_usd=ratio * delta,
        underlying=instrument.underlying,
        horizon_years=(instrument.expiry_at - now) / YEAR_NS if isinstance(instrument, Future) else 0.0,
        width_bps=half * bps,
        uncertainty_bps=doubt * bps,
        signed=ratio < 0.0,
    )


def _package(
    structure: Structure, instruments: Mapping[str, Instrument], under: UnderlyingMarket, now: int
) -> Valuation | Unpriceable:
    """Legs added with their signs; option spreads netted by expiry."""
    fair = notional = delta = gamma = vega = theta = width = doubt = horizon = usd = 0.0
    nets: dict[int, float] = {}
    for leg in structure.legs:
        instrument = instruments.get(leg.instrument)
        if instrument is None:
            return Unpriceable(reason="unknown_instrument", field=leg.instrument)
        ratio = float(leg.ratio)
        size = abs(ratio)
        if isinstance(instrument, Option):
            option = _option_worth(instrument, under, now)
            if isinstance(option, Unpriceable):
                return option
            price, leg_usd, unit, leg_delta, half, leg_doubt, leg_gamma, leg_vega, leg_theta, term = option
            gamma += ratio * leg_gamma
            vega += ratio * leg_vega
            theta += ratio * leg_theta
            nets[instrument.expiry_at] = nets.get(instrument.expiry_at, 0.0) + ratio * half
            doubt += size * leg_doubt
        else:
            book = _book_worth(instrument, under, now)
            if isinstance(book, Unpriceable):
                return book
            price, leg_usd, unit, leg_delta, half, leg_doubt = book
            term = (instrument.expiry_at - now) / YEAR_NS if isinstance(instrument, Future) else 0.0
            width += size * half * leg_usd
            doubt += size * leg_doubt * leg_usd
        fair += ratio * price
        delta += ratio * leg_delta
        notional = max(notional, size * unit)
        usd = usd or leg_usd
        if term > 0.0 and (horizon == 0.0 or term < horizon):
            horizon = term
    for hedge in structure.hedges:
        gain = _hedge_gain(hedge, instruments, under, now)
        if isinstance(gain, Unpriceable):
            return gain
        fair += gain[0] / usd
        delta += gain[1]
    for net in nets.values():
        width += abs(net)
    bps = 1.0 / (notional * BPS)
    return Valuation(
        fair=fair,
        bp=notional * BPS / usd,
        notional_usd=notional,
        delta_usd=delta,
        gamma_usd=gamma,
        vega_usd_per_vol_point=0.01 * vega,
        theta_usd_per_day=theta / 365.0,
        underlying=under.name,
        horizon_years=horizon,
        width_bps=width * bps,
        uncertainty_bps=doubt * bps,
        signed=len(structure.legs) > 1 or bool(structure.hedges) or structure.legs[0].ratio < 0,
    )


def _hedge_gain(
    hedge: Hedge, instruments: Mapping[str, Instrument], under: UnderlyingMarket, now: int
) -> tuple[float, float] | Unpriceable:
    """What the hedge is worth beside its fixed price (USD per unit of structure), and its delta in USD."""
    instrument = instruments.get(hedge.instrument)
    if instrument is None or isinstance(instrument, Option):
        return Unpriceable(reason="unknown_instrument", field=hedge.instrument)
    book = _book_worth(instrument, under, now)
    if isinstance(book, Unpriceable):
        return book
    ratio, fixed = float(hedge.ratio), float(hedge.price)
    gain = ratio * (book[0] / fixed - 1.0) if instrument.inverse else ratio * (book[0] - fixed)
    return gain, ratio * book[3]
