"""Old versions of what stands in logs, as the next version reads them; importing this module registers them.

A log is never rewritten. What a new version asks for and an old one did not know is given the value with which it
changes nothing.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pricing.estimates import DISTANCES, HALF_SPREAD_MAX_BPS, HALF_SPREAD_MIN_BPS, LEVELS
from pricing.numeric.elementary import exp
from rfq.domain import canon
from rfq.domain.upcasts_market import flow_2, snapshot_2

Node = dict[str, Any]
_WIDENED: Final = ("ChainOpened", "Future", "Option", "Perpetual", "Policy", "Scorecard", "Started")
"""Their second version only has more fields, all with defaults."""
_WIDENED_TWICE: Final = ("MarketSnapshot",)
"""And so has their third."""
_SLOPE_A_HALF_SPREAD: Final = 1.55
"""Estimates of version 1 had no unit of distance: theirs becomes the one in which a win curve falls this fast."""


def estimates_2(node: Node) -> Node:
    """Estimates.1 -> .2: the logistic win curve and the exponential markout as tables, the cost at the fixed levels."""
    intercept, slope = float(node["win_intercept"]), float(node["win_slope"])
    theta, beta = float(node["markout_theta_bps"]), float(node["markout_beta"])
    half = min(max(_SLOPE_A_HALF_SPREAD / slope, HALF_SPREAD_MIN_BPS), HALF_SPREAD_MAX_BPS)
    win, markouts = [], []
    for distance in DISTANCES:
        away = distance * half
        win.append(1.0 / (1.0 + exp(min(intercept + slope * away, 700.0))))
        markouts.append(0.0 - theta * exp(min(-beta * away, 50.0)))
    share = float(node["permanent_share"])
    costs = [_cost_at(node["levels"], node["cost_bps"], level) for level in LEVELS]
    return {
        "_": "Estimates.2",
        "half_spread_bps": half,
        "win": win,
        "markout_bps": markouts,
        "temporary_bps": [(1.0 - share) * cost for cost in costs],
        "permanent_bps": [share * cost for cost in costs],
        "source": node["source"],
    }


def _cost_at(levels: list[float], costs: list[float], level: float) -> float:
    """Linear between the quantiles, flat beyond them."""
    if level <= levels[0]:
        return float(costs[0])
    for place in range(1, len(levels)):
        if level <= levels[place]:
            low, here, there = levels[place - 1], costs[place - 1], costs[place]
            return min(here + (level - low) / (levels[place] - low) * (there - here), float(there))
    return float(costs[-1])


def terms_2(node: Node) -> Node:
    """QuoteTerms.1 -> .2: what was charged is charged, and nothing else."""
    return {
        **node,
        "_": "QuoteTerms.2",
        "hedge_fee_bps": 0.0,
        "fee_venue": "",
        "fee_tier": "",
        "hold_hours": 0.0,
        "margin_ratio": 0.0,
        "margin_rate_yearly": 0.0,
        "vega_power": 1.0,
        "vega_scale_usd": 1.0,
        "vega_wing_weight": 1.0,
        "skew_table": {"_": "SkewTable.1"},
        "vol_weight": 0.0,
    }


def line_2(node: Node) -> Node:
    """Line.1 -> .2: it did not say its unit, only that it was the price's."""
    return {**node, "_": "Line.2", "unit": "price"}


def renamed(tag: str) -> Callable[[Node], Node]:
    """To a version that only knows more: what it asks for beyond the old one has a default."""
    return lambda node: {**node, "_": tag}


def _safe(tag: str, upcast: Callable[[Node], Node]) -> Callable[[Node], Node]:
    """The upcast; what is not even an old version becomes an empty new one, which decoding refuses with its field."""

    def lift(node: Node) -> Node:
        try:
            return upcast(node)
        except (LookupError, TypeError, ValueError, ArithmeticError):
            return {"_": tag}

    return lift


UPCASTS: Final[Mapping[str, tuple[str, Callable[[Node], Node]]]] = MappingProxyType(
    {
        **{f"{name}.1": (f"{name}.2", renamed(f"{name}.2")) for name in _WIDENED},
        **{f"{name}.2": (f"{name}.3", renamed(f"{name}.3")) for name in _WIDENED_TWICE},
        "Estimates.1": ("Estimates.2", estimates_2),
        "Flow.1": ("Flow.2", flow_2),
        "Line.1": ("Line.2", line_2),
        "MarketSnapshot.1": ("MarketSnapshot.2", snapshot_2),
        "QuoteTerms.1": ("QuoteTerms.2", terms_2),
    }
)
"""Old tag -> the next one, and how."""

for _old, (_new, _upcast) in UPCASTS.items():
    canon.register_upcaster(_old, _safe(_new, _upcast))
