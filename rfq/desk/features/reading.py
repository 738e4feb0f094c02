"""What the accumulators hold, and how it is read: totals of windows become the numbers of a `Flow`. Reading changes
nothing."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from pricing.flow import Flow
from pricing.units import NS_PER_S, YEAR_NS
from rfq.desk.features import windows as w
from rfq.desk.features.look import Look
from rfq.desk.features.outside import Outside

_COVERED: Final = 10
"""A window counts when at most one part in so many of it was not seen."""
_LARGE_AGE_MAX_S: Final = 3600.0
_RATIO_MAX: Final = 1e4
_SECONDS_A_YEAR: Final = YEAR_NS / NS_PER_S
_MILLI: Final = 1e3
_SQUARE: Final = 1e18
_Found = dict[str, float | None]


class Moves(NamedTuple):
    """Moves of a mid over the last 1, 10 and 60 seconds, bps; None where it was not known then or now."""

    bps_1s: float | None
    bps_10s: float | None
    bps_60s: float | None


class State:
    """All that `MarketFlow` knows beside its watchers. What stands in the book now counts for as long as it stands."""

    __slots__ = (
        "at",
        "coarse",
        "deaf",
        "depth",
        "fine",
        "large_at",
        "lean",
        "look",
        "mid",
        "next_at",
        "per_size",
        "spread",
        "totals",
        "touch",
    )

    def __init__(self, totals: list[int], fine: w.Ring, coarse: w.Ring) -> None:
        self.totals = totals
        self.fine = fine
        self.coarse = coarse
        self.at = 0
        self.next_at = -w.NEVER
        self.look: Look | None = None
        self.deaf = False
        self.mid = 0.0
        self.per_size = 0.0  # USD for one unit of size
        self.spread = self.touch = self.depth = self.lean = 0
        self.large_at = 0

    def stand(self, at: int) -> None:
        """What is known stands until `at`."""
        passed = at - self.at
        if not passed:
            return
        totals = self.totals
        if self.look is None:
            totals[w.BLIND] += passed
        else:
            self.add(totals, passed)
        if self.deaf:
            totals[w.DEAF] += passed
        self.at = at

    def add(self, totals: list[int], passed: int) -> None:
        """The book stands as it is for so many ns."""
        depth, lean = self.depth, self.lean
        totals[w.SPREAD] += self.spread * passed
        totals[w.TOUCH] += self.touch * passed
        totals[w.DEPTH] += depth * passed
        totals[w.DEPTH_SQUARE] += depth * depth * passed
        totals[w.LEAN] += lean * passed
        totals[w.LEAN_SQUARE] += lean * lean * passed


def moves_of(state: State, at: int) -> Moves:
    """How far the mid has moved."""
    mid = state.mid
    if not mid:
        return Moves(None, None, None)
    fine, coarse = state.fine, state.coarse
    tenth, second = at // w.FINE_NS, at // w.COARSE_NS
    return Moves(
        _move(mid, fine, tenth - 9),
        _move(mid, fine, tenth - 99),
        _move(mid, coarse, second - 59),
    )


def _move(mid: float, ring: w.Ring, boundary: int) -> float | None:
    """The move since a boundary, bps."""
    if boundary > ring.newest:
        return 0.0
    then = ring.mids[boundary % ring.length] if boundary > ring.first else 0.0
    return 1e4 * (mid / then - 1.0) if then else None


class _Window:
    """The totals of one window, and whether books and trades were known in it."""

    __slots__ = ("extra", "heard", "known_ns", "now", "seen", "then")

    def __init__(self, state: State, at: int, ring: w.Ring, boundary: int, ns: int) -> None:
        span = at - boundary * ns
        self.now = state.totals
        self.then: Sequence[int] = state.totals
        stood = at - state.at
        blind = stood if state.look is None else 0
        deaf = stood if state.deaf else 0
        if boundary <= ring.newest:
            then = self.then = ring.totals[boundary % ring.length] if boundary >= ring.first else w.NOTHING
            blind += self.now[w.BLIND] - then[w.BLIND]
            deaf += self.now[w.DEAF] - then[w.DEAF]
        self.seen = blind * _COVERED <= span
        self.heard = deaf * _COVERED <= span
        self.known_ns = span - blind
        self.extra = min(stood, span) if state.look is not None else 0

    def sum(self, which: int) -> int:
        """What a total grew by."""
        return self.now[which] - self.then[which]

    def mean(self, which: int, value: int) -> float:
        """The mean in time of what is `value` now."""
        return (self.now[which] - self.then[which] + value * self.extra) / self.known_ns


def flow_of(state: State, at: int, others: Sequence[Moves], outside: Outside) -> Flow:
    """Everything, as of `at`."""
    at = max(at, state.at)
    found = _outside(others, outside)
    if state.next_at == -w.NEVER:
        return Flow(**found)
    tenth, second = at // w.FINE_NS, at // w.COARSE_NS
    s1 = _Window(state, at, state.fine, tenth - 9, w.FINE_NS)
    s10 = _Window(state, at, state.fine, tenth - 99, w.FINE_NS)
    s60 = _Window(state, at, state.coarse, second - 59, w.COARSE_NS)
    m10 = _Window(state, at, state.coarse, second - 599, w.COARSE_NS)
    found["return_bps_1s"], found["return_bps_10s"], found["return_bps_60s"] = moves_of(state, at)
    look = state.look
    if look is not None:
        _book(found, look, state.per_size)
    else:
        found["book_known_flag"] = 0.0
    _changes(found, state, s1, s10, s60, at)
    if m10.seen:
        found["realised_vol_10m"] = math.sqrt(m10.sum(w.VARIANCE) / _SQUARE / 599.0 * _SECONDS_A_YEAR)
        mended = m10.sum(w.MENDED)
        found["recovery_s_10m"] = m10.sum(w.MENDING) / mended / NS_PER_S if mended else None
    if s60.seen:
        _minute(found, state, s60)
    _trades(found, state, s1, s10, s60, at)
    return Flow(**found)


def _book(found: _Found, look: Look, per_size: float) -> None:
    """What the book looks like."""
    bid, offer = look.bid, look.offer
    mid = 0.5 * (bid.price + offer.price)
    bid_bands, offer_bands = bid.bands, offer.bands
    far_bid, far_offer = bid_bands[-1], offer_bands[-1]
    far = far_bid + far_offer
    slopes = bid.slope_bps + offer.slope_bps
    found["book_known_flag"] = 1.0
    found["spread_bps"] = 1e4 * (offer.price - bid.price) / mid
    found["touch_usd"] = 0.5 * per_size * (bid.size + offer.size)
    found["depth_1bps_usd"] = per_size * (bid_bands[0] + offer_bands[0])
    found["depth_5bps_usd"] = per_size * (bid_bands[2] + offer_bands[2])
    found["depth_25bps_usd"] = per_size * far
    found["slope_bps"] = (bid.slope_bps * far_bid + offer.slope_bps * far_offer) / far if far > 0.0 else None
    found["slope_tilt_ratio"] = (offer.slope_bps - bid.slope_bps) / slopes if slopes > 0.0 else None
    found["book_imbalance_ratio"] = _lean(bid.size, offer.size)
    found["imbalance_5_levels_ratio"] = _lean(bid.levels[0], offer.levels[0])
    found["imbalance_10_levels_ratio"] = _lean(bid.levels[1], offer.levels[1])
    found["imbalance_20_levels_ratio"] = _lean(bid.levels[2], offer.levels[2])
    found["imbalance_2bps_ratio"] = _lean(bid_bands[1], offer_bands[1])
    found["imbalance_10bps_ratio"] = _lean(bid_bands[3], offer_bands[3])
    found["wall_ratio"] = max(bid.largest, offer.largest) / far if far > 0.0 else None
    found["wall_tilt_ratio"] = _lean(bid.largest, offer.largest)


def _lean(bid: float, offer: float) -> float | None:
    """(bid - offer) / (bid + offer)."""
    both = bid + offer
    return (bid - offer) / both if both > 0.0 else None


def _share(part: int, other: int) -> float | None:
    """(part - other) / (part + other)."""
    return (part - other) / (part + other) if part + other else None


def _changes(found: _Found, state: State, s1: _Window, s10: _Window, s60: _Window, at: int) -> None:
    """What the book's changes say."""
    first = state.coarse.first
    usual = s60 if first <= at // w.COARSE_NS - 59 else _Window(state, at, state.coarse, first, w.COARSE_NS)
    if usual.known_ns >= NS_PER_S:
        touch = usual.mean(w.TOUCH, state.touch)
        if touch > 0.0:
            found["ofi_ratio_1s"] = s1.sum(w.OFI) / touch if s1.seen else None
            found["ofi_ratio_10s"] = s10.sum(w.OFI) / touch if s10.seen else None
            found["ofi_ratio_60s"] = s60.sum(w.OFI) / touch if s60.seen else None
    if s10.seen:
        removed = s10.sum(w.REMOVED)
        found["refill_ratio_10s"] = min(s10.sum(w.ADDED) / removed, _RATIO_MAX) if removed else None
        found["revisions_count_10s"] = float(s10.sum(w.REVISIONS))
        found["pulled_tilt_ratio_10s"] = _share(s10.sum(w.PULLED_OFFER), s10.sum(w.PULLED_BID))
        depth = found.get("depth_25bps_usd")
        found["band_flow_ratio_10s"] = s10.sum(w.NET) / (_MILLI * depth) if depth else None


