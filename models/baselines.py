"""The closed forms that a learned model must beat, and that the desk falls back on.

Cost, in units of sigma * sqrt(T). With sigma the structure's daily risk in bps of notional (delta and vega
together) and T the days it takes to trade the size at a tenth of the volume: median cost = the screen's half
spread + impact, impact = Y * sigma * (size / ADV)^delta / (1 + delta) (the average over an order whose impact
grows as a power; half of it is permanent), and cost = median + sigma * sqrt(T / 3) * Z (the price risk of
trading evenly over T).

Residual law: Z = t4 / sqrt(2), Student's t with four degrees of freedom scaled to variance one. Its tails are
far heavier than a Gaussian's (4.7 % beyond two standard deviations, 0.5 % beyond four) and both its
distribution and its quantiles are closed forms.

Win probability: logistic in the distance from fair, measured in the usual distance of the trade (half spread,
a quarter of impact, doubt); a panel of n dealers that all quote that distance share the trade, P = 1/n.

Markout: mu(d) = -theta * exp(-beta d): the permanent impact that the trade announces, plus what the
counterparty's record says, shrunk. Numbers: exponent and Y from the measurement with trader ids on a whole
exchange (0.489, 0.842); slope of the win curve from the RFQ literature (3.1 per whole spread); the rest are
stated choices.
"""

import hashlib
import math
from typing import Final

from models.features import INDEX, SCHEMA_HASH, Row
from models.prediction import Prediction

LEVELS: Final = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
IMPACT_EXPONENT: Final = 0.489
IMPACT_Y: Final = 0.842
PERMANENT_OF_IMPACT: Final = 0.5
PARTICIPATION: Final = 0.1
HORIZON_MIN_DAYS: Final = 30.0 / 86_400.0
HORIZON_MAX_DAYS: Final = 1.0
VOL_POINTS_DAILY: Final = 2.4
"""One day's standard deviation of an implied volatility, in vol points."""
DISTANCE_MIN_BPS: Final = 0.25
IMPACT_IN_DISTANCE: Final = 0.25
WIN_SLOPE_PER_DISTANCE: Final = 1.55
WIN_SHIFT_PER_HIT_RATIO: Final = 1.0
HIT_RATIO_USUAL: Final = 0.25
RECORD_WEIGHT: Final = 0.7
MARKOUT_DECAY_PER_DISTANCE: Final = 0.5
THETA_MAX_BPS: Final = 200.0
_SIZE_MAX: Final = 100.0
_RISK_MAX_BPS: Final = 1e5
_SPREAD_MAX_BPS: Final = 1e4


def residual_quantile(level: float) -> float:
    """The quantile of Z = t4 / sqrt(2) at a level in (0, 1)."""
    if level == 0.5:
        return 0.0
    alpha = 4.0 * level * (1.0 - level)
    root = math.sqrt(alpha)
    size = math.sqrt(2.0 * (math.cos(math.acos(root) / 3.0) / root - 1.0))
    return size if level > 0.5 else -size


def residual_cdf(z: float) -> float:
    """P(Z <= z) of Z = t4 / sqrt(2)."""
    square = 2.0 * z * z  # t4 squared
    lean = z * math.sqrt(2.0) / math.sqrt(1.0 + 0.25 * square)
    return 0.5 + 0.375 * lean * (1.0 - square / (12.0 * (1.0 + 0.25 * square)))


QUANTILES: Final = tuple(residual_quantile(level) for level in LEVELS)

