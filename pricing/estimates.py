"""What a model must supply to be used in a price, whatever the model: curves in numbers, not a collaborator.

Costs are total costs to whoever trades the size, in bps of notional, + = cost. Distances are beyond fair, against the
client, tabulated in half-spreads. Markouts are bps, + = good for us, so an expected adverse selection is negative.

Between the distances of the grid the log-odds of winning are linear, so that a logistic curve is read exactly, and the
markout is linear. Before the grid both are flat; beyond it, or beyond the first distance at which there is nothing to
win any more, the log-odds go on falling and the markout is flat.
"""

from bisect import bisect_right
from math import isfinite
from operator import add, neg
from typing import Final

from pricing.fact import Fact
from pricing.numeric.distance import TAIL_SLOPE, WIN_SMALL, log_odds, tail_slope
from pricing.numeric.elementary import exp

DISTANCES: Final = tuple([0.5 * place - 4.0 for place in range(33)])
"""The quote distances of every win and markout curve, in half-spreads beyond fair."""
LEVELS: Final = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
"""The levels of every cost distribution."""
HALF_SPREAD_MIN_BPS: Final = 1e-6
HALF_SPREAD_MAX_BPS: Final = 1e6

_STEP: Final = 0.5
_EDGE: Final = 1e-12
_SCALE_MIN_BPS: Final = 1e-9
_POINTS: Final = len(DISTANCES)
_LEVELS: Final = len(LEVELS)
_LAST: Final = _POINTS - 1


class Estimates(Fact, frozen=True, kw_only=True, tag="Estimates.2"):
    """Win probability and markout over quote distance, cost quantiles, and their source; valid by construction.

    `half_spread_bps` is the unit of DISTANCES: `win[i]` and `markout_bps[i]` are those at a quote `DISTANCES[i] *
    half_spread_bps` beyond fair. `temporary_bps[i] + permanent_bps[i]` is the quantile of cost at `LEVELS[i]`; the
    permanent part does not decay. `source` is the model's hash or the name of a baseline.
    """

    half_spread_bps: float
    win: tuple[float, ...]
    markout_bps: tuple[float, ...]
    temporary_bps: tuple[float, ...]
    permanent_bps: tuple[float, ...]
    source: str

    def __post_init__(self) -> None:
        """Refuse tables of another size, curves that move the wrong way and numbers that are not finite."""
        if not HALF_SPREAD_MIN_BPS <= self.half_spread_bps <= HALF_SPREAD_MAX_BPS:
            raise ValueError(f"half_spread_bps: {self.half_spread_bps} is no half spread")
        win, markouts, temporary, permanent = (
            self.win,
            self.markout_bps,
            self.temporary_bps,
            self.permanent_bps,
        )
        for field, numbers, size in (
            ("win", win, _POINTS),
            ("markout_bps", markouts, _POINTS),
            ("temporary_bps", temporary, _LEVELS),
            ("permanent_bps", permanent, _LEVELS),
        ):
            if len(numbers) != size:
                raise ValueError(f"{field}: {len(numbers)} numbers, not {size}")
            if not isfinite(sum(numbers)):
                raise ValueError(f"{field}: not finite")
        # Sorting what is in order already is the fastest look at it.
        if not (win[0] <= 1.0 and win[-1] >= 0.0 and sorted(win, reverse=True) == list(win)):
            raise ValueError("win: not within 0 and 1, or rises with distance")
        if sorted(markouts) != list(markouts):
            raise ValueError("markout_bps: falls with distance")
        costs = list(map(add, temporary, permanent))
        if sorted(costs) != costs or not isfinite(sum(costs)):
            raise ValueError("permanent_bps: temporary and permanent cost together fall from level to level")


def costs_bps(estimates: Estimates) -> tuple[float, ...]:
    """The quantiles of total cost at LEVELS, bps of notional."""
    temporary, permanent = estimates.temporary_bps, estimates.permanent_bps
    return tuple([one + other for one, other in zip(temporary, permanent, strict=True)])


