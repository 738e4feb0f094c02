"""What the accumulators hold, and how it is read: totals of windows become the numbers of a `Flow`. Reading changes
nothing."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from pricing.flow import Flow
from pricing.units import NS_PER_S, YEAR_NS
from rfq.desk.features import windows as w
from rfq.desk.features.look import Look
from rfq.desk.features.outside import NOTHING, Outside
from rfq.desk.features.windows import (
    ADDED,
    BLIND,
    COARSE_NS,
    COUNT,
    DEAF,
    DEPTH,
    DEPTH_SQUARE,
    FINE_NS,
    FLOW,
    GAIN_1,
    GAIN_10,
    LEAN,
    LEAN_SQUARE,
    MENDED,
    MENDING,
    NET,
    OFI,
    PULLED_BID,
    PULLED_OFFER,
    REMOVED,
    REVISIONS,
    SAMPLES,
    SPREAD,
    STAKE_1,
    STAKE_10,
    THROUGH,
    TOUCH,
    TRADED,
    VANISHED_BID,
    VANISHED_OFFER,
    VARIANCE,
)

_COVERED: Final = 10
"""A window counts when at most one part in so many of it was not seen."""
_LARGE_AGE_MAX_NS: Final = 3600 * NS_PER_S
_RATIO_MAX: Final = 1e4
_A_YEAR_OF_59: Final = YEAR_NS / NS_PER_S / 59.0 / 1e18
_A_YEAR_OF_599: Final = YEAR_NS / NS_PER_S / 599.0 / 1e18
"""From squared returns of so many seconds to a variance a year."""
_MICRO: Final = 1e6
Totals = Sequence[int]
_Found = dict[str, float | None]
_UNKNOWN: Final[_Found] = dict.fromkeys(Flow.__struct_fields__)


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
        "fine",
        "large_at",
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
        self.spread = self.touch = 0
        self.large_at = -w.NEVER

    def stand(self, at: int) -> None:
        """What is known stands until `at`."""
        passed = at - self.at
        if not passed:
            return
        totals = self.totals
        if self.look is None:
            totals[w.BLIND] += passed
        else:
            totals[w.SPREAD] += self.spread * passed
            totals[w.TOUCH] += self.touch * passed
        if self.deaf:
            totals[w.DEAF] += passed
        self.at = at


def moves_of(state: State, at: int) -> Moves:
    """How far the mid has moved."""
    mid = state.mid
    if not mid:
        return Moves(None, None, None)
    fine, coarse = state.fine, state.coarse
    tenth, second = at // FINE_NS, at // COARSE_NS
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


def flow_of(state: State, at: int, others: Sequence[Moves], outside: Outside) -> Flow:
    """Everything, as of `at`."""
    at = max(at, state.at)
    found = _UNKNOWN.copy()
    if others or outside is not NOTHING:
        _outside(found, others, outside)
    if state.next_at == -w.NEVER:
        return Flow(**found)
    found["return_bps_1s"], found["return_bps_10s"], found["return_bps_60s"] = moves_of(state, at)
    look = state.look
    if look is not None:
        _book(found, look, state.per_size)
    else:
        found["book_known_flag"] = 0.0
    now, fine, coarse = state.totals, state.fine, state.coarse
    tenth, second = at // FINE_NS, at // COARSE_NS
    s1, s10 = fine.since(tenth - 9, now), fine.since(tenth - 99, now)
    s60, m10 = coarse.since(second - 59, now), coarse.since(second - 599, now)
    stood = at - state.at
    seen_1 = seen_10 = seen_60 = seen_600 = heard_1 = heard_10 = heard_60 = True
    if look is None or state.deaf or now[BLIND] != m10[BLIND] or now[DEAF] != m10[DEAF]:
        blind, deaf = stood if look is None else 0, stood if state.deaf else 0
        part, rest = at - tenth * FINE_NS, at - second * COARSE_NS
        seen_1, heard_1 = _covered(now, s1, blind, deaf, part + 9 * FINE_NS)
        seen_10, heard_10 = _covered(now, s10, blind, deaf, part + 99 * FINE_NS)
        seen_60, heard_60 = _covered(now, s60, blind, deaf, rest + 59 * COARSE_NS)
        seen_600, _ = _covered(now, m10, blind, deaf, rest + 599 * COARSE_NS)
    touch = _mean(state, at, max(second - 59, coarse.first), TOUCH, state.touch)
    if touch > 0.0:
        ofi = now[OFI]
        found["ofi_ratio_1s"] = (ofi - s1[OFI]) / touch if seen_1 else None
        found["ofi_ratio_10s"] = (ofi - s10[OFI]) / touch if seen_10 else None
        found["ofi_ratio_60s"] = (ofi - s60[OFI]) / touch if seen_60 else None
    if seen_10:
        _changes(found, now, s10)
    if seen_60:
        found["spread_bps_60s"] = _mean(state, at, second - 59, SPREAD, state.spread) / 1e6
        _minute(found, now, s60)
    if seen_600:
        found["realised_vol_10m"] = math.sqrt((now[VARIANCE] - m10[VARIANCE]) * _A_YEAR_OF_599)
    start = m10 if coarse.first <= second - 599 else coarse.since(coarse.first, now)
    mended = now[MENDED] - start[MENDED]
    if mended:
        found["recovery_s_10m"] = (now[MENDING] - start[MENDING]) / mended / NS_PER_S
    if heard_1:
        found["signed_flow_usd_1s"] = (now[FLOW] - s1[FLOW]) / _MICRO
    if heard_10:
        found["signed_flow_usd_10s"] = (now[FLOW] - s10[FLOW]) / _MICRO
        found["trades_count_10s"] = float(now[COUNT] - s10[COUNT])
    if heard_60:
        _trades(found, now, s60, seen_60)
    if at - state.large_at <= _LARGE_AGE_MAX_NS:
        found["large_trade_age_s"] = (at - state.large_at) / NS_PER_S
    return Flow(**found)


def _covered(now: Totals, then: Totals, blind: int, deaf: int, span: int) -> tuple[bool, bool]:
    """Whether the book, and trades, were known for long enough in a window of `span` ns; `blind` and `deaf` are what
    came since the last event."""
    return (
        (now[BLIND] - then[BLIND] + blind) * _COVERED <= span,
        (now[DEAF] - then[DEAF] + deaf) * _COVERED <= span,
    )


def _mean(state: State, at: int, start: int, which: int, value: int) -> float:
    """The mean in time, since a whole second, of what is `value` now; 0 when it was seen for less than a second."""
    now = state.totals
    then = state.coarse.since(start, now)
    stood, span = at - state.at, at - start * COARSE_NS
    known, total = span - now[BLIND] + then[BLIND], now[which] - then[which]
    if state.look is None:
        known -= stood
    else:
        total += value * min(stood, span)
    return total / known if known >= NS_PER_S else 0.0


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


def _changes(found: _Found, now: Totals, then: Totals) -> None:
    """How the book changed in the last ten seconds."""
    removed = now[REMOVED] - then[REMOVED]
    found["refill_ratio_10s"] = min((now[ADDED] - then[ADDED]) / removed, _RATIO_MAX) if removed else None
    found["revisions_count_10s"] = float(now[REVISIONS] - then[REVISIONS])
    bids, offers = now[PULLED_BID] - then[PULLED_BID], now[PULLED_OFFER] - then[PULLED_OFFER]
    found["pulled_tilt_ratio_10s"] = (offers - bids) / (bids + offers) if bids + offers else None
    depth = found["depth_25bps_usd"]
    found["band_flow_ratio_10s"] = (now[NET] - then[NET]) / (_MICRO * depth) if depth else None


def _minute(found: _Found, now: Totals, then: Totals) -> None:
    """How the book was in the last minute."""
    found["realised_vol_1m"] = math.sqrt((now[VARIANCE] - then[VARIANCE]) * _A_YEAR_OF_59)
    count = now[SAMPLES] - then[SAMPLES]
    if count:
        depth, lean = (now[DEPTH] - then[DEPTH]) / count, (now[LEAN] - then[LEAN]) / count
        square = max((now[DEPTH_SQUARE] - then[DEPTH_SQUARE]) / count - depth * depth, 0.0)
        found["depth_vol_ratio_60s"] = math.sqrt(square) / depth if depth > 0.0 else None
        square = max((now[LEAN_SQUARE] - then[LEAN_SQUARE]) / count - lean * lean, 0.0)
        found["imbalance_vol_ratio_60s"] = math.sqrt(square) / 1e4
    far = found["depth_25bps_usd"]
    if far:
        bids = now[VANISHED_BID] - then[VANISHED_BID]
        offers = now[VANISHED_OFFER] - then[VANISHED_OFFER]
        found["vanish_ratio_60s"] = (bids + offers) / (_MICRO * far)
        found["vanish_tilt_ratio_60s"] = (offers - bids) / (_MICRO * far)


def _trades(found: _Found, now: Totals, then: Totals, seen: bool) -> None:
    """The last minute's trades, and what the book, if it was seen, says of them."""
    flow, traded = now[FLOW] - then[FLOW], now[TRADED] - then[TRADED]
    found["signed_flow_usd_60s"] = flow / _MICRO
    found["volume_usd_60s"] = traded / _MICRO
    found["trades_count_60s"] = float(now[COUNT] - then[COUNT])
    if traded:
        found["buy_share_ratio_60s"] = 0.5 + 0.5 * flow / traded
    if not seen:
        return
    if traded:
        found["through_ratio_60s"] = (now[THROUGH] - then[THROUGH]) / traded
        pulled = now[PULLED_BID] - then[PULLED_BID] + now[PULLED_OFFER] - then[PULLED_OFFER]
        found["cancel_vs_trade_ratio_60s"] = min(pulled / traded, _RATIO_MAX)
    staked = now[STAKE_1] - then[STAKE_1]
    found["taker_markout_bps_1s"] = 1e4 * (now[GAIN_1] - then[GAIN_1]) / staked if staked else None
    staked = now[STAKE_10] - then[STAKE_10]
    found["taker_markout_bps_10s"] = 1e4 * (now[GAIN_10] - then[GAIN_10]) / staked if staked else None


def _outside(found: _Found, others: Sequence[Moves], outside: Outside) -> None:
    """What is known beside this market's stream."""
    found["cross_return_bps_10s"] = _average([one.bps_10s for one in others])
    found["cross_return_bps_60s"] = _average([one.bps_60s for one in others])
    found["sentiment_score_1h"] = outside.sentiment_score_1h or None
    found["news_count_1h"] = outside.news_count_1h or None
    found["chain_flow_usd_1h"] = outside.chain_flow_usd_1h or None
    found["dex_depth_usd"] = outside.dex_depth_usd or None
    found["macro_surprise_sd_1d"] = outside.macro_surprise_sd_1d or None


def _average(moves: list[float | None]) -> float | None:
    """Of those that are known."""
    known = [one for one in moves if one is not None]
    return math.fsum(known) / len(known) if known else None
