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
from rfq.desk.features.state import State, caught_up, squared
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
"""Numbers by the names of `Flow`'s fields; what is not there, or None, is not known."""


class Moves(NamedTuple):
    """Moves of a mid over the last 10 and 60 seconds, bps; None where it was not known then or now."""

    bps_10s: float | None
    bps_60s: float | None


def moves_of(state: State, at: int) -> Moves:
    """How far the mid has moved."""
    mid = state.mid
    if not mid:
        return Moves(None, None)
    fine, coarse = state.fine, state.coarse
    tenth, second = at // FINE_NS, at // COARSE_NS
    return Moves(_move(mid, fine, tenth - 99), _move(mid, coarse, second - 59))


def _move(mid: float, ring: w.Ring, boundary: int) -> float | None:
    """The move since a boundary, bps."""
    if boundary > ring.newest:
        return 0.0
    then = ring.mids[boundary % ring.length] if boundary > ring.first else 0.0
    return 1e4 * (mid / then - 1.0) if then else None


def flow_of(state: State, at: int, others: Sequence[Moves], outside: Outside) -> Flow:
    """Everything, as of `at`."""
    at = max(at, state.at)
    found = {} if outside is NOTHING and not others else _outside(others, outside)
    if state.next_at == -w.NEVER:
        return Flow(**found)
    look, now, fine, coarse = state.look, state.totals, state.fine, state.coarse
    tenth, second = at // FINE_NS, at // COARSE_NS
    passed = coarse.newest + 1  # the first whole second that nothing has ended yet, if it is over
    s1, s10 = fine.since(tenth - 9, now), fine.since(tenth - 99, now)
    s60, m10 = coarse.since(second - 59, now), coarse.since(second - 599, now)
    seen_1 = seen_10 = seen_60 = seen_600 = heard_1 = heard_10 = heard_60 = True
    unsure = look is None or state.deaf
    if unsure or now[BLIND] != m10[BLIND] or now[DEAF] != m10[DEAF]:
        blind = now[BLIND] if look is not None else now[BLIND] + at - state.at
        deaf = now[DEAF] + at - state.at if state.deaf else now[DEAF]
        part, rest = at - tenth * FINE_NS, at - second * COARSE_NS
        seen_600, _ = _covered(m10, blind, deaf, rest + 599 * COARSE_NS)
        if unsure or now[BLIND] != s60[BLIND] or now[DEAF] != s60[DEAF]:
            seen_1, heard_1 = _covered(s1, blind, deaf, part + 9 * FINE_NS)
            seen_10, heard_10 = _covered(s10, blind, deaf, part + 99 * FINE_NS)
            seen_60, heard_60 = _covered(s60, blind, deaf, rest + 59 * COARSE_NS)
    if look is not None and passed <= second:
        now = caught_up(state, second)
    depth = None
    if look is None:
        found["book_known_flag"] = 0.0
    else:
        found |= _book(look, state.mid, state.per_size)
        found |= _returns(state.mid, fine, coarse, tenth, second)
        depth = found["depth_25bps_usd"]
    start = second - 59 if coarse.first <= second - 59 else coarse.first
    spread, touch = _means(state, at, start)
    if touch > 0.0:
        ofi = now[OFI]
        found["ofi_ratio_1s"] = (ofi - s1[OFI]) / touch if seen_1 else None
        found["ofi_ratio_10s"] = (ofi - s10[OFI]) / touch if seen_10 else None
        found["ofi_ratio_60s"] = (ofi - s60[OFI]) / touch if seen_60 else None
    if seen_10:
        found |= _changes(now, s10, depth)
    if seen_60:
        found["spread_bps_60s"] = spread / 1e6
        found |= _minute(now, s60, depth)
    if seen_600:
        moved = now[VARIANCE] - m10[VARIANCE]
        if second - 598 <= passed < second - 58:  # too long ago for `caught_up`
            moved += squared(state)
        found["realised_vol_10m"] = math.sqrt(moved * _A_YEAR_OF_599)
    since = m10 if coarse.first <= second - 599 else coarse.since(coarse.first, now)
    mended = now[MENDED] - since[MENDED]
    if mended:
        found["recovery_s_10m"] = (now[MENDING] - since[MENDING]) / mended / NS_PER_S
    if heard_1:
        found["signed_flow_usd_1s"] = (now[FLOW] - s1[FLOW]) / _MICRO
    if heard_10:
        found["signed_flow_usd_10s"] = (now[FLOW] - s10[FLOW]) / _MICRO
        found["trades_count_10s"] = float(now[COUNT] - s10[COUNT])
    if heard_60:
        found |= _trades(now, s60, seen_60)
    if at - state.large_at <= _LARGE_AGE_MAX_NS:
        found["large_trade_age_s"] = (at - state.large_at) / NS_PER_S
    return Flow(**found)


