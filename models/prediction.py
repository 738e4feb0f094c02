"""What a model says about one row: the numbers that a price may be built from.

Costs are total costs to whoever trades the size, in bps of notional, + = cost; distances are half-spreads beyond fair,
against the client; markouts are bps, + = good for us.
"""

import math
from dataclasses import dataclass
from operator import ge, le
from typing import Final

DISTANCES: Final = tuple([0.5 * place - 4.0 for place in range(33)])
"""The quote distances of every win and markout curve, in half-spreads beyond fair."""
LEVELS: Final = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
"""The levels of every cost distribution."""

_INF: Final = math.inf


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
        win, markouts = self.win, self.markout_bps
        if len(win) != len(DISTANCES) or not (
            win[0] <= 1.0 and win[-1] >= 0.0 and all(map(ge, win, win[1:]))
        ):
            raise ValueError("win: one probability for each distance, never rising")
        if len(markouts) != len(DISTANCES) or not all(map(le, markouts, markouts[1:])):
            raise ValueError("markout_bps: one number for each distance, never falling")
        if not (markouts[0] > -_INF and markouts[-1] < _INF):
            raise ValueError("markout_bps: not finite")
        temporary, permanent = self.temporary_bps, self.permanent_bps
        if len(temporary) != len(LEVELS) or not math.isfinite(sum(temporary)):
            raise ValueError("temporary_bps: one finite number for each level")
        if len(permanent) != len(LEVELS) or not math.isfinite(sum(permanent)):
            raise ValueError("permanent_bps: one finite number for each level")
        costs = [one + other for one, other in zip(temporary, permanent, strict=True)]
        if not all(map(le, costs, costs[1:])):
            raise ValueError("permanent_bps: temporary and permanent cost together fall from level to level")
