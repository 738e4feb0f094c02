"""A quote as a fit needs it: the share of its bound that its out-of-the-money side is worth, and its deviation."""

import math

from pricing.numeric.implied import implied


def out_of_the_money(price: float, k: float, is_call: bool) -> float:
    """The out-of-the-money option of a strike as a share of its bound min(F, K), from the price of either.

    Prices are shares of the forward, k = ln(strike / forward).
    """
    ratio = math.exp(k)
    if k >= 0.0:
        return price if is_call else price + 1.0 - ratio
    return (price - 1.0 + ratio if is_call else price) / ratio


def implied_stdev(share: float, k: float) -> float:
    """Standard deviation until expiry; 0 where there is no time value, inf where a share is at its bound."""
    if share >= 1.0:
        return math.inf
    stdev = implied(-abs(k), share, 1.0 - share)
    return stdev if stdev > 0.0 else 0.0
