"""What a model is told about a request: named, unit-bearing, versioned columns, and one row of them.

The schema is data: its hash names it in every row, artifact and log record, so a model cannot be fed another
order of columns. Ratios are plain numbers, bps are of notional, side is the taker's (+1 buys, -1 sells, 0
asks for both).
"""

import hashlib
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

SCHEMA_VERSION: Final = 2


class Column(NamedTuple):
    """One column: its name (unit last), unit, the horizon it looks over ("" = none), its value when it cannot be
    computed, and how it is computed.
    """

    name: str
    unit: str
    horizon: str = ""
    when_missing: float = 0.0
    words: str = ""


REQUEST: Final[tuple[Column, ...]] = (
    Column("size_vs_adv_ratio", "ratio", "1d", 0.0, "notional / average daily volume"),
    Column("size_vs_depth_ratio", "ratio", "", 0.0, "notional / depth within 10 bps"),
    Column("size_vs_volume_ratio_60s", "ratio", "60s", 0.0, "notional / USD traded in the last minute"),
    Column("impact_bps", "bps", "1d", 0.0, "daily sigma x sqrt(notional / average daily volume)"),
    Column("side_sign", "sign", "", 0.0, "the taker's: +1 buys, -1 sells, 0 two-way"),
    Column("leg_count", "count", "", 1.0, "legs of the structure"),
    Column("option_flag", "flag", "", 0.0, "1 when any leg is an option"),
    Column("delta_ratio", "ratio", "", 1.0, "USD of delta / notional, signed"),
    Column("gamma_ratio", "ratio per 1 %", "", 0.0, "USD of delta gained per 1 % move / notional"),
    Column("vega_bps_per_vol_point", "bps per vol point", "", 0.0, "vega / notional, signed"),
    Column("tenor_years", "years", "", 0.0, "time to the structure's nearest expiry; 0 when it has none"),
    Column("ttl_s", "s", "", 60.0, "the life that the quote is asked for"),
    Column("dealers_asked_count", "count", "", 3.0, "dealers that are asked, we included"),
)
"""The request and its structure."""

MARKET: Final[tuple[Column, ...]] = (
    Column("sigma_daily_ratio", "ratio", "1d", 0.03, "implied volatility of one day, decimal"),
    Column("vol_vs_sigma_ratio_1m", "ratio", "1m", 1.0, "realised volatility / implied"),
    Column("vol_vs_sigma_ratio_10m", "ratio", "10m", 1.0, "realised volatility / implied"),
    Column("vol_term_ratio_10m", "ratio", "10m", 1.0, "realised volatility of 1 minute / of 10 minutes"),
    Column("implied_term_ratio", "ratio", "", 1.0, "at-the-money volatility, nearest expiry / furthest"),
    Column("vol_of_vol_ratio", "ratio", "1y", 1.0, "the surface's volatility of volatility; 0 not told"),
    Column("half_spread_bps", "bps", "", 1.0, "half the screen's spread, for this structure"),
    Column("uncertainty_bps", "bps", "", 1.0, "one standard deviation of doubt about fair"),
    Column("funding_bps_8h", "bps", "8h", 0.0, "what longs of the perpetual pay"),
    Column("regime_index", "index", "", 0.0, "the regime that the feed names"),
    Column("snapshot_age_ms", "ms", "", 0.0, "now - the snapshot's instant"),
    Column("flow_vs_depth_ratio_1s", "ratio", "1s", 0.0, "signed taker USD / depth within 10 bps"),
    Column("flow_vs_depth_ratio_10s", "ratio", "10s", 0.0, "signed taker USD / depth within 10 bps"),
    Column("flow_vs_depth_ratio_60s", "ratio", "60s", 0.0, "signed taker USD / depth within 10 bps"),
)
"""The market's state, beside what stands in its `Flow`."""

