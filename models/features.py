"""What a model is told about a request: named, unit-bearing, versioned columns, and one row of them.

The schema is data: its hash names it in every row, artifact and log record, so a model cannot be fed another
order of columns. Ratios are plain numbers, bps are of notional, side is the taker's (+1 buys, -1 sells, 0
asks for both).
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

SCHEMA_VERSION: Final = 1


class Column(NamedTuple):
    """One column: its name (unit last), unit, the horizon it looks over ("" = none), and its value when
    unknown.
    """

    name: str
    unit: str
    horizon: str = ""
    when_missing: float = 0.0


def _column(name: str, unit: str, horizon: str = "", when_missing: float = 0.0) -> Column:
    """A column, on one line."""
    return Column(name=name, unit=unit, horizon=horizon, when_missing=when_missing)


SCHEMA: Final[tuple[Column, ...]] = (
    # The request and its structure.
    _column("size_vs_adv_ratio", "ratio", "1d"),  # notional / average daily volume
    _column("size_vs_depth_ratio", "ratio"),  # notional / depth within 10 bps
    _column("side_sign", "sign"),  # the taker's: +1 buys, -1 sells, 0 two-way
    _column("leg_count", "count", when_missing=1.0),
    _column("option_flag", "flag"),  # 1 when any leg is an option
    _column("delta_ratio", "ratio", when_missing=1.0),  # USD of delta / notional, signed
    _column("gamma_ratio", "ratio per 1 %"),  # USD of delta gained per 1 % move / notional
    _column("vega_bps_per_vol_point", "bps per vol point"),  # of notional, signed
    _column("tenor_years", "years"),  # to the nearest expiry, 0 = none
    _column("ttl_s", "s", when_missing=60.0),  # the life that the quote is asked for
    _column("dealers_asked_count", "count", when_missing=3.0),  # we included
    # The market's state.
    _column("sigma_daily_ratio", "ratio", "1d", 0.03),  # implied daily volatility, decimal
    _column("vol_vs_sigma_ratio_1m", "ratio", "1m", 1.0),  # realised / implied
    _column("vol_vs_sigma_ratio_10m", "ratio", "10m", 1.0),
    _column("half_spread_bps", "bps", when_missing=1.0),  # the screen's, for this structure
    _column("uncertainty_bps", "bps", when_missing=1.0),  # one standard deviation of doubt about fair
    _column("funding_bps_8h", "bps", "8h"),
    _column("regime_index", "index"),
    _column("snapshot_age_ms", "ms"),
    # Flow; + = buying pressure.
    _column("book_imbalance_ratio", "ratio"),
    _column("ofi_ratio_1s", "ratio", "1s"),
    _column("ofi_ratio_10s", "ratio", "10s"),
    _column("flow_vs_depth_ratio_10s", "ratio", "10s"),  # signed taker USD / depth within 10 bps
    _column("flow_vs_depth_ratio_60s", "ratio", "60s"),
    _column("trades_count_10s", "count", "10s"),
    _column("large_trade_age_s", "s", when_missing=3600.0),
    # The calendar, as points on circles; UTC.
    _column("day_phase_sin", "sin", "1d"),
    _column("day_phase_cos", "cos", "1d", 1.0),
    _column("week_phase_sin", "sin", "7d"),
    _column("week_phase_cos", "cos", "7d", 1.0),
    # We, and the one who asks.
    _column("inventory_vs_limit_ratio", "ratio"),  # signed USD of delta held / limit
    _column("hit_ratio", "ratio", when_missing=0.25),  # the counterparty's DONE / quoted, shrunk
    _column("markout_bps_10s", "bps", "10s"),  # the counterparty's mean, + = good for us, shrunk
)
"""The columns of version 1, in the order of every row."""

WIDTH: Final = len(SCHEMA)
INDEX: Final[dict[str, int]] = {column.name: place for place, column in enumerate(SCHEMA)}
"""Column name -> place in a row."""


def schema_hash(schema: tuple[Column, ...] = SCHEMA, version: int = SCHEMA_VERSION) -> str:
    """The short name (12 hex digits) of a schema: any change of a column or of their order changes it."""
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