def _covered(then: Totals, blind: int, deaf: int, span: int) -> tuple[bool, bool]:
    """Whether the book, and trades, were known for long enough in a window of `span` ns."""
    return (blind - then[BLIND]) * _COVERED <= span, (deaf - then[DEAF]) * _COVERED <= span


def _returns(mid: float, fine: w.Ring, coarse: w.Ring, tenth: int, second: int) -> _Found:
    """How far the mid has moved."""
    return {
        "return_bps_1s": _move(mid, fine, tenth - 9),
        "return_bps_10s": _move(mid, fine, tenth - 99),
        "return_bps_60s": _move(mid, coarse, second - 59),
    }


def _means(state: State, at: int, start: int) -> tuple[float, float]:
    """The means in time, since a whole second, of the spread and of the touch; 0 when the book was seen for less than a
    second."""
    now = state.totals
    then = state.coarse.since(start, now)
    stood, span = at - state.at, at - start * COARSE_NS
    known = span - now[BLIND] + then[BLIND]
    spread, touch = now[SPREAD] - then[SPREAD], now[TOUCH] - then[TOUCH]
    if stood:
        if state.look is None:
            known -= stood
        else:
            stood = min(stood, span)
            spread += state.spread * stood
            touch += state.touch * stood
    return (spread / known, touch / known) if known >= NS_PER_S else (0.0, 0.0)


def _book(look: Look, mid: float, per_size: float) -> _Found:
    """What the book looks like."""
    bid, bid_size, bid_bands, bid_levels, bid_slope, bid_wall, *_ = look.bid
    offer, offer_size, offer_bands, offer_levels, offer_slope, offer_wall, *_ = look.offer
    bid_1, bid_2, bid_5, bid_10, bid_25 = bid_bands
    offer_1, offer_2, offer_5, offer_10, offer_25 = offer_bands
    far, slopes = bid_25 + offer_25, bid_slope + offer_slope
    found: _Found = {
        "book_known_flag": 1.0,
        "spread_bps": 1e4 * (offer - bid) / mid,
        "touch_usd": 0.5 * per_size * (bid_size + offer_size),
        "depth_1bps_usd": per_size * (bid_1 + offer_1),
        "depth_5bps_usd": per_size * (bid_5 + offer_5),
        "depth_25bps_usd": per_size * far,
        "slope_tilt_ratio": (offer_slope - bid_slope) / slopes if slopes > 0.0 else None,
        "book_imbalance_ratio": _lean(bid_size, offer_size),
        "imbalance_5_levels_ratio": _lean(bid_levels[0], offer_levels[0]),
        "imbalance_10_levels_ratio": _lean(bid_levels[1], offer_levels[1]),
        "imbalance_20_levels_ratio": _lean(bid_levels[2], offer_levels[2]),
        "imbalance_2bps_ratio": _lean(bid_2, offer_2),
        "imbalance_10bps_ratio": _lean(bid_10, offer_10),
        "wall_tilt_ratio": _lean(bid_wall, offer_wall),
    }
    if far > 0.0:
        found["slope_bps"] = (bid_slope * bid_25 + offer_slope * offer_25) / far
        found["wall_ratio"] = (bid_wall if bid_wall >= offer_wall else offer_wall) / far
    return found


def _lean(bid: float, offer: float) -> float | None:
    """(bid - offer) / (bid + offer)."""
    both = bid + offer
    return (bid - offer) / both if both > 0.0 else None


