"""The volatility that a price implies, one or many at a time; or why there is none.

Prices that only rounding sets apart from the intrinsic value, or from the upper bound, imply none: a price that has no
digits of the option's time value says nothing about it. All others get theirs to the last bits of what the price knows,
from deep in to far out of the money. One and ten thousand have equal bits.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pricing.fact import Fault
from pricing.numeric.engine import IMPLIED, IMPLIED_ONE
from pricing.numeric.implied import ROW

_FAULTS: Final = (
    None,
    Fault(field="price", problem="negative or not a finite number"),
    Fault(field="forward", problem="not a finite number above zero"),
    Fault(field="strike", problem="not a finite number above zero"),
    Fault(field="term", problem="expired, or not a finite number of years"),
    Fault(field="discount", problem="not a finite number above zero"),
    Fault(field="price", problem="at or below the intrinsic value, within rounding"),
    Fault(field="price", problem="at or above the most that the option can be worth, within rounding"),
)
"""By the kernel's codes."""


class ManyVols(NamedTuple):
    """Volatilities (decimals a year, NaN where there is none) and the codes of why not (0 where there is one)."""

    vols: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int64]

    def fault(self, index: int) -> Fault | None:
        """Why there is no volatility at `index`, None where there is one."""
        return _FAULTS[self.codes[index]]


def implied_vol(
    price: float, forward: float, strike: float, term: float, call: bool, discount: float = 1.0
) -> float | Fault:
    """The volatility (a decimal a year) at which Black's value is `price`.

    `price` in the quote currency per coin, as paid now; `term` in years; `discount` the factor on the payoff.
    """
    vol, code = IMPLIED_ONE.call(price, forward, strike, term, call, discount, 0.0)
    return vol if code == 0.0 else _FAULTS[int(code)] or vol


def implied_vol_inverse(
    price_coin: float, forward: float, strike: float, term: float, call: bool, discount: float = 1.0
) -> float | Fault:
    """The same for an option that is settled, and priced, in coin; `discount` is the coin's."""
    vol, code = IMPLIED_ONE.call(price_coin, forward, strike, term, call, discount, 1.0)
    return vol if code == 0.0 else _FAULTS[int(code)] or vol


def implied_many(
    prices: npt.ArrayLike,
    forwards: npt.ArrayLike,
    strikes: npt.ArrayLike,
    terms: npt.ArrayLike,
    calls: npt.ArrayLike,
    discounts: npt.ArrayLike = 1.0,
    *,
    in_coin: bool = False,
) -> ManyVols:
    """All at once: one-dimensional arrays, or numbers that hold for all; `in_coin` prices are of inverse options."""
    columns = np.broadcast_arrays(
        np.atleast_1d(prices), forwards, strikes, terms, calls, discounts, float(in_coin)
    )
    if columns[0].ndim != 1:
        raise ValueError(f"prices: {columns[0].ndim} dimensions, not one")
    source = np.empty((len(columns[0]), ROW))
    for place, column in enumerate(columns):
        source[:, place] = column
    target = np.zeros(2 * len(source))
    IMPLIED.bulk(source.reshape(-1), target)
    return ManyVols(target[::2].copy(), target[1::2].astype(np.int64))
