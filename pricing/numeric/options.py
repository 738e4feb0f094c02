"""The option kernel: Black-76 with every first and second greek, in money and in coin, a row an option.

`core` is one option undiscounted, in raw units. `rows` is what a desk reads off: of each option the fields of `FIELDS`,
named by convention and unit. The out-of-the-money side is computed, without cancellation; the other side is that and
the intrinsic value, so put-call parity holds to the last rounding.

At or after expiry, or without volatility, the value is the payoff, delta a step (a half at the strike) and the curved
greeks are zero; what is certain still earns its interest until expiry. A forward, strike, spot or discount that is
not above zero, or a number that is none, makes the whole row NaN.
"""

from collections.abc import MutableSequence, Sequence
from math import sqrt
from typing import Final

from pricing.numeric.elementary import INF, NAN, log, log1p
from pricing.numeric.normal import SQRT_HALF, erfcx
from pricing.numeric.normalised import weigh

INPUTS: Final = ("forward", "strike", "term_years", "sigma", "call", "discount", "spot")
"""A row of the source: `call` is 1 or 0, `discount` the factor on the payoff, `spot` what a coin is worth now."""

FIELDS: Final = (
    "value_usd",
    "value_coin",
    "delta_forward_coin",
    "delta_spot_coin",
    "delta_premium_adjusted_coin",
    "delta_net_coin",
    "gamma_forward_coin_per_usd",
    "gamma_net_coin_per_usd",
    "gamma_usd_per_pct",
    "vega_usd_per_vol_point",
    "vega_coin_per_vol_point",
    "theta_usd_per_calendar_day",
    "theta_coin_per_calendar_day",
    "vanna_forward_coin_per_vol_point",
    "vanna_net_coin_per_vol_point",
    "volga_usd_per_vol_point_squared",
    "volga_coin_per_vol_point_squared",
    "charm_forward_coin_per_calendar_day",
    "charm_net_coin_per_calendar_day",
    "speed_forward_coin_per_usd_squared",
    "speed_net_coin_per_usd_squared",
)
"""A row of `rows`' target; `pricing.black` says what each means."""

CORE: Final = ("value", "delta", "gamma", "vega", "theta", "vanna", "volga", "charm", "speed")
"""A row of `core_rows`' target: discounted, per 1.00 of volatility and per year."""

_MILLS: Final = 1.2533141373155003
"""sqrt(pi / 2): cdf over pdf is that times erfcx."""
_STDEV_MIN: Final = 1e-100
_STDEV_MAX: Final = 1e100
_POINT: Final = 0.01
_DAY: Final = 0.0027397260273972603
"""A calendar day in years of 365 days."""
_INPUTS: Final = 7
_FIELDS: Final = 21
_CORE: Final = 9


