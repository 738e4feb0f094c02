"""The surface of a real chain: how fast it is fitted, how strikes are met that it has not seen, what a tick moves.

The chain is the shared Deribit capture (BTC calls, 34 sweeps of about 460 rows on 2024-09-02); without it, or without
DuckDB to read it, there is one row that says so.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from benchmarks.rows import Row
from pricing.instruments import Option
from pricing.market import Curve, MarketSnapshot, Pillar, Surface, UnderlyingMarket
from pricing.structures import Leg, Structure
from pricing.surface.checks import grid, margins, violations
from pricing.surface.doubt import measured_vol_of_vol
from pricing.surface.fit import Fit, fit
from pricing.surface.held_out import EVERY, Seen, held_out_of, met, seen_by, without
from pricing.surface.quotes import Cleaned, OptionQuote, VolQuote, clean
from pricing.surface.slices import Shape, raw_of_smiles, rows_of
from pricing.units import years
from pricing.valuation import Valuation, value

CAPTURE = (
    Path(__file__).resolve().parents[1].parent / "shared/data/deribit_btc_option_quotes_20240902.parquet"
)
WARM_MS, COLD_MS, INSIDE, DISTANCE, TICKS = 50.0, 1_000.0, 0.93, 0.25, 3.0
BUCKETS = ((0.0, "< 2 d"), (2.0, "2-8 d"), (8.0, "8-35 d"), (35.0, "35-100 d"), (100.0, "> 100 d"))
DEVIATIONS = 1.645


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` takes every sixth sweep."""
    from rfq.ops.chains import ChainError, read

    try:
        sweeps = read(CAPTURE).sweeps
    except (OSError, ChainError) as error:
        return [Row("surface of a real chain", "not measured", note=str(error))]
    step = 6 if quick else 1
    cleaned = [clean(sweep) for sweep in sweeps]
    rows = list(_speed(sweeps))
    fits = [fit(one) for one in cleaned]
    rows += _arbitrage(fits)
    held = [seen for one in cleaned[::step] for seen in held_out_of(one)]
    rows += _held(held, fits)
    rows += _ticks(sweeps, 12 if quick else 60)
    later = [
        seen
        for one, two in pairwise(zip(fits, cleaned, strict=True))
        for seen in seen_by(one[0], two[1].quotes)
    ]
    rows += _coverage(
        "held-out strikes", [seen for one in cleaned[1::2][::step] for seen in held_out_of(one)]
    )
    rows += _coverage("the next sweep's quotes", later)
    rows += _priced(sweeps, cleaned, fits, step)
    moved = measured_vol_of_vol([one.surface for one in fits if one.surface is not None])
    rows.append(Row("volatility of volatility between sweeps, expiries from 8 days on", f"{moved:.2f}"))
    return rows


def _speed(sweeps: tuple[tuple[OptionQuote, ...], ...]) -> Iterator[Row]:
    """From a raw chain to a checked surface; the median of all sweeps."""
    times: dict[str, list[float]] = defaultdict(list)
    last: Fit | None = None
    for sweep in sweeps:
        begun = time.perf_counter()
        cleaned = clean(sweep)
        ready = time.perf_counter()
        cold = fit(cleaned)
        done = time.perf_counter()
        times["cleaned"].append(ready - begun)
        times["cold"].append(done - begun)
        if last is not None:
            fit(cleaned, last)
            times["warm"].append(time.perf_counter() - done + ready - begun)
        last = cold
    ms = {name: 1e3 * float(np.median(found)) for name, found in times.items()}
    yield Row(
        "surface from the one before, chain to checked surface",
        f"{ms['warm']:.1f} ms",
        f"≤ {WARM_MS:.0f} ms",
        ms["warm"] <= WARM_MS,
        f"of which cleaning and implied vols {ms['cleaned']:.1f} ms",
    )
    yield Row(
        "surface from nothing",
        f"{ms['cold']:.1f} ms",
        f"≤ {COLD_MS:.0f} ms",
        ms["cold"] <= COLD_MS,
        f"slowest {1e3 * max(times['cold']):.1f} ms",
    )


