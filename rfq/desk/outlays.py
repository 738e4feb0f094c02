"""What the market at hand makes a trade cost us besides its hedge: venue fees, carry of the hedge, and the risk of
standing by a price for the life of a quote."""

from math import sqrt
from typing import NamedTuple

from pricing.costs import carry_usd, venue_fees_usd
from pricing.fact import Fault
from pricing.instruments import Perpetual
from pricing.market import MarketSnapshot, UnderlyingMarket
from pricing.valuation import Valuation
from pricing.venues.fees import LegTrade
from pricing.venues.tables import TABLES, product_of
from rfq.desk.state import DeskState

_MS_A_YEAR = 365.0 * 86_400_000.0


class Outlays(NamedTuple):
    """For one unit of amount: see `pricing.quoting.quote`."""

    fees_usd: float = 0.0
    carry_usd: float = 0.0
    risk_bps: float = 0.0


def of(valuation: Valuation, market: MarketSnapshot, state: DeskState) -> Outlays | Fault:
    """The outlays of a structure that has been valued, or what is missing to say them."""
    terms = state.policy.terms
    under = market.underlying(valuation.underlying)
    if under is None:
        return Fault(field=valuation.underlying, problem="no market")
    fees = _fees(valuation, market, under, state) if terms.fee_venue else 0.0
    if isinstance(fees, Fault):
        return fees
    delta = valuation.delta_net_usd
    carry = risk = 0.0
    if terms.hold_hours and under.funding:
        # What perpetuals in the package are paid themselves, its hedge pays: only the rest is carried.
        own = 0.0
        for leg in valuation.legs:
            if isinstance(state.instruments[leg.instrument], Perpetual):
                own += leg.delta_net_usd
        carry = carry_usd(under.funding_rate_8h, terms.hold_hours, delta - own)
    if terms.vol_weight:
        life = sqrt(state.policy.quote_ttl_ms / _MS_A_YEAR)
        risk = 1e4 * under.sigma * life * abs(delta) / valuation.notional_usd
    return Outlays(fees, carry, risk)


def _fees(
    valuation: Valuation, market: MarketSnapshot, under: UnderlyingMarket, state: DeskState
) -> float | Fault:
    """What the policy's venue charges for the legs, traded as one block at fair."""
    terms = state.policy.terms
    table = TABLES.get(terms.fee_venue)
    for own in state.policy.venues:
        if own.venue == terms.fee_venue:
            table = own
    if table is None:
        return Fault(field="fee_venue", problem=f"no table of {terms.fee_venue}")
    trades = []
    usd: dict[str, float] = {}
    for leg in valuation.legs:
        instrument = state.instruments[leg.instrument]
        product = product_of(table, instrument)
        if isinstance(product, Fault):
            return product
        for currency in (instrument.quote_currency, instrument.settle_currency):
            rate = market.usd(currency)
            if rate is not None:
                usd[currency] = rate
        in_coin = instrument.quote_currency == instrument.underlying
        per_coin = 1.0 if in_coin else usd.get(instrument.quote_currency, 0.0)
        index = under.index / per_coin if per_coin > 0.0 else 0.0
        trades.append(
            LegTrade(instrument=instrument, product=product, price=leg.fair, index=index, amount=leg.ratio)
        )
    return venue_fees_usd(tuple(trades), usd, maker=True, tier=terms.fee_tier, block=True)
