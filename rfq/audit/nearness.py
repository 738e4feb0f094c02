"""Whether two answers of a desk are one but for the last bits of their numbers.

A log from a machine with another numerics fingerprint cannot be demanded back byte for byte. What is compared is the
canonical bytes: floats, and Decimals (which are strings there), to 1e-12, relative or, near zero, absolute;
everything else exactly. Instants and counts are integers, so they are exact.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from rfq.domain.effects import StateTaken

TOLERANCE: Final = 1e-12
_STATE: Final = StateTaken.__struct_config__.tag


def near(logged: bytes, made: bytes) -> bool:
    """Whether two canonical values in bytes are the same to `TOLERANCE`.

    A state's hash and size are not compared: see `_Player`, which compares the states themselves.
    """
    return _near(msgspec.json.decode(logged), msgspec.json.decode(made))


def _near(logged: Any, made: Any) -> bool:
    if logged == made and type(logged) is type(made):
        return True
    if isinstance(logged, list) and isinstance(made, list):
        return len(logged) == len(made) and all(map(_near, logged, made))
    if isinstance(logged, dict) and isinstance(made, dict):
        if logged.keys() != made.keys():
            return False
        return logged.get("_") == made.get("_") == _STATE or all(
            _near(value, made[name]) for name, value in logged.items()
        )
    if isinstance(logged, float) and isinstance(made, float):
        return abs(logged - made) <= TOLERANCE * max(1.0, abs(logged), abs(made))
    if isinstance(logged, str) and isinstance(made, str):
        if "." not in logged and "." not in made:
            return False  # whole numbers in strings are as often ids as amounts, and none is a last bit away
        one, other = _decimal(logged), _decimal(made)
        return one is not None and other is not None and _close(one, other)
    return False


def _decimal(text: str) -> Decimal | None:
    """The number that a string spells, if it is one as we spell them: digits, at most a point and a sign."""
    whole, _, part = text.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit()) or (part and not (part.isascii() and part.isdigit())):
        return None
    return Decimal(text)


def _close(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= Decimal(TOLERANCE) * max(Decimal(1), abs(one), abs(other))
