"""Fit a surface to the quotes of a chain: the smiles of all expiries at once, checked before anybody may use them.

A fit that fails its checks has no surface and says why. It starts from the surface before when there is one; the same
quotes give the same surface, to the bit.
"""

import math
from itertools import groupby
from typing import Final

import numpy as np
from msgspec.structs import replace

from pricing.fact import Fact
from pricing.market import Smile, Surface, VarianceClock
from pricing.surface.checks import violations
from pricing.surface.doubt import Doubts, DoubtTerms, doubts_of
from pricing.surface.objective import FitTerms, Objective, Quoted
from pricing.surface.quotes import Cleaned, Dropped, VolQuote
from pricing.surface.slices import Array, Shape, raw_of, raw_of_smiles, rows_of
from pricing.surface.solve import solve
from pricing.units import NS_PER_S, years

_TWO_SIDED_MIN: Final = 4
_LEFT_S_MIN: Final = 3_600
"""No smile is fitted in the last hour; the one before it shrinks with the clock."""
_NEAR: Final = 0.35
"""How far quotes say where the money is, in vols of a year times the root of time."""
_STIFFER: Final = (1.0, 10.0, 100.0)
"""Weights of arbitrage that are tried, one after the other."""
_SOURCE: Final = "svi-penalised.1"


class SmileFit(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="SmileFit.1"):
    """How one expiry was met: quotes used, the share of two-sided ones inside their spread, the median distance."""

    expiry_at: int
    two_sided: int
    one_sided: int
    inside: float
    distance_vol_points: float


