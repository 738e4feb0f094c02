"""Calls under Heston's model with zero rates, by Lewis's integral: price and vega."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.control.gaussian import Array
from pricing.control.ranges import not_negative, positive

_GAP: Final = 0.08
"""Between points. The integrand is smooth within ±i/2, so that the trapezoidal rule errs by e^−π/gap, 1e-17."""
_MOST: Final = 4_000_000
_NOTHING: Final = -41.0


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


def _exponents(
    model: Heston, w: Array, years: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """C and D of E[(S_T/S)^(½ + iw)] = e^(C + Dν), in forms in which a small ξ does not cancel."""
    xi, turned = model.vol_of_vol, 0.5 + 1j * w
    drawn = model.pull - model.correlation * xi * turned
    bend = w * w + 0.25
    d = np.sqrt(drawn * drawn + xi * xi * bend)
    both = drawn + d
    ratio = -(xi * xi) * bend / (both * both)
    faded = -np.expm1(-d * years)
    linear = -bend / both * faded / (1.0 - ratio * (1.0 - faded))
    shrunk = np.asarray(-bend / (both * both) * faded / (1.0 - ratio), np.complex128)
    logs = shrunk if xi == 0.0 else _log1p(np.asarray(xi * xi * shrunk, np.complex128)) / (xi * xi)
    constant = model.pull * model.level * (-bend * years / both - 2.0 * logs)
    return np.asarray(constant), np.asarray(linear)


def _log1p(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """ln(1 + z), good for tiny z too (numpy's is not)."""
    x, y = z.real, z.imag
    return np.asarray(0.5 * np.log1p(x * (2.0 + x) + y * y) + 1j * np.arctan2(y, 1.0 + x))


def _check(model: Heston, strike: float, years: float) -> None:
    positive(spot=model.spot, variance=model.variance, strike=strike, years=years)
    not_negative(pull=model.pull, level=model.level, vol_of_vol=model.vol_of_vol)
    if not -1.0 <= model.correlation <= 1.0:
        raise ValueError(f"correlation: {model.correlation} is not between -1 and 1")
    if model.pull == model.vol_of_vol == 0.0:
        raise ValueError("pull: without vol of vol it must be above zero")


def _reach(model: Heston, years: float) -> int:
    """How many points until the integrand is nothing beside its start."""
    count = 64
    while count <= _MOST:
        w = np.array([count * _GAP])
        constant, linear = _exponents(model, w, years)
        if float((constant + linear * model.variance).real[0]) - 2.0 * math.log(w[0]) < _NOTHING:
            return count
        count *= 2
    raise ValueError("correlation: so near ±1, or so little variance, that the integral does not end")


def call(model: Heston, strike: float, years: float) -> Priced:
    """S − √(SK)/π ∫₀^∞ Re[e^(iwk) E[(S_T/S)^(½ + iw)]] / (w² + ¼) dw, k = ln(S/K)."""
    _check(model, strike, years)
    w = np.asarray(np.arange(_reach(model, years)) * _GAP, np.float64)
    constant, linear = _exponents(model, w, years)
    weight = np.full(len(w), _GAP)
    weight[0] *= 0.5
    seen = np.exp(constant + linear * model.variance + 1j * w * math.log(model.spot / strike))
    seen *= weight * math.sqrt(model.spot * strike) / math.pi / (w * w + 0.25)
    slope = -float((seen * linear).real.sum())
    price = model.spot - float(seen.real.sum())
    least = max(model.spot - strike, 0.0)
    return Priced(min(max(price, least), model.spot), 2.0 * math.sqrt(model.variance) * slope)
