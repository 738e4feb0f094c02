"""Forwards, carry and discounting: what a coin is worth later, and what one currency is worth in another.

A forward is its expiry's pillar; else ln F runs straight in time between the index (at the instant it was seen) and
the pillars, and beyond the last pillar at the carry that the last one has. Doubts run the same way. Where the curve
and the index do not reach there is no forward.
"""

from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from typing import Final

from msgspec.structs import replace

from pricing.fact import Fact, Fault
from pricing.instruments import DOLLARS, Future, Instrument, Perpetual
from pricing.market import Book, Curve, Discount, MarketSnapshot, Pillar, UnderlyingMarket
from pricing.mid import FairMid, fair_mid
from pricing.numeric.elementary import exp, log
from pricing.units import BPS, DAY_NS, YEAR_NS

EIGHT_HOURS_A_YEAR: Final = 1095.0
INTEREST_8H: Final = 0.0001
"""The usual interest part of eight-hour funding: 0.01 %."""
CLAMP_8H: Final = 0.0005
BAND_8H: Final = 0.00025
"""Within this premium continuous funding is nothing."""
REVERSION: Final = EIGHT_HOURS_A_YEAR
"""How fast continuous funding pays the premium, per year: all of it in eight hours."""


class CurveTerms(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="CurveTerms.1"):
    """What humans set about a curve: one standard error of a perpetual's carry (a decimal a year), half the damping
    band of its funding, and how far ahead the pillar stands that a perpetual makes before the first future.
    """

    carry_doubt: float = 0.05
    band_8h: float = BAND_8H
    perpetual_ns: int = DAY_NS


USUAL: Final = CurveTerms()


def forward_at(under: UnderlyingMarket, expiry_at: int) -> float | None:
    """The forward for delivery at an instant; None when curve and index do not reach it."""
    point = forward_point(under, expiry_at)
    return None if point is None else point[0]


def forward_point(under: UnderlyingMarket, expiry_at: int) -> tuple[float, float, int] | None:
    """The forward, its doubt in bps (one standard error) and when the oldest part of it was seen; None as above."""
    curve = under.curve
    if curve is None:
        return None
    last_at, last, doubt = under.index_at if under.index > 0.0 else 0, under.index, 0.0
    for pillar in curve.pillars:
        if pillar.expiry_at == expiry_at:
            return pillar.forward, pillar.doubt_bps, curve.at
    index_at, seen_at = under.index_at, curve.at
    seen_at = index_at if index_at < seen_at else seen_at
    oldest = seen_at
    if last > 0.0 and expiry_at <= last_at:
        return last, 0.0, index_at
    for pillar in curve.pillars:
        if pillar.expiry_at <= last_at:
            continue
        if pillar.expiry_at > expiry_at:
            if last <= 0.0:
                return None
            share = (expiry_at - last_at) / (pillar.expiry_at - last_at)
            forward = last * exp(share * log(pillar.forward / last))
            return forward, doubt + share * (pillar.doubt_bps - doubt), oldest
        last_at, last, doubt = pillar.expiry_at, pillar.forward, pillar.doubt_bps
        oldest = curve.at
    if under.index <= 0.0 or last_at <= index_at:
        return None
    share = (expiry_at - index_at) / (last_at - index_at)
    return under.index * exp(share * log(last / under.index)), doubt * share, seen_at


def basis_log(forward: float, spot: float, term: float) -> float:
    """The annualised basis ln(F / S) / T, a decimal a year; `term` in years, above zero."""
    return log(forward / spot) / term


def basis_simple(forward: float, spot: float, term: float) -> float:
    """The annualised basis (F / S - 1) / T, a decimal a year; `term` in years, above zero."""
    return (forward / spot - 1.0) / term


def funding_8h(premium: float, interest: float = INTEREST_8H, clamp: float = CLAMP_8H) -> float:
    """Funding per eight hours, a ratio of notional: P + clamp(I - P, +-clamp), `premium` the averaged index P."""
    gap = interest - premium
    return premium + (clamp if gap > clamp else -clamp if gap < -clamp else gap)


