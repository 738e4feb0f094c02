"""What the simulated inverse perpetual's stream says each second: trades, and then a book of one level a side. It goes
through the accumulators that a venue's stream goes through."""

import math
from collections.abc import Callable
from typing import Final

from rfq.desk.features.look import Look, Print, Sizing, touch_look
from rfq.desk.features.stream import MarketFlow
from rfq.sim.prices import LARGE_BPS, Path, Regime

Tap = Callable[[str, Look | Print], None]
"""Hears, for an underlying, what its accumulators are told."""
INVERSE: Final = Sizing(inverse=True)
TOUCH_OF_DEPTH: Final = 0.02
"""What stands at the touch, as a part of the regime's depth."""
_TRADED_OF_DEPTH: Final = 0.004
"""What is traded in a second, when there is little pressure."""
_LARGE_OF_DEPTH: Final = 0.15


class Tape:
    """One coin's stream, and what is accumulated of it."""

    __slots__ = ("_premium", "_tap", "_tick", "flow", "imbalance", "last", "name", "sizes")

    def __init__(self, name: str, tick: float, premium: float, tap: Tap | None) -> None:
        """`premium` is what the perpetual stands over the index, a ratio; `tap` hears all that is told."""
        self.name, self._tick, self._premium, self._tap = name, tick, premium, tap
        self.flow = MarketFlow(INVERSE)
        self.last: Look | None = None
        self.imbalance = 0.0
        self.sizes = (0.0, 0.0)

    def listen(self, tap: Tap) -> None:
        """From now on `tap` hears all that is told, the newest look first."""
        self._tap = tap
        if self.last is not None:
            tap(self.name, self.last)

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens."""
        return self._tap is not None

    def restart(self) -> None:
        """Nothing is known of what came before."""
        self.flow, self.last = MarketFlow(INVERSE), None

    def second(self, path: Path, regime: Regime, at: int) -> None:
        """The second that ends at `at`."""
        shown = path.shown
        before = self.last
        if before is not None:
            self._trades(path, regime, before, at)
        self.imbalance = lean = math.tanh(0.8 * shown)
        depth = TOUCH_OF_DEPTH * regime.depth_usd
        self.sizes = bid_size, offer_size = (
            round(depth * (1.0 + 0.9 * lean), 1),
            round(depth * (1.0 - 0.9 * lean), 1),
        )
        bid, offer = around(path.price * self._premium, self._tick, 1e-4 * regime.half_spread_bps)
        self.last = look = touch_look(at, bid, bid_size, offer, offer_size, before)
        self.flow.look(look)
        if self._tap is not None:
            self._tap(self.name, look)

    def _trades(self, path: Path, regime: Regime, before: Look, at: int) -> None:
        """Takers on both sides, more of them where the pressure shows; a large one where the price jumped."""
        strength = 0.7 + 0.3 * abs(path.shown)
        signed = _TRADED_OF_DEPTH * regime.depth_usd * path.shown
        total = max(_TRADED_OF_DEPTH * regime.depth_usd * strength, abs(signed))
        times = max(1, round(regime.trades * strength))
        buys = round(times * 0.5 * (1.0 + signed / total))
        for side, price, usd, count in (
            (1, before.offer.price, 0.5 * (total + signed), buys),
            (-1, before.bid.price, 0.5 * (total - signed), times - buys),
        ):
            if count and usd >= 1.0:
                self._print(Print(at, price, float(round(usd)), side, count))
        if abs(path.move) > 1e-4 * LARGE_BPS:
            side = 1 if path.move > 0.0 else -1
            touch = before.offer.price if side > 0 else before.bid.price
            size = float(round(_LARGE_OF_DEPTH * regime.depth_usd))
            self._print(Print(at, touch + side * self._tick, size, side))

    def _print(self, one: Print) -> None:
        self.flow.trade(one)
        if self._tap is not None:
            self._tap(self.name, one)


def around(mid: float, tick: float, spread: float) -> tuple[float, float]:
    """Bid and offer around `mid` (half `spread`, a ratio), on their tick."""
    half = spread * mid
    return math.floor((mid - half) / tick) * tick, math.ceil((mid + half) / tick) * tick
