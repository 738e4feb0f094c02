"""Checks that anyone may hold a model against: is it monotone, are its probabilities true."""

import itertools
from collections.abc import Callable, Sequence


def assert_monotone(
    curve: Callable[[float], float], points: Sequence[float], *, rising: bool, tolerance: float = 0.0
) -> None:
    """Fail when the curve moves the wrong way by more than `tolerance` between neighbouring points."""
    ordered = sorted(points)
    for low, high in itertools.pairwise(ordered):
        step = curve(high) - curve(low)
        if (step if rising else -step) < -tolerance:
            raise AssertionError(
                f"moves by {step} from {low} to {high}, should be {'rising' if rising else 'falling'}"
            )


def calibration_error(percentiles: Sequence[float], bins: int = 20) -> float:
    """The largest gap between the share of percentiles below a level and that level, over `bins` - 1
    levels.
    """
    count = len(percentiles)
    levels = [place / bins for place in range(1, bins)]
    return max(abs(sum(p <= level for p in percentiles) / count - level) for level in levels)


def assert_calibrated(percentiles: Sequence[float], *, tolerance: float, bins: int = 20) -> None:
    """Fail when probability integral transforms are further from uniform than `tolerance` at any level."""
    error = calibration_error(percentiles, bins)
    if not error <= tolerance:
        raise AssertionError(f"calibration error {error} above {tolerance}")
