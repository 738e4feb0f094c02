"""How far from fair to quote: the distance that earns most, given how likely each is to win and what is known then.

We choose the distance d beyond fair that maximises win(d) * (d + markout(d) - reserve), where the reserve is what the
trade costs us, skew included. Volatility, size, competition and toxicity are in the curves: the first two in the
half-spread that is their unit, the number of rivals in the win curve, what the client knows in the markout. With a
logistic win curve and no markout the answer is the closed form p + (1 + W0(exp(-(1 + a + b p)))) / b.

On tabulated curves (`pricing.estimates` says how they are read) the exact maximum is found by a kernel,
`pricing.numeric.distance`, for both sides of a quote at once. It never falls when the reserve rises.
"""

from collections.abc import Sequence

from pricing.estimates import Estimates
from pricing.numeric import engine
from pricing.numeric.distance import wright_omega
from pricing.terms import QuoteTerms


def best_distance(intercept: float, slope: float, reserve_bps: float) -> float:
    """The closed form: the best distance (bps) when P(win at d) = 1 / (1 + exp(intercept + slope d)) and the markout is
    nothing."""
    return reserve_bps + (1.0 + wright_omega(-(1.0 + intercept + slope * reserve_bps))) / slope


def best_on(estimates: Estimates, *reserves_bps: float) -> list[float]:
    """The best distance (bps) beyond fair for each reserve; the nearest one where several are as good."""
    asked = [estimates.half_spread_bps, *estimates.win, *estimates.markout_bps, *reserves_bps]
    return engine.DISTANCES.run(asked, len(reserves_bps))


def quoted_distances(
    estimates: Estimates, cost_bps: float, against_bps: Sequence[float], risk_bps: float, terms: QuoteTerms
) -> list[float]:
    """How far beyond fair to quote on each side, bps: the best distance, or what the policy asks at least.

    `against_bps` is what skew and carry add on each side, `risk_bps` one standard deviation of fair over the quote's
    life. The smallest edge stands on top of both, the smallest half spread on top of `against_bps`.
    """
    found = best_on(estimates, *[cost_bps + against for against in against_bps])
    edge, half = cost_bps + (terms.edge_bps_min + terms.vol_weight * risk_bps), terms.half_spread_bps_min
    least = edge if edge > half else half
    for side, against in enumerate(against_bps):
        if found[side] < against + least:
            found[side] = against + least
    return found