def percentile(estimates: Estimates, cost_bps: float) -> float:
    """Where a realised cost falls in the estimated distribution: P(cost <= cost_bps), in (0, 1), never
    falling.

    Linear between the quantiles; beyond them an exponential tail that starts with the density of the last
    interval.
    """
    return percentile_among(costs_bps(estimates), cost_bps)


def percentile_among(costs: tuple[float, ...], cost_bps: float) -> float:
    """`percentile` for whoever asks often: `costs` are `costs_bps` of the estimates."""
    place = bisect_right(costs, cost_bps)
    if place == 0:
        scale = max(LEVELS[0] * (costs[1] - costs[0]) / (LEVELS[1] - LEVELS[0]), _SCALE_MIN_BPS)
        return max(LEVELS[0] * exp((cost_bps - costs[0]) / scale), _EDGE)
    if place == len(costs):
        rest = 1.0 - LEVELS[-1]
        scale = max(rest * (costs[-1] - costs[-2]) / (LEVELS[-1] - LEVELS[-2]), _SCALE_MIN_BPS)
        return min(1.0 - rest * exp((costs[-1] - cost_bps) / scale), 1.0 - _EDGE)
    low, high = costs[place - 1], costs[place]
    share = (cost_bps - low) / (high - low)
    return LEVELS[place - 1] + share * (LEVELS[place] - LEVELS[place - 1])


def cost_at(estimates: Estimates, level: float) -> float:
    """The cost in bps at a level in (0, 1): the inverse of `percentile`, flat beyond the outermost
    quantiles.
    """
    temporary, permanent = estimates.temporary_bps, estimates.permanent_bps
    place = bisect_right(LEVELS, level)
    if place == 0:
        return temporary[0] + permanent[0]
    before = temporary[place - 1] + permanent[place - 1]
    if place == len(LEVELS):
        return before
    low, high = LEVELS[place - 1], LEVELS[place]
    return before + (level - low) / (high - low) * (temporary[place] + permanent[place] - before)


def median_cost(estimates: Estimates) -> float:
    """The median total cost in bps of notional."""
    return cost_at(estimates, 0.5)


def tail_place(win: tuple[float, ...]) -> int:
    """The place at which the tail begins: the first at which there is nothing to win any more, else the last."""
    if win[_LAST] >= WIN_SMALL:
        return _LAST
    return bisect_right(win, -WIN_SMALL, key=neg)


def win_probability(estimates: Estimates, distance_bps: float) -> float:
    """P(win) when quoting `distance_bps` beyond fair against the client; never rising.

    Within WIN_SMALL of the table at its distances.
    """
    win = estimates.win
    distance = distance_bps / estimates.half_spread_bps
    if distance <= DISTANCES[0]:
        return win[0]
    last = tail_place(win)
    if distance >= DISTANCES[last]:
        slope = tail_slope(win[last - 1], win[last]) if last else TAIL_SLOPE
        power = slope * (distance - DISTANCES[last]) - log_odds(win[last])
        return min(1.0 / (1.0 + exp(power)), win[last]) if power < 700.0 else 0.0
    place = int((distance - DISTANCES[0]) / _STEP)
    share = (distance - DISTANCES[place]) / _STEP
    here, there = log_odds(win[place]), log_odds(win[place + 1])
    found = 1.0 / (1.0 + exp(-(here + share * (there - here))))
    return max(min(found, win[place]), win[place + 1])


def markout(estimates: Estimates, distance_bps: float) -> float:
    """Expected markout in bps, + = good for us, when won at that distance; never falling."""
    markouts = estimates.markout_bps
    distance = distance_bps / estimates.half_spread_bps
    if distance <= DISTANCES[0]:
        return markouts[0]
    last = tail_place(estimates.win)
    if distance >= DISTANCES[last]:
        return markouts[last]
    place = int((distance - DISTANCES[0]) / _STEP)
    share = (distance - DISTANCES[place]) / _STEP
    here, there = markouts[place], markouts[place + 1]
    return min(here + share * (there - here), there)
