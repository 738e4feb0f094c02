"""What holding something does to the next price: both sides move, away from holding more of it.

The policy says how much by a number (risk aversion: so many bps for each USD of delta) and, if it has one, by a table
that was worked out elsewhere, from an optimal control, and frozen; here it is only read between its points.
"""

from pricing.terms import QuoteTerms
from pricing.worth import Valuation


def skew_bps(valuation: Valuation, held_usd: float, terms: QuoteTerms) -> float:
    """How far both prices move, bps, when `held_usd` of delta is held: down for a structure that adds to
    it.
    """
    moved = terms.skew_table.at(held_usd) - terms.risk_aversion_bps_per_usd * held_usd
    skew = moved * (valuation.delta_net_usd / valuation.notional_usd)
    bound = terms.skew_bps_max
    return bound if skew > bound else -bound if skew < -bound else skew
