"""What a model says about one row: the numbers that a price may be built from.

Costs are total costs to whoever trades the size, in bps of notional, + = cost; distances are half-spreads beyond fair,
against the client; markouts are bps, + = good for us.
"""

from dataclasses import dataclass
from math import isfinite
from operator import add
from typing import Final

DISTANCES: Final = tuple([0.5 * place - 4.0 for place in range(33)])
"""The quote distances of every win and markout curve, in half-spreads beyond fair."""
LEVELS: Final = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
"""The levels of every cost distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Win curve, markout curve and cost quantiles with their source; valid by construction.

    `half_spread_bps` is the unit of DISTANCES: `win[i]` and `markout_bps[i]` are those at a quote `DISTANCES[i] *
    half_spread_bps` beyond fair. `temporary_bps[i] + permanent_bps[i]` is the quantile of cost at `LEVELS[i]`; the
    permanent part does not decay.
    """

    half_spread_bps: float
    win: tuple[float, ...]
    markout_bps: tuple[float, ...]
    temporary_bps: tuple[float, ...]
    permanent_bps: tuple[float, ...]
    source: str

    def __post_init__(self) -> None:
        """Refuse whatever no price could be built from; names the field."""
        if not 1e-6 <= self.half_spread_bps <= 1e6:
            raise ValueError(f"half_spread_bps: {self.half_spread_bps} is no half spread")
        win, markouts, temporary, permanent = (
            self.win,
            self.markout_bps,
            self.temporary_bps,
            self.permanent_bps,
        )
        for field, numbers, size in (
            ("win", win, len(DISTANCES)),
            ("markout_bps", markouts, len(DISTANCES)),
            ("temporary_bps", temporary, len(LEVELS)),
            ("permanent_bps", permanent, len(LEVELS)),
        ):
            if len(numbers) != size or not isfinite(sum(numbers)):
                raise ValueError(f"{field}: {size} finite numbers")
        # Sorting what is in order already is the fastest look at it.
        if not (win[0] <= 1.0 and win[-1] >= 0.0 and sorted(win, reverse=True) == list(win)):
            raise ValueError("win: probabilities, never rising")
        if sorted(markouts) != list(markouts):
            raise ValueError("markout_bps: never falling")
        costs = list(map(add, temporary, permanent))
        if sorted(costs) != costs or not isfinite(sum(costs)):
            raise ValueError("permanent_bps: temporary and permanent cost together fall from level to level")
