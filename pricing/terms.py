"""What humans set about a price. The numbers are part of the policy, whose hash goes into every decision."""

import math
from bisect import bisect_right
from itertools import pairwise

from pricing.fact import Fact


class SkewTable(Fact, frozen=True, kw_only=True, tag="SkewTable.1"):
    """A skew by inventory, worked out elsewhere and frozen: the desk only interpolates.

    `skew_bps[i]` is how far both prices of something with a delta of its notional move when `held_usd[i]` of delta
    is held; linear between, flat beyond. Empty: none. `source` names what made it.
    """

    held_usd: tuple[float, ...] = ()
    skew_bps: tuple[float, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse inventories that do not rise, a skew that does, and numbers that are not finite."""
        if len(self.held_usd) != len(self.skew_bps):
            raise ValueError(f"skew_bps: {len(self.skew_bps)} for {len(self.held_usd)} inventories")
        if not math.isfinite(sum(self.held_usd)) or not all(
            before < after for before, after in pairwise(self.held_usd)
        ):
            raise ValueError("held_usd: not finite, or does not rise")
        if not math.isfinite(sum(self.skew_bps)) or not all(
            before >= after for before, after in pairwise(self.skew_bps)
        ):
            raise ValueError("skew_bps: not finite, or rises with what is held")

    def at(self, held_usd: float) -> float:
        """The skew in bps with `held_usd` held; zero without a table."""
        held, skews = self.held_usd, self.skew_bps
        if not held:
            return 0.0
        place = bisect_right(held, held_usd)
        if place == 0:
            return skews[0]
        if place == len(held):
            return skews[-1]
        low, high = held[place - 1], held[place]
        here, there = skews[place - 1], skews[place]
        return max(here + (held_usd - low) / (high - low) * (there - here), there)


class QuoteTerms(Fact, frozen=True, kw_only=True, tag="QuoteTerms.2"):
    """What humans set about a price; nothing has a default, so that no number can change its meaning unseen.

    Fees: `fee_bps` is charged on notional, `hedge_fee_bps` on net delta; `fee_venue` names the venue whose fee table
    is charged besides ("" for none), at `fee_tier` ("" is everybody's). Funding: the hedge is held for `hold_hours`.
    Margin: `margin_ratio` of notional is posted over that time and costs `margin_rate_yearly`. Hedge: the level
    `cost_quantile` in (0, 1) of estimated cost times `cost_weight`, and for the vega of each bucket
    `vega_vol_points` a USD of vega at a size of `vega_scale_usd`, growing with size to the power of `vega_power` - 1,
    times `vega_wing_weight` in the wings. Doubt: how much of one standard error of fair (`uncertainty_weight`),
    `stale_bps_per_s` of market age, and `fallback_bps` when the model did not answer in time.

    Skew: `risk_aversion_bps_per_usd` for each USD of delta held, plus `skew_table`, within `skew_bps_max` either way.
    Edge: at least `edge_bps_min` plus `vol_weight` of one standard deviation of fair over the quote's life; cost and
    edge together at least `half_spread_bps_min`.
    """

    fee_bps: float
    hedge_fee_bps: float
    fee_venue: str
    fee_tier: str
    hold_hours: float
    margin_ratio: float
    margin_rate_yearly: float
    cost_quantile: float
    cost_weight: float
    vega_vol_points: float
    vega_power: float
    vega_scale_usd: float
    vega_wing_weight: float
    uncertainty_weight: float
    stale_bps_per_s: float
    fallback_bps: float
    risk_aversion_bps_per_usd: float
    skew_table: SkewTable
    skew_bps_max: float
    edge_bps_min: float
    vol_weight: float
    half_spread_bps_min: float

    def __post_init__(self) -> None:
        """Refuse a quantile outside (0, 1), a power below one, no scale, and anything negative or not finite."""
        if not 0.0 < self.cost_quantile < 1.0:
            raise ValueError(f"cost_quantile: {self.cost_quantile} is not between 0 and 1")
        for field in self.__struct_fields__:
            number = getattr(self, field)
            if isinstance(number, float) and not 0.0 <= number < math.inf:
                raise ValueError(f"{field}: {number} is negative or not finite")
        if not 1.0 <= self.vega_power <= 3.0:
            raise ValueError(f"vega_power: {self.vega_power} is not between 1 and 3")
        if not self.vega_scale_usd > 0.0:
            raise ValueError(f"vega_scale_usd: {self.vega_scale_usd} is not above zero")