def _arbitrage(fits: list[Fit]) -> Iterator[Row]:
    surfaces = [one.surface for one in fits if one.surface is not None]
    bad = sum(bool(violations(one)) for one in surfaces) + len(fits) - len(surfaces)
    least = [margins(one.smiles) for one in surfaces]
    yield Row(
        f"sweeps with arbitrage or no surface, of {len(fits)}",
        str(bad),
        "0",
        bad == 0,
        f"smallest butterfly g {min(one[0] for one in least):.3f}, calendar step {min(one[1] for one in least):.2%}",
    )


def _held(held: list[Seen], fits: list[Fit]) -> Iterator[Row]:
    inside = sum(one.is_inside for one in held) / len(held)
    yield Row(
        "held-out strikes inside bid-ask",
        f"{inside:.1%}",
        f"≥ {INSIDE:.0%}",
        inside >= INSIDE,
        f"{len(held)} strikes",
    )
    for one in met(held):
        is_target = one.days.startswith("from")
        yield Row(
            f"held-out strikes {one.days}: median distance to mid",
            f"{one.distance:.2f} vol points",
            f"≤ {DISTANCE}" if is_target else "",
            one.distance <= DISTANCE if is_target else None,
            f"{one.inside:.1%} inside, {one.quotes} strikes",
        )
    two = sum(smile.two_sided for one in fits for smile in one.smiles)
    seen = sum(smile.two_sided * smile.inside for one in fits for smile in one.smiles) / two
    yield Row("quotes in the fit inside bid-ask", f"{seen:.1%}")


def _ticks(sweeps: tuple[tuple[OptionQuote, ...], ...], tries: int) -> Iterator[Row]:
    """One tick on one quote, seeded: the largest move of any vol in ticks' own vols."""
    dice = np.random.default_rng(7)
    quoted, everywhere, count = 0.0, 0.0, 0
    for sweep in (sweeps[0], sweeps[9], sweeps[17], sweeps[30]):
        base = fit(clean(sweep))
        for _ in range(tries):
            place, way = int(dice.integers(len(sweep))), int(dice.choice((-1, 1)))
            side = ("bid", "ask")[int(dice.integers(2))]
            one = sweep[place]
            price = getattr(one, side)
            tick = 1e-4 if price < 0.005 else 5e-4
            other = replace(one, **{side: price + way * tick})
            if min(other.bid, other.ask) < 0.0 or other.bid >= other.ask:
                continue
            after = fit(clean([*sweep[:place], other, *sweep[place + 1 :]]), base)
            if base.surface is None or after.surface is None:
                continue
            seen, all_over = _moved(base, base.surface, after.surface, one, tick)
            quoted, everywhere, count = max(quoted, seen), max(everywhere, all_over), count + 1
    yield Row(
        "one tick on one quote: largest move of a quoted strike's vol",
        f"{quoted:.2f} × the tick's own",
        f"≤ {TICKS}",
        quoted <= TICKS,
        f"{count} ticks; anywhere with ln K/F within ±2: {everywhere:.2f} ×",
    )


def _moved(base: Fit, before: Surface, after: Surface, one: OptionQuote, tick: float) -> tuple[float, float]:
    """Largest moves of vols, at quoted strikes and on the grid, in the tick's own vol at the surface before."""
    terms = np.array([years(base.at, smile.expiry_at) for smile in before.smiles])[:, None]
    rows = [rows_of(raw_of_smiles(surface.smiles)) for surface in (before, after)]
    expiries = [smile.expiry_at for smile in before.smiles]
    place = expiries.index(one.expiry_at)
    k = float(np.log(one.strike / one.forward))
    s = float(np.sqrt(Shape(rows[0][place : place + 1], np.array([k])).w[0, 0]))
    own = tick / (np.exp(-0.5 * (s / 2.0 - k / s) ** 2) / np.sqrt(2.0 * np.pi) * np.sqrt(terms[place, 0]))

    def largest(points: np.ndarray, some: slice) -> float:
        vols = [np.sqrt(Shape(row[some], points).w / terms[some]) for row in rows]
        return float(np.abs(vols[1] - vols[0]).max() / own)

    quoted = max(
        largest(
            np.array([quote.k for quote in base.quotes if quote.expiry_at == expiry_at]), slice(at, at + 1)
        )
        for at, expiry_at in enumerate(expiries)
    )
    return quoted, largest(grid(), slice(None))


