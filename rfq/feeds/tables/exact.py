"""Floats of tables as whole numbers: the shortest decimal that a float stands for, exactly, or a refusal.

A float stands for n / 10**d where that division gives its very bits and n is below 2**53; the least such d is how many
decimals were written. What has none but lies within a millionth of a millionth of a number of eight decimals is
arithmetic's noise (0.1 + 0.2) and is taken for that number; it is counted.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DIGITS_MAX: Final = 15
USUAL_DIGITS: Final = 8
_EXACT_MAX: Final = float(2**53)
_WHOLE_MAX: Final = 2.0**62
_NOISE: Final = 1e-12

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Decimals(NamedTuple):
    """Numbers with arithmetic's noise taken off, how many decimals each has (-1: it has none that fit), and which
    were noisy."""

    values: Floats
    digits: NDArray[np.int8]
    noisy: Flags

    @property
    def most(self) -> int:
        """The decimals that all of them need."""
        return max(0, int(self.digits.max(initial=0)))


def decimals(values: Floats) -> Decimals:
    """How many decimals each number has; NaN and infinities have none that fit."""
    digits = np.full(len(values), -1, np.int8)
    noisy = np.zeros(len(values), np.bool_)
    left = np.flatnonzero(np.isfinite(values))
    for places in range(USUAL_DIGITS + 1):
        left = _settle(values, left, places, digits)
    if not len(left):
        return Decimals(values, digits, noisy)
    values = values.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        near = np.rint(values[left] * 1e8) / 1e8
        is_noise = (near != 0.0) & (np.abs(near - values[left]) <= _NOISE * np.abs(values[left]))
    at = left[is_noise]
    values[at] = near[is_noise]
    noisy[at] = True
    digits[at] = USUAL_DIGITS
    left = left[~is_noise]
    for places in range(USUAL_DIGITS + 1, DIGITS_MAX + 1):
        left = _settle(values, left, places, digits)
    return Decimals(values, digits, noisy)


def _settle(
    values: Floats, left: NDArray[np.intp], places: int, digits: NDArray[np.int8]
) -> NDArray[np.intp]:
    """Mark those that need no more than so many decimals; who is left."""
    if not len(left):
        return left
    ten = 10.0**places
    with np.errstate(over="ignore"):
        whole = np.rint(values[left] * ten)
    fits = (np.abs(whole) < _EXACT_MAX) & (whole / ten == values[left])
    digits[left[fits]] = places
    still: NDArray[np.intp] = left[~fits]
    return still


def fits(values: Floats, digits: int) -> Flags:
    """Which numbers are whole multiples of 10**-digits that an int64 holds with room to add."""
    found = decimals(values)
    with np.errstate(over="ignore", invalid="ignore"):
        small = np.abs(values) * 10.0**digits < _WHOLE_MAX
    return (found.digits >= 0) & (found.digits <= digits) & small


def whole(values: Floats, digits: int) -> Wholes:
    """Numbers that fit, times 10**digits, exactly; 0 for those that do not."""
    found = decimals(values)
    with np.errstate(over="ignore", invalid="ignore"):
        small = np.abs(found.values) * 10.0**digits < _WHOLE_MAX
    result = np.zeros(len(values), np.int64)
    for places in range(digits + 1):
        at = np.flatnonzero((found.digits == places) & small)
        if len(at):
            near = np.rint(found.values[at] * 10.0**places).astype(np.int64)
            result[at] = near * 10 ** (digits - places)
    return result


def digits_for(most: int, largest: float, usual: int = USUAL_DIGITS) -> int:
    """The decimals to count in: the usual ones, more where numbers need them, fewer where they would not fit."""
    digits = max(usual, most)
    while digits > most and largest * 10.0**digits >= _WHOLE_MAX:
        digits -= 1
    return digits
