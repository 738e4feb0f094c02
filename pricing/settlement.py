"""Settlement on the time average of the index: what an option on the average is, as an option on the forward.

The index is averaged over a window that ends at expiry. Before the window the average's variance is that of the time
to its start and a third of the window's: sigma^2 (T - 2/3 window). Inside it a part of the average is known. With that
part's share p of the window and its mean M, the payoff (A - K)+ is (1 - p) (R - K')+, where R is the mean of what is
left, K' = (K - p M) / (1 - p), and R has a third of the variance that is left. When K' is not above zero a call is
certain to pay; the same value then comes from a forward and strike that are both moved by K - K', without variance.

A coin-settled option pays (A - K)+ / A: its value in USD is divided by what the average is expected to be
(`settles_at`), not by the forward. What is neglected is the lean between the average and the last index, at most
(1 - p) sigma^2 left (1 / 2 - (1 - p) / 3) coins: 3e-6 of a coin for a window at 60 %, less as it passes.

Screens quote volatilities of averages with the whole term, so the total variance of a surface fitted to them already is
the average's. It shrinks with `averaged_years`, taken now and when the surface was seen.
"""

from typing import Final, NamedTuple

from pricing.market import Fixing, VarianceClock
from pricing.units import NS_PER_S, YEAR_NS
from pricing.variance_clock import dial

WINDOW_NS: Final = 1800 * NS_PER_S
"""Half an hour: Deribit's window."""
_THIRD: Final = 1.0 / 3.0
_LEFT_MIN: Final = 1e-9
"""A smaller share left of the window is none."""


class Averaged(NamedTuple):
    """An option on the average as an option on the forward: value `scale` times Black's for this `forward` and
    `strike` with a total variance of sigma^2 `variance_years`; d value / d forward needs no other factor.

    `settles_at` is what the average is expected to be: fair for a future, and the divisor of a coin-settled value.
    """

    forward: float
    strike: float
    variance_years: float
    scale: float
    settles_at: float


def averaged(
    forward: float, strike: float, term: float, window: float, average: float = 0.0, elapsed: float = 0.0
) -> Averaged:
    """The equivalent option, `term` and `window` and the `elapsed` part of it in years (of variance time).

    `average` is the mean of the index over the elapsed part; nothing of it is used while nothing has elapsed. When
    everything has, the average is the settlement and there is no variance.
    """
    if elapsed <= 0.0 or window <= 0.0:
        variance = term - 2.0 * _THIRD * window
        return Averaged(forward, strike, variance if variance > 0.0 else 0.0, 1.0, forward)
    known = elapsed / window
    left = 1.0 - known
    if left < _LEFT_MIN:
        return Averaged(average, strike, 0.0, 1.0, average)
    settles_at = known * average + left * forward
    moved = (strike - known * average) / left
    if moved <= 0.0:
        return Averaged(forward - moved + strike, strike, 0.0, left, settles_at)
    return Averaged(forward, moved, (window - elapsed) * _THIRD, left, settles_at)


def averaged_years(
    clock: VarianceClock | None, from_at: int, expiry_at: int, window_ns: int = WINDOW_NS
) -> float:
    """Years of variance time that the average still has at `from_at`; zero from the expiry on."""
    left = expiry_at - from_at
    if left <= 0:
        return 0.0
    if clock is None:
        if left >= window_ns:
            return (left - 2.0 * _THIRD * window_ns) / YEAR_NS
        return left * _THIRD / YEAR_NS
    watch = dial(clock)
    starts_at = expiry_at - window_ns
    if from_at >= starts_at:
        return watch.years(from_at, expiry_at) * _THIRD
    return watch.years(from_at, starts_at) + watch.years(starts_at, expiry_at) * _THIRD


def averaged_at(
    forward: float,
    strike: float,
    now: int,
    expiry_at: int,
    fixing: Fixing | None = None,
    clock: VarianceClock | None = None,
    window_ns: int = WINDOW_NS,
) -> Averaged | None:
    """The equivalent option at `now`; None when the window has begun and no fixing says what is known of it.

    A fixing tells its own window. From the instant it was seen to `now` the index is taken to have been the forward.
    """
    if fixing is None:
        if now > expiry_at - window_ns and window_ns > 0:
            return None
        return Averaged(forward, strike, averaged_years(clock, now, expiry_at, window_ns), 1.0, forward)
    window_ns = expiry_at - fixing.from_at
    until = now if now < expiry_at else expiry_at
    elapsed_ns = until - fixing.from_at
    if elapsed_ns <= 0:
        return Averaged(forward, strike, averaged_years(clock, now, expiry_at, window_ns), 1.0, forward)
    seen_ns = fixing.at - fixing.from_at
    seen_ns = seen_ns if seen_ns < elapsed_ns else elapsed_ns
    average = (seen_ns * fixing.average + (elapsed_ns - seen_ns) * forward) / elapsed_ns
    found = averaged(forward, strike, expiry_at - now, window_ns, average, elapsed_ns)
    if found.variance_years <= 0.0:
        return found
    years = averaged_years(clock, now, expiry_at, window_ns)
    return Averaged(found.forward, found.strike, years, found.scale, found.settles_at)
