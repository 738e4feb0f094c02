"""Levels of a book as exact whole numbers: pairs of price and size, scaled by powers of ten.

A level's text becomes whole numbers without going through a float where that could round, so sums are exact, in any
order, and equal texts are equal numbers. Size 0 means that the level is gone.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = list[tuple[int, int]] | NDArray[np.int64]
    """Pairs (price, size), as a list, or as an array of shape (n, 2) where compiled code made it."""


class Scale(NamedTuple):
    """How many decimals an instrument's prices and sizes have at most; what has more is refused, never rounded."""

    price_digits: int = 8
    size_digits: int = 8


USUAL: Final = Scale()