_WORDS: Final = "|".join(
    repr(number)
    for number in (
        SCHEMA_HASH,
        LEVELS,
        QUANTILES,
        IMPACT_EXPONENT,
        IMPACT_Y,
        PERMANENT_OF_IMPACT,
        PARTICIPATION,
        HORIZON_MIN_DAYS,
        HORIZON_MAX_DAYS,
        VOL_POINTS_DAILY,
        DISTANCE_MIN_BPS,
        IMPACT_IN_DISTANCE,
        WIN_SLOPE_PER_DISTANCE,
        WIN_SHIFT_PER_HIT_RATIO,
        HIT_RATIO_USUAL,
        RECORD_WEIGHT,
        MARKOUT_DECAY_PER_DISTANCE,
        THETA_MAX_BPS,
    )
)
BASELINE_HASH: Final = hashlib.sha256(f"baseline.1|{_WORDS}".encode()).hexdigest()
"""The name of these closed forms with these numbers; changes when a number does."""
SOURCE: Final = f"baseline.1:{BASELINE_HASH[:12]}"

_SIZE: Final = INDEX["size_vs_adv_ratio"]
_DELTA: Final = INDEX["delta_ratio"]
_VEGA: Final = INDEX["vega_bps_per_vol_point"]
_SIGMA: Final = INDEX["sigma_daily_ratio"]
_HALF: Final = INDEX["half_spread_bps"]
_DOUBT: Final = INDEX["uncertainty_bps"]
_DEALERS: Final = INDEX["dealers_asked_count"]
_HIT: Final = INDEX["hit_ratio"]
_MARKOUT: Final = INDEX["markout_bps_10s"]


def _within(number: float, low: float, high: float) -> float:
    """The number, or the bound it is beyond."""
    return low if number < low else high if number > high else number


def daily_risk_bps(row: Row) -> float:
    """One day's standard deviation of the structure's value, bps of notional: its delta's and its vega's."""
    values = row.values
    moved = 1e4 * _within(values[_SIGMA], 0.0, 10.0) * _within(abs(values[_DELTA]), 0.0, 100.0)
    repriced = VOL_POINTS_DAILY * _within(abs(values[_VEGA]), 0.0, 1e4)
    return _within(math.hypot(moved, repriced), 0.0, _RISK_MAX_BPS)


def horizon_days(row: Row) -> float:
    """The days it takes to trade the size at a tenth of the volume."""
    return _within(row.values[_SIZE] / PARTICIPATION, HORIZON_MIN_DAYS, HORIZON_MAX_DAYS)


def impact_bps(row: Row) -> float:
    """The average impact paid over the order, bps of notional."""
    size = _within(row.values[_SIZE], 0.0, _SIZE_MAX)
    return float(IMPACT_Y * daily_risk_bps(row) * size**IMPACT_EXPONENT / (1.0 + IMPACT_EXPONENT))


def residual_bps(row: Row) -> float:
    """One standard deviation of cost around its median, bps of notional."""
    return daily_risk_bps(row) * math.sqrt(horizon_days(row) / 3.0)


def predict(row: Row) -> Prediction:
    """The closed forms for one row of the current schema."""
    values = row.values
    half = _within(values[_HALF], 0.0, _SPREAD_MAX_BPS)
    impact = impact_bps(row)
    residual = residual_bps(row)
    median = half + impact
    permanent = PERMANENT_OF_IMPACT * impact
    distance = half + IMPACT_IN_DISTANCE * impact + _within(values[_DOUBT], 0.0, _SPREAD_MAX_BPS)
    distance = max(distance, DISTANCE_MIN_BPS)
    rivals = _within(values[_DEALERS] - 1.0, 0.5, 100.0)
    hit = _within(values[_HIT], 0.0, 1.0)
    intercept = math.log(rivals) - WIN_SLOPE_PER_DISTANCE - WIN_SHIFT_PER_HIT_RATIO * (hit - HIT_RATIO_USUAL)
    theta = permanent - RECORD_WEIGHT * values[_MARKOUT]
    return Prediction(
        levels=LEVELS,
        cost_bps=tuple([median + residual * z for z in QUANTILES]),
        permanent_share=permanent / median if median > 0.0 else 0.0,
        win_intercept=intercept,
        win_slope=WIN_SLOPE_PER_DISTANCE / distance,
        markout_theta_bps=_within(theta, 0.0, THETA_MAX_BPS),
        markout_beta=MARKOUT_DECAY_PER_DISTANCE / distance,
        source=SOURCE,
    )