FLOW: Final[tuple[Column, ...]] = (
    Column("book_known_flag", "flag", "", 0.0, "1 when a right book is known now"),
    Column("spread_bps", "bps", "", 1.0, "(offer - bid) / mid"),
    Column("spread_bps_60s", "bps", "60s", 1.0, "time-weighted mean of (offer - bid) / mid"),
    Column("touch_usd", "usd", "", 0.0, "mean of what stands at the best bid and the best offer"),
    Column("depth_1bps_usd", "usd", "", 0.0, "what stands within 1 bps of the mid, both sides"),
    Column("depth_5bps_usd", "usd", "", 0.0, "what stands within 5 bps of the mid, both sides"),
    Column("depth_25bps_usd", "usd", "", 0.0, "what stands within 25 bps of the mid, both sides"),
    Column("slope_bps", "bps", "", 12.5, "mean distance of what stands within 25 bps, both sides"),
    Column("slope_tilt_ratio", "ratio", "", 0.0, "(offers' slope - bids') / their sum: + = bids are nearer"),
    Column("book_imbalance_ratio", "ratio", "", 0.0, "(bid - offer) / (bid + offer) size at the touch"),
    Column("imbalance_5_levels_ratio", "ratio", "", 0.0, "the same of the best 5 levels"),
    Column("imbalance_10_levels_ratio", "ratio", "", 0.0, "the same of the best 10 levels"),
    Column("imbalance_20_levels_ratio", "ratio", "", 0.0, "the same of the best 20 levels"),
    Column("imbalance_2bps_ratio", "ratio", "", 0.0, "the same of what stands within 2 bps"),
    Column("imbalance_10bps_ratio", "ratio", "", 0.0, "the same of what stands within 10 bps"),
    Column(
        "depth_vol_ratio_60s", "ratio", "60s", 0.0, "standard deviation / mean of depth within 5 bps in time"
    ),
    Column(
        "imbalance_vol_ratio_60s", "ratio", "60s", 0.0, "standard deviation in time of the 5-level imbalance"
    ),
    Column("refill_ratio_10s", "ratio", "10s", 1.0, "size that appeared within 25 bps / size that went"),
    Column(
        "recovery_s_10m",
        "s",
        "10m",
        5.0,
        "mean time of sides whose 5 bps lost a third until half is back, as far as seen",
    ),
    Column(
        "ofi_ratio_1s", "ratio", "1s", 0.0, "order-flow imbalance at the touch / the touch's mean of 60 s"
    ),
    Column(
        "ofi_ratio_10s", "ratio", "10s", 0.0, "order-flow imbalance at the touch / the touch's mean of 60 s"
    ),
    Column(
        "ofi_ratio_60s", "ratio", "60s", 0.0, "order-flow imbalance at the touch / the touch's mean of 60 s"
    ),
    Column(
        "band_flow_ratio_10s",
        "ratio",
        "10s",
        0.0,
        "net size added within 25 bps, bids - offers / depth there",
    ),
    Column("buy_share_ratio_60s", "ratio", "60s", 0.5, "USD bought by takers / USD traded"),
    Column("trades_count_10s", "count", "10s", 0.0, "takers' orders: prints of one side within 1 ms are one"),
    Column("trades_count_60s", "count", "60s", 0.0, "takers' orders: prints of one side within 1 ms are one"),
    Column("volume_usd_60s", "usd", "60s", 0.0, "USD traded"),
    Column(
        "large_trade_age_s",
        "s",
        "",
        3600.0,
        "since an order took 5 times the touch's mean of 60 s; an hour at most",
    ),
    Column("return_bps_1s", "bps", "1s", 0.0, "move of the mid"),
    Column("return_bps_10s", "bps", "10s", 0.0, "move of the mid"),
    Column("return_bps_60s", "bps", "60s", 0.0, "move of the mid"),
    Column("cross_return_bps_10s", "bps", "10s", 0.0, "mean move of the other underlyings' mids"),
    Column("cross_return_bps_60s", "bps", "60s", 0.0, "mean move of the other underlyings' mids"),
    Column("through_ratio_60s", "ratio", "60s", 0.0, "USD traded beyond the touch as it stood / USD traded"),
    Column("revisions_count_10s", "count", "10s", 0.0, "times that a best price changed"),
    Column(
        "taker_markout_bps_1s",
        "bps",
        "1s",
        0.0,
        "a minute's trades: mid 1 s after their second vs price, by USD",
    ),
    Column("taker_markout_bps_10s", "bps", "10s", 0.0, "the same after 10 s; + = takers were right"),
    Column("cancel_vs_trade_ratio_60s", "ratio", "60s", 1.0, "USD cancelled behind the touch / USD traded"),
    Column(
        "pulled_tilt_ratio_10s", "ratio", "10s", 0.0, "(offers - bids) / (both) cancelled behind the touch"
    ),
    Column(
        "vanish_ratio_60s",
        "ratio",
        "60s",
        0.0,
        "USD of walls cancelled as the price drew near / depth, 25 bps",
    ),
    Column(
        "vanish_tilt_ratio_60s",
        "ratio",
        "60s",
        0.0,
        "the same, offers - bids: + = walls above were not meant",
    ),
    Column("wall_ratio", "ratio", "", 0.0, "largest level behind either touch / depth within 25 bps"),
    Column("wall_tilt_ratio", "ratio", "", 0.0, "(bids' largest - offers') / their sum, behind the touch"),
    Column("sentiment_score_1h", "score", "1h", 0.0, "weighted mean of news' scores in -1..1, fading"),
    Column("news_count_1h", "count", "1h", 0.0, "scored news, fading"),
    Column("chain_flow_usd_1h", "usd", "1h", 0.0, "coins moved to exchanges - from them, fading"),
    Column("dex_depth_usd", "usd", "1d", 0.0, "depth of decentralised pools as last told"),
    Column("macro_surprise_sd_1d", "sd", "1d", 0.0, "surprises of releases in their deviations, fading"),
)
"""What a stream of books and trades says; each stands in `pricing.flow.Flow` under its name."""

