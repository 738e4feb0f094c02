"""x(t) = e^{tM} x(0) for matrices whose off-diagonal entries are not negative, every entry to nearly full precision.

Shifted by its smallest diagonal entry such a matrix is non-negative, so that its exponential is a sum of positive
terms: nothing cancels, and entries a hundred orders of magnitude below the largest are as good as that one.
"""

import math

import numpy as np

from pricing.control.gaussian import Array

_TERMS = 24


def log_flow(matrix: Array, start: Array, time: float) -> Array:
    """ln(e^{time·matrix} start) entry by entry, for a start that is nowhere below zero and not all zero."""
    off = matrix - np.diag(np.diag(matrix))
    if not ((off >= 0.0).all() and (start >= 0.0).all() and start.any() and 0.0 <= time < math.inf):
        raise ValueError("matrix: an entry off the diagonal is below zero, or the start or the time is")
    shift = float(np.diag(matrix).min())
    whole = (matrix - shift * np.eye(len(matrix))) * time
    reach = max(
        float(whole.sum(axis=1).max()), 0.5 * len(matrix)
    )  # so that the series reaches from end to end
    halvings = max(0, math.ceil(math.log2(reach)))
    small = whole / 2.0**halvings
    power, term = np.eye(len(matrix)), np.eye(len(matrix))
    for order in range(1, _TERMS):
        term = term @ small / order
        power = power + term
    scale = 0.0
    for _ in range(halvings):
        power = power @ power
        largest = float(power.max())
        power /= largest
        scale = 2.0 * scale + math.log(largest)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(power @ start) + scale + shift * time, np.float64)
