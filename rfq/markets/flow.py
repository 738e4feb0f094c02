"""Flow: how orders' signs repeat themselves, and what the flow of quotes does to the price."""

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from pricing.units import NS_PER_S
from rfq.desk.features.look import Sizing
from rfq.markets.figures import Figure, figure, group, missing, of_sums
from rfq.markets.market import Holes, Orders, Touch, last_by, worth

if TYPE_CHECKING:
    from rfq.markets.figures import Floats, Ints

LAGS: Final = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
OFI_S: Final = (0.1, 1.0, 10.0, 60.0)
WINDOWS_MIN: Final = 20
_PAIRS: Final = 50
"""So many times the lag, orders must there be."""
_STARTS: Final = 20
_STARTS_MAX: Final = 1_000_000
_DECAY: Final = np.arange(0.02, 3.0, 0.02)


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """How the sign of an order goes with that of the order `lag` orders later."""

    lag: int
    autocorrelation: Figure


class Ofi(msgspec.Struct, frozen=True, kw_only=True):
    """Order-flow imbalance at the touch against the return of the mid over the same and over the next window."""

    window_s: float
    r2: Figure
    r2_all_starts: Figure
    """The same with windows begun at each twentieth of the window: less chance in it."""
    slope_bps_per_1m_usd: Figure
    r2_next: Figure


def signs_of(orders: Orders, lacking: str) -> tuple[Sign, ...]:
    """Autocorrelation by lag."""
    return tuple(Sign(lag=lag, autocorrelation=_sign(orders, lag, lacking)) for lag in LAGS)


def _sign(orders: Orders, lag: int, lacking: str) -> Figure:
    count = len(orders.at)
    if count < _PAIRS * lag or count < WINDOWS_MIN + lag:
        return missing(lacking or f"{count} orders are too few for such a lag", count)
    here, there = orders.side[:-lag], orders.side[lag:]

    def stat(sums: "Floats") -> "Floats":
        n, x, y, xy = (sums[..., one] for one in range(4))
        mean = 0.5 * (x + y) / n  # a sign squared is one
        return np.asarray((xy / n - (x + y) / n * mean + mean**2) / (1.0 - mean**2))

    return figure(stat, group(orders.at[:-lag]), (1.0, here, there, here * there))


def decay_of(orders: Orders, lacking: str) -> Figure:
    """The γ of autocorrelation ~ lag^-γ by least squares over the lags of `LAGS` that there are enough orders for."""
    count = len(orders.at)
    lags = np.array([lag for lag in LAGS if count >= _PAIRS * lag])
    if len(lags) < 5:
        return missing(lacking or f"{count} orders are too few for five lags", count)
    base = orders.at[: -int(lags[-1])]
    groups = group(base)
    size, side = len(base), orders.side
    columns = [1.0, side[:size], *(side[:size] * side[lag : lag + size] for lag in lags.tolist())]
    curves = lags[:, None].astype(float) ** -_DECAY[None, :]

    def stat(sums: "Floats") -> "Floats":
        mean = sums[..., 1:2] / sums[..., :1]
        found = (sums[..., 2:] / sums[..., :1] - mean**2) / (1.0 - mean**2)
        gain = np.maximum(found @ curves, 0.0) ** 2 / (curves**2).sum(axis=0)
        return np.asarray(np.where(gain.max(axis=-1) > 0.0, _DECAY[np.argmax(gain, axis=-1)], np.nan))

    return figure(stat, groups, columns, n=count)


def imbalance(touch: Touch) -> "Floats":
    """What each quote adds to the imbalance, in the venue's unit of size (Cont, Kukanov and Stoikov's e): a bid that
    rises or is refilled adds, one that falls or is taken takes away; offers the other way round."""
    e = np.zeros(len(touch.at))
    bid, ask, bid_size, ask_size = touch.bid, touch.ask, touch.bid_size, touch.ask_size
    e[1:] += np.where(bid[1:] >= bid[:-1], bid_size[1:], 0.0) - np.where(
        bid[1:] <= bid[:-1], bid_size[:-1], 0.0
    )
    e[1:] -= np.where(ask[1:] <= ask[:-1], ask_size[1:], 0.0) - np.where(
        ask[1:] >= ask[:-1], ask_size[:-1], 0.0
    )
    return e


