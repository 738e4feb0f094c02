"""What a model says about one row: the numbers that a price may be built from.

Costs are total costs to whoever trades the size, in bps of notional, + = cost; distances are bps beyond fair,
against the client; markouts are bps, + = good for us.
"""

import math
from dataclasses import dataclass
from typing import Final

_INF: Final = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Cost quantiles, win curve and markout curve with their source; valid by construction.

    `cost_bps[i]` is the quantile of cost at `levels[i]`; `permanent_share` the part of cost that does not
    decay; P(win at d) = 1 / (1 + exp(win_intercept + win_slope * d)); markout mu(d) = -theta * exp(-beta *
    d).
    """

    levels: tuple[float, ...]
    cost_bps: tuple[float, ...]
    permanent_share: float
    win_intercept: float
    win_slope: float
    markout_theta_bps: float
    markout_beta: float
    source: str

    def __post_init__(self) -> None:
        """Refuse whatever no price could be built from; names the field."""
        levels, costs = self.levels, self.cost_bps
        if len(levels) < 2 or levels[0] <= 0.0 or levels[-1] >= 1.0 or not _rises(levels, strict=True):
            raise ValueError("levels: at least two, rising, all between 0 and 1")
        if len(costs) != len(levels) or not _rises(costs, strict=False):
            raise ValueError("cost_bps: one finite, non-falling quantile for each level")
        if not 0.0 <= self.permanent_share <= 1.0:
            raise ValueError(f"permanent_share: {self.permanent_share} is not between 0 and 1")
        if not math.isfinite(self.win_intercept):
            raise ValueError(f"win_intercept: {self.win_intercept} is not finite")
        if not 0.0 < self.win_slope < _INF:
            raise ValueError(f"win_slope: {self.win_slope} is not above zero")
        if not 0.0 <= self.markout_theta_bps < _INF:
            raise ValueError(f"markout_theta_bps: {self.markout_theta_bps} is negative or not finite")
        if not 0.0 < self.markout_beta < _INF:
            raise ValueError(f"markout_beta: {self.markout_beta} is not above zero")


def _rises(numbers: tuple[float, ...], *, strict: bool) -> bool:
    """Whether finite numbers never fall (strict: always rise)."""
    last = -_INF
    for number in numbers:
        if not last <= number < _INF or (strict and number == last):
            return False
        last = number
    return bool(numbers) and numbers[0] > -_INF