def funding_continuous(perpetual: float, index: float, band: float = BAND_8H, cap: float = 0.005) -> float:
    """The rate per eight hours that is paid continuously: the premium, capped, less the damping band on either side."""
    premium = perpetual / index - 1.0
    premium = cap if premium > cap else -cap if premium < -cap else premium
    return premium - band if premium > band else premium + band if premium < -band else 0.0


def fair_perpetual(index: float, carry: float, reversion: float = REVERSION) -> float | None:
    """The perpetual when longs pay `reversion` times the premium a year and the index drifts at `carry`.

    The integral of beta e^(-beta u) S e^(carry u) du is S beta / (beta - carry); None where it has no end.
    """
    if carry >= reversion:
        return None
    return index * reversion / (reversion - carry)


def perpetual_carry(perpetual: float, index: float, reversion: float = REVERSION) -> float:
    """The carry (continuous, a decimal a year) that makes a perpetual fair: beta (1 - S / P)."""
    return reversion * (1.0 - index / perpetual)


def funding_carry(rate_8h: float) -> float:
    """The carry (a decimal a year) of a funding rate that stays: what longs pay is what holding the coin is worth."""
    return rate_8h * EIGHT_HOURS_A_YEAR


def build_curve(
    under: UnderlyingMarket,
    instruments: Mapping[str, Instrument],
    now: int,
    expiries: Sequence[int] = (),
    terms: CurveTerms = USUAL,
) -> Curve | Fault:
    """The curve that the books of futures and perpetuals show at `now`, with a pillar for each of `expiries` too.

    Futures give pillars at the composite mid of their venues. Perpetuals give one carry, the mean of what their
    funding rates and, without one, their premiums imply: before the first future it makes one short pillar, without
    any future it makes all pillars, with a doubt that grows as the carry's does.
    """
    if under.index <= 0.0:
        return Fault(field="index", problem=f"{under.name} has no index")
    pillars = _future_pillars(under, instruments, now)
    carry = _carry(under, instruments, now, terms)
    if not pillars and carry is None:
        return Fault(field="books", problem=f"{under.name} has no future and no perpetual with a fair mid")
    short_at = now + terms.perpetual_ns
    first_at = pillars[0].expiry_at if pillars else None
    if carry is not None and (first_at is None or short_at < first_at):
        pillars = [_carried(under, short_at, carry, terms), *pillars]
    if first_at is None and carry is not None:
        ahead = sorted(dict.fromkeys([one for one in expiries if one > short_at]))
        pillars += [_carried(under, one, carry, terms) for one in ahead]
    made = replace(under, curve=Curve(at=now, pillars=tuple(pillars)))
    known = {one.expiry_at: one for one in pillars}
    for expiry_at in expiries:
        point = forward_point(made, expiry_at) if expiry_at > now and expiry_at not in known else None
        if point is not None:
            known[expiry_at] = Pillar(expiry_at=expiry_at, forward=point[0], doubt_bps=point[1])
    return Curve(at=now, pillars=tuple([known[at] for at in sorted(known)]))


def _mids(
    under: UnderlyingMarket,
    instruments: Mapping[str, Instrument],
    kind: type[Future] | type[Perpetual],
    now: int,
) -> list[tuple[Instrument, FairMid]]:
    """The fair mid of each instrument of a kind that has one, in the order of the books; dollars, as the index is."""
    books: dict[str, list[Book]] = {}
    for book in under.books:
        instrument = instruments.get(book.instrument)
        if isinstance(instrument, kind) and instrument.underlying == under.name and _in_dollars(instrument):
            books.setdefault(book.instrument, []).append(book)
    found = []
    for name, several in books.items():
        mid = fair_mid(tuple(several), now, under.sigma)
        if not isinstance(mid, Fault):
            found.append((instruments[name], mid))
    return found


