"""What a feed keeps of one underlying's stream: books, trades, and what they say about the next minute.

Numbers stand here as feature rows name them (`models.features`, which says how each is computed); None is what cannot
be computed now, and nothing is filled in. Ratios are plain numbers, + = buying pressure; flows are signed USD, + means
that takers bought; realised volatilities are decimals a year. Windows end at the snapshot's instant.
"""

from pricing.fact import Fact


class Flow(Fact, frozen=True, kw_only=True, tag="Flow.2"):
    """Streaming numbers of one underlying, as of its snapshot."""

    # The book.
    book_known_flag: float | None = None
    spread_bps: float | None = None
    spread_bps_60s: float | None = None
    touch_usd: float | None = None
    depth_1bps_usd: float | None = None
    depth_5bps_usd: float | None = None
    depth_25bps_usd: float | None = None
    slope_bps: float | None = None
    slope_tilt_ratio: float | None = None
    book_imbalance_ratio: float | None = None
    imbalance_5_levels_ratio: float | None = None
    imbalance_10_levels_ratio: float | None = None
    imbalance_20_levels_ratio: float | None = None
    imbalance_2bps_ratio: float | None = None
    imbalance_10bps_ratio: float | None = None
    depth_vol_ratio_60s: float | None = None
    imbalance_vol_ratio_60s: float | None = None
    refill_ratio_10s: float | None = None
    recovery_s_10m: float | None = None
    # Orders and trades.
    ofi_ratio_1s: float | None = None
    ofi_ratio_10s: float | None = None
    ofi_ratio_60s: float | None = None
    band_flow_ratio_10s: float | None = None
    buy_share_ratio_60s: float | None = None
    trades_count_10s: float | None = None
    trades_count_60s: float | None = None
    volume_usd_60s: float | None = None
    large_trade_age_s: float | None = None
    signed_flow_usd_1s: float | None = None
    signed_flow_usd_10s: float | None = None
    signed_flow_usd_60s: float | None = None
    # Prices.
    return_bps_1s: float | None = None
    return_bps_10s: float | None = None
    return_bps_60s: float | None = None
    cross_return_bps_10s: float | None = None
    cross_return_bps_60s: float | None = None
    realised_vol_1m: float | None = None
    realised_vol_10m: float | None = None
    # Who knows more, and who means it.
    through_ratio_60s: float | None = None
    revisions_count_10s: float | None = None
    taker_markout_bps_1s: float | None = None
    taker_markout_bps_10s: float | None = None
    cancel_vs_trade_ratio_60s: float | None = None
    pulled_tilt_ratio_10s: float | None = None
    vanish_ratio_60s: float | None = None
    vanish_tilt_ratio_60s: float | None = None
    wall_ratio: float | None = None
    wall_tilt_ratio: float | None = None
    # Outside the market.
    sentiment_score_1h: float | None = None
    news_count_1h: float | None = None
    chain_flow_usd_1h: float | None = None
    dex_depth_usd: float | None = None
    macro_surprise_sd_1d: float | None = None


UNKNOWN = Flow()
"""Nothing is known."""