def _minute(found: _Found, state: State, s60: _Window) -> None:
    """What the book did in the last minute."""
    found["spread_bps_60s"] = s60.mean(w.SPREAD, state.spread) / 1e6
    found["realised_vol_1m"] = math.sqrt(s60.sum(w.VARIANCE) / _SQUARE / 59.0 * _SECONDS_A_YEAR)
    depth, lean = s60.mean(w.DEPTH, state.depth), s60.mean(w.LEAN, state.lean)
    square = s60.mean(w.DEPTH_SQUARE, state.depth * state.depth)
    found["depth_vol_ratio_60s"] = (
        math.sqrt(max(square - depth * depth, 0.0)) / depth if depth > 0.0 else None
    )
    square = s60.mean(w.LEAN_SQUARE, state.lean * state.lean)
    found["imbalance_vol_ratio_60s"] = math.sqrt(max(square - lean * lean, 0.0)) / 1e4
    far = found.get("depth_25bps_usd")
    if far:
        bids, offers = s60.sum(w.VANISHED_BID), s60.sum(w.VANISHED_OFFER)
        found["vanish_ratio_60s"] = (bids + offers) / (_MILLI * far)
        found["vanish_tilt_ratio_60s"] = (offers - bids) / (_MILLI * far)


def _trades(found: _Found, state: State, s1: _Window, s10: _Window, s60: _Window, at: int) -> None:
    """What trades say."""
    if s1.heard:
        found["signed_flow_usd_1s"] = s1.sum(w.FLOW) / _MILLI
    if s10.heard:
        found["signed_flow_usd_10s"] = s10.sum(w.FLOW) / _MILLI
        found["trades_count_10s"] = float(s10.sum(w.COUNT))
    if state.large_at:
        found["large_trade_age_s"] = min((at - state.large_at) / NS_PER_S, _LARGE_AGE_MAX_S)
    if not s60.heard:
        return
    flow, traded = s60.sum(w.FLOW), s60.sum(w.TRADED)
    found["signed_flow_usd_60s"] = flow / _MILLI
    found["volume_usd_60s"] = traded / _MILLI
    found["trades_count_60s"] = float(s60.sum(w.COUNT))
    if traded:
        found["buy_share_ratio_60s"] = 0.5 + 0.5 * flow / traded
        if s60.seen:
            found["through_ratio_60s"] = s60.sum(w.THROUGH) / traded
            pulled = s60.sum(w.PULLED_BID) + s60.sum(w.PULLED_OFFER)
            found["cancel_vs_trade_ratio_60s"] = min(pulled / traded, _RATIO_MAX)
    if s60.seen:
        for name, gain, stake in (
            ("taker_markout_bps_1s", w.GAIN_1, w.STAKE_1),
            ("taker_markout_bps_10s", w.GAIN_10, w.STAKE_10),
        ):
            staked = s60.sum(stake)
            found[name] = 1e4 * s60.sum(gain) / staked if staked else None


def _outside(others: Sequence[Moves], outside: Outside) -> _Found:
    """What is known beside this market's stream."""
    return {
        "cross_return_bps_10s": _mean([one.bps_10s for one in others]),
        "cross_return_bps_60s": _mean([one.bps_60s for one in others]),
        "sentiment_score_1h": outside.sentiment_score_1h or None,
        "news_count_1h": outside.news_count_1h or None,
        "chain_flow_usd_1h": outside.chain_flow_usd_1h or None,
        "dex_depth_usd": outside.dex_depth_usd or None,
        "macro_surprise_sd_1d": outside.macro_surprise_sd_1d or None,
    }


def _mean(moves: list[float | None]) -> float | None:
    """Of those that are known."""
    known = [one for one in moves if one is not None]
    return math.fsum(known) / len(known) if known else None
