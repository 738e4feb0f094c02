"""What prices do after orders: markouts, and impact by size of single orders and of signed flow."""

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from pricing.units import NS_PER_S
from rfq.markets import powers
from rfq.markets.figures import Figure, group, missing, ratio
from rfq.markets.market import Holes, Orders, Touch, last_before, last_by
from rfq.markets.powers import Power

if TYPE_CHECKING:
    from rfq.markets.figures import Floats, Ints

MARKOUTS_S: Final = (0.1, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)
ORDERS_S: Final = (0.1, 1.0, 5.0, 10.0)
FLOWS_S: Final = (1.0, 10.0, 60.0, 300.0, 900.0)
ORDERS_MIN: Final = 20
SPANS: Final = 5.0
"""Orders must span so many times what is looked ahead: else their moves are one move."""
_STARTS: Final = 10
_NO_TOUCH: Final = "no quotes to measure prices by"


class Markout(msgspec.Struct, frozen=True, kw_only=True):
    """How far the mid is, after so long, on the taker's side of the mid just before the order."""

    after_s: float
    equal_bps: Figure
    volume_bps: Figure


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """What takers pay against the mid just before: half of the effective spread."""

    equal_bps: Figure
    volume_bps: Figure


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """The law of response by size: of single orders after `over_s`, or of the flow of so many seconds in them."""

    over_s: float
    law: Power


def paid_of(orders: Orders, touch: Touch, lacking: str) -> Paid:
    """The orders' mean prices against the mid strictly before them."""
    before = last_before(touch.at, orders.at) if len(touch.at) else np.zeros(0, np.int64)
    seen = np.flatnonzero(before >= 0)
    if len(seen) < ORDERS_MIN:
        gone = missing(lacking or _few(orders, seen, 0.0), len(seen))
        return Paid(equal_bps=gone, volume_bps=gone)
    mid = touch.mid[before[seen]]
    paid = orders.side[seen] * (orders.price[seen] / mid - 1.0) * 1e4
    groups = group(orders.at[seen])
    usd = orders.usd[seen]
    return Paid(equal_bps=ratio(groups, paid, 1.0), volume_bps=ratio(groups, paid * usd, usd))


def markouts_of(orders: Orders, touch: Touch, holes: Holes, lacking: str) -> tuple[Markout, ...]:
    """Markout curves, each order alike and by worth."""
    told = []
    for after_s in MARKOUTS_S:
        seen, moved = moved_after(orders, touch, holes, after_s)
        if len(seen) < ORDERS_MIN or _is_short(orders, seen, after_s):
            gone = missing(lacking or _few(orders, seen, after_s), len(seen))
            told.append(Markout(after_s=after_s, equal_bps=gone, volume_bps=gone))
            continue
        groups, usd = group(orders.at[seen], after_s), orders.usd[seen]
        told.append(
            Markout(
                after_s=after_s,
                equal_bps=ratio(groups, moved, 1.0),
                volume_bps=ratio(groups, moved * usd, usd),
            )
        )
    return tuple(told)


def moved_after(orders: Orders, touch: Touch, holes: Holes, after_s: float) -> "tuple[Ints, Floats]":
    """Orders with quotes before them and until so long after, and how far the mid went with each, bps."""
    if not len(touch.at) or not len(orders.at):
        return np.zeros(0, np.int64), np.zeros(0)
    until = orders.at + round(after_s * NS_PER_S)
    before = last_before(touch.at, orders.at)
    seen = np.flatnonzero((before >= 0) & (until <= touch.at[-1]) & ~holes.spoil(orders.at, until))
    mid = touch.mid
    moved = mid[last_by(touch.at, until[seen])] / mid[before[seen]] - 1.0
    return seen, orders.side[seen] * moved * 1e4


def _is_short(orders: Orders, seen: "Ints", after_s: float) -> bool:
    """Whether the orders stand so close together that they all saw the same move."""
    return int(orders.at[seen[-1]] - orders.at[seen[0]]) < SPANS * after_s * NS_PER_S


def _few(orders: Orders, seen: "Ints", after_s: float) -> str:
    if len(seen) < ORDERS_MIN:
        return f"{len(seen)} orders with quotes around them, {ORDERS_MIN} are needed"
    span_s = int(orders.at[seen[-1]] - orders.at[seen[0]]) / NS_PER_S
    return f"orders with quotes {after_s:g} s later span {span_s:.0f} s, {SPANS * after_s:.0f} are needed"


def orders_impact(orders: Orders, touch: Touch, holes: Holes, lacking: str) -> tuple[Impact, ...]:
    """Response of the mid to single orders by their worth."""
    told = []
    for over_s in ORDERS_S:
        seen, moved = moved_after(orders, touch, holes, over_s)
        if len(seen) < ORDERS_MIN or _is_short(orders, seen, over_s):
            law = powers.nothing(lacking or _few(orders, seen, over_s), len(seen))
        else:
            law = powers.fit(orders.usd[seen], moved, group(orders.at[seen], over_s))
        told.append(Impact(over_s=over_s, law=law))
    return tuple(told)


def flows_impact(orders: Orders, touch: Touch, holes: Holes, lacking: str) -> tuple[Impact, ...]:
    """Response of the mid to what was bought less what was sold in the same time."""
    return tuple(
        Impact(over_s=over_s, law=_flow(orders, touch, holes, over_s, lacking)) for over_s in FLOWS_S
    )


def _flow(orders: Orders, touch: Touch, holes: Holes, over_s: float, lacking: str) -> Power:
    """Windows begin at each tenth of their length; they overlap, which the blocks of the interval allow for."""
    if not len(touch.at) or not len(orders.at):
        return powers.nothing(lacking or _NO_TOUCH)
    step = round(over_s * NS_PER_S)
    first, last = max(touch.at[0], orders.at[0]), min(touch.at[-1], orders.at[-1])
    start = holes.windows(int(first), int(last), step, step // _STARTS)
    alone = len(start) // _STARTS
    if alone < ORDERS_MIN:
        return powers.nothing(f"{alone} windows of {over_s:g} s, {ORDERS_MIN} are needed", alone)
    signed = np.concatenate([[0.0], np.cumsum(orders.side * orders.usd)])
    flow = signed[last_by(orders.at, start + step) + 1] - signed[last_by(orders.at, start) + 1]
    log_mid = np.log(touch.mid) * 1e4
    moved = log_mid[last_by(touch.at, start + step)] - log_mid[last_by(touch.at, start)]
    some = np.abs(flow) > 1e-6 * np.abs(orders.usd).max()  # sums that cancel leave dust
    return powers.fit(np.abs(flow[some]), np.sign(flow[some]) * moved[some], group(start[some], 2.0 * over_s))