class Fit(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Fit.1"):
    """A surface and how it came about; `surface` is None when it may not be used, and `reasons` say why."""

    at: int
    surface: Surface | None
    reasons: tuple[str, ...]
    smiles: tuple[SmileFit, ...]
    quotes: tuple[VolQuote, ...]
    dropped: tuple[Dropped, ...]


def fit(
    cleaned: Cleaned,
    before: Fit | None = None,
    terms: FitTerms | None = None,
    *,
    doubt: DoubtTerms | None = None,
    clock: VarianceClock | None = None,
) -> Fit:
    """The surface of cleaned quotes, as of the newest of them; `before` is where to start, and what to keep."""
    surface_before = before.surface if before is not None else None
    alike = terms is None and doubt is None and surface_before is not None and surface_before.clock == clock
    if alike and before is not None and before.quotes == cleaned.quotes:
        return before
    kept, dropped = _enough(cleaned)
    if not kept:
        return _refused(cleaned, dropped, ("no expiry has enough quotes",))
    expiries = tuple([group[0].expiry_at for group in kept])
    quoted = quoted_of(kept, cleaned.at, terms := terms or FitTerms())
    doubt = doubt or DoubtTerms()
    starts = [None] if surface_before is None else [surface_before, None]
    reasons: tuple[str, ...] = ()
    for start in starts:
        raw = None if start is None else _carried(start, expiries, cleaned.at, quoted, terms)
        for stiffer in _STIFFER:
            raw, _ = solve(Objective(quoted, _stiffened(terms, stiffer)), raw)
            smiles, reasons = _smiles(expiries, raw)
            if not reasons:
                found = doubts_of(raw, quoted, doubt)
                return _accepted(cleaned, dropped, smiles, raw, quoted, found, doubt, clock)
    return _refused(cleaned, dropped, reasons)


def quoted_of(kept: list[list[VolQuote]], at: int, terms: FitTerms) -> Quoted:
    """The quotes of every expiry as padded arrays."""
    size, count = max(map(len, kept)), len(kept)
    fields = np.zeros((5, count, size))
    fields[4] = 1.0
    for row, group in enumerate(kept):
        fields[:4, row, : len(group)] = np.array(
            [(one.k, one.bid_vol, one.ask_vol, one.weight) for one in group]
        ).T
    k, bid, ask, weight, _ = fields
    two = (bid > 0.0) & (ask > 0.0)
    time = np.array([years(at, group[0].expiry_at) for group in kept])
    mid = np.where(two, 0.5 * (bid + ask), 0.0)
    half = np.where(two, np.maximum(0.5 * (ask - bid), terms.half_vol_min), 1.0)
    near = np.where(two, np.exp(-np.abs(k) / (_NEAR * np.sqrt(time))[:, None]) / (half + 0.02), 0.0)
    near /= near.sum(1)[:, None]
    stdev = (near * mid).sum(1) * np.sqrt(time)
    soft = terms.soft * (near * half).sum(1)[:, None]
    vega = np.exp(-0.5 * np.square(np.clip(k / stdev[:, None], -6.0, 6.0)))
    pull = np.where(
        two,
        weight * (terms.vega_share * vega + 1.0 - terms.vega_share) / (half * half + soft * soft),
        0.0,
    )
    one = (~two) & (weight > 0.0)
    bound = np.where(one, np.maximum(bid, ask), 0.0)
    push = np.where(one, terms.one_sided / np.square(np.maximum(0.1 * bound, 0.02)), 0.0)
    return Quoted(time, stdev, k, mid, half, pull, bound, np.where(bid > 0.0, -1.0, 1.0), push)


def _enough(cleaned: Cleaned) -> tuple[list[list[VolQuote]], tuple[Dropped, ...]]:
    """The quotes of the expiries that can carry a smile, and everything left out."""
    kept, dropped = [], list(cleaned.dropped)
    for expiry_at, members in groupby(cleaned.quotes, key=lambda one: one.expiry_at):
        group = list(members)
        two = sum(one.is_two_sided for one in group)
        if expiry_at - cleaned.at < _LEFT_S_MIN * NS_PER_S:
            reason = "in its last hour"
        elif two < _TWO_SIDED_MIN:
            reason = f"{two} two-sided quotes, {_TWO_SIDED_MIN} are needed"
        else:
            kept.append(group)
            continue
        dropped.append(Dropped(expiry_at=expiry_at, strike=0.0, is_call=True, part="expiry", reason=reason))
    return kept, tuple(dropped)


def _carried(surface: Surface, expiries: tuple[int, ...], at: int, quoted: Quoted, terms: FitTerms) -> Array:
    """The smiles of a surface, with the time that is left now, as a start; new expiries start from nothing."""
    raw = raw_of(Objective(quoted, terms).start())
    had = {one.expiry_at: row for one, row in zip(surface.smiles, raw_of_smiles(surface.smiles), strict=True)}
    for place, expiry_at in enumerate(expiries):
        if (row := had.get(expiry_at)) is not None:
            raw[place] = row
            raw[place, :2] *= years(at, expiry_at) / years(surface.at, expiry_at)
    return raw


def _stiffened(terms: FitTerms, stiffer: float) -> FitTerms:
    """The same terms with arbitrage weighing more, from further away."""
    return replace(
        terms,
        butterfly_weight=terms.butterfly_weight * stiffer,
        butterfly_margin=terms.butterfly_margin * math.sqrt(stiffer),
        calendar_weight=terms.calendar_weight * stiffer,
        calendar_margin=terms.calendar_margin * math.sqrt(stiffer),
    )


def _smiles(expiries: tuple[int, ...], raw: Array) -> tuple[tuple[Smile, ...], tuple[str, ...]]:
    """The smiles, and why they cannot be used."""
    try:
        smiles = tuple(
            [
                Smile(expiry_at=expiry_at, a=a, b=b, rho=rho, m=m, s=s)  # refuses wings beyond Lee's bound
                for expiry_at, (a, b, rho, m, s) in zip(expiries, raw.tolist(), strict=True)
            ]
        )
    except ValueError as error:
        return (), (str(error),)
    return smiles, tuple([str(one) for one in violations(Surface(at=0, smiles=smiles))])


def _accepted(
    cleaned: Cleaned,
    dropped: tuple[Dropped, ...],
    smiles: tuple[Smile, ...],
    raw: Array,
    quoted: Quoted,
    found: tuple[Doubts, ...],
    doubt: DoubtTerms,
    clock: VarianceClock | None,
) -> Fit:
    vol = np.sqrt(Shape(rows_of(raw), quoted.k).w / quoted.years[:, None])
    reports = []
    for place, smile in enumerate(smiles):
        two = quoted.pull[place] > 0.0
        away = np.abs(vol[place] - quoted.mid[place])[two]
        reports.append(
            SmileFit(
                expiry_at=smile.expiry_at,
                two_sided=int(two.sum()),
                one_sided=int((quoted.push[place] > 0.0).sum()),
                inside=float(np.mean(away <= quoted.half[place][two] + 1e-12)),
                distance_vol_points=100.0 * float(np.median(away)),
            )
        )
    doubted = tuple([one.on(smile) for one, smile in zip(found, smiles, strict=True)])
    surface = Surface(at=cleaned.at, smiles=doubted, vol_of_vol=doubt.vol_of_vol, source=_SOURCE, clock=clock)
    return Fit(
        at=cleaned.at,
        surface=surface,
        reasons=(),
        smiles=tuple(reports),
        quotes=cleaned.quotes,
        dropped=dropped,
    )


def _refused(cleaned: Cleaned, dropped: tuple[Dropped, ...], reasons: tuple[str, ...]) -> Fit:
    return Fit(
        at=cleaned.at, surface=None, reasons=reasons, smiles=(), quotes=cleaned.quotes, dropped=dropped
    )
