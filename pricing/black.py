"""Black-76: value and greeks of European options on a forward, in money and, settled in coin, in coin.

All of it is one kernel (`pricing.numeric.options`), whose bits depend neither on the machine nor on how many options
are asked for at once. `full` is what a desk reads off, each number named by its convention and unit; `price` and
`greeks` are the same numbers raw, per 1.00 of volatility and per year. American and barrier options are refused where
instruments are read: `pricing.instruments.refusal`.
"""

from typing import TYPE_CHECKING, NamedTuple

from pricing.numeric.engine import BLACK, OPTIONS
from pricing.numeric.options import CORE, FIELDS, INPUTS

if TYPE_CHECKING:
    import numpy as np

_CORE = len(CORE)
_FIELDS = len(FIELDS)


class Greeks(NamedTuple):
    """Value and derivatives, in units of `forward`'s currency, per one coin.

    delta per unit of forward, gamma per unit of forward squared, vega per 1.00 of volatility, theta per year
    of passing time (negative = decay), the forward held.
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


class OptionGreeks(NamedTuple):
    """One option on one coin, everything. USD stands for the currency of forward and strike.

    `value_usd` is discounted, `value_coin` that over the spot. Deltas: `forward`, how many forwards hedge it at
    expiry; `spot`, how many coins hedge its USD value now; `premium_adjusted`, the same once the premium was paid in
    coin (d value_coin / d ln spot); `net`, Deribit's net transaction delta: forward delta less the value in coin. With
    no rates and the spot at the forward the last two are one. A `net` greek is the derivative of `delta_net_coin`, spot
    and forward moving as one; a `forward` one, of `delta_forward_coin`.

    `gamma_usd_per_pct` is the change in USD of delta for a move of 1 %; vega, vanna and volga are per 0.01 of
    volatility; theta and charm per calendar day that passes with forward and spot held.
    """

    value_usd: float
    value_coin: float
    delta_forward_coin: float
    delta_spot_coin: float
    delta_premium_adjusted_coin: float
    delta_net_coin: float
    gamma_forward_coin_per_usd: float
    gamma_net_coin_per_usd: float
    gamma_usd_per_pct: float
    vega_usd_per_vol_point: float
    vega_coin_per_vol_point: float
    theta_usd_per_calendar_day: float
    theta_coin_per_calendar_day: float
    vanna_forward_coin_per_vol_point: float
    vanna_net_coin_per_vol_point: float
    volga_usd_per_vol_point_squared: float
    volga_coin_per_vol_point_squared: float
    charm_forward_coin_per_calendar_day: float
    charm_net_coin_per_calendar_day: float
    speed_forward_coin_per_usd_squared: float
    speed_net_coin_per_usd_squared: float


def full(
    forward: float,
    strike: float,
    term_years: float,
    sigma: float,
    call: bool,
    discount: float = 1.0,
    spot: float | None = None,
) -> OptionGreeks:
    """Everything about one option; `sigma` a decimal a year, `discount` the factor on the payoff, `spot` (the index)
    the forward unless given. Not above zero, or not a number: all NaN.
    """
    row = [forward, strike, term_years, sigma, 1.0 if call else 0.0, discount]
    row.append(forward if spot is None else spot)
    return OptionGreeks(*OPTIONS.run(row, _FIELDS))


def full_many(
    forward: "np.ndarray | float",
    strike: "np.ndarray | float",
    term_years: "np.ndarray | float",
    sigma: "np.ndarray | float",
    call: "np.ndarray | bool",
    discount: "np.ndarray | float" = 1.0,
    spot: "np.ndarray | float | None" = None,
) -> "dict[str, np.ndarray]":
    """`full` of many at once, to the same bits: arrays of one length (or single numbers) in, an array a field out."""
    import numpy as np

    columns = (forward, strike, term_years, sigma, call, discount, forward if spot is None else spot)
    size = np.broadcast(np.empty(1), *columns).size
    source = np.empty((size, len(INPUTS)))
    for place, column in enumerate(columns):
        source[:, place] = column
    target = np.zeros((size, _FIELDS))
    OPTIONS.bulk(source.reshape(-1), target.reshape(-1))
    return {name: target[:, place] for place, name in enumerate(FIELDS)}


def value(forward: float, strike: float, term: float, sigma: float, call: bool) -> float:
    """The value alone, undiscounted."""
    return greeks(forward, strike, term, sigma, call)[0]


def price(
    forward: float, strike: float, term: float, sigma: float, call: bool, discount: float = 1.0
) -> Greeks:
    """Value and greeks; `term` in years, `sigma` a decimal a year, `discount` the factor on the payoff."""
    return Greeks(*greeks(forward, strike, term, sigma, call, discount))


def greeks(
    forward: float, strike: float, term: float, sigma: float, call: bool, discount: float = 1.0
) -> tuple[float, float, float, float, float]:
    """The numbers of `price`, as a plain tuple."""
    row = [forward, strike, term, sigma, 1.0 if call else 0.0, discount, forward]
    value, delta, gamma, vega, theta, *_ = BLACK.run(row, _CORE)
    return value, delta, gamma, vega, theta


def price_inverse(forward: float, strike: float, term: float, sigma: float, call: bool) -> InverseGreeks:
    """Value and greeks of an option settled in coin at the index; rates are zero."""
    usd = price(forward, strike, term, sigma, call)
    value = usd.value / forward
    return InverseGreeks(
        value, usd.delta, usd.delta - value, usd.gamma, usd.vega / forward, usd.theta / forward
    )