def _in_dollars(instrument: Instrument | None) -> bool:
    """Whether it is quoted as the index is: a coin against another coin says nothing of its carry in USD."""
    return instrument is None or instrument.quote_currency in DOLLARS


def _future_pillars(under: UnderlyingMarket, instruments: Mapping[str, Instrument], now: int) -> list[Pillar]:
    """One pillar for each expiry with a future; several futures of one expiry count by their doubts."""
    sums: dict[int, tuple[float, float]] = {}
    for instrument, mid in _mids(under, instruments, Future, now):
        if isinstance(instrument, Future) and instrument.expiry_at > now:
            weight = 1.0 / (mid.doubt * mid.doubt) if mid.doubt > 0.0 else 1.0 / (mid.mid * mid.mid * 1e-16)
            weighed, total = sums.get(instrument.expiry_at, (0.0, 0.0))
            sums[instrument.expiry_at] = weighed + weight * mid.mid, total + weight
    pillars = []
    for expiry_at in sorted(sums):
        weighed, total = sums[expiry_at]
        forward = weighed / total
        pillars.append(
            Pillar(expiry_at=expiry_at, forward=forward, doubt_bps=1.0 / (sqrt(total) * forward * BPS))
        )
    return pillars


def _carry(
    under: UnderlyingMarket, instruments: Mapping[str, Instrument], now: int, terms: CurveTerms
) -> float | None:
    """The mean carry of the perpetuals; None when there is none with a funding rate or a fair mid."""
    rates = {
        one.instrument: one.rate_8h for one in under.funding if _in_dollars(instruments.get(one.instrument))
    }
    carries = [funding_carry(rate) for rate in rates.values()]
    for instrument, mid in _mids(under, instruments, Perpetual, now):
        if instrument.name not in rates:
            rate = funding_continuous(mid.mid, under.index, terms.band_8h)
            carries.append(funding_carry(rate))
    return fsum(carries) / len(carries) if carries else None


def _carried(under: UnderlyingMarket, expiry_at: int, carry: float, terms: CurveTerms) -> Pillar:
    """The pillar that a constant carry makes of the index."""
    term = (expiry_at - under.index_at) / YEAR_NS
    doubt = terms.carry_doubt * term / BPS
    return Pillar(expiry_at=expiry_at, forward=under.index * exp(carry * term), doubt_bps=max(0.0, doubt))


def discount(snapshot: MarketSnapshot, currency: str, expiry_at: int, now: int) -> float:
    """What one unit of a currency at `expiry_at` is worth at `now`, in that currency; 1 where no rates are told.

    A pillar's zero rate runs from the instant of the rates to the pillar; between pillars forward rates are flat, so
    that discounting over two stretches is discounting over both.
    """
    for rates in snapshot.discounts:
        if rates.currency == currency:
            return exp(_interest(rates, now) - _interest(rates, expiry_at)) if rates.pillars else 1.0
    return 1.0


def _interest(rates: Discount, at: int) -> float:
    """The interest (log) from the instant of the rates to `at`: zero rate times term, straight between pillars."""
    last_at, last = rates.at, 0.0
    rate = 0.0
    for pillar_at, rate in rates.pillars:
        if pillar_at <= rates.at:
            continue
        ahead = rate * ((pillar_at - rates.at) / YEAR_NS)
        if at <= pillar_at:
            return last + (at - last_at) / (pillar_at - last_at) * (ahead - last)
        last_at, last = pillar_at, ahead
    return rate * ((at - rates.at) / YEAR_NS)


def exchange(snapshot: MarketSnapshot, from_currency: str, to_currency: str) -> float | Fault:
    """Units of one currency for a unit of another, at the snapshot's indices and rates; a missing one is a Fault."""
    if from_currency == to_currency:
        return 1.0
    usd = snapshot.usd(from_currency)
    if usd is None:
        return Fault(field="rates", problem=f"{from_currency} has no index and no rate")
    per_usd = snapshot.usd(to_currency)
    if per_usd is None:
        return Fault(field="rates", problem=f"{to_currency} has no index and no rate")
    return usd / per_usd