CALENDAR: Final[tuple[Column, ...]] = (
    Column("day_phase_sin", "sin", "1d", 0.0, "time of day as a point on a circle, UTC"),
    Column("day_phase_cos", "cos", "1d", 1.0, "time of day as a point on a circle, UTC"),
    Column("week_phase_sin", "sin", "7d", 0.0, "time of week as a point on a circle, from Monday 00:00 UTC"),
    Column("week_phase_cos", "cos", "7d", 1.0, "time of week as a point on a circle, from Monday 00:00 UTC"),
    Column("release_due_s", "s", "7d", 604800.0, "to the next scheduled release, at most a week"),
    Column("funding_due_s", "s", "8h", 28800.0, "to the next funding, at most eight hours"),
    Column("expiry_due_s", "s", "7d", 604800.0, "to the next scheduled expiry, at most a week"),
)

DESK: Final[tuple[Column, ...]] = (
    Column("inventory_vs_limit_ratio", "ratio", "", 0.0, "signed USD of delta held / limit"),
    Column("inventory_after_ratio", "ratio", "", 0.0, "the same, were the request traded whole, by us"),
    Column("hit_ratio", "ratio", "", 0.25, "the counterparty's trades / our quotes to it, shrunk"),
    Column("markout_bps_1s", "bps", "1s", 0.0, "the counterparty's mean after 1 s, + = good for us, shrunk"),
    Column("markout_bps_10s", "bps", "10s", 0.0, "the same after 10 s"),
    Column("markout_bps_60s", "bps", "60s", 0.0, "the same after 60 s"),
    Column("record_ratio", "ratio", "", 0.0, "how much is known of it: fills marked / (10 + them)"),
)
"""We, and the one who asks."""

SCHEMA: Final[tuple[Column, ...]] = (*REQUEST, *MARKET, *FLOW, *CALENDAR, *DESK)
"""The columns of version 2, in the order of every row."""
GROUPS: Final = MappingProxyType(
    {"request": REQUEST, "market": MARKET, "flow": FLOW, "calendar": CALENDAR, "desk": DESK}
)
"""The same by what they are made of, in the same order."""

WIDTH: Final = len(SCHEMA)
INDEX: Final[dict[str, int]] = {column.name: place for place, column in enumerate(SCHEMA)}
"""Column name -> place in a row."""


def schema_hash(schema: tuple[Column, ...] = SCHEMA, version: int = SCHEMA_VERSION) -> str:
    """The short name (12 hex digits) of a schema: any change of a column or of their order changes it, but not
    one of its words: another way to compute a column is another version.
    """
    text = f"v{version}" + "".join(f"\n{c.name}|{c.unit}|{c.horizon}|{c.when_missing!r}" for c in schema)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


SCHEMA_HASH: Final = schema_hash()
MISSING: Final = tuple(column.when_missing for column in SCHEMA)
"""A row's values when nothing at all is known."""


class Row(Protocol):
    """What every model reads, whoever keeps it: the schema's short hash, and the values in the schema's order."""

    @property
    def schema(self) -> str:
        """The short hash of the schema."""
        ...

    @property
    def values(self) -> tuple[float, ...]:
        """One finite number for each column."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRow:
    """One request as a model sees it: the schema's short hash and its values in the schema's order, all
    finite.
    """

    schema: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a row of this schema with another width, and any value that is not finite."""
        if len(self.values) != WIDTH and self.schema == SCHEMA_HASH:
            raise ValueError(f"values: {len(self.values)} for {WIDTH} columns")
        if not math.isfinite(sum(self.values)):
            raise ValueError("values: not finite")

    def get(self, name: str) -> float:
        """The value of a column of the current schema, by name."""
        return self.values[INDEX[name]]
