"""Settlement on a time average, against simulated paths: before, at the start of, inside and near the end of it."""

import math

import numpy as np
import pytest

from pricing.market import Fixing, VarianceClock
from pricing.settlement import WINDOW_NS, Averaged, averaged, averaged_at, averaged_years
from pricing.units import NS_PER_S, YEAR_NS
from pricing.variance_clock import weekend_weights

WINDOW = WINDOW_NS / YEAR_NS
MINUTE = 60 * NS_PER_S
EXPIRY_AT = 1_732_262_400 * NS_PER_S
FORWARD, SIGMA = 60_000.0, 0.8
PATHS, STEPS = 40_000, 90


def black(forward: float, strike: float, variance: float, call: bool) -> float:
    """Black's value without discounting."""
    sign = 1.0 if call else -1.0
    if variance <= 0.0:
        return max(sign * (forward - strike), 0.0)
    deviation = math.sqrt(variance)
    d1 = math.log(forward / strike) / deviation + 0.5 * deviation

    def normal(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2.0))

    return sign * (forward * normal(sign * d1) - strike * normal(sign * (d1 - deviation)))


def worth(found: Averaged, call: bool, variance_years: float | None = None) -> float:
    """The option's value in USD."""
    passed = found.variance_years if variance_years is None else variance_years
    return found.scale * black(found.forward, found.strike, SIGMA * SIGMA * passed, call)