def _changes(now: Totals, then: Totals, depth: float | None) -> _Found:
    """How the book changed in the last ten seconds."""
    removed = now[REMOVED] - then[REMOVED]
    bids, offers = now[PULLED_BID] - then[PULLED_BID], now[PULLED_OFFER] - then[PULLED_OFFER]
    return {
        "refill_ratio_10s": min((now[ADDED] - then[ADDED]) / removed, _RATIO_MAX) if removed else None,
        "revisions_count_10s": float(now[REVISIONS] - then[REVISIONS]),
        "pulled_tilt_ratio_10s": (offers - bids) / (bids + offers) if bids + offers else None,
        "band_flow_ratio_10s": (now[NET] - then[NET]) / (_MICRO * depth) if depth else None,
    }


def _minute(now: Totals, then: Totals, far: float | None) -> _Found:
    """How the book was in the last minute."""
    found: _Found = {"realised_vol_1m": math.sqrt((now[VARIANCE] - then[VARIANCE]) * _A_YEAR_OF_59)}
    count = now[SAMPLES] - then[SAMPLES]
    if count:
        depth, lean = (now[DEPTH] - then[DEPTH]) / count, (now[LEAN] - then[LEAN]) / count
        square = max((now[DEPTH_SQUARE] - then[DEPTH_SQUARE]) / count - depth * depth, 0.0)
        found["depth_vol_ratio_60s"] = math.sqrt(square) / depth if depth > 0.0 else None
        square = max((now[LEAN_SQUARE] - then[LEAN_SQUARE]) / count - lean * lean, 0.0)
        found["imbalance_vol_ratio_60s"] = math.sqrt(square) / 1e4
    if far:
        bids = now[VANISHED_BID] - then[VANISHED_BID]
        offers = now[VANISHED_OFFER] - then[VANISHED_OFFER]
        found["vanish_ratio_60s"] = (bids + offers) / (_MICRO * far)
        found["vanish_tilt_ratio_60s"] = (offers - bids) / (_MICRO * far)
    return found


def _trades(now: Totals, then: Totals, seen: bool) -> _Found:
    """The last minute's trades, and what the book, if it was seen, says of them."""
    flow, traded = now[FLOW] - then[FLOW], now[TRADED] - then[TRADED]
    found: _Found = {
        "signed_flow_usd_60s": flow / _MICRO,
        "volume_usd_60s": traded / _MICRO,
        "trades_count_60s": float(now[COUNT] - then[COUNT]),
    }
    if traded:
        found["buy_share_ratio_60s"] = 0.5 + 0.5 * flow / traded
    if not seen:
        return found
    if traded:
        found["through_ratio_60s"] = (now[THROUGH] - then[THROUGH]) / traded
        pulled = now[PULLED_BID] - then[PULLED_BID] + now[PULLED_OFFER] - then[PULLED_OFFER]
        found["cancel_vs_trade_ratio_60s"] = min(pulled / traded, _RATIO_MAX)
    staked = now[STAKE_1] - then[STAKE_1]
    if staked:
        found["taker_markout_bps_1s"] = 1e4 * (now[GAIN_1] - then[GAIN_1]) / staked
    staked = now[STAKE_10] - then[STAKE_10]
    if staked:
        found["taker_markout_bps_10s"] = 1e4 * (now[GAIN_10] - then[GAIN_10]) / staked
    return found


def _outside(others: Sequence[Moves], outside: Outside) -> _Found:
    """What is known beside this market's stream."""
    return {
        "cross_return_bps_10s": _average([one.bps_10s for one in others]),
        "cross_return_bps_60s": _average([one.bps_60s for one in others]),
        "sentiment_score_1h": outside.sentiment_score_1h or None,
        "news_count_1h": outside.news_count_1h or None,
        "chain_flow_usd_1h": outside.chain_flow_usd_1h or None,
        "dex_depth_usd": outside.dex_depth_usd or None,
        "macro_surprise_sd_1d": outside.macro_surprise_sd_1d or None,
    }


def _average(moves: list[float | None]) -> float | None:
    """Of those that are known."""
    known = [one for one in moves if one is not None]
    return math.fsum(known) / len(known) if known else None
