"""Calls under Heston's model by the cosine expansion (Fang and Oosterlee), with zero rates: price and vega."""

from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array


class Heston(NamedTuple):
    """dν = κ(θ − ν)dt + ξ√ν dW, its correlation with the spot ρ."""

    spot: float
    variance: float
    pull: float
    level: float
    vol_of_vol: float
    correlation: float


class Priced(NamedTuple):
    """A call's price, and its change per unit of √ν."""

    price: float
    vega: float


def _exponents(model: Heston, u: Array, years: float) -> tuple[Array, Array]:
    """ln of the characteristic function of ln(S_T/S) is C + D ν."""
    xi = model.vol_of_vol
    drawn = model.pull - model.correlation * xi * 1j * u
    d = np.sqrt(drawn * drawn + xi * xi * (1j * u + u * u))
    ratio = (drawn - d) / (drawn + d)
    faded = np.exp(-d * years)
    constant = (drawn - d) * years - 2.0 * np.log((1.0 - ratio * faded) / (1.0 - ratio))
    linear = (drawn - d) / xi**2 * (1.0 - faded) / (1.0 - ratio * faded)
    return np.asarray(model.pull * model.level / xi**2 * constant), np.asarray(linear)


def call(model: Heston, strike: float, years: float, terms: int = 512, reach: float = 12.0) -> Priced:
    """The put by cosines on ±`reach` standard deviations of ln S_T, then parity."""
    width = reach * float(np.sqrt(model.level * years + abs(model.variance - model.level) * years))
    low, high = -width, width
    log_strike = float(np.clip(np.log(strike / model.spot), low, high))
    u = np.asarray(np.arange(terms) * (np.pi / (high - low)), np.float64)
    angle = u * (log_strike - low)
    grown = (np.cos(angle) + u * np.sin(angle)) * np.exp(log_strike) - np.exp(low)
    flat = np.where(u == 0.0, log_strike - low, np.sin(angle) / np.where(u == 0.0, 1.0, u))
    payoff = 2.0 / (high - low) * (strike / model.spot * flat - grown / (1.0 + u * u))
    payoff[0] *= 0.5
    constant, linear = _exponents(model, u, years)
    turned = np.exp(constant + linear * model.variance - 1j * u * low)
    put = model.spot * float(np.real(turned) @ payoff)
    slope = model.spot * float(np.real(turned * linear) @ payoff)
    return Priced(put + model.spot - strike, 2.0 * float(np.sqrt(model.variance)) * slope)