def core(
    forward: float, strike: float, term: float, sigma: float, call: float
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """One option, undiscounted: `CORE`. For a forward and a strike above zero."""
    low = forward if forward < strike else strike
    high = strike if forward < strike else forward
    gap = high - low
    x = log1p(-gap / high) if gap < 0.5 * high else log(low / high)
    root = sqrt(term) if term > 0.0 else 0.0
    stdev = sigma * root
    if not stdev > _STDEV_MIN:
        share, slope = 0.0, 0.0
        rise, fall = (0.5, 0.5) if gap == 0.0 else (0.0, 1.0)
        d1 = d2 = 0.0
    else:
        if stdev > _STDEV_MAX:
            stdev = _STDEV_MAX
        share, _rest, slope = weigh(x, stdev)
        middle = x / stdev
        z = middle + 0.5 * stdev
        q = middle - 0.5 * stdev
        if forward < strike:
            d1, d2 = z, q
        else:
            d1, d2 = -q, -z
        rise, fall = _sides(slope, low / high, z, q, forward < strike)
    value = low * share
    if (call != 0.0) == (forward < strike):
        delta = rise
    else:
        value += gap
        delta = fall
    if call == 0.0:
        delta = -delta
    if not slope > 0.0 or not stdev > _STDEV_MIN:
        return (value, delta, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    density = slope * (low / forward)
    vega = low * slope * root
    vanna = -density * d2 / sigma
    gamma = density / forward / stdev
    return (
        value,
        delta,
        gamma,
        vega,
        -0.5 * vega * sigma / term,
        vanna,
        vega * d1 * d2 / sigma,
        0.5 * density * d2 / term,
        -gamma * (1.0 + d1 / stdev) / forward,
    )


def _sides(slope: float, ratio: float, z: float, q: float, below: bool) -> tuple[float, float]:
    """The size of the out-of-the-money option's delta, cdf(z) of a call (`below` the strike) and cdf(q) of a put, and
    what it lacks to 1.
    """
    if below and z > 0.0:
        rest = slope * _MILLS * erfcx(z * SQRT_HALF)
        return (1.0 - rest, rest)
    found = (
        slope * _MILLS * erfcx(-z * SQRT_HALF) if below else slope * ratio * _MILLS * erfcx(-q * SQRT_HALF)
    )
    return (found, 1.0 - found)


def interest(term: float, discount: float) -> float:
    """The rate a year that a discount factor means."""
    return -log(discount) / term if discount != 1.0 and term > 0.0 else 0.0


def usable(forward: float, strike: float, term: float, sigma: float, discount: float, spot: float) -> bool:
    """Whether a row is one at all."""
    positive = 0.0 < forward < INF and 0.0 < strike < INF and 0.0 < discount < INF and 0.0 < spot < INF
    return positive and -INF < term < INF and 0.0 <= sigma < INF


def core_rows(source: Sequence[float], target: MutableSequence[float]) -> None:
    """`CORE` of options whose rows are `INPUTS` (the spot is not used), discounted."""
    for row in range(len(source) // _INPUTS):
        at = row * _INPUTS
        out = row * _CORE
        term, discount = source[at + 2], source[at + 5]
        if not usable(source[at], source[at + 1], term, source[at + 3], discount, 1.0):
            for place in range(_CORE):
                target[out + place] = NAN
            continue
        value, delta, gamma, vega, theta, vanna, volga, charm, speed = core(
            source[at], source[at + 1], term, source[at + 3], source[at + 4]
        )
        target[out] = discount * value
        target[out + 1] = discount * delta
        target[out + 2] = discount * gamma
        target[out + 3] = discount * vega
        target[out + 4] = discount * (theta + interest(term, discount) * value)
        target[out + 5] = discount * vanna
        target[out + 6] = discount * volga
        target[out + 7] = discount * charm
        target[out + 8] = discount * speed


def rows(source: Sequence[float], target: MutableSequence[float]) -> None:
    """`FIELDS` of options whose rows are `INPUTS`."""
    for row in range(len(source) // _INPUTS):
        at = row * _INPUTS
        out = row * _FIELDS
        forward, term, discount, spot = source[at], source[at + 2], source[at + 5], source[at + 6]
        if not usable(forward, source[at + 1], term, source[at + 3], discount, spot):
            for place in range(_FIELDS):
                target[out + place] = NAN
            continue
        value, delta, gamma, vega, theta, vanna, volga, charm, speed = core(
            forward, source[at + 1], term, source[at + 3], source[at + 4]
        )
        coin = 1.0 / spot
        carried = discount * (forward * coin)
        usd = discount * value
        premium = usd * coin
        adjusted = carried * delta - premium
        net_gamma = gamma - adjusted / forward
        vega_usd = _POINT * (discount * vega)
        vega_coin = vega_usd * coin
        theta_usd = _DAY * (discount * (theta + interest(term, discount) * value))
        theta_coin = theta_usd * coin
        vanna_point = _POINT * vanna
        volga_usd = _POINT * _POINT * (discount * volga)
        charm_day = _DAY * charm
        target[out] = usd
        target[out + 1] = premium
        target[out + 2] = delta
        target[out + 3] = carried * delta
        target[out + 4] = adjusted
        target[out + 5] = delta - premium
        target[out + 6] = gamma
        target[out + 7] = net_gamma
        target[out + 8] = _POINT * (discount * (gamma * forward) * forward)
        target[out + 9] = vega_usd
        target[out + 10] = vega_coin
        target[out + 11] = theta_usd
        target[out + 12] = theta_coin
        target[out + 13] = vanna_point
        target[out + 14] = vanna_point - vega_coin
        target[out + 15] = volga_usd
        target[out + 16] = volga_usd * coin
        target[out + 17] = charm_day
        target[out + 18] = charm_day - theta_coin
        target[out + 19] = speed
        target[out + 20] = speed - (carried * gamma - 2.0 * adjusted / forward) / forward


JITTED: Final = (_sides, core, interest, usable)
