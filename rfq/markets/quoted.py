"""What is quoted: spread by time, size at the touch, depth by distance, the cost of walking the book, volatility."""

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from pricing.units import NS_PER_S
from rfq.desk.features.look import BANDS_BPS, Sizing
from rfq.markets.books import Followed
from rfq.markets.figures import Figure, group, median, missing, ratio
from rfq.markets.ladder import WALKS_USD
from rfq.markets.market import Holes, Touch, last_by, worth

if TYPE_CHECKING:
    from rfq.markets.figures import Floats

SAMPLED_S: Final = (0.1, 1.0, 5.0, 30.0, 60.0)
RETURNS_MIN: Final = 20
FILLED: Final = 0.5
"""A walk is told if the book held as much in at least this share of looks."""
KNOWN: Final = 0.95
"""Below this share of looks within the snapshot's reach a figure says so."""
_SPREADS_BPS: Final = tuple(float(one) for one in np.round(np.geomspace(0.001, 1_000.0, 121), 6))


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Bid to offer over the mid. `by_time` is the share of time with at most so many bps, for drawing."""

    time_weighted_bps: Figure
    median_by_time_bps: Figure
    mean_by_quote_bps: Figure
    touch_usd: Figure
    """Worth at the touch, mean of both sides, median over quotes."""
    touch_usd_by_time: Figure
    by_time: tuple[tuple[float, float], ...] = ()


class Sigma(msgspec.Struct, frozen=True, kw_only=True):
    """Volatility in bps of one second's square root, from mids so far apart."""

    every_s: float
    sigma_bps: Figure


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """Median worth of one side within so many bps of the mid, USD."""

    within_bps: float
    usd: Figure


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """Mean cost against the mid of taking so much at once, and in which share of looks the book held it."""

    usd: float
    cost_bps: Figure
    bid_bps: float | None = None
    offer_bps: float | None = None
    filled: float = 0.0


def spread_of(touch: Touch, sizing: Sizing, holes: Holes, lacking: str) -> Spread:
    """The spread and what stands at it; `lacking` says why there is no touch, if there is none."""
    if len(touch.at) < 2 or not held_s(touch, holes).any():
        gone = missing(lacking or f"{len(touch.at)} quotes that stood for no time", len(touch.at))
        return Spread(
            time_weighted_bps=gone,
            median_by_time_bps=gone,
            mean_by_quote_bps=gone,
            touch_usd=gone,
            touch_usd_by_time=gone,
        )
    bps = (touch.ask - touch.bid) / touch.mid * 1e4
    held = held_s(touch, holes)
    usd = 0.5 * (worth(sizing, touch.bid_size, touch.bid) + worth(sizing, touch.ask_size, touch.ask))
    groups = group(touch.at)
    order = np.argsort(bps)
    rising = np.cumsum(held[order]) / held.sum()
    place = np.searchsorted(bps[order], _SPREADS_BPS, side="right")
    return Spread(
        time_weighted_bps=ratio(groups, bps * held, held),
        median_by_time_bps=median(groups, bps, held),
        mean_by_quote_bps=ratio(groups, bps, 1.0),
        touch_usd=median(groups, usd),
        touch_usd_by_time=median(groups, usd, held),
        by_time=tuple(
            (at_most, float(rising[one - 1]) if one else 0.0)
            for at_most, one in zip(_SPREADS_BPS, place.tolist(), strict=True)
        ),
    )


def held_s(touch: Touch, holes: Holes) -> "Floats":
    """How long each quote stood, seconds; nothing over a hole, and nothing for the last."""
    held = (touch.until - touch.at) / NS_PER_S
    return np.where(holes.spoil(touch.at, touch.until), 0.0, held)


def sigmas_of(touch: Touch, holes: Holes, lacking: str) -> tuple[Sigma, ...]:
    """Volatility from returns of log mid over each of `SAMPLED_S`, one after the other."""
    return tuple(Sigma(every_s=one, sigma_bps=_sigma(touch, holes, one, lacking)) for one in SAMPLED_S)


def _sigma(touch: Touch, holes: Holes, every_s: float, lacking: str) -> Figure:
    if len(touch.at) < 2:
        return missing(lacking or "fewer than two quotes", len(touch.at))
    step = round(every_s * NS_PER_S)
    start = holes.windows(int(touch.at[0]), int(touch.at[-1]), step, step)
    if len(start) < RETURNS_MIN:
        return missing(f"{len(start)} returns over {every_s:g} s, {RETURNS_MIN} are needed", len(start))
    log_mid = np.log(touch.mid) * 1e4
    moved = log_mid[last_by(touch.at, start + step)] - log_mid[last_by(touch.at, start)]
    groups = group(start, every_s)
    squared = ratio(groups, moved**2 / every_s, 1.0)

    def root(value: float | None) -> float | None:
        return None if value is None else float(np.sqrt(value))

    return Figure(
        value=root(squared.value),
        low=root(squared.low),
        high=root(squared.high),
        n=squared.n,
        why=squared.why,
    )


def depths_of(book: Followed | None, lacking: str) -> tuple[Depth, ...]:
    """Depth by distance, from a look at the book each second."""
    return tuple(
        Depth(within_bps=band, usd=_depth(book, number, lacking)) for number, band in enumerate(BANDS_BPS)
    )


def _depth(book: Followed | None, number: int, lacking: str) -> Figure:
    if book is None or not len(book.sampled_at):
        return missing(lacking or "the book was never whole")
    usd = book.depth_usd[:, number, :].mean(axis=1)
    reached = np.isfinite(usd)
    if reached.mean() < FILLED:
        return missing(f"the book reaches so far in {reached.mean():.0%} of looks only", int(reached.sum()))
    figure = median(group(book.sampled_at[reached]), usd[reached], book.weight[reached])
    return _bounded(figure, float(book.depth_known[reached, number].all(axis=1).mean()), "a lower")


def _bounded(figure: Figure, known: float, bound: str) -> Figure:
    """With a word of caution where the book was not known so far."""
    if known >= KNOWN or figure.value is None:
        return figure
    words = f"{bound} bound: in {1.0 - known:.0%} of looks it passes the last snapshot, where only changes are known"
    return msgspec.structs.replace(figure, why="; ".join(one for one in (words, figure.why) if one))


def walks_of(book: Followed | None, lacking: str) -> tuple[Walk, ...]:
    """The cost of walking the book by size, from a look each second, mean of both sides."""
    return tuple(_walk(book, number, usd, lacking) for number, usd in enumerate(WALKS_USD))


def _walk(book: Followed | None, number: int, usd: float, lacking: str) -> Walk:
    if book is None or not len(book.sampled_at):
        return Walk(usd=usd, cost_bps=missing(lacking or "the book was never whole"))
    sides = book.walk_bps[:, number, :]
    cost = sides.mean(axis=1)
    deep = np.isfinite(cost)
    filled = float((deep * book.weight).sum() / book.weight.sum())
    if filled < FILLED:
        why = f"both sides of the book held as much in {filled:.0%} of looks only"
        return Walk(usd=usd, cost_bps=missing(why, int(deep.sum())), filled=filled)
    weight = book.weight[deep]
    bid, offer = (float(np.average(sides[deep, side], weights=weight)) for side in (0, 1))
    figure = ratio(group(book.sampled_at[deep]), cost[deep] * weight, weight)
    figure = _bounded(figure, float(book.walk_known[deep, number].all(axis=1).mean()), "an upper")
    return Walk(usd=usd, cost_bps=figure, bid_bps=bid, offer_bps=offer, filled=filled)
