"""What numbers a model takes: refused by name, so that no answer is ever a silent nan."""

import math


def positive(**numbers: float) -> None:
    """ValueError names the first number that is not finite and above zero."""
    for name, number in numbers.items():
        if not 0.0 < number < math.inf:
            raise ValueError(f"{name}: {number} is not a finite number above zero")


def not_negative(**numbers: float) -> None:
    """ValueError names the first number that is not finite and zero or more."""
    for name, number in numbers.items():
        if not 0.0 <= number < math.inf:
            raise ValueError(f"{name}: {number} is not a finite number of zero or more")


def finite(**numbers: float) -> None:
    """ValueError names the first number that is not finite."""
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise ValueError(f"{name}: {number} is not a finite number")


def whole(least: int, most: int, **numbers: float) -> None:
    """ValueError names the first number that is no whole number from `least` to `most`."""
    for name, number in numbers.items():
        if not (least <= number <= most and number == int(number)):
            raise ValueError(f"{name}: {number} is not a whole number from {least} to {most}")