def ofi_of(touch: Touch, sizing: Sizing, holes: Holes, lacking: str) -> tuple[Ofi, ...]:
    """Imbalance against returns, by window."""
    if len(touch.at) < 2:
        gone = missing(lacking or "fewer than two quotes", len(touch.at))
        return tuple(_no_ofi(one, gone) for one in OFI_S)
    summed = np.concatenate([[0.0], np.cumsum(imbalance(touch))])
    log_mid = np.log(touch.mid) * 1e4
    a_million = 1e6 / float(worth(sizing, np.ones(1), np.array([np.median(touch.mid)]))[0])
    return tuple(_ofi(touch.at, summed, log_mid, holes, one, a_million) for one in OFI_S)


def _no_ofi(window_s: float, gone: Figure) -> Ofi:
    return Ofi(window_s=window_s, r2=gone, r2_all_starts=gone, slope_bps_per_1m_usd=gone, r2_next=gone)


def _ofi(
    at: "Ints", summed: "Floats", log_mid: "Floats", holes: Holes, window_s: float, a_million: float
) -> Ofi:
    """One window: starts at the first quote and every window from there; and at twentieths between them."""
    step = round(window_s * NS_PER_S)
    first, last = int(at[0]), int(at[-1])
    kept = holes.windows(first, last, step, step)
    if len(kept) < WINDOWS_MIN:
        words = f"{len(kept)} windows of {window_s:g} s, {WINDOWS_MIN} are needed"
        return _no_ofi(window_s, missing(words, len(kept)))

    def told(starts: "Ints", later: int = 0) -> "tuple[Floats, Floats]":
        begin, end = last_by(at, starts), last_by(at, starts + step)
        flow = summed[end + 1] - summed[begin + 1]
        since, until = last_by(at, starts + later), last_by(at, starts + later + step)
        return flow, log_mid[until] - log_mid[since]

    flow, moved = told(kept)
    groups = group(kept, window_s)
    stride = max(1, step // _STARTS, len(kept) * step // _STARTS_MAX)
    every = holes.windows(first, last, step, stride)
    followed = holes.windows(first, last, 2 * step, step)
    sums = groups.sums(*_products(flow, moved))
    return Ofi(
        window_s=window_s,
        r2=_squared(of_sums(_correlation, sums, groups)),
        r2_all_starts=_squared(
            figure(_correlation, group(every, 2.0 * window_s), _products(*told(every)), n=len(kept))
        ),
        slope_bps_per_1m_usd=of_sums(lambda one: a_million * _slope(one), sums, groups),
        r2_next=_squared(
            figure(_correlation, group(followed, 2.0 * window_s), _products(*told(followed, step)))
        )
        if len(followed) >= WINDOWS_MIN
        else missing(f"{len(followed)} pairs of windows, {WINDOWS_MIN} are needed", len(followed)),
    )


def _products(flow: "Floats", moved: "Floats") -> tuple["Floats | float", ...]:
    """What covariances are made of; centred, so that they lose nothing."""
    x, y = flow - flow.mean(), moved - moved.mean()
    return (1.0, x, y, x * y, x * x, y * y)


def _moments(sums: "Floats") -> "tuple[Floats, Floats, Floats]":
    """Covariance and both variances, times their number."""
    n, x, y, xy, xx, yy = (sums[..., one] for one in range(6))
    return xy - x * y / n, xx - x * x / n, yy - y * y / n


def _slope(sums: "Floats") -> "Floats":
    xy, xx, _ = _moments(sums)
    return xy / xx


def _correlation(sums: "Floats") -> "Floats":
    xy, xx, yy = _moments(sums)
    return xy / np.sqrt(xx * yy)


def _squared(r: Figure) -> Figure:
    """R² from a correlation; its interval begins at 0 where the correlation's sign is open."""
    if r.value is None or r.low is None or r.high is None:
        return Figure(value=None if r.value is None else r.value**2, n=r.n, why=r.why)
    ends = sorted((r.low**2, r.high**2))
    return Figure(value=r.value**2, low=0.0 if r.low < 0.0 < r.high else ends[0], high=ends[1], n=r.n)
