"""One structure valued from a snapshot: fair, legs, greeks, buckets and standard error, as the desk asks for it.

Four and twenty options of two expiries, with the kernels plain and compiled. Beside it, in the same run, what QuantLib
needs from Python for the four options alone: a calculator for each, its value and seven greeks, forward and vol given.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from statistics import median
from tempfile import TemporaryDirectory

import QuantLib as ql

from benchmarks.rows import Row
from pricing.instruments import Instrument, Option, option_name
from pricing.market import Curve, MarketSnapshot, Pillar, Surface, UnderlyingMarket
from pricing.numeric import engine
from pricing.structures import Leg, Structure
from pricing.surface.at_money import smile_at_money
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS
from pricing.valuation import Valuation, mark, value

NOW = 1_764_000_000 * NS_PER_S
DAYS = (7, 30, 60, 90)
FOUR_US, TWENTY_US = 50.0, 150.0
DOUBTS = (0.002, 0.0006, 0.0004, 0.001)


def market() -> MarketSnapshot:
    """Four expiries of one coin, seen 200 ms ago."""
    at = NOW - 200_000_000
    expiries = [NOW + days * DAY_NS for days in DAYS]
    pillars = [
        Pillar(expiry_at=one, forward=90_000.0 + 150.0 * place, doubt_bps=0.3)
        for place, one in enumerate(expiries)
    ]
    smiles = [smile_at_money(one, (one - at) / YEAR_NS, 0.5, -0.04, 0.06, doubts=DOUBTS) for one in expiries]
    under = UnderlyingMarket(
        name="BTC",
        index=90_000.0,
        index_at=at,
        sigma=0.5,
        adv_usd=2e10,
        depth_usd_10bps=2e7,
        curve=Curve(at=at, pillars=tuple(pillars)),
        surface=Surface(at=at, smiles=tuple(smiles), vol_of_vol=0.9),
    )
    return MarketSnapshot(at=at, underlyings=(under,))


def option(strike: int, days: int, call: bool) -> Option:
    """A coin-settled option."""
    expiry_at = NOW + days * DAY_NS
    return Option(
        name=option_name("BTC", expiry_at, Decimal(strike), call),
        underlying="BTC",
        quote_currency="BTC",
        settle_currency="BTC",
        inverse=True,
        contract_size=Decimal(1),
        tick=Decimal("0.0001"),
        lot=Decimal("0.1"),
        expiry_at=expiry_at,
        strike=Decimal(strike),
        call=call,
    )


def structure(legs: int) -> tuple[Structure, dict[str, Instrument]]:
    """Options of the second and the last expiry, bought and sold."""
    options = [
        option(72_000 + 4_000 * (i // 2), DAYS[1 if i % 4 < 2 else 3], i % 2 == 0) for i in range(legs)
    ]
    sides = [Leg(instrument=one.name, ratio=Decimal(1 if i % 3 else -1)) for i, one in enumerate(options)]
    return Structure(legs=tuple(sides)), {one.name: one for one in options}


def usual_us(call: Callable[[], object], rounds: int, batch: int = 10) -> float:
    """Microseconds of processor time a call: the median of so many batches."""
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(batch):
            call()
        spent.append((time.process_time() - begun) / batch)
    return median(spent) * 1e6


def quantlib(found: Valuation, instruments: dict[str, Instrument]) -> float:
    """The four options with QuantLib: their forwards and vols are given, nothing is looked up, added or doubted."""
    total = 0.0
    for leg in found.legs:
        instrument = instruments[leg.instrument]
        assert isinstance(instrument, Option)
        years = (instrument.expiry_at - NOW) / YEAR_NS
        payoff = ql.PlainVanillaPayoff(
            ql.Option.Call if instrument.call else ql.Option.Put, float(instrument.strike)
        )
        one = ql.BlackCalculator(payoff, leg.forward, leg.vol * years**0.5, 1.0)
        total += one.value() + one.deltaForward() + one.gammaForward() + one.vega(years)
        total += one.theta(leg.forward, years) + one.vanna(leg.forward, years) + one.volga(years)
    return total


@contextmanager
def plain_kernels() -> Iterator[None]:
    """As on a machine without numba, also where another bench has compiled them."""
    kept = [(kernel, kernel.compiled) for kernel in (engine.WORTHS, engine.FAIRS)]
    for kernel, _ in kept:
        kernel.compiled = None
    try:
        yield
    finally:
        for kernel, compiled in kept:
            kernel.compiled = compiled


def main(quick: bool = False) -> list[Row]:
    """Plain first, because compiling is for good."""
    rounds = 200 if quick else 2_000
    seen = market()
    four, twenty = structure(4), structure(20)
    whole = [partial(value, *one, seen, NOW) for one in (four, twenty)]
    with plain_kernels():
        plain = [one() for one in whole]
        plain_us = [usual_us(one, rounds // 4) for one in whole]
    with TemporaryDirectory() as cache:
        how = engine.warm(cache)
    begun = time.perf_counter()
    assert [one() for one in whole] == plain
    first_us = (time.perf_counter() - begun) * 1e6
    spent = [usual_us(one, rounds) for one in whole]
    found = plain[0]
    assert isinstance(found, Valuation)
    theirs = usual_us(partial(quantlib, found, four[1]), rounds)
    fast = usual_us(partial(mark, *four, seen, NOW), rounds)
    rows = [
        Row(
            f"{legs} legs from a snapshot, with greeks, buckets and standard error",
            f"{ours:.0f} µs",
            f"≤ {target:.0f} µs",
            ours <= target,
            f"plain {slow:.0f} µs, same bits; {how}",
        )
        for legs, ours, slow, target in zip((4, 20), spent, plain_us, (FOUR_US, TWENTY_US), strict=True)
    ]
    return [
        *rows,
        Row(
            "the same 4 options in QuantLib from Python, forwards and vols given",
            f"{theirs:.0f} µs: {theirs / spent[0]:.2f} × ours",
            note="value and six greeks of each; no snapshot, no surface, no sums, no doubt",
        ),
        Row("a mark of 4 legs: fair and bp alone", f"{fast:.0f} µs"),
        Row("the first two values after the kernels were made ready", f"{first_us:.0f} µs together"),
    ]