def _coverage(what: str, seen: list[Seen]) -> Iterator[Row]:
    """How often the mid's vol lies within 1.645 standard errors, by time to expiry."""
    yield _covered(
        f"vol ± 1.645 s.e. covers the mid of {what}",
        [
            (one.quote.at, one.quote.expiry_at, abs(one.vol - one.quote.mid_vol) <= DEVIATIONS * one.error)
            for one in seen
        ],
    )


Priced = tuple[int, int, bool]
"""A quote's instant and expiry, and whether its mid was covered."""


def _priced(
    sweeps: tuple[tuple[OptionQuote, ...], ...], cleaned: list[Cleaned], fits: list[Fit], step: int
) -> Iterator[Row]:
    """The same of prices, through `value`: fair ± 1.645 of its own standard error, age included."""
    held: list[Priced] = []
    for sweep, one in list(zip(sweeps, cleaned, strict=True))[::step]:
        for offset in range(EVERY):
            kept, some = without(one, offset)
            held += _covers(fit(kept), sweep, some, one.at)
    yield _covered("fair ± 1.645 s.e. of value() covers the mid price of held-out strikes", held)
    later: list[Priced] = []
    for place, before in enumerate(fits[:-1]):
        later += _covers(before, sweeps[place + 1], cleaned[place + 1].quotes, cleaned[place + 1].at)
    yield _covered("fair ± 1.645 s.e. of value() covers the next sweep's mid prices", later)


def _covers(
    one: Fit, sweep: tuple[OptionQuote, ...], quotes: Iterable[VolQuote], now: int
) -> Iterator[Priced]:
    """Each two-sided quote of the fit's expiries, valued at `now` on the surface as it was, and its own forward."""
    if one.surface is None:
        return
    expiries = {smile.expiry_at for smile in one.surface.smiles}
    raw = {(row.expiry_at, row.strike, row.is_call, row.at): row for row in sweep}
    for quote in quotes:
        if quote.is_two_sided and quote.expiry_at in expiries:
            row = raw[quote.expiry_at, quote.strike, quote.is_call, quote.at]
            found = _valued(one.surface, row, now)
            error = found.uncertainty_bps * found.bp
            yield quote.at, quote.expiry_at, abs(found.fair - 0.5 * (row.bid + row.ask)) <= DEVIATIONS * error


def _valued(surface: Surface, row: OptionQuote, now: int) -> Valuation:
    option = Option(
        name="option",
        underlying="BTC",
        quote_currency="BTC",
        settle_currency="BTC",
        inverse=True,
        contract_size=Decimal(1),
        tick=Decimal("0.0001"),
        lot=Decimal("0.1"),
        expiry_at=row.expiry_at,
        strike=Decimal(repr(row.strike)),
        call=row.is_call,
        averaging_s=1_800,
    )
    under = UnderlyingMarket(
        name="BTC",
        index=row.forward,
        index_at=now,
        sigma=0.5,
        adv_usd=0.0,
        depth_usd_10bps=0.0,
        curve=Curve(at=now, pillars=(Pillar(expiry_at=row.expiry_at, forward=row.forward),)),
        surface=surface,
    )
    asked = Structure(legs=(Leg(instrument=option.name, ratio=Decimal(1)),))
    found = value(asked, {option.name: option}, MarketSnapshot(at=now, underlyings=(under,)), now)
    assert isinstance(found, Valuation), found
    return found


def _covered(what: str, seen: list[Priced]) -> Row:
    covered: dict[str, list[bool]] = {words: [] for _, words in BUCKETS}
    for at, expiry_at, is_covered in seen:
        days = years(at, expiry_at) * 365.0
        covered[[words for least, words in BUCKETS if days >= least][-1]].append(is_covered)
    shares = {words: sum(found) / len(found) for words, found in covered.items() if found}
    told = ", ".join(f"{words} {share:.1%}" for words, share in shares.items())
    is_met = all(0.85 <= share <= 0.95 for share in shares.values())
    return Row(what, told, "85-95 %", is_met, f"{len(seen)} quotes")
