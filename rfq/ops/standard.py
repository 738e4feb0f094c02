"""The standard policy: the numbers that hold where `[desk]` in the settings says nothing.

They are a cautious desk's: edges small enough to trade in the simulated market, limits that a person would
sign. Changing one changes the policy's hash, and with it every chain that opens afterwards.
"""

from decimal import Decimal
from typing import Final

from pricing.terms import QuoteTerms, SkewTable
from rfq.domain.policy import Allocation, Policy

STANDARD_POLICY: Final = Policy(
    version=1,
    terms=QuoteTerms(
        fee_bps=0.5,
        hedge_fee_bps=0.0,
        fee_venue="",
        fee_tier="",
        hold_hours=1.0,
        margin_ratio=0.0,
        margin_rate_yearly=0.0,
        cost_quantile=0.6,
        cost_weight=0.5,
        vega_vol_points=0.2,
        vega_power=1.2,
        vega_scale_usd=10_000.0,
        vega_wing_weight=1.5,
        uncertainty_weight=0.5,
        stale_bps_per_s=0.5,
        fallback_bps=3.0,
        risk_aversion_bps_per_usd=2e-6,
        skew_table=SkewTable(),
        skew_bps_max=10.0,
        edge_bps_min=1.0,
        vol_weight=0.1,
        half_spread_bps_min=2.0,
    ),
    estimate_deadline_ms=20,
    quote_ttl_ms=5_000,
    requote_move_bps=Decimal(2),
    rfq_ttl_ms=30_000,
    collect_ms=3_000,
    accept_timeout_ms=2_000,
    panel_size=5,
    allocation=Allocation.MULTI_UNIFORM_LAST,
    accept_percentile_max=Decimal("0.7"),
    auto_accept=True,
    market_age_ms_max=2_000,
    rfq_life_ms_max=300_000,
    markout_horizons_s=(1, 10, 60, 300),
    notional_usd_max=Decimal(5_000_000),
    position_usd_max=Decimal(20_000_000),
    price_band_bps=Decimal(500),
    open_rfqs_max=1_000,
    closed_memory=2_000,
)
