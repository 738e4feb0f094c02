"""Schemas of request rows that are history: old logs and old stores name them by their hash.

A schema is added here when the next one takes its place in `models.features`, as the lines that its hash is over.
"""

from collections.abc import Mapping
from typing import Final

from models.features import Column, schema_hash

_VERSION_1: Final = """
size_vs_adv_ratio|ratio|1d|0.0
size_vs_depth_ratio|ratio||0.0
side_sign|sign||0.0
leg_count|count||1.0
option_flag|flag||0.0
delta_ratio|ratio||1.0
gamma_ratio|ratio per 1 %||0.0
vega_bps_per_vol_point|bps per vol point||0.0
tenor_years|years||0.0
ttl_s|s||60.0
dealers_asked_count|count||3.0
sigma_daily_ratio|ratio|1d|0.03
vol_vs_sigma_ratio_1m|ratio|1m|1.0
vol_vs_sigma_ratio_10m|ratio|10m|1.0
half_spread_bps|bps||1.0
uncertainty_bps|bps||1.0
funding_bps_8h|bps|8h|0.0
regime_index|index||0.0
snapshot_age_ms|ms||0.0
book_imbalance_ratio|ratio||0.0
ofi_ratio_1s|ratio|1s|0.0
ofi_ratio_10s|ratio|10s|0.0
flow_vs_depth_ratio_10s|ratio|10s|0.0
flow_vs_depth_ratio_60s|ratio|60s|0.0
trades_count_10s|count|10s|0.0
large_trade_age_s|s||3600.0
day_phase_sin|sin|1d|0.0
day_phase_cos|cos|1d|1.0
week_phase_sin|sin|7d|0.0
week_phase_cos|cos|7d|1.0
inventory_vs_limit_ratio|ratio||0.0
hit_ratio|ratio||0.25
markout_bps_10s|bps|10s|0.0
"""


def _columns(lines: str) -> tuple[Column, ...]:
    """The columns that these lines spell."""
    parts = [line.split("|") for line in lines.strip().splitlines()]
    return tuple([Column(name, unit, horizon, float(missing)) for name, unit, horizon, missing in parts])


PAST: Final[Mapping[int, tuple[Column, ...]]] = {1: _columns(_VERSION_1)}
"""Version -> its columns, without words."""
PAST_HASHES: Final[Mapping[str, int]] = {
    schema_hash(columns, version): version for version, columns in PAST.items()
}
"""Hash -> version."""
