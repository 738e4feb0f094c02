"""The accumulators of one market's stream of books and trades: fed in the order of receipt, read at any instant.

What is fed changes them, and nothing else: reading does not, so it matters neither when nor how often they are read.
Numbers that are summed are whole numbers. A window counts when nine tenths of it have been seen; what cannot be
computed is None. One price source an underlying: usually the book of its most traded perpetual.
"""

from collections.abc import Sequence
from typing import Final

from pricing.flow import Flow
from rfq.desk.features import windows as w
from rfq.desk.features.look import Look, Print, Sizing
from rfq.desk.features.outside import NOTHING, Outside
from rfq.desk.features.reading import Moves, flow_of, moves_of
from rfq.desk.features.state import State, end_second, squared
from rfq.desk.features.watchers import WALL_SHARE, Mending, Wall

_ORDER_NS: Final = 1_000_000
"""Trades of one side that follow each other within a millisecond are one order."""
_MICRO: Final = 1e6
_COINS: Final = 1e12
_USUAL_S: Final = 60
LARGE: Final = 5
"""An order is large when it takes so many times what usually stands at the touch."""


class MarketFlow:
    """What is known of one market's stream, of bounded memory (about one MiB)."""

    __slots__ = (
        "_bid_mending",
        "_bid_wall",
        "_coarse",
        "_fine",
        "_offer_mending",
        "_offer_wall",
        "_order_micro",
        "_order_side",
        "_per_size",
        "_sizing",
        "_state",
        "_totals",
        "_trade_at",
        "_usual_micro",
        "_usual_second",
    )

    def __init__(self, sizing: Sizing = Sizing()) -> None:  # noqa: B008 (a frozen value)
        """`sizing` says what the sizes of looks and prints are worth."""
        self._sizing = sizing
        self._per_size = _MICRO * sizing.multiplier
        self._totals = [0] * w.TOTALS
        self._fine = w.Ring(w.FINE)
        self._coarse = w.Ring(w.COARSE)
        self._state = State(self._totals, self._fine, self._coarse)
        self._bid_wall, self._offer_wall = Wall(1), Wall(-1)
        self._bid_mending, self._offer_mending = Mending(), Mending()
        self._usual_micro = self._usual_second = 0
        self._trade_at = -w.NEVER
        self._order_side = 0
        self._order_micro = 0

    # --- what is fed -------------------------------------------------------------------------------------------

    def look(self, look: Look) -> None:
        """The book looks so from now on."""
        at = self._advance(look.at)
        state, totals = self._state, self._totals
        bid, offer = look.bid, look.offer
        mid = 0.5 * (bid.price + offer.price)
        micro = self._per_size if self._sizing.inverse else self._per_size * self._sizing.usd * mid
        before = state.look
        if before is not None:
            self._changed(before, look, micro)
        bid_5, offer_5 = micro * bid.bands[2], micro * offer.bands[2]
        state.look = look
        state.deaf = False
        state.mid = mid
        state.per_size = micro / _MICRO
        state.spread = int(1e10 * (offer.price - bid.price) / mid)
        state.touch = int(0.5 * micro * (bid.size + offer.size))
        took = self._bid_mending.watch(at, bid_5)
        if took:
            totals[w.MENDING] += took
            totals[w.MENDED] += 1
        took = self._offer_mending.watch(at, offer_5)
        if took:
            totals[w.MENDING] += took
            totals[w.MENDED] += 1
        gone = self._bid_wall.watch(bid.price, bid.largest_price, bid.largest, WALL_SHARE * bid.bands[-1])
        if gone:
            totals[w.VANISHED_BID] += int(micro * gone)
        gone = self._offer_wall.watch(
            offer.price, offer.largest_price, offer.largest, WALL_SHARE * offer.bands[-1]
        )
        if gone:
            totals[w.VANISHED_OFFER] += int(micro * gone)

    def trade(self, one: Print) -> None:
        """Somebody traded."""
        at = self._advance(one.at)
        state, totals = self._state, self._totals
        state.deaf = False
        price, side = one.price, one.side
        worth = self._per_size * one.size
        if not self._sizing.inverse:
            worth *= self._sizing.usd * price
        micro = int(worth)
        totals[w.TRADED] += micro
        totals[w.FLOW] += side * micro
        totals[w.COINS] += side * int(_COINS / _MICRO * micro / price)
        look = state.look
        if look is not None and (price > look.offer.price if side > 0 else price < look.bid.price):
            totals[w.THROUGH] += micro
        if side == self._order_side and at - self._trade_at <= _ORDER_NS:
            self._order_micro += micro
            totals[w.COUNT] += one.times - 1
        else:
            self._order_side, self._order_micro = side, micro
            totals[w.COUNT] += one.times
        self._trade_at = at
        if 0 < LARGE * self._usual() <= self._order_micro:
            state.large_at = at

    def broke(self, at: int, trades: bool = False) -> None:
        """From now on the book is not known, until the next look; nor, if `trades`, which trades there are, until the
        next look or trade."""
        self._advance(at)
        state = self._state
        state.look = None
        state.mid = 0.0
        state.deaf = state.deaf or trades
        for one in (self._bid_wall, self._offer_wall, self._bid_mending, self._offer_mending):
            one.forget()

    # --- what is read ------------------------------------------------------------------------------------------

    def moves(self, at: int) -> Moves:
        """How far the mid has moved, for those who read another underlying's flow."""
        return moves_of(self._state, at)

    def read(self, at: int, others: Sequence[Moves] = (), outside: Outside = NOTHING) -> Flow:
        """Everything, as of `at` (not before the last thing fed), with the moves of other underlyings."""
        return flow_of(self._state, at, others, outside)

    # --- inside ------------------------------------------------------------------------------------------------

    def _changed(self, before: Look, look: Look, micro: float) -> None:
        """What one message changed."""
        totals = self._totals
        bid, offer, old_bid, old_offer = look.bid, look.offer, before.bid, before.offer
        moved = 0.0
        if bid.price >= old_bid.price:
            moved += bid.size
        if bid.price <= old_bid.price:
            moved -= old_bid.size
        if offer.price <= old_offer.price:
            moved -= offer.size
        if offer.price >= old_offer.price:
            moved += old_offer.size
        if moved:
            totals[w.OFI] += int(micro * moved)
        if bid.price != old_bid.price or offer.price != old_offer.price:
            totals[w.REVISIONS] += 1
        added, removed = int(micro * (bid.added + offer.added)), int(micro * (bid.removed + offer.removed))
        if added or removed:
            totals[w.ADDED] += added
            totals[w.REMOVED] += removed
            totals[w.NET] += int(micro * (bid.added - bid.removed - offer.added + offer.removed))
            totals[w.PULLED_BID] += int(micro * bid.pulled)
            totals[w.PULLED_OFFER] += int(micro * offer.pulled)

    def _advance(self, at: int) -> int:
        """Time passes until `at`; an instant before the last one counts as the last one."""
        state = self._state
        if at < state.next_at:
            if at <= state.at:
                return state.at
            state.stand(at)
            return at
        if state.next_at == -w.NEVER:
            self._begin(at)
            return at
        fine, second = at // w.FINE_NS, at // w.COARSE_NS
        if second - self._coarse.newest > w.COARSE:  # longer than anything remembered
            state.stand((second - w.COARSE) * w.COARSE_NS)
            self._coarse.keep(second - w.COARSE, tuple(self._totals), state.mid)
        if state.look is None or state.deaf:  # what is not known grows from one boundary to the next
            first = max(self._fine.newest, self._coarse.newest * w.A_SECOND) + 1
            for boundary in range(first, fine + 1):
                state.stand(boundary * w.FINE_NS)
                if not boundary % w.A_SECOND:
                    self._second(boundary // w.A_SECOND)
                self._fine.keep(boundary, tuple(self._totals), state.mid)
        else:
            for boundary in range(self._coarse.newest + 1, second + 1):
                state.stand(boundary * w.COARSE_NS)
                self._second(boundary)
            self._fine.keep(fine, tuple(self._totals), state.mid)
        state.stand(at)
        state.next_at = (fine + 1) * w.FINE_NS
        return at

    def _begin(self, at: int) -> None:
        """The first thing is told; nothing is known of the time before."""
        self._state.at = at
        for ring, ns in ((self._fine, w.FINE_NS), (self._coarse, w.COARSE_NS)):
            boundary = at // ns
            unseen = boundary * ns - at
            ring.begin(boundary, (unseen, unseen, *self._totals[2:]))
        self._state.next_at = (at // w.FINE_NS + 1) * w.FINE_NS

    def _second(self, number: int) -> None:
        """A whole second ends, the one before the boundary of this number."""
        state, totals = self._state, self._totals
        if state.mid:
            totals[w.VARIANCE] += squared(state)
            state.second_mid = state.mid
            end_second(state, totals, number)
        self._bid_mending.second()
        self._offer_mending.second()
        self._coarse.keep(number, tuple(totals), state.mid)

    def _usual(self) -> int:
        """What stood at the touch, on average, in the minute before the last whole second; found once a second."""
        ring = self._coarse
        number = ring.newest
        if number != self._usual_second:
            self._usual_second = number
            start = max(number - _USUAL_S, ring.first)
            now, then = ring.totals[number % w.COARSE], ring.totals[start % w.COARSE]
            known = (number - start) * w.COARSE_NS - now[w.BLIND] + then[w.BLIND]
            self._usual_micro = (now[w.TOUCH] - then[w.TOUCH]) // known if known > 0 else 0
        return self._usual_micro
