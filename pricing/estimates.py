"""What a model must supply to be used in a price, whatever the model: numbers, not a collaborator.

Costs are total costs to whoever trades the size, in bps of notional, + = cost. Distances are bps beyond fair,
against the client. Markouts are bps, + = good for us, so an expected adverse selection is negative.
"""

import math
from bisect import bisect_right
from typing import Final

from pricing.fact import Fact

_EDGE: Final = 1e-12
_SCALE_MIN_BPS: Final = 1e-9
_INF: Final = math.inf


class Estimates(Fact, frozen=True, kw_only=True, tag="Estimates.1"):
    """Cost quantiles, win probability and markout over quote distance, and their source; valid by
    construction.

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
        """Refuse levels outside (0, 1) or not rising, falling quantiles and numbers that are not finite."""
        _check_rising("levels", self.levels, strict=True)
        if len(self.levels) < 2 or self.levels[0] <= 0.0 or self.levels[-1] >= 1.0:
            raise ValueError("levels: at least two, all between 0 and 1")
        _check_rising("cost_bps", self.cost_bps, strict=False)
        if len(self.cost_bps) != len(self.levels):
            raise ValueError(f"cost_bps: {len(self.cost_bps)} quantiles for {len(self.levels)} levels")
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


def _check_rising(field: str, numbers: tuple[float, ...], *, strict: bool) -> None:
    """Refuse a tuple with a step down (or, when strict, a step of zero), NaN or infinity in it."""
    if not math.isfinite(sum(numbers)):
        raise ValueError(f"{field}: not finite")
    last = -_INF
    for number in numbers:
        if number < last or (strict and number == last):
            raise ValueError(f"{field}: {number} after {last}")
        last = number


def percentile(estimates: Estimates, cost_bps: float) -> float:
    """Where a realised cost falls in the estimated distribution: P(cost <= cost_bps), in (0, 1), never
    falling.

    Linear between the quantiles; beyond them an exponential tail that starts with the density of the last
    interval.
    """
    levels, costs = estimates.levels, estimates.cost_bps
    place = bisect_right(costs, cost_bps)
    if place == 0:
        scale = max(levels[0] * (costs[1] - costs[0]) / (levels[1] - levels[0]), _SCALE_MIN_BPS)
        return max(levels[0] * math.exp((cost_bps - costs[0]) / scale), _EDGE)
    if place == len(costs):
        rest = 1.0 - levels[-1]
        scale = max(rest * (costs[-1] - costs[-2]) / (levels[-1] - levels[-2]), _SCALE_MIN_BPS)
        return min(1.0 - rest * math.exp((costs[-1] - cost_bps) / scale), 1.0 - _EDGE)
    low, high = costs[place - 1], costs[place]
    share = (cost_bps - low) / (high - low)
    return levels[place - 1] + share * (levels[place] - levels[place - 1])


def cost_at(estimates: Estimates, level: float) -> float:
    """The cost in bps at a level in (0, 1): the inverse of `percentile`, flat beyond the outermost
    quantiles.
    """
    levels, costs = estimates.levels, estimates.cost_bps
    place = bisect_right(levels, level)
    if place == 0:
        return costs[0]
    if place == len(levels):
        return costs[-1]
    low, high = levels[place - 1], levels[place]
    return costs[place - 1] + (level - low) / (high - low) * (costs[place] - costs[place - 1])


def median_cost(estimates: Estimates) -> float:
    """The median total cost in bps of notional."""
    return cost_at(estimates, 0.5)


def win_probability(estimates: Estimates, distance_bps: float) -> float:
    """P(win) when quoting `distance_bps` beyond fair against the client."""
    power = estimates.win_intercept + estimates.win_slope * distance_bps
    if power > 700.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(power))


def markout(estimates: Estimates, distance_bps: float) -> float:
    """Expected markout in bps, + = good for us, when won at that distance; never above zero."""
    power = min(-estimates.markout_beta * distance_bps, 700.0)
    return -estimates.markout_theta_bps * math.exp(power)