def simulated(
    strike: float, term: float, elapsed: float, average: float, call: bool
) -> tuple[float, float, float, float]:
    """Mean and standard error of the payoff on the average in USD, then of the one in coin (index times coin)."""
    rng = np.random.default_rng(20_241_122)
    open_for = WINDOW - elapsed
    shocks = rng.standard_normal((PATHS // 2, STEPS + 1))
    shocks = np.concatenate([shocks, -shocks])
    lead = max(term - WINDOW, 0.0)
    sizes = np.array([SIGMA * math.sqrt(lead)] + [SIGMA * math.sqrt(open_for / STEPS)] * STEPS)
    logs = np.cumsum(shocks * sizes - 0.5 * sizes**2, axis=1)
    index = FORWARD * np.exp(logs)
    rest = (index[:, :-1].sum(axis=1) + index[:, 1:].sum(axis=1)) / (2 * STEPS)
    known = elapsed / WINDOW
    settled = known * average + (1.0 - known) * rest
    payoff = np.maximum(settled - strike if call else strike - settled, 0.0)
    coin = payoff / settled * index[:, -1] / FORWARD
    out = []
    for values in (payoff, coin):
        pairs = 0.5 * (values[: PATHS // 2] + values[PATHS // 2 :])
        out += [float(pairs.mean()), float(pairs.std() / math.sqrt(len(pairs)))]
    return out[0], out[1], out[2], out[3]


CASES = [
    # term in minutes, minutes elapsed of the window, the average of those, strike
    (120.0, 0.0, 0.0, 60_100.0),
    (31.0, 0.0, 0.0, 59_900.0),
    (30.0, 0.0, 0.0, 60_050.0),
    (20.0, 10.0, 60_150.0, 60_050.0),
    (15.0, 15.0, 59_000.0, 59_480.0),
    (5.0, 25.0, 60_020.0, 60_030.0),
    (1.0, 29.0, 59_990.0, 59_995.0),
]


@pytest.mark.parametrize(("minutes", "elapsed", "average", "strike"), CASES)
@pytest.mark.parametrize("call", [True, False])
def test_within_three_standard_errors_of_simulation(
    minutes: float, elapsed: float, average: float, strike: float, call: bool
) -> None:
    minute = MINUTE / YEAR_NS
    found = averaged(FORWARD, strike, minutes * minute, WINDOW, average, elapsed * minute)
    usd, usd_error, coin, coin_error = simulated(strike, minutes * minute, elapsed * minute, average, call)
    assert usd > 0.0
    assert abs(worth(found, call) - usd) <= 3.0 * usd_error
    open_part = 1.0 - elapsed / 30.0
    neglected = open_part * SIGMA * SIGMA * min(minutes, 30.0) * minute * (1 / 2 - open_part / 3)
    assert abs(worth(found, call) / found.settles_at - coin) <= 3.0 * coin_error + neglected
    # The whole term, or the forward strike, would be seen to be wrong.
    whole = black(FORWARD, strike, SIGMA * SIGMA * minutes * minute, call)
    if minutes <= 31.0:
        assert abs(whole - usd) > 3.0 * usd_error


def test_before_the_window_two_thirds_of_it_are_missing() -> None:
    found = averaged(FORWARD, 65_000.0, 0.01, WINDOW)
    assert found == Averaged(FORWARD, 65_000.0, 0.01 - 2.0 / 3.0 * WINDOW, 1.0, FORWARD)
    assert averaged_years(None, EXPIRY_AT - YEAR_NS, EXPIRY_AT) == pytest.approx(1.0 - 2.0 / 3.0 * WINDOW)
    assert averaged_years(None, EXPIRY_AT - YEAR_NS, EXPIRY_AT, window_ns=0) == 1.0
    assert averaged_years(None, EXPIRY_AT, EXPIRY_AT) == averaged_years(None, EXPIRY_AT + 1, EXPIRY_AT) == 0.0


def test_when_the_strike_is_passed_for_certain() -> None:
    found = averaged(FORWARD, 30_000.0, WINDOW / 4, WINDOW, 61_000.0, WINDOW * 3 / 4)
    expected = 0.75 * 61_000.0 + 0.25 * FORWARD - 30_000.0
    assert worth(found, True) == pytest.approx(expected, rel=1e-12)
    assert worth(found, False) == 0.0
    assert found.strike > 0.0
    assert found.variance_years == 0.0


def test_after_the_window_the_average_is_the_settlement() -> None:
    fixing = Fixing(expiry_at=EXPIRY_AT, from_at=EXPIRY_AT - WINDOW_NS, at=EXPIRY_AT, average=60_321.0)
    for now in (EXPIRY_AT, EXPIRY_AT + MINUTE):
        found = averaged_at(FORWARD, 60_000.0, now, EXPIRY_AT, fixing)
        assert found is not None
        assert worth(found, True) == 321.0
        assert found.settles_at == 60_321.0


def test_inside_the_window_what_is_known_must_be_told() -> None:
    inside = EXPIRY_AT - 10 * MINUTE
    assert averaged_at(FORWARD, 60_000.0, inside, EXPIRY_AT) is None
    assert averaged_at(FORWARD, 60_000.0, inside, EXPIRY_AT, window_ns=0) is not None
    assert averaged_at(FORWARD, 60_000.0, EXPIRY_AT - WINDOW_NS, EXPIRY_AT) is not None


def test_what_passed_since_the_fixing_was_seen_counts_at_the_forward() -> None:
    from_at = EXPIRY_AT - WINDOW_NS
    seen = Fixing(expiry_at=EXPIRY_AT, from_at=from_at, at=from_at + 10 * MINUTE, average=59_000.0)
    found = averaged_at(FORWARD, 60_000.0, from_at + 20 * MINUTE, EXPIRY_AT, seen)
    assert found is not None
    assert found.scale == pytest.approx(1 / 3)
    assert found.settles_at == pytest.approx((59_000.0 + 2 * FORWARD) / 3)
    assert found.variance_years == pytest.approx(10 * MINUTE / YEAR_NS / 3)


def test_the_clock_counts_inside_and_before_the_window() -> None:
    clock = VarianceClock(weights=weekend_weights(0.5))
    friday = EXPIRY_AT - 2 * WINDOW_NS
    flat = averaged_years(None, friday, EXPIRY_AT)
    assert averaged_years(clock, friday, EXPIRY_AT) == pytest.approx(7 / 6 * flat, rel=1e-9)
    half = EXPIRY_AT - WINDOW_NS // 2
    assert averaged_years(clock, half, EXPIRY_AT) == pytest.approx(7 / 6 * WINDOW / 6, rel=1e-9)
