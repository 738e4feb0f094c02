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

Both curves leave as tables over DISTANCES, whose unit here is the usual distance: their shape is then always the
same, and only its heights depend on the row. Of functions that differ between machines a row needs one exp and one
power; whoever must have the same bits everywhere hands in its own (`Arithmetic`).
"""

import hashlib
import math
from collections.abc import Callable
from typing import Final, NamedTuple

from models.features import INDEX, SCHEMA_HASH, Row
from models.prediction import DISTANCES, LEVELS, Prediction

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


class Arithmetic(NamedTuple):
    """The two functions that need more than + - * / and square roots."""

    exp: Callable[[float], float]
    log: Callable[[float], float]


MATH: Final = Arithmetic(math.exp, math.log)
"""The platform's own; their last bit differs between processors."""


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


QUANTILES: Final = (
    -2.649491906789312,
    -1.5074433190623233,
    -1.0841405533448394,
    -0.5237519309811804,
    0.0,
    0.5237519309811804,
    1.0841405533448394,
    1.5074433190623233,
    2.649491906789312,
)
"""`residual_quantile` at LEVELS, written out: cosines differ between processors too."""


def _powers(ratio: float) -> tuple[float, ...]:
    """The ratio to the power of the number of steps from distance zero, at each of DISTANCES."""
    zero = DISTANCES.index(0.0)
    found = [1.0] * len(DISTANCES)
    for place in range(zero + 1, len(DISTANCES)):
        found[place] = found[place - 1] * ratio
    for place in range(zero - 1, -1, -1):
        found[place] = found[place + 1] / ratio
    return tuple(found)


_LOSING: Final = _powers(2.1705921271834425)
"""exp(WIN_SLOPE_PER_DISTANCE * d) at DISTANCES, from its value at one step: the odds of losing, beside d = 0."""
_KNOWING: Final = _powers(0.7788007830714049)
"""exp(-MARKOUT_DECAY_PER_DISTANCE * d) at DISTANCES, likewise."""

_WORDS: Final = "|".join(
    repr(number)
    for number in (
        SCHEMA_HASH,
        DISTANCES,
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
BASELINE_HASH: Final = hashlib.sha256(f"baseline.2|{_WORDS}".encode()).hexdigest()
"""The name of these closed forms with these numbers; changes when a number does."""
SOURCE: Final = f"baseline.2:{BASELINE_HASH[:12]}"

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
    return _within(math.sqrt(moved * moved + repriced * repriced), 0.0, _RISK_MAX_BPS)


def horizon_days(row: Row) -> float:
    """The days it takes to trade the size at a tenth of the volume."""
    return _within(row.values[_SIZE] / PARTICIPATION, HORIZON_MIN_DAYS, HORIZON_MAX_DAYS)


def impact_bps(row: Row, arithmetic: Arithmetic = MATH) -> float:
    """The average impact paid over the order, bps of notional."""
    size = _within(row.values[_SIZE], 0.0, _SIZE_MAX)
    return _impact(size, daily_risk_bps(row), arithmetic)


def _impact(size: float, risk: float, arithmetic: Arithmetic) -> float:
    """The law: `size` of a day's volume, `risk` a day in bps."""
    if size <= 0.0:
        return 0.0
    grown = arithmetic.exp(IMPACT_EXPONENT * arithmetic.log(size))
    return IMPACT_Y * risk * grown / (1.0 + IMPACT_EXPONENT)


def residual_bps(row: Row) -> float:
    """One standard deviation of cost around its median, bps of notional."""
    return daily_risk_bps(row) * math.sqrt(horizon_days(row) / 3.0)


def predict(row: Row, arithmetic: Arithmetic = MATH) -> Prediction:
    """The closed forms for one row of the current schema, tabulated.

    Half the impact and the price risk of the time it takes do not decay: they are the permanent cost.
    """
    values = row.values
    half = _within(values[_HALF], 0.0, _SPREAD_MAX_BPS)
    risk = daily_risk_bps(row)
    impact = _impact(_within(values[_SIZE], 0.0, _SIZE_MAX), risk, arithmetic)
    residual = risk * math.sqrt(horizon_days(row) / 3.0)
    permanent = PERMANENT_OF_IMPACT * impact
    temporary = half + impact - permanent
    distance = half + IMPACT_IN_DISTANCE * impact + _within(values[_DOUBT], 0.0, _SPREAD_MAX_BPS)
    distance = distance if distance > DISTANCE_MIN_BPS else DISTANCE_MIN_BPS
    rivals = _within(values[_DEALERS] - 1.0, 0.5, 100.0)
    hit = _within(values[_HIT], 0.0, 1.0)
    lean = WIN_SLOPE_PER_DISTANCE + WIN_SHIFT_PER_HIT_RATIO * (hit - HIT_RATIO_USUAL)
    losing = rivals * arithmetic.exp(-lean)
    theta = _within(permanent - RECORD_WEIGHT * values[_MARKOUT], 0.0, THETA_MAX_BPS)
    return Prediction(
        half_spread_bps=distance,
        win=tuple([1.0 / (1.0 + losing * one) for one in _LOSING]),
        markout_bps=tuple([0.0 - theta * one for one in _KNOWING]),
        temporary_bps=(temporary,) * len(LEVELS),
        permanent_bps=tuple([permanent + residual * z for z in QUANTILES]),
        source=SOURCE,
    )
