"""Black-76: value and greeks of a European option on a forward, in the quote currency or (inverse) in coin.

Plain `math`, one call for everything. At or after expiry, or without volatility, the value is intrinsic and
the curved greeks are zero. Inverse options are settled in coin: their value is the USD value over the
forward, and what remains of delta after the premium has been paid in coin is `delta - value_coin` (the
premium-adjusted delta).
"""

import math
from typing import Final, NamedTuple

_SQRT_HALF: Final = math.sqrt(0.5)
_DENSITY: Final = 1.0 / math.sqrt(2.0 * math.pi)
_STDEV_MIN: Final = 1e-12

_erfc = math.erfc
_exp = math.exp
_log = math.log
_sqrt = math.sqrt


class Greeks(NamedTuple):
    """Value and derivatives, in units of `forward`'s currency, per one coin.

    delta per unit of forward, gamma per unit of forward squared, vega per 1.00 of volatility, theta per year
    of passing time (negative = decay).
    """

    value: float
    delta: float
    gamma: float
    vega: float
    theta: float


class InverseGreeks(NamedTuple):
    """An option settled in coin, per one coin: value, vega (per 1.00 of volatility) and theta (a year) in
    coin.

    `delta` is Black's, in coin; `delta_net` has the premium taken off; gamma is d delta / d forward.
    """

    value: float
    delta: float
    delta_net: float
    gamma: float
    vega: float
    theta: float


def value(forward: float, strike: float, term: float, sigma: float, call: bool) -> float:
    """The value alone, undiscounted: to the bit what `price` says, for less."""
    stdev = sigma * _sqrt(term) if term > 0.0 else 0.0
    if stdev < _STDEV_MIN:
        return max(forward - strike if call else strike - forward, 0.0)
    d1 = _log(forward / strike) / stdev + 0.5 * stdev
    d2 = d1 - stdev
    if call:
        found = forward * (0.5 * _erfc(-d1 * _SQRT_HALF)) - strike * (0.5 * _erfc(-d2 * _SQRT_HALF))
    else:
        found = forward * (-0.5 * _erfc(d1 * _SQRT_HALF)) - strike * (-0.5 * _erfc(d2 * _SQRT_HALF))
    return found if found > 0.0 else 0.0


def price(
    forward: float, strike: float, term: float, sigma: float, call: bool, discount: float = 1.0
) -> Greeks:
    """Value and greeks; `term` in years, `sigma` a decimal a year, `discount` the factor on the payoff."""
    return Greeks(*greeks(forward, strike, term, sigma, call, discount))


def greeks(
    forward: float, strike: float, term: float, sigma: float, call: bool, discount: float = 1.0
) -> tuple[float, float, float, float, float]:
    """The numbers of `price`, as a plain tuple."""
    stdev = sigma * _sqrt(term) if term > 0.0 else 0.0
    if stdev < _STDEV_MIN:
        return _intrinsic(forward, strike, call, discount)
    d1 = _log(forward / strike) / stdev + 0.5 * stdev
    d2 = d1 - stdev
    if call:
        n1 = 0.5 * _erfc(-d1 * _SQRT_HALF)
        n2 = 0.5 * _erfc(-d2 * _SQRT_HALF)
    else:
        n1 = -0.5 * _erfc(d1 * _SQRT_HALF)
        n2 = -0.5 * _erfc(d2 * _SQRT_HALF)
    value = discount * (forward * n1 - strike * n2)
    weight = discount * _DENSITY * _exp(-0.5 * d1 * d1)
    vega = weight * forward * stdev / sigma
    theta = -0.5 * vega * sigma / term
    if discount != 1.0:
        theta -= _log(discount) / term * value
    return value if value > 0.0 else 0.0, discount * n1, weight / (forward * stdev), vega, theta


def _intrinsic(
    forward: float, strike: float, call: bool, discount: float
) -> tuple[float, float, float, float, float]:
    """What is left when nothing is uncertain: the payoff, and a step for delta (a half at the strike)."""
    gain = forward - strike if call else strike - forward
    step = 1.0 if gain > 0.0 else 0.5 if gain == 0.0 else 0.0
    return discount * max(gain, 0.0), discount * (step if call else -step), 0.0, 0.0, 0.0


def price_inverse(forward: float, strike: float, term: float, sigma: float, call: bool) -> InverseGreeks:
    """Value and greeks of an option settled in coin at the index; rates are zero."""
    usd = price(forward, strike, term, sigma, call)
    value = usd.value / forward
    return InverseGreeks(
        value, usd.delta, usd.delta - value, usd.gamma, usd.vega / forward, usd.theta / forward
    )
