"""What a trade costs us, line by line: fees, carry of the hedge, margin, the hedge of what is left after netting, and
doubt.

A package is charged for what it leaves to hedge, not for its legs: greeks are netted first, vega by bucket (expiry and
wing), so a box or a conversion has no hedge to pay for. Everything is bps of notional unless its name says otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pricing.estimates import Estimates, cost_at
from pricing.fact import Fault
from pricing.numeric.elementary import exp, log, power
from pricing.terms import QuoteTerms
from pricing.venues.fees import LegTrade, combo_fee
from pricing.worth import Bucket, Valuation

HOURS_A_YEAR: Final = 8_760.0
FUNDING_HOURS: Final = 8.0
AT_MONEY: Final = "atm"
EXPOSED_BPS: Final = 1.0
"""With less net delta and vega per vol point than this (bps of notional) a hedge is charged in proportion."""


class Charges(NamedTuple):
    """What is charged on either side, bps of notional; never below zero together."""

    fees: float
    margin: float
    hedge: float
    doubt: float

    @property
    def total(self) -> float:
        """The whole cost."""
        return self.fees + self.margin + self.hedge + self.doubt


def charges(
    valuation: Valuation,
    estimates: Estimates,
    *,
    amount: float,
    fees_usd: float,
    age_ms: float,
    fallback: bool,
    terms: QuoteTerms,
) -> Charges:
    """The costs of trading `amount` units; `fees_usd` is what venues charge for one unit. A rebate is only given on
    against other costs."""
    margin, hedge = margin_bps(terms), hedge_bps(valuation, estimates, amount, terms)
    doubt = doubt_bps(valuation, age_ms, fallback, terms)
    fees = terms.fee_bps
    if terms.hedge_fee_bps or fees_usd:
        exposed = terms.hedge_fee_bps * abs(valuation.delta_net_usd) + 1e4 * fees_usd
        fees += exposed / valuation.notional_usd
    floor = -(margin + hedge + doubt)
    return Charges(fees if fees > floor else floor, margin, hedge, doubt)


def margin_bps(terms: QuoteTerms) -> float:
    """What the margin costs while the hedge is held."""
    return 1e4 * terms.margin_ratio * terms.margin_rate_yearly * (terms.hold_hours / HOURS_A_YEAR)


def hedge_bps(valuation: Valuation, estimates: Estimates, amount: float, terms: QuoteTerms) -> float:
    """What it costs to trade out of the package's net delta and vega: the estimate's quantile, and the vega of each
    bucket. Nothing for a package that has neither.
    """
    notional = valuation.notional_usd
    exposed_usd = abs(valuation.delta_net_usd)
    for bucket in valuation.buckets:
        exposed_usd += abs(bucket.vega_usd_per_vol_point)
    cost = terms.cost_weight * cost_at(estimates, terms.cost_quantile)
    share = 1e4 * exposed_usd / (EXPOSED_BPS * notional)
    cost = 0.0 if cost < 0.0 else cost * share if share < 1.0 else cost
    if terms.vega_vol_points and valuation.buckets:
        cost += 1e4 * _vega_usd(valuation.buckets, amount, terms) / notional
    return cost


def _vega_usd(buckets: tuple[Bucket, ...], amount: float, terms: QuoteTerms) -> float:
    """What trading out of the vega costs, USD for one unit of `amount`: for amount |v| of vega in a bucket in all, its
    kappa times that to the power of `vega_power`, where kappa is in vol points at the scale.
    """
    cost, steep = 0.0, terms.vega_power - 1.0
    for bucket in buckets:
        vega = abs(bucket.vega_usd_per_vol_point)
        kappa = terms.vega_vol_points * (1.0 if bucket.wing == AT_MONEY else terms.vega_wing_weight)
        if steep > 0.0 and vega > 0.0:
            size = vega * abs(amount) / terms.vega_scale_usd
            kappa *= exp(steep * log(size)) if size > 0.0 else 0.0
        cost += kappa * vega
    return cost


def net_cost_usd(
    delta_usd: float, vegas: Sequence[float], *, delta_bps: float, kappas: Sequence[float], exponent: float
) -> float:
    """sum_k kappa_k |vega_k|^exponent + delta_bps of the delta: what trading out of these net greeks costs, USD.

    `vegas` by bucket, USD per vol point; `kappas` in the same order.
    """
    cost = 1e-4 * delta_bps * abs(delta_usd)
    for kappa, vega in zip(kappas, vegas, strict=True):
        if vega:
            cost += kappa * power(abs(vega), exponent)
    return cost


def package_discount(
    legs: Sequence[tuple[float, Sequence[float]]],
    *,
    delta_bps: float,
    kappas: Sequence[float],
    exponent: float,
) -> float:
    """1 - cost(net) / sum of cost(legs): what trading the legs together saves; 1 for a package that nets to nothing.

    A leg is its delta (USD) and its vegas by bucket. Legs that cost nothing leave nothing to save: 0.
    """
    apart = delta = 0.0
    nets = [0.0] * len(kappas)
    for leg_delta, vegas in legs:
        apart += net_cost_usd(leg_delta, vegas, delta_bps=delta_bps, kappas=kappas, exponent=exponent)
        delta += leg_delta
        nets = [net + vega for net, vega in zip(nets, vegas, strict=True)]
    if apart <= 0.0:
        return 0.0
    return 1.0 - net_cost_usd(delta, nets, delta_bps=delta_bps, kappas=kappas, exponent=exponent) / apart


def doubt_bps(valuation: Valuation, age_ms: float, fallback: bool, terms: QuoteTerms) -> float:
    """What we charge for not being sure: of fair, of a market that has aged, without the model's answer."""
    doubt = terms.uncertainty_weight * valuation.uncertainty_bps
    if age_ms > 0.0:
        doubt += terms.stale_bps_per_s * age_ms * 1e-3
    return doubt + terms.fallback_bps if fallback else doubt


def carry_usd(funding_rate_8h: float, hold_hours: float, hedged_usd: float) -> float:
    """What holding a bought unit earns through its hedge, USD: `hedged_usd` of perpetual is sold short against it, and
    shorts are paid the rate. For a sold unit it is what it costs, so that both prices move by it alike.
    """
    return funding_rate_8h * (hold_hours / FUNDING_HOURS) * hedged_usd


def venue_fees_usd(
    trades: tuple[LegTrade, ...], usd: Mapping[str, float], *, maker: bool, tier: str, block: bool
) -> float | Fault:
    """What a venue charges for these legs traded as one, in USD; `usd` is what a unit of each currency is worth."""
    fees = combo_fee(trades, maker=maker, tier=tier, block=block)
    if isinstance(fees, Fault):
        return fees
    paid = 0.0
    for fee in fees:
        rate = usd.get(fee.currency)
        if rate is None:
            return Fault(field="currency", problem=f"no rate of {fee.currency} in USD")
        paid += rate * fee.amount
    return paid
