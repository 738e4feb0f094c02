"""A fitted surface as a market snapshot, which `rfq price --snapshot` values from: index, forwards, vols, doubts."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median, pstdev
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pricing.market import Curve, MarketSnapshot, Pillar, Surface, UnderlyingMarket
from pricing.surface.lookup import vol_of
from pricing.units import BPS, DAY_NS
from rfq.domain import canon

if TYPE_CHECKING:
    from pricing.surface.fit import Fit
    from pricing.surface.quotes import OptionQuote

_SIGMA_DAYS = 30
_HASH_DIGITS = 16


def snapshot_of(
    fit: "Fit", surface: Surface, sweep: "Sequence[OptionQuote]", underlying: str, index: float | None
) -> MarketSnapshot:
    """The market of a sweep: the index is the nearest forward unless it is said.

    A forward is the median of those its quotes came with, and as much in doubt as these differ: spot moves while a
    sweep is taken. The surface's source is the fit and the hash of all its quotes.
    """
    pillars = _pillars(fit, sweep)
    sigma = vol_of(surface, fit.at + _SIGMA_DAYS * DAY_NS, 0.0, fit.at) or 0.0
    source = f"{surface.source}+{canon.hash_of(fit)[:_HASH_DIGITS]}"
    market = UnderlyingMarket(
        name=underlying,
        index=pillars[0].forward if index is None else index,
        index_at=fit.at,
        sigma=float(f"{sigma:.6g}"),
        adv_usd=0.0,
        depth_usd_10bps=0.0,
        curve=Curve(at=fit.at, pillars=pillars),
        surface=replace(surface, source=source),
    )
    return MarketSnapshot(at=fit.at, underlyings=(market,))


def write(snapshot: MarketSnapshot, path: Path) -> None:
    """Its canonical bytes."""
    path.write_bytes(canon.encode(snapshot))


def _pillars(fit: "Fit", sweep: "Sequence[OptionQuote]") -> tuple[Pillar, ...]:
    """The forward of every expiry whose quotes were used."""
    used = {(one.expiry_at, one.strike, one.is_call) for one in fit.quotes}
    forwards: dict[int, list[float]] = {}
    for one in sorted(sweep, key=lambda one: one.expiry_at):
        if (one.expiry_at, one.strike, one.is_call) in used:
            forwards.setdefault(one.expiry_at, []).append(one.forward)
    return tuple(
        [
            Pillar(
                expiry_at=expiry_at,
                forward=median(some),
                doubt_bps=float(f"{pstdev([math.log(one) for one in some]) / BPS:.4g}"),
            )
            for expiry_at, some in forwards.items()
        ]
    )
